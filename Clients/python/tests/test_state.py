"""The plain values: calls in flight, supervision, errors, the log's lines, the program's place."""

import copy
import logging
import os
import pickle
import unittest
from pathlib import Path

import support
import tidings
from tidings._calls import Call, Calls
from tidings._engine import _compatible
from tidings._errors import error_from
from tidings._options import allowed
from tidings._program import Program, find_program
from tidings._stderr import record
from tidings._supervision import Supervision


class Waiting:
    """A caller that waits for one answer."""

    def __init__(self):
        self.settled = []

    def done(self):
        return bool(self.settled)

    def set_result(self, result):
        self.settled.append(result)

    def set_exception(self, exception):
        self.settled.append(exception)


def call(id, keyed=False):
    return Call(id, b"%d\n" % id, Waiting(), keyed)


class CallsTests(unittest.TestCase):
    def setUp(self):
        self.calls = Calls()
        self.made = [call(id) for id in (1, 2, 3)]
        for one in self.made:
            self.calls.add(one)

    def settled(self):
        return [one.waiting.settled for one in self.made]

    def test_each_is_written_once(self):
        self.assertEqual(self.calls.take_unsent(), b"1\n2\n3\n")
        self.assertEqual(self.calls.take_unsent(), b"")

    def test_answers_come_in_any_order_and_count_once(self):
        self.calls.take_unsent()
        self.assertTrue(self.calls.answer(3, {"result": "c"}))
        self.assertTrue(self.calls.answer(1, {"result": None}))
        self.assertFalse(self.calls.answer(3, {"result": "again"}))
        self.assertFalse(self.calls.answer("2", {"result": "text is no number"}))
        self.assertFalse(self.calls.answer(2.0, {"result": "nor is a fraction"}))
        self.assertFalse(self.calls.answer(True, {"result": "nor is a truth"}))
        self.assertFalse(self.calls.answer(None, {"result": "nor is nothing"}))
        self.assertEqual(self.settled(), [[None], [], ["c"]])
        self.assertEqual(len(self.calls), 1)

    def test_an_error_is_raised_by_its_kind(self):
        self.calls.answer(1, {"error": {"code": 2001, "message": "gone", "data": {"kind": "not_found"}}})
        self.assertIsInstance(self.made[0].waiting.settled[0], tidings.NotFoundError)

    def test_a_death_makes_all_unsent_again_in_order(self):
        self.calls.take_unsent()
        self.calls.answer(2, {"result": 0})
        self.calls.add(call(4))
        self.assertEqual(self.calls.child_died(), [])
        self.assertEqual(self.calls.take_unsent(), b"1\n3\n4\n")

    def test_suspects_are_sent_alone_and_the_guilty_one_is_taken_out(self):
        for _ in range(Calls.SUSPECT):
            self.assertEqual(self.calls.take_unsent(), b"1\n2\n3\n")
            self.assertEqual(self.calls.child_died(), [])
        young = call(9)
        self.calls.add(young)
        self.assertEqual(self.calls.take_unsent(), b"1\n")
        self.assertEqual(self.calls.take_unsent(), b"")
        self.calls.answer(1, {"result": 0})
        for _ in range(Calls.SUSPECT, Calls.DEATHS):
            self.assertEqual(self.calls.take_unsent(), b"2\n")
            self.assertEqual(self.calls.take_unsent(), b"")
            lost = self.calls.child_died()
        self.assertEqual(lost, [self.made[1]])
        self.assertEqual(self.calls.take_unsent(), b"3\n")
        self.assertTrue(self.calls.unsent)
        self.assertIn(b"cancel", self.calls.take_back(3))
        self.assertEqual(self.calls.take_unsent(), b"9\n")
        self.assertFalse(self.calls.unsent)

    def test_a_patient_call_holds_up_nobody(self):
        self.made[0].patient = True
        for _ in range(Calls.SUSPECT):
            self.calls.take_unsent()
            self.calls.child_died()
        self.assertEqual(self.calls.take_unsent(), b"2\n")
        self.calls.answer(2, {"result": 0})
        self.assertEqual(self.calls.take_unsent(), b"3\n")
        self.calls.answer(3, {"result": 0})
        for _ in range(Calls.SUSPECT, Calls.PATIENT_DEATHS):
            self.assertEqual(self.calls.take_unsent(), b"1\n")
            lost = self.calls.child_died()
        self.assertEqual(lost, [self.made[0]])

    def test_a_suspect_that_is_taken_back_is_not_sent(self):
        for _ in range(Calls.SUSPECT):
            self.calls.take_unsent()
            self.calls.child_died()
        self.assertEqual(self.calls.take_back(1), b"")
        self.assertEqual(self.calls.take_unsent(), b"2\n")

    def test_a_call_that_was_not_written_saw_no_death(self):
        for _ in range(10 * Calls.DEATHS):
            self.assertEqual(self.calls.child_died(), [])
        self.assertEqual(self.calls.take_unsent(), b"1\n2\n3\n")

    def test_taking_back(self):
        self.assertEqual(self.calls.take_back(2), b"")  # Not written: nothing to say.
        self.assertEqual(self.calls.take_unsent(), b"1\n3\n")
        self.assertIn(b'"$/cancelRequest","params":{"id":3}', self.calls.take_back(3))
        self.assertEqual(self.calls.take_back(3), b"")
        self.assertFalse(self.calls.answer(3, {"result": "too late"}))
        self.calls.child_died()
        self.assertEqual(self.calls.take_unsent(), b"1\n")

    def test_a_message_found_again_is_no_duplicate_of_its_own_call(self):
        for keyed, deaths, duplicate in ((True, 1, False), (True, 0, True), (False, 1, True)):
            with self.subTest(keyed=keyed, deaths=deaths):
                one, calls = call(1, keyed), Calls()
                calls.add(one)
                for _ in range(deaths):
                    calls.take_unsent()
                    calls.child_died()
                calls.answer(1, {"result": {"duplicate": True, "messages": [{"duplicate": True}]}})
                self.assertEqual(one.waiting.settled,
                                 [{"duplicate": duplicate, "messages": [{"duplicate": duplicate}]}])

    def test_failing_all_settles_each_with_an_error_of_its_own(self):
        self.calls.fail_all(lambda: tidings.ClosedError("closed"))
        errors = [settled[0] for settled in self.settled()]
        self.assertEqual([type(error) for error in errors], [tidings.ClosedError] * 3)
        self.assertEqual(len(set(map(id, errors))), 3)
        self.assertEqual((len(self.calls), self.calls.take_unsent()), (0, b""))


class TimeoutTests(unittest.TestCase):
    def test_the_default_comes_on_top_of_a_wait(self):
        for timeout, default, params, expected in (
            (None, None, {"wait_ms": 9_000}, None), (5, None, {"wait_ms": 9_000}, 5), (5, 1, {}, 5),
            (None, 1, {}, 1), (None, 1, {"wait_ms": 9_000}, 10), (None, 1, {"wait_ms": "9000"}, 10),
            (None, 1, {"wait_ms": "soon"}, 1), (None, 1, {"wait_ms": None}, 1),
        ):
            with self.subTest(timeout=timeout, default=default, params=params):
                self.assertEqual(allowed(timeout, default, params), expected)


class SupervisionTests(unittest.TestCase):
    def test_backoff(self):
        supervision = Supervision(restarts=6, delay=0.05, longest=0.3)
        self.assertEqual([supervision.died() for _ in range(8)],
                         [0.0, 0.05, 0.1, 0.2, 0.3, 0.3, None, None])

    def test_an_answer_begins_anew(self):
        supervision = Supervision(restarts=2)
        for _ in range(10):
            self.assertEqual(supervision.died(), 0.0)
            supervision.answered()

    def test_none_at_all(self):
        self.assertIsNone(Supervision(restarts=0).died())


class ErrorsTests(unittest.TestCase):
    def test_every_kind_of_the_contract_has_its_class(self):
        import json
        contract = json.loads((support.ROOT / "Schemas/openrpc.json").read_text())
        for kind, error in contract["components"]["errors"].items():
            with self.subTest(kind):
                made = error_from({"code": error["code"], "message": "m", "data": {
                    "kind": kind, "retryable": True, "details": {"pointer": "/a"}}})
                self.assertIsNot(type(made), tidings.TidingsError)
                self.assertIsInstance(made, tidings.TidingsError)
                self.assertEqual((made.kind, made.code, made.retryable, made.pointer, made.message),
                                 (kind, error["code"], True, "/a", "m"))
                self.assertEqual((type(made).kind, type(made).code), (kind, error["code"]))

    def test_what_no_one_knows_yet(self):
        new = error_from({"code": 7, "message": "m", "data": {"kind": "new"}})
        self.assertEqual((type(new), new.kind, new.code), (tidings.TidingsError, "new", 7))
        # What has no known form is a fault of the program, here as in the client for Node.
        for error in ({"code": 7}, None, {"data": 3}, {"data": {"kind": ["a"]}}):
            with self.subTest(error):
                made = error_from(error)
                self.assertEqual((type(made), made.kind, made.retryable), (tidings.InternalError, "internal", False))

    def test_those_of_the_client_itself(self):
        own = {
            "closed": tidings.ClosedError, "forked": tidings.ForkedError,
            "incompatible_program": tidings.IncompatibleProgramError, "process_died": tidings.ProcessDiedError,
            "program_not_found": tidings.ProgramNotFoundError, "start_timeout": tidings.StartTimeoutError,
            "unreadable_answer": tidings.UnreadableAnswerError,
        }
        for kind, error in own.items():
            made = error("m")
            self.assertEqual((made.kind, made.code, made.retryable, str(made)), (kind, 0, False, f"m ({kind})"))
            self.assertIsInstance(made, tidings.TidingsError)
            self.assertIs(type(pickle.loads(pickle.dumps(made))), error)

    def test_a_deadline_is_a_timeout_too(self):
        self.assertTrue(issubclass(tidings.DeadlineExceededError, TimeoutError))

    def test_they_survive_pickling_and_copying(self):
        error = error_from({"code": -32602, "message": "m", "data": {
            "kind": "invalid_params", "retryable": False, "details": {"pointer": "/a"}}})
        for one in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            self.assertIs(type(one), tidings.InvalidParamsError)
            self.assertEqual((str(one), one.pointer), (str(error), "/a"))
        late = pickle.loads(pickle.dumps(tidings.DeadlineExceededError("m")))
        self.assertEqual(str(late), "m (deadline_exceeded)")


class RecordTests(unittest.TestCase):
    def test_lines(self):
        table = [
            (b'{"time":"t","level":"info","message":"m","path":"/a b"}', (logging.INFO, "m path=/a b")),
            (b'{"level":"notice","message":"m"}', (logging.INFO, "m")),
            (b'{"level":"critical","message":"m"}', (logging.CRITICAL, "m")),
            (b'{"level":"trace","message":"m","id":"7"}', (logging.DEBUG, "m id=7")),
            (b"Fatal error: x\r", (logging.WARNING, "Fatal error: x")),
            (b'{"level":"odd","message":"m"}', (logging.WARNING, '{"level":"odd","message":"m"}')),
            (b"[1]", (logging.WARNING, "[1]")),
            (b"\xff", (logging.WARNING, "\\xff")),
            (b"", (logging.WARNING, "")),
        ]
        for line, expected in table:
            with self.subTest(line):
                self.assertEqual(record(line), expected)


class ProgramTests(support.Case):
    def make(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
        return str(path)

    def test_the_order_in_which_it_is_looked_for(self):
        argument = self.make(self.folder / "argument")
        variable = self.make(self.folder / "variable")
        on_path = self.make(self.folder / "path/tidings")
        env = {"TIDINGS_BIN": variable, "PATH": str(self.folder / "path")}
        self.assertEqual(find_program(argument, env), argument)
        self.assertEqual(find_program(Path(argument), env), argument)
        self.assertEqual(find_program(None, env), variable)
        packaged = Path(tidings.__file__).parent / "bin/tidings"
        del env["TIDINGS_BIN"]
        self.assertEqual(find_program(None, env), str(packaged) if packaged.exists() else on_path)

    def test_an_absent_one_is_an_error_that_says_where_it_was_looked_for(self):
        env = {"PATH": str(self.folder)}
        for arguments, said in (((None, env), "PATH.*TIDINGS_BIN"),
                                (("/no/such", env), "/no/such"),
                                ((None, {**env, "TIDINGS_BIN": "/nor/this"}), "TIDINGS_BIN is /nor/this")):
            if arguments[0] is None and (Path(tidings.__file__).parent / "bin/tidings").exists():
                continue
            with self.subTest(said), self.assertRaisesRegex(tidings.ProgramNotFoundError, said):
                find_program(*arguments)

    def test_the_store_is_not_on_the_command_line(self):
        path = self.make(self.folder / "tidings")
        made = Program(store="mongodb://u:secret@host/db", program=path, env={"A": "b"})
        self.assertNotIn("secret", " ".join(made.command))
        self.assertEqual(made.env, {"A": "b", "TIDINGS_STORE": "mongodb://u:secret@host/db"})
        self.assertNotIn("TIDINGS_STORE", Program(program=path, env={}).env)
        self.assertEqual(Program(program=path).env, dict(os.environ))


class VersionTests(unittest.TestCase):
    def test_versions_that_promise_the_same(self):
        for one, other, same in (("0.1.0", "0.1.9", True), ("0.1.0", "0.2.0", False), ("1.2.0", "1.9.1", True),
                                 ("1.0.0", "2.0.0", False), ("0.1.0-dev", "0.1.0", True), ("", "0.1.0", False),
                                 ("1.0.0", "0.1.0", False)):
            with self.subTest(one=one, other=other):
                self.assertIs(_compatible(one, other), same)


if __name__ == "__main__":
    unittest.main()
