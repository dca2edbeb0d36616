"""Limits: those of a connection as options, each of which shows in get_status and holds; those of the methods."""

from sidecar import SidecarCase, on_each_store, request

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}


class LimitTests(SidecarCase):
    def limited(self, flag, value, name):
        sidecar = self.spawn(flag, value)
        self.assertEqual(sidecar.result("get_status")["limits"][name], value)
        return sidecar

    def test_what_holds_without_options(self):
        self.assertEqual(self.spawn().result("get_status")["limits"], {
            "request_bytes": 4 << 20, "answer_bytes": 16 << 20, "in_flight": 256, "output_bytes": 64 << 20,
            "batch_items": 1000, "depth": 128, "waiting": 10_000,
            "subscriptions": 10_000, "inboxes": 1_000_000})

    def test_request_bytes(self):
        sidecar = self.limited("--max-request-bytes", 100, "request_bytes")
        start = b'{"jsonrpc":"2.0","id":1,"method":"ping"'
        sidecar.send_bytes(start.ljust(99) + b"}\n")
        self.assertEqual(sidecar.receive()["result"], {})
        sidecar.send_bytes(start.ljust(100) + b"}\n")
        answer = sidecar.receive()
        self.assertIsNone(answer["id"])
        self.assert_error(answer["error"], 1001, "message_too_large", limit=100)
        sidecar.finish()

    def test_answer_bytes(self):
        sidecar = self.limited("--max-answer-bytes", 4000, "answer_bytes")
        for number in range(20):
            sidecar.result("send_team_message", content=str(number) + "x" * 400, **SEND)
        answer = sidecar.ask(request(1, "get_team_message", pageSize=20, pageNo=1, **INBOX))
        self.assert_error(answer["error"], 1002, "response_too_large", limit=4000)
        found, cursor = [], None
        while cursor or not found:
            page = sidecar.result("get_team_message", pageSize=20, cursor=cursor, **INBOX)
            self.assertTrue(page["data"])
            found, cursor = found + page["data"], page["next_cursor"]
        self.assertEqual([message["content"].rstrip("x") for message in found],
                         [str(number) for number in range(19, -1, -1)])
        # A change is made and told of, whatever its answer's size.
        sent = sidecar.result("send_team_message", reader_ids=[f"r{number}" for number in range(200)], **SEND)
        self.assertEqual(len(sent["messages"]), 200)
        sidecar.finish()

    def test_in_flight(self):
        sidecar = self.limited("--max-in-flight", 2, "in_flight")
        answers = sidecar.pipeline([request(id, "get_status") for id in range(500)])
        self.assertLessEqual(max(answer["result"]["in_flight"] for answer in answers.values()), 2)
        sidecar.finish()

    def test_output_bytes(self):
        sidecar = self.limited("--max-output-bytes", 1, "output_bytes")
        self.assertEqual(len(sidecar.pipeline([request(id, "get_status") for id in range(500)])), 500)
        sidecar.finish()

    def test_batch(self):
        sidecar = self.limited("--max-batch", 3, "batch_items")
        sidecar.send([request(id, "ping") for id in range(3)])
        self.assertEqual(len(sidecar.receive()), 3)
        sidecar.send([request(id, "ping") for id in range(4)])
        self.assert_error(sidecar.receive()["error"], -32600, "invalid_request")
        sidecar.finish()

    def test_depth(self):
        sidecar = self.limited("--max-depth", 4, "depth")
        sidecar.result("send_team_message", data={"a": {}}, **SEND)
        sidecar.send(request(1, "send_team_message", data={"a": {"b": {}}}, **SEND))
        self.assert_error(sidecar.receive()["error"], -32700, "parse_error")
        self.assertEqual(sidecar.result("get_team_message", **INBOX)["total"], 1)
        sidecar.finish()

    def test_waiting(self):
        sidecar = self.limited("--max-waiting", 1, "waiting")
        cursor = sidecar.result("get_changes", **INBOX)["cursor"]
        for id in (1, 2):
            sidecar.send(request(id, "get_changes", cursor=cursor, wait_ms=60_000, **INBOX))
        refused = sidecar.receive()
        self.assert_error(refused["error"], 1004, "limit_reached", limit=1)
        self.assertTrue(refused["error"]["data"]["retryable"])
        sidecar.close_input()
        waited, = sidecar.rest()
        self.assertEqual({waited["id"], refused["id"]}, {1, 2})
        self.assertEqual(waited["result"]["changes"], [])
        sidecar.finish(close=False)

    def test_subscriptions(self):
        sidecar = self.limited("--max-subscriptions", 2, "subscriptions")
        first = sidecar.result("subscribe", **INBOX)
        sidecar.send(request(1, "get_changes", cursor=first["inboxes"][0]["cursor"], wait_ms=60_000, **INBOX))
        while sidecar.result("get_status")["inboxes"] < 2:
            pass
        for method in ("subscribe", "get_changes"):
            wait = {"cursor": first["inboxes"][0]["cursor"], "wait_ms": 60_000} if method == "get_changes" else {}
            error = sidecar.error(method, **INBOX, **wait)
            self.assert_error(error, 1004, "limit_reached", limit=2)
            self.assertTrue(error["data"]["retryable"])
        self.assertEqual(sidecar.result("unsubscribe", subscription=first["subscription"]), {"unsubscribed": True})
        self.assertEqual(sidecar.result("subscribe", **INBOX)["count"], 0)
        self.assertEqual([answer["id"] for answer in sidecar.finish()], [1])

    def test_inboxes(self):
        sidecar = self.limited("--max-inboxes", 3, "inboxes")
        inboxes = [{"team_id": f"t{number}"} for number in range(4)]
        # More than there is ever room for: that is not worth a retry.
        error = sidecar.error("subscribe", user_id="bo", inboxes=inboxes)
        self.assert_error(error, 1004, "limit_reached", limit=3, pointer="/inboxes")
        self.assertFalse(error["data"]["retryable"])
        cursors = sidecar.result("get_changes", user_id="bo", inboxes=inboxes)["inboxes"]
        error = sidecar.error("get_changes", user_id="bo", inboxes=cursors, wait_ms=60_000)
        self.assert_error(error, 1004, "limit_reached", limit=3, pointer="/inboxes")
        self.assertFalse(error["data"]["retryable"])
        sidecar.result("subscribe", user_id="bo", inboxes=inboxes[:2])
        error = sidecar.error("subscribe", user_id="bo", inboxes=inboxes[2:])
        self.assert_error(error, 1004, "limit_reached", limit=3)
        self.assertTrue(error["data"]["retryable"])
        sidecar.result("subscribe", user_id="bo", inboxes=inboxes[3:])
        status = sidecar.result("get_status")
        self.assertEqual((status["subscriptions"], status["inboxes"]), (2, 3))
        sidecar.finish()

    def test_out_of_range(self):
        for flag in ("request-bytes", "answer-bytes", "in-flight", "output-bytes", "batch", "depth", "waiting",
                     "subscriptions", "inboxes"):
            for value in ("0", "-1", "x", "9223372036854775807"):
                with self.subTest(flag, value=value):
                    done = self.run_program("serve", f"--max-{flag}={value}", env={"TIDINGS_STORE": "memory:"})
                    self.assertEqual((done.returncode, done.stdout), (64, b""))


class ParameterTests(SidecarCase):
    """Limits of parameters and answers whose boundary is too long for a transcript."""

    def test_content_and_data_of_64_kib(self):
        sidecar = self.spawn()
        sidecar.result("send_team_message", content="x" * 65536, **SEND)
        sidecar.result("send_team_message", content="é" * 32768, **SEND)
        sidecar.result("send_team_message", data={"a": "x" * (65536 - 8)}, **SEND)
        for name, value in {"content": "x" * 65537, "data": {"a": "x" * (65536 - 7)}}.items():
            error = sidecar.error("send_team_message", **{name: value}, **SEND)
            self.assert_error(error, -32602, "invalid_params", pointer=f"/{name}")
        error = sidecar.error("send_team_message", content="é" * 32769, **SEND)
        self.assert_error(error, -32602, "invalid_params", pointer="/content")
        messages = sidecar.messages(team_id="t", user_id="bo", order="oldest")
        lengths = [len(message.get("content", "")) for message in messages]
        self.assertEqual(lengths, [65536, 32768, 0])
        sidecar.finish()

    def test_ten_thousand_readers(self):
        sidecar = self.spawn()
        readers = [f"r{number}" for number in range(10_000)]
        result = sidecar.result("send_team_message", reader_ids=readers, **SEND)
        self.assertEqual([item["reader_id"] for item in result["messages"]], readers)
        self.assertEqual(len({item["nid"] for item in result["messages"]}), 10_000)
        error = sidecar.error("send_team_message", reader_ids=[*readers, "more"], **SEND)
        self.assert_error(error, -32602, "invalid_params", pointer="/reader_ids")
        self.assertEqual(sidecar.result("get_team_message", team_id="t", user_id="r9999")["total"], 1)
        sidecar.finish()

    def test_a_thousand_nids_and_teams(self):
        sidecar = self.spawn()
        answers = sidecar.pipeline([request(id, "send_team_message", **SEND) for id in range(1000)])
        nids = [answers[id]["result"]["nid"] for id in range(1000)]
        result = sidecar.result("mark_read", team_id="t", user_id="bo", nids=nids)
        self.assertEqual(result, {"changed": 1000, "total": 1000, "count": 0})
        error = sidecar.error("mark_read", team_id="t", user_id="bo", nids=[*nids, nids[0]])
        self.assert_error(error, -32602, "invalid_params", pointer="/nids")
        teams = [f"t{number}" for number in range(1000)]
        self.assertEqual(len(sidecar.result("get_unread_count", user_id="bo", team_ids=teams)["teams"]), 1000)
        error = sidecar.error("get_unread_count", user_id="bo", team_ids=[*teams, "more"])
        self.assert_error(error, -32602, "invalid_params", pointer="/team_ids")
        sidecar.finish()

    def test_a_page_larger_than_an_answer_may_be(self):
        sidecar = self.spawn()
        content, data = "x" * 65536, {"a": "x" * 60000}
        sidecar.pipeline([request(id, "send_team_message", content=content, data=data, **SEND)
                          for id in range(200)])
        inbox = {"team_id": "t", "user_id": "bo", "pageSize": 200}
        error = sidecar.error("get_team_message", pageNo=1, **inbox)
        self.assert_error(error, 1002, "response_too_large", limit=16 << 20)
        page = sidecar.result("get_team_message", **inbox)
        self.assertLess(len(page["data"]), 200)
        nids = [message["nid"] for message in sidecar.messages(team_id="t", user_id="bo")]
        self.assertEqual((len(nids), len(set(nids))), (200, 200))
        sidecar.finish()


@on_each_store(memory=True)
class LargeMessageTests:
    """A message larger than `--max-answer-bytes` is answered when it is alone: a host always gets on."""

    SIZES = [10, 9_000, 20, 8_000, 7_000]

    def fill(self):
        """A sidecar, a cursor, and the nids of the messages behind it."""
        sidecar = self.spawn("--max-answer-bytes", 4096, store=self.new_store())
        cursor = sidecar.result("get_changes", **INBOX)["cursor"]
        nids = [sidecar.result("send_team_message", content="x" * size, **SEND)["nid"] for size in self.SIZES]
        return sidecar, cursor, nids

    def test_pages(self):
        sidecar, _, nids = self.fill()
        found = sidecar.messages(**INBOX)
        self.assertEqual([len(message["content"]) for message in found], self.SIZES[::-1])
        self.assert_error(sidecar.error("get_team_message", pageNo=1, **INBOX), 1002, "response_too_large", limit=4096)
        for number, message in enumerate(found, 1):
            page = sidecar.result("get_team_message", pageNo=number, pageSize=1, **INBOX)
            self.assertEqual(page["data"], [message])
        for nid, message in zip(nids, found[::-1]):
            self.assertEqual(sidecar.result("get_message", nid=nid, **INBOX), message)
        sidecar.finish()

    def test_changes(self):
        sidecar, cursor, nids = self.fill()
        told, more = [], True
        while more:
            result = sidecar.result("get_changes", cursor=cursor, wait_ms=60_000, **INBOX)
            told += [change["message"]["nid"] for change in result["changes"]]
            cursor, more = result["cursor"], result["more"]
        self.assertEqual(told, nids)
        # One that comes while a call waits.
        sidecar.send(request(1, "get_changes", cursor=cursor, wait_ms=60_000, **INBOX))
        sidecar.result("send_team_message", content="x" * 9_000, **SEND)
        waited, = sidecar.answers(1)
        self.assertEqual(len(waited["result"]["changes"]), 1)
        sidecar.finish()

    def test_changes_of_a_list(self):
        sidecar, cursor, nids = self.fill()
        teams = [{"team_id": f"t{number}"} for number in range(19)]
        inboxes = [{"team_id": "t", "cursor": cursor},
                   *sidecar.result("get_changes", user_id="bo", inboxes=teams)["inboxes"]]
        told, more = [], True
        while more:
            result = sidecar.result("get_changes", user_id="bo", inboxes=inboxes, wait_ms=60_000)
            told += [change["message"]["nid"] for change in result["changes"]]
            inboxes, more = result["inboxes"], result["more"]
        self.assertEqual(told, nids)
        sidecar.finish()

    def test_events(self):
        sidecar, cursor, nids = self.fill()
        sidecar.result("subscribe", cursor=cursor, **INBOX)
        self.assertEqual([sidecar.event()["message"]["nid"] for _ in nids], nids)
        sidecar.finish()
