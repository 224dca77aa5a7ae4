"""A person's hour in the inbox, in a real browser: answer with a file, undo, send, tag by key, snooze, link, look."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sized
from contextlib import contextmanager

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from outreach_site.sandbox.correspondents import CAST, Behaviour, Correspondent
from tests.browser.conftest import Site
from tests.browser.test_main_job import ANSWER_SECONDS, sign_in

pytestmark = pytest.mark.browser

# Others than those of the main job: whoever comes second must not find them written to already.
TOM = [person for person in CAST if person.behaviour == Behaviour.INTERESTED][1]
PRIYA = next(person for person in CAST if person.behaviour == Behaviour.ASKS_PRICE)


def test_an_hour_in_the_inbox(page: Page, site: Site) -> None:
    sign_in(page, site)
    write_to_them(page)
    wait_for_both(page)
    answer_with_a_file(page, site)
    tag_by_key(page)
    snooze(page)
    click_while_it_is_drawn_anew(page)
    link(page)
    search(page)


def write_to_them(page: Page) -> None:
    page.get_by_role("link", name="Campaigns").first.click()
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("Name").fill("Harvest")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="Paste a list").first.click()
    rows = "\n".join(f"{who.site_url}, {who.address}, {who.name}, {who.site_title}" for who in (TOM, PRIYA))
    page.locator("textarea[name=text]").fill(rows)
    page.get_by_role("button", name="Add 2 leads").click()
    page.locator(".tabs").get_by_role("link", name=re.compile("^Letter")).click()
    page.get_by_label("Subject").fill("A question for {website}")
    page.get_by_role("textbox", name="Letter", exact=True).fill("Hello,\n\nmay we write for you?")
    page.get_by_role("button", name="Save letter").click()
    expect(page.get_by_text("saved").first).to_be_visible()
    page.locator(".tabs").get_by_role("link", name=re.compile("^Leads")).click()
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name="Send first letter").click()
    page.get_by_role("button", name="Send 2 letters").click()
    expect(page.get_by_text("2 letters are queued")).to_be_visible()


def row_of(page: Page, name: str) -> str:
    return f".mail-row:has-text('{name}')"


def expect_open(page: Page, who: Correspondent) -> None:
    """Their thread is shown, and reacts."""
    expect(page.locator("#thread")).to_contain_text(who.address)
    expect_settled(page)


def expect_settled(page: Page) -> None:
    """htmx listens on all that it put there: it does so a moment later, in the same step as it takes this class away.
    Who is quicker finds plain links and forms, and nothing that waits for an event."""
    expect(page.locator(".htmx-added")).to_have_count(0)


def wait_for_both(page: Page) -> None:
    until = time.monotonic() + ANSWER_SECONDS
    page.get_by_role("link", name="Inbox").first.click()
    while not all(page.locator(row_of(page, who.name)).count() for who in (TOM, PRIYA)):
        assert time.monotonic() < until, page.locator("main").inner_text()
        page.get_by_role("button", name="Look now").click()
        page.wait_for_timeout(3000)
        page.reload()


def answer_with_a_file(page: Page, site: Site) -> None:
    page.locator(row_of(page, TOM.name)).first.click()
    expect_open(page, TOM)
    page.keyboard.press("r")
    body = page.locator("#answer-body")
    expect(body).to_be_focused()
    page.keyboard.type("here is the outline.")
    page.locator("#answer-files").set_input_files(
        {"name": "outline.txt", "mimeType": "text/plain", "buffer": b"One, two, three."}
    )
    expect(page.locator("#composer-kept")).to_contain_text("outline.txt")
    # It is there after a reload, and one goes on writing.
    page.reload()
    expect(body).to_have_value(re.compile("here is the outline"))
    page.keyboard.press("r")
    page.keyboard.type(" Tell me what you think.")
    page.keyboard.press("Control+Enter")
    toasts = page.locator("#toasts")
    expect(toasts).to_contain_text("The answer leaves in 10 seconds.")
    expect(page.locator("#thread")).to_contain_text("Leaves in a moment")
    expect_settled(page)
    page.keyboard.press("z")
    expect(toasts).to_contain_text("Nothing was sent; your draft is here again.")
    expect(body).to_have_value(re.compile("Tell me what you think"))
    expect(page.locator("#composer-kept")).to_contain_text("outline.txt")
    page.get_by_role("button", name="Send", exact=True).click()
    ours = page.locator(".letter--ours").first
    expect(ours).to_contain_text("Leaves in a moment")
    expect(ours).not_to_contain_text("Leaves in a moment", timeout=60_000)
    expect(page.locator("#thread")).to_contain_text("You have written since")
    page.goto(f"{site.url}/post-office/")
    expect(page.get_by_text(re.compile(f"Re: A question for {re.escape(TOM.site_title)}")).first).to_be_visible()
    page.get_by_role("link", name="Today").first.click()
    expect(page.locator("main")).not_to_contain_text(f"{TOM.name} of")


def tag_by_key(page: Page) -> None:
    page.get_by_role("link", name="Inbox").first.click()
    page.locator(row_of(page, PRIYA.name)).first.click()
    expect_open(page, PRIYA)
    before = page.locator("[aria-pressed=true].tag-choice__tag").get_attribute("id")
    assert before
    page.keyboard.press("3")
    expect(page.locator("#toasts")).to_contain_text("Tagged out of office.")
    expect(page.locator("#tag-3")).to_have_attribute("aria-pressed", "true")
    expect_settled(page)
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("The tag is what it was.")
    expect(page.locator("[aria-pressed=true].tag-choice__tag")).to_have_id(before)


def snooze(page: Page) -> None:
    page.get_by_label("Snooze", exact=True).click()
    page.get_by_role("button", name=re.compile("^Tomorrow")).click()
    expect(page.locator("#toasts")).to_contain_text("Snoozed until")
    expect(page.locator(row_of(page, PRIYA.name))).to_have_count(0)
    with late_answers(page, re.compile(r"/inbox/(\?.*)?$")) as held:
        page.evaluate("htmx.trigger(document.body, 'replies-changed')")
        wait_until_held(page, held)
        page.keyboard.press("z")
        expect(page.locator("#toasts")).to_contain_text("Back in the inbox")
    # The answer that was under way knows nothing of it yet; the list asks once more, long before it comes round.
    expect(page.locator(row_of(page, PRIYA.name)).first).to_be_visible()


@contextmanager
def late_answers(page: Page, address: re.Pattern[str]) -> Iterator[list[tuple[Route, APIResponse]]]:
    """What the server answers here arrives when the block ends: a slow network."""
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if is_slow:
            held.append((route, route.fetch()))
        else:
            route.continue_()

    is_slow = True
    page.route(address, hold)
    yield held
    is_slow = False
    for route, answer in held:
        route.fulfill(response=answer)


def wait_until_held(page: Page, held: Sized) -> None:
    until = time.monotonic() + ANSWER_SECONDS
    while not held:
        assert time.monotonic() < until, "The page did not ask."
        page.wait_for_timeout(20)


def click_while_it_is_drawn_anew(page: Page) -> None:
    """While the open thread is drawn anew by itself, another is asked for: what was asked for last is shown."""
    to_tom, to_priya = (page.locator(row_of(page, who.name)).first for who in (TOM, PRIYA))
    address_of = {row: re.compile(re.escape(row.get_attribute("href") or "/")) for row in (to_tom, to_priya)}
    draw_anew = "htmx.trigger(document.body, 'reply-undone')"
    to_tom.click()
    expect_open(page, TOM)
    page.wait_for_load_state("networkidle")
    with late_answers(page, address_of[to_priya]) as held:
        to_priya.click()
        wait_until_held(page, held)
        page.evaluate("for (const part of document.querySelectorAll('#thread, .mail-row')) part.dataset.before = ''")
        page.evaluate(f"{draw_anew}; htmx.trigger(document.body, 'replies-changed')")
        expect(page.locator("[data-before]")).to_have_count(0)
        expect_open(page, TOM)
    expect_open(page, PRIYA)
    expect(page).to_have_url(address_of[to_priya])
    with late_answers(page, address_of[to_priya]) as held:
        page.evaluate(draw_anew)
        wait_until_held(page, held)
        to_tom.click()
        expect_open(page, TOM)
    page.wait_for_load_state("networkidle")
    expect_open(page, TOM)
    expect(page).to_have_url(address_of[to_tom])


def link(page: Page) -> None:
    page.locator(row_of(page, PRIYA.name)).first.click()
    expect_open(page, PRIYA)
    page.get_by_label("More", exact=True).click()
    page.get_by_role("link", name="Link to another site").click()
    expect(page.locator("#dialog")).to_be_visible()
    page.get_by_label("Domain, address or name").press_sequentially(TOM.domain, delay=20)
    button = page.locator("#link-found li", has_text=re.compile(", Harvest")).get_by_role("button", name="Link")
    expect(button).to_be_visible()
    expect_settled(page)
    button.click()
    expect(page.locator("#dialog")).not_to_be_visible()
    expect(page.locator("#lead-pane h2")).to_have_text(TOM.site_title)
    expect_settled(page)
    page.keyboard.press("z")
    expect(page.locator("#lead-pane h2")).to_have_text(PRIYA.site_title)


def search(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type(PRIYA.name.split()[1])
    expect(page.locator(row_of(page, TOM.name))).to_have_count(0)
    expect(page.locator(row_of(page, PRIYA.name)).first).to_be_visible()
