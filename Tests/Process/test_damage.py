"""What a database holds may be anything: it costs an answer for the inbox that it belongs to, and nothing else."""

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from sidecar import DEADLINE, program

EXTREMES = [-2 ** 63, -1, 0, 2 ** 53 + 1, 2 ** 62, 2 ** 63 - 1, 0.5, b"", b"\xff" * 40, "text", bytes(5 << 20)]
COLUMNS = {
    "log": ["head", "time", "record", "name"],
    "message": ["time", "token", "message_type", "content", "data", "digest"],
    "marks": ["version", "body"],
}


class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.sound = os.path.join(cls.folder.name, "sound.db")
        requests = []
        for team in ("hurt", "well"):
            for number in range(3):
                requests.append(("send_team_message", {
                    "team_id": team, "user_id": "ann", "message_type": "note", "data": {"n": number},
                    "content": "text", "idempotency_key": "key %d" % number}))
            requests.append(("mark_seen", {"team_id": team, "user_id": "bob", "all": True}))
        cls.serve(cls.sound, requests)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @staticmethod
    def serve(path, requests):
        """The answers to these, from one process, which has to end by itself."""
        lines = "".join(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n"
                        for number, (method, params) in enumerate(requests))
        done = subprocess.run([program(), "serve", "--store", "sqlite:" + path], input=lines.encode(),
                              capture_output=True, timeout=DEADLINE)
        assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
        answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}
        assert sorted(answers) == list(range(len(requests))), answers
        return [answers[number] for number in range(len(requests))]

    def requests(self, team):
        inbox = {"team_id": team, "user_id": "bob"}
        return [
            ("get_team_message", inbox), ("get_team_message", dict(inbox, order="unread_first", self=True)),
            ("get_unread_count", {"user_id": "bob", "team_ids": [team]}), ("get_changes", inbox),
            ("mark_read", dict(inbox, all=True)),
            ("send_team_message", {
                "team_id": team, "user_id": "ann", "message_type": "note", "data": {"n": 2}, "content": "text",
                "idempotency_key": "key 2"}),
            ("send_team_message", {"team_id": team, "user_id": "ann", "message_type": "note"}),
        ]

    def test_every_column_at_every_extreme(self):
        for table, columns in COLUMNS.items():
            for column in columns:
                for place, value in enumerate(EXTREMES):
                    with self.subTest(table=table, column=column, value=place):
                        self.check(table, column, value)

    def check(self, table, column, value):
        path = os.path.join(self.folder.name, "hurt.db")
        shutil.copy(self.sound, path)
        database = sqlite3.connect(path)
        # The team "hurt" was there first, and its marks too.
        row = {"log": "id = 1", "message": "position = (1 << 32) + 2", "marks": "hex(inbox) LIKE '%68757274%'"}[table]
        found = database.execute("UPDATE %s SET %s = ? WHERE %s" % (table, column, row), (value,)).rowcount
        self.assertEqual(found, 1)
        database.commit()
        database.close()
        hurt, well = self.requests("hurt"), self.requests("well")
        answers = self.serve(path, hurt + well)
        for answer in answers[:len(hurt)]:
            if "error" in answer:
                self.assertEqual(answer["error"]["data"]["kind"], "internal", answer)
                self.assertIn("tidings doctor", answer["error"]["message"])
        for answer in answers[len(hurt):]:
            self.assertIn("result", answer)
        called = subprocess.run(
            [program(), "call", "--store", "sqlite:" + path, "get_team_message", '{"team_id":"hurt","user_id":"bob"}'],
            capture_output=True, timeout=DEADLINE)
        self.assertGreaterEqual(called.returncode, 0, called.stderr)
        looked = subprocess.run(
            [program(), "doctor", "--store", "sqlite:" + path], capture_output=True, timeout=DEADLINE)
        self.assertGreaterEqual(looked.returncode, 0, looked.stderr)
        if any("error" in answer for answer in answers[:len(hurt)]):
            self.assertNotEqual(looked.returncode, 0, looked.stdout)
        os.remove(path)


if __name__ == "__main__":
    unittest.main()
