"""MongoDB servers that are away, that die, that ask who is there; and what the doctor says of them."""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import unittest
import uuid

from mongod import Mongod
from sidecar import DEADLINE, SidecarCase, environment, program, request

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}
BAD_PARAMETERS, UNAVAILABLE, SOFTWARE, CONFIGURATION = 64, 69, 70, 78
# Short, so that an outage is noticed within a test; what is asserted does not depend on them.
SOON = {"serverSelectionTimeoutMS": 1000, "socketTimeoutMS": 2000, "heartbeatFrequencyMS": 500}


class MongoDBCase(SidecarCase):
    """Tests that share a server of their own."""

    arguments = ()
    replica_set = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mongod = cls.make()
        cls.addClassCleanup(cls.mongod.stop)

    @classmethod
    def make(cls):
        return Mongod(*cls.arguments, replica_set=cls.replica_set)

    def setUp(self):
        super().setUp()
        self.database = "t" + uuid.uuid4().hex[:16]

    def url(self, user=None, **options):
        """The URL of a database of this test's own. A call may wait for long, on a machine that is busy, where
        nothing shorter is asked for."""
        if "serverSelectionTimeoutMS" not in options:
            options["waitQueueTimeoutMS"] = 600_000
        return self.mongod.url(self.database, user, **options)

    def serve(self, url, **options):
        """A sidecar whose URL is not in the list of processes."""
        return self.spawn("serve", store=None, env={"TIDINGS_STORE": url}, **options)

    def refused(self, url, secret=None, command="serve"):
        """`serve` ends with 78 and says why, without the secret; what it said."""
        ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
        done = self.run_program(command, "--log-level", "trace", env={"TIDINGS_STORE": url}, input=ping)
        self.assertEqual((done.returncode, done.stdout), (CONFIGURATION, b""))
        text = done.stderr.decode()
        self.assertTrue(text.strip())
        if secret:
            self.assertNotIn(secret, text)
        return text

    def eventually(self, sidecar, method, **params):
        """The result of a request that is repeated while it may be."""
        answers = []

        def is_done():
            answers.append(sidecar.ask(request(f"try {len(answers)}", method, **params)))
            error = answers[-1].get("error")
            self.assertTrue(error is None or error["data"]["retryable"], error)
            return error is None

        sidecar.wait_for(is_done)
        return answers[-1]["result"]


class BadURITests(SidecarCase):
    def test_they_end_the_start_with_78(self):
        for url in ("mongodb://", "mongodb://h:1:2/", "mongodb://h:port/", "mongodb://u:s3cret@@h/d",
                    "mongodb://u:s3cret@h/a b", "mongodb://u:s3cret/x@h/d",
                    "mongodb://h/?socketTimeoutMS=soon",
                    "mongodb://u:s3cret@h/d&tls=true", "mongodb://u:s3cret@h/d;tls=true",
                    "mongodb://h/d?tls", "mongodb+srv://a,b/", "mongodb://,/", "mongodb+srv://u:s3cret@host/",
                    "mongodb://u:s3cret@h/d?tlss=true", "mongodb://u:s3cret@h/d?tls=ture",
                    "mongodb://u:s3cret@h/d?tls=true&TLS=false"):
            with self.subTest(url):
                for command in ("serve", "doctor"):
                    done = self.run_program(command, "--log-level", "trace", env={"TIDINGS_STORE": url})
                    self.assertEqual((done.returncode, done.stdout), (CONFIGURATION, b""))
                    self.assertIn("URI", done.stderr.decode())
                    self.assertNotIn("s3cret", done.stderr.decode())


class NamesTests(SidecarCase):
    """Hosts that nobody finds: an outage, as a server that does not answer."""

    def test_serve_starts_and_says_so(self):
        for url in ("mongodb://nowhere.invalid/d", "mongodb+srv://cluster.nowhere.invalid/d"):
            with self.subTest(url):
                environment = {"TIDINGS_STORE": url + "?serverSelectionTimeoutMS=500"}
                sidecar = self.spawn("serve", store=None, env=environment)
                self.assertEqual(sidecar.result("ping"), {})
                error = sidecar.error("send_team_message", **SEND)
                self.assert_error(error, 2003, "store_unavailable")
                self.assertTrue(error["data"]["retryable"])
                sidecar.finish()
                done = self.run_program("doctor", env=environment)
                self.assertEqual((done.returncode, done.stdout), (UNAVAILABLE, b""))

    def test_credentials_in_plain_text_are_warned_of(self):
        for options, word in (("", "without TLS"), ("&tls=true&tlsInsecure=true", "tlsInsecure")):
            sidecar = self.spawn("serve", store=None, env={
                "TIDINGS_STORE": "mongodb://u:s3cret@nowhere.invalid/d?serverSelectionTimeoutMS=500" + options})
            self.assertEqual(sidecar.result("ping"), {})
            sidecar.finish()
            self.assertIn(word, sidecar.errors_text())
            self.assertNotIn("s3cret", sidecar.errors_text())


class Outages:
    """The behaviour on a replica set and on a standalone server."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.restart)

    def restart(self):
        self.mongod.kill()
        self.mongod.start()
        self.mongod.admin("ping")

    def test_a_sidecar_outlives_its_server(self):
        sidecar = self.serve(self.url(**SOON))
        sent = 0
        for fault in (self.mongod.kill, self.mongod.suspend):
            for _ in range(20):
                self.eventually(sidecar, "send_team_message", content=str(sent),
                                idempotency_key=f"key {sent}", **SEND)
                self.eventually(sidecar, "mark_read", all=True, **INBOX)
                sent += 1
            fault()
            ids = [f"during {sent} {number}" for number in range(20)]
            sidecar.send(*[request(id, "send_team_message", content=id, idempotency_key=id, **SEND)
                           for id in ids])
            answers = {answer["id"]: answer for answer in sidecar.answers(len(ids))}
            self.assertEqual(sorted(answers), sorted(ids))
            self.restart()
            for id in ids:
                again = self.eventually(sidecar, "send_team_message", content=id, idempotency_key=id, **SEND)
                if "result" in answers[id]:
                    self.assertEqual(again, {**answers[id]["result"], "duplicate": True})
            sent += len(ids)
        page = self.eventually(sidecar, "get_team_message", pageSize=200, **INBOX)
        contents = [message["content"] for message in page["data"]]
        self.assertEqual((len(contents), len(set(contents))), (sent, sent))
        sidecar.finish()


class OutageTests(Outages, MongoDBCase):
    def outage(self, begin):
        """The end of input while the server is away: every request is answered, and the process ends."""
        sidecar = self.serve(self.url(**SOON))
        self.eventually(sidecar, "send_team_message", **SEND)
        begin()
        requests = []
        for id in range(100):
            requests += [request(4 * id, "send_team_message", content=str(id), **SEND),
                         request(4 * id + 1, "get_team_message", **INBOX),
                         request(4 * id + 2, "mark_read", all=True, **{**INBOX, "user_id": f"bo {id}"}),
                         request(4 * id + 3, "ping")]
        sidecar.send(*requests)
        answers = sidecar.finish(deadline=DEADLINE)
        self.assertEqual(sorted(answer["id"] for answer in answers), list(range(400)))
        for answer in answers:
            if answer["id"] % 4 == 3:
                self.assertEqual(answer["result"], {})
            else:
                error = answer["error"]
                self.assertIn(error["data"]["kind"], ("store_unavailable", "outcome_unknown"), answer)
                self.assertTrue(error["data"]["retryable"])

    def test_the_end_of_input_while_the_server_is_frozen(self):
        self.outage(self.mongod.suspend)

    def test_serve_starts_without_a_server_and_finds_it_when_it_comes(self):
        self.mongod.kill()
        sidecar = self.serve(self.url(**SOON))
        self.assertEqual(sidecar.result("ping"), {})
        for method, params in (("send_team_message", SEND), ("get_team_message", INBOX),
                               ("mark_read", {**INBOX, "all": True})):
            error = sidecar.error(method, **params)
            self.assert_error(error, 2003, "store_unavailable")
            self.assertTrue(error["data"]["retryable"])
        self.assertEqual(sidecar.result("get_status")["store"], {"kind": "mongodb", "state": "unavailable"})
        self.mongod.start()
        self.eventually(sidecar, "send_team_message", **SEND, idempotency_key="k")
        self.assertEqual(self.eventually(sidecar, "get_team_message", **INBOX)["total"], 1)
        self.assertEqual(sidecar.result("get_status")["store"], {"kind": "mongodb", "state": "ready"})
        sidecar.finish()

    def test_commands_say_that_there_is_no_server(self):
        self.mongod.kill()
        url = self.url(user="somebody:s3cret", **SOON)
        for command in (["doctor"], ["call", "get_team_message", '{"team_id":"t","user_id":"bo"}']):
            done = self.run_program(*command, env={"TIDINGS_STORE": url})
            self.assertEqual((done.returncode, done.stdout), (UNAVAILABLE, b""))
            self.assertIn("primary", done.stderr.decode())
            self.assertNotIn("s3cret", done.stderr.decode())

    def test_the_end_of_input_while_the_server_is_dead(self):
        self.outage(self.mongod.kill)


class StandaloneOutageTests(Outages, MongoDBCase):
    replica_set = False


class CredentialsTests(MongoDBCase):
    arguments = ("--auth",)
    # Without a key file a member of a replica set takes no passwords.
    replica_set = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mongod.admin({"createUser": "root", "pwd": "r00t", "roles": ["root"]})

    def user(self, role):
        """A user with a role on this test's database: name and password, as in a URI."""
        name = f"{role} {self.database}"
        roles = [{"role": role, "db": self.database}]
        self.mongod.admin({"createUser": name, "pwd": "s3cret", "roles": roles}, user="root:r00t")
        return name.replace(" ", "%20")

    def test_the_right_ones(self):
        sidecar = self.serve(self.url(f"{self.user('readWrite')}:s3cret"))
        sidecar.result("send_team_message", **SEND)
        self.assertEqual(sidecar.result("get_team_message", **INBOX)["total"], 1)
        sidecar.finish()

    def test_a_wrong_password(self):
        url = self.url(f"{self.user('readWrite')}:wr0ng")
        for command in ("serve", "doctor"):
            self.assertIn("credentials", self.refused(url, "wr0ng", command))

    def test_an_unknown_user(self):
        self.assertIn("credentials", self.refused(self.url("nobody:s3cret"), "s3cret"))

    def test_no_credentials(self):
        self.assertIn("readWrite", self.refused(self.url()))

    def test_a_user_who_is_made_anew(self):
        sidecar = self.serve(self.url(f"{self.user('readWrite')}:s3cret"))
        sidecar.result("send_team_message", **SEND)
        self.mongod.admin({"dropUser": f"readWrite {self.database}"}, user="root:r00t")
        self.user("readWrite")
        # One call at most meets the connection that stands for the user who is gone.
        sidecar.ask(request("first", "mark_read", all=True, **INBOX))
        sidecar.result("send_team_message", **SEND)
        self.assertEqual(sidecar.result("get_team_message", **INBOX)["total"], 2)
        self.mongod.admin({"dropUser": f"readWrite {self.database}"}, user="root:r00t")
        self.assert_error(sidecar.error("send_team_message", **SEND), 2003, "store_unavailable")
        self.user("readWrite")
        self.eventually(sidecar, "send_team_message", **SEND)
        sidecar.finish()

    def test_missing_rights(self):
        text = self.refused(self.url(f"{self.user('read')}:s3cret"), "s3cret")
        self.assertIn("readWrite", text)

    def test_nothing_that_is_logged_holds_the_password(self):
        sidecar = self.spawn("serve", "--log-level", "trace", store=None, env={
            "TIDINGS_STORE": self.url(f"{self.user('readWrite')}:s3cret")})
        sidecar.result("send_team_message", **SEND)
        sidecar.finish()
        self.assertNotIn("s3cret", sidecar.errors_text())


class TLSTests(MongoDBCase):
    replica_set = False

    @classmethod
    def make(cls):
        cls.keys = cls.enterClassContext(Keys())
        return Mongod("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", cls.keys.server,
                      replica_set=False, client={"tls": "true", "tlsCAFile": cls.keys.authority})

    def test_a_certificate_of_the_named_authority(self):
        sidecar = self.serve(self.url())
        sidecar.result("send_team_message", **SEND)
        self.assertEqual(sidecar.result("get_team_message", **INBOX)["total"], 1)
        sidecar.finish()
        self.assertEqual(self.run_program("doctor", env={"TIDINGS_STORE": self.url()}).returncode, 0)

    def assert_unreachable(self, url, word):
        """The program serves, and says that the store can't be reached, and why."""
        sidecar = self.serve(url)
        self.assertEqual(sidecar.result("ping"), {})

        # On a busy machine the first attempt may end before the server has said anything.
        def says_why():
            error = sidecar.error("send_team_message", **SEND)
            self.assert_error(error, 2003, "store_unavailable")
            return word in error["message"]

        sidecar.wait_for(says_why)

        def doctor_says_why():
            done = self.run_program("doctor", env={"TIDINGS_STORE": url})
            self.assertEqual((done.returncode, done.stdout), (UNAVAILABLE, b""))
            return word in done.stderr.decode()

        sidecar.wait_for(doctor_says_why)
        sidecar.finish()

    def test_another_authority(self):
        self.assert_unreachable(self.url(tlsCAFile=self.keys.other_authority, **SOON), "certificate")

    def test_another_name(self):
        url = self.url(**SOON).replace("127.0.0.1", "localhost")
        self.assert_unreachable(url, "TLS")

    def test_without_tls(self):
        self.assert_unreachable(self.url(tls=None, tlsCAFile=None, **SOON), "primary")

    def test_a_missing_authority_file(self):
        text = self.refused(self.url(tlsCAFile="/no such file.pem"))
        self.assertIn("tlsCAFile", text)


class Keys:
    """Certificates made for these tests: a server's, the authority that signed it, and another authority."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="tidings-keys-")
        folder = self._folder.name
        self.server, self.authority = f"{folder}/server.pem", f"{folder}/ca.pem"
        self.other_authority = f"{folder}/other.pem"
        for name in ("ca", "other"):
            self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                          "-subj", f"/CN={name}", "-keyout", f"{folder}/{name}.key",
                          "-out", f"{folder}/{name}.pem")
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1",
                      "-keyout", f"{folder}/server.key", "-out", f"{folder}/server.csr")
        with open(f"{folder}/names", "w", encoding="ascii") as file:
            file.write("subjectAltName=IP:127.0.0.1\n")
        self._openssl("x509", "-req", "-in", f"{folder}/server.csr", "-CA", self.authority,
                      "-CAkey", f"{folder}/ca.key", "-CAcreateserial", "-days", "2",
                      "-extfile", f"{folder}/names", "-out", f"{folder}/server.crt")
        with open(self.server, "w", encoding="ascii") as file:
            for part in ("key", "crt"):
                with open(f"{folder}/server.{part}", encoding="ascii") as source:
                    file.write(source.read())
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True)


class DoctorTests(MongoDBCase):
    topology = "replica set tests"

    def examine(self, status=0):
        done = self.run_program("doctor", env={"TIDINGS_STORE": self.url()})
        self.assertEqual(done.returncode, status)
        return done.stdout.decode()

    def test_what_it_looks_at(self):
        sidecar = self.serve(self.url())
        sidecar.result("send_team_message", **SEND)
        text = self.examine()  # Beside a running one.
        version = self.mongod.admin("buildInfo")["version"]
        for words in (f"MongoDB {version}", self.topology, "majority", "tidings_messages", "the server's is",
                      self.mongod.host, self.database, "All is well."):
            self.assertIn(words, text)
        plans = [entry for entry in text.splitlines() if entry.startswith("plan ")]
        self.assertGreaterEqual(len(plans), 19)
        self.assertTrue(all("from the index" in plan for plan in plans), text)
        sidecar.finish()

    def test_a_new_database_is_made_ready(self):
        self.assertIn("All is well.", self.examine())

    def test_an_index_that_is_missing(self):
        done = self.run_program(
            "call", "send_team_message", json.dumps(SEND), env={"TIDINGS_STORE": self.url()})
        self.assertEqual(done.returncode, 0)
        with self.mongod.client() as client:
            client[self.database]["tidings_messages"].drop_index("sender")
        text = self.examine(SOFTWARE)
        self.assertIn("PROBLEM", text)
        # What it says helps.
        self.assertIn('createIndex({user_id: 1, log: 1, seq: -1}, {name: "sender"})', text)
        with self.mongod.client() as client:
            client[self.database]["tidings_messages"].create_index(
                [("user_id", 1), ("log", 1), ("seq", -1)], name="sender")
        self.assertIn("All is well.", self.examine())

    def test_a_collection_that_somebody_else_made(self):
        for options, word in (({"capped": True, "size": 100_000}, "capped"),
                              ({"collation": {"locale": "en", "strength": 2}}, "collation")):
            with self.subTest(word):
                with self.mongod.client() as client:
                    client.drop_database(self.database)
                    client[self.database].create_collection("tidings_messages", **options)
                for command in ("serve", "doctor"):
                    text = self.refused(self.url(), command=command)
                    self.assertIn("tidings_messages", text)
                    self.assertIn(word, text)

    def test_a_newer_layout(self):
        self.examine()
        with self.mongod.client() as client:
            client[self.database]["tidings_schema"].update_one({"_id": "layout"}, {"$set": {"version": 7}})
        self.assertIn("version 7", self.refused(self.url()))

    def test_damaged_documents(self):
        """What a call would tell as `internal` the doctor finds, and nobody else's inbox is hurt."""
        sidecar = self.serve(self.url())
        for team in ("t", "other"):
            for _ in range(3):
                sidecar.result("send_team_message", **{**SEND, "team_id": team, "content": team})
        self.assertIn("All is well.", self.examine())
        client = self.mongod.client()
        self.addCleanup(client.close)
        messages = client[self.database]["tidings_messages"]
        whole = messages.find_one({"content": "t", "seq": 2})
        for change in ({"message_type": 7}, {"seq": 2**62}, {"seq": -1}, {"content": 5}, {"time": "yesterday"}):
            with self.subTest(change):
                messages.update_one({"_id": whole["_id"]}, {"$set": change})
                text = self.examine(SOFTWARE)
                self.assertIn("PROBLEM", text)
                self.assertNotIn("All is well", text)
                done = self.run_program("call", "get_team_message", json.dumps({**INBOX, "team_id": "other"}),
                                        env={"TIDINGS_STORE": self.url()})
                self.assertEqual((done.returncode, json.loads(done.stdout)["total"]), (0, 3))
                messages.replace_one({"_id": whole["_id"]}, whole)
        messages.delete_one({"_id": whole["_id"]})
        self.assertIn("PROBLEM", self.examine(SOFTWARE))
        messages.insert_one(whole)
        self.assertIn("All is well.", self.examine())


class DroppedTests(MongoDBCase):
    """The database goes while several processes work on it."""

    def drop(self):
        with self.mongod.client() as client:
            client.drop_database(self.database)

    def test_two_processes_go_on_with_an_empty_inbox(self):
        sidecars = [self.serve(self.url()) for _ in range(2)]
        for number in range(20):
            sidecars[number % 2].result("send_team_message", content=str(number), **SEND)
        for sidecar in sidecars:
            page = sidecar.result("get_team_message", message_type="note", **INBOX)
            self.assertEqual(page["total"], 20)
        self.drop()
        # Each is told that something happened, and may try again; what is acknowledged is there once.
        nids = []
        for number in range(40):
            nids.append(self.eventually(sidecars[number % 2], "send_team_message", content=f"new {number}",
                                        idempotency_key=f"key {number}", **SEND)["nid"])
        self.assertEqual(len(set(nids)), 40)
        for sidecar in sidecars:
            page = self.eventually(sidecar, "get_team_message", message_type="note", **INBOX)
            self.assertEqual(page["total"], 40)
            self.assertEqual(sorted(message["nid"] for message in sidecar.messages(**INBOX)), sorted(nids))
            sidecar.finish()
        self.assertEqual(self.run_program("doctor", env={"TIDINGS_STORE": self.url()}).returncode, 0)

    def test_what_is_restored_is_refused_until_it_is_whole(self):
        sidecar = self.serve(self.url())
        for number in range(5):
            sidecar.result("send_team_message", content=str(number), **SEND)
        with self.mongod.client() as client:
            database = client[self.database]
            saved = {name: list(database[name].find()) for name in database.list_collection_names()}
            indexes = {name: database[name].index_information() for name in saved}
            client.drop_database(self.database)
            for name, documents in saved.items():
                database.create_collection(name)
                if documents:
                    database[name].insert_many(documents)
            for method, params in (("send_team_message", SEND), ("get_team_message", INBOX),
                                   ("mark_read", {**INBOX, "all": True})):
                self.assert_error(sidecar.error(method, **params), 2003, "store_unavailable")
            done = self.run_program("doctor", env={"TIDINGS_STORE": self.url()})
            self.assertEqual(done.returncode, SOFTWARE)
            self.assertIn("log_seq", done.stdout.decode())
            # A new process starts, and waits as the others do.
            other = self.serve(self.url())
            self.assert_error(other.error("send_team_message", **SEND), 2003, "store_unavailable")
            for name, found in indexes.items():
                for index, options in found.items():
                    if index != "_id_":
                        keys = options.pop("key")
                        options.pop("v")
                        database[name].create_index(keys, name=index, **options)
        for process in (sidecar, other):
            self.eventually(process, "send_team_message", content="after", **SEND)
        contents = [message["content"] for message in sidecar.messages(**INBOX)]
        self.assertEqual(sorted(contents), ["0", "1", "2", "3", "4", "after", "after"])
        for process in (sidecar, other):
            process.finish()


class StandaloneDroppedTests(DroppedTests):
    replica_set = False


class StandaloneDoctorTests(DoctorTests):
    replica_set = False
    topology = "one server"


class FewThreadsTests(MongoDBCase):
    """A system that has few threads left to give."""

    replica_set = False
    unprivileged = 65_000

    @unittest.skipUnless(os.getuid() == 0, "who can't become another user has no limit of its own")
    def test_it_answers_or_says_why_not(self):
        folder = tempfile.mkdtemp(prefix="tidings-threads-")
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        path = shutil.copy(program(), folder)
        requests = b"".join(json.dumps(one).encode() + b"\n" for one in (
            request(1, "ping"), request(2, "send_team_message", **SEND)))
        # From what the program itself needs to what is enough for the driver, too.
        results = {}
        for limit in (8, 10, 11, 12, 14, 40):
            def become(limit=limit):
                resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
                os.setgid(self.unprivileged)
                os.setuid(self.unprivileged + limit)

            done = subprocess.run(
                [path, "serve"], input=requests, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                preexec_fn=become, timeout=DEADLINE,
                # What is enough has to be answered, however long that takes.
                env=environment(TIDINGS_STORE=self.url(serverSelectionTimeoutMS=500 if limit < 40 else 60_000)))
            with self.subTest(limit=limit):
                # Not by a signal, and not without a word.
                self.assertGreaterEqual(done.returncode, 0, done.stderr)
                if done.returncode:
                    self.assertTrue(done.stderr)
                    continue
                answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}
                self.assertEqual(answers[1]["result"], {})
                results[limit] = answers[2]
                if "error" in answers[2]:
                    self.assert_error(answers[2]["error"], 2003, "store_unavailable")
        self.assertIn("result", results[40])


class CallTests(MongoDBCase):
    def test_it_leaves_no_counters_of_the_driver_in_shared_memory(self):
        shared = pathlib.Path("/dev/shm")
        if not shared.is_dir():
            return
        for url in ("memory:", self.url()):
            sidecar = self.serve(url)
            sidecar.result("ping")
            self.assertFalse((shared / f"mongoc-{sidecar.process.pid}").exists())
            sidecar.process.kill()
            sidecar.wait()


if __name__ == "__main__":
    unittest.main()
