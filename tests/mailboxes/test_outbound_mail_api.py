"""Outgoing mail through the API: owners alone, passwords in and never out, the test unsaved."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from compliance.models import AuditEntry
from outreach_site.accounts.models import ApiKey, Membership, Role, Scope, User, Workspace
from outreach_site.lib.crypto import token_digest
from outreach_site.mailboxes.models import Mailbox, TestLetter
from tests.conftest import World
from tests.mailboxes.conftest import make_mailbox
from tests.servers import PASSWORD, FaultySMTP

Allow = Callable[..., None]
SMTPServers = Callable[..., FaultySMTP]
SECRET = "correct horse battery"


def address(workspace: Workspace, mailbox: Mailbox | int | str, ending: str = "") -> str:
    pk = mailbox.pk if isinstance(mailbox, Mailbox) else mailbox
    return f"/api/v1/projects/{workspace.slug}/integrations/{pk}/outbound-mail{ending}"


def ask(client: Client, method: str, url: str, mail: dict[str, Any] | None = None, **headers: str) -> Any:
    body = json.dumps({"outboundMail": mail}) if mail is not None else ""
    return client.generic(method, url, body, content_type="application/json", headers=headers)


def bearer(user: User, workspace: Workspace, *scopes: Scope) -> dict[str, str]:
    key = f"lk_{user.pk}_{'_'.join(scopes)}"
    ApiKey.objects.create(
        membership=Membership.objects.get(user=user, workspace=workspace),
        name="test",
        prefix=key[:8],
        digest=token_digest(key),
        scopes=[scope.value for scope in scopes],
    )
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def owner(world: World) -> Client:
    return world.client(world.owner)


def test_settings_are_changed_and_the_password_never_comes_out(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    answer = ask(
        owner,
        "PATCH",
        address(world.here, mailbox),
        {
            "host": "SMTP2.orchard.example",
            "port": 465,
            "secure": True,
            "user": "mara2@orchard.example",
            "password": SECRET,
            "fromEmail": "mara2@orchard.example",
            "fromName": "Mara Two",
            "verifyTls": True,
        },
    )
    assert answer.status_code == 200, answer.text
    mail = answer.json()["outboundMail"]
    assert mail.pop("smtpPasswordSetAt")
    assert mail == {
        "host": "smtp2.orchard.example",
        "port": 465,
        "secure": True,
        "user": "mara2@orchard.example",
        "fromEmail": "mara2@orchard.example",
        "fromName": "Mara Two",
        "verifyTls": True,
        "hasSmtpPassword": True,
        "fromEnvironment": False,
    }
    assert SECRET not in answer.text
    mailbox.refresh_from_db()
    assert mailbox.open_smtp_password() == SECRET
    assert mailbox.open_imap_password() == PASSWORD
    assert mailbox.smtp_password_token not in answer.text
    entry = AuditEntry.objects.get(event="mailbox.changed")
    assert entry.user_id == world.owner.pk
    assert "smtp_password" in entry.details["changed"]
    assert SECRET not in str(entry.details)
    assert ask(owner, "GET", address(world.here, mailbox)).json()["outboundMail"]["host"] == "smtp2.orchard.example"


def test_what_is_left_out_stays_as_it_is(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    before = mailbox.smtp_password_token
    answer = ask(owner, "PATCH", address(world.here, mailbox), {"fromName": "Only This", "password": ""})
    assert answer.status_code == 200
    mailbox.refresh_from_db()
    assert (mailbox.from_name, mailbox.smtp_host, mailbox.smtp_password_token) == (
        "Only This",
        "smtp.orchard.example",
        before,
    )


@pytest.mark.parametrize(
    ("mail", "field"),
    [
        ({"host": "smtp3.orchard.example"}, "password"),
        ({"port": 2525}, "password"),
        ({"user": "somebody@orchard.example", "password": ""}, "password"),
        ({"host": "127.0.0.1", "password": SECRET}, "host"),
        ({"host": "https://x.example", "password": SECRET}, "host"),
        ({"port": 22, "password": SECRET}, "port"),
        ({"port": 0}, "port"),
        ({"port": "many"}, "port"),
        ({"secure": True}, "secure"),
        ({"port": 465, "secure": False, "password": SECRET}, "secure"),
        ({"user": "two words", "password": SECRET}, "user"),
        ({"user": ""}, "user"),
        ({"fromEmail": "nobody"}, "fromEmail"),
        ({"fromName": "a\r\nBcc: x@y.example"}, "fromName"),
        ({"verifyTls": False}, "verifyTls"),
        ({"smtpHost": "typing.error.example"}, "smtpHost"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(world: World, owner: Client, mail: dict[str, Any], field: str) -> None:
    mailbox = make_mailbox(world.here)
    for method, ending in (("PATCH", ""), ("POST", "/test")):
        answer = ask(owner, method, address(world.here, mailbox, ending), mail)
        assert answer.status_code == 422, answer.text
        assert [error["field"].rpartition(".")[2] for error in answer.json()["fields"]] == [field]
        assert SECRET not in answer.text
    mailbox.refresh_from_db()
    assert mailbox.smtp_host == "smtp.orchard.example"
    assert not TestLetter.objects.exists()


def test_another_address_starts_slowly(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here, first_sent_at=timezone.now() - timedelta(days=9))
    assert ask(owner, "PATCH", address(world.here, mailbox), {"fromName": "M.", "password": SECRET}).status_code == 200
    mailbox.refresh_from_db()
    assert mailbox.ramp_limit(timezone.now()) == 37
    answer = ask(owner, "PATCH", address(world.here, mailbox), {"fromEmail": "mara@orchard-media.example"})
    assert answer.status_code == 200
    mailbox.refresh_from_db()
    assert (mailbox.email, mailbox.ramp_limit(timezone.now())) == ("mara@orchard-media.example", 10)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"outbound_mial": {"fromName": "New"}}, "outbound_mial"),
        ({"fromName": "New"}, "fromName"),
        ({"outboundMail": {"fromName": "New", "hourlyLimit": 5}}, "outboundMail.hourlyLimit"),
    ],
)
def test_a_field_that_is_none_changes_nothing_and_is_named(
    world: World, owner: Client, body: dict[str, Any], field: str
) -> None:
    mailbox = make_mailbox(world.here)
    answer = owner.patch(address(world.here, mailbox), body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["fields"] == [{"field": field, "message": "There is no such field here."}]
    mailbox.refresh_from_db()
    assert mailbox.from_name == "Mara Voss"


def test_the_joiners_of_a_script_are_part_of_a_name(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    assert ask(owner, "PATCH", address(world.here, mailbox), {"fromName": "علی\u200cرضا"}).status_code == 200
    mailbox.refresh_from_db()
    assert mailbox.from_name == "علی\u200cرضا"
    assert ask(owner, "PATCH", address(world.here, mailbox), {"fromName": "Mara\nVoss"}).status_code == 422
    assert ask(owner, "PATCH", address(world.here, mailbox), {"fromName": "Mara\u202eVoss"}).status_code == 422


def test_the_same_sign_in_is_refused_without_a_word_about_whose_it_is(world: World, owner: Client) -> None:
    make_mailbox(world.elsewhere, email="theirs@quarry.example")
    mailbox = make_mailbox(world.here, smtp_user="other@orchard.example")
    answer = ask(owner, "PATCH", address(world.here, mailbox), {"user": "MARA@orchard.example", "password": SECRET})
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "user"
    assert "quarry" not in answer.text


@pytest.mark.parametrize(("method", "ending"), [("PATCH", ""), ("POST", "/test")])
def test_without_a_key_a_new_password_is_503_with_what_to_do(
    world: World, owner: Client, settings: Settings, method: str, ending: str
) -> None:
    mailbox = make_mailbox(world.here)
    settings.MAIL_SMTP_ENCRYPTION_KEYS = []
    answer = ask(owner, method, address(world.here, mailbox, ending), {"password": SECRET})
    assert answer.status_code == 503
    assert "openssl rand -base64 32" in answer.json()["detail"]
    assert not TestLetter.objects.exists()


@pytest.mark.parametrize(("method", "ending"), [("GET", ""), ("PATCH", ""), ("POST", "/test")])
class TestWhoMay:
    def test_nobody(self, world: World, method: str, ending: str) -> None:
        mailbox = make_mailbox(world.here)
        assert ask(Client(), method, address(world.here, mailbox, ending), {}).status_code == 401

    def test_a_stranger_finds_nothing(self, world: World, method: str, ending: str) -> None:
        mailbox = make_mailbox(world.here)
        stranger = world.client(world.stranger)
        assert ask(stranger, method, address(world.here, mailbox, ending), {}).status_code == 404
        assert ask(stranger, method, address(world.elsewhere, mailbox, ending), {}).status_code == 404

    def test_only_owners(self, world: World, method: str, ending: str) -> None:
        mailbox = make_mailbox(world.here)
        for user in (world.marketer, world.officer, world.viewer):
            assert ask(world.client(user), method, address(world.here, mailbox, ending), {}).status_code == 403

    def test_a_key_needs_the_scope(self, world: World, method: str, ending: str) -> None:
        mailbox = make_mailbox(world.here)
        needed = {"GET": Scope.READ, "PATCH": Scope.WRITE, "POST": Scope.SEND}[method]
        others = [scope for scope in Scope if scope != needed]
        headers = bearer(world.owner, world.here, *others)
        assert ask(Client(), method, address(world.here, mailbox, ending), {}, **headers).status_code == 403

    def test_a_key_of_another_workspace_finds_nothing(self, world: World, method: str, ending: str) -> None:
        mailbox = make_mailbox(world.here)
        headers = bearer(world.stranger, world.elsewhere, *Scope)
        for workspace in (world.here, world.elsewhere):
            assert ask(Client(), method, address(workspace, mailbox, ending), {}, **headers).status_code == 404

    @pytest.mark.parametrize("pk", ["0", "999999", "abc", "9" * 40, "%C2%B2"])
    def test_what_is_no_mailbox(self, world: World, method: str, ending: str, pk: str) -> None:
        assert ask(world.client(world.owner), method, address(world.here, pk, ending), {}).status_code == 404

    def test_an_archived_mailbox_is_gone(self, world: World, method: str, ending: str) -> None:
        mailbox = make_mailbox(world.here)
        mailbox.archive(now=mailbox.created_at)
        assert ask(world.client(world.owner), method, address(world.here, mailbox, ending), {}).status_code == 404


def test_a_session_needs_its_csrf_token(world: World) -> None:
    mailbox = make_mailbox(world.here)
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.owner)
    assert ask(client, "PATCH", address(world.here, mailbox), {"fromName": "x"}).status_code == 403


def test_a_test_letter_uses_what_was_sent_and_stores_nothing(
    world: World, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    server = smtp_server()
    allow_servers(server)
    mailbox = make_mailbox(world.here)
    headers = bearer(world.owner, world.here, Scope.SEND)
    mail = {
        "host": "localhost",
        "port": server.port,
        "secure": False,
        "user": "mara@orchard.example",
        "password": PASSWORD,
        "fromEmail": "unsaved@orchard.example",
        "fromName": "Unsaved",
        "verifyTls": True,
    }
    answer = ask(Client(), "POST", address(world.here, mailbox, "/test"), mail, **headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["ok"] is True
    assert answer.json()["serverWords"]
    (letter,) = server.wait_for(1)
    assert letter.recipients == ("owner@orchard.example",)
    assert letter.mail_from == "unsaved@orchard.example"
    mailbox.refresh_from_db()
    assert (mailbox.smtp_host, mailbox.email) == ("smtp.orchard.example", "mara@orchard.example")
    assert TestLetter.objects.count() == 1
    assert AuditEntry.objects.get(event="mailbox.test_letter").about == f"mailbox:{mailbox.pk}"


def test_a_test_without_a_body_tries_what_is_saved(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    server = smtp_server()
    allow_servers(server)
    mailbox = make_mailbox(world.here, smtp_host="localhost", smtp_port=server.port)
    assert ask(owner, "POST", address(world.here, mailbox, "/test")).json()["ok"] is True
    assert len(server.wait_for(1)) == 1


def test_a_failed_test_says_what_failed_in_the_servers_words(
    world: World, owner: Client, smtp_server: SMTPServers, allow_servers: Allow
) -> None:
    server = smtp_server(password="another")
    allow_servers(server)
    mailbox = make_mailbox(world.here, smtp_host="localhost", smtp_port=server.port)
    answer = ask(owner, "POST", address(world.here, mailbox, "/test"), {})
    assert answer.status_code == 200
    said = answer.json()
    assert (said["ok"], said["stage"], said["permanent"]) == (False, "sign_in", True)
    assert said["serverWords"].startswith("535")
    assert "app password" in said["advice"]


def test_twenty_an_hour(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here)
    TestLetter.objects.bulk_create(TestLetter(user_id=world.owner.pk) for _ in range(20))
    answer = ask(owner, "POST", address(world.here, mailbox, "/test"), {})
    assert answer.status_code == 429
    assert "20 test letters" in answer.json()["detail"]


def test_the_environments_mailbox_is_read_only(world: World, owner: Client) -> None:
    mailbox = make_mailbox(world.here, from_environment=True)
    answer = ask(owner, "PATCH", address(world.here, mailbox), {"fromName": "x"})
    assert answer.status_code == 422
    assert "environment" in answer.text
    answer = ask(owner, "POST", address(world.here, mailbox, "/test"), {"host": "other.example", "password": "x"})
    assert answer.status_code == 422


def test_an_owners_role_elsewhere_is_no_role_here(world: World) -> None:
    Membership.objects.create(user=world.stranger, workspace=world.here, role=Role.VIEWER)
    mailbox = make_mailbox(world.here)
    assert ask(world.client(world.stranger), "PATCH", address(world.here, mailbox), {}).status_code == 403
