"""An opt-out ends the writing wherever its address is a lead's, however the person said so."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.leads import NewLead, add_lead
from campaigns.lifecycle import start_campaign
from campaigns.models import Campaign, Lead
from campaigns.queueing import queue_letters
from compliance import suppression, unsubscribe
from compliance.models import AuditEntry, Suppression
from compliance.suppression import Reason
from tests.campaigns.conftest import Room

HANNAH = "hannah@brightgarden.com"


def in_another_campaign(room: Room, address: str = HANNAH, *, elsewhere: bool = False) -> Lead:
    workspace = room.world.elsewhere if elsewhere else room.world.here
    campaign = start_campaign(workspace, name="Autumn", user=room.world.owner, now=timezone.now())
    new = NewLead(website_url="https://brightgarden.com", contact_email=address)
    return add_lead(campaign, new, source=Lead.Source.MANUAL, now=timezone.now()).lead


def status_of(lead: Lead) -> str:
    return Lead.objects.get(pk=lead.pk).status


def unsubscribes(room: Room, *, about: str, address: str = HANNAH) -> None:
    token = unsubscribe.token_for(workspace=room.world.here, address=address, about=about, now=timezone.now())
    answer = Client().post(f"/unsubscribe/{token}/", {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200


def test_the_unsubscribe_link_moves_the_lead_in_all_campaigns_of_its_workspace(room: Room) -> None:
    hannah, tom, _ = room.leads
    [letter] = room.queue(hannah)
    Lead.objects.filter(pk=hannah.pk).update(status=Lead.Status.CONTACTED)
    also, theirs = in_another_campaign(room), in_another_campaign(room, elsewhere=True)
    unsubscribes(room, about=letter.about)
    assert [status_of(lead) for lead in (hannah, also)] == ["unsubscribed", "unsubscribed"]
    assert [status_of(lead) for lead in (tom, theirs)] == ["discovered", "discovered"]
    letter.refresh_from_db()
    assert letter.state == "blocked"
    entry = Suppression.objects.get()
    logged = AuditEntry.objects.get(event="lead.status_changed", about=f"lead:{hannah.pk}")
    assert logged.details == {"from": "contacted", "to": "unsubscribed", "by": f"suppression:{entry.pk}"}
    assert (logged.workspace_id, logged.user_id, logged.person.lead_email) == (room.world.here.pk, None, HANNAH)
    unsubscribes(room, about=letter.about)
    assert AuditEntry.objects.filter(event="lead.status_changed").count() == 2, "said once of each"


def test_what_else_waits_for_the_lead_is_taken_back(room: Room) -> None:
    """Its letter was queued to somebody else at the site before this contact was chosen."""
    hannah = room.leads[0]
    [letter] = room.queue(hannah)
    other = hannah.contacts.create(email="joe@brightgarden.com", email_key="joe@brightgarden.com")
    Lead.objects.filter(pk=hannah.pk).update(contact=other)
    unsubscribes(room, about="attempt:0", address="joe@brightgarden.com")
    letter.refresh_from_db()
    assert (letter.state, letter.reason) == ("cancelled", "They asked to be removed.")


@pytest.mark.parametrize(
    ("before", "after"), [("placed", "placed"), ("lost", "unsubscribed"), ("replied", "unsubscribed")]
)
def test_where_a_lead_stands_decides_as_it_does_for_a_reply(room: Room, before: str, after: str) -> None:
    Lead.objects.filter(pk=room.leads[0].pk).update(status=before)
    unsubscribes(room, about="attempt:0")
    assert status_of(room.leads[0]) == after


@pytest.mark.parametrize(
    ("reason", "moves"),
    [
        (Reason.UNSUBSCRIBE, True),
        (Reason.OPT_OUT, True),
        (Reason.COMPLAINT, True),
        (Reason.MANUAL, False),
        (Reason.NOT_INTERESTED, False),
        (Reason.HARD_BOUNCE, False),
    ],
)
def test_only_a_persons_own_word_is_an_opt_out(room: Room, reason: Reason, moves: bool) -> None:
    now = timezone.now()
    suppression.suppress(workspace=room.world.here, address=HANNAH, reason=Reason.MANUAL, source="list", now=now)
    assert status_of(room.leads[0]) == "discovered"
    suppression.suppress_many(
        workspace=room.world.here, addresses=[HANNAH], domains=["balconyharvest.com"], reason=reason, now=now
    )
    assert [status_of(lead) for lead in room.leads[:2]] == ["unsubscribed" if moves else "discovered", "discovered"]


def test_an_opt_out_of_the_whole_server_moves_leads_everywhere(room: Room) -> None:
    theirs = in_another_campaign(room, elsewhere=True)
    suppression.suppress(workspace=None, address=HANNAH, reason=Reason.OPT_OUT, now=timezone.now())
    assert [status_of(lead) for lead in (room.leads[0], theirs)] == ["unsubscribed", "unsubscribed"]
    logged = AuditEntry.objects.filter(event="lead.status_changed")
    assert {entry.workspace_id for entry in logged} == {room.world.here.pk, room.world.elsewhere.pk}


def test_a_list_of_opt_outs_takes_as_many_queries_as_one(room: Room) -> None:
    """An import brings a hundred thousand: each announced piece of them costs the same."""

    def lead_of(campaign: Campaign, n: int) -> str:
        new = NewLead(website_url=f"https://garden{n}.com", contact_email=f"ed@garden{n}.com")
        add_lead(campaign, new, source=Lead.Source.MANUAL, now=timezone.now())
        return new.contact_email

    def queries(count: int, start: int) -> int:
        addresses = [lead_of(room.campaign, n) for n in range(start, start + count)]
        queue_letters(
            room.campaign,
            list(room.campaign.leads.filter(status="discovered").exclude(contact=None)),
            user=room.world.marketer,
            now=timezone.now(),
        )
        with CaptureQueriesContext(connection) as captured:
            suppression.suppress_many(
                workspace=room.world.here, addresses=addresses, reason=Reason.UNSUBSCRIBE, now=timezone.now()
            )
        assert room.campaign.leads.filter(status="unsubscribed").count() == start + count
        return len(captured)

    assert queries(1, 0) == queries(40, 1)
