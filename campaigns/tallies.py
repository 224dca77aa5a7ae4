"""How many letters stand where, for pages: counted in an index and up to a bound, never through the whole table."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from campaigns.models import Attempt
from outreach_site.accounts.models import Workspace

MANY = 10_000


@dataclass(frozen=True)
class Tally:
    """Letters of a workspace that are not done with. A number that reached `at_most` may be any number above it."""

    waiting: int  # for their time or their turn
    asking: int  # for a person
    sending: int
    uncertain: int
    failed: int
    at_most: int = MANY

    def words(self, number: int) -> str:
        """`42`, or `10,000+` where nobody counted on."""
        return f"{number:,}+" if number >= self.at_most else f"{number:,}"


# The indexes: attempts_next for queued letters, attempts_by_state for the others. The states stand in the text: SQLite
# takes a partial index only for the very words of its condition.
_EACH = {
    "waiting": "state = 'queued' AND due_at IS NOT NULL",
    "asking": "state = 'queued' AND due_at IS NULL",
    "sending": "state = 'sending'",
    "uncertain": "state = 'uncertain'",
    "failed": "state = 'failed'",
}


def tally(workspace: Workspace, *, at_most: int = MANY) -> Tally:
    """One query, whose cost is bounded by `at_most`."""
    table = connection.ops.quote_name(Attempt._meta.db_table)
    parts = [
        f"(SELECT COUNT(*) FROM (SELECT 1 FROM {table} WHERE workspace_id = %s AND {where} LIMIT %s) {name})"  # noqa: S608 - our own words
        for name, where in _EACH.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", [workspace.pk, at_most] * len(parts))
        row = cursor.fetchone()
    return Tally(**dict(zip(_EACH, row, strict=True)), at_most=at_most)
