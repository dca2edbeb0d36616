"""The connections that the replayer of transcripts drives: the client's own transport, and its methods."""

import asyncio
import collections
import functools
import inspect
import json
import logging
import queue

import support
from tidings import TidingsError
from tidings._child import Child
from tidings._program import Program


class Conversation:
    """A child on a loop that runs while something is waited for."""

    def __init__(self, store):
        self.loop = asyncio.new_event_loop()
        self.lines = collections.deque()
        self.status = None
        self.child = Child(
            self.loop,
            Program(store=store, program=support.program(), log_level="error"),
            logging.getLogger("tidings.test"),
            self._received,
            self._ended,
        )

    def _received(self, run):
        self.lines.extend(run.split(b"\n")[:-1])

    def _ended(self, status, last_words):
        self.status = status

    def _wait(self, condition):
        async def turn():
            while not condition():
                await asyncio.sleep(0.001)

        self.loop.run_until_complete(asyncio.wait_for(turn(), support.DEADLINE))

    def send_bytes(self, data):
        self.child.write(data)

    def receive_line(self):
        self._wait(lambda: self.lines or self.status is not None)
        return self.lines.popleft() if self.lines else None

    def finish(self, status, close=True):
        if close:
            self.child.close_input()
        self._wait(lambda: self.status is not None)
        assert self.status == status, f"the status is {self.status}, expected {status}"
        return [line.decode() for line in self.lines]

    def stop(self):
        if self.status is None:
            self.child.kill()
            self._wait(lambda: self.status is not None)
        self.loop.close()


def made_of_calls(steps):
    """Returns whether a transcript is nothing but requests that a client's methods can make, and their answers."""
    for _, kind, value in steps:
        if kind in ("expect_batch", "contains", "exit"):
            return False
        if kind == "send" and not (
            isinstance(value, dict)
            and value.get("jsonrpc") == "2.0"
            and "id" in value
            and isinstance(value.get("params", {}), dict)
            and value["method"] not in ("initialize", "shutdown")
        ):
            return False
    return True


class Calling:
    """A client's methods as such a connection: each request is a call, and what it gives is an answer
    again. `call(name, params)` makes one and gives a future of its outcome."""

    def __init__(self, call):
        self._call = call
        self._answers = queue.Queue()
        self._open = 0

    def send_bytes(self, data):
        request = json.loads(data)
        self._open += 1
        outcome = self._call(request["method"], request.get("params") or {})
        outcome.add_done_callback(lambda done: self._answers.put(self._answer(request["id"], done)))

    @staticmethod
    def _answer(id, outcome):
        try:
            answer = {"result": outcome.result()}
        except TidingsError as error:
            details = {"kind": error.kind, "retryable": error.retryable, "details": error.details}
            answer = {"error": {"code": error.code, "message": error.message, "data": details}}
        except Exception as error:  # No answer of the wire matches it.
            answer = {"raised": repr(error)}
        return json.dumps({"jsonrpc": "2.0", "id": id, **answer}).encode()

    def receive_line(self):
        self._open -= 1
        return self._answers.get(timeout=support.DEADLINE)

    def finish(self, status, close=True):
        assert self._open == 0, f"{self._open} answers were not expected"
        return []


def method_of(client, name, params):
    """The client's own method with these parameters, or `call` where it has none that takes them."""
    own = getattr(client, name.replace(".", "_"), None)
    keywords = {"from_" if key == "from" else key: value for key, value in params.items()}
    try:
        inspect.signature(own).bind(**keywords)
    except TypeError:
        return functools.partial(client.call, name, params)
    return functools.partial(own, **keywords)
