"""The main job in a real browser: sign in, a campaign, three leads, letters, answers, a refusal, sign out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from outreach_site.sandbox.correspondents import CAST, Behaviour, Correspondent
from tests.browser.conftest import Site

pytestmark = pytest.mark.browser

ANSWER_SECONDS = 300
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 860}


def somebody(behaviour: Behaviour) -> Correspondent:
    return next(person for person in CAST if person.behaviour == behaviour)


KEEN = somebody(Behaviour.INTERESTED)
AWAY = somebody(Behaviour.OUT_OF_OFFICE)
GONE = somebody(Behaviour.ASKS_REMOVAL)


def sign_in(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.get_by_label("Email").fill(site.email)
    page.get_by_label("Password", exact=True).fill(site.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()


def test_the_main_job(page: Page, site: Site, photograph: Callable[[Page, str], None]) -> None:
    sign_in(page, site)

    # A campaign.
    page.get_by_role("link", name="Campaigns").first.click()
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("Name").fill("Kitchen gardens")
    page.get_by_label("Keywords").fill("kitchen gardening")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Kitchen gardens")).to_be_visible()

    # Three leads, pasted.
    page.get_by_role("link", name="Paste a list").first.click()
    rows = "\n".join(f"{who.site_url}, {who.address}, {who.name}, {who.site_title}" for who in (KEEN, AWAY, GONE))
    page.locator("textarea[name=text]").fill(rows)
    page.get_by_role("button", name="Add 3 leads").click()
    for who in (KEEN, AWAY, GONE):
        expect(page.get_by_role("link", name=who.site_title)).to_be_visible()

    # A letter, whose preview is the letter.
    page.locator(".tabs").get_by_role("link", name=re.compile("^Letter")).click()
    page.get_by_label("Subject").fill("An idea for {website}")
    page.get_by_role("textbox", name="Letter", exact=True).fill(
        "Hello {first_name|there},\n\nwe have written about {topic} for years. "
        "Would a practical article be welcome at {website}?\n\nKind regards,"
    )
    preview = page.locator("#letter-preview")
    expect(preview).to_contain_text("we have written about kitchen gardening for years")
    expect(preview).to_contain_text("One click, and we will not write again")
    page.get_by_role("button", name="Save letter").click()
    expect(page.get_by_text("saved").first).to_be_visible()

    # Send to all three.
    page.locator(".tabs").get_by_role("link", name=re.compile("^Leads")).click()
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name="Send first letter").click()
    page.get_by_role("button", name="Send 3 letters").click()
    expect(page.get_by_text("3 letters are queued")).to_be_visible()

    # Their answers, classified.
    tags = {KEEN: "Interested", AWAY: "Out of office", GONE: "Not interested"}
    wait_for_answers(page, tags)

    # A person who asked to be removed is not written to again: not here, not in another campaign.
    page.get_by_role("link", name="Campaigns").first.click()
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("Name").fill("Second try")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="Paste a list").first.click()
    page.locator("textarea[name=text]").fill(f"{GONE.site_url}, {GONE.address}, {GONE.name}, {GONE.site_title}")
    page.get_by_role("button", name="Add 1 lead").click()
    page.locator(".tabs").get_by_role("link", name=re.compile("^Letter")).click()
    page.get_by_label("Subject").fill("Another idea")
    page.get_by_role("textbox", name="Letter", exact=True).fill("Hello again,\n\nhow about it?\n\nKind regards,")
    page.get_by_role("button", name="Save letter").click()
    expect(page.get_by_text("saved").first).to_be_visible()
    page.locator(".tabs").get_by_role("link", name=re.compile("^Leads")).click()
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name="Send first letter").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("None of these can go")
    expect(dialog).to_contain_text("suppression list")
    page.keyboard.press("Escape")

    # The post office has what was sent, and nothing twice.
    page.goto(f"{site.url}/post-office/")
    for who in (KEEN, AWAY, GONE):
        expect(page.get_by_role("link", name=re.compile("An idea for " + re.escape(who.site_title)))).to_have_count(1)

    look_at_everything(page, site, photograph)

    # Sign out.
    page.goto(site.url)
    page.locator(".account > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto(f"{site.url}/w/rehearsal/campaigns/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def wait_for_answers(page: Page, tags: dict[Correspondent, str]) -> None:
    """Look into the inbox as a person would until everybody has answered."""
    until = time.monotonic() + ANSWER_SECONDS
    page.get_by_role("link", name="Inbox").first.click()
    # Automatic replies are no answers of people: they stand under All, and in a view of their own.
    page.locator("#show-more").click()
    page.locator("#inbox-filters").get_by_role("link", name=re.compile("^All")).click()
    while True:
        rows = [page.locator(".mail-row", has_text=who.name).filter(has_text=tag) for who, tag in tags.items()]
        if all(row.count() == 1 for row in rows):
            return
        assert time.monotonic() < until, page.locator("main").inner_text()
        page.get_by_role("button", name="Look now").first.click()
        page.wait_for_timeout(3000)
        page.reload()


def look_at_everything(page: Page, site: Site, photograph: Callable[[Page, str], None]) -> None:
    """No page may scroll sideways, on a desktop or on a phone; each may be photographed, light and dark."""
    here = f"{site.url}/w/rehearsal"
    addresses = {
        "today": f"{here}/",
        "campaigns": f"{here}/campaigns/",
        "leads": first_link(page, f"{here}/campaigns/", "Kitchen gardens"),
        "inbox": f"{here}/inbox/",
        "queue": f"{here}/queue/",
        "suppression": f"{here}/compliance/suppression/",
        "audit": f"{here}/compliance/audit/",
        "check": f"{here}/compliance/check/",
        "held": f"{here}/compliance/held-back/",
        "never-pitch": f"{here}/compliance/never-pitch/",
        "consent": f"{here}/compliance/consent/",
        "requests": f"{here}/compliance/requests/",
        "evidence": f"{here}/compliance/evidence/?address={KEEN.address}",
        "reputation": f"{here}/compliance/health/",
        "privacy": f"{here}/compliance/privacy/",
        "approvals": f"{here}/campaigns/approvals/",
        "settings": f"{here}/settings/",
        "workspace": f"{here}/settings/workspace/",
        "team": f"{here}/settings/team/",
        "identities": f"{here}/settings/identities/",
        "keys": f"{here}/settings/keys/",
        "mailboxes": f"{here}/settings/mailboxes/",
        "templates": f"{here}/campaigns/templates/",
        "post-office": f"{site.url}/post-office/",
        "search": f"{here}/search/?q=garden",
    }
    addresses["letters"] = addresses["leads"] + "letters/"
    addresses["campaign-settings"] = addresses["leads"] + "settings/"
    addresses["reply"] = first_link(page, addresses["inbox"], KEEN.name)
    wide = []
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    page.emulate_media(reduced_motion="reduce")
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size(viewport)
        for name, address in addresses.items():
            page.goto(address)
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wide.append((name, size))
            for scheme in schemes:
                page.emulate_media(color_scheme=scheme)
                photograph(page, f"{name}-{size}-{scheme}")
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    assert wide == []


def first_link(page: Page, address: str, name: str) -> str:
    page.goto(address)
    href = page.locator("main").get_by_role("link", name=re.compile(re.escape(name))).first.get_attribute("href")
    assert href is not None
    return href if href.startswith("http") else address.partition("/w/")[0] + href
