"""A campaign of the small world, ready to be written from: a letter, a mailbox, three leads, a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.leads import Added, NewLead, add_lead
from campaigns.lifecycle import start_campaign
from campaigns.models import Attempt, Campaign, Lead, Step, Template
from campaigns.queueing import queue_letters
from outreach_site.accounts.models import User
from outreach_site.mailboxes.models import Mailbox, Provider
from tests.conftest import World

HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Room:
    world: World
    campaign: Campaign
    step: Step
    mailbox: Mailbox
    template: Template
    leads: list[Lead]

    def url(self, name: str, pk: int | None = None, *, slug: str = "") -> str:
        slug = slug or self.world.here.slug
        return reverse(f"campaigns:{name}", args=[slug] if pk is None else [slug, pk])

    def get(self, name: str, pk: int | None = None, *, user: User | None = None, query: str = "", **kwargs: Any) -> Any:
        return self.client(user).get(self.url(name, pk) + query, **kwargs)

    def post(
        self, name: str, pk: int | None = None, data: Any = None, *, user: User | None = None, htmx: bool = False
    ) -> Any:
        return self.client(user).post(self.url(name, pk), data or {}, headers=HTMX if htmx else {})

    def client(self, user: User | None = None) -> Client:
        return self.world.client(user or self.world.marketer)

    def lead(self, site: str, email: str = "", **details: Any) -> Lead:
        answer = add_lead(
            self.campaign,
            NewLead(website_url=site, contact_email=email, **details),
            source=Lead.Source.MANUAL,
            now=timezone.now(),
        )
        assert isinstance(answer, Added)
        return answer.lead

    def queue(self, *leads: Lead) -> list[Attempt]:
        return queue_letters(self.campaign, leads, user=self.world.marketer, now=timezone.now()).attempts


@pytest.fixture
def room(world: World) -> Room:
    now = timezone.now()
    mailbox = Mailbox.objects.create(
        workspace=world.here,
        email="mara@orchard.example",
        provider=Provider.OTHER,
        smtp_host="mail.orchard.example",
        smtp_user="mara@orchard.example",
    )
    campaign = start_campaign(world.here, name="Spring", keywords="beds, slugs", user=world.marketer, now=now)
    step = Step.objects.create(
        campaign=campaign, letter_subject="A guide for {website}", letter_body="Hi {name|there},\n\nabout {topic}.\n"
    )
    template = Template.objects.create(workspace=world.here, name="Hello", subject="Hello", body="Hello {name|there}")
    room = Room(world, campaign, step, mailbox, template, [])
    room.leads.append(room.lead("brightgarden.com", "hannah@brightgarden.com", contact_name="Hannah Lindqvist"))
    room.leads.append(
        room.lead("https://balconyharvest.com/", "tom@balconyharvest.com", website_title="Balcony Harvest")
    )
    room.leads.append(room.lead("fernandfig.com"))
    return room
