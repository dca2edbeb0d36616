"""The deeds of a killed sidecar, of the operations that it never answered.

A send is settled by sending it again with its idempotency key, a retraction by retracting again. A mark
either took effect or did not, and its inbox shows which; it must have, where a later operation on the
same inbox is known to have taken effect, since those keep the order of arrival.
"""

from comparison import Difference, first_difference
from model import MARK_METHODS, SEND_METHODS, Refusal, content, destinations
from operations import Operation, list_method


class Settling:
    """Settles one batch. `run` has a new sidecar on the same store."""

    def __init__(self, run):
        self.run, self.model = run, run.model

    def settle(self, batch, answers):
        """`answers` holds None where the sidecar died first."""
        again = {
            place: self.ask(operation) for place, operation in enumerate(batch)
            if answers[place] is None and operation.method in SEND_METHODS + ("retract_message",)}
        landed = {
            place: self.landed(batch[place], answer.get("result")) for place, (answer, _) in again.items()}
        certain = self.certain_marks(batch, answers, landed)
        uncertain = {}
        for place, operation in enumerate(batch):
            if answers[place] is not None:
                self.run.compare(operation, *answers[place])
            elif place in landed:
                self.adopt(operation, landed[place])
            elif place in certain:
                self.mark(operation)
            elif operation.method in MARK_METHODS:
                uncertain.setdefault(self.model.inbox_of(operation.params), []).append(operation)
        states = {inbox: self.states(inbox, marks) for inbox, marks in uncertain.items()}
        for place, (answer, line) in again.items():
            self.run.compare(batch[place], answer, line)
        for inbox, found in states.items():
            self.choose(inbox, found, uncertain[inbox])
        self.run.done += sum(
            answer is None and place not in again for place, answer in enumerate(answers))

    def ask(self, operation):
        ids = self.run.send([operation], self.run.sidecars[0])
        return self.run.sidecars[0].collect(ids)[ids[0]]

    def landed(self, operation, result):
        """The deeds of the first attempt, as the second one's result tells."""
        if result is None:
            return []
        if operation.method == "retract_message":
            message = self.model.nids[operation.params["nid"]]
            return [(message.log, message)] if not result["retracted"] and not message.retracted else []
        items = result.get("messages", [result])
        targets = destinations(operation.method, operation.params)
        return [
            (log, item) for (log, _), item in zip(targets, items)
            if item["duplicate"] and item["nid"] not in self.model.nids]

    def certain_marks(self, batch, answers, landed):
        """The places of unanswered marks that must have taken effect."""
        certain, later = set(), set()
        for place in reversed(range(len(batch))):
            inboxes = touched(batch[place], self.model, self.run.generator.users)
            if answers[place] is not None:
                if "result" in answers[place][0]:
                    later |= inboxes
            elif place in landed:
                for log, _ in landed[place]:
                    later |= readers_of(log, self.run.generator.users)
            elif batch[place].method in MARK_METHODS and inboxes & later:
                certain.add(place)
        return certain

    def adopt(self, operation, landed):
        for log, what in landed:
            if operation.method == "retract_message":
                what.retracted = True
            else:
                key = operation.params["idempotency_key"]
                self.model.append(log, content(operation.params), key, what["nid"], what["create_time"])

    def mark(self, operation):
        try:
            self.model.mark(operation.method, operation.params)
        except Refusal:
            pass  # and then nothing was changed

    def states(self, inbox, marks):
        """The inbox's membership and flags before the marks and after each of them."""
        states = [state_of(inbox)]
        for operation in marks:
            self.mark(operation)
            states.append(state_of(inbox))
        return states

    def choose(self, inbox, states, marks):
        """Reads the inbox back and adopts the state that it is in."""
        inbox.changes += 1
        params = {"user_id": inbox.reader, "view": "all", "pageSize": 200}
        if inbox.team is not None:
            params["team_id"] = inbox.team
        got, cursor = [], {}
        while cursor is not None:
            answer, _ = self.ask(Operation(list_method(params), {**params, **cursor}))
            got += answer["result"]["data"]
            following = answer["result"]["next_cursor"]
            cursor = {"cursor": following} if following is not None else None
        expected, fitting = [], []
        for state in states:
            restore(inbox, state)
            copies = sorted(inbox.present(), key=lambda copy: copy.age, reverse=True)
            expected.append([copy.shown() for copy in copies])
            if expected[-1] == got and state not in fitting:
                fitting.append(state)
        if fitting:
            # Where several fit, they differ in the flags of messages that are gone for good. The marks are not
            # made again: they might now cover what was sent after them.
            restore(inbox, fitting[-1])
            return
        self.run.recent.append(marks[-1])
        raise Difference(
            "after kill -9, the inbox is neither as before nor as after any of the unanswered\n  %s\n"
            "beside the last of these, %s" % (
                "\n  ".join(map(str, marks)), first_difference(expected[-1], got)))


def state_of(inbox):
    return inbox.membership, [copy.flags() for copy in inbox.copies]


def restore(inbox, state):
    inbox.membership, flags = state
    for copy, its in zip(inbox.copies, flags):
        copy.restore(its)


def touched(operation, model, users):
    """The inboxes, as (team, reader), that an operation reads or changes."""
    method, params = operation.method, operation.params
    if method in SEND_METHODS:
        return set().union(*(readers_of(log, users) for log, _ in destinations(method, params)))
    if method == "import_messages":
        return {(params.get("team_id"), params["reader_id"])}
    if method == "retract_message":
        message = model.nids.get(params["nid"])
        return readers_of(message.log, users) if message else set()
    if method == "get_unread_count":
        account = [None] if params.get("account", True) not in (False, "false") else []
        return {(team, params["user_id"]) for team in params.get("team_ids", []) + account}
    return {(params.get("team_id"), params["user_id"])} if "user_id" in params else set()


def readers_of(log, users):
    if log[0] in ("team", "everyone"):
        return {(log[1] if log[0] == "team" else None, user) for user in users}
    return {(log[1] if log[0] == "member" else None, log[-1])}
