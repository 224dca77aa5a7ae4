"""Mailboxes connected with Google or Microsoft: tokens in use, renewed by one worker, withdrawn, and never spread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone
from pytest_django.fixtures import Settings
from werkzeug import Response

from campaigns.models import Attempt
from compliance.models import Hold
from outreach_site.accounts.models import Membership, Role
from outreach_site.lib.crypto import decrypt
from outreach_site.lib.ports import announce_mailbox_mended
from outreach_site.lib.web import Way
from outreach_site.mailboxes import imap, smtp
from outreach_site.mailboxes.cards import cards
from outreach_site.mailboxes.errors import MailServerError, Verdict
from outreach_site.mailboxes.models import Connection, Mailbox
from outreach_site.mailboxes.oauth import https, keeping, tokens
from outreach_site.mailboxes.oauth.providers import provider_of
from outreach_site.mailboxes.oauth.tokens import access_token
from outreach_site.mailboxes.sign_ins import imap_server as imap_settings
from outreach_site.mailboxes.sign_ins import smtp_server as smtp_settings
from tests.conftest import World, make_user
from tests.letterbox import Letterbox
from tests.mailboxes.conftest import make_connected
from tests.mailboxes.token_endpoint import TokenEndpoint, let_in, refusal
from tests.servers import PASSWORD, FaultyIMAP, FaultySMTP

SMTPServers = Callable[..., FaultySMTP]
IMAPServers = Callable[..., FaultyIMAP]
LETTER = b"Subject: Hello\r\n\r\nHello\r\n"


def at(server: FaultySMTP | FaultyIMAP) -> dict[str, Any]:
    way = "smtp" if isinstance(server, FaultySMTP) else "imap"
    return {
        f"{way}_host": "localhost",
        f"{way}_port": server.port,
        f"{way}_security": "tls" if server.tls == "implicit" else "starttls",
    }


# --- In use ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_letter_goes_with_a_token(
    world: World, google: TokenEndpoint, settings: Settings, smtp_server: SMTPServers, tls: str
) -> None:
    server = smtp_server(tls=tls)
    let_in(settings, server)
    server.tokens = {"access-token-0"}
    mailbox = make_connected(world.here, google, **at(server))
    with smtp.connect(smtp_settings(mailbox)) as session:
        session.deliver("mara@orchard.example", ["ada@site.com"], LETTER)
    [letter] = server.accepted
    assert letter.user == "mara@orchard.example"
    assert letter.encrypted
    assert google.requests[0]["grant_type"] == "refresh_token"


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_reading_with_a_token(
    world: World, microsoft: TokenEndpoint, settings: Settings, imap_server: IMAPServers, tls: str
) -> None:
    server = imap_server(tls=tls)
    let_in(settings, server)
    server.tokens = {"access-token-0"}
    mailbox = make_connected(world.here, microsoft, by="microsoft", **at(server))
    with imap.connect(imap_settings(mailbox)) as session:
        assert session.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"] == 1


def test_a_refused_token_is_renewed_once_in_the_same_session(
    world: World, google: TokenEndpoint, settings: Settings, smtp_server: SMTPServers, imap_server: IMAPServers
) -> None:
    sending, reading = smtp_server(), imap_server()
    let_in(settings, sending, reading)
    mailbox = make_connected(world.here, google, access_token="withdrawn", **at(sending), **at(reading))
    sending.tokens = {"access-token-0"}
    with smtp.connect(smtp_settings(mailbox)) as session:
        session.deliver("mara@orchard.example", ["ada@site.com"], LETTER)
    assert "ANSWER ''" in sending.commands  # The challenge was answered by an empty line.
    assert sending.connections == 1
    reading.tokens = {"access-token-1"}
    with imap.connect(imap_settings(mailbox)):
        pass
    assert "ANSWER ''" in reading.commands
    assert reading.connections == 1


def test_a_server_that_takes_no_token_says_so_without_the_token(
    world: World, google: TokenEndpoint, settings: Settings, smtp_server: SMTPServers, imap_server: IMAPServers
) -> None:
    sending, reading = smtp_server(), imap_server()
    let_in(settings, sending, reading)
    sending.tokens = reading.tokens = {"another's"}
    mailbox = make_connected(world.here, google, **at(sending), **at(reading))
    for attempt in (
        lambda: smtp.open_session(smtp_settings(mailbox)),
        lambda: imap.open_session(imap_settings(mailbox)),
    ):
        with pytest.raises(MailServerError) as caught:
            attempt()
        assert caught.value.verdict is Verdict.MAILBOX_TROUBLE
        assert "did not accept the connection of mara@orchard.example" in caught.value.sentence
        assert "Connect it again" in caught.value.advice
        assert "access-token" not in f"{caught.value.server_words}{caught.value.detail}{caught.value!r}"


def test_a_server_without_xoauth2_gets_no_token(
    world: World, google: TokenEndpoint, settings: Settings, smtp_server: SMTPServers
) -> None:
    server = smtp_server()
    let_in(settings, server)
    mailbox = make_connected(world.here, google, **at(server))
    with pytest.raises(MailServerError, match="no way to sign in"):
        smtp.open_session(smtp_settings(mailbox))
    assert "AUTH" not in server.commands


def test_a_token_never_goes_to_another_host(world: World, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google, smtp_host="smtp.evil.example", access_token="secret-token")
    with pytest.raises(MailServerError, match="is not Google's server"):
        smtp_settings(mailbox)
    assert google.requests == []


def test_a_token_needs_a_verified_server(world: World, google: TokenEndpoint, settings: Settings) -> None:
    settings.DEBUG = True
    mailbox = make_connected(world.here, google, smtp_host="localhost", verify_tls=False, access_token="secret-token")
    with pytest.raises(MailServerError):
        smtp_settings(mailbox)


# --- Renewal ---------------------------------------------------------------------------------------------------------


def test_a_token_is_used_until_five_minutes_before_its_end(world: World, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google)
    assert access_token(mailbox) == "access-token-0"
    assert access_token(mailbox) == "access-token-0"
    soon = timezone.now() + timedelta(minutes=4)
    Connection.objects.update(access_expires_at=soon)
    assert access_token(mailbox) == "access-token-1"
    assert len(google.requests) == 2


def test_tokens_are_encrypted_at_rest(world: World, microsoft: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, microsoft, by="microsoft")
    access_token(mailbox)
    row = Connection.objects.values().get()
    assert not any("-token-" in str(value) for value in row.values())
    assert decrypt(row["access_token"]) == "access-token-0"


def test_a_rotated_refresh_token_is_kept(world: World, microsoft: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, microsoft, by="microsoft")
    access_token(mailbox)
    assert Connection.objects.get().open_refresh_token() == "refresh-token-1"
    microsoft.refresh_tokens = {"refresh-token-1"}
    access_token(mailbox, refused="access-token-0")
    assert microsoft.requests[-1]["refresh_token"] == "refresh-token-1"


@pytest.mark.django_db(transaction=True)
def test_while_one_worker_asks_no_other_can(world: World, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google)
    taken: list[object] = []

    def another_worker_comes() -> Response:
        """In the server's thread, while the first worker waits for this very answer."""
        try:
            taken.append(tokens._take_lease(Connection.objects.get()))
        finally:
            connections.close_all()
        google.answer = None
        return google.give()

    google.answer = another_worker_comes
    assert access_token(mailbox) == "access-token-0"
    assert taken == [None]
    assert len(google.requests) == 1


def test_who_waits_gets_what_the_other_was_given(
    world: World, google: TokenEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = make_connected(world.here, google)
    other = Connection.objects.get()
    lease = tokens._take_lease(other)
    assert lease is not None
    given: list[str] = []

    def the_other_finishes(_seconds: float) -> None:
        given.append(tokens._renew(mailbox, other, provider_of("google"), lease))

    clock = SimpleNamespace(sleep=the_other_finishes, monotonic=time.monotonic)
    monkeypatch.setattr("outreach_site.mailboxes.oauth.tokens.time", clock)
    assert access_token(mailbox) == "access-token-0"
    assert given == ["access-token-0"]
    assert len(google.requests) == 1


def test_who_read_the_row_before_it_was_renewed_gets_no_lease(world: World, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google)
    before = Connection.objects.get()
    access_token(mailbox)
    assert tokens._take_lease(before) is None


def test_while_another_renews_the_old_token_serves(world: World, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google, access_token="old")
    Connection.objects.update(access_expires_at=timezone.now() + timedelta(minutes=2))
    assert tokens._take_lease(Connection.objects.get()) is not None  # another worker
    assert access_token(mailbox) == "old"
    assert google.requests == []


def test_a_lease_of_a_dead_worker_lapses(world: World, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google)
    tokens._take_lease(Connection.objects.get())
    Connection.objects.update(renewing_until=timezone.now() - timedelta(minutes=1))
    assert access_token(mailbox) == "access-token-0"


def test_who_renewed_last_is_not_overwritten(world: World, google: TokenEndpoint) -> None:
    """A worker that stalled past its lease finds that its answer is nobody's any more."""
    mailbox = make_connected(world.here, google)
    stale = Connection.objects.get()
    lease = tokens._take_lease(stale)
    assert lease is not None
    Connection.objects.update(renewing_until=timezone.now() - timedelta(minutes=1))
    assert access_token(mailbox) == "access-token-0"
    tokens._renew(mailbox, stale, provider_of("google"), lease)
    assert Connection.objects.get().open_access_token() == "access-token-0"


# --- What goes wrong -------------------------------------------------------------------------------------------------


def test_a_withdrawn_permission_is_found_once_and_asked_about_no_more(world: World, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google)
    google.refresh_tokens.clear()
    for _ in range(2):
        with pytest.raises(MailServerError) as caught:
            smtp_settings(replaced_host(mailbox))
        assert caught.value.verdict is Verdict.MAILBOX_TROUBLE
        assert caught.value.sentence == "Google has ended the connection with this mailbox."
        assert "Its letters wait" in caught.value.advice
    assert len(google.requests) == 1


def replaced_host(mailbox: Mailbox) -> Mailbox:
    mailbox.smtp_host = "localhost"
    mailbox.smtp_port = 587
    return mailbox


def test_seven_days_are_explained(world: World, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google, connected_at=timezone.now() - timedelta(days=7, hours=1))
    google.refresh_tokens.clear()
    with pytest.raises(MailServerError) as caught:
        access_token(mailbox)
    assert "in testing" in caught.value.advice


@pytest.mark.parametrize(
    ("answer", "verdict", "says"),
    [
        (lambda: Response("<html>", status=502), Verdict.RETRY, "could not be asked"),
        (lambda: Response("<html>", status=200), Verdict.RETRY, "could not be asked"),
        (lambda: Response("{}", status=200), Verdict.RETRY, "could not be asked"),
        (lambda: Response("x" * 300_000), Verdict.RETRY, "could not be asked"),
        (lambda: Response("", 302, {"Location": "http://169.254.169.254/"}), Verdict.RETRY, "could not be asked"),
        (lambda: refusal("temporarily_unavailable", status=503), Verdict.RETRY, "could not be asked"),
        (lambda: refusal("slow_down"), Verdict.RETRY, "could not be asked"),
        (lambda: refusal("invalid_client", status=401), Verdict.MAILBOX_TROUBLE, "this installation's registration"),
        (lambda: refusal("deleted_client", status=401), Verdict.MAILBOX_TROUBLE, "this installation's registration"),
        (lambda: refusal("disabled_client", status=401), Verdict.MAILBOX_TROUBLE, "this installation's registration"),
        (lambda: refusal("org_internal", status=403), Verdict.MAILBOX_TROUBLE, "this installation's registration"),
        (lambda: refusal("admin_policy_enforced"), Verdict.MAILBOX_TROUBLE, "does not let this installation use"),
        (lambda: refusal("a_word_of_tomorrow"), Verdict.RETRY, "refused to give a fresh token"),
        (lambda: refusal("invalid_grant", "expired"), Verdict.MAILBOX_TROUBLE, "has ended the connection"),
        (lambda: refusal("interaction_required"), Verdict.MAILBOX_TROUBLE, "has ended the connection"),
    ],
)
def test_answers_of_the_token_endpoint(
    world: World, google: TokenEndpoint, answer: Callable[[], Response], verdict: Verdict, says: str
) -> None:
    mailbox = make_connected(world.here, google)
    google.answer = answer
    with pytest.raises(MailServerError) as caught:
        access_token(mailbox)
    assert caught.value.verdict is verdict
    assert says in caught.value.sentence
    assert "refresh-token" not in f"{caught.value.server_words}{caught.value.detail}"
    assert Connection.objects.get().renewing_token is None


@pytest.mark.parametrize("code", ["deleted_client", "org_internal", "admin_policy_enforced", "a_word_of_tomorrow"])
def test_the_providers_code_is_quoted(world: World, google: TokenEndpoint, code: str) -> None:
    mailbox = make_connected(world.here, google)
    google.answer = lambda: refusal(code, "It was deleted.")
    with pytest.raises(MailServerError) as caught:
        access_token(mailbox)
    assert caught.value.server_words == f"{code} It was deleted."
    assert "connection to the internet" not in caught.value.advice


def test_trouble_at_the_endpoint_leaves_a_living_token_in_use(world: World, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google, access_token="old")
    Connection.objects.update(access_expires_at=timezone.now() + timedelta(minutes=2))
    google.answer = lambda: Response("", status=500)
    assert access_token(mailbox) == "old"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1"])
def test_a_refresh_token_goes_to_no_private_address(world: World, google: TokenEndpoint, address: str) -> None:
    """Whatever a hostile name server says."""
    mailbox = make_connected(world.here, google)
    google.resolves_to = address
    with pytest.raises(MailServerError, match="could not be asked"):
        access_token(mailbox)
    assert google.requests == []


def test_a_refresh_token_goes_to_nobody_without_the_right_certificate(
    world: World, google: TokenEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = make_connected(world.here, google)
    monkeypatch.setattr(https, "WAY", replace(https.WAY, tls=Way().tls))
    with pytest.raises(MailServerError, match="could not be asked"):
        access_token(mailbox)
    assert google.requests == []


def test_a_silent_endpoint_is_left_in_time(
    world: World, google: TokenEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outreach_site.mailboxes.oauth.https.SECONDS", 0.3)
    mailbox = make_connected(world.here, google)
    google.slow = 2
    with pytest.raises(MailServerError, match="could not be asked"):
        access_token(mailbox)


def test_a_key_that_no_longer_fits_is_a_clear_state(world: World, google: TokenEndpoint, settings: Settings) -> None:
    mailbox = make_connected(world.here, google, access_token="old")
    settings.MAIL_SMTP_ENCRYPTION_KEYS = [b"b" * 43 + b"="]
    with pytest.raises(MailServerError, match="cannot be opened on this server") as caught:
        access_token(mailbox)
    assert "connect the mailbox again" in caught.value.advice
    assert "password" not in caught.value.advice


def test_an_archived_mailbox_forgets_its_tokens(world: World, google: TokenEndpoint) -> None:
    make_connected(world.here, google).archive(now=timezone.now())
    assert not Connection.objects.exists()


# --- Kept alive, and told in time ------------------------------------------------------------------------------------


def test_an_idle_connection_is_used_once_a_day(world: World, microsoft: TokenEndpoint) -> None:
    now = timezone.now()
    make_connected(world.here, microsoft, by="microsoft", connected_at=now - timedelta(days=2))
    assert keeping.use_all(now=now) == 1
    assert keeping.use_all(now=now) == 0
    assert len(microsoft.requests) == 1


def test_a_failed_renewal_is_not_tried_again_within_the_hour(world: World, microsoft: TokenEndpoint) -> None:
    now = timezone.now()
    make_connected(world.here, microsoft, by="microsoft", connected_at=now - timedelta(days=2))
    microsoft.answer = lambda: Response("", status=500)
    assert [keeping.use_all(now=timezone.now()), keeping.use_all(now=timezone.now())] == [1, 0]


def test_owners_are_told_once_before_it_ends(world: World, microsoft: TokenEndpoint) -> None:
    now = timezone.now()
    mailbox = make_connected(world.here, microsoft, by="microsoft", connected_at=now - timedelta(days=80))
    assert [keeping.tell_owners(now=now), keeping.tell_owners(now=now)] == [1, 0]
    [letter] = mail.outbox
    assert letter.to == [world.owner.email]
    assert letter.subject == "mara@orchard.example: the connection with Microsoft ends soon"
    assert f"/w/orchard/settings/mailboxes/{mailbox.pk}/" in letter.body
    [card] = cards([mailbox], workspace=world.here, now=now)
    assert card.connected is not None
    assert card.connected.ends_at is not None
    today = world.client(world.owner).get(f"/w/{world.here.slug}/")
    assert "mara@orchard.example is soon disconnected" in today.text


def test_the_end_that_google_names_is_told_two_days_before(world: World, google: TokenEndpoint) -> None:
    """A registration in testing: seven days, and no renewal puts the end off."""
    google.refresh_life = 7 * 86400
    mailbox = make_connected(world.here, google)
    access_token(mailbox)
    now = timezone.now()
    assert keeping.tell_owners(now=now + timedelta(days=4)) == 0
    google.refresh_life = 2 * 86400 - 60
    access_token(mailbox, refused="access-token-0")
    assert keeping.tell_owners(now=now) == 1
    access_token(mailbox, refused="access-token-1")
    assert keeping.tell_owners(now=now) == 0
    assert len(mail.outbox) == 1


def test_owners_are_told_once_when_it_has_ended(world: World, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google)
    google.refresh_tokens.clear()
    with pytest.raises(MailServerError):
        access_token(mailbox)
    now = timezone.now()
    assert [keeping.tell_owners(now=now), keeping.tell_owners(now=now)] == [1, 0]
    assert "has ended the connection" in mail.outbox[0].body
    mailbox.refresh_from_db()
    assert mailbox.sending_state == mailbox.receiving_state == Mailbox.State.TROUBLE


def test_what_could_not_be_told_is_told_later(
    world: World, google: TokenEndpoint, settings: Settings, dead_port: int
) -> None:
    make_connected(world.here, google, connected_at=timezone.now() - timedelta(days=179))
    locmem = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "outreach_site.mailboxes.platform.PlatformBackend"
    settings.GLOBAL_SMTP_HOST, settings.GLOBAL_SMTP_PORT = "localhost", dead_port
    settings.MAIL_ALLOWED_HOSTS = [f"localhost:{dead_port}"]
    assert keeping.tell_owners(now=timezone.now()) == 0
    settings.EMAIL_BACKEND = locmem
    assert keeping.tell_owners(now=timezone.now()) == 1


def test_who_was_told_is_not_told_again_because_of_another(
    world: World, google: TokenEndpoint, settings: Settings, smtp_server: SMTPServers
) -> None:
    server = smtp_server()
    let_in(settings, server)
    settings.EMAIL_BACKEND = "outreach_site.mailboxes.platform.PlatformBackend"
    settings.GLOBAL_SMTP_HOST, settings.GLOBAL_SMTP_PORT = "localhost", server.port
    settings.GLOBAL_SMTP_USER, settings.GLOBAL_SMTP_PASS = "platform", PASSWORD
    gone = make_user("left@gone.example")
    Membership.objects.create(user=gone, workspace=world.here, role=Role.OWNER)
    server.reply("RCPT", "550 5.1.1 User unknown", recipient=gone.email)
    make_connected(world.here, google, connected_at=timezone.now() - timedelta(days=179))
    assert [keeping.tell_owners(now=timezone.now()) for _ in range(3)] == [1, 0, 0]
    assert [letter.recipients for letter in server.accepted] == [(world.owner.email,)]


# --- Through the outbox ----------------------------------------------------------------------------------------------


def test_letters_wait_while_the_permission_is_withdrawn_and_go_once_it_is_given(
    google: TokenEndpoint, faulty_letterbox: Callable[..., tuple[Letterbox, FaultySMTP]]
) -> None:
    box, server = faulty_letterbox()
    mailbox = box.mailbox
    Mailbox.objects.filter(pk=mailbox.pk).update(sign_in_by="google", provider="gmail", smtp_password_token="")
    connection = Connection(mailbox=mailbox, connected_at=timezone.now(), renewed_at=timezone.now())
    connection.keep_refresh_token("refresh-token-0")
    connection.save()
    box.write_to("ada@somewhere.com")
    assert "has ended the connection" in box.send().sentence
    assert Attempt.objects.get().state == "queued"
    assert Hold.objects.standing().filter(subject=f"mailbox:{mailbox.pk}").exists()
    assert server.accepted == []
    google.refresh_tokens.add("refresh-token-0")
    server.tokens = {"access-token-0"}
    Connection.objects.update(ended_at=None)
    announce_mailbox_mended(mailbox.pk, user_id=box.world.owner.pk, now=timezone.now())
    Mailbox.objects.update(next_send_at=timezone.now())
    box.send()
    assert Attempt.objects.get().state == "sent"
    [letter] = server.accepted
    assert letter.encrypted
