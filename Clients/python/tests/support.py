"""The things that tests share: the program, an empty store, and children that misbehave on purpose."""

import asyncio
import os
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

CLIENT = Path(__file__).resolve().parents[1]
ROOT = CLIENT.parents[1]
sys.path.insert(0, str(CLIENT))
sys.path.append(str(ROOT / "Tests/Transcripts"))  # For its replayer.

# Seconds until a test gives up. Long, because it only bounds what is broken: no test passes by it.
DEADLINE = 120.0


def program():
    """The program under test: $TIDINGS_BIN, or what `make build` leaves."""
    path = os.path.abspath(os.environ.get("TIDINGS_BIN") or ROOT / ".build/release/tidings")
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"no program at {path}: run `make build`, or set TIDINGS_BIN")
    return path


def alive(pid):
    """Returns whether a process runs: one that ended and isn't waited for yet doesn't."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(b")")[2].split()[0] != b"Z"


class Case(unittest.TestCase):
    """A test with a folder of its own, and with programs written in Python."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidings-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = f"sqlite:{self.folder}/tidings.db"

    @property
    def options(self):
        """The options that start the real program."""
        return {"program": program(), "log_level": "warning"}

    def fake(self, body):
        """The path of a program. In `body`, `asked()` reads a request, `greet()` answers the first one,
        `answer(id, **members)` writes, and `count` says how often the program was started before."""
        path = self.folder / "fake"
        path.write_text(f"#!{sys.executable}\n" + FAKE + textwrap.dedent(body))
        path.chmod(0o755)
        return str(path)

    def run_async(self, work):
        """Runs a coroutine, for at most DEADLINE."""

        async def bounded():
            return await asyncio.wait_for(work, DEADLINE)

        return asyncio.run(bounded())


FAKE = '''
import json, os, signal, sys, time

starts = os.path.join(os.path.dirname(os.path.abspath(__file__)), "starts")
with open(starts, "a+") as file:
    file.seek(0)
    count = len(file.read())
    file.write(".")

def asked():
    line = sys.stdin.buffer.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)

def write(text):
    sys.stdout.buffer.write(text.encode() + b"\\n")
    sys.stdout.buffer.flush()

def answer(id, **members):
    write(json.dumps({"jsonrpc": "2.0", "id": id, **members}))

def greet(version="0.1.0", **limits):
    answer(asked()["id"], result={"version": version, "limits": limits})

def die():
    os.kill(os.getpid(), signal.SIGKILL)

'''
