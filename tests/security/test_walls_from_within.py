"""Keys of another workspace in what a form, an address or a header sends: none of them opens anything."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.leads import NewLead, add_lead, read_paste
from campaigns.models import Attempt, Campaign, Contact, Lead, Step, Template
from compliance.models import AuditEntry
from outreach_site.accounts.models import SenderIdentity
from outreach_site.mailboxes.models import Mailbox, Security
from tests.conftest import World
from tests.letterbox import Letterbox, make_letterbox

SECRET = "Quarry secret"


@pytest.fixture
def box(world: World) -> Letterbox:
    return make_letterbox(world, email="mara@orchardmedia.com", port=587)


@pytest.fixture
def foreign(world: World) -> dict[str, int]:
    """One of everything in the other workspace, by name its key."""
    there = world.elsewhere
    identity = SenderIdentity.objects.create(
        workspace=there, name=SECRET, organisation=SECRET, postal_address=SECRET, is_default=True
    )
    mailbox = Mailbox(
        workspace=there,
        email="secret@quarry.example",
        smtp_host="smtp.quarry.example",
        smtp_security=Security.STARTTLS,
        smtp_user="secret@quarry.example",
    )
    mailbox.set_smtp_password("quarry-password", now=timezone.now())
    mailbox.save()
    campaign = Campaign.objects.create(workspace=there, name=SECRET, identity=identity, mailbox=mailbox)
    Step.objects.create(campaign=campaign, letter_subject=SECRET, letter_body=SECRET)
    added = add_lead(
        campaign,
        NewLead(website_url="https://quarry.example", contact_email="ed@quarry.example", website_title=SECRET),
        source=Lead.Source.MANUAL,
        now=timezone.now(),
    )
    template = Template.objects.create(workspace=there, name=SECRET, subject=SECRET, body=SECRET)
    return {
        "identity": identity.pk,
        "mailbox": mailbox.pk,
        "campaign": campaign.pk,
        "lead": added.lead.pk,
        "template": template.pk,
    }


@pytest.fixture
def client(world: World) -> Client:
    return world.client(world.owner)


def test_a_campaign_takes_no_foreign_mailbox_or_identity(
    box: Letterbox, client: Client, foreign: dict[str, int]
) -> None:
    url = f"/w/orchard/campaigns/{box.campaign.pk}/settings/"
    for field in ("mailbox", "identity"):
        data = {"name": "x", "keywords": "", "description": "", field: foreign[field]}
        answer = client.post(url, data)
        assert answer.status_code == 422
        assert SECRET not in answer.content.decode()
    box.campaign.refresh_from_db()
    assert box.campaign.mailbox == box.mailbox


def test_no_foreign_lead_is_shown_or_written_to(box: Letterbox, client: Client, foreign: dict[str, int]) -> None:
    base = f"/w/orchard/campaigns/{box.campaign.pk}/"
    for url in (f"{base}send/?lead={foreign['lead']}", f"{base}letters/?lead={foreign['lead']}"):
        answer = client.get(url)
        assert answer.status_code == 200
        assert SECRET not in answer.content.decode()
    client.post(f"{base}send/", {"lead": [foreign["lead"]], "ground": "consent"})
    assert not Attempt.objects.exists()
    for part in ("letters/preview/", "letters/save/"):
        answer = client.post(
            base + part, {"letter_subject": "a", "letter_body": "b", "lead": foreign["lead"], "show": foreign["lead"]}
        )
        assert SECRET not in answer.content.decode()


def test_no_foreign_template_is_opened(box: Letterbox, client: Client, foreign: dict[str, int]) -> None:
    assert (
        client.get(f"/w/orchard/campaigns/{box.campaign.pk}/letters/?template={foreign['template']}").status_code == 404
    )
    answer = client.post("/w/orchard/campaigns/templates/preview/", {"template": foreign["template"], "subject": "a"})
    assert answer.status_code == 404


def test_no_foreign_mailbox_is_asked_about(box: Letterbox, client: Client, foreign: dict[str, int]) -> None:
    answer = client.post("/w/orchard/compliance/check/", {"address": "ed@example.com", "mailbox": foreign["mailbox"]})
    assert answer.status_code == 422
    assert not AuditEntry.objects.filter(event="letter.checked").exists()


def test_the_inbox_is_not_narrowed_to_a_foreign_campaign(client: Client, foreign: dict[str, int]) -> None:
    answer = client.get(f"/w/orchard/inbox/?campaign={foreign['campaign']}&show=all")
    assert answer.status_code == 200
    assert SECRET not in answer.content.decode()


def test_search_and_lists_show_nothing_foreign(client: Client, foreign: dict[str, int]) -> None:
    for url in (
        "/w/orchard/search/?q=Quarry",
        "/w/orchard/search/?q=secret@quarry",
        "/w/orchard/compliance/audit/?q=ed@quarry.example",
        "/w/orchard/compliance/suppression/?q=ed@quarry.example",
        "/w/orchard/queue/?show=history",
    ):
        answer = client.get(url)
        assert answer.status_code == 200
        assert SECRET not in answer.content.decode()


def test_the_api_names_no_other_workspace(world: World, client: Client, foreign: dict[str, int]) -> None:
    base = "/api/v1/"
    for url in (
        f"{base}backlink-outreach/campaigns/{foreign['campaign']}",
        f"{base}projects/orchard/integrations/{foreign['mailbox']}/outbound-mail",
        f"{base}projects/quarry/integrations/{foreign['mailbox']}/outbound-mail",
    ):
        assert client.get(url).status_code == 404
    assert client.get(f"{base}backlink-outreach/campaigns", headers={"X-Workspace": "quarry"}).status_code == 404


@pytest.mark.parametrize("page", ["javascript:alert(1)", "data:text/html,<script>", " JaVaScRiPt:alert(1)//x.com", "x"])
def test_where_an_address_was_found_is_a_web_page(box: Letterbox, page: str) -> None:
    """It is shown as a link to the team, and told to the person who was found."""
    paste = read_paste(f"site\temail\tfound_at\nbrightgarden.com\ted@brightgarden.com\t{page}")
    assert paste.rows == []
    assert len(paste.errors) == 1
    with pytest.raises(ValueError, match=r"\w"):
        add_lead(
            box.campaign,
            NewLead(website_url="brightgarden.com", contact_email="ed@brightgarden.com", found_url=page),
            source=Lead.Source.API,
            now=timezone.now(),
        )
    assert not Contact.objects.filter(email="ed@brightgarden.com").exists()


def test_a_page_without_its_scheme_is_completed(box: Letterbox) -> None:
    paste = read_paste("site\temail\tfound_at\nbrightgarden.com\ted@brightgarden.com\tbrightgarden.com/contact")
    assert [row.found_url for row in paste.rows] == ["https://brightgarden.com/contact"]


@pytest.mark.parametrize("odd", ["²", "٣", "1" * 400, "-1", "0x1", "1e9", "\x00", "9" * 19])
def test_odd_numbers_break_no_page(box: Letterbox, client: Client, odd: str) -> None:
    campaign = f"/w/orchard/campaigns/{box.campaign.pk}/"
    for url, name in (
        (campaign, "before"),
        (f"{campaign}letters/", "lead"),
        (f"{campaign}letters/", "template"),
        (f"{campaign}send/", "lead"),
        ("/w/orchard/inbox/", "before"),
        ("/w/orchard/inbox/", "campaign"),
        ("/w/orchard/queue/?show=history", "before"),
        ("/w/orchard/compliance/audit/", "before"),
        ("/w/orchard/search/", "q"),
        ("/post-office/", "before"),
        ("/w/orchard/campaigns/", "after"),
    ):
        assert client.get(url, {name: odd} | ({"show": "history"} if "show" in url else {})).status_code < 500
    answer = client.post("/w/orchard/campaigns/templates/preview/", {"template": odd, "subject": "a", "body": "b"})
    assert answer.status_code < 500
    answer = client.post(f"{campaign}letters/save/", {"letter_subject": "a", "letter_body": "b", "lead": odd})
    assert answer.status_code < 500
