"""The methods of the contract."""

# Generated from Schemas/openrpc.json by generate.py; don't edit.

from __future__ import annotations

from typing import (
    Any,
    AsyncIterator,
    Callable,
    Coroutine,
    Dict,
    Iterator,
    Literal,
    Mapping,
    Optional,
    Sequence,
    Union,
    overload,
)

from ._changes import AsyncChanges, Changes, Pending
from ._events import AsyncEvents, Events
from ._feed import Feed
from .types import (
    Change,
    ChangesResult,
    ImportMessagesResult,
    InboxEvent,
    Joined,
    Marked,
    Message,
    Page,
    RetractMessageResult,
    Sent,
    StatusResult,
    UnreadCountResult,
)

# Those that take an idempotency key, without which it isn't safe to send them again.
KEYED = frozenset(
    {
        "send_team_message",
        "send_account_message",
        "send_announcement",
    }
)


class AsyncMethods:
    """Every method of the contract: calls it, and gives its answer when awaited.

    `timeout` is in seconds. Parameters left out or None are not sent.
    """

    def _call(
        this,
        method: str,
        params: Dict[str, Any],
        timeout: Union[float, str, None],
    ) -> Coroutine[Any, Any, Any]:
        raise NotImplementedError

    def _feed(
        this,
        params: Dict[str, Any],
        timeout: Union[float, str, None],
        wake: Callable[[], None],
    ) -> Feed:
        raise NotImplementedError

    def send_team_message(
        this,
        /,
        *,
        team_id: str,
        user_id: str,
        message_type: str,
        username: Optional[str] = None,
        team_name: Optional[str] = None,
        receiver_id: Optional[str] = None,
        content: Optional[str] = None,
        data: Optional[Mapping[str, Any]] = None,
        reader_ids: Optional[Sequence[str]] = None,
        idempotency_key: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Sent]:
        """Sends a message to a whole team, or only to the readers in reader_ids.

        team_id: The team.
        user_id: The acting user: the sender, or the owner of the inbox.
        message_type: The kind of the message.
        username: The sender's name for display.
        team_name: The team's name for display.
        receiver_id: The user whom the message concerns; others see it too.
        content: The message's text.
        data: A JSON object of at most 64 KiB as it is sent. It is returned byte for byte, except that on a
            line its line breaks are spaces, and U+0085, U+2028 and U+2029 are escapes. Numbers have at most 1,000
            digits, written out.
        reader_ids: Only these readers get the message.
        idempotency_key: Makes a retry safe: a log that has a message of this sender with this key keeps it
            and appends nothing.
        """
        params: Dict[str, Any] = {"team_id": team_id, "user_id": user_id, "message_type": message_type}
        if username is not None:
            params["username"] = username
        if team_name is not None:
            params["team_name"] = team_name
        if receiver_id is not None:
            params["receiver_id"] = receiver_id
        if content is not None:
            params["content"] = content
        if data is not None:
            params["data"] = data
        if reader_ids is not None:
            params["reader_ids"] = reader_ids
        if idempotency_key is not None:
            params["idempotency_key"] = idempotency_key
        return this._call("send_team_message", params, timeout)

    def send_account_message(
        this,
        /,
        *,
        message_type: str,
        reader_id: Optional[str] = None,
        reader_ids: Optional[Sequence[str]] = None,
        user_id: Optional[str] = None,
        username: Optional[str] = None,
        team_name: Optional[str] = None,
        receiver_id: Optional[str] = None,
        content: Optional[str] = None,
        data: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Sent]:
        """Sends a message to one account (reader_id) or to several (reader_ids).

        message_type: The kind of the message.
        reader_id: The reader who gets the message; this or reader_ids.
        reader_ids: Only these readers get the message.
        user_id: The acting user: the sender, or the owner of the inbox.
        username: The sender's name for display.
        team_name: The team's name for display.
        receiver_id: The user whom the message concerns; others see it too.
        content: The message's text.
        data: A JSON object of at most 64 KiB as it is sent. It is returned byte for byte, except that on a
            line its line breaks are spaces, and U+0085, U+2028 and U+2029 are escapes. Numbers have at most 1,000
            digits, written out.
        idempotency_key: Makes a retry safe: a log that has a message of this sender with this key keeps it
            and appends nothing.
        """
        params: Dict[str, Any] = {"message_type": message_type}
        if reader_id is not None:
            params["reader_id"] = reader_id
        if reader_ids is not None:
            params["reader_ids"] = reader_ids
        if user_id is not None:
            params["user_id"] = user_id
        if username is not None:
            params["username"] = username
        if team_name is not None:
            params["team_name"] = team_name
        if receiver_id is not None:
            params["receiver_id"] = receiver_id
        if content is not None:
            params["content"] = content
        if data is not None:
            params["data"] = data
        if idempotency_key is not None:
            params["idempotency_key"] = idempotency_key
        return this._call("send_account_message", params, timeout)

    def send_announcement(
        this,
        /,
        *,
        message_type: str,
        user_id: Optional[str] = None,
        username: Optional[str] = None,
        team_name: Optional[str] = None,
        receiver_id: Optional[str] = None,
        content: Optional[str] = None,
        data: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Sent]:
        """Sends a message to every account, including future ones.

        message_type: The kind of the message.
        user_id: The acting user: the sender, or the owner of the inbox.
        username: The sender's name for display.
        team_name: The team's name for display.
        receiver_id: The user whom the message concerns; others see it too.
        content: The message's text.
        data: A JSON object of at most 64 KiB as it is sent. It is returned byte for byte, except that on a
            line its line breaks are spaces, and U+0085, U+2028 and U+2029 are escapes. Numbers have at most 1,000
            digits, written out.
        idempotency_key: Makes a retry safe: a log that has a message of this sender with this key keeps it
            and appends nothing.
        """
        params: Dict[str, Any] = {"message_type": message_type}
        if user_id is not None:
            params["user_id"] = user_id
        if username is not None:
            params["username"] = username
        if team_name is not None:
            params["team_name"] = team_name
        if receiver_id is not None:
            params["receiver_id"] = receiver_id
        if content is not None:
            params["content"] = content
        if data is not None:
            params["data"] = data
        if idempotency_key is not None:
            params["idempotency_key"] = idempotency_key
        return this._call("send_announcement", params, timeout)

    def get_team_message(
        this,
        /,
        *,
        team_id: str,
        user_id: str,
        pageSize: Union[int, str, None] = None,
        pageNo: Union[int, str, None] = None,
        cursor: Optional[str] = None,
        self: Union[bool, str, None] = None,
        view: Union[Literal["inbox", "unread", "read", "archived", "all"], str, None] = None,
        order: Union[Literal["newest", "oldest", "unread_first"], str, None] = None,
        message_type: Union[str, Sequence[str], None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Page]:
        """Returns a page of a reader's messages in a team, and the numbers of all and of unread ones.

        team_id: The team.
        user_id: The acting user: the sender, or the owner of the inbox.
        pageSize: The maximum number of messages.
        pageNo: The number of the page, from 1.
        cursor: The next_cursor of an earlier page of the same listing.
        self: Only messages that the reader sent or is the receiver of.
        view: The messages that are listed.
        order: The order of the messages.
        message_type: Only messages of these types.
        """
        params: Dict[str, Any] = {"team_id": team_id, "user_id": user_id}
        if pageSize is not None:
            params["pageSize"] = pageSize
        if pageNo is not None:
            params["pageNo"] = pageNo
        if cursor is not None:
            params["cursor"] = cursor
        if self is not None:
            params["self"] = self
        if view is not None:
            params["view"] = view
        if order is not None:
            params["order"] = order
        if message_type is not None:
            params["message_type"] = message_type
        return this._call("get_team_message", params, timeout)

    async def team_messages(
        this,
        /,
        *,
        team_id: str,
        user_id: str,
        pageSize: Union[int, str, None] = None,
        self: Union[bool, str, None] = None,
        view: Union[Literal["inbox", "unread", "read", "archived", "all"], str, None] = None,
        order: Union[Literal["newest", "oldest", "unread_first"], str, None] = None,
        message_type: Union[str, Sequence[str], None] = None,
        timeout: Union[float, str, None] = None,
    ) -> AsyncIterator[Message]:
        """Gives message after message, page by page as get_team_message does: none twice and none left out,
        whatever is sent meanwhile. pageSize is how many are asked for at once.

        team_id: The team.
        user_id: The acting user: the sender, or the owner of the inbox.
        pageSize: The maximum number of messages.
        self: Only messages that the reader sent or is the receiver of.
        view: The messages that are listed.
        order: The order of the messages.
        message_type: Only messages of these types.
        """
        params: Dict[str, Any] = {"team_id": team_id, "user_id": user_id}
        if pageSize is not None:
            params["pageSize"] = pageSize
        if self is not None:
            params["self"] = self
        if view is not None:
            params["view"] = view
        if order is not None:
            params["order"] = order
        if message_type is not None:
            params["message_type"] = message_type
        while True:
            page: Page = await this._call("get_team_message", params, timeout)
            for message in page["data"]:
                yield message
            if page["next_cursor"] is None:
                return
            params = {**params, "cursor": page["next_cursor"]}

    def get_account_message(
        this,
        /,
        *,
        user_id: str,
        pageSize: Union[int, str, None] = None,
        pageNo: Union[int, str, None] = None,
        cursor: Optional[str] = None,
        self: Union[bool, str, None] = None,
        view: Union[Literal["inbox", "unread", "read", "archived", "all"], str, None] = None,
        order: Union[Literal["newest", "oldest", "unread_first"], str, None] = None,
        message_type: Union[str, Sequence[str], None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Page]:
        """Returns a page of a reader's account messages and announcements, as get_team_message does.

        user_id: The acting user: the sender, or the owner of the inbox.
        pageSize: The maximum number of messages.
        pageNo: The number of the page, from 1.
        cursor: The next_cursor of an earlier page of the same listing.
        self: Only messages that the reader sent or is the receiver of.
        view: The messages that are listed.
        order: The order of the messages.
        message_type: Only messages of these types.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if pageSize is not None:
            params["pageSize"] = pageSize
        if pageNo is not None:
            params["pageNo"] = pageNo
        if cursor is not None:
            params["cursor"] = cursor
        if self is not None:
            params["self"] = self
        if view is not None:
            params["view"] = view
        if order is not None:
            params["order"] = order
        if message_type is not None:
            params["message_type"] = message_type
        return this._call("get_account_message", params, timeout)

    async def account_messages(
        this,
        /,
        *,
        user_id: str,
        pageSize: Union[int, str, None] = None,
        self: Union[bool, str, None] = None,
        view: Union[Literal["inbox", "unread", "read", "archived", "all"], str, None] = None,
        order: Union[Literal["newest", "oldest", "unread_first"], str, None] = None,
        message_type: Union[str, Sequence[str], None] = None,
        timeout: Union[float, str, None] = None,
    ) -> AsyncIterator[Message]:
        """Gives message after message, page by page as get_account_message does: none twice and none left
        out, whatever is sent meanwhile. pageSize is how many are asked for at once.

        user_id: The acting user: the sender, or the owner of the inbox.
        pageSize: The maximum number of messages.
        self: Only messages that the reader sent or is the receiver of.
        view: The messages that are listed.
        order: The order of the messages.
        message_type: Only messages of these types.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if pageSize is not None:
            params["pageSize"] = pageSize
        if self is not None:
            params["self"] = self
        if view is not None:
            params["view"] = view
        if order is not None:
            params["order"] = order
        if message_type is not None:
            params["message_type"] = message_type
        while True:
            page: Page = await this._call("get_account_message", params, timeout)
            for message in page["data"]:
                yield message
            if page["next_cursor"] is None:
                return
            params = {**params, "cursor": page["next_cursor"]}

    def get_message(
        this,
        /,
        *,
        user_id: str,
        nid: str,
        team_id: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Message]:
        """Returns one message of an inbox.

        user_id: The acting user: the sender, or the owner of the inbox.
        nid: The message.
        team_id: The team.
        """
        params: Dict[str, Any] = {"user_id": user_id, "nid": nid}
        if team_id is not None:
            params["team_id"] = team_id
        return this._call("get_message", params, timeout)

    def mark_read(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Marked]:
        """Marks messages as read.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        return this._call("mark_read", params, timeout)

    def mark_unread(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Marked]:
        """Marks messages as unread.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        return this._call("mark_unread", params, timeout)

    def mark_seen(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Marked]:
        """Marks messages as seen: the reader knows that they are there.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        return this._call("mark_seen", params, timeout)

    def archive_message(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Marked]:
        """Moves messages out of the inbox into the archive.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        return this._call("archive_message", params, timeout)

    def unarchive_message(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Marked]:
        """Moves messages back from the archive into the inbox.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        return this._call("unarchive_message", params, timeout)

    def delete_message(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Marked]:
        """Deletes messages for this reader alone; it can't be undone.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        return this._call("delete_message", params, timeout)

    def get_unread_count(
        this,
        /,
        *,
        user_id: str,
        team_ids: Optional[Sequence[str]] = None,
        account: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, UnreadCountResult]:
        """Returns the numbers of all, unread and unseen messages in a reader's inboxes.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_ids: The teams whose inboxes are counted.
        account: Whether the account inbox is counted too.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_ids is not None:
            params["team_ids"] = team_ids
        if account is not None:
            params["account"] = account
        return this._call("get_unread_count", params, timeout)

    def join_team(
        this,
        /,
        *,
        team_id: str,
        user_id: str,
        from_: Union[Literal["now", "start"], str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Joined]:
        """Makes a reader a member of a team: messages sent from now on, or all, are visible.

        team_id: The team.
        user_id: The acting user: the sender, or the owner of the inbox.
        from_: The first visible messages: those sent from now on, or all from the start.
        """
        params: Dict[str, Any] = {"team_id": team_id, "user_id": user_id}
        if from_ is not None:
            params["from"] = from_
        return this._call("join_team", params, timeout)

    def leave_team(
        this,
        /,
        *,
        team_id: str,
        user_id: str,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Joined]:
        """Ends a reader's membership of a team: messages sent from now on are hidden.

        team_id: The team.
        user_id: The acting user: the sender, or the owner of the inbox.
        """
        params: Dict[str, Any] = {"team_id": team_id, "user_id": user_id}
        return this._call("leave_team", params, timeout)

    def join_account(
        this,
        /,
        *,
        user_id: str,
        from_: Union[Literal["now", "start"], str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Joined]:
        """Opens a reader's account: announcements sent from now on, or all, are visible.

        user_id: The acting user: the sender, or the owner of the inbox.
        from_: The first visible messages: those sent from now on, or all from the start.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if from_ is not None:
            params["from"] = from_
        return this._call("join_account", params, timeout)

    def retract_message(
        this,
        /,
        *,
        nid: str,
        user_id: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, RetractMessageResult]:
        """Retracts a message: it disappears for everybody.

        nid: The message.
        user_id: The acting user: the sender, or the owner of the inbox.
        """
        params: Dict[str, Any] = {"nid": nid}
        if user_id is not None:
            params["user_id"] = user_id
        return this._call("retract_message", params, timeout)

    def import_messages(
        this,
        /,
        *,
        messages: Sequence[Mapping[str, Any]],
        team_id: Optional[str] = None,
        reader_id: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, ImportMessagesResult]:
        """Adds messages with the times that they had elsewhere to one log: a team's (team_id), a reader's own
        (reader_id, with team_id or without), or that of announcements. The log must be empty or end
        earlier.

        messages: The messages in the order of their times, none of them more than a minute ahead of the
            store's clock. read, seen and archived are marks of the reader whose own log it is.
        team_id: The team.
        reader_id: The reader whose own log it is.
        """
        params: Dict[str, Any] = {"messages": messages}
        if team_id is not None:
            params["team_id"] = team_id
        if reader_id is not None:
            params["reader_id"] = reader_id
        return this._call("import_messages", params, timeout)

    def get_changes(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        wait_ms: Union[int, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, ChangesResult]:
        """Returns the changes of inboxes since their cursors, and waits for one if there is none.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        cursor: The cursor of this inbox's changes to go on from; without it, from the present.
        inboxes: Several inboxes of the reader, in place of team_id and cursor, none of them twice: as here or
            as in an answer.
        wait_ms: The maximum time to wait for a change if there is none, in milliseconds.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if cursor is not None:
            params["cursor"] = cursor
        if inboxes is not None:
            params["inboxes"] = inboxes
        if wait_ms is not None:
            params["wait_ms"] = wait_ms
        return this._call("get_changes", params, timeout)

    @overload
    def changes(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        idle: None = None,
        timeout: Union[float, str, None] = None,
    ) -> AsyncChanges[Change]: ...

    @overload
    def changes(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        idle: float,
        timeout: Union[float, str, None] = None,
    ) -> AsyncChanges[Optional[Change]]: ...

    def changes(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        idle: Optional[float] = None,
        timeout: Union[float, str, None] = None,
    ) -> AsyncChanges[Any]:
        """Gives change after change, and waits for each, for ever: get_changes again and again, from where
        the last answer ended. Without a cursor it begins with the present of its first step. The cursor of
        a change is where a host goes on that has taken it in.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        cursor: The cursor of this inbox's changes to go on from; without it, from the present.
        inboxes: Several inboxes of the reader, in place of team_id and cursor, none of them twice: as here or
            as in an answer.
        idle: Seconds without anything after which None is given instead, again and again, so that a host can
            see whether anybody still listens.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if cursor is not None:
            params["cursor"] = cursor
        if inboxes is not None:
            params["inboxes"] = inboxes
        return AsyncChanges(this, params, idle, timeout)

    @overload
    def subscribe(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        detail: Union[Literal["messages", "counts"], str, None] = None,
        idle: None = None,
        timeout: Union[float, str, None] = None,
    ) -> AsyncEvents[InboxEvent]: ...

    @overload
    def subscribe(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        detail: Union[Literal["messages", "counts"], str, None] = None,
        idle: float,
        timeout: Union[float, str, None] = None,
    ) -> AsyncEvents[Optional[InboxEvent]]: ...

    def subscribe(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        detail: Union[Literal["messages", "counts"], str, None] = None,
        idle: Optional[float] = None,
        timeout: Union[float, str, None] = None,
    ) -> AsyncEvents[Any]:
        """Gives event after event of one inbox, or of up to 1,000 `inboxes`, for ever; begins with its first
        step, with the present of those without a cursor. It outlives the program: a new one goes on from
        the last cursor of each inbox, so nothing is missed and nothing comes twice. `lagged` comes only
        where a cursor is too old to go on from. Leaving or losing it unsubscribes.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        cursor: The cursor of this inbox's changes to go on from; without it, from the present.
        inboxes: Several inboxes of the reader, in place of team_id and cursor, none of them twice: as here or
            as in an answer.
        detail: Whether every event is sent, or only `counts`, at most ten a second for each inbox.
        idle: Seconds without anything after which None is given instead, again and again, so that a host can
            see whether anybody still listens.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if cursor is not None:
            params["cursor"] = cursor
        if inboxes is not None:
            params["inboxes"] = inboxes
        if detail is not None:
            params["detail"] = detail
        return AsyncEvents(this, params, idle, timeout)

    def ping(
        this,
        /,
        *,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Dict[str, Any]]:
        """Does nothing; the answer shows that the program is alive."""
        params: Dict[str, Any] = {}
        return this._call("ping", params, timeout)

    def get_status(
        this,
        /,
        *,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, StatusResult]:
        """Returns the program's status: its store, its limits, its host's scope, and its statistics."""
        params: Dict[str, Any] = {}
        return this._call("get_status", params, timeout)

    def rpc_discover(
        this,
        /,
        *,
        timeout: Union[float, str, None] = None,
    ) -> Coroutine[Any, Any, Dict[str, Any]]:
        """Returns this document."""
        params: Dict[str, Any] = {}
        return this._call("rpc.discover", params, timeout)


class SyncMethods:
    """Every method of the contract: calls it, and waits for its answer.

    `timeout` is in seconds. Parameters left out or None are not sent.
    """

    def _call(
        this,
        method: str,
        params: Dict[str, Any],
        timeout: Union[float, str, None],
    ) -> Any:
        raise NotImplementedError

    def _begin(
        this,
        method: str,
        params: Dict[str, Any],
        timeout: Union[float, str, None],
    ) -> Pending:
        raise NotImplementedError

    def _feed(
        this,
        params: Dict[str, Any],
        timeout: Union[float, str, None],
        wake: Callable[[], None],
    ) -> Feed:
        raise NotImplementedError

    def send_team_message(
        this,
        /,
        *,
        team_id: str,
        user_id: str,
        message_type: str,
        username: Optional[str] = None,
        team_name: Optional[str] = None,
        receiver_id: Optional[str] = None,
        content: Optional[str] = None,
        data: Optional[Mapping[str, Any]] = None,
        reader_ids: Optional[Sequence[str]] = None,
        idempotency_key: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> Sent:
        """Sends a message to a whole team, or only to the readers in reader_ids.

        team_id: The team.
        user_id: The acting user: the sender, or the owner of the inbox.
        message_type: The kind of the message.
        username: The sender's name for display.
        team_name: The team's name for display.
        receiver_id: The user whom the message concerns; others see it too.
        content: The message's text.
        data: A JSON object of at most 64 KiB as it is sent. It is returned byte for byte, except that on a
            line its line breaks are spaces, and U+0085, U+2028 and U+2029 are escapes. Numbers have at most 1,000
            digits, written out.
        reader_ids: Only these readers get the message.
        idempotency_key: Makes a retry safe: a log that has a message of this sender with this key keeps it
            and appends nothing.
        """
        params: Dict[str, Any] = {"team_id": team_id, "user_id": user_id, "message_type": message_type}
        if username is not None:
            params["username"] = username
        if team_name is not None:
            params["team_name"] = team_name
        if receiver_id is not None:
            params["receiver_id"] = receiver_id
        if content is not None:
            params["content"] = content
        if data is not None:
            params["data"] = data
        if reader_ids is not None:
            params["reader_ids"] = reader_ids
        if idempotency_key is not None:
            params["idempotency_key"] = idempotency_key
        result: Sent = this._call("send_team_message", params, timeout)
        return result

    def send_account_message(
        this,
        /,
        *,
        message_type: str,
        reader_id: Optional[str] = None,
        reader_ids: Optional[Sequence[str]] = None,
        user_id: Optional[str] = None,
        username: Optional[str] = None,
        team_name: Optional[str] = None,
        receiver_id: Optional[str] = None,
        content: Optional[str] = None,
        data: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> Sent:
        """Sends a message to one account (reader_id) or to several (reader_ids).

        message_type: The kind of the message.
        reader_id: The reader who gets the message; this or reader_ids.
        reader_ids: Only these readers get the message.
        user_id: The acting user: the sender, or the owner of the inbox.
        username: The sender's name for display.
        team_name: The team's name for display.
        receiver_id: The user whom the message concerns; others see it too.
        content: The message's text.
        data: A JSON object of at most 64 KiB as it is sent. It is returned byte for byte, except that on a
            line its line breaks are spaces, and U+0085, U+2028 and U+2029 are escapes. Numbers have at most 1,000
            digits, written out.
        idempotency_key: Makes a retry safe: a log that has a message of this sender with this key keeps it
            and appends nothing.
        """
        params: Dict[str, Any] = {"message_type": message_type}
        if reader_id is not None:
            params["reader_id"] = reader_id
        if reader_ids is not None:
            params["reader_ids"] = reader_ids
        if user_id is not None:
            params["user_id"] = user_id
        if username is not None:
            params["username"] = username
        if team_name is not None:
            params["team_name"] = team_name
        if receiver_id is not None:
            params["receiver_id"] = receiver_id
        if content is not None:
            params["content"] = content
        if data is not None:
            params["data"] = data
        if idempotency_key is not None:
            params["idempotency_key"] = idempotency_key
        result: Sent = this._call("send_account_message", params, timeout)
        return result

    def send_announcement(
        this,
        /,
        *,
        message_type: str,
        user_id: Optional[str] = None,
        username: Optional[str] = None,
        team_name: Optional[str] = None,
        receiver_id: Optional[str] = None,
        content: Optional[str] = None,
        data: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> Sent:
        """Sends a message to every account, including future ones.

        message_type: The kind of the message.
        user_id: The acting user: the sender, or the owner of the inbox.
        username: The sender's name for display.
        team_name: The team's name for display.
        receiver_id: The user whom the message concerns; others see it too.
        content: The message's text.
        data: A JSON object of at most 64 KiB as it is sent. It is returned byte for byte, except that on a
            line its line breaks are spaces, and U+0085, U+2028 and U+2029 are escapes. Numbers have at most 1,000
            digits, written out.
        idempotency_key: Makes a retry safe: a log that has a message of this sender with this key keeps it
            and appends nothing.
        """
        params: Dict[str, Any] = {"message_type": message_type}
        if user_id is not None:
            params["user_id"] = user_id
        if username is not None:
            params["username"] = username
        if team_name is not None:
            params["team_name"] = team_name
        if receiver_id is not None:
            params["receiver_id"] = receiver_id
        if content is not None:
            params["content"] = content
        if data is not None:
            params["data"] = data
        if idempotency_key is not None:
            params["idempotency_key"] = idempotency_key
        result: Sent = this._call("send_announcement", params, timeout)
        return result

    def get_team_message(
        this,
        /,
        *,
        team_id: str,
        user_id: str,
        pageSize: Union[int, str, None] = None,
        pageNo: Union[int, str, None] = None,
        cursor: Optional[str] = None,
        self: Union[bool, str, None] = None,
        view: Union[Literal["inbox", "unread", "read", "archived", "all"], str, None] = None,
        order: Union[Literal["newest", "oldest", "unread_first"], str, None] = None,
        message_type: Union[str, Sequence[str], None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Page:
        """Returns a page of a reader's messages in a team, and the numbers of all and of unread ones.

        team_id: The team.
        user_id: The acting user: the sender, or the owner of the inbox.
        pageSize: The maximum number of messages.
        pageNo: The number of the page, from 1.
        cursor: The next_cursor of an earlier page of the same listing.
        self: Only messages that the reader sent or is the receiver of.
        view: The messages that are listed.
        order: The order of the messages.
        message_type: Only messages of these types.
        """
        params: Dict[str, Any] = {"team_id": team_id, "user_id": user_id}
        if pageSize is not None:
            params["pageSize"] = pageSize
        if pageNo is not None:
            params["pageNo"] = pageNo
        if cursor is not None:
            params["cursor"] = cursor
        if self is not None:
            params["self"] = self
        if view is not None:
            params["view"] = view
        if order is not None:
            params["order"] = order
        if message_type is not None:
            params["message_type"] = message_type
        result: Page = this._call("get_team_message", params, timeout)
        return result

    def team_messages(
        this,
        /,
        *,
        team_id: str,
        user_id: str,
        pageSize: Union[int, str, None] = None,
        self: Union[bool, str, None] = None,
        view: Union[Literal["inbox", "unread", "read", "archived", "all"], str, None] = None,
        order: Union[Literal["newest", "oldest", "unread_first"], str, None] = None,
        message_type: Union[str, Sequence[str], None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Iterator[Message]:
        """Gives message after message, page by page as get_team_message does: none twice and none left out,
        whatever is sent meanwhile. pageSize is how many are asked for at once.

        team_id: The team.
        user_id: The acting user: the sender, or the owner of the inbox.
        pageSize: The maximum number of messages.
        self: Only messages that the reader sent or is the receiver of.
        view: The messages that are listed.
        order: The order of the messages.
        message_type: Only messages of these types.
        """
        params: Dict[str, Any] = {"team_id": team_id, "user_id": user_id}
        if pageSize is not None:
            params["pageSize"] = pageSize
        if self is not None:
            params["self"] = self
        if view is not None:
            params["view"] = view
        if order is not None:
            params["order"] = order
        if message_type is not None:
            params["message_type"] = message_type
        while True:
            page: Page = this._call("get_team_message", params, timeout)
            for message in page["data"]:
                yield message
            if page["next_cursor"] is None:
                return
            params = {**params, "cursor": page["next_cursor"]}

    def get_account_message(
        this,
        /,
        *,
        user_id: str,
        pageSize: Union[int, str, None] = None,
        pageNo: Union[int, str, None] = None,
        cursor: Optional[str] = None,
        self: Union[bool, str, None] = None,
        view: Union[Literal["inbox", "unread", "read", "archived", "all"], str, None] = None,
        order: Union[Literal["newest", "oldest", "unread_first"], str, None] = None,
        message_type: Union[str, Sequence[str], None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Page:
        """Returns a page of a reader's account messages and announcements, as get_team_message does.

        user_id: The acting user: the sender, or the owner of the inbox.
        pageSize: The maximum number of messages.
        pageNo: The number of the page, from 1.
        cursor: The next_cursor of an earlier page of the same listing.
        self: Only messages that the reader sent or is the receiver of.
        view: The messages that are listed.
        order: The order of the messages.
        message_type: Only messages of these types.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if pageSize is not None:
            params["pageSize"] = pageSize
        if pageNo is not None:
            params["pageNo"] = pageNo
        if cursor is not None:
            params["cursor"] = cursor
        if self is not None:
            params["self"] = self
        if view is not None:
            params["view"] = view
        if order is not None:
            params["order"] = order
        if message_type is not None:
            params["message_type"] = message_type
        result: Page = this._call("get_account_message", params, timeout)
        return result

    def account_messages(
        this,
        /,
        *,
        user_id: str,
        pageSize: Union[int, str, None] = None,
        self: Union[bool, str, None] = None,
        view: Union[Literal["inbox", "unread", "read", "archived", "all"], str, None] = None,
        order: Union[Literal["newest", "oldest", "unread_first"], str, None] = None,
        message_type: Union[str, Sequence[str], None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Iterator[Message]:
        """Gives message after message, page by page as get_account_message does: none twice and none left
        out, whatever is sent meanwhile. pageSize is how many are asked for at once.

        user_id: The acting user: the sender, or the owner of the inbox.
        pageSize: The maximum number of messages.
        self: Only messages that the reader sent or is the receiver of.
        view: The messages that are listed.
        order: The order of the messages.
        message_type: Only messages of these types.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if pageSize is not None:
            params["pageSize"] = pageSize
        if self is not None:
            params["self"] = self
        if view is not None:
            params["view"] = view
        if order is not None:
            params["order"] = order
        if message_type is not None:
            params["message_type"] = message_type
        while True:
            page: Page = this._call("get_account_message", params, timeout)
            for message in page["data"]:
                yield message
            if page["next_cursor"] is None:
                return
            params = {**params, "cursor": page["next_cursor"]}

    def get_message(
        this,
        /,
        *,
        user_id: str,
        nid: str,
        team_id: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> Message:
        """Returns one message of an inbox.

        user_id: The acting user: the sender, or the owner of the inbox.
        nid: The message.
        team_id: The team.
        """
        params: Dict[str, Any] = {"user_id": user_id, "nid": nid}
        if team_id is not None:
            params["team_id"] = team_id
        result: Message = this._call("get_message", params, timeout)
        return result

    def mark_read(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Marked:
        """Marks messages as read.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        result: Marked = this._call("mark_read", params, timeout)
        return result

    def mark_unread(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Marked:
        """Marks messages as unread.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        result: Marked = this._call("mark_unread", params, timeout)
        return result

    def mark_seen(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Marked:
        """Marks messages as seen: the reader knows that they are there.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        result: Marked = this._call("mark_seen", params, timeout)
        return result

    def archive_message(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Marked:
        """Moves messages out of the inbox into the archive.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        result: Marked = this._call("archive_message", params, timeout)
        return result

    def unarchive_message(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Marked:
        """Moves messages back from the archive into the inbox.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        result: Marked = this._call("unarchive_message", params, timeout)
        return result

    def delete_message(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        nids: Optional[Sequence[str]] = None,
        up_to: Optional[str] = None,
        all: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Marked:
        """Deletes messages for this reader alone; it can't be undone.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        nids: These messages.
        up_to: This message and all older ones in the inbox's order.
        all: Everything in the inbox, archived messages included.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if nids is not None:
            params["nids"] = nids
        if up_to is not None:
            params["up_to"] = up_to
        if all is not None:
            params["all"] = all
        result: Marked = this._call("delete_message", params, timeout)
        return result

    def get_unread_count(
        this,
        /,
        *,
        user_id: str,
        team_ids: Optional[Sequence[str]] = None,
        account: Union[bool, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> UnreadCountResult:
        """Returns the numbers of all, unread and unseen messages in a reader's inboxes.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_ids: The teams whose inboxes are counted.
        account: Whether the account inbox is counted too.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_ids is not None:
            params["team_ids"] = team_ids
        if account is not None:
            params["account"] = account
        result: UnreadCountResult = this._call("get_unread_count", params, timeout)
        return result

    def join_team(
        this,
        /,
        *,
        team_id: str,
        user_id: str,
        from_: Union[Literal["now", "start"], str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Joined:
        """Makes a reader a member of a team: messages sent from now on, or all, are visible.

        team_id: The team.
        user_id: The acting user: the sender, or the owner of the inbox.
        from_: The first visible messages: those sent from now on, or all from the start.
        """
        params: Dict[str, Any] = {"team_id": team_id, "user_id": user_id}
        if from_ is not None:
            params["from"] = from_
        result: Joined = this._call("join_team", params, timeout)
        return result

    def leave_team(
        this,
        /,
        *,
        team_id: str,
        user_id: str,
        timeout: Union[float, str, None] = None,
    ) -> Joined:
        """Ends a reader's membership of a team: messages sent from now on are hidden.

        team_id: The team.
        user_id: The acting user: the sender, or the owner of the inbox.
        """
        params: Dict[str, Any] = {"team_id": team_id, "user_id": user_id}
        result: Joined = this._call("leave_team", params, timeout)
        return result

    def join_account(
        this,
        /,
        *,
        user_id: str,
        from_: Union[Literal["now", "start"], str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> Joined:
        """Opens a reader's account: announcements sent from now on, or all, are visible.

        user_id: The acting user: the sender, or the owner of the inbox.
        from_: The first visible messages: those sent from now on, or all from the start.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if from_ is not None:
            params["from"] = from_
        result: Joined = this._call("join_account", params, timeout)
        return result

    def retract_message(
        this,
        /,
        *,
        nid: str,
        user_id: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> RetractMessageResult:
        """Retracts a message: it disappears for everybody.

        nid: The message.
        user_id: The acting user: the sender, or the owner of the inbox.
        """
        params: Dict[str, Any] = {"nid": nid}
        if user_id is not None:
            params["user_id"] = user_id
        result: RetractMessageResult = this._call("retract_message", params, timeout)
        return result

    def import_messages(
        this,
        /,
        *,
        messages: Sequence[Mapping[str, Any]],
        team_id: Optional[str] = None,
        reader_id: Optional[str] = None,
        timeout: Union[float, str, None] = None,
    ) -> ImportMessagesResult:
        """Adds messages with the times that they had elsewhere to one log: a team's (team_id), a reader's own
        (reader_id, with team_id or without), or that of announcements. The log must be empty or end
        earlier.

        messages: The messages in the order of their times, none of them more than a minute ahead of the
            store's clock. read, seen and archived are marks of the reader whose own log it is.
        team_id: The team.
        reader_id: The reader whose own log it is.
        """
        params: Dict[str, Any] = {"messages": messages}
        if team_id is not None:
            params["team_id"] = team_id
        if reader_id is not None:
            params["reader_id"] = reader_id
        result: ImportMessagesResult = this._call("import_messages", params, timeout)
        return result

    def get_changes(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        wait_ms: Union[int, str, None] = None,
        timeout: Union[float, str, None] = None,
    ) -> ChangesResult:
        """Returns the changes of inboxes since their cursors, and waits for one if there is none.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        cursor: The cursor of this inbox's changes to go on from; without it, from the present.
        inboxes: Several inboxes of the reader, in place of team_id and cursor, none of them twice: as here or
            as in an answer.
        wait_ms: The maximum time to wait for a change if there is none, in milliseconds.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if cursor is not None:
            params["cursor"] = cursor
        if inboxes is not None:
            params["inboxes"] = inboxes
        if wait_ms is not None:
            params["wait_ms"] = wait_ms
        result: ChangesResult = this._call("get_changes", params, timeout)
        return result

    @overload
    def changes(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        idle: None = None,
        timeout: Union[float, str, None] = None,
    ) -> Changes[Change]: ...

    @overload
    def changes(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        idle: float,
        timeout: Union[float, str, None] = None,
    ) -> Changes[Optional[Change]]: ...

    def changes(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        idle: Optional[float] = None,
        timeout: Union[float, str, None] = None,
    ) -> Changes[Any]:
        """Gives change after change, and waits for each, for ever: get_changes again and again, from where
        the last answer ended. Without a cursor it begins with the present of its first step. The cursor of
        a change is where a host goes on that has taken it in.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        cursor: The cursor of this inbox's changes to go on from; without it, from the present.
        inboxes: Several inboxes of the reader, in place of team_id and cursor, none of them twice: as here or
            as in an answer.
        idle: Seconds without anything after which None is given instead, again and again, so that a host can
            see whether anybody still listens.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if cursor is not None:
            params["cursor"] = cursor
        if inboxes is not None:
            params["inboxes"] = inboxes
        return Changes(this, params, idle, timeout)

    @overload
    def subscribe(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        detail: Union[Literal["messages", "counts"], str, None] = None,
        idle: None = None,
        timeout: Union[float, str, None] = None,
    ) -> Events[InboxEvent]: ...

    @overload
    def subscribe(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        detail: Union[Literal["messages", "counts"], str, None] = None,
        idle: float,
        timeout: Union[float, str, None] = None,
    ) -> Events[Optional[InboxEvent]]: ...

    def subscribe(
        this,
        /,
        *,
        user_id: str,
        team_id: Optional[str] = None,
        cursor: Optional[str] = None,
        inboxes: Optional[Sequence[Mapping[str, Any]]] = None,
        detail: Union[Literal["messages", "counts"], str, None] = None,
        idle: Optional[float] = None,
        timeout: Union[float, str, None] = None,
    ) -> Events[Any]:
        """Gives event after event of one inbox, or of up to 1,000 `inboxes`, for ever; begins with its first
        step, with the present of those without a cursor. It outlives the program: a new one goes on from
        the last cursor of each inbox, so nothing is missed and nothing comes twice. `lagged` comes only
        where a cursor is too old to go on from. Leaving or losing it unsubscribes.

        user_id: The acting user: the sender, or the owner of the inbox.
        team_id: The team.
        cursor: The cursor of this inbox's changes to go on from; without it, from the present.
        inboxes: Several inboxes of the reader, in place of team_id and cursor, none of them twice: as here or
            as in an answer.
        detail: Whether every event is sent, or only `counts`, at most ten a second for each inbox.
        idle: Seconds without anything after which None is given instead, again and again, so that a host can
            see whether anybody still listens.
        """
        params: Dict[str, Any] = {"user_id": user_id}
        if team_id is not None:
            params["team_id"] = team_id
        if cursor is not None:
            params["cursor"] = cursor
        if inboxes is not None:
            params["inboxes"] = inboxes
        if detail is not None:
            params["detail"] = detail
        return Events(this, params, idle, timeout)

    def ping(
        this,
        /,
        *,
        timeout: Union[float, str, None] = None,
    ) -> Dict[str, Any]:
        """Does nothing; the answer shows that the program is alive."""
        params: Dict[str, Any] = {}
        result: Dict[str, Any] = this._call("ping", params, timeout)
        return result

    def get_status(
        this,
        /,
        *,
        timeout: Union[float, str, None] = None,
    ) -> StatusResult:
        """Returns the program's status: its store, its limits, its host's scope, and its statistics."""
        params: Dict[str, Any] = {}
        result: StatusResult = this._call("get_status", params, timeout)
        return result

    def rpc_discover(
        this,
        /,
        *,
        timeout: Union[float, str, None] = None,
    ) -> Dict[str, Any]:
        """Returns this document."""
        params: Dict[str, Any] = {}
        result: Dict[str, Any] = this._call("rpc.discover", params, timeout)
        return result
