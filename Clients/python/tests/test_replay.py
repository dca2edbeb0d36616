"""Every transcript: over the client's transport, and by the methods of both clients. On a file: the program's
own tests replay them on every store.
"""

import asyncio
import concurrent.futures
import threading
import unittest

import support
import replay  # noqa: I001  (support makes it importable)
from conversation import Calling, Conversation, made_of_calls, method_of
from tidings import Tidings, sync

TRANSCRIPTS = sorted((support.ROOT / "Schemas/transcripts").glob("*.jsonl"))


class ReplayTests(support.Case):
    """One test for each transcript and way, made below."""

    def over_the_transport(self, steps):
        conversation = Conversation(self.store)
        try:
            replay.replay(steps, conversation)
        finally:
            conversation.stop()

    def by_asyncio(self, steps):
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()

        async def start():
            return await Tidings.start(store=self.store, **self.options)

        async def made(call):
            return await call()

        def run(work):
            return asyncio.run_coroutine_threadsafe(work, loop)

        try:
            inbox = run(start()).result(support.DEADLINE)
            try:
                replay.replay(steps, Calling(lambda *call: run(made(method_of(inbox, *call)))))
            finally:
                run(inbox.close()).result(support.DEADLINE)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def by_threads(self, steps):
        # One thread, so that the calls are made in the order of the transcript.
        with sync.Tidings.start(store=self.store, **self.options) as inbox, \
                concurrent.futures.ThreadPoolExecutor(1) as thread:
            replay.replay(steps, Calling(lambda *call: thread.submit(method_of(inbox, *call))))

    def test_most_transcripts_are_made_of_calls(self):
        calls = sum(made_of_calls(replay.load(path)) for path in TRANSCRIPTS)
        self.assertGreater(calls, len(TRANSCRIPTS) / 2)


def add_tests():
    def add(path, steps, way):
        setattr(ReplayTests, f"test_{path.stem}_{way.__name__}", lambda self: way(self, steps))

    for path in TRANSCRIPTS:
        steps = replay.load(path)
        ways = [ReplayTests.over_the_transport]
        if made_of_calls(steps):
            ways += [ReplayTests.by_asyncio, ReplayTests.by_threads]
        for way in ways:
            add(path, steps, way)


add_tests()

if __name__ == "__main__":
    unittest.main()
