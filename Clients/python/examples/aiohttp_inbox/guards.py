"""What is refused before it reaches the inbox, and how errors are told."""

import json
import re

from aiohttp import web

import tidings

STATUS = {
    "invalid_params": 400,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "message_too_large": 413,
}
HEADERS = {
    "Content-Security-Policy":
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
}


def only_hosts(names):
    """A name that somebody else controls may be made to point here: a page from there would be this
    server's own, for the browser. So a request has to ask for a name that this server knows."""
    known = {name.lower() for name in names}

    @web.middleware
    async def guard(request, handler):
        host = re.fullmatch(r"(\[[^]]*\]|[^:]*)(:[0-9]*)?", request.headers.get("Host", ""))
        if host is None or host[1].lower() not in known:
            raise web.HTTPMisdirectedRequest(text="this server has another name")
        return await handler(request)

    return guard


@web.middleware
async def only_json(request, handler):
    """A page of another site can make a browser post a form, with its cookies, but no JSON."""
    if request.method == "POST" and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    return await handler(request)


async def body_of(request):
    """The object that a request brings; 400 for anything else."""
    try:
        if (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
            raise ValueError("JSON is UTF-8")
        body = json.loads((await request.read()).decode("utf-8"))
        if not isinstance(body, dict):
            raise ValueError("it must be an object")
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise refused(f"the body can't be read: {why}") from None
    return body


def refused(why):
    text = json.dumps({"kind": "bad_request", "message": why})
    return web.HTTPBadRequest(text=text, content_type="application/json")


@web.middleware
async def errors_as_json(request, handler):
    try:
        return await handler(request)
    except tidings.TidingsError as error:
        status = STATUS.get(error.kind, 503 if error.retryable else 500)
        body = {"kind": error.kind, "message": error.message, "pointer": error.pointer}
        return web.json_response(body, status=status)


async def add_headers(request, response):
    response.headers.update(HEADERS)
