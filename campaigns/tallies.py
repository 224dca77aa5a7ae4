"""How many letters stand where: counted in an index, never through the whole table, and for pages up to a bound."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from campaigns.models import Attempt
from outreach_site.accounts.models import Workspace

MANY = 10_000


@dataclass(frozen=True)
class Tally:
    """Letters of a workspace that are not done with. A number that reached `at_most` may be any number above it; None:
    all were counted.
    """

    waiting: int  # for their time or their turn
    asking: int  # for a person
    sending: int
    uncertain: int
    failed: int
    at_most: int | None = MANY

    def words(self, number: int) -> str:
        """`42`, or `10,000+` where nobody counted on."""
        return f"{number:,}+" if self.at_most is not None and number >= self.at_most else f"{number:,}"


# The indexes: attempts_next for queued letters, attempts_by_state for the others. The states stand in the text: SQLite
# takes a partial index only for the very words of its condition.
_EACH = {
    "waiting": "state = 'queued' AND due_at IS NOT NULL",
    "asking": "state = 'queued' AND due_at IS NULL",
    "sending": "state = 'sending'",
    "uncertain": "state = 'uncertain'",
    "failed": "state = 'failed'",
}


def tally(workspace: Workspace, *, at_most: int | None = MANY) -> Tally:
    """One query, whose cost is bounded by `at_most`. None: every letter is counted, for programs that calculate."""
    table = connection.ops.quote_name(Attempt._meta.db_table)
    bound, params = ("", [workspace.pk]) if at_most is None else ("LIMIT %s", [workspace.pk, at_most])
    parts = [
        f"(SELECT COUNT(*) FROM (SELECT 1 FROM {table} WHERE workspace_id = %s AND {where} {bound}) {name})"  # noqa: S608 - our own words
        for name, where in _EACH.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params * len(parts))
        row = cursor.fetchone()
    return Tally(**dict(zip(_EACH, row, strict=True)), at_most=at_most)
