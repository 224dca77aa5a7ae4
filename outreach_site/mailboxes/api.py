"""Outgoing mail of one integration, for programs: read, change, try. Owners alone; passwords never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from django.http import Http404
from django.utils import timezone
from ninja import Router, Schema
from ninja.errors import HttpError, ValidationError
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from outreach_site.accounts.access import OWNERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope
from outreach_site.lib.addresses import is_written
from outreach_site.lib.api import Flag, Given, Number, answers, example, invalid
from outreach_site.lib.crypto import KeyMissingError
from outreach_site.mailboxes.errors import MailServerError
from outreach_site.mailboxes.models import Mailbox, Security, SignIn
from outreach_site.mailboxes.rules import (
    ProblemError,
    Typed,
    apply_address,
    apply_password,
    check_password,
    check_server,
    check_sign_in,
    save_mailbox,
    server_to_try,
)
from outreach_site.mailboxes.sign_ins import smtp_server
from outreach_site.mailboxes.trials import Failed, TooManyTestLettersError, Trial, send_test_letter

router = Router()

# The API's name of each of the model's fields, as errors say it.
FIELD_NAMES = {
    "smtp_host": "host",
    "smtp_port": "port",
    "smtp_security": "secure",
    "smtp_user": "user",
    "smtp_password": "password",
    "email": "fromEmail",
    "from_name": "fromName",
    "verify_tls": "verifyTls",
}


class OutboundMail(Given):
    """What is left out stays as it is. An empty password means the saved one, if host, port and user are unchanged."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    host: str | None = Field(default=None, max_length=253)
    port: Number | None = Field(default=None, ge=1, le=65535)
    secure: Flag | None = Field(default=None, description="true: TLS from the start (465); false: STARTTLS (587)")
    user: str | None = Field(default=None, max_length=254)
    password: str | None = Field(
        default=None, max_length=500, json_schema_extra={"writeOnly": True, "format": "password"}
    )
    from_email: str | None = Field(default=None, max_length=254)
    from_name: str | None = Field(default=None, max_length=120)
    verify_tls: Flag | None = None


SETTINGS = {
    "host": "mail.orchardmedia.com",
    "port": 587,
    "secure": False,
    "user": "mara@orchardmedia.com",
    "fromEmail": "mara@orchardmedia.com",
    "fromName": "Mara Voss",
    "verifyTls": True,
}


class OutboundMailBody(Given):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True) | example(
        outboundMail={**SETTINGS, "password": "correct horse battery staple"}
    )

    outbound_mail: OutboundMail = OutboundMail()


class OutboundMailNow(Schema):
    """The settings without the password: only whether there is one, and since when."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    host: str
    port: int
    secure: bool
    user: str
    from_email: str
    from_name: str
    verify_tls: bool
    has_smtp_password: bool
    smtp_password_set_at: datetime | None
    from_environment: bool


class OutboundMailAnswer(Schema):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True) | example(
        outboundMail={
            **SETTINGS,
            "hasSmtpPassword": True,
            "smtpPasswordSetAt": "2026-03-02T08:00:00Z",
            "fromEnvironment": False,
        }
    )

    outbound_mail: OutboundMailNow


class TrialAnswer(Schema):
    """How a test letter fared: `ok`, what happened, the server's own words, and what to do."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True) | example(
        ok=False,
        message="The server did not accept user and password.",
        advice="Check both. Some providers want the whole address as the user.",
        serverWords="535 5.7.8 Error: authentication failed",
        stage="sign_in",
        permanent=True,
    )

    ok: bool
    message: str
    advice: str = ""
    server_words: str = ""
    stage: str = Field(default="", description="Where it failed: dns, refused, timeout, certificate, sign_in …")
    permanent: bool = False


@router.get(
    "/{workspace}/integrations/{mailbox}/outbound-mail",
    auth=caller(OWNERS, Scope.READ),
    response=answers({200: OutboundMailAnswer}),
    by_alias=True,
    summary="Read a mailbox's SMTP settings",
    operation_id="read_outbound_mail",
)
def read_outbound_mail(
    request: ApiRequest,
    workspace: str,  # noqa: ARG001 - part of the path, checked by caller()
    mailbox: str,
) -> dict[str, Any]:
    """How the mailbox sends. Its password is not among it, in any form: only whether there is one, and since when."""
    return _answer(_mailbox(request, mailbox))


@router.patch(
    "/{workspace}/integrations/{mailbox}/outbound-mail",
    auth=caller(OWNERS, Scope.WRITE),
    response=answers({200: OutboundMailAnswer}, 503),
    by_alias=True,
    summary="Change a mailbox's SMTP settings",
    operation_id="change_outbound_mail",
)
def change_outbound_mail(
    request: ApiRequest,
    workspace: str,  # noqa: ARG001 - part of the path, checked by caller()
    mailbox: str,
    body: OutboundMailBody,
) -> dict[str, Any]:
    """What is left out stays. A password stays only while host, port and user do; 503 where this server has no key to
    keep a new one with (MAIL_SMTP_ENCRYPTION_KEY). Another `fromEmail` starts slowly, as a new mailbox does."""
    found = _mailbox(request, mailbox)
    if found.from_environment:
        raise _whole("This mailbox comes from the environment; change it there, and restart.")
    if found.is_connected:
        raise invalid(
            "body", "outboundMail", f"{SignIn(found.sign_in_by).label}: its servers and sign-in came with that."
        )
    typed, email, from_name = _typed(found, body.outbound_mail)
    try:
        host = check_server(typed, rehearsal=found.workspace.is_rehearsal)
        typed = Typed("smtp", host, typed.port, typed.security, typed.user, typed.password, typed.verify_tls)
        check_password(found, typed)
        check_sign_in(host, typed.user, mailbox=found)
        changed = apply_password(found, typed, now=timezone.now()) + apply_address(found, email)
        values = {
            "smtp_host": typed.host,
            "smtp_port": typed.port,
            "smtp_security": typed.security,
            "smtp_user": typed.user,
            "verify_tls": typed.verify_tls,
            "from_name": from_name,
        }
        for name, value in values.items():
            if getattr(found, name) != value:
                setattr(found, name, value)
                changed.append(name)
        save_mailbox(found, changed=sorted(changed), by=request.auth.user)
    except ProblemError as err:
        raise invalid("body", FIELD_NAMES.get(err.field, err.field), err.sentence) from err
    except KeyMissingError as err:
        raise HttpError(503, str(err)) from err
    return _answer(found)


@router.post(
    "/{workspace}/integrations/{mailbox}/outbound-mail/test",
    auth=caller(OWNERS, Scope.SEND),
    response=answers({200: TrialAnswer}, 503),
    by_alias=True,
    summary="Send a test letter to your own address, with these settings, unsaved",
    operation_id="try_outbound_mail",
)
def try_outbound_mail(
    request: ApiRequest,
    workspace: str,  # noqa: ARG001 - part of the path, checked by caller()
    mailbox: str,
    body: OutboundMailBody | None = None,
) -> TrialAnswer:
    """One letter to the address that you sign in with, by these settings laid over the saved ones. Nothing is saved.
    Whatever the mail server says is an answer with 200 and `ok`; at most 20 letters an hour, else 429."""
    found = _mailbox(request, mailbox)
    settings = body.outbound_mail if body else OutboundMail()
    if found.from_environment and settings.model_fields_set:
        raise invalid(
            "body", "outboundMail", "This mailbox comes from the environment: only what is set there can be tried."
        )
    if found.is_connected and settings.model_fields_set - {"from_name"}:
        raise _whole(f"{SignIn(found.sign_in_by).label}: only that can be tried.")
    try:
        typed, email, from_name = _typed(found, settings)
        server = (
            smtp_server(found)
            if found.from_environment or found.is_connected
            else server_to_try(found, typed, rehearsal=found.workspace.is_rehearsal)
        )
        trial: Trial = send_test_letter(
            server,
            from_email=email,
            from_name=from_name,
            to=request.auth.user,
            workspace=found.workspace,
            about=f"mailbox:{found.pk}",
            now=timezone.now(),
        )
    except ProblemError as err:
        raise invalid("body", FIELD_NAMES.get(err.field, err.field), err.sentence) from err
    except KeyMissingError as err:
        raise HttpError(503, str(err)) from err
    except TooManyTestLettersError as err:
        raise HttpError(429, str(err)) from err
    except MailServerError as err:
        trial = Failed.because(err)
    return TrialAnswer(
        ok=trial.ok,
        message=trial.sentence,
        advice=trial.advice,
        server_words=trial.server_words,
        stage=trial.stage.value if isinstance(trial, Failed) else "",
        permanent=isinstance(trial, Failed) and trial.permanent,
    )


def _typed(mailbox: Mailbox, body: OutboundMail) -> tuple[Typed, str, str]:
    """The saved settings with what was sent laid over them."""
    email = mailbox.email if body.from_email is None else body.from_email.strip()
    try:
        validate_email(email)
    except DjangoValidationError as err:
        raise invalid("body", "fromEmail", "Enter a valid email address.") from err
    user = mailbox.smtp_user if body.user is None else body.user.strip()
    if not user or any(char.isspace() or not char.isprintable() for char in user):
        raise invalid("body", "user", "Enter the user to sign in as, without spaces.")
    from_name = mailbox.from_name if body.from_name is None else body.from_name.strip()
    if not all(map(is_written, from_name)):
        raise invalid("body", "fromName", "A name has one line.")
    security = Security(mailbox.smtp_security)
    if body.secure is not None:
        security = Security.TLS if body.secure else Security.STARTTLS
    typed = Typed(
        which="smtp",
        host=mailbox.smtp_host if body.host is None else body.host,
        port=mailbox.smtp_port if body.port is None else body.port,
        security=security,
        user=user,
        password=body.password or "",
        verify_tls=mailbox.verify_tls if body.verify_tls is None else body.verify_tls,
    )
    return typed, email, from_name


def _answer(mailbox: Mailbox) -> dict[str, Any]:
    return {
        "outbound_mail": {
            "host": mailbox.smtp_host,
            "port": mailbox.smtp_port,
            "secure": mailbox.smtp_security == Security.TLS,
            "user": mailbox.smtp_user,
            "from_email": mailbox.email,
            "from_name": mailbox.from_name,
            "verify_tls": mailbox.verify_tls,
            "has_smtp_password": mailbox.has_smtp_password or mailbox.from_environment,
            "smtp_password_set_at": mailbox.smtp_password_set_at,
            "from_environment": mailbox.from_environment,
        }
    }


def _mailbox(request: ApiRequest, pk: str) -> Mailbox:
    mailboxes = Mailbox.objects.in_workspace(request.auth.workspace).in_use().select_related("workspace")
    found = mailboxes.filter(pk=int(pk)).first() if pk.isascii() and pk.isdigit() and len(pk) < 19 else None
    if found is None:
        raise Http404("Not found.")
    return found


def _whole(sentence: str) -> ValidationError:
    """422 about these settings as a whole."""
    return invalid("body", "outboundMail", sentence)
