"""A Flask host. Who acts comes from the session, never from the request.

    TIDINGS_STORE=sqlite:inbox.db flask --app flask_inbox run

Also under a server that forks its workers after loading this: each has a child of its own, and all
share the file.
"""

import json
import os

from flask import Flask, Response, abort, jsonify, request, session

import tidings
from tidings.sync import Tidings


IDLE = 15.0  # Seconds in which nothing happens, until it is looked whether a browser is still there.


def create_app(inbox=None):
    app = Flask(__name__)
    app.secret_key = os.environ.get("SECRET_KEY") or os.urandom(16)
    inbox = inbox or Tidings.start(timeout=10)

    def user():
        return session.get("user_id") or abort(401)

    def body():
        given = request.get_json()
        return given if isinstance(given, dict) else abort(400)

    def may_see(team_id):
        # Tidings checks no membership: that is the host's to know.
        if team_id not in session.get("teams", ()):
            abort(403)

    @app.post("/login")
    def login():  # Stands for whatever the host has.
        session["user_id"] = request.form["user_id"]
        session["teams"] = request.form.getlist("team")
        return "", 204

    @app.get("/teams/<team_id>/messages")
    def messages(team_id):
        may_see(team_id)
        # Numbers and booleans may stay the text that they are in a query.
        known = ("pageSize", "pageNo", "cursor", "self", "view", "order", "message_type")
        query = {name: request.args[name] for name in known if name in request.args}
        return jsonify(inbox.get_team_message(team_id=team_id, user_id=user(), **query))

    @app.post("/teams/<team_id>/messages")
    def send(team_id):
        may_see(team_id)
        sent = inbox.send_team_message(
            team_id=team_id,
            user_id=user(),
            message_type=body().get("message_type", "note"),
            content=body().get("content"),
            # A form that is sent twice leaves one message.
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        return jsonify(sent), 200 if sent["duplicate"] else 201

    @app.post("/teams/<team_id>/read")
    def read(team_id):
        may_see(team_id)
        return jsonify(inbox.mark_read(team_id=team_id, user_id=user(), nids=body().get("nids")))

    @app.get("/badge")
    def badge():
        return jsonify(inbox.get_unread_count(user_id=user(), team_ids=session.get("teams", [])))

    @app.get("/events")
    def events():
        """The account's changes as server-sent events. Each page that follows holds a thread."""
        user_id = user()
        # Nothing is there at the first time; a browser that comes again says where it was.
        cursor = request.headers.get("Last-Event-ID") or inbox.get_changes(user_id=user_id)["cursor"]

        def stream():
            try:
                with inbox.changes(user_id=user_id, cursor=cursor, idle=IDLE) as changes:
                    for change in changes:
                        # That a browser is gone is noticed by writing to it.
                        yield ":\n\n" if change is None else (
                            f"id: {change['cursor']}\nevent: {change['event']}\n"
                            f"data: {json.dumps(change)}\n\n")
            except (tidings.CursorExpiredError, tidings.InvalidParamsError, ValueError):
                # It was away for too long: without its id the browser begins anew, and loads what is there.
                yield "id:\nevent: expired\ndata: {}\n\n"

        return Response(stream(), mimetype="text/event-stream", headers={"Cache-Control": "no-store"})

    @app.errorhandler(ValueError)
    def unfit(error):  # What no JSON can say: half a character, too many lists in one another.
        return jsonify(kind="bad_request", message=str(error)), 400

    @app.errorhandler(tidings.TidingsError)
    def failed(error):
        status = {"invalid_params": 400, "not_found": 404, "conflict": 409}.get(
            error.kind, 503 if error.retryable else 500)
        return jsonify(kind=error.kind, message=error.message, pointer=error.pointer), status

    return app
