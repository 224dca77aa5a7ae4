"""What comes back, and the steps of a sequence that wait: stopped, put off, or set going again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import outbox
from campaigns.models import Attempt, Lead, Step, Task
from inbox.by_hand import WROTE_BY_HAND, take_in
from inbox.consequences import tag
from inbox.models import Reply
from inbox.parsing import parse
from tests.inbox.conftest import Correspondence, bounce, message, sent_letter

State = Attempt.State


@pytest.fixture
def waiting(correspondence: Correspondence) -> Attempt:
    """A follow-up to the lead of the correspondence."""
    Step.objects.create(
        campaign=correspondence.box.campaign, position=2, wait_days=3, letter_body="Hello again, about {topic}."
    )
    first = Attempt.objects.filter(pk=correspondence.attempt.pk)
    first.update(step=correspondence.box.step, settled_at=None)
    outbox.settle(now=timezone.now())
    return Attempt.objects.get(kind="follow_up")


def test_an_answer_stops_it(correspondence: Correspondence, waiting: Attempt) -> None:
    correspondence.answer("Sounds good, please send it over.")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (State.CANCELLED, "They answered.")


def test_out_of_office_puts_it_off_to_the_day_they_are_back(correspondence: Correspondence, waiting: Attempt) -> None:
    back = timezone.now().date() + timedelta(days=20)
    reply = correspondence.answer(
        f"I am out of the office and will be back on {back:%d %B %Y}.",
        subject="Automatic reply: An idea for Brightgarden",
        headers="Auto-Submitted: auto-replied",
    )
    assert reply.return_on == back
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED
    assert waiting.due_at is not None
    assert correspondence.box.world.here.day_of(waiting.due_at) >= back
    assert Lead.objects.get(pk=waiting.lead_id).away_until == back


def test_a_hard_bounce_stops_it(correspondence: Correspondence, waiting: Attempt) -> None:
    correspondence.receive(bounce(original=correspondence.attempt.message_id))
    waiting.refresh_from_db()
    assert waiting.state in {State.CANCELLED, State.BLOCKED}


def test_a_colleagues_answer_stops_it(correspondence: Correspondence, waiting: Attempt) -> None:
    other = sent_letter(correspondence.box, "tom@brightgarden.com")
    raw = message(sender="tom@brightgarden.com", answers=other.message_id, message_id="<tom@brightgarden.com>")
    correspondence.receive(raw)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (State.CANCELLED, "Somebody else at this company answered.")


def test_an_answer_from_elsewhere_does_not(correspondence: Correspondence, waiting: Attempt) -> None:
    other = sent_letter(correspondence.box, "tom@elsewhere.com")
    correspondence.receive(
        message(sender="tom@elsewhere.com", answers=other.message_id, message_id="<t@elsewhere.com>")
    )
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED


def test_a_letter_by_hand_stops_letters_and_tasks(correspondence: Correspondence, waiting: Attempt) -> None:
    task = Task.objects.create(campaign=waiting.campaign, lead=waiting.lead, step=waiting.step, due_at=timezone.now())
    raw = message(
        "Hi Ed, one more thing.",
        sender="mara@orchardmedia.com",
        to="ed@brightgarden.com",
        message_id="<by-hand@orchardmedia.com>",
    )
    box = correspondence.box
    take_in(box.mailbox, correspondence.store(raw), parse(raw), now=timezone.now())
    waiting.refresh_from_db()
    task.refresh_from_db()
    assert (waiting.state, waiting.reason) == (State.CANCELLED, WROTE_BY_HAND)
    assert task.dropped_at is not None


def test_somebody_says_that_it_was_no_answer(correspondence: Correspondence, waiting: Attempt) -> None:
    reply = correspondence.answer("I read your letter.")
    tag(reply, Reply.Classification.OUT_OF_OFFICE, user=correspondence.box.world.marketer, now=timezone.now())
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED
    assert waiting.due_at is not None
