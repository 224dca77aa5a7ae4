"""From a mailbox to the settings of its servers: the one place where a saved password or token is put to use."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.conf import settings

from outreach_site.lib.crypto import SecretError
from outreach_site.lib.hosts import HostRefusedError, normalise_host
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.models import Mailbox, Security
from outreach_site.mailboxes.oauth.providers import provider_of
from outreach_site.mailboxes.oauth.tokens import access_token
from outreach_site.mailboxes.wire import ServerSettings, Surroundings, host_error


def smtp_server(mailbox: Mailbox) -> ServerSettings:
    """Where and as whom this mailbox sends. Raises MailServerError when its password cannot be had.

    Touches `mailbox.workspace`: select it beforehand where many are asked.
    """
    if mailbox.from_environment:
        server = ServerSettings(
            host=settings.SMTP_HOST,
            port=settings.SMTP_PORT,
            security=Security(settings.SMTP_SECURITY),
            user=settings.SMTP_USER,
            password=settings.SMTP_PASS,
            verify_tls=settings.SMTP_VERIFY_TLS,
            timeout=float(settings.SMTP_SEND_TIMEOUT),
        )
        if not server.host:
            raise _no_longer_there("SMTP_HOST")
    else:
        server = ServerSettings(
            host=mailbox.smtp_host,
            port=mailbox.smtp_port,
            security=Security(mailbox.smtp_security),
            user=mailbox.smtp_user,
            password="" if mailbox.is_connected else _opened(mailbox, "smtp"),
            verify_tls=mailbox.verify_tls,
            timeout=float(settings.SMTP_SEND_TIMEOUT),
        )
    return _with_token(mailbox, in_its_world(server, rehearsal=mailbox.workspace.is_rehearsal))


def imap_server(mailbox: Mailbox) -> ServerSettings:
    """Where and as whom this mailbox is read. Raises MailServerError when it cannot be read at all."""
    if mailbox.from_environment:
        server = ServerSettings(
            host=settings.IMAP_HOST,
            port=settings.IMAP_PORT,
            security=Security.STARTTLS if settings.IMAP_PORT == 143 else Security.TLS,
            user=settings.IMAP_USER,
            password=settings.IMAP_PASS,
            verify_tls=settings.SMTP_VERIFY_TLS,
            timeout=float(settings.SMTP_SEND_TIMEOUT),
        )
    else:
        server = ServerSettings(
            host=mailbox.imap_host,
            port=mailbox.imap_port,
            security=Security(mailbox.imap_security),
            user=mailbox.imap_user,
            password="" if mailbox.is_connected or not mailbox.imap_host else _opened(mailbox, "imap"),
            verify_tls=mailbox.verify_tls,
            timeout=float(settings.SMTP_SEND_TIMEOUT),
        )
    if not server.host:
        raise MailServerError(
            "This mailbox has no server to read from.",
            stage=Stage.DNS,
            verdict=Verdict.MAILBOX_TROUBLE,
            permanent=True,
            advice="Add an IMAP server to it if replies are to be read here.",
        )
    return _with_token(mailbox, in_its_world(server, rehearsal=mailbox.workspace.is_rehearsal))


def _with_token(mailbox: Mailbox, server: ServerSettings) -> ServerSettings:
    """An access token in place of the password, for the provider's own hosts and no other. Raises MailServerError."""
    if not mailbox.is_connected:
        return server
    provider = provider_of(mailbox.sign_in_by)
    if server.host not in provider.mail_hosts or not server.verify_tls:
        raise MailServerError(
            f"This mailbox is connected with {provider.label}, and {server.host} is not {provider.label}'s server.",
            stage=Stage.BLOCKED_HOST,
            verdict=Verdict.MAILBOX_TROUBLE,
            permanent=True,
            advice=f"Connect it with {provider.label} again, which sets its servers.",
        )
    token = access_token(mailbox)
    return replace(server, access_token=token, fresh_token=partial(access_token, mailbox, refused=token))


def in_its_world(
    server: ServerSettings, *, rehearsal: bool, surroundings: Surroundings | None = None
) -> ServerSettings:
    """The server, its name in normal form, unless it belongs to the other world: a rehearsal speaks with the post
    office of this machine alone, and nobody else ever speaks with it. Raises MailServerError.
    """
    surroundings = surroundings or Surroundings.from_settings()
    if surroundings.is_sandbox(server.host, server.port) is not rehearsal:
        raise MailServerError(
            "A rehearsal uses the post office on this machine and no other server."
            if rehearsal
            else "The rehearsal's post office is for the rehearsal workspace alone.",
            stage=Stage.BLOCKED_HOST,
            verdict=Verdict.MAILBOX_TROUBLE,
            permanent=True,
            advice="Add your own mailbox in a workspace of yours."
            if rehearsal
            else "Use your provider's server here; the rehearsal workspace has a mailbox at the post office already.",
        )
    try:
        return replace(server, host=normalise_host(server.host))
    except HostRefusedError as err:
        raise host_error(err) from err


def _opened(mailbox: Mailbox, which: str) -> str:
    has = mailbox.has_smtp_password if which == "smtp" else mailbox.has_imap_password
    if not has:
        raise MailServerError(
            "No password is saved for this mailbox.",
            stage=Stage.KEY,
            verdict=Verdict.MAILBOX_TROUBLE,
            permanent=True,
            advice="Type the password again and save.",
        )
    try:
        return mailbox.open_smtp_password() if which == "smtp" else mailbox.open_imap_password()
    except SecretError as err:
        raise MailServerError(
            "The saved password cannot be opened on this server.",
            stage=Stage.KEY,
            verdict=Verdict.MAILBOX_TROUBLE,
            permanent=True,
            advice=str(err),
        ) from err


def _no_longer_there(name: str) -> MailServerError:
    return MailServerError(
        f"This mailbox came from the environment, where {name} is no longer set.",
        stage=Stage.DNS,
        verdict=Verdict.MAILBOX_TROUBLE,
        permanent=True,
        advice=f"Set {name} again, or archive this mailbox and add one here.",
    )
