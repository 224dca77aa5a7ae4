"""A campaign's leads and letters as rows of a file. The columns are fixed: programs read them by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Func, OuterRef, Subquery, TextField, Value

from campaigns.models import Attempt, Campaign, Lead, Tag
from outreach_site.lib.pieces import values_by_key

# Column -> where it stands.
LEADS: Mapping[str, str] = {
    "id": "pk",
    "website_url": "website_url",
    "website_title": "website_title",
    "domain": "domain",
    "contact_email": "contact__email",
    "contact_name": "contact__name",
    "contact_role": "contact__role",
    "topic": "topic",
    "status": "status",
    "stage": "stage",
    "next_action": "next_action",
    "next_action_on": "next_action_on",
    "quality_score": "quality_score",
    "relevance_score": "relevance_score",
    "guest_post_likelihood": "guest_post_likelihood",
    "source": "source",
    "assignee": "assignee__email",
    "found_url": "contact__found_url",
    "found_passage": "contact__found_passage",
    "origin": "contact__origin",
    "custom_fields": "custom_fields",
    "created_at": "created_at",
    "tags": "tag_names",
}
ATTEMPTS: Mapping[str, str] = {
    "id": "pk",
    "lead_id": "lead_id",
    "website_url": "lead__website_url",
    "kind": "kind",
    "step": "step__position",
    "state": "state",
    "sender": "mailbox__email",
    "recipient": "recipient",
    "subject": "subject",
    "body": "body",
    "ground": "ground",
    "reason": "reason",
    "due_at": "due_at",
    "created_at": "created_at",
    "sent_at": "finished_at",
    "message_id": "message_id",
    "tries": "tries",
    "queued_by": "user__email",
}
_STATE, _DUE, _SENT = (list(ATTEMPTS).index(name) for name in ("state", "due_at", "sent_at"))
_CUSTOM, _TAGS = (list(LEADS).index(name) for name in ("custom_fields", "tags"))


def leads_of(campaign: Campaign) -> Iterator[list[Any]]:
    """As LEADS names them, oldest first; a lead's own fields are JSON in their cell, commas stand between tags."""
    tags = Tag.objects.filter(leads=OuterRef("pk")).order_by().values(names=_Joined("name", Value("\n")))
    leads = Lead.objects.filter(campaign=campaign).annotate(tag_names=Subquery(tags, output_field=TextField()))
    for row in values_by_key(leads, *LEADS.values()):
        row[_CUSTOM] = json.dumps(row[_CUSTOM], ensure_ascii=False, sort_keys=True) if row[_CUSTOM] else ""
        row[_TAGS] = ", ".join(sorted(row[_TAGS].split("\n"))) if row[_TAGS] else ""
        yield row


class _Joined(Func):
    """All rows' texts as one, in no order."""

    function = "GROUP_CONCAT"

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        return self.as_sql(compiler, connection, function="STRING_AGG")


def attempts_of(campaign: Campaign) -> Iterator[list[Any]]:
    """As ATTEMPTS names them, oldest first."""
    for row in values_by_key(Attempt.objects.filter(campaign=campaign), *ATTEMPTS.values(), size=500):
        if row[_STATE] != Attempt.State.QUEUED:
            row[_DUE] = None
        if row[_STATE] != Attempt.State.SENT:
            row[_SENT] = None
        yield row
