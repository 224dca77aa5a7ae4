"""Keeping connections alive, and saying loudly and in time when one is about to end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse

from outreach_site.accounts.models import Membership, Role
from outreach_site.mailboxes.errors import MailServerError
from outreach_site.mailboxes.models import Connection, Mailbox
from outreach_site.mailboxes.oauth.providers import provider_of
from outreach_site.mailboxes.oauth.tokens import access_token, ended

log = structlog.get_logger(__name__)

# A refresh token that nobody uses dies at both providers; once a day is often enough, and finds out early.
USE_EVERY = timedelta(days=1)
TRY_AGAIN_AFTER = timedelta(hours=1)
SLICE_SECONDS = 20.0


def ends_at(connection: Connection, sign_in_by: str) -> datetime:
    """When the refresh token dies: at the end that the provider named, or for want of use."""
    unused = connection.renewed_at + provider_of(sign_in_by).unused_for
    return min(unused, connection.refresh_expires_at) if connection.refresh_expires_at else unused


def ends_soon(connection: Connection, sign_in_by: str, *, now: datetime) -> datetime | None:
    """When it ends, if somebody should know by now."""
    end = ends_at(connection, sign_in_by)
    return end if connection.ended_at is None and end - now < provider_of(sign_in_by).warn_before else None


def connections_of(mailboxes: Iterable[Mailbox]) -> dict[int, Connection]:
    """By mailbox; no query where none is connected."""
    connected = [mailbox.pk for mailbox in mailboxes if mailbox.is_connected]
    found = Connection.objects.filter(mailbox_id__in=connected) if connected else ()
    return {connection.mailbox_id: connection for connection in found}


def use_all(*, now: datetime) -> int:
    """Renew what was not used for a day; how many were tried. The longest untried comes first."""
    until = time.monotonic() + SLICE_SECONDS
    idle = (
        _of_mailboxes_in_use()
        .filter(ended_at=None, renewed_at__lt=now - USE_EVERY)
        .filter(models.Q(tried_at=None) | models.Q(tried_at__lt=now - TRY_AGAIN_AFTER))
        .order_by("tried_at", "pk")
    )
    tried = 0
    for connection in idle[:200]:
        if time.monotonic() > until:
            break
        tried += 1
        try:
            access_token(connection.mailbox)
        except MailServerError as err:
            if err.permanent:
                _mark(connection.mailbox, err, now=now)
    return tried


def tell_owners(*, now: datetime) -> int:
    """One letter to each owner when a connection is about to end, and one when it has ended; how many connections."""
    told = 0
    for connection in _of_mailboxes_in_use().filter(ended_at__isnull=False, told_ended_at=None):
        _mark(connection.mailbox, ended(provider_of(connection.mailbox.sign_in_by), connection), now=now)
        told += _tell(connection, "told_ended_at", now=now)
    for connection in _of_mailboxes_in_use().filter(ended_at=None, warned_at=None):
        if ends_soon(connection, connection.mailbox.sign_in_by, now=now) is not None:
            told += _tell(connection, "warned_at", now=now)
    return told


def _of_mailboxes_in_use() -> models.QuerySet[Connection]:
    return Connection.objects.filter(mailbox__archived_at=None).select_related("mailbox__workspace")


def _mark(mailbox: Mailbox, err: MailServerError, *, now: datetime) -> None:
    mailbox.mark_sending_trouble(err, now=now)
    mailbox.mark_receiving_trouble(err, now=now)


def _tell(connection: Connection, field: str, *, now: datetime) -> int:
    """Claimed before it is sent, so that nobody is told twice; given back when no letter could leave.

    An owner whose letter was refused while another's left is not told again: the other would be, too.
    """
    mine = Connection.objects.filter(pk=connection.pk, **{field: None})
    if not mine.update(**{field: now}):
        return 0
    left = [_has_left(letter) for letter in _letters(connection)]
    if left and not any(left):
        Connection.objects.filter(pk=connection.pk).update(**{field: None})
        return 0
    log.warning("owners were told of a connection", mailbox=connection.mailbox_id, what=field)
    return 1


def _has_left(letter: EmailMessage) -> bool:
    try:
        letter.send()
    except OSError:
        # Said in the log by the platform's backend; the card and Today say it meanwhile.
        return False
    return True


def _letters(connection: Connection) -> list[EmailMessage]:
    mailbox = connection.mailbox
    workspace = mailbox.workspace
    context = {
        "mailbox": mailbox,
        "workspace": workspace,
        "provider": provider_of(mailbox.sign_in_by).label,
        "has_ended": connection.ended_at is not None,
        "ends_at": ends_at(connection, mailbox.sign_in_by),
        "link": settings.SITE_URL.rstrip("/") + reverse("mailboxes:mailbox_edit", args=[workspace.slug, mailbox.pk]),
        "site": settings.SITE_URL,
    }
    subject = " ".join(render_to_string("mailboxes/email/connection_subject.txt", context).split())
    body = render_to_string("mailboxes/email/connection_message.txt", context)
    owners = Membership.objects.filter(workspace=workspace, role=Role.OWNER, user__is_active=True).order_by("pk")
    return [EmailMessage(subject=subject, body=body, to=[owner.user.email]) for owner in owners.select_related("user")]
