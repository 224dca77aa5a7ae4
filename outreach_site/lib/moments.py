"""Moments by the database's clock, which all workers share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now


class FromNow(Now):
    """The moment so long after now, or before it for a negative span, to the millisecond on SQLite.

    What `Now() + span` says. SQLite would have Django add that up in Python, by a function that takes both as text: as
    long as all the rest of a short update.
    """

    def __init__(self, span: timedelta) -> None:
        super().__init__()
        self.span = span

    def as_postgresql(self, *_: object) -> tuple[str, list[Any]]:
        return "(STATEMENT_TIMESTAMP() + %s::interval)", [self.span]

    def as_sqlite(self, *_: object) -> tuple[str, list[Any]]:  # type: ignore[override]  # neither is looked at
        return "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now', %s)", [f"{self.span.total_seconds():+.3f} seconds"]
