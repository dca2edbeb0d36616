"""Which program is started, and how."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Union

from ._errors import ProgramNotFoundError

__all__ = ["PACKAGED", "Program", "find_program"]

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


class Program:
    """The command line and the environment of a child."""

    def __init__(
        self,
        *,
        store: Optional[str] = None,
        program: Optional[StrPath] = None,
        arguments: Sequence[str] = (),
        env: Optional[Mapping[str, str]] = None,
        log_level: str = "info",
    ) -> None:
        self.env: Dict[str, str] = dict(os.environ if env is None else env)
        self.command: List[str] = [find_program(program, self.env)]
        self.command += ["--log-format", "json", "--log-level", log_level, *arguments]
        if store is not None:
            # Not on the command line, which every user of the machine can read: it may hold a password.
            self.env["TIDINGS_STORE"] = store
