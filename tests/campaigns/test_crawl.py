"""Reading sites: politely, side by side, and never what robots.txt keeps for others. Against a real server."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler
from itertools import pairwise

import pytest

from campaigns.discovery.crawl import Polite, SiteRead, read_sites
from campaigns.discovery.signals import Kind
from tests.internet import serving, way_to

TODAY = date(2026, 11, 26)
ASKED: dict[str, list[tuple[str, float]]] = defaultdict(list)
AT_ONCE = {"now": 0, "most": 0}
LOCK = threading.Lock()

HOME = (
    '<title>Bright Garden</title><a href="/about">About</a> <a href="/contact/">Contact</a> '
    '<a href="/write-for-us">Write for us</a> <a href="/prices.pdf">Contact prices</a> '
    '<a href="https://elsewhere.org/contact">Contact a friend</a> <a href="/blog/">Blog</a>'
)
PAGES = {
    "/": HOME,
    "/about": "<h1>About</h1><p>Tom Roe, Founder: tom@HOST</p>",
    "/contact/": "<p>info@HOST</p>",
    "/write-for-us": "<p>We welcome guest posts. Ann Lee, Editor: ann@HOST</p><a href='https://ours.com/guide'>guide</a>",
    "/found": "<p>A post about gardens.</p><a href='/'>Home</a>",
}


class Sites(BaseHTTPRequestHandler):
    """Every host is the same small site, but for its name's beginning."""

    def do_GET(self) -> None:
        host = self.headers["Host"]
        with LOCK:
            ASKED[host].append((self.path, time.monotonic()))
        self.answer(host)

    def answer(self, host: str) -> None:
        kind = host.partition(".")[0].rstrip("0123456789")
        if kind == "slow":
            # Over before the answer begins: who has it may ask the next thing at once.
            with LOCK:
                AT_ONCE["now"] += 1
                AT_ONCE["most"] = max(AT_ONCE["most"], AT_ONCE["now"])
            time.sleep(0.2)
            with LOCK:
                AT_ONCE["now"] -= 1
        if self.path == "/robots.txt":
            robots = {
                "closed": "User-agent: *\nDisallow: /\n",
                "partly": "User-agent: *\nDisallow: /contact\nDisallow: /write\n",
                "ours": "User-agent: Linkletter\nDisallow: /\n\nUser-agent: *\nAllow: /\n",
                "stars": "User-agent: *\nDisallow: /*write*\n",
            }.get(kind)
            if kind == "broken":
                self.send(500, "oops")
            elif robots is None:
                self.send(404, "none")
            else:
                self.send(200, robots, kind="text/plain")
        elif kind == "wall":
            self.send(403, "Are you human?")
        elif kind == "file":
            self.send(200, "%PDF", kind="application/pdf")
        elif kind == "moved" and self.path != "/":
            self.send_response(302)
            self.send_header("Location", f"http://partly.example.org/contact/{self.path}")
            self.end_headers()
        elif self.path in PAGES:
            self.send(200, PAGES[self.path].replace("HOST", host))
        else:
            self.send(404, "Not here")

    def send(self, status: int, text: str, kind: str = "text/html; charset=utf-8") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def polite() -> Iterator[Polite]:
    ASKED.clear()
    AT_ONCE.update(now=0, most=0)
    with serving(Sites) as port:
        yield Polite(pause=0.0, way=way_to({"http": port}))


def read(polite: Polite, *urls: str, **options: object) -> list[SiteRead]:
    return list(read_sites(list(urls), today=TODAY, polite=polite, **options))  # type: ignore[arg-type]


def paths(host: str) -> list[str]:
    return [path for path, _ in ASKED[host]]


def test_a_site_is_read_from_its_best_page_on(polite: Polite) -> None:
    [site] = read(
        polite, "http://garden.example.org/found", targets=("https://ours.com/guide/", "https://ours.com/other")
    )
    host = "garden.example.org"
    assert paths(host) == ["/robots.txt", "/found", "/", "/write-for-us", "/contact/", "/about"]
    assert [(each.email, each.name) for each in site.contacts] == [
        (f"ann@{host}", "Ann Lee"),
        (f"tom@{host}", "Tom Roe"),
        (f"info@{host}", ""),
    ]
    assert site.contacts[0].url == f"http://{host}/write-for-us"
    assert (Kind.INVITATION, f"http://{host}/write-for-us") in {(signal.kind, url) for signal, url in site.signals}
    assert site.links_to == ("https://ours.com/guide/",)
    assert site.scores is not None
    assert site.scores.likelihood.value > 0.5
    assert (site.sentence, site.failed) == ("", False)


def test_the_budget_of_pages_is_kept(polite: Polite) -> None:
    polite = Polite(pause=0.0, pages=2, way=polite.way)
    read(polite, "http://garden.example.org/")
    assert paths("garden.example.org") == ["/robots.txt", "/", "/write-for-us"]


@pytest.mark.parametrize("name", ["closed", "ours", "broken"])
def test_a_closed_site_is_not_read_and_it_is_said(name: str, polite: Polite) -> None:
    [site] = read(polite, f"http://{name}.example.org/")
    assert site.failed
    assert "robots.txt" in site.sentence
    assert paths(f"{name}.example.org") == ["/robots.txt"]


def test_closed_pages_are_left_out(polite: Polite) -> None:
    [site] = read(polite, "http://partly.example.org/")
    assert paths("partly.example.org") == ["/robots.txt", "/", "/about"]
    assert [each.email for each in site.contacts] == ["tom@partly.example.org"]
    assert site.forbidden == ("http://partly.example.org/write-for-us", "http://partly.example.org/contact/")
    assert site.sentence == "Some of its pages are closed to programs."
    read(polite, "http://stars.example.org/")
    assert "/write-for-us" not in paths("stars.example.org")


def test_a_redirect_into_a_closed_page_is_not_looked_at(polite: Polite) -> None:
    [site] = read(polite, "http://moved.example.org/found")
    assert "partly.example.org" not in {url.split("/")[2] for url in site.pages}
    assert not any("tom@" in each.email for each in site.contacts)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://wall.example.org/", "wall.example.org does not let programs in (403)."),
        ("http://file.example.org/", "Nothing to read."),
        ("http://garden.example.org:8080/", "Only the usual ports of the web are opened"),
    ],
)
def test_what_cannot_be_read_has_a_sentence(url: str, sentence: str, polite: Polite) -> None:
    [site] = read(polite, url)
    assert site.failed
    assert site.sentence.startswith(sentence) or "robots.txt" in site.sentence


def test_a_page_that_is_gone_leads_home(polite: Polite) -> None:
    [site] = read(polite, "http://garden.example.org/old-post")
    assert "/" in paths("garden.example.org")
    assert site.contacts


def test_one_host_is_asked_one_thing_at_a_time_and_with_pauses(polite: Polite) -> None:
    slept: list[float] = []
    careful = Polite(pause=0.3, pages=3, way=polite.way, sleep=lambda s: (slept.append(s), time.sleep(s))[0])  # type: ignore[func-returns-value]
    read(careful, "http://garden.example.org/")
    moments = [at for _, at in ASKED["garden.example.org"]]
    assert len(moments) == 4
    assert all(later - earlier >= 0.29 for earlier, later in pairwise(moments))
    assert len(slept) == 3


def test_many_hosts_are_read_side_by_side(polite: Polite) -> None:
    urls = [f"http://slow{number}.example{number}.org/" for number in range(12)]
    read(polite, *urls, at_once=6)
    assert AT_ONCE["most"] > 1
    assert AT_ONCE["most"] <= 6
    assert len(ASKED) == 12


def test_it_stops_soon_and_gives_what_it_has(polite: Polite) -> None:
    urls = iter([f"http://slow{number}.example{number}.org/" for number in range(200)])
    done = list(read_sites(urls, today=TODAY, polite=polite, at_once=2, until=lambda: len(ASKED) >= 3))
    assert 2 <= len(done) <= 5
    assert next(urls, None) is not None
