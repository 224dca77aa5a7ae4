"""Sessions: what each turn of a worker at a mailbox came to, and which mailboxes keep failing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.db import models

from campaigns.models import Session
from compliance.models import Hold
from outreach_site.mailboxes.models import Mailbox

KEPT = timedelta(days=7)
# A server that was away once is no news; one that fails again and again, or a mailbox that waits for a person, is.
KEEPS_FAILING_AFTER = timedelta(minutes=15)
FAILURES_IN_A_ROW = 3


class Numbers(Protocol):
    """What a slice did, as dispatch counts it."""

    sent: int
    not_sent: int
    uncertain: int
    sentence: str


def keep(mailbox: Mailbox, did: Numbers, *, began_at: datetime, ended_at: datetime) -> None:
    Session.objects.create(
        mailbox=mailbox,
        host=settings.HOST_NAME[:120],
        began_at=began_at,
        ended_at=ended_at,
        sent=did.sent,
        not_sent=did.not_sent,
        uncertain=did.uncertain,
        trouble=did.sentence[:500],
    )


def forget_old(*, now: datetime) -> None:
    Session.objects.filter(ended_at__lt=now - KEPT).delete()


def latest(mailboxes: Iterable[Mailbox]) -> dict[int, Session]:
    """Each mailbox's last session. One query."""
    last = Session.objects.filter(mailbox=models.OuterRef("pk")).order_by("-pk").values("pk")[:1]
    of_these = Mailbox.objects.filter(pk__in=[mailbox.pk for mailbox in mailboxes])
    numbers = of_these.annotate(last=models.Subquery(last)).values("last")
    return {session.mailbox_id: session for session in Session.objects.filter(pk__in=numbers)}


def that_keep_failing(now: datetime) -> list[Mailbox]:
    """Mailboxes in use that have been in trouble for a while and are not merely waiting to be tried again.

    Sending: held until a person looks, or failed in three turns since it last worked. Receiving: three polls failed.
    One query where nothing is wrong, three where something is.
    """
    since = now - KEEPS_FAILING_AFTER
    trouble = Mailbox.State.TROUBLE
    receiving = models.Q(receiving_state=trouble, receiving_state_at__lte=since, poll_failures__gte=FAILURES_IN_A_ROW)
    sending = models.Q(sending_state=trouble, sending_state_at__lte=since, paused_at=None)
    found = list(Mailbox.objects.in_use().filter(receiving | sending).select_related("workspace"))
    if not found:
        return []
    subjects = [f"mailbox:{mailbox.pk}" for mailbox in found]
    held = set(Hold.objects.standing().filter(subject__in=subjects).values_list("workspace_id", "subject"))
    failures = dict(
        Session.objects.filter(mailbox__in=found, ended_at__gte=models.F("mailbox__sending_state_at"), sent=0)
        .exclude(trouble="")
        .order_by()
        .values_list("mailbox")
        .annotate(models.Count("pk"))
    )

    def keeps_failing(mailbox: Mailbox) -> bool:
        if mailbox.receiving_state == trouble and mailbox.poll_failures >= FAILURES_IN_A_ROW:
            return True
        is_held = (mailbox.workspace_id, f"mailbox:{mailbox.pk}") in held
        return is_held or failures.get(mailbox.pk, 0) >= FAILURES_IN_A_ROW

    return [mailbox for mailbox in found if keeps_failing(mailbox)]
