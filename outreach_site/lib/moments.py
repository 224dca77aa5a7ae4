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

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        moment = f"(STATEMENT_TIMESTAMP() + INTERVAL '{self.span.total_seconds():+.6f} seconds')"
        return self.as_sql(compiler, connection, template=moment, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        # The percent signs are halved when this becomes a statement, and again when the statement is run.
        moment = f"STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f', 'now', '{self.span.total_seconds():+.3f} seconds')"
        return self.as_sql(compiler, connection, template=moment, **extra)
