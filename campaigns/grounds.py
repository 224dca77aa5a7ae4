"""Naming why we may write: what ends the wait of letters to regions that ask for it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from campaigns.models import Attempt, AttemptQuerySet, Campaign, Ground
from campaigns.models.attempt import due_from
from campaigns.tasks import dispatch_soon
from compliance import audit
from compliance.policy import Rule
from outreach_site.accounts.models import User

AT_MOST = 500
# What a person may name. Consent is no word of ours: a record on the consent list speaks for itself.
BY_HAND = tuple(ground for ground in Ground if ground != Ground.CONSENT)


def waiting_for_ground(campaign: Campaign) -> AttemptQuerySet:
    """Letters that wait for somebody to say why we may write."""
    return Attempt.objects.asking(Rule.REGION).filter(campaign=campaign)


def name_ground(attempts: AttemptQuerySet, ground: Ground, *, user: User, now: datetime) -> int:
    """Say it for these letters, in the audit log too, and let a worker ask again; how many it was said for.

    `ground` is one of BY_HAND. Raises ValueError.
    """
    if ground not in BY_HAND:
        raise ValueError(f"Nobody names {ground.value} by hand.")
    with transaction.atomic():
        named = list(attempts.select_for_update(of=("self",)).select_related("campaign").order_by("pk")[:AT_MOST])
        Attempt.objects.filter(pk__in=[attempt.pk for attempt in named]).update(ground=ground, due_at=due_from(now))
        audit.record_many(
            [
                audit.Entry(
                    event="letter.ground_named",
                    workspace_id=attempt.campaign.workspace_id,
                    user_id=user.pk,
                    about=attempt.about,
                    details={"ground": ground.value},
                    lead_email=attempt.recipient,
                    subject=attempt.subject,
                    now=now,
                )
                for attempt in named
            ]
        )
        for mailbox_id in {attempt.mailbox_id for attempt in named if attempt.mailbox_id is not None}:
            dispatch_soon(mailbox_id)
    return len(named)
