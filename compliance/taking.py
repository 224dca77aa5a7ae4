"""Taking data away as a file: noted in the audit log before the first byte, and followed while it goes out.

The file is made as it is sent, row by row; nothing of it is ever held or stored, so it may be of any length. How far
it has come is written down once a second: the page that it was asked for on shows it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models.functions import Now

from compliance import audit
from compliance.export_models import Export
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib import csv

KEPT_FOR = timedelta(days=90)
NOTED_EVERY = 1.0  # seconds
T = TypeVar("T")


class Counted(Iterable[T]):
    """Rows that are counted as they pass."""

    def __init__(self, rows: Iterable[T]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[T]:
        for row in self._rows:
            self.count += 1
            yield row


def begin(
    what: Export.What,
    *,
    workspace: Workspace,
    about: str,
    total: int,
    user: User,
    details: Mapping[str, Any] | None = None,
    now: datetime,
) -> Export:
    """Write down who takes what. The audit log of `what` itself is noted by whoever exports it."""
    Export.objects.in_workspace(workspace).filter(begun_at__lt=now - KEPT_FOR).delete()
    export = Export.objects.create(
        workspace=workspace, what=what, about=about, total=total, taken_by_id=user.pk, begun_at=now, moved_at=now
    )
    if what != Export.What.AUDIT:
        audit.record(
            f"{what.value}.exported",
            workspace=workspace,
            user=user,
            about=about,
            details={"rows": total} | dict(details or {}),
            now=now,
        )
    return export


def as_csv(
    export: Export, header: Sequence[str], rows: Iterable[Sequence[Any]], *, with_mark: bool = False
) -> Iterator[bytes]:
    """The file, followed as it goes out."""
    counted = Counted(rows)
    return followed(export, counted, csv.lines(header, counted, with_mark=with_mark))


def followed(export: Export, rows: Counted[Any], pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces as they are; and how many rows have gone out with them. Times are the database's."""
    mine = Export.objects.filter(pk=export.pk)
    noted_at = time.monotonic()
    is_whole = False
    try:
        for piece in pieces:
            yield piece
            if time.monotonic() - noted_at >= NOTED_EVERY:
                noted_at = time.monotonic()
                mine.update(rows=rows.count, moved_at=Now())
        is_whole = True
    finally:
        if is_whole:
            mine.update(rows=rows.count, moved_at=Now(), finished_at=Now())
        else:
            mine.update(rows=rows.count, moved_at=Now(), broke_off_at=Now())
