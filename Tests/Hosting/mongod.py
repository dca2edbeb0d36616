"""Real mongods on loopback, which tests may kill, freeze and start again. Needs pymongo."""

import contextlib
import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlencode

import pymongo

ROOT = Path(__file__).resolve().parents[2]


def binary():
    """The mongod of the tests: $TIDINGS_MONGOD, or what .ci/mongod finds or fetches."""
    named = os.environ.get("TIDINGS_MONGOD")
    return named or subprocess.run(
        [ROOT / ".ci/mongod"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def free_port():
    """A free port that the system gives to nobody by itself: neither to a connection, while a killed server is
    away, nor to who asks for any port."""
    for _ in range(100):
        port = random.randrange(10_000, 32_768)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port on loopback")


def end_with_parent():
    """The server ends with these tests, whatever becomes of them."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Mongod:
    """One server with a folder of its own; a replica set of one member, or standalone.

    `arguments` are further ones of mongod; `client` are options that its clients need, such as those for
    TLS, in the spelling of a URI. `cache` is in GB, mongod's own choice if it is None.
    """

    def __init__(self, *arguments, replica_set=True, client=None, cache=0.25):
        self.folder = Path(tempfile.mkdtemp(prefix="tidings-mongod-"))
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.replica_set = replica_set
        self.options = dict(client or {})
        self.command = [
            binary(), "--bind_ip", "127.0.0.1", "--port", str(self.port), "--dbpath", self.folder,
            "--logpath", self.folder / "log", "--logappend", "--nounixsocket",
            *([] if cache is None else ["--wiredTigerCacheSizeGB", str(cache)]),
            "--setParameter", "diagnosticDataCollectionEnabled=false",
            *(["--replSet", "tests", "--oplogSize", "256"] if replica_set else []), *arguments]
        self.process = None
        try:
            self.start()
            if replica_set:
                self.admin({"replSetInitiate": {"_id": "tests", "members": [{"_id": 0, "host": self.host}]}})
                with pymongo.MongoClient(self.url(), **self.patience) as client:
                    client.admin.command("ping")
        except BaseException:
            self.stop()
            raise

    patience = {"serverSelectionTimeoutMS": 240_000}

    def start(self):
        """Starts the server on the data that it has; it may take a moment until it answers."""
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)

    def admin(self, command, user=None):
        """Runs a command on this server, as soon as it listens."""
        url = self.url("admin", user, replicaSet=None, directConnection="true")
        with pymongo.MongoClient(url, **self.patience) as client:
            return client.admin.command(command)

    def client(self):
        """A client of this server's."""
        return pymongo.MongoClient(self.url(""), **self.patience)

    def url(self, database="{unique}", user=None, **options):
        """A connection string; `user` is "name:password", known to the database admin."""
        every = {
            **({"replicaSet": "tests"} if self.replica_set else {}), **self.options,
            **({"authSource": "admin"} if user else {}), **options}
        chosen = {name: value for name, value in every.items() if value is not None}
        login = f"{user}@" if user else ""
        return f"mongodb://{login}{self.host}/{database}?{urlencode(chosen)}".rstrip("?")

    def kill(self):
        """Ends the server as a crash would."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def suspend(self):
        """Freezes the server: its connections stay open, and nobody answers."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        """Lets a frozen server go on."""
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        """Ends the server and removes its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
