"""Walking the chain: is the log as it was written, and if not, which row is not?

The walk reads seals in their order with their entries, a few thousand at a time, so memory stays the same whatever the
log's length; it can stop after any slice and go on later. A row that does not fit does not hide the others: the chain
goes on from the digest that stands there.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models import Exists, OuterRef

from compliance.chain import (
    ENTRIES,
    PEOPLE,
    SEALS,
    Naming,
    Sealing,
    check_proof,
    checkpoint_proof,
    entry_text,
    fetch,
    moment,
    written,
)
from compliance.models import AuditCheck, AuditEntry, AuditHead, AuditSeal
from compliance.seals import OVERDUE, is_true

CHUNK = 4000
# Rows that do not fit are remembered up to this number, to see whether they only changed places.
REMEMBERED = 100
# Entries without a seal are named up to this number; the rest is counted.
NAMED = 20
# A slice may take so many seconds more, to end where nothing is left open.
GRACE = 5


class Kind(models.TextChoices):
    CHANGED = "changed", "Changed"
    REMOVED = "removed", "Removed"
    INSERTED = "inserted", "Put in"
    REORDERED = "reordered", "Moved"
    TAIL = "tail", "End missing"
    HEAD = "head", "Not the end that was written down"
    UNSEALED = "unsealed", "Not sealed"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was written. `entry_id` and `seq` where they are known."""

    kind: Kind
    sentence: str
    entry_id: int | None = None
    seq: int | None = None


@dataclass
class Walk:
    """How far a walk has come, and what it has found."""

    seq: int  # of the last seal that was read
    digest: str  # that stands there
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, kind: Kind, sentence: str, *, entry_id: int | None = None, seq: int | None = None) -> None:
        self.findings.append(Finding(kind, sentence, entry_id, seq))


@dataclass(frozen=True)
class ExportedHead:
    """The chain's end as it was at some moment, kept outside the database."""

    seq: int
    digest: str


def begin() -> Walk:
    """A walk over everything that stands: from the first seal, or from the checkpoint that carries what was cut."""
    first = AuditSeal.objects.order_by("seq").first()
    if first is None or not first.checkpoint:
        return Walk(seq=0, digest="")
    walk = Walk(seq=first.seq, digest=first.digest)
    expected = checkpoint_proof(first.seq, first.digest, written(first.sealed_at))
    if not hmac.compare_digest(first.checkpoint.encode(), expected.encode()):
        walk.add(
            Kind.CHANGED, f"The checkpoint at seal {first.seq} is not one of ours: the log was cut.", seq=first.seq
        )
    return walk


def begin_after_last_check() -> Walk:
    """A walk over what was sealed after the last check that found everything as it was written."""
    walk = begin()
    check = last_intact_check()
    if check is None or check.seq < walk.seq:
        return walk
    later = Walk(seq=check.seq, digest=check.digest, findings=walk.findings)
    later.findings += list(compare([ExportedHead(check.seq, check.digest)]))
    return later


def last_intact_check() -> AuditCheck | None:
    """The newest whose own digest is right: nobody else may say that the log was intact."""
    for check in AuditCheck.objects.finished().filter(found=0).order_by("-pk")[:10]:
        if hmac.compare_digest(check.proof.encode(), check_proof(check.seq, check.digest).encode()):
            return check
    return None


def end_of_seals() -> int:
    return AuditSeal.objects.aggregate(top=models.Max("seq"))["top"] or 0


def go_on(walk: Walk, *, through: int, seconds: float = float("inf")) -> bool:
    """Walk on for about so many seconds; True when the seal `through` was reached, or the last one before it."""
    deadline = time.monotonic() + seconds
    pace = _Pace(walk)
    with closing(_chunks(walk.seq, through)) as chunks:
        for chunk in chunks:
            pace.take(chunk)
            late = time.monotonic() - deadline
            if late > 0 and (pace.is_sure or late > GRACE):
                pace.settle()
                return False
    pace.settle()
    return True


def finish(walk: Walk, *, now: datetime) -> None:
    """What the walk alone does not see: the end, and entries without a seal. Constant queries."""
    _look_at_end(walk)
    _look_for_unsealed(walk, now=now)


def compare(heads: Iterable[ExportedHead]) -> Iterator[Finding]:
    """Heads that were kept elsewhere, against the chain: what was cut off together with its head shows here."""
    first, last = begin(), end_of_seals()
    for head in heads:
        if head.seq < first.seq:
            continue  # It lies behind the checkpoint, which carries it.
        if head.seq > last:
            yield Finding(
                Kind.TAIL, f"The log once went on to seal {head.seq}, and ends at seal {last} now.", seq=head.seq
            )
            continue
        found = AuditSeal.objects.filter(seq=head.seq).values_list("digest", "entry_id").first()
        if found is None:
            yield Finding(Kind.REMOVED, f"Seal {head.seq} was once the log's end, and is missing now.", seq=head.seq)
        elif not hmac.compare_digest(found[0].encode(), head.digest.encode()):
            sentence = f"Seal {head.seq} is not the one that was once the log's end: what stands there was replaced."
            yield Finding(Kind.CHANGED, sentence, entry_id=found[1], seq=head.seq)


# --- The walk ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Chunk:
    """Some thousand seals, and what they are about by entry: its text, and its readable side."""

    seals: list[tuple[Any, ...]]  # seq, entry, digest, sealed_at, whether it is a checkpoint
    texts: dict[int | None, str | None]
    people: dict[int | None, tuple[Any, ...]]

    @property
    def end(self) -> int:
        return int(self.seals[-1][0])


def _chunks(after: int, through: int) -> Generator[_Chunk, None, None]:
    """One after the other. PostgreSQL gathers the next while this process looks at one: each waits for the other less.

    The thread that asks for it has the caller's own connection, and so sees what the caller sees; nobody else uses
    that until the chunk is here.
    """
    if connection.vendor == "sqlite":
        while after < through and (chunk := _chunk(after, through)).seals:
            yield chunk
            after = chunk.end
        return
    ours = connections[DEFAULT_DB_ALIAS]

    def ask(since: int) -> _Chunk:
        connections[DEFAULT_DB_ALIAS] = ours
        return _chunk(since, through)

    ours.inc_thread_sharing()
    try:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="chunks") as thread:
            coming = thread.submit(ask, after) if after < through else None
            while coming is not None and (chunk := coming.result()).seals:
                coming = thread.submit(ask, chunk.end) if chunk.end < through else None
                yield chunk
    finally:
        ours.dec_thread_sharing()


def _chunk(after: int, through: int) -> _Chunk:
    """The next seals. Three plain ranges instead of a join: nothing for a planner to misjudge.

    A LIMIT it does: where PostgreSQL takes the table for smaller than it is, it reads and sorts all the rest each time.
    """
    seals = _seals(after, through)
    if not seals and after + CHUNK < through:  # A hole as long as a chunk, or the end.
        beyond = AuditSeal.objects.filter(seq__gt=after, seq__lte=through).order_by("seq").first()
        seals = _seals(beyond.seq - 1, through) if beyond else []
    ids = [seal[1] for seal in seals if seal[1] is not None]
    texts = _of_entries(f"SELECT e.id, {entry_text('e')} FROM {ENTRIES} e WHERE e.id", ids)  # noqa: S608 - our own names
    people = _of_entries(f"SELECT entry_id, lead_email, sender_email, subject FROM {PEOPLE} WHERE entry_id", ids)  # noqa: S608 - our own names
    return _Chunk(seals, dict(texts), {person[0]: person for person in people})


def _seals(after: int, through: int) -> list[tuple[Any, ...]]:
    """Those of the next CHUNK places."""
    return fetch(
        f"SELECT seq, entry_id, digest, {moment('sealed_at')}, checkpoint <> '' FROM {SEALS} "  # noqa: S608 - our own names
        "WHERE seq > %s AND seq <= %s ORDER BY seq",
        [after, min(after + CHUNK, through)],
    )


def _of_entries(select: str, ids: list[int]) -> list[tuple[Any, ...]]:
    if not ids:
        return []
    low, high = min(ids), max(ids)
    if high - low < 2 * CHUNK:
        return fetch(f"{select} BETWEEN %s AND %s", [low, high])
    # Few lie so far apart: entries that were committed late, or moved.
    return fetch(f"{select} IN ({', '.join(['%s'] * len(ids))})", ids)


@dataclass(frozen=True)
class _Misfit:
    """A seal and an entry that do not fit, with what is needed to try them in another place."""

    seq: int
    entry_id: int
    sealed_at: str
    digest: str
    text: str
    before: tuple[str, ...]  # what may have stood before it


class _Pace:
    """Takes rows in their order; the part of the walk that must be quick."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.sealing, self.naming = Sealing(), Naming()
        self.misfits: list[_Misfit] = []
        self.wrong_seals: set[int] = set()  # whose entry is right
        self.recomputed = ""  # of the last row, if that did not fit: perhaps only its digest is wrong
        self.entry_id: int | None = None  # of the last row

    @property
    def is_sure(self) -> bool:
        """Nothing of the last row is left open: here a slice may end."""
        return not self.recomputed

    def take(self, chunk: _Chunk) -> None:
        walk, sealing, naming = self.walk, self.sealing, self.naming
        text_of, person_of = chunk.texts.get, chunk.people.get
        seq, before = walk.seq, walk.digest
        for seal in chunk.seals:
            this, entry_id, digest, sealed_at, _ = seal
            text, person = text_of(entry_id), person_of(entry_id)
            if this == seq + 1 and text is not None and sealing(before, this, entry_id, sealed_at, text) == digest:
                self.recomputed = ""
            else:
                self._look_closely(seal, text, seq, before)
            if person is not None and text is not None and not text.endswith(naming(person[1], person[2], person[3])):
                sentence = f"Whom entry {entry_id} is about was changed: address or subject are not those written."
                walk.add(Kind.CHANGED, sentence, entry_id=entry_id, seq=this)
            seq, before, self.entry_id = this, digest, entry_id
        walk.seq, walk.digest = seq, before
        walk.rows += len(chunk.seals)

    def _look_closely(self, seal: tuple[Any, ...], text: str | None, last: int, before: str) -> None:
        seq, entry_id, digest, sealed_at, is_checkpoint = seal
        befores = (before, self.recomputed) if self.recomputed else (before,)
        self.recomputed = ""
        is_next = seq == last + 1
        if not is_next:
            self._miss(last, seq, entry_id)
            befores = ("",)
        if is_checkpoint or entry_id is None:
            sentence = f"Seal {seq} claims to be a checkpoint, which only the first seal can be."
            self.walk.add(Kind.INSERTED, sentence, seq=seq)
            return
        if text is None:
            self.walk.add(Kind.REMOVED, f"Entry {entry_id} was removed.", entry_id=entry_id, seq=seq)
            return
        fits = [one for one in befores if self.sealing(one, seq, entry_id, sealed_at, text) == digest]
        if fits:
            if is_next and before not in fits:
                self.wrong_seals.add(last)
            return
        if not is_next:
            return  # Nothing can be said about the row after a gap; the gap was said.
        self.recomputed = self.sealing(before, seq, entry_id, sealed_at, text)
        if len(self.misfits) < REMEMBERED:
            self.misfits.append(_Misfit(seq, entry_id, sealed_at, digest, text, befores))
        else:
            self.walk.add(Kind.CHANGED, _changed(entry_id), entry_id=entry_id, seq=seq)

    def _miss(self, last: int, seq: int, entry_id: int | None) -> None:
        """Seals between two others are gone."""
        count = seq - last - 1
        seals = f"Seal {last + 1} is" if count == 1 else f"Seals {last + 1} to {seq - 1} are"
        if last == self.walk.seq == 0 and self.entry_id is None:
            where = f"the log's beginning, before entry {entry_id}"
        elif self.entry_id is None:
            where = f"just before entry {entry_id}"
        else:
            where = f"between entry {self.entry_id} and entry {entry_id}"
        self.walk.add(Kind.REMOVED, f"{seals} missing: {where}.", entry_id=entry_id, seq=last + 1)

    def settle(self) -> None:
        """Say what is wrong with the rows that did not fit: some only stand in another's place."""
        moved: dict[int, str] = {}
        cleared: set[int] = set()
        for one in self.misfits:
            for other in self.misfits:
                if one is other:
                    continue
                for before in (*one.before, one.digest):  # Two neighbours may have changed places.
                    if self.sealing(before, one.seq, other.entry_id, other.sealed_at, other.text) == other.digest:
                        moved[other.seq] = (
                            f"The seal of entry {other.entry_id} was moved: it stands at place {other.seq} "
                            f"and belongs at place {one.seq}."
                        )
                    if self.sealing(before, one.seq, one.entry_id, one.sealed_at, other.text) == one.digest:
                        moved[one.seq] = f"Entry {one.entry_id} was moved: its text stands as entry {other.entry_id}."
                # The seal before it is wrong, and says so itself.
                if self.sealing(other.digest, one.seq, one.entry_id, one.sealed_at, one.text) == one.digest:
                    cleared.add(one.seq)
        for one in self.misfits:
            if one.seq in moved:
                self.walk.add(Kind.REORDERED, moved[one.seq], entry_id=one.entry_id, seq=one.seq)
            elif one.seq in self.wrong_seals:
                sentence = f"The seal of entry {one.entry_id} was changed; the entry itself is as it was written."
                self.walk.add(Kind.CHANGED, sentence, entry_id=one.entry_id, seq=one.seq)
            elif one.seq not in cleared:
                self.walk.add(Kind.CHANGED, _changed(one.entry_id), entry_id=one.entry_id, seq=one.seq)
        self.misfits.clear()
        self.wrong_seals.clear()


def _changed(entry_id: int) -> str:
    return f"Entry {entry_id} was changed, or put in with a seal that is not ours."


# --- The end, and what has no seal ------------------------------------------------------------------------------------


def _look_at_end(walk: Walk) -> None:
    # One statement, so that the sealer cannot come in between.
    head = (
        AuditHead.objects.filter(pk=AuditHead.ONLY)
        .annotate(last=models.Subquery(_LAST.values("seq")), last_digest=models.Subquery(_LAST.values("digest")))
        .first()
    )
    if head is None:
        if AuditSeal.objects.exists():
            walk.add(Kind.HEAD, "The note of where the log ends is gone: rows at its end may be missing.")
        return
    if not is_true(head):
        walk.add(Kind.HEAD, "The note of where the log ends was changed: rows at its end may be missing.")
        return
    last = head.last or 0
    if last < head.seq:
        which = f"seal {head.seq} is" if head.seq == last + 1 else f"seals {last + 1} to {head.seq} are"
        entry = AuditSeal.objects.filter(seq=last).values_list("entry_id", flat=True).first()
        after = f", after entry {entry}" if entry else ""
        walk.add(Kind.TAIL, f"The log's end is missing: {which} gone{after}.", entry_id=entry, seq=last + 1)
    elif last > head.seq:
        walk.add(Kind.INSERTED, f"Seals after {head.seq}, the log's end, were put in.", seq=head.seq + 1)
    elif (head.last_digest or "") != head.digest:
        walk.add(Kind.HEAD, f"Seal {last} is not the one that was noted as the log's end.", seq=last)


_LAST = AuditSeal.objects.order_by("-seq")[:1]


def _look_for_unsealed(walk: Walk, *, now: datetime) -> None:
    """Entries that no seal covers: behind the sealer, nobody but another hand can have put them there."""
    swept = AuditHead.objects.filter(pk=AuditHead.ONLY).values_list("swept_id", flat=True).first() or 0
    bare = AuditEntry.objects.filter(~Exists(AuditSeal.objects.filter(entry=OuterRef("pk")))).order_by("pk")
    behind = "was put in behind the sealer, or its seal was removed"
    waits = f"has waited for its seal for more than {int(OVERDUE.total_seconds() // 60)} minutes"
    overdue = f"{waits}: no sealer works, or it was put in and dated back"
    for kind, entries, what in (
        (Kind.INSERTED, bare.filter(pk__lte=swept), behind),
        (Kind.UNSEALED, bare.filter(pk__gt=swept, recorded_at__lt=now - OVERDUE), overdue),
    ):
        found = list(entries.values_list("pk", flat=True)[: NAMED + 1])
        for entry_id in found[:NAMED]:
            walk.add(kind, f"Entry {entry_id} {what}.", entry_id=entry_id)
        if len(found) > NAMED:
            walk.add(kind, f"The same is so of {entries.count() - NAMED} more, after entry {found[NAMED - 1]}.")
