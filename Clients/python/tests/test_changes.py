"""Following an inbox can be left: while nothing happens, from elsewhere, and whatever the program does."""

import asyncio
import contextlib
import gc
import os
import threading
import unittest

import support
from tidings import ClosedError, DeadlineExceededError, InvalidParamsError, ProcessDiedError, Tidings, sync

TICK = 0.02


class Stepping:
    """A thread that follows, and what it got."""

    def __init__(self, changes):
        self.got, self.error = [], None
        self.changes = changes
        self.begun = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        self.begun.set()
        try:
            for change in self.changes:
                self.got.append(change)
        except Exception as error:
            self.error = error

    def ended(self):
        self.thread.join(support.DEADLINE)
        return not self.thread.is_alive()


# Answers get_changes when the file `go` is there, whatever it was asked to wait; each with the next number.
SILENT = """
    greet()
    n = 0
    while True:
        one = asked()
        if "id" not in one:
            with open(starts + ".cancelled", "a") as file:
                file.write(str(one["params"]["id"]) + "\\n")
            continue
        n += 1
        while not os.path.exists(starts + ".go"):
            time.sleep(0.005)
        os.unlink(starts + ".go")
        answer(one["id"], result={"changes": [{"cursor": str(n)}], "cursor": str(n)})
"""
# One that reads on, answers nothing and notes what is taken back.
DEAF = """
    greet()
    while True:
        one = asked()
        with open(starts + ".log", "a") as file:
            file.write(one["method"] + "\\n")
"""


class SyncTests(support.Case):
    def go(self):
        (self.folder / "starts.go").touch()

    def log(self):
        path = self.folder / "starts.log"
        return path.read_text().split() if path.exists() else []

    def wait_for(self, condition):
        self.run_async(until(condition))

    def test_none_comes_while_nothing_happens_and_nothing_is_missed(self):
        with sync.Tidings.start(program=self.fake(SILENT)) as inbox:
            changes = inbox.changes(user_id="u", idle=TICK)
            self.assertIsNone(next(changes))
            self.assertIsNone(next(changes))
            self.go()
            self.assertEqual(next(one for one in changes if one), {"cursor": "1"})
            self.assertIsNone(next(changes))
            self.go()
            self.assertEqual(next(one for one in changes if one), {"cursor": "2"})
            changes.close()
            self.go()

    def test_what_is_no_idle_time(self):
        table = ((0, ValueError), (-1, ValueError), (float("nan"), ValueError), (float("inf"), ValueError),
                 (1e10, ValueError), ("15", TypeError))  # Longer than the clocks bear; no number.
        with sync.Tidings.start(store="memory:", **self.options) as inbox:
            for idle, error in table:
                with self.subTest(idle), self.assertRaisesRegex(error, "^idle is a number of seconds"):
                    inbox.changes(user_id="u", idle=idle)

    def test_with_the_program_itself(self):
        with sync.Tidings.start(store="memory:", timeout=60, **self.options) as inbox:
            with inbox.changes(user_id="bob", idle=TICK) as changes:
                self.assertIsNone(next(changes))
                inbox.send_account_message(reader_id="bob", message_type="m", content="one")
                self.assertEqual(next(one for one in changes if one)["message"]["content"], "one")
            self.assertRaises(StopIteration, next, changes)

    def test_closing_from_another_thread_ends_the_loop_and_the_call(self):
        with sync.Tidings.start(program=self.fake(DEAF)) as inbox:
            for idle in (None, 600.0):
                with self.subTest(idle):
                    changes = inbox.changes(user_id="u", idle=idle)
                    stepping = Stepping(changes)
                    before = self.log().count("$/cancelRequest")
                    self.wait_for(lambda: self.log()[-1:] == ["get_changes"])
                    changes.close()
                    self.assertTrue(stepping.ended())
                    self.assertEqual((stepping.got, stepping.error), ([], None))
                    self.wait_for(lambda: self.log().count("$/cancelRequest") == before + 1)
                    changes.close()
                    self.assertRaises(StopIteration, next, changes)

    def test_one_that_is_closed_before_it_began_asks_nothing(self):
        with sync.Tidings.start(program=self.fake(DEAF)) as inbox:
            changes = inbox.changes(user_id="u")
            changes.close()
            self.assertEqual(list(changes), [])
        self.assertEqual(self.log().count("get_changes"), 0)

    def test_one_that_nobody_holds_takes_its_call_back(self):
        with sync.Tidings.start(program=self.fake(DEAF)) as inbox:
            changes = inbox.changes(user_id="u", idle=TICK)
            self.assertIsNone(next(changes))
            del changes
            gc.collect()
            self.wait_for(lambda: self.log()[-1:] == ["$/cancelRequest"])

    def test_ticks_come_while_there_is_no_program(self):
        body = """
            if count:
                time.sleep(600)
            greet()
            asked()
            die()
        """
        with sync.Tidings.start(program=self.fake(body), close_timeout=0) as inbox:
            changes = inbox.changes(user_id="u", idle=TICK)
            for _ in range(20):
                self.assertIsNone(next(changes))

    def test_a_timeout_holds_whatever_the_idle_time(self):
        with sync.Tidings.start(program=self.fake(DEAF)) as inbox:
            changes = inbox.changes(user_id="u", idle=0.1, timeout=0.2)
            with self.assertRaises(DeadlineExceededError) as caught:
                while True:
                    self.assertIsNone(next(changes))
            self.assertTrue(caught.exception.retryable)
            self.assertIsNone(next(changes))  # It may be asked again, from where it was.

    def test_the_end_of_the_client_is_told(self):
        inbox = sync.Tidings.start(program=self.fake(DEAF))
        stepping = Stepping(inbox.changes(user_id="u", idle=600))
        self.wait_for(lambda: "get_changes" in self.log())
        inbox.close()
        self.assertTrue(stepping.ended())
        self.assertIsInstance(stepping.error, ClosedError)

    def test_errors_come_through(self):
        with sync.Tidings.start(store="memory:", **self.options) as inbox:
            for arguments in ({"cursor": "nonsense"}, {"cursor": "nonsense", "idle": 60}):
                with self.assertRaises(InvalidParamsError):
                    next(inbox.changes(user_id="u", **arguments))
            for idle in (0, -1, float("nan")):
                with self.assertRaisesRegex(ValueError, "idle"):
                    inbox.changes(user_id="u", idle=idle)

    def test_in_a_forked_process_it_asks_a_program_of_its_own(self):
        with sync.Tidings.start(store=self.store, **self.options) as inbox:
            changes = inbox.changes(user_id="bob", idle=TICK)
            while "cursor" not in changes._params:  # It follows from its first answer on.
                self.assertIsNone(next(changes))
            fork = os.fork()
            if not fork:
                status = 1
                with contextlib.suppress(BaseException):
                    inbox.send_account_message(reader_id="bob", message_type="m", content="one")
                    content = next(one for one in changes if one)["message"]["content"]
                    inbox.close()
                    status = 0 if content == "one" else 2
                os._exit(status)
            self.assertEqual(os.waitpid(fork, 0)[1], 0)
            self.assertEqual(next(one for one in changes if one)["message"]["content"], "one")


async def until(condition):
    while not condition():
        await asyncio.sleep(0.005)


class AsyncTests(support.Case):
    go = SyncTests.go
    log = SyncTests.log

    def session(self, body, work, **options):
        async def whole():
            async with Tidings.start(program=self.fake(body), **options) as inbox:
                return await work(inbox)

        return self.run_async(whole())

    def test_none_comes_while_nothing_happens_and_nothing_is_missed(self):
        async def work(inbox):
            changes = inbox.changes(user_id="u", idle=TICK)
            self.assertIsNone(await changes.__anext__())
            self.assertIsNone(await changes.__anext__())
            self.go()
            got = []
            async for change in changes:
                if change:
                    got.append(change)
                    if len(got) == 2:
                        break
                    self.go()
            self.assertEqual(got, [{"cursor": "1"}, {"cursor": "2"}])
            await changes.aclose()
            self.go()

        self.session(SILENT, work)

    def test_closing_from_another_task_ends_the_loop_and_the_call(self):
        async def work(inbox):
            for idle in (None, 600.0):
                changes = inbox.changes(user_id="u", idle=idle)

                async def follow():
                    return [change async for change in changes]

                task = asyncio.ensure_future(follow())
                before = self.log().count("$/cancelRequest")
                await until(lambda: self.log()[-1:] == ["get_changes"])
                await changes.aclose()
                self.assertEqual(await task, [])
                await until(lambda: self.log().count("$/cancelRequest") == before + 1)
                await changes.aclose()
                with self.assertRaises(StopAsyncIteration):
                    await changes.__anext__()

        self.session(DEAF, work)

    def test_cancelling_the_task_takes_the_call_back_and_loses_nothing(self):
        async def work(inbox):
            async with inbox.changes(user_id="u") as changes:
                for _ in range(2):
                    with self.assertRaises(asyncio.TimeoutError):
                        await asyncio.wait_for(changes.__anext__(), TICK)
                self.go()
                return await changes.__anext__()

        # The first two calls were taken back; what they would have brought comes with the third.
        body = SILENT.replace("n += 1", "n += 1\n        if n < 3: continue")
        self.assertEqual(self.session(body, work), {"cursor": "3"})
        self.assertEqual(len((self.folder / "starts.cancelled").read_text().split()), 2)

    def test_one_that_nobody_holds_takes_its_call_back(self):
        async def work(inbox):
            changes = inbox.changes(user_id="u", idle=TICK)
            self.assertIsNone(await changes.__anext__())
            del changes
            gc.collect()
            await until(lambda: self.log()[-1:] == ["$/cancelRequest"])

        self.session(DEAF, work)

    def test_two_tasks_share_what_comes(self):
        async def work(inbox):
            changes = inbox.changes(user_id="u")
            tasks = [asyncio.ensure_future(changes.__anext__()) for _ in range(2)]
            self.go()
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            self.go()
            return sorted([(await task)["cursor"] for task in tasks])

        self.assertEqual(self.session(SILENT, work), ["1", "2"])

    def test_the_end_of_the_program_is_told(self):
        async def work(inbox):
            with self.assertRaises(ProcessDiedError):
                async for _ in inbox.changes(user_id="u", idle=600):
                    pass

        self.session("""
            if count:
                die()
            greet(); asked(); die()
        """, work, restarts=1)


if __name__ == "__main__":
    unittest.main()
