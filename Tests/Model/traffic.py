"""Random writes for live.py. Each may be sent again, to any process, until it is known to be done."""

WEIGHTS = {
    "team": 40, "readers": 10, "account": 8, "announcement": 4, "mark": 18, "archive": 6, "retract": 9,
    "delete": 4, "member": 3,
}
MARKS = ("mark_read", "mark_unread", "mark_seen")


class Traffic:
    """What is written in one round. Plain readers only mark and archive, so that their pages follow from what they
    are told; wild ones also delete, leave and join."""

    def __init__(self, rng, word, teams, plain, wild):
        self.rng, self.word, self.teams, self.plain, self.wild = rng, word, teams, plain, wild
        self.sent = 0
        self.nids = {team: [] for team in [*teams, None]}

    def next(self):
        """A request as (method, params, what takes in the result)."""
        kind = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        return getattr(self, kind)()

    # Sends

    def body(self, log):
        self.sent += 1
        return {
            "user_id": self.rng.choice([*self.plain, *self.wild, "a stranger"]),
            "message_type": self.rng.choice(["note", "alert"]), "content": f"{log} {self.sent}",
            "idempotency_key": f"{self.word}-{self.sent}"}

    def team(self):
        team = self.rng.choice(self.teams)
        return "send_team_message", {**self.body("shared"), "team_id": team}, self.noted(team)

    def readers(self):
        team = self.rng.choice(self.teams)
        return "send_team_message", {**self.body("own"), "team_id": team, "reader_ids": self.some()}, self.noted(team)

    def account(self):
        return "send_account_message", {**self.body("own"), "reader_ids": self.some()}, self.noted(None)

    def announcement(self):
        return "send_announcement", self.body("shared"), self.noted(None)

    def some(self):
        readers = [*self.plain, *self.wild]
        return self.rng.sample(readers, self.rng.randint(1, min(3, len(readers))))

    def noted(self, team):
        """Remembers what was acknowledged."""
        def note(result):
            for message in result.get("messages", [result]):
                self.nids[team].append(message["nid"])
        return note

    # Changes of what is there

    def retract(self):
        team = self.place()
        if not self.nids[team]:
            return self.team()
        # Mostly a new one, which some follower may not have been told of yet.
        nids = self.nids[team][-6:] if self.rng.random() < 0.6 else self.nids[team]
        return "retract_message", {"nid": self.rng.choice(nids)}, None

    def mark(self):
        return self.change(self.rng.choice(MARKS), [*self.plain, *self.wild])

    def archive(self):
        return self.change(self.rng.choice(["archive_message", "unarchive_message"]), [*self.plain, *self.wild])

    def delete(self):
        return self.change("delete_message", self.wild)

    def change(self, method, readers):
        team = self.place()
        params = {"user_id": self.rng.choice(readers), **({"team_id": team} if team else {})}
        if not self.nids[team] or (method != "delete_message" and self.rng.random() < 0.15):
            return method, {**params, "all": True}, None
        if self.rng.random() < 0.1 and method != "delete_message":
            return method, {**params, "up_to": self.rng.choice(self.nids[team])}, None
        known = self.nids[team][-40:]
        return method, {**params, "nids": self.rng.sample(known, self.rng.randint(1, min(4, len(known))))}, None

    def member(self):
        reader, team = self.rng.choice(self.wild), self.place()
        if team is None:
            return "join_account", {"user_id": reader, "from": self.rng.choice(["now", "start"])}, None
        if self.rng.random() < 0.5:
            return "leave_team", {"user_id": reader, "team_id": team}, None
        return "join_team", {"user_id": reader, "team_id": team, "from": self.rng.choice(["now", "start"])}, None

    def place(self):
        """A team, or None for accounts."""
        return self.rng.choice([*self.teams, None])
