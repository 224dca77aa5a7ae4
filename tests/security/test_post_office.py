"""The rehearsal's post office holds letters that open accounts: each is for the person it was sent to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from pytest_django.fixtures import Settings

from outreach_site.accounts.models import Membership, Role, User, Workspace
from outreach_site.sandbox.config import PostOffice
from outreach_site.sandbox.delivery import Envelope, take_in
from outreach_site.sandbox.store import Letter, Store
from tests.conftest import World
from tests.sandbox.letters import ALEX, letter_to

PLATFORM = "platform@rehearsal.test"


@pytest.fixture
def store(tmp_path: Path, settings: Settings) -> Iterator[Store]:
    settings.SANDBOX, settings.SANDBOX_DIR = True, tmp_path / "office"
    settings.GLOBAL_SMTP_USER = PLATFORM
    with Store(settings.SANDBOX_DIR) as store:
        for account in (ALEX, PLATFORM):
            store.add_account(account, "secret", now=datetime.now(UTC))
        yield store


@pytest.fixture
def rehearsal(world: World) -> Workspace:
    """A rehearsal that the viewer is in, and the stranger is not."""
    rehearsal = Workspace.objects.create(name="Rehearsal", slug="rehearsal", is_rehearsal=True)
    Membership.objects.create(user=world.viewer, workspace=rehearsal, role=Role.VIEWER)
    return rehearsal


def take(store: Store, message: EmailMessage, *, account: str) -> Letter:
    (letter,) = take_in(
        store,
        Envelope(account=account, mail_from=account, recipients=(message["To"],), tls_version="TLSv1.3"),
        message.as_bytes(policy=policy.SMTP),
        office=PostOffice(directory=store.directory, answer_after=(3600, 3600)),
        now=datetime.now(UTC),
        chance=random.Random(1),
    )
    return letter


def reset_for(store: Store, address: str) -> Letter:
    """A password reset, as the platform sends it; whoever reads it owns the account."""
    return take(store, letter_to(address, subject="Your new password", text="https://x.test/reset/1"), account=PLATFORM)


@pytest.mark.parametrize("address", ["owner@rehearsal.test", "bob@team.test"])
def test_a_password_reset_is_shown_to_nobody_else(
    store: Store, world: World, rehearsal: Workspace, address: str
) -> None:
    letter = reset_for(store, address)
    for person in (world.viewer, world.owner, world.stranger):
        client = world.client(person)
        assert "Your new password" not in client.get("/post-office/").content.decode()
        assert "Your new password" not in client.get("/post-office/", {"show": "platform"}).content.decode()
        assert client.get(f"/post-office/letters/{letter.id}/").status_code == 404
        assert client.get(f"/post-office/letters/{letter.id}/source/").status_code == 404
        assert client.get(f"/post-office/letters/{letter.id}/source/", {"download": 1}).status_code == 404
        assert client.post("/post-office/deliver/", {"letter": letter.id}).status_code == 404


def test_its_recipient_reads_it_and_so_does_whoever_runs_the_server(store: Store, world: World) -> None:
    EmailAddress.objects.create(user=world.viewer, email="bob@team.test", verified=True)
    letter = reset_for(store, "Bob+x@team.test")
    User.objects.filter(pk=world.owner.pk).update(is_superuser=True)
    for person in (world.viewer, world.owner):
        assert "Your new password" in world.client(person).get("/post-office/").content.decode()
        assert world.client(person).get(f"/post-office/letters/{letter.id}/").status_code == 200


def test_an_address_that_was_only_claimed_opens_nothing(store: Store, world: World) -> None:
    EmailAddress.objects.create(user=world.viewer, email="bob@team.test", verified=False)
    letter = reset_for(store, "bob@team.test")
    assert world.client(world.viewer).get(f"/post-office/letters/{letter.id}/").status_code == 404


def test_rehearsal_letters_stay_within_the_rehearsals_walls(store: Store, world: World, rehearsal: Workspace) -> None:
    letter = take(store, letter_to("hannah@brightgarden.test", subject="An idea"), account=ALEX)
    url = f"/post-office/letters/{letter.id}/"
    assert world.client(world.viewer).get(url).status_code == 200
    stranger = world.client(world.stranger)
    assert stranger.get(url).status_code == 404
    assert "An idea" not in stranger.get("/post-office/").content.decode()
    stranger.post("/post-office/deliver/")
    assert store.waiting_count() == 1  # Nor does a stranger hurry anybody's answers.
