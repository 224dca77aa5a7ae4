"""Whom we are in conversation with: those are not written to out of the blue."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Campaign, Lead, Step
from compliance import gate
from compliance.policy import Outcome, Rule
from inbox.conversations import LASTS, conversations
from inbox.models import Reply
from tests.conftest import World
from tests.inbox.conftest import Correspondence


@pytest.fixture
def reply(correspondence: Correspondence) -> Reply:
    return correspondence.answer("Sounds good, please send it over.")


def known(world: World, *addresses: str, days: float = 0) -> dict[str, str]:
    now = timezone.now() + timedelta(days=days)
    found = conversations(addresses, workspace_id=world.here.pk, now=now)
    return {address: engagement.sentence for address, [engagement] in found.items()}


def test_a_persons_word_begins_a_conversation(world: World, reply: Reply) -> None:
    [(address, sentence)] = known(world, "ed@brightgarden.com", "ada@other.com").items()
    assert address == "ed@brightgarden.com"
    assert sentence == "They wrote to us within the last day: answer them in the inbox instead."
    assert "a day ago" in known(world, "ed@brightgarden.com", days=1.5)["ed@brightgarden.com"]
    assert "9 days ago" in known(world, "ed@brightgarden.com", days=9.5)["ed@brightgarden.com"]


def test_whoever_answers_from_elsewhere_is_the_one_we_wrote_to(world: World, reply: Reply) -> None:
    Reply.objects.update(from_key="ed.private@elsewhere.com")
    assert set(known(world, "ed@brightgarden.com", "ed.private@elsewhere.com")) == {
        "ed@brightgarden.com",
        "ed.private@elsewhere.com",
    }


def test_what_ends_a_conversation(world: World, reply: Reply) -> None:
    assert known(world, "ed@brightgarden.com", days=LASTS.days) == {}
    assert conversations(["ed@brightgarden.com"], workspace_id=world.elsewhere.pk, now=timezone.now()) == {}
    Lead.objects.update(status=Lead.Status.LOST)
    assert known(world, "ed@brightgarden.com") == {}
    Lead.objects.update(status=Lead.Status.REPLIED)
    Reply.objects.update(kind=Reply.Kind.AUTO_REPLY)
    assert known(world, "ed@brightgarden.com") == {}


def test_the_gate_hears_of_it(world: World, correspondence: Correspondence, reply: Reply) -> None:
    from campaigns import outbox, queueing
    from compliance.models import AuditEntry

    world.here.cool_off_days = 90
    world.here.save()
    campaign = Campaign.objects.create(workspace=world.here, name="Autumn", mailbox=correspondence.box.mailbox)
    Step.objects.create(campaign=campaign, letter_subject="Again", letter_body="Hello")
    lead = correspondence.box.lead("ed@brightgarden.com", campaign=campaign)
    queued = queueing.queue_letters(campaign, [lead], user=world.marketer, now=timezone.now())
    assert queued.attempts == []
    assert "answer them in the inbox" in queued.refused[0][1]
    assert AuditEntry.objects.filter(event="letter.decided", policy_result="blocked").exists()
    own = outbox.letter_of(correspondence.attempt, correspondence.box.mailbox, now=timezone.now())
    [decision] = gate.foresee([own], workspace=world.here, now=timezone.now())
    told = next(check for check in decision.checks if check.rule == Rule.CONVERSATION)
    assert told.outcome == Outcome.REFUSED, "not in the same campaign either"
