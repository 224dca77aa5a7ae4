"""A campaign's leads and letters as rows of a file. The columns are fixed: programs read them by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from campaigns.models import Attempt, Campaign, Lead
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
    "found_url": "contact__found_url",
    "found_passage": "contact__found_passage",
    "origin": "contact__origin",
    "custom_fields": "custom_fields",
    "created_at": "created_at",
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
_CUSTOM = list(LEADS).index("custom_fields")


def leads_of(campaign: Campaign) -> Iterator[list[Any]]:
    """As LEADS names them, oldest first; a lead's own fields are JSON in their cell."""
    for row in values_by_key(Lead.objects.filter(campaign=campaign), *LEADS.values()):
        row[_CUSTOM] = json.dumps(row[_CUSTOM], ensure_ascii=False, sort_keys=True) if row[_CUSTOM] else ""
        yield row


def attempts_of(campaign: Campaign) -> Iterator[list[Any]]:
    """As ATTEMPTS names them, oldest first."""
    for row in values_by_key(Attempt.objects.filter(campaign=campaign), *ATTEMPTS.values(), size=500):
        if row[_STATE] != Attempt.State.QUEUED:
            row[_DUE] = None
        if row[_STATE] != Attempt.State.SENT:
            row[_SENT] = None
        yield row
