"""Sender identities: one default, a preview that tells the truth, a deletion that says what it does."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from campaigns import letters
from campaigns.models import Campaign
from compliance.models import AuditEntry
from outreach_site.accounts import identities
from outreach_site.accounts.models import SenderIdentity, Workspace
from tests.conftest import World

FORM = {
    "name": "  Ida   Lund ",
    "organisation": "Pear Ltd",
    "on_behalf_of": "Plum GmbH",
    "postal_address": "1 High Street\nLeeds LS1 1AA\nUnited Kingdom",
    "privacy_notice_url": "pear.example/privacy",
    "site": "https://pear.example",
    "signature": "",
}


def add(workspace: Workspace, name: str, *, by: World) -> SenderIdentity:
    identity = SenderIdentity(workspace=workspace, name=name, organisation="Orchard", postal_address="Lindenweg 4")
    identities.add(identity, by=by.owner)
    return identity


def default_of(world: World) -> SenderIdentity:
    return SenderIdentity.objects.in_workspace(world.here).get(is_default=True)


def test_what_is_typed_is_kept_tidy(world: World) -> None:
    world.client(world.owner).post(reverse("accounts:identity_create", args=[world.here.slug]), FORM)
    identity = SenderIdentity.objects.get(organisation="Pear Ltd")
    assert identity.name == "Ida Lund"
    assert identity.privacy_notice_url == "https://pear.example/privacy"
    assert identity.postal_address == "1 High Street, Leeds LS1 1AA, United Kingdom"
    assert not identity.is_default
    assert AuditEntry.objects.get(event="identity.created").about == f"identity:{identity.pk}"


def test_a_change_is_recorded_with_what_it_was(world: World) -> None:
    page = reverse("accounts:identity_edit", args=[world.here.slug, world.identity.pk])
    browser = world.client(world.owner)
    browser.post(page, FORM)
    details = AuditEntry.objects.get(event="identity.changed").details
    assert details["organisation"] == {"old": "Orchard Media", "new": "Pear Ltd"}
    browser.post(page, FORM)
    assert AuditEntry.objects.filter(event="identity.changed").count() == 1, "the same again is no change"


def test_the_first_is_the_default_and_there_is_always_one(world: World) -> None:
    world.identity.delete()
    first, second, third = (add(world.here, name, by=world) for name in ("First", "Second", "Third"))
    assert default_of(world) == first
    assert identities.make_default(third, by=world.owner)
    assert not identities.make_default(third, by=world.owner)
    assert default_of(world) == third
    assert identities.remove(third, by=world.owner) == first
    assert default_of(world) == first
    assert identities.remove(second, by=world.owner) is None
    assert identities.remove(first, by=world.owner) is None
    assert not SenderIdentity.objects.in_workspace(world.here).exists()


def test_the_database_keeps_it_so(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SenderIdentity.objects.create(
            workspace=world.here, name="Two", organisation="Two", postal_address="Two", is_default=True
        )


def test_deleting_says_who_uses_it(world: World) -> None:
    page = reverse("accounts:identity_delete", args=[world.here.slug, world.identity.pk])
    browser = world.client(world.owner)
    assert "Nothing uses it" in browser.get(page).content.decode()
    campaign = Campaign.objects.create(workspace=world.here, name="Pears", identity=world.identity)
    assert "It is used by 1 campaign." in browser.get(page).content.decode()
    browser.post(page)
    campaign.refresh_from_db()
    assert campaign.identity is None
    assert AuditEntry.objects.get(event="identity.deleted").details["used_by"] == {"campaign": 1}


def test_the_preview_ends_as_letters_end(world: World) -> None:
    page = reverse("accounts:identity_preview", args=[world.here.slug])
    answer = world.client(world.owner).post(page, FORM, headers={"HX-Request": "true"})
    shown = unescape(re.sub(r"<[^>]+>", "", answer.content.decode()))
    tidy = {
        "name": "Ida Lund",
        "privacy_notice_url": "https://pear.example/privacy",
        "postal_address": "1 High Street, Leeds LS1 1AA, United Kingdom",
    }
    identity = SenderIdentity(**{**FORM, **tidy})
    footer = letters.footer(identity=identity, contact=None, opt_out_url="their own link")
    for line in (*footer.splitlines(), *identity.written_signature.splitlines()):
        assert line in shown
    assert identity.who_writes == footer.splitlines()[0]


def test_what_is_typed_is_never_markup(world: World) -> None:
    page = reverse("accounts:identity_preview", args=[world.here.slug])
    typed = FORM | {"name": "<script>alert(1)</script>", "signature": "<img src=x>"}
    body = world.client(world.owner).post(page, typed, headers={"HX-Request": "true"}).content.decode()
    assert "<script>" not in body
    assert "<img" not in body
