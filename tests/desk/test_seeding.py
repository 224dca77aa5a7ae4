"""The first start: an owner who can sign in, two workspaces, and a rehearsal that can be sent at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from campaigns.models import Campaign, Lead, Step, Template
from campaigns.queueing import foresee_letters
from outreach_site.accounts import installation
from outreach_site.accounts.models import Membership, Role, SenderIdentity, User, Workspace
from outreach_site.desk.seeding import (
    OWNER,
    SENDER,
    agree_with_post_office,
    new_password,
    seed,
    time_zone_of_this_machine,
)
from outreach_site.mailboxes.models import Mailbox
from outreach_site.sandbox.correspondents import CAST
from outreach_site.sandbox.store import Store

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(tmp_path: Path, settings: Settings) -> Store:
    settings.SANDBOX_DIR = tmp_path / "sandbox"
    settings.GLOBAL_SMTP_USER = "platform@rehearsal.test"
    settings.GLOBAL_SMTP_PASS = "platform's own"
    settings.GLOBAL_SMTP_PORT = settings.SANDBOX_PORTS["smtp"]
    installation.claim()
    return Store(settings.SANDBOX_DIR)


def test_the_owner_can_sign_in_with_the_password_that_was_printed(store: Store) -> None:
    first = seed(now=timezone.now())
    assert first is not None
    client = Client()
    answer = client.post("/accounts/login/", {"login": first.email, "password": first.password}, follow=True)
    assert answer.redirect_chain[-1][0] == "/w/rehearsal/"
    assert "Start here" in answer.content.decode()
    owner = User.objects.get()
    assert owner.email == OWNER
    assert owner.is_superuser
    assert first.password not in owner.password
    assert EmailAddress.objects.get(user=owner).verified


def test_an_empty_workspace_and_the_rehearsal(store: Store) -> None:
    seed(now=timezone.now())
    owner = User.objects.get()
    roles = dict(Membership.objects.of(owner).values_list("workspace__slug", "role"))
    assert roles == {"my-workspace": Role.OWNER, "rehearsal": Role.OWNER}
    empty, rehearsal = Workspace.objects.get(slug="my-workspace"), Workspace.objects.get(slug="rehearsal")
    assert (empty.is_rehearsal, rehearsal.is_rehearsal) == (False, True)
    assert not Campaign.objects.in_workspace(empty).exists()
    assert not Mailbox.objects.in_workspace(empty).exists()
    identity = SenderIdentity.objects.default_of(rehearsal)
    assert identity is not None
    assert identity.is_complete
    assert Template.objects.in_workspace(rehearsal).count() >= 3
    assert Step.objects.filter(campaign__workspace=rehearsal).count() == 1


def test_a_dozen_leads_whose_letters_may_go_at_once(store: Store) -> None:
    seed(now=timezone.now())
    campaign = Campaign.objects.get()
    leads = list(Lead.objects.of(campaign))
    assert {lead.contact.email for lead in leads if lead.contact} == {person.address for person in CAST}
    assert len(leads) == 12
    for lead in leads:
        assert lead.contact is not None
        assert lead.contact.found_url.startswith(lead.website_url)
        assert lead.contact.email in lead.contact.found_passage
        assert lead.topic
    foreseen = foresee_letters(campaign, leads, user=User.objects.get(), now=timezone.now())
    assert [one.sentence for one in foreseen if one.refused or one.waits] == []


def test_the_rehearsal_mailbox_opens_its_account(store: Store, settings: Settings) -> None:
    seed(now=timezone.now())
    agree_with_post_office(store, now=timezone.now())
    mailbox = Mailbox.objects.get()
    assert (mailbox.smtp_port, mailbox.imap_port) == (settings.SANDBOX_PORTS["smtp"], settings.SANDBOX_PORTS["imaps"])
    assert store.signed_in(mailbox.smtp_user, mailbox.open_smtp_password()) == SENDER
    assert store.signed_in(mailbox.imap_user, mailbox.open_imap_password()) == SENDER
    assert store.signed_in("platform@rehearsal.test", "platform's own") == "platform@rehearsal.test"


def test_a_second_time_changes_nothing(store: Store) -> None:
    seed(now=timezone.now())
    agree_with_post_office(store, now=timezone.now())
    before = (Mailbox.objects.get().smtp_password_token, User.objects.get().password, Lead.objects.count())
    assert seed(now=timezone.now()) is None
    agree_with_post_office(store, now=timezone.now())
    mailbox = Mailbox.objects.get()
    assert (mailbox.smtp_password_token, User.objects.get().password, Lead.objects.count()) == before
    assert store.signed_in(SENDER, mailbox.open_smtp_password()) == SENDER


def test_where_there_are_people_nothing_is_made(store: Store) -> None:
    User.objects.create_user("somebody@orchard.example", "a long password of theirs")
    assert seed(now=timezone.now()) is None
    assert not Workspace.objects.exists()


def test_changed_ports_and_a_deleted_post_office_are_put_right(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    seed(now=timezone.now())
    settings.SANDBOX_PORTS = {"smtp": 4587, "smtps": 4465, "imap": 4143, "imaps": 4993}
    with Store(tmp_path / "another") as new:
        agree_with_post_office(new, now=timezone.now())
        mailbox = Mailbox.objects.get()
        assert (mailbox.smtp_port, mailbox.imap_port) == (4587, 4993)
        assert new.signed_in(SENDER, mailbox.open_smtp_password()) == SENDER
        assert not new.has_account("platform@rehearsal.test"), "the platform's mail goes elsewhere now"


def test_a_real_mailbox_is_not_touched(store: Store, settings: Settings) -> None:
    seed(now=timezone.now())
    real = Mailbox.objects.create(
        workspace=Workspace.objects.get(slug="my-workspace"),
        email="me@orchard.example",
        smtp_host="smtp.orchard.example",
        smtp_user="me@orchard.example",
    )
    agree_with_post_office(store, now=timezone.now())
    real.refresh_from_db()
    assert real.smtp_port == 587
    assert not store.has_account("me@orchard.example")


def test_the_command(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed_rehearsal")
    assert f"Sign in as {OWNER} with the password " in capsys.readouterr().out
    call_command("seed_rehearsal")
    assert capsys.readouterr().out == "There are users already; nobody was added.\n"


def test_passwords_are_long_and_never_the_same() -> None:
    passwords = {new_password() for _ in range(50)}
    assert len(passwords) == 50
    assert all(len(password) == 19 for password in passwords)


@pytest.mark.parametrize(("tz", "expected"), [("Europe/Berlin", "Europe/Berlin"), ("../etc/passwd", None)])
def test_time_zone(monkeypatch: pytest.MonkeyPatch, tz: str, expected: str | None) -> None:
    monkeypatch.setenv("TZ", tz)
    found = time_zone_of_this_machine()
    assert found == expected or (expected is None and found != tz)
