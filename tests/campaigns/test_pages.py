"""What the pages of the room show: to whom, in how many queries, and never as markup."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.leads import ASKED_TO_BE_ERASED, NewLead, add_many
from campaigns.lifecycle import start_campaign
from campaigns.models import Attempt, Campaign, Contact, Lead, Template
from campaigns.starters import STARTERS
from compliance import holds
from compliance.models import Hold, Suppression
from compliance.suppression import entomb, suppress
from compliance.unsubscribe import token_for
from outreach_site.accounts.models import Role
from outreach_site.mailboxes.models import Mailbox
from tests.campaigns.conftest import HTMX, Room

READ = [
    ("campaign_list", "", "none"),
    ("campaign_detail", "", "campaign"),
    ("campaign_letters", "", "campaign"),
    ("attempt_list", "", "campaign"),
    ("lead_detail", "", "lead"),
    ("attempt_detail", "", "attempt"),
    ("template_list", "", "none"),
]


def about(room: Room, what: str) -> int | None:
    if what == "attempt":
        return (Attempt.objects.first() or room.queue(room.leads[0])[0]).pk
    return {"none": None, "campaign": room.campaign.pk, "lead": room.leads[0].pk}[what]


def text(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


@pytest.mark.parametrize(("name", "query", "what"), READ)
def test_everybody_of_the_workspace_reads(room: Room, name: str, query: str, what: str) -> None:
    for user in (room.world.owner, room.world.marketer, room.world.officer, room.world.viewer):
        page = text(room.get(name, about(room, what), user=user, query=query))
        assert "<html" in page
        role = user.memberships.get().role
        if role in {Role.VIEWER, Role.COMPLIANCE}:
            assert "Send first letter" not in page
            assert "campaigns/new/" not in page
            assert 'method="post"' not in page.split('id="main"')[1].split("</main>")[0]
    assert room.get(name, about(room, what), user=room.world.stranger).status_code == 404


@pytest.mark.parametrize(
    "name", ["campaign_list", "campaign_detail", "campaign_letters", "attempt_list", "lead_detail", "attempt_detail"]
)
def test_htmx_gets_the_part_and_not_the_page(room: Room, name: str) -> None:
    what = {row[0]: row[2] for row in READ}[name]
    part = text(room.get(name, about(room, what), headers=HTMX))
    assert "<html" not in part
    assert part.strip()


EVIL = '"><script>alert(1)</script>{{ 7|add:7 }}'


def test_nothing_that_people_type_becomes_markup(room: Room) -> None:
    campaign = room.campaign
    # Queued while it still looks harmless: what is left open in a letter is not queued (campaigns/content.py).
    lead = room.lead("evil.example", "ed@evil.example")
    Attempt.objects.filter(pk=room.queue(lead)[0].pk).update(
        reason=EVIL, server_words=EVIL, subject=EVIL, body=EVIL, recipient_name=EVIL, state=Attempt.State.FAILED
    )
    campaign.name, campaign.keywords, campaign.description = EVIL, EVIL, EVIL
    campaign.save()
    lead.website_title = lead.topic = EVIL
    lead.custom_fields = {"x": EVIL}
    lead.save()
    lead.contacts.update(name=EVIL, role=EVIL)
    Template.objects.filter(pk=room.template.pk).update(
        name=EVIL, category=EVIL, subject=EVIL.replace("{", "{{"), body=EVIL
    )
    room.step.letter_subject = room.step.letter_body = EVIL
    room.step.save()
    attempt = Attempt.objects.get()
    pages = [
        room.get("campaign_list"),
        room.get("campaign_detail", campaign.pk),
        room.get("campaign_letters", campaign.pk, query=f"?lead={lead.pk}"),
        room.get("letter_start", campaign.pk),
        room.get("campaign_send", campaign.pk, query="?all=1"),
        room.get("campaign_settings", campaign.pk),
        room.get("campaign_delete", campaign.pk),
        room.get("attempt_list", campaign.pk),
        room.get("attempt_detail", attempt.pk),
        room.get("lead_detail", lead.pk),
        room.get("lead_edit", lead.pk),
        room.get("lead_delete", lead.pk),
        room.get("template_list"),
        room.get("template_edit", room.template.pk),
        room.post("lead_paste", campaign.pk, {"text": f"a.com, ed@a.com, {EVIL}"}),
        room.post("campaign_create", None, {"name": EVIL * 9}),
    ]
    for page in pages:
        body = page.content.decode()
        assert "<script>alert" not in body
        assert "&lt;script&gt;alert" in body
        assert ">14" not in body


# --- Lists ------------------------------------------------------------------------------------------------------------


def queries_of(room: Room, name: str, pk: int | None = None, query: str = "") -> int:
    client = room.client()
    client.get(room.url(name, pk) + query)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(room.url(name, pk) + query).status_code == 200
    return len(queries)


def test_the_list_costs_the_same_for_many_campaigns(room: Room) -> None:
    before = queries_of(room, "campaign_list")
    for number in range(20):
        campaign = start_campaign(room.world.here, name=f"C{number}", user=room.world.owner, now=timezone.now())
        add_many(campaign, [NewLead(website_url=f"s{number}.com")], source=Lead.Source.PASTE, now=timezone.now())
    assert queries_of(room, "campaign_list") == before


@pytest.mark.parametrize("name", ["campaign_detail", "attempt_list", "campaign_letters", "campaign_send"])
def test_a_campaign_costs_the_same_for_many_leads(room: Room, name: str) -> None:
    query = "?all=1" if name == "campaign_send" else ""
    room.queue(room.leads[0])
    before = queries_of(room, name, room.campaign.pk, query)
    rows = [NewLead(website_url=f"s{n}.com", contact_email=f"ed@s{n}.com", contact_name="Ed") for n in range(30)]
    add_many(room.campaign, rows, source=Lead.Source.PASTE, now=timezone.now())
    room.queue(*Lead.objects.of(room.campaign).filter(site_key__startswith="s1"))
    assert queries_of(room, name, room.campaign.pk, query) == before


def test_campaigns_are_paged_by_key_and_each_is_seen_once(room: Room) -> None:
    for number in range(60):
        start_campaign(
            room.world.here,
            name=f"C{number}",
            user=room.world.owner,
            now=room.campaign.created_at + timedelta(hours=number // 2),
        )
    first = room.get("campaign_list")
    second = room.client().get(first.context["next_url"])
    seen = [row["campaign"].pk for page in (first, second) for row in page.context["rows"]]
    assert len(seen) == len(set(seen)) == 61
    assert second.context["next_url"] == ""
    for nonsense in ("x", "2026-01-01T00:00:00Z~x", "2026-01-01T00:00:00~1", "~", "2026-13-45T00:00:00Z~1"):
        assert room.get("campaign_list", query=f"?after={nonsense}").status_code == 400


def test_archived_campaigns_stand_behind_a_filter(room: Room) -> None:
    room.campaign.archive(now=timezone.now())
    assert "Spring" not in text(room.get("campaign_list"))
    assert "Spring" in text(room.get("campaign_list", query="?show=archived"))


def test_leads_are_paged_filtered_and_searched(room: Room) -> None:
    rows = [NewLead(website_url=f"s{n}.com", contact_email=f"ed@s{n}.com") for n in range(60)]
    add_many(room.campaign, rows, source=Lead.Source.PASTE, now=timezone.now())
    Lead.objects.filter(site_key="s7.com").update(status=Lead.Status.REPLIED)
    first = room.get("campaign_detail", room.campaign.pk)
    second = room.client().get(first.context["next_url"])
    seen = [row.lead.pk for page in (first, second) for row in page.context["rows"]]
    assert len(seen) == len(set(seen)) == 63

    def found(query: str) -> list[str]:
        return [row.lead.site_key for row in room.get("campaign_detail", room.campaign.pk, query=query).context["rows"]]

    assert found("?status=replied") == ["s7.com"]
    assert found("?lacks=address") == ["fernandfig.com"]
    assert found("?lacks=name&q=balcony") == ["balconyharvest.com"]
    assert found("?q=HANNAH@") == ["brightgarden.com"]
    assert found("?q=https://www.brightgarden.com/") == ["brightgarden.com"]
    assert found("?q=lindqvist") == ["brightgarden.com"]
    assert found("?q=Balcony+Harv") == ["balconyharvest.com"]
    assert found("?q=%25") == []
    assert len(found("?status=nonsense")) == 50
    assert room.get("campaign_detail", room.campaign.pk, query="?after=x").status_code == 400
    assert room.get("campaign_detail", room.campaign.pk, query="?q=%00").status_code == 200


def test_another_campaigns_leads_are_not_shown(room: Room) -> None:
    other = start_campaign(room.world.here, name="Other", user=room.world.owner, now=timezone.now())
    assert "Bright" not in text(room.get("campaign_detail", other.pk))
    page = text(room.get("campaign_letters", other.pk, query=f"?lead={room.leads[0].pk}"))
    assert "hannah@brightgarden.com" not in page


def test_a_row_says_what_comes_next_and_why_not(room: Room) -> None:
    bright, balcony, _ = room.leads
    suppress(
        workspace=room.world.here,
        address="tom@balconyharvest.com",
        reason=Suppression.Reason.OPT_OUT,
        now=timezone.now(),
    )
    [attempt] = room.queue(bright)

    def next_of(lead: Lead) -> tuple[str, str]:
        rows = {row.lead.pk: row.standing for row in room.get("campaign_detail", room.campaign.pk).context["rows"]}
        return rows[lead.pk].next, rows[lead.pk].why

    assert next_of(balcony) == ("Held", "asked to be removed")
    assert next_of(bright) == ("Leaves in turn", "")
    Campaign.objects.update(state=Campaign.State.PAUSED)
    assert next_of(bright) == ("Waits", "The campaign is paused: resume it at the top of its page.")
    Campaign.objects.update(state=Campaign.State.RUNNING)
    room.world.here.stop_sending(now=timezone.now())
    assert next_of(bright) == ("Waits", "All sending is stopped in this workspace: resume it under Queue.")
    room.world.here.resume_sending()
    Mailbox.objects.update(paused_at=timezone.now())
    paused = "The mailbox mara@orchard.example is paused: an owner resumes it under Settings, Mailboxes."
    assert next_of(bright) == ("Waits", paused)
    Mailbox.objects.update(paused_at=None)
    for subject in ("workspace", f"mailbox:{room.mailbox.pk}", room.campaign.subject):
        hold = Hold.objects.create(workspace=room.world.here, subject=subject, reason="Look at it first.")
        assert next_of(bright) == ("Waits", "Look at it first. Lift it under Compliance, Held back.")
        hold.delete()
    assert next_of(bright) == ("Leaves in turn", "")
    Attempt.objects.update(due_at=None, reason="Say why.", asks="region ")
    assert next_of(bright) == ("Waits for you", "Say why.")
    for state, words in (
        (Attempt.State.SENDING, "Leaving now"),
        (Attempt.State.UNCERTAIN, "May have been sent"),
        (Attempt.State.BLOCKED, "Held back"),
        (Attempt.State.FAILED, "Could not be sent"),
        (Attempt.State.CANCELLED, ""),
        (Attempt.State.SENT, ""),
    ):
        Attempt.objects.filter(pk=attempt.pk).update(state=state, reason="")
        assert next_of(bright)[0] == words, state


# --- Campaigns --------------------------------------------------------------------------------------------------------


def test_a_new_campaign_writes_as_usual_and_keeps_its_keywords_tidy(room: Room) -> None:
    room.post("campaign_create", None, {"name": " Autumn ", "keywords": "leaves,  leaves , big   rakes,"})
    campaign = Campaign.objects.get(name="Autumn")
    assert (campaign.keywords, campaign.topic) == ("leaves, big rakes", "leaves")
    assert (campaign.identity, campaign.mailbox) == (room.world.identity, room.mailbox)


def test_a_campaign_without_a_name_is_not_created_and_nothing_typed_is_lost(room: Room) -> None:
    for htmx in (False, True):
        response = room.post("campaign_create", None, {"name": "", "keywords": "mint, moss"}, htmx=htmx)
        assert response.status_code == 422
        assert "mint, moss" in response.content.decode()
    assert Campaign.objects.count() == 1


def test_settings_offer_only_what_the_workspace_has(room: Room) -> None:
    theirs = Mailbox.objects.create(
        workspace=room.world.elsewhere, email="x@quarry.example", smtp_host="h", smtp_user="x"
    )
    data = {"name": "Spring", "mailbox": theirs.pk}
    response = room.post("campaign_settings", room.campaign.pk, data)
    assert response.status_code == 422
    assert "x@quarry.example" not in response.content.decode()


def test_deleting_needs_the_name_and_waits_for_letters_on_their_way(room: Room) -> None:
    assert room.post("campaign_delete", room.campaign.pk, {"confirm": "spring"}).status_code == 422
    [attempt] = room.queue(room.leads[0])
    for state in (Attempt.State.SENDING, Attempt.State.UNCERTAIN):
        Attempt.objects.filter(pk=attempt.pk).update(state=state)
        assert room.post("campaign_delete", room.campaign.pk, {"confirm": "Spring"}).status_code == 422
        assert room.post("lead_delete", room.leads[0].pk).status_code == 422
    assert Campaign.objects.count() == 1
    Attempt.objects.update(state=Attempt.State.SENT)
    assert room.post("campaign_delete", room.campaign.pk, {"confirm": " Spring "}).status_code == 302
    assert not Attempt.objects.exists()


def test_pause_offers_undo(room: Room) -> None:
    response = room.client().post(room.url("campaign_pause", room.campaign.pk), follow=True)
    assert room.url("campaign_resume", room.campaign.pk) in response.content.decode()


def test_resuming_says_what_still_keeps_its_letters(room: Room) -> None:
    def said() -> str:
        return room.client().post(room.url("campaign_resume", room.campaign.pk), follow=True).content.decode()

    assert "goes on. What waits leaves again in its turn." in said()
    here, now = room.world.here, timezone.now()
    hold = holds.place(workspace=here, subject=room.campaign.subject, reason="Many complained.", now=now)
    assert "its letters still wait. Many complained. Lift it under Compliance, Held back." in said()
    holds.lift(hold, user=room.world.owner, now=now)
    here.stop_sending(now=now)
    assert "its letters still wait. All sending is stopped in this workspace: resume it under Queue." in said()
    here.resume_sending()
    [mailbox] = Mailbox.objects.in_workspace(here)
    mailbox.archive(now=now)
    assert "its letters still wait." in said()


# --- Leads ------------------------------------------------------------------------------------------------------------


def test_a_site_that_is_there_is_shown_and_nothing_typed_is_lost(room: Room) -> None:
    data = {"website_url": "www.brightgarden.com", "contact_email": "new@brightgarden.com", "contact_name": "Nora"}
    page = room.post("lead_create", room.campaign.pk, data)
    assert page.status_code == 422
    body = page.content.decode()
    assert room.url("lead_detail", room.leads[0].pk) in body
    assert "new@brightgarden.com" in body
    assert "Nora" in body
    assert Lead.objects.count() == 3


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"website_url": "nonsense"}, "the ending, such as .com, is missing"),
        ({"website_url": "a.com", "contact_email": "ed@@a.com"}, "@-sign"),
        ({"website_url": "a.com", "contact_name": "Ed"}, "Add their address"),
        ({"website_url": "a.com", "found_url": "javascript:alert(1)"}, "Give the web address of the page"),
    ],
)
def test_bad_input_gets_a_sentence(room: Room, data: dict[str, str], sentence: str) -> None:
    page = room.post("lead_create", room.campaign.pk, data)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert Lead.objects.count() == 3


def test_what_a_paste_leaves_out_is_said_with_its_reason(room: Room) -> None:
    entomb(workspace=room.world.here, address="gone@newsite.com", user=room.world.owner, now=timezone.now())
    pasted = "newsite.com, gone@newsite.com, Someone\nother.com, ed@other.com, Ed"
    answer = room.client().post(room.url("lead_paste", room.campaign.pk), {"text": pasted, "add": "1"}, follow=True)
    assert "1 lead is added." in answer.text
    assert f"1 line was left out. {ASKED_TO_BE_ERASED}" in answer.text


def test_a_paste_is_looked_at_before_it_is_added(room: Room) -> None:
    data = {"text": "moss.example, ed@moss.example\nnonsense\nbrightgarden.com"}
    page = room.post("lead_paste", room.campaign.pk, data)
    body = text(page)
    assert page.context["new_count"] == 1
    assert "Line 2" in body
    assert "in this campaign already" in body
    assert "Add 1 lead<" in body
    assert Lead.objects.count() == 3
    part = room.post("lead_paste", room.campaign.pk, data, htmx=True).content.decode()
    assert "<html" not in part
    assert room.post("lead_paste", room.campaign.pk, {"text": ""}).status_code == 422


def test_unsubscribed_by_hand_suppresses_the_address_and_takes_back_what_waits(room: Room) -> None:
    [attempt] = room.queue(room.leads[0])
    room.post("lead_status", room.leads[0].pk, {"status": "unsubscribed"})
    attempt.refresh_from_db()
    assert attempt.state == Attempt.State.CANCELLED
    entry = Suppression.objects.get()
    assert (entry.value, entry.reason, entry.workspace) == (
        "hannah@brightgarden.com",
        Suppression.Reason.OPT_OUT,
        room.world.here,
    )
    assert room.queue(room.leads[0]) == []


def test_a_status_can_be_undone(room: Room) -> None:
    client = room.client()
    response = client.post(
        room.url("lead_status", room.leads[0].pk), {"status": "placed"}, headers=HTMX | {"HX-Target": "dialog"}
    )
    assert 'hx-swap-oob="true"' in response.content.decode()
    undo = f"{room.url('lead_status', room.leads[0].pk)}?status=discovered"
    assert undo in response["HX-Trigger"]
    client.post(undo)
    assert Lead.objects.get(pk=room.leads[0].pk).status == Lead.Status.DISCOVERED
    assert client.post(room.url("lead_status", room.leads[0].pk), {"status": "x"}).status_code == 400


# --- Letters ----------------------------------------------------------------------------------------------------------


def test_the_preview_is_the_letter_that_is_queued(room: Room) -> None:
    context = room.get("campaign_letters", room.campaign.pk).context
    shown = "".join(part.text for part in context["preview"].body)
    [attempt] = room.queue(room.leads[0])
    assert (
        "".join(part.text for part in context["preview"].subject) == attempt.subject == "A guide for brightgarden.com"
    )
    assert shown.startswith(attempt.body.strip())
    assert "Lindenweg 4" in context["preview"].foot
    assert [part.text for part in context["preview"].body if part.kind] == ["Hannah Lindqvist", "beds"]


def test_neighbours_and_what_is_lacking(room: Room) -> None:
    data = {"letter_subject": "Hi {name}", "letter_body": "Hi {nmae}", "show": str(room.leads[1].pk)}
    page = room.post("letter_preview", room.campaign.pk, data)
    shown = page.context["shown"]
    assert (shown.position, shown.total, shown.previous, shown.next) == (2, 2, room.leads[0].pk, None)
    lines = [(line.tone, line.text) for line in page.context["checks"]]
    assert ("bad", "Nothing is called {nmae}. Did you mean {name}?") in lines
    assert ("warn", "1 of 2 leads lacks {name}") in lines


def test_a_custom_column_is_known_and_counted(room: Room) -> None:
    Lead.objects.filter(pk=room.leads[0].pk).update(custom_fields={"contains": "x"})
    data = {"letter_subject": "Hi", "letter_body": "{contains} {your_name} {website} {topic}"}
    lines = [line.text for line in room.post("letter_preview", room.campaign.pk, data).context["checks"]]
    assert "1 of 2 leads lacks {contains}" in lines
    assert room.post("letter_save", room.campaign.pk, data).status_code == 302


def test_an_unknown_placeholder_is_not_saved_and_nothing_typed_is_lost(room: Room) -> None:
    data = {"letter_subject": "Hi", "letter_body": "Hello {nmae}, my long text"}
    for htmx in (False, True):
        page = room.post("letter_save", room.campaign.pk, data, htmx=htmx)
        assert page.status_code == 422
        body = page.content.decode()
        assert "Did you mean {name}?" in body
        assert "my long text" in body
    assert room.campaign.steps.get().letter_subject == "A guide for {website}"


def test_queued_letters_keep_their_text(room: Room) -> None:
    [attempt] = room.queue(room.leads[0])
    room.post("letter_save", room.campaign.pk, {"letter_subject": "Other", "letter_body": "Other"})
    attempt.refresh_from_db()
    assert attempt.subject == "A guide for brightgarden.com"


def test_starting_from_a_template_saves_nothing(room: Room) -> None:
    page = text(room.get("campaign_letters", room.campaign.pk, query=f"?template={room.template.pk}"))
    assert "Hello {name|there}" in page
    assert "Not saved yet" in page
    page = text(room.get("campaign_letters", room.campaign.pk, query=f"?starter={STARTERS[0].key}"))
    assert STARTERS[0].subject in page
    assert room.campaign.steps.get().letter_subject == "A guide for {website}"
    theirs = Template.objects.create(workspace=room.world.elsewhere, name="T", subject="secret", body="secret")
    assert room.get("campaign_letters", room.campaign.pk, query=f"?template={theirs.pk}").status_code == 404


# --- Sending ----------------------------------------------------------------------------------------------------------


def test_what_cannot_go_is_said_before(room: Room) -> None:
    twin = room.lead("twin.example", "hannah@brightgarden.com")
    suppress(
        workspace=room.world.here,
        address="tom@balconyharvest.com",
        reason=Suppression.Reason.OPT_OUT,
        now=timezone.now(),
    )
    room.lead("gartenblog.de", "eva@gartenblog.de")
    query = "?" + "&".join(f"lead={lead.pk}" for lead in Lead.objects.all())
    context = room.get("campaign_send", room.campaign.pk, query=query).context
    assert [one.lead.pk for one in context["going"]] == [room.leads[0].pk]
    assert [lead.site_key for lead in context["asking"]] == ["gartenblog.de"]
    refused = {lead.pk: group.sentence for group in context["refused"] for lead in group.leads}
    assert set(refused) == {twin.pk, room.leads[1].pk, room.leads[2].pk}
    assert "No address" in refused[room.leads[2].pk]
    assert "suppression list" in refused[room.leads[1].pk]
    assert not Attempt.objects.exists()


def test_sending_with_a_ground_and_without(room: Room) -> None:
    eva = room.lead("gartenblog.de", "eva@gartenblog.de")
    data = {"lead": [eva.pk, room.leads[0].pk], "ground": "published"}
    assert room.post("campaign_send", room.campaign.pk, data).status_code == 302
    assert set(Attempt.objects.values_list("ground", flat=True)) == {"published"}
    assert room.post("campaign_send", room.campaign.pk, {"lead": [eva.pk], "ground": "because"}).status_code == 400


def test_leads_of_another_campaign_are_not_sent_to(room: Room) -> None:
    other = start_campaign(room.world.here, name="Other", user=room.world.owner, now=timezone.now())
    room.post("campaign_send", other.pk, {"lead": [room.leads[0].pk]})
    assert not Attempt.objects.exists()


def test_what_is_missing_for_sending_is_said(room: Room) -> None:
    room.step.delete()
    page = text(room.get("campaign_send", room.campaign.pk, query="?all=1"))
    assert "This campaign has no letter yet" in page
    assert room.post("campaign_send", room.campaign.pk, {"all": "1"}).status_code == 422
    assert room.post("campaign_send", room.campaign.pk, {"lead": ["x", "9" * 30, "-1"]}).status_code == 422


def test_a_letter_that_left_cannot_be_taken_back(room: Room) -> None:
    [attempt] = room.queue(room.leads[0])
    Attempt.objects.update(state=Attempt.State.SENDING)
    room.post("attempt_cancel", attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == Attempt.State.SENDING


# --- Templates --------------------------------------------------------------------------------------------------------


def test_a_template_of_the_same_name_is_refused_here_and_allowed_elsewhere(room: Room) -> None:
    Template.objects.create(workspace=room.world.elsewhere, name="Theirs", subject="s", body="b")
    data = {"name": "Hello", "subject": "s", "body": "b"}
    assert room.post("template_create", None, data).status_code == 422
    assert room.post("template_create", None, data | {"name": "Theirs"}).status_code == 302


def test_starters_can_be_saved_as_they_are(room: Room) -> None:
    for starter in STARTERS:
        page = room.get("template_create", query=f"?starter={starter.key}")
        assert page.context["form"].initial["body"] == starter.body
    for starter in STARTERS:
        data = {"name": starter.name, "subject": starter.subject, "body": starter.body, "category": starter.category}
        assert room.post("template_create", None, data).status_code == 302, starter.key


def test_a_template_is_shown_for_any_lead(room: Room) -> None:
    typed = {"name": "N", "subject": "For {website}", "body": "Hi {name|there}, {nmae}"}
    page = text(room.post("template_preview", None, typed, htmx=True))
    assert "As Hannah Lindqvist at brightgarden.com would read it" in page
    assert "1 of 2" in page
    assert "Did you mean {name}?" in page
    page = text(room.post("template_preview", None, typed | {"lead": room.leads[0].pk, "show": room.leads[1].pk}))
    assert "at balconyharvest.com would read it" in page
    assert 'value="For {website}"' in page, "what was typed is still there"
    for wanted in ("balcony", "tom@balc", "BALCONYHARVEST.com"):
        assert "at balconyharvest.com would read it" in text(
            room.post("template_preview", None, typed | {"find": wanted}, htmx=True)
        )
    assert "at brightgarden.com would read it" in text(
        room.post("template_preview", None, typed | {"find": "nobody"}, htmx=True)
    )


def test_a_template_is_never_shown_for_anothers_lead(room: Room) -> None:
    there = start_campaign(room.world.elsewhere, name="Theirs", user=room.world.stranger, now=timezone.now())
    lead = Lead.objects.create(
        campaign=there, website_url="https://s.example", site_key="s.example", domain="secret.example"
    )
    lead.contact = Contact.objects.create(lead=lead, email="ed@secret.example", email_key="ed@secret.example")
    lead.save()
    for wanted in ({"show": lead.pk}, {"find": "secret.example"}, {"lead": lead.pk}, {"find": "9" * 40}):
        page = text(room.post("template_preview", None, {"subject": "{website}", "body": "x"} | wanted, htmx=True))
        assert "secret" not in page


def test_a_letter_can_be_downloaded_by_whoever_reads_here(room: Room) -> None:
    [attempt] = room.queue(room.leads[0])
    token = token_for(workspace=room.world.here, address=attempt.recipient, about=attempt.about, now=timezone.now())
    url = room.url("attempt_eml", attempt.pk)
    assert url in room.get("attempt_detail", attempt.pk).content.decode()
    response = room.client(room.world.viewer).get(url)
    assert response.status_code == 200
    assert response["Content-Type"] == "message/rfc822"
    assert response["Content-Disposition"] == f'attachment; filename="letter-{attempt.pk}.eml"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"Subject: A guide for brightgarden.com" in response.content
    # Reading a letter must not be a way to opt its reader out.
    assert token.encode() not in response.content
    assert b"List-Unsubscribe" not in response.content
    assert room.client(room.world.stranger).get(url).status_code == 404
    assert room.client().post(url).status_code == 405
    Attempt.objects.update(recipient="")  # what an erasure leaves
    assert room.client().get(url).status_code == 404
    assert url not in room.get("attempt_detail", attempt.pk).content.decode()


def test_settings_say_how_letters_look(room: Room) -> None:
    data = {"name": "Spring", "reply_to": "team@orchard.example", "language": "de", "with_html": "on"}
    assert room.post("campaign_settings", room.campaign.pk, data).status_code == 302
    room.campaign.refresh_from_db()
    assert (room.campaign.reply_to, room.campaign.language, room.campaign.with_html) == (
        "team@orchard.example",
        "de",
        True,
    )
    for wrong in ({"reply_to": "a@b.example\r\nBcc: x@y.example"}, {"language": "xx"}):
        assert room.post("campaign_settings", room.campaign.pk, data | wrong).status_code == 422
    assert "So gehen wir mit Ihren Daten um" in room.get("campaign_letters", room.campaign.pk).content.decode()
