"""Reading sites: polite, bounded, many hosts side by side, and one page after the other at each.

1. robots.txt is read first and obeyed; what it forbids is said, not read.
2. The page that was found, then home, contact, about, write-for-us and author pages that the site links to, best first,
   within a budget of pages and seconds, with a pause between two requests to one host.
3. What was read is put together: contacts with their proof, signals, scores.

Nothing here touches the database: many threads run it.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

from django.conf import settings
from protego import Protego

from campaigns.discovery import contacts, page, scoring, signals
from campaigns.discovery.contacts import Found
from campaigns.discovery.page import Page
from campaigns.discovery.scoring import Scores
from campaigns.discovery.signals import Kind, Signal
from outreach_site.lib.domains import registrable
from outreach_site.lib.web import Answer, Bounds, Way, WebError, WebFailure, open_url

ROBOT = "Linkletter"
AT_ONCE = 24  # hosts side by side in one worker
PAUSE_SECONDS = 1.0  # between two requests to one host, or what its robots.txt asks for
LONGEST_PAUSE_SECONDS = 10.0  # a site that asks for more gets fewer pages instead
PAGES_A_SITE = 6
SITE_SECONDS = 20.0
PAGE_BOUNDS = Bounds(seconds=15, each=8, size=1_500_000, redirects=4)
ROBOTS_BOUNDS = Bounds(seconds=8, each=5, size=500_000, redirects=4)


def user_agent() -> str:
    """Who we are, and where to complain."""
    return f"{ROBOT}/1.0 (+{settings.SITE_URL})"


@dataclass(frozen=True, slots=True)
class Polite:
    """How a crawl behaves, and where time comes from."""

    pause: float = PAUSE_SECONDS
    pages: int = PAGES_A_SITE
    seconds: float = SITE_SECONDS
    way: Way | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


TEXT_LIMIT = 8_000  # characters of a page's text that are handed on


@dataclass(frozen=True, slots=True)
class Text:
    """What a page says to its readers, a block a line."""

    url: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class SiteRead:
    """What became of one site. `sentence` says why nothing, or not everything, was read."""

    url: str
    pages: tuple[str, ...] = ()
    texts: tuple[Text, ...] = ()
    forbidden: tuple[str, ...] = ()  # what its robots.txt keeps us from
    title: str = ""
    contacts: tuple[Found, ...] = ()
    signals: tuple[tuple[Signal, str], ...] = ()  # with the page that each stands on
    scores: Scores | None = None
    links_to: tuple[str, ...] = ()  # our target pages that the site links to already
    sentence: str = ""
    failed: bool = False


@dataclass
class _Visit:
    """One site, from its robots.txt to its last page."""

    url: str
    keyword: str
    targets: tuple[str, ...]
    today: date
    polite: Polite
    stop: threading.Event
    robots: dict[str, Protego | None] = field(default_factory=dict)
    robots_trouble: WebError | None = None  # why a robots.txt could not be had
    asked_at: float | None = None
    pages: list[Page] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    began_at: float = 0.0

    def read(self) -> SiteRead:
        self.began_at = self.polite.clock()
        trouble = ""
        waiting = [self.url]
        seen: set[str] = set()
        while waiting and len(self.pages) < self.polite.pages and self.has_time():
            url = waiting.pop(0)
            if _key(url) in seen:
                continue
            seen.add(_key(url))
            try:
                read = self.open(url)
            except WebError as err:
                trouble = trouble or str(err)
                if not self.pages and not waiting and _key(home := urljoin(url, "/")) not in seen:
                    waiting.append(home)  # The page that was found is gone; the site may still be there.
                continue
            if read is None:
                continue
            seen.add(_key(read.url))
            self.pages.append(read)
            waiting = self.next_pages(seen)
        return self.put_together(trouble)

    def has_time(self) -> bool:
        return not self.stop.is_set() and self.polite.clock() - self.began_at < self.polite.seconds

    def open(self, url: str) -> Page | None:
        """A page, if robots.txt lets us and it is one. Raises WebError."""
        if not self.may_read(url):
            self.forbidden.append(url)
            return None
        answer = self.ask(url, PAGE_BOUNDS)
        if answer.came_by and not self.may_read(answer.url):
            # A redirect led to what robots.txt keeps for others: it is not looked at.
            self.forbidden.append(answer.url)
            return None
        if answer.status in {401, 403, 429, 503}:
            raise WebError(
                f"{_host(url)} does not let programs in ({answer.status}).", failure=WebFailure.STATUS, permanent=False
            )
        if answer.status != 200:
            raise WebError(f"{url} answers with {answer.status}.", failure=WebFailure.STATUS, permanent=True)
        kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
        if kind not in {"text/html", "application/xhtml+xml", ""}:
            return None
        return page.read(answer.text, url=answer.url)

    def may_read(self, url: str) -> bool:
        host = _host(url)
        if host not in self.robots:
            self.robots[host] = self.rules_of(url)
        rules = self.robots[host]
        return rules is None or bool(rules.can_fetch(url, ROBOT))

    def rules_of(self, url: str) -> Protego | None:
        """RFC 9309: none where there is none (4xx); everything forbidden where it cannot be had (2.3.1.4)."""
        try:
            answer = self.ask(urljoin(url, "/robots.txt"), ROBOTS_BOUNDS, cut=True)
        except WebError as err:
            self.robots_trouble = err
            return Protego.parse("User-agent: *\nDisallow: /")
        if answer.status >= 500:
            self.robots_trouble = WebError(
                f"{_host(url)} answers {answer.status}.", failure=WebFailure.STATUS, permanent=False
            )
            return Protego.parse("User-agent: *\nDisallow: /")
        if answer.status != 200:
            return None
        try:
            return Protego.parse(answer.text)
        except ValueError:
            return None

    def ask(self, url: str, bounds: Bounds, *, cut: bool = False) -> Answer:
        self.pause(url)
        try:
            return open_url(url, user_agent=user_agent(), bounds=bounds, way=self.polite.way, cut=cut)
        finally:
            self.asked_at = self.polite.clock()

    def pause(self, url: str) -> None:
        if self.asked_at is None:
            return
        rules = self.robots.get(_host(url))
        wanted = float(rules.crawl_delay(ROBOT) or 0) if rules is not None else 0.0
        seconds = min(max(wanted, self.polite.pause), LONGEST_PAUSE_SECONDS)
        left = self.asked_at + seconds - self.polite.clock()
        if left > 0:
            self.polite.sleep(left)

    def next_pages(self, seen: set[str]) -> list[str]:
        """The site's pages that may say whom to write to, the most promising first."""
        own = registrable(_host(self.pages[0].url))
        ranked: dict[str, int] = {}
        for read in self.pages:
            for link in read.links:
                parts = _split(link.href)
                if parts is None or registrable(parts.hostname or "") != own or _key(link.href) in seen:
                    continue
                if (rank := _promise(parts.path, link.text)) is not None:
                    plain = link.href.partition("#")[0]
                    ranked[plain] = min(rank, ranked.get(plain, rank))
        home = urljoin(self.pages[0].url, "/")
        if _key(home) not in seen:
            ranked.setdefault(home, 2)
        return sorted(ranked, key=lambda url: (ranked[url], len(url), url))

    def put_together(self, trouble: str) -> SiteRead:
        if not self.pages:
            sentence = trouble
            if self.forbidden:
                sentence = "Its robots.txt asks programs not to read it, so it was not read."
            elif not trouble and not self.stop.is_set():
                sentence = "Nothing to read."
            return SiteRead(self.url, forbidden=tuple(self.forbidden), sentence=sentence, failed=True)
        host = _host(self.pages[0].url)
        people: dict[str, Found] = {}
        says: dict[tuple[Kind, str], tuple[Signal, str]] = {}
        for read in self.pages:
            for found in contacts.find(read):
                people.setdefault(found.email, found)
            for signal in signals.find(read):
                says.setdefault((signal.kind, signal.country or signal.quote), (signal, read.url))
        ranked = contacts.ranked(people.values(), host=host)
        best = [
            scoring.score(
                read,
                signals=[signal for signal, _ in says.values()],
                contacts=ranked,
                keyword=self.keyword,
                today=self.today,
            )
            for read in self.pages
        ]
        scores = Scores(
            relevance=max((each.relevance for each in best), key=lambda score: score.value),
            quality=max((each.quality for each in best), key=lambda score: score.value),
            likelihood=max((each.likelihood for each in best), key=lambda score: score.value),
        )
        return SiteRead(
            url=self.url,
            pages=tuple(read.url for read in self.pages),
            texts=tuple(Text(read.url, read.title, text) for read in self.pages if (text := text_of(read))),
            forbidden=tuple(self.forbidden),
            title=self.pages[0].title,
            contacts=tuple(ranked[:20]),
            signals=tuple(says.values())[:40],
            scores=scores,
            links_to=tuple(target for target in self.targets if self.links_to(target)),
            sentence="Some of its pages are closed to programs." if self.forbidden else "",
        )

    def links_to(self, target: str) -> bool:
        return any(_key(link.href) == _key(target) for read in self.pages for link in read.links)


class ForbiddenError(WebError):
    """The site's robots.txt asks programs not to read that page."""


def ask_page(url: str, *, polite: Polite | None = None) -> Answer:
    """One page as it is answered, whatever its status, after a look at robots.txt. Raises WebError, ForbiddenError."""
    visit = _Visit(url, "", (), date.min, polite or Polite(), threading.Event())
    answer = visit.ask(url, PAGE_BOUNDS, cut=True) if visit.may_read(url) else None
    if answer is None and visit.robots_trouble is not None:
        raise visit.robots_trouble
    if answer is None or (answer.came_by and not visit.may_read(answer.url)):
        raise ForbiddenError(
            f"The robots.txt of {_host(url)} asks programs not to read this page.",
            failure=WebFailure.STATUS,
            permanent=True,
        )
    return answer


def read_sites(
    urls: Iterator[str] | list[str],
    *,
    keyword: str = "",
    targets: tuple[str, ...] = (),
    today: date,
    polite: Polite | None = None,
    at_once: int = AT_ONCE,
    until: Callable[[], bool] = lambda: False,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[SiteRead]:
    """Read these sites side by side, and give each as it is done. They should be of different hosts.

    Once `until` says so no further site is begun; once `cancelled` does, those under way stop after the page they are
    at, and one of which nothing is read yet comes as failed and without a sentence.
    """
    polite = polite or Polite()
    stop = threading.Event()

    def read(url: str) -> SiteRead:
        try:
            return _Visit(url, keyword, targets, today, polite, stop).read()
        except Exception as err:  # noqa: BLE001 - one site must not stop the others
            return SiteRead(url, sentence=f"It could not be read ({type(err).__name__}).", failed=True)

    yield from _side_by_side(iter(urls), read, at_once=at_once, until=until, cancelled=cancelled, stop=stop)


def text_of(read: Page) -> str:
    """Headings and sentences, up to a limit; the short words of menus and buttons are left out."""
    kept, length = [], 0
    for text in dict.fromkeys(block.text for block in read.blocks if block.heading or len(block.text) >= 25):
        if not text:
            continue
        length += len(text) + 1
        if length > TEXT_LIMIT:
            break
        kept.append(text)
    return "\n".join(kept)


Result = TypeVar("Result")


def _side_by_side(
    things: Iterator[str],
    work: Callable[[str], Result],
    *,
    at_once: int,
    until: Callable[[], bool],
    cancelled: Callable[[], bool],
    stop: threading.Event,
) -> Iterator[Result]:
    """Work on things in threads, never more waiting than there are threads: memory stays flat, and the end is near."""
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="crawl") as pool:
        running: set[Future[Result]] = set()
        try:
            while True:
                while len(running) < at_once and not stop.is_set() and not until():
                    thing = next(things, None)
                    if thing is None:
                        break
                    running.add(pool.submit(work, thing))
                if not running:
                    return
                done, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                if cancelled():
                    stop.set()
                for future in done:
                    yield future.result()
        finally:
            stop.set()


def _words(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


_PROMISING = (
    (
        0,
        _words(
            r"write[-_ ]?for|guest[-_ ]?(?:post|blog|author|contribut)|contribut|submi(?:t|ssion)|pitch",
            r"gast(?:artikel|beitrag|autor)|[eé]crire[-_ ]pour|escrib[ea][-_ ]para|scrivi[-_ ]per",
            r"schrijf[-_ ]voor|napisz",
        ),
    ),
    (
        1,
        _words(
            r"contact|kontakt|contatt|contacto|impressum|imprint|mentions|editorial|masthead",
            r"redak|r[eé]daction|redazione",
        ),
    ),
    (
        3,
        _words(
            r"about|team|people|staff|[üu]ber[-_ ]?uns|qui[-_ ]sommes|chi[-_ ]siamo|qui[eé]nes",
            r"over[-_ ]ons|o[-_ ]nas",
        ),
    ),
    (4, _words(r"/authors?/|/autor(?:en)?/|by[-_ ]author")),
)
_NO_PAGE = _words(
    r"\.(?:pdf|zip|jpe?g|png|gif|svg|webp|mp[34]|docx?|xlsx?|css|js|xml|ics)$",
    r"/(?:wp-json|feed|cart|login|wp-admin)",
)


def _promise(path: str, text: str) -> int | None:
    """How soon a link is worth following; None: not at all."""
    if _NO_PAGE.search(path):
        return None
    where = f"{path} {text[:80]}"
    return next((rank for rank, words in _PROMISING if words.search(where)), None)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and parts.hostname else None


def _host(url: str) -> str:
    parts = _split(url)
    return (parts.hostname or "") if parts is not None else ""


def _key(url: str) -> str:
    """The same page, whatever its scheme, www. and final slash."""
    parts = _split(url)
    if parts is None:
        return url
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}{parts.path.rstrip('/')}" + (f"?{parts.query}" if parts.query else "")
