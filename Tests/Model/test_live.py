"""Short runs of live.py on every store; `make soak-live` is the long one."""

import random
import unittest

import live
from sidecar import stores


class LiveTests(unittest.TestCase):
    def follow(self, store):
        seed = random.SystemRandom().randrange(10**6)
        print(f"\nlive: seed {seed}", flush=True)
        run = live.Run(seed, store, operations=600, kills=3, pauses=3).run()
        print(run.summary(), flush=True)
        for what in ("created", "counts", "polls", "compared inboxes"):
            self.assertGreater(run.counts[what], 0, what)


def add_runs():
    """A test for each kind of store."""
    for name, store in stores().items():
        setattr(LiveTests, f"test_{name}", lambda self, store=store: self.follow(store))


add_runs()


if __name__ == "__main__":
    unittest.main(verbosity=2)
