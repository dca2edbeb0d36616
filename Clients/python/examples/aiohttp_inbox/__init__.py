"""An inbox as a web service and as a page, on aiohttp. Run it with `python3 -m aiohttp_inbox`.

Who acts comes from the session, never from the request; which teams one sees is this host's to know,
for Tidings checks no membership. Everything else is handed through: a query's numbers and booleans may
stay the text that they are.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
from pathlib import Path

from aiohttp import web

import tidings
from tidings import Tidings

STATIC = Path(__file__).resolve().parent / "static"
COOKIE = "session"
HEARTBEAT = 15.0  # Seconds; also how long a page that is gone is not noticed.

INBOX = web.AppKey("inbox", Tidings)
TEAMS = web.AppKey("teams", dict)
SECRET = web.AppKey("secret", bytes)
STREAMS = web.AppKey("streams", set)

LISTING = ("pageSize", "pageNo", "cursor", "self", "view", "order", "message_type")
MARKS = {
    "read": "mark_read",
    "unread": "mark_unread",
    "seen": "mark_seen",
    "archive": "archive_message",
    "unarchive": "unarchive_message",
    "delete": "delete_message",
}
STATUS = {"invalid_params": 400, "not_found": 404, "conflict": 409, "forbidden": 403, "message_too_large": 413}

routes = web.RouteTableDef()


def create_app(*, store=None, teams=None, secret=None, **options):
    """The application. `teams` says who is in which: {team_id: [user_id, ...]}. `options` go to
    `Tidings.start`."""
    app = web.Application(middlewares=[errors_as_json, only_json])
    app[TEAMS] = teams or {"crew": ["ann", "bob"], "kitchen": ["bob", "eve"]}
    app[SECRET] = secret or os.urandom(32)
    app[STREAMS] = set()

    async def run_inbox(app):
        async with Tidings.start(store=store, **{"timeout": 10.0, **options}) as inbox:
            app[INBOX] = inbox
            yield

    async def end_streams(app):
        for task in list(app[STREAMS]):
            task.cancel()

    app.cleanup_ctx.append(run_inbox)
    app.on_shutdown.append(end_streams)
    app.add_routes(routes)
    app.router.add_static("/static", STATIC)
    return app


# Who acts


def sign(secret, user_id):
    name = user_id.encode().hex()
    return name + "." + hmac.new(secret, name.encode(), hashlib.sha256).hexdigest()


def session_user(request):
    """The user of the session; 401 without one."""
    cookie = request.cookies.get(COOKIE, "")
    name = cookie.partition(".")[0]
    with contextlib.suppress(ValueError):
        user_id = bytes.fromhex(name).decode()
        if hmac.compare_digest(sign(request.app[SECRET], user_id).encode(), cookie.encode()):
            return user_id
    raise web.HTTPUnauthorized


def teams_of(request, user_id):
    return [team_id for team_id, members in request.app[TEAMS].items() if user_id in members]


async def body_of(request):
    body = await request.json()
    if not isinstance(body, dict):
        raise web.HTTPBadRequest
    return body


def visible_team(request, user_id, team_id):
    """The team, if the user is in it; 403 otherwise."""
    if team_id not in teams_of(request, user_id):
        raise web.HTTPForbidden
    return team_id


@routes.post("/login")
async def login(request):
    """Stands for whatever the host has: here a name is enough."""
    user_id = (await body_of(request)).get("user_id")
    if not any(user_id in members for members in request.app[TEAMS].values()):
        raise web.HTTPForbidden
    response = web.json_response({"user_id": user_id, "teams": teams_of(request, user_id)})
    response.set_cookie(COOKIE, sign(request.app[SECRET], user_id), httponly=True, samesite="Strict")
    return response


@routes.post("/logout")
async def logout(request):
    response = web.json_response({})
    response.del_cookie(COOKIE)
    return response


@routes.get("/me")
async def me(request):
    user_id = session_user(request)
    return web.json_response({"user_id": user_id, "teams": teams_of(request, user_id)})


@routes.get("/users")
async def users(request):
    """Who may log in here; for the page's login form."""
    return web.json_response(sorted({user for members in request.app[TEAMS].values() for user in members}))


# The inbox


@routes.get("/")
async def page(request):
    return web.FileResponse(STATIC / "index.html")


def listing(request):
    return {name: request.query[name] for name in LISTING if name in request.query}


@routes.get("/team_message")
async def list_team(request):
    user_id = session_user(request)
    team_id = visible_team(request, user_id, request.query.get("team_id"))
    return web.json_response(
        await request.app[INBOX].get_team_message(team_id=team_id, user_id=user_id, **listing(request)))


@routes.get("/account_message")
async def list_account(request):
    user_id = session_user(request)
    return web.json_response(await request.app[INBOX].get_account_message(user_id=user_id, **listing(request)))


def sending(body):
    given = {name: body.get(name) for name in ("content", "data", "receiver_id", "idempotency_key")}
    return {"message_type": body.get("message_type", "note"), **given}


@routes.post("/team_message")
async def send_team(request):
    user_id, body = session_user(request), await body_of(request)
    team_id = visible_team(request, user_id, body.get("team_id"))
    sent = await request.app[INBOX].send_team_message(
        team_id=team_id, user_id=user_id, username=user_id, **sending(body))
    return web.json_response(sent, status=200 if sent["duplicate"] else 201)


@routes.post("/account_message")
async def send_account(request):
    user_id, body = session_user(request), await body_of(request)
    sent = await request.app[INBOX].send_account_message(
        reader_id=body.get("reader_id"), user_id=user_id, username=user_id, **sending(body))
    return web.json_response(sent, status=200 if sent["duplicate"] else 201)


@routes.post("/mark/{mark}")
async def mark(request):
    """The body names the inbox by team_id, or not, and the messages by nids, up_to or all."""
    user_id, body = session_user(request), await body_of(request)
    method = MARKS.get(request.match_info["mark"])
    if method is None:
        raise web.HTTPNotFound
    which = {name: body.get(name) for name in ("nids", "up_to", "all")}
    if body.get("team_id") is not None:
        which["team_id"] = visible_team(request, user_id, body["team_id"])
    return web.json_response(await getattr(request.app[INBOX], method)(user_id=user_id, **which))


@routes.get("/unread")
async def unread(request):
    user_id = session_user(request)
    return web.json_response(await request.app[INBOX].get_unread_count(
        user_id=user_id, team_ids=teams_of(request, user_id)))


@routes.get("/events")
async def events(request):
    """What happens in all inboxes of the user, as server-sent events.

    An event's id holds the cursor of each inbox, so a browser that reconnects misses nothing. It is
    told `expired` if it was away for too long, and loads the inboxes anew.
    """
    user_id, inbox = session_user(request), request.app[INBOX]
    names = [None, *teams_of(request, user_id)]
    try:
        known = json.loads(request.headers.get("Last-Event-ID") or "{}")
        cursors = {name or "": str(known[name or ""]) for name in names if (name or "") in known}
    except (ValueError, TypeError):
        cursors = {}
    for name in names:
        if (name or "") not in cursors:
            cursors[name or ""] = (await inbox.get_changes(user_id=user_id, team_id=name))["cursor"]

    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    queue = asyncio.Queue(maxsize=100)  # A page that reads slowly holds up its own inboxes alone.

    async def write(event, data, id):
        text = f"id: {id}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
        await response.write(text.encode())

    async def follow(name):
        try:
            async for change in inbox.changes(user_id=user_id, team_id=name, cursor=cursors[name or ""]):
                await queue.put((name, change))
        except tidings.TidingsError as error:
            await queue.put((name, error))

    tasks = [asyncio.ensure_future(follow(name)) for name in names]
    request.app[STREAMS].add(asyncio.current_task())
    try:
        await write("ready", {}, json.dumps(cursors))
        while True:
            try:
                name, change = await asyncio.wait_for(queue.get(), HEARTBEAT)
            except asyncio.TimeoutError:
                await response.write(b":\n\n")  # Fails if the page is gone.
                continue
            if isinstance(change, tidings.CursorExpiredError):
                await write("expired", {}, "")
                break
            if isinstance(change, tidings.TidingsError):
                break  # The browser comes again, with its last id.
            cursors[name or ""] = change["cursor"]
            await write(change["event"], {"team_id": name, **change}, json.dumps(cursors))
    except (ConnectionResetError, asyncio.CancelledError):
        pass  # The page is gone, or the server ends.
    finally:
        request.app[STREAMS].discard(asyncio.current_task())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return response


# What goes wrong


@web.middleware
async def only_json(request, handler):
    """A page of another site can make a browser post a form, with its cookies, but no JSON."""
    if request.method == "POST" and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    return await handler(request)


@web.middleware
async def errors_as_json(request, handler):
    try:
        return await handler(request)
    except tidings.TidingsError as error:
        status = STATUS.get(error.kind, 503 if error.retryable else 500)
        body = {"kind": error.kind, "message": error.message, "pointer": error.pointer}
        return web.json_response(body, status=status)
    except json.JSONDecodeError:
        return web.json_response({"kind": "parse_error", "message": "the body is no JSON"}, status=400)
