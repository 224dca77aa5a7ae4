"""The pages and the endpoint of discovery: asking, watching, choosing, cancelling."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from ddgs.engines.duckduckgo import Duckduckgo
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries
from pytest_httpserver import HTTPServer

from campaigns.discovery import crawl, runs
from campaigns.discovery.crawl import Polite
from campaigns.models import Campaign, DiscoveryRun, FoundContact, FoundSite, Lead, RunQuery
from tests.campaigns.test_crawl import ASKED, Sites
from tests.conftest import World
from tests.internet import serving, way_to

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign(world: World) -> Campaign:
    return Campaign.objects.create(workspace=world.here, name="Gardens", keywords="balcony, roses")


@pytest.fixture
def marketer(world: World) -> Client:
    return world.client(world.marketer)


@pytest.fixture
def run(campaign: Campaign, world: World) -> DiscoveryRun:
    """A search that goes on: one site is read, one waits, one could not be read."""
    run = DiscoveryRun.objects.create(campaign=campaign, user=world.marketer, keyword="balcony")
    RunQuery.objects.create(run=run, provider="duckduckgo", text="balcony", state="done", results=3, new_sites=3)
    RunQuery.objects.create(run=run, provider="exa", text="balcony", state="failed", sentence="Exa's limit is reached.")
    for name, state in (("one.org", "read"), ("two.org", "waiting"), ("three.org", "failed")):
        site = FoundSite.objects.create(
            run=run, url=f"https://{name}/", site_key=name, domain=name, state=state, title=f"<b>{name}</b>",
            read_at=timezone.now() if state == "read" else None,
            sentence="It does not let programs in." if state == "failed" else "",
            pages=[f"https://{name}/"] if state == "read" else [],
            signals=[{"kind": "invitation", "quote": "Write <i>for</i> us", "url": f"https://{name}/"}],
            reasons={"quality": [["There is something to read.", 0.25]]},
            quality_score=0.8 if state == "read" else None, guest_post_likelihood=0.6 if state == "read" else None,
        )  # fmt: skip
        if state == "read":
            FoundContact.objects.create(
                site=site, email="ann@one.org", email_key="ann@one.org", name="Ann Lee", role="Editor", how="mailto",
                url="https://one.org/", passage="Ann Lee, Editor: ann@one.org",
            )  # fmt: skip
    return run


def at(world: World, path: str) -> str:
    return f"/w/{world.here.slug}/campaigns/{path}"


def test_a_search_is_begun(campaign: Campaign, world: World, marketer: Client) -> None:
    page = marketer.get(at(world, f"{campaign.pk}/find/")).content.decode()
    assert 'value="balcony"' in page
    assert "EXA_API_KEY" in page
    answer = marketer.post(
        at(world, f"{campaign.pk}/find/begin/"),
        {
            "keyword": "roses", "patterns": "{keyword} a\n{keyword} b", "providers": ["duckduckgo"], "most_sites": "5",
            "targets": "ours.com/guide",
        },
    )  # fmt: skip
    run = DiscoveryRun.objects.get()
    assert answer["Location"] == at(world, f"searches/{run.pk}/")
    assert (run.keyword, run.most_sites, run.targets, run.user) == (
        "roses",
        5,
        ["https://ours.com/guide"],
        world.marketer,
    )
    assert [query.text for query in run.queries.all()] == ["roses a", "roses b"]
    assert not run.sites.exists()


def test_the_worker_is_asked(
    campaign: Campaign, world: World, marketer: Client, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        marketer.post(at(world, f"{campaign.pk}/find/begin/"), {"keyword": "roses", "patterns": "x", "most_sites": "5"})
    assert OrmQ.objects.filter(key="long").exists()


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(campaign: Campaign, world: World, marketer: Client) -> None:
    path = at(world, f"{campaign.pk}/find/begin/")
    for headers in ({}, HTMX):
        answer = marketer.post(
            path,
            {"keyword": " ", "patterns": "my own {keyword}", "most_sites": "5", "targets": "not a page"},
            headers=headers,
        )
        text = answer.content.decode()
        assert answer.status_code == 422
        assert "Type what the sites should be about" in text
        assert "my own {keyword}" in text
        assert ("<html" in text) is (not headers)
    answer = marketer.post(path, {"keyword": "x", "patterns": "", "most_sites": "5"})
    assert "Keep at least one pattern" in answer.content.decode()
    assert not DiscoveryRun.objects.exists()


def test_a_search_is_watched(run: DiscoveryRun, world: World, marketer: Client) -> None:
    path = at(world, f"searches/{run.pk}/")
    page = marketer.get(path).content.decode()
    assert "Ann Lee" in page
    assert "every 2s" in page
    assert "&lt;b&gt;one.org" in page
    assert "Write &lt;i&gt;for&lt;/i&gt; us" in page
    assert "It does not let programs in." in page
    assert "Exa&#x27;s limit is reached." in page
    site = run.sites.get(domain="one.org")
    part = marketer.get(path, {"site": [str(site.pk), "x", "9" * 30]}, headers=HTMX).content.decode()
    assert "<html" not in part
    assert f'value="{site.pk}" data-select aria-label="Choose &lt;b&gt;one.org&lt;/b&gt;" checked' in part
    DiscoveryRun.objects.update(finished_at=timezone.now())
    assert "every 2s" not in marketer.get(path).content.decode()


def test_chosen_sites_become_leads(run: DiscoveryRun, world: World, marketer: Client) -> None:
    path = at(world, f"searches/{run.pk}/add/")
    site = run.sites.get(domain="one.org")
    assert marketer.post(path, {"site": [site.pk]})["Location"] == at(world, f"searches/{run.pk}/")
    assert marketer.post(path, {"site": [site.pk]}, headers=HTMX)["HX-Redirect"] == at(world, f"searches/{run.pk}/")
    assert Lead.objects.get().contact.email == "ann@one.org"  # type: ignore[union-attr]
    marketer.post(path)
    assert "Nothing was added" in marketer.get(at(world, f"searches/{run.pk}/")).content.decode()


def test_a_search_is_cancelled(run: DiscoveryRun, world: World, marketer: Client) -> None:
    path = at(world, f"searches/{run.pk}/cancel/")
    assert marketer.post(path).status_code == 302
    run.refresh_from_db()
    assert run.cancelled_at is not None
    assert "HX-Redirect" in marketer.post(path, headers=HTMX)
    assert "Cancelled" in marketer.get(at(world, f"{run.campaign_id}/find/")).content.decode()


@pytest.mark.parametrize("action", ["cancel", "add"])
def test_actions_are_posts_inside_the_wall(action: str, run: DiscoveryRun, world: World) -> None:
    path = at(world, f"searches/{run.pk}/{action}/")
    assert world.client(world.marketer).get(path).status_code == 405
    assert world.client(world.viewer).post(path).status_code == 403
    assert world.client(world.stranger).post(path).status_code == 404
    begin = at(world, f"{run.campaign_id}/find/begin/")
    assert world.client(world.marketer).get(begin).status_code == 405
    assert world.client(world.stranger).post(begin).status_code == 404


def test_a_viewer_looks_and_changes_nothing(run: DiscoveryRun, world: World) -> None:
    viewer = world.client(world.viewer)
    assert "Ann Lee" in viewer.get(at(world, f"searches/{run.pk}/")).content.decode()
    assert "begin/" not in viewer.get(at(world, f"{run.campaign_id}/find/")).content.decode()


def test_queries_do_not_grow_with_results(
    run: DiscoveryRun, world: World, marketer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        name = f"more{number}.org"
        site = FoundSite.objects.create(run=run, url=f"https://{name}/", site_key=name, domain=name, state="read")
        FoundContact.objects.create(site=site, email=f"a@{name}", email_key=f"a@{name}", how="plain")
    marketer.get(at(world, f"searches/{run.pk}/"))
    with django_assert_max_num_queries(26):
        marketer.get(at(world, f"searches/{run.pk}/"))


@pytest.fixture
def small_internet(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """DuckDuckGo's page, and the sites that it names."""
    ASKED.clear()
    rows = "".join(
        f'<div class="body"><h2>{name}</h2><a href="http://{name}/">{name}</a></div>'
        for name in ("garden.one.org", "closed.two.org")
    )
    httpserver.expect_request("/html/").respond_with_data(f"<html>{rows}</html>", content_type="text/html")
    monkeypatch.setattr(Duckduckgo, "search_url", httpserver.url_for("/html/"))
    monkeypatch.setattr(runs, "PAUSE_BETWEEN_QUERIES", 0.0)
    with serving(Sites) as port:
        monkeypatch.setattr(runs, "Polite", lambda: Polite(pause=0.0, way=way_to({"http": port})))
        yield
    assert crawl.PAUSE_SECONDS > 0


@pytest.mark.usefixtures("small_internet")
def test_the_endpoint(campaign: Campaign, world: World, marketer: Client) -> None:
    body = {"keyword": "balcony", "campaign_id": campaign.pk, "max_results": 5, "save_to_campaign": True}
    path = "/api/v1/backlink-outreach/discover/deep"
    marketer.cookies.load({"csrftoken": "a" * 32})
    headers = {"X-CSRFToken": "a" * 32}
    answer = marketer.post(path, json.dumps(body), content_type="application/json", headers=headers)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["state"], told["saved_to_campaign"], told["save_failed"]) == ("done", 1, 0)
    one, two = told["results"]
    assert one["contacts"][0]["email"] == "ann@garden.one.org"
    assert one["contacts"][0]["passage"].startswith("We welcome")
    assert two["state"] == "failed"
    assert Lead.objects.get().domain == "one.org"
    for wrong, status in (
        ({**body, "campaign_id": 999_999}, 404), ({**body, "keyword": ""}, 422), ({**body, "max_results": 0}, 422),
    ):  # fmt: skip
        answer = marketer.post(path, json.dumps(wrong), content_type="application/json", headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"name;website\nOne;one.org\nTwo;https://two.org/blog\n", {"one.org", "two.org"}),
        (b"one.org\ntwo.org\nnot a site\n", {"one.org", "two.org"}),
        (b"x,1,one.org\ny,2,two.org\n", {"one.org", "two.org"}),
    ],
)
def test_sites_come_from_a_file(campaign: Campaign, marketer: Client, content: bytes, expected: set[str]) -> None:
    data = {"keyword": "", "most_sites": "20", "urls": "", "file": SimpleUploadedFile("sites.csv", content)}
    answer = marketer.post(f"/w/orchard/campaigns/{campaign.pk}/find/begin/", data)
    assert answer.status_code == 302, answer.content.decode()
    run = DiscoveryRun.objects.get()
    assert set(run.sites.values_list("domain", flat=True)) == expected
    assert not run.queries.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.4", "PDF"),
        (b"name,age\nEd,7\n", "no column of sites"),
        ("\n".join(f"s{n}.org" for n in range(501)).encode(), "at most 500"),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_a_file_without_sites_says_so(
    campaign: Campaign, marketer: Client, content: bytes, sentence: str, *, htmx: bool
) -> None:
    data = {"keyword": "moss", "most_sites": "20", "urls": "", "file": SimpleUploadedFile("sites.csv", content)}
    url = f"/w/orchard/campaigns/{campaign.pk}/find/begin/"
    answer = marketer.post(url, data, headers=HTMX if htmx else {})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not DiscoveryRun.objects.exists()
