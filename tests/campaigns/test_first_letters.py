"""One first letter: the page that asks first, the launch check, the queue and the API say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import launching
from campaigns.first_letters import in_the_way
from campaigns.models import Attempt, Contact, Lead
from compliance.models import Kind
from outreach_site.mailboxes.models import Mailbox
from tests.campaigns.conftest import Room

pytestmark = pytest.mark.django_db
State = Attempt.State
HAVE, MAY_HAVE = "They have this letter already.", "They may have this letter already."
WAITS = "This letter waits for them already."
MAY_GO_AGAIN = "Another site here has the same address, and its letter may be sent again."
# How an earlier letter stands, and what that says of a new one: to its own lead, and to another of the same address.
STANDS = [
    (State.SENT, HAVE, HAVE),
    (State.UNCERTAIN, MAY_HAVE, MAY_HAVE),
    (State.SENDING, WAITS, WAITS),
    (State.QUEUED, WAITS, WAITS),
    (State.FAILED, "", MAY_GO_AGAIN),
    (State.CANCELLED, "", ""),
    (State.BLOCKED, "", ""),
]


def wrote(room: Room, lead: Lead, state: str, **changes: Any) -> None:
    """An earlier first letter, as it stands now."""
    [letter] = room.queue(lead)
    now = timezone.now()
    Attempt.objects.filter(pk=letter.pk).update(state=state, finished_at=now, settled_at=now, **changes)


def other_site(room: Room, lead: Lead) -> Lead:
    """Another lead with the same address."""
    assert lead.contact is not None
    return room.lead("other.com", lead.contact.email, contact_name="Hannah")


def give_another_address(lead: Lead) -> Lead:
    Contact.objects.filter(lead=lead).update(email="boss@elsewhere.com", email_key="boss@elsewhere.com")
    return Lead.objects.select_related("contact", "campaign").get(pk=lead.pk)


def page_sends(room: Room, lead: Lead) -> bool:
    context = room.get("campaign_send", room.campaign.pk, query=f"?lead={lead.pk}").context
    assert context["queue_count"] + context["refused_count"] == 1
    return bool(context["queue_count"])


def api_answers(room: Room, lead: Lead) -> int:
    Mailbox.objects.update(paused_at=timezone.now())  # So nobody waits for a server.
    data = {"campaign_id": lead.campaign_id, "lead_id": lead.pk, "subject": "An idea", "body": "Hello."}
    url = "/api/v1/backlink-outreach/outreach/send"
    return int(room.client().post(url, json.dumps(data), content_type="application/json").status_code)


@pytest.mark.parametrize(("state", "own", "others"), STANDS)
@pytest.mark.parametrize("whose", ["own", "others"])
@pytest.mark.parametrize("of_step", [True, False])
def test_page_queue_and_api_agree(room: Room, state: str, own: str, others: str, whose: str, *, of_step: bool) -> None:
    """A letter that a program sent before the campaign had a step is of none."""
    wrote(room, room.leads[0], state, **({} if of_step else {"step": None}))
    lead, says = (room.leads[0], own) if whose == "own" else (other_site(room, room.leads[0]), others)
    assert in_the_way(room.campaign, [lead]) == ({lead.pk: says} if says else {})
    assert page_sends(room, lead) is not bool(says)
    queued = room.queue(lead)
    assert bool(queued) is not bool(says)
    if says:
        assert api_answers(room, lead) in (403, 409)
    else:
        Attempt.objects.filter(pk=queued[0].pk).update(state=State.CANCELLED)
        assert api_answers(room, lead) == 200


@pytest.mark.parametrize("state", [State.SENT, State.QUEUED])
def test_a_lead_has_had_it_whatever_its_address_is_now(room: Room, state: str) -> None:
    wrote(room, room.leads[0], state)
    lead = give_another_address(room.leads[0])
    assert not page_sends(room, lead)
    assert not room.queue(lead)
    assert api_answers(room, lead) in (403, 409)


def test_an_answer_is_no_first_letter(room: Room) -> None:
    """Somebody wrote to us by themselves, and was answered."""
    wrote(room, room.leads[0], State.SENT, kind=Kind.ANSWER, step=None)
    lead = other_site(room, room.leads[0])
    assert page_sends(room, lead)
    assert room.queue(lead)


def test_the_launch_check_says_it_too(room: Room) -> None:
    wrote(room, room.leads[0], State.FAILED, step=None)
    Lead.objects.filter(pk=room.leads[0].pk).update(status=Lead.Status.LOST)  # No launch takes it up again.
    lead = other_site(room, room.leads[0])
    check = launching.check(room.campaign, user=room.world.marketer, now=timezone.now())
    assert {group.sentence for group in check.refused if lead in group.leads} == {MAY_GO_AGAIN}
    sliced = launching.look_on(room.campaign, after=room.leads[-1].pk, user=room.world.marketer, now=timezone.now())
    assert (sliced.going, sliced.cannot) == (0, 1)


def test_many_leads_are_one_question(room: Room) -> None:
    leads = [room.lead(f"site{n}.com", f"ed@site{n}.com") for n in range(20)]
    room.queue(*leads)
    with CaptureQueriesContext(connection) as asked:
        assert len(in_the_way(room.campaign, leads)) == 20
    assert len(asked) == 1
