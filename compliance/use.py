"""How much of each mailbox's room is used, for the pages that show it: counted from the ledger, as the caps are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Q

from compliance.models import SendRecord
from outreach_site.lib.ports import MailboxUse


def mailbox_use(mailbox_ids: Sequence[int], *, day_began_at: datetime, now: datetime) -> Mapping[int, MailboxUse]:
    """One query. Reservations and uncertain letters count whenever they were made, as they do for the caps."""
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
    return {row["mailbox_id"]: MailboxUse(today=row["today"], this_hour=row["this_hour"]) for row in rows}
