"""The page of API keys: shown once, one's own, everybody's for an owner."""

from __future__ import annotations

import re

from django.urls import reverse
from django.utils import timezone

from compliance.models import AuditEntry
from outreach_site.accounts import keys
from outreach_site.accounts.models import ApiKey, Membership, Role, Scope, User
from outreach_site.lib.crypto import token_digest
from tests.conftest import World


def make_key(world: World, user: User, name: str) -> ApiKey:
    membership = Membership.objects.get(user=user, workspace=world.here)
    return keys.issue(membership, name=name, scopes=[Scope.READ], now=timezone.now()).key


def url(world: World, name: str, *args: int) -> str:
    return reverse(f"accounts:{name}", args=[world.here.slug, *args])


def test_the_secret_is_shown_once(world: World) -> None:
    browser = world.client(world.marketer)
    answer = browser.post(url(world, "key_create"), {"name": " Weekly  report ", "scopes": ["send", "read"]})
    shown = re.search(r"lk_[\w-]{43}", answer.content.decode())
    assert shown is not None
    assert "no-store" in answer["Cache-Control"]
    key = ApiKey.objects.get()
    assert key.digest == token_digest(shown[0])
    assert (key.name, key.scopes) == ("Weekly report", ["read", "send"])
    assert shown[0] not in browser.get(url(world, "key_list")).content.decode()
    assert shown[0] not in repr(dict(browser.session))
    entry = AuditEntry.objects.get(event="api_key.created")
    assert entry.details["scopes"] == ["read", "send"]
    assert entry.user_id == world.marketer.pk


def test_a_form_that_is_sent_twice_makes_one_key(world: World) -> None:
    browser = world.client(world.marketer)
    form = {"name": "Script", "scopes": ["read"]}
    assert browser.post(url(world, "key_create"), form).status_code == 200
    again = browser.post(url(world, "key_create"), form)
    assert again.status_code == 422
    assert "You have a key with this name" in again.content.decode()
    assert ApiKey.objects.count() == 1
    keys.revoke(ApiKey.objects.get(), by=world.marketer, now=timezone.now())
    assert browser.post(url(world, "key_create"), form).status_code == 200


def test_a_role_is_offered_only_what_it_may_do(world: World) -> None:
    browser = world.client(world.officer)
    assert 'value="send"' not in browser.get(url(world, "key_create")).content.decode()
    answer = browser.post(url(world, "key_create"), {"name": "Mine", "scopes": ["send"]})
    assert answer.status_code == 422
    assert not ApiKey.objects.exists()


def test_one_sees_and_revokes_ones_own_and_an_owner_all(world: World) -> None:
    mine, theirs = make_key(world, world.marketer, "Mine"), make_key(world, world.officer, "Theirs")
    page = world.client(world.marketer).get(url(world, "key_list")).content.decode()
    assert "Mine" in page
    assert "Theirs" not in page
    assert world.client(world.marketer).post(url(world, "key_revoke", theirs.pk)).status_code == 404
    owner = world.client(world.owner)
    assert all(key.name in owner.get(url(world, "key_list")).content.decode() for key in (mine, theirs))
    assert owner.post(url(world, "key_revoke", theirs.pk)).status_code == 302
    theirs.refresh_from_db()
    mine.refresh_from_db()
    assert theirs.revoked_at is not None
    assert mine.revoked_at is None
    assert AuditEntry.objects.get(event="api_key.revoked").user_id == world.owner.pk


def test_keys_of_another_workspace_are_not_seen(world: World) -> None:
    Membership.objects.create(user=world.owner, workspace=world.elsewhere, role=Role.OWNER)
    membership = Membership.objects.get(user=world.stranger)
    other = keys.issue(membership, name="Quarry", scopes=[Scope.READ], now=timezone.now()).key
    browser = world.client(world.owner)
    assert "Quarry</span><span" not in browser.get(url(world, "key_list")).content.decode()
    assert browser.post(url(world, "key_revoke", other.pk)).status_code == 404


def test_a_viewer_makes_no_keys(world: World) -> None:
    page = world.client(world.viewer).get(url(world, "key_list")).content.decode()
    assert "Make the first key" not in page
    assert "You have no keys" in page
