"""What one pipe sends takes effect in the order in which it was sent."""

from sidecar import notification, on_each_store, request


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
