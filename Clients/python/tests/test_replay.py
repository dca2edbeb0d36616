"""Every transcript, over the client's transport and again by the client's calls.

TIDINGS_TEST_STORES may name more stores, separated by white space; {unique} in a URL is replaced by
a new word for each transcript, since each needs an empty store.
"""

import json
import os
import unittest

import support
import replay  # noqa: I001  (support makes it importable)
from conversation import Conversation
from tidings import Tidings, TidingsError

TRANSCRIPTS = sorted((support.ROOT / "Schemas/transcripts").glob("*.jsonl"))


def stores():
    yield "memory", "memory:"
    yield "sqlite", "sqlite:{folder}/tidings.db"
    for number, url in enumerate(os.environ.get("TIDINGS_TEST_STORES", "").split()):
        yield f"store_{number}_{url.split(':')[0]}", url


class TransportTests(support.Case):
    """One test for each transcript and store, made below."""


class CallTests(support.Case):
    """The same by the client's calls, for those that are nothing but requests and answers."""


def add_tests():
    def add(path, name, url):
        def over_the_transport(self):
            conversation = Conversation(replay.fresh(url.replace("{folder}", str(self.folder))))
            try:
                replay.replay(replay.load(path), conversation)
            finally:
                conversation.stop()

        def by_calls(self):
            self.run_async(play(self, path, replay.fresh(url.replace("{folder}", str(self.folder)))))

        setattr(TransportTests, f"test_{path.stem}_on_{name}", over_the_transport)
        setattr(CallTests, f"test_{path.stem}_on_{name}", by_calls)

    for path in TRANSCRIPTS:
        for name, url in stores():
            add(path, name, url)


async def play(case, path, store):
    """Each request followed by its answer goes through `call`; the rest of a transcript is about the
    wire, and ends the test there."""
    bindings = replay.Bindings()
    steps = [step for step in replay.load(path) if step[1] not in ("comment", "contains")]
    made = 0
    async with Tidings.start(store=store, **case.options) as inbox:
        for (number, kind, request), (_, then, pattern) in zip(steps[::2], steps[1::2]):
            if (kind, then) != ("send", "expect") or not isinstance(request, dict) or "id" not in request:
                break
            if not isinstance(request.get("params", {}), dict) or request.get("jsonrpc") != "2.0":
                break
            if request["method"] in ("initialize", "shutdown") or "$" in request["method"]:
                break
            request = bindings.fill(request)
            try:
                answer = {"result": await inbox.call(request["method"], request.get("params"))}
            except TidingsError as error:
                answer = {"error": {"code": error.code, "message": error.message, "data": {
                    "kind": error.kind, "retryable": error.retryable, "details": error.details}}}
            except (TypeError, ValueError):
                break  # Refused by the client before the program could.
            answer = {"jsonrpc": "2.0", "id": request["id"], **answer}
            try:
                replay.match(pattern, answer, bindings)
            except replay.Mismatch as error:
                raise AssertionError(f"{path.name}, line {number}: {error}\n{json.dumps(answer)}") from None
            made += 1
    if not made:
        case.skipTest("about the wire alone")


add_tests()

if __name__ == "__main__":
    unittest.main()
