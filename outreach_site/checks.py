"""System checks of an installation: each says what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register

from outreach_site.lib.crypto import HOW_TO_MAKE_A_KEY

# Shorter than this, a key could be found by trying.
DIGEST_KEY_LENGTH = 32


def register_checks() -> None:
    """Called once, when the apps are ready."""
    register(check_platform_mail, Tags.security)
    register(check_outreach_mail, Tags.security)
    register(check_secrets, Tags.security)
    register(check_public_site, Tags.security, deploy=True)


def check_platform_mail(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 - Django's signature
    """The platform's own mail: to account holders, and never in place of a mailbox."""
    if not settings.GLOBAL_SMTP_HOST:
        return [
            checks.Warning(
                "GLOBAL_SMTP_HOST is not set: invitations, confirmations and password resets are written to the "
                "console and reach nobody.",
                hint="Set GLOBAL_SMTP_HOST, GLOBAL_SMTP_USER, GLOBAL_SMTP_PASS and GLOBAL_MAIL_FROM to a mail account "
                "for the platform's own letters.",
                id="linkletter.W001",
            )
        ]
    found: list[CheckMessage] = []
    if not settings.GLOBAL_MAIL_FROM:
        found.append(
            checks.Warning(
                "GLOBAL_MAIL_FROM is not set: the platform's letters come from linkletter@localhost, which most "
                "servers refuse.",
                hint="Set GLOBAL_MAIL_FROM to an address that the account of GLOBAL_SMTP_USER may write from.",
                id="linkletter.W002",
            )
        )
    if not settings.GLOBAL_SMTP_VERIFY_TLS:
        found.append(
            checks.Warning(
                "GLOBAL_SMTP_VERIFY_TLS is false: anybody on the way could read password resets.",
                hint="Remove GLOBAL_SMTP_VERIFY_TLS. For a certificate authority of your own, name its file in "
                "MAIL_CA_FILE.",
                id="linkletter.W003",
            )
        )
    return found


def check_outreach_mail(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 - Django's signature
    found: list[CheckMessage] = []
    if not settings.MAIL_SMTP_ENCRYPTION_KEYS:
        found.append(
            checks.Warning(
                "MAIL_SMTP_ENCRYPTION_KEY is not set: no mailbox password can be saved or used.",
                hint=HOW_TO_MAKE_A_KEY,
                id="linkletter.W004",
            )
        )
    if not settings.SMTP_VERIFY_TLS and not settings.DEBUG:
        found.append(
            checks.Warning(
                "SMTP_VERIFY_TLS is false and DEBUG is off: nothing is sent.",
                hint="Remove SMTP_VERIFY_TLS. For a certificate authority of your own, name its file in MAIL_CA_FILE.",
                id="linkletter.W005",
            )
        )
    return found


def check_secrets(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 - Django's signature
    found: list[CheckMessage] = []
    if len(settings.DIGEST_KEY) < DIGEST_KEY_LENGTH:
        found.append(
            checks.Warning(
                f"DIGEST_KEY is shorter than {DIGEST_KEY_LENGTH} characters: the digests of erased addresses could be "
                "undone by trying.",
                hint="Before the first use, set DIGEST_KEY to 48 random characters (openssl rand -base64 36). Once the "
                "installation is in use, keep it: suppressions depend on it.",
                id="linkletter.W006",
            )
        )
    if settings.DIGEST_KEY == settings.SECRET_KEY:
        found.append(
            checks.Warning(
                "DIGEST_KEY and SECRET_KEY are the same: rotating one would break the other.",
                hint="Keep DIGEST_KEY as it is, and set SECRET_KEY to a new random value.",
                id="linkletter.W007",
            )
        )
    return found


def check_public_site(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 - Django's signature
    """What matters once others can reach the site (`manage.py check --deploy`)."""
    found: list[CheckMessage] = []
    if not settings.SITE_URL.startswith("https://"):
        found.append(
            checks.Warning(
                "SITE_URL is not https: sign-ins travel in the clear, and letters carry no one-click unsubscribe.",
                hint="Put the site behind a server that speaks HTTPS, and set SITE_URL to that address.",
                id="linkletter.W008",
            )
        )
    if settings.SANDBOX:
        found.append(
            checks.Warning(
                "SANDBOX is on: the rehearsal post office runs beside the real one.",
                hint="Set SANDBOX=false where real letters are sent.",
                id="linkletter.W009",
            )
        )
    return found
