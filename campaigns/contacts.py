"""Which of a lead's addresses is written to, and the yes that a hidden one needs."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from campaigns.models import Attempt, Contact, Lead
from campaigns.tasks import dispatch_soon
from compliance import audit
from compliance.policy import Rule
from outreach_site.accounts.models import User


def choose(lead: Lead, contact: Contact, *, user: User, now: datetime) -> None:
    """From now on letters go to this one of its contacts. Letters that are queued keep theirs."""
    with transaction.atomic():
        lead.contact = contact
        lead.save(update_fields=["contact"])
        _record("contact.chosen", lead, contact, user=user, now=now)


def confirm(lead: Lead, *, user: User, now: datetime) -> int:
    """A person looked at the page, and says that the hidden address may be used: kept with the contact, and in the log.

    Letters that waited for that are decided again; how many.
    """
    contact = lead.contact
    if contact is None or not contact.needs_a_yes:
        return 0
    with transaction.atomic():
        said = Contact.objects.filter(pk=contact.pk, confirmed_at=None).update(confirmed_at=now, confirmed_by=user)
        if not said:
            return 0
        contact.confirmed_at, contact.confirmed_by = now, user
        _record("contact.confirmed", lead, contact, user=user, now=now)
        waiting = Attempt.objects.asking(Rule.SOURCE).filter(lead=lead, recipient_key=contact.email_key)
        mailboxes = set(waiting.exclude(mailbox=None).values_list("mailbox_id", flat=True))
        released = waiting.update(due_at=now)
        for mailbox_id in sorted(mailboxes):
            dispatch_soon(mailbox_id)
    return released


def _record(event: str, lead: Lead, contact: Contact, *, user: User, now: datetime) -> None:
    audit.record(
        event,
        workspace=lead.campaign.workspace,
        user=user,
        about=f"lead:{lead.pk}",
        details={"found_how": contact.found_how},
        lead_email=contact.email,
        now=now,
    )
