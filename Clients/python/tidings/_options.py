"""What `start` takes, alike in both clients."""

from __future__ import annotations

import itertools
import secrets
from typing import Any, Dict, Iterator, Mapping, Optional, Sequence, Union

from ._calls import GRACE, Call, Waiting
from ._engine import Engine
from ._framing import Default, encode
from ._methods import KEYED
from ._program import Program, StrPath
from ._supervision import Supervision
from .errors import MessageTooLargeError

__all__ = ["GRACE", "Options", "Requests", "allowed", "seconds"]

Timeout = Union[float, str, None]


class Options:
    """How a child is started and kept, and how long its calls may take."""

    def __init__(
        self,
        *,
        store: Optional[StrPath],
        program: Optional[StrPath],
        arguments: Sequence[str],
        env: Optional[Mapping[str, str]],
        log_level: str,
        timeout: Timeout,
        restarts: int,
        start_timeout: float,
        close_timeout: float,
        default: Optional[Default],
    ) -> None:
        self.program = Program(
            store=store, program=program, arguments=arguments, env=env, log_level=log_level
        )
        self.timeout = seconds(timeout)
        self.restarts = restarts
        self.start_timeout = start_timeout
        self.close_timeout = close_timeout
        self.default = default

    def engine(self, loop: Any) -> Engine:
        return Engine(
            loop,
            self.program,
            supervision=Supervision(restarts=self.restarts),
            start_timeout=self.start_timeout,
            close_timeout=self.close_timeout,
        )


class Requests:
    """Makes calls of parameters: ids that are not used twice, and idempotency keys for sends."""

    def __init__(self, default: Optional[Default] = None) -> None:
        self._default = default
        # `next` on a count is one step for the interpreter, so threads may share it.
        self._ids: Iterator[int] = itertools.count(1)
        self._prefix = secrets.token_hex(12)

    def call(
        self,
        method: str,
        params: Dict[str, Any],
        timeout: Optional[float],
        limits: Mapping[str, int],
        waiting: Waiting,
        default: Optional[Default] = None,
    ) -> Call:
        """`params` is the caller's no more. Raises TypeError, ValueError or MessageTooLargeError for what
        can't be sent; `default`, else that of all calls, is asked for what has no form in JSON."""
        id = next(self._ids)
        own_key = method in KEYED and params.get("idempotency_key") is None
        if own_key:
            params["idempotency_key"] = f"{self._prefix}-{id}"
        if timeout is not None:
            meta = {**params.get("_meta", {}), "timeout_ms": max(1, int(timeout * 1000))}
            params = {**params, "_meta": meta}
        line = encode(id, method, params, limits["depth"], default or self._default)
        if len(line) - 1 > limits["request_bytes"]:
            limit = limits["request_bytes"]
            raise MessageTooLargeError(
                f"the request is larger than {limit} bytes", details={"limit": limit}
            )
        return Call(id, line, waiting, own_key, "wait_ms" in params)


def seconds(timeout: Timeout) -> Optional[float]:
    """A timeout in seconds, which may come as the text of a query like other numbers."""
    if timeout is None:
        return None
    value = float(timeout)
    if not 0 <= value < _LONGEST:
        raise ValueError(f"a timeout is a number of seconds from 0 on, not {value:g}")
    return value


_LONGEST = 1e9  # What the clocks of an event loop and of a lock bear.


def allowed(timeout: Timeout, default: Optional[float], params: Mapping[str, Any]) -> Optional[float]:
    """The seconds that a call may take. The default comes on top of what the call may wait for."""
    if timeout is not None or default is None or "wait_ms" not in params:
        return default if timeout is None else seconds(timeout)
    try:
        return min(default + int(params["wait_ms"]) / 1000, _LONGEST)
    except (TypeError, ValueError, OverflowError):
        return default  # For the program to refuse.
