"""How fresh the inbox is: a follow-up leaves only when its mailbox was read to the end after it fell due."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from outreach_site.mailboxes.models import Mailbox


def read_until(
    mailbox_ids: Collection[int],
    *,
    now: datetime,  # noqa: ARG001 - the port's signature: a poll's moment does not depend on it
) -> Mapping[int, datetime]:
    """When the last poll began that left nothing new on the server and nothing unread here (lib.ports.InboxFreshness).

    One query. A mailbox without IMAP is left out.
    """
    polled = Mailbox.objects.that_can_receive().filter(pk__in=mailbox_ids, polled_at__isnull=False)
    return {pk: polled_at for pk, polled_at in polled.values_list("pk", "polled_at") if polled_at is not None}
