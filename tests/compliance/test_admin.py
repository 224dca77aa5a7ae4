"""The admin shows the compliance records, and lets nobody change them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from compliance import audit, holds, suppression, unsubscribe
from compliance.models import AuditEntry, Hold, SendRecord, Suppression, UnsubscribeToken
from outreach_site.accounts.models import User
from tests.conftest import World, make_user

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
RECORDS = (Suppression, Hold, SendRecord, AuditEntry, UnsubscribeToken)


@pytest.fixture
def superuser(world: World) -> Client:
    user = make_user("root@orchard.example")
    User.objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return world.client(User.objects.get(pk=user.pk))


@pytest.fixture
def records(world: World) -> dict[type, int]:
    token = unsubscribe.token_for(workspace=world.here, address="ed@x.test", about="attempt:1", now=NOW)
    entry = audit.record("letter.decided", workspace=world.here, lead_email="ed@x.test", subject="Hello", now=NOW)
    sent = SendRecord.objects.create(
        workspace=world.here,
        subject="attempt:1",
        kind="first",
        mailbox_id=1,
        sign_in="mara@mail.orchard.example",
        sender="mara@orchard.example",
        recipient="ed@x.test",
        recipient_key="ed@x.test",
        recipient_domain="x.test",
        subject_digest="0" * 64,
        legal_basis="consent",
        region="EU",
        message_id="<1@orchard.example>",
        reserved_at=NOW,
        counted_at=NOW,
    )
    return {
        Suppression: suppression.suppress(
            workspace=world.here, address="ed@x.test", reason=Suppression.Reason.MANUAL, now=NOW
        ).pk,
        Hold: holds.place(workspace=world.here, subject="address:ed@x.test", reason="Doubtful.", now=NOW).pk,
        SendRecord: sent.pk,
        AuditEntry: entry.pk,
        UnsubscribeToken: UnsubscribeToken.objects.get(token=token).pk,
    }


def path(model: type, page: str, *args: int) -> str:
    return reverse(f"admin:compliance_{model.__name__.lower()}_{page}", args=args)


@pytest.mark.parametrize("model", RECORDS)
def test_records_are_shown_and_never_changed(superuser: Client, records: dict[type, int], model: type) -> None:
    pk = records[model]
    assert superuser.get(path(model, "changelist"), {"q": "ed"}).status_code == 200
    page = superuser.get(path(model, "change", pk))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert superuser.get(path(model, "add")).status_code == 403
    for name, args in (("add", ()), ("change", (pk,)), ("delete", (pk,))):
        assert superuser.post(path(model, name, *args), {"post": "yes"}).status_code == 403, name
    superuser.post(path(model, "changelist"), {"action": "delete_selected", "_selected_action": pk, "post": "yes"})
    assert model._default_manager.filter(pk=pk).exists()  # type: ignore[attr-defined]  # a model class


def test_the_readable_side_of_an_entry_stands_with_it(superuser: Client, records: dict[type, int]) -> None:
    page = superuser.get(path(AuditEntry, "change", records[AuditEntry])).content.decode()
    assert "ed@x.test" in page
    assert "Hello" in page


def test_tokens_are_not_shown(superuser: Client, records: dict[type, int]) -> None:
    token = UnsubscribeToken.objects.get().token
    for shown in (path(UnsubscribeToken, "changelist"), path(UnsubscribeToken, "change", records[UnsubscribeToken])):
        assert token not in superuser.get(shown).content.decode()


def test_every_record_is_registered() -> None:
    assert all(admin.site.is_registered(model) for model in RECORDS)


def test_an_owner_is_no_superuser(world: World, records: dict[type, int]) -> None:
    assert world.client(world.owner).get(path(AuditEntry, "changelist")).status_code == 302
