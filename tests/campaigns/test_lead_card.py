"""One lead's card: what it shows, its tags, fields and contacts, and the yes that a hidden address needs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.discovery import runs
from campaigns.lead_events import events_of
from campaigns.models import Attempt, Contact, FoundContact, FoundSite, Lead, Placement, Tag
from campaigns.queueing import foresee_letters
from campaigns.rendering import render
from compliance.models import AuditEntry, SendRecord
from tests.campaigns.conftest import HTMX, Room


def card(room: Room, lead: Lead) -> str:
    return str(room.get("lead_detail", lead.pk).content.decode())


def hidden(room: Room, email: str) -> Lead:
    return room.lead(
        email.partition("@")[2], email, found_url=f"https://{email.partition('@')[2]}/team", found_how="obfuscated"
    )


# --- A hidden address -------------------------------------------------------------------------------------------------


def test_a_hidden_address_waits_for_a_yes_where_the_region_asks(room: Room) -> None:
    lead = hidden(room, "ed@gartenblick.de")
    [letter] = room.queue(lead)
    Attempt.objects.filter(pk=letter.pk).update(ground="published")
    [foreseen] = foresee_letters(
        room.campaign, [lead], user=room.world.marketer, now=timezone.now(), ground="published"
    )
    assert foreseen.waits  # Naming the ground is not looking at the page.
    assert "only people read it" in foreseen.sentence
    assert letter.due_at is None
    assert "source " in letter.asks
    assert "I looked: it may be used" in card(room, lead)
    room.post("contact_confirm", lead.pk)
    contact = Contact.objects.get(pk=lead.contact_id or 0)
    assert contact.confirmed_by == room.world.marketer
    assert contact.confirmed_at is not None
    letter.refresh_from_db()
    assert letter.due_at is not None
    assert AuditEntry.objects.filter(event="contact.confirmed", about=f"lead:{lead.pk}").count() == 1
    lead = Lead.objects.select_related("contact").get(pk=lead.pk)
    [foreseen] = foresee_letters(
        room.campaign, [lead], user=room.world.marketer, now=timezone.now(), ground="published"
    )
    assert "only people read it" not in foreseen.sentence
    shown = card(room, lead)
    assert "I looked: it may be used" not in shown
    assert "looked and said that it may be used" in shown
    room.post("contact_confirm", lead.pk)  # Once is enough.
    assert AuditEntry.objects.filter(event="contact.confirmed").count() == 1


def test_elsewhere_it_is_only_said(room: Room) -> None:
    lead = hidden(room, "ed@gardenview.com")
    [foreseen] = foresee_letters(room.campaign, [lead], user=room.world.marketer, now=timezone.now())
    assert not foreseen.waits
    assert not foreseen.refused
    assert foreseen.decision is not None
    said = {check.rule.value: check for check in foreseen.decision.checks}
    assert said["source"].outcome == "warned"


def test_what_a_search_found_says_how_it_was_read(room: Room) -> None:
    run = room.campaign.discovery_runs.create(keyword="beds", finished_at=timezone.now())
    site = FoundSite.objects.create(
        run=run,
        url="https://found.org/",
        site_key="found.org",
        domain="found.org",
        state="read",
        read_at=timezone.now(),
    )
    for place, how in enumerate(("obfuscated", "mailto")):
        email = f"{how}@found.org"
        FoundContact.objects.create(site=site, email=email, email_key=email, how=how, place=place)
    runs.save(run, [site.pk], user=room.world.marketer, now=timezone.now())
    lead = room.campaign.leads.get(site_key="found.org")
    assert dict(lead.contacts.values_list("email", "found_how")) == {
        "obfuscated@found.org": "obfuscated",
        "mailto@found.org": "mailto",
    }
    assert lead.contact is not None
    assert lead.contact.needs_a_yes
    shown = card(room, lead)
    other = lead.contacts.get(found_how="mailto")
    assert "1 more address here" in shown
    room.post("lead_contact", lead.pk, {"contact": str(other.pk)})
    lead.refresh_from_db()
    assert lead.contact == other


def test_nobody_chooses_a_contact_of_another_lead(room: Room) -> None:
    foreign = room.leads[1].contacts.get()
    for wrong in (str(foreign.pk), "x", "", "9" * 30):
        room.post("lead_contact", room.leads[0].pk, {"contact": wrong})
        room.leads[0].refresh_from_db()
        assert room.leads[0].contact == room.leads[0].contacts.get()


def test_links_stand_in_the_timeline(room: Room) -> None:
    lead, now = room.leads[0], timezone.now()
    room.campaign.refresh_from_db()

    def link(path: str, **details: object) -> Placement:
        return Placement.objects.create(
            lead=lead, page_url=f"https://brightgarden.com/{path}", target_url="https://orchard.example/", **details
        )

    lost = link("lost", created_by=room.world.owner, agreed_on=date(2027, 3, 4), created_at=now - timedelta(days=9),
                first_seen_at=now - timedelta(days=8), lost_at=now - timedelta(days=1))  # fmt: skip
    link("<b>new", created_at=now)
    told = events_of(lead, [], None, list(lead.placements.select_related("created_by")))
    of_links = [(event.what, event.tone, event.detail, event.who) for event in told if event.placement == lost]
    assert of_links == [
        ("Link lost", "bad", "", ""),
        ("Link seen", "good", "", ""),
        ("Link agreed", "", "On 4 March 2027", room.world.owner.get_full_name()),
    ]
    shown = card(room, lead).split('class="timeline"')[1]
    assert f"/placements/{lost.pk}/" in shown
    assert shown.count("Link agreed") == 2
    assert "&lt;b&gt;new" in shown
    with CaptureQueriesContext(connection) as few:
        card(room, lead)
    for n in range(5):
        link(f"more-{n}", created_by=room.world.owner, first_seen_at=now)
    with CaptureQueriesContext(connection) as many:
        card(room, lead)
    assert len(many) == len(few)


def test_who_tagged_and_assigned_it_is_recorded_and_told(room: Room) -> None:
    lead, owner = room.leads[0], room.world.owner
    for _ in range(2):  # What stands like that already is no change.
        room.post("lead_tag", lead.pk, {"add": "<i>Spring</i>"})
        room.post("lead_assign", lead.pk, {"user": str(owner.pk)})
    tag = Tag.objects.get()
    for _ in range(2):
        room.post("lead_tag", lead.pk, {"remove": str(tag.pk)})
        room.post("lead_assign", lead.pk, {"user": ""})
    entries = AuditEntry.objects.filter(event="lead.marked", about=f"lead:{lead.pk}").order_by("pk")
    assert {entry.user_id for entry in entries} == {room.world.marketer.pk}
    assert [(entry.details["action"], entry.details["value"]) for entry in entries] == [
        ("tag", str(tag.pk)),
        ("assign", str(owner.pk)),
        ("untag", str(tag.pk)),
        ("assign", ""),
    ]
    assert "Spring" not in str([entry.details for entry in entries])
    told = [(event.what, event.detail) for event in events_of(lead, [], None)][:4]
    assert told == [
        ("Assigned", "to nobody"),
        ("Tag taken off", "<i>Spring</i>"),
        ("Assigned", f"to {owner.get_full_name()}"),
        ("Tagged", "<i>Spring</i>"),
    ]
    assert "<i>Spring" not in card(room, lead)
    tag.delete()
    assert "a tag that is gone" in card(room, lead)


# --- Tags and fields --------------------------------------------------------------------------------------------------


def test_tags_are_put_on_and_taken_off_in_place(room: Room) -> None:
    lead = room.leads[0]
    part = room.post("lead_tag", lead.pk, {"add": "<i>Spring</i>"}, htmx=True).content.decode()
    assert "&lt;i&gt;Spring&lt;/i&gt;" in part
    assert "hx-swap-oob" in part  # The row in the table behind it.
    tag = Tag.objects.get()
    room.post("lead_tag", lead.pk, {"remove": str(tag.pk)}, htmx=True)
    assert not lead.tags.exists()
    bad = room.post("lead_tag", lead.pk, {"add": " "}, htmx=True)
    assert "A tag is a word or two" in bad["HX-Trigger"]
    theirs = Tag.objects.create(workspace=room.world.elsewhere, name="Theirs")
    room.post("lead_tag", lead.pk, {"remove": str(theirs.pk)})
    assert Tag.objects.filter(pk=theirs.pk).exists()


def test_a_lead_is_given_only_to_those_who_may_write(room: Room) -> None:
    lead = room.leads[0]
    room.post("lead_assign", lead.pk, {"user": str(room.world.owner.pk)})
    lead.refresh_from_db()
    assert lead.assignee == room.world.owner
    for wrong in (room.world.viewer, room.world.stranger):
        room.post("lead_assign", lead.pk, {"user": str(wrong.pk)})
        lead.refresh_from_db()
        assert lead.assignee == room.world.owner


def test_own_fields_are_written_and_fill_letters(room: Room) -> None:
    lead, other = room.leads[0], room.leads[1]
    Lead.objects.filter(pk=other.pk).update(custom_fields={"niche": "beds"})
    form = room.get("lead_edit", lead.pk).context["form"]
    assert [field.label for field in form.own_fields()] == ["niche"]
    kept = {"website_title": "", "contact_email": "hannah@brightgarden.com", "contact_name": "Hannah"}
    room.post(
        "lead_edit", lead.pk, kept | {"own_0": "slugs", "new_name": "Latest article", "new_value": "On <b>snails</b>"}
    )
    lead.refresh_from_db()
    assert lead.custom_fields == {"niche": "slugs", "latest_article": "On <b>snails</b>"}
    rendered = render(
        "{niche}", "I read {latest_article}.", lead=lead, identity=room.world.identity, campaign=room.campaign
    )
    assert (rendered.subject, rendered.body) == ("slugs", "I read On <b>snails</b>.")
    assert "<b>snails</b>" not in card(room, lead)
    for name in ("name", "niche", "1", "!"):
        wrong = room.post("lead_edit", lead.pk, kept | {"new_name": name, "new_value": "x"})
        assert wrong.status_code == 422, name
    room.post("lead_edit", lead.pk, kept | {"own_0": "", "own_1": ""})
    lead.refresh_from_db()
    assert lead.custom_fields == {}


# --- What happened ----------------------------------------------------------------------------------------------------


def test_the_card_tells_what_happened_and_by_whom(room: Room) -> None:
    lead = room.leads[0]
    run = room.campaign.discovery_runs.create(keyword="beds")
    FoundSite.objects.create(
        run=run,
        url="https://brightgarden.com",
        site_key="brightgarden.com",
        domain="brightgarden.com",
        lead=lead,
        state="read",
        read_at=timezone.now(),
        pages=["https://brightgarden.com/"],
        signals=[{"kind": "refusal", "quote": "No <guest> posts", "url": "https://brightgarden.com/about"}],
        links_to=["https://orchard.example/guide"],
    )
    room.queue(lead)
    room.post("lead_status", lead.pk, {"status": "lost"})
    shown = card(room, lead)
    assert "Status: lost" in shown
    assert "Before: discovered" in shown
    assert "Marketer@Orchard" not in shown
    assert room.world.marketer.get_full_name() in shown
    assert "No &lt;guest&gt; posts" in shown
    assert "Links to us already" in shown
    assert "Letter taken back" in shown
    assert "Site read" in shown
    viewer = room.get("lead_detail", lead.pk, user=room.world.viewer).content.decode()
    assert 'method="post"' not in viewer.split('id="main"')[1].split("</main>")[0]


def test_a_card_costs_the_same_whatever_happened(room: Room) -> None:
    def cost() -> int:
        client = room.client()
        client.get(room.url("lead_detail", room.leads[0].pk))
        with CaptureQueriesContext(connection) as queries:
            client.get(room.url("lead_detail", room.leads[0].pk))
        return len(queries)

    room.post("lead_status", room.leads[0].pk, {"status": "lost"})
    room.leads[0].tags.add(Tag.objects.create(workspace=room.world.here, name="a"))
    before = cost()
    for status in ("replied", "lost", "placed", "contacted"):
        room.post("lead_status", room.leads[0].pk, {"status": status})
    for n in range(5):
        room.leads[0].tags.add(Tag.objects.create(workspace=room.world.here, name=f"t{n}"))
        Contact.objects.create(lead=room.leads[0], email=f"e{n}@b.com", email_key=f"e{n}@b.com")
    assert cost() == before


@pytest.mark.parametrize("htmx", [True, False])
def test_the_card_comes_as_page_and_as_part(room: Room, *, htmx: bool) -> None:
    page = room.get("lead_detail", room.leads[0].pk, headers=HTMX if htmx else {}).content.decode()
    assert ("<html" in page) != htmx
    assert SendRecord.objects.count() == 0
