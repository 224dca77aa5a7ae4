"""One further letter on a chosen day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from campaigns import approvals, outbox, queueing
from campaigns.models import Attempt, Lead
from campaigns.queueing import cancel_waiting
from compliance import holds
from compliance.models import AuditEntry, Kind, Suppression
from outreach_site.accounts.models import Workspace
from tests.campaigns.conftest import Room
from tests.campaigns.test_following import follow_up, send


@pytest.fixture
def sent(room: Room) -> Attempt:
    [letter] = room.queue(room.leads[0])
    send(letter, at=timezone.now() - timedelta(days=3))
    letter.refresh_from_db()
    return letter


def today() -> date:
    """Where the workspace is: for an hour or two a day it is not the same as in UTC."""
    return Workspace.objects.get(slug="orchard").day_of(timezone.now())


def typed(**fields: object) -> dict[str, object]:
    day = today() + timedelta(days=5)
    return {"subject": "Re: A guide", "body": "Hi Hannah,\n\nany news?", "on": day.isoformat()} | fields


def test_is_begun_in_the_same_conversation(room: Room, sent: Attempt) -> None:
    text = room.get("lead_follow_up", sent.lead_id).content.decode()
    assert f"Re: {sent.subject}" in text
    assert "hannah@brightgarden.com" in text


def test_is_queued_for_its_day(room: Room, sent: Attempt) -> None:
    assert room.post("lead_follow_up", sent.lead_id, typed()).status_code == 302
    letter = follow_up(sent.lead)
    assert letter.due_at is not None
    assert timedelta(days=4) < letter.due_at - timezone.now() < timedelta(days=6)
    assert (letter.step_id, letter.kind, letter.mailbox_id) == (None, Kind.FOLLOW_UP, sent.mailbox_id)
    assert AuditEntry.objects.filter(event="letter.follow_up_queued", about=letter.about).exists()


def test_an_answer_takes_it_back(room: Room, sent: Attempt) -> None:
    room.post("lead_follow_up", sent.lead_id, typed(), htmx=True)
    cancel_waiting(sent.lead, reason="They answered.", now=timezone.now())
    assert follow_up(sent.lead).state == Attempt.State.CANCELLED


def test_never_within_the_time_of_a_duplicate(room: Room, sent: Attempt) -> None:
    Attempt.objects.filter(pk=sent.pk).update(finished_at=timezone.now() - timedelta(hours=1))
    room.post("lead_follow_up", sent.lead_id, typed(on=today().isoformat()))
    due_at = follow_up(sent.lead).due_at
    assert due_at is not None
    assert due_at - timezone.now() > timedelta(hours=22)


@pytest.mark.parametrize("how", ["a hold that is lifted", "a person who reads it", "taken back and put back"])
def test_keeps_its_day_whatever_it_waited_for(room: Room, sent: Attempt, how: str) -> None:
    now, user = timezone.now(), room.world.owner
    if how == "a person who reads it":
        Workspace.objects.filter(pk=room.world.here.pk).update(first_letters=10)
    hold = holds.place(workspace=room.world.here, subject=room.campaign.subject, reason="Look.", now=now)
    if how != "a hold that is lifted":
        holds.lift(hold, user=user, now=now)
    room.post("lead_follow_up", sent.lead_id, typed())
    letter = follow_up(sent.lead)
    if how == "taken back and put back":
        assert queueing.cancel(letter, user=user, now=now)
        assert queueing.put_back(letter, user=user, now=now)
    else:
        assert letter.due_at is None
    if how == "a hold that is lifted":
        holds.lift(hold, user=user, now=now)
        assert outbox.wake(now=now) == 1
    if how == "a person who reads it":
        assert approvals.approve(letter, subject=letter.subject, body=letter.body, user=user, now=now)
    due_at = follow_up(sent.lead).due_at
    assert due_at is not None
    assert timedelta(days=4) < due_at - now < timedelta(days=6)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"body": " "}, "The letter is empty."),
        ({"body": "Hi [Name],"}, "Something is still open"),
        ({"on": "2001-01-01"}, "Choose a day from today on"),
        ({"on": "soon"}, "valid date"),
    ],
)
def test_says_why_it_cannot_be_and_keeps_what_was_typed(
    room: Room, sent: Attempt, change: dict[str, object], sentence: str
) -> None:
    answer = room.post("lead_follow_up", sent.lead_id, typed(**change), htmx=True)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in text
    assert "Re: A guide" in text
    assert "<html" not in text
    assert not Attempt.objects.filter(kind=Kind.FOLLOW_UP).exists()


def test_nobody_who_said_no_is_written_to(room: Room, sent: Attempt) -> None:
    Suppression.objects.create(workspace=room.world.here, value="hannah@brightgarden.com", reason="opt_out")
    assert "suppression list" in room.post("lead_follow_up", sent.lead_id, typed()).content.decode()
    Lead.objects.filter(pk=sent.lead_id).update(status=Lead.Status.LOST)
    assert "Nothing more is written here: lost." in room.get("lead_follow_up", sent.lead_id).content.decode()


def test_not_before_a_first_letter_and_not_beside_another(room: Room, sent: Attempt) -> None:
    assert "no letter yet" in room.get("lead_follow_up", room.leads[1].pk).content.decode()
    room.post("lead_follow_up", sent.lead_id, typed())
    assert "waits already" in room.post("lead_follow_up", sent.lead_id, typed()).content.decode()
    assert Attempt.objects.filter(kind=Kind.FOLLOW_UP).count() == 1


def test_is_not_for_strangers_nor_viewers(room: Room, sent: Attempt) -> None:
    assert room.post("lead_follow_up", sent.lead_id, typed(), user=room.world.stranger).status_code == 404
    assert room.get("lead_follow_up", sent.lead_id, user=room.world.viewer).status_code == 403
