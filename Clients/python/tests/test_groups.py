"""A program that is started by a script, and what else a child may leave behind."""

import asyncio
import errno
import os
import signal
import subprocess
import unittest
from pathlib import Path
from unittest import mock

import support
from tidings import IncompatibleProgramError, ProcessDiedError, StartTimeoutError, Tidings, _child, sync


def group(leader):
    """The processes of a group that live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_bytes().rpartition(b")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != b"Z" and int(fields[2]) == leader:
            found.append(int(path.parent.name))
    return found


class GroupTests(support.Case):
    def script(self, body):
        """A shell script as the program. It leaves its process id in `leader`."""
        path = self.folder / "wrapper"
        path.write_text(f"#!/bin/sh\necho $$ > '{self.folder}/leader'\n{body}\n")
        path.chmod(0o755)
        return str(path)

    @property
    def leader(self):
        return int((self.folder / "leader").read_text())

    async def gone(self, leader):
        while group(leader):
            await asyncio.sleep(0.005)

    def test_a_script_that_waits_for_the_program(self):
        # Not its last command, which some shells would exec.
        wrapper = self.script(f'"{support.program()}" "$@"\nexit $?')

        async def work():
            async with Tidings.start(program=wrapper, store=self.store, log_level="warning") as inbox:
                first = self.leader
                self.assertEqual(first, inbox.pid)
                self.assertEqual(len(group(first)), 2)
                await inbox.send_team_message(team_id="t", user_id="u", message_type="m")
                os.kill(first, signal.SIGKILL)
                await self.gone(first)
                self.assertEqual((await inbox.get_team_message(team_id="t", user_id="v"))["total"], 1)
                second = self.leader
                self.assertNotEqual(first, second)
            self.assertEqual(group(second), [])

        self.run_async(work())

    def test_one_behind_a_script_that_never_answers_is_ended_with_it(self):
        silent = self.fake("signal.signal(signal.SIGTERM, signal.SIG_IGN); asked(); time.sleep(600)")
        wrapper = self.script(f"trap '' TERM INT HUP\n'{silent}'\nexit $?")
        for seconds in (0.3, 3, 30):
            with self.assertRaises(StartTimeoutError):
                sync.Tidings.start(program=wrapper, start_timeout=seconds)
            if (self.folder / "leader").exists():  # Until there is one, the script had not begun.
                break
        self.run_async(self.gone(self.leader))

    def test_one_behind_a_script_that_does_not_end_is_killed_at_the_close(self):
        stubborn = self.fake("greet(); time.sleep(600)")
        wrapper = self.script(f"'{stubborn}'\nexit $?")
        inbox = sync.Tidings.start(program=wrapper, close_timeout=0.2)
        self.assertEqual(len(group(self.leader)), 2)
        inbox.close()
        self.run_async(self.gone(self.leader))

    def test_what_a_program_leaves_in_its_group_ends_with_it(self):
        wrapper = self.script(f'sleep 600 &\n"{support.program()}" "$@"\nexit $?')
        with sync.Tidings.start(program=wrapper, store="memory:", log_level="warning") as inbox:
            inbox.ping()
            self.assertEqual(len(group(self.leader)), 3)
        self.run_async(self.gone(self.leader))

    ESCAPE = """
        if not os.fork():
            os.setsid()
            with open(starts + ".escaped", "w") as file:
                file.write(str(os.getpid()))
            time.sleep(600)
        while not os.path.exists(starts + ".escaped"):
            time.sleep(0.01)
    """

    def end_escaped(self):
        path = self.folder / "starts.escaped"
        if path.exists() and path.read_text():
            os.kill(int(path.read_text()), signal.SIGKILL)

    def test_a_process_that_left_the_group_with_the_pipes_holds_up_nobody(self):
        self.addCleanup(self.end_escaped)
        patience = mock.patch.object(_child, "_GRACE", 0.2)
        patience.start()
        self.addCleanup(patience.stop)
        for rest, error in (("print('no such store', file=sys.stderr, flush=True); os._exit(69)", ProcessDiedError),
                            ("time.sleep(600)", StartTimeoutError),
                            ("write('garbage'); time.sleep(600)", IncompatibleProgramError)):
            self.end_escaped()
            (self.folder / "starts.escaped").unlink(missing_ok=True)
            with self.subTest(rest), self.assertRaises(error) as caught:
                sync.Tidings.start(program=self.fake(self.ESCAPE.rstrip() + "\n" + " " * 8 + rest), start_timeout=1 if error is StartTimeoutError else 60)
            if error is ProcessDiedError:
                self.assertEqual(caught.exception.details, {"status": 69, "last_words": "no such store"})

    def test_deaths_do_not_prolong_the_time_of_the_start(self):
        with self.assertRaises(StartTimeoutError):
            sync.Tidings.start(program=self.fake("time.sleep(0.05); die()"), start_timeout=0.5, restarts=10_000)

    def test_without_descriptors_of_processes(self):
        # Another system than Linux, or an older one.
        original = getattr(os, "pidfd_open", None)
        if original is not None:
            del os.pidfd_open
            self.addCleanup(setattr, os, "pidfd_open", original)
        self.test_a_script_that_waits_for_the_program()
        self.test_what_a_program_leaves_in_its_group_ends_with_it()
        self.test_a_process_that_left_the_group_with_the_pipes_holds_up_nobody()


class RetryableTests(support.Case):
    """The use of another attempt, for starts that fail."""

    def start(self, **options):
        try:
            sync.Tidings.start(**{"start_timeout": 30, **options}).close()
        except Exception as error:
            return type(error), error.kind, error.retryable
        raise AssertionError("it started")

    def test_table(self):
        died = ProcessDiedError, "process_died"
        for options, outcome in (
            ({"store": "sqlite:/no/such/folder/x.db"}, (*died, False)),
            ({"arguments": ["--no-such-option"]}, (*died, False)),
        ):
            with self.subTest(options):
                self.assertEqual(self.start(program=support.program(), **options), outcome)
        for body, options, outcome in (
            ("sys.exit(78)", {}, (*died, False)),
            ("sys.exit(75)", {}, (*died, True)),
            ("die()", {"restarts": 1}, (*died, True)),
            ("greet('7.0.0'); asked()", {}, (IncompatibleProgramError, "incompatible_program", False)),
            ("asked(); asked()", {"start_timeout": 0.2}, (StartTimeoutError, "start_timeout", True)),
        ):
            with self.subTest(body):
                self.assertEqual(self.start(program=self.fake(body), **options), outcome)

    def test_what_cannot_be_started(self):
        path = self.folder / "broken"
        path.write_text("#!/no/such/interpreter\n")
        path.chmod(0o755)
        self.assertEqual(self.start(program=path), (ProcessDiedError, "process_died", False))
        with mock.patch.object(subprocess, "Popen", side_effect=OSError(errno.EAGAIN, "try again")):
            self.assertEqual(self.start(program=path), (ProcessDiedError, "process_died", True))


if __name__ == "__main__":
    unittest.main()
