"""Is the link there, as agreed? Pages as sites build them, without network or database."""

from __future__ import annotations

import pytest

from campaigns.models import Placement
from campaigns.placements.verdict import Agreement, Outcome, Problem, judge
from outreach_site.lib.web import Answer

PAGE = "https://garden.example.com/slugs"
TARGET = "https://orchard.example/guide"
AGREED = Agreement(PAGE, TARGET)
Rel = Placement.Rel


def answer(body: str, *, status: int = 200, url: str = PAGE, headers: dict[str, str] | None = None) -> Answer:
    return Answer(url, status, {"content-type": "text/html; charset=utf-8"} | (headers or {}), body.encode())


def page(link: str, head: str = "") -> str:
    words = "Slugs eat lettuce at night, and beer traps help. " * 10
    return f"<html><head><title>Slugs</title>{head}</head><body><p>{words}{link} {words}</p></body></html>"


LINK = f'<a href="{TARGET}">a spring guide</a>'


def test_a_link_as_agreed_is_found_with_the_words_around_it() -> None:
    found = judge(answer(page(f"Read {LINK} first.")), AGREED)
    assert (found.outcome, found.problems, found.anchor, found.rel) == (Outcome.FOUND, (), "a spring guide", "")
    assert "Read a spring guide first." in found.passage
    assert (found.status, found.final_url, found.href) == (200, PAGE, TARGET)


def test_no_address_is_kept_with_the_words_around_a_link() -> None:
    found = judge(answer(page(f"Ask ed@garden.example.com or read {LINK}.")), AGREED)
    assert "Ask (address) or read a spring guide" in found.passage


@pytest.mark.parametrize(
    "href",
    [
        "http://www.orchard.example/guide/",
        "//orchard.example/guide#top",
        "https://orchard.example/guide?utm_source=garden&utm_medium=x",
        "HTTPS://ORCHARD.EXAMPLE/guide",
        " https://orchard.example/gu%69de ",
    ],
)
def test_spellings_of_one_page_are_one_page(href: str) -> None:
    found = judge(answer(page(f'<a href="{href}">guide</a>')), AGREED)
    assert (found.outcome, found.problems) == (Outcome.FOUND, ())


@pytest.mark.parametrize(
    ("link", "agreed", "problems"),
    [
        (f'<a rel="nofollow" href="{TARGET}">x</a>', AGREED, [Problem.NOFOLLOW]),
        (f'<a rel="UGC  noopener" href="{TARGET}">x</a>', AGREED, [Problem.UGC]),
        (f'<a rel="sponsored" href="{TARGET}">x</a>', AGREED, [Problem.SPONSORED]),
        (f'<a rel="noopener noreferrer" href="{TARGET}">x</a>', AGREED, []),
        (f'<a rel="sponsored" href="{TARGET}">x</a>', Agreement(PAGE, TARGET, rel=Rel.SPONSORED), []),
        (f'<a rel="nofollow" href="{TARGET}">x</a>', Agreement(PAGE, TARGET, rel=Rel.SPONSORED), []),
        (LINK, Agreement(PAGE, TARGET, rel=Rel.SPONSORED), [Problem.NOT_SPONSORED]),
        (f'<a rel="nofollow ugc" href="{TARGET}">x</a>', Agreement(PAGE, TARGET, rel=Rel.ANY), []),
        (LINK, Agreement(PAGE, TARGET, anchor="A  Spring guide"), []),
        (LINK, Agreement(PAGE, TARGET, anchor="best guide"), [Problem.ANCHOR]),
        (f'<a href="{TARGET}"><img src="i.png" alt="Our guide"></a>', Agreement(PAGE, TARGET, anchor="our guide"), []),
        (f'<a href="{TARGET}"></a>', AGREED, [Problem.HIDDEN]),
        (f'<span style="display:none">{LINK}</span>', AGREED, [Problem.HIDDEN]),
        (f'<div hidden><b>{LINK}</b></div>', AGREED, [Problem.HIDDEN]),
        (f'<style>.off {{ visibility: hidden }}</style><i class="a off">{LINK}</i>', AGREED, [Problem.HIDDEN]),
        (f'<a style="font-size:0px" href="{TARGET}">x</a>', AGREED, [Problem.HIDDEN]),
        (f'<a style="opacity:0.9;font-size:0.9em" href="{TARGET}">x</a>', AGREED, []),
        ('<a href="https://orchard.example/other">x</a>', AGREED, [Problem.TARGET]),
        (f'<a href="/out?id=7&to={TARGET}">x</a>', AGREED, [Problem.THROUGH]),
        # Of several the best counts.
        (f'<a rel="nofollow" href="{TARGET}">x</a> {LINK}', AGREED, []),
    ],
)  # fmt: skip
def test_what_differs_is_said(link: str, agreed: Agreement, problems: list[Problem]) -> None:
    found = judge(answer(page(link)), agreed)
    assert found.outcome == Outcome.FOUND
    assert list(found.problems) == problems
    assert found.sentence


@pytest.mark.parametrize(
    ("head", "headers", "problems"),
    [
        ('<meta name="robots" content="NOINDEX, follow">', {}, [Problem.NOINDEX]),
        ('<meta name="googlebot" content="none">', {}, [Problem.NOINDEX, Problem.NOFOLLOW]),
        ('<meta name="robots" content="nofollow">', {}, [Problem.NOFOLLOW]),
        ('<meta name="robots" content="max-snippet:-1, index">', {}, []),
        ('<meta name="othersbot" content="noindex">', {}, []),
        ("", {"x-robots-tag": "noindex"}, [Problem.NOINDEX]),
        ("", {"x-robots-tag": "googlebot: noindex, nofollow"}, [Problem.NOINDEX, Problem.NOFOLLOW]),
        ("", {"x-robots-tag": "unavailable_after: 25 Jun 2030 15:00:00 PST, index"}, []),
        ("", {"x-robots-tag": "somebot: noindex, nofollow"}, []),
        ('<link rel="canonical" href="https://garden.example.com/slugs/">', {}, []),
        ('<link rel="canonical" href="/snails">', {}, [Problem.CANONICAL]),
        ("", {"link": '<https://garden.example.com/snails>; rel="canonical"'}, [Problem.CANONICAL]),
    ],
)
def test_what_the_page_says_to_search_engines(head: str, headers: dict[str, str], problems: list[Problem]) -> None:
    found = judge(answer(page(LINK, head), headers=headers), AGREED)
    assert (found.outcome, list(found.problems)) == (Outcome.FOUND, problems)


def test_a_base_element_leads_relative_links_elsewhere() -> None:
    found = judge(answer(page('<a href="guide">x</a>', '<base href="https://orchard.example/">')), AGREED)
    assert (found.outcome, found.problems) == (Outcome.FOUND, ())


def test_a_page_that_has_moved_is_read_where_it_is_now() -> None:
    there = judge(answer(page(LINK), url="https://garden.example.com/2026/slugs"), AGREED)
    assert (there.outcome, there.problems) == (Outcome.FOUND, (Problem.MOVED,))
    home = judge(answer(page("nothing"), url="https://garden.example.com/"), AGREED)
    assert (home.outcome, home.problems) == (Outcome.GONE, (Problem.MOVED,))
    same = judge(answer(page(LINK), url="http://www.garden.example.com/slugs/"), AGREED)
    assert same.problems == ()


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (404, "", Outcome.GONE),
        (410, page(LINK), Outcome.GONE),
        (200, page("no link at all"), Outcome.GONE),
        (200, page('<a href="https://orchard.example.evil.com/guide">x</a>'), Outcome.GONE),
        (200, page(f"<!-- <a href='{TARGET}'>x</a> -->"), Outcome.GONE),
        (200, page(f"<template>{LINK}</template><script>var a = '{TARGET}'</script>"), Outcome.GONE),
        (403, "", Outcome.CLOSED),
        (429, "", Outcome.CLOSED),
        (503, "<title>Just a moment...</title>", Outcome.CLOSED),
        (200, "<html><title>Attention Required! | Cloudflare</title></html>", Outcome.CLOSED),
        (503, "maintenance", Outcome.AWAY),
        (500, "", Outcome.AWAY),
    ],
)
def test_where_no_link_is_found_the_reason_is_told_apart(status: int, body: str, outcome: Outcome) -> None:
    found = judge(answer(body, status=status), AGREED)
    assert found.outcome == outcome
    assert found.sentence


def test_a_challenge_by_its_header_is_no_page() -> None:
    walled = judge(answer(page("x"), status=403, headers={"cf-mitigated": "challenge"}), AGREED)
    assert walled.outcome == Outcome.CLOSED


def test_an_article_with_a_captcha_under_it_is_still_an_article() -> None:
    long = page(LINK) + "<p>words</p>" * 3_000 + '<textarea name="g-recaptcha-response"></textarea>'
    assert judge(answer(long), AGREED).outcome == Outcome.FOUND


@pytest.mark.parametrize("body", ["", "\0\0", "<a href='http://[::1'>x</a>", "<a href>x", "<div>" * 5_000 + LINK])
def test_whatever_a_page_holds_it_is_judged(body: str) -> None:
    assert judge(answer(body), AGREED).outcome in set(Outcome)
