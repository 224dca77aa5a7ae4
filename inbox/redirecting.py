"""From a reply to the right lead and the right person there: what a person searches, and "write to X instead"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.formats import date_format

from campaigns.leads import set_contact
from campaigns.models import Attempt, Contact, Lead
from campaigns.queueing import cancel, prepare_for_another
from campaigns.rota import CannotQueueError
from compliance.addresses import InvalidAddressError, domain_of, is_free_mail, normalise
from inbox.asks import asks_of
from inbox.models import Reply
from outreach_site.accounts.models import User
from outreach_site.lib.domains import registrable

LEADS_SHOWN = 20


class CannotRedirectError(Exception):
    """They cannot be made the lead's contact; the message says why."""


@dataclass(frozen=True)
class Redirected:
    """Whom the lead had before, the letter that waits to be read, and why there is none."""

    contact_before: int | None
    letter: Attempt | None
    trouble: str = ""


def leads_for(reply: Reply, words: str) -> Sequence[Lead]:
    """Leads by site, address or name; without a word those of the sender's own site. One query."""
    text = words.strip().lower().split("://")[-1].removeprefix("www.").rstrip("/")
    if not text:
        domain = registrable(domain_of(reply.from_key)) if "@" in reply.from_key else ""
        if not domain or is_free_mail(domain):
            return []
        wanted = Q(domain=domain) | Q(contact__email_key=reply.from_key)
    else:
        wanted = (
            Q(domain__icontains=text)
            | Q(site_key__icontains=text)
            | Q(website_title__icontains=text)
            | Q(contact__email__icontains=text)
            | Q(contact__name__icontains=text)
        )
    leads = Lead.objects.in_workspace(reply.workspace).filter(wanted)
    return list(leads.select_related("campaign", "contact").order_by("-pk")[:LEADS_SHOWN])


def write_to_instead(reply: Reply, email: str, *, user: User, now: datetime) -> Redirected:
    """Whom the reply names becomes the lead's contact, with the reply as the source, and a first letter to them is
    prepared that somebody has to read before it leaves. Raises CannotRedirectError.
    """
    named = next((ask for ask in asks_of(reply) if ask.instead and ask.instead == email), None)
    if reply.lead is None or named is None:
        raise CannotRedirectError("This reply names nobody else to write to.")
    lead, before = reply.lead, reply.lead.contact_id
    said_on = date_format(reply.received_at.astimezone(reply.workspace.zone), "j F Y")
    try:
        normalise(email)
        with transaction.atomic():
            set_contact(
                lead,
                email=email,
                name=named.name,
                role="",
                found_url="",
                found_passage=f"They told us in their reply of {said_on}: “{named.words}”"[:500],
                now=now,
            )
    except InvalidAddressError as err:
        raise CannotRedirectError(str(err)) from err
    try:
        return Redirected(before, prepare_for_another(lead, user=user, now=now))
    except CannotQueueError as err:
        return Redirected(before, None, str(err))


def choose_again(reply: Reply, contact_id: int, *, user: User, now: datetime) -> bool:
    """Undo: the contact is who it was (0: nobody), and the letter that waited for whoever was chosen is taken back."""
    lead = reply.lead
    if lead is None:
        return False
    contact = Contact.objects.filter(lead=lead, pk=contact_id).first()
    if contact_id and contact is None:
        return False
    with transaction.atomic():
        if lead.contact is not None:
            waiting = Attempt.objects.filter(lead=lead, step=None, recipient_key=lead.contact.email_key, due_at=None)
            for letter in waiting.filter(state=Attempt.State.QUEUED):
                cancel(letter, user=user, now=now)
        lead.contact = contact
        lead.save(update_fields=["contact"])
    return True
