"""Children that die, lie or say nothing: played by programs in Python."""

import asyncio
import logging
import os
import threading
import unittest

import support
from tidings import (ClosedError, DeadlineExceededError, IncompatibleProgramError, MessageTooLargeError,
                     ProcessDiedError, ProgramNotFoundError, StartTimeoutError, Tidings, TidingsError,
                     UnreadableAnswerError)
from tidings import sync

logging.getLogger("tidings").addHandler(logging.NullHandler())
logging.getLogger("tidings").propagate = False


class StartTests(support.Case):
    def start(self, body, **options):
        async def work():
            inbox = await Tidings.start(program=self.fake(body), **options)
            await inbox.close()

        self.run_async(work())

    def starts(self):
        return len((self.folder / "starts").read_text())

    def test_a_program_that_ends_at_once_is_an_error_with_its_words_and_is_not_tried_again(self):
        body = """
            asked()
            print("tidings: the folder does not exist", file=sys.stderr)
            sys.exit(69)
        """
        for start in (self.start, lambda body: sync.Tidings.start(program=self.fake(body))):
            with self.subTest(start), self.assertRaises(ProcessDiedError) as caught:
                start(body)
            self.assertRegex(str(caught.exception), "status 69(.|\n)*the folder does not exist")
            self.assertEqual(caught.exception.details["status"], 69)
            self.assertIn("the folder does not exist", caught.exception.details["last_words"])
        self.assertEqual(self.starts(), 2)

    def test_a_first_child_that_is_killed_is_tried_again(self):
        self.start("""
            if count < 3:
                die()
            greet()
            asked()
        """)
        self.assertEqual(self.starts(), 4)

    def test_one_that_is_killed_each_time_is_given_up(self):
        with self.assertRaisesRegex(ProcessDiedError, "signal 9"):
            self.start("die()", restarts=2)
        self.assertEqual(self.starts(), 3)

    def test_another_version_is_refused(self):
        with self.assertRaisesRegex(IncompatibleProgramError, "version 7.0.0"):
            self.start("greet(version='7.0.0'); asked()")

    def test_what_is_not_tidings_is_refused(self):
        for body, said in (("write('hello'); asked(); asked()", "no JSON: hello"),
                           ("write('[1]'); asked(); asked()", "no answer"),
                           ("answer(asked()['id'], result={}); asked()", "no version"),
                           ("write(json.dumps(asked())); asked()", "wrote a request"),
                           ("answer(None, error={'code': -32700, 'message': 'what?'}); asked(); asked()",
                            "couldn't read a request")):
            with self.subTest(said), self.assertRaisesRegex(IncompatibleProgramError, said):
                self.start(body)

    def test_a_silent_one_is_ended(self):
        with self.assertRaisesRegex(StartTimeoutError, "no answer within 0.2 s of its start") as caught:
            self.start("asked(); asked()", start_timeout=0.2)
        self.assertIsInstance(caught.exception, TimeoutError)
        self.assertEqual((caught.exception.kind, caught.exception.code, caught.exception.retryable),
                         ("start_timeout", 0, True))

    def test_no_program(self):
        with self.assertRaises(ProgramNotFoundError):
            Tidings.start(program="/no/such/program")
        path = self.folder / "broken"
        path.write_text("#!/no/such/interpreter\n")
        path.chmod(0o755)
        with self.assertRaisesRegex(ProcessDiedError, "could not be started"):
            self.run_async(Tidings.start(program=path)._start())

    def test_a_start_that_is_cancelled_leaves_no_child(self):
        async def work():
            start = asyncio.ensure_future(Tidings.start(program=self.fake("""
                print(os.getpid(), flush=True, file=open(starts + ".pid", "w"))
                asked(); asked()
            """))._start())
            path = self.folder / "starts.pid"
            while not (path.exists() and path.read_text()):
                await asyncio.sleep(0.01)
            start.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await start
            while support.alive(int(path.read_text())):
                await asyncio.sleep(0.01)

        self.run_async(work())


class DeathTests(support.Case):
    def session(self, body, work, **options):
        async def whole():
            async with Tidings.start(program=self.fake(body), **options) as inbox:
                return await work(inbox)

        return self.run_async(whole())

    def starts(self):
        return len((self.folder / "starts").read_text())

    def test_what_is_in_flight_is_sent_again_in_order(self):
        body = """
            greet()
            got = [asked() for _ in range(5)]
            if count < 2:
                die()
            for one in got:
                answer(one["id"], result=[one["method"] for one in got])
            asked()
        """

        async def work(inbox):
            return await asyncio.gather(*(inbox.call(f"m{n}") for n in range(5)))

        self.assertEqual(self.session(body, work), [[f"m{n}" for n in range(5)]] * 5)
        self.assertEqual(self.starts(), 3)

    def test_what_was_answered_is_not_sent_again(self):
        body = """
            greet()
            one, other = asked(), asked()
            if count == 0:
                answer(one["id"], result=0)
                sys.stdout.buffer.write(b'{"jsonrpc":"2.0","id":%d,"result":"torn' % other["id"])
                sys.stdout.buffer.flush()
                die()
            answer(one["id"], result=one["method"])
            answer(other["id"], result=other["method"])
            asked()
        """

        async def work(inbox):
            first, second = inbox.call("a"), inbox.call("b")
            first, second = asyncio.ensure_future(first), asyncio.ensure_future(second)
            self.assertEqual(await first, 0)
            third = await inbox.call("c")
            return await second, third

        self.assertEqual(self.session(body, work), ("b", "c"))

    def test_a_send_goes_with_the_same_key_again(self):
        body = """
            greet()
            one = asked()
            with open(starts + ".keys", "a") as file:
                file.write(one["params"]["idempotency_key"] + "\\n")
            if count == 0:
                die()
            answer(one["id"], result={"nid": "n", "create_time": "t", "duplicate": True})
            asked()
        """
        params = {"team_id": "t", "user_id": "u", "message_type": "m"}
        for call, duplicate in (
            (lambda inbox: inbox.send_team_message(**params), False),
            (lambda inbox: inbox.call("send_team_message", {**params, "idempotency_key": None}), False),
            (lambda inbox: inbox.send_team_message(**params, idempotency_key="mine"), True),
        ):
            (self.folder / "starts").unlink(missing_ok=True)
            self.assertIs(self.session(body, call)["duplicate"], duplicate)
        one, again, other, other_again, mine, mine_again = (self.folder / "starts.keys").read_text().split()
        self.assertEqual((one, other, mine), (again, other_again, "mine"))
        self.assertEqual(mine_again, "mine")
        self.assertNotEqual(one, other)

    def test_one_that_keeps_dying_ends_in_an_error_with_its_last_words_and_recovers_by_itself(self):
        body = """
            if count in (1, 2, 3):
                print(f"out of luck {count}", file=sys.stderr)
                die()
            greet()
            one = asked()
            if count < 1:
                die()
            answer(one["id"], result=one["method"])
            asked()
        """

        async def work(inbox):
            with self.assertRaisesRegex(ProcessDiedError, "signal 9(.|\n)*out of luck 2") as caught:
                await inbox.call("a")
            self.assertTrue(caught.exception.retryable)
            with self.assertRaises(ProcessDiedError):
                await inbox.call("b")  # At once: a failing program isn't started for each call.
            self.assertEqual(self.starts(), 3)
            self.assertIsNone(inbox.pid)
            while True:
                try:
                    return await inbox.call("c")
                except ProcessDiedError:
                    await asyncio.sleep(0.05)

        self.assertEqual(self.session(body, work, restarts=2), "c")
        self.assertEqual(self.starts(), 5)

    def test_a_call_that_kills_each_child_fails_and_the_others_do_not(self):
        body = """
            greet()
            while True:
                one = asked()
                if one["method"] == "poison":
                    die()
                answer(one["id"], result=one["method"])
        """

        async def work(inbox):
            async def healthy():
                for _ in range(3):
                    self.assertEqual(await inbox.call("healthy"), "healthy")

            async def keep():
                while not poison.done():
                    await healthy()

            poison = asyncio.ensure_future(inbox.call("poison"))
            await keep()
            with self.assertRaises(ProcessDiedError):
                await poison
            await healthy()

        self.session(body, work, restarts=1000)

    def test_an_idle_child_that_dies_is_replaced(self):
        async def work(inbox):
            first = inbox.pid
            os.kill(first, 9)
            while inbox.pid in (first, None):
                await asyncio.sleep(0.01)
            return await inbox.call("m")

        self.assertEqual(self.session("""
            greet()
            while True:
                answer(asked()["id"], result=1)
        """, work), 1)

    def test_one_that_closes_its_output_and_lives_on_is_ended(self):
        async def work(inbox):
            return await inbox.call("m")

        self.assertEqual(self.session("""
            greet()
            one = asked()
            if count == 0:
                os.close(1)
                time.sleep(600)
            answer(one["id"], result=1)
            asked()
        """, work), 1)

    def test_closing_answers_what_is_in_flight_and_refuses_what_comes_after(self):
        async def work(inbox):
            calls = [asyncio.ensure_future(inbox.call("m")) for _ in range(3)]
            await asyncio.sleep(0)
            await inbox.close()
            self.assertEqual(await asyncio.gather(*calls), [1, 1, 1])
            with self.assertRaises(ClosedError):
                await inbox.call("m")
            await inbox.close()

        self.session("""
            greet()
            got = [asked() for _ in range(3)]
            for one in got:
                answer(one["id"], result=1)
            asked()
        """, work)
        self.assertEqual(self.starts(), 1)

    def test_closing_settles_what_the_program_does_not_answer(self):
        async def work(inbox):
            call = asyncio.ensure_future(inbox.call("m"))
            await asyncio.sleep(0)
            await inbox.close()
            with self.assertRaises(ClosedError):
                await call

        self.session("greet(); asked()", work)
        self.session("greet(); asked(); time.sleep(600)", work, close_timeout=0.2)

    def test_closing_while_a_child_starts_or_is_waited_for(self):
        async def work(inbox):
            first = inbox.pid
            os.kill(first, 9)
            while inbox.pid == first:
                await asyncio.sleep(0)
            call = asyncio.ensure_future(inbox.call("m"))
            await asyncio.sleep(0)
            await inbox.close()
            try:
                await call
            except ClosedError:
                pass

        for first in ("pass", "die()"):
            with self.subTest(first):
                (self.folder / "starts").unlink(missing_ok=True)
                self.session(f"""
                    if count:
                        {first}
                    greet()
                    while True:
                        answer(asked()["id"], result=1)
                """, work)


class CallTests(support.Case):
    def session(self, body, work, **options):
        async def whole():
            async with Tidings.start(program=self.fake(body), **options) as inbox:
                return await work(inbox)

        return self.run_async(whole())

    CANCELLING = """
        greet()
        one = asked()
        open(starts + ".slow", "w").close()
        cancel = asked()
        other = asked()
        answer(one["id"], error={"code": -32800, "message": "cancelled", "data": {"kind": "cancelled"}})
        answer(other["id"], result=[cancel, one["id"]])
        asked()
    """

    def test_a_cancelled_task_cancels_its_call(self):
        async def work(inbox):
            task = asyncio.ensure_future(inbox.call("slow"))
            while not (self.folder / "starts.slow").exists():
                await asyncio.sleep(0.01)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            return await inbox.call("next")

        cancel, id = self.session(self.CANCELLING, work)
        self.assertEqual((cancel["method"], cancel["params"], "id" in cancel),
                         ("$/cancelRequest", {"id": id}, False))

    def test_a_call_cancelled_before_it_is_written_is_not_written(self):
        async def work(inbox):
            task = asyncio.ensure_future(inbox.call("never"))
            await asyncio.sleep(0)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            return await inbox.call("next")

        self.assertEqual(self.session("greet(); one = asked(); answer(one['id'], result=one['method']); asked()",
                                      work), "next")

    def test_a_cancelled_call_is_not_sent_again(self):
        async def work(inbox):
            task = asyncio.ensure_future(inbox.call("slow"))
            while not (self.folder / "starts.slow").exists():
                await asyncio.sleep(0.01)
            task.cancel()
            return await inbox.call("next")

        self.assertEqual(self.session("""
            greet()
            one = asked()
            open(starts + ".slow", "w").close()
            if count == 0:
                asked(), asked()
                die()
            answer(one["id"], result=one["method"])
            asked()
        """, work), "next")

    def test_the_timeout_goes_with_the_call_and_is_guarded_here(self):
        async def work(inbox):
            with self.assertRaisesRegex(DeadlineExceededError, "no answer within 1 s"):
                await inbox.ping(timeout=1)
            return await inbox.call("next", {"_meta": {"progressToken": 1}}, timeout=60)

        for one in (lambda body: self.session(body, work), self.in_a_thread):
            cancel, params, after = one("""
                greet()
                one = asked()
                cancel = asked()
                other = asked()
                answer(other["id"], result=[cancel["method"], one["params"], other["params"]])
                asked()
            """)
            self.assertEqual(cancel, "$/cancelRequest")
            self.assertEqual(params, {"_meta": {"timeout_ms": 1000}})
            self.assertEqual(after["_meta"]["timeout_ms"], 60_000)

    def in_a_thread(self, body):
        with sync.Tidings.start(program=self.fake(body)) as inbox:
            with self.assertRaisesRegex(DeadlineExceededError, "no answer within 1 s"):
                inbox.ping(timeout=1)
            return inbox.call("next", timeout=60)

    def test_the_timeout_of_all_calls(self):
        async def work(inbox):
            return await inbox.call("m"), await inbox.call("m", timeout=7)

        self.assertEqual(self.session("""
            greet()
            for _ in range(2):
                one = asked()
                answer(one["id"], result=one["params"]["_meta"]["timeout_ms"])
            asked()
        """, work, timeout=30), (30_000, 7_000))

    def test_what_is_too_large_is_refused_here_by_the_limit_of_the_program(self):
        async def work(inbox):
            with self.assertRaises(MessageTooLargeError) as caught:
                await inbox.call("m", {"a": "x" * 1000})
            self.assertEqual(caught.exception.details, {"limit": 500})
            with self.assertRaises(ValueError):
                await inbox.call("m", {"a": [[[[[1]]]]]})
            return await inbox.call("m", {"a": [[[1]]]})

        self.assertEqual(self.session("greet(request_bytes=500, depth=5); answer(asked()['id'], result=1); asked()",
                                      work), 1)

    def test_answers_of_any_size_in_any_pieces(self):
        body = """
            greet()
            one = asked()
            text = json.dumps({"jsonrpc": "2.0", "id": one["id"], "result": "ü" * 2_000_000}).encode() + b"\\n"
            for start in range(0, len(text), 99_991):
                sys.stdout.buffer.write(text[start : start + 99_991])
                sys.stdout.buffer.flush()
            asked()
        """

        async def work(inbox):
            return await inbox.call("m")

        self.assertTrue(self.session(body, work) == "ü" * 2_000_000)

    def test_a_program_that_does_not_read_stops_nobody(self):
        # More than any pipe holds, while the program reads nothing; the loop goes on meanwhile.
        async def work(inbox):
            calls = [asyncio.ensure_future(inbox.call("m", {"a": "x" * 500_000})) for _ in range(20)]
            while not (self.folder / "starts.slow").exists():
                await asyncio.sleep(0.01)
            (self.folder / "starts.go").touch()
            self.assertEqual(await asyncio.gather(*calls), [500_000] * 20)

        self.session("""
            greet()
            open(starts + ".slow", "w").close()
            while not os.path.exists(starts + ".go"):
                time.sleep(0.01)
            while True:
                one = asked()
                answer(one["id"], result=len(one["params"]["a"]))
        """, work)

    def test_notifications_and_answers_to_nobody_are_passed_over(self):
        async def work(inbox):
            return await inbox.call("m")

        self.assertEqual(self.session("""
            greet()
            write('{"jsonrpc":"2.0","method":"inbox_event","params":{}}')
            answer(4711, result=0)
            answer("1", result=0)
            answer(asked()["id"], result=1)
            asked()
        """, work), 1)

    def test_another_loop_is_told(self):
        async def start():
            return await Tidings.start(program=self.fake("greet(); asked()"))

        loop = asyncio.new_event_loop()
        inbox = loop.run_until_complete(start())

        async def elsewhere():
            with self.assertRaisesRegex(RuntimeError, "another event loop"):
                await inbox.ping()

        asyncio.run(elsewhere())
        loop.run_until_complete(inbox.close())
        loop.close()

    def test_the_error_of_an_unknown_kind(self):
        async def work(inbox):
            with self.assertRaises(TidingsError) as caught:
                await inbox.call("m")
            self.assertEqual((caught.exception.kind, caught.exception.code), ("new", 9999))

        self.session("""
            greet()
            answer(asked()["id"], error={"code": 9999, "message": "m", "data": {"kind": "new"}})
            asked()
        """, work)


class StderrTests(support.Case):
    class Handler(logging.Handler):
        def __init__(self, gate=None):
            super().__init__()
            self.records, self.gate = [], gate

        def emit(self, record):
            if self.gate is not None:
                self.gate.wait()
            self.records.append((record.levelno, record.getMessage()))

    def listen(self, gate=None):
        handler = self.Handler(gate)
        logger = logging.getLogger("tidings")
        level = logger.level
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        self.addCleanup(logger.removeHandler, handler)
        self.addCleanup(logger.setLevel, level)
        self.addCleanup(self.wait_for_logging)
        return handler.records

    def wait_for_logging(self):
        for thread in threading.enumerate():
            if thread.name == "tidings_log":
                thread.join(support.DEADLINE)

    def test_it_comes_out_at_the_logger_at_its_level(self):
        records = self.listen()

        async def work():
            async with Tidings.start(program=self.fake("""
                print('{"time":"t","level":"notice","message":"hello","a":"b"}', file=sys.stderr)
                print("as it is", file=sys.stderr)
                sys.stderr.write("without an end")
                sys.stderr.flush()
                greet(); asked()
            """)):
                pass
            while len(records) < 3:
                await asyncio.sleep(0.01)

        self.run_async(work())
        self.assertEqual(records, [(logging.INFO, "hello a=b"), (logging.WARNING, "as it is"),
                                   (logging.WARNING, "without an end")])

    def test_a_flood_and_a_logger_that_hangs_do_not_hold_up_the_program(self):
        gate = threading.Event()
        self.addCleanup(gate.set)
        records = self.listen(gate)

        async def work():
            async with Tidings.start(program=self.fake("""
                greet()
                one = asked()
                for n in range(100_000):
                    sys.stderr.write(f"line {n} of the flood, which fills any pipe soon\\n")
                sys.stderr.write("x" * 5_000_000 + "\\n")
                sys.stderr.flush()
                answer(one["id"], result=1)
                asked()
            """)) as inbox:
                self.assertEqual(await inbox.call("m"), 1)

        self.run_async(work())
        gate.set()
        self.wait_for_logging()
        self.assertTrue(any("left out" in text for _, text in records))
        self.assertLess(len(records), 10_000)
        self.assertLess(max(len(text) for _, text in records), 20_000)

    def test_a_closed_stderr_ends_nothing(self):
        async def work():
            async with Tidings.start(program=self.fake("""
                os.close(2)
                greet()
                answer(asked()["id"], result=1)
                asked()
            """)) as inbox:
                self.assertEqual(await inbox.call("m"), 1)

        self.run_async(work())


if __name__ == "__main__":
    unittest.main()
