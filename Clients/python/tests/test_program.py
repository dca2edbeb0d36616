"""Both clients with the real program."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import unittest

import support
import tidings
from tidings import sync

logging.getLogger("tidings").addHandler(logging.NullHandler())
logging.getLogger("tidings").propagate = False


class AsyncTests(support.Case):
    def session(self, work, **options):
        async def whole():
            async with tidings.Tidings.start(**{"store": "memory:", **self.options, **options}) as inbox:
                return await work(inbox)

        return self.run_async(whole())

    def test_a_conversation(self):
        async def work(inbox):
            sent = await inbox.send_team_message(
                team_id="crew", user_id="ann", message_type="note", content="Tea", data={"a": [1, {"b": "ü"}]})
            self.assertIs(sent["duplicate"], False)
            page = await inbox.get_team_message(team_id="crew", user_id="bob", self=False, pageSize="5")
            self.assertEqual((page["total"], page["count"], page["next_cursor"]), (1, 1, None))
            message = page["data"][0]
            self.assertEqual((message["content"], message["data"]), ("Tea", {"a": [1, {"b": "ü"}]}))
            self.assertEqual(await inbox.get_message(user_id="bob", team_id="crew", nid=sent["nid"]), message)
            marked = await inbox.mark_read(user_id="bob", team_id="crew", all=True)
            self.assertEqual(marked, {"changed": 1, "total": 1, "count": 0})
            self.assertEqual(await inbox.join_team(team_id="crew", user_id="eve", from_="start"), {"joined": True})
            counts = await inbox.get_unread_count(user_id="eve", team_ids=["crew"])
            self.assertEqual(counts["teams"]["crew"]["count"], 1)
            self.assertEqual(await inbox.retract_message(nid=sent["nid"]), {"retracted": True})
            self.assertEqual((await inbox.rpc_discover())["openrpc"], "1.3.2")
            self.assertEqual(await inbox.ping(), {})

        self.session(work)

    def test_errors(self):
        async def work(inbox):
            with self.assertRaises(tidings.InvalidParamsError) as caught:
                await inbox.get_team_message(team_id="t", user_id="u", pageSize=201)
            self.assertEqual((caught.exception.pointer, caught.exception.retryable), ("/pageSize", False))
            with self.assertRaises(tidings.NotFoundError):
                await inbox.get_message(user_id="u", team_id="t", nid="no such")
            with self.assertRaises(tidings.MethodNotFoundError):
                await inbox.call("no_such_method")
            key = {"team_id": "t", "user_id": "u", "message_type": "m", "idempotency_key": "k"}
            await inbox.send_team_message(**key, content="one")
            self.assertTrue((await inbox.send_team_message(**key, content="one"))["duplicate"])
            with self.assertRaises(tidings.ConflictError):
                await inbox.send_team_message(**key, content="other")

        self.session(work)

    def test_what_the_program_could_not_answer_is_refused_here(self):
        # Each would be answered without an id, so nobody would know whose it was.
        async def work(inbox):
            async def send(**params):
                return await inbox.send_team_message(team_id="t", user_id="u", message_type="m", **params)

            def nested(depth):
                value = {}
                for _ in range(depth - 1):
                    value = {"a": value}
                return value

            with self.assertRaises(tidings.MessageTooLargeError):
                await send(content="x" * (4 << 20))
            with self.assertRaises(ValueError):
                await send(content="\udc00")
            with self.assertRaises(ValueError):
                await send(data=nested(127))
            with self.assertRaises(TypeError):
                await send(data={1: 0, "1": 0})
            await send(data=nested(126))
            await send(content="\x00\u2028\U0001f600", data={"": 10**400, "f": 1e300})
            for value in ("x" * 65_537,):
                with self.assertRaises(tidings.InvalidParamsError):
                    await send(content=value)
            page = await inbox.get_team_message(team_id="t", user_id="v")
            self.assertEqual(page["total"], 2)
            self.assertEqual(page["data"][0]["content"], "\x00\u2028\U0001f600")
            self.assertEqual(page["data"][0]["data"], {"": 10**400, "f": 1e300})

        self.session(work)

    def test_paging_gives_each_message_once(self):
        async def work(inbox):
            await asyncio.gather(*(inbox.send_team_message(
                team_id="t", user_id="u", message_type="ab"[n % 2], content=str(n)) for n in range(50)))
            found = [message["content"] async for message in inbox.team_messages(
                team_id="t", user_id="v", pageSize=7, order="oldest")]
            self.assertEqual(found, [str(n) for n in range(50)])
            self.assertEqual(len([message async for message in inbox.team_messages(
                team_id="t", user_id="v", message_type=["a"])]), 25)
            await inbox.send_account_message(reader_id="v", message_type="m", content="hello")
            self.assertEqual([message["content"] async for message in inbox.account_messages(user_id="v")],
                             ["hello"])

        self.session(work)

    def test_following_changes_across_a_death(self):
        async def work(inbox):
            got = []
            start = (await inbox.get_changes(user_id="bob", team_id="crew"))["cursor"]

            async def follow():
                async for change in inbox.changes(user_id="bob", team_id="crew", cursor=start):
                    got.append(change)
                    if len(got) == 6:
                        return

            async def follow_account():
                async for change in inbox.changes(user_id="bob"):
                    return change

            following = asyncio.ensure_future(follow())
            account = asyncio.ensure_future(follow_account())
            for n in range(5):
                await inbox.send_team_message(team_id="crew", user_id="ann", message_type="m", content=str(n))
                if n == 2:
                    while len(got) < 3:
                        await asyncio.sleep(0.005)
                    os.kill(inbox.pid, signal.SIGKILL)
            while len(got) < 5:
                await asyncio.sleep(0.005)
            await inbox.mark_read(team_id="crew", user_id="bob", nids=[got[0]["message"]["nid"]])
            await following
            self.assertEqual([change["event"] for change in got], ["created"] * 5 + ["marked"])
            self.assertEqual([change["message"]["content"] for change in got[:5]], list("01234"))
            self.assertEqual((got[5]["total"], got[5]["count"]), (5, 4))
            await inbox.send_announcement(message_type="m", content="all")
            self.assertEqual((await account)["message"]["content"], "all")

        self.session(work, store=self.store, timeout=60)

    def test_an_answer_of_megabytes(self):
        async def work(inbox):
            text = "ü" * 32_000
            await asyncio.gather(*(inbox.send_team_message(
                team_id="t", user_id="u", message_type="m", content=text) for _ in range(80)))
            page = await inbox.get_team_message(team_id="t", user_id="v", pageSize=80)
            self.assertTrue([message["content"] for message in page["data"]] == [text] * 80)

        self.session(work)

    def test_a_thousand_in_flight_keep_their_answers_apart(self):
        async def work(inbox):
            sent = await asyncio.gather(*(inbox.send_team_message(
                team_id=f"t{n % 10}", user_id="u", message_type="m", content=str(n)) for n in range(1000)))
            got = await asyncio.gather(*(inbox.get_message(team_id=f"t{n % 10}", user_id="v", nid=one["nid"])
                                         for n, one in enumerate(sent)))
            self.assertEqual([message["content"] for message in got], [str(n) for n in range(1000)])

        self.session(work)

    def test_cancelled_calls_harm_no_other(self):
        async def work(inbox):
            async def send(n):
                await inbox.send_team_message(team_id="t", user_id="u", message_type="m", content=str(n))

            tasks = [asyncio.ensure_future(send(n)) for n in range(300)]
            for n, task in enumerate(tasks):
                if n % 3 == 0:
                    await asyncio.sleep(0)
                    task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            done = {str(n) for n, result in enumerate(results) if result is None}
            self.assertGreaterEqual(len(done), 200)
            found = [message["content"] async for message in inbox.team_messages(team_id="t", user_id="v")]
            self.assertEqual(len(found), len(set(found)))
            self.assertLessEqual(done, set(found))

        self.session(work, store=self.store)

    def test_timeouts_pass_through(self):
        async def work(inbox):
            self.assertEqual(await inbox.ping(timeout=60), {})
            self.assertEqual(await inbox.ping(), {})

        self.session(work, timeout=30)

    def test_awaiting_the_start(self):
        async def work():
            inbox = await tidings.Tidings.start(store="memory:", **self.options)
            pid = inbox.pid
            self.assertTrue(support.alive(pid))
            await inbox.close()
            self.assertFalse(support.alive(pid))
            self.assertIsNone(inbox.pid)
            async with await tidings.Tidings.start(store="memory:", **self.options) as inbox:
                await inbox.ping()

        self.run_async(work())

    def test_a_client_that_nobody_holds_is_ended(self):
        async def start():
            return await tidings.Tidings.start(store="memory:", **self.options)

        async def drop():
            pid = (await start()).pid
            while support.alive(pid):
                await asyncio.sleep(0.005)

        async def keep():
            return await start()

        async def gone(pid):
            while support.alive(pid):
                await asyncio.sleep(0.005)

        with self.assertWarnsRegex(ResourceWarning, "unclosed"):
            self.run_async(drop())
        inbox = self.run_async(keep())  # Its loop is closed before it is.
        pid = inbox.pid
        with self.assertWarnsRegex(ResourceWarning, "unclosed"):
            del inbox
        self.run_async(gone(pid))

    def test_a_store_that_does_not_open_is_an_error_that_says_why(self):
        async def work():
            await tidings.Tidings.start(store="sqlite:/no/such/folder/x.db", **self.options)

        with self.assertRaisesRegex(tidings.ProcessDiedError, "/no/such/folder"):
            self.run_async(work())
        with self.assertRaisesRegex(tidings.ProcessDiedError, "/no/such/folder"):
            sync.Tidings.start(store="sqlite:/no/such/folder/x.db", **self.options)

    def test_other_arguments(self):
        async def work(inbox):
            with self.assertRaises(tidings.MessageTooLargeError):
                await inbox.call("ping", {"x": "y" * 5000})

        self.session(work, arguments=["--max-request-bytes", "5000"])

    def test_a_scope(self):
        async def work(inbox):
            self.assertEqual((await inbox.get_account_message(user_id="ann"))["total"], 0)
            self.assertEqual((await inbox.call("get_account_message"))["total"], 0)
            with self.assertRaises(tidings.ForbiddenError) as caught:
                await inbox.get_account_message(user_id="bob")
            self.assertEqual((caught.exception.code, caught.exception.pointer), (2005, "/user_id"))
            self.assertEqual((await inbox.get_status())["scope"], {"user_id": "ann", "read_only": False})

        self.session(work, arguments=["--user", "ann"])


class SyncTests(support.Case):
    def test_a_conversation(self):
        with sync.Tidings.start(store="memory:", **self.options) as inbox:
            sent = inbox.send_team_message(team_id="crew", user_id="ann", message_type="note", content="Tea")
            page = inbox.get_team_message(team_id="crew", user_id="bob", self=False)
            self.assertEqual(page["data"][0]["nid"], sent["nid"])
            for n in range(20):
                inbox.send_team_message(team_id="crew", user_id="ann", message_type="note", content=str(n))
            found = [message["content"] for message in inbox.team_messages(
                team_id="crew", user_id="bob", pageSize=6, order="oldest")]
            self.assertEqual(found, ["Tea", *map(str, range(20))])
            with self.assertRaises(tidings.InvalidParamsError):
                inbox.call("get_team_message")
            pid = inbox.pid
        self.assertFalse(support.alive(pid))
        with self.assertRaises(tidings.ClosedError):
            inbox.ping()
        inbox.close()

    def test_many_threads_and_a_child_that_is_killed(self):
        problems = []

        def work(number):
            try:
                for n in range(40):
                    sent = inbox.send_team_message(
                        team_id="t", user_id=f"u{number}", message_type="m", content=f"{number}.{n}")
                    message = inbox.get_message(team_id="t", user_id="v", nid=sent["nid"])
                    self.assertEqual(message["content"], f"{number}.{n}")
                    if number == 0 and n % 10 == 5 and inbox.pid:
                        os.kill(inbox.pid, signal.SIGKILL)
            except BaseException as error:
                problems.append(error)

        with sync.Tidings.start(store=self.store, **self.options) as inbox:
            threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(support.DEADLINE)
            self.assertEqual(problems, [])
            found = [message["content"] for message in inbox.team_messages(team_id="t", user_id="v", pageSize=200)]
        self.assertEqual(sorted(found), sorted(f"{number}.{n}" for number in range(16) for n in range(40)))

    def test_following_changes(self):
        with sync.Tidings.start(store="memory:", timeout=60, **self.options) as inbox:
            start = inbox.get_changes(user_id="bob")["cursor"]
            changes = inbox.changes(user_id="bob", cursor=start)
            for text in ("one", "two"):
                threading.Timer(0.05, inbox.send_account_message, (), {
                    "reader_id": "bob", "message_type": "m", "content": text}).start()
                self.assertEqual(next(changes)["message"]["content"], text)
            changes.close()

    def test_closing_while_threads_call(self):
        outcomes = []

        def work():
            try:
                while True:
                    inbox.ping()
            except tidings.ClosedError as error:
                outcomes.append(error)

        for _ in range(5):
            inbox = sync.Tidings.start(store="memory:", **self.options)
            threads = [threading.Thread(target=work) for _ in range(8)]
            for thread in threads:
                thread.start()
            inbox.ping()
            inbox.close()
            for thread in threads:
                thread.join(support.DEADLINE)
        self.assertEqual(len(outcomes), 40)

    def test_a_client_that_nobody_holds_is_ended(self):
        inbox = sync.Tidings.start(store="memory:", **self.options)
        pid = inbox.pid
        del inbox
        self.assertFalse(support.alive(pid))


class HostTests(support.Case):
    """The child ends with its host, however that ends; and a fork is no second host."""

    def script(self, body):
        """Runs a host in a process of its own. Returns what it printed, as JSON values."""
        code = f"import sys; sys.path.insert(0, {str(support.CLIENT)!r})\n"
        code += f"options = {dict(self.options, store=self.store)!r}\n"
        code += "import asyncio, json, os, signal, time\nfrom tidings import Tidings, sync\n" + body
        run = subprocess.run([sys.executable, "-X", "dev", "-c", code], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=support.DEADLINE, text=True)
        self.errors = run.stderr
        return [json.loads(line) for line in run.stdout.splitlines()]

    def wait_until_gone(self, pid):
        async def gone():
            while support.alive(pid):
                await asyncio.sleep(0.005)

        self.run_async(gone())

    def test_the_host_ends_without_closing(self):
        for ending in ("pass", "sys.exit(3)", "raise ValueError", "os._exit(0)",
                       "os.kill(os.getpid(), signal.SIGKILL)"):
            with self.subTest(ending, client="sync"):
                (pid,) = self.script("inbox = sync.Tidings.start(**options)\n"
                                     f"print(inbox.pid, flush=True)\n{ending}\n")
                self.wait_until_gone(pid)
                self.assertNotIn("Warning", self.errors)
            with self.subTest(ending, client="asyncio"):
                (pid,) = self.script("async def main():\n"
                                     "    inbox = await Tidings.start(**options)\n"
                                     "    print(inbox.pid, flush=True)\n"
                                     f"    {ending}\nasyncio.run(main())\n")
                self.wait_until_gone(pid)

    def test_the_host_ends_while_a_forked_process_lives_on(self):
        for start in ("inbox = sync.Tidings.start(**options)",
                      "loop = asyncio.new_event_loop()\n"
                      "async def start():\n    return await Tidings.start(**options)\n"
                      "inbox = loop.run_until_complete(start())"):
            with self.subTest(start):
                pid, fork = self.script(start + """
fork = os.fork()
if not fork:
    # Its own copies of what the test reads are closed, so that the test sees its host's end.
    os.close(1), os.close(2)
    signal.pause()
print(inbox.pid)
print(fork, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
""")
                try:
                    self.wait_until_gone(pid)
                    self.assertTrue(support.alive(fork))
                finally:
                    os.kill(fork, signal.SIGKILL)

    def test_a_forked_process_has_a_child_of_its_own_and_the_parents_lives_on(self):
        self.assertEqual(self.script("""
import threading
inbox = sync.Tidings.start(**options)
pid, stop = inbox.pid, threading.Event()
def work():
    while not stop.is_set():
        inbox.ping()
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for worker in range(5):
    fork = os.fork()
    if not fork:
        inbox.send_team_message(team_id="t", user_id="u", message_type="m", content=str(worker))
        assert inbox.pid != pid
        inbox.close()
        os._exit(0 if inbox.pid is None else 1)
    assert os.waitpid(fork, 0)[1] == 0
    inbox.send_team_message(team_id="t", user_id="u", message_type="m", content="parent")
assert inbox.pid == pid
stop.set()
for thread in threads:
    thread.join()
print(json.dumps([message["content"] for message in inbox.team_messages(team_id="t", user_id="v", order="oldest")]))
inbox.close()
fork = os.fork()
if not fork:
    try:
        inbox.ping()
    except Exception as error:
        print(json.dumps(type(error).__name__))
    sys.stdout.flush()
    os._exit(0)
os.waitpid(fork, 0)
"""), [[text for n in range(5) for text in (str(n), "parent")], "ClosedError"])
        self.assertNotIn("ResourceWarning", self.errors)

    def test_a_forked_process_that_exits_does_not_end_the_parents_child(self):
        self.assertEqual(self.script("""
import multiprocessing
def work():
    pass
inbox = sync.Tidings.start(**options)
pid = inbox.pid
process = multiprocessing.get_context("fork").Process(target=work)
process.start(), process.join()
fork = os.fork()
if not fork:
    sys.exit(0)
os.waitpid(fork, 0)
inbox.ping()
print(json.dumps(inbox.pid == pid))
"""), [True])
        self.assertNotIn("ResourceWarning", self.errors)

    def test_an_asyncio_client_in_a_forked_process_says_whose_it_is(self):
        self.assertEqual(self.script("""
async def main():
    inbox = await Tidings.start(**options)
    fork = os.fork()
    if not fork:
        try:
            await inbox.ping()
        except Exception as error:
            print(json.dumps(type(error).__name__))
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(fork, 0)
    await inbox.ping()
    print(json.dumps("ping"))
    await inbox.close()
asyncio.run(main())
"""), ["ForkedError", "ping"])

    def test_an_interrupt_at_the_terminal_is_the_hosts(self):
        self.assertEqual(self.script("""
with sync.Tidings.start(**options) as inbox:
    pid = inbox.pid
    try:
        os.killpg(os.getpgid(0), signal.SIGINT)
        # Not pause(): another thread may be the one that the signal interrupts, and this one would sleep on.
        while True:
            time.sleep(0.01)
    except KeyboardInterrupt:
        inbox.ping()
        print(json.dumps(inbox.pid == pid))
""".replace("with sync", """os.setpgid(0, 0)
# A test run in the background is started with interrupts ignored, and so is its host.
signal.signal(signal.SIGINT, signal.default_int_handler)
with sync""", 1)), [True])


if __name__ == "__main__":
    unittest.main()
