"""The options that `start` takes, and its words about others."""

import asyncio
import builtins
import concurrent.futures
import datetime
import decimal
import json
import os
import subprocess
import sys
import unittest
import uuid
from pathlib import Path, PurePosixPath

import pydantic

import support
import tidings
from tidings import Tidings, sync
from tidings._program import Program, store_url


class StoreTests(support.Case):
    def test_paths(self):
        here = os.getcwd()
        table = [
            (Path("/x/inbox.db"), "sqlite:/x/inbox.db"),
            (Path("inbox.db"), f"sqlite:{here}/inbox.db"),
            (PurePosixPath("a/../b.db"), f"sqlite:{here}/b.db"),
            (Path("~/inbox.db"), f"sqlite:{os.path.expanduser('~')}/inbox.db"),
            (Path(os.fsdecode(b"/caf\xe9.db")), "sqlite:" + os.fsdecode(b"/caf\xe9.db")),
            # Text is the program's to judge.
            ("sqlite:rel.db", "sqlite:rel.db"),
            ("inbox.db", "inbox.db"),
        ]
        for store, url in table:
            with self.subTest(store):
                self.assertEqual(store_url(store), url)
                self.assertEqual(Program(store=store, program=support.program()).env["TIDINGS_STORE"], url)

    def test_what_is_no_store(self):
        for store, error in (("", ValueError), ("sqlite:a\0.db", ValueError), (7, TypeError), (b"sqlite:x", TypeError)):
            for start in (Tidings.start, sync.Tidings.start):
                with self.subTest(store), self.assertRaisesRegex(error, "^store is"):
                    start(store=store, program=support.program())

    def test_a_path_stays_the_same_file_wherever_the_host_goes(self):
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.chdir(self.folder)
        (self.folder / "elsewhere").mkdir()
        with sync.Tidings.start(store=Path("inbox.db"), **self.options) as inbox:
            inbox.send_team_message(team_id="t", user_id="u", message_type="m")
            os.chdir("elsewhere")
            os.kill(inbox.pid, 9)
            self.assertEqual(inbox.get_team_message(team_id="t", user_id="v")["total"], 1)
        self.assertTrue((self.folder / "inbox.db").exists())
        self.assertEqual(os.listdir(self.folder / "elsewhere"), [])

    def test_text_that_is_named_from_the_hosts_folder_stays_the_same_file_too(self):
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()

        async def asyncio_too():
            os.chdir(self.folder)
            async with Tidings.start(store="sqlite:inbox.db", **self.options) as inbox:
                os.chdir(elsewhere)
                os.kill(inbox.pid, 9)
                return (await inbox.get_team_message(team_id="t", user_id="v"))["total"]

        os.chdir(self.folder)
        with sync.Tidings.start(store="sqlite:inbox.db", **self.options) as inbox:
            inbox.send_team_message(team_id="t", user_id="u", message_type="m")
            os.chdir(elsewhere)
            os.kill(inbox.pid, 9)
            self.assertEqual(inbox.get_team_message(team_id="t", user_id="v")["total"], 1)
        self.assertEqual(self.run_async(asyncio_too()), 1)
        self.assertEqual(os.listdir(elsewhere), [])

    def test_a_folder_that_is_gone_is_not_needed(self):
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        first = self.folder / "first"
        first.mkdir()
        os.chdir(first)
        with sync.Tidings.start(store=self.store, **self.options) as inbox:
            os.chdir(before)
            first.rmdir()
            os.kill(inbox.pid, 9)
            self.assertEqual(inbox.ping(), {})

    def test_an_error_speaks_of_the_option(self):
        for store in ("nonsense:x", "inbox.db", "postgres://localhost/x", "sqlite:"):
            with self.subTest(store), self.assertRaises(tidings.ProcessDiedError) as caught:
                sync.Tidings.start(store=store, **self.options)
            said = str(caught.exception) + caught.exception.details["last_words"]
            self.assertIn("store", said)
            self.assertNotIn("TIDINGS_STORE", said)
            self.assertFalse(caught.exception.retryable)
        # Who gave it in the environment is told of that.
        with self.assertRaisesRegex(tidings.ProcessDiedError, "TIDINGS_STORE"):
            sync.Tidings.start(env={**os.environ, "TIDINGS_STORE": "nonsense:x"}, **self.options)


class OptionTests(support.Case):
    def test_a_misspelt_option_is_refused(self):
        for start in (Tidings.start, sync.Tidings.start):
            for name in ("Store", "stor", "user", "readonly"):
                with self.subTest(name), self.assertRaisesRegex(TypeError, name):
                    start(program=support.program(), **{name: "memory:"})

    def test_what_is_no_value(self):
        for options, error, said in (({"arguments": "--read-only"}, TypeError, "arguments"),
                                     ({"timeout": -1}, ValueError, "timeout"),
                                     ({"timeout": float("nan")}, ValueError, "timeout"),
                                     ({"timeout": "soon"}, ValueError, "soon")):
            for start in (Tidings.start, sync.Tidings.start):
                with self.subTest(options), self.assertRaisesRegex(error, said):
                    start(store="memory:", program=support.program(), **options)

    def test_a_timeout_may_be_the_text_of_a_query(self):
        with sync.Tidings.start(program=self.fake("""
            greet()
            while True:
                one = asked()
                answer(one["id"], result=one["params"])
        """), timeout="30") as inbox:
            self.assertEqual(inbox.call("m")["_meta"], {"timeout_ms": 30_000})
            self.assertEqual(inbox.ping(timeout="2.5")["_meta"], {"timeout_ms": 2500})
            # For the program to refuse.
            for wait in ("9" * 400, "9" * 5000, "x"):
                self.assertEqual(inbox.get_changes(user_id="u", wait_ms=wait)["wait_ms"], wait)


class ValueTests(support.Case):
    VALUES = {"id": uuid.UUID(int=7), "at": datetime.datetime(2020, 1, 2), "sum": decimal.Decimal("1.50")}
    TEXTS = {"id": str(uuid.UUID(int=7)), "at": "2020-01-02 00:00:00", "sum": "1.50"}

    def test_values_without_a_form_in_json(self):
        async def work():
            async with Tidings.start(store="memory:", default=str, **self.options) as inbox:
                sent = await inbox.send_team_message(team_id="t", user_id="u", message_type="m", data=self.VALUES)
                message = await inbox.get_message(team_id="t", user_id="v", nid=sent["nid"])
                self.assertEqual(message["data"], self.TEXTS)

        self.run_async(work())
        params = {"team_id": "t", "user_id": "u", "message_type": "m"}
        with sync.Tidings.start(store="memory:", **self.options) as inbox:
            with self.assertRaisesRegex(TypeError, r"^/data/at: a datetime .*default=str"):
                inbox.send_team_message(**params, data={"at": self.VALUES["at"]})
            sent = inbox.call("send_team_message", {**params, "data": self.VALUES}, default=str)
            self.assertEqual(inbox.get_message(team_id="t", user_id="v", nid=sent["nid"])["data"], self.TEXTS)
            page = inbox.get_team_message(team_id="t", user_id="v")
            self.assertEqual(page["total"], 1)


class NameTests(support.Case):
    def test_everything_from_the_package_hides_nothing_of_pythons_own(self):
        names = {}
        exec("from tidings import *", names)
        for module in (builtins, asyncio, concurrent.futures, json):
            public = {name for name in getattr(module, "__all__", dir(module)) if not name.startswith("_")}
            self.assertEqual(set(names) & public, set(), module)
        self.assertNotIn("TypedDict", names)
        self.assertIn("Tidings", names)
        for name in set(tidings.__all__):
            self.assertTrue(hasattr(tidings, name))
        self.assertTrue(issubclass(tidings.CancelledError, tidings.TidingsError))

    def test_a_forgotten_await_is_told(self):
        starting = Tidings.start(store="memory:", **self.options)
        with self.assertRaisesRegex(AttributeError, "no ping before .* `inbox = await Tidings.start"):
            starting.ping()
        with self.assertRaisesRegex(TypeError, "`async with Tidings.start"):
            with starting:
                pass
        self.assertFalse(hasattr(starting, "close"))


class PydanticTests(support.Case):
    def test_models_of_every_type(self):
        for name in tidings.types.__all__:
            with self.subTest(name):
                pydantic.TypeAdapter(getattr(tidings, name)).json_schema()
        with sync.Tidings.start(store="memory:", **self.options) as inbox:
            sent = inbox.send_team_message(team_id="t", user_id="u", message_type="m", data={"a": [1]})
            self.assertEqual(pydantic.TypeAdapter(tidings.Sent).validate_python(sent), sent)
            page = inbox.get_team_message(team_id="t", user_id="v")
            self.assertEqual(pydantic.TypeAdapter(tidings.Page).validate_python(page), page)
            status = inbox.get_status()
            self.assertEqual(pydantic.TypeAdapter(tidings.StatusResult).validate_python(status), status)
        with self.assertRaises(pydantic.ValidationError):
            pydantic.TypeAdapter(tidings.Sent).validate_python({"nid": 1})

    def test_nothing_else_need_be_installed(self):
        script = """
import sys
sys.modules["typing_extensions"] = None
import tidings
print(sorted(tidings.Message.__required_keys__)[0], tidings.Message.__total__)
"""
        run = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "PYTHONPATH": str(support.CLIENT)}, check=True)
        self.assertEqual(run.stdout, "archived True\n")


class GeventTests(support.Case):
    SCRIPT = """
from gevent import monkey
monkey.patch_all()
import json, logging, os, signal, sys
import gevent
logging.basicConfig(stream=sys.stdout, format="LOG %(message)s", level=logging.INFO)
import tidings
from tidings.sync import Tidings

with Tidings.start(store=sys.argv[1]) as inbox:
    def send(n):
        return inbox.send_team_message(team_id="t", user_id="u", message_type="m", content=str(n))["nid"]
    sent = [one.get() for one in [gevent.spawn(send, n) for n in range(20)]]
    os.kill(inbox.pid, signal.SIGKILL)
    sent += [one.get() for one in [gevent.spawn(send, n) for n in range(20)]]
    ticks = 0
    with inbox.changes(user_id="v", team_id="t", idle=0.02) as changes:
        other = gevent.spawn(lambda: [gevent.sleep(0.001) for _ in range(20)])
        while next(changes) is not None or ticks < 2:
            ticks += 1
        other.get()
        waiting = gevent.spawn(lambda: list(inbox.changes(user_id="w")))
        closed = inbox.changes(user_id="x")
        leaving = gevent.spawn(lambda: list(closed))
        gevent.sleep(0.05)
        closed.close()
        assert leaving.get() == []
        waiting.kill()
    print("TOTAL", inbox.get_team_message(team_id="t", user_id="v")["total"], len(set(sent)))
try:
    Tidings.start(store="sqlite:/no/such/folder/x.db")
except tidings.ProcessDiedError as error:
    print("WORDS", error.details)
"""

    def test_under_gevent(self):
        run = subprocess.run([sys.executable, "-c", self.SCRIPT, self.store], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, timeout=support.DEADLINE,
                             env={**os.environ, "PYTHONPATH": str(support.CLIENT), "TIDINGS_BIN": support.program()})
        self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)
        self.assertIn("TOTAL 40 40", run.stdout)
        self.assertRegex(run.stdout, "WORDS .*'status': 69.*/no/such/folder")
        self.assertRegex(run.stdout, "LOG messages are kept in a file")
        self.assertRegex(run.stdout, "LOG tidings: the folder of the database")


if __name__ == "__main__":
    unittest.main()
