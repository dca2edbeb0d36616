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
        """What happens in the account and the teams, as server-sent events. Each page that follows holds a
        thread, and gives it back at the first beat after its browser has gone."""
        places = places_of(request.headers.get("Last-Event-ID"), session.get("teams", []))
        following = inbox.subscribe(user_id=user(), inboxes=places, idle=IDLE)

        def stream():
            try:
                with following:
                    following.start()
                    yield f"id: {id_of(following.inboxes)}\nevent: ready\ndata: {{}}\n\n"
                    for event in following:
                        # That a browser is gone is noticed by writing to it.
                        yield ":\n\n" if event is None else (
                            f"id: {id_of(following.inboxes)}\nevent: {event['event']}\n"
                            f"data: {json.dumps(event)}\n\n")
            except (tidings.InvalidParamsError, ValueError):
                # Somebody made up the id: without one the browser begins anew, and loads what is there.
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


def id_of(places):
    """An event's id: the cursor of each inbox, so that a browser which comes again misses nothing. Past 4 KB, some
    60 inboxes, there is none, and a page that comes again loads anew."""
    text = json.dumps({place.get("team_id", ""): place["cursor"] for place in places}, separators=(",", ":"))
    return text if len(text) <= 4096 else ""


def places_of(id, teams):
    """The inboxes to follow, from where an id says."""
    try:
        known = json.loads(id or "{}")
        cursors = {name: str(known[name]) for name in ("", *teams) if name in known}
    except (ValueError, TypeError, RecursionError):
        cursors = {"": "no cursor"}  # For the program to refuse.
    return [{**({"team_id": name} if name else {}), **({"cursor": cursors[name]} if name in cursors else {})}
            for name in ("", *teams)]
