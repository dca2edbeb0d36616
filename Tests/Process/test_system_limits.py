"""Few descriptors, few threads, small files: a sentence and a status, never a signal or a hang."""

import os
import resource
import shutil
import signal
import subprocess
import unittest

from sidecar import DEADLINE, SidecarCase, environment, line, program, request

ASK = line(request(1, "get_account_message", user_id="ann"))
NOBODY = 65534


class SystemLimitTests(SidecarCase):
    def outcome(self, limits, *arguments, program_path=None, user=None):
        """Runs a short conversation; must be answered, or refused with a sentence."""
        def restrict():
            if user is not None:
                os.setgid(user)
                os.setuid(user)
            for name, value in limits.items():
                resource.setrlimit(name, (value, value))

        done = subprocess.run([program_path or program(), *map(str, arguments)], input=ASK, env=environment(),
                              capture_output=True, timeout=DEADLINE, preexec_fn=restrict, check=False)
        if done.returncode == 0:
            self.assertIn(b'"result"', done.stdout, done)
            return "answered"
        self.assert_no_crash(done.returncode)
        self.assertEqual(done.stdout, b"", done)
        # 127 is the loader, before there is a program.
        self.assertIn(done.returncode, (69, 71, 127), done)
        self.assertRegex(done.stderr.decode(), r"\A(.+\n)+\Z")
        self.assertNotIn("Backtrac", done.stderr.decode())
        return "refused"

    def test_few_descriptors(self):
        for store in ("memory:", self.store()[0]):
            found = [self.outcome({resource.RLIMIT_NOFILE: count}, "--store", store)
                     for count in [*range(4, 48), 64, 128]]
            self.assertEqual((found[0], found[-1]), ("refused", "answered"))
            # From some number on it goes, and below it doesn't.
            self.assertEqual(found, sorted(found, reverse=True))

    def test_few_descriptors_for_other_commands(self):
        url, _ = self.store()
        for count in range(4, 48):
            for command in (["call", "ping"], ["doctor"]):
                with self.subTest(count=count, command=command[0]):
                    done = subprocess.run(
                        [program(), *command, "--store", url], env=environment(), capture_output=True, timeout=DEADLINE,
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count)), check=False)
                    self.assert_no_crash(done.returncode)
                    self.assertIn(done.returncode, (0, 69, 71, 127), done)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user, whose threads are counted")
    def test_few_threads(self):
        # Where everybody may look: the program itself may lie in a home folder.
        folder = self.folder()
        os.chmod(folder, 0o755)
        copy = folder / "tidings"
        shutil.copy(program(), copy)
        os.chmod(copy, 0o755)
        place = folder / "place"
        place.mkdir()
        os.chown(place, NOBODY, NOBODY)
        for store in ("memory:", f"sqlite:{place}/tidings.db"):
            found = [self.outcome({resource.RLIMIT_NPROC: count}, "--store", store, program_path=copy, user=NOBODY)
                     for count in [*range(1, 24), 64]]
            self.assertEqual((found[0], found[-1]), ("refused", "answered"))

    def test_sigxfsz_is_an_error_of_the_disk(self):
        """The default action of the signal, as a shell's `ulimit -f` leaves it."""
        url, path = self.store()
        sidecar = self.spawn(store=url, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY)))
        answers = [sidecar.ask(request(id, "send_team_message", team_id="t", user_id="ann", message_type="note",
                                       content="x" * 60_000)) for id in range(100)]
        refused = [answer["error"] for answer in answers if "error" in answer]
        self.assertTrue(refused)
        for error in refused:
            self.assert_error(error, 2003, "store_unavailable")
            self.assertIn("ulimit -f", error["message"])
        sent = [answer["result"]["nid"] for answer in answers if "result" in answer]
        inbox = {"team_id": "t", "user_id": "bo"}
        self.assertEqual([m["nid"] for m in sidecar.messages(order="oldest", **inbox)], sent)
        resource.prlimit(sidecar.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        sent.append(sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note")["nid"])
        self.assertEqual([m["nid"] for m in sidecar.messages(order="oldest", **inbox)], sent)
        sidecar.finish()

    def test_a_recording_beyond_the_limit(self):
        """The conversation goes on; only the recording ends."""
        file = self.folder() / "talk.jsonl"
        sidecar = self.spawn("--record", file, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY)))
        for _ in range(100):
            sidecar.result("ping")
        sidecar.finish()
        self.assertIn("recording has ended", sidecar.errors_text())

    def test_sigterm_ends_one_that_waits_for_a_thread(self):
        """Whatever hangs: the time to drain bounds it."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        sidecar = self.spawn("--drain-timeout", "0", stdout=writer, reading=False)
        os.close(writer)
        # Answers that nobody reads: the threads that write them are stuck.
        sidecar.write_until_stalled(line(request(1, "rpc.discover")) * 3000, quiet=0.5)
        sidecar.signal(signal.SIGTERM)
        self.assertEqual(sidecar.wait(), 75)


if __name__ == "__main__":
    unittest.main()
