"""The audit log as a file: CSV or JSON, row by row, however long the log is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from compliance.models import AuditEntry, AuditEntryQuerySet
from outreach_site.accounts.models import User
from outreach_site.lib import csv

CHUNK = 1000
COLUMNS = (
    "id",
    "timestamp",
    "event",
    "user",
    "lead_email",
    "sender_email",
    "subject",
    "policy_result",
    "reason",
    "legal_basis",
    "region",
    "about",
    "checks",
    "details",
    "is_preview",
    "person_digest",
    "seal",
    "seal_digest",
)


Row = dict[str, Any]


def as_csv(rows: Iterable[Row], *, with_mark: bool = False) -> Iterator[bytes]:
    """Checks and details are JSON in their cells."""
    return csv.lines(COLUMNS, (_cells(row) for row in rows), with_mark=with_mark)


def as_json(rows: Iterable[Row]) -> Iterator[bytes]:
    """One array, an object a line."""
    before = b"[\n"
    for row in rows:
        yield before + json.dumps(row, ensure_ascii=False).encode()
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _cells(row: Row) -> list[Any]:
    return [json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict | list) else cell for cell in row.values()]


def rows_of(entries: AuditEntryQuerySet) -> Iterator[Row]:
    """Oldest first, in pieces of two queries each; what is recorded from now on is left out.

    By key, not through one long cursor: a slow reader keeps no transaction open.
    """
    newest = entries.order_by("-pk").values_list("pk", flat=True).first() or 0
    last = 0
    while last < newest:
        piece = list(
            entries.filter(pk__gt=last, pk__lte=newest).select_related("person", "seal").order_by("pk")[:CHUNK]
        )
        if not piece:
            return
        users = {entry.user_id for entry in piece} - {None}
        emails = dict(User.objects.filter(pk__in=users).values_list("pk", "email"))
        for entry in piece:
            yield _row(entry, emails)
        last = piece[-1].pk


def _row(entry: AuditEntry, emails: dict[int, str]) -> dict[str, Any]:
    person, seal = getattr(entry, "person", None), getattr(entry, "seal", None)
    who = "" if entry.user_id is None else emails.get(entry.user_id, f"user:{entry.user_id}")
    return dict(
        zip(
            COLUMNS,
            (
                entry.pk,
                entry.recorded_at.isoformat(),
                entry.event,
                who,
                person.lead_email if person else "",
                person.sender_email if person else "",
                person.subject if person else "",
                entry.policy_result,
                entry.reason,
                entry.legal_basis,
                entry.region,
                entry.about,
                entry.checks,
                entry.details,
                entry.is_preview,
                entry.person_digest,
                seal.seq if seal else None,
                seal.digest if seal else "",
            ),
            strict=True,
        )
    )
