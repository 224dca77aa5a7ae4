"""What a mailbox knows of itself: its states, its secrets, its sign-in, and the settings made from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import IntegrityError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from outreach_site.lib.crypto import rotate
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.models import Mailbox, Security, sign_in_of, split_trouble
from outreach_site.mailboxes.platform import PlatformBackend, PlatformMailError
from outreach_site.mailboxes.sign_ins import imap_server, smtp_server
from outreach_site.mailboxes.wire import Surroundings
from tests.conftest import World
from tests.mailboxes.conftest import make_mailbox
from tests.servers import PASSWORD, FaultySMTP

NEW_KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


def trouble(stage: Stage = Stage.SIGN_IN, **changes: Any) -> MailServerError:
    values: dict[str, Any] = {"verdict": Verdict.MAILBOX_TROUBLE, "permanent": True, "advice": "Check it."}
    return MailServerError("It was refused.", stage=stage, **(values | changes))


def test_trouble_keeps_the_time_it_began_and_the_servers_words(world: World) -> None:
    mailbox = make_mailbox(world.here)
    began = timezone.now()
    mailbox.mark_sending_trouble(trouble(code=535, server_words="5.7.8 no"), now=began)
    mailbox.mark_sending_trouble(trouble(server_words="still no"), now=began + timedelta(hours=1))
    mailbox.refresh_from_db()
    assert (mailbox.sending_state, mailbox.sending_state_at) == ("trouble", began)
    assert split_trouble(mailbox.sending_trouble) == ("It was refused.", "still no")
    assert mailbox.sending_advice == "Check it."
    mailbox.mark_sending_ok(now=began + timedelta(hours=2))
    mailbox.refresh_from_db()
    assert (mailbox.sending_state, mailbox.sending_trouble, mailbox.sending_advice) == ("ok", "", "")
    assert mailbox.sending_state_at == began + timedelta(hours=2)


def test_receiving_has_a_state_of_its_own(world: World) -> None:
    mailbox = make_mailbox(world.here)
    mailbox.mark_receiving_trouble(trouble(Stage.TIMEOUT), now=timezone.now())
    mailbox.refresh_from_db()
    assert (mailbox.receiving_state, mailbox.sending_state) == ("trouble", "untested")
    mailbox.mark_receiving_ok(now=timezone.now())
    mailbox.refresh_from_db()
    assert mailbox.receiving_state == "ok"


@pytest.mark.parametrize(
    "err",
    [
        trouble(Stage.RECIPIENT, verdict=Verdict.RECIPIENT_UNKNOWN),
        trouble(Stage.LETTER, verdict=Verdict.REFUSED_LETTER),
        trouble(Stage.TIMEOUT, verdict=Verdict.UNCERTAIN),
    ],
)
def test_one_letters_failure_is_no_trouble_of_the_mailbox(world: World, err: MailServerError) -> None:
    mailbox = make_mailbox(world.here)
    mailbox.mark_sending_trouble(err, now=timezone.now())
    mailbox.refresh_from_db()
    assert mailbox.sending_state == "untested"


def test_marking_writes_nothing_but_the_state(world: World, django_assert_num_queries: Any) -> None:
    """A worker's copy of the row is old: it must not write back somebody's change, nor write when nothing changed."""
    mailbox = make_mailbox(world.here)
    Mailbox.objects.filter(pk=mailbox.pk).update(from_name="Changed meanwhile")
    mailbox.mark_sending_ok(now=timezone.now())
    with django_assert_num_queries(0):
        mailbox.mark_sending_ok(now=timezone.now() + timedelta(minutes=5))
    mailbox.refresh_from_db()
    assert mailbox.from_name == "Changed meanwhile"


def test_passwords_are_nowhere_in_the_database(world: World) -> None:
    make_mailbox(world.here)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM mailboxes_mailbox")
        assert PASSWORD not in str(cursor.fetchall())


def test_keys_rotate(world: World, settings: Settings) -> None:
    mailbox = make_mailbox(world.here)
    settings.MAIL_SMTP_ENCRYPTION_KEYS = [NEW_KEY, *settings.MAIL_SMTP_ENCRYPTION_KEYS]
    assert smtp_server(mailbox).password == PASSWORD
    mailbox.smtp_password_token = rotate(mailbox.smtp_password_token)
    settings.MAIL_SMTP_ENCRYPTION_KEYS = [NEW_KEY]
    assert smtp_server(mailbox).password == PASSWORD
    with pytest.raises(MailServerError) as caught:
        imap_server(mailbox)
    assert caught.value.stage is Stage.KEY


@pytest.mark.parametrize(
    ("host", "user", "sign_in"),
    [
        ("smtp.Gmail.com", "Mara@Gmail.com", "mara@gmail.com@smtp.gmail.com"),
        (" smtp.gmail.com. ", " mara@gmail.com", "mara@gmail.com@smtp.gmail.com"),
    ],
)
def test_a_sign_in_has_one_form(host: str, user: str, sign_in: str) -> None:
    assert sign_in_of(host, user) == sign_in


def test_the_database_knows_each_sign_in_once(world: World) -> None:
    make_mailbox(world.here)
    with pytest.raises(IntegrityError):
        make_mailbox(world.elsewhere, smtp_user="MARA@orchard.example")


def test_settings_come_from_the_mailbox(world: World) -> None:
    mailbox = make_mailbox(world.here, smtp_port=465, smtp_security=Security.TLS)
    server = smtp_server(mailbox)
    assert (server.host, server.port, server.security, server.user, server.password) == (
        "smtp.orchard.example", 465, Security.TLS, "mara@orchard.example", PASSWORD,
    )  # fmt: skip
    assert server.timeout == 30
    assert PASSWORD not in repr(server)


def test_the_environments_passwords_are_read_when_they_are_used(world: World, settings: Settings) -> None:
    settings.SMTP_HOST, settings.SMTP_USER, settings.SMTP_PASS = "smtp.env.example", "env", "first"
    settings.IMAP_HOST, settings.IMAP_USER, settings.IMAP_PASS = "imap.env.example", "env", "reading"
    mailbox = make_mailbox(world.here, from_environment=True)
    assert (smtp_server(mailbox).host, smtp_server(mailbox).password) == ("smtp.env.example", "first")
    assert imap_server(mailbox).password == "reading"
    settings.SMTP_PASS = "second"
    assert smtp_server(mailbox).password == "second"
    settings.SMTP_HOST = ""
    with pytest.raises(MailServerError, match="SMTP_HOST is no longer set"):
        smtp_server(mailbox)


@pytest.mark.parametrize("missing", ["smtp_password_token", "imap_host"])
def test_what_is_missing_is_an_error_and_never_another_mailbox(world: World, missing: str) -> None:
    mailbox = make_mailbox(world.here)
    setattr(mailbox, missing, "")
    with pytest.raises(MailServerError):
        (smtp_server if missing.startswith("smtp") else imap_server)(mailbox)


def test_a_real_mailbox_never_speaks_with_the_post_office(world: World) -> None:
    mailbox = make_mailbox(world.here, smtp_host="localhost", smtp_port=2587)
    with pytest.raises(MailServerError, match="post office"):
        smtp_server(mailbox)
    world.here.is_rehearsal = True
    mailbox = make_mailbox(world.here, smtp_user="other@orchard.example")
    with pytest.raises(MailServerError, match="rehearsal"):
        smtp_server(mailbox)


@pytest.mark.parametrize(
    ("site_url", "name"),
    [
        ("https://outreach.example.com", "outreach.example.com"),
        ("http://localhost:8000", "[127.0.0.1]"),
        ("http://192.0.2.7", "[127.0.0.1]"),
    ],
)
def test_how_we_introduce_ourselves(settings: Settings, site_url: str, name: str) -> None:
    settings.SITE_URL = site_url
    assert Surroundings.from_settings().our_name == name


# --- The platform's own mail -----------------------------------------------------------------------------------------


def platform(settings: Settings, server: FaultySMTP) -> None:
    settings.EMAIL_BACKEND = "outreach_site.mailboxes.platform.PlatformBackend"
    settings.GLOBAL_SMTP_HOST, settings.GLOBAL_SMTP_PORT = "localhost", server.port
    settings.GLOBAL_SMTP_USER, settings.GLOBAL_SMTP_PASS = "platform", PASSWORD


def test_the_platforms_mail_goes_through_its_own_server(
    settings: Settings, smtp_server: Any, allow_servers: Any
) -> None:
    server = smtp_server()
    allow_servers(server)
    platform(settings, server)
    # What other mail systems would read is not looked at.
    settings.EMAIL_HOST, settings.EMAIL_HOST_PASSWORD = "other.example", "other"
    with mail.get_connection() as backend:
        assert isinstance(backend, PlatformBackend)
        assert backend.send_messages([EmailMessage("Hello", "x", "p@site.example", ["owner@orchard.example"])]) == 1
    assert server.wait_for(1)[0].user == "platform"


def test_the_platforms_mail_has_no_way_around_a_broken_server(
    settings: Settings, smtp_server: Any, allow_servers: Any
) -> None:
    server = smtp_server(tls="none")
    allow_servers(server)
    platform(settings, server)
    letter = EmailMessage("Hello", "x", "p@site.example", ["owner@orchard.example"])
    with pytest.raises(PlatformMailError, match="STARTTLS"):
        letter.send()
    silent = EmailMessage("Hello", "x", "p@site.example", ["owner@orchard.example"])
    assert silent.send(fail_silently=True) == 0
    assert server.accepted == []


def test_a_new_mailbox_starts_slowly(world: World) -> None:
    began = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # the second of July in Berlin
    mailbox = Mailbox(workspace=world.here, email="mara@orchard.example")
    assert mailbox.ramp_limit(began) == 10
    mailbox.first_sent_at = began
    limits = [mailbox.ramp_limit(began + timedelta(days=days)) for days in (0, 1, 2, 13, 14, 300)]
    assert limits == [10, 13, 16, 49, 50, 50]
    assert mailbox.ramp_limit(began + timedelta(minutes=20)) == 10
    mailbox.ramps_up = False
    assert mailbox.ramp_limit(began) is None


def test_the_rehearsal_knows_no_slow_start_and_no_pace(world: World) -> None:
    world.here.is_rehearsal = True
    mailbox = Mailbox(workspace=world.here, email="alex@rehearsal.test", min_gap_seconds=5)
    assert mailbox.ramp_limit(timezone.now()) is None
    assert not mailbox.is_paced
