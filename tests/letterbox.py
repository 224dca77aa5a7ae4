"""A campaign that can really send: a mailbox on a real SMTP server on loopback, and leads to write to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.utils import timezone
from pytest_django import Settings

from campaigns import dispatch, queueing
from campaigns.leads import NewLead, add_lead
from campaigns.models import Attempt, Campaign, Lead, Step
from outreach_site.mailboxes.models import Mailbox, Provider, Security
from outreach_site.sandbox.running import RunningOffice
from tests.conftest import World
from tests.servers import PASSWORD, FaultySMTP


@dataclass
class Letterbox:
    """One campaign with one mailbox; `write_to` queues, `send` works the queue off until nothing is due."""

    world: World
    mailbox: Mailbox
    campaign: Campaign
    step: Step

    def lead(self, address: str, *, name: str = "Ada Reed", campaign: Campaign | None = None) -> Lead:
        domain = address.rpartition("@")[2]
        local = address.partition("@")[0].replace(".", "-")
        added = add_lead(
            campaign or self.campaign,
            NewLead(
                website_url=f"https://{domain}/{local}",
                contact_email=address,
                contact_name=name,
                website_title=domain.partition(".")[0].title(),
            ),
            source=Lead.Source.MANUAL,
            now=timezone.now(),
        )
        return added.lead

    def write_to(self, *addresses: str) -> list[Attempt]:
        leads = [self.lead(address) for address in addresses]
        return self.queue(*leads).attempts

    def queue(self, *leads: Lead, ground: str = "") -> queueing.Queued:
        return queueing.queue_letters(self.campaign, leads, user=self.world.marketer, now=timezone.now(), ground=ground)

    def has_read(self) -> None:
        """The mailbox was read to the end just now: follow-ups that fell due before may leave."""
        Mailbox.objects.filter(pk=self.mailbox.pk).update(imap_host="localhost", polled_at=timezone.now())

    def send(self) -> dispatch.Report:
        report = dispatch.dispatch_mailbox(self.mailbox.pk)
        while report.more:
            report = dispatch.dispatch_mailbox(self.mailbox.pk)
        return report


def make_letterbox(world: World, *, email: str, port: int, provider: Provider = Provider.OTHER) -> Letterbox:
    mailbox = Mailbox(
        workspace=world.here,
        email=email,
        from_name="Mara Voss",
        provider=provider,
        smtp_host="localhost",
        smtp_port=port,
        smtp_security=Security.STARTTLS,
        smtp_user=email,
        min_gap_seconds=0,
        ramps_up=False,
    )
    mailbox.set_smtp_password(PASSWORD, now=timezone.now())
    mailbox.save()
    campaign = Campaign.objects.create(
        workspace=world.here, name="Spring", keywords="gardening", owner=world.marketer, mailbox=mailbox
    )
    step = Step.objects.create(
        campaign=campaign,
        letter_subject="An idea for {website}",
        letter_body="Hello {first_name|there},\n\nI liked your piece on {topic}.\n\nKind regards,",
    )
    return Letterbox(world=world, mailbox=mailbox, campaign=campaign, step=step)


@pytest.fixture
def faulty_letterbox(
    world: World, smtp_server: Callable[..., FaultySMTP], settings: Settings
) -> Callable[..., tuple[Letterbox, FaultySMTP]]:
    """A letterbox on an SMTP server that misbehaves as told: `box, server = faulty_letterbox(drop="END")`."""

    def open_box(**knobs: object) -> tuple[Letterbox, FaultySMTP]:
        server = smtp_server(**knobs)
        settings.MAIL_ALLOWED_HOSTS = [f"localhost:{server.port}"]
        settings.MAIL_CA_FILE = str(server.ca_file)
        settings.SMTP_SEND_TIMEOUT = 2
        return make_letterbox(world, email="mara@orchardmedia.com", port=server.port), server

    return open_box


@pytest.fixture
def rehearsal(world: World, post_office: RunningOffice, settings: Settings) -> Letterbox:
    """A letterbox in a rehearsal workspace, on the real post office."""
    office = post_office.settings
    settings.SANDBOX = True
    settings.SANDBOX_DIR = post_office.ca_file.parent
    settings.SANDBOX_CA_FILE = post_office.ca_file
    settings.SANDBOX_PORTS = {
        "smtp": office.smtp_port,
        "smtps": office.smtps_port,
        "imap": office.imap_port,
        "imaps": office.imaps_port,
    }
    world.here.is_rehearsal = True
    world.here.save()
    return make_letterbox(world, email="alex@rehearsal.test", port=office.smtp_port, provider=Provider.REHEARSAL)
