"""Every address of the settings: that it works, with htmx and without, the wall, the verbs, the roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from outreach_site.accounts import invitations, keys
from outreach_site.accounts.models import (
    ApiKey,
    Invitation,
    Membership,
    Role,
    Scope,
    SenderIdentity,
    Workspace,
)
from tests.conftest import World

HTMX = {"HX-Request": "true"}


def second_identity(workspace: Workspace) -> SenderIdentity:
    return SenderIdentity.objects.create(
        workspace=workspace, name="Tom Reed", organisation="Orchard Media", postal_address="Lindenweg 4, Berlin"
    )


def open_invitation(world: World) -> Invitation:
    return invitations.invite(
        world.here, "new@pear.example", Role.MARKETER, by=world.owner, now=timezone.now()
    ).invitation


def somebodys_key(world: World) -> ApiKey:
    membership = Membership.objects.get(user=world.marketer, workspace=world.here)
    return keys.issue(membership, name="Script", scopes=[Scope.READ], now=timezone.now()).key


def marketer_pk(world: World) -> int:
    return Membership.objects.get(user=world.marketer, workspace=world.here).pk


IDENTITY = {"name": "Ida Lund", "organisation": "Pear Ltd", "postal_address": "1 High Street, Leeds, UK"}
WORKSPACE = {
    "name": "Orchard Two",
    "time_zone": "Europe/Paris",
    "daily_user_cap": "50",
    "daily_domain_cap": "",
    **{f"region_{name}": "ask" for name in ("eu", "uk", "ca", "au_nz", "us", "other")},
}


@dataclass(frozen=True)
class Action:
    """One address that changes something. `pk` makes what it acts on; `happened` asks the rows whether it did."""

    name: str
    happened: Callable[[World], bool]
    pk: Callable[[World], int] | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    wrong: Mapping[str, object] | None = None  # what the form refuses
    is_form: bool = False  # GET shows a page
    partial: str = ""  # what htmx gets back instead of a redirect
    shows_secret: bool = False  # the answer to the POST is a page, because it is shown once
    roles: frozenset[Role] = frozenset({Role.OWNER})

    def url(self, world: World) -> str:
        return reverse(f"accounts:{self.name}", args=[world.here.slug, *([self.pk(world)] if self.pk else [])])


ACTIONS = [
    Action(
        "workspace_edit",
        lambda world: Workspace.objects.get(pk=world.here.pk).name == "Orchard Two",
        data=WORKSPACE,
        wrong=WORKSPACE | {"time_zone": "Mars/Base"},
        is_form=True,
    ),
    Action(
        "identity_create",
        lambda world: SenderIdentity.objects.in_workspace(world.here).filter(name="Ida Lund").exists(),
        data=IDENTITY,
        wrong=IDENTITY | {"postal_address": " "},
        is_form=True,
    ),
    Action(
        "identity_edit",
        lambda world: SenderIdentity.objects.get(pk=world.identity.pk).organisation == "Pear Ltd",
        pk=lambda world: world.identity.pk,
        data=IDENTITY,
        wrong=IDENTITY | {"name": ""},
        is_form=True,
    ),
    Action(
        "identity_make_default",
        lambda world: SenderIdentity.objects.get(workspace=world.here, is_default=True).name == "Tom Reed",
        pk=lambda world: second_identity(world.here).pk,
        partial='id="identities"',
    ),
    Action(
        "identity_delete",
        lambda world: not SenderIdentity.objects.in_workspace(world.here).exists(),
        pk=lambda world: world.identity.pk,
        is_form=True,
    ),
    Action(
        "team_role",
        lambda world: Membership.objects.get(user=world.marketer, workspace=world.here).role == Role.VIEWER,
        pk=marketer_pk,
        data={"role": "viewer"},
        wrong={"role": "king"},
        is_form=True,
    ),
    Action(
        "team_remove",
        lambda world: not Membership.objects.filter(user=world.marketer, workspace=world.here).exists(),
        pk=marketer_pk,
        is_form=True,
    ),
    Action(
        "invitation_create",
        lambda world: Invitation.objects.in_workspace(world.here).filter(email="new@pear.example").exists(),
        data={"email": "New@pear.example", "role": "viewer"},
        wrong={"email": "nobody", "role": "viewer"},
        is_form=True,
        shows_secret=True,
    ),
    Action(
        "invitation_resend",
        lambda world: Invitation.objects.get(workspace=world.here).expires_at > timezone.now() + timedelta(days=6),
        pk=lambda world: open_invitation(world).pk,
        shows_secret=True,
    ),
    Action(
        "invitation_revoke",
        lambda world: not Invitation.objects.in_workspace(world.here).exists(),
        pk=lambda world: open_invitation(world).pk,
        partial='id="team"',
    ),
    Action(
        "key_create",
        lambda world: ApiKey.objects.in_workspace(world.here).filter(name="Reports").exists(),
        data={"name": "Reports", "scopes": ["read"]},
        wrong={"name": "Reports"},
        is_form=True,
        shows_secret=True,
        roles=frozenset({Role.OWNER, Role.MARKETER, Role.COMPLIANCE}),
    ),
    Action(
        "key_revoke",
        lambda world: ApiKey.objects.get(membership__workspace=world.here).revoked_at is not None,
        pk=lambda world: somebodys_key(world).pk,
        is_form=True,
        roles=frozenset({Role.OWNER, Role.MARKETER, Role.COMPLIANCE}),
    ),
]


@pytest.fixture(params=ACTIONS, ids=lambda action: action.name)
def action(request: pytest.FixtureRequest) -> Action:
    found = request.param
    assert isinstance(found, Action)
    return found


def test_it_works_and_redirects_without_javascript(world: World, action: Action) -> None:
    url = action.url(world)
    answer = world.client(world.owner).post(url, dict(action.data))
    assert answer.status_code == (200 if action.shows_secret else 302)
    assert action.happened(world)


def test_htmx_gets_a_partial_or_is_sent_on(world: World, action: Action) -> None:
    url = action.url(world)
    answer = world.client(world.owner).post(url, dict(action.data), headers=HTMX)
    assert answer.status_code == 200
    assert action.happened(world)
    body = answer.content.decode()
    if action.partial:
        assert action.partial in body
        assert "toasts" in answer["HX-Trigger"]
    elif not action.shows_secret:
        assert answer["HX-Redirect"].startswith("/")
    assert "<html" not in body


def test_a_stranger_finds_nothing(world: World, action: Action) -> None:
    url = action.url(world)
    for send in (world.client(world.stranger).get, world.client(world.stranger).post):
        assert send(url).status_code == 404
    assert not action.happened(world) or action.name == "invitation_resend"


def test_what_belongs_to_another_workspace_is_not_found_from_ones_own(world: World, action: Action) -> None:
    if action.pk is None:
        return
    pk = action.pk(world)
    url = reverse(f"accounts:{action.name}", args=[world.elsewhere.slug, pk])
    assert world.client(world.stranger).post(url, dict(action.data)).status_code == 404
    assert not action.happened(world) or action.name == "invitation_resend"


def test_other_roles_are_refused(world: World, action: Action) -> None:
    url = action.url(world)
    people = {Role.MARKETER: world.marketer, Role.COMPLIANCE: world.officer, Role.VIEWER: world.viewer}
    for role, person in people.items():
        if role not in action.roles:
            assert world.client(person).post(url, dict(action.data)).status_code == 403
    assert not action.happened(world) or action.name == "invitation_resend"


def test_whoever_is_signed_out_is_asked_to_sign_in(world: World, action: Action) -> None:
    answer = world.client().post(action.url(world), dict(action.data))
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/")


def test_get_shows_a_page_and_its_partial_or_is_no_verb_here(world: World, action: Action) -> None:
    url = action.url(world)
    page = world.client(world.owner).get(url)
    partial = world.client(world.owner).get(url, headers=HTMX)
    if not action.is_form:
        assert page.status_code == partial.status_code == 405
        return
    assert page.status_code == partial.status_code == 200
    assert "<html" in page.content.decode()
    assert "<html" not in partial.content.decode()
    assert "<form" in partial.content.decode()


def test_what_is_wrong_comes_back_in_the_form(world: World, action: Action) -> None:
    if action.wrong is None:
        return
    url = action.url(world)
    page = world.client(world.owner).post(url, dict(action.wrong))
    partial = world.client(world.owner).post(url, dict(action.wrong), headers=HTMX)
    assert page.status_code == partial.status_code == 422
    assert "field__errors" in page.content.decode()
    assert "<html" not in partial.content.decode()
    assert not action.happened(world)


@pytest.mark.parametrize("name", ["settings", "identity_list", "team_list", "key_list"])
def test_everybody_here_may_look(world: World, name: str) -> None:
    url = reverse(f"accounts:{name}", args=[world.here.slug])
    for person in (world.owner, world.marketer, world.officer, world.viewer):
        assert world.client(person).get(url).status_code == 200
    assert world.client(world.stranger).get(url).status_code == 404
    assert world.client().get(url).status_code == 302
    assert world.client(world.owner).post(url).status_code == 405


def test_a_preview_stores_nothing(world: World) -> None:
    url = reverse("accounts:identity_preview", args=[world.here.slug])
    client: Client = world.client(world.owner)
    partial = client.post(url, {"name": "Ida", "organisation": ""}, headers=HTMX).content.decode()
    assert "Ida" in partial
    assert "an organisation" in partial
    assert "<html" not in partial
    assert "<html" in client.post(url, IDENTITY).content.decode()
    assert client.get(url).status_code == 405
    assert world.client(world.viewer).post(url, IDENTITY).status_code == 403
    assert world.client(world.stranger).post(url, IDENTITY).status_code == 404
    assert SenderIdentity.objects.in_workspace(world.here).count() == 1
