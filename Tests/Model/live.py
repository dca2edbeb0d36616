"""Followers of inboxes while several processes write, are killed and stand still: each is told each message and
each removal once, in the order of its log, and at quiet what it was told is what a fresh read finds.

    python live.py [--seed N] [--operations N] [--only NAME]

As a command (`make soak-live`) it runs on a file, and on a replica set and a standalone server that are killed and
stand still themselves. The program is $TIDINGS_BIN, by default the release build. MongoDB's part needs a mongod
($TIDINGS_MONGOD, or one on PATH), and is left out without one.
"""

import argparse
import contextlib
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Hosting"))
from followers import Broken, Follower  # noqa: E402
from hosts import Hosts  # noqa: E402
from sidecar import DEADLINE  # noqa: E402
from traffic import Traffic  # noqa: E402

WINDOW = 40  # Writes without an answer.
ROUND = 1_500  # Writes between two comparisons.


class Run:
    """One run on one store."""

    def __init__(self, seed, store, processes=2, operations=ROUND, kills=2, pauses=2, server=None):
        self.seed, self.operations, self.processes = seed, operations, processes
        self.rng = random.Random(seed)
        self.folder = Path(tempfile.mkdtemp(prefix="tidings-live-"))
        self.log = open(self.folder / "stderr.log", "wb")
        unique = f"live_{os.getpid()}_{time.time_ns()}"
        self.store = store.replace("{folder}", str(self.folder)).replace("{unique}", unique)
        self.hosts = Hosts(
            self.store, processes, self.rng, self.log, self.told, self.ended, kills / operations,
            pauses / operations, server)
        self.counts = self.hosts.counts
        self.followers = []
        self.writes = 0
        self.latest = 0.0  # Seconds from quiet to right numbers of `counts`, at most.

    def run(self):
        try:
            number = 0
            while self.writes < self.operations:
                self.round(number, min(ROUND, self.operations - self.writes))
                number += 1
            self.hosts.finish()
        except (AssertionError, OSError, KeyError) as error:
            raise Broken(self.report(error)) from error
        finally:
            self.hosts.stop()
            self.log.close()
        shutil.rmtree(self.folder)
        return self

    def round(self, number, operations):
        """New teams and readers, followers of their inboxes, writes, and a comparison at quiet."""
        word = f"{self.seed}.{number}"
        teams = [f"team {word}.{place}" for place in range(4)]
        plain, wild = [f"{name} {word}" for name in ("ann", "bo", "cy")], [f"wil {word}"]
        readers, places = [*plain, *wild], [*teams, None]
        fresh = self.fresh(readers, places)
        for place in range(4 * self.processes):
            reader = self.rng.choice([*plain, *readers])
            some = self.rng.sample(places, self.rng.randint(1, len(places)))
            follower = Follower(place, reader, some, reader in plain)
            for team, its in follower.inboxes.items():
                its.begin(*fresh[reader, team])
            self.followers.append(follower)
            self.follow(follower)
        while any(its.cursor is None for one in self.followers for its in one.inboxes.values()):
            self.hosts.step()
        self.write(Traffic(self.rng, f"{word}-{time.time_ns()}", teams, plain, wild), operations)
        self.settle(self.fresh(readers, places))
        self.part()

    # Writing

    def write(self, traffic, operations):
        unanswered = 0

        def done(note):
            def take(_, result):
                nonlocal unanswered
                unanswered -= 1
                self.writes += 1
                if note:
                    note(result)
            return take

        while operations or unanswered:
            while operations and unanswered < WINDOW and self.hosts.any():
                operations, unanswered = operations - 1, unanswered + 1
                method, params, note = traffic.next()
                self.hosts.ask(method, params, done(note))
                self.hosts.fault()
                if self.rng.random() < 0.02:
                    self.move(self.rng.choice(self.followers))
            self.hosts.step()

    # Following

    def follow(self, follower):
        """Begins to follow in any process, or goes on there; not if it is to end."""
        if follower.is_ending:
            self.followers.remove(follower)
        elif follower.choose(self.rng) == "poll":
            self.hosts.ask("get_changes", follower.params(), lambda _, result: self.polled(follower, result))
        else:
            self.hosts.ask("subscribe", follower.params(), lambda host, result: self.subscribed(follower, host, result))

    def polled(self, follower, result):
        self.counts["polls"] += 1
        self.counts["events"] += len(result["changes"])
        follower.answered(result)
        self.follow(follower)

    def subscribed(self, follower, host, result):
        follower.subscribed(result, host)
        host.follows[follower.subscription] = follower
        if follower.is_ending:
            self.move(follower)

    def move(self, follower):
        """Ends a subscription, and goes on elsewhere; after the answer no event of it may come."""
        host, subscription = follower.host, follower.subscription
        if host is None or follower.is_moving:
            return
        follower.is_moving = True

        def unsubscribed(_, result):
            if result is None:
                return  # The process ended meanwhile, and all that follow in it go on.
            if result != {"unsubscribed": True}:
                raise Broken(f"unsubscribe answered {result}")
            self.counts["moved"] += 1
            host.left.add(subscription)
            self.follow(self.let_go(host.follows.pop(subscription)))

        self.hosts.ask("unsubscribe", {"subscription": subscription}, unsubscribed, host)

    @staticmethod
    def let_go(follower):
        follower.host = follower.subscription = None
        follower.is_moving = False
        return follower

    def told(self, host, params):
        if params["subscription"] in host.left:
            raise Broken(f"an event of a subscription that was left: {params}")
        follower = host.follows.get(params["subscription"])
        if follower is None:
            raise Broken(f"an event before the answer to its subscription: {params}")
        follower.event(params)

    def ended(self, host):
        for follower in host.follows.values():
            self.counts["resumed after a kill"] += 1
            self.follow(self.let_go(follower))

    def part(self):
        """Ends all following."""
        for follower in self.followers:
            follower.is_ending = True
            self.move(follower)
        while self.followers:
            self.hosts.step()

    # Comparing

    def settle(self, fresh):
        """Compares every follower with a fresh read, once it was told everything. Numbers first, for the clock."""
        began = time.monotonic()
        for follower in sorted(self.followers, key=lambda one: not one.counts_only):
            until = time.monotonic() + DEADLINE
            while difference := follower.difference(fresh):
                if not self.hosts.step(until):
                    raise Broken(f"{follower} was not told everything: {difference}")
            if follower.counts_only:
                self.latest = max(self.latest, time.monotonic() - began)
            self.counts["compared inboxes"] += len(follower.inboxes)

    def fresh(self, readers, places):
        """All messages and counts of each inbox, read anew: {(reader, team): (messages, counts)}."""
        messages = {(reader, team): [] for reader in readers for team in places}
        counts, missing = {}, len(messages) + len(readers)

        def read(reader, team, **more):
            def page(_, answer):
                nonlocal missing
                messages[reader, team] += answer["data"]
                if answer["next_cursor"] is None:
                    missing -= 1
                else:
                    read(reader, team, cursor=answer["next_cursor"])

            params = {"user_id": reader, "view": "all", "order": "oldest", "pageSize": 200, **more}
            if team is None:
                self.hosts.ask("get_account_message", params, page)
            else:
                self.hosts.ask("get_team_message", {**params, "team_id": team}, page)

        def count(reader):
            def counted(_, answer):
                nonlocal missing
                missing -= 1
                counts.update({(reader, team): its for team, its in answer["teams"].items()})
                counts[reader, None] = answer["account"]

            teams = [team for team in places if team is not None]
            self.hosts.ask("get_unread_count", {"user_id": reader, "team_ids": teams}, counted)

        for reader in readers:
            count(reader)
            for team in places:
                read(reader, team)
        while missing:
            self.hosts.step()
        return {place: (its, counts[place]) for place, its in messages.items()}

    # What is told of it

    def report(self, error):
        return (f"seed {self.seed}, after {self.writes} writes on {self.store}: {type(error).__name__}: {error}\n"
                f"{self.summary()}\n{self.hosts.describe()}\nwhat the processes said: {self.log.name}")

    def summary(self):
        told = ", ".join(f"{number} {name}" for name, number in sorted(self.counts.items()))
        return f"{self.writes} writes, {told}; all numbers right {self.latest:.2f} s after quiet"


def runs(servers):
    """What the command runs: (name, store, server, processes)."""
    for processes in (2, 4):
        yield f"sqlite, {processes} processes", "sqlite:{folder}/live.db", None, processes
    os.environ.setdefault("TIDINGS_MONGOD", shutil.which("mongod") or "")
    if not os.environ["TIDINGS_MONGOD"]:
        print("MongoDB is left out: set TIDINGS_MONGOD")
        return
    from mongod import Mongod  # It needs pymongo.

    for kind, is_set in ("replica set", True), ("standalone", False):
        for processes in (2, 4):
            server = Mongod(replica_set=is_set)
            servers.callback(server.stop)
            yield f"{kind}, {processes} processes", server.url(waitQueueTimeoutMS=20_000), server, processes


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--operations", type=int, default=12_000, help="writes of each run")
    parser.add_argument("--only", default="", help="runs whose name holds this")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    events = 0
    with contextlib.ExitStack() as servers:
        for name, store, server, processes in runs(servers):
            if options.only not in name:
                continue
            faults = max(1, options.operations // 300)
            began = time.monotonic()
            try:
                one = Run(options.seed, store, processes, options.operations, faults, faults, server).run()
            except Broken as broken:
                return f"{name}: {broken}"
            events += one.counts["events"]
            print(f"{name}: {one.summary()}; {time.monotonic() - began:.0f} s", flush=True)
    print(f"{events} events", flush=True)


if __name__ == "__main__":
    sys.exit(main())
