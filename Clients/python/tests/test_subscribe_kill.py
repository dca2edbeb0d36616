"""Following the real program while it is killed at random: each message comes once, in the order of its inbox.

TIDINGS_TEST_CALLS and TIDINGS_TEST_KILLS make it longer; TIDINGS_TEST_SEED repeats a run.
"""

import asyncio
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

CALLS = int(os.environ.get("TIDINGS_TEST_CALLS", "5000")) // 4
KILLS = int(os.environ.get("TIDINGS_TEST_KILLS", "10"))
SEED = int(os.environ.get("TIDINGS_TEST_SEED", random.randrange(1 << 32)))
PLACES = [{"team_id": "crew"}, {"team_id": "deck"}, {}]


class Told:
    """What was sent, and a page that is made of events."""

    def __init__(self):
        self.chance = random.Random(SEED)
        self.sent = {"crew": [], "deck": [], None: []}
        self.told = {"crew": [], "deck": [], None: []}
        self.counts = {}
        self.kills = sorted(self.chance.sample(range(CALLS), KILLS))

    def due(self, number):
        return bool(self.kills) and number >= self.kills[0] and self.kills.pop(0) is not None

    def send(self, number):
        """A method and its parameters, and the inbox that gets the message."""
        team = self.chance.choice(["crew", "deck", None])
        body = {"message_type": "m", "content": str(number)}
        if team is None:
            return "send_account_message", {"reader_id": "bob", **body}, team
        return "send_team_message", {"team_id": team, "user_id": "ann", **body}, team

    def take(self, test, event):
        team = event.get("team_id")
        test.assertEqual(event["event"], "created")
        self.told[team].append(event["message"]["nid"])
        self.counts[team] = (event["total"], event["count"], event["unseen"])

    @property
    def complete(self):
        return sum(map(len, self.told.values())) >= CALLS

    def check(self, test):
        test.assertEqual(self.told, self.sent)
        test.assertEqual(self.counts, {team: (len(nids),) * 3 for team, nids in self.sent.items()})


class KillTests(support.Case):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED}", flush=True)

    def test_asyncio(self):
        told = Told()

        async def follow(inbox, places):
            """Now and then it is left, and another one goes on from where it was."""
            while not told.complete:
                async with inbox.subscribe(user_id="bob", inboxes=places) as events:
                    async for event in events:
                        told.take(self, event)
                        if told.complete or told.chance.random() < 0.01:
                            break
                    places = events.inboxes

        async def work():
            async with Tidings.start(store=self.store, restarts=1000, **self.options) as inbox:
                async with inbox.subscribe(user_id="bob", inboxes=PLACES) as events:
                    await events.start()
                    places = events.inboxes
                following = asyncio.ensure_future(follow(inbox, places))
                numbers = iter(range(CALLS))

                async def send():
                    for number in numbers:
                        method, params, team = told.send(number)
                        if told.due(number) and inbox.pid:
                            os.kill(inbox.pid, signal.SIGKILL)
                        told.sent[team].append((await inbox.call(method, params))["nid"])

                await send()
                await following

        self.run_async(work())
        told.check(self)

    def test_threads(self):
        told = Told()
        with sync.Tidings.start(store=self.store, restarts=1000, **self.options) as inbox:
            events = inbox.subscribe(user_id="bob", inboxes=PLACES, idle=60.0)
            events.start()
            failed = []

            def follow():
                try:
                    for event in events:
                        if event is not None:
                            told.take(self, event)
                        if told.complete:
                            return
                except BaseException as error:
                    failed.append(error)

            thread = threading.Thread(target=follow)
            thread.start()
            for number in range(CALLS):
                method, params, team = told.send(number)
                if told.due(number) and inbox.pid:
                    os.kill(inbox.pid, signal.SIGKILL)
                told.sent[team].append(inbox.call(method, params)["nid"])
            thread.join(support.DEADLINE)
            events.close()
            thread.join(support.DEADLINE)
            self.assertEqual(failed, [])
        told.check(self)


if __name__ == "__main__":
    unittest.main()
