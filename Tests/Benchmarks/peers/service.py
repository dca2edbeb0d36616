"""A peer: the service that this program descends from, aiohttp and motorengine, without its faults.

One document for each message and reader: a page, its total and its unread are a find and two counts, asked for
at the same time. Listens on a port of loopback that it prints, and ends with its stdin.

    service.py URI DATABASE
"""

import asyncio
import sys

from aiohttp import web
from motorengine import DESCENDING, BaseField, BooleanField, DateTimeField, Document, StringField, connect

TEXTS = ("nid", "team_id", "team_name", "user_id", "username", "reader_id", "message_type", "content")


class Copy(Document):
    __collection__ = "copies"
    nid = StringField()
    team_id = StringField()
    team_name = StringField()
    user_id = StringField()
    username = StringField()
    reader_id = StringField()
    message_type = StringField()
    content = StringField()
    data = BaseField()
    create_time = DateTimeField()
    read = BooleanField()


def shown(copy):
    return {
        **{name: getattr(copy, name) for name in TEXTS},
        "data": copy.data, "create_time": copy.create_time.isoformat(timespec="milliseconds") + "Z", "read": copy.read,
    }


async def get_team_message(request):
    asked = await request.json()
    inbox = {"reader_id": asked["user_id"], "team_id": asked["team_id"]}
    size = asked["pageSize"]
    newest = Copy.objects.filter(**inbox).order_by("create_time", DESCENDING)
    page, total, unread = await asyncio.gather(
        newest.skip(size * (asked["pageNo"] - 1)).limit(size).find_all(),
        Copy.objects.filter(**inbox).count(),
        Copy.objects.filter(**inbox, read=False).count(),
    )
    return web.json_response({"data": [shown(copy) for copy in page], "total": total, "count": unread})


async def main(uri, database):
    connect(database, host=uri)
    application = web.Application()
    application.add_routes([web.post("/get_team_message", get_team_message)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
