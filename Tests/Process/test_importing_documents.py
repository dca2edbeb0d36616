"""Collections that the real motorengine and MongoEngine wrote, moved to Tidings: every reader sees what the old queries answered."""

import datetime
import json
import random
import subprocess
import time
import uuid

import bson
import origin
from mongod import Mongod
from sidecar import SidecarCase, environment, on_each_store, program, request

BAD_DATA = 65
SIZE = 12


def utc(text):
    """A time of the wire as that program has it: without a zone."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)


def as_asked(message, team):
    """A message of the wire in the form of the old answers."""
    shown = {name: message.get(name) for name in origin.TEXTS}
    return {**shown, "create_time": utc(message["create_time"]), "read": message["read"]}


class Importing:
    """Tests that share a server for the old collections."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mongod = Mongod()
        cls.addClassCleanup(cls.mongod.stop)

    def setUp(self):
        super().setUp()
        self.database = "old" + uuid.uuid4().hex[:12]

    def source(self, collection="team_message", kind="team"):
        return ["--from", self.mongod.url(self.database), "--collection", collection, "--kind", kind]

    def moved(self, url, *arguments, status=0):
        """Runs an import into a store; what it said on stderr."""
        done = self.run_program("import", "--store", url, *arguments)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stderr.decode()

    def exported(self, url):
        """All that a store holds, but for the random numbers that each store makes."""
        done = self.run_program("export", "--store", url)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return [{name: value for name, value in json.loads(line).items() if name not in ("token", "stamp")}
                for line in done.stdout.splitlines()]

    def documents(self, *documents, collection="team_message"):
        """Puts documents into the collection as they are."""
        with self.mongod.client() as client:
            client[self.database][collection].insert_many(documents)


@on_each_store()
class WholeCollectionTests(Importing):
    def assert_equal_answers(self, library, kind, documents, sidecar):
        asked = []
        for team, reader in origin.inboxes(documents, kind):
            for only_self in (False, True):
                own = [each for each in documents if each["reader_id"] == reader and team in (None, each["team_id"])]
                pages = len(own) // SIZE + 2
                asked += [(team, reader, only_self, number, SIZE) for number in range(1, pages + 1)]
        answers = library.answers(kind, asked)
        for (team, reader, only_self, number, size), (page, total, unread) in zip(asked, answers):
            method = "get_account_message" if team is None else "get_team_message"
            where = {} if team is None else {"team_id": team}
            got = sidecar.ask(request(number, method, user_id=reader, pageNo=number, pageSize=size, self=only_self, **where))
            got = got["result"]
            if team is None:
                # Accounts know of no team: its id is not a field of their messages.
                page = [{**document, "team_id": None} for document in page]
            self.assertEqual([as_asked(message, team) for message in got["data"]], page, (team, reader, only_self, number))
            self.assertEqual((got["total"], got["count"]), (total, unread), (team, reader, only_self, number))

    def whole(self, library, *options):
        seed = random.randrange(1 << 32)
        print("seed", seed)
        documents = {"team": origin.some_documents(240, seed), "account": origin.some_documents(90, seed + 1)}
        url = self.new_store()
        for kind, some in documents.items():
            library.write(kind, some)
            self.moved(url, *self.source(f"{kind}_message", kind), *options)
        sidecar = self.spawn(store=url)
        for kind, some in documents.items():
            self.assert_equal_answers(library, kind, some, sidecar)
        sidecar.finish()

    def test_what_motorengine_wrote(self):
        self.whole(origin.Motorengine(self.mongod.url(""), self.database))

    def test_what_mongoengine_wrote(self):
        self.whole(origin.MongoEngine(self.mongod.url(""), self.database))

    def test_what_mongoengine_wrote_with_merged_broadcasts(self):
        self.whole(origin.MongoEngine(self.mongod.url(""), self.database), "--merge-broadcasts")

    def test_killed_at_random_moments(self):
        """Ended anywhere and begun again, it is as if it had run once."""
        self.documents(*({**each, "content": f"message {number}"} for number, each in enumerate(
            origin.some_documents(8_000, 1))))
        for options in ([], ["--merge-broadcasts"]):
            whole = self.new_store()
            started = time.monotonic()
            self.moved(whole, *self.source(), *options)
            seconds = time.monotonic() - started
            url, chance = self.new_store(), random.Random()
            for _ in range(10):
                process = subprocess.Popen(
                    [program(), "import", "--store", url, *self.source(), *options], env=environment(),
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    process.wait(chance.random() * seconds)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            self.moved(url, *self.source(), *options)
            self.assertEqual(self.exported(url), self.exported(whole), options)


class DocumentTests(Importing, SidecarCase):
    def test_what_may_be_missing_and_what_may_not(self):
        now = datetime.datetime(2020, 5, 1, 10, 30)
        good = {"user_id": "ann", "reader_id": "bo", "team_id": "t", "message_type": "note", "create_time": now}
        bare = bson.ObjectId.from_datetime(now)
        bad = bson.ObjectId()
        self.documents(
            {**good, "_id": 7, "read": True, "nid": 1, "extra": {"secret": 1}}, {**good, "_id": "text", "nid": 1},
            {"_id": bare, "reader_id": "bo", "team_id": "t", "message_type": "note"}, {**good, "_id": uuid_binary()},
            {"_id": bad, "reader_id": "bo", "team_id": "t", "create_time": now, "content": "secret"})
        url, path = self.store()
        said = self.moved(url, *self.source(), status=BAD_DATA)
        self.assertIn(f"document {bad}: message_type is missing", said)
        self.assertNotIn("secret", said)
        self.assertEqual(self.spawn(store=url).messages(team_id="t", user_id="bo"), [])
        said = self.moved(url, *self.source(), "--skip-bad")
        self.assertIn(str(bad), said)
        self.assertIn("extra", said)
        sidecar = self.spawn(store=url)
        page = sidecar.result("get_team_message", team_id="t", user_id="bo")
        self.assertEqual((page["total"], page["count"]), (4, 3))
        self.assertEqual({message["create_time"] for message in page["data"]}, {"2020-05-01T10:30:00.000Z"})
        self.moved(url, *self.source(), "--skip-bad")
        self.assertEqual(sidecar.result("get_team_message", team_id="t", user_id="bo"), page)
        sidecar.finish()

    def test_a_clock_that_did_not_show_utc(self):
        self.documents({"reader_id": "bo", "message_type": "n", "create_time": datetime.datetime(2020, 7, 1, 12, 0)})
        for zone, expected in (("+05:30", "06:30"), ("Europe/Berlin", "10:00")):
            url, _ = self.store()
            self.moved(url, *self.source(kind="account"), "--timezone", zone)
            sidecar = self.spawn(store=url)
            [message] = sidecar.messages("get_account_message", user_id="bo")
            self.assertEqual(message["create_time"], f"2020-07-01T{expected}:00.000Z")
            sidecar.finish()

    def test_fields_by_other_names(self):
        self.documents({"to": {"id": 5}, "kind": "n", "at": datetime.datetime(2020, 7, 1), "new": False, "text": "hi", "nid": "x"})
        url, _ = self.store()
        maps = ["reader_id=to.id", "message_type=kind", "create_time=at", "read=!new", "content=text", "data.nid=nid"]
        self.moved(url, *self.source(kind="account"), *(word for each in maps for word in ("--map", each)))
        sidecar = self.spawn(store=url)
        [message] = sidecar.messages("get_account_message", user_id="5")
        self.assertEqual((message["content"], message["data"], message["read"]), ("hi", {"nid": "x"}, True))
        sidecar.finish()

    def test_a_dry_run_changes_nothing(self):
        self.documents({"reader_id": "bo", "message_type": "n", "create_time": datetime.datetime(2020, 7, 1)}, {"reader_id": "bo"})
        url, path = self.store()
        said = self.moved(url, *self.source(kind="account"), "--dry-run", status=BAD_DATA)
        self.assertIn("message_type is missing", said)
        self.assertFalse(path.exists())

    def test_the_source_is_only_read(self):
        """A user who may only read is enough, and nothing is made in the database."""
        self.documents({"reader_id": "bo", "message_type": "n", "create_time": datetime.datetime(2020, 7, 1)})
        with self.mongod.client() as client:
            before = client[self.database].command("dbHash")["md5"], client[self.database].list_collection_names()
        url, _ = self.store()
        self.moved(url, *self.source(kind="account"))
        with self.mongod.client() as client:
            after = client[self.database].command("dbHash")["md5"], client[self.database].list_collection_names()
        self.assertEqual(before, after)

    def test_a_collection_that_is_not_there(self):
        url, _ = self.store()
        done = self.run_program("import", "--store", url, *self.source("mistyped"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("mistyped", done.stderr.decode())


def uuid_binary():
    """An id that is a UUID."""
    return bson.Binary.from_uuid(uuid.uuid4())

