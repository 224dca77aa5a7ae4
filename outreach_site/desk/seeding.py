"""The first start: an owner, an empty workspace, and *Rehearsal* with a campaign that can be sent at once.

Runs in one transaction and once: an installation that has users is left as it is. What must agree with the post office
(ports, accounts) is put right at every start.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns.leads import NewLead, add_many
from campaigns.models import Campaign, Lead, Step, Template
from campaigns.starters import STARTERS
from outreach_site.accounts.models import Membership, Role, SenderIdentity, User, Workspace, validate_time_zone
from outreach_site.lib.crypto import SecretError
from outreach_site.mailboxes.models import Mailbox, Provider, Security
from outreach_site.sandbox.correspondents import CAST, Correspondent
from outreach_site.sandbox.store import Store

OWNER = "owner@rehearsal.test"
SENDER = "robin@rehearsal.test"
# Without letters and digits that look alike: it is read off a screen.
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 - an alphabet

# What a letter to each site would be about; {topic} in the demo's letter.
TOPICS = {
    "brightgarden.test": "window-sill gardens",
    "balconyharvest.test": "balcony vegetables",
    "terraceandpot.test": "container planting",
    "compostdiary.test": "composting",
    "allotmentjournal.test": "allotments",
    "seedandseason.test": "seed saving",
    "soilmatters.test": "healthy soil",
    "greenhouseweekly.test": "greenhouses",
    "nativebloom.test": "native plants",
    "kitchenplot.test": "herb gardens",
    "rewildedbackyards.test": "wild gardens",
    "prunednotes.test": "fruit trees",
}


@dataclass(frozen=True)
class FirstOwner:
    """Who signs in first. The password is known here, once, and stored as its hash alone."""

    email: str
    password: str


def seed(*, now: datetime) -> FirstOwner | None:
    """Fill an installation without users; None where there are some."""
    with transaction.atomic():
        if User.objects.exists():
            return None
        password = new_password()
        owner = User.objects.create_superuser(OWNER, password, name="Robin Hale")
        EmailAddress.objects.create(user=owner, email=OWNER, verified=True, primary=True)
        zone = time_zone_of_this_machine()
        empty = Workspace.objects.create(name="My workspace", slug="my-workspace", time_zone=zone)
        # A rehearsal is there to be played through, again and again with the same cast: nobody has to approve its
        # letters, and no site needs a rest. Both can be switched on in its settings.
        rehearsal = Workspace.objects.create(
            name="Rehearsal", slug="rehearsal", time_zone=zone, is_rehearsal=True, cool_off_days=0, first_letters=0
        )
        for workspace in (empty, rehearsal):
            Membership.objects.create(user=owner, workspace=workspace, role=Role.OWNER)
        owner.last_workspace = rehearsal
        owner.save(update_fields=["last_workspace"])
        _demo_campaign(rehearsal, owner, now=now)
    return FirstOwner(email=OWNER, password=password)


def agree_with_post_office(store: Store, *, now: datetime) -> None:
    """Rehearsal mailboxes use the ports of today, and the post office knows every account that signs in to it."""
    if settings.GLOBAL_SMTP_USER and settings.GLOBAL_SMTP_PORT in settings.SANDBOX_PORTS.values():
        store.add_account(settings.GLOBAL_SMTP_USER, settings.GLOBAL_SMTP_PASS, now=now)
    for mailbox in Mailbox.objects.in_use().filter(provider=Provider.REHEARSAL, workspace__is_rehearsal=True):
        mailbox.smtp_port, mailbox.imap_port = _ports(mailbox)
        mailbox.save(update_fields=["smtp_port", "imap_port", "sign_in"])
        if store.has_account(mailbox.smtp_user):
            continue
        try:
            store.add_account(mailbox.smtp_user, mailbox.open_smtp_password(), now=now)
        except SecretError:
            continue  # The mailbox page says so, and what to do.


def new_password() -> str:
    """Four groups of four: 79 bits."""
    return "-".join("".join(secrets.choice(PASSWORD_LETTERS) for _ in range(4)) for _ in range(4))


def time_zone_of_this_machine() -> str:
    """A name such as Europe/Berlin; UTC where the machine does not say."""
    link = Path("/etc/localtime")
    guesses = [os.environ.get("TZ", ""), str(link.resolve()).partition("zoneinfo/")[2] if link.is_symlink() else ""]
    for guess in guesses:
        try:
            validate_time_zone(guess)
        except ValidationError:
            continue
        return ZoneInfo(guess).key
    return "UTC"


def _demo_campaign(rehearsal: Workspace, owner: User, *, now: datetime) -> None:
    identity = SenderIdentity.objects.create(
        workspace=rehearsal,
        name="Robin Hale",
        organisation="Potted Plans",
        postal_address="12 Harbour Row, Rehearsal Town",
        site="https://pottedplans.test",
        is_default=True,
    )
    mailbox = _mailbox(rehearsal, now=now)
    for starter in STARTERS:
        Template.objects.create(
            workspace=rehearsal,
            name=starter.name,
            subject=starter.subject,
            body=starter.body,
            category=starter.category,
        )
    campaign = Campaign.objects.create(
        workspace=rehearsal,
        name="Guest articles for spring",
        description="A rehearsal: twelve garden sites whose editors answer within seconds, each in their own way.",
        keywords="container gardening, small gardens",
        owner=owner,
        identity=identity,
        mailbox=mailbox,
    )
    letter = STARTERS[0]
    Step.objects.create(campaign=campaign, position=1, letter_subject=letter.subject, letter_body=letter.body)
    add_many(campaign, [_lead(person) for person in CAST], source=Lead.Source.REHEARSAL, now=now)


def _mailbox(rehearsal: Workspace, *, now: datetime) -> Mailbox:
    password = secrets.token_urlsafe(24)
    mailbox = Mailbox(
        workspace=rehearsal,
        email=SENDER,
        from_name="Robin Hale",
        provider=Provider.REHEARSAL,
        smtp_host=settings.SANDBOX_HOST,
        smtp_security=Security.STARTTLS,
        smtp_user=SENDER,
        imap_host=settings.SANDBOX_HOST,
        imap_security=Security.TLS,
        imap_user=SENDER,
        min_gap_seconds=1,
    )
    mailbox.smtp_port, mailbox.imap_port = _ports(mailbox)
    mailbox.set_smtp_password(password, now=now)
    mailbox.set_imap_password(password, now=now)
    mailbox.save()
    return mailbox


def _ports(mailbox: Mailbox) -> tuple[int, int]:
    """The post office's SMTP and IMAP ports for how this mailbox speaks with it."""
    ports = settings.SANDBOX_PORTS
    return (
        ports["smtps" if mailbox.smtp_security == Security.TLS else "smtp"],
        ports["imaps" if mailbox.imap_security == Security.TLS else "imap"],
    )


def _lead(person: Correspondent) -> NewLead:
    return NewLead(
        website_url=person.site_url,
        website_title=person.site_title,
        topic=TOPICS.get(person.domain, ""),
        contact_email=person.address,
        contact_name=person.name,
        contact_role=person.role,
        found_url=f"{person.site_url}contact",
        found_passage=f"{person.name}, {person.role.lower()}. Write to {person.address}.",
    )
