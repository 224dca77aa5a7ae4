"""How good a page's site looks, in three numbers from 0 to 1, each with its reasons. All weights stand here.

*Relevance*: is it about our topic? *Quality*: would a link from it be worth having? *Likelihood*: would they take a
guest article? A reason is a sentence for a person; its points say how much it moved the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from campaigns.discovery.contacts import Found
from campaigns.discovery.page import Page
from campaigns.discovery.signals import Kind, Signal
from outreach_site.lib.domains import registrable


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence, and what it added to the number (or took from it)."""

    sentence: str
    points: float


@dataclass(frozen=True, slots=True)
class Score:
    """A number from 0 to 1 and what it is made of."""

    value: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    relevance: Score
    quality: Score
    likelihood: Score

    @property
    def badges(self) -> tuple[str, ...]:
        return tuple(
            badge
            for badge, earned in (
                ("high quality", self.quality.value > HIGH),
                ("high confidence", self.likelihood.value > HIGH),
            )
            if earned
        )


HIGH = 0.7  # above it stands a badge

# What each observation is worth. A number is the sum, kept between 0 and 1.
IN_TITLE = 0.45
IN_URL = 0.25
IN_HEADINGS = 0.15
IN_TEXT = 0.15

ENOUGH_WORDS, SOME_WORDS, THIN = 0.25, 0.12, -0.2
STRUCTURED = 0.15  # headings, a description, a language
HAS_BLOG = 0.2
FRESH, RECENT = 0.15, 0.08
NAMED_PEOPLE = 0.1
FITS_TOPIC = 0.15
LINKS_OUT_A_LOT = -0.25
SELLS_LINKS = -0.35
BAD_NEIGHBOURS = -0.3
NOT_INDEXED = -0.3

INVITES = 0.55
GUIDELINES_AND_ADDRESS = 0.3
GUIDELINES = 0.2
ADDRESS = 0.1
EARLIER_GUESTS = 0.2
BLOG = 0.1
REFUSES = -1.0


def score(
    page: Page, *, signals: Sequence[Signal], contacts: Sequence[Found], keyword: str = "", today: date
) -> Scores:
    """The three numbers of a page. Without a keyword relevance is 0, and says so."""
    kinds = {signal.kind for signal in signals}
    relevance = _relevance(page, keyword)
    return Scores(
        relevance=relevance,
        quality=_quality(page, kinds, contacts, relevance, today),
        likelihood=_likelihood(kinds, contacts),
    )


def _relevance(page: Page, keyword: str) -> Score:
    words = _words(keyword)
    if not words:
        return _sum([Reason("No keyword was given to compare with.", 0.0)])
    places = (
        ("in the title", IN_TITLE, page.title),
        ("in the address", IN_URL, re.sub(r"[^\w]+", " ", page.url)),
        ("in its headings", IN_HEADINGS, " ".join(block.text for block in page.blocks if block.heading)),
        ("in its text", IN_TEXT, page.text),
    )
    reasons = []
    for where, weight, text in places:
        share = len(words & _words(text)) / len(words)
        if share:
            found = "The keyword stands" if share == 1 else "A part of the keyword stands"
            reasons.append(Reason(f"{found} {where}.", weight * share))
    return _sum(reasons or [Reason("Nothing on the page is about the keyword.", 0.0)])


def _quality(page: Page, kinds: set[Kind], contacts: Sequence[Found], relevance: Score, today: date) -> Score:
    reasons = []
    words = len(page.text.split())
    if words >= 600:
        reasons.append(Reason(f"There is something to read: {words:,} words.", ENOUGH_WORDS))
    elif words >= 200:
        reasons.append(Reason(f"There is a little to read: {words} words.", SOME_WORDS))
    else:
        reasons.append(Reason(f"A thin page: {words} words.", THIN))
    if page.description and page.title and any(block.heading for block in page.blocks):
        reasons.append(Reason("It has a title, a description and headings.", STRUCTURED))
    if Kind.BLOG in kinds:
        reasons.append(Reason("It has a section with articles.", HAS_BLOG))
    if (newest := _newest(page.dates, today)) is not None:
        age = (today - newest).days
        if age <= 90:
            reasons.append(Reason("Something is new within three months.", FRESH))
        elif age <= 365:
            reasons.append(Reason("Something is new within a year.", RECENT))
    if any(contact.name for contact in contacts) or any(block.by_author and block.text for block in page.blocks):
        reasons.append(Reason("People write under their names.", NAMED_PEOPLE))
    if relevance.value >= 0.5:
        reasons.append(Reason("It is about the topic.", FITS_TOPIC))
    outbound = _links_out(page)
    if outbound > 40 and outbound * 12 > words:
        reasons.append(Reason(f"It links to {outbound} other sites with little text between.", LINKS_OUT_A_LOT))
    if Kind.SELLS_LINKS in kinds:
        reasons.append(Reason("It sells links.", SELLS_LINKS))
    if Kind.BAD_NEIGHBOURS in kinds:
        reasons.append(Reason("It links to casinos, pills or the like.", BAD_NEIGHBOURS))
    if page.noindex:
        reasons.append(Reason("It asks search engines not to list it.", NOT_INDEXED))
    return _sum(reasons)


def _likelihood(kinds: set[Kind], contacts: Sequence[Found]) -> Score:
    reasons = []
    if Kind.INVITATION in kinds:
        reasons.append(Reason("They ask for contributions.", INVITES))
    if Kind.GUIDELINES in kinds and contacts:
        reasons.append(Reason("They have guidelines and an address.", GUIDELINES_AND_ADDRESS))
    elif Kind.GUIDELINES in kinds:
        reasons.append(Reason("They have guidelines.", GUIDELINES))
    elif contacts:
        reasons.append(Reason("An address is known.", ADDRESS))
    if Kind.GUEST_POSTS in kinds:
        reasons.append(Reason("Guests have written here.", EARLIER_GUESTS))
    if Kind.BLOG in kinds:
        reasons.append(Reason("They have a section with articles.", BLOG))
    if Kind.REFUSAL in kinds:
        reasons.append(Reason("They say that they take none.", REFUSES))
    return _sum(reasons or [Reason("Nothing on the page speaks of guest articles.", 0.0)])


def _sum(reasons: Iterable[Reason]) -> Score:
    reasons = tuple(sorted(reasons, key=lambda reason: -abs(reason.points)))
    return Score(round(min(1.0, max(0.0, sum(reason.points for reason in reasons))), 2), reasons)


def _words(text: str) -> set[str]:
    """Words without their plural s, in small letters: enough to see that two texts are about the same."""
    return {word.removesuffix("s") for word in re.findall(r"\w{2,}", text.casefold())}


def _newest(dates: Iterable[str], today: date) -> date | None:
    """The newest of the page's dates that is none of the future."""
    found = []
    for text in dates:
        try:
            day = date.fromisoformat(text[:10])
        except ValueError:
            continue
        if day <= today:
            found.append(day)
    return max(found, default=None)


def _links_out(page: Page) -> int:
    own = registrable(page.host) if page.host else ""
    hosts = set()
    for link in page.links:
        try:
            host = urlsplit(link.href).hostname
        except ValueError:
            continue
        if host and registrable(host) != own:
            hosts.add(host)
    return len(hosts)
