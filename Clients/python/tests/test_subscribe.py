"""A subscription has no seams: children die, hosts take nothing for long, cursors grow too old."""

import asyncio
import contextlib
import gc
import os
import signal
import threading
import time
import unittest

import support
from tidings import ClosedError, InvalidParamsError, ProcessDiedError, StoreUnavailableError, Tidings, sync
from tidings._feed import Feed

TICK = 0.02

# A program whose events are the lines of the file `events`, each the name of a team; a cursor is how many lines it is
# behind. `ask NAME` in the file `orders` has it do something else. It notes what it is asked in `log`.
SERVER = r"""
    import select
    os.set_blocking(0, False)
    folder = os.path.dirname(starts)
    follows, rest, names = {}, b"", 0

    def lines(name):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            return []
        with open(path) as file:
            return file.read().splitlines()

    def event(subscription, team, n, kind, **more):
        its = {"team_id": team} if team != "-" else {}
        return json.dumps({"jsonrpc": "2.0", "method": "inbox_event", "params": {
            "subscription": subscription, **its, "cursor": str(n), "event": kind, "total": n, "count": n, "unseen": n,
            **more}})

    def tell():
        all = lines("events")
        for subscription, (inboxes, detail) in follows.items():
            out = []
            for team in inboxes:
                new = [n for n in range(inboxes[team], len(all)) if all[n] == team]
                for n in (new[-1:] if detail == "counts" else new):
                    if detail == "counts":
                        out.append(event(subscription, team, n + 1, "counts"))
                    else:
                        out.append(event(subscription, team, n + 1, "created", message={"nid": str(n + 1)}))
                inboxes[team] = max(inboxes[team], len(all))
            if out:
                write("\n".join(out))

    def refuse(id, kind, retryable, pointer="/x"):
        answer(id, error={"code": 2003, "message": kind, "data": {
            "kind": kind, "retryable": retryable, "details": {"pointer": pointer}}})

    def serve(one):
        global names
        with open(os.path.join(folder, "log"), "a") as file:
            file.write(json.dumps(one) + "\n")
        id, params = one.get("id"), one.get("params", {})
        if one["method"] == "get_status":
            answer(id, result={"version": "0.1.0", "limits": {}})
        elif one["method"] == "subscribe":
            all, told, inboxes = lines("events"), [], {}
            if "bad" in lines("orders"):
                return refuse(id, "invalid_params", False, "/inboxes/0/team_id")
            if "away" in lines("orders"):
                return refuse(id, "store_unavailable", True)
            if "deaf" in lines("orders"):
                return
            for its in params["inboxes"]:
                team, cursor = its.get("team_id", "-"), its.get("cursor")
                is_present = cursor in (None, "old") or params.get("detail") == "counts"
                inboxes[team] = n = len(all) if is_present else int(cursor)
                told.append({**({"team_id": team} if team != "-" else {}), "cursor": str(n), "total": n, "count": n,
                             "unseen": n, **({"expired": True} if cursor == "old" else {})})
            names += 1
            follows[names] = (inboxes, params.get("detail"))
            answer(id, result={"subscription": names, "inboxes": told, "count": 0})
            tell()
        elif one["method"] == "unsubscribe":
            answer(id, result={"unsubscribed": follows.pop(params["subscription"], None) is not None})
        elif id is not None:
            answer(id, result={})

    while True:
        select.select([0], [], [], 0.002)
        try:
            chunk = os.read(0, 65536)
            if not chunk:
                sys.exit(0)
        except BlockingIOError:
            chunk = b""
        *whole, rest = (rest + chunk).split(b"\n")
        for one in whole:
            serve(json.loads(one))
        tell()
"""


class Served(support.Case):
    """A fake program with a log of events."""

    def server(self):
        return self.fake("import json" + SERVER.replace("\n    ", "\n"))

    def happen(self, *teams):
        with open(self.folder / "events", "a") as file:
            file.writelines(f"{team}\n" for team in teams)

    @contextlib.contextmanager
    def order(self, name):
        (self.folder / "orders").write_text(name + "\n")
        yield
        (self.folder / "orders").unlink()

    def asked(self, method):
        path = self.folder / "log"
        return path.read_text().count(f'"method": "{method}"') if path.exists() else 0

    def until(self, condition):
        end = time.monotonic() + support.DEADLINE
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.005)


def places(events):
    return [(event.get("team_id"), event["cursor"]) for event in events]


class SyncTests(Served):
    def start(self, **options):
        inbox = sync.Tidings.start(program=self.server(), close_timeout=5, **options)
        self.addCleanup(inbox.close)
        return inbox

    def test_events_of_several_inboxes_come_in_their_order(self):
        self.happen("a", "a", "-")
        with self.start().subscribe(user_id="u", inboxes=[{"team_id": "a"}, {}]) as events:
            self.assertEqual(events.start(), [
                {"team_id": "a", "cursor": "3", "total": 3, "count": 3, "unseen": 3},
                {"cursor": "3", "total": 3, "count": 3, "unseen": 3}])
            self.happen("-", "a", "b", "a")
            self.assertEqual(places(next(events) for _ in range(3)), [("a", "5"), ("a", "7"), (None, "4")])
            self.assertEqual(events.inboxes, [{"team_id": "a", "cursor": "7"}, {"cursor": "4"}])
            self.assertEqual([one["total"] for one in events.start()], [7, 4])
        self.until(lambda: self.asked("unsubscribe") == 1)

    def test_children_that_die_leave_no_gap_and_no_repeat(self):
        inbox = self.start(restarts=100)
        events = inbox.subscribe(user_id="u", inboxes=[{"team_id": "a"}, {}])
        events.start()
        seen = []
        for n in range(12):
            self.happen("a", "-", "a")
            if n % 2:
                os.kill(inbox.pid, signal.SIGKILL)
                self.happen("a")
            while len(seen) < len((self.folder / "events").read_text().split()):
                seen.append(next(events))
        for team in ("a", None):
            its = [int(event["cursor"]) for event in seen if event.get("team_id") == team]
            self.assertEqual(its, sorted(set(its)))
        self.assertEqual(sorted(int(event["cursor"]) for event in seen), list(range(1, 43)))
        events.close()

    def test_a_host_that_takes_nothing_has_a_bounded_queue_and_misses_nothing(self):
        inbox = self.start()
        events = inbox.subscribe(user_id="u", team_id="a")
        events.start()
        feed = events._feed
        for _ in range(20):
            self.happen(*["a"] * 100)
            inbox.ping()
        self.until(lambda: self.asked("unsubscribe") == 1)
        for _ in range(20):
            self.happen(*["a"] * 100)
            inbox.ping()  # Other calls go on.
        # What was read together with the last that found room may be a megabyte.
        self.assertLess(len(feed._kept), 3 * Feed.ROOM + 6_000)
        self.assertEqual([next(events)["cursor"] for _ in range(4_000)], [str(n + 1) for n in range(4_000)])
        self.assertGreater(self.asked("subscribe"), 1)
        self.happen("a")
        self.assertEqual(next(events)["cursor"], "4001")

    def test_of_counts_the_newest_of_each_inbox_is_kept(self):
        inbox = self.start()
        events = inbox.subscribe(user_id="u", inboxes=[{"team_id": "a"}, {"team_id": "b"}], detail="counts")
        events.start()
        for _ in range(600):
            self.happen("a", "b")
        self.until(lambda: [one["cursor"] for one in list(events._feed._newest.values())] == ["1199", "1200"])
        self.assertEqual(places([next(events), next(events)]), [("a", "1199"), ("b", "1200")])
        self.assertEqual((self.asked("subscribe"), self.asked("unsubscribe")), (1, 0))

    def test_of_counts_the_present_is_told_after_a_seam(self):
        inbox = self.start(restarts=100)
        events = inbox.subscribe(user_id="u", inboxes=[{"team_id": "a"}, {"team_id": "b"}], detail="counts", idle=TICK)
        events.start()
        self.happen("a")
        self.assertEqual(next(one for one in events if one)["total"], 1)
        with self.order("deaf"):
            os.kill(inbox.pid, signal.SIGKILL)
            self.until(lambda: self.asked("subscribe") > 1)
            self.happen("a", "a")
        os.kill(inbox.pid, signal.SIGKILL)
        told = next(one for one in events if one and one["team_id"] == "a")
        self.assertEqual((told["event"], told["total"], told["cursor"]), ("counts", 3, "3"))

    def test_a_cursor_that_is_too_old_is_told_as_lagged(self):
        self.happen("a", "a")
        events = self.start().subscribe(user_id="u", team_id="a", cursor="old")
        self.assertEqual(events.start()[0]["cursor"], "old")  # Until it was taken.
        lagged = next(events)
        self.assertEqual((lagged["event"], lagged["cursor"], lagged["total"]), ("lagged", "2", 2))
        self.happen("a")
        self.assertEqual(next(events)["cursor"], "3")
        self.assertEqual(events.inboxes, [{"team_id": "a", "cursor": "3"}])

    def test_ticks_come_while_nothing_happens(self):
        events = self.start().subscribe(user_id="u", team_id="a", idle=TICK)
        self.assertEqual([next(events), next(events)], [None, None])
        events.start()
        self.happen("a")
        self.assertEqual(next(one for one in events if one)["cursor"], "1")
        for idle in (0, -1, float("nan")):
            with self.assertRaisesRegex(ValueError, "^idle"):
                self.start().subscribe(user_id="u", idle=idle)

    def test_closing_from_another_thread_ends_the_loop_and_the_subscription(self):
        inbox = self.start()
        for idle in (None, 600.0):
            events, got = inbox.subscribe(user_id="u", idle=idle), []
            events.start()
            thread = threading.Thread(target=lambda: got.extend(events), daemon=True)
            before = self.asked("unsubscribe")
            thread.start()
            events.close()
            thread.join(support.DEADLINE)
            self.assertFalse(thread.is_alive())
            self.assertEqual(got, [])
            self.until(lambda: self.asked("unsubscribe") == before + 1)
            events.close()
            self.assertRaises(StopIteration, next, events)

    def test_one_that_is_closed_before_it_began_asks_nothing(self):
        events = self.start().subscribe(user_id="u")
        events.close()
        self.assertEqual((list(events), self.asked("subscribe")), ([], 0))

    def test_one_that_nobody_holds_is_unsubscribed(self):
        events = self.start().subscribe(user_id="u", idle=TICK)
        events.start()
        del events
        gc.collect()
        self.until(lambda: self.asked("unsubscribe") == 1)

    def test_an_answer_that_comes_after_the_end_is_unsubscribed(self):
        inbox = self.start()
        events = inbox.subscribe(user_id="u", idle=TICK)
        feed = events._here()
        os.kill(inbox.pid, signal.SIGSTOP)
        self.assertIsNone(next(events))
        events.close()
        self.until(lambda: feed.ready)
        os.kill(inbox.pid, signal.SIGCONT)
        self.until(lambda: self.asked("unsubscribe") == 1)

    def test_what_is_refused_is_raised_with_the_name_that_the_host_used(self):
        inbox = self.start()
        with self.order("bad"):
            with self.assertRaises(InvalidParamsError) as caught:
                next(inbox.subscribe(user_id="u", team_id=""))
            self.assertEqual(caught.exception.pointer, "/team_id")
            with self.assertRaises(InvalidParamsError) as caught:
                next(inbox.subscribe(user_id="u", inboxes=[{"team_id": ""}]))
            self.assertEqual(caught.exception.pointer, "/inboxes/0/team_id")
        with self.assertRaisesRegex(TypeError, "no form in JSON"):
            next(inbox.subscribe(user_id=object()))

    def test_a_store_that_is_away_is_told_at_first_and_waited_for_later(self):
        inbox = self.start()
        events = inbox.subscribe(user_id="u", team_id="a")
        with self.order("away"):
            self.assertRaises(StoreUnavailableError, next, events)
        events.start()  # It may be asked again.
        with self.order("away"):
            before = self.asked("subscribe")
            os.kill(inbox.pid, signal.SIGKILL)
            self.until(lambda: self.asked("subscribe") > before + 2)
            self.happen("a")
        self.assertEqual(next(events)["cursor"], "1")

    def test_a_timeout_bounds_the_wait_for_the_answer(self):
        inbox = self.start()
        with self.order("deaf"):
            with self.assertRaises(TimeoutError):
                inbox.subscribe(user_id="u", timeout=TICK).start()

    def test_the_end_of_the_client_and_of_the_program_are_told(self):
        inbox = self.start()
        events = inbox.subscribe(user_id="u")
        events.start()
        inbox.close()
        self.assertRaises(ClosedError, next, events)
        inbox = self.start(restarts=0)
        events = inbox.subscribe(user_id="u", team_id="a")
        events.start()
        os.kill(inbox.pid, signal.SIGKILL)
        self.assertRaises(ProcessDiedError, next, events)

    def test_in_a_forked_process_it_goes_on_by_a_program_of_its_own(self):
        inbox = self.start()
        events = inbox.subscribe(user_id="u", team_id="a")
        events.start()
        self.happen("a", "a", "a")
        self.assertEqual(next(events)["cursor"], "1")
        fork = os.fork()
        if not fork:
            status = 1
            with contextlib.suppress(BaseException):
                rest = [next(events)["cursor"], next(events)["cursor"]]
                inbox.close()
                status = 0 if rest == ["2", "3"] else 2
            os._exit(status)
        self.assertEqual(os.waitpid(fork, 0)[1], 0)
        self.assertEqual([next(events)["cursor"], next(events)["cursor"]], ["2", "3"])


class AsyncTests(Served):
    def session(self, work, **options):
        async def run():
            async with Tidings.start(program=self.server(), close_timeout=5, **options) as inbox:
                return await work(inbox)

        return self.run_async(run())

    def test_events_come_across_the_deaths_of_children(self):
        async def work(inbox):
            seen = []
            async with inbox.subscribe(user_id="u", team_id="a") as events:
                await events.start()
                for n in range(1, 9):
                    self.happen("a", "a")
                    if n % 2:
                        os.kill(inbox.pid, signal.SIGKILL)
                    while len(seen) < 2 * n:
                        seen.append((await events.__anext__())["cursor"])
                self.assertEqual(events.inboxes, [{"team_id": "a", "cursor": "16"}])
            return seen

        self.assertEqual(self.session(work, restarts=100), [str(n + 1) for n in range(16)])
        self.assertEqual(self.asked("unsubscribe"), 1)

    def test_a_task_that_takes_nothing_holds_up_no_call(self):
        async def work(inbox):
            events = inbox.subscribe(user_id="u", team_id="a")
            await events.start()
            for _ in range(30):
                self.happen(*["a"] * 100)
                await inbox.ping()
            while not self.asked("unsubscribe"):
                await asyncio.sleep(0.005)
                self.happen("a")
                await inbox.ping()
            count = len((self.folder / "events").read_text().split())
            self.assertEqual([(await events.__anext__())["cursor"] for _ in range(count)],
                             [str(n + 1) for n in range(count)])

        self.session(work)

    def test_cancelling_the_task_loses_nothing(self):
        async def work(inbox):
            events = inbox.subscribe(user_id="u", team_id="a")
            await events.start()
            for n in range(1, 4):
                with self.assertRaises(asyncio.TimeoutError):
                    await asyncio.wait_for(events.__anext__(), TICK)
                self.happen("a")
                self.assertEqual((await events.__anext__())["cursor"], str(n))
            return self.asked("subscribe")

        self.assertEqual(self.session(work), 1)

    def test_ticks_and_closing_from_another_task(self):
        async def work(inbox):
            events = inbox.subscribe(user_id="u", team_id="a", idle=TICK)
            self.assertIsNone(await events.__anext__())
            events = inbox.subscribe(user_id="u", team_id="a")

            async def follow():
                return [event async for event in events]

            task = asyncio.ensure_future(follow())
            while self.asked("subscribe") < 2:
                await asyncio.sleep(0.005)
            await events.aclose()
            self.assertEqual(await task, [])
            await events.aclose()
            with self.assertRaises(StopAsyncIteration):
                await events.__anext__()

        self.session(work)

    def test_one_that_nobody_holds_is_unsubscribed(self):
        async def work(inbox):
            events = inbox.subscribe(user_id="u")
            await events.start()
            del events
            gc.collect()
            while not self.asked("unsubscribe"):
                await asyncio.sleep(0.005)

        self.session(work)

    def test_the_end_of_the_client_is_told(self):
        async def work(inbox):
            events = inbox.subscribe(user_id="u")
            await events.start()
            await inbox.close()
            with self.assertRaises(ClosedError):
                await events.__anext__()

        self.session(work)


if __name__ == "__main__":
    unittest.main()
