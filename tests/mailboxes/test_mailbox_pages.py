"""The pages of a workspace's mailboxes: who sees what, what is saved, and what is never shown again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from compliance import holds, room
from compliance.models import AuditEntry, SendRecord
from outreach_site.accounts.models import Membership, Role, User, Workspace
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World
from tests.mailboxes.conftest import make_mailbox

HTMX = {"HX-Request": "true"}
SECRET = "correct horse battery"


def url(name: str, workspace: Workspace, *args: Any) -> str:
    return reverse(f"mailboxes:{name}", args=[workspace.slug, *args])


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "email": "mara@orchard.example",
        "from_name": "Mara Voss",
        "smtp_host": "smtp.orchard.example",
        "smtp_port": "587",
        "smtp_security": "starttls",
        "smtp_user": "mara@orchard.example",
        "smtp_password": SECRET,
        "imap_host": "imap.orchard.example",
        "imap_port": "993",
        "imap_security": "tls",
        "imap_same": "on",
        "imap_user": "",
        "imap_password": "",
        "reading": "dedicated",
        "hourly_limit": "",
        "daily_limit": "",
        "min_gap_seconds": "5",
        "ramps_up": "on",
    } | changes


@pytest.fixture
def owner(world: World) -> Client:
    return world.client(world.owner)


# --- The list --------------------------------------------------------------------------------------------------------


def test_everybody_here_sees_how_the_mailboxes_stand(world: World) -> None:
    make_mailbox(world.here)
    for user in (world.owner, world.marketer, world.officer, world.viewer):
        page = world.client(user).get(url("mailbox_list", world.here))
        assert page.status_code == 200
        assert "mara@orchard.example" in page.text
        assert "Not tried yet" in page.text
        assert "Not checked" in page.text
        assert ("smtp.orchard.example" in page.text) is False
        assert ("Pause" in page.text) is (user == world.owner)


def test_an_empty_list_says_what_to_do_first(world: World, owner: Client) -> None:
    assert "No mailbox yet" in owner.get(url("mailbox_list", world.here)).text


def test_the_list_is_of_this_workspace_alone(world: World, owner: Client) -> None:
    make_mailbox(world.elsewhere, email="theirs@quarry.example")
    assert "theirs@quarry.example" not in owner.get(url("mailbox_list", world.here)).text


def test_htmx_gets_the_cards_alone(world: World, owner: Client) -> None:
    make_mailbox(world.here)
    page = owner.get(url("mailbox_list", world.here), headers=HTMX)
    assert "mara@orchard.example" in page.text
    assert "<html" not in page.text


def test_a_card_shows_trouble_with_what_to_do(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    Mailbox.objects.filter(pk=mailbox.pk).update(
        sending_state="trouble", sending_trouble="The server is away.", sending_advice="Wait for it."
    )
    page = owner.get(url("mailbox_list", world.here)).text
    assert "In trouble" in page
    assert "The server is away." in page
    assert "Wait for it." in page
    # What the server said may name hosts and users: the settings are the owners'.
    page = world.client(world.viewer).get(url("mailbox_list", world.here)).text
    assert "In trouble" in page
    assert "The server is away." not in page
    assert "an owner of this workspace can put it right" in page


def test_a_card_says_that_letters_are_held_back(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    holds.place(workspace=world.here, subject=f"mailbox:{mailbox.pk}", reason="Somebody said so.", now=timezone.now())
    page = owner.get(url("mailbox_list", world.here)).text
    assert "Held back" in page
    assert "Its letters wait. Somebody said so." in page


def test_trouble_of_the_environments_mailbox_says_to_restart(world: World, owner: Client) -> None:
    make_mailbox(
        world.here,
        from_environment=True,
        sending_state=Mailbox.State.TROUBLE,
        sending_trouble="The server did not accept the user name and password.",
        sending_advice="Check user and password.",
    )
    text = owner.get(url("mailbox_list", world.here)).text
    assert "Check user and password. Its settings stand in this server&#x27;s environment (.env): restart" in text


def test_a_card_shows_what_was_used_today(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here, daily_limit=50, ramps_up=False)
    now = timezone.now()
    before, elsewhere = now - timedelta(days=2), mailbox.pk + 1  # one that was removed, and signed in as this one does
    for number, (mailbox_id, state, counted_at) in enumerate(
        [
            (mailbox.pk, "sent", now),
            (mailbox.pk, "uncertain", before),
            (mailbox.pk, "sent", before),
            (mailbox.pk, "released", now),
            (elsewhere, "sent", now - timedelta(minutes=50)),
            (elsewhere, "reserved", now),
        ]
    ):
        SendRecord.objects.create(
            workspace=world.here, subject=f"attempt:{number}", kind="first", mailbox_id=mailbox_id,
            sign_in=mailbox.sign_in,
            sender="mara@orchard.example", recipient="e@x.example", recipient_key="e@x.example",
            recipient_domain="x.example", subject_digest="0", legal_basis="legitimate_interest", region="US",
            message_id=f"<{number}@x>", state=state, reserved_at=now, counted_at=counted_at,
        )  # fmt: skip
    page = owner.get(url("mailbox_list", world.here)).text
    assert "2 of 50 letters" in page
    assert "3 of 80" in page
    assert room.last_hour(mailbox, now=now).count == 3


def test_the_list_has_a_constant_number_of_queries(
    world: World, owner: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        make_mailbox(world.here, smtp_user=f"user{number}@orchard.example")
    with django_assert_max_num_queries(14):
        owner.get(url("mailbox_list", world.here))


# --- Adding ----------------------------------------------------------------------------------------------------------


def test_adding_starts_from_a_provider(world: World, owner: Client) -> None:
    page = owner.get(url("mailbox_add", world.here)).text
    for name in (
        "Gmail or Google Workspace",
        "Outlook or Microsoft 365",
        "cPanel",
        "SendGrid",
        "Mailgun",
        "Amazon SES",
    ):
        assert name in page


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("gmail", ["smtp.gmail.com", "imap.gmail.com", "app password"]),
        ("outlook", ["smtp.office365.com", "outlook.office365.com", "Connect with Microsoft"]),
        ("cpanel", ["mail.yourdomain.com", 'value="465"', 'value="80"']),
        ("sendgrid", ["smtp.sendgrid.net", 'value="apikey"', "forbid unsolicited mail", "webhook"]),
        ("mailgun", ["smtp.mailgun.org", "smtp.eu.mailgun.org", "forbid unsolicited mail", "webhook"]),
        ("ses", ["email-smtp.eu-central-1.amazonaws.com", "forbid unsolicited mail", "webhook"]),
        ("other", ["IMAP host"]),
    ],
)
def test_a_provider_fills_in_its_servers(world: World, owner: Client, provider: str, expected: list[str]) -> None:
    page = owner.get(url("mailbox_create", world.here, provider)).text
    for text in expected:
        assert text in page


@pytest.mark.parametrize("provider", ["nobody", "rehearsal"])
def test_an_unknown_provider_is_not_there(world: World, owner: Client, provider: str) -> None:
    assert owner.get(url("mailbox_create", world.here, provider)).status_code == 404


def test_a_mailbox_is_added_with_its_passwords_encrypted(world: World, owner: Client) -> None:
    answer = owner.post(url("mailbox_create", world.here, "other"), typed())
    assert answer.status_code == 302
    assert answer["Location"] == url("mailbox_list", world.here)
    mailbox = Mailbox.objects.get()
    assert mailbox.workspace == world.here
    assert mailbox.open_smtp_password() == mailbox.open_imap_password() == SECRET
    assert SECRET not in mailbox.smtp_password_token
    assert mailbox.imap_user == "mara@orchard.example"
    assert mailbox.sign_in == "mara@orchard.example@smtp.orchard.example"
    entry = AuditEntry.objects.get(event="mailbox.added")
    assert (entry.workspace_id, entry.user_id, entry.about) == (world.here.pk, world.owner.pk, f"mailbox:{mailbox.pk}")
    assert SECRET not in str(entry.details)


def test_the_spaces_of_an_app_password_are_no_part_of_it(world: World, owner: Client) -> None:
    owner.post(url("mailbox_create", world.here, "gmail"), typed(smtp_password="abcd efgh ijkl mnop"))
    assert Mailbox.objects.get().open_smtp_password() == "abcdefghijklmnop"


def test_htmx_is_sent_on_to_the_list(world: World, owner: Client) -> None:
    answer = owner.post(url("mailbox_create", world.here, "other"), typed(), headers=HTMX)
    assert answer["HX-Redirect"] == url("mailbox_list", world.here)


def test_reading_is_optional(world: World, owner: Client) -> None:
    owner.post(url("mailbox_create", world.here, "other"), typed(imap_host="", imap_port="", imap_security=""))
    mailbox = Mailbox.objects.get()
    assert mailbox.imap_host == ""
    assert not mailbox.has_imap_password


def test_reading_may_have_a_sign_in_of_its_own(world: World, owner: Client) -> None:
    form = typed(imap_user="reader", imap_password="another secret")
    del form["imap_same"]
    owner.post(url("mailbox_create", world.here, "other"), form)
    mailbox = Mailbox.objects.get()
    assert (mailbox.imap_user, mailbox.open_imap_password()) == ("reader", "another secret")
    assert mailbox.open_smtp_password() == SECRET


def test_cpanel_guesses_the_host_from_the_address(world: World, owner: Client) -> None:
    form = typed(smtp_host="", smtp_port="465", smtp_security="tls", imap_host="", smtp_user="")
    owner.post(url("mailbox_create", world.here, "cpanel"), form)
    mailbox = Mailbox.objects.get()
    assert (mailbox.smtp_host, mailbox.smtp_user) == ("mail.orchard.example", "mara@orchard.example")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"smtp_host": "https://smtp.orchard.example"}, "is not the name of a host"),
        ({"smtp_host": "127.0.0.1"}, "this machine itself"),
        ({"smtp_host": "localhost"}, "this machine itself"),
        ({"smtp_host": "192.168.1.4"}, "a private address"),
        ({"smtp_host": "169.254.169.254"}, "a link-local address"),
        ({"smtp_host": "localhost", "smtp_port": "2587"}, "post office is for the rehearsal workspace"),
        ({"smtp_port": "22"}, "not one that mail uses"),
        ({"smtp_port": "465"}, "Port 465 means TLS from the start"),
        ({"smtp_security": "tls"}, "Port 587 means STARTTLS"),
        ({"imap_port": "143"}, "Port 143 means STARTTLS"),
        ({"smtp_password": ""}, "Type the password"),
        ({"smtp_user": "two words"}, "no spaces"),
        ({"email": "nobody"}, "valid email address"),
    ],
)
def test_what_cannot_be_saved_says_why_and_loses_nothing(
    world: World, owner: Client, changes: dict[str, str], sentence: str
) -> None:
    answer = owner.post(url("mailbox_create", world.here, "other"), typed(from_name="Typed Name", **changes))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Typed Name" in answer.text
    assert SECRET not in answer.text
    assert ("type them again" in answer.text) is ("smtp_password" not in changes)
    assert "What you typed is still there, except for passwords." in answer.text
    assert not Mailbox.objects.exists()


def test_an_invalid_form_answers_htmx_with_its_partial(world: World, owner: Client) -> None:
    answer = owner.post(url("mailbox_create", world.here, "other"), typed(email=""), headers=HTMX)
    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert 'id="mailbox-form"' in answer.text


def test_one_sign_in_is_one_mailbox_in_the_whole_installation(world: World, owner: Client) -> None:
    make_mailbox(world.elsewhere, email="theirs@quarry.example", from_name="Their Secret Name")
    answer = owner.post(
        url("mailbox_create", world.here, "other"),
        typed(smtp_host="SMTP.orchard.example.", smtp_user="Mara@Orchard.example"),
    )
    assert answer.status_code == 422
    assert "can be added only once" in answer.text
    for theirs in ("quarry", "Quarry", "Their Secret Name"):
        assert theirs not in answer.text


def test_an_archived_mailbox_frees_its_sign_in(world: World, owner: Client) -> None:
    make_mailbox(world.here).archive(now=timezone.now())
    assert owner.post(url("mailbox_create", world.here, "other"), typed()).status_code == 302


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_without_a_key_a_new_password_is_503_with_what_to_do(
    world: World, owner: Client, settings: Settings, headers: dict[str, str]
) -> None:
    settings.MAIL_SMTP_ENCRYPTION_KEYS = []
    answer = owner.post(url("mailbox_create", world.here, "other"), typed(from_name="Typed Name"), headers=headers)
    assert answer.status_code == 503
    assert "openssl rand -base64 32" in answer.text
    assert "Typed Name" in answer.text
    assert SECRET not in answer.text
    assert ("HX-Reswap" in answer) is bool(headers)
    assert not Mailbox.objects.exists()


# --- Changing --------------------------------------------------------------------------------------------------------


def test_the_form_never_shows_a_password_again(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    mailbox.set_smtp_password(SECRET, now=timezone.now() - timedelta(days=12))
    mailbox.save()
    page = owner.get(url("mailbox_edit", world.here, mailbox.pk)).text
    assert "smtp.orchard.example" in page
    assert SECRET not in page
    assert mailbox.smtp_password_token not in page
    assert "Saved 12 days ago" in page


def test_an_empty_password_keeps_the_saved_one(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    before = mailbox.smtp_password_token
    answer = owner.post(url("mailbox_edit", world.here, mailbox.pk), typed(smtp_password="", from_name="New Name"))
    assert answer.status_code == 302
    mailbox.refresh_from_db()
    assert (mailbox.from_name, mailbox.smtp_password_token) == ("New Name", before)
    assert AuditEntry.objects.get(event="mailbox.changed").details == {"changed": ["from_name"]}


@pytest.mark.parametrize(
    "changes",
    [
        {"smtp_host": "smtp.elsewhere.example"},
        {"smtp_port": "2525"},
        {"smtp_user": "somebody@orchard.example"},
        {"imap_host": "imap.elsewhere.example"},
    ],
)
def test_a_saved_password_is_never_used_for_another_sign_in(
    world: World, owner: Client, changes: dict[str, str]
) -> None:
    mailbox = make_mailbox(world.here)
    answer = owner.post(url("mailbox_edit", world.here, mailbox.pk), typed(smtp_password="", **changes))
    assert answer.status_code == 422
    assert "Type the password again" in answer.text
    mailbox.refresh_from_db()
    assert mailbox.smtp_host == "smtp.orchard.example"
    assert mailbox.imap_host == "imap.orchard.example"


def test_changed_settings_are_untested_again(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    mailbox.mark_sending_ok(now=timezone.now())
    mailbox.mark_receiving_ok(now=timezone.now())
    owner.post(url("mailbox_edit", world.here, mailbox.pk), typed(smtp_host="smtp2.orchard.example"))
    mailbox.refresh_from_db()
    assert mailbox.sending_state == "untested"
    assert mailbox.receiving_state == "untested"  # the password was typed anew for both
    assert mailbox.open_smtp_password() == SECRET


@pytest.mark.parametrize(
    ("changes", "is_new"),
    [
        ({"email": "mara@orchard-media.example"}, True),
        ({"email": "Mara@orchard.example"}, False),
        ({"from_name": "Mara V.", "smtp_password": SECRET}, False),
    ],
)
def test_another_address_starts_slowly(world: World, owner: Client, changes: dict[str, str], *, is_new: bool) -> None:
    mailbox = make_mailbox(world.here, first_sent_at=timezone.now() - timedelta(days=9))
    assert mailbox.ramp_limit(timezone.now()) == 37
    address = url("mailbox_edit", world.here, mailbox.pk)
    assert "With another address, this mailbox starts anew." in owner.get(address).text
    assert owner.post(address, typed(**({"smtp_password": ""} | changes))).status_code == 302
    [now_known] = Mailbox.objects.all()
    assert now_known.ramp_limit(timezone.now()) == (10 if is_new else 37)


def test_saving_leaves_a_worker_its_lease(world: World, owner: Client) -> None:
    """The form was opened before a worker came: what the worker wrote since must stand."""
    mailbox = make_mailbox(world.here)
    later = timezone.now() + timedelta(hours=1)
    Mailbox.objects.filter(pk=mailbox.pk).update(next_send_at=later, leased_until=later)
    owner.post(url("mailbox_edit", world.here, mailbox.pk), typed(smtp_password="", from_name="New Name"))
    mailbox.refresh_from_db()
    assert mailbox.next_send_at == mailbox.leased_until == later


def test_reading_can_be_switched_off_and_its_password_is_forgotten(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    owner.post(url("mailbox_edit", world.here, mailbox.pk), typed(smtp_password="", imap_host=""))
    mailbox.refresh_from_db()
    assert mailbox.imap_host == ""
    assert not mailbox.has_imap_password
    assert mailbox.has_smtp_password


# --- Buttons of a card -----------------------------------------------------------------------------------------------


# Every method is called with both, whether it looks at the event or not.
@pytest.mark.parametrize(("action", "event"), [("pause", "mailbox.paused"), ("resume", "mailbox.resumed")])
class TestPauseAndResume:
    def start(self, world: World, action: str) -> tuple[Mailbox, str]:
        mailbox = make_mailbox(world.here)
        if action == "resume":
            mailbox.pause(now=timezone.now())
        return mailbox, url(f"mailbox_{action}", world.here, mailbox.pk)

    def test_it_works_and_is_on_record(self, world: World, owner: Client, action: str, event: str) -> None:
        mailbox, address = self.start(world, action)
        answer = owner.post(address)
        assert answer["Location"] == url("mailbox_list", world.here)
        mailbox.refresh_from_db()
        assert (mailbox.paused_at is not None) is (action == "pause")
        assert AuditEntry.objects.get(event=event).about == f"mailbox:{mailbox.pk}"

    def test_htmx_gets_the_card(self, world: World, owner: Client, action: str, event: str) -> None:  # noqa: ARG002
        mailbox, address = self.start(world, action)
        answer = owner.post(address, headers=HTMX)
        assert f'id="mailbox-{mailbox.pk}"' in answer.text
        assert "<html" not in answer.text
        assert ("Resume" in answer.text) is (action == "pause")

    def test_a_second_press_changes_nothing(self, world: World, owner: Client, action: str, event: str) -> None:
        _, address = self.start(world, action)
        owner.post(address)
        owner.post(address)
        assert AuditEntry.objects.filter(event=event).count() == 1

    def test_get_is_refused(self, world: World, owner: Client, action: str, event: str) -> None:  # noqa: ARG002
        _, address = self.start(world, action)
        assert owner.get(address).status_code == 405

    def test_others(self, world: World, action: str, event: str) -> None:  # noqa: ARG002
        _, address = self.start(world, action)
        assert world.client(world.stranger).post(address).status_code == 404
        for user in (world.marketer, world.officer, world.viewer):
            assert world.client(user).post(address).status_code == 403


def test_what_still_keeps_a_resumed_mailbox_from_sending_is_said(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    address, now = url("mailbox_resume", world.here, mailbox.pk), timezone.now()
    assert "mara@orchard.example sends again." in owner.post(address, follow=True).text
    hold = holds.place(workspace=world.here, subject=f"mailbox:{mailbox.pk}", reason="It bounces.", now=now)
    world.here.stop_sending(now=now)
    page = owner.post(address, follow=True).text
    assert "sends again" not in page
    assert (
        "its letters still wait. All sending is stopped in this workspace: resume it under Queue. It bounces. Lift"
        in page
    )
    holds.lift(hold, user=world.owner, now=now)
    page = owner.post(address, follow=True).text
    assert "its letters still wait. All sending is stopped in this workspace: resume it under Queue.<" in page


def test_removing_asks_first(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    address = url("mailbox_archive", world.here, mailbox.pk)
    page = owner.get(address)
    assert "<html" in page.text
    assert "Remove mara@orchard.example?" in page.text
    assert "<html" not in owner.get(address, headers=HTMX).text
    mailbox.refresh_from_db()
    assert mailbox.archived_at is None


def test_removing_forgets_the_passwords_and_keeps_the_row(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    answer = owner.post(url("mailbox_archive", world.here, mailbox.pk))
    assert answer["Location"] == url("mailbox_list", world.here)
    mailbox.refresh_from_db()
    assert mailbox.archived_at is not None
    assert not mailbox.has_smtp_password
    assert not mailbox.has_imap_password
    assert AuditEntry.objects.filter(event="mailbox.archived").exists()
    assert (
        "mara@orchard.example"
        not in world.client(world.owner).get(url("mailbox_list", world.here)).text.split('id="mailbox-cards"')[1]
    )
    assert owner.get(url("mailbox_edit", world.here, mailbox.pk)).status_code == 404


# --- Walls -----------------------------------------------------------------------------------------------------------

PAGES = ["mailbox_edit", "mailbox_archive"]
ACTIONS = ["mailbox_test_letter", "mailbox_test_imap", "mailbox_check", "mailbox_pause", "mailbox_resume"]


@pytest.mark.parametrize("name", PAGES + ACTIONS)
def test_a_stranger_finds_nothing(world: World, name: str) -> None:
    mailbox = make_mailbox(world.here)
    stranger = world.client(world.stranger)
    for method in (stranger.get, stranger.post):
        assert method(url(name, world.here, mailbox.pk)).status_code == 404
        # Nor through a workspace of their own.
        if not (method == stranger.get and name in ACTIONS):
            assert method(url(name, world.elsewhere, mailbox.pk)).status_code == 404


@pytest.mark.parametrize("name", PAGES + ACTIONS)
def test_only_owners_touch_mailboxes(world: World, name: str) -> None:
    mailbox = make_mailbox(world.here)
    for user in (world.marketer, world.officer, world.viewer):
        assert world.client(user).post(url(name, world.here, mailbox.pk)).status_code == 403


@pytest.mark.parametrize("name", ACTIONS)
def test_actions_are_posted(world: World, owner: Client, name: str) -> None:
    assert owner.get(url(name, world.here, make_mailbox(world.here).pk)).status_code == 405


@pytest.mark.parametrize("name", ["new_mailbox_test_letter", "new_mailbox_test_imap"])
def test_actions_without_a_mailbox_are_posted_by_owners(world: World, owner: Client, name: str) -> None:
    address = url(name, world.here, "other")
    assert owner.get(address).status_code == 405
    assert world.client(world.viewer).post(address).status_code == 403
    assert world.client(world.stranger).post(address).status_code == 404


# --- The rehearsal ---------------------------------------------------------------------------------------------------


@pytest.fixture
def rehearsal(world: World) -> Workspace:
    workspace = Workspace.objects.create(name="Rehearsal", slug="rehearsal", is_rehearsal=True)
    Membership.objects.create(user=world.owner, workspace=workspace, role=Role.OWNER)
    return workspace


def test_connecting_ones_own_mailbox_leads_out_of_the_rehearsal(
    world: World, owner: Client, rehearsal: Workspace
) -> None:
    assert "Connect my mailbox" in owner.get(url("mailbox_list", rehearsal)).text
    answer = owner.get(url("mailbox_add", rehearsal))
    assert answer["Location"] == url("mailbox_add", world.here)


def test_with_several_workspaces_one_chooses(world: World, owner: Client, rehearsal: Workspace) -> None:
    Membership.objects.create(user=world.owner, workspace=world.elsewhere, role=Role.OWNER)
    page = owner.get(url("mailbox_add", rehearsal)).text
    assert url("mailbox_add", world.here) in page
    assert url("mailbox_add", world.elsewhere) in page


def test_without_a_workspace_of_ones_own_the_page_says_so(world: World, rehearsal: Workspace) -> None:
    alone = User.objects.create(email="alone@rehearsal.test")
    Membership.objects.create(user=alone, workspace=rehearsal, role=Role.OWNER)
    assert "Ask an owner" in world.client(alone).get(url("mailbox_add", rehearsal)).text


def test_a_rehearsal_takes_the_post_office_alone(world: World, owner: Client, rehearsal: Workspace) -> None:
    address = url("mailbox_create", rehearsal, "rehearsal")
    answer = owner.post(address, typed())
    assert answer.status_code == 422
    assert "uses the post office on this machine" in answer.text
    assert owner.get(url("mailbox_create", rehearsal, "gmail")).status_code == 404
    answer = owner.post(
        address,
        typed(
            smtp_host="localhost",
            smtp_port="2587",
            imap_host="localhost",
            imap_port="2993",
            smtp_user="a@rehearsal.test",
        ),
    )
    assert answer.status_code == 302
    assert Mailbox.objects.get().workspace == rehearsal


# --- The environment's mailbox ---------------------------------------------------------------------------------------


@pytest.fixture
def environment(settings: Settings) -> None:
    settings.SMTP_HOST, settings.SMTP_PORT, settings.SMTP_SECURITY = "smtp.env.example", 587, "starttls"
    settings.SMTP_USER, settings.SMTP_PASS = "env@env.example", SECRET
    settings.SMTP_FROM_EMAIL, settings.SMTP_FROM_NAME = "env@env.example", "Env"
    settings.IMAP_HOST, settings.IMAP_USER, settings.IMAP_PASS = "imap.env.example", "env@env.example", SECRET


@pytest.mark.usefixtures("environment")
def test_the_environments_mailbox_is_shown_and_its_passwords_stay_there(world: World, owner: Client) -> None:
    page = owner.get(url("mailbox_list", world.here)).text
    assert "From the environment" in page
    mailbox = Mailbox.objects.get()
    assert (mailbox.workspace, mailbox.email) == (world.here, "env@env.example")
    assert mailbox.smtp_password_token == mailbox.imap_password_token == ""
    detail = owner.get(url("mailbox_edit", world.here, mailbox.pk)).text
    assert "smtp.env.example" in detail
    assert SECRET not in detail
    assert owner.post(url("mailbox_edit", world.here, mailbox.pk), typed()).status_code == 403
    assert owner.post(url("mailbox_test_letter", world.here, mailbox.pk), typed()).status_code == 403


@pytest.mark.usefixtures("environment")
def test_the_environments_mailbox_follows_the_environment(world: World, owner: Client, settings: Settings) -> None:
    owner.get(url("mailbox_list", world.here))
    settings.SMTP_HOST = "smtp2.env.example"
    owner.get(url("mailbox_list", world.here))
    assert Mailbox.objects.get().smtp_host == "smtp2.env.example"


@pytest.mark.usefixtures("environment")
def test_the_environments_sign_in_is_not_added_twice(world: World, owner: Client) -> None:
    make_mailbox(world.elsewhere, smtp_host="smtp.env.example", smtp_user="env@env.example")
    owner.get(url("mailbox_list", world.here))
    assert not Mailbox.objects.filter(from_environment=True).exists()
