"""A short run of soak.py; `make soak` is the long one."""

import random
import unittest

import soak


class SoakTests(unittest.TestCase):
    def test_every_request_is_answered_once(self):
        seed = random.SystemRandom().randrange(1 << 32)
        print(f"soak: seed {seed}", flush=True)
        run = soak.soak(requests=20_000, kills=5, seed=seed)
        self.assertEqual(run.counts["kills"], 5)
        for what in ("batches", "cancels", "cancelled", "doubles", "refused as in flight", "progress", "messages"):
            self.assertGreater(run.counts[what], 0, what)


if __name__ == "__main__":
    unittest.main()
