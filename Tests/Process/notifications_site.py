"""A site of Django's with django-notifications-hq, for a test in another process: makes a database of notifications, dumps it,
and answers what users see.

    notifications_site.py DATABASE SEED fill|dump|answers
"""

import datetime
import json
import random
import sys

# Where Python has no distutils, this brings it: django-notifications-hq asks for it.
import setuptools  # noqa: F401  isort: skip
import django
from django.conf import settings

database, seed, command = sys.argv[1:]
settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "notifications"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField", USE_TZ=True,
    DJANGO_NOTIFICATIONS_CONFIG={"SOFT_DELETE": True, "USE_JSONFIELD": True})
django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from notifications.models import Notification  # noqa: E402
from notifications.signals import notify  # noqa: E402

SIZE = 12


def fill():
    call_command("migrate", verbosity=0)
    chance = random.Random(int(seed))
    users = [User.objects.create_user(name) for name in ("ann", "bo", "zoë", "dan")]
    group = Group.objects.create(name="everybody")
    group.user_set.set(users)
    time = datetime.datetime(2020, 3, 29, 0, 30, tzinfo=datetime.timezone.utc)
    for number in range(150):
        time += datetime.timedelta(milliseconds=chance.choice([1, 700, 90_000]))
        actor = chance.choice([*users, group])
        # A group's members get a notification each.
        notify.send(
            actor, recipient=chance.choice([*users, group]), verb=chance.choice(["liked", "commented on", "joined"]),
            description=chance.choice([None, "", f'text "{number}",\nwith ✉']), timestamp=time, level=chance.choice(["info", "error"]),
            action_object=chance.choice([None, users[0]]), target=chance.choice([None, group]),
            **({"colour": "red", "number": number} if chance.random() < 0.5 else {}))
    for each in Notification.objects.all():
        if chance.random() < 0.5:
            each.mark_as_read()
        if chance.random() < 0.1:
            each.deleted = True
            each.save()


def kind(type):
    return f"{type.app_label}.{type.model}"


def shown(each):
    """A notification as a page shows it."""
    return {
        "verb": each.verb, "description": each.description, "unread": each.unread, "level": each.level,
        "timestamp": each.timestamp.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "actor": {"type": kind(each.actor_content_type), "id": each.actor_object_id},
        "target": each.target and {"type": kind(each.target_content_type), "id": each.target_object_id},
        "action_object": each.action_object and {
            "type": kind(each.action_object_content_type), "id": each.action_object_object_id},
        "data": each.data}


def answers():
    """Of each user the pages, the total and the number of unread notifications."""
    found = {}
    for user in User.objects.all():
        mine = list(user.notifications.active())
        pages = [[shown(each) for each in mine[start:start + SIZE]] for start in range(0, len(mine) + SIZE, SIZE)]
        found[user.pk] = {"pages": pages, "total": len(mine), "unread": user.notifications.unread().count()}
    return found


if command == "fill":
    fill()
elif command == "dump":
    call_command("dumpdata", "contenttypes", "notifications", indent=2)
else:
    json.dump(answers(), sys.stdout)
