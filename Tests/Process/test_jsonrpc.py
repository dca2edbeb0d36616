"""JSON-RPC 2.0 as the specification has it, where a transcript can't say it."""

from sidecar import SidecarCase, line, notification, request

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}


class SpecificationTests(SidecarCase):
    """The examples of the specification's section 7, with methods of ours."""

    def test_examples(self):
        sidecar = self.spawn()
        for sent, expected in [
            ('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', ("1", -32601)),
            ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', (None, -32700)),
            ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', (None, -32600)),
            ('[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"',
             (None, -32700)),
            ("[]", (None, -32600)),
            ("[1]", [(None, -32600)]),
            ("[1,2,3]", [(None, -32600)] * 3),
        ]:
            with self.subTest(sent):
                sidecar.send_bytes(sent.encode() + b"\n")
                answer = sidecar.receive()
                answers = answer if isinstance(answer, list) else [answer]
                got = [(one["id"], one["error"]["code"]) for one in answers]
                self.assertEqual(got, expected if isinstance(expected, list) else [expected])
        sidecar.finish()

    def test_the_mixed_batch(self):
        sidecar = self.spawn()
        sidecar.send([
            request("1", "ping"),
            notification("notify_hello", x=7),
            request("2", "ping", colour=1),
            {"foo": "boo"},
            {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
            request("9", "get_team_message", team_id="t", user_id="u"),
        ])
        answers = {answer["id"]: answer for answer in sidecar.receive()}
        self.assertEqual(set(answers), {"1", "2", None, "5", "9"})
        self.assertEqual(answers["1"]["result"], {})
        self.assertEqual({id: answers[id]["error"]["code"] for id in ("2", None, "5")},
                         {"2": -32602, None: -32600, "5": -32601})
        self.assertEqual(answers["9"]["result"]["total"], 0)
        sidecar.finish()

    def test_a_batch_of_notifications_is_silent(self):
        sidecar = self.spawn()
        sidecar.send([notification("notify_sum", a=1), notification("notify_hello", a=7)])
        self.assertEqual(sidecar.finish(), [])

    def test_params_that_are_no_structure(self):
        sidecar = self.spawn()
        for params in ("bar", 5, True):
            answer = sidecar.ask({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": params})
            self.assert_error(answer["error"], -32600, "invalid_request")
        sidecar.finish()

    def test_params_by_position(self):
        sidecar = self.spawn()
        for method in ("ping", "get_team_message", "send_team_message", "get_status"):
            answer = sidecar.ask({"jsonrpc": "2.0", "id": 1, "method": method, "params": ["t", "u"]})
            self.assert_error(answer["error"], -32602, "invalid_params")
        sidecar.finish()


class IdTests(SidecarCase):
    def test_ids_come_back_byte_for_byte(self):
        sidecar = self.spawn()
        for id in (b"0", b"-7", b"9007199254740993", b'"1"', b'"\xc3\xa9"', b'""', b'"' + b"x" * 1000 + b'"'):
            sidecar.send_bytes(b'{"jsonrpc":"2.0","id":' + id + b',"method":"ping"}\n')
            self.assertIn(b'"id":' + id, sidecar.receive_line())
        sidecar.finish()

    def test_null_is_no_id(self):
        sidecar = self.spawn()
        answer = sidecar.ask({"jsonrpc": "2.0", "id": None, "method": "ping"})
        self.assert_error(answer["error"], -32600, "invalid_request")
        sidecar.finish()

    def test_an_id_in_flight_is_refused_and_the_first_keeps_it(self):
        sidecar = self.spawn()
        inbox = {"team_id": "t", "user_id": "bo"}
        cursor = sidecar.result("get_changes", **inbox)["cursor"]
        # It waits, and so is in flight for sure.
        sidecar.send(request(7, "get_changes", cursor=cursor, wait_ms=60_000, **inbox))
        for method in ("ping", "get_changes"):
            sidecar.send(request(7, method))
            answer = sidecar.receive()
            self.assertIsNone(answer["id"])
            self.assert_error(answer["error"], -32600, "invalid_request", id=7)
        # Another id of the same digits is another id.
        self.assertIn("result", sidecar.ask(request("7", "ping")))
        sent = sidecar.result("send_team_message", **SEND)["nid"]
        [first] = sidecar.answers(1)
        self.assertEqual((first["id"], [c["message"]["nid"] for c in first["result"]["changes"]]), (7, [sent]))
        # Once it is answered the id is free.
        self.assertIn("result", sidecar.ask(request(7, "ping")))
        sidecar.finish()

    def test_an_integer_and_a_string_in_flight_are_two_ids(self):
        url, _ = self.store()
        sidecar = self.spawn(store=url)
        answers = []
        for _ in range(50):
            sidecar.send(request(1, "send_team_message", **SEND), request("1", "send_team_message", **SEND))
            answers += sidecar.answers(2)
        self.assertTrue(all("result" in answer for answer in answers), answers)
        self.assertEqual(sum(answer["id"] == "1" for answer in answers), 50)
        sidecar.finish()


class BatchTests(SidecarCase):
    def test_a_thousand_items(self):
        sidecar = self.spawn()
        sidecar.send([request(id, "ping") for id in range(1000)])
        self.assertEqual(sorted(answer["id"] for answer in sidecar.receive()), list(range(1000)))
        sidecar.finish()

    def test_a_thousand_and_one_are_refused_as_a_whole(self):
        sidecar = self.spawn()
        sidecar.send([request(id, "send_team_message", **SEND) for id in range(1001)])
        answer = sidecar.receive()
        self.assertIsInstance(answer, dict)
        self.assertIsNone(answer["id"])
        self.assert_error(answer["error"], -32600, "invalid_request")
        self.assertEqual(sidecar.result("get_team_message", team_id="t", user_id="bo")["total"], 0)
        sidecar.finish()

    def test_a_thousand_writes_take_effect_in_their_order(self):
        url, _ = self.store()
        sidecar = self.spawn(store=url)
        sidecar.send([request(id, "send_team_message", content=str(id), **SEND) for id in range(1000)])
        answers = sidecar.receive()
        self.assertTrue(all("result" in answer for answer in answers))
        contents = [m["content"] for m in sidecar.messages(team_id="t", user_id="bo", order="oldest")]
        self.assertEqual(contents, [str(id) for id in range(1000)])
        sidecar.finish()

    def test_many_batches_at_once(self):
        sidecar = self.spawn()
        batches = [[request(f"{batch}.{item}", "ping") for item in range(100)] for batch in range(100)]
        sidecar.send(*batches)
        seen = set()
        for _ in batches:
            answers = sidecar.receive()
            owner = {answer["id"].split(".")[0] for answer in answers}
            self.assertEqual((len(answers), len(owner)), (100, 1))
            seen |= owner
        self.assertEqual(len(seen), 100)
        sidecar.finish()


class NotificationTests(SidecarCase):
    def test_nothing_is_answered_whatever_happens(self):
        sidecar = self.spawn()
        sidecar.send(notification("ping"), notification("no_such_method"), notification("send_team_message"),
                     notification("send_team_message", **SEND),
                     notification("mark_read", user_id="bo", nids=["x"]),
                     notification("$/cancelRequest", id=99), notification("$/setTrace", value="off"),
                     {"jsonrpc": "2.0", "id": 5, "result": None},
                     {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "no"}})
        answer = sidecar.ask(request(1, "get_team_message", team_id="t", user_id="b"))
        self.assertEqual(answer["result"]["total"], 1)
        self.assertEqual(sidecar.finish(), [])

    def test_a_line_of_each_kind_at_once(self):
        sidecar = self.spawn()
        data = line(notification("ping")) + b"nonsense\n" + line(request("r", "ping")) + b"\n[]\n" + line([
            notification("ping"), request("b", "ping")])
        sidecar.send_bytes(data)
        answers = sidecar.finish()
        kinds = sorted(str(one[0]["id"] if isinstance(one, list) else one["id"] or one["error"]["code"])
                       for one in answers)
        self.assertEqual(kinds, ["-32600", "-32700", "b", "r"])


class LimitTests(SidecarCase):
    """Limits whose boundary is too long for a transcript."""

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
