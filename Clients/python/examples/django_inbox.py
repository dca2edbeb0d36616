"""A Django host in one file. Who acts is `request.user`, never a parameter.

    python3 django_inbox.py runserver

In a project the client is started once, in `apps.py` or in a module of its own; servers may fork
after that.
"""

import functools
import json
import os
import sys

import django
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_GET, require_POST

import tidings
from tidings.sync import Tidings

if not settings.configured:
    settings.configure(
        SECRET_KEY=os.environ.get("SECRET_KEY", "only for trying it out"),
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["localhost", "127.0.0.1", "testserver"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    )
    django.setup()


@functools.lru_cache(maxsize=None)
def inbox():
    """The client of this process."""
    return Tidings.start(timeout=10)


def for_user(view):
    """Hands the session's user to a view, and turns the inbox's errors into answers."""

    @functools.wraps(view)
    def handle(request, **arguments):
        user_id = request.session.get("user_id")
        if user_id is None:
            return JsonResponse({"kind": "unauthorized"}, status=401)
        try:
            answer = view(request, user_id, **arguments)
        except ValueError as error:  # What no JSON can say, or what isn't any.
            return JsonResponse({"kind": "bad_request", "message": str(error)}, status=400)
        except tidings.TidingsError as error:
            known = {"invalid_params": 400, "not_found": 404}
            status = known.get(error.kind, 503 if error.retryable else 500)
            return JsonResponse({"kind": error.kind, "pointer": error.pointer}, status=status)
        return answer if isinstance(answer, HttpResponse) else JsonResponse(answer)

    return handle


@require_POST
def login(request):  # Stands for django.contrib.auth.
    request.session["user_id"] = request.POST["user_id"]
    return JsonResponse({})


@require_GET
@for_user
def messages(request, user_id):
    known = ("pageSize", "pageNo", "cursor", "view")
    query = {name: request.GET[name] for name in known if name in request.GET}
    return inbox().get_account_message(user_id=user_id, **query)


@require_GET
@for_user
def page(request, user_id):
    """The newest messages as a page. A display name is whatever its sender chose: the id beside it says
    who it was. Each is isolated (bdi), so that none can turn the direction of the others."""
    row = "<li><time>{}</time> <bdi>{}</bdi> <bdi><code>{}</code></bdi>: <bdi>{}</bdi>"
    rows = format_html_join("\n", row, (
        (message["create_time"], message.get("username", ""), message.get("user_id", "announcement"),
         message.get("content", message["message_type"]))
        for message in inbox().get_account_message(user_id=user_id)["data"]))
    return HttpResponse(format_html("<!doctype html><title>Inbox</title><ul>{}</ul>", rows))


@require_POST
@for_user
def read(request, user_id):
    body = json.loads(request.body)
    return inbox().mark_read(user_id=user_id, nids=body.get("nids") if isinstance(body, dict) else None)


urlpatterns = [path("", page), path("login", login), path("messages", messages), path("read", read)]

if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
