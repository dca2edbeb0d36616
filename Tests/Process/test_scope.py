"""`--user`, `--team` and `--read-only`: what a host may ask, by real flags on a real store."""

import json

from sidecar import SidecarCase, request

FORBIDDEN = 77


class ScopeTests(SidecarCase):
    def setUp(self):
        super().setUp()
        self.url, _ = self.store()
        self.free = self.spawn(store=self.url)  # Without a scope, on the same store.

    def scoped(self, *flags):
        return self.spawn(*flags, store=self.url)

    def refuse(self, sidecar, method, pointer, **params):
        """The call is forbidden at this parameter."""
        answer = sidecar.ask(request("r", method, **params))
        self.assertNotIn("result", answer, (method, params))
        self.assert_error(answer["error"], 2005, "forbidden", pointer=pointer)
        self.assertFalse(answer["error"]["data"]["retryable"])
        return answer["error"]

    def test_one_user(self):
        ann = self.scoped("--user", "ann")
        sent = ann.result("send_team_message", team_id="t", message_type="note")
        private = ann.result("send_account_message", reader_id="bo", message_type="note")
        for team, nid in (("t", sent["nid"]), (None, private["nid"])):
            where = {"team_id": team} if team else {}
            message = self.free.result("get_message", user_id="bo", nid=nid, **where)
            self.assertEqual(message["user_id"], "ann")
        self.free.result("send_account_message", reader_id="ann", message_type="note")
        self.assertEqual(ann.result("get_account_message")["total"], 1)
        self.assertEqual(ann.result("get_account_message", user_id="ann")["total"], 1)
        self.assertEqual(ann.result("get_unread_count", team_ids=["t"])["count"], 1)
        self.assertEqual(ann.result("mark_read", all=True)["changed"], 1)
        self.assertTrue(ann.result("join_team", team_id="other")["joined"])
        self.assertEqual(ann.result("get_changes")["changes"], [])
        for method, params in [
            ("get_account_message", {}), ("get_team_message", {"team_id": "t"}),
            ("mark_read", {"all": True}), ("get_changes", {}), ("get_unread_count", {}),
            ("get_message", {"nid": private["nid"]}), ("join_account", {}),
            ("send_team_message", {"team_id": "t", "message_type": "note"}),
            ("send_account_message", {"reader_id": "ann", "message_type": "note"}),
        ]:
            self.refuse(ann, method, "/user_id", user_id="bo", **params)
        self.refuse(ann, "send_announcement", "", message_type="note")
        self.assertEqual(self.free.result("get_account_message", user_id="bo")["total"], 1)
        self.assertEqual(ann.result("get_status")["scope"], {"user_id": "ann", "read_only": False})
        ann.finish()

    def test_one_username(self):
        ann = self.scoped("--user", "ann", "--username", "Ann A.")
        sent = ann.result("send_team_message", team_id="t", message_type="note")["nid"]
        self.assertEqual(
            self.free.result("get_message", user_id="bo", team_id="t", nid=sent)["username"], "Ann A.")
        self.refuse(ann, "send_team_message", "/username", team_id="t", message_type="note", username="The boss")
        self.assertEqual(ann.result("get_status")["scope"]["username"], "Ann A.")
        done = self.run_program("--store", "memory:", "--username", "Ann A.")
        self.assertEqual(done.returncode, 64)
        self.assertIn(b"--username needs --user", done.stderr)

    def test_only_what_the_user_sent_is_taken_back(self):
        ann = self.scoped("--user", "ann")
        mine = [ann.result("send_team_message", team_id="t", message_type="note")["nid"],
                ann.result("send_account_message", reader_id="bo", message_type="note")["nid"],
                self.free.result("send_announcement", user_id="ann", message_type="note")["nid"]]
        others = [self.free.result("send_team_message", team_id="t", user_id="bo", message_type="note")["nid"],
                  self.free.result("send_announcement", message_type="note")["nid"],
                  self.free.result("send_account_message", reader_id="ann", message_type="note")["nid"]]
        # One that exists is told from one that doesn't by nothing.
        missing = [nid.rpartition(".")[0] + ".999" for nid in mine + others]
        told = {self.refuse(ann, "retract_message", "/nid", nid=nid)["message"] for nid in others + missing}
        self.assertEqual(len(told), 1)
        self.assert_error(ann.ask(request(1, "retract_message", nid="no nid"))["error"], 2001, "not_found")
        for nid in mine:
            self.assertEqual(ann.result("retract_message", nid=nid), {"retracted": True})
            self.assertEqual(ann.result("retract_message", nid=nid, user_id="ann"), {"retracted": False})
        for nid in others:
            self.assertEqual(self.free.result("retract_message", nid=nid), {"retracted": True})
        ann.finish()

    def test_a_pipe_full_of_sends_and_retractions(self):
        ann = self.scoped("--user", "ann")
        nids = [ann.result("send_team_message", team_id="t", message_type="note")["nid"] for _ in range(40)]
        talk = []
        for turn, nid in enumerate(nids):
            talk += [request(f"retract {turn}", "retract_message", nid=nid),
                     request(turn, "get_team_message", team_id="t", pageSize=1)]
        answers = ann.pipeline(talk)
        self.assertEqual([answers[turn]["result"]["total"] for turn in range(40)], list(range(39, -1, -1)))
        ann.finish()

    def test_some_teams(self):
        host = self.scoped("--team", "red", "--team", "green")
        for team in ("red", "green"):
            host.result("send_team_message", team_id=team, user_id="ann", message_type="note")
            self.assertEqual(host.result("get_team_message", team_id=team, user_id="bo")["total"], 1)
        nid = self.free.result("send_team_message", team_id="blue", user_id="ann", message_type="note")["nid"]
        own = self.free.result("send_account_message", reader_id="bo", message_type="note")["nid"]
        for method, params in [
            ("get_team_message", {}), ("join_team", {}), ("leave_team", {}), ("mark_seen", {"all": True}),
            ("get_changes", {}), ("get_message", {"nid": nid}), ("send_team_message", {"message_type": "m"}),
        ]:
            self.refuse(host, method, "/team_id", team_id="blue", user_id="bo", **params)
        self.refuse(host, "get_unread_count", "/team_ids/1", user_id="bo", team_ids=["red", "blue"])
        # By a nid nothing is learnt of another team either: it is not in this inbox, as if there were none.
        missing = nid.rpartition(".")[0] + ".999"
        for name in (nid, own, missing):
            error = host.ask(request(1, "get_message", user_id="bo", team_id="red", nid=name))["error"]
            self.assert_error(error, 2001, "not_found")
            error = host.ask(request(1, "mark_read", user_id="bo", team_id="red", nids=[name]))["error"]
            self.assert_error(error, 2001, "not_found", pointer="/nids/0")
            self.refuse(host, "retract_message", "/nid", nid=name)
        # Accounts belong to users, and it was given none.
        self.refuse(host, "get_account_message", "/user_id", user_id="bo")
        self.refuse(host, "join_account", "/user_id", user_id="bo")
        self.refuse(host, "mark_read", "/team_id", user_id="bo", all=True)
        self.refuse(host, "send_account_message", "/reader_id", reader_id="bo", message_type="m")
        self.refuse(host, "send_announcement", "", message_type="m")
        self.assertEqual(host.result("get_unread_count", user_id="bo", team_ids=["red", "green"]),
                         {"count": 2, "teams": {team: {"total": 1, "count": 1, "unseen": 1}
                                                for team in ("red", "green")}})
        self.assertEqual(host.result("get_status")["scope"],
                         {"team_ids": ["green", "red"], "read_only": False})
        host.finish()

    def test_a_user_in_some_teams(self):
        host = self.scoped("--user", "bo", "--team", "red")
        self.free.result("send_account_message", reader_id="bo", message_type="note")
        self.assertEqual(host.result("get_account_message")["total"], 1)
        self.assertEqual(host.result("get_team_message", team_id="red")["total"], 0)
        self.refuse(host, "get_team_message", "/team_id", team_id="blue")
        self.assertEqual(host.result("get_unread_count", team_ids=["red"])["count"], 1)
        host.finish()

    def test_only_reading(self):
        nid = self.free.result("send_team_message", team_id="t", user_id="ann", message_type="note")["nid"]
        host = self.scoped("--read-only")
        inbox = {"team_id": "t", "user_id": "bo"}
        for method, params in [
            ("ping", {}), ("rpc.discover", {}), ("get_status", {}), ("get_team_message", inbox),
            ("get_account_message", {"user_id": "bo"}), ("get_message", {**inbox, "nid": nid}),
            ("get_unread_count", {"user_id": "bo"}), ("get_changes", inbox),
        ]:
            host.result(method, **params)
        for method, params in [
            ("send_team_message", {"team_id": "t", "user_id": "ann", "message_type": "m"}),
            ("send_account_message", {"reader_id": "bo", "message_type": "m"}),
            ("send_announcement", {"message_type": "m"}), ("retract_message", {"nid": nid}),
            ("join_team", inbox), ("leave_team", inbox), ("join_account", {"user_id": "bo"}),
            *[(method, {**inbox, "all": True}) for method in (
                "mark_read", "mark_unread", "mark_seen", "archive_message", "unarchive_message",
                "delete_message")],
        ]:
            self.refuse(host, method, "", **params)
        self.assertEqual(host.result("get_status")["scope"], {"read_only": True})
        host.finish()
        self.assertEqual(self.free.result("get_team_message", **inbox)["count"], 1)

    def test_call(self):
        self.free.result("send_account_message", reader_id="ann", message_type="note")

        def call(*arguments, status=0):
            done = self.run_program("call", *arguments, env={"TIDINGS_STORE": self.url})
            self.assertEqual(done.returncode, status)
            return done

        page = json.loads(call("--user", "ann", "get_account_message").stdout)
        self.assertEqual(page["total"], 1)
        done = call("--user", "ann", "get_account_message", '{"user_id":"bo"}', status=FORBIDDEN)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"/user_id", done.stderr)
        self.assertIn(b"forbidden", done.stderr)
        call("--read-only", "mark_read", '{"user_id":"ann","all":true}', status=FORBIDDEN)
        call("--team", "t", "get_team_message", '{"team_id":"u","user_id":"ann"}', status=FORBIDDEN)
        call("--team", "t", "get_team_message", '{"team_id":"t","user_id":"ann"}')

    def test_identifiers_that_are_none(self):
        for flags in (["--user", ""], ["--team", ""], ["--user", "x" * 129], ["--team", "t", "--team", ""]):
            with self.subTest(flags):
                done = self.run_program("serve", *flags, env={"TIDINGS_STORE": "memory:"})
                self.assertEqual((done.returncode, done.stdout), (64, b""))

    def test_a_user_of_any_characters(self):
        user = 'a"\\é\u2028 <b>\U0001f9c0'
        host = self.scoped(f"--user={user}")
        self.free.result("send_account_message", reader_id=user, message_type="note")
        self.assertEqual(host.result("get_account_message")["data"][0]["reader_id"], user)
        self.assertEqual(host.result("get_status")["scope"]["user_id"], user)
        host.finish()
