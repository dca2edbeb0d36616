"""The generated part is what the contract says; and the types hold."""

import inspect
import json
import subprocess
import sys
import unittest

from mypy import api as mypy

import support
import tidings
from tidings import sync
from tidings._methods import KEYED

CONTRACT = json.loads((support.ROOT / "Schemas/openrpc.json").read_text(encoding="utf-8"))
# An iterator, which begins and ends by itself; what ends it has no method.
SUBSCRIBE, UNSUBSCRIBE = "subscribe", "unsubscribe"
METHODS = [method for method in CONTRACT["methods"] if method["name"] != UNSUBSCRIBE]


class GeneratedTests(unittest.TestCase):
    def test_it_is_current(self):
        run = subprocess.run([sys.executable, str(support.CLIENT / "generate.py"), "--check"],
                             stderr=subprocess.PIPE, text=True)
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_every_method_takes_the_parameters_of_the_contract(self):
        for client in (tidings.Tidings, sync.Tidings):
            for method in METHODS:
                with self.subTest(method["name"], client=client):
                    function = getattr(client, method["name"].replace(".", "_"))
                    this, *parameters = inspect.signature(function).parameters.values()
                    self.assertIs(this.kind, inspect.Parameter.POSITIONAL_ONLY)
                    given = {parameter.name.rstrip("_"): parameter.default is parameter.empty
                             for parameter in parameters}
                    self.assertIs(given.pop("timeout"), False)
                    if method["name"] == SUBSCRIBE:
                        self.assertIs(given.pop("idle"), False)
                    self.assertEqual(given, {param["name"]: param.get("required", False)
                                             for param in method["params"]})
                    if method["name"] != SUBSCRIBE:
                        self.assertTrue(function.__doc__.startswith(method["summary"][:30]))
            self.assertFalse(hasattr(client, UNSUBSCRIBE))

    def test_both_clients_have_the_same_methods(self):
        def public(client):
            return {name: list(inspect.signature(value).parameters) for name, value in vars(client).items()
                    if inspect.isfunction(value) and not name.startswith("_")}

        ours, theirs = tidings.Tidings.__mro__[1], sync.Tidings.__mro__[1]
        self.assertEqual(public(ours), public(theirs))
        self.assertEqual(inspect.signature(tidings.Tidings.start).parameters.keys(),
                         inspect.signature(sync.Tidings.start).parameters.keys())


class CalledTests(unittest.TestCase):
    """The request of each method."""

    class Recorder(sync.SyncMethods):
        def _call(self, method, params, timeout):
            self.called = (method, params, timeout)

    def test_each_parameter_goes_under_its_name_on_the_wire(self):
        for method in METHODS:
            if method["name"] == SUBSCRIBE:
                continue  # Its requests are those of the feed.
            with self.subTest(method["name"]):
                recorder = self.Recorder()
                function = getattr(recorder, method["name"].replace(".", "_"))
                values = {param["name"]: f"value of {param['name']}" for param in method["params"]}
                self.assertEqual("idempotency_key" in values, method["name"] in KEYED)
                function(**{"from_" if name == "from" else name: value for name, value in values.items()})
                self.assertEqual(recorder.called, (method["name"], values, None))
                required = {param["name"]: values[param["name"]] for param in method["params"]
                            if param.get("required")}
                function(**required, timeout=7)
                self.assertEqual(recorder.called, (method["name"], required, 7))


class VersionTests(unittest.TestCase):
    def test_nothing_in_the_package_needs_more_than_python_3_9(self):
        run = subprocess.run(
            [sys.executable, "-c", "import vermin; vermin.main()", "--no-tips", "--violations", "-t=3.9-",
             str(support.CLIENT / "tidings"), str(support.CLIENT / "build_backend.py")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(run.returncode, 0, run.stdout)


class TypingTests(support.Case):
    def check(self, *arguments):
        said, errors, status = mypy.run(["--strict", "--cache-dir", str(self.folder / "cache"), *arguments])
        self.assertEqual((status, errors), (0, ""), said)

    def test_the_package_is_strict(self):
        self.check("--config-file", str(support.CLIENT / "pyproject.toml"), str(support.CLIENT / "tidings"))

    def test_a_host_sees_the_types(self):
        source = self.folder / "host.py"
        source.write_text('''
from pathlib import Path
from typing import Optional
from tidings import InvalidParamsError, Message, Page, Tidings
from tidings import sync
from tidings.sync import Tidings as SyncTidings


async def host() -> Optional[str]:
    async with Tidings.start(store="memory:") as inbox:
        page: Page = await inbox.get_team_message(team_id="t", user_id="u", self=True, view="unread")
        try:
            await inbox.join_team(team_id="t", user_id="u", from_="start")
        except InvalidParamsError as error:
            return error.pointer
        async for message in inbox.team_messages(team_id="t", user_id="u"):
            print(message["nid"], message.get("content"))
        await inbox.get_team_message(team_id=7, user_id="u")  # type: ignore[arg-type]
        await inbox.get_team_message(user_id="u")  # type: ignore[call-arg]
        query: dict[str, str] = {"pageSize": "5", "view": "unread"}
        await inbox.get_team_message(team_id="t", user_id="u", **query)
        async for change in inbox.changes(user_id="u"):
            print(change["cursor"])
        async for tick in inbox.changes(user_id="u", idle=15.0):
            print(None if tick is None else tick["cursor"])
        inbox.changes(user_id="u", idle="15")  # type: ignore[call-overload]
        async with inbox.subscribe(user_id="u", inboxes=[{"team_id": "t"}, {}]) as events:
            async for event in events:
                print(event["event"], event["unseen"], event.get("message"), events.inboxes)
        async for beat in inbox.subscribe(user_id="u", detail="counts", idle=15.0):
            print(None if beat is None else beat["count"])
        event["no_such"]  # type: ignore[typeddict-item]
        page["no_such"]  # type: ignore[typeddict-item]
        return page["next_cursor"]


def script() -> int:
    with SyncTidings.start(store=Path("inbox.db"), default=str) as inbox:
        query = {"order": "oldest", "self": "true", "timeout": "2.5"}
        inbox.get_account_message(user_id="u", **query)
        for message in inbox.team_messages(team_id="t", user_id="u", **query):
            print(message["nid"])
        with inbox.changes(user_id="u", idle=15.0) as changes:
            print([None if change is None else change["event"] for change in changes])
        messages: list[Message] = list(inbox.account_messages(user_id="u"))
        return inbox.mark_read(user_id="u", nids=[messages[0]["nid"]], timeout=3.5)["changed"]
''')
        from os import environ
        before = environ.get("MYPYPATH")
        environ["MYPYPATH"] = str(support.CLIENT)
        try:
            self.check(str(source))
        finally:
            if before is None:
                del environ["MYPYPATH"]
            else:
                environ["MYPYPATH"] = before


if __name__ == "__main__":
    unittest.main()
