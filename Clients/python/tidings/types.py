"""What the methods give."""

# Generated from Schemas/openrpc.json by generate.py; don't edit.

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Dict, List, Literal, Optional

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    try:
        from typing_extensions import TypedDict
    except ImportError:
        from typing import TypedDict

__all__ = [
    "Change",
    "ChangesResult",
    "Counts",
    "ImportMessagesResult",
    "Imported",
    "Joined",
    "Marked",
    "Message",
    "Page",
    "RetractMessageResult",
    "Sent",
    "SentMessagesItem",
    "StatusResult",
    "StatusResultCache",
    "StatusResultMethodsItem",
    "StatusResultScope",
    "StatusResultStore",
    "UnreadCountResult",
]


class SentMessagesItem(TypedDict):
    """`SentMessagesItem` of the contract."""

    # The message's name; opaque to clients.
    nid: str
    # The time of sending: RFC 3339, UTC, with milliseconds.
    create_time: str
    # Whether the key was known, so that nothing was appended.
    duplicate: bool
    reader_id: str


class _SentOptional(TypedDict, total=False):
    # With reader_ids: the message of each reader, in their order.
    messages: List[SentMessagesItem]


class Sent(_SentOptional):
    """`Sent` of the contract."""

    # The message's name; opaque to clients.
    nid: str
    # The time of sending: RFC 3339, UTC, with milliseconds.
    create_time: str
    # Whether the key was known, so that nothing was appended.
    duplicate: bool


class _MessageOptional(TypedDict, total=False):
    team_id: str
    team_name: str
    # The sender.
    user_id: str
    username: str
    # The user whom the message concerns.
    receiver_id: str
    content: str
    data: Dict[str, Any]


class Message(_MessageOptional):
    """A message as its reader sees it."""

    # The message's name; opaque to clients.
    nid: str
    # The reader who asked.
    reader_id: str
    message_type: str
    # The time of sending: RFC 3339, UTC, with milliseconds.
    create_time: str
    read: bool
    seen: bool
    archived: bool


class Page(TypedDict):
    """`Page` of the contract."""

    data: List[Message]
    # The number of messages in the view, with its filters.
    total: int
    # The number of those that are unread.
    count: int
    # The cursor of the next page; null at the end.
    next_cursor: Optional[str]


class Marked(TypedDict):
    """`Marked` of the contract."""

    # The number of messages that changed.
    changed: int
    # The number of messages in the inbox now.
    total: int
    # The number of those that are unread.
    count: int


class Counts(TypedDict):
    """`Counts` of the contract."""

    # The number of messages in the inbox.
    total: int
    # The number of those that are unread.
    count: int
    # The number of those that are unseen.
    unseen: int


class _UnreadCountResultOptional(TypedDict, total=False):
    account: Counts


class UnreadCountResult(_UnreadCountResultOptional):
    """`UnreadCountResult` of the contract."""

    # The sum of all counts.
    count: int
    teams: Dict[str, Counts]


class Joined(TypedDict):
    """`Joined` of the contract."""

    # Whether the reader is a member afterwards.
    joined: bool


class RetractMessageResult(TypedDict):
    """`RetractMessageResult` of the contract."""

    # Whether this call did it; false if it was done before.
    retracted: bool


class Imported(TypedDict):
    """`Imported` of the contract."""

    # The message's name; opaque to clients.
    nid: str
    # The time of sending: RFC 3339, UTC, with milliseconds.
    create_time: str
    # Whether the key was known, so that nothing was appended.
    duplicate: bool


class ImportMessagesResult(TypedDict):
    """`ImportMessagesResult` of the contract."""

    messages: List[Imported]
    # The number of messages that were new.
    imported: int


class _ChangeOptional(TypedDict, total=False):
    message: Message
    # The message's name; opaque to clients.
    nid: str


class Change(_ChangeOptional):
    """`Change` of the contract."""

    event: Literal["created", "marked", "retracted"]
    # The number of messages in the inbox at this event.
    total: int
    # The number of those that are unread.
    count: int
    # The cursor for a host that has processed this change.
    cursor: str


class ChangesResult(TypedDict):
    """`ChangesResult` of the contract."""

    changes: List[Change]
    # The cursor for the next call.
    cursor: str
    # Whether there are more changes already.
    more: bool


class StatusResultStore(TypedDict):
    """`StatusResultStore` of the contract."""

    kind: str
    state: Literal["ready", "unavailable"]


class _StatusResultScopeOptional(TypedDict, total=False):
    user_id: str
    username: str
    team_ids: List[str]


class StatusResultScope(_StatusResultScopeOptional):
    """`StatusResultScope` of the contract."""

    read_only: bool


class StatusResultCache(TypedDict):
    """`StatusResultCache` of the contract."""

    bytes: int
    max_bytes: int
    entries: int
    hits: int
    misses: int


class StatusResultMethodsItem(TypedDict):
    """`StatusResultMethodsItem` of the contract."""

    requests: int
    errors: int
    p50_ms: float
    p99_ms: float


class StatusResult(TypedDict):
    """`StatusResult` of the contract."""

    version: str
    store: StatusResultStore
    limits: Dict[str, int]
    scope: StatusResultScope
    cache: StatusResultCache
    in_flight: int
    uptime_ms: int
    methods: Dict[str, StatusResultMethodsItem]
