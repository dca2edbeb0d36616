"""Nothing but answers on stdout; logs on stderr, which never hold what was sent."""

import json
import os
import threading

from sidecar import SidecarCase, notification, request

MARKER = "a-secret-that-no-log-may-hold"


class OutputTests(SidecarCase):
    def talk(self, sidecar):
        """A conversation with results, errors and bad lines, in which the marker is everywhere."""
        sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note", content=MARKER,
                       data={"k": MARKER}, username=MARKER, team_name=MARKER)
        sidecar.error("send_team_message", team_id="t", content=MARKER)
        sidecar.error("send_team_message", team_id="t", user_id="ann", message_type="note",
                      content=[MARKER], data=MARKER)
        sidecar.send_bytes(b'{"content":"%s"' % MARKER.encode() + b"\n")
        self.assertEqual(sidecar.receive()["error"]["code"], -32700)
        sidecar.result("get_team_message", team_id="t", user_id="bo")

    def test_only_answers_on_stdout_at_every_log_level(self):
        for level in ("trace", "debug", "info", "warning", "error"):
            with self.subTest(level):
                sidecar = self.spawn("--log-level", level, store=self.store()[0])
                self.talk(sidecar)
                for answer in sidecar.finish():
                    self.assertEqual(answer["jsonrpc"], "2.0")
                self.assertNotIn(MARKER, sidecar.errors_text())

    def test_levels_filter(self):
        def log(level):
            sidecar = self.spawn("--log-level", level)
            self.talk(sidecar)
            sidecar.finish()
            return sidecar.errors_text()

        self.assertEqual(log("error").strip(), "")
        self.assertTrue(log("debug").strip())

    def test_an_unknown_level_is_refused(self):
        done = self.run_program("--store", "memory:", "--log-level", "loud")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, b"")
        self.assertTrue(done.stderr.strip())

    def test_logs_as_json(self):
        sidecar = self.spawn("--log-level", "debug", "--log-format", "json", store=self.store()[0])
        self.talk(sidecar)
        sidecar.finish()
        lines = sidecar.errors_text().splitlines()
        self.assertTrue(lines)
        for entry in lines:
            self.assertIsInstance(json.loads(entry), dict)
        self.assertNotIn(MARKER, sidecar.errors_text())

    def test_a_line_for_each_request(self):
        sidecar = self.spawn("--log-level", "debug", "--log-format", "json")
        sidecar.ask(request("a", "ping"))
        sidecar.ask(request(2, "get_message", user_id="bo", nid="x"))
        sidecar.finish()
        lines = [json.loads(entry) for entry in sidecar.errors_text().splitlines()]
        told = {entry["id"]: entry for entry in lines if entry["message"] == "answered"}
        self.assertEqual((told['"a"']["method"], told['"a"']["outcome"]), ("ping", "result"))
        self.assertEqual((told["2"]["method"], told["2"]["outcome"]), ("get_message", "not_found"))
        for entry in told.values():
            self.assertGreaterEqual(int(entry["us"]), 0)

    def test_the_host_turns_tracing_on_and_off(self):
        sidecar = self.spawn("--log-format", "json")
        for id, value in (("before", None), ("traced", "messages"), ("after", "off")):
            if value:
                sidecar.send(notification("$/setTrace", value=value))
            sidecar.ask(request(id, "ping"))
        sidecar.finish()
        lines = [json.loads(entry) for entry in sidecar.errors_text().splitlines()]
        self.assertEqual([entry["id"] for entry in lines if entry["message"] == "answered"], ['"traced"'])

    def test_descriptor_1_points_at_stderr(self):
        sidecar = self.spawn()
        sidecar.result("ping")
        links = [os.readlink(f"/proc/{sidecar.process.pid}/fd/{fd}") for fd in (1, 2)]
        self.assertEqual(links[0], links[1])
        sidecar.finish()

    def test_lines_are_whole_when_many_answers_come_at_once(self):
        sidecar = self.spawn()
        sidecar.pipeline([request(id, "send_team_message", team_id=f"t{id % 7}", user_id="ann",
                                  message_type="note", content="é" * 2000) for id in range(500)])
        answers = sidecar.pipeline([request(id, "get_team_message", team_id=f"t{id % 7}", user_id="bo",
                                            pageSize=50) for id in range(500)])
        self.assertTrue(all(answer["result"]["count"] for answer in answers.values()))
        sidecar.finish()

    def test_a_host_that_does_not_read_stderr(self):
        read, write = os.pipe()
        sidecar = self.spawn("--log-level", "trace", stderr=write)
        os.close(write)
        # A full stderr must hold up nobody for ever: read it once the answers are there, or late.
        done = threading.Event()

        def late():
            done.wait(5)
            while os.read(read, 65536):
                pass

        reader = threading.Thread(target=late, daemon=True)
        reader.start()
        answers = sidecar.pipeline([request(id, "ping") for id in range(20_000)])
        self.assertEqual(len(answers), 20_000)
        done.set()
        sidecar.finish()
        reader.join()
        os.close(read)


class DefaultStoreTests(SidecarCase):
    def test_it_is_made_and_its_path_is_logged(self):
        home = self.folder()
        for name, variables, path in [
            ("XDG_DATA_HOME", {"XDG_DATA_HOME": str(home / "data")}, home / "data/tidings/tidings.db"),
            ("HOME", {"XDG_DATA_HOME": None, "HOME": str(home)}, home / ".local/share/tidings/tidings.db"),
        ]:
            with self.subTest(name):
                sidecar = self.spawn(store=None, env=variables)
                sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note")
                sidecar.finish()
                self.assertTrue(path.exists())
                self.assertIn(str(path), sidecar.errors_text())

    def test_the_environment_names_a_store(self):
        url, path = self.store()
        sidecar = self.spawn(store=None, env={"TIDINGS_STORE": url})
        sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note")
        sidecar.finish()
        self.assertTrue(path.exists())

    def test_the_option_comes_before_the_environment(self):
        url, path = self.store()
        sidecar = self.spawn(store="memory:", env={"TIDINGS_STORE": url})
        sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note")
        sidecar.finish()
        self.assertFalse(path.exists())
