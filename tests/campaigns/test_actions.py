"""Every action of the room: done for htmx and without scripts; strangers and readers may not, and a GET never acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.utils import timezone

from campaigns import bulk, imports
from campaigns.lead_list import Filters
from campaigns.models import Attempt, Campaign, Contact, Ground, Lead, LeadImport, Template
from compliance.models import AuditEntry, Suppression
from tests.campaigns.conftest import HTMX, Room


@dataclass(frozen=True)
class Action:
    name: str
    about: Callable[[Room], int | None]
    done: Callable[[Room], bool]
    audited: str
    data: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[Room], Any] = lambda _: None
    asks_first: bool = False  # a GET shows the form or the question
    query: str = ""  # what the GET asks about
    shows_part: bool = False  # for htmx it answers with a part of the page


def campaign_of(room: Room) -> Campaign:
    return Campaign.objects.get(pk=room.campaign.pk)


def archived(room: Room) -> None:
    room.campaign.archive(now=room.campaign.created_at)


def waiting_for_a_ground(room: Room) -> None:
    room.queue(room.leads[0])
    Attempt.objects.update(due_at=None, asks="region ")


def contact_number_one(room: Room) -> None:
    Lead.objects.update(contact=None)
    Contact.objects.all().delete()
    Contact.objects.create(pk=1, lead=room.leads[0], email="ed@brightgarden.com", email_key="ed@brightgarden.com")


def hidden_number_one(room: Room) -> None:
    contact_number_one(room)
    Contact.objects.update(found_how="obfuscated")
    Lead.objects.filter(pk=room.leads[0].pk).update(contact=1)


def change_all(room: Room, status: str) -> None:
    change = bulk.begin(
        room.campaign, bulk.Action.STATUS, status, filters=Filters(), user=room.world.marketer, now=timezone.now()
    )
    bulk.run(change.pk, now=timezone.now())


def with_a_file(room: Room) -> LeadImport:
    content = b"site,other\nmoss.example,fern.example\n"
    return imports.begin(room.campaign, content, name="l.csv", user=room.world.marketer, now=room.campaign.created_at)


def with_a_file_under_way(room: Room) -> None:
    file = with_a_file(room)
    imports.start(file, origin="A list of moss lovers", user=room.world.owner, now=room.campaign.created_at)


ACTIONS = [
    Action(
        "campaign_create",
        lambda _: None,
        lambda room: Campaign.objects.filter(
            name="Autumn", workspace=room.world.here, owner=room.world.marketer
        ).exists(),
        "campaign.created",
        {"name": "Autumn", "keywords": "leaves,  leaves, rakes"},
        asks_first=True,
    ),
    Action(
        "campaign_settings",
        lambda room: room.campaign.pk,
        lambda room: campaign_of(room).name == "Summer",
        "campaign.changed",
        {"name": "Summer", "keywords": "", "description": "", "identity": "", "mailbox": ""},
        asks_first=True,
    ),
    Action(
        "campaign_pause",
        lambda room: room.campaign.pk,
        lambda room: campaign_of(room).state == Campaign.State.PAUSED,
        "campaign.paused",
    ),
    Action(
        "campaign_resume",
        lambda room: room.campaign.pk,
        lambda room: campaign_of(room).state == Campaign.State.RUNNING,
        "campaign.resumed",
        prepare=lambda room: room.campaign.pause(),
    ),
    Action(
        "campaign_archive",
        lambda room: room.campaign.pk,
        lambda room: campaign_of(room).archived_at is not None,
        "campaign.archived",
    ),
    Action(
        "campaign_restore",
        lambda room: room.campaign.pk,
        lambda room: campaign_of(room).archived_at is None,
        "campaign.restored",
        prepare=archived,
    ),
    Action(
        "campaign_delete",
        lambda room: room.campaign.pk,
        lambda _: not Campaign.objects.exists() and not Lead.objects.exists(),
        "campaign.deleted",
        {"confirm": "Spring"},
        asks_first=True,
    ),
    Action(
        "lead_create",
        lambda room: room.campaign.pk,
        lambda _: Lead.objects.filter(site_key="moss.example", contact__email="ed@moss.example").exists(),
        "",
        {"website_url": "moss.example", "contact_email": "ed@moss.example"},
        asks_first=True,
    ),
    Action(
        "lead_paste",
        lambda room: room.campaign.pk,
        lambda _: Lead.objects.filter(site_key="moss.example", source=Lead.Source.PASTE).exists(),
        "",
        {"text": "moss.example, ed@moss.example\nnonsense", "add": "1"},
        asks_first=True,
    ),
    Action(
        "import_columns",
        lambda _: LeadImport.objects.get().pk,
        lambda _: LeadImport.objects.get().meanings == ["", "website_url"],
        "",
        {"meaning": ["", "website_url"]},
        prepare=with_a_file,
        shows_part=True,
    ),
    Action(
        "import_start",
        lambda _: LeadImport.objects.get().pk,
        lambda _: Lead.objects.filter(site_key="moss.example", source=Lead.Source.IMPORT).exists(),
        "leads.import_begun",
        {"origin": "A list of moss lovers"},
        prepare=with_a_file,
    ),
    Action(
        "import_cancel",
        lambda _: LeadImport.objects.get().pk,
        lambda _: LeadImport.objects.get().state == LeadImport.State.CANCELLED,
        "leads.import_cancelled",
        prepare=with_a_file_under_way,
    ),
    Action(
        "lead_status",
        lambda room: room.leads[0].pk,
        lambda room: Lead.objects.get(pk=room.leads[0].pk).status == Lead.Status.LOST,
        "lead.status_changed",
        {"status": "lost"},
    ),
    Action(
        "lead_bulk",
        lambda room: room.campaign.pk,
        lambda room: Lead.objects.get(pk=room.leads[0].pk).status == Lead.Status.LOST,
        "lead.status_changed",
        {"act": "status", "value": "lost", "matching": "1"},
        asks_first=True,
        query="?act=status&matching=1",
    ),
    Action(
        "bulk_undo",
        lambda room: room.campaign.bulk_changes.get().pk,
        lambda _: not Lead.objects.filter(status=Lead.Status.LOST).exists(),
        "leads.change_undone",
        prepare=lambda room: change_all(room, "lost"),
    ),
    Action(
        "lead_tag",
        lambda room: room.leads[0].pk,
        lambda room: [tag.name for tag in room.leads[0].tags.all()] == ["Spring"],
        "lead.marked",
        {"add": "Spring"},
    ),
    Action(
        "lead_assign",
        lambda room: room.leads[0].pk,
        lambda room: Lead.objects.get(pk=room.leads[0].pk).assignee is None,
        "lead.marked",
        {"user": ""},
        prepare=lambda room: Lead.objects.update(assignee=room.world.owner),
    ),
    Action(
        "lead_contact",
        lambda room: room.leads[0].pk,
        lambda room: Lead.objects.get(pk=room.leads[0].pk).contact is not None,
        "contact.chosen",
        {"contact": "1"},
        prepare=lambda room: contact_number_one(room),
    ),
    Action(
        "contact_confirm",
        lambda room: room.leads[0].pk,
        lambda room: room.leads[0].contacts.get().confirmed_by == room.world.marketer,
        "contact.confirmed",
        prepare=lambda room: room.leads[0].contacts.update(found_how="obfuscated"),
    ),
    Action(
        "launch_confirm",
        lambda room: room.campaign.pk,
        lambda room: room.leads[0].contacts.get().confirmed_by == room.world.marketer,
        "contact.confirmed",
        {"contact": "1"},
        prepare=lambda room: hidden_number_one(room),
    ),
    Action(
        "lead_edit",
        lambda room: room.leads[0].pk,
        lambda room: Lead.objects.get(pk=room.leads[0].pk).website_title == "Brighter",
        "lead.changed",
        {"website_title": "Brighter", "contact_email": "hannah@brightgarden.com"},
        asks_first=True,
    ),
    Action(
        "lead_delete",
        lambda room: room.leads[0].pk,
        lambda room: not Lead.objects.filter(pk=room.leads[0].pk).exists(),
        "lead.deleted",
        asks_first=True,
    ),
    Action(
        "letter_save",
        lambda room: room.campaign.pk,
        lambda room: room.campaign.steps.get().letter_subject == "About {topic}",
        "letter.text_changed",
        {"letter_subject": "About {topic}", "letter_body": "Hi"},
    ),
    Action(
        "letter_keep",
        lambda room: room.campaign.pk,
        lambda _: Template.objects.filter(name="Spring", subject="A guide for {website}").exists(),
        "template.created",
    ),
    Action(
        "campaign_send",
        lambda room: room.campaign.pk,
        lambda _: Attempt.objects.filter(state=Attempt.State.QUEUED).count() == 2,
        "",
        {"all": "1"},
        asks_first=True,
    ),
    Action(
        "campaign_ground",
        lambda room: room.campaign.pk,
        lambda _: Attempt.objects.get().ground == Ground.INVITED and Attempt.objects.get().due_at is not None,
        "letter.ground_named",
        {"ground": "invited"},
        prepare=waiting_for_a_ground,
    ),
    Action(
        "attempt_cancel",
        lambda _: Attempt.objects.get().pk,
        lambda _: Attempt.objects.get().state == Attempt.State.CANCELLED,
        "letter.cancelled",
        prepare=lambda room: room.queue(room.leads[0]),
    ),
    Action(
        "template_create",
        lambda _: None,
        lambda room: Template.objects.filter(name="New", workspace=room.world.here).exists(),
        "template.created",
        {"name": "New", "subject": "Hi", "body": "Hi {name|there}"},
        asks_first=True,
    ),
    Action(
        "template_edit",
        lambda room: room.template.pk,
        lambda _: Template.objects.get().subject == "Hi",
        "template.changed",
        {"name": "Hello", "subject": "Hi", "body": "Hi {name|there}"},
        asks_first=True,
    ),
    Action(
        "template_duplicate",
        lambda room: room.template.pk,
        lambda _: Template.objects.filter(name="Hello (2)").exists(),
        "template.created",
    ),
    Action(
        "template_delete",
        lambda room: room.template.pk,
        lambda _: not Template.objects.exists(),
        "template.deleted",
        asks_first=True,
    ),
]
each_action = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)


def run(room: Room, action: Action, *, htmx: bool) -> Any:
    action.prepare(room)
    return room.post(action.name, action.about(room), action.data, htmx=htmx)


@each_action
def test_without_scripts_it_is_done_and_leads_on(room: Room, action: Action) -> None:
    response = run(room, action, htmx=False)
    assert response.status_code == 302
    assert action.done(room)
    assert (
        not action.audited or AuditEntry.objects.filter(event=action.audited, user_id=room.world.marketer.pk).exists()
    )
    assert room.client().get(response["Location"]).status_code == 200


@each_action
def test_for_htmx_it_is_done(room: Room, action: Action) -> None:
    response = run(room, action, htmx=True)
    assert response.status_code == 200
    assert action.shows_part or "HX-Redirect" in response or "HX-Trigger" in response
    assert action.done(room)


@each_action
def test_a_stranger_finds_nothing(room: Room, action: Action) -> None:
    action.prepare(room)
    for user in (room.world.stranger,):
        assert room.post(action.name, action.about(room), action.data, user=user).status_code == 404
        pk = action.about(room)
        if pk is not None:
            elsewhere = room.url(action.name, pk, slug=room.world.elsewhere.slug)
            assert room.client(user).post(elsewhere, action.data).status_code == 404


@each_action
def test_who_reads_may_not(room: Room, action: Action) -> None:
    action.prepare(room)
    for user in (room.world.viewer, room.world.officer):
        assert room.post(action.name, action.about(room), action.data, user=user).status_code == 403
    assert (
        not action.audited or not AuditEntry.objects.filter(event=action.audited, user_id=room.world.viewer.pk).exists()
    )


@each_action
def test_a_get_changes_nothing(room: Room, action: Action) -> None:
    action.prepare(room)
    rows = [model.objects.count() for model in (Campaign, Lead, Attempt, Template, AuditEntry, Suppression)]
    for headers in ({}, HTMX):
        response = room.get(action.name, action.about(room), query=action.query, headers=headers)
        assert response.status_code == (200 if action.asks_first else 405)
    assert rows == [model.objects.count() for model in (Campaign, Lead, Attempt, Template, AuditEntry, Suppression)]


@pytest.mark.parametrize("name", ["letter_preview", "template_preview"])
def test_a_preview_is_shown_and_nothing_saved(room: Room, name: str) -> None:
    pk = room.campaign.pk if name == "letter_preview" else None
    fields = ("letter_subject", "letter_body") if name == "letter_preview" else ("subject", "body")
    data = dict(zip(fields, ("Typed <i>subject</i>", "Typed {nmae} body"), strict=True))
    part = room.post(name, pk, data, htmx=True).content.decode()
    assert "Typed &lt;i&gt;subject" in part
    assert "Did you mean {name}?" in part
    assert "<html" not in part
    page = room.post(name, pk, data).content.decode()
    assert "<html" in page
    assert page.count("Typed &lt;i&gt;subject") >= 2  # in the editor and in the letter
    assert room.get(name, pk).status_code == 405
    assert room.post(name, pk, data, user=room.world.viewer).status_code == 403
    assert room.post(name, pk, data, user=room.world.stranger).status_code == 404
    assert room.campaign.steps.get().letter_body.startswith("Hi {name|there}")
    assert Template.objects.get().body == "Hello {name|there}"
