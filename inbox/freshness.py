"""How fresh the inbox is: a follow-up leaves only when its mailbox was read to the end after it fell due."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from inbox.models import RawMessage
from outreach_site.mailboxes.models import Mailbox


def read_until(mailbox_ids: Collection[int], *, now: datetime) -> Mapping[int, datetime]:
    """When the last poll began that left nothing new on the server and nothing unread here (lib.ports.InboxFreshness).

    One query. A mailbox without IMAP is left out, and one that a clock ahead of its time read: nobody knows when.
    """
    polled = Mailbox.objects.that_can_receive().filter(pk__in=mailbox_ids, polled_at__lte=now)
    return {pk: polled_at for pk, polled_at in polled.values_list("pk", "polled_at") if polled_at is not None}


WEBHOOK_LIVES = timedelta(hours=24)


def posted_until(mailbox_ids: Collection[int], *, now: datetime) -> Mapping[int, datetime]:
    """A mailbox that receives by webhook counts as read now, while its webhook was verified lately and nothing waits to
    be understood. One query. Where it has IMAP as well, mail comes that way, and the polls alone can say.
    """
    waiting = RawMessage.objects.not_understood().filter(mailbox=OuterRef("pk"))
    lively = Mailbox.objects.in_use().filter(
        ~Exists(waiting), pk__in=mailbox_ids, imap_host="", webhook_verified_at__gt=now - WEBHOOK_LIVES
    )
    return dict.fromkeys(lively.values_list("pk", flat=True), now)
