"""Random operations: what hosts do, and what they should not do.

A generator looks at the model for things to name (nids, cursors, readers), but decides nothing about
answers: those are the model's, except for the refusals of malformed parameters in `faults.py`.
"""

import json

from faults import spoil
from model import MARK_METHODS, RawJSON

# Names that a careless encoding would confuse: separators, case, equal letters of other bytes, NUL,
# line breaks, and one of exactly 128 bytes.
TEAMS = ["red", "red:ann", "\u00e9t\u00e9", "e\u0301te\u0301"]
USERS = [
    "ann", "bob", "red:ann", "ann:ann", "Ann", "zo\u00e9", "zoe\u0301", "\u65e5\u672c/x?y#z%20", "nul\0end",
    "two\r\nlines", "quote\"\\'", " ", "\u00e9" * 64]
TYPES = ["mention", "comment", "Comment", "task.done", "t\u00e2che"]
TEXTS = ["", "hello", "na\u00efve \u2603 \U0001f600", "nul \0 and \u2028 line\nbreak", "long " * 60]
DATA = [RawJSON(text) for text in (
    '{}', '{"a":1}', '{ "b" : [1, 2.0, 1e2, -0, 12345678901234567890] ,\t"a":null}',
    '{"\\u00e9":"\\ud83d\\ude00","e\u0301":true,"$oid":"x","a.b":{"$gt":1}}', '{"z":0.1,"a":"\\/"}')]
VIEWS = ["inbox", "unread", "read", "archived", "all"]
ORDERS = ["newest", "oldest", "unread_first"]

WEIGHTS = {
    "send_team": 10, "send_to_readers": 6, "send_account": 4, "send_to_accounts": 3, "send_announcement": 3,
    "send_again": 4, "send_conflicting": 2,
    "list": 14, "walk": 12, "message": 4, "unread_count": 5,
    "mark_nids": 10, "mark_up_to": 4, "mark_all": 3, "mark_strangers": 2,
    "join": 2, "leave": 1, "retract": 2, "misuse_cursor": 2, "fault": 6, "ping": 1, "tie": 1,
}


class Operation:
    """One request. `params` is what is meant, `wire` how it is spelled; `refusal` is set where the
    request is malformed, otherwise the model knows the answer."""

    def __init__(self, method, params, refusal=None, wire=None):
        self.method, self.params, self.refusal = method, params, refusal
        self.wire = params if wire is None else wire
        self.walk = None

    def __str__(self):
        text = json.dumps(self.wire, ensure_ascii=False)
        return "%s %s" % (self.method, text if len(text) < 600 else text[:600] + "...")


class Walk:
    """A list read to its end by cursor, with anything happening between its pages."""

    def __init__(self, params):
        self.params, self.cursor = params, None
        self.waiting = False  # for a page
        self.seen = set()  # nids
        self.owed = None  # nids that were there at every page so far, so that they must be seen


class Generator:
    def __init__(self, rng, model, weights=None, teams=TEAMS, users=USERS):
        self.rng, self.model = rng, model
        self.teams, self.users = teams, users
        self.planned = []  # functions that make the next operations
        self.choose_by(WEIGHTS if weights is None else weights)
        self.key_share = 0.4  # how many of the sends have a key
        self.common_keys = 0.3  # how many of those keys are of a pool, so that they meet again
        self.keyed = []  # sends with an idempotency key
        self.imports = []  # the last calls that imported
        self.cursors = []  # (params, cursor) that were answered
        self.walks = []
        self.known_users = 9  # the others arrive later, and find what was sent before them
        self.team, self.user = self.teams[0], self.users[0]
        self.made = self.fresh = 0

    def choose_by(self, weights):
        self.kinds, self.weights, self.planned = list(weights), list(weights.values()), []

    def next(self):
        self.made += 1
        while self.planned:
            operation = self.planned.pop(0)()
            if operation is not None:
                return operation
        if self.made % 400 == 0:
            self.known_users = min(self.known_users + 1, len(self.users))
        # Stay with one inbox for a while, so that sends and reads meet in the same millisecond.
        if self.rng.random() < 0.3:
            self.team = self.rng.choice(self.teams)
        if self.rng.random() < 0.3:
            self.user = self.reader()
        while True:
            kind = self.rng.choices(self.kinds, self.weights)[0]
            if kind == "fault":
                valid = self.valid()
                if valid is None:
                    continue
                method, wire, refusal = spoil(self.rng, valid.method, valid.params)
                return Operation(method, valid.params, refusal, wire)
            operation = getattr(self, kind)()
            if operation is not None:
                operation.wire = self.spell(operation.params)
                return operation

    def valid(self):
        """Some well-formed operation without a cursor, for a fault to spoil."""
        kind = self.rng.choice([
            self.send_team, self.send_to_readers, self.send_account, self.send_to_accounts,
            self.send_announcement, self.list, self.message, self.unread_count, self.mark_nids,
            self.mark_up_to, self.mark_all, self.join, self.leave, self.retract])
        return kind()

    # What is named

    def reader(self):
        return self.rng.choice(self.users[:self.known_users])

    def sender(self):
        # Two users send half of everything, and so have long runs of messages of their own.
        return self.rng.choice(self.users[:2]) if self.rng.random() < 0.5 else self.reader()

    def readers(self):
        count = self.rng.choice([1, 1, 2, 3, self.known_users])
        readers = self.rng.sample(self.users[:self.known_users], min(count, self.known_users))
        return readers + readers[:1] if self.rng.random() < 0.15 else readers

    def inbox_params(self):
        params = {"user_id": self.user}
        if self.rng.random() < 0.7:
            params["team_id"] = self.team
        return params

    def some_copy(self, params, visible=True):
        inbox = self.model.inbox_of(params)
        copies = [copy for copy in inbox.copies if copy.visible == visible]
        if not copies:
            return None
        # Mostly what is new and still there; deleted and retracted ones too.
        if self.rng.random() < 0.6:
            copies = copies[-12:]
        present = [copy for copy in copies if copy.present]
        gone = [copy for copy in copies if not copy.present]
        return self.rng.choice(gone if gone and self.rng.random() < 0.15 else present or copies)

    def spell(self, params):
        """The same parameters as another host would write them."""
        wire = dict(params)
        for name in ("pageSize", "pageNo", "self", "all", "account"):
            if name in wire and self.rng.random() < 0.3:
                wire[name] = json.dumps(wire[name])
        names = list(wire)
        if self.rng.random() < 0.2:
            self.rng.shuffle(names)
        return {name: wire[name] for name in names}

    # Sends

    def fields(self, params):
        rng = self.rng
        params["message_type"] = rng.choice(TYPES)
        if rng.random() < 0.4:
            params["username"] = rng.choice(["", "Ann", "\u65e5\u672c", "A" * 40])
        if rng.random() < 0.3:
            params["team_name"] = rng.choice(["", "The Reds", "\u00c9quipe"])
        if rng.random() < 0.3:
            params["receiver_id"] = self.reader()
        if rng.random() < 0.6:
            params["content"] = rng.choice(TEXTS)
        if rng.random() < 0.3:
            params["data"] = rng.choice(DATA)
        return params

    def sent(self, method, params):
        if self.rng.random() < self.key_share:
            self.fresh += 1
            common = self.rng.random() < self.common_keys
            params["idempotency_key"] = (
                "key %d" % self.rng.randrange(400) if common else "own %d" % self.fresh)
            self.keyed.append((method, params))
            del self.keyed[:-60]
        return Operation(method, params)

    def send_team(self):
        return self.sent("send_team_message", self.fields({"team_id": self.team, "user_id": self.sender()}))

    def send_to_readers(self):
        params = self.fields({"team_id": self.team, "user_id": self.sender()})
        params["reader_ids"] = self.readers()
        return self.sent("send_team_message", params)

    def send_account(self):
        params = {"reader_id": self.user if self.rng.random() < 0.5 else self.reader()}
        return self.sent("send_account_message", self.fields(self.maybe_sender(params)))

    def send_to_accounts(self):
        return self.sent(
            "send_account_message", self.fields(self.maybe_sender({"reader_ids": self.readers()})))

    def send_announcement(self):
        return self.sent("send_announcement", self.fields(self.maybe_sender({})))

    def maybe_sender(self, params):
        if self.rng.random() < 0.7:
            params["user_id"] = self.sender()
        return params

    def send_again(self):
        """A retry: as it was, to other readers too, or to one reader named another way."""
        if not self.keyed:
            return None
        method, params = self.rng.choice(self.keyed)
        params = dict(params)
        if "reader_ids" in params and self.rng.random() < 0.5:
            params["reader_ids"] = self.readers()
        elif "reader_id" in params and self.rng.random() < 0.3:
            params["reader_ids"] = [params.pop("reader_id")]
        elif method == "send_team_message" and self.rng.random() < 0.2:
            if params.pop("reader_ids", None) is None:
                params["reader_ids"] = self.readers()
        return Operation(method, params)

    def send_conflicting(self):
        again = self.send_again()
        if again is None:
            return None
        # Of another sender it is no conflict, but a message of its own.
        name = self.rng.choice(["content", "message_type", "username", "data", "user_id", "receiver_id"])
        if name == "data":
            values = [value for value in DATA if value != again.params.get("data")]
        else:
            others = ("x", "other", "e\u0301", "\u00e9")
            values = [value for value in others if value != again.params.get(name)]
        if "reader_ids" in again.params and self.rng.random() < 0.5:
            # The first one's log does not know the key.
            again.params["reader_ids"] = [self.reader()] + again.params["reader_ids"]
        again.params[name] = self.rng.choice(values)
        return again

    def import_own(self):
        """Messages of the latest time that anybody was told, in a reader's own log: the newest of its inbox."""
        times = [messages[-1].create_time for messages in self.model.logs.values() if messages]
        if not times:
            return None
        if self.imports and self.rng.random() < 0.2:
            return Operation("import_messages", self.rng.choice(self.imports))
        params = {"reader_id": self.user}
        if self.rng.random() < 0.7:
            params["team_id"] = self.team
        params["messages"] = []
        for _ in range(self.rng.choice([1, 1, 2, 4])):
            self.fresh += 1
            item = {"create_time": max(times), "idempotency_key": "old %d" % self.fresh}
            self.fields(self.maybe_sender(item))
            item.update((flag, self.rng.random() < 0.5) for flag in ("read", "seen", "archived") if self.rng.random() < 0.5)
            params["messages"].append(item)
        self.imports = self.imports[-20:] + [params]
        return Operation("import_messages", params)

    # Reads

    def list_params(self):
        rng = self.rng
        params = self.inbox_params()
        if rng.random() < 0.5:
            params["view"] = rng.choice(VIEWS)
        if rng.random() < 0.5:
            params["order"] = rng.choice(ORDERS)
        if rng.random() < 0.2:
            params["self"] = rng.random() < 0.8
        if rng.random() < 0.25:
            types = rng.sample(TYPES, rng.choice([1, 1, 2, 3]))
            params["message_type"] = types[0] if len(types) == 1 and rng.random() < 0.5 else types
        return params

    def list(self):
        params = self.list_params()
        if self.rng.random() < 0.7:
            params["pageSize"] = self.rng.choice([1, 2, 3, 5, 8, 12, 50, 200])
        if self.rng.random() < 0.5:
            params["pageNo"] = self.rng.choice([1, 1, 2, 3, 5, 20, 1000000])
        return Operation(list_method(params), params)

    def walk(self):
        if len(self.walks) < 8 and self.rng.random() < 0.2 or not self.walks:
            self.walks.append(Walk(self.list_params()))
        return self.walk_on(self.rng.choice(self.walks), self.rng.choice([1, 2, 3, 4, 7, 12, 30]))

    def walk_on(self, walk, size):
        """The next page, unless one is on its way."""
        if walk.waiting or walk not in self.walks:
            return None
        walk.waiting = True
        params = dict(walk.params, pageSize=size)
        if walk.cursor is not None:
            params["cursor"] = walk.cursor
        operation = Operation(list_method(params), params)
        operation.walk = walk
        return operation

    def tie(self):
        """Messages of both logs sent within a millisecond, around a cursor between them."""
        self.fresh += 1
        inbox = self.inbox_params()
        walk = Walk(dict(inbox, message_type="tie %d" % self.fresh, order=self.rng.choice(ORDERS)))
        self.walks.append(walk)
        shared = self.rng.choice([True, False, False])
        others = [user for user in self.users[:self.known_users] if user != self.user]

        def send(shared, senders):
            params = dict(walk.params, user_id=self.rng.choice(senders))
            del params["order"]
            if "team_id" in params:
                method = "send_team_message"
                params.update({} if shared else {"reader_ids": [self.user]})
            else:
                method = "send_announcement" if shared else "send_account_message"
                params.update({} if shared else {"reader_id": self.user})
            return lambda: Operation(method, params)

        later = [send(True, [self.user] + others[:1]), send(False, [self.user] + others[:1])]
        self.rng.shuffle(later)

        def page():
            return self.walk_on(walk, 1)

        self.planned = [send(shared, others), page] + later + [page, page, page]
        return send(shared, others)()

    def misuse_cursor(self):
        """An old cursor, as it was or with something that it was not made for."""
        if not self.cursors:
            return None
        params, cursor = self.rng.choice(self.cursors)
        params = dict(params, cursor=cursor)
        name = self.rng.choice(
            ["nothing", "pageNo", "view", "order", "self", "message_type", "user_id", "team_id"])
        if name == "pageNo":
            params["pageNo"] = self.rng.choice([1, 2])
        elif name == "view":
            params["view"] = self.rng.choice(VIEWS)
        elif name == "order":
            params["order"] = self.rng.choice(ORDERS)
        elif name == "self":
            params["self"] = not params.get("self", False)
        elif name == "message_type":
            params["message_type"] = "another"
        elif name == "user_id":
            params["user_id"] = self.reader()
        elif name == "team_id" and params.pop("team_id", None) is None:
            params["team_id"] = self.team
        return Operation(list_method(params), params)

    def message(self):
        params = self.inbox_params()
        return self.naming(params, "get_message", lambda nid: {"nid": nid})

    def unread_count(self):
        params = {"user_id": self.user}
        if self.rng.random() < 0.7:
            params["team_ids"] = [self.rng.choice(self.teams) for _ in range(self.rng.randrange(6))]
        if self.rng.random() < 0.4:
            params["account"] = self.rng.random() < 0.5
        return Operation("get_unread_count", params)

    # Marks

    def mark_method(self):
        return self.rng.choice(MARK_METHODS)

    def mark_nids(self):
        params = self.inbox_params()
        count = self.rng.choice([0, 1, 1, 1, 2, 3, 5, 10, 40])
        copies = [self.some_copy(params) for _ in range(count)]
        params["nids"] = [copy.message.nid for copy in copies if copy is not None]
        return Operation(self.mark_method(), params)

    def mark_up_to(self):
        params = self.inbox_params()
        method = self.mark_method()
        if method == "delete_message" and self.rng.random() < 0.7:
            method = "mark_read"
        return self.naming(params, method, lambda nid: {"up_to": nid})

    def mark_all(self):
        method = self.mark_method()
        if method == "delete_message" and self.rng.random() < 0.8:
            method = "mark_unread"
        return Operation(method, dict(self.inbox_params(), all=True))

    def mark_strangers(self):
        """Marks that name, among others, what this reader can't see; nothing may change then."""
        params = self.inbox_params()
        nids = [copy.message.nid for copy in (self.some_copy(params) for _ in range(3)) if copy is not None]
        nids.insert(self.rng.randrange(len(nids) + 1), self.strange_nid(params))
        if self.rng.random() < 0.3:
            return Operation(self.mark_method(), dict(params, up_to=self.strange_nid(params)))
        return Operation(self.mark_method(), dict(params, nids=nids))

    def naming(self, params, method, named):
        copy = self.some_copy(params)
        if copy is None or self.rng.random() < 0.1:
            nid = self.strange_nid(params)
        else:
            nid = copy.message.nid
        return Operation(method, {**params, **named(nid)})

    def strange_nid(self, params):
        """A nid that no one gave, or of another inbox, or of a message this reader can't see."""
        hidden = self.some_copy(params, visible=False)
        if hidden is not None and self.rng.random() < 0.6:
            return hidden.message.nid
        choice = self.rng.randrange(3)
        if choice == 0 or not self.model.nids:
            return self.rng.choice(["x", "not a nid", "\u65e5", "1", "A" * 40, "null", "-1", "\0"])
        nid = self.rng.choice(list(self.model.nids))
        if choice == 1:
            place = self.rng.randrange(len(nid))
            nid = nid[:place] + self.rng.choice("0129AZaz-_=") + nid[place + 1:]
        return nid

    # Membership and the rest

    def join(self):
        params = {"user_id": self.user}
        if self.rng.random() < 0.6:
            params["from"] = self.rng.choice(["now", "start"])
        if self.rng.random() < 0.3:
            return Operation("join_account", params)
        return Operation("join_team", dict(params, team_id=self.team))

    def leave(self):
        return Operation("leave_team", {"team_id": self.team, "user_id": self.user})

    def retract(self):
        if self.rng.random() < 0.1 or not self.model.nids:
            params = {"nid": self.strange_nid(self.inbox_params())}
        else:
            copy = self.some_copy(self.inbox_params())
            nids = [message.nid for message in self.model.nids.values() if message.retracted]
            if copy is not None and (not nids or self.rng.random() < 0.8):
                nids = [copy.message.nid]
            params = {"nid": self.rng.choice(nids or list(self.model.nids))}
        if self.rng.random() < 0.5:
            params["user_id"] = self.reader()
        return Operation("retract_message", params)

    def ping(self):
        return Operation("ping", {})


def list_method(params):
    return "get_team_message" if "team_id" in params else "get_account_message"
