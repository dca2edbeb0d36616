"""Cancelling and deadlines: one answer always; what waits in the store's queue is dropped, what is done stays."""

import random
import sqlite3

from sidecar import SidecarCase, notification, on_each_store, request

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}


class QueueTests(SidecarCase):
    """While another program locks the file, changes wait."""

    def locked(self):
        url, path = self.store()
        sidecar = self.spawn(store=url)
        sidecar.result("send_team_message", **SEND)
        other = sqlite3.connect(path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        return sidecar, other

    def assert_one_message(self, sidecar, other):
        other.execute("ROLLBACK")
        self.assertEqual(sidecar.result("get_team_message", **INBOX)["total"], 1)
        self.assertEqual(sidecar.finish(), [])

    def test_a_change_in_the_queue_is_dropped(self):
        sidecar, other = self.locked()
        sidecar.send(request(1, "send_team_message", **SEND), request(2, "mark_read", all=True, **INBOX))
        sidecar.result("ping")
        sidecar.send(notification("$/cancelRequest", id=1), notification("$/cancelRequest", id=2))
        # The lock is still held.
        for answer in sidecar.answers(2):
            self.assert_error(answer["error"], -32800, "cancelled")
        self.assert_one_message(sidecar, other)

    def test_in_a_batch(self):
        sidecar, other = self.locked()
        sidecar.send([request(1, "send_team_message", **SEND), request(2, "ping")])
        sidecar.send(notification("$/cancelRequest", id=1))
        batch = {answer["id"]: answer for answer in sidecar.receive()}
        self.assert_error(batch[1]["error"], -32800, "cancelled")
        self.assertEqual(batch[2]["result"], {})
        self.assert_one_message(sidecar, other)

    def test_a_deadline_drops_it_too(self):
        sidecar, other = self.locked()
        error = sidecar.error("send_team_message", _meta={"timeout_ms": 50}, **SEND)
        self.assert_error(error, 1003, "deadline_exceeded")
        self.assert_one_message(sidecar, other)

    def test_what_waits_behind_it_goes_on(self):
        sidecar, other = self.locked()
        # The second one touches what the first one touches: it is held back until that one is answered.
        sidecar.send(request(1, "mark_read", all=True, **INBOX), request(2, "get_team_message", **INBOX))
        sidecar.send(notification("$/cancelRequest", id=1))
        answers = {answer["id"]: answer for answer in sidecar.answers(2)}
        self.assertEqual(answers[1]["error"]["code"], -32800)
        self.assertEqual(answers[2]["result"]["total"], 1)
        self.assert_one_message(sidecar, other)


class AnyMomentTests(SidecarCase):
    def test_an_answer_each_and_none_that_lies(self):
        seed = random.SystemRandom().randrange(1 << 32)
        chance = random.Random(seed)
        url, _ = self.store()
        sidecar = self.spawn(store=url)
        messages, count = [], 4000
        for id in range(count):
            ask = request(id, "send_team_message", content=str(id), **SEND)
            messages.append([ask] if chance.random() < 0.2 else ask)
            # Between none and a few requests later: before, while and after it is carried out.
            for _ in range(chance.randrange(2)):
                messages.append(notification("$/cancelRequest", id=max(0, id - chance.randrange(20))))
        sidecar.send(*messages)
        sidecar.close_input()
        answers = [one for answer in sidecar.rest()
                   for one in (answer if isinstance(answer, list) else [answer])]
        self.assertEqual(sidecar.wait(), 0)
        self.assertEqual(sorted(answer["id"] for answer in answers), list(range(count)), f"seed {seed}")
        done = {str(answer["id"]) for answer in answers if "result" in answer}
        for answer in answers:
            if "error" in answer:
                self.assert_error(answer["error"], -32800, "cancelled")
        again = self.spawn(store=url)
        there = [message["content"] for message in again.messages(**INBOX)]
        self.assertEqual(sorted(there), sorted(done), f"seed {seed}")
        again.finish()


@on_each_store(memory=True)
class FanOutProgressTests:
    def test_a_fan_out_tells_how_many_readers_have_it(self):
        sidecar = self.spawn(store=self.new_store())
        readers = [f"reader-{number}" for number in range(5000)]
        sidecar.send(request(1, "send_account_message", message_type="note", reader_ids=readers,
                             _meta={"progressToken": "fan-out"}))
        told = []
        while "id" not in (message := sidecar.receive()):
            self.assertEqual((message["method"], message["params"]["token"]), ("$/progress", "fan-out"))
            told.append(message["params"]["value"])
        self.assertEqual(len(message["result"]["messages"]), 5000)
        self.assertEqual(told[0], {"done": 0, "total": 5000})
        self.assertEqual({value["total"] for value in told}, {5000})
        done = [value["done"] for value in told]
        self.assertEqual(done, sorted(set(done)))
        self.assertLessEqual(done[-1], 5000)
        self.assertEqual(sidecar.finish(), [])


class ProgressTests(SidecarCase):
    def test_before_the_answer_and_never_after(self):
        sidecar = self.spawn(store=self.store()[0])
        cursor = sidecar.result("get_changes", **INBOX)["cursor"]
        waiting = [request(id, "get_changes", cursor=cursor, wait_ms=60_000, _meta={"progressToken": f"{id}"},
                           **INBOX) for id in range(50)]
        sidecar.send(*waiting)
        told = [sidecar.receive() for _ in waiting]
        self.assertEqual({(one["method"], one["params"]["token"]) for one in told},
                         {("$/progress", f"{id}") for id in range(50)})
        sidecar.send(*[notification("$/cancelRequest", id=id) for id in range(25)],
                     request(99, "send_team_message", **SEND))
        answers = sidecar.answers(51)
        self.assertEqual({answer.get("id") for answer in answers}, {*range(50), 99})
        self.assertEqual(sidecar.finish(), [])

    def test_none_for_what_is_done_at_once(self):
        sidecar = self.spawn()
        for method, params in [("ping", {}), ("send_team_message", SEND), ("get_team_message", INBOX),
                               ("get_changes", {"wait_ms": 1000, **INBOX})]:
            sidecar.send(request(1, method, _meta={"progressToken": 1}, **params))
            self.assertIn("result", sidecar.receive())
        sidecar.send(request(1, "get_message", user_id="bo", _meta={"progressToken": 1}))
        self.assertEqual(sidecar.receive()["error"]["code"], -32602)
        self.assertEqual(sidecar.finish(), [])
