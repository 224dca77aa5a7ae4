"""What may be saved of a mailbox, whoever asks: a person's form or a program's request. No HTTP, no network."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from outreach_site.accounts.models import User
from outreach_site.lib.crypto import HOW_TO_MAKE_A_KEY, KeyMissingError, has_encryption_key
from outreach_site.lib.hosts import HostRefusedError, Refusal, check_mail_port, forbidden, normalise_host
from outreach_site.lib.ports import AuditRecord, record_audit
from outreach_site.mailboxes.errors import MailServerError
from outreach_site.mailboxes.models import Mailbox, Security, sign_in_of
from outreach_site.mailboxes.sign_ins import imap_server, in_its_world, smtp_server
from outreach_site.mailboxes.wire import PORT_SECURITY, ServerSettings, Surroundings

SIGN_IN_TAKEN = (
    "This sign-in is in use already. A host and user can be added only once, because the provider counts the letters "
    "of both together."
)
TYPE_AGAIN = "Type the password again: it was saved for another server, port or user, and is never sent anywhere else."
TYPE_IT = "Type the password."
VERIFY_OFF = "Certificates are always checked, except in development (DEBUG)."


class ProblemError(Exception):
    """One field that cannot be saved or tried as it is; `field` is the model's name for it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Typed:
    """One server's settings as typed; `which` is smtp or imap, and an empty password means the saved one."""

    which: str
    host: str
    port: int
    security: Security
    user: str
    password: str = ""
    verify_tls: bool = True


def check_server(typed: Typed, *, rehearsal: bool, surroundings: Surroundings | None = None) -> str:
    """The host in normal form. Raises ProblemError for what can be seen without asking anybody; that a name leads into
    a private network is found when it is connected to.
    """
    surroundings = surroundings or Surroundings.from_settings()
    field = f"{typed.which}_host"
    try:
        host = normalise_host(typed.host)
        if not surroundings.is_sandbox(host, typed.port):
            check_mail_port(host, typed.port, exceptions=surroundings.exceptions)
            _check_literal(host, typed.port, surroundings)
        in_its_world(_server(typed, host, ""), rehearsal=rehearsal, surroundings=surroundings)
    except HostRefusedError as err:
        raise ProblemError(f"{typed.which}_port" if err.refusal is Refusal.PORT else field, err.sentence) from err
    except MailServerError as err:
        raise ProblemError(field, f"{err.sentence} {err.advice}") from err
    if PORT_SECURITY.get(typed.port, typed.security) != typed.security:
        meant = PORT_SECURITY[typed.port]
        raise ProblemError(
            f"{typed.which}_security",
            f"Port {typed.port} means {Security(meant).label}; choose that, or the port that goes with "
            f"{Security(typed.security).label}.",
        )
    if not typed.verify_tls and not settings.DEBUG:
        raise ProblemError("verify_tls", VERIFY_OFF)
    return host


def _check_literal(host: str, port: int, surroundings: Surroundings) -> None:
    if surroundings.exceptions.allow_address(host, port):
        return
    if host == "localhost" or host.endswith(".localhost"):
        raise HostRefusedError(Refusal.ADDRESS, f"{host} leads to this machine itself.")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if words := forbidden(address):
        raise HostRefusedError(Refusal.ADDRESS, f"{host} is {words}.")


def check_sign_in(host: str, user: str, *, mailbox: Mailbox | None) -> None:
    """Raises ProblemError when another mailbox of this installation, in whatever workspace, signs in the same way."""
    taken = Mailbox.objects.in_use().filter(sign_in=sign_in_of(host, user))
    if mailbox is not None and mailbox.pk:
        taken = taken.exclude(pk=mailbox.pk)
    if taken.exists():
        raise ProblemError("smtp_user", SIGN_IN_TAKEN)


def keeps_password(mailbox: Mailbox | None, typed: Typed) -> bool:
    """Whether the saved password was saved for exactly this host, port and user: only then may it be used again."""
    if mailbox is None or not mailbox.pk:
        return False
    which = typed.which
    has = mailbox.has_smtp_password if which == "smtp" else mailbox.has_imap_password
    return has and (
        _same_host(getattr(mailbox, f"{which}_host"), typed.host)
        and getattr(mailbox, f"{which}_port") == typed.port
        and getattr(mailbox, f"{which}_user") == typed.user
    )


def check_password(mailbox: Mailbox | None, typed: Typed) -> None:
    """Raises ProblemError when there is neither a typed password nor a saved one that fits; KeyMissingError when a new
    one was typed and could not be kept.
    """
    if typed.password:
        if not has_encryption_key():
            raise KeyMissingError(HOW_TO_MAKE_A_KEY)
    elif not keeps_password(mailbox, typed):
        saved = mailbox is not None and bool(
            mailbox.has_smtp_password if typed.which == "smtp" else mailbox.has_imap_password
        )
        raise ProblemError(f"{typed.which}_password", TYPE_AGAIN if saved else TYPE_IT)


def server_to_try(mailbox: Mailbox | None, typed: Typed, *, rehearsal: bool) -> ServerSettings:
    """The server that a trial of these unsaved settings speaks with. Raises ProblemError, KeyMissingError, and
    MailServerError when the saved password cannot be opened.
    """
    host = check_server(typed, rehearsal=rehearsal)
    check_password(mailbox, typed)
    password = typed.password
    if not password and mailbox is not None:
        password = (smtp_server(mailbox) if typed.which == "smtp" else imap_server(mailbox)).password
    return _server(typed, host, password)


def save_mailbox(mailbox: Mailbox, *, changed: list[str], by: User) -> None:
    """Write the mailbox and its audit row. Only `changed` fields of an existing one are written: workers keep their
    leases and times in the same row. Raises ProblemError when somebody was quicker with the same sign-in.
    """
    adding = mailbox.pk is None
    if not adding and not changed:
        return
    try:
        with transaction.atomic():
            if adding:
                mailbox.save()
            else:
                mailbox.save(update_fields=[*changed, "sign_in"])
            _audit("mailbox.added" if adding else "mailbox.changed", mailbox, by, changed)
    except IntegrityError as err:
        raise ProblemError("smtp_user", SIGN_IN_TAKEN) from err


def apply_address(mailbox: Mailbox, email: str) -> list[str]:
    """Write from this address; the changed fields. Another one is new to those who read it, whatever left from here
    before: it starts slowly, as a new mailbox does.
    """
    changed = ["email"] if mailbox.email != email else []
    if mailbox.first_sent_at is not None and mailbox.email.lower() != email.lower():
        mailbox.first_sent_at = None
        changed.append("first_sent_at")
    mailbox.email = email
    return changed


def apply_password(mailbox: Mailbox, typed: Typed, *, now: datetime) -> list[str]:
    """Keep a typed password, and forget how well the server worked when its settings changed; the changed fields.
    Called before the settings themselves are set. Raises KeyMissingError.
    """
    which, way = typed.which, "sending" if typed.which == "smtp" else "receiving"
    changed: list[str] = []
    if typed.password:
        if which == "smtp":
            mailbox.set_smtp_password(typed.password, now=now)
        else:
            mailbox.set_imap_password(typed.password, now=now)
        changed += [f"{which}_password_token", f"{which}_password_set_at"]
    values = {"host": typed.host, "port": typed.port, "security": typed.security, "user": typed.user}
    moved = any(getattr(mailbox, f"{which}_{name}") != value for name, value in values.items())
    if typed.password or moved:
        setattr(mailbox, f"{way}_state", Mailbox.State.UNTESTED)
        setattr(mailbox, f"{way}_state_at", now)
        setattr(mailbox, f"{way}_trouble", "")
        setattr(mailbox, f"{way}_advice", "")
        changed += [f"{way}_state", f"{way}_state_at", f"{way}_trouble", f"{way}_advice"]
    return changed


def audit_step(event: str, mailbox: Mailbox, by: User) -> None:
    """One row of the audit log about a mailbox, in the caller's transaction."""
    _audit(event, mailbox, by, [])


def _audit(event: str, mailbox: Mailbox, by: User, changed: list[str]) -> None:
    # Names of fields alone: a host may be confidential, a password always is.
    what = sorted({name.replace("_password_token", "_password").removesuffix("_set_at") for name in changed})
    record_audit(
        AuditRecord(
            event=event,
            workspace_id=mailbox.workspace_id,
            user_id=by.pk,
            about=f"mailbox:{mailbox.pk}",
            sender_email=mailbox.email,
            details={"changed": what} if what else {},
        )
    )


def _same_host(one: str, other: str) -> bool:
    try:
        return normalise_host(one) == normalise_host(other)
    except HostRefusedError:
        return False


def _server(typed: Typed, host: str, password: str) -> ServerSettings:
    return ServerSettings(
        host=host,
        port=typed.port,
        security=typed.security,
        user=typed.user,
        password=password,
        verify_tls=typed.verify_tls,
        timeout=float(settings.SMTP_SEND_TIMEOUT),
    )
