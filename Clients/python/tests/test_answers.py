"""Whatever valid JSON a program answers, nothing is ended, nothing is repeated, and no other call fails."""

import asyncio
import json
import logging
import unittest

import support
from tidings import HugeNumber, IncompatibleProgramError, Tidings, TidingsError, UnreadableAnswerError, sync

SECRET = "what ann wrote to bob"


class Records(logging.Handler):
    def __init__(self):
        super().__init__()
        self.text = ""

    def emit(self, record):
        self.text += record.getMessage() + "\n"


class AnswerTests(support.Case):
    def setUp(self):
        super().setUp()
        self.log = Records()
        logger = logging.getLogger("tidings")
        logger.addHandler(self.log)
        self.addCleanup(logger.removeHandler, self.log)

    def starts(self):
        return len((self.folder / "starts").read_text())

    def session(self, body, work, **options):
        async def whole():
            async with Tidings.start(program=self.fake(body), **options) as inbox:
                return await work(inbox)

        return self.run_async(whole())

    # Answers each call with the JSON text of its parameter `text`, as the rest of the line, beside another's.
    ECHO = """
        greet()
        while True:
            one, other = asked(), asked()
            write('{"jsonrpc":"2.0","id":%d%s}\\n{"jsonrpc":"2.0","id":%d,"result":"other"}'
                  % (one["id"], one["params"]["text"] % {"deep": "[" * 200_000 + "]" * 200_000}, other["id"]))
    """

    def ask(self, *texts):
        async def work(inbox):
            outcomes = []
            for text in texts:
                one, other = await asyncio.gather(
                    inbox.call("one", {"text": text}), inbox.call("other"), return_exceptions=True)
                self.assertEqual(other, "other", text)
                outcomes.append(one)
            return outcomes

        outcomes = self.session(self.ECHO, work)
        self.assertEqual(self.starts(), 1)
        self.assertNotIn(SECRET, self.log.text)
        for one in outcomes:
            if isinstance(one, Exception):
                self.assertNotIn(SECRET, str(one))
        return outcomes

    def test_results(self):
        long = "9" * 5000
        huge, infinite, lone, nothing = self.ask(
            f',"result":{{"n":{long},"x":"{SECRET}"}}', ',"result":[1e400,-1e400]',
            r',"result":"\ud800 \udbff"', "")
        self.assertEqual(huge, {"n": long, "x": SECRET})
        self.assertIsInstance(huge["n"], HugeNumber)
        self.assertEqual(infinite, ["1e400", "-1e400"])
        self.assertEqual(lone, "\ufffd \ufffd")
        self.assertIsInstance(nothing, TidingsError)

    def test_one_that_python_cannot_hold_fails_its_call_alone(self):
        deep, _ = self.ask(f',"result":["{SECRET}",%(deep)s]', ',"result":1')
        self.assertIsInstance(deep, UnreadableAnswerError)
        self.assertEqual((deep.kind, deep.code, deep.retryable), ("unreadable_answer", 0, False))

    def test_errors_of_any_form(self):
        long = "9" * 5000
        for error in self.ask(
            f',"error":"{SECRET}"', f',"error":["{SECRET}"]', f',"error":{{"message":["{SECRET}"],"code":"{SECRET}"}}',
            f',"error":{{"message":"m","code":{long},"data":{{"kind":{long},"details":[]}}}}',
            ',"error":{"message":"m","code":1e400,"data":{"kind":["a"],"retryable":1}}', ',"error":null',
        ):
            self.assertIsInstance(error, TidingsError)
            self.assertEqual((type(error.code), error.retryable), (int, False))

    def test_notifications_of_any_form(self):
        async def work(inbox):
            return await inbox.call("m")

        self.assertEqual(self.session("""
            greet()
            for params in ("9" * 5000, "1e400", '"\\\\ud800"', "[" * 200_000 + "]" * 200_000, "null"):
                write('{"jsonrpc":"2.0","method":"$/progress","params":%s}' % params)
                write('{"params":{"token":%s},"method":"$/progress"}' % params)
            one = asked()
            write('{"jsonrpc":"2.0","id":%s,"result":1}' % ("9" * 5000))
            write('{"jsonrpc":"2.0","id":1e400,"result":1}')
            answer(one["id"], result=7)
            asked()
        """, work), 7)
        self.assertEqual(self.starts(), 1)

    def test_a_send_repeated_after_a_death_whose_answer_is_odd(self):
        async def work(inbox):
            return [await inbox.send_team_message(team_id="t", user_id="u", message_type="m") for _ in range(4)]

        self.assertEqual([one["messages"] for one in self.session("""
            greet()
            if count % 2 == 0:
                asked()
                die()
            answer(asked()["id"], result={"messages": [None, 5, "text", [None]][count // 2]})
        """, work)], [None, 5, "text", [None]])

    def test_limits_of_any_form(self):
        async def work(inbox):
            return await inbox.call("m", {"data": {}})

        self.assertEqual(self.session("greet(depth='7', request_bytes=None); answer(asked()['id'], result=1); asked()",
                                      work), 1)

    def test_what_is_no_protocol_is_not_repeated(self):
        async def work(inbox):
            with self.assertRaises(IncompatibleProgramError) as caught:
                await inbox.call("m")
            return str(caught.exception)

        for line in (f"{SECRET}", f'["{SECRET}"]', f'{{"id":null,"error":{{"message":"{SECRET}"}}}}',
                     f'{{"id":1,"method":"{SECRET}"}}'):
            said = self.session(f"greet(); asked(); write({line!r}); asked()", work, restarts=0)
            self.assertNotIn(SECRET, said + self.log.text)

    def test_a_log_of_any_form(self):
        async def work():
            async with Tidings.start(program=self.fake("""
                long = "9" * 5000
                lines = ["[" * 8_000, '{"level":"error","message":"forged\\\\nINFO line\\\\u001b[2J","path":"a\\\\u202eb"}',
                         '{"level":"info","message":' + long + "}", '{"level":["info"],"message":1}', "raw \\x1b[2J"]
                print("\\n".join(lines), file=sys.stderr, flush=True)
                greet(); asked()
            """)):
                while "raw" not in self.log.text:
                    await asyncio.sleep(0.01)

        self.run_async(work())
        lines = self.log.text.splitlines()
        self.assertEqual(lines[1], "forged INFO line\ufffd[2J path=a\ufffdb")
        self.assertEqual(lines[4], "raw \ufffd[2J")
        self.assertEqual(len(lines), 5)


    def test_the_lines_of_the_client_say_of_what_they_speak(self):
        async def work(inbox):
            return await inbox.call("m")

        self.assertEqual(self.session("""
            greet()
            one = asked()
            if count == 0:
                die()
            if count == 1:
                write("garbage")
            answer(one["id"], result=1)
            asked()
        """, work), 1)
        for line in self.log.text.splitlines():
            self.assertRegex(line, "^the program /.*/fake ")
        self.assertRegex(self.log.text, "fake was ended by signal 9; it is started again with 1 calls in flight")
        self.assertRegex(self.log.text, "process [0-9]+. wrote what is no JSON: a line of 7 bytes")


class RealTests(support.Case):
    def test_what_a_sender_puts_into_data_stops_no_reader(self):
        # As another host may write it, in another language: the program keeps `data` to the byte.
        texts = ['{"n":' + "7" * 1000 + "}", '{"n":1e400}', '{"n":-1e999}',
                 '{"a":' * 100 + "1" + "}" * 100, '{"s":"\\ud83d\\ude00\\u0000\\u2028\\r"}']
        with sync.Tidings.start(store="memory:", **self.options) as inbox:
            first = inbox.pid
            for text in texts:
                inbox._requests.call, genuine = raw_call(inbox._requests.call, text), inbox._requests.call
                try:
                    inbox.send_team_message(team_id="t", user_id="u", message_type="m", data={"here": 1})
                finally:
                    inbox._requests.call = genuine
            page = inbox.get_team_message(team_id="t", user_id="v", order="oldest")
            self.assertEqual(page["total"], len(texts))
            data = [message["data"] for message in page["data"]]
            self.assertEqual(data[1:3], [{"n": "1e400"}, {"n": "-1e999"}])
            self.assertEqual(data[0], {"n": int("7" * 1000)})
            self.assertEqual(data[4], {"s": "\U0001f600\x00\u2028\r"})
            json.dumps(page, allow_nan=False).encode()
            self.assertEqual(inbox.pid, first)


def raw_call(make, data):
    """Has a request carry `data` as this text."""

    def call(*arguments):
        made = make(*arguments)
        made.line = made.line.replace(b'{"here":1}', data.encode())
        return made

    return call


if __name__ == "__main__":
    unittest.main()
