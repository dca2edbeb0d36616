"""Two processes on one store, each answer compared with the model: ten random runs on each kind of store.

    python coherence.py [--seed N] [--runs N] [--operations N]

The program is $TIDINGS_BIN, by default the release build; either process is killed now and then, and each is
started with another size of the cache. Stops at the first answer that differs. MongoDB's part needs a mongod
($TIDINGS_MONGOD, or one on PATH) and is left out without one.
"""

import argparse
import contextlib
import os
import random
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Hosting"))
import random_run  # noqa: E402
from comparison import Difference  # noqa: E402
from mongod import Mongod  # noqa: E402


def stores(servers):
    """The stores by name: a new SQLite file, a replica set and a standalone server where there is a mongod."""
    yield "sqlite", None
    os.environ.setdefault("TIDINGS_MONGOD", shutil.which("mongod") or "")
    if not os.environ["TIDINGS_MONGOD"]:
        print("MongoDB is left out: set TIDINGS_MONGOD")
        return
    for name, is_set in ("replica set", True), ("standalone", False):
        server = Mongod(replica_set=is_set)
        servers.callback(server.stop)
        yield name, server.url(waitQueueTimeoutMS=600_000)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="the first run's")
    parser.add_argument("--runs", type=int, default=10, help="on each store")
    parser.add_argument("--operations", type=int, default=10_000, help="of each run")
    options = parser.parse_args()
    with contextlib.ExitStack() as servers:
        for name, store in stores(servers):
            for seed in range(options.seed, options.seed + options.runs):
                try:
                    ran = random_run.run("two-processes", seed, options.operations, store)
                except Difference as difference:
                    return str(difference)
                print(f"{name}: {ran}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
