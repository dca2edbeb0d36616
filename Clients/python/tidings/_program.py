"""Which program is started, and how."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Union

from ._errors import ProgramNotFoundError

__all__ = ["PACKAGED", "Program", "StrPath", "find_program", "store_url"]

StrPath = Union[str, "os.PathLike[str]"]

# Where a wheel for one platform has the program; what that needs lies beside it, and it finds it there.
PACKAGED = str(Path(__file__).resolve().parent / "bin" / "tidings")


def find_program(program: Optional[StrPath] = None, env: Optional[Mapping[str, str]] = None) -> str:
    """The program's path: the argument, TIDINGS_BIN, this package's own bin/tidings, or PATH."""
    env = os.environ if env is None else env
    for name, said in (("program", program), ("TIDINGS_BIN", env.get("TIDINGS_BIN"))):
        if said:
            found = shutil.which(os.fspath(said), path=env.get("PATH"))
            if found is None:
                raise ProgramNotFoundError(f"{name} is {os.fspath(said)}, which is no program")
            return os.path.abspath(found)
    if os.access(PACKAGED, os.X_OK) and os.path.isfile(PACKAGED):
        return PACKAGED
    found = shutil.which("tidings", path=env.get("PATH"))
    if found is None:
        raise ProgramNotFoundError(
            f"tidings is neither at {PACKAGED} nor on PATH: install it, "
            "or name it in TIDINGS_BIN or the argument `program`"
        )
    return os.path.abspath(found)


def store_url(store: StrPath) -> str:
    """What the program is told of a store: a path object is a file of SQLite, text is its to judge."""
    if isinstance(store, str):
        if not store:
            raise ValueError("store is empty: write sqlite:PATH, mongodb://... or memory:, or leave it out")
        if "\0" in store:
            raise ValueError("store is no text that a program can be given: it holds a NUL")
        return store
    if not isinstance(store, os.PathLike):
        raise TypeError(f"store is text or a path, not {type(store).__name__}")
    path = os.fsdecode(store)
    # Absolute from now on: a host may go to another folder before the program is started again.
    return "sqlite:" + os.path.abspath(os.path.expanduser(path))


class Program:
    """The command line and the environment of a child."""

    def __init__(
        self,
        *,
        store: Optional[StrPath] = None,
        program: Optional[StrPath] = None,
        arguments: Sequence[str] = (),
        env: Optional[Mapping[str, str]] = None,
        log_level: str = "info",
    ) -> None:
        if isinstance(arguments, (str, bytes)):
            raise TypeError("arguments is a list of arguments, not one text")
        self.env: Dict[str, str] = dict(os.environ if env is None else env)
        self.command: List[str] = [find_program(program, self.env)]
        self.command += ["--log-format", "json", "--log-level", log_level, *arguments]
        try:
            self._folder: Optional[str] = os.getcwd()
        except OSError:  # It was removed.
            self._folder = None
        # What the program calls by its own name, and a host by another.
        self.names: Dict[str, str] = {}
        if store is not None:
            # Not on the command line, which every user of the machine can read: it may hold a password.
            self.env["TIDINGS_STORE"] = store_url(store)
            self.names["TIDINGS_STORE"] = "store"

    @property
    def folder(self) -> Optional[str]:
        """Where it is started: where the host was at first, wherever that has gone since, so that a store which
        is named from there stays the same file. None if that folder can't be entered any more: a store that
        is named otherwise doesn't need it."""
        folder = self._folder
        return folder if folder is not None and os.access(folder, os.X_OK) and os.path.isdir(folder) else None
