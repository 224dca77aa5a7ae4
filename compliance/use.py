"""What the mailbox pages ask and tell: how much room is used, what is held back, and that a mailbox works again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Count, Q, TextField, Value
from django.db.models.functions import Cast

from compliance import holds, room
from compliance.models import Hold, SendRecord
from outreach_site.accounts.models import User
from outreach_site.lib.ports import MailboxUse

_AS_TEXT = Cast("mailbox_id", TextField())


def mailbox_use(sign_ins: Mapping[int, str], *, day_began_at: datetime, now: datetime) -> Mapping[int, MailboxUse]:
    """Two queries. Reservations and uncertain letters count for today whenever they were made, as for the caps."""
    open_ended = Q(state__in=[SendRecord.State.RESERVED, SendRecord.State.UNCERTAIN])
    letters = SendRecord.objects.that_count().order_by()
    of_day = letters.filter(open_ended | Q(counted_at__gte=day_began_at), mailbox_id__in=sign_ins)
    of_hour = room.of_last_hour(sign_ins.values(), now=now)
    counted = of_day.values_list(_AS_TEXT, Value("day")).annotate(Count("pk"))
    counted = counted.union(of_hour.values_list("sign_in", Value("hour")).annotate(Count("pk")), all=True)
    used = {(of_what, name): count for name, of_what, count in counted}
    subjects = {f"mailbox:{pk}": pk for pk in sign_ins}
    held = {
        subjects[hold.subject]: hold for hold in Hold.objects.standing().filter(subject__in=subjects).order_by("-pk")
    }
    return {
        pk: MailboxUse(
            today=used.get(("day", str(pk)), 0),
            this_hour=used.get(("hour", sign_in), 0),
            held_because=held[pk].reason if pk in held else "",
        )
        for pk, sign_in in sign_ins.items()
    }


def mailbox_mended(mailbox_id: int, *, user_id: int, now: datetime) -> None:
    """Lift the hold that the mailbox's own failure placed; one that a person or a rule ordered stands."""
    subject = f"mailbox:{mailbox_id}"
    user = User.objects.get(pk=user_id)
    for hold in Hold.objects.standing().filter(subject=subject, source=subject).select_related("workspace"):
        holds.lift(hold, user=user, now=now)
