"""Which of a lead's addresses is written to, and the yes that a hidden one needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from campaigns.models import Attempt, Contact, Lead
from campaigns.models.attempt import due_from
from campaigns.tasks import dispatch_soon
from compliance import audit
from compliance.policy import Rule
from outreach_site.accounts.models import User


def choose(lead: Lead, contact: Contact, *, user: User, now: datetime) -> None:
    """From now on letters go to this one of its contacts. Letters that are queued keep theirs."""
    with transaction.atomic():
        lead.contact = contact
        lead.save(update_fields=["contact"])
        audit.record_many([_entry("contact.chosen", lead, contact, user=user, now=now)])


def confirm(lead: Lead, *, user: User, now: datetime) -> int:
    """A person looked at the page, and says that the hidden address may be used: kept with the contact, and in the log.

    Letters that waited for that are decided again; how many.
    """
    return confirm_all([lead], user=user, now=now).released


@dataclass(frozen=True)
class Confirmed:
    addresses: int
    released: int  # letters


def confirm_all(leads: Sequence[Lead], *, user: User, now: datetime) -> Confirmed:
    """The same of many leads, each with its own line in the log. A constant number of queries."""
    hidden = [(lead, lead.contact) for lead in leads if lead.contact is not None and lead.contact.needs_a_yes]
    with transaction.atomic():
        unsaid = Contact.objects.filter(pk__in=[contact.pk for _, contact in hidden], confirmed_at=None)
        fresh = set(unsaid.select_for_update().values_list("pk", flat=True))
        said = [(lead, contact) for lead, contact in hidden if contact.pk in fresh]
        if not said:
            return Confirmed(0, 0)
        Contact.objects.filter(pk__in=fresh).update(confirmed_at=now, confirmed_by=user)
        for _, contact in said:
            contact.confirmed_at, contact.confirmed_by = now, user
        audit.record_many([_entry("contact.confirmed", lead, contact, user=user, now=now) for lead, contact in said])
        theirs = {(lead.pk, contact.email_key) for lead, contact in said}
        asking = Attempt.objects.asking(Rule.SOURCE).filter(lead__in=[lead.pk for lead, _ in said])
        waiting = {
            pk: mailbox_id
            for pk, lead_id, key, mailbox_id in asking.values_list("pk", "lead_id", "recipient_key", "mailbox_id")
            if (lead_id, key) in theirs
        }
        released = asking.filter(pk__in=list(waiting)).update(due_at=due_from(now))
        for mailbox_id in sorted({each for each in waiting.values() if each is not None}):
            dispatch_soon(mailbox_id)
    return Confirmed(len(said), released)


def _entry(event: str, lead: Lead, contact: Contact, *, user: User, now: datetime) -> audit.Entry:
    return audit.Entry(
        event=event,
        workspace_id=lead.campaign.workspace_id,
        user_id=user.pk,
        about=f"lead:{lead.pk}",
        details={"found_how": contact.found_how},
        lead_email=contact.email,
        now=now,
    )
