"""Raw messages into the database, before anything is made of them: the same bytes of one mailbox are one row.

Polls and webhooks store through here, also at the same moment.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from inbox.models import RawBody, RawMessage
from outreach_site.lib.inserting import insert
from outreach_site.mailboxes.models import Mailbox


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came. Without `raw` it has an `error`: its bytes stayed where they are."""

    raw: bytes
    received_at: datetime
    size: int
    message_id: str = ""
    folder: str = ""
    uid_validity: int = 0
    uid: int = 0
    is_sent: bool = False
    error: str = ""

    @property
    def digest(self) -> str:
        """Of all bytes; a message that has none is known by its place on the server."""
        place = f"{self.folder}\0{self.uid_validity}\0{self.uid}"
        return hashlib.sha256(place.encode() if self.error else self.raw).hexdigest()


def keep(mailbox: Mailbox, arrivals: Sequence[Arrival], *, now: datetime) -> list[RawMessage]:
    """Store what is not known yet, in the caller's transaction or one of its own; the new rows. Four queries."""
    if not arrivals:
        return []
    try:
        with transaction.atomic():
            return _keep(mailbox, arrivals, now=now)
    except IntegrityError:
        # Somebody else stored one of them this very moment: what they stored is known by now.
        if len(arrivals) == 1:
            return []
        return [row for each in arrivals for row in keep(mailbox, [each], now=now)]


def _keep(mailbox: Mailbox, arrivals: Sequence[Arrival], *, now: datetime) -> list[RawMessage]:
    by_digest = {arrival.digest: arrival for arrival in arrivals}
    known = dict(
        RawMessage.objects.filter(mailbox=mailbox, digest__in=list(by_digest)).values_list("digest", "is_sent")
    )
    sent_after_all = [digest for digest, is_sent in known.items() if by_digest[digest].is_sent and not is_sent]
    if sent_after_all:
        # Read before in a folder of all mail, and now seen to be a letter of our own.
        RawMessage.objects.filter(mailbox=mailbox, digest__in=sent_after_all).update(is_sent=True, understood_at=None)
    new = [(digest, arrival) for digest, arrival in by_digest.items() if digest not in known]
    rows = [
        RawMessage(
            mailbox=mailbox,
            digest=digest,
            size=arrival.size,
            folder=arrival.folder[:255],
            is_sent=arrival.is_sent,
            uid_validity=arrival.uid_validity,
            uid=arrival.uid,
            message_id=arrival.message_id[:998],
            received_at=arrival.received_at,
            stored_at=now,
            error=arrival.error,
        )
        for digest, arrival in new
    ]
    insert(rows)
    insert(
        [RawBody.holding(row, arrival.raw) for row, (_, arrival) in zip(rows, new, strict=True) if not arrival.error]
    )
    return rows


_MESSAGE_ID = re.compile(rb"^message-id[ \t]*:\s*(<[^<>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE)


def message_id_in(header: bytes) -> str:
    """The Message-ID of a message's header, as nearly all are written; empty for want of one."""
    found = _MESSAGE_ID.search(header)
    return found.group(1).decode("ascii", "replace") if found else ""
