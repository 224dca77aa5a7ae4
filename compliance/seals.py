"""Sealing the log: every entry gets its link in the chain, within a minute, and none is ever passed over.

Writing an entry only inserts: no chain, and so no queue, stands in the way of the letters. The sealer comes later,
alone, under one lock, and seals what has no seal yet. On PostgreSQL ids are given out before transactions commit, so a
lower id may show up after a higher one was sealed; it is sealed then, in the order of its coming (AuditHead says how
the sealer knows that nothing can come any more).
"""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Exists, Max, Min, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from compliance.chain import ENTRIES, SEALS, Sealing, entry_text, fetch, head_proof, written
from compliance.models import AuditCheck, AuditEntry, AuditHead, AuditSeal
from outreach_site.lib.inserting import insert

log = structlog.get_logger(__name__)

BATCH = 1000
# An entry without a seal for so long is an alarm: no sealer works, or it cannot.
OVERDUE = timedelta(minutes=5)
# Between giving out an id and having a number of its own, a transaction of PostgreSQL needs microseconds.
SETTLING = timedelta(seconds=10)


@dataclass(frozen=True)
class Sealed:
    count: int
    more: bool


def seal(*, now: datetime, seconds: float = 20.0, batch: int = BATCH) -> Sealed:
    """Seal what has no seal, in batches of one transaction each, for about so many seconds.

    1. Take the lock: the head's row; on SQLite the transaction itself. A second sealer waits, and finds less to do.
    2. Read the next entries without a seal, by id.
    3. Chain them to the last seal and write seals and head together: a kill leaves all of a batch, or nothing.
    """
    deadline = time.monotonic() + seconds
    count, after = 0, 0
    began: _Round | None = None
    while True:
        with transaction.atomic():
            head = locked_head()
            began = began or _Round(horizon=_horizon(), top_id=head.top_id)
            sealed, after = _seal_batch(head, began, after=after, batch=batch, now=now)
        count += sealed
        if sealed < batch:
            return Sealed(count=count, more=False)
        if time.monotonic() > deadline:
            return Sealed(count=count, more=True)


def locked_head() -> AuditHead:
    """The head, made if there is none, and nobody else's until this transaction ends."""
    AuditHead.objects.get_or_create(pk=AuditHead.ONLY)
    return AuditHead.objects.select_for_update().get(pk=AuditHead.ONLY)


def exported(head: AuditHead | AuditCheck, *, now: datetime) -> dict[str, Any]:
    """The end of the chain as `verify_audit --heads` reads it; nothing in it says what the log holds."""
    return {"seq": head.seq, "digest": head.digest, "exported_at": now.isoformat(timespec="seconds")}


def oldest_overdue(now: datetime) -> datetime | None:
    """When the oldest of those entries was recorded that should have a seal by now. One query.

    Counted from the sealer's last full round too: an entry may be about something that happened long ago.
    """
    head = AuditHead.objects.filter(pk=AuditHead.ONLY)
    waiting = AuditEntry.objects.filter(
        ~Exists(head.filter(swept_at__gte=now - OVERDUE)),
        ~Exists(AuditSeal.objects.filter(entry=OuterRef("pk"))),
        pk__gt=Coalesce(Subquery(head.values("swept_id")), Value(0)),
        recorded_at__lt=now - OVERDUE,
    )
    at: datetime | None = waiting.aggregate(at=Min("recorded_at"))["at"]
    return at


def _seal_batch(head: AuditHead, began: _Round, *, after: int, batch: int, now: datetime) -> tuple[int, int]:
    """How many were sealed, and the id of the last."""
    end = _end_of_chain(head)
    rows = _unsealed(max(after, head.swept_id), batch)
    if end.is_torn and not rows:
        return 0, after  # The head stays as it was found: nothing here may sign what somebody else wrote.
    seq, digest = end.seq, end.digest
    sealing, sealed_at = Sealing(), written(now)
    seals = []
    for entry_id, text in rows:
        seq += 1
        digest = sealing(digest, seq, entry_id, sealed_at, text)
        seals.append(AuditSeal(seq=seq, entry_id=entry_id, digest=digest, sealed_at=now))
    insert(seals)
    if rows:
        after = int(rows[-1][0])
        head.seq, head.digest = seq, digest
    _note(head, began, top=after, is_swept=len(rows) < batch, now=now)
    return len(rows), after


def _unsealed(after: int, limit: int) -> list[tuple[Any, ...]]:
    return fetch(
        f"SELECT e.id, {entry_text('e')} FROM {ENTRIES} e "  # noqa: S608 - our own names
        f"WHERE e.id > %s AND NOT EXISTS (SELECT 1 FROM {SEALS} s WHERE s.entry_id = e.id) ORDER BY e.id LIMIT %s",
        [after, limit],
    )


@dataclass(frozen=True)
class _End:
    """The number and digest that the next seal follows. `is_torn`: seals and head do not fit together."""

    seq: int
    digest: str
    is_torn: bool = False


def _end_of_chain(head: AuditHead) -> _End:
    """Where seals and head disagree, rows are gone or were put in.

    The log goes on all the same, behind a hole in the numbers that stays for every later check to see; there the chain
    begins anew.
    """
    last_seq, last_digest = AuditSeal.objects.order_by("-seq").values_list("seq", "digest").first() or (0, "")
    if is_true(head):
        if (last_seq, last_digest) == (head.seq, head.digest):
            return _End(last_seq, last_digest)
        seq = max(head.seq, last_seq)
    else:
        seq = last_seq
        head.swept_id = AuditSeal.objects.aggregate(top=Max("entry_id"))["top"] or 0
        head.rising_xid = 0
    log.error("the end of the audit log is not as it was left: run manage.py verify_audit", last_seal=last_seq)
    return _End(seq + 1 if seq == last_seq else seq, "", is_torn=True)


def is_torn(head: AuditHead) -> bool:
    """Whether seals and head do not fit together."""
    return _end_of_chain(head).is_torn


def is_true(head: AuditHead) -> bool:
    """Whether we wrote this head; one that was just made counts where there was nothing before."""
    if not head.proof and not head.seq and not head.swept_id:
        return not AuditSeal.objects.exists()
    return hmac.compare_digest(head.proof.encode(), head_proof(head).encode())


def _note(head: AuditHead, began: _Round, *, top: int, is_swept: bool, now: datetime) -> None:
    """Write down the chain's end, and how far nothing can come any more."""
    if connection.vendor == "sqlite":
        head.swept_id = max(head.swept_id, top)  # One writer at a time: ids are committed in their order.
    elif is_swept:
        _rise(head, began, now=now)
    head.top_id = max(head.top_id, top)
    head.swept_at = now if is_swept else head.swept_at
    head.proof = head_proof(head)
    head.save()


def _rise(head: AuditHead, began: _Round, *, now: datetime) -> None:
    """PostgreSQL: whatever was committed when this round began has been sealed in it."""
    if began.horizon.next < head.rising_xid:  # The database has moved to another server, which counts anew.
        head.rising_xid = 0
    elif head.rising_xid and began.horizon.oldest >= head.rising_xid:
        head.swept_id, head.rising_xid = head.rising_id, 0
    if not head.rising_xid and head.swept_at is not None and now - head.swept_at >= SETTLING:
        # An entry of an earlier round has its id from a transaction numbered below `next`; so has every transaction
        # that was given a lower id, and may still commit it.
        head.rising_id, head.rising_xid = began.top_id, began.horizon.next


@dataclass(frozen=True)
class _Horizon:
    """PostgreSQL's transactions: all below `oldest` are over, none from `next` on has begun."""

    oldest: int = 0
    next: int = 0


def _horizon() -> _Horizon:
    """Asked before the entries are read: what is over now is visible to that later statement."""
    if connection.vendor == "sqlite":
        return _Horizon()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() s"
        )
        oldest, following = cursor.fetchone()
    return _Horizon(oldest=oldest, next=following)


@dataclass(frozen=True)
class _Round:
    """What was so when the first batch began: the transactions, and the highest entry with a seal."""

    horizon: _Horizon
    top_id: int
