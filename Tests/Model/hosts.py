"""Several processes on one store that are killed and stand still, and one place that takes in what all of them say."""

import collections
import json
import queue
import signal
import time

from followers import Broken
from sidecar import CUT_OFF, DEADLINE, Sidecar, request


class Host(Sidecar):
    """A process whose lines go to the queue of all."""

    def __init__(self, lines, *arguments, **options):
        super().__init__(*arguments, reading=False, **options)
        self.history = collections.deque(maxlen=8)
        self._lines = Marked(lines, self)
        self.waiting = {}  # id → (method, params, then, whether only this process may be asked)
        self.follows = {}  # Subscription → Follower
        self.left = set()  # Subscriptions that were given up.
        self.is_up, self.wakes_at = True, None
        self.start_reading()


class Marked:
    """Puts a host's lines into the queue of all."""

    def __init__(self, lines, host):
        self.lines, self.host = lines, host

    def put(self, line):
        self.lines.put((self.host, line))


class Hosts:
    """The processes, and the requests that wait for an answer. `counts` says what happened.

    Of each process `kills` and `pauses` are the chances that it meets its end, or stands still, when `fault` is
    called; and of `server`, if it is this run's own. `on_event(host, params)` gets the events and `on_end(host)` is
    told of a killed process behind all that it had said.
    """

    def __init__(self, store, processes, rng, log, on_event, on_end, kills=0.0, pauses=0.0, server=None):
        self.store, self.rng, self.log, self.server = store, rng, log, server
        self.on_event, self.on_end = on_event, on_end
        self.kills, self.pauses = kills, pauses
        self.counts = collections.Counter()
        self.lines = queue.SimpleQueue()
        self.again = collections.deque()  # Requests for which no process was there.
        self.last_id = 0
        self.server_wakes = None  # (When, what lets it go on).
        self.all = []
        for _ in range(processes):
            self.all.append(self.start())

    def start(self):
        size = self.rng.choice([0, 4_096, 16 << 20])
        return Host(self.lines, "--cache-bytes", size, "--log-level", "error", store=self.store, stderr=self.log)

    def any(self):
        """A process that runs and doesn't stand still; None if there is none."""
        hosts = [host for host in self.all if host.is_up and host.wakes_at is None]
        return self.rng.choice(hosts) if hosts else None

    # Asking

    def ask(self, method, params, then, host=None):
        """Has a request answered: `then(host, result)` comes once. It is asked again, of any process, until somebody
        knows that it is done. A given host is the only one to ask: `then(None, None)` comes if that ends first."""
        chosen = host or self.any()
        if chosen is None:
            self.again.append((method, params, then))
        elif not chosen.is_up:
            then(None, None)
        else:
            self.last_id += 1
            chosen.waiting[self.last_id] = (method, params, then, host is not None)
            chosen.send(request(self.last_id, method, **params))

    def step(self, until=None):
        """Takes in one line, once there is one. Past a time that is given none comes, which is told; past any other
        that is a failure."""
        end = until or time.monotonic() + DEADLINE
        while True:
            left = self.wake()
            while self.again and self.any():
                self.ask(*self.again.popleft())
            try:
                host, line = self.lines.get(timeout=min(left, max(0, end - time.monotonic())))
                break
            except queue.Empty:
                if time.monotonic() < end:
                    continue
                if until:
                    return False
                raise Broken(f"nothing came for {DEADLINE} s") from None
        if line is None:
            self.ended(host)
        elif not line.endswith(CUT_OFF):
            self.take(host, json.loads(line))
        return True

    def take(self, host, message):
        host.history.append(("<-", str(message)[:240]))
        if message.get("method") == "inbox_event":
            self.counts["events"] += 1
            self.counts[message["params"]["event"]] += 1
            self.on_event(host, message["params"])
            return
        if message.get("id") not in host.waiting:
            raise Broken(f"an answer that nobody waits for: {message}")
        method, params, then, is_bound = host.waiting.pop(message["id"])
        if "result" in message:
            then(host, message["result"])
            return
        error = message["error"]["data"]
        if error["retryable"] or error["kind"] == "outcome_unknown":
            self.counts[error["kind"]] += 1
            self.ask(method, params, then, host if is_bound else None)
        elif error["kind"] == "not_found" and "user_id" in params:
            then(host, None)  # A mark of what this reader can't see.
        else:
            raise Broken(f"{method} {params} failed: {message['error']}")

    def ended(self, host):
        """A process is gone: what it didn't answer is asked of others."""
        was_killed, host.is_up = not host.is_up, False
        status = host.wait()
        if not was_killed:
            raise Broken(f"a process ended by itself with status {status}")
        host.stop()
        self.all[self.all.index(host)] = self.start()
        for method, params, then, is_bound in host.waiting.values():
            if is_bound:
                then(None, None)
            else:
                self.ask(method, params, then)
        self.on_end(host)

    # Faults

    def fault(self):
        """Now and then a process is killed or stands still, and so does the server."""
        host = self.any()
        if host and self.rng.random() < self.kills:
            self.counts["kills"] += 1
            host.is_up = False
            host.process.kill()
        elif host and self.rng.random() < self.pauses:
            self.counts["pauses"] += 1
            host.process.send_signal(signal.SIGSTOP)
            host.wakes_at = time.monotonic() + self.rng.uniform(0.01, 0.5)
        elif self.server and self.server_wakes is None and self.rng.random() < (self.kills + self.pauses) / 3:
            if self.rng.random() < 0.5:
                self.counts["kills of the server"] += 1
                self.server.kill()
                self.server_wakes = (time.monotonic() + self.rng.uniform(0, 1), self.server.start)
            else:
                self.counts["pauses of the server"] += 1
                self.server.suspend()
                self.server_wakes = (time.monotonic() + self.rng.uniform(0.1, 2), self.server.resume)

    def wake(self):
        """Lets go on what has stood still for long enough; the seconds until the next one."""
        now, left = time.monotonic(), DEADLINE
        for host in self.all:
            if host.wakes_at is not None and host.wakes_at <= now:
                host.wakes_at = None
                host.process.send_signal(signal.SIGCONT)
            elif host.wakes_at is not None:
                left = min(left, host.wakes_at - now)
        if self.server_wakes:
            at, then = self.server_wakes
            left = min(left, at - now)
            if at <= now:
                self.server_wakes = None
                then()
        return max(left, 0)

    def finish(self):
        """Ends every process by the end of its input; each must end well."""
        while any(not host.is_up or host.wakes_at is not None for host in self.all):
            self.step()
        for host in self.all:
            host.close_input()
        for _ in self.all:
            host, line = self.lines.get(timeout=DEADLINE)
            if line is not None:
                raise Broken(f"a line that nobody waits for: {line}")
            if host.wait() != 0:
                raise Broken(f"a process ended with status {host.status}")

    def stop(self):
        """Ends every process, whatever it does."""
        for host in self.all:
            host.stop()

    def describe(self):
        return "\n".join(f"{host.describe()}\n  {len(host.waiting)} unanswered: {list(host.waiting.values())[:3]}"
                         for host in self.all)
