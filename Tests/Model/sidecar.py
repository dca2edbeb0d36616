"""The sidecar as its host sees it: a process, lines in and lines out."""

import json
import os
import queue
import shlex
import shutil
import subprocess
import threading

from model import RawJSON

DEFAULT_PROGRAM = os.path.join(os.path.dirname(__file__), "..", "..", ".build", "release", "tidings")
PATIENCE = 120  # seconds without any line, after which the sidecar counts as hung


class Silent(Exception):
    """The sidecar ended, said nothing for too long, or nothing that is an answer."""


class Sidecar:
    """One running `tidings serve`. Lines are read on a thread of their own, so that neither side ever
    waits for the other with both pipes full."""

    def __init__(self, store, log):
        program = shlex.split(os.environ.get("TIDINGS_BIN") or os.path.abspath(DEFAULT_PROGRAM))
        if not shutil.which(program[0]):
            raise Silent("there is no program at %s: build it first (make build), or name it in "
                         "TIDINGS_BIN" % program[0])
        self.process = subprocess.Popen(
            program + ["serve", "--store", store], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=log)
        self.lines = queue.SimpleQueue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                self.lines.put(line)
            # A line without its end was cut off by the death of the process: no answer.
        self.lines.put(None)

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self):
        """The next answers, as (decoded, its line): one, or those of a batch."""
        try:
            line = self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise Silent("no answer for %d seconds" % PATIENCE) from None
        if line is None:
            raise Silent("the sidecar ended with status %s" % self.process.wait())
        text = line.decode("utf-8")
        return [(item, text) for item in items(text)]

    def collect(self, ids):
        """The answers to these ids, in any order of arrival: {id: (answer, line)}."""
        waiting, answers = set(ids), {}
        while waiting:
            for answer, line in self.read():
                if answer.get("id") not in waiting:
                    raise Silent("an answer that nobody waits for: %s" % line[:500])
                waiting.remove(answer["id"])
                answers[answer["id"]] = (answer, line)
        return answers

    def kill(self):
        """kill -9. Returns the answers that were on their way."""
        self.process.kill()
        self.process.wait()
        self.reader.join()
        answers = []
        while True:
            line = self.lines.get()
            if line is None:
                break
            text = line.decode("utf-8")
            answers += [(item, text) for item in items(text)]
        self._close_pipes()
        return {answer["id"]: (answer, line) for answer, line in answers}

    def end(self):
        """Closes its input, as a host does, and returns its exit status."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            status = self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.reader.join()
        self._close_pipes()
        return status

    def _close_pipes(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.stdout.close()


def items(text):
    """The answers on one line."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    answers = value if isinstance(value, list) else [value]
    if not all(isinstance(answer, dict) for answer in answers):
        raise Silent("no answer but a line of something else: %s" % text[:500])
    return answers


def encode(value, ascii_only=False):
    """JSON on one line. A RawJSON is written as it is."""
    raws = []

    def mark(item):
        if isinstance(item, RawJSON):
            raws.append(item)
            return "\ue000%d\ue001" % (len(raws) - 1)
        if isinstance(item, dict):
            return {name: mark(member) for name, member in item.items()}
        if isinstance(item, list):
            return [mark(member) for member in item]
        return item

    text = json.dumps(mark(value), ensure_ascii=ascii_only, separators=(",", ":"))
    for place, raw in enumerate(raws):
        token = json.dumps("\ue000%d\ue001" % place, ensure_ascii=ascii_only)
        text = text.replace(token, raw)
    return text
