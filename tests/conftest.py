"""The small world of the tests: an owner, a teammate, a compliance officer, a viewer, and a stranger."""

from __future__ import annotations

import gc
from collections.abc import Generator
from dataclasses import dataclass

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from hypothesis import settings

from outreach_site.accounts import installation
from outreach_site.accounts.models import Membership, Role, SenderIdentity, User, Workspace

pytest_plugins = [
    "tests.needs",
    "tests.servers",
    "tests.letterbox",
    "tests.flushing",
    "tests.openai_server",
    "tests.one_of_each",
]

# How long an example takes says more about the machine than about the code.
settings.register_profile("linkletter", settings(deadline=None))
settings.load_profile("linkletter")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """While thousands of tests are gathered, nearly all that is made stays: the collector would walk it in vain."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@dataclass(frozen=True)
class World:
    """Two workspaces with a wall between them."""

    here: Workspace
    elsewhere: Workspace
    owner: User
    marketer: User
    officer: User
    viewer: User
    stranger: User
    identity: SenderIdentity

    def client(self, user: User | None = None) -> Client:
        """A browser in which `user` is signed in; without one, nobody is."""
        client = Client()
        if user is not None:
            client.force_login(user)
        return client


def make_user(email: str) -> User:
    user = User.objects.create(email=email, name=email.split("@", maxsplit=1)[0].title(), password="!")
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


@pytest.fixture
def world(db: None) -> World:
    installation.claim()
    # Not new any more: their first letters are approved. Tests of that, and of the cool-off, switch them on.
    settled = {"first_letters": 0, "cool_off_days": 0}
    here = Workspace.objects.create(name="Orchard", slug="orchard", time_zone="Europe/Berlin", **settled)
    elsewhere = Workspace.objects.create(name="Quarry", slug="quarry", **settled)
    people = {
        role: make_user(f"{role}@orchard.example") for role in (Role.OWNER, Role.MARKETER, Role.COMPLIANCE, Role.VIEWER)
    }
    for role, user in people.items():
        Membership.objects.create(user=user, workspace=here, role=role)
    stranger = make_user("stranger@quarry.example")
    Membership.objects.create(user=stranger, workspace=elsewhere, role=Role.OWNER)
    identity = SenderIdentity.objects.create(
        workspace=here,
        name="Mara Voss",
        organisation="Orchard Media",
        postal_address="Lindenweg 4, 10115 Berlin, Germany",
        privacy_notice_url="https://orchard.example/privacy",
        site="https://orchard.example",
        is_default=True,
    )
    return World(
        here=here,
        elsewhere=elsewhere,
        owner=people[Role.OWNER],
        marketer=people[Role.MARKETER],
        officer=people[Role.COMPLIANCE],
        viewer=people[Role.VIEWER],
        stranger=stranger,
        identity=identity,
    )
