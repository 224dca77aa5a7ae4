"""Search: leads, replies and campaigns of this workspace, and of no other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from inbox.models import Reply
from outreach_site.desk.searching import search
from tests.conftest import World
from tests.desk.conftest import Desk

URL = "/w/orchard/search/"


@pytest.mark.parametrize(
    "query", ["Bright", "bright garden", "site1.example", "https://www.site1.example/about", "editor@site1", "Editor 1"]
)
def test_finds_a_site_by_whatever_is_remembered(world: World, desk: Desk, query: str) -> None:
    lead = desk.lead("Bright Garden")
    desk.lead("Another")
    found = search(world.here, query)
    assert found is not None
    assert found.leads == [lead]


def test_finds_replies_and_campaigns(world: World, desk: Desk) -> None:
    reply = desk.reply(Reply.Classification.INTERESTED, age=timedelta(hours=1), from_name="Ida Holm")
    text = world.client(world.viewer).get(URL, {"q": "ida ho"}).content.decode()
    assert f"/inbox/{reply.pk}/" in text
    found = search(world.here, "campaign of orch")
    assert found is not None
    assert found.campaigns == [desk.campaign]


@pytest.mark.parametrize("query", ["", " ", "a"])
def test_too_little_finds_nothing_and_says_so(world: World, desk: Desk, query: str) -> None:
    desk.lead("a")
    assert search(world.here, query) is None
    assert world.client(world.viewer).get(URL, {"q": query}).status_code == 200


def test_wildcards_are_letters(world: World, desk: Desk) -> None:
    desk.lead("Plain")
    found = search(world.here, "%%")
    assert found is not None
    assert found.is_empty


def test_nothing_of_another_workspace(world: World, desk: Desk, other_desk: Desk) -> None:
    other_desk.lead("Secret Garden")
    other_desk.reply(Reply.Classification.INTERESTED, age=timedelta(hours=1), from_name="Secret Person")
    for query in ("secret", "campaign of quarry", "site1"):
        found = search(world.here, query)
        assert found is not None
        assert found.is_empty, query


def test_the_page_its_partial_and_its_door(world: World, desk: Desk) -> None:
    desk.lead("Bright <Garden>")
    client = world.client(world.viewer)
    page = client.get(URL, {"q": "bright"}).content.decode()
    assert "Bright &lt;Garden&gt;" in page
    assert 'value="bright"' in page
    partial = client.get(URL, {"q": "bright"}, headers={"HX-Request": "true"}).content.decode()
    assert partial.lstrip().startswith('<div id="results"')
    assert "Nothing found" in client.get(URL, {"q": "nowhere to be found"}).content.decode()
    assert world.client(world.stranger).get(URL, {"q": "bright"}).status_code == 404


def test_the_number_of_queries_does_not_grow(
    world: World, desk: Desk, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = world.client(world.owner)
    client.get(URL)
    for _ in range(10):
        desk.reply(Reply.Classification.INTERESTED, age=timedelta(hours=1), lead=desk.lead("Site of many"))
    with django_assert_max_num_queries(11):
        client.get(URL, {"q": "site"})
