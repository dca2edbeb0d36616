"""Random operation runs on every store, compared with the naive model.

TIDINGS_SEED: the seed ("random" for a new one); by default each run has its own fixed seeds.
TIDINGS_OPERATIONS: operations for each seed. TIDINGS_BIN: the program.
TIDINGS_TEST_STORES: more store URLs, separated by spaces. Their stores must be empty; a {unique} in a URL
becomes a new name for each run.
"""

import os
import random
import unittest

from random_run import run


class RandomRuns(unittest.TestCase):
    def compare(self, variant, seeds, count, store=None):
        chosen = os.environ.get("TIDINGS_SEED")
        if chosen:
            seeds = [random.randrange(10 ** 6) if chosen == "random" else int(chosen)]
        for seed in seeds:
            print("\nseed %d" % seed, end=": ", flush=True)
            print(run(variant, seed, int(os.environ.get("TIDINGS_OPERATIONS", count)), store), flush=True)

    def test_in_memory(self):
        self.compare("sequential", [1], 10000, "memory:")

    def test_in_memory_pipelined(self):
        self.compare("pipelined", [2], 10000, "memory:")

    def test_sqlite(self):
        self.compare("sequential", [3], 10000)

    def test_sqlite_pipelined(self):
        self.compare("pipelined", [4], 10000)

    def test_sqlite_killed_between_operations(self):
        self.compare("killed-between", [5], 5000)

    def test_sqlite_killed_with_operations_in_flight(self):
        self.compare("killed-in-flight", [6], 5000)

    def test_sqlite_shared_by_two_processes(self):
        self.compare("two-processes", [7], 5000)


def add_runs():
    """A test for each kind of run on each store that the environment names."""
    def add(name, variant, seed, count, store):
        def test(self):
            self.compare(variant, [seed], count, store)
        setattr(RandomRuns, "test_%s_%s" % (name, variant.replace("-", "_")), test)

    for number, store in enumerate(os.environ.get("TIDINGS_TEST_STORES", "").split()):
        name = "store_%d_%s" % (number, store.split(":")[0])
        add(name, "sequential", 8, 5000, store)
        if "{unique}" in store:
            for variant in ("pipelined", "killed-in-flight", "two-processes"):
                add(name, variant, 9, 2000, store)


add_runs()


if __name__ == "__main__":
    unittest.main(verbosity=2)
