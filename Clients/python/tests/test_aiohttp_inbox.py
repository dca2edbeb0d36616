"""The aiohttp example: its endpoints, its events, and its page in a browser."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import unittest

from aiohttp import test_utils
from playwright.async_api import async_playwright, expect

import support


CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

sys.path.insert(0, str(support.CLIENT / "examples"))
import aiohttp_inbox  # noqa: E402

TEAMS = {"crew": ["ann", "bob"], "kitchen": ["bob", "eve"]}


class AppCase(support.Case):
    def session(self, work, **options):
        async def whole():
            app = aiohttp_inbox.create_app(**{"store": self.store, "teams": TEAMS, **self.options, **options})
            async with test_utils.TestServer(app) as server:
                await work(server)

        self.run_async(whole())


@contextlib.asynccontextmanager
async def logged_in(server, user_id):
    async with test_utils.TestClient(server, cookie_jar=None) as client:
        response = await client.post("/login", json={"user_id": user_id})
        assert response.status == 200
        yield client


class Events:
    """The events of one stream."""

    def __init__(self, response):
        self.response, self.id = response, None

    async def next(self):
        event = {}
        while True:
            line = (await self.response.content.readline()).decode()
            if line == "\n" and event:
                self.id = event["id"]
                return event["event"], json.loads(event["data"])
            if not line.startswith((":", "\n")):
                name, _, value = line.rstrip("\n").partition(": ")
                event[name] = value


class EndpointTests(AppCase):
    def test_the_user_comes_from_the_session_and_never_from_the_query(self):
        async def work(server):
            async with logged_in(server, "ann") as ann, logged_in(server, "bob") as bob:
                sent = await ann.post("/team_message", json={
                    "team_id": "crew", "content": "Tea", "user_id": "eve", "username": "eve"})
                self.assertEqual(sent.status, 201)
                query = {"team_id": "crew", "pageSize": "5", "pageNo": "1", "self": "false", "user_id": "ann"}
                page = await (await bob.get("/team_message", params=query)).json()
                self.assertEqual((page["total"], page["count"]), (1, 1))
                message = page["data"][0]
                self.assertEqual((message["user_id"], message["username"], message["reader_id"]),
                                 ("ann", "ann", "bob"))
                page = await (await bob.get("/team_message", params={**query, "self": "true"})).json()
                self.assertEqual(page["total"], 0)

        self.session(work)

    def test_nobody_and_those_who_are_not_in_the_team(self):
        async def work(server):
            async with test_utils.TestClient(server) as nobody, logged_in(server, "ann") as ann:
                for path in ("/team_message?team_id=crew", "/account_message", "/unread", "/me", "/events"):
                    self.assertEqual((await nobody.get(path)).status, 401, path)
                for forged in ("ann", "0" * 43, "%", ""):
                    response = await nobody.get("/me", headers={"Cookie": f"session={forged}"})
                    self.assertEqual(response.status, 401)
                self.assertEqual((await nobody.post("/login", json={"user_id": "mallory"})).status, 403)
                self.assertEqual((await ann.get("/team_message?team_id=kitchen")).status, 403)
                self.assertEqual((await ann.get("/team_message")).status, 403)
                for path, body in (("/team_message", {"team_id": "kitchen"}),
                                   ("/mark/read", {"team_id": "kitchen", "all": True})):
                    self.assertEqual((await ann.post(path, json=body)).status, 403, path)
                self.assertEqual((await ann.post("/logout", json={})).status, 200)
                self.assertEqual((await ann.get("/me")).status, 401)

        self.session(work)

    def test_marks_accounts_and_errors(self):
        async def work(server):
            async with logged_in(server, "ann") as ann, logged_in(server, "bob") as bob:
                for _ in range(2):
                    sent = await ann.post("/account_message", json={
                        "reader_id": "bob", "content": "Hello", "idempotency_key": "k"})
                self.assertEqual((sent.status, (await sent.json())["duplicate"]), (200, True))
                (message,) = (await (await bob.get("/account_message")).json())["data"]
                unread = await (await bob.get("/unread")).json()
                self.assertEqual((unread["count"], sorted(unread["teams"])), (1, ["crew", "kitchen"]))
                for mark, count in (("read", 0), ("unread", 1), ("archive", 0), ("unarchive", 1), ("delete", 0)):
                    response = await bob.post(f"/mark/{mark}", json={"nids": [message["nid"]]})
                    self.assertEqual((await response.json())["count"], count, mark)
                for path, body, status in (("/mark/odd", {}, 404), ("/mark/read", {"nids": ["?"]}, 404),
                                           ("/mark/read", {}, 400), ("/mark/read", [1], 400)):
                    self.assertEqual((await bob.post(path, json=body)).status, status, (path, body))
                refused = await bob.get("/account_message?pageSize=0")
                self.assertEqual((refused.status, (await refused.json())["pointer"]), (400, "/pageSize"))
                self.assertEqual((await bob.post("/mark/read", data={"all": "true"})).status, 415)

        self.session(work)

    def test_what_is_no_json_or_cannot_be_sent_is_400(self):
        deep = b"[" * 200_000
        table = [
            (b"{", ""), (b"", ""), (b"\xff", ""), (b'{"content":"\xff"}', ""), (b"7", ""), (b"[]", ""),
            (deep, ""), (b'{"data":' + deep, ""), (b'{"data":' + b'{"a":' * 200 + b"1" + b"}" * 201, ""),
            (b'{"content":"\\ud800"}', ""), (b'{"data":{"\\udc00":1}}', ""), (b'{"data":{"a":NaN}}', ""),
            (b'{"data":{"a":1e400}}', ""), (b'{"data":{"a":' + b"9" * 5000 + b"}}", ""),
            (b'{"content":7}', ""), (b'{"message_type":null}', ""), (b'{"idempotency_key":[]}', ""),
            (b"{}", "; charset=nonsense"), (b"{}", "; charset=utf-16"), ("{}".encode("utf-16"), "; charset=utf-16"),
            (b"{}", "; charset=hex"), (b"{}", '; charset="\\u0000"'),
        ]

        async def work(server):
            async with logged_in(server, "ann") as ann:
                async def post(path, body, charset=""):
                    body = body.replace(b"{", b'{"reader_id":"bob",', 1) if body[:2] == b'{"' else body
                    headers = {"Content-Type": "application/json" + charset}
                    async with ann.post(path, data=body, headers=headers) as response:
                        await response.read()
                        return response.status

                for body, charset in table:
                    with self.subTest(body[:40], charset=charset):
                        self.assertEqual(await post("/account_message", body, charset), 400)
                        if charset or b"{" not in body:
                            self.assertEqual(await post("/login", body, charset), 400)
                            self.assertEqual(await post("/mark/read", body, charset), 400)
                self.assertEqual(await post("/mark/read", b'{"nids":["\\ud800"]}'), 400)
                self.assertEqual(await post("/account_message", b'{"content":"x"}', "; charset=UTF-8"), 201)
                async with ann.get("/me") as response:
                    self.assertEqual(response.status, 200)

        self.session(work)

    def test_only_a_name_of_this_server_is_served(self):
        async def work(server):
            async with test_utils.TestClient(server, cookie_jar=None) as client:
                for host, status in (("evil.example", 421), (f"evil.example:{server.port}", 421), ("", 421),
                                     ("localhost.evil.example", 421), ("127.0.0.1.evil.example:80", 421),
                                     ("[::1].evil", 421), ("evil@localhost", 421), ("LOCALHOST:1", 200),
                                     ("127.0.0.1", 200), ("[::1]:8080", 200), ("inbox.example", 200)):
                    for path in ("/users", "/", "/static/inbox.js"):
                        async with client.get(path, headers={"Host": host}) as response:
                            self.assertEqual(response.status, status, (host, path))
                    async with client.post("/login", json={"user_id": "ann"}, headers={"Host": host}) as response:
                        self.assertEqual(response.status, status, host)
                async with client.get("/") as response:
                    self.assertIn("default-src 'self'", response.headers["Content-Security-Policy"])

        self.session(work, hosts=["localhost", "127.0.0.1", "[::1]", "inbox.example"])

    def test_a_logout_ends_the_session_wherever_its_cookie_went(self):
        async def work(server):
            async with logged_in(server, "ann") as ann, logged_in(server, "ann") as other, \
                    test_utils.TestClient(server, cookie_jar=None) as thief:

                def copied(client):
                    cookie = client.session.cookie_jar.filter_cookies(server.make_url("/"))["session"].value
                    return {"Cookie": f"session={cookie}"}

                copy = copied(ann)
                self.assertEqual((await thief.get("/me", headers=copy)).status, 200)
                async with thief.get("/events", headers=copy) as stream:
                    self.assertEqual((await Events(stream).next())[0], "ready")
                    self.assertEqual((await ann.post("/logout", json={})).status, 200)
                    self.assertEqual(await stream.content.read(), b"")  # It ends.
                for path in ("/me", "/events"):
                    self.assertEqual((await thief.get(path, headers=copy)).status, 401)
                self.assertEqual((await other.get("/me")).status, 200)
                # A new login ends the session that the browser had.
                copy = copied(other)
                self.assertEqual((await other.post("/login", json={"user_id": "bob"})).status, 200)
                self.assertEqual((await thief.get("/me", headers=copy)).status, 401)

        self.session(work)

    def test_a_user_has_so_many_streams_and_no_more(self):
        async def work(server):
            sessions = server.app[aiohttp_inbox.SESSIONS]
            async with contextlib.AsyncExitStack() as stack:
                ann = await stack.enter_async_context(logged_in(server, "ann"))
                again = await stack.enter_async_context(logged_in(server, "ann"))
                bob = await stack.enter_async_context(logged_in(server, "bob"))
                streams = []
                for n in range(sessions.STREAMS):
                    stream = await (ann, again)[n % 2].get("/events")
                    self.assertEqual(stream.status, 200)
                    streams.append(stream)
                for client in (ann, again):
                    self.assertEqual((await client.get("/events")).status, 429)
                self.assertEqual((await ann.get("/me")).status, 200)
                async with bob.get("/events") as stream:
                    self.assertEqual(stream.status, 200)
                await ann.post("/logout", json={})
                for stream in streams[::2]:
                    await stream.content.read()
                async with again.get("/events") as stream:
                    self.assertEqual(stream.status, 200)
                for stream in streams:
                    stream.close()

        self.session(work)

    def test_events_reach_all_inboxes_and_a_browser_that_comes_again_misses_nothing(self):
        async def work(server):
            async with logged_in(server, "ann") as ann, logged_in(server, "bob") as bob:
                async with bob.get("/events") as response:
                    self.assertEqual(response.content_type, "text/event-stream")
                    events = Events(response)
                    self.assertEqual(await events.next(), ("ready", {"anew": True}))
                    await ann.post("/team_message", json={"team_id": "crew", "content": "one"})
                    kind, change = await events.next()
                    self.assertEqual((kind, change["team_id"], change["message"]["content"], change["count"]),
                                     ("created", "crew", "one", 1))
                    await ann.post("/account_message", json={"reader_id": "bob", "content": "two"})
                    kind, change = await events.next()
                    self.assertEqual((kind, change["team_id"], change["count"]), ("created", None, 1))
                await bob.post("/mark/read", json={"team_id": "crew", "all": True})
                await ann.post("/account_message", json={"reader_id": "bob", "content": "three"})
                async with bob.get("/events", headers={"Last-Event-ID": events.id}) as response:
                    events = Events(response)
                    self.assertEqual(await events.next(), ("ready", {"anew": False}))
                    got = [await events.next() for _ in range(2)]
                    self.assertEqual(sorted((kind, change["team_id"] or "", change["count"])
                                            for kind, change in got), [("created", "", 2), ("marked", "crew", 0)])
                for odd in ("{", "[]", "7", '{"crew": "odd"}', '{"": 7}', "[" * 7000, "9" * 7000):
                    async with bob.get("/events", headers={"Last-Event-ID": odd}) as response:
                        self.assertEqual(response.status, 200)
                        self.assertEqual(await Events(response).next(), ("ready", {"anew": True}))
                async with bob.get("/events", headers={"Last-Event-ID": '{"": "\\ud800", "crew": "\\ud800"}'}) as response:
                    events = Events(response)
                    self.assertEqual((await events.next())[0], "ready")
                    await ann.post("/account_message", json={"reader_id": "bob", "content": "four"})
                    self.assertEqual((await events.next())[0], "created")

        self.session(work)


    def test_a_page_costs_one_subscription_and_its_end_gives_it_back(self):
        async def work(server):
            inbox = server.app[aiohttp_inbox.INBOX]

            async def subscriptions():
                return (await inbox.get_status())["subscriptions"]

            async with logged_in(server, "ann") as ann, logged_in(server, "bob") as bob:
                streams = [await client.get("/events") for client in (ann, bob, bob)]
                for stream in streams:
                    self.assertEqual((await Events(stream).next())[0], "ready")
                self.assertEqual(await subscriptions(), 3)
                for stream in streams:
                    stream.close()
                while await subscriptions():
                    await ann.post("/team_message", json={"team_id": "crew", "content": "who is there?"})

        self.session(work)

    def test_what_has_too_many_inboxes_for_an_id_loads_anew(self):
        teams = {f"team {n}": ["ann"] for n in range(80)}

        async def work(server):
            async with logged_in(server, "ann") as ann:
                async with ann.get("/events") as response:
                    events = Events(response)
                    self.assertEqual(await events.next(), ("ready", {"anew": True}))
                    self.assertEqual(events.id, "")
                    await ann.post("/team_message", json={"team_id": "team 79", "content": "one"})
                    self.assertEqual((await events.next())[1]["team_id"], "team 79")

        self.session(work, teams=teams)
        places = [{"cursor": "c" * 72}, *({"team_id": f"team {n}", "cursor": "c" * 72} for n in range(46))]
        id = aiohttp_inbox.id_of(places)
        self.assertLess(len(id), 4097)
        self.assertEqual(aiohttp_inbox.places_of(id, [f"team {n}" for n in range(46)]), (places, True))
        self.assertEqual(aiohttp_inbox.places_of(id, ["team 1", "new"]), (
            [{"cursor": "c" * 72}, {"team_id": "team 1", "cursor": "c" * 72}, {"team_id": "new"}], False))


class SessionsTests(unittest.TestCase):
    def test_they_end_by_themselves_and_the_oldest_makes_room(self):
        now = [0.0]
        sessions = aiohttp_inbox.Sessions(clock=lambda: now[0])
        first = sessions.begin("ann")
        bob = sessions.begin("bob")
        now[0] = 60.0
        tokens = [sessions.begin("ann") for _ in range(sessions.EACH)]
        self.assertIsNone(sessions.get(first))
        self.assertEqual([sessions.get(token).user_id for token in tokens], ["ann"] * sessions.EACH)
        self.assertEqual(sessions.get(bob).user_id, "bob")
        now[0] = float(sessions.LIFETIME)
        self.assertIsNone(sessions.get(bob))
        self.assertIsNotNone(sessions.get(tokens[0]))
        sessions.end("none of ours")
        self.assertEqual(len({first, bob, *tokens}), sessions.EACH + 2)


class PageTests(AppCase):
    def test_two_pages_see_each_others_messages(self):
        self.assertTrue(CHROMIUM, "there must be a Chromium: Debian's on PATH, or one that CHROMIUM names")

        async def work(server):
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                try:
                    await self.converse(browser, str(server.make_url("/")), server.app[aiohttp_inbox.INBOX])
                finally:
                    await browser.close()

        self.session(work)

    async def page(self, browser, url, user, **options):
        context = await browser.new_context(viewport={"width": 960, "height": 720}, locale="en-GB", **options)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda said: said.type == "error" and "401" not in said.text
                and self.problems.append(said.text))
        await page.goto(url)
        await page.get_by_role("button", name=user, exact=True).click()
        await page.get_by_role("heading", name="crew").wait_for()
        return page

    async def converse(self, browser, url, inbox):
        self.problems = []
        ann = await self.page(browser, url, "ann")
        bob = await self.page(browser, url, "bob", color_scheme="dark")

        async def send(page, text):
            await page.get_by_label("Message to the team").fill(text)
            await page.keyboard.press("Enter")
            await expect(page.get_by_label("Message to the team")).to_have_value("")

        def items(page):
            return page.get_by_role("listitem")

        bell = bob.locator("#bell")
        await send(ann, "Tea is ready <b>now</b>")
        await expect(items(bob)).to_have_count(1)
        await expect(items(bob)).to_contain_text("Tea is ready <b>now</b>")
        await expect(bell).to_have_accessible_name("1 unread messages")
        await expect(bob.locator("#said")).to_contain_text("New in crew: Tea is ready")
        await send(bob, "Coming")
        await expect(items(ann)).to_have_count(2)
        await expect(items(ann).first).to_contain_text("Coming")

        for n in range(20):
            await send(ann, f"message {n}")
        await expect(bell).to_have_accessible_name("21 unread messages")
        await expect(bob).to_have_title("(21) Inbox")

        # A page loads no more than it shows, and more on demand, each once.
        await bob.get_by_role("button", name="kitchen").click()
        await expect(bob.get_by_text("Nothing here.")).to_be_visible()
        await bob.get_by_role("button", name="crew").click()
        await expect(items(bob)).to_have_count(12)
        await bob.get_by_role("button", name="Load more").click()
        await expect(items(bob)).to_have_count(22)
        await expect(bob.get_by_role("button", name="Load more")).to_be_hidden()
        self.assertEqual(len(set(await bob.locator("li .text").all_inner_texts())), 22)

        if folder := os.environ.get("TIDINGS_TEST_SCREENSHOTS"):
            for name, page in (("light", ann), ("dark", bob)):
                await page.evaluate("scrollTo(0, 0)")
                await page.screenshot(path=os.path.join(folder, f"inbox-{name}.png"))

        # The keyboard alone: the newest is focused, read, the next one archived.
        await items(bob).first.focus()
        await bob.keyboard.press("r")
        await expect(items(bob).first).not_to_have_class("unread")
        await expect(bell).to_have_accessible_name("20 unread messages")
        await bob.keyboard.press("ArrowDown")
        await expect(items(bob).nth(1)).to_be_focused()
        await bob.keyboard.press("e")
        await expect(items(bob)).to_have_count(21)
        await expect(bell).to_have_accessible_name("19 unread messages")
        await bob.get_by_label("Show").select_option("archived")
        await expect(items(bob)).to_have_count(1)
        await bob.get_by_role("button", name="Unarchive: message 18").click()
        await expect(bob.get_by_text("Nothing here.")).to_be_visible()
        await bob.get_by_label("Show").select_option("inbox")
        await expect(items(bob).nth(1)).to_contain_text("message 18")

        # A narrow window shows all of it.
        await bob.set_viewport_size({"width": 360, "height": 640})
        self.assertEqual(await bob.evaluate("document.documentElement.scrollWidth"), 360)
        await expect(bob.get_by_role("button", name="Archive: message 18")).to_be_in_viewport()
        await bob.set_viewport_size({"width": 960, "height": 720})

        # Another page of the same reader follows the marks.
        other = await self.page(browser, url, "bob")
        await expect(other.locator("#bell")).to_have_accessible_name("20 unread messages")
        await bob.get_by_role("button", name="Mark all read").click()
        await expect(bell).to_have_accessible_name("No unread messages")
        await expect(other.locator("#bell")).to_have_accessible_name("No unread messages")
        await expect(other.locator("li.unread")).to_have_count(0)
        await items(other).first.get_by_role("button", name="Mark unread").click()
        await expect(bell).to_have_accessible_name("1 unread messages")
        await bell.click()
        await expect(items(bob)).to_have_count(1)

        # A name says what its sender likes; the id beside it says who that is, and nothing turns it round.
        await inbox.send_team_message(team_id="crew", user_id="mallory", username="ann \u202e", message_type="m",
                                      content="\u202esend money")
        await expect(items(ann).first).to_contain_text("mallory")
        ids = items(ann).first.locator("bdi.sender")
        await expect(ids).to_have_text("mallory")
        self.assertEqual(await ids.evaluate("one => getComputedStyle(one).unicodeBidi"), "isolate")
        await expect(items(ann).nth(1).locator(".from")).to_have_text("ann")

        await bob.get_by_role("button", name="Log out").click()
        await expect(bob.get_by_role("heading", name="Who are you?")).to_be_visible()
        self.assertEqual(self.problems, [])


if __name__ == "__main__":
    unittest.main()
