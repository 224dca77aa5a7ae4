"""Leads and the end of a campaign, through the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Attempt, Campaign, Contact, Lead, Tag
from compliance.models import AuditEntry, Suppression
from compliance.suppression import entomb
from outreach_site.accounts.models import User
from tests.campaigns.conftest import Room


def call(room: Room, method: str, path: str, data: Any = None, *, user: User | None = None) -> Any:
    url = f"/api/v1/backlink-outreach/campaigns/{room.campaign.pk}{path}"
    client = room.client(user)
    if data is None:
        return getattr(client, method)(url)
    return getattr(client, method)(url, data=json.dumps(data), content_type="application/json")


def test_a_lead_is_added_once(room: Room) -> None:
    data = {
        "website_url": "https://www.newsite.com/?utm_source=x",
        "website_title": "New Site",
        "contact_email": "ed@newsite.com",
        "quality_score": 0.8,
        "relevance_score": 0.5,
        "guest_post_likelihood": 1,
        "source": "duckduckgo",
    }
    response = call(room, "post", "/leads", data)
    assert response.status_code == 201
    lead = Lead.objects.get(site_key="newsite.com")
    answer = response.json()
    assert answer == answer | {
        "id": lead.pk,
        "website_url": "https://www.newsite.com/",
        "website_title": "New Site",
        "contact_email": "ed@newsite.com",
        "status": "discovered",
        "quality_score": 0.8,
        "guest_post_likelihood": 1.0,
        "source": "api",
    }
    again = call(room, "post", "/leads", {"website_url": "newsite.com", "contact_email": "other@newsite.com"})
    assert (again.status_code, again.json()) == (200, answer)


def test_the_joiners_of_a_script_are_part_of_a_name(room: Room) -> None:
    data = {"website_url": "newsite.com", "contact_email": "ed@newsite.com"}
    data["contact_name"] = "علی\u200cرضا\u202e  ශ්\u200dරී\n"
    assert call(room, "post", "/leads", data).status_code == 201
    assert Contact.objects.get(email="ed@newsite.com").name == "علی\u200cرضا ශ්\u200dරී"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "website_url"),
        ({"website_url": "no site"}, "website_url"),
        ({"website_url": "javascript:alert(1)"}, "website_url"),
        ({"website_url": "a.com", "contact_email": "nobody"}, "contact_email"),
        ({"website_url": "a.com", "contact_email": "a@b.com\r\nBcc: c@d.com"}, "contact_email"),
        ({"website_url": "a.com", "quality_score": 1.1}, "quality_score"),
        ({"website_url": "a.com", "quality_score": "nan"}, "quality_score"),
        ({"website_url": "a.com", "found_url": "ftp://x"}, "found_url"),
        ({"website_url": "a.com", "source": 5}, "source"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(room: Room, data: dict[str, Any], field: str) -> None:
    before = Lead.objects.count()
    response = call(room, "post", "/leads", data)
    assert response.status_code == 422
    assert any(field in fault["field"] for fault in response.json()["fields"]), response.json()
    assert Lead.objects.count() == before


def test_an_erased_person_is_not_written_down(room: Room) -> None:
    entomb(workspace=room.world.here, address="gone@newsite.com", now=timezone.now())
    response = call(room, "post", "/leads", {"website_url": "newsite.com", "contact_email": "gone@newsite.com"})
    assert response.status_code == 422
    assert not Contact.objects.filter(email="gone@newsite.com").exists()


def test_many_are_added_whatever_is_wrong_with_some(room: Room) -> None:
    leads = [
        {"website_url": "one.com", "contact_email": "a@one.com", "source": "import"},
        {"website_url": "brightgarden.com"},
        {"website_url": "no site"},
        {"website_url": "two.com", "quality_score": 7},
        {"website_url": "one.com"},
        {"url": "three.com"},
        {"website_url": "four.com"},
    ]
    answer = call(room, "post", "/leads/bulk", {"leads": leads}).json()
    assert (answer["added"], answer["skipped"], answer["failed"]) == (2, 2, 3)
    assert [failure["index"] for failure in answer["failures"]] == [2, 3, 5]
    assert Lead.objects.get(site_key="one.com").source == "import"
    wrongs: list[Any] = [{"leads": []}, {"leads": [{"website_url": "a.com"}] * 1001}, {"leads": ["a.com"]}, {}]
    for wrong in wrongs:
        assert call(room, "post", "/leads/bulk", wrong).status_code == 422


def test_leads_are_listed_in_pages(room: Room) -> None:
    page = call(room, "get", "/leads?limit=2", user=room.world.viewer)
    assert [row["id"] for row in page.json()] == [room.leads[2].pk, room.leads[1].pk]
    rest = call(room, "get", f"/leads?limit=2&cursor={page['X-Next-Cursor']}")
    assert [row["contact_email"] for row in rest.json()] == ["hannah@brightgarden.com"]
    assert call(room, "get", "/leads?cursor=x").status_code == 422


def test_a_status_is_set_with_what_follows_from_it(room: Room) -> None:
    [attempt] = room.queue(room.leads[0])
    answer = call(room, "patch", f"/leads/{room.leads[0].pk}/status", {"status": "placed"})
    assert (answer.status_code, answer.json()["status"]) == (200, "placed")
    attempt.refresh_from_db()
    assert attempt.state == Attempt.State.CANCELLED
    entry = AuditEntry.objects.get(event="lead.status_changed")
    assert (entry.user_id, entry.details) == (room.world.marketer.pk, {"from": "discovered", "to": "placed"})
    assert call(room, "patch", f"/leads/{room.leads[0].pk}/status", {"status": "nonsense"}).status_code == 422
    assert call(room, "patch", "/leads/99999/status", {"status": "lost"}).status_code == 404


def test_many_statuses_are_set_at_once(room: Room) -> None:
    theirs = Campaign.objects.create(workspace=room.world.elsewhere, name="Theirs")
    foreign = Lead.objects.create(campaign=theirs, website_url="https://x.com", site_key="x.com", domain="x.com")
    for n in range(30):
        room.lead(f"site{n}.com", f"ed@site{n}.com")
    ids = list(room.campaign.leads.values_list("pk", flat=True))
    few, many = ids[:2], [*ids[2:], foreign.pk, 2**70]
    with CaptureQueriesContext(connection) as for_few:
        call(room, "patch", "/leads/bulk-status", {"lead_ids": few, "status": "unsubscribed"})
    with CaptureQueriesContext(connection) as for_many:
        answer = call(room, "patch", "/leads/bulk-status", {"lead_ids": many, "status": "unsubscribed"})
    assert answer.json() == {"updated": 31, "failed": 2}
    assert len(for_many) <= len(for_few)
    assert set(room.campaign.leads.values_list("status", flat=True)) == {"unsubscribed"}
    assert Suppression.objects.filter(reason="opt_out").count() == 32  # One has no address.
    foreign.refresh_from_db()
    assert foreign.status == "discovered"
    assert call(room, "patch", "/leads/bulk-status", {"lead_ids": [], "status": "lost"}).status_code == 422


def test_a_campaign_is_deleted(room: Room) -> None:
    [attempt] = room.queue(room.leads[0])
    Attempt.objects.filter(pk=attempt.pk).update(state=Attempt.State.UNCERTAIN)
    refused = call(room, "delete", "")
    assert (refused.status_code, "may have been sent" in refused.json()["detail"]) == (403, True)
    Attempt.objects.filter(pk=attempt.pk).update(state=Attempt.State.SENT)
    assert call(room, "delete", "", user=room.world.viewer).status_code == 403
    assert call(room, "delete", "", user=room.world.stranger).status_code == 404
    assert call(room, "delete", "").status_code == 204
    assert not Lead.objects.exists()
    assert call(room, "get", "").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("post", "/leads", {"website_url": "a.com"}),
        ("post", "/leads/bulk", {"leads": [{"website_url": "a.com"}]}),
        ("patch", "/leads/bulk-status", {"lead_ids": [1], "status": "lost"}),
        ("get", "/leads", None),
    ],
)
def test_walls(room: Room, method: str, path: str, data: Any) -> None:
    assert call(room, method, path, data, user=room.world.stranger).status_code == 404
    if method != "get":
        assert call(room, method, path, data, user=room.world.viewer).status_code == 403


def test_leads_are_listed_by_status_tag_and_person(room: Room) -> None:
    bright, balcony, _ = room.leads
    bright.tags.add(Tag.objects.create(workspace=room.world.here, name="Spring"))
    Lead.objects.filter(pk=bright.pk).update(assignee=room.world.owner, status="contacted")
    balcony.tags.add(Tag.objects.create(workspace=room.world.elsewhere, name="Theirs"))

    def found(query: str) -> list[int]:
        answer = call(room, "get", f"/leads?{query}")
        assert answer.status_code == 200
        return [lead["id"] for lead in answer.json()]

    assert found("tag=SPRING") == [bright.pk]
    assert found("tag=theirs") == []
    assert found("status=contacted") == [bright.pk]
    assert found(f"assignee={room.world.owner.email}") == [bright.pk]
    assert bright.pk not in found("assignee=nobody")
    assert found("tag=spring&status=lost") == []
    [one] = call(room, "get", "/leads?tag=spring").json()
    assert (one["tags"], one["assignee"]) == (["Spring"], room.world.owner.email)
    assert call(room, "get", "/leads?status=nonsense").status_code == 422
    first = call(room, "get", "/leads?assignee=nobody&limit=1")
    assert "assignee=nobody" in first["Link"]
    with CaptureQueriesContext(connection) as few:
        call(room, "get", "/leads")
    for number in range(8):
        lead = room.lead(f"more{number}.com")
        lead.tags.add(Tag.objects.get(name="Spring"))
    with CaptureQueriesContext(connection) as many:
        call(room, "get", "/leads")
    assert len(many) == len(few)
