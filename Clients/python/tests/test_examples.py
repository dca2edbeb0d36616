"""The examples, as they are."""

import importlib.util
import os
import subprocess
import sys
import unittest

import support
from tidings.sync import Tidings

EXAMPLES = support.CLIENT / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class DigestTests(support.Case):
    def digest(self, *arguments):
        run = subprocess.run(
            [sys.executable, EXAMPLES / "digest.py", *arguments], stdout=subprocess.PIPE, text=True, check=True,
            timeout=support.DEADLINE, env={**os.environ, "PYTHONPATH": str(support.CLIENT),
                                           "TIDINGS_BIN": support.program()})
        return [line.split("Z  ")[-1] for line in run.stdout.splitlines()]

    def test_each_message_is_in_one_digest(self):
        with Tidings.start(store=self.store, **self.options) as inbox:
            inbox.send_account_message(reader_id="ann", message_type="m", content="one")
            inbox.send_account_message(reader_id="ann", message_type="m", content="two")
            self.assertEqual(self.digest(self.store, "ann", "bob"), ["ann: 2 new", "two", "one", "bob: 0 new"])
            inbox.send_announcement(message_type="m", content="three")
            self.assertEqual(self.digest(self.store, "ann", "bob"), ["ann: 1 new", "three", "bob: 1 new", "three"])
            self.assertEqual(self.digest(self.store, "ann"), ["ann: 0 new"])


class FlaskTests(support.Case):
    def test_two_users(self):
        with Tidings.start(store=self.store, **self.options) as inbox:
            app = load("flask_inbox").create_app(inbox)
            ann, bob, eve, nobody = (app.test_client() for _ in range(4))
            for client, name, teams in ((ann, "ann", ["crew"]), (bob, "bob", ["crew"]), (eve, "eve", [])):
                self.assertEqual(client.post("/login", data={"user_id": name, "team": teams}).status_code, 204)
            for _ in range(2):
                sent = ann.post("/teams/crew/messages", json={"content": "Tea"}, headers={"Idempotency-Key": "1"})
            self.assertEqual((sent.status_code, sent.json["duplicate"]), (200, True))
            self.assertEqual(bob.get("/badge").json["count"], 1)
            # The user of the query is nobody: it is bob who reads.
            page = bob.get("/teams/crew/messages?pageSize=5&self=false&user_id=ann").json
            self.assertEqual((page["total"], page["data"][0]["content"], page["data"][0]["reader_id"]),
                             (1, "Tea", "bob"))
            self.assertEqual(bob.post("/teams/crew/read", json={"nids": [sent.json["nid"]]}).json["count"], 0)
            self.assertEqual(bob.get("/teams/crew/messages?pageSize=0").json["pointer"], "/pageSize")
            self.assertEqual(eve.get("/teams/crew/messages").status_code, 403)
            self.assertEqual(nobody.get("/badge").status_code, 401)
            self.assertEqual(bob.post("/teams/crew/read", json={"nids": ["x"]}).status_code, 404)


class DjangoTests(support.Case):
    def test_a_reader(self):
        host = load("django_inbox")
        from django.test import Client

        with Tidings.start(store=self.store, **self.options) as inbox:
            host.inbox = lambda: inbox
            ann, nobody = Client(), Client()
            ann.post("/login", {"user_id": "ann"})
            sent = inbox.send_account_message(reader_id="ann", message_type="m", content="Tea")
            page = ann.get("/messages?pageSize=5&user_id=bob").json()
            self.assertEqual((page["count"], page["data"][0]["content"]), (1, "Tea"))
            self.assertEqual(ann.post("/read", {"nids": [sent["nid"]]}, "application/json").json()["count"], 0)
            self.assertEqual(ann.get("/messages?pageSize=x").status_code, 400)
            self.assertEqual(nobody.get("/messages").status_code, 401)


if __name__ == "__main__":
    unittest.main()
