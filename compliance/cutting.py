"""Cutting the log's beginning, as retention allows: whole sealed stretches, behind a checkpoint.

The checkpoint takes the place of the last seal that was cut and carries its digest, with a proof of its own; every
later walk begins there. Nothing is cut that does not fit: evidence of tampering is not to be tidied away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from compliance import audit, triggers, verification
from compliance.chain import ENTRIES, PEOPLE, SEALS, checkpoint_proof, written
from compliance.models import AuditCheck, AuditEntry, AuditSeal
from compliance.seals import is_torn, locked_head

# Rows of one transaction: on SQLite nobody else writes meanwhile.
AT_ONCE = 5000


class CannotCutError(Exception):
    """The beginning of the log stays; the message says why."""


@dataclass(frozen=True)
class Cut:
    """`count` entries are gone, and the walk begins at seal `seq`; `more` may be cut at once."""

    count: int
    seq: int
    more: bool


def cut(before: datetime, *, now: datetime, at_once: int = AT_ONCE) -> Cut:
    """Delete entries recorded before a moment, from the beginning up to the first that is younger. Audited.

    Raises CannotCutError. What changed hands in between (a late entry) keeps what was sealed after it, until its time.
    """
    with transaction.atomic():
        head = locked_head()
        if is_torn(head):
            raise CannotCutError("The end of the audit log is not as it was left: look at `manage.py verify_audit`.")
        if AuditCheck.objects.unfinished().exists():
            raise CannotCutError("The audit log is being checked: cut it afterwards.")
        walk = verification.begin()
        stretch = list(
            AuditSeal.objects.filter(seq__gt=walk.seq).order_by("seq").values_list("seq", "entry_id")[:at_once]
        )
        young = set(
            AuditEntry.objects.filter(pk__in=[pk for _, pk in stretch], recorded_at__gte=before).values_list(
                "pk", flat=True
            )
        )
        old = next((at for at, (_, pk) in enumerate(stretch) if pk in young), len(stretch))
        if not old:
            return Cut(count=0, seq=walk.seq, more=False)
        verification.go_on(walk, through=stretch[old - 1][0])
        if walk.findings:
            raise CannotCutError(
                f"The beginning of the audit log is not as it was written. {walk.findings[0].sentence}"
            )
        _delete(walk.seq)
        AuditSeal.objects.create(
            seq=walk.seq,
            entry=None,
            digest=walk.digest,
            sealed_at=now,
            checkpoint=checkpoint_proof(walk.seq, walk.digest, written(now)),
        )
        audit.record(
            "audit.cut",
            workspace=None,
            details={"entries": old, "through_entry": stretch[old - 1][1], "before": before, "seal": walk.seq},
            now=now,
        )
        return Cut(count=old, seq=walk.seq, more=old == at_once)


def _delete(through: int) -> None:
    """Entries, their readable side, and their seals, up to a seal."""
    sealed = f"(SELECT entry_id FROM {SEALS} WHERE seq <= %s)"  # noqa: S608 - our own names
    with triggers.lifted(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {PEOPLE} WHERE entry_id IN {sealed}", [through])  # noqa: S608 - our own names
        cursor.execute(f"DELETE FROM {ENTRIES} WHERE id IN {sealed}", [through])  # noqa: S608 - our own names
        cursor.execute(f"DELETE FROM {SEALS} WHERE seq <= %s", [through])  # noqa: S608 - our own names
