"""Django's admin: who gets in, what it shows, what it never shows."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance.models import AuditEntry
from outreach_site.accounts import invitations, keys
from outreach_site.accounts.models import ApiKey, Invitation, Membership, Role, Scope, User
from tests.conftest import World


@pytest.fixture
def operator(world: World) -> Client:
    """A superuser with a second factor."""
    User.objects.filter(pk=world.stranger.pk).update(is_superuser=True, is_staff=True)
    TOTP.activate(world.stranger, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    return world.client(world.stranger)


def test_only_superusers_with_a_second_factor_get_in(world: World) -> None:
    index = reverse("admin:index")
    assert world.client().get(index, follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    assert world.client(world.owner).get(index, follow=True).redirect_chain[1][0] == reverse("desk:home")

    User.objects.filter(pk=world.owner.pk).update(is_superuser=True, is_staff=True)
    answer = world.client(world.owner).get(index, follow=True)
    assert answer.redirect_chain[1][0] == reverse("mfa_activate_totp")
    assert world.client(world.owner).get(reverse("admin:accounts_user_changelist")).status_code == 302

    TOTP.activate(world.owner, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    assert world.client(world.owner).get(index).status_code == 200


def test_without_the_second_factor_it_closes_again(world: World, operator: Client) -> None:
    assert operator.get(reverse("admin:index")).status_code == 200
    Authenticator.objects.all().delete()
    assert operator.get(reverse("admin:index")).status_code == 302


def test_what_runs_code_or_holds_secrets_is_not_there() -> None:
    labels = {model._meta.label for model in admin.site._registry}
    assert not [label for label in labels if label.startswith("django_q.")]
    assert not admin.site.is_registered(Group)
    assert not admin.site.is_registered(Authenticator)
    assert {"accounts.User", "accounts.Workspace", "accounts.Membership", "account.EmailAddress"} <= labels


def test_every_list_and_page_opens_and_shows_no_secret(world: World, operator: Client) -> None:
    member = Membership.objects.get(user=world.marketer)
    keys.issue(member, name="Script", scopes=[Scope.READ], now=timezone.now())
    invitations.invite(world.here, "new@pear.example", Role.VIEWER, by=world.owner, now=timezone.now())
    world.owner.set_password("a-long-quiet-orchard")
    world.owner.save()
    secrets = [ApiKey.objects.get().digest, Invitation.objects.get().token_digest, world.owner.password]
    for model in ("user", "workspace", "membership", "senderidentity", "invitation", "apikey"):
        listing = operator.get(reverse(f"admin:accounts_{model}_changelist"))
        assert listing.status_code == 200
        for row in listing.context["cl"].queryset:
            page = operator.get(reverse(f"admin:accounts_{model}_change", args=[row.pk]))
            assert page.status_code == 200
            assert not [secret for secret in secrets if secret in page.content.decode() + listing.content.decode()]


@pytest.mark.parametrize("model", ["workspace", "senderidentity", "invitation", "apikey"])
def test_what_owners_keep_is_read_only(world: World, operator: Client, model: str) -> None:
    assert operator.get(reverse(f"admin:accounts_{model}_add")).status_code == 403
    if model == "workspace":
        page = reverse("admin:accounts_workspace_change", args=[world.here.pk])
        assert operator.post(page, {"name": "Taken"}).status_code == 403
        assert operator.post(reverse("admin:accounts_workspace_delete", args=[world.here.pk])).status_code == 403


def test_people_are_switched_off_not_deleted_or_made(world: World, operator: Client) -> None:
    assert operator.get(reverse("admin:accounts_user_add")).status_code == 403
    assert operator.post(reverse("admin:accounts_user_delete", args=[world.viewer.pk])).status_code == 403
    page = reverse("admin:accounts_user_change", args=[world.viewer.pk])
    operator.post(page, {"name": "Vera"})
    world.viewer.refresh_from_db()
    assert (world.viewer.name, world.viewer.is_active) == ("Vera", False)
    assert AuditEntry.objects.get(event="user.changed").details == {"name": "Vera", "is_active": False}


def test_the_last_owner_of_others_is_not_switched_off(world: World, operator: Client) -> None:
    answer = operator.post(reverse("admin:accounts_user_change", args=[world.owner.pk]), {"name": "Owner"})
    assert "needs an owner" in answer.content.decode()
    world.owner.refresh_from_db()
    assert world.owner.is_active


def test_nobody_shuts_themselves_out(world: World, operator: Client) -> None:
    operator.post(reverse("admin:accounts_user_change", args=[world.stranger.pk]), {"name": "Root"})
    world.stranger.refresh_from_db()
    assert (world.stranger.name, world.stranger.is_active, world.stranger.is_superuser) == ("Root", True, True)


def test_a_workspace_whose_owners_are_gone_gets_a_new_one(world: World, operator: Client) -> None:
    answer = operator.post(
        reverse("admin:accounts_membership_add"),
        {"user": world.stranger.pk, "workspace": world.here.pk, "role": "owner"},
    )
    assert answer.status_code == 302
    assert Membership.objects.get(user=world.stranger, workspace=world.here).role == Role.OWNER
    assert AuditEntry.objects.get(event="team.added").workspace_id == world.here.pk


def test_roles_obey_the_same_rule_here(world: World, operator: Client) -> None:
    owner = Membership.objects.get(user=world.owner)
    page = reverse("admin:accounts_membership_change", args=[owner.pk])
    assert "needs an owner" in operator.post(page, {"role": "viewer"}).content.decode()
    other = Membership.objects.get(user=world.viewer)
    operator.post(reverse("admin:accounts_membership_change", args=[other.pk]), {"role": "owner"})
    other.refresh_from_db()
    assert other.role == Role.OWNER
    assert AuditEntry.objects.get(event="team.role_changed").details == {"old": "viewer", "new": "owner"}
    assert operator.post(page, {"role": "viewer"}).status_code == 302


def test_passwords_are_changed_on_the_sites_own_page(world: World, operator: Client) -> None:
    assert operator.get(reverse("admin:password_change"))["Location"] == reverse("account_change_password")
