"""The program that Tidings descends from: its documents, one for each message and reader, as motorengine and MongoEngine write
them, and its queries. Without two of its known bugs, which no query could be compared with: a page is what its number says, and
the unread count is that of the inbox. Needs aiomotorengine and mongoengine."""

import asyncio
import datetime
import random
import uuid

import mongoengine
import motorengine

FIELDS = ("user_id", "username", "message_type", "team_id", "team_name", "receiver_id", "reader_id", "create_time", "read")
TEXTS = FIELDS[:-2]
# The known bug that stays: one value for all documents of a process.
NID = uuid.uuid4().hex


class MotorTeamMessage(motorengine.Document):
    __collection__ = "team_message"
    nid = motorengine.StringField(default=NID)
    user_id = motorengine.StringField()
    username = motorengine.StringField()
    message_type = motorengine.StringField()
    team_id = motorengine.StringField()
    team_name = motorengine.StringField()
    receiver_id = motorengine.StringField()
    reader_id = motorengine.StringField()
    create_time = motorengine.DateTimeField()
    read = motorengine.BooleanField(default=False)


class MotorAccountMessage(motorengine.Document):
    __collection__ = "account_message"
    nid = motorengine.StringField(default=NID)
    user_id = motorengine.StringField()
    username = motorengine.StringField()
    message_type = motorengine.StringField()
    team_id = motorengine.StringField()
    team_name = motorengine.StringField()
    receiver_id = motorengine.StringField()
    reader_id = motorengine.StringField()
    create_time = motorengine.DateTimeField()
    read = motorengine.BooleanField(default=False)


class EngineMessage(mongoengine.Document):
    meta = {"abstract": True, "allow_inheritance": True}
    nid = mongoengine.StringField(default=NID)
    user_id = mongoengine.StringField()
    username = mongoengine.StringField()
    message_type = mongoengine.StringField()
    team_id = mongoengine.StringField()
    team_name = mongoengine.StringField()
    receiver_id = mongoengine.StringField()
    reader_id = mongoengine.StringField()
    create_time = mongoengine.DateTimeField()
    read = mongoengine.BooleanField(default=False)


class EngineTeamMessage(EngineMessage):
    meta = {"collection": "team_message", "allow_inheritance": True}


class EngineAccountMessage(EngineMessage):
    meta = {"collection": "account_message", "allow_inheritance": True}


def some_documents(count, seed):
    """Documents as that program made them: messages to all of a team and to one reader, some without what may be missing,
    each of a reader's at a time of its own."""
    chance = random.Random(seed)
    time = datetime.datetime(2018, 3, 25, 0, 30)
    readers = ["ann", "bo", "zoë/q", "user 4", "5"]
    made = []
    while len(made) < count:
        time += datetime.timedelta(milliseconds=chance.choice([1, 40, 900, 100_000]))
        team = chance.choice(["red", "blue.green", "☂"])
        message = {
            "user_id": chance.choice([*readers, "system"]), "message_type": chance.choice(["apply", "invite", "note"]),
            "team_id": team, "team_name": f"Team {team}", "create_time": time}
        message["username"] = message["user_id"].title()
        if chance.random() < 0.4:
            message["receiver_id"] = chance.choice(readers)
        if chance.random() < 0.2:
            del message["username"]
        to = readers if chance.random() < 0.5 else chance.sample(readers, chance.randint(1, 2))
        made += [{**message, "reader_id": reader, "read": chance.random() < 0.4} for reader in to]
    return made


def inboxes(documents, kind):
    """The inboxes of these documents: pairs of a team, None for an account, and a reader."""
    return sorted({(each["team_id"] if kind == "team" else None, each["reader_id"]) for each in documents},
                  key=lambda pair: (pair[0] or "", pair[1]))


def shown(document):
    """What a query answers of a document."""
    return {name: getattr(document, name) for name in FIELDS}


class Motorengine:
    """Both collections by motorengine."""

    def __init__(self, url, database):
        self.url, self.database = url, database

    def _run(self, work):
        async def connected():
            motorengine.connect(self.database, host=self.url)
            client = motorengine.connection._connections["default"]
            try:
                return await work()
            finally:
                # Its own disconnect fails with today's driver; a client belongs to one event loop.
                client.close()
                motorengine.connection.cleanup()

        return asyncio.run(connected())

    @staticmethod
    def _model(kind):
        return MotorTeamMessage if kind == "team" else MotorAccountMessage

    def write(self, kind, documents):
        async def work():
            for document in documents:
                await self._model(kind)(**document).save()

        self._run(work)

    def answers(self, kind, asked):
        """The answers of `get_team_message` or `get_account_message`: a page, the total and the number of unread ones."""

        async def query(team, reader, only_self, number, size):
            def found():
                # A query object can be used only once.
                query = motorengine.Q(reader_id=reader)
                if team is not None:
                    query &= motorengine.Q(team_id=team)
                if only_self:
                    query &= motorengine.Q(user_id=reader) | motorengine.Q(receiver_id=reader)
                return self._model(kind).objects.filter(query)

            page = await found().order_by("create_time", motorengine.DESCENDING).skip(size * (number - 1)).limit(
                size).find_all()
            total = await found().count()
            unread = await found().filter(read=False).count()
            return [shown(document) for document in page], total, unread

        async def work():
            return [await query(*each) for each in asked]

        return self._run(work)


class MongoEngine:
    """Both collections by MongoEngine, whose documents name their class as well."""

    def __init__(self, url, database):
        self.url, self.database = url, database

    def _run(self, work):
        mongoengine.connect(self.database, host=self.url, uuidRepresentation="standard")
        try:
            return work()
        finally:
            mongoengine.disconnect()

    @staticmethod
    def _model(kind):
        return EngineTeamMessage if kind == "team" else EngineAccountMessage

    def write(self, kind, documents):
        self._run(lambda: [self._model(kind)(**document).save() for document in documents])

    def answers(self, kind, asked):
        """As those of Motorengine."""

        def query(team, reader, only_self, number, size):
            found = self._model(kind).objects(reader_id=reader)
            if team is not None:
                found = found.filter(team_id=team)
            if only_self:
                found = found.filter(mongoengine.Q(user_id=reader) | mongoengine.Q(receiver_id=reader))
            page = found.order_by("-create_time").skip(size * (number - 1)).limit(size)
            return [shown(document) for document in page], found.count(), found.filter(read=False).count()

        return self._run(lambda: [query(*each) for each in asked])
