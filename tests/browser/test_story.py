"""A whole story in a real browser: a sequence with two versions is launched, people answer in their ways, weeks pass,
a link is seen and lost; and the numbers are those that one counts by hand.

The count by hand knows what the post office received and how each correspondent was made to behave, and nothing of the
code that counts.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta, timezone
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from outreach_site.sandbox.correspondents import CAST, Behaviour, Correspondent, back_on
from outreach_site.sandbox.store import Kind, Letter, Store
from tests.browser.clock import let_days_pass
from tests.browser.conftest import Installation, Site
from tests.browser.test_main_job import DESKTOP, PHONE, sign_in
from tests.internet import serving

pytestmark = pytest.mark.browser

SOON = 300  # seconds: the post goes round once a minute
CAMPAIGN = "Guest articles for spring"
OTHER_SUBJECT = "A gardening piece that {website} could use"
TARGET = "https://pottedplans.test/guide/"
API = "/api/v1/backlink-outreach"

PEOPLE = {Behaviour.INTERESTED, Behaviour.DECLINES, Behaviour.ASKS_PRICE, Behaviour.ASKS_REMOVAL}


def all_who(*behaviours: Behaviour) -> list[Correspondent]:
    return [person for person in CAST if person.behaviour in behaviours]


ANSWERING, SILENT = all_who(*PEOPLE), all_who(Behaviour.SILENT)
AWAY, GONE = all_who(Behaviour.OUT_OF_OFFICE)[0], all_who(Behaviour.BOUNCES)[0]
OPTED_OUT = all_who(Behaviour.ASKS_REMOVAL)[0]
LINKING = all_who(Behaviour.INTERESTED)[0]
PAGE_URL = f"http://{LINKING.domain}/spring-pages/"


class Article(BaseHTTPRequestHandler):
    """The page of a site that links to us, for as long as `links` says so."""

    links = True

    def do_GET(self) -> None:
        link = f'<p>Read <a href="{TARGET}">the guide of Potted Plans</a> first.</p>' if self.links else ""
        page = f"<!doctype html><title>Spring pages</title><main><h1>Spring pages</h1>{link}<p>Sow now.</p></main>"
        found = self.path == "/spring-pages/"
        body = page.encode() if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@dataclass(frozen=True)
class Story:
    """Where it plays. `article` is the class of the site's pages: what is set on it is what the site shows."""

    installation: Installation
    article: type[Article]

    @property
    def site(self) -> Site:
        return self.installation.site

    def letters(self) -> list[Letter]:
        """What the post office received for people outside, the oldest first."""
        with Store(self.installation.post_office) as store:
            return store.letters(kind=Kind.OUTREACH)[::-1]

    def letters_to(self, person: Correspondent) -> int:
        return sum(letter.mailbox == person.address for letter in self.letters())


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    article = type("ThisArticle", (Article,), {})
    with serving(article) as port:
        away = {"DJANGO_SETTINGS_MODULE": "tests.browser.local_web", "LOCAL_WEB_PORT": str(port)}
        installation = Installation(tmp_path, away)
        installation.start()
        try:
            yield Story(installation, article)
        finally:
            installation.stop()


def test_a_whole_story(page: Page, story: Story, photograph: Callable[[Page, str], None]) -> None:
    sign_in(page, story.site)
    write_a_sequence(page)
    launch(page)
    wait_until(lambda: len(story.letters()) == len(CAST), story)
    wait_for_what_comes_back(page, story)
    look_at_what_is_planned(page, story)
    look_at_what_is_suppressed(page, story)
    agree_on_a_link(page, story)

    # A week later: who was silent is written to again, and nobody else.
    later(page, story, days=7)
    wait_until(lambda: len(story.letters()) == len(CAST) + len(SILENT), story)
    assert {person.address: story.letters_to(person) for person in CAST} == {
        person.address: 2 if person in SILENT else 1 for person in CAST
    }

    # Two more: who was away is back, and gets what waited. The link is gone.
    story.article.links = False
    later(page, story, days=14)
    wait_until(lambda: story.letters_to(AWAY) == 2, story)
    lose_the_link(page, story)
    compare_with_a_count_by_hand(page, story, photograph)


# --- What a person does -----------------------------------------------------------------------------------------------


def open_campaign(page: Page, tab: str) -> None:
    page.get_by_role("link", name="Campaigns").first.click()
    page.get_by_role("link", name=CAMPAIGN).first.click()
    page.locator(".tabs").get_by_role("link", name=re.compile(f"^{tab}")).click()


def write_a_sequence(page: Page) -> None:
    """The first letter has a second version, and a follow-up comes three working days later."""
    open_campaign(page, "Letter")
    page.get_by_role("link", name="A second version of step 1").click()
    page.get_by_label("Other subject").fill(OTHER_SUBJECT)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Half of the leads get the second version")).to_be_visible()
    page.get_by_role("link", name="Add a follow-up").click()
    page.get_by_label("Working days after the step before").fill("3")
    page.get_by_role("textbox", name="Letter", exact=True).fill(
        "Hello {first_name|there},\n\ndid my letter reach you?\n\nKind regards,"
    )
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".steps")).to_contain_text("3 working days later")


def launch(page: Page) -> None:
    page.get_by_role("link", name="Launch").first.click()
    expect(page.locator(".send-check__sum")).to_contain_text(f"{len(CAST)} will go")
    page.get_by_role("button", name=re.compile("^Start")).click()
    expect(page.get_by_text(f"{CAMPAIGN} is under way: {len(CAST)} letters are queued")).to_be_visible()


def wait_for_what_comes_back(page: Page, story: Story) -> None:
    """The answers of people, an automatic one, and what the post office says of somebody who is gone."""
    expected = len(ANSWERING) + 2
    page.get_by_role("link", name="Inbox").first.click()
    page.locator("#show-more").click()
    page.locator("#inbox-filters").get_by_role("link", name=re.compile("^All")).click()

    def have_all_come() -> bool:
        page.get_by_role("button", name="Look now").click()
        page.wait_for_timeout(2_000)
        page.reload()
        return page.locator(".mail-row").count() == expected

    wait_until(have_all_come, story)


def look_at_what_is_planned(page: Page, story: Story) -> None:
    """Follow-ups wait for who was silent, and for who is away until the day of the return."""
    open_campaign(page, "Schedule")
    planned = page.locator(".next-letters > li")
    expect(planned).to_have_count(len(SILENT) + 1)
    for person in (*SILENT, AWAY):
        expect(planned.filter(has_text=person.site_title)).to_have_count(1)
    letter = next(letter for letter in story.letters() if letter.mailbox == AWAY.address)
    there = timezone(timedelta(hours=AWAY.hours_east))
    back = back_on(letter.received_at.astimezone(there))
    day = page.locator("section.card", has=page.get_by_role("link", name=AWAY.site_title))
    expect(day.get_by_role("heading")).to_have_text(f"{back:%A} {back.day} {back:%B}")


def look_at_what_is_suppressed(page: Page, story: Story) -> None:
    page.goto(f"{story.site.url}/w/rehearsal/compliance/suppression/")
    for person in (GONE, *all_who(Behaviour.DECLINES, Behaviour.ASKS_REMOVAL)):
        expect(page.locator("main")).to_contain_text(person.address)
    expect(page.locator("main")).not_to_contain_text(AWAY.address)


def agree_on_a_link(page: Page, story: Story) -> None:
    page.get_by_role("link", name="Placements").first.click()
    page.get_by_role("link", name="Write down a link").first.click()
    page.get_by_label("Page that links").fill(PAGE_URL)
    page.get_by_label("Links to").fill(TARGET)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#placement .badge")).to_have_text("Live", timeout=SOON * 1000)
    expect(page.locator("#placement")).to_contain_text("the guide of Potted Plans")


def lose_the_link(page: Page, story: Story) -> None:
    """The weekly look has found it gone and waits for a second one; a person does not want to wait."""
    page.get_by_role("link", name="Placements").first.click()
    page.get_by_role("link", name=LINKING.site_title).click()
    page.get_by_role("button", name="Look now").click()
    expect(page.locator("#placement .badge")).to_have_text("Lost", timeout=SOON * 1000)
    page.get_by_role("link", name="Today").first.click()
    expect(page.locator("main")).to_contain_text(LINKING.site_title)


def later(page: Page, story: Story, *, days: int) -> None:
    """So many days pass, in which the installation is off. Whoever was signed in comes back as somebody who is not."""
    page.goto("about:blank")
    story.installation.stop()
    let_days_pass(story.installation, days)
    story.installation.start()
    page.context.clear_cookies()
    sign_in(page, story.site)


def wait_until(is_so: Callable[[], bool], story: Story) -> None:
    until = time.monotonic() + SOON
    while not is_so():
        assert time.monotonic() < until, story.installation.log.read_text(errors="replace")[-4_000:]
        time.sleep(0.5)


# --- The count by hand ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """Letters that were received, and the people among their readers who answered the first one of theirs."""

    letters: int
    answered: int


@dataclass(frozen=True)
class Count:
    by_step: dict[str, Tally]
    by_variant: dict[str, Tally]
    by_day: dict[str, int]

    @classmethod
    def of(cls, letters: list[Letter], zone: ZoneInfo) -> Count:
        """By the post office. The first letter to somebody is step 1; its subject tells which version it is."""
        answering = {person.address for person in ANSWERING}
        seen: set[str] = set()
        steps: dict[str, list[Letter]] = {"First letter": [], "Follow-up 1": []}
        for letter in letters:
            steps["Follow-up 1" if letter.mailbox in seen else "First letter"].append(letter)
            seen.add(letter.mailbox)
        second = OTHER_SUBJECT.partition("{")[0]
        first = steps["First letter"]
        variants = {
            "A": [letter for letter in first if not letter.subject.startswith(second)],
            "B": [letter for letter in first if letter.subject.startswith(second)],
        }

        def tally(some: list[Letter], *, may_answer: bool = True) -> Tally:
            return Tally(len(some), sum(letter.mailbox in answering for letter in some) if may_answer else 0)

        return cls(
            # Whoever answers, answers the first letter: that is how the correspondents are made.
            {name: tally(some, may_answer=name == "First letter") for name, some in steps.items()},
            {name: tally(some) for name, some in variants.items()},
            dict(Counter(letter.received_at.astimezone(zone).date().isoformat() for letter in letters)),
        )


def compare_with_a_count_by_hand(page: Page, story: Story, photograph: Callable[[Page, str], None]) -> None:
    people, answered = len(CAST), len(ANSWERING)
    open_campaign(page, "Results")
    here = page.url.partition("?")[0]
    campaign = re.search(r"/campaigns/(\d+)/", here)
    assert campaign
    says = asked(page, f"{story.site.url}{API}/campaigns/{campaign[1]}/analytics?days=90")
    count = Count.of(story.letters(), ZoneInfo(says["time_zone"]))
    assert min(each.letters for each in count.by_variant.values()) > 0, "both versions were written"
    letters = sum(each.letters for each in count.by_step.values())

    # A program is told the same as was counted.
    assert says["total_leads"] == people
    assert says["people_written_to"] == people
    assert says["people_who_answered"] == says["total_replies"] == answered
    assert says["total_sent"] == says["window"]["sent"] == letters
    assert says["response_rate"] == round(answered / people, 4)
    assert says["raw_response_rate"] == round(answered / letters, 4)
    assert says["placement_rate"] == round(1 / people, 4)
    classified = says["replies_by_classification"]
    assert classified["not_interested"] == len(all_who(Behaviour.DECLINES, Behaviour.ASKS_REMOVAL))
    assert classified["interested"] + classified["replied"] == len(all_who(Behaviour.INTERESTED, Behaviour.ASKS_PRICE))
    assert classified["out_of_office"] == classified["bounce"] == 1
    volume = {day["date"]: day["count"] for day in says["daily_send_volume"] if day["count"]}
    assert volume == count.by_day
    links = says["links"]
    assert (links["seen"], links["standing"], links["lost"], links["expected"]) == (1, 0, 1, 0)
    snapshot = asked(page, f"{story.site.url}{API}/reporting/snapshot")
    assert (snapshot["total_sends"], snapshot["total_replies"], snapshot["total_placements"]) == (letters, answered, 1)

    # So is a person.
    page.goto(f"{here}?days=90")
    expect(stat(page, "People who answered")).to_contain_text(percent(answered, people))
    expect(stat(page, "People who answered")).to_contain_text(f"{answered} of {people} people written to")
    expect(stat(page, "Letters sent")).to_contain_text(str(letters))
    for name, tally in count.by_step.items():
        assert cells(page, "By step", name)[:3] == told(tally)
    for name, tally in count.by_variant.items():
        assert cells(page, "Variants: First letter", name)[:3] == told(tally)
    assert cells(page, "What came back by itself", "Out of office")[0] == "1"
    assert cells(page, "What came back by itself", "Bounces")[0] == "1"
    assert cells(page, "What links cost", CAMPAIGN)[:3] == ["1", "0", "1"]  # seen, standing, lost

    # And whoever pays for it.
    page.goto(here.replace("/results/", "/report/"))
    expect(stat(page, "Links standing")).to_contain_text("of 1 that were seen")
    link = page.get_by_label("Links", exact=True).locator("tbody tr")
    for said in (PAGE_URL, TARGET, "the guide of Potted Plans", "followed", "Lost"):
        expect(link).to_contain_text(said)
    page.goto(f"{here}?days=90")

    for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size(size)
        photograph(page, f"story-results-{name}")


def asked(page: Page, url: str) -> dict[str, Any]:
    response = page.request.get(url, headers={"X-Workspace": "rehearsal"})
    assert response.ok, response.text()
    said: dict[str, Any] = response.json()
    return said


def stat(page: Page, label: str) -> Any:
    return page.locator(".stat").filter(has=page.get_by_text(label, exact=True))


def cells(page: Page, title: str, row: str) -> list[str]:
    """What stands behind a row's name, in the table of the section with this title."""
    section = page.get_by_label(title, exact=True)
    found = section.locator("tr").filter(has=page.locator("th").get_by_text(row, exact=True))
    return [text.strip() for text in found.locator("td").all_text_contents()]


def told(tally: Tally) -> list[str]:
    return [str(tally.letters), str(tally.answered), percent(tally.answered, tally.letters)]


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}".removesuffix(".0") + " %"
