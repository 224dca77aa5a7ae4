"""Roles and members: what changes, what is refused, what the record says."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from compliance.models import AuditEntry
from outreach_site.accounts import keys, team
from outreach_site.accounts.models import ApiKey, Membership, Role, Scope, User, Workspace
from tests.conftest import World, make_user


def membership_of(user: User, workspace: Workspace) -> Membership:
    return Membership.objects.get(user=user, workspace=workspace)


def test_a_new_role_counts_from_the_next_request(world: World) -> None:
    browser = world.client(world.marketer)
    invite = reverse("accounts:invitation_create", args=[world.here.slug])
    assert browser.get(invite).status_code == 403
    team.change_role(membership_of(world.marketer, world.here), Role.OWNER, by=world.owner)
    assert browser.get(invite).status_code == 200
    team.change_role(membership_of(world.marketer, world.here), Role.VIEWER, by=world.owner)
    assert browser.get(invite).status_code == 403


def test_a_change_of_role_is_recorded_with_old_and_new(world: World) -> None:
    member = membership_of(world.viewer, world.here)
    world.client(world.owner).post(
        reverse("accounts:team_role", args=[world.here.slug, member.pk]), {"role": "marketer"}
    )
    entry = AuditEntry.objects.get(event="team.role_changed")
    assert entry.details == {"old": "viewer", "new": "marketer"}
    assert (entry.user_id, entry.about, entry.workspace_id) == (
        world.owner.pk,
        f"user:{world.viewer.pk}",
        world.here.pk,
    )


def test_the_same_role_again_is_no_change(world: World) -> None:
    assert not team.change_role(membership_of(world.viewer, world.here), Role.VIEWER, by=world.owner)
    assert not AuditEntry.objects.filter(event="team.role_changed").exists()


def test_the_last_owner_keeps_the_role_and_the_seat(world: World) -> None:
    member = membership_of(world.owner, world.here)
    browser = world.client(world.owner)
    answer = browser.post(reverse("accounts:team_role", args=[world.here.slug, member.pk]), {"role": "viewer"})
    assert answer.status_code == 422
    assert "needs an owner" in answer.content.decode()
    answer = browser.post(reverse("accounts:team_remove", args=[world.here.slug, member.pk]))
    assert answer.status_code == 422
    assert "needs an owner" in answer.content.decode()
    member.refresh_from_db()
    assert member.role == Role.OWNER


def test_an_owner_who_is_switched_off_does_not_count(world: World) -> None:
    team.change_role(membership_of(world.marketer, world.here), Role.OWNER, by=world.owner)
    User.objects.filter(pk=world.marketer.pk).update(is_active=False)
    with pytest.raises(team.LastOwnerError):
        team.remove_member(membership_of(world.owner, world.here), by=world.owner)


def test_with_a_second_owner_the_first_may_go(world: World) -> None:
    team.change_role(membership_of(world.marketer, world.here), Role.OWNER, by=world.owner)
    member = membership_of(world.owner, world.here)
    answer = world.client(world.owner).post(reverse("accounts:team_remove", args=[world.here.slug, member.pk]))
    assert answer["Location"] == reverse("desk:home")
    assert AuditEntry.objects.get(event="team.left").about == f"user:{world.owner.pk}"


def test_whoever_is_removed_loses_pages_and_keys_at_once(world: World) -> None:
    member = membership_of(world.marketer, world.here)
    secret = keys.issue(member, name="Script", scopes=[Scope.READ], now=timezone.now()).secret
    browser = world.client(world.marketer)
    page = reverse("accounts:team_list", args=[world.here.slug])
    assert browser.get(page).status_code == 200
    world.marketer.refresh_from_db()
    assert world.marketer.last_workspace == world.here

    world.client(world.owner).post(reverse("accounts:team_remove", args=[world.here.slug, member.pk]))

    assert browser.get(page).status_code == 404
    assert not ApiKey.objects.exists()
    answer = world.client().get("/api/v1/backlink-outreach/campaigns", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 401
    world.marketer.refresh_from_db()
    assert world.marketer.last_workspace is None
    entry = AuditEntry.objects.get(event="team.removed")
    assert entry.details == {"role": "marketer", "api_keys": [secret[: keys.SHOWN_CHARACTERS]]}


def test_a_person_who_left_meanwhile_is_no_error_page(world: World) -> None:
    member = membership_of(world.marketer, world.here)
    team.remove_member(member, by=world.owner)
    with pytest.raises(team.TeamError, match="left the workspace already"):
        team.change_role(member, Role.VIEWER, by=world.owner)


def test_the_team_page_asks_as_often_for_many_as_for_few(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        Membership.objects.create(user=make_user(f"p{number}@orchard.example"), workspace=world.here, role=Role.VIEWER)
    browser = world.client(world.owner)
    page = reverse("accounts:team_list", args=[world.here.slug])
    browser.get(page)
    # Session, person, membership; four of the page; the frame's own.
    with django_assert_max_num_queries(14):
        assert browser.get(page).content.decode().count("@orchard.example") >= 16


def test_only_owners_see_what_can_be_done(world: World) -> None:
    page = reverse("accounts:team_list", args=[world.here.slug])
    assert "Change role" in world.client(world.owner).get(page).content.decode()
    for_viewers = world.client(world.viewer).get(page).content.decode()
    assert "Change role" not in for_viewers
    assert "password only" not in for_viewers


def test_two_owners_who_demote_each_other_leave_one(world: World) -> None:
    """Both looked before either wrote: what counts is what the rows say once it is one's turn."""
    team.change_role(membership_of(world.marketer, world.here), Role.OWNER, by=world.owner)
    first, second = membership_of(world.owner, world.here), membership_of(world.marketer, world.here)
    team.change_role(first, Role.VIEWER, by=world.marketer)
    with pytest.raises(team.LastOwnerError):
        team.change_role(second, Role.VIEWER, by=world.owner)
    with pytest.raises(team.LastOwnerError):
        team.remove_member(second, by=world.owner)


def test_new_workspaces_get_addresses_of_their_own(world: World) -> None:
    now = timezone.now()
    made = [team.open_workspace(name=name, time_zone="UTC", owner=world.owner, now=now) for name in ("Orchard", "果物")]
    assert [workspace.slug for workspace in made] == ["orchard-2", "workspace"]
    assert team.open_workspace(name="果物", time_zone="UTC", owner=world.owner, now=now).slug == "workspace-2"
    assert membership_of(world.owner, made[0]).role == Role.OWNER
    assert AuditEntry.objects.filter(event="workspace.created").count() == 3
