"""What one pipe sends takes effect in the order in which it was sent."""

import base64
import contextlib
import random
import sqlite3

from sidecar import SidecarCase, notification, on_each_store, request


@on_each_store(memory=True)
class OrderTests:
    def sidecar(self):
        return self.spawn(store=self.new_store())

    def test_two_thousand_sends_and_a_get_in_one_pipe(self):
        sidecar = self.sidecar()
        sends = [request(id, "send_team_message", team_id="t", user_id="ann", message_type="note",
                         content=str(id)) for id in range(2000)]
        answers = sidecar.pipeline([*sends, request("get", "get_team_message", team_id="t", user_id="bo",
                                                    pageSize=200)])
        page = answers["get"]["result"]
        self.assertEqual((page["total"], page["count"]), (2000, 2000))
        self.assertEqual([m["content"] for m in page["data"]], [str(id) for id in range(1999, 1799, -1)])
        messages = sidecar.messages(team_id="t", user_id="bo", order="oldest")
        self.assertEqual([m["content"] for m in messages], [str(id) for id in range(2000)])
        self.assertEqual([m["nid"] for m in messages], [answers[id]["result"]["nid"] for id in range(2000)])
        times = [m["create_time"] for m in messages]
        self.assertEqual(times, sorted(times))
        sidecar.finish()

    def test_marks_after_sends(self):
        sidecar = self.sidecar()
        inbox = {"team_id": "t", "user_id": "bo"}
        talk = []
        for turn in range(150):
            talk += [
                request(f"send {turn}", "send_team_message", team_id="t", user_id="ann", message_type="note"),
                request(f"before {turn}", "get_team_message", pageSize=1, **inbox),
                request(f"mark {turn}", "mark_read", all=True, **inbox),
                request(f"after {turn}", "get_unread_count", user_id="bo", team_ids=["t"], account=False),
            ]
        answers = sidecar.pipeline(talk)
        for turn in range(150):
            before, mark = answers[f"before {turn}"]["result"], answers[f"mark {turn}"]["result"]
            self.assertEqual((before["total"], before["count"]), (turn + 1, 1))
            self.assertEqual(mark, {"changed": 1, "total": turn + 1, "count": 0})
            self.assertEqual(answers[f"after {turn}"]["result"]["teams"]["t"]["count"], 0)
        sidecar.finish()

    def test_interleaved_teams_and_readers(self):
        sidecar = self.sidecar()
        talk, expected, sent = [], {}, {}
        for turn in range(600):
            team, reader = f"t{turn * 7 % 10}", f"r{turn % 5}"
            if turn % 3:
                sent[team] = sent.get(team, 0) + 1
                talk.append(request(turn, "send_team_message", team_id=team, user_id="ann",
                                    message_type="note"))
            else:
                talk.append(request(turn, "get_team_message", team_id=team, user_id=reader, pageSize=1))
                expected[turn] = sent.get(team, 0)
        answers = sidecar.pipeline(talk)
        self.assertEqual({id: answers[id]["result"]["total"] for id in expected}, expected)
        sidecar.finish()

    def test_an_announcement_touches_every_account(self):
        sidecar = self.sidecar()
        talk = []
        for turn in range(40):
            talk.append(request(f"send {turn}", "send_announcement", message_type="news"))
            talk += [request((turn * 100) + reader, "get_account_message", user_id=f"r{reader}", pageSize=1)
                     for reader in range(10)]
        answers = sidecar.pipeline(talk)
        for turn in range(40):
            for reader in range(10):
                self.assertEqual(answers[turn * 100 + reader]["result"]["total"], turn + 1)
        sidecar.finish()

    def test_a_fan_out_touches_each_reader(self):
        sidecar = self.sidecar()
        talk = []
        for turn in range(40):
            readers = [f"r{number}" for number in range(turn % 4 + 1)]
            talk.append(request(f"send {turn}", "send_team_message", team_id="t", user_id="ann",
                                message_type="note", reader_ids=readers))
            talk += [request(f"{turn} {reader}", "get_team_message", team_id="t", user_id=reader, pageSize=1)
                     for reader in readers]
            talk.append(request(f"own {turn}", "send_account_message", message_type="note",
                                reader_ids=readers))
            talk += [request(f"own {turn} {reader}", "get_account_message", user_id=reader, pageSize=1)
                     for reader in readers]
        answers, sent = sidecar.pipeline(talk), {}
        for turn in range(40):
            for reader in [f"r{number}" for number in range(turn % 4 + 1)]:
                sent[reader] = sent.get(reader, 0) + 1
                self.assertEqual(answers[f"{turn} {reader}"]["result"]["total"], sent[reader])
                self.assertEqual(answers[f"own {turn} {reader}"]["result"]["total"], sent[reader])
        sidecar.finish()

    def test_a_retraction_by_nid_touches_its_log(self):
        sidecar = self.sidecar()
        nids = [sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note")["nid"]
                for _ in range(50)]
        talk = []
        for turn, nid in enumerate(nids):
            talk += [request(f"retract {turn}", "retract_message", nid=nid),
                     request(turn, "get_team_message", team_id="t", user_id="bo", pageSize=1)]
        answers = sidecar.pipeline(talk)
        self.assertEqual([answers[turn]["result"]["total"] for turn in range(50)], list(range(49, -1, -1)))
        sidecar.finish()

    def test_membership_and_notifications_keep_their_place(self):
        sidecar = self.sidecar()
        inbox = {"team_id": "t", "user_id": "bo"}
        talk = []
        for turn in range(50):
            talk += [notification("join_team", **inbox),
                     notification("send_team_message", team_id="t", user_id="ann", message_type="note"),
                     notification("leave_team", **inbox),
                     notification("send_team_message", team_id="t", user_id="ann", message_type="note"),
                     request(turn, "get_team_message", pageSize=1, **inbox)]
        sidecar.send(*talk)
        totals = {answer["id"]: answer["result"]["total"] for answer in sidecar.answers(50)}
        self.assertEqual(totals, {turn: turn + 1 for turn in range(50)})
        sidecar.finish()

    def test_any_interleaving_is_as_if_one_came_after_the_other(self):
        """Random calls in one pipe, and the same ones one at a time: the same answers."""
        for seed in range(3):
            randomness = random.Random(seed)
            calls = [self.call(randomness, number) for number in range(400)]
            together, alone = self.sidecar(), self.sidecar()
            answers = together.pipeline([request(id, method, **params)
                                         for id, (method, params) in enumerate(calls)])
            for id, (method, params) in enumerate(calls):
                expected = alone.ask(request(id, method, **params))
                self.assertEqual(self.timeless(answers[id]), self.timeless(expected), f"seed {seed}")
            together.finish()
            alone.finish()

    def call(self, randomness, number):
        """Any call on three teams and three readers; messages are told apart by their content."""
        team, user = f"t{randomness.randrange(3)}", f"r{randomness.randrange(3)}"
        message = {"message_type": "note", "content": str(number)}
        # A number that may be there by now, in a log that all its readers share.
        nid = base64.urlsafe_b64encode(b"\x01\x02" + team.encode()).decode().rstrip("=")
        nid = f"{nid}.{randomness.randrange(1, 60)}"
        return randomness.choice([
            ("send_team_message", {"team_id": team, "user_id": user, **message}),
            ("send_team_message", {"team_id": team, "user_id": user, **message}),
            ("send_team_message", {"team_id": team, "user_id": user, "reader_ids": ["r0", "r1"], **message}),
            ("send_account_message", {"reader_id": user, **message}),
            ("send_announcement", message),
            ("get_team_message", {"team_id": team, "user_id": user, "view": "unread", "pageSize": 200}),
            ("get_account_message", {"user_id": user, "pageSize": 200}),
            ("get_unread_count", {"user_id": user, "team_ids": ["t0", "t1", "t2"]}),
            ("mark_read", {"team_id": team, "user_id": user, "all": True}),
            ("mark_unread", {"team_id": team, "user_id": user, "nids": [nid]}),
            ("archive_message", {"team_id": team, "user_id": user, "nids": [nid]}),
            ("mark_seen", {"user_id": user, "all": True}),
            ("join_team", {"team_id": team, "user_id": user}),
            ("leave_team", {"team_id": team, "user_id": user}),
            ("retract_message", {"nid": nid}),
            ("get_message", {"team_id": team, "user_id": user, "nid": nid}),
        ])

    def timeless(self, value):
        """An answer without what hangs on the clock, as the order of an inbox's two logs on a page does."""
        if isinstance(value, list):
            whole = [self.timeless(item) for item in value]
            return sorted(whole, key=lambda item: item["nid"]) if whole and "nid" in whole[0] else whole
        if isinstance(value, dict):
            return {name: self.timeless(item) for name, item in value.items()
                    if name not in ("create_time", "next_cursor")}
        return value


class SlowCallTests(SidecarCase):
    def test_a_slow_call_holds_up_no_other(self):
        """A mark that can't be written for now: only its own reader waits for it."""
        url, path = self.store()
        sidecar = self.spawn(store=url)
        sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note")
        inbox = {"team_id": "t", "user_id": "bo"}
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            sidecar.send(request("slow", "mark_read", all=True, **inbox))
            sidecar.send(request("behind", "get_team_message", **inbox))
            pages = sidecar.pipeline([
                request(reader, "get_team_message", team_id="t", user_id=f"r{reader}") for reader in range(100)])
            for reader in range(100):
                self.assertEqual(pages[reader]["result"]["count"], 1)
            self.assertEqual(sidecar.result("get_account_message", user_id="bo")["total"], 0)
            # None of these was waited for by skipping another's answer.
            self.assertEqual(sidecar.result("get_status")["in_flight"], 3)
            other.execute("ROLLBACK")
        answers = {answer["id"]: answer["result"] for answer in sidecar.answers(2)}
        self.assertEqual((answers["slow"]["changed"], answers["behind"]["count"]), (1, 0))
        sidecar.finish()
