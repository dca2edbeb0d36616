"""Tidings, a notification inbox that any program can host, from Python.

    async with Tidings.start(store="sqlite:inbox.db") as inbox:
        page = await inbox.get_team_message(team_id="crew", user_id="bob")

`tidings.sync.Tidings` is the same without asyncio, for any number of threads.
"""

from . import errors, types
from ._aio import Starting, Tidings
from ._json import HugeNumber
from ._program import find_program
from ._text import printable
from ._version import __version__
from .errors import *  # noqa: F403
from .errors import CancelledError as CancelledError  # Not by *, which would hide asyncio's.
from .types import *  # noqa: F403

__all__ = ["HugeNumber", "Starting", "Tidings", "__version__", "find_program", "printable"]
__all__ += errors.__all__
__all__ += types.__all__
