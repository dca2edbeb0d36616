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
    "ChangesResultInboxesItem",
    "Counts",
    "ImportMessagesResult",
    "Imported",
    "InboxEvent",
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
    "SubscribeResult",
    "SubscribeResultInboxesItem",
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
    # The inbox's team; absent for the account.
    team_id: str
    # With `created`: the message that arrived.
    message: Message
    # With `removed`: the name of the message that is gone for everybody.
    nid: str
    # With `removed`: why it is gone.
    reason: Literal["retracted"]


class Change(_ChangeOptional):
    """`Change` of the contract."""

    event: Literal["created", "marked", "removed"]
    # The number of messages in the inbox at this event.
    total: int
    # The number of those that are unread.
    count: int
    # The number of those that are unseen.
    unseen: int
    # The cursor for a host that has processed this event.
    cursor: str


class _ChangesResultInboxesItemOptional(TypedDict, total=False):
    # The inbox's team; absent for the account.
    team_id: str
    # Present if the cursor that was given is older than what is kept: the inbox is to be read anew.
    expired: Literal[True]


class ChangesResultInboxesItem(_ChangesResultInboxesItemOptional):
    """`ChangesResultInboxesItem` of the contract."""

    # The cursor of the inbox's changes to go on from.
    cursor: str


class _ChangesResultOptional(TypedDict, total=False):
    # The cursor for the next call; not with `inboxes`.
    cursor: str
    # With `inboxes`: each of them, with its cursor for the next call.
    inboxes: List[ChangesResultInboxesItem]


class ChangesResult(_ChangesResultOptional):
    """`ChangesResult` of the contract."""

    changes: List[Change]
    # Whether there are more changes already.
    more: bool


class _SubscribeResultInboxesItemOptional(TypedDict, total=False):
    # The inbox's team; absent for the account.
    team_id: str
    # Present if the cursor that was given is older than what is kept: the inbox is to be read anew.
    expired: Literal[True]


class SubscribeResultInboxesItem(_SubscribeResultInboxesItemOptional):
    """`SubscribeResultInboxesItem` of the contract."""

    # The cursor of the inbox's changes to go on from.
    cursor: str
    # The number of messages in the inbox.
    total: int
    # The number of those that are unread.
    count: int
    # The number of those that are unseen.
    unseen: int


class SubscribeResult(TypedDict):
    """`SubscribeResult` of the contract."""

    # The number of the subscription, which its events carry.
    subscription: int
    # Each inbox, as it is at its cursor.
    inboxes: List[SubscribeResultInboxesItem]
    # The sum of all counts.
    count: int


class _InboxEventOptional(TypedDict, total=False):
    # The inbox's team; absent for the account.
    team_id: str
    # With `created`: the message that arrived.
    message: Message
    # With `removed`: the name of the message that is gone for everybody.
    nid: str
    # With `removed`: why it is gone.
    reason: Literal["retracted"]


class InboxEvent(_InboxEventOptional):
    """The parameters of the notification `inbox_event`, which `subscribe` asks for."""

    # The number from the answer to `subscribe`.
    subscription: int
    event: Literal["created", "marked", "removed", "counts", "lagged"]
    # The number of messages in the inbox at this event.
    total: int
    # The number of those that are unread.
    count: int
    # The number of those that are unseen.
    unseen: int
    # The cursor for a host that has processed this event.
    cursor: str


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
    # The subscriptions of this connection.
    subscriptions: int
    # The inboxes that they follow, and calls that wait, each for every one.
    inboxes: int
    uptime_ms: int
    methods: Dict[str, StatusResultMethodsItem]
