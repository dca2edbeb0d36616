"""Hosts that follow inboxes by events, beside the model.

A host builds a page from its events alone: `created` and `removed` change it, and at `marked` and `lagged` it is read
anew, for which the model's page is taken: that reading gives the same is what everything else here compares. Events
are looked at only when nothing is under way; then they must lead to the model's page, however long they take.
"""

from comparison import Difference, both


class Followed:
    """One inbox of one host."""

    def __init__(self, inbox, counts_only):
        self.inbox, self.counts_only = inbox, counts_only
        self.page, self.counts, self.cursor = {}, None, None
        self.created, self.removed = {}, set()

    def read(self):
        """The page as it is read anew."""
        self.page = {copy.message.nid: flags_of(copy.shown()) for copy in self.inbox.present()}

    def take(self, event, model):
        """One event."""
        self.counts = counts_of(event)
        if self.counts_only:
            if event["event"] != "counts":
                raise Difference("only counts were asked for, got %s" % event)
        elif event["event"] == "created":
            self.create(event["message"], model)
        elif event["event"] == "removed":
            nid = event["nid"]
            if nid in self.removed or event["reason"] != "retracted":
                raise Difference("told twice, or for no reason: %s" % event)
            self.removed.add(nid)
            self.page.pop(nid, None)
        elif event["event"] in ("marked", "lagged"):
            self.read()
        else:
            raise Difference("no such event was asked for: %s" % event)

    def create(self, message, model):
        nid = message["nid"]
        known = model.nids.get(nid)
        if known is None:
            raise Difference("a message that nobody sent was created: %s" % nid)
        if nid in self.created or nid in self.removed:
            raise Difference("%s was created twice, or after its removal" % nid)
        last = self.created.get(known.log)
        if last is not None and last >= known.seq:
            raise Difference("%s came behind number %d of its log" % (nid, last))
        self.created[nid] = self.created[known.log] = known.seq
        self.page[nid] = flags_of(message)

    def difference(self):
        """How this differs from the model; None if it does not."""
        if self.counts != self.inbox.counts():
            return "%s: the counts: %s" % (self, both(self.inbox.counts(), self.counts))
        expected = {copy.message.nid: flags_of(copy.shown()) for copy in self.inbox.present()}
        if not self.counts_only and self.page != expected:
            return "%s: the page: %s" % (self, both(
                {nid: flags for nid, flags in expected.items() if self.page.get(nid) != flags},
                {nid: flags for nid, flags in self.page.items() if expected.get(nid) != flags}))
        return None

    def __str__(self):
        return "%s's inbox in %s" % (self.inbox.reader, self.inbox.team)


class Follower:
    """A host of one sidecar after the other: it goes on from the last cursors of the one before."""

    def __init__(self, rng, model, teams, users):
        self.rng, self.model = rng, model
        self.readers = [
            (user, counts_only, [Followed(model.inbox(team, user), counts_only) for team in [*teams, None]])
            for user, counts_only in [(user, False) for user in users[:3]] + [(user, True) for user in users[1:4]]]
        self.numbers = {}  # subscription -> {team: Followed}
        self.waiting = []  # events that were not looked at, with their Followed

    def subscribe(self, sidecar, ask):
        """Follows from the last cursors on. `ask` sends a request and returns its result."""
        self.numbers = {}
        for user, counts_only, inboxes in self.readers:
            wanted = [{
                **({} if one.inbox.team is None else {"team_id": one.inbox.team}),
                **({} if one.cursor is None else {"cursor": one.cursor}),
            } for one in inboxes]
            detail = {"detail": "counts"} if counts_only else {}
            answer = ask("subscribe", {"user_id": user, "inboxes": wanted, **detail})
            self.numbers[answer["subscription"]] = {one.inbox.team: one for one in inboxes}
            for one, start in zip(inboxes, answer["inboxes"]):
                if start.get("team_id") != one.inbox.team or "expired" in start:
                    raise Difference("%s: followed from %s" % (one, start))
                if one.cursor is None or counts_only:
                    # What came before is known: it is looked at as an event.
                    event = {**start, "event": "counts" if counts_only else "marked"}
                    self.waiting.append((one, event))
                elif start["cursor"] != one.cursor:
                    raise Difference("%s: another cursor: %s" % (one, both(one.cursor, start["cursor"])))
                one.cursor = start["cursor"]
        self.note(sidecar)

    def note(self, sidecar):
        """Takes what has come, to be looked at later."""
        while sidecar.events:
            event = sidecar.events.popleft()
            one = self.numbers[event["subscription"]][event.get("team_id")]
            one.cursor = event["cursor"]
            self.waiting.append((one, event))

    def check(self, sidecar):
        """Waits until the events have led to the model's pages, while nothing else is under way."""
        while True:
            self.note(sidecar)
            for one, event in self.waiting:
                one.take(event, self.model)
            self.waiting = []
            difference = next(filter(None, (one.difference() for _, _, ones in self.readers for one in ones)), None)
            if difference is None:
                return
            try:
                sidecar.events.append(sidecar.event())
            except AssertionError as error:
                raise Difference("%s\n%s" % (difference, error)) from None


def flags_of(message):
    return (message["read"], message["seen"], message["archived"])


def counts_of(event):
    return {name: event[name] for name in ("total", "count", "unseen")}
