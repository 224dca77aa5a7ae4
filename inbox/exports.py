"""What came back to a campaign as rows of a file. The columns are fixed: programs read them by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from campaigns.models import Campaign
from inbox.models import Reply
from outreach_site.lib.pieces import values_by_key

# Column -> where it stands.
COLUMNS: Mapping[str, str] = {
    "id": "pk",
    "lead_id": "lead_id",
    "attempt_id": "attempt_id",
    "website_url": "lead__website_url",
    "lead_status": "lead__status",
    "from_email": "from_email",
    "from_name": "from_name",
    "subject": "subject",
    "body": "new_text",
    "classification": "classification",
    "kind": "kind",
    "intents": "intents",
    "needs_review": "needs_review",
    "return_on": "return_on",
    "received_at": "received_at",
    "read_at": "read_at",
    "message_id": "message_id",
}
_BODY, _INTENTS = (list(COLUMNS).index(name) for name in ("body", "intents"))


def replies_of(campaign: Campaign) -> Iterator[list[Any]]:
    """As COLUMNS names them, in the order in which they were read."""
    for row in values_by_key(Reply.objects.filter(campaign=campaign), *COLUMNS.values(), "server_words", size=200):
        row[_BODY] = row[_BODY] or row.pop()
        row[_INTENTS] = " ".join(dict.fromkeys(str(each.get("intent", "")) for each in row[_INTENTS]))
        yield row[: len(COLUMNS)]
