"""The API's door: every refusal, in its order, for keys and for sessions."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from compliance.models import AuditEntry
from outreach_site.accounts import keys, team
from outreach_site.accounts.models import ApiKey, Membership, Role, Scope, User
from tests.conftest import World

pytestmark = pytest.mark.urls("tests.accounts.api_urls")

READ = "/api/read"
WRITE = "/api/write"
SEND = "/api/send"
OWNED = "/api/owned"
HERE = "/api/projects/orchard"
ELSEWHERE = "/api/projects/quarry"
NOWHERE = "/api/projects/nowhere"


def key_of(world: World, user: User, *scopes: Scope) -> str:
    membership = Membership.objects.get(user=user)
    name = f"key {ApiKey.objects.count()}"
    return keys.issue(membership, name=name, scopes=scopes or list(Scope), now=timezone.now()).secret


def bearer(secret: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", **headers}


def test_nobody_is_401(world: World) -> None:
    for path in (READ, HERE, ELSEWHERE, NOWHERE):
        assert Client().get(path).status_code == 401


@pytest.mark.parametrize(
    "header",
    ["Bearer lk_wrong", "Bearer ", "Bearer", "bearer wrong", "Bearer lk_\u00fc", "Basic b3duZXI6cGFzcw==", "Token x"],
)
def test_what_is_no_key_is_401(world: World, header: str) -> None:
    assert Client().get(READ, headers={"Authorization": header}).status_code == 401


def test_a_wrong_key_is_not_saved_by_a_session(world: World) -> None:
    answer = world.client(world.owner).get(READ, headers={"Authorization": "Bearer lk_wrong"})
    assert answer.status_code == 401


def test_a_key_works_as_its_person_in_its_workspace(world: World) -> None:
    answer = Client().get(READ, headers=bearer(key_of(world, world.marketer)))
    assert answer.json() == {"user": "marketer@orchard.example", "workspace": "orchard"}
    assert Client().get(HERE, headers=bearer(key_of(world, world.marketer))).status_code == 200


def test_what_belongs_to_others_does_not_exist_whatever_the_key_may(world: World) -> None:
    poor = key_of(world, world.viewer, Scope.READ)
    for secret in (poor, key_of(world, world.owner)):
        for path in (ELSEWHERE, NOWHERE):
            assert Client().get(path, headers=bearer(secret)).status_code == 404
            assert Client().post(path, headers=bearer(secret)).status_code == 404
    assert Client().get(READ, headers=bearer(poor, **{"X-Workspace": "quarry"})).status_code == 404
    assert Client().get(READ, headers=bearer(poor, **{"X-Workspace": "orchard"})).status_code == 200


@pytest.mark.parametrize(
    ("role", "scopes", "path", "status"),
    [
        (Role.OWNER, [Scope.READ], READ, 200),
        (Role.OWNER, [Scope.READ], WRITE, 403),
        (Role.OWNER, [Scope.WRITE], READ, 403),
        (Role.OWNER, [Scope.WRITE], SEND, 403),
        (Role.OWNER, [Scope.SEND], SEND, 200),
        (Role.OWNER, list(Scope), OWNED, 200),
        (Role.MARKETER, list(Scope), SEND, 200),
        (Role.MARKETER, list(Scope), OWNED, 403),
        (Role.COMPLIANCE, list(Scope), SEND, 403),
        (Role.COMPLIANCE, list(Scope), READ, 200),
        (Role.VIEWER, list(Scope), WRITE, 403),
        (Role.VIEWER, list(Scope), READ, 200),
    ],
)
def test_a_key_may_do_what_scopes_and_role_both_allow(
    world: World, role: Role, scopes: list[Scope], path: str, status: int
) -> None:
    user = Membership.objects.get(workspace=world.here, role=role).user
    assert Client().post(path, headers=bearer(key_of(world, user, *scopes))).status_code == status


def test_the_role_of_today_counts(world: World) -> None:
    secret = key_of(world, world.marketer)
    assert Client().post(SEND, headers=bearer(secret)).status_code == 200
    team.change_role(Membership.objects.get(user=world.marketer), Role.VIEWER, by=world.owner)
    assert Client().post(SEND, headers=bearer(secret)).status_code == 403
    assert Client().get(READ, headers=bearer(secret)).status_code == 200


def test_a_revoked_key_and_one_of_a_person_who_was_switched_off_are_401(world: World) -> None:
    secret = key_of(world, world.marketer)
    key = ApiKey.objects.get()
    assert keys.revoke(key, by=world.owner, now=timezone.now())
    assert not keys.revoke(key, by=world.owner, now=timezone.now()), "once"
    assert Client().get(READ, headers=bearer(secret)).status_code == 401
    assert AuditEntry.objects.filter(event="api_key.revoked").count() == 1
    other = key_of(world, world.marketer)
    User.objects.filter(pk=world.marketer.pk).update(is_active=False)
    assert Client().get(READ, headers=bearer(other)).status_code == 401


def test_the_last_use_is_written_at_most_once_a_minute(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    secret = key_of(world, world.marketer)
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        Client().get(READ, headers=bearer(secret))
        assert ApiKey.objects.get().last_used_at == start
    with (
        time_machine.travel(start + timedelta(seconds=50), tick=False),
        django_assert_num_queries(3),
    ):  # the key, and its count
        Client().get(READ, headers=bearer(secret))
    later = start + timedelta(seconds=61)
    with time_machine.travel(later, tick=False):
        Client().get(READ, headers=bearer(secret))
    assert ApiKey.objects.get().last_used_at == later


def test_only_the_digest_is_kept(world: World) -> None:
    secret = key_of(world, world.marketer)
    stored = ApiKey.objects.values().get()
    assert secret.startswith("lk_")
    assert len(secret) >= 43
    assert secret not in repr(stored)
    assert secret not in repr(list(AuditEntry.objects.values()))
    assert stored["prefix"] == secret[:9]


def test_a_session_works_in_the_workspace_last_used(world: World) -> None:
    Membership.objects.create(user=world.owner, workspace=world.elsewhere, role=Role.VIEWER)
    world.owner.last_workspace = world.elsewhere
    world.owner.save()
    browser = world.client(world.owner)
    assert browser.get(READ).json()["workspace"] == "quarry"
    assert browser.get(READ, headers={"X-Workspace": "orchard"}).json()["workspace"] == "orchard"
    assert browser.get(HERE).json()["workspace"] == "orchard", "the address says it"
    assert browser.get(HERE, headers={"X-Workspace": "quarry"}).status_code == 404
    assert browser.post(WRITE).status_code == 403, "a viewer there"
    assert browser.post(WRITE, headers={"X-Workspace": "orchard"}).status_code == 200


def test_a_session_sees_nothing_of_others(world: World) -> None:
    browser = world.client(world.stranger)
    assert browser.get(HERE).status_code == 404
    assert browser.get(READ, headers={"X-Workspace": "orchard"}).status_code == 404
    assert browser.get(READ).json()["workspace"] == "quarry"


def test_a_last_workspace_that_one_was_removed_from_does_not_count(world: World) -> None:
    world.stranger.last_workspace = world.here
    world.stranger.save()
    assert world.client(world.stranger).get(READ).json()["workspace"] == "quarry"


def test_a_person_without_a_workspace_is_told(world: World) -> None:
    Membership.objects.filter(user=world.viewer).delete()
    answer = world.client(world.viewer).get(READ)
    assert answer.status_code == 403
    assert "no workspace" in answer.json()["detail"]


def test_a_session_needs_the_csrf_token_and_a_key_does_not(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.owner)
    assert browser.get(READ).status_code == 200
    refused = browser.post(WRITE)
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["detail"]
    token = "a" * 32
    browser.cookies["csrftoken"] = token
    assert browser.post(WRITE, headers={"X-CSRFToken": token}).status_code == 200
    assert browser.post(WRITE, headers={"X-CSRFToken": "b" * 32}).status_code == 403
    assert Client(enforce_csrf_checks=True).post(WRITE, headers=bearer(key_of(world, world.owner))).status_code == 200


def test_whoever_is_switched_off_has_no_session(world: World) -> None:
    browser = world.client(world.owner)
    User.objects.filter(pk=world.owner.pk).update(is_active=False)
    assert browser.get(READ).status_code == 401


def test_the_description_names_the_way_to_sign_in(world: World) -> None:
    described = Client().get("/api/openapi.json").json()
    assert described["components"]["securitySchemes"] == {"Caller": {"type": "http", "scheme": "bearer"}}


@pytest.mark.urls("outreach_site.urls")
@pytest.mark.parametrize("path", ["/api/docs", "/api/openapi.json"])
def test_the_reference_is_for_whoever_is_signed_in_or_has_a_key(world: World, path: str) -> None:
    assert world.client(world.viewer).get(path).status_code == 200
    assert Client().get(path, headers=bearer(key_of(world, world.viewer))).status_code == 200
    for headers in ({}, bearer("lk_wrong"), bearer("")):
        answer = Client().get(path, headers=headers)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/login/")


@pytest.mark.urls("outreach_site.urls")
def test_an_address_that_is_none_is_json_below_the_api(world: World) -> None:
    for path in ("/api/nothing", "/api/v1/backlink-outreach/campaigns/"):
        answer = world.client(world.owner).get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")
        assert answer.json()["detail"].startswith("Not found.")
