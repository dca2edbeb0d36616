"""Random operation runs: the sidecar beside the naive model.

    python3 random_run.py [--variant NAME] [--seed N] [--operations N] [--store URL]

runs one variant (below, VARIANTS) and stops at the first answer that differs. The program is
$TIDINGS_BIN, by default the release build. A store URL may contain {unique}, which becomes a new name for
each run; the store must be empty.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Hosting"))
import operations  # noqa: E402
from audit import Audit
from comparison import Difference, check, check_walk
from following import Follower
from model import Model, Wrong
from settling import Settling, touched
from sidecar import Sidecar
from wire import encode

AUDIT_EVERY = 500  # operations


class Run:
    """One operation at a time, each answer compared before the next operation is chosen."""

    processes = 1
    # Only where each operation is chosen after the last one's answer: then what is imported is the newest of all.
    weights = {**operations.WEIGHTS, "import_own": 2}

    def __init__(self, seed, store, count, folder):
        self.seed, self.count, self.folder = seed, count, folder
        self.store = store.replace("{unique}", "run_%d_%d" % (os.getpid(), time.time_ns()))
        self.rng = random.Random(seed)
        self.model = Model()
        self.generator = operations.Generator(self.rng, self.model, self.weights)
        self.done = self.asked = self.loose = self.restarts = 0
        self.refused = {}
        self.recent = []
        self.requests = open(os.path.join(folder, "requests.jsonl"), "w", encoding="utf-8")
        self.log = open(os.path.join(folder, "stderr.log"), "wb")
        self.sidecars = []
        self.followers = [
            Follower(self.rng, self.model, self.generator.teams, self.generator.users) for _ in range(self.processes)]

    def run(self):
        try:
            for place in range(self.processes):
                self.sidecars.append(self.start())
                self.follow(place)
            audited = 0
            while self.done < self.count:
                self.step()
                if self.done - audited >= AUDIT_EVERY:
                    audited = self.done
                    self.audit(share=0.1)
            self.audit(share=1)
            for sidecar in self.sidecars:
                more = sidecar.finish()
                if more := [one for one in more if one.get("method") != "inbox_event"]:
                    raise Difference("answers that nobody waits for: %s" % more)
        except (Difference, Wrong, AssertionError) as error:
            raise Difference(self.report(error)) from error
        finally:
            for sidecar in self.sidecars:
                sidecar.stop()
            self.requests.close()
            self.log.close()

    def step(self):
        self.perform([self.generator.next()])

    def perform(self, batch, as_one=False):
        """Sends operations without waiting, then compares their answers in the order of arrival."""
        sidecar = self.rng.choice(self.sidecars)
        ids = self.send(batch, sidecar, as_one)
        answers = sidecar.collect(ids)
        for operation, number in zip(batch, ids):
            self.compare(operation, *answers[number])

    def send(self, batch, sidecar, as_one=False):
        lines, ids = [], []
        for operation in batch:
            self.asked += 1
            ids.append(self.asked)
            request = {"jsonrpc": "2.0", "id": self.asked, "method": operation.method}
            if operation.wire or self.rng.random() < 0.5:
                request["params"] = operation.wire
            lines.append(encode(request, ascii_only=self.rng.random() < 0.3))
        if as_one:
            lines = ["[" + ",".join(lines) + "]"]
        text = "".join(line + "\n" for line in lines)
        self.requests.write(text)
        sidecar.send_bytes(text.encode("utf-8"))
        return ids

    def compare(self, operation, answer, line):
        self.done += 1
        self.recent.append(operation)
        del self.recent[:-2000]
        page = check(self.model, operation, answer, line)
        if "error" in answer:
            kind = answer["error"]["data"]["kind"]
            self.refused[kind] = self.refused.get(kind, 0) + 1
        if page is not None:
            self.loose += page.loose
            if answer["result"]["next_cursor"] is not None:
                self.generator.cursors.append((page_params(operation), answer["result"]["next_cursor"]))
                del self.generator.cursors[:-200]
        if operation.walk is not None:
            check_walk(operation.walk, page, answer["result"])
            if operation.walk.cursor is None:
                self.generator.walks.remove(operation.walk)

    def audit(self, share):
        """Every inbox, read whole; of the ways to read it, this share. What is followed has come to the same."""
        self.requests.flush()
        for follower, sidecar in zip(self.followers, self.sidecars):
            follower.check(sidecar)
        known = dict(self.model.cursors)
        Audit(self.rng, self.model, self.generator, share).run(self.exchange)
        self.model.cursors = known

    def exchange(self, batch):
        """Reads: as many as there are at once, shared among the processes."""
        parts = [(batch[place::len(self.sidecars)], sidecar) for place, sidecar in enumerate(self.sidecars)]
        sent = [(part, self.write_reads(part, sidecar), sidecar) for part, sidecar in parts]
        answered = {}
        for part, ids, sidecar in sent:
            answers = sidecar.collect(ids)
            for operation, number in zip(part, ids):
                answer, line = answers[number]
                self.recent.append(operation)
                check(self.model, operation, answer, line)
                answered[id(operation)] = answer["result"]
        return [answered[id(operation)] for operation in batch]

    def write_reads(self, batch, sidecar):
        ids = list(range(self.asked + 1, self.asked + 1 + len(batch)))
        self.asked += len(batch)
        sidecar.send_bytes("".join(
            encode({"jsonrpc": "2.0", "id": number, "method": operation.method, "params": operation.wire})
            + "\n" for number, operation in zip(ids, batch)).encode("utf-8"))
        return ids

    def start(self):
        # Without a cache, with one that keeps a few messages, and with one that keeps all of them.
        size = random.Random(self.seed + self.restarts).choice([0, 4_096, 16 << 20])
        return Sidecar("--cache-bytes", size, store=self.store, stderr=self.log)

    def follow(self, place):
        """Lets the follower of a sidecar begin, or go on."""
        sidecar = self.sidecars[place]

        def ask(method, params):
            self.asked += 1
            request = {"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params}
            sidecar.send_bytes((encode(request) + "\n").encode("utf-8"))
            answer, _ = sidecar.collect([self.asked])[self.asked]
            if "result" not in answer:
                raise Difference("%s was refused: %s" % (method, answer))
            return answer["result"]

        self.followers[place].subscribe(sidecar, ask)

    def restart(self, place):
        self.restarts += 1
        self.followers[place].note(self.sidecars[place])
        self.sidecars[place].stop()
        self.sidecars[place] = self.start()
        self.follow(place)

    def report(self, error):
        last = self.recent[-1] if self.recent else None
        lines = ["the sidecar and the model differ", "seed %d, operation %d: %s" % (
            self.seed, self.done, last), str(error), ""]
        if last is not None:
            its = self.inboxes(last)
            related = [one for one in self.recent[:-1] if changes(one) and its & self.inboxes(one)]
            lines += ["the last changes to the same inbox:"] + ["  %s" % one for one in related[-8:]]
        return "\n".join(lines + [
            "",
            "again%s: python3 Tests/Model/random_run.py --variant %s --seed %d --operations %d%s" % (
                "" if type(self) is Run else " (what happens also depends on timing)",
                name_of(type(self)), self.seed, max(self.done, 1),
                " --store memory:" if self.store == "memory:" else ""),
            "all requests that were sent, but for the audits: %s" % self.requests.name])

    def inboxes(self, operation):
        return touched(operation, self.model, self.generator.users)

    def summary(self):
        kinds = ", ".join("%s %d" % item for item in sorted(self.refused.items()))
        return (
            "%d operations, %d requests, %d messages, %d restarts, "
            "%d pages after changes under their cursor, refused: %s" % (
                self.done, self.asked, len(self.model.nids), self.restarts, self.loose, kinds))


class KilledBetween(Run):
    """kill -9 between operations: nothing acknowledged may be lost."""

    def step(self):
        super().step()
        if self.rng.random() < 0.01:
            place = self.rng.randrange(len(self.sidecars))
            self.sidecars[place].kill()
            self.restart(place)


class TwoProcesses(Run):
    """Two sidecars on one store take the operations in turn; either may be killed."""

    processes = 2

    def step(self):
        super().step()
        if self.rng.random() < 0.002:
            place = self.rng.randrange(len(self.sidecars))
            self.sidecars[place].kill()
            self.restart(place)


class Pipelined(Run):
    """Bursts of up to 50 operations without waiting. What touches one team or account takes effect in
    the order of arrival, so the answers are those of the same operations one by one."""

    weights = operations.WEIGHTS

    def step(self):
        batch = [self.generator.next() for _ in range(self.rng.choice([1, 2, 5, 10, 20, 50]))]
        self.perform(batch, as_one=self.rng.random() < 0.2)


class KilledInFlight(Run):
    """kill -9 with operations in flight. What was answered holds; what was not is settled: sends by
    their idempotency keys, marks by reading back what they did."""

    weights = {
        "send_team": 14, "send_to_readers": 6, "send_account": 5, "send_to_accounts": 3,
        "send_announcement": 3, "list": 6, "unread_count": 2, "mark_nids": 10, "mark_up_to": 3, "mark_all": 2,
        "retract": 2}

    def step(self):
        self.generator.choose_by(operations.WEIGHTS)
        self.generator.key_share, self.generator.common_keys = 0.4, 0.3
        for _ in range(self.rng.randrange(20)):
            super().step()
        self.generator.choose_by(self.weights)
        self.generator.key_share, self.generator.common_keys = 1, 0
        batch = distinct_retractions(
            [self.generator.next() for _ in range(self.rng.choice([2, 5, 10, 20, 50]))])
        ids = self.send(batch, self.sidecars[0])
        answers = {}
        for _ in range(self.rng.randrange(len(batch)) if self.rng.random() < 0.7 else 0):
            for answer, line in self.sidecars[0].receive_answers():
                answers[answer["id"]] = (answer, line)
        # Now and then a moment later, so that the kill meets any point of the work.
        time.sleep(self.rng.choice([0, 0.004 * self.rng.random()]))
        answers.update(self.sidecars[0].kill())
        self.restart(0)
        Settling(self).settle(batch, [answers.get(number) for number in ids])
        if self.rng.random() < 0.2:
            self.audit(share=0)


VARIANTS = {
    "sequential": Run,
    "pipelined": Pipelined,
    "killed-between": KilledBetween,
    "killed-in-flight": KilledInFlight,
    "two-processes": TwoProcesses,
}


def name_of(kind):
    return next(name for name, variant in VARIANTS.items() if variant is kind)


def page_params(operation):
    return {
        name: value for name, value in operation.params.items()
        if name not in ("pageSize", "pageNo", "cursor")}


def changes(operation):
    return operation.refusal is None and not operation.method.startswith("get_")


def distinct_retractions(batch):
    """Of a nid retracted twice, nobody could say by which of the two."""
    seen, kept = set(), []
    for operation in batch:
        if operation.method == "retract_message":
            if operation.params["nid"] in seen:
                continue
            seen.add(operation.params["nid"])
        kept.append(operation)
    return kept


def run(variant, seed, count, store=None):
    """Runs to the end, or raises a Difference. `store` is by default a new SQLite file."""
    folder = tempfile.mkdtemp(prefix="tidings-model-")
    started = time.monotonic()
    one = VARIANTS[variant](seed, store or "sqlite:" + os.path.join(folder, "model.db"), count, folder)
    one.run()
    shutil.rmtree(folder)
    return "%s, seed %d: %s; %.1f s" % (variant, seed, one.summary(), time.monotonic() - started)


def main():
    parser = argparse.ArgumentParser(description="Compares the sidecar with the naive model.")
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="sequential")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--operations", type=int, default=10000)
    parser.add_argument("--store", default=None, help="default: a new SQLite file")
    options = parser.parse_args()
    seed = random.randrange(10 ** 6) if options.seed is None else options.seed
    print("seed %d" % seed, flush=True)
    try:
        print(run(options.variant, seed, options.operations, options.store))
    except Difference as difference:
        print(difference, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
