"""Clients in a process that is forked: what belongs to the parent is let go of in the child."""

from __future__ import annotations

import os
import weakref
from typing import Protocol

__all__ = ["register"]


class Forked(Protocol):
    def after_fork(self) -> None: ...


_registered: weakref.WeakSet[Forked] = weakref.WeakSet()


def register(client: Forked) -> None:
    """`after_fork` is called in every process that is forked off while the client lives."""
    _registered.add(client)


def _after_fork() -> None:
    for client in list(_registered):
        client.after_fork()


os.register_at_fork(after_in_child=_after_fork)
