"""`tidings call`: one request from a shell."""

import contextlib
import json
import os
import sqlite3

from sidecar import SidecarCase, on_each_store, read_some, request

SEND = json.dumps({"team_id": "t", "user_id": "ann", "message_type": "note", "content": "é"})
INBOX = json.dumps({"team_id": "t", "user_id": "bo"})
BAD_PARAMETERS, CONFLICT, NOT_FOUND, UNAVAILABLE = 64, 65, 66, 69


class Calling:
    """Runs the command."""

    def setUp(self):
        super().setUp()
        self.url = self.new_store()

    def call(self, *arguments, status=0, **options):
        """Runs `tidings call` on this test's store; what it printed."""
        done = self.run_program("call", *arguments, env={"TIDINGS_STORE": self.url}, **options)
        self.assertEqual(done.returncode, status)
        if status:
            self.assertTrue(done.stderr.strip(), "nothing says what is wrong")
        return done.stdout


@on_each_store()
class CallTests(Calling):
    def test_it_prints_the_result(self):
        sent = json.loads(self.call("send_team_message", SEND))
        page = json.loads(self.call("get_team_message", INBOX))
        message, = page["data"]
        self.assertEqual((page["total"], message["nid"], message["content"]), (1, sent["nid"], "é"))
        self.assertEqual(self.call("mark_read", json.dumps({**json.loads(INBOX), "all": True})),
                         b'{"changed":1,"total":1,"count":0}\n')

    def test_without_parameters(self):
        self.assertEqual(self.call("ping"), b"{}\n")
        self.assertEqual(self.call("ping", "{}"), b"{}\n")

    def test_the_store_as_an_option(self):
        done = self.run_program("call", "--store", self.url, "send_team_message", SEND)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads(self.call("get_team_message", INBOX))["total"], 1)

    def test_parameters_from_stdin(self):
        self.call("send_team_message", "-", input=SEND.encode())
        page = json.loads(self.call("get_team_message", "-", input=INBOX.encode() + b"\n"))
        self.assertEqual(page["total"], 1)

    def test_what_tells_of_progress_is_not_the_answer(self):
        sent = json.loads(self.call("send_account_message", json.dumps(
            {"message_type": "note", "reader_ids": ["bo", "cy"], "_meta": {"progressToken": "p"}})))
        self.assertEqual([message["reader_id"] for message in sent["messages"]], ["bo", "cy"])

    def test_parameters_on_several_lines_come_out_on_one(self):
        data = {"text": "two\nlines", "list": [1, {"a": None}]}
        self.call("send_team_message", "-", input=json.dumps(
            {**json.loads(SEND), "data": data}, indent=4).replace("\n", "\r\n").encode())
        printed = self.call("get_team_message", INBOX)
        self.assertEqual(printed.count(b"\n"), 1)
        self.assertEqual(json.loads(printed)["data"][0]["data"], data)
        sidecar = self.spawn(store=self.url)
        answer = sidecar.ask(request(1, "get_team_message", team_id="t", user_id="bo"))
        self.assertEqual(answer["result"]["data"][0]["data"], data)
        self.assertEqual(sidecar.finish(), [])

    def test_bad_parameters(self):
        for method, params in [
            ("get_team_message", "{}"),
            ("get_team_message", '{"team_id":"t","user_id":"bo","pageSize":0}'),
            ("get_team_message", '["t", "bo"]'),
            ("get_team_message", "5"),
            ("get_team_message", '{"team_id":'),
            ("get_team_message", ""),
            ("ping", '{"colour":1}'),
            ("ping", '{"a":1,"a":1}'),
            ("no_such_method", "{}"),
        ]:
            with self.subTest(method=method, params=params):
                self.assertEqual(self.call(method, params, status=BAD_PARAMETERS), b"")

    def test_not_found(self):
        for method, params in [
            ("get_message", {"team_id": "t", "user_id": "bo", "nid": "no such nid"}),
            ("mark_read", {"team_id": "t", "user_id": "bo", "nids": ["no such nid"]}),
            ("retract_message", {"nid": "no such nid"}),
        ]:
            with self.subTest(method):
                self.assertEqual(self.call(method, json.dumps(params), status=NOT_FOUND), b"")

    def test_a_conflict(self):
        key = {**json.loads(SEND), "idempotency_key": "k"}
        self.call("send_team_message", json.dumps(key))
        done = self.run_program("call", "send_team_message", json.dumps({**key, "content": "other"}),
                                env={"TIDINGS_STORE": self.url})
        self.assertEqual(done.returncode, CONFLICT)
        self.assertTrue(done.stderr.strip())

    def test_pretty_on_a_terminal(self):
        self.call("send_team_message", SEND)
        ours, theirs = os.openpty()
        try:
            self.call("get_team_message", INBOX, stdout=theirs)
            printed = read_some(ours).decode()
        finally:
            os.close(theirs)
            os.close(ours)
        self.assertGreater(len(printed.splitlines()), 5, printed)
        self.assertIn("é", printed)
        self.assertEqual(json.loads(printed)["total"], 1)

    def test_calls_beside_a_running_sidecar(self):
        sidecar = self.spawn(store=self.url)
        sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note")
        self.call("send_team_message", SEND)
        self.assertEqual(sidecar.result("get_team_message", team_id="t", user_id="bo")["total"], 2)
        sidecar.finish()


class UnusableFileTests(Calling, SidecarCase):
    def test_a_store_that_cannot_be_opened(self):
        self.url = f"sqlite:{self.folder()}/no such folder/tidings.db"
        self.assertEqual(self.call("get_team_message", INBOX, status=UNAVAILABLE), b"")

    def test_a_store_that_is_locked(self):
        self.call("send_team_message", SEND)
        with contextlib.closing(sqlite3.connect(self.url.removeprefix("sqlite:"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            done = self.run_program("call", "send_team_message", SEND, env={"TIDINGS_STORE": self.url})
            # It is noticed when the file is opened.
            self.assertEqual(done.returncode, UNAVAILABLE)
            self.assertEqual(done.stdout, b"")
            other.execute("ROLLBACK")
        self.assertEqual(json.loads(self.call("get_team_message", INBOX))["total"], 1)
