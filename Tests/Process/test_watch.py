"""`tidings watch`: what happens in inboxes, for people and for programs."""

import json
import os
import pty
import signal
import subprocess

from sidecar import DEADLINE, SidecarCase, environment, on_each_store, program, read_some

SEND = {"user_id": "ann", "message_type": "note"}
OUTPUT_CLOSED, BAD_PARAMETERS, UNAVAILABLE = 74, 64, 69


class Watch:
    """A running `tidings watch`, whose lines are read as they come."""

    def __init__(self, test, *arguments, stdout=subprocess.PIPE, stdin=b""):
        self.process = subprocess.Popen(
            [program(), "watch", *arguments], stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE,
            env=environment(TIDINGS_STORE=test.url))
        test.addCleanup(self.stop)
        self.process.stdin.write(stdin)
        self.process.stdin.close()
        self.rest = b""

    def line(self, descriptor=None):
        while b"\n" not in self.rest:
            chunk = read_some(descriptor or self.process.stdout.fileno())
            if not chunk:
                raise AssertionError(f"it ended: {self.process.stderr.read()}")
            self.rest += chunk
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    def event(self):
        return json.loads(self.line())

    def wait(self):
        return self.process.wait(DEADLINE)

    def stop(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


class Watching:
    def setUp(self):
        super().setUp()
        self.url = self.new_store()

    def watch(self, *arguments, **options):
        return Watch(self, *arguments, **options)


@on_each_store()
class WatchTests(Watching):
    """Another process writes."""

    def test_what_happens_in_the_account_and_in_teams_is_told_with_where_to_go_on(self):
        writer = self.spawn(store=self.url)
        writer.result("send_team_message", team_id="red", content="before", **SEND)
        watch = self.watch("--user", "bo", "--team", "red", "--team", "blue")
        first = watch.event()
        self.assertEqual((first["event"], first["count"]), ("following", 1))
        self.assertEqual([one.get("team_id") for one in first["inboxes"]], [None, "red", "blue"])
        self.assertEqual([one["total"] for one in first["inboxes"]], [0, 1, 0])
        writer.result("send_team_message", team_id="red", content="one", **SEND)
        one = watch.event()
        self.assertEqual((one["event"], one["team_id"], one["message"]["content"]), ("created", "red", "one"))
        self.assertEqual((one["total"], one["count"], one["unseen"]), (2, 2, 2))
        self.assertNotIn("subscription", one)
        nid = writer.result("send_announcement", content="all", **SEND)["nid"]
        self.assertEqual(watch.event()["message"]["content"], "all")
        writer.result("mark_read", user_id="bo", all=True)
        marked = watch.event()
        self.assertEqual((marked["event"], marked["count"], marked.get("team_id")), ("marked", 0, None))
        writer.result("retract_message", nid=nid)
        removed = watch.event()
        self.assertEqual((removed["event"], removed["nid"], removed["reason"]), ("removed", nid, "retracted"))
        # Each line has the cursor of each inbox, and that of its own is the newest.
        self.assertEqual([one.get("team_id") for one in removed["inboxes"]], [None, "red", "blue"])
        self.assertEqual(removed["inboxes"][0]["cursor"], removed["cursor"])
        self.assertEqual(removed["inboxes"][1]["cursor"], one["cursor"])

    def test_since_goes_on_behind_a_line(self):
        writer = self.spawn(store=self.url)
        lines = []
        for start in range(0, 6, 2):
            since = ["--since", lines[-1].decode()] if start else []
            watch = self.watch("--user", "bo", "--team", "red", *since)
            self.assertEqual(watch.event()["event"], "following")
            for n in (start, start + 1):
                writer.result("send_team_message", team_id="red", content=str(n), **SEND)
            # The second is not read: whoever goes on behind the first gets it.
            lines.append(watch.line())
            self.assertEqual(json.loads(lines[-1])["message"]["content"], str(len(lines) - 1))
            watch.stop()
        watch = self.watch("--user", "bo", "--team", "red", "--since", "-", stdin=lines[0] + b"\n")
        watch.event()
        self.assertEqual([watch.event()["message"]["content"] for _ in range(5)], ["1", "2", "3", "4", "5"])
        # One that the line knows nothing of is followed from now on, and nothing on stdin means the present.
        more = self.watch("--user", "bo", "--team", "red", "--team", "new", "--since", "-", stdin=b"\n")
        self.assertEqual(more.event()["inboxes"][1]["total"], 6)

    def test_counts_alone(self):
        writer = self.spawn(store=self.url)
        watch = self.watch("--user", "bo", "--team", "red", "--no-account", "--detail", "counts")
        self.assertEqual([one.get("team_id") for one in watch.event()["inboxes"]], ["red"])
        for _ in range(20):
            writer.result("send_team_message", team_id="red", **SEND)
        while (event := watch.event())["total"] < 20:
            self.assertEqual((event["event"], event["team_id"]), ("counts", "red"))
        self.assertEqual((event["count"], event["unseen"]), (20, 20))

    def test_signals_end_it_well(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                watch = self.watch("--user", "bo")
                watch.event()
                watch.process.send_signal(number)
                self.assertEqual(watch.wait(), 0)
                self.assertNotIn(b"tidings:", watch.process.stderr.read())


class WatchOnceTests(Watching, SidecarCase):
    def test_a_closed_pipe_ends_it_while_nothing_happens(self):
        watch = self.watch("--user", "bo")
        watch.event()
        watch.process.stdout.close()
        watch.process.stdout = None
        self.assertEqual(watch.wait(), OUTPUT_CLOSED)

    def test_a_reader_that_reads_nothing_costs_no_memory_and_misses_nothing(self):
        writer = self.spawn(store=self.url)
        watch = self.watch("--user", "bo", "--team", "red")
        watch.event()
        content = "x" * 60_000
        for n in range(400):
            writer.result("send_team_message", team_id="red", content=content, data={"n": n}, **SEND)
        with open(f"/proc/{watch.process.pid}/status") as status:
            peak = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))
        self.assertLess(peak, 90)  # MB; all of it is 24 MB in messages, and twice that on the way.
        self.assertEqual([watch.event()["message"]["data"]["n"] for _ in range(400)], list(range(400)))

    def test_on_a_terminal_people_read_it(self):
        writer = self.spawn(store=self.url)
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        watch = self.watch("--user", "bo", "--team", "red", stdout=slave)
        os.close(slave)

        def line():
            return watch.line(master).decode().rstrip("\r")

        self.assertEqual([line(), line()], ["account: 0 unread of 0", "red: 0 unread of 0"])
        nid = writer.result(
            "send_team_message", team_id="red", content="a\x1b[2J\nb", username="An\u202en", **SEND)["nid"]
        self.assertRegex(
            line(), r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z red: ann \(An\\u\{202E\}n\): "
                    r"a\\u\{1B\}\[2J\\u\{A\}b \(1 unread of 1\)$")
        writer.result("mark_read", user_id="bo", team_id="red", all=True)
        self.assertEqual(line(), "red: 0 unread of 1")
        writer.result("retract_message", nid=nid)
        self.assertEqual(line(), "red: a message was retracted (0 unread of 0)")

    def test_what_is_wrong_is_told(self):
        for arguments, status in (
            (["--user", ""], BAD_PARAMETERS), ([], BAD_PARAMETERS),
            (["--user", "bo", "--no-account"], BAD_PARAMETERS),
            (["--user", "bo", "--detail", "all"], BAD_PARAMETERS),
            (["--user", "bo", "--since", "nonsense"], BAD_PARAMETERS),
            (["--user", "bo", "--since", '{"inboxes":[{"cursor":"nonsense"}]}'], BAD_PARAMETERS),
            (["--user", "bo", "--team", "t" * 129], BAD_PARAMETERS),
        ):
            with self.subTest(arguments):
                done = self.run_program("watch", *arguments, env={"TIDINGS_STORE": self.url})
                self.assertEqual(done.returncode, status)
                self.assertEqual(done.stdout, b"")
                self.assertTrue(done.stderr.strip())
        done = self.run_program("watch", "--user", "bo", env={"TIDINGS_STORE": "sqlite:/no/such/folder/x.db"})
        self.assertEqual(done.returncode, UNAVAILABLE)
