#!/usr/bin/env python3
"""Takes README's picture of two pages that move: picture.py FILE. Needs what the tests of the aiohttp example need."""

import asyncio
import base64
import sys
import tempfile

from aiohttp import test_utils
from playwright.async_api import async_playwright, expect

import support
import test_aiohttp_inbox as example

TEAMS = {"crew": ["ann", "bob"], "deck": ["bob"]}
SIZE = {"width": 560, "height": 430}
PAGE = """<!doctype html><style>
body { margin: 0; padding: 16px; width: 900px; background: #f2f4f7; font: 15px system-ui, sans-serif; color: #333 }
div { display: grid; grid-template-columns: 1fr 1fr; gap: 10px 16px }
img { width: 100%%; border-radius: 8px; box-shadow: 0 1px 4px #0004; display: block }
p { margin: 6px 2px 0; grid-column: 1 / 3 }
</style><div>%s</div>"""


async def take(file):
    with tempfile.TemporaryDirectory() as folder:
        app = example.aiohttp_inbox.create_app(
            store=f"sqlite:{folder}/inbox.db", teams=TEAMS, program=support.program(), log_level="warning")
        async with test_utils.TestServer(app) as server, async_playwright() as playwright:
            inbox = app[example.aiohttp_inbox.INBOX]
            await inbox.send_account_message(reader_id="bob", message_type="note", content="Your order has been sent")
            await inbox.mark_read(user_id="bob", all=True)
            await inbox.send_team_message(team_id="crew", user_id="bob", username="bob", message_type="note",
                                          content="I bring the cake")
            await inbox.mark_read(user_id="ann", team_id="crew", all=True)
            browser = await playwright.chromium.launch(executable_path=example.CHROMIUM, args=["--no-sandbox"])
            pages = []
            for user, scheme in (("ann", "light"), ("bob", "dark")):
                context = await browser.new_context(viewport=SIZE, locale="en-GB", color_scheme=scheme)
                page = await context.new_page()
                await page.goto(str(server.make_url("/")))
                await page.get_by_role("button", name=user, exact=True).click()
                await page.get_by_role("heading", name="crew").wait_for()
                await expect(page.get_by_role("listitem")).to_have_count(1)
                pages.append(page)
            ann, bob = pages
            shots = []

            async def shoot(words):
                shots.append(f"<p>{words}</p>")
                for page in pages:
                    shot = base64.b64encode(await page.screenshot()).decode()
                    shots.append(f'<img src="data:image/png;base64,{shot}">')

            await ann.get_by_label("Message to the team").fill("Tea is ready")
            await shoot("Ann writes to the team. Bob has his page open.")
            await ann.keyboard.press("Enter")
            await expect(bob.locator("#bell")).to_have_accessible_name("1 unread messages")
            await expect(bob.get_by_role("listitem")).to_have_count(2)
            await expect(ann.get_by_role("listitem")).to_have_count(2)
            await shoot("She sends it: Bob's list and his bell move by themselves.")
            sheet = await (await browser.new_context(viewport={"width": 932, "height": 900})).new_page()
            await sheet.set_content(PAGE % "".join(shots))
            await sheet.screenshot(path=file, full_page=True)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(take(sys.argv[1]))
