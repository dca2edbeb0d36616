"""The examples, as they are."""

import importlib.util
import os
import re
import socket
import subprocess
import sys
import threading
import time
import unicodedata
import unittest

import support
from tidings import printable
from tidings.sync import Tidings

EXAMPLES = support.CLIENT / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class DigestTests(support.Case):
    def digest(self, *arguments):
        run = subprocess.run(
            [sys.executable, EXAMPLES / "digest.py", *arguments], stdout=subprocess.PIPE, text=True, check=True,
            timeout=support.DEADLINE, env={**os.environ, "PYTHONPATH": str(support.CLIENT),
                                           "TIDINGS_BIN": support.program()})
        return [line.split("Z  ")[-1] for line in run.stdout.split("\n")[:-1]]

    def test_each_message_is_in_one_digest(self):
        with Tidings.start(store=self.store, **self.options) as inbox:
            inbox.send_account_message(reader_id="ann", message_type="m", content="one")
            inbox.send_account_message(reader_id="ann", message_type="m", content="two")
            self.assertEqual(self.digest(self.store, "ann", "bob"), [
                "ann: 2 new", "announcement: two", "announcement: one", "bob: 0 new"])
            inbox.send_announcement(message_type="m", content="three")
            self.assertEqual(self.digest(self.store, "ann", "bob"), [
                "ann: 1 new", "announcement: three", "bob: 1 new", "announcement: three"])
            self.assertEqual(self.digest(self.store, "ann"), ["ann: 0 new"])


    def test_what_others_wrote_is_shown_and_nothing_else_happens(self):
        with Tidings.start(store=self.store, **self.options) as inbox:
            inbox.send_account_message(
                reader_id="ann", message_type="m", user_id="m\u202eallory", username="the boss",
                content="x\nbob: 1 new\r  1970Z  \x1b[2J\x1b]0;t\x07\x9b1m\x7f\u2028\u2066\u202e\u200f\ufeffg\tüñ \U0001f469\u200d\U0001f680")
            self.assertEqual(self.digest(self.store, "ann"), [
                "ann: 1 new", "\ufffd[2J\ufffd]0;t\ufffd\ufffd1m\ufffd" + " " + "\ufffd" * 4
                + "g üñ \U0001f469\u200d\U0001f680"])
            inbox.send_account_message(reader_id="ann", message_type="m\x1b", user_id="m\u202eallory")
            self.assertEqual(self.digest(self.store, "ann"), ["ann: 1 new", "m\ufffdallory: m\ufffd"])


class PrintableTests(unittest.TestCase):
    def test_every_character(self):
        # Past these ranges there are letters and signs, and what is not assigned.
        for number in [*range(0x3100), *range(0xD7F0, 0x10000), *range(0xE0000, 0xE0200), 0x110BD, 0x1D173, 0x10FFFF]:
            shown = printable(chr(number))
            self.assertEqual(len(shown), 1)
            self.assertNotIn(unicodedata.category(shown), ("Cc", "Cs", "Zl", "Zp"), hex(number))
            self.assertNotIn(unicodedata.bidirectional(shown),
                             ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"), hex(number))
            shown.encode()
        for text in ("", "Tea is ready", "ü ñ 漢字 עברית \U0001f469\u200d\U0001f680 می\u200cخواهم"):
            self.assertEqual(printable(text), text)
        self.assertEqual(printable("a\r\nb\tc\u00a0d\u2028e\x1b[0m"), "a  b c d e\ufffd[0m")


class FlaskTests(support.Case):
    def test_two_users(self):
        with Tidings.start(store=self.store, **self.options) as inbox:
            app = load("flask_inbox").create_app(inbox)
            ann, bob, eve, nobody = (app.test_client() for _ in range(4))
            for client, name, teams in ((ann, "ann", ["crew"]), (bob, "bob", ["crew"]), (eve, "eve", [])):
                self.assertEqual(client.post("/login", data={"user_id": name, "team": teams}).status_code, 204)
            for _ in range(2):
                sent = ann.post("/teams/crew/messages", json={"content": "Tea"}, headers={"Idempotency-Key": "1"})
            self.assertEqual((sent.status_code, sent.json["duplicate"]), (200, True))
            self.assertEqual(bob.get("/badge").json["count"], 1)
            # The user of the query is nobody: it is bob who reads.
            page = bob.get("/teams/crew/messages?pageSize=5&self=false&user_id=ann").json
            self.assertEqual((page["total"], page["data"][0]["content"], page["data"][0]["reader_id"]),
                             (1, "Tea", "bob"))
            self.assertEqual(bob.post("/teams/crew/read", json={"nids": [sent.json["nid"]]}).json["count"], 0)
            self.assertEqual(bob.get("/teams/crew/messages?pageSize=0").json["pointer"], "/pageSize")
            self.assertEqual(eve.get("/teams/crew/messages").status_code, 403)
            self.assertEqual(nobody.get("/badge").status_code, 401)
            self.assertEqual(bob.post("/teams/crew/read", json={"nids": ["x"]}).status_code, 404)
            for body in ([], {}, 7, {"nids": "\ud800"}, {"nids": {"a": 1}}):
                self.assertEqual(bob.post("/teams/crew/read", json=body).status_code, 400, body)
            self.assertEqual(bob.post("/teams/crew/messages", json={"content": "\ud800"}).status_code, 400)
            self.assertEqual(bob.post("/teams/crew/messages", data=b"{", content_type="application/json").status_code,
                             400)

    def test_events_and_a_browser_that_is_gone(self):
        host = load("flask_inbox")
        host.IDLE = 0.02
        with Tidings.start(store=self.store, **self.options) as inbox:
            ann = host.create_app(inbox).test_client()
            self.assertEqual(ann.get("/events").status_code, 401)
            ann.post("/login", data={"user_id": "ann"})
            response = ann.get("/events", buffered=False)
            events = response.iter_encoded()
            self.assertRegex(next(events), b"\\Aid: {.+}\nevent: ready\n")
            self.assertEqual(next(events), b":\n\n")
            inbox.send_account_message(reader_id="ann", message_type="m", content="one\n\ndata: two")
            event = next(event for event in events if event != b":\n\n").decode()
            self.assertRegex(event, "\\Aid: .+\nevent: created\ndata: {.*}\n\n\\Z")
            response.close()
            self.assertEqual(list(events), [])
            inbox.send_account_message(reader_id="ann", message_type="m", content="three")
            again = ann.get("/events", headers={"Last-Event-ID": event[4:].partition("\n")[0]}, buffered=False)
            events = again.iter_encoded()
            self.assertIn(b"event: ready", next(events))
            self.assertIn(b"three", next(event for event in events if event != b":\n\n"))
            again.close()
            # One whose id leads nowhere begins anew, and doesn't come with it again and again.
            for odd in ("odd", "\xff", '{"":"odd"}'):
                lost = ann.get("/events", headers={"Last-Event-ID": odd}, buffered=False)
                self.assertEqual(b"".join(lost.iter_encoded()), b"id:\nevent: expired\ndata: {}\n\n")


    def test_browsers_that_go_give_their_threads_back(self):
        from werkzeug.serving import make_server

        host = load("flask_inbox")
        host.IDLE = 0.05
        with Tidings.start(store=self.store, **self.options) as inbox:
            server = make_server("127.0.0.1", 0, host.create_app(inbox), threaded=True)
            serving = threading.Thread(target=server.serve_forever)
            serving.start()
            try:
                with self.browser(server, "POST", "/login", b"user_id=ann&team=crew") as login:
                    cookie = re.search(rb"Set-Cookie: ([^;]+)", login.makefile("rb").read())[1]
                before = threading.active_count()
                browsers = [self.browser(server, "GET", "/events", cookie=cookie) for _ in range(20)]
                pages = [browser.makefile("rb") for browser in browsers]
                for page in pages:
                    while page.readline() != b"event: ready\n":
                        pass
                self.assertEqual(inbox.get_status()["subscriptions"], 20)
                inbox.send_team_message(team_id="crew", user_id="bob", message_type="m", content="Tea")
                for page in pages:
                    while b"Tea" not in page.readline():
                        pass
                for browser, page in zip(browsers, pages):
                    page.close()
                    browser.close()
                while threading.active_count() > before or inbox.get_status()["subscriptions"]:
                    time.sleep(0.01)
            finally:
                server.shutdown()
                serving.join()
                server.server_close()

    @staticmethod
    def browser(server, method, path, body=b"", cookie=b""):
        """A request over a socket of its own."""
        connection = socket.create_connection(("127.0.0.1", server.server_port), timeout=support.DEADLINE)
        head = (f"{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n").encode()
        connection.sendall(head + (b"Cookie: " + cookie + b"\r\n" if cookie else b"") + b"\r\n" + body)
        return connection


class ReadmeTests(support.Case):
    def test_what_it_shows_runs_as_it_stands_there(self):
        text = (support.CLIENT / "README.md").read_text(encoding="utf-8")
        first, second, stream = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        follow = ("import json\nfrom tidings.sync import Tidings\n" + stream + "\n"
                  "with Tidings.start(store='sqlite:inbox.db') as inbox:\n"
                  "    events = stream('bob')\n"
                  "    inbox.send_account_message(reader_id='bob', message_type='note', content='Supper')\n"
                  "    print('Supper' in next(one for one in events if one != ':\\n\\n'))\n").replace("idle=15.0", "idle=0.05")
        follow = follow.replace("    inbox.send", "    next(events)  # From the present on.\n    inbox.send", 1)
        for code, printed in ((first, "1 unread: Tea is ready\n"), (second, r"\S+Z Tea is ready\n"), (follow, "True\n")):
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=support.DEADLINE,
                env={**os.environ, "PYTHONPATH": str(support.CLIENT), "TIDINGS_BIN": support.program()})
            with self.subTest(code):
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stdout, f"\\A{printed}\\Z")


class DjangoTests(support.Case):
    def test_a_reader(self):
        host = load("django_inbox")
        from django.test import Client

        with Tidings.start(store=self.store, **self.options) as inbox:
            host.inbox = lambda: inbox
            ann, nobody = Client(), Client()
            ann.post("/login", {"user_id": "ann"})
            sent = inbox.send_account_message(reader_id="ann", message_type="m", content="Tea")
            page = ann.get("/messages?pageSize=5&user_id=bob").json()
            self.assertEqual((page["count"], page["data"][0]["content"]), (1, "Tea"))
            self.assertEqual(ann.post("/read", {"nids": [sent["nid"]]}, "application/json").json()["count"], 0)
            self.assertEqual(ann.get("/messages?pageSize=x").status_code, 400)
            self.assertEqual(nobody.get("/messages").status_code, 401)
            for body in (b"{", b"\xff", b"[]", b"{}", b'{"nids":"\\ud800"}', b"7"):
                self.assertEqual(ann.post("/read", body, "application/json").status_code, 400, body)
            inbox.send_account_message(reader_id="ann", message_type="m", user_id="mallory", username="<b>the boss",
                                       content="<script>")
            self.assertIn("<bdi>&lt;b&gt;the boss</bdi> <bdi><code>mallory</code></bdi>: <bdi>&lt;script&gt;</bdi>",
                          ann.get("/").content.decode())


if __name__ == "__main__":
    unittest.main()
