"""The platform's own mail, to account holders only: a server of its own, never a mailbox's or in place of one."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

from outreach_site.mailboxes.errors import MailServerError
from outreach_site.mailboxes.models import Security
from outreach_site.mailboxes.smtp import MailboxBackend
from outreach_site.mailboxes.wire import PORT_SECURITY, ServerSettings

log = structlog.get_logger(__name__)


class PlatformMailError(OSError):
    """A letter of the platform's did not leave; the message is a sentence, its cause the MailServerError.

    An OSError, as every mail backend of Django's raises: the rooms below mailboxes catch that and import nothing.
    """


class PlatformBackend(MailboxBackend):
    """Django's EMAIL_BACKEND where GLOBAL_SMTP_HOST is set. Raises PlatformMailError unless told to be silent."""

    def __init__(self, *_args: object, fail_silently: bool = False, **_options: object) -> None:
        # Whatever Django hands over comes from EMAIL_* settings, which are not ours.
        super().__init__(platform_server())
        self.fail_silently = fail_silently

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        try:
            return super().send_messages(list(email_messages))
        except MailServerError as err:
            log.error("platform mail not sent", sentence=err.sentence, server_words=err.server_words)  # noqa: TRY400 - said
            if not self.fail_silently:
                raise PlatformMailError(err.sentence) from err
            return 0


def platform_server() -> ServerSettings:
    return ServerSettings(
        host=settings.GLOBAL_SMTP_HOST,
        port=settings.GLOBAL_SMTP_PORT,
        security=PORT_SECURITY.get(settings.GLOBAL_SMTP_PORT, Security.STARTTLS),
        user=settings.GLOBAL_SMTP_USER,
        password=settings.GLOBAL_SMTP_PASS,
        verify_tls=settings.GLOBAL_SMTP_VERIFY_TLS,
        timeout=float(settings.SMTP_SEND_TIMEOUT),
    )
