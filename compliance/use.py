"""What the mailbox pages ask and tell: how much room is used, what is held back, and that a mailbox works again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Q

from compliance import holds
from compliance.models import Hold, SendRecord
from outreach_site.accounts.models import User
from outreach_site.lib.ports import MailboxUse


def mailbox_use(mailbox_ids: Sequence[int], *, day_began_at: datetime, now: datetime) -> Mapping[int, MailboxUse]:
    """Two queries. Reservations and uncertain letters count whenever they were made, as they do for the caps."""
    hour_ago = now - timedelta(hours=1)
    open_ended = Q(state__in=[SendRecord.State.RESERVED, SendRecord.State.UNCERTAIN])
    rows = (
        SendRecord.objects.that_count()
        .filter(mailbox_id__in=mailbox_ids)
        .filter(open_ended | Q(counted_at__gte=min(day_began_at, hour_ago)))
        .values("mailbox_id")
        .annotate(
            today=Count("pk", filter=open_ended | Q(counted_at__gte=day_began_at)),
            this_hour=Count("pk", filter=open_ended | Q(counted_at__gt=hour_ago)),
        )
    )
    counted = {row["mailbox_id"]: row for row in rows}
    subjects = {f"mailbox:{pk}": pk for pk in mailbox_ids}
    held = {
        subjects[hold.subject]: hold for hold in Hold.objects.standing().filter(subject__in=subjects).order_by("-pk")
    }
    return {
        pk: MailboxUse(
            today=counted[pk]["today"] if pk in counted else 0,
            this_hour=counted[pk]["this_hour"] if pk in counted else 0,
            held_because=held[pk].reason if pk in held else "",
        )
        for pk in {*counted, *held}
    }


def mailbox_mended(mailbox_id: int, *, user_id: int, now: datetime) -> None:
    """Lift the hold that the mailbox's own failure placed; one that a person or a rule ordered stands."""
    subject = f"mailbox:{mailbox_id}"
    user = User.objects.get(pk=user_id)
    for hold in Hold.objects.standing().filter(subject=subject, source=subject).select_related("workspace"):
        holds.lift(hold, user=user, now=now)
