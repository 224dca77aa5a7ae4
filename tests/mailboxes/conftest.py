"""Mailboxes to test with, and a site that may speak with the tests' servers on loopback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Connection, Mailbox, Security
from tests.mailboxes.token_endpoint import TokenEndpoint, google, microsoft, provider_tls
from tests.servers import PASSWORD, Certificates, FaultyIMAP, FaultySMTP

__all__ = ["allow_servers", "google", "make_connected", "make_mailbox", "microsoft", "provider_tls"]

NewMailbox = Callable[..., Mailbox]


@pytest.fixture
def allow_servers(settings: Settings, certificates: Certificates) -> Callable[..., None]:
    """`allow_servers(server, …)`: MAIL_ALLOWED_HOSTS names them, and MAIL_CA_FILE trusts their authority."""

    def allow(*servers: FaultySMTP | FaultyIMAP | int) -> None:
        ports = [server if isinstance(server, int) else server.port for server in servers]
        settings.MAIL_ALLOWED_HOSTS = [f"localhost:{port}" for port in ports]
        settings.MAIL_CA_FILE = str(certificates.ca_file)
        settings.SMTP_SEND_TIMEOUT = 1

    return allow


def make_mailbox(workspace: Workspace, **changes: object) -> Mailbox:
    """A mailbox with both passwords saved; fields as given."""
    values: dict[str, object] = {
        "email": "mara@orchard.example",
        "from_name": "Mara Voss",
        "smtp_host": "smtp.orchard.example",
        "smtp_port": 587,
        "smtp_security": Security.STARTTLS,
        "smtp_user": "mara@orchard.example",
        "imap_host": "imap.orchard.example",
        "imap_port": 993,
        "imap_security": Security.TLS,
        "imap_user": "mara@orchard.example",
    }
    mailbox = Mailbox(workspace=workspace, **(values | changes))
    mailbox.set_smtp_password(PASSWORD, now=timezone.now())
    mailbox.set_imap_password(PASSWORD, now=timezone.now())
    mailbox.save()
    return mailbox


def make_connected(
    workspace: Workspace,
    endpoint: TokenEndpoint,
    *,
    by: str = "google",
    connected_at: datetime | None = None,
    access_token: str = "",
    **changes: object,
) -> Mailbox:
    """A mailbox that is connected, as after the provider's page; without `access_token` the first use renews."""
    at = connected_at or timezone.now()
    mailbox = make_mailbox(
        workspace, **{"sign_in_by": by, "provider": "gmail" if by == "google" else "outlook"} | changes
    )
    mailbox.smtp_password_token = mailbox.imap_password_token = ""
    mailbox.smtp_password_set_at = mailbox.imap_password_set_at = None
    mailbox.save()
    connection = Connection(mailbox=mailbox, connected_at=at, renewed_at=at)
    connection.keep_refresh_token("refresh-token-0")
    endpoint.refresh_tokens.add("refresh-token-0")
    if access_token:
        connection.keep_access_token(access_token, until=at + timedelta(hours=1))
    connection.save()
    return mailbox
