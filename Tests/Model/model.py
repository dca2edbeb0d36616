"""The answers that an inbox must give, in the most naive way there is: a copy per reader.

Every inbox (a reader's team inbox or account inbox) is a plain list of copies, one for each message
that was ever delivered to it, and every copy carries its own flags. There are no sequence sets, no
folded ranges and no derived counts, so each rule of the contract can be read off a line or two here.
It is slow, and that is fine: it is what the sidecar's answers are compared with.

The model can't know which nid and create_time a message gets, so it learns them from the sidecar's
answers, and refuses those that can't be right (a nid given twice, a time that goes backwards).
"""

import datetime
import json
import re

NOT_FOUND = (2001, "not_found")
CONFLICT = (2002, "conflict")
INVALID_PARAMS = (-32602, "invalid_params")
METHOD_NOT_FOUND = (-32601, "method_not_found")

SEND_METHODS = ("send_team_message", "send_account_message", "send_announcement")
LIST_METHODS = ("get_team_message", "get_account_message")
MARK_METHODS = (
    "mark_read", "mark_unread", "mark_seen", "archive_message", "unarchive_message", "delete_message")

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Refusal(Exception):
    """An error answer. `pointers` are the JSON Pointers it may name; None: not looked at."""

    def __init__(self, error, pointers=None):
        super().__init__("%s at %s" % (error[1], " or ".join(pointers) if pointers else "any place"))
        self.code, self.kind = error
        self.pointers = pointers


class Wrong(Exception):
    """An answer that can't be right, whatever was sent before."""


class RawJSON(str):
    """The exact text of a JSON value, which must come back byte for byte."""


class Message:
    """A message as it was sent. `log` is the tuple that names its log, `seq` its place there, from 1."""

    def __init__(self, log, seq, nid, create_time, fields):
        self.log, self.seq, self.nid, self.create_time, self.fields = log, seq, nid, create_time, fields
        self.retracted = False


class Copy:
    """One reader's copy of one message."""

    def __init__(self, message, reader, shared, visible):
        self.message, self.reader, self.shared, self.visible = message, reader, shared, visible
        # What I sent myself is read from the start, though not seen.
        self.read = message.fields.get("user_id") == reader
        self.seen = self.archived = self.deleted = False
        self.body = {name: value for name, value in message.fields.items() if name != "data"}
        if "data" in message.fields:
            self.body["data"] = json.loads(message.fields["data"])
        self.body.update(nid=message.nid, reader_id=reader, create_time=message.create_time)
        # Sorts an inbox from old to new: at equal times the shared log's message is the older.
        self.age = (message.create_time, not shared, message.seq)

    @property
    def present(self):
        return self.visible and not self.deleted and not self.message.retracted

    def shown(self):
        return {**self.body, "read": self.read, "seen": self.seen, "archived": self.archived}

    def flags(self):
        return (self.read, self.seen, self.archived, self.deleted, self.visible)

    def restore(self, flags):
        self.read, self.seen, self.archived, self.deleted, self.visible = flags


class Inbox:
    """A reader's copies, in the order of delivery. `team` is None for the account inbox."""

    def __init__(self, reader, team):
        self.reader, self.team = reader, team
        self.copies = []
        self.membership = "none"
        # How often flags or visibility changed: afterwards an older cursor may be understood in more
        # than one right way.
        self.changes = 0

    @property
    def shared_log(self):
        return ("everyone",) if self.team is None else ("team", self.team)

    @property
    def own_log(self):
        return ("account", self.reader) if self.team is None else ("member", self.team, self.reader)

    def deliver(self, message, shared):
        visible = not shared or self.membership != "left"
        self.copies.append(Copy(message, self.reader, shared, visible))

    def present(self):
        return [copy for copy in self.copies if copy.present]

    def find(self, nid):
        """The copy of this nid that this reader can name: also a deleted or retracted one."""
        for copy in self.copies:
            if copy.message.nid == nid and copy.visible:
                return copy
        return None

    def counts(self):
        """Of the view `inbox`."""
        copies = [copy for copy in self.present() if not copy.archived]
        return {
            "total": len(copies),
            "count": sum(not copy.read for copy in copies),
            "unseen": sum(not copy.seen for copy in copies),
        }


class Filters:
    """The parameters of a list, apart from the place in it."""

    def __init__(self, params):
        self.view = params.get("view", "inbox")
        self.order = params.get("order", "newest")
        self.mine = params.get("self", False)
        types = params.get("message_type")
        self.types = None if types is None else frozenset([types] if isinstance(types, str) else types)

    def __eq__(self, other):
        return vars(self) == vars(other)

    def passes(self, copy):
        fields = copy.message.fields
        if self.mine and copy.reader not in (fields.get("user_id"), fields.get("receiver_id")):
            return False
        if self.types is not None and fields["message_type"] not in self.types:
            return False
        if self.view in ("all", "archived"):
            return self.view == "all" or copy.archived
        return not copy.archived and (self.view == "inbox" or copy.read == (self.view == "read"))

    def first(self, copies):
        """The messages in the first part of two, as the first page finds it."""
        unread = frozenset(copy for copy in copies if self.order == "unread_first" and not copy.read)
        # A cursor has room for some 700 ranges; no run comes near.
        assert len(unread) < 700 or runs(unread) < 700, "more ranges than this model knows what to do with"
        return unread

    def sorted(self, copies, first):
        copies = sorted(copies, key=lambda copy: copy.age, reverse=self.order != "oldest")
        return sorted(copies, key=lambda copy: part(copy, first)) if self.order == "unread_first" else copies


def part(copy, first):
    """The part of a list that a copy belongs to: which that is was decided by the list's first page."""
    return 0 if copy in first else 1


def runs(copies):
    """The number of runs of numbers, in both logs together."""
    places = {(copy.shared, copy.message.seq) for copy in copies}
    return sum((shared, seq - 1) not in places for shared, seq in places)


class Position:
    """The meaning of a cursor: a place in each of the two logs, among what was there when it was made.

    Later messages may have the same create_time as the last one listed, and would then belong before
    it: they must not be skipped by `oldest` nor shown by the others, so a time would not do, and a place
    once passed stays passed.
    """

    def __init__(self, inbox, filters, last, changes, first, start=None):
        self.inbox, self.filters, self.changes, self.first = inbox, filters, changes, first
        self.part = part(last, first)
        self.limits, self.heads = {}, {}
        for shared in (True, False):
            places = [copy for copy in inbox.copies if copy.shared == shared]
            if filters.order == "oldest":
                self.limits[shared] = sum(copy.age <= last.age for copy in places)
            else:
                self.limits[shared] = 1 + sum(copy.age < last.age for copy in places)
            if start is not None and start.part == self.part:
                passed = max if filters.order == "oldest" else min
                self.limits[shared] = passed(self.limits[shared], start.limits[shared])
            # What was sent after the first page comes in no later part of `unread_first`.
            self.heads[shared] = len(places) if start is None else start.heads[shared]

    def precedes(self, copy):
        place = part(copy, self.first)
        if place != self.part:
            return place > self.part and copy.message.seq <= self.heads[copy.shared]
        if self.filters.order == "oldest":
            return copy.message.seq > self.limits[copy.shared]
        return copy.message.seq < self.limits[copy.shared]


class Page:
    """An expected page: `copies` are the first `size` of `rest`, which is what is left of `listed`, the
    whole list. `changes` is the inbox's count of changes when its walk began; `loose` says that there
    were some since, so that not every right answer is equal to this one."""

    def __init__(self, inbox, filters, listed, rest, size, first, start):
        self.inbox, self.filters, self.listed, self.rest, self.first = inbox, filters, listed, rest, first
        self.size, self.start = size, start
        self.changes = inbox.changes if start is None else start.changes
        self.loose = self.changes != inbox.changes
        self.copies = rest[:size]
        self.ends = len(rest) <= size
        self.total, self.count = len(listed), sum(not copy.read for copy in listed)

    def position(self, last):
        return Position(self.inbox, self.filters, last, self.changes, self.first, self.start)


class Model:
    def __init__(self):
        self.logs = {}  # log -> [Message]
        self.nids = {}  # nid -> Message
        self.keys = {}  # (log, sender, idempotency_key) -> Message
        self.inboxes = {}  # (team or None, reader) -> Inbox
        self.cursors = {}  # the sidecar's text -> Position

    # The inboxes and what is delivered to them

    def inbox(self, team, reader):
        """The inbox, made when it is first looked at: a newcomer sees all that was ever sent to all."""
        if (team, reader) not in self.inboxes:
            inbox = self.inboxes[team, reader] = Inbox(reader, team)
            for message in self.logs.get(inbox.shared_log, []):
                inbox.deliver(message, shared=True)
        return self.inboxes[team, reader]

    def inbox_of(self, params):
        return self.inbox(params.get("team_id"), params["user_id"])

    def append(self, log, fields, key, nid, create_time):
        """Puts a message into a log and a copy of it into every inbox concerned."""
        if not isinstance(nid, str) or not nid:
            raise Wrong("no nid: %r" % (nid,))
        if nid in self.nids:
            raise Wrong("nid %s was given before" % nid)
        check_time(create_time)
        messages = self.logs.setdefault(log, [])
        if messages and create_time < messages[-1].create_time:
            raise Wrong("create_time %s after %s in one log" % (create_time, messages[-1].create_time))
        if log[0] in ("member", "account"):
            self.inbox(log[1] if log[0] == "member" else None, log[-1])
        message = Message(log, len(messages) + 1, nid, create_time, fields)
        messages.append(message)
        self.nids[nid] = message
        if key is not None:
            self.keys[log, fields.get("user_id"), key] = message
        for inbox in self.inboxes.values():
            if log == inbox.shared_log:
                inbox.deliver(message, shared=True)
            elif log == inbox.own_log:
                inbox.deliver(message, shared=False)
        return message

    # The methods

    def call(self, method, params, got):
        """The expected result (a Page for a list), or a Refusal. `got` is what the sidecar answered."""
        if method in SEND_METHODS:
            return self.send(method, params, got)
        if method in LIST_METHODS:
            return self.list(params)
        if method in MARK_METHODS:
            return self.mark(method, params)
        if method == "import_messages":
            return self.import_messages(params, got)
        return getattr(self, method)(params)

    def ping(self, params):
        return {}

    def send(self, method, params, got):
        fields, key = content(params), params.get("idempotency_key")
        targets = destinations(method, params)
        for log, _ in targets:
            known = self.keys.get((log, fields.get("user_id"), key))
            if known is not None and known.fields != fields:
                raise Refusal(CONFLICT)
        learned = got.get("messages") if "reader_ids" in params else [got]
        if not isinstance(learned, list) or len(learned) != len(targets):
            raise Wrong("messages should be %d items" % len(targets))
        items = []
        for (log, reader), item in zip(targets, learned):
            known = self.keys.get((log, fields.get("user_id"), key)) if key is not None else None
            message = known or self.append(log, fields, key, item.get("nid"), item.get("create_time"))
            items.append({
                "nid": message.nid, "create_time": message.create_time, "duplicate": known is not None})
            if "reader_ids" in params:
                items[-1]["reader_id"] = reader
        result = {
            "nid": items[0]["nid"], "create_time": items[0]["create_time"],
            "duplicate": all(item["duplicate"] for item in items)}
        if "reader_ids" in params:
            result["messages"] = items
        return result

    def import_messages(self, params, got):
        """Messages with their own times, in the reader's own log: refused as one if the log has later ones."""
        inbox = self.inbox(params.get("team_id"), params["reader_id"])
        log, given = inbox.own_log, params["messages"]
        known = [self.keys.get((log, item.get("user_id"), item["idempotency_key"])) for item in given]
        for place, (item, message) in enumerate(zip(given, known)):
            if message and (message.fields != imported(params, item) or message.create_time != item["create_time"]):
                raise Refusal(CONFLICT, ["/messages/%d/idempotency_key" % place])
            if not message and self.logs.get(log) and self.logs[log][-1].create_time > item["create_time"]:
                raise Refusal(CONFLICT, ["/messages/%d/create_time" % place])
        learned, items = got.get("messages"), []
        if not isinstance(learned, list) or len(learned) != len(given):
            raise Wrong("messages should be %d items" % len(given))
        for item, message, answer in zip(given, known, learned):
            duplicate = message is not None
            message = message or self.append(
                log, imported(params, item), item["idempotency_key"], answer.get("nid"), item["create_time"])
            items.append({"nid": message.nid, "create_time": item["create_time"], "duplicate": duplicate})
            copy = inbox.find(message.nid)
            if copy.present:
                inbox.changes += 1
                for flag in ("read", "seen", "archived"):
                    if item.get(flag):
                        setattr(copy, flag, True)
        return {"messages": items, "imported": sum(not item["duplicate"] for item in items)}

    def list(self, params):
        inbox, filters = self.inbox_of(params), Filters(params)
        size = params.get("pageSize", 12)
        start = None
        if "cursor" in params:
            start = self.cursors.get(params["cursor"])
            if "pageNo" in params or start is None or start.inbox is not inbox or start.filters != filters:
                raise Refusal(INVALID_PARAMS, ["/cursor"])
        passing = [copy for copy in inbox.present() if filters.passes(copy)]
        first = filters.first(passing) if start is None else start.first
        listed = rest = filters.sorted(passing, first)
        if start is not None:
            rest = [copy for copy in listed if start.precedes(copy)]
        elif "pageNo" in params:
            rest = listed[(params["pageNo"] - 1) * size:]
        return Page(inbox, filters, listed, rest, size, first, start)

    def get_message(self, params):
        copy = self.inbox_of(params).find(params["nid"])
        if copy is None or not copy.present:
            raise Refusal(NOT_FOUND, ["/nid"])
        return copy.shown()

    def mark(self, method, params):
        inbox = self.inbox_of(params)
        changed = sum(change(method, copy) for copy in self.named(inbox, params))
        if method != "mark_seen":
            inbox.changes += changed
        counts = inbox.counts()
        return {"changed": changed, "total": counts["total"], "count": counts["count"]}

    def named(self, inbox, params):
        """The copies that a mark is about."""
        if "nids" in params:
            copies = []
            for place, nid in enumerate(params["nids"]):
                copy = inbox.find(nid)
                if copy is None:
                    raise Refusal(NOT_FOUND, ["/nids/%d" % place])
                copies.append(copy)
            return [copy for copy in copies if copy.present]
        if "up_to" in params:
            last = inbox.find(params["up_to"])
            if last is None:
                raise Refusal(NOT_FOUND, ["/up_to"])
            return [copy for copy in inbox.present() if copy.age <= last.age]
        return inbox.present()

    def get_unread_count(self, params):
        result, sums = {"teams": {}}, 0
        for team in params.get("team_ids", []):
            result["teams"][team] = self.inbox(team, params["user_id"]).counts()
        if params.get("account", True):
            result["account"] = self.inbox(None, params["user_id"]).counts()
            sums += result["account"]["count"]
        return {**result, "count": sums + sum(counts["count"] for counts in result["teams"].values())}

    def join_team(self, params):
        inbox = self.inbox_of(params)
        shared = [copy for copy in inbox.copies if copy.shared]
        if params.get("from", "now") == "start":
            for copy in shared:
                copy.visible = True
        elif inbox.membership == "none":
            for copy in shared:
                copy.visible = False
        # From left, what was visible before stays visible, and what was sent meanwhile stays hidden.
        inbox.membership = "member"
        inbox.changes += 1
        return {"joined": True}

    join_account = join_team

    def leave_team(self, params):
        self.inbox_of(params).membership = "left"
        return {"joined": False}

    def retract_message(self, params):
        message = self.nids.get(params["nid"])
        if message is None:
            raise Refusal(NOT_FOUND, ["/nid"])
        retracted, message.retracted = not message.retracted, True
        return {"retracted": retracted}


def change(method, copy):
    """Marks one copy and says whether that changed it."""
    before = copy.flags()
    if method in ("mark_read", "mark_unread"):
        copy.read = method == "mark_read"
    elif method == "mark_seen":
        copy.seen = True
    elif method in ("archive_message", "unarchive_message"):
        copy.archived = method == "archive_message"
    elif not copy.deleted:
        copy.deleted = True
    return copy.flags() != before


def imported(params, item):
    """The fields of a message that `import_messages` adds, as a send would have them."""
    fields = {name: value for name, value in item.items()
              if name not in ("idempotency_key", "create_time", "read", "seen", "archived")}
    return {**fields, **({"team_id": params["team_id"]} if "team_id" in params else {})}


def content(params):
    """The fields that two sends with one key must agree on, and that a message shows."""
    return {
        name: value for name, value in params.items()
        if name not in ("idempotency_key", "reader_id", "reader_ids")}


def destinations(method, params):
    """The logs that a send appends to, each with its reader; repeated readers count once."""
    if method == "send_announcement":
        return [(("everyone",), None)]
    if method == "send_account_message":
        readers = params["reader_ids"] if "reader_ids" in params else [params["reader_id"]]
        return [(("account", reader), reader) for reader in dict.fromkeys(readers)]
    if "reader_ids" in params:
        team = params["team_id"]
        return [(("member", team, reader), reader) for reader in dict.fromkeys(params["reader_ids"])]
    return [(("team", params["team_id"]), None)]


def check_time(text):
    """RFC 3339, UTC, milliseconds, and about now: a local time would be hours away."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise Wrong("create_time is no RFC 3339 time with milliseconds: %r" % (text,))
    time = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    if abs((now - time).total_seconds()) > 1800:
        raise Wrong("create_time %s is not the present time" % text)
