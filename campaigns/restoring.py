"""A database that came back from a backup: nobody may get a letter twice because it has forgotten the first one.

The backup knows letters as they stood when it was taken. Whatever waited then may have left since, and nothing in the
database can tell. So it is taken for *uncertain* until a person, a reply, a bounce or the Sent folder says what became
of it; every mailbox is on hold until somebody has looked; and a letter that had ended before the backup was taken, or
was stopped before the database was claimed, may have been sent meanwhile, so that to queue it again makes it uncertain
first (queueing.requeue). Who had no letter yet may have got one: following.ForgottenTime.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction

from campaigns import outbox
from campaigns.models import Attempt
from compliance import audit, gate, holds
from compliance.models import AuditEntry, SendRecord
from outreach_site.accounts import installation
from outreach_site.accounts.models import Installation, Workspace
from outreach_site.mailboxes.errors import Verdict
from outreach_site.mailboxes.models import Mailbox

AT_ONCE = 500
# A backup takes a while, and what was written while it was taken may be in it.
BACKUPS_LAST = timedelta(hours=6)
# A step waits a working day at least: 23 hours where clocks jump, and some for clocks that differ.
SHORTEST_WAIT = timedelta(hours=20)


class NotThisBackupError(Exception):
    """What was said of the backup cannot be true of this database; the message says why."""


@dataclass(frozen=True)
class Restored:
    held: int
    uncertain: int


def after_restore(backup_taken_at: datetime, *, now: datetime) -> Restored:
    """Hold all mailboxes, make uncertain what may have left since, and claim the database for this installation.

    All of it or nothing, in one transaction: a database that is half done is not claimed, and sends nothing. Running it
    twice changes nothing more. Raises NotThisBackupError.
    """
    with transaction.atomic():
        _check(backup_taken_at, now=now)
        held = _hold_mailboxes(backup_taken_at, now=now)
        uncertain = _doubt(backup_taken_at, now=now)
        installation.claim_anew(restored_from_at=backup_taken_at, now=now)
        for workspace in Workspace.objects.all():
            audit.record(
                "installation.restored",
                workspace=workspace,
                user=None,
                about=f"workspace:{workspace.pk}",
                details={"backup_taken_at": backup_taken_at.isoformat()},
                now=now,
            )
    outbox.settle_all(now=now)
    return Restored(held, uncertain)


def _check(backup_taken_at: datetime, *, now: datetime) -> None:
    if backup_taken_at > now:
        raise NotThisBackupError("The backup cannot have been taken in the future.")
    if not installation.has_its_digest_key():
        raise NotThisBackupError(installation.standing().sentence)
    if Installation.objects.filter(restored_from_at=backup_taken_at).exists():
        return  # The same once more: what the first time wrote is newer than the backup.
    newest = AuditEntry.objects.aggregate(at=models.Max("recorded_at"))["at"]
    if newest is not None and newest > backup_taken_at + BACKUPS_LAST:
        raise NotThisBackupError(
            f"This database knows of what happened on {newest:%d %B %Y at %H:%M} UTC: its backup was not taken "
            f"on {backup_taken_at:%d %B %Y at %H:%M} UTC. Look when it was, and name that moment. If it was then, "
            "somebody has worked in the restored database since: put the backup back once more, and run this before "
            "anything else."
        )


def _hold_mailboxes(backup_taken_at: datetime, *, now: datetime) -> int:
    mailboxes = list(Mailbox.objects.in_use().select_related("workspace"))
    for mailbox in mailboxes:
        holds.place(
            workspace=mailbox.workspace,
            subject=f"mailbox:{mailbox.pk}",
            reason=f"The database was restored from a backup of {backup_taken_at:%d %B %Y, %H:%M} UTC: what left "
            f"{mailbox.email} after that is not known here.",
            advice="Look into its Sent folder, say in the queue what became of each letter, and then let it go on.",
            source="after_restore",
            now=now,
        )
    # Nobody holds a lease any more: those who did worked on another database.
    Mailbox.objects.update(lease_token=None, leased_until=None, poll_token=None, poll_leased_until=None)
    return len(mailboxes)


def _doubt(backup_taken_at: datetime, *, now: datetime) -> int:
    """Everything that waited or was leaving. What was to leave later than now cannot have left, but where an edit of
    the sequence in the forgotten time may have let it go earlier: a shorter wait, a wider window.

    Each also gets its row in the ledger: it counts for caps, and no other letter takes its place.
    """
    might_be_due = models.Q(due_at=None) | models.Q(due_at__lte=now) | models.Q(lease_token__isnull=False)
    windowed = models.Q(step__isnull=False, follows_at=None) & ~models.Q(campaign__send_days="")
    might_be_due |= windowed | models.Q(step__isnull=False, follows_at__lte=now - SHORTEST_WAIT)
    waiting = Attempt.objects.filter(
        models.Q(state=Attempt.State.SENDING) | models.Q(state=Attempt.State.QUEUED) & might_be_due
    ).order_by("pk")
    doubted = 0
    while part := list(
        waiting.select_related("campaign__workspace", "lead__contact", "identity", "mailbox__workspace")[:AT_ONCE]
    ):
        doubt(part, backup_taken_at, now=now)
        doubted += len(part)
    return doubted


def doubt(attempts: Sequence[Attempt], backup_taken_at: datetime, *, now: datetime) -> None:
    """These letters may have been sent in the time that the database has forgotten."""
    for attempt in attempts:
        attempt.message_id = attempt.message_id or outbox.new_message_id_for(attempt)
    Attempt.objects.bulk_update(attempts, ["message_id"])
    _count_as_uncertain(attempts, now=now)
    Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).update(
        state=Attempt.State.UNCERTAIN,
        reason=f"The database was restored from a backup of {backup_taken_at:%d %B %Y, %H:%M} UTC: "
        "this letter may have left since.",
        verdict=Verdict.UNCERTAIN.value,
        due_at=None,
        asks="",
        finished_at=now,
        lease_token=None,
        leased_until=None,
        settled_at=None,
    )


def _count_as_uncertain(attempts: Sequence[Attempt], *, now: datetime) -> None:
    counted = set(
        SendRecord.objects.that_count()
        .filter(subject__in=[attempt.about for attempt in attempts])
        .values_list("subject", flat=True)
    )
    by_workspace: dict[Workspace, list[Attempt]] = {}
    for attempt in attempts:
        if attempt.about not in counted and attempt.mailbox is not None:
            by_workspace.setdefault(attempt.campaign.workspace, []).append(attempt)
    for workspace, uncounted in by_workspace.items():
        letters = [outbox.letter_of(each, each.mailbox, now=now) for each in uncounted if each.mailbox is not None]
        gate.count_as_uncertain(letters, workspace=workspace, now=now)
