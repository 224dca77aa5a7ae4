"""What the tests of the sealed log share: a log, a hand that touches the database itself, and a look at what it did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from compliance import audit, seals, triggers, verification
from compliance.chain import ENTRIES, PEOPLE, SEALS
from compliance.models import AuditEntry
from compliance.verification import Finding


def write(count: int, *, now: datetime | None = None, **more: Any) -> list[int]:
    """Entries about letters, and their ids."""
    made = audit.record_many(
        [
            audit.Entry(
                event="letter.decided",
                now=now or timezone.now(),
                workspace_id=more.get("workspace_id", 1),
                user_id=3,
                about=f"attempt:{number}",
                policy_result="blocked",
                reason=f"“Größe” {number}: it is on the list.",
                legal_basis="consent",
                region="EU",
                checks=[{"rule": "hold", "outcome": "passed", "sentence": f"Nothing holds number {number} — fine."}],
                details={"ground": "published", "ratio": 0.1, "number": number},
                lead_email=f"ed{number}@site.test",
                sender_email="mara@orchard.example",
                subject=f"A link for “Gärten” {number}",
            )
            for number in range(count)
        ]
    )
    return [entry.pk for entry in made]


def sealed(count: int) -> list[int]:
    ids = write(count)
    seals.seal(now=timezone.now())
    return ids


def look(*, now: datetime | None = None, slices: bool = False) -> list[Finding]:
    """All that a full walk finds; in slices, as the page's check does it."""
    walk = verification.begin()
    through = verification.end_of_seals()
    while not verification.go_on(walk, through=through, seconds=0 if slices else 60):
        pass
    verification.finish(walk, now=now or timezone.now())
    return walk.findings


def found(findings: list[Finding]) -> set[tuple[str, int | None]]:
    return {(finding.kind.value, finding.entry_id) for finding in findings}


@contextmanager
def another_hand() -> Iterator[None]:
    """Somebody who may do anything with the database, but has no key."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET session_replication_role = replica")
        else:
            for trigger in triggers._wanted(connection):
                triggers._drop(connection, trigger)
    yield
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = DEFAULT")
    triggers.install()


def run(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def remove(*ids: int, with_seal: bool) -> None:
    for entry_id in ids:
        run(f"DELETE FROM {PEOPLE} WHERE entry_id = %s", entry_id)
        run(f"DELETE FROM {ENTRIES} WHERE id = %s", entry_id)
        if with_seal:
            run(f"DELETE FROM {SEALS} WHERE entry_id = %s", entry_id)


def copy_entry(entry_id: int, new_id: int, **changes: Any) -> None:
    values = AuditEntry.objects.filter(pk=entry_id).values().get() | changes | {"id": new_id}
    AuditEntry(**values).save(force_insert=True)
