"""An inbox as a web service and as a page, on aiohttp. Run it with `python3 -m aiohttp_inbox`.

Who acts comes from the session, never from the request; which teams one sees is this host's to know,
for Tidings checks no membership. Everything else is handed through: a query's numbers and booleans may
stay the text that they are.
"""

import asyncio
import contextlib
import json
from pathlib import Path

from aiohttp import web

import tidings
from tidings import Tidings

from .guards import add_headers, body_of, errors_as_json, only_hosts, only_json, refused
from .sessions import Sessions

STATIC = Path(__file__).resolve().parent / "static"
COOKIE = "session"
HEARTBEAT = 15.0  # Seconds; also how long a page that is gone is not noticed.

INBOX = web.AppKey("inbox", Tidings)
TEAMS = web.AppKey("teams", dict)
SESSIONS = web.AppKey("sessions", Sessions)

LISTING = ("pageSize", "pageNo", "cursor", "self", "view", "order", "message_type")
MARKS = {
    "read": "mark_read",
    "unread": "mark_unread",
    "seen": "mark_seen",
    "archive": "archive_message",
    "unarchive": "unarchive_message",
    "delete": "delete_message",
}
HOSTS = ("localhost", "127.0.0.1", "[::1]")

routes = web.RouteTableDef()


def create_app(*, store=None, teams=None, hosts=HOSTS, **options):
    """The application. `teams` says who is in which: {team_id: [user_id, ...]}, `hosts` what this server is
    called. `options` go to `Tidings.start`."""
    app = web.Application(middlewares=[only_hosts(hosts), errors_as_json, only_json])
    app[TEAMS] = teams or {"crew": ["ann", "bob"], "kitchen": ["bob", "eve"]}
    app[SESSIONS] = Sessions()

    async def run_inbox(app):
        async with Tidings.start(store=store, **{"timeout": 10.0, **options}) as inbox:
            app[INBOX] = inbox
            yield

    async def end_streams(app):
        app[SESSIONS].end_streams()

    app.cleanup_ctx.append(run_inbox)
    app.on_shutdown.append(end_streams)
    app.on_response_prepare.append(add_headers)
    app.add_routes(routes)
    app.router.add_static("/static", STATIC)
    return app


# Who acts


def session_of(request):
    """The session; 401 without one."""
    session = request.app[SESSIONS].get(request.cookies.get(COOKIE, ""))
    if session is None:
        raise web.HTTPUnauthorized
    return session


def session_user(request):
    return session_of(request).user_id


def teams_of(request, user_id):
    return [team_id for team_id, members in request.app[TEAMS].items() if user_id in members]


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
    sessions = request.app[SESSIONS]
    sessions.end(request.cookies.get(COOKIE, ""))
    response.set_cookie(COOKIE, sessions.begin(user_id), httponly=True, samesite="Strict")
    return response


@routes.post("/logout")
async def logout(request):
    request.app[SESSIONS].end(request.cookies.get(COOKIE, ""))
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


async def asked(request, method, **params):
    """The answer to a call that is made of a request. What no JSON can say (half a character, too many
    lists inside one another) the client refuses, with the place: it is the request's fault."""
    try:
        return await getattr(request.app[INBOX], method)(**params)
    except ValueError as error:
        raise refused(str(error)) from None


def listing(request):
    return {name: request.query[name] for name in LISTING if name in request.query}


@routes.get("/team_message")
async def list_team(request):
    user_id = session_user(request)
    team_id = visible_team(request, user_id, request.query.get("team_id"))
    return web.json_response(
        await asked(request, "get_team_message", team_id=team_id, user_id=user_id, **listing(request)))


@routes.get("/account_message")
async def list_account(request):
    user_id = session_user(request)
    return web.json_response(
        await asked(request, "get_account_message", user_id=user_id, **listing(request)))


def sending(body):
    given = {name: body.get(name) for name in ("content", "data", "receiver_id", "idempotency_key")}
    return {"message_type": body.get("message_type", "note"), **given}


@routes.post("/team_message")
async def send_team(request):
    user_id, body = session_user(request), await body_of(request)
    team_id = visible_team(request, user_id, body.get("team_id"))
    sent = await asked(
        request, "send_team_message", team_id=team_id, user_id=user_id, username=user_id, **sending(body))
    return web.json_response(sent, status=200 if sent["duplicate"] else 201)


@routes.post("/account_message")
async def send_account(request):
    user_id, body = session_user(request), await body_of(request)
    sent = await asked(
        request, "send_account_message",
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
    return web.json_response(await asked(request, method, user_id=user_id, **which))


@routes.get("/unread")
async def unread(request):
    user_id = session_user(request)
    return web.json_response(await request.app[INBOX].get_unread_count(
        user_id=user_id, team_ids=teams_of(request, user_id)))


@routes.get("/events")
async def events(request):
    """What happens in all inboxes of the user, as server-sent events: one subscription for a page.

    An event's id holds the cursor of each inbox, so a browser that comes again misses nothing. `ready` says
    whether it has to load the inboxes anew, and `lagged` names one whose cursor was too old.
    """
    session, sessions, inbox = session_of(request), request.app[SESSIONS], request.app[INBOX]
    user_id, task = session.user_id, asyncio.current_task()
    if not sessions.may_stream(user_id):
        raise web.HTTPTooManyRequests(text="too many pages of this user follow already")
    session.streams.add(task)
    try:
        return await stream(request, user_id, inbox, lambda: sessions.get(request.cookies[COOKIE]) is session)
    finally:
        session.streams.discard(task)


async def stream(request, user_id, inbox, lasts):
    places, known = places_of(request.headers.get("Last-Event-ID"), teams_of(request, user_id))
    following = inbox.subscribe(user_id=user_id, inboxes=places, idle=HEARTBEAT)
    try:
        await following.start()
    except (tidings.InvalidParamsError, ValueError):  # Somebody made up an id.
        places, known = places_of(None, teams_of(request, user_id))
        following = inbox.subscribe(user_id=user_id, inboxes=places, idle=HEARTBEAT)
        await following.start()
    async with following:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)

        async def write(event, data):
            text = f"id: {id_of(following.inboxes)}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
            await response.write(text.encode())  # Waits for a page that reads slowly; the events wait as well.

        with contextlib.suppress(ConnectionResetError, asyncio.CancelledError):
            # The page is gone, or the session or the server ends.
            await write("ready", {"anew": not known})
            async for event in following:
                if not lasts():
                    break
                if event is None:
                    await response.write(b":\n\n")  # Fails if the page is gone.
                else:
                    await write(event["event"], {"team_id": None, **event})
        return response


ID_SIZE = 4096  # Bytes; some 60 inboxes. Browsers send an id back as a header, which servers bound.


def id_of(places):
    """An event's id: the cursor of each inbox. Past `ID_SIZE` there is none, and a page that comes again loads anew."""
    text = json.dumps({place.get("team_id", ""): place["cursor"] for place in places}, separators=(",", ":"))
    return text if len(text) <= ID_SIZE else ""


def places_of(id, teams):
    """The inboxes to follow, from where an id says, and whether it said so of each."""
    try:
        cursors = json.loads(id or "{}")
        cursors = {name: str(cursors[name]) for name in ("", *teams) if name in cursors}
    except (ValueError, TypeError, RecursionError):
        cursors = {}
    places = [{**({"team_id": name} if name else {}), **({"cursor": cursors[name]} if name in cursors else {})}
              for name in ("", *teams)]
    return places, len(cursors) == len(places)
