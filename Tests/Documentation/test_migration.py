"""The commands on the pages about migration run as they stand there, on a real server and with what the other programs write."""

import datetime
import json
import sys

import pages
from mongod import Mongod
from test_snippets import Snippets, only, page

TIME = datetime.datetime(2024, 5, 1, 10, 30)
COPY = {"user_id": "ann", "reader_id": "bo", "team_id": "t", "message_type": "note", "create_time": TIME, "read": True}
# Those of mongoexport's options that the page shows.
MONGOEXPORT = """#!%s
import sys, pymongo, bson.json_util
_, _, url, _, collection, _, path = sys.argv
with pymongo.MongoClient(url) as client, open(path, "w") as file:
    for document in client.get_default_database()[collection].find():
        file.write(bson.json_util.dumps(document, json_options=bson.json_util.RELAXED_JSON_OPTIONS) + "\\n")
"""
DUMP = [
    {"model": "contenttypes.contenttype", "pk": 3, "fields": {"app_label": "auth", "model": "user"}},
    {"model": "notifications.notification", "pk": 1, "fields": {
        "level": "info", "recipient": 2, "unread": False, "actor_content_type": 3, "actor_object_id": "1", "verb": "liked",
        "description": "your text", "timestamp": "2024-05-01T10:30:00.123Z", "public": True, "deleted": False, "emailed": False,
        "data": None}}]
TABLE = ("id,type,notifiable_type,notifiable_id,data,read_at,created_at,updated_at\n"
         'a1,Paid,User,7,"{""amount"":12}",2024-05-01 11:00:00,2024-05-01 10:30:00,\n')


class MigrationTests(Snippets):
    def setUp(self):
        super().setUp()
        self.mongod = Mongod()
        self.addCleanup(self.mongod.stop)
        self.environment["OLD"] = self.mongod.url("old")

    def collection(self, name, *documents):
        with self.mongod.client() as client:
            client["old"][name].insert_many(documents)

    def listed(self, **params):
        """The messages of an inbox."""
        method = "get_team_message" if "team_id" in params else "get_account_message"
        return self.call(method, **params)["data"]

    def test_migration(self):
        export, laravel = pages.blocks(page("Migration"), "sh")
        self.collection("team_message", dict(COPY))
        self.command("mongoexport", MONGOEXPORT % sys.executable)
        self.shell(export)
        self.assertTrue(only(self.listed(team_id="t", user_id="bo"))["read"])
        (self.folder / "notifications.csv").write_text(TABLE)
        self.shell(laravel)
        message = only(self.listed(user_id="7"))
        self.assertEqual((message["message_type"], message["data"], message["read"]), ("Paid", {"amount": 12}, True))

    def test_from_motorengine(self):
        self.collection("team_message", dict(COPY))
        self.collection("account_message", dict(COPY), {**COPY, "reader_id": "cy"})
        self.shell(only(pages.blocks(page("Motorengine"), "sh")))
        self.assertEqual(only(self.listed(team_id="t", user_id="bo"))["create_time"], "2024-05-01T10:30:00.000Z")
        self.assertEqual([len(self.listed(user_id=user)) for user in ("bo", "cy")], [1, 1])

    def test_from_mongoengine(self):
        self.collection("notification", {
            "_cls": "Notification", "recipient": "bo", "actor": "ann", "verb": "liked", "text": "hi", "created_at": TIME,
            "is_read": True, "link": "/a"})
        command = only(pages.blocks(page("MongoEngine"), "sh"))
        self.shell(command)
        self.assertEqual(self.listed(user_id="bo"), [], "a dry run")
        self.shell(command.replace(" --dry-run", ""))
        message = only(self.listed(user_id="bo"))
        self.assertEqual((message["user_id"], message["content"], message["data"], message["read"]), ("ann", "hi", {"link": "/a"}, True))

    def test_from_django(self):
        self.command("python", f"#!/bin/sh\n[ \"$*\" = 'manage.py dumpdata contenttypes notifications --output dump.json' ]\n"
                               f"cat >dump.json <<'END'\n{json.dumps(DUMP)}\nEND\n")
        self.shell(only(pages.blocks(page("Django"), "sh")))
        message = only(self.listed(user_id="2"))
        self.assertEqual((message["user_id"], message["message_type"], message["content"]), ("1", "liked", "your text"))


del Snippets
