"""What comes back is counted for the very letter: bounces, complaints and opt-outs, from the message to the hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import outbox
from campaigns.models import Attempt
from compliance import brakes, holds, reputation
from compliance.models import Hold, LegalBasis, SendRecord, Suppression
from compliance.reputation import Tally
from inbox import consequences
from outreach_site.mailboxes.models import Mailbox
from tests.inbox.conftest import Correspondence, bounce
from tests.letterbox import Letterbox
from tests.servers import FaultySMTP

Boxes = Callable[..., tuple[Letterbox, FaultySMTP]]


def record(attempt: Attempt) -> SendRecord:
    """The ledger's row of a letter that has left."""
    assert attempt.mailbox is not None
    assert attempt.finished_at is not None
    return SendRecord.objects.create(
        workspace=attempt.mailbox.workspace,
        subject=attempt.about,
        kind=attempt.kind,
        user_id=attempt.user_id,
        mailbox_id=attempt.mailbox.pk,
        campaign=attempt.campaign.subject,
        sign_in=attempt.mailbox.sign_in,
        sender=attempt.mailbox.email,
        recipient=attempt.recipient,
        recipient_key=attempt.recipient_key,
        recipient_domain=attempt.recipient_domain,
        subject_digest="0" * 64,
        legal_basis=LegalBasis.LEGITIMATE_INTEREST,
        region="US",
        message_id=attempt.message_id,
        state=SendRecord.State.SENT,
        reserved_at=attempt.finished_at,
        counted_at=attempt.finished_at,
    )


def complaint(original: str) -> bytes:
    """A report as RFC 5965 has it; `original` is the Message-ID of the letter that was called spam."""
    text = f"""From: fbl@provider.net
To: mara@orchardmedia.com
Subject: FW: An idea for Brightgarden
Message-ID: <fbl-{abs(hash(original))}@provider.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="f"

--f
Content-Type: text/plain

This is an email abuse report.

--f
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Reports/1.0
Version: 1

--f
Content-Type: message/rfc822

From: mara@orchardmedia.com
Message-ID: {original}
Subject: An idea for Brightgarden

Hello
--f--
"""
    return text.replace("\n", "\r\n").encode()


def counted(correspondence: Correspondence) -> Tally:
    now = timezone.now()
    box = correspondence.box.mailbox
    found = reputation.of_workspace(box.workspace, since=now - reputation.WINDOW, now=now)
    assert found[f"mailbox:{box.pk}"] == found[correspondence.attempt.campaign.subject]
    return found[f"mailbox:{box.pk}"]


def test_a_bounce(correspondence: Correspondence) -> None:
    row = record(correspondence.attempt)
    correspondence.receive(bounce(original=correspondence.attempt.message_id))
    row.refresh_from_db()
    assert row.bounced_at is not None
    assert counted(correspondence) == Tally(letters=1, bounces=1)


def test_a_complaint(correspondence: Correspondence) -> None:
    record(correspondence.attempt)
    correspondence.receive(complaint(correspondence.attempt.message_id))
    assert counted(correspondence) == Tally(letters=1, complaints=1, fresh_complaints=1)


@pytest.mark.parametrize(
    ("text", "opt_outs"),
    [
        ("Please remove me from your list.", 1),
        ("Thanks, but we are not interested.", 0),
        ("Sounds good, please send it over.", 0),
    ],
)
def test_an_answer(correspondence: Correspondence, text: str, opt_outs: int) -> None:
    record(correspondence.attempt)
    correspondence.answer(text)
    assert counted(correspondence) == Tally(letters=1, opt_outs=opt_outs)


@pytest.mark.parametrize(
    "raw", [bounce(original="<made-up@orchardmedia.com>"), complaint("<made-up@orchardmedia.com>")]
)
def test_what_anybody_may_have_written_counts_only_when_a_person_believes_it(
    correspondence: Correspondence, raw: bytes
) -> None:
    record(correspondence.attempt)
    reply = correspondence.receive(raw)
    assert reply is not None
    assert counted(correspondence) == Tally(letters=1)
    if consequences.is_doubtful_report(reply):
        consequences.believe_report(reply, user=correspondence.box.world.marketer, now=timezone.now())
        assert counted(correspondence).bounces + counted(correspondence).complaints == 1


def test_a_bounce_that_is_not_for_good(correspondence: Correspondence) -> None:
    record(correspondence.attempt)
    original = correspondence.attempt.message_id
    correspondence.receive(bounce(original=original, status="4.2.2", words="452 4.2.2 The mailbox is full"))
    assert counted(correspondence) == Tally(letters=1)


def test_the_ledger_knows_when_campaign_and_letter_are_gone(correspondence: Correspondence) -> None:
    row = record(correspondence.attempt)
    correspondence.receive(bounce(original=correspondence.attempt.message_id))
    correspondence.attempt.delete()
    row.refresh_from_db()
    assert row.bounced_at is not None
    assert counted(correspondence).bounces == 1


def test_from_the_servers_no_to_the_hold_and_on(faulty_letterbox: Boxes) -> None:
    """Of fifty letters three are refused as unknown: the next ones wait, until a person has let them go on."""
    box, server = faulty_letterbox()
    for number in range(3):
        server.reply("RCPT", "550 5.1.1 User unknown", recipient=f"ed@site{number}.com")
    box.write_to(*(f"ed@site{number}.com" for number in range(50)))
    now = timezone.now()
    box.send()
    outbox.settle(now=now)
    assert len(server.accepted) == 47
    assert Suppression.objects.count() == 3
    placed = brakes.pull(now=timezone.now())
    assert {hold.subject for hold in placed} == {f"mailbox:{box.mailbox.pk}", box.campaign.subject}
    assert all("(3 of 50 letters in 30 days)" in hold.reason for hold in placed)

    [waiting] = box.write_to("ed@late.com")
    box.send()
    assert len(server.accepted) == 47
    for hold in Hold.objects.standing():
        holds.lift(hold, user=box.world.officer, now=timezone.now())
    assert brakes.pull(now=timezone.now()) == []
    Mailbox.objects.update(next_send_at=timezone.now() - timedelta(minutes=1))
    outbox.wake(now=timezone.now())
    box.send()
    waiting.refresh_from_db()
    assert waiting.state == Attempt.State.SENT
    assert brakes.pull(now=timezone.now()) == []
