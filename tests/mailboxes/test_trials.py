"""Trying a mailbox from its page, against real servers: what is typed, unsaved, and what is saved, from the card."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from compliance import holds
from compliance.models import AuditEntry
from outreach_site.accounts.models import Membership, Role, User, Workspace
from outreach_site.mailboxes.models import Mailbox, TestLetter
from outreach_site.mailboxes.trials import TEST_LETTERS_AN_HOUR
from outreach_site.sandbox.running import RunningOffice
from tests.conftest import World
from tests.mailboxes.conftest import make_mailbox
from tests.mailboxes.test_mailbox_pages import HTMX, typed, url
from tests.servers import PASSWORD, FaultyIMAP, FaultySMTP

Allow = Callable[..., None]
SMTPServers = Callable[..., FaultySMTP]
IMAPServers = Callable[..., FaultyIMAP]


@pytest.fixture
def owner(world: World) -> Client:
    return world.client(world.owner)


def at(smtp: FaultySMTP | int | None = None, imap: FaultyIMAP | None = None, **changes: Any) -> dict[str, Any]:
    """The form's fields for these servers."""
    values: dict[str, Any] = {"smtp_password": PASSWORD}
    if smtp is not None:
        port = smtp if isinstance(smtp, int) else smtp.port
        values |= {"smtp_host": "localhost", "smtp_port": port, "smtp_security": "starttls"}
    if imap is not None:
        values |= {"imap_host": "localhost", "imap_port": imap.port, "imap_security": "tls"}
    return typed(**(values | changes))


# --- Unsaved, from the form ------------------------------------------------------------------------------------------


def test_a_test_letter_goes_to_ones_own_address_and_stores_nothing(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    server = smtp_server()
    allow_servers(server)
    answer = owner.post(url("new_mailbox_test_letter", world.here, "other"), at(server), headers=HTMX)
    assert answer.status_code == 200
    assert "A test letter is on its way to owner@orchard.example." in answer.text
    assert "The server said" in answer.text
    assert "<html" not in answer.text
    (letter,) = server.wait_for(1)
    assert letter.recipients == ("owner@orchard.example",)
    assert letter.mail_from == "mara@orchard.example"
    assert b"Auto-Submitted: auto-generated" in letter.raw
    assert not Mailbox.objects.exists()
    assert TestLetter.objects.get().user_id == world.owner.pk
    asked, answered = AuditEntry.objects.filter(event__startswith="mailbox.test_letter").order_by("pk")
    assert asked.event == "mailbox.test_letter"
    assert answered.details["result"] == "sent"
    assert (asked.workspace_id, asked.user_id) == (world.here.pk, world.owner.pk)
    assert PASSWORD not in str(asked.details) + str(answered.details)


def test_a_test_letter_needs_nothing_but_what_it_uses(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    server = smtp_server()
    allow_servers(server)
    wrong: dict[str, Any] = {
        "hourly_limit": "0",
        "daily_limit": "many",
        "min_gap_seconds": "-1",
        "imap_port": "x",
        "reading": "?",
    }
    answer = owner.post(url("new_mailbox_test_letter", world.here, "other"), at(server, **wrong))
    assert "A test letter is on its way to owner@orchard.example." in answer.text
    assert 'value="many"' in answer.text
    assert len(server.wait_for(1)) == 1
    for needed in ({"email": "nobody"}, {"smtp_port": "x"}, {"from_name": "x" * 121}):
        answer = owner.post(url("new_mailbox_test_letter", world.here, "other"), at(server, **(wrong | needed)))
        assert "Nothing was tried yet." in answer.text
    assert owner.post(url("mailbox_create", world.here, "other"), at(server, **wrong)).status_code == 422


def test_without_scripts_the_whole_form_comes_back_with_the_answer(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    server = smtp_server()
    allow_servers(server)
    answer = owner.post(url("new_mailbox_test_letter", world.here, "other"), at(server, from_name="Typed Name"))
    assert answer.status_code == 200
    assert "<html" in answer.text
    assert "A test letter is on its way" in answer.text
    assert "Typed Name" in answer.text
    assert "type them again" in answer.text
    assert PASSWORD not in answer.text
    assert not Mailbox.objects.exists()


def test_the_recipient_cannot_be_chosen(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    server = smtp_server()
    allow_servers(server)
    form = at(server, to="victim@elsewhere.example", recipient="victim@elsewhere.example")
    owner.post(url("new_mailbox_test_letter", world.here, "other"), form)
    assert [letter.recipients for letter in server.wait_for(1)] == [("owner@orchard.example",)]


def test_imap_is_tried_with_what_is_typed(
    world: World, owner: Client, imap_server: IMAPServers, allow_servers: Allow
) -> None:
    server = imap_server()
    server.add(b"Subject: hi\r\n\r\nhi\r\n")
    allow_servers(server)
    # The other half of the form may still be empty.
    form = at(imap=server, smtp_host="", email="", smtp_port="")
    answer = owner.post(url("new_mailbox_test_imap", world.here, "other"), form, headers=HTMX)
    assert "Signed in: 1 message in the inbox. The spam folder is “Junk”." in answer.text
    assert not Mailbox.objects.exists()


def test_a_wrong_password_is_said_in_the_servers_own_words(
    world: World, owner: Client, smtp_server: SMTPServers, imap_server: IMAPServers, allow_servers: Allow
) -> None:
    smtp, imap = smtp_server(), imap_server()
    allow_servers(smtp, imap)
    form = at(smtp, imap, smtp_password="wrong-password")
    answer = owner.post(url("new_mailbox_test_letter", world.here, "other"), form, headers=HTMX)
    assert "did not accept the user name and password" in answer.text
    assert "535" in answer.text
    assert "app password" in answer.text
    assert "wrong-password" not in answer.text
    answer = owner.post(url("new_mailbox_test_imap", world.here, "other"), form, headers=HTMX)
    assert "did not accept the user name and password for reading" in answer.text
    assert "wrong-password" not in answer.text


@pytest.mark.parametrize(
    ("knobs", "sentence", "advice"),
    [
        ({"tls": "none"}, "does not offer STARTTLS", "465"),
        ({"certificate": "untrusted"}, "certificate", "Do not switch the checking off"),
        ({"certificate": "other_name"}, "another name", "help page"),
        ({"certificate": "expired"}, "expired", "renew"),
        ({"stall": "EHLO"}, "fell silent", "firewall"),
        ({"drop": "BANNER"}, "ended the conversation", "587"),
    ],
)
def test_each_failure_has_its_sentence_and_its_advice(
    world: World,
    owner: Client,
    smtp_server: SMTPServers,
    allow_servers: Allow,
    knobs: dict[str, str],
    sentence: str,
    advice: str,
) -> None:
    server = smtp_server(**knobs)
    allow_servers(server)
    answer = owner.post(url("new_mailbox_test_letter", world.here, "other"), at(server), headers=HTMX)
    assert sentence in answer.text
    assert advice in answer.text
    assert server.accepted == []


def test_a_dead_server(world: World, owner: Client, dead_port: int, allow_servers: Allow) -> None:
    allow_servers(dead_port)
    answer = owner.post(url("new_mailbox_test_letter", world.here, "other"), at(dead_port), headers=HTMX)
    assert "refused the connection" in answer.text
    assert "firewall" in answer.text


@pytest.mark.parametrize("fault", ["stall", "drop"])
def test_a_letter_that_may_have_been_sent_is_called_so(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow, fault: str
) -> None:
    server = smtp_server(**{fault: "END"})
    allow_servers(server)
    answer = owner.post(url("new_mailbox_test_letter", world.here, "other"), at(server), headers=HTMX)
    assert "it may have been sent" in answer.text


def test_what_is_missing_is_named_and_nothing_is_tried(world: World, owner: Client) -> None:
    form = typed(smtp_host="", smtp_password="")
    answer = owner.post(url("new_mailbox_test_letter", world.here, "other"), form, headers=HTMX)
    assert answer.status_code == 200
    assert "Nothing was tried yet" in answer.text
    assert "Host" in answer.text
    assert not TestLetter.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("name", ["new_mailbox_test_letter", "new_mailbox_test_imap"])
def test_without_a_key_a_typed_password_is_503(
    world: World, owner: Client, settings: Settings, name: str, headers: dict[str, str]
) -> None:
    settings.MAIL_SMTP_ENCRYPTION_KEYS = []
    answer = owner.post(url(name, world.here, "other"), typed(), headers=headers)
    assert answer.status_code == 503
    assert "openssl rand -base64 32" in answer.text


def test_the_saved_password_serves_unchanged_settings_alone(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    right, other = smtp_server(), smtp_server()
    allow_servers(right, other)
    mailbox = make_mailbox(world.here, smtp_host="localhost", smtp_port=right.port)
    address = url("mailbox_test_letter", world.here, mailbox.pk)
    answer = owner.post(address, at(right, smtp_password="", from_name="Unsaved"), headers=HTMX)
    assert "on its way" in answer.text
    answer = owner.post(address, at(other, smtp_password=""), headers=HTMX)
    assert "Type the password again" in answer.text
    answer = owner.post(address, at(right, smtp_password="", smtp_user="somebody@orchard.example"), headers=HTMX)
    assert "Type the password again" in answer.text
    assert other.connections == 0
    mailbox.refresh_from_db()
    assert mailbox.from_name == "Mara Voss"
    assert mailbox.sending_state == "untested"


def test_twenty_test_letters_an_hour_are_enough(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    server = smtp_server()
    allow_servers(server)
    address = url("new_mailbox_test_letter", world.here, "other")
    now = timezone.now()
    TestLetter.objects.bulk_create(
        TestLetter(user_id=world.owner.pk, sent_at=now - timedelta(minutes=minutes))
        for minutes in [*range(TEST_LETTERS_AN_HOUR - 1), 61, 90]
    )
    assert "on its way" in owner.post(address, at(server), headers=HTMX).text
    answer = owner.post(address, at(server), headers=HTMX)
    assert "20 test letters within an hour" in answer.text
    assert "minutes" in answer.text
    assert len(server.accepted) == 1


# --- Saved, from the card --------------------------------------------------------------------------------------------


def test_the_cards_test_tries_both_ways_and_writes_down_how_they_work(
    world: World, owner: Client, smtp_server: SMTPServers, imap_server: IMAPServers, allow_servers: Allow
) -> None:
    smtp, imap = smtp_server(), imap_server()
    allow_servers(smtp, imap)
    mailbox = make_mailbox(
        world.here, smtp_host="localhost", smtp_port=smtp.port, imap_host="localhost", imap_port=imap.port
    )
    answer = owner.post(url("mailbox_check", world.here, mailbox.pk), headers=HTMX)
    assert f'id="mailbox-{mailbox.pk}"' in answer.text
    assert answer.text.count("Works") == 2
    mailbox.refresh_from_db()
    assert (mailbox.sending_state, mailbox.receiving_state) == ("ok", "ok")
    answer = owner.post(url("mailbox_check", world.here, mailbox.pk), follow=True)
    assert "A test letter is on its way" in answer.text


@pytest.mark.parametrize(
    ("smtp_knobs", "imap_knobs", "sending", "receiving"),
    [
        ({"password": "another"}, {"password": "another"}, "did not accept the user", "did not accept the user"),
        ({"certificate": "untrusted"}, {"certificate": "other_name"}, "certificate", "another name"),
        ({"tls": "none"}, {}, "does not offer STARTTLS", ""),
        ({"stall": "AUTH"}, {"stall": "LOGIN"}, "fell silent while signing in", "fell silent while signing in"),
        ({"drop": "BANNER"}, {"stall": "GREETING"}, "ended the conversation", "did not answer in time"),
        ({}, {"stall": "AFTER_LOGIN"}, "", "fell silent while reading"),
    ],
)
def test_trouble_is_a_clear_state_on_the_page_in_time(
    world: World,
    owner: Client,
    smtp_server: SMTPServers,
    imap_server: IMAPServers,
    allow_servers: Allow,
    smtp_knobs: dict[str, str],
    imap_knobs: dict[str, str],
    sending: str,
    receiving: str,
) -> None:
    smtp, imap = smtp_server(**smtp_knobs), imap_server(**imap_knobs)
    allow_servers(smtp, imap)
    mailbox = make_mailbox(
        world.here, smtp_host="localhost", smtp_port=smtp.port, imap_host="localhost", imap_port=imap.port
    )
    began = time.monotonic()
    owner.post(url("mailbox_check", world.here, mailbox.pk))
    assert time.monotonic() - began < 10
    mailbox.refresh_from_db()
    assert mailbox.sending_state == ("trouble" if sending else "ok")
    assert mailbox.receiving_state == ("trouble" if receiving else "ok")
    assert sending in mailbox.sending_trouble
    assert receiving in mailbox.receiving_trouble
    page = owner.get(url("mailbox_list", world.here)).text
    for sentence in filter(None, (sending, receiving)):
        assert sentence in page
    assert "In trouble" in page
    assert PASSWORD not in page


def test_a_dead_server_is_trouble_and_then_works_again(
    world: World, owner: Client, dead_port: int, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    server = smtp_server()
    allow_servers(server, dead_port)
    mailbox = make_mailbox(world.here, smtp_host="localhost", smtp_port=dead_port, imap_host="")
    owner.post(url("mailbox_check", world.here, mailbox.pk))
    mailbox.refresh_from_db()
    assert (mailbox.sending_state, mailbox.receiving_state) == ("trouble", "untested")
    assert "refused the connection" in mailbox.sending_trouble
    Mailbox.objects.filter(pk=mailbox.pk).update(smtp_port=server.port)
    owner.post(url("mailbox_check", world.here, mailbox.pk))
    mailbox.refresh_from_db()
    assert (mailbox.sending_state, mailbox.sending_trouble) == ("ok", "")


def test_a_passing_test_lifts_the_hold_that_the_failure_placed(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    server = smtp_server(password="another")
    allow_servers(server)
    mailbox = make_mailbox(world.here, smtp_host="localhost", smtp_port=server.port, imap_host="")
    subject = f"mailbox:{mailbox.pk}"
    hold = holds.place(
        workspace=world.here, subject=subject, reason="It cannot send.", source=subject, now=timezone.now()
    )
    owner.post(url("mailbox_check", world.here, mailbox.pk))
    hold.refresh_from_db()
    assert hold.lifted_at is None
    server.password = PASSWORD
    owner.post(url("mailbox_check", world.here, mailbox.pk))
    hold.refresh_from_db()
    assert hold.lifted_by_id == world.owner.pk
    ordered = holds.place(workspace=world.here, subject=subject, reason="A person said so.", now=timezone.now())
    owner.post(url("mailbox_check", world.here, mailbox.pk))
    ordered.refresh_from_db()
    assert ordered.lifted_at is None


def test_a_password_under_another_key_is_trouble_with_what_to_do(
    world: World, owner: Client, settings: Settings
) -> None:
    mailbox = make_mailbox(world.here, imap_host="")
    settings.MAIL_SMTP_ENCRYPTION_KEYS = ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]
    owner.post(url("mailbox_check", world.here, mailbox.pk))
    mailbox.refresh_from_db()
    assert mailbox.sending_state == "trouble"
    assert "cannot be opened" in mailbox.sending_trouble
    assert "old key" in mailbox.sending_advice


@pytest.mark.parametrize("from_name", ["Mara", ""])
def test_a_domain_beyond_ascii_travels_as_the_letters_do(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow, from_name: str
) -> None:
    server = smtp_server()
    allow_servers(server)
    mailbox = make_mailbox(
        world.here,
        email="mara@müller.de",
        from_name=from_name,
        smtp_host="localhost",
        smtp_port=server.port,
        imap_host="",
    )
    owner.post(url("mailbox_check", world.here, mailbox.pk))
    (letter,) = server.wait_for(1)
    assert letter.mail_from == "mara@xn--mller-kva.de"
    assert b"@xn--mller-kva.de>\r\nAuto-Submitted" in letter.raw


def test_an_address_that_cannot_travel_is_said(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    server = smtp_server()
    allow_servers(server)
    mailbox = make_mailbox(
        world.here, email="jörg@orchard.example", smtp_host="localhost", smtp_port=server.port, imap_host=""
    )
    answer = owner.post(url("mailbox_check", world.here, mailbox.pk), headers=HTMX)
    assert answer.status_code == 200
    mailbox.refresh_from_db()
    assert "has letters before the @" in mailbox.sending_trouble
    assert "Give the mailbox an address" in mailbox.sending_advice
    assert server.accepted == []
    type(world.owner).objects.filter(pk=world.owner.pk).update(email="jörg@orchard.example")
    mailbox = make_mailbox(
        world.here,
        email="mara@orchard.example",
        smtp_host="localhost",
        smtp_port=server.port,
        smtp_user="other",
        imap_host="",
    )
    answer = owner.post(url("mailbox_check", world.here, mailbox.pk), headers=HTMX)
    assert "Give your account an address" in answer.text
    mailbox.refresh_from_db()
    assert mailbox.sending_state == "untested"


def test_a_host_that_leads_home_is_refused_at_the_card_too(world: World, owner: Client) -> None:
    """Whatever was saved once, by whatever way: a connection is vetted each time."""
    mailbox = make_mailbox(world.here, smtp_host="127.0.0.1", imap_host="10.0.0.1")
    owner.post(url("mailbox_check", world.here, mailbox.pk))
    mailbox.refresh_from_db()
    assert "this machine itself" in mailbox.sending_trouble
    assert "a private address" in mailbox.receiving_trouble


# --- The rehearsal's world, and the real one -------------------------------------------------------------------------


@pytest.fixture
def rehearsal(world: World, post_office: RunningOffice, settings: Settings) -> tuple[Workspace, User]:
    settings.SANDBOX_PORTS = post_office.settings.ports
    settings.SANDBOX_CA_FILE = post_office.ca_file
    workspace = Workspace.objects.create(name="Rehearsal", slug="rehearsal", is_rehearsal=True)
    alex = User.objects.create(email="alex@rehearsal.test")
    for user in (alex, world.owner):
        Membership.objects.create(user=user, workspace=workspace, role=Role.OWNER)
    return workspace, alex


def in_rehearsal(workspace: Workspace, office: RunningOffice) -> Mailbox:
    return make_mailbox(
        workspace,
        email="alex@rehearsal.test",
        provider="rehearsal",
        smtp_host="localhost",
        smtp_port=office.smtp_port,
        smtp_user="alex@rehearsal.test",
        imap_host="localhost",
        imap_port=office.imaps_port,
        imap_user="alex@rehearsal.test",
    )


def test_the_rehearsals_mailbox_works_with_its_post_office(
    world: World, rehearsal: tuple[Workspace, User], post_office: RunningOffice
) -> None:
    workspace, alex = rehearsal
    mailbox = in_rehearsal(workspace, post_office)
    world.client(alex).post(url("mailbox_check", workspace, mailbox.pk))
    mailbox.refresh_from_db()
    assert (mailbox.sending_state, mailbox.receiving_state) == ("ok", "ok")
    (letter,) = post_office.wait_for(1)
    assert b"Test letter from Linkletter" in letter.raw


def test_no_test_letter_crosses_between_the_worlds(
    world: World,
    rehearsal: tuple[Workspace, User],
    post_office: RunningOffice,
    smtp_server: SMTPServers,
    allow_servers: Allow,
) -> None:
    workspace, alex = rehearsal
    mailbox = in_rehearsal(workspace, post_office)
    answer = world.client(world.owner).post(url("mailbox_check", workspace, mailbox.pk), headers=HTMX)
    assert "writes to addresses of the rehearsal only" in answer.text
    server = smtp_server()
    allow_servers(server)
    Membership.objects.create(user=alex, workspace=world.here, role=Role.OWNER)
    answer = world.client(alex).post(url("new_mailbox_test_letter", world.here, "other"), at(server), headers=HTMX)
    assert "exists in the rehearsal only" in answer.text
    assert server.accepted == []
    assert post_office.letters() == []


def test_a_rehearsals_mailbox_with_a_real_server_does_not_speak_with_it(
    world: World, rehearsal: tuple[Workspace, User], smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    workspace, alex = rehearsal
    server = smtp_server()
    allow_servers(server)
    mailbox = make_mailbox(workspace, smtp_host="localhost", smtp_port=server.port, imap_host="")
    world.client(alex).post(url("mailbox_check", workspace, mailbox.pk))
    mailbox.refresh_from_db()
    assert mailbox.sending_state == "trouble"
    assert server.connections == 0
