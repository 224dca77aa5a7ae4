"""One first letter: the page that asks first, the launch check, the queue and the API say the same."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import dead_letters, launching, queueing, restoring
from campaigns.first_letters import in_the_way
from campaigns.following import MAY_HAVE_LEFT
from campaigns.models import Attempt, Campaign, Contact, Lead
from campaigns.queueing import JUST_FAILED
from campaigns.rota import CannotQueueError
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


def refusal(room: Room, letter: Attempt) -> str:
    """What keeps it from being queued again."""
    try:
        assert queueing.requeue(letter, user=room.world.marketer, now=timezone.now())
    except CannotQueueError as err:
        return str(err)
    return ""


@pytest.mark.parametrize(("state", "own", "others"), STANDS)
@pytest.mark.parametrize("whose", ["own", "others"])
@pytest.mark.parametrize("of_step", [True, False])
def test_queue_again_agrees(room: Room, state: str, own: str, others: str, whose: str, *, of_step: bool) -> None:
    """One that failed, and then another to the same address."""
    wrote(room, room.leads[0], State.FAILED, step=None)
    failed = Attempt.objects.get()
    lead = room.leads[0] if whose == "own" else other_site(room, room.leads[0])
    Attempt.objects.update(state=State.CANCELLED)  # Else no other could be queued.
    wrote(room, lead, state, **({} if of_step else {"step": None}))
    Attempt.objects.filter(pk=failed.pk).update(state=State.FAILED)
    failed.refresh_from_db()
    says = own if whose == "own" else others
    assert refusal(room, failed) == says
    failed.refresh_from_db()
    assert failed.state == (State.FAILED if says else State.QUEUED)


def test_queue_again_asks_for_the_lead_only_what_came_later(room: Room) -> None:
    """A reader named somebody else, and the letter to them could not be sent: that is no second one for the lead."""
    wrote(room, room.leads[0], State.SENT, step=None)
    Attempt.objects.update(state=State.CANCELLED)
    wrote(room, give_another_address(room.leads[0]), State.FAILED, step=None)
    first, second = Attempt.objects.order_by("pk")
    Attempt.objects.filter(pk=first.pk).update(state=State.SENT)
    assert refusal(room, second) == ""
    Attempt.objects.filter(pk=first.pk).update(state=State.FAILED)
    Attempt.objects.filter(pk=second.pk).update(state=State.SENT)
    first.refresh_from_db()
    assert refusal(room, first) == HAVE


def test_programs_write_as_often_as_they_like_but_never_the_same_again(room: Room) -> None:
    Campaign.objects.update(is_direct=True)
    for state in (State.SENT, State.FAILED, State.SENT):
        wrote(room, room.leads[0], State.CANCELLED, step=None)
        Attempt.objects.filter(pk=Attempt.objects.latest("pk").pk).update(state=State.CANCELLED, reason=state)
    Attempt.objects.update(state=F("reason"))
    before, failed, after = Attempt.objects.select_related("campaign").order_by("pk")
    assert refusal(room, failed) == HAVE
    Attempt.objects.filter(pk=after.pk).update(subject="Something else")
    assert refusal(room, failed) == "", f"{before} left before it"


def test_several_queued_again_leave_out_what_is_in_the_way(room: Room) -> None:
    for lead in room.leads[:2]:
        wrote(room, lead, State.FAILED, step=None)
    one, other = Attempt.objects.order_by("pk")
    Attempt.objects.filter(pk=one.pk).update(state=State.CANCELLED)
    wrote(room, room.leads[0], State.SENT)
    Attempt.objects.filter(pk=one.pk).update(state=State.FAILED)
    assert (
        dead_letters.requeue_all(room.world.here, [one.pk, other.pk], user=room.world.marketer, now=timezone.now()) == 1
    )
    said = room.client().post(reverse("desk:letter_requeue", args=["orchard", one.pk]), follow=True)
    assert HAVE in said.content.decode()


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


def page_says(room: Room, lead: Lead) -> str:
    return str(room.get("campaign_send", room.campaign.pk, query=f"?lead={lead.pk}").content.decode())


def test_the_page_says_what_has_to_be_looked_at_first(room: Room) -> None:
    lead, now = room.leads[0], timezone.now()
    wrote(room, lead, State.FAILED)
    assert page_sends(room, lead)
    Attempt.objects.update(settled_at=None)
    assert not page_sends(room, lead)
    assert JUST_FAILED in page_says(room, lead)
    assert room.queue(lead) == []
    assert page_sends(room, lead), "its failure has said what it had to say"
    long_ago = now - timedelta(days=1)
    Attempt.objects.update(created_at=long_ago, finished_at=long_ago)
    restoring.after_restore(now - timedelta(hours=5), now=now)
    assert MAY_HAVE_LEFT in page_says(room, lead)
    assert "Put it under" not in page_says(room, lead), "it is there already"
    assert room.queue(lead) == []


def test_the_page_leads_on_where_nothing_can_go_before_a_person_has_looked(room: Room) -> None:
    lead, now = room.leads[0], timezone.now()
    restoring.after_restore(now - timedelta(hours=5), now=now)
    said = page_says(room, lead)
    assert MAY_HAVE_LEFT in said
    assert "Put it under “Could not be sent”" in said
    room.post("campaign_send", room.campaign.pk, {"lead": lead.pk})
    letter = Attempt.objects.get()
    assert (letter.state, letter.reason) == (State.FAILED, MAY_HAVE_LEFT)
    assert "Put it under" not in page_says(room, lead)


def test_many_leads_are_one_question(room: Room) -> None:
    leads = [room.lead(f"site{n}.com", f"ed@site{n}.com") for n in range(20)]
    room.queue(*leads)
    with CaptureQueriesContext(connection) as asked:
        assert len(in_the_way(room.campaign, leads)) == 20
    assert len(asked) == 1
