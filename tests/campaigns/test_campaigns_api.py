"""The campaigns of the API: what comes in, what goes out, and what others may not see."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.lifecycle import start_campaign
from campaigns.models import Campaign
from compliance.models import AuditEntry
from outreach_site.accounts.models import ApiKey, Membership, Scope, User
from outreach_site.lib.crypto import token_digest
from tests.conftest import World

URL = "/api/v1/backlink-outreach/campaigns"


def call(world: World, user: User, method: str = "get", path: str = "", data: Any = None, **kwargs: Any) -> Any:
    client = world.client(user)
    if data is not None:
        kwargs |= {"data": json.dumps(data), "content_type": "application/json"}
    return getattr(client, method)(URL + path, **kwargs)


def test_an_empty_list_proves_that_sign_in_works(world: World) -> None:
    response = call(world, world.viewer)
    assert (response.status_code, response.json()) == (200, [])
    assert world.client().get(URL).status_code == 401


def test_a_campaign_is_created_and_read_back(world: World) -> None:
    data = {"name": " Spring\tguide ", "description": "Line one\nline two", "keywords": ["beds", "slugs, mint", "beds"]}
    response = call(world, world.marketer, "post", data=data)
    assert response.status_code == 201
    made = response.json()
    assert {key: made[key] for key in ("name", "description", "keywords", "state", "archived_at")} == {
        "name": "Spring guide",
        "description": "Line one\nline two",
        "keywords": ["beds", "slugs", "mint"],
        "state": "draft",
        "archived_at": None,
    }
    campaign = Campaign.objects.get()
    assert (campaign.owner, campaign.identity, campaign.workspace) == (world.marketer, world.identity, world.here)
    assert AuditEntry.objects.filter(event="campaign.created", about=f"campaign:{campaign.pk}").exists()
    assert call(world, world.viewer, path=f"/{campaign.pk}").json() == made
    assert call(world, world.viewer).json() == [made]


@pytest.mark.parametrize("keywords", ["beds, slugs", ["beds", "slugs"]])
def test_keywords_come_as_text_or_as_a_list(world: World, keywords: object) -> None:
    assert call(world, world.owner, "post", data={"name": "S", "keywords": keywords}).json()["keywords"] == [
        "beds",
        "slugs",
    ]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": " \x00 "}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": 7}, "name"),
        ({"name": "S", "description": "x" * 2001}, "description"),
        ({"name": "S", "keywords": "x" * 501}, "keywords"),
        ({"name": "S", "keywords": [1]}, "keywords"),
        ({"name": "S", "keywords": {"a": 1}}, "keywords"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(world: World, data: dict[str, Any], field: str) -> None:
    response = call(world, world.marketer, "post", data=data)
    assert response.status_code == 422
    assert any(fault["field"].split(".")[-1] == field for fault in response.json()["fields"]), response.json()
    assert not Campaign.objects.exists()


def test_a_body_that_is_no_json_is_refused(world: World) -> None:
    client = world.client(world.marketer)
    assert client.post(URL, data="{", content_type="application/json").status_code in {400, 422}


def test_who_reads_may_not_create(world: World) -> None:
    for user in (world.viewer, world.officer):
        assert call(world, user, "post", data={"name": "S"}).status_code == 403
    assert not Campaign.objects.exists()


def test_a_key_needs_the_scope(world: World) -> None:
    membership = Membership.objects.get(user=world.marketer)
    ApiKey.objects.create(membership=membership, name="k", digest=token_digest("lk_x"), scopes=[Scope.READ])
    headers = {"Authorization": "Bearer lk_x"}
    client = world.client()
    assert client.get(URL, headers=headers).status_code == 200
    response = client.post(URL, data='{"name": "S"}', content_type="application/json", headers=headers)
    assert response.status_code == 403


def test_others_campaigns_do_not_exist(world: World) -> None:
    theirs = start_campaign(world.elsewhere, name="Theirs", user=world.stranger, now=timezone.now())
    assert call(world, world.owner, path=f"/{theirs.pk}").status_code == 404
    assert call(world, world.owner, path=f"/{10**30}").status_code in {404, 422}
    assert call(world, world.owner).json() == []
    assert call(world, world.owner, headers={"X-Workspace": "quarry"}).status_code == 404


def test_pages_by_cursor_hold_each_campaign_once(world: World, django_assert_max_num_queries: Any) -> None:
    now = timezone.now()
    for number in range(25):
        start_campaign(world.here, name=f"C{number}", user=world.owner, now=now + timedelta(hours=number // 3))
    client = world.client(world.viewer)
    seen: list[int] = []
    url = f"{URL}?limit=10"
    for _ in range(3):
        with django_assert_max_num_queries(8):
            response = client.get(url)
        seen += [one["id"] for one in response.json()]
        link = response.headers.get("Link", "")
        url = link.partition("<")[2].partition(">")[0]
    assert url == ""
    assert len(seen) == len(set(seen)) == 25
    newest_first = list(Campaign.objects.in_workspace(world.here).values_list("pk", flat=True))
    assert seen == newest_first


@pytest.mark.parametrize("query", ["cursor=x", "cursor=2026-01-01T00:00:00Z~", "limit=0", "limit=201", "limit=x"])
def test_a_bad_place_or_limit_is_422(world: World, query: str) -> None:
    response = call(world, world.owner, path=f"?{query}")
    assert response.status_code == 422
    assert response.json()["fields"]


def test_archived_ones_are_asked_for(world: World) -> None:
    campaign = start_campaign(world.here, name="Old", user=world.owner, now=timezone.now())
    campaign.archive(now=timezone.now())
    assert call(world, world.owner).json() == []
    assert [one["id"] for one in call(world, world.owner, path="?archived=true").json()] == [campaign.pk]


def test_archived_and_brought_back(world: World) -> None:
    campaign = start_campaign(world.here, name="Spring", user=world.owner, now=timezone.now())
    for _ in range(2):
        response = call(world, world.marketer, "post", f"/{campaign.pk}/archive")
        assert response.status_code == 200
        assert response.json()["archived_at"]
    assert call(world, world.viewer).json() == []
    assert [one["id"] for one in call(world, world.viewer, path="?archived=true").json()] == [campaign.pk]
    response = call(world, world.marketer, "post", f"/{campaign.pk}/unarchive")
    assert (response.status_code, response.json()["archived_at"]) == (200, None)
    events = AuditEntry.objects.filter(about=campaign.subject, user_id=world.marketer.pk).order_by("pk")
    assert list(events.values_list("event", flat=True)) == ["campaign.archived", "campaign.restored"]


@pytest.mark.parametrize("what", ["archive", "unarchive"])
def test_who_may_archive(world: World, what: str) -> None:
    campaign = start_campaign(world.here, name="Spring", user=world.owner, now=timezone.now())
    for user, status in ((world.viewer, 403), (world.officer, 403), (world.stranger, 404)):
        assert call(world, user, "post", f"/{campaign.pk}/{what}").status_code == status
    assert call(world, world.owner, path=f"/{campaign.pk}/{what}").status_code == 405
    assert Campaign.objects.get().archived_at is None


def test_a_name_that_a_person_typed_is_compared(world: World) -> None:
    campaign = start_campaign(world.here, name="Spring", user=world.owner, now=timezone.now())
    response = call(world, world.marketer, "delete", f"/{campaign.pk}?confirm=Autumn")
    assert response.status_code == 422
    assert response.json()["fields"] == [{"field": "confirm", "message": "That is not the campaign's name."}]
    assert call(world, world.marketer, "delete", f"/{campaign.pk}?confirm=Spring").status_code == 204
    assert not Campaign.objects.exists()
