"""Several processes on one store: nothing lost, nothing doubled, nobody starved."""

import threading

from sidecar import DEADLINE, on_each_store, request

INBOX = {"team_id": "t", "user_id": "bo"}


def send(id, who, number, **more):
    return request(id, "send_team_message", team_id="t", user_id=f"sender {who}", message_type="note",
                   content=f"{who} {number}", **more)


@on_each_store()
class SharingTests:
    def together(self, bodies):
        """Runs bodies at once, each in a thread; the first failure is the test's."""
        failures = []

        def run(body):
            try:
                body()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(body,), daemon=True) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        if failures:
            raise failures[0]
        self.assertFalse(any(thread.is_alive() for thread in threads))

    def assert_whole(self, reader, senders, count):
        """Every message of every sender is there once, in that sender's order."""
        messages = reader.messages(order="oldest", **INBOX)
        self.assertEqual(len({m["nid"] for m in messages}), len(messages))
        by_sender = {}
        for message in messages:
            who, number = message["content"].split()
            by_sender.setdefault(int(who), []).append(int(number))
        self.assertEqual(by_sender, {who: list(range(count)) for who in range(senders)})
        times = [m["create_time"] for m in messages]
        self.assertEqual(times, sorted(times))
        page = reader.result("get_team_message", **INBOX)
        self.assertEqual((page["total"], page["count"]), (senders * count,) * 2)

    def pipelined(self, processes, count):
        url = self.new_store()
        sidecars = [self.spawn(store=url) for _ in range(processes)]
        answers = [None] * processes

        def body(who):
            def run():
                answers[who] = sidecars[who].pipeline([send(id, who, id) for id in range(count)])
            return run

        self.together([body(who) for who in range(processes)])
        for who in range(processes):
            self.assertEqual([a for a in answers[who].values() if "error" in a], [])
        nids = {a["result"]["nid"] for some in answers for a in some.values()}
        self.assertEqual(len(nids), processes * count)
        for sidecar in sidecars:
            self.assert_whole(sidecar, processes, count)
            sidecar.finish()

    def test_two_processes_that_pipeline(self):
        self.pipelined(2, 1000)

    def test_four_processes_that_pipeline(self):
        self.pipelined(4, 500)

    def one_at_a_time(self, processes, count):
        """Each sends one after another. When the first is done, none may be far behind."""
        url = self.new_store()
        sidecars = [self.spawn(store=url) for _ in range(processes)]
        for sidecar in sidecars:
            sidecar.result("get_team_message", **INBOX)  # It is ready: none has an advantage.
        done = [0] * processes
        when_first = []

        def body(who):
            def run():
                for number in range(count):
                    answer = sidecars[who].ask(send(number, who, number))
                    if "error" in answer:
                        raise AssertionError(f"{answer}\n{sidecars[who].describe()}")
                    done[who] += 1
                if not when_first:
                    when_first.append(list(done))
            return run

        self.together([body(who) for who in range(processes)])
        self.assertGreaterEqual(min(when_first[0]), count // 20, f"starved: {when_first[0]} of {count}")
        self.assert_whole(sidecars[0], processes, count)
        for sidecar in sidecars:
            sidecar.finish()

    def test_two_processes_one_at_a_time(self):
        self.one_at_a_time(2, 300)

    def test_four_processes_one_at_a_time(self):
        self.one_at_a_time(4, 200)

    def test_starting_at_once_on_a_new_store(self):
        url = self.new_store()
        sidecars = [self.spawn(store=url) for _ in range(4)]
        for who, sidecar in enumerate(sidecars):
            sidecar.send(send("s", who, 0))
        for sidecar in sidecars:
            self.assertIn("result", sidecar.receive())
        self.assert_whole(sidecars[0], 4, 1)
        for sidecar in sidecars:
            sidecar.finish()

    def test_what_one_acknowledged_the_other_sees(self):
        url = self.new_store()
        one, two = self.spawn(store=url), self.spawn(store=url)
        for turn in range(50):
            nid = one.result("send_team_message", team_id="t", user_id="ann", message_type="note")["nid"]
            page = two.result("get_team_message", **INBOX)
            self.assertEqual((page["total"], page["count"], page["data"][0]["nid"]), (turn + 1, 1, nid))
            self.assertEqual(two.result("mark_read", nids=[nid], **INBOX),
                             {"changed": 1, "total": turn + 1, "count": 0})
            self.assertEqual(one.result("get_message", nid=nid, **INBOX)["read"], True)
        one.finish()
        two.finish()

    def test_marks_from_two_processes_are_all_kept(self):
        url = self.new_store()
        sidecars = [self.spawn(store=url) for _ in range(2)]
        answers = sidecars[0].pipeline([send(id, 0, id) for id in range(200)])
        nids = [answers[id]["result"]["nid"] for id in range(200)]

        def body(who):
            def run():
                mine = nids[who::2]
                got = sidecars[who].pipeline([request(id, "mark_read", nids=[nid], **INBOX)
                                              for id, nid in enumerate(mine)])
                bad = [a for a in got.values() if a.get("result", {}).get("changed") != 1]
                if bad:
                    raise AssertionError(f"{bad[0]}\n{sidecars[who].describe()}")
            return run

        self.together([body(who) for who in range(2)])
        for sidecar in sidecars:
            page = sidecar.result("get_team_message", **INBOX)
            self.assertEqual((page["total"], page["count"]), (200, 0))
            sidecar.finish()

    def test_one_key_in_two_processes_is_one_message(self):
        url = self.new_store()
        sidecars = [self.spawn(store=url) for _ in range(2)]
        got = [None, None]

        def body(who):
            def run():
                got[who] = sidecars[who].pipeline([
                    request(id, "send_team_message", team_id="t", user_id="ann", message_type="note",
                            content=str(id), idempotency_key=f"key {id}") for id in range(200)])
            return run

        self.together([body(who) for who in range(2)])
        for id in range(200):
            one, two = (got[who][id]["result"] for who in range(2))
            self.assertEqual(one["nid"], two["nid"])
            self.assertEqual(sorted([one["duplicate"], two["duplicate"]]), [False, True])
        self.assertEqual(sidecars[0].result("get_team_message", **INBOX)["total"], 200)
        for sidecar in sidecars:
            sidecar.finish()
