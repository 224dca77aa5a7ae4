"""The platform's own letters: through GLOBAL_SMTP_* alone, and never another way."""

from __future__ import annotations

import pytest
import structlog
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from outreach_site.mailboxes.platform import PlatformBackend, PlatformMailError, platform_server
from tests.conftest import World
from tests.queued import run_queued


@pytest.fixture
def broken_platform_mail(settings: Settings) -> None:
    """A server that may not be spoken to: this machine, without an exception for it."""
    settings.EMAIL_BACKEND = "outreach_site.mailboxes.platform.PlatformBackend"
    settings.GLOBAL_SMTP_HOST = "localhost"
    settings.MAIL_ALLOWED_HOSTS = []
    settings.SANDBOX = False


def test_it_takes_the_platforms_settings_and_no_others(settings: Settings) -> None:
    settings.GLOBAL_SMTP_HOST, settings.GLOBAL_SMTP_PORT = "mail.orchard.example", 465
    settings.GLOBAL_SMTP_USER, settings.GLOBAL_SMTP_PASS = "platform", "secret"
    settings.EMAIL_HOST, settings.SMTP_HOST = "elsewhere.example", "outreach.example"
    server = PlatformBackend(host="elsewhere.example", username="other").server
    assert server == platform_server()
    assert (server.host, server.port, server.user, server.security) == (
        "mail.orchard.example",
        465,
        "platform",
        "tls",
    )
    assert "secret" not in repr(server)


@pytest.mark.usefixtures("broken_platform_mail")
def test_a_failure_is_an_error_with_a_sentence() -> None:
    with pytest.raises(PlatformMailError, match="leads to this machine itself"):
        mail.send_mail("Subject", "Text", None, ["mara@orchard.example"])
    assert mail.send_mail("Subject", "Text", None, ["mara@orchard.example"], fail_silently=True) == 0


@pytest.mark.usefixtures("broken_platform_mail")
def test_a_reset_that_cannot_be_sent_is_no_error_and_tells_nobody_who_has_an_account(world: World) -> None:
    pages = [
        Client().post(reverse("account_reset_password"), {"email": email}, follow=True).content.decode()
        for email in (world.viewer.email, "nobody@nowhere.example")
    ]
    assert "could not be sent" not in pages[0]
    with structlog.testing.capture_logs() as logs:
        assert run_queued("outreach_site.accounts.tasks.send_password_reset") == 2
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"].count("platform mail not sent") >= 1
