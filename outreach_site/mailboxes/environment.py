"""The environment's own mailbox: `SMTP_*` and `IMAP_*` as one mailbox, whose passwords never enter the database."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Mailbox, Provider, Security, sign_in_of
from outreach_site.mailboxes.wire import Surroundings

log = structlog.get_logger(__name__)


def keep_environment_mailbox(*, now: datetime) -> Mailbox | None:
    """The row that stands for the environment's mailbox, brought up to date; None where there is none.

    It belongs to the oldest workspace that writes to the real world (the rehearsal, if its server is the post office),
    and stays where it is once it is there. A sign-in that somebody has added by hand already is not added again.
    """
    if not settings.SMTP_HOST or not settings.SMTP_FROM_EMAIL:
        return None
    values = {
        "email": settings.SMTP_FROM_EMAIL,
        "from_name": settings.SMTP_FROM_NAME,
        "smtp_host": settings.SMTP_HOST,
        "smtp_port": settings.SMTP_PORT,
        "smtp_security": settings.SMTP_SECURITY,
        "smtp_user": settings.SMTP_USER,
        "verify_tls": settings.SMTP_VERIFY_TLS,
        "imap_host": settings.IMAP_HOST,
        "imap_port": settings.IMAP_PORT,
        "imap_security": Security.STARTTLS if settings.IMAP_PORT == 143 else Security.TLS,
        "imap_user": settings.IMAP_USER,
    }
    with transaction.atomic():
        mailbox = Mailbox.objects.filter(from_environment=True).order_by("pk").first()
        if mailbox is not None and mailbox.archived_at is not None:
            return None
        taken = Mailbox.objects.in_use().filter(sign_in=sign_in_of(settings.SMTP_HOST, settings.SMTP_USER))
        if taken.exclude(from_environment=True).exists():
            log.warning("the environment's mailbox was added by hand already", host=settings.SMTP_HOST)
            return mailbox
        if mailbox is None:
            rehearsal = Surroundings.from_settings().is_sandbox(settings.SMTP_HOST, settings.SMTP_PORT)
            workspace = Workspace.objects.filter(is_rehearsal=rehearsal).order_by("pk").first()
            if workspace is None:
                return None
            try:
                with transaction.atomic():
                    # Whoever runs this server says with MAX_EMAILS_PER_HOUR how much it may send: no slow start.
                    return Mailbox.objects.create(
                        workspace=workspace,
                        from_environment=True,
                        provider=Provider.OTHER,
                        ramps_up=False,
                        created_at=now,
                        **values,
                    )
            except IntegrityError:
                return None  # Another process was quicker; the next look finds its row.
        changed = [name for name, value in values.items() if getattr(mailbox, name) != value]
        if changed:
            for name in changed:
                setattr(mailbox, name, values[name])
            mailbox.save(update_fields=[*changed, "sign_in"])
    return mailbox
