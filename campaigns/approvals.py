"""Letters that a person reads before they leave, and letters that a person sends although somebody has lately."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from campaigns.models import Attempt, AttemptQuerySet, Ground
from campaigns.tasks import dispatch_soon
from compliance import audit
from compliance.models import Kind, SendRecord
from compliance.policy import Rule
from outreach_site.accounts.models import User, Workspace


def to_approve(workspace: Workspace) -> AttemptQuerySet:
    """What waits to be read, in the order in which it was queued."""
    return Attempt.objects.asking(Rule.APPROVAL).in_workspace(workspace).order_by("pk")


def first_letters_left(workspace: Workspace) -> int:
    """How many more of a new workspace's letters have to be approved before the rest leave by themselves."""
    if not workspace.first_letters:
        return 0
    gone = SendRecord.objects.in_workspace(workspace).that_count().exclude(kind=Kind.ANSWER)
    let_go = set(gone.values_list("subject", flat=True)[: workspace.first_letters])
    approved = Attempt.objects.in_workspace(workspace).filter(state=Attempt.State.QUEUED, approved_at__isnull=False)
    coming = {attempt.about for attempt in approved.only("pk")[: workspace.first_letters]}
    return max(workspace.first_letters - len(let_go | coming), 0)


def approve(attempt: Attempt, *, subject: str, body: str, ground: str = "", user: User, now: datetime) -> bool:
    """Let this letter go, with the text as it stands in front of the person; False where it does not wait for that.

    `ground`: why we may write, where the letter waits for that too. The gate decides once more when it leaves.
    """
    with transaction.atomic():
        waiting = Attempt.objects.asking(Rule.APPROVAL).select_for_update(of=("self",))
        letter = waiting.filter(pk=attempt.pk).select_related("campaign__workspace").first()
        if letter is None:
            return False
        changed = (letter.subject, letter.body) != (subject, body)
        letter.subject, letter.body = subject, body
        letter.approved_at, letter.approved_by = now, user
        if ground:
            letter.ground = Ground(ground)
        letter.due_at = max(now, letter.not_before or now)
        letter.save(update_fields=["subject", "body", "approved_at", "approved_by", "ground", "due_at"])
        if changed:
            _note("letter.text_changed", letter, user=user, now=now)
        if ground:
            _note("letter.ground_named", letter, user=user, now=now, ground=ground)
        _note("letter.approved", letter, user=user, now=now)
        if letter.mailbox_id is not None:
            dispatch_soon(letter.mailbox_id)
    return True


def write_anyway(attempt: Attempt, *, user: User, now: datetime) -> bool:
    """Send this letter although the site was written to lately; False where it does not wait for that."""
    with transaction.atomic():
        waiting = Attempt.objects.asking(Rule.COOL_OFF).select_for_update(of=("self",))
        letter = waiting.filter(pk=attempt.pk).select_related("campaign__workspace").first()
        if letter is None:
            return False
        letter.cool_off_waived_at, letter.cool_off_waived_by = now, user
        letter.due_at = max(now, letter.not_before or now)
        _note("letter.cool_off_waived", letter, user=user, now=now, why=letter.reason)
        letter.save(update_fields=["cool_off_waived_at", "cool_off_waived_by", "due_at"])
        if letter.mailbox_id is not None:
            dispatch_soon(letter.mailbox_id)
    return True


def _note(event: str, letter: Attempt, *, user: User, now: datetime, ground: str = "", why: str = "") -> None:
    audit.record(
        event,
        workspace=letter.campaign.workspace,
        user=user,
        about=letter.about,
        reason=why,
        details={"ground": ground} if ground else {},
        lead_email=letter.recipient,
        subject=letter.subject,
        now=now,
    )
