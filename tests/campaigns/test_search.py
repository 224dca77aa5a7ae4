"""Search providers through their real clients, against local servers that speak as they do."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from ddgs.engines.duckduckgo import Duckduckgo
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from campaigns.discovery import search
from campaigns.discovery.search import DuckDuckGo, Exa, Hit, NotSetUp, SearchError, SiteFound, merge, queries_of

FOUND = {
    "requestId": "r1",
    "results": [
        {"id": "1", "url": "https://brightgarden.org/write", "title": "Write to us", "publishedDate": "2026-10-01T00"},
        {"id": "2", "url": "https://soil.example.com/", "title": None},
    ],
}  # fmt: skip

PAGE = """<html><body><div class="result results_links"><div class="links_main result__body body">
<h2 class="result__title"><a href="https://brightgarden.org/guest">Bright <b>Garden</b></a></h2>
<a href="https://brightgarden.org/guest">We take guest posts about balconies.</a></div></div>
<div class="body"><h2><a href="https://duckduckgo.com/y.js?ad=1">An advertisement</a></h2>
<a href="https://duckduckgo.com/y.js?ad=1">Buy</a></div></body></html>"""


def exa(server: HTTPServer) -> Exa:
    return Exa("secret-key", base_url=server.url_for("").rstrip("/"))


@pytest.fixture
def duckduckgo(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> DuckDuckGo:
    monkeypatch.setattr(Duckduckgo, "search_url", httpserver.url_for("/html/"))
    return DuckDuckGo()


def test_exa(httpserver: HTTPServer) -> None:
    asked: list[tuple[str | None, object]] = []

    def answer(request: Request) -> Response:
        asked.append((request.headers.get("x-api-key"), request.get_json()))
        return Response(json.dumps(FOUND), content_type="application/json")

    httpserver.expect_request("/search", method="POST").respond_with_handler(answer)
    assert exa(httpserver).search("balcony guest post", limit=7) == [
        Hit("https://brightgarden.org/write", "Write to us", "", "2026-10-01"),
        Hit("https://soil.example.com/"),
    ]
    [(key, body)] = asked
    assert key == "secret-key"
    assert isinstance(body, dict)
    assert (body["query"], body["numResults"]) == ("balcony guest post", 7)


@pytest.mark.parametrize(
    ("status", "words", "permanent"),
    [
        (401, "did not accept the key", True),
        (429, "limit is reached", False),
        (402, "limit is reached", False),
        (400, "did not understand", True),
        (500, "did not answer", False),
    ],
)
def test_exa_in_trouble(status: int, words: str, permanent: bool, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/search").respond_with_json({"error": "no"}, status=status)
    with pytest.raises(SearchError, match=words) as caught:
        exa(httpserver).search("x", limit=1)
    assert caught.value.permanent is permanent
    assert "secret-key" not in str(caught.value)


def test_exa_that_speaks_nonsense_or_is_away(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/search").respond_with_data("<html>", content_type="text/html")
    with pytest.raises(SearchError):
        exa(httpserver).search("x", limit=1)
    with pytest.raises(SearchError, match="did not answer"):
        Exa("k", base_url="http://127.0.0.1:9").search("x", limit=1)


def test_duckduckgo(httpserver: HTTPServer, duckduckgo: DuckDuckGo) -> None:
    asked: list[dict[str, list[str]]] = []

    def answer(request: Request) -> Response:
        asked.append(parse_qs(request.get_data(as_text=True)))
        return Response(PAGE, content_type="text/html")

    httpserver.expect_request("/html/", method="POST").respond_with_handler(answer)
    [hit] = duckduckgo.search('balcony "guest post"', limit=5)
    assert (hit.url, hit.title) == ("https://brightgarden.org/guest", "Bright Garden")
    assert "guest posts about balconies" in hit.snippet
    assert asked[0]["q"] == ['balcony "guest post"']


def test_duckduckgo_with_nothing_to_show(httpserver: HTTPServer, duckduckgo: DuckDuckGo) -> None:
    httpserver.expect_request("/html/").respond_with_data("<html><body></body></html>", content_type="text/html")
    assert duckduckgo.search("nothing at all", limit=5) == []


def test_duckduckgo_that_refuses_or_is_away(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Duckduckgo, "search_url", "http://127.0.0.1:9/html/")
    with pytest.raises(SearchError, match="did not answer"):
        DuckDuckGo().search("x", limit=1)


def test_what_is_not_set_up_says_how(settings: object) -> None:
    settings.EXA_API_KEY = ""  # type: ignore[attr-defined]
    missing = search.every_provider()["exa"]
    assert isinstance(missing, NotSetUp)
    assert "EXA_API_KEY" in missing.sentence
    settings.EXA_API_KEY = "secret-key"  # type: ignore[attr-defined]
    ready = search.every_provider()["exa"]
    assert isinstance(ready, Exa)
    assert "secret-key" not in repr(ready)


def test_queries() -> None:
    patterns = [
        '{keyword} "guest post"',
        '  {keyword}   "guest post" ',
        "fixed words",
        "{keyword} -site:{own_site}",
        "",
    ]
    assert queries_of("balcony", patterns) == ['balcony "guest post"', "fixed words"]
    assert queries_of("balcony", patterns, own_site="ours.com")[-1] == "balcony -site:ours.com"


def test_results_are_one_for_each_site() -> None:
    known: dict[str, SiteFound] = {}
    hits = [
        Hit("https://www.brightgarden.org/?utm_source=x", "Bright Garden"),
        Hit("https://blog.brightgarden.org/write-for-us", "Write for us"),
        Hit("javascript:alert(1)", "no"),
        Hit("https://10.0.0.1/", "no"),
        Hit("https://ours.com/", "ours"),
    ]
    assert merge(known, hits, by="Exa: a", is_wanted=lambda site: site.domain != "ours.com") == 1
    assert merge(known, hits[:1], by="DuckDuckGo: a", is_wanted=lambda _: True) == 0
    [found] = known.values()
    assert found.site.url == "https://blog.brightgarden.org/write-for-us"
    assert found.found_by == ["Exa: a", "DuckDuckGo: a"]
