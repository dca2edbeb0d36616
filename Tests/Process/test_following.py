"""Subscriptions in the real program: hosts that do not read, or read slowly, or ask for too much; the end."""

import fcntl
import json
import os
import signal
import struct
import subprocess
import termios
import time

from sidecar import SidecarCase, environment, on_each_store, program, request

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}
# MB; what waits is bounded by far less, and the program under test may be one without optimisation.
MOST = 150


def unread(sidecar):
    """The bytes of requests that the sidecar has not read."""
    return struct.unpack("i", fcntl.ioctl(sidecar.process.stdin.fileno(), termios.FIONREAD, b"\0" * 4))[0]


class SlowHostTests(SidecarCase):
    """Events wait for the host in the store, not in memory: nothing is lost, and requests go on."""

    SUBSCRIBERS, MESSAGES, SIZE = 50, 300, 4_000

    def fill(self, sidecar):
        """Sends messages that make 60 MB of events."""
        sidecar.send(*[request(-1 - number, "subscribe", user_id=f"u{number}", team_id="t")
                       for number in range(self.SUBSCRIBERS)])
        sidecar.send(*[request(number, "send_team_message", content="x" * self.SIZE, **SEND)
                       for number in range(self.MESSAGES)])

    def check(self, received):
        """Each subscriber is told of each message once, in order; each request is answered once."""
        events, answers = {}, []
        for message in received:
            if message.get("method") == "inbox_event":
                events.setdefault(message["params"]["subscription"], []).append(message["params"])
            else:
                answers.append(message["id"])
        self.assertEqual(sorted(answers), list(range(-self.SUBSCRIBERS, self.MESSAGES)))
        self.assertEqual(set(events), set(range(1, self.SUBSCRIBERS + 1)))
        nids = [event["message"]["nid"] for event in events[1]]
        self.assertEqual(len(set(nids)), self.MESSAGES)
        for told in events.values():
            self.assertEqual([event["message"]["nid"] for event in told], nids)
            self.assertEqual([event["total"] for event in told], list(range(1, self.MESSAGES + 1)))

    def test_a_host_that_reads_late(self):
        sidecar = self.spawn(reading=False)
        self.fill(sidecar)
        # Every request is taken although nothing is read: their answers and a part of the events have room.
        sidecar.wait_for(lambda: unread(sidecar) == 0)
        self.assertLess(sidecar.peak_memory(), MOST)
        sidecar.start_reading()
        self.check([sidecar.receive() for _ in range(self.SUBSCRIBERS * (self.MESSAGES + 1) + self.MESSAGES)])
        self.assertLess(sidecar.peak_memory(), MOST)
        self.assertEqual(sidecar.finish(), [])

    def test_a_host_that_reads_a_little_at_a_time(self):
        sidecar = self.spawn(reading=False)
        self.fill(sidecar)
        output = sidecar.process.stdout.fileno()
        start = bytearray()
        for size in [1] * 500 + [1_000] * 500 + [20_000] * 100:
            start += os.read(output, size)
        self.assertLess(sidecar.peak_memory(), MOST)
        rest = bytearray()
        wanted = self.SUBSCRIBERS * (self.MESSAGES + 1) + self.MESSAGES
        lines = start.count(b"\n")
        while lines < wanted:
            chunk = os.read(output, 1 << 20)
            rest += chunk
            lines += chunk.count(b"\n")
        self.check([json.loads(line) for line in (start + rest).splitlines()])
        self.assertLess(sidecar.peak_memory(), MOST)
        sidecar.start_reading()
        self.assertEqual(sidecar.finish(), [])

    def test_answers_come_between_events(self):
        sidecar = self.spawn()
        for number in range(20):
            sidecar.result("subscribe", user_id=f"u{number}", team_id="t")
        for number in range(100):
            sidecar.send(request(number, "send_team_message", content="x" * 4_000, **SEND))
        for _ in range(50):
            self.assertEqual(sidecar.result("ping"), {})
        for _ in range(2_000):
            sidecar.event()
        self.assertEqual({answer["id"] for answer in sidecar.answers(100)}, set(range(100)))
        self.assertEqual(sidecar.finish(), [])


class ManyTests(SidecarCase):
    def test_a_hundred_thousand_subscriptions(self):
        sidecar = self.spawn()
        taken = refused = 0
        for start in range(0, 100_000, 1_000):
            answers = sidecar.pipeline([request(start + number, "subscribe", user_id=f"u{start + number}", team_id="t")
                                        for number in range(1_000)])
            taken += sum("result" in answer for answer in answers.values())
            refused += sum(answer.get("error", {}).get("data", {}).get("kind") == "limit_reached"
                           for answer in answers.values())
        self.assertEqual((taken, refused), (10_000, 90_000))
        self.assertEqual(sidecar.result("ping"), {})
        status = sidecar.result("get_status")
        self.assertEqual((status["subscriptions"], status["inboxes"]), (10_000, 10_000))
        self.assertLess(sidecar.peak_memory(), MOST)
        sidecar.result("send_team_message", **SEND)
        told = [sidecar.event()["subscription"] for _ in range(10_000)]
        self.assertEqual(sorted(told), list(range(1, 10_001)))
        self.assertEqual(sidecar.result("unsubscribe", subscription=7), {"unsubscribed": True})
        self.assertEqual(sidecar.result("subscribe", **INBOX)["subscription"], 10_001)
        self.assertEqual(sidecar.finish(), [])

    def test_many_inboxes_of_one_reader(self):
        sidecar = self.spawn()
        inboxes = [{"team_id": f"t{number}"} for number in range(999)] + [{}]
        for number in range(100):
            sidecar.result("subscribe", user_id=f"u{number}", inboxes=inboxes, detail="counts")
        self.assertEqual(sidecar.result("get_status")["inboxes"], 100_000)
        self.assertLess(sidecar.peak_memory(), 2 * MOST)
        sidecar.result("send_announcement", message_type="note")
        events = [sidecar.event() for _ in range(100)]
        self.assertEqual({event["subscription"] for event in events}, set(range(1, 101)))
        self.assertTrue(all(event["event"] == "counts" and event["count"] == 1 for event in events))
        self.assertEqual(sidecar.finish(), [])


@on_each_store(memory=True)
class ListTests:
    """`get_changes` over a list: bounded answers in which a busy inbox holds up no other."""

    SENT = {"busy": 1_300, "quiet": 3, None: 2}

    def follow(self, *arguments):
        sidecar = self.spawn(*arguments, store=self.new_store())
        inboxes = [{} if team is None else {"team_id": team} for team in self.SENT]
        inboxes = sidecar.result("get_changes", user_id="bo", inboxes=inboxes)["inboxes"]
        sends = []
        for team, count in self.SENT.items():
            for _ in range(count):
                method = "send_announcement" if team is None else "send_team_message"
                where = {} if team is None else {"team_id": team, "user_id": "ann"}
                sends.append(request(len(sends), method, message_type="note", **where))
        sidecar.pipeline(sends)
        return sidecar, inboxes

    def read(self, sidecar, inboxes):
        """Every answer up to the last one, each with what it tells of, by team."""
        answers, more = [], True
        while more:
            result = sidecar.result("get_changes", user_id="bo", inboxes=inboxes)
            self.assertTrue(result["changes"])
            told = {}
            for change in result["changes"]:
                self.assertEqual(change["event"], "created")
                told.setdefault(change.get("team_id"), []).append(change["total"])
            answers.append(told)
            inboxes, more = result["inboxes"], result["more"]
        for team, count in self.SENT.items():
            self.assertEqual([total for told in answers for total in told.get(team, [])], list(range(1, count + 1)))
        self.assertEqual(sidecar.result("get_changes", user_id="bo", inboxes=inboxes)["changes"], [])
        sidecar.finish()
        return answers

    def test_a_thousand_messages_at_most(self):
        first, second = self.read(*self.follow())
        self.assertEqual({team: len(told) for team, told in first.items()}, {"busy": 998, "quiet": 1, None: 1})
        self.assertEqual({team: len(told) for team, told in second.items()}, {"busy": 302, "quiet": 2, None: 1})

    def test_answers_of_a_limited_size(self):
        sidecar, inboxes = self.follow("--max-answer-bytes", 1_200_000)
        answers = self.read(sidecar, inboxes)
        self.assertEqual(set(answers[0]), {"busy", "quiet", None})

    def test_a_subscription_whose_answer_is_too_large_is_none(self):
        sidecar = self.spawn("--max-answer-bytes", 4096, store=self.new_store())
        error = sidecar.error("subscribe", user_id="bo", inboxes=[{"team_id": f"t{n}"} for n in range(100)])
        self.assertEqual((error["data"]["kind"], error["data"]["details"]["limit"]), ("response_too_large", 4096))
        status = sidecar.result("get_status")
        self.assertEqual((status["subscriptions"], status["inboxes"]), (0, 0))
        sidecar.finish()


@on_each_store(memory=True)
class GivenBackTests:
    """What an answer says of an inbox may be given back as it is; what no answer has is refused, as everywhere."""

    def test_answers(self):
        sidecar = self.spawn(store=self.new_store())
        sidecar.result("send_team_message", **SEND)
        first = sidecar.result("subscribe", user_id="bo", inboxes=[{"team_id": "t"}, {}])["inboxes"]
        self.assertEqual(set(first[0]), {"team_id", "cursor", "total", "count", "unseen"})
        changed = sidecar.result("get_changes", user_id="bo", inboxes=first)["inboxes"]
        expired = [{**one, "expired": True} for one in first]
        for given in (first, changed, expired):
            self.assertEqual(sidecar.result("subscribe", user_id="bo", inboxes=given)["inboxes"], first)
        for method in ("subscribe", "get_changes"):
            error = sidecar.error(method, user_id="bo", inboxes=[first[1], {**first[0], "a/b": 1}])
            self.assert_error(error, -32602, "invalid_params", pointer="/inboxes/1/a~1b")
        sidecar.finish()


@on_each_store(memory=True)
class EndTests:
    """The end of a conversation ends its subscriptions and waits, and nothing is left running."""

    def follow(self):
        sidecar = self.spawn(store=self.new_store())
        subscribed = sidecar.result("subscribe", user_id="bo", inboxes=[{"team_id": "t"}, {}])
        sidecar.send(request(7, "get_changes", user_id="bo", wait_ms=60_000,
                             inboxes=[{"team_id": "t", "cursor": subscribed["inboxes"][0]["cursor"]}]))
        while sidecar.result("get_status")["inboxes"] < 3:
            pass
        return sidecar

    def test_the_end_of_input(self):
        sidecar = self.follow()
        waited, = sidecar.finish()
        self.assertEqual((waited["id"], waited["result"]["changes"]), (7, []))

    def test_sigterm(self):
        sidecar = self.follow()
        sidecar.signal(signal.SIGTERM)
        waited, = sidecar.rest()
        self.assertEqual((waited["id"], waited["result"]["changes"]), (7, []))
        self.assertEqual(sidecar.wait(), 0)

    def test_a_host_that_is_gone(self):
        sidecar = self.follow()
        sidecar.result("send_team_message", **SEND)
        sidecar.process.stdin.close()
        self.assertEqual(sidecar.wait(), 0)


@on_each_store()
class CallTests:
    """`tidings call get_changes` waits, as any host does."""

    def test_it_waits(self):
        store = self.new_store()
        done = self.run_program("call", "--store", store, "get_changes", json.dumps(INBOX))
        start = time.monotonic()
        params = json.dumps({**INBOX, "cursor": json.loads(done.stdout)["cursor"], "wait_ms": 300})
        done = self.run_program("call", "--store", store, "get_changes", params)
        self.assertGreaterEqual(time.monotonic() - start, 0.3)
        self.assertEqual(json.loads(done.stdout)["changes"], [])

    def test_it_waits_for_a_change_of_another_process(self):
        store = self.new_store()
        sidecar = self.spawn(store=store)
        cursor = sidecar.result("get_changes", **INBOX)["cursor"]
        params = json.dumps({**INBOX, "cursor": cursor, "wait_ms": 60_000, "_meta": {"progressToken": 1}})
        call = subprocess.Popen([program(), "call", "--store", store, "get_changes", params], env=environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(call.wait)
        self.addCleanup(call.kill)
        sent = sidecar.result("send_team_message", **SEND)
        output = call.communicate()[0]
        self.assertEqual(call.returncode, 0)
        change, = json.loads(output)["changes"]
        self.assertEqual((change["event"], change["message"]["nid"]), ("created", sent["nid"]))
        self.assertEqual(sidecar.finish(), [])
