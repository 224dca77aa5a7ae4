"""Each mailbox of a workspace at work: its last session, what failed lately, why it is held, how full it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, Sum

from campaigns import sessions
from campaigns.models import Attempt, Session
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.cards import Card, cards
from outreach_site.mailboxes.models import Mailbox

LATELY = timedelta(hours=24)
_QUEUED = Attempt.objects.filter(mailbox=OuterRef("pk"), state=Attempt.State.QUEUED)
# By the indexes attempts_due and attempts_leased.
_HAS_WAITING = Exists(_QUEUED.filter(lease_token__isnull=True)) | Exists(_QUEUED.leased())


@dataclass(frozen=True, kw_only=True)
class Lately:
    """The sessions of the last 24 hours."""

    sessions: int = 0
    failed: int = 0  # ended in trouble
    sent: int = 0
    not_sent: int = 0
    uncertain: int = 0


@dataclass(frozen=True, kw_only=True)
class Line:
    card: Card
    last: Session | None
    lately: Lately
    keeps_failing: bool


def lines(here: Workspace, *, now: datetime) -> list[Line]:
    """The number of queries does not grow with the mailboxes. Each one knows as `has_waiting` whether letters wait to
    leave from it.
    """
    mailboxes = list(Mailbox.objects.in_workspace(here).in_use().annotate(has_waiting=_HAS_WAITING))
    last = sessions.latest(mailboxes)
    failing = {mailbox.pk for mailbox in sessions.that_keep_failing(now)}
    counted = {
        row.pop("mailbox"): Lately(**row)
        for row in Session.objects.filter(mailbox__in=mailboxes, ended_at__gte=now - LATELY)
        .order_by()
        .values("mailbox")
        .annotate(
            sessions=Count("pk"),
            failed=Count("pk", filter=~Q(trouble="")),
            sent=Sum("sent"),
            not_sent=Sum("not_sent"),
            uncertain=Sum("uncertain"),
        )
    }
    return [
        Line(
            card=card,
            last=last.get(card.mailbox.pk),
            lately=counted.get(card.mailbox.pk, Lately()),
            keeps_failing=card.mailbox.pk in failing,
        )
        for card in cards(mailboxes, workspace=here, now=now)
    ]
