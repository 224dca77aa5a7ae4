"""Connecting a mailbox with its provider, and taking that back: what an owner does."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.crypto import SecretError
from outreach_site.lib.ports import announce_mailbox_mended
from outreach_site.mailboxes.models import Connection, Mailbox, SignIn
from outreach_site.mailboxes.oauth.grants import Grant, revoke
from outreach_site.mailboxes.oauth.providers import OAuthProvider, provider_of
from outreach_site.mailboxes.presets import preset_for
from outreach_site.mailboxes.rules import SIGN_IN_TAKEN, ProblemError, audit_step, check_sign_in, save_mailbox


def check_address(mailbox: Mailbox, provider: OAuthProvider, email: str) -> None:
    """The account that was signed in with must be the mailbox's. Raises ProblemError."""
    if email.lower() not in {mailbox.email.lower(), mailbox.smtp_user.lower()}:
        raise ProblemError(
            "email",
            f"You signed in at {provider.label} as {email}, and this mailbox is {mailbox.email}. Nothing was "
            "connected: choose that account there.",
        )


def keep(
    mailbox: Mailbox | None,
    grant: Grant,
    provider: OAuthProvider,
    *,
    workspace: Workspace,
    by: User,
    now: datetime,
) -> Mailbox:
    """Connect a mailbox, a new one where there is none. Passwords that it had are forgotten.

    Raises ProblemError, KeyMissingError.
    """
    preset = preset_for(provider.provider)
    if mailbox is None:
        mailbox = Mailbox(
            workspace=workspace,
            email=grant.email,
            provider=provider.provider,
            hourly_limit=preset.hourly_limit,
            created_at=now,
        )
    check_address(mailbox, provider, grant.email)
    values: dict[str, object] = {
        "sign_in_by": provider.key,
        "provider": provider.provider,
        "smtp_host": preset.smtp_host,
        "smtp_port": preset.smtp_port,
        "smtp_security": preset.smtp_security,
        "smtp_user": grant.email,
        "imap_host": preset.imap_host or preset.imap_example,
        "imap_port": preset.imap_port,
        "imap_security": preset.imap_security,
        "imap_user": grant.email,
        "smtp_password_token": "",
        "smtp_password_set_at": None,
        "imap_password_token": "",
        "imap_password_set_at": None,
        "verify_tls": True,
    }
    values |= _untested(now)
    # Read at once: what came while nobody could look is waiting there.
    values |= {"poll_failures": 0, "next_poll_at": now}
    check_sign_in(preset.smtp_host, grant.email, mailbox=mailbox)
    changed = [name for name, value in values.items() if getattr(mailbox, name) != value]
    for name in changed:
        setattr(mailbox, name, values[name])
    connection = Connection(refresh_expires_at=grant.refresh_expires_at, connected_at=now, renewed_at=now, tried_at=now)
    connection.keep_refresh_token(grant.refresh_token)
    connection.keep_access_token(grant.access_token, until=grant.expires_at)
    try:
        with transaction.atomic():
            save_mailbox(mailbox, changed=changed, by=by)
            Connection.objects.filter(mailbox=mailbox).delete()
            connection.mailbox = mailbox
            connection.save()
            audit_step("mailbox.connected", mailbox, by)
            announce_mailbox_mended(mailbox.pk, user_id=by.pk, now=now)
    except IntegrityError as err:
        raise ProblemError("smtp_user", SIGN_IN_TAKEN) from err
    return mailbox


def _untested(now: datetime) -> dict[str, object]:
    """Both ways as nobody has tried them yet: what was known was known of another way to sign in."""
    states: dict[str, object] = {}
    for way in ("sending", "receiving"):
        states |= {
            f"{way}_state": Mailbox.State.UNTESTED,
            f"{way}_state_at": now,
            f"{way}_trouble": "",
            f"{way}_advice": "",
        }
    return states


def disconnect(mailbox: Mailbox, *, by: User, now: datetime) -> bool:
    """Forget the tokens: until a password or a new connection is there, nothing leaves and nothing is read.

    Whether the provider has withdrawn the permission too; where it cannot be asked, only the person can.
    """
    provider = provider_of(mailbox.sign_in_by)
    connection = Connection.objects.filter(mailbox=mailbox).first()
    with transaction.atomic():
        Connection.objects.filter(mailbox=mailbox).delete()
        values = {"sign_in_by": SignIn.PASSWORD, **_untested(now)}
        for name, value in values.items():
            setattr(mailbox, name, value)
        mailbox.save(update_fields=list(values))
        audit_step("mailbox.disconnected", mailbox, by)
    return connection is not None and _withdrawn(provider, connection)


def _withdrawn(provider: OAuthProvider, connection: Connection) -> bool:
    try:
        return revoke(provider, connection.open_refresh_token())
    except SecretError:  # It was encrypted with a key that is gone: nobody can name it to the provider.
        return False
