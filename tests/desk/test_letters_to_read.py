"""Letters that a person has to read, or to send anyway: on Today, in the queue, and in the list of leads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Attempt
from compliance import never_pitch
from compliance.models import AuditEntry, NeverPitch
from tests.conftest import World
from tests.desk.conftest import Desk

QUEUE = "/w/orchard/queue/?show=asking"
HTMX = {"HX-Request": "true"}


def asking(desk: Desk, asks: str) -> Attempt:
    return desk.letter(due_at=None, asks=asks, reason="Mara wrote to site.com 12 days ago.")


def test_today_asks_to_read_them_and_counts_the_others_apart(world: World, desk: Desk) -> None:
    world.here.first_letters = 10
    world.here.save()
    approve = reverse("campaigns:approval_list", args=["orchard"])
    for _ in range(12):
        asking(desk, "approval ")
    asking(desk, "region ")
    page = world.client(world.marketer).get("/w/orchard/").content.decode()
    assert "12 letters to read before they leave" in page
    assert "Once 10 more are approved, the rest leave by themselves." in page
    assert approve in page
    assert "1 letter waits for you" in page


def test_the_queue_offers_what_each_letter_waits_for(world: World, desk: Desk) -> None:
    to_read, held, other = asking(desk, "approval cool_off "), asking(desk, "cool_off "), asking(desk, "region ")
    page = world.client(world.marketer).get(QUEUE).content.decode()
    assert f"approvals/?letter={to_read.pk}" in page
    assert f"queue/{held.pk}/write-anyway/" in page
    assert f"queue/{to_read.pk}/write-anyway/" not in page, "its reader is asked there"
    assert f"approvals/?letter={other.pk}" not in page
    assert page.count(">Decide</a>") == 1
    assert "Write anyway" not in world.client(world.viewer).get(QUEUE).content.decode()


@pytest.mark.parametrize("htmx", [False, True])
def test_writing_anyway_from_the_queue(world: World, desk: Desk, htmx: bool) -> None:
    held = asking(desk, "cool_off ")
    path = reverse("desk:letter_write_anyway", args=["orchard", held.pk])
    answer = world.client(world.marketer).post(path, {"show": "asking"}, headers=HTMX if htmx else {})
    assert answer.status_code == (200 if htmx else 302)
    held.refresh_from_db()
    assert held.cool_off_waived_by == world.marketer
    assert held.due_at is not None
    assert AuditEntry.objects.get(event="letter.cool_off_waived").about == held.about


def test_the_door_of_writing_anyway(world: World, desk: Desk) -> None:
    held = asking(desk, "cool_off ")
    path = reverse("desk:letter_write_anyway", args=["orchard", held.pk])
    assert world.client(world.stranger).post(path).status_code == 404
    assert world.client(world.viewer).post(path).status_code == 403
    assert world.client(world.marketer).get(path).status_code == 405
    due = desk.letter(asks="cool_off ", due_at=timezone.now() + timedelta(hours=1))
    world.client(world.marketer).post(reverse("desk:letter_write_anyway", args=["orchard", due.pk]))
    due.refresh_from_db()
    assert due.cool_off_waived_at is None


def test_leads_at_sites_never_to_pitch_are_marked(world: World, desk: Desk) -> None:
    at_site, by_address, free = desk.lead("Alpha"), desk.lead("Beta"), desk.lead("Gamma")
    assert by_address.contact is not None
    by_address.contact.email_key = "ed@client.example"
    by_address.contact.save()
    never_pitch.add(
        world.here, [at_site.domain, "client.example"], why=NeverPitch.Why.CLIENT, user=None, now=timezone.now()
    )
    page = reverse("campaigns:campaign_detail", args=["orchard", desk.campaign.pk])
    rows = world.client(world.viewer).get(page).context["rows"]
    assert {str(row.lead): bool(row.never_pitch) for row in rows} == {"Alpha": True, "Beta": True, "Gamma": False}
    assert str(free) == "Gamma"
