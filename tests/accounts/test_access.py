"""The door before every page: declarations, the wall, the zone that times are told in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from outreach_site.accounts import keys
from outreach_site.accounts.access import (
    KEEPERS,
    OWNERS,
    READERS,
    SENDERS,
    Access,
    AccessMiddleware,
    access_of,
    allow,
    public,
    signed_in,
)
from outreach_site.accounts.models import ApiKey, Membership, Role, Scope, User
from tests.conftest import World


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


def test_roles_are_what_the_design_says() -> None:
    assert set(Role) == READERS
    assert {Role.OWNER, Role.MARKETER} == SENDERS
    assert {Role.OWNER, Role.COMPLIANCE} == KEEPERS
    assert {Role.OWNER} == OWNERS


def test_a_view_that_says_nothing_is_refused() -> None:
    assert access_of(page, []) is None
    with pytest.raises(PermissionDenied):
        AccessMiddleware(page).process_view(RequestFactory().get("/"), page, [], {})


def test_declarations_survive_other_decorators() -> None:
    @allow(OWNERS)
    @require_POST
    def outside(request: HttpRequest) -> HttpResponse:
        return page(request)

    @require_POST
    @signed_in
    def inside(request: HttpRequest) -> HttpResponse:
        return page(request)

    @public
    def open_to_all(request: HttpRequest) -> HttpResponse:
        return page(request)

    assert access_of(outside, []) == Access(roles=OWNERS)
    assert access_of(inside, []) == Access(roles=None)
    assert access_of(open_to_all, []) == Access(roles=None, signed_in=False)


def test_whoever_works_with_htmx_is_sent_to_sign_in_as_a_whole_page(world: World) -> None:
    url = reverse("accounts:team_list", args=[world.here.slug])
    answer = world.client().get(url, headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{url}"})
    assert answer["HX-Redirect"] == f"/accounts/login/?next={url}"


@pytest.mark.django_db
def test_a_new_installation_leads_to_its_first_account() -> None:
    assert Client().get(reverse("desk:home"))["Location"] == reverse("account_signup")


def test_the_workspace_one_stands_in_is_where_one_comes_back_to(world: World) -> None:
    Membership.objects.create(user=world.owner, workspace=world.elsewhere, role=Role.VIEWER)
    browser = world.client(world.owner)
    for workspace in (world.elsewhere, world.here):
        browser.get(reverse("accounts:settings", args=[workspace.slug]))
        assert User.objects.get(pk=world.owner.pk).last_workspace == workspace
    browser.get(reverse("accounts:workspace_edit", args=[world.elsewhere.slug]))
    assert User.objects.get(pk=world.owner.pk).last_workspace == world.here, "a closed door is not passed"


def test_times_are_told_in_the_workspaces_zone(world: World) -> None:
    member = Membership.objects.get(user=world.owner)
    keys.issue(member, name="Script", scopes=[Scope.READ], now=timezone.now())
    ApiKey.objects.update(created_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    shown = world.client(world.owner).get(reverse("accounts:key_list", args=[world.here.slug])).content.decode()
    assert "Thursday 2 July 2026, 00:30 CEST" in shown
    assert timezone.get_current_timezone_name() == "UTC", "and the next request begins afresh"


def test_the_refusal_says_who_may(world: World) -> None:
    answer = world.client(world.viewer).get(reverse("accounts:workspace_edit", args=[world.here.slug]))
    assert answer.status_code == 403
    assert "open to owner only" in answer.content.decode()
