"""The client's own transport as the connection that the replayer of transcripts drives."""

import asyncio
import collections
import logging

import support
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
