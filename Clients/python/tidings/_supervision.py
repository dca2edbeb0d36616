"""When a child that died is started again: a plain value without I/O or clock."""

from __future__ import annotations

from typing import Optional

__all__ = ["Supervision"]


class Supervision:
    """Counts the deaths since the last answer to a call.

    After the first one the next child starts at once, then after `delay` seconds, twice as long each
    time up to `longest`. After more than `restarts` deaths it gives up; from then on each new call
    may try one child, so that a service recovers by itself.
    """

    def __init__(self, restarts: int = 6, delay: float = 0.05, longest: float = 2.0) -> None:
        self.restarts = restarts
        self.delay = delay
        self.longest = longest
        self.deaths = 0

    def answered(self) -> None:
        """A call was answered: the child is well."""
        self.deaths = 0

    def died(self) -> Optional[float]:
        """Seconds until the next start; None to give up."""
        self.deaths += 1
        if self.deaths > self.restarts:
            return None
        if self.deaths == 1:
            return 0.0
        exponent = min(self.deaths - 2, 32)
        return min(self.delay * float(2**exponent), self.longest)
