"""The model itself, on examples small enough to check by eye."""

import datetime
import unittest

from model import Model, Refusal, Wrong


class ModelTests(unittest.TestCase):
    def setUp(self):
        self.model = Model()
        self.now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)

    def time(self, second):
        return (self.now + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def send(self, nid, second=0, **params):
        params = {"team_id": "t", "user_id": "ann", "message_type": "m", **params}
        got = {"nid": nid, "create_time": self.time(second)}
        if "reader_ids" in params:
            readers = dict.fromkeys(params["reader_ids"])
            got = {"messages": [dict(got, nid=nid + reader) for reader in readers]}
        return self.model.call("send_team_message", params, got)

    def nids(self, user="bob", **params):
        page = self.model.list({"team_id": "t", "user_id": user, "pageSize": 200, **params})
        return [copy.message.nid for copy in page.copies]

    def mark(self, method, user="bob", **params):
        return self.model.call(method, {"team_id": "t", "user_id": user, **params}, {})

    def call(self, method, user="bob", **params):
        return self.model.call(method, {"team_id": "t", "user_id": user, **params}, {})

    def refused(self, pointers, method, **params):
        with self.assertRaises(Refusal) as caught:
            self.mark(method, **params)
        self.assertEqual(caught.exception.pointers, pointers)

    def test_at_equal_times_the_shared_logs_message_is_the_older(self):
        self.send("own ", 1, reader_ids=["bob"])
        self.send("team", 1)
        self.send("later", 2)
        self.assertEqual(self.nids(), ["later", "own bob", "team"])
        self.assertEqual(self.nids(order="oldest"), ["team", "own bob", "later"])
        self.assertEqual(self.mark("mark_read", up_to="team")["changed"], 1)
        self.assertEqual(self.mark("mark_read", up_to="own bob")["changed"], 1)

    def test_unread_first_and_views(self):
        for place in range(4):
            self.send(str(place), place)
        self.assertEqual(self.mark("mark_read", nids=["3", "1", "1"]), {"changed": 2, "total": 4, "count": 2})
        self.assertEqual(self.nids(order="unread_first"), ["2", "0", "3", "1"])
        self.assertEqual(self.mark("archive_message", nids=["2"]), {"changed": 1, "total": 3, "count": 1})
        self.assertEqual(self.nids(view="unread"), ["0"])
        self.assertEqual(self.nids(view="read"), ["3", "1"])
        self.assertEqual(self.nids(view="archived"), ["2"])
        self.assertEqual(self.nids(view="all"), ["3", "2", "1", "0"])
        self.assertEqual(self.mark("mark_read", all=True), {"changed": 2, "total": 3, "count": 0})

    def test_own_messages_are_read_from_the_start(self):
        self.send("1")
        self.assertEqual(self.nids("ann", view="read"), ["1"])
        self.assertEqual(self.mark("mark_unread", "ann", all=True), {"changed": 1, "total": 1, "count": 1})

    def test_membership(self):
        self.send("1")
        self.assertEqual(self.nids(), ["1"])
        self.call("leave_team")
        self.send("2")
        self.assertEqual(self.nids(), ["1"])
        self.call("join_team")
        self.send("3")
        self.assertEqual(self.nids(), ["3", "1"])
        self.call("join_team", **{"from": "start"})
        self.assertEqual(self.nids(), ["3", "2", "1"])
        self.call("join_team", "cid")
        self.assertEqual(self.nids("cid"), [])
        self.assertEqual(self.nids("newcomer"), ["3", "2", "1"])

    def test_what_a_reader_cannot_see_is_not_found(self):
        self.send("hidden")
        self.call("join_team")
        self.send("1", reader_ids=["ann"])
        self.send("2")
        self.refused(["/nids/1"], "mark_read", nids=["2", "hidden"])
        self.refused(["/up_to"], "mark_read", up_to="1ann")
        self.refused(["/nid"], "get_message", nid="nobody's")
        self.assertEqual(self.nids(view="unread"), ["2"])

    def test_retracted_and_deleted_messages_are_gone_but_are_positions(self):
        for place in range(3):
            self.send(str(place), place)
        self.assertEqual(self.model.call("retract_message", {"nid": "1"}, {}), {"retracted": True})
        self.assertEqual(self.model.call("retract_message", {"nid": "1"}, {}), {"retracted": False})
        self.assertEqual(self.mark("delete_message", nids=["1", "2"])["changed"], 1)
        self.assertEqual(self.nids(), ["0"])
        self.assertEqual(self.mark("mark_read", up_to="1")["changed"], 1)
        self.refused(["/nid"], "get_message", nid="2")

    def test_a_key_holds_per_log(self):
        self.send("1", reader_ids=["ann", "bob"], idempotency_key="k")
        both = self.send("2", 1, reader_ids=["cid", "bob", "bob"], idempotency_key="k")
        self.assertEqual([item["nid"] for item in both["messages"]], ["2cid", "1bob"])
        self.assertFalse(both["duplicate"])
        again = self.send("3", 2, reader_ids=["bob"], idempotency_key="k")
        self.assertTrue(again["duplicate"])
        with self.assertRaises(Refusal) as caught:
            self.send("4", 3, reader_ids=["eve", "bob"], idempotency_key="k", content="other")
        self.assertEqual(caught.exception.kind, "conflict")
        self.assertEqual(self.nids("eve"), [])
        self.assertFalse(self.send("5", 4, idempotency_key="k")["duplicate"])

    def test_a_key_belongs_to_its_sender(self):
        self.assertFalse(self.send("1", idempotency_key="k")["duplicate"])
        self.assertFalse(self.send("2", 1, user_id="eve", content="other", idempotency_key="k")["duplicate"])
        self.assertTrue(self.send("3", 2, idempotency_key="k")["duplicate"])
        self.assertEqual(self.nids(), ["2", "1"])

    def test_a_cursor_is_a_position_in_each_log_and_not_a_time(self):
        self.send("a ", 1, reader_ids=["bob"])
        self.send("b ", 1, reader_ids=["bob"])
        for order in ("newest", "oldest"):
            params = {"team_id": "t", "user_id": "bob", "order": order, "pageSize": 1}
            page = self.model.list(params)
            self.model.cursors[order] = page.position(page.copies[-1])
        self.send("team", 1)
        self.assertEqual(self.nids(order="newest", cursor="newest"), ["a bob"])
        self.assertEqual(self.nids(order="oldest", cursor="oldest"), ["team", "b bob"])
        self.refused(["/cursor"], "get_team_message", order="oldest", cursor="newest")

    def test_the_first_page_decides_who_is_unread_first(self):
        for place in range(6):
            self.send(str(place), place)
        self.mark("mark_read", nids=["5", "2"])
        params = {"team_id": "t", "user_id": "bob", "order": "unread_first", "pageSize": 2}
        page = self.model.list(params)
        self.assertEqual([copy.message.nid for copy in page.copies], ["4", "3"])
        self.model.cursors["c"] = page.position(page.copies[-1])
        self.mark("mark_read", nids=["4", "3", "0"])
        self.mark("mark_unread", nids=["5"])
        self.send("6", 7)
        self.assertEqual(self.nids(order="unread_first", cursor="c"), ["1", "0", "5", "2"])

    def test_answers_that_cannot_be_right(self):
        self.send("1", 5)
        for nid, second in (("1", 6), ("2", 4), ("", 6), ("3", 7200)):
            with self.assertRaises(Wrong):
                self.send(nid, second)


if __name__ == "__main__":
    unittest.main()
