"""Letters and replies in every state, made directly: what the desk shows of them is tested here, not how they came."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Attempt, Campaign, Contact, Lead, Step
from compliance.models import SendRecord
from inbox.models import RawMessage, Reply
from outreach_site.accounts.models import User, Workspace
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World


@dataclass
class Desk:
    """One campaign and one mailbox of a workspace, and what to fill them with."""

    workspace: Workspace
    user: User
    mailbox: Mailbox
    campaign: Campaign
    step: Step
    numbers: Any

    def lead(self, title: str = "", *, status: Lead.Status = Lead.Status.DISCOVERED) -> Lead:
        number = next(self.numbers)
        domain = f"site{number}.example"
        lead = Lead.objects.create(
            campaign=self.campaign,
            website_url=f"https://{domain}/",
            site_key=domain,
            domain=domain,
            website_title=title or f"Site {number}",
            status=status,
        )
        lead.contact = Contact.objects.create(
            lead=lead, email=f"editor@{domain}", email_key=f"editor@{domain}", name=f"Editor {number}"
        )
        lead.save()
        return lead

    def letter(self, state: Attempt.State = Attempt.State.QUEUED, *, lead: Lead | None = None, **more: Any) -> Attempt:
        lead = lead or self.lead()
        assert lead.contact is not None
        ended = state not in {Attempt.State.QUEUED, Attempt.State.SENDING}
        now = timezone.now()
        given = {"step": self.step, "due_at": now, "finished_at": now if ended else None} | more
        return Attempt.objects.create(
            campaign=self.campaign,
            lead=lead,
            mailbox=self.mailbox,
            user=self.user,
            recipient=lead.contact.email,
            recipient_key=lead.contact.email_key,
            recipient_domain=lead.domain,
            subject=f"An idea for {lead}",
            body="Hello",
            state=state,
            **given,
        )

    def record(self, letter: Attempt, *, state: SendRecord.State = SendRecord.State.SENT, at: datetime) -> SendRecord:
        return SendRecord.objects.create(
            workspace=self.workspace,
            subject=letter.about,
            kind=letter.kind,
            user_id=self.user.pk,
            mailbox_id=self.mailbox.pk,
            sign_in=self.mailbox.sign_in,
            sender=self.mailbox.email,
            recipient=letter.recipient,
            recipient_key=letter.recipient_key,
            recipient_domain=letter.recipient_domain,
            subject_digest="",
            legal_basis="legitimate_interest",
            region="US",
            message_id="",
            state=state,
            reserved_at=at,
            counted_at=at,
        )

    def reply(self, tag: Reply.Classification, *, lead: Lead | None = None, age: timedelta, **more: Any) -> Reply:
        number = next(self.numbers)
        lead = lead or self.lead(status=Lead.Status.REPLIED)
        received_at = timezone.now() - age
        raw = RawMessage.objects.create(
            mailbox=self.mailbox,
            digest=hashlib.sha256(str(number).encode()).hexdigest(),
            size=1,
            folder="INBOX",
            received_at=received_at,
            understood_at=received_at,
        )
        given = {
            "from_name": f"Person {number}",
            "from_email": f"person{number}@{lead.domain}",
            "from_key": f"person{number}@{lead.domain}",
            "subject": "Re: An idea",
            "new_text": f"Words number {number}.",
        } | more
        return Reply.objects.create(
            workspace=self.workspace,
            mailbox=self.mailbox,
            raw=raw,
            campaign=self.campaign,
            lead=lead,
            kind=Reply.Kind.REPLY,
            classification=tag,
            received_at=received_at,
            **given,
        )


def make_desk(workspace: Workspace, user: User, *, email: str) -> Desk:
    mailbox = Mailbox.objects.create(
        workspace=workspace,
        email=email,
        smtp_host="smtp.orchard.example",
        smtp_user=email,
        imap_host="imap.orchard.example",
        imap_user=email,
        sending_state=Mailbox.State.OK,
        receiving_state=Mailbox.State.OK,
    )
    campaign = Campaign.objects.create(
        workspace=workspace, name=f"Campaign of {workspace}", mailbox=mailbox, state=Campaign.State.RUNNING
    )
    step = Step.objects.create(campaign=campaign, letter_subject="An idea", letter_body="Hello")
    return Desk(workspace, user, mailbox, campaign, step, count(1))


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world.here, world.marketer, email="mara@orchard.example")


@pytest.fixture
def other_desk(world: World) -> Desk:
    """The same in the stranger's workspace."""
    return make_desk(world.elsewhere, world.stranger, email="stranger@quarry.example")
