"""Reads everything back: every inbox, every view, every order, by cursor and by page number."""

from operations import ORDERS, VIEWS, Operation, list_method

WINDOW = 64  # reads in flight


class Audit:
    def __init__(self, rng, model, generator, share):
        self.rng, self.model, self.share = rng, model, share
        self.teams, self.users = generator.teams, generator.users

    def run(self, exchange):
        """`exchange` takes operations, compares their answers with the model, and returns the results."""
        waiting = self.readers()
        active = []
        while waiting or active:
            while waiting and len(active) < WINDOW:
                reader = waiting.pop()
                active.append((reader, next(reader)))
            results = exchange([operation for _, operation in active])
            following = []
            for (reader, _), result in zip(active, results):
                try:
                    following.append((reader, reader.send(result)))
                except StopIteration:
                    pass
            active = following

    def readers(self):
        """Generators of operations, each told the result of its last one."""
        readers = [self.counts(user) for user in self.users]
        for user in self.users:
            for team in self.teams + [None]:
                inbox = {"user_id": user} if team is None else {"user_id": user, "team_id": team}
                readers.append(self.by_cursor(dict(inbox, view="all")))
                for view in VIEWS:
                    for order in ORDERS:
                        params = dict(inbox, view=view, order=order)
                        if self.rng.random() < self.share:
                            readers.append(self.by_cursor(params))
                        if self.rng.random() < self.share:
                            readers.append(self.by_number(params))
        self.rng.shuffle(readers)
        return readers

    def counts(self, user):
        yield Operation("get_unread_count", {"user_id": user, "team_ids": self.teams})

    def by_cursor(self, params):
        cursor = {}
        while True:
            size = self.rng.choice([200, 200, 100, self.rng.randint(20, 200)])
            result = yield Operation(list_method(params), dict(params, pageSize=size, **cursor))
            if result["next_cursor"] is None:
                return
            cursor = {"cursor": result["next_cursor"]}

    def by_number(self, params):
        size, page, pages = self.rng.choice([200, 100, self.rng.randint(20, 200)]), 1, 1
        while page <= pages:
            result = yield Operation(list_method(params), dict(params, pageSize=size, pageNo=page))
            pages, page = 1 + result["total"] // size, page + 1
