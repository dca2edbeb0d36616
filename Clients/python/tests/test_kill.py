"""Calls without end while the child is killed at random: every call answers, and nothing is doubled.

TIDINGS_TEST_CALLS and TIDINGS_TEST_KILLS make it longer; TIDINGS_TEST_SEED repeats a run.
"""

import asyncio
import collections
import logging
import os
import random
import signal
import threading
import unittest

import support
from tidings import Tidings, sync

logging.getLogger("tidings").addHandler(logging.NullHandler())
logging.getLogger("tidings").propagate = False

CALLS = int(os.environ.get("TIDINGS_TEST_CALLS", "5000"))
KILLS = int(os.environ.get("TIDINGS_TEST_KILLS", "10"))
SEED = int(os.environ.get("TIDINGS_TEST_SEED", random.randrange(1 << 32)))

TEAMS = [f"team {n}" for n in range(8)]
DEADLINE = max(support.DEADLINE, CALLS * 0.02)


class Run:
    """What is called in which order, when the child dies, and what must be so at the end."""

    def __init__(self):
        chance = random.Random(SEED)
        self.calls = iter(range(CALLS))  # One step for the interpreter, so threads may share it.
        self.kills = sorted(chance.sample(range(CALLS), KILLS), reverse=True)
        self.kinds = [chance.choice(("send", "send", "send", "fan_out", "list", "mark", "count"))
                      for _ in range(CALLS)]
        self.sent = collections.defaultdict(list)
        self.fanned = collections.defaultdict(list)
        self.pids = set()
        self.answers = 0

    def due(self, pid):
        """A pid to kill now, if the time for it has come."""
        if self.kills and self.answers >= self.kills[-1] and pid is not None and pid not in self.pids:
            self.kills.pop()
            self.pids.add(pid)
            return pid
        return None

    def call(self, number):
        """The method and its parameters."""
        team = TEAMS[number % len(TEAMS)]
        kind = self.kinds[number]
        if kind == "send":
            return "send_team_message", {
                "team_id": team, "user_id": "writer", "message_type": "m", "content": str(number)}
        if kind == "fan_out":
            return "send_account_message", {
                "reader_ids": ["ann", "bob"], "message_type": "m", "content": str(number)}
        if kind == "list":
            return "get_team_message", {"team_id": team, "user_id": "reader"}
        if kind == "mark":
            return "mark_read", {"team_id": team, "user_id": "marker", "all": True}
        return "get_unread_count", {"user_id": "reader", "team_ids": TEAMS}

    def answered(self, test, number, result):
        kind, text = self.kinds[number], str(number)
        self.answers += 1
        if kind == "send":
            test.assertIs(result["duplicate"], False)
            self.sent[TEAMS[number % len(TEAMS)]].append((text, result["nid"]))
        elif kind == "fan_out":
            test.assertEqual([message["duplicate"] for message in result["messages"]], [False, False])
            for message in result["messages"]:
                self.fanned[message["reader_id"]].append((text, message["nid"]))
        elif kind == "list":
            test.assertEqual(len(result["data"]), min(12, result["total"]))

    def check(self, test, inbox):
        """With a child that lives: what was acknowledged is there once, and nothing else."""
        test.assertEqual(self.answers, CALLS)
        for team in TEAMS:
            found = [(message["content"], message["nid"]) for message in
                     inbox.team_messages(team_id=team, user_id="reader", pageSize=200)]
            test.assertEqual(sorted(found), sorted(self.sent[team]))
            page = inbox.get_team_message(team_id=team, user_id="reader")
            test.assertEqual((page["total"], page["count"]), (len(found), len(found)))
        for reader in ("ann", "bob"):
            found = [(message["content"], message["nid"]) for message in
                     inbox.account_messages(user_id=reader, pageSize=200)]
            test.assertEqual(sorted(found), sorted(self.fanned[reader]))


class KillTests(support.Case):
    def setUp(self):
        super().setUp()
        self.run_of = Run()

    def finish(self):
        self.assertEqual(self.run_of.kills, [])
        with sync.Tidings.start(store=self.store, **self.options) as inbox:
            self.run_of.check(self, inbox)

    def test_asyncio(self):
        run = self.run_of

        async def work(inbox):
            async def one_of_32():
                for number in run.calls:
                    method, params = run.call(number)
                    run.answered(self, number, await getattr(inbox, method)(**params))
                    if pid := run.due(inbox.pid):
                        # Soon, not now: in the midst of whatever goes on then.
                        await asyncio.sleep(random.random() * 0.005)
                        os.kill(pid, signal.SIGKILL)

            await asyncio.gather(*(one_of_32() for _ in range(32)))

        async def whole():
            async with Tidings.start(store=self.store, **self.options) as inbox:
                await asyncio.wait_for(work(inbox), DEADLINE)

        with self.subTest(seed=SEED):
            asyncio.run(whole())
            self.finish()

    def test_threads(self):
        run = self.run_of
        lock, problems = threading.Lock(), []

        def work():
            try:
                for number in run.calls:
                    method, params = run.call(number)
                    result = getattr(inbox, method)(**params)
                    with lock:
                        run.answered(self, number, result)
                        pid = run.due(inbox.pid)
                    if pid:
                        os.kill(pid, signal.SIGKILL)
            except BaseException as error:
                problems.append(error)
                raise

        with self.subTest(seed=SEED):
            with sync.Tidings.start(store=self.store, **self.options) as inbox:
                threads = [threading.Thread(target=work, daemon=True) for _ in range(16)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(DEADLINE)
                    self.assertFalse(thread.is_alive())
            self.assertEqual(problems, [])
            self.finish()


if __name__ == "__main__":
    unittest.main()
