"""Who follows inboxes in a run of live.py: each keeps a page that is made of nothing but what it was told."""

import collections

EVENTS = ("created", "marked", "removed", "counts", "lagged")


class Broken(AssertionError):
    """What a follower was told can't be right."""


class Followed:
    """One inbox as a follower knows it. `page` has the nids that are there, oldest first in each of the two logs."""

    def __init__(self, reader, team, is_plain):
        self.reader, self.team, self.is_plain = reader, team, is_plain
        self.cursor = None
        self.page = {}  # nid → "shared" or "own"
        self.told, self.removed = set(), set()
        self.newest = {"shared": "", "own": ""}  # Times: within a log none is before that of an older message.
        self.counts = None
        self.recent = collections.deque(maxlen=12)

    def __str__(self):
        return f"{self.reader} in {self.team or 'the account'}"

    def begin(self, messages, counts):
        """What a host finds that reads before it follows, while nothing happens."""
        self.page = {message["nid"]: kind(message) for message in messages}
        self.counts = counts

    def take(self, event):
        """Takes in an event, or a change of a long poll. The position is behind it."""
        name, counts = event["event"], numbers(event)
        self.recent.append({**event, "message": event.get("message", {}).get("content")})
        self.require(name in EVENTS and name != "lagged", f"the event {name}")
        self.require(isinstance(event["cursor"], str), "an event without a cursor")
        self.require(all(0 <= counts[part] <= counts["total"] for part in counts), f"counts {counts}")
        if name == "created":
            self.create(event["message"])
        elif name == "removed":
            self.remove(event)
        self.cursor, self.counts = event["cursor"], counts

    def create(self, message):
        nid, log = message["nid"], kind(message)
        self.require(nid not in self.told, f"created {nid} twice")
        self.require(nid not in self.page, f"created {nid}, which was there at the beginning")
        self.require(nid not in self.removed, f"created {nid}, which was removed before")
        self.require(message["create_time"] >= self.newest[log], f"created {nid} behind a newer one of its log")
        self.require(message["reader_id"] == self.reader, f"a message of {message['reader_id']}")
        self.told.add(nid)
        self.newest[log] = message["create_time"]
        self.page[nid] = log

    def remove(self, event):
        nid = event["nid"]
        self.require(event["reason"] == "retracted", f"the reason {event['reason']}")
        self.require(nid not in self.removed, f"removed {nid} twice")
        # One that was retracted before it was told is removed all the same: it is never created then.
        self.removed.add(nid)
        self.page.pop(nid, None)

    def difference(self, messages, counts, has_page):
        """What a fresh read has otherwise; None if nothing."""
        if self.counts != counts:
            return f"{self}: told {self.counts}, but there are {counts}"
        if not has_page or not self.is_plain:
            return None
        for log in ("shared", "own"):
            mine = [nid for nid, its in self.page.items() if its == log]
            fresh = [message["nid"] for message in messages if kind(message) == log]
            if mine != fresh:
                missing, more = [n for n in fresh if n not in self.page], sorted(set(mine) - set(fresh))
                return (f"{self}, the {log} log: {len(mine)} of {len(fresh)} are there; missing {missing[:5]}, "
                        f"too many {more[:5]}" + ("" if missing or more else ", in another order"))
        return None

    def require(self, holds, what):
        if not holds:
            raise Broken(f"{self} was told {what}; before that: {list(self.recent)}")


class Follower:
    """A reader's inboxes, followed by one subscription or by long polls. It goes on from its cursors in any process,
    in either of the two ways, since the cursors are the same; one of `counts_only` is told of numbers alone."""

    def __init__(self, number, reader, teams, is_plain):
        self.name, self.reader = f"follower {number}", reader
        # Of four followers one is told of numbers alone, and one begins with a long poll.
        self.counts_only, self.polls_first = number % 4 == 3, number % 4 == 0
        self.inboxes = {team: Followed(reader, team, is_plain) for team in teams}
        self.way = None
        self.host = self.subscription = None
        self.is_moving = self.is_ending = False

    def __str__(self):
        return f"{self.name} ({self.way})"

    def choose(self, rng):
        """How it goes on."""
        if self.counts_only:
            self.way = "counts"
        elif self.polls_first:
            self.way, self.polls_first = "poll", False
        else:
            self.way = rng.choice(["messages", "messages", "messages", "poll"])
        return self.way

    def params(self):
        """What a host asks for that goes on from where it is."""
        inboxes = [{**({"team_id": team} if team else {}), **({"cursor": its.cursor} if its.cursor else {})}
                   for team, its in self.inboxes.items()]
        more = {"wait_ms": 2_000} if self.way == "poll" else {"detail": self.way}
        return {"user_id": self.reader, "inboxes": inboxes, **more}

    def subscribed(self, result, host):
        """Takes in the answer to a subscription."""
        self.host, self.subscription = host, result["subscription"]
        teams = [one.get("team_id") for one in result["inboxes"]]
        if teams != list(self.inboxes):
            raise Broken(f"{self} of {list(self.inboxes)} got {teams}")
        for one, its in zip(result["inboxes"], self.inboxes.values()):
            its.require(not one.get("expired"), "that its cursor is too old")
            if its.cursor is None or self.counts_only:
                its.cursor, its.counts = one["cursor"], numbers(one)

    def answered(self, result):
        """Takes in the answer to a long poll."""
        for change in result["changes"]:
            self.inboxes[change.get("team_id")].take(change)
        for one in result["inboxes"]:
            self.inboxes[one.get("team_id")].cursor = one["cursor"]

    def event(self, params):
        """Takes in an event of its subscription."""
        if (params["event"] == "counts") != self.counts_only:
            raise Broken(f"{self} was told {params['event']}")
        self.inboxes[params.get("team_id")].take(params)

    def difference(self, fresh):
        """What a fresh read has otherwise; None if nothing."""
        for team, its in self.inboxes.items():
            if found := its.difference(*fresh[self.reader, team], not self.counts_only):
                return found
        return None


def kind(message):
    """Whether a message lies in the log that its readers share, or in the reader's own."""
    return message["content"].partition(" ")[0]


def numbers(item):
    return {name: item[name] for name in ("total", "count", "unseen")}
