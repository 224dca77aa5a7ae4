"""A database that came back from a backup, and what happens in it before after_restore is run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from campaigns import outbox, queueing, restoring
from campaigns.models import Attempt
from compliance import holds
from compliance.models import AuditEntry, Hold, SendRecord
from outreach_site.accounts import installation
from outreach_site.accounts.models import Installation
from outreach_site.desk.tasks import by_the_clock
from outreach_site.lib.ports import announce_mailbox_mended
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from tests.letterbox import Letterbox
from tests.servers import FaultySMTP

Boxes = Callable[..., tuple[Letterbox, FaultySMTP]]
State = Attempt.State

pytestmark = pytest.mark.django_db(transaction=True)


def comes_back(*, due_at: datetime) -> None:
    """Every letter as it waited in the backup, in a database that is of another installation than `.env` says."""
    SendRecord.objects.all().delete()
    Attempt.objects.update(
        state=State.QUEUED,
        created_at=due_at,
        due_at=due_at,
        message_id="",
        wire_id="",
        verdict="",
        server_words="",
        letterhead={},
        started_at=None,
        finished_at=None,
        settled_at=None,
    )
    Installation.objects.update(instance_id="of the machine that burnt")
    assert not installation.standing().may_work


def let_go(box: Letterbox) -> None:
    for hold in Hold.objects.standing():
        holds.lift(hold, user=box.world.owner, now=timezone.now())
    outbox.wake(now=timezone.now())


def test_a_letter_stopped_before_the_database_is_claimed_is_doubted_before_it_is_queued_again(
    faulty_letterbox: Boxes,
) -> None:
    box, server = faulty_letterbox()
    [letter] = box.write_to("ada@site.com")
    taken_at, person = timezone.now(), box.world.marketer
    box.send()
    assert len(server.accepted) == 1
    comes_back(due_at=taken_at)
    letter.refresh_from_db()
    assert queueing.cancel(letter, user=person, now=timezone.now())
    restoring.after_restore(taken_at, now=timezone.now())
    let_go(box)
    letter.refresh_from_db()
    assert not queueing.requeue(letter, user=person, now=timezone.now())
    letter.refresh_from_db()
    assert letter.state == State.UNCERTAIN
    box.send()
    assert len(server.accepted) == 1


def test_what_is_stopped_after_that_is_queued_again_at_once(faulty_letterbox: Boxes) -> None:
    box, _ = faulty_letterbox()
    person, now = box.world.marketer, timezone.now()
    restoring.after_restore(now - timedelta(hours=1), now=now)
    lead = box.lead("ada@site.com")
    [letter] = box.queue(lead).attempts
    later = timezone.now()
    assert queueing.cancel(letter, user=person, now=later)
    letter.refresh_from_db()
    assert queueing.requeue(letter, user=person, now=later)


@pytest.mark.parametrize(("ago", "is_recorded"), [(timedelta(hours=7), True), (timedelta(days=20), False)])
def test_a_worker_that_somebody_forgot_leaves_no_trace_in_it(
    faulty_letterbox: Boxes, ago: timedelta, *, is_recorded: bool
) -> None:
    """An outcome that was recorded and not settled, and a letter that is due too long ago: whoever settled, expired
    and wrote that down would make the backup look younger than it is.
    """
    box, server = faulty_letterbox()
    letter, other = box.write_to("ada@site.com", "ben@other.com")
    taken_at = timezone.now() - ago
    comes_back(due_at=taken_at)
    if is_recorded:
        Attempt.objects.filter(pk=other.pk).update(
            state=State.SENT, finished_at=taken_at, message_id="<x@orchardmedia.com>"
        )
    entries = AuditEntry.objects.count()
    by_the_clock("campaigns.tasks.dispatch_due")
    assert (AuditEntry.objects.count(), len(server.accepted)) == (entries, 0)
    assert restoring.after_restore(taken_at, now=timezone.now()).uncertain == (1 if is_recorded else 2)
    letter.refresh_from_db()
    assert letter.state == State.UNCERTAIN


def test_what_a_person_did_in_it_is_taken_for_what_the_backup_knew_and_that_is_said(faulty_letterbox: Boxes) -> None:
    box, _ = faulty_letterbox()
    [letter] = box.write_to("ada@site.com")
    taken_at = timezone.now() - timedelta(hours=7)
    comes_back(due_at=taken_at)
    queueing.cancel(letter, user=box.world.marketer, now=timezone.now())
    with pytest.raises(restoring.NotThisBackupError, match="put the backup back once more"):
        restoring.after_restore(taken_at, now=timezone.now())
    assert not installation.standing().may_work


def test_a_mailbox_that_was_held_for_its_own_failure_is_held_for_the_restore(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    refused = "The server did not accept the user name and password."
    trouble = MailServerError(refused, stage=Stage.SIGN_IN, verdict=Verdict.MAILBOX_TROUBLE, permanent=True)
    outbox.hold_mailbox(box.mailbox, trouble, now=timezone.now())
    now = timezone.now()
    assert restoring.after_restore(now, now=now).held == 1
    [hold] = Hold.objects.standing()
    assert (hold.source, hold.placed_at) == ("after_restore", now)
    assert "restored from a backup" in hold.reason
    placed = AuditEntry.objects.filter(event="hold.placed").order_by("pk").last()
    assert placed is not None
    assert placed.reason == hold.reason
    # A letter that fails meanwhile is no news, and a test that passes ends nothing that a person has to end.
    outbox.hold_mailbox(box.mailbox, trouble, now=timezone.now())
    announce_mailbox_mended(box.mailbox.pk, user_id=box.world.owner.pk, now=timezone.now())
    assert list(Hold.objects.standing().values_list("source", flat=True)) == ["after_restore"]
    box.write_to("ada@site.com")
    outbox.wake(now=timezone.now())
    box.send()
    assert server.accepted == []
