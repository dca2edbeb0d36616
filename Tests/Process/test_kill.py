"""kill -9 in the middle of sends: nothing acknowledged is lost, nothing is doubled, no holes."""

from sidecar import on_each_store, request

INBOX = {"team_id": "t", "user_id": "bo"}


def send(id, **more):
    return request(id, "send_team_message", team_id="t", user_id="ann", message_type="note",
                   content=str(id), **more)


@on_each_store()
class KillTests:
    def killed(self, url, messages, after):
        """Sends, kills once `after` answers came, and returns the answers that got out, by id."""
        sidecar = self.spawn(store=url)
        sidecar.send(*messages)
        answers = sidecar.answers(after)
        answers += [answer for answer, _ in sidecar.kill().values()]
        self.assertTrue(all("result" in answer for answer in answers))
        return {answer["id"]: answer["result"] for answer in answers}

    def test_sends_with_keys(self):
        count = 1000
        for after in (1, 37, 200, 555, 900):
            with self.subTest(after=after):
                url = self.new_store()
                messages = [send(id, idempotency_key=f"key {id}") for id in range(count)]
                acknowledged = self.killed(url, messages, after)
                sidecar = self.spawn(store=url)
                kept = sidecar.messages(order="oldest", **INBOX)
                # Requests of one pipe take effect in order, so what is kept is a beginning.
                self.assertEqual([m["content"] for m in kept], [str(id) for id in range(len(kept))])
                nids = {int(m["content"]): m["nid"] for m in kept}
                for id, result in acknowledged.items():
                    self.assertEqual(nids.get(id), result["nid"], f"{id} was acknowledged")
                # All of them again: what is there isn't sent twice.
                again = sidecar.pipeline(messages)
                for id in range(count):
                    self.assertEqual(again[id]["result"]["duplicate"], id in nids)
                    self.assertEqual(again[id]["result"]["nid"], nids.get(id, again[id]["result"]["nid"]))
                whole = sidecar.messages(order="oldest", **INBOX)
                self.assertEqual([m["content"] for m in whole], [str(id) for id in range(count)])
                page = sidecar.result("get_team_message", **INBOX)
                self.assertEqual((page["total"], page["count"]), (count, count))
                sidecar.finish()

    def test_fan_outs_with_keys(self):
        url = self.new_store()
        readers = [f"r{number}" for number in range(20)]
        messages = [send(id, idempotency_key=f"key {id}", reader_ids=readers) for id in range(100)]
        acknowledged = self.killed(url, messages, after=40)
        sidecar = self.spawn(store=url)
        again = sidecar.pipeline(messages)
        for id, result in acknowledged.items():
            self.assertTrue(again[id]["result"]["duplicate"])
            self.assertEqual([item["nid"] for item in again[id]["result"]["messages"]],
                             [item["nid"] for item in result["messages"]])
        for reader in readers:
            messages = sidecar.messages(team_id="t", user_id=reader, order="oldest")
            self.assertEqual([m["content"] for m in messages], [str(id) for id in range(100)])
        sidecar.finish()

    def test_marks(self):
        url = self.new_store()
        filling = self.spawn(store=url)
        nids = [answer["result"]["nid"] for _, answer in sorted(filling.pipeline(
            [send(id) for id in range(500)]).items())]
        filling.finish()
        acknowledged = self.killed(
            url, [request(id, "mark_read", nids=[nid], **INBOX) for id, nid in enumerate(nids)], after=100)
        sidecar = self.spawn(store=url)
        read = [int(m["content"]) for m in sidecar.messages(view="read", **INBOX)]
        self.assertLessEqual(set(acknowledged), set(read))
        page = sidecar.result("get_team_message", **INBOX)
        self.assertEqual((page["total"], page["count"]), (500, 500 - len(read)))
        sidecar.finish()

    def test_again_and_again_on_one_store(self):
        url = self.new_store()
        acknowledged, first = {}, 0
        for _ in range(8):
            acknowledged |= self.killed(url, [send(first + id) for id in range(200)], after=50)
            first += 200
        sidecar = self.spawn(store=url)
        kept = sidecar.messages(order="oldest", **INBOX)
        numbers = [int(m["content"]) for m in kept]
        self.assertEqual(numbers, sorted(set(numbers)))
        nids = {int(m["content"]): m["nid"] for m in kept}
        for id, result in acknowledged.items():
            self.assertEqual(nids.get(id), result["nid"])
        self.assertEqual(sidecar.result("get_team_message", **INBOX)["total"], len(kept))
        sidecar.finish()

    def test_while_another_process_goes_on(self):
        url = self.new_store()
        other = self.spawn(store=url)
        for turn in range(5):
            self.killed(url, [send(f"{turn}.{id}") for id in range(300)], after=20)
            other.result("send_team_message", team_id="t", user_id="cy", message_type="note", content="other")
        contents = [m["content"] for m in other.messages(order="oldest", **INBOX)]
        self.assertEqual(contents.count("other"), 5)
        self.assertEqual(len(set(contents)), len(contents) - 4)
        other.finish()
