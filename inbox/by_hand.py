"""Letters that somebody sent to a lead with their own mail program, as the Sent folder shows them.

Such a letter stands in the thread, takes back what waits for the lead, takes the lead off Today, and counts as writing
to that site. Only what lies in the Sent folder counts: anybody can put our address on a letter and send it to us.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from campaigns.models import Attempt, Lead
from campaigns.queueing import cancel_waiting_for, drop_tasks
from compliance import audit
from compliance.addresses import domain_of
from inbox.models import RawMessage
from inbox.parsing import ParsedMessage
from inbox.reading_models import SentByHand
from inbox.scope import LEFT, our_ids, recipient_keys
from outreach_site.lib.domains import registrable
from outreach_site.mailboxes.models import Mailbox

WROTE_BY_HAND = "Somebody here wrote to them by hand."


def take_in(mailbox: Mailbox, raw: RawMessage, message: ParsedMessage, *, now: datetime) -> SentByHand | None:
    """Keep a letter of the Sent folder, in the caller's transaction; None for one of ours, or to nobody we know.

    May be repeated without harm.
    """
    if message.message_id and our_ids(mailbox.workspace, [message.message_id]):
        return None
    known = SentByHand.objects.filter(raw=raw).first()
    if known is not None:
        return known
    if message.message_id and SentByHand.objects.filter(mailbox=mailbox, message_id=message.message_id).exists():
        return None
    for key in recipient_keys(message.headers):
        leads = _leads_at(mailbox, key)
        if leads:
            return _keep(mailbox, raw, message, key, leads, now=now)
    return None


def _leads_at(mailbox: Mailbox, key: str) -> list[int]:
    """Leads with this address, the one that was written to last before the others."""
    letters = Attempt.objects.in_workspace(mailbox.workspace).filter(recipient_key=key, state__in=LEFT)
    written_to = list(letters.order_by("-finished_at", "-pk").values_list("lead", flat=True))
    here = Lead.objects.in_workspace(mailbox.workspace)
    others = here.filter(Q(contact__email_key=key) | Q(contacts__email_key=key)).order_by("-pk")
    return list(dict.fromkeys([*written_to, *others.values_list("pk", flat=True)]))


def _keep(
    mailbox: Mailbox, raw: RawMessage, message: ParsedMessage, key: str, leads: list[int], *, now: datetime
) -> SentByHand:
    letter = SentByHand.objects.create(
        workspace=mailbox.workspace,
        mailbox=mailbox,
        raw=raw,
        lead_id=leads[0],
        recipient=key,
        recipient_key=key,
        recipient_domain=registrable(domain_of(key)),
        subject=message.subject,
        message_id=message.message_id,
        text=message.new_text,
        sent_at=min(raw.received_at, now),
    )
    taken_back = cancel_waiting_for(leads, reason=WROTE_BY_HAND, now=now)
    drop_tasks(leads, reason=WROTE_BY_HAND, now=now)
    audit.record(
        "letter.sent_by_hand",
        workspace=mailbox.workspace,
        about=f"lead:{leads[0]}",
        details={"mailbox": mailbox.pk, "taken_back": taken_back},
        lead_email=key,
        sender_email=mailbox.email,
        subject=message.subject,
        now=now,
    )
    return letter
