"""Where django-allauth asks us: who may sign up, whose address is known, how its letters leave, how a secret rests."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailConfirmationHMAC
from allauth.core.context import request_context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from outreach_site.accounts import invitations
from outreach_site.accounts.invitations import Presented
from outreach_site.accounts.models import User
from outreach_site.lib.crypto import keyed_digest, token_digest

log = structlog.get_logger(__name__)

INVITATION_SESSION_KEY = "invitation"
MAIL_NOT_SENT = (
    "The letter could not be sent: this server's own mail is not working. Tell whoever runs it, and try again later."
)


def remember_invitation(request: HttpRequest, token: str, *, mailed: bool) -> None:
    """Carry an invitation through sign-up. The session holds what the database holds: a digest, not the secret."""
    request.session[INVITATION_SESSION_KEY] = {"digest": token_digest(token.partition(".")[0]), "mailed": mailed}


def forget_invitation(request: HttpRequest) -> None:
    request.session.pop(INVITATION_SESSION_KEY, None)


def remembered_invitation(request: HttpRequest) -> Presented | None:
    """The invitation this person is signing up with, while it is open."""
    remembered = request.session.get(INVITATION_SESSION_KEY)
    if remembered is None:
        return None
    presented = invitations.find(remembered["digest"], mailed=remembered["mailed"])
    return presented if presented and presented.invitation.is_open(timezone.now()) else None


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """The first person may sign up, and whoever holds an invitation; nobody else."""
        return remembered_invitation(request) is not None or not User.objects.exists()

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """The link of an invitation's letter can only come from the mailbox that it was sent to."""
        presented = remembered_invitation(request)
        by_letter = presented is not None and presented.mailed and presented.invitation.email.lower() == email.lower()
        return by_letter or bool(super().is_email_verified(request, email))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A letter that cannot leave is said so on the page, and never goes another way.

        Every mail backend raises an OSError for what fails on the way to its server.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as err:
            log.error("platform mail not sent", letter=template_prefix, reason=str(err))  # noqa: TRY400 - said in full
            # A worker has no page to say it on.
            if hasattr(self.request, "_messages"):
                messages.error(self.request, MAIL_NOT_SENT)

    # Links in letters lead to SITE_URL, whatever name the request came in by.

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _, rest = key.partition("-")
        return settings.SITE_URL + reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": rest})

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: EmailConfirmationHMAC) -> str:  # noqa: ARG002 - allauth's signature
        return settings.SITE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])


def send_password_reset(address: str) -> None:
    """What allauth does when somebody asks for a new password, in a worker: there is no request but one of our own."""
    users = filter_users_by_email(address, is_active=True, prefer_verified=True, for_login=True)
    if users:
        site = urlsplit(settings.SITE_URL)
        request = HttpRequest()
        request.META |= {"SERVER_NAME": site.hostname or "localhost", "SERVER_PORT": str(site.port or 443)}
        with request_context(request):
            request_password_reset(request, address, users, default_token_generator)


class MfaAdapter(DefaultMFAAdapter):
    """Second factors rest encrypted, under a key made of DIGEST_KEY: the one secret here that is never rotated."""

    def encrypt(self, text: str) -> str:
        return self._fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return self._fernet().decrypt(encrypted_text.encode()).decode()

    def _fernet(self) -> Fernet:
        key = bytes.fromhex(keyed_digest("encryption", "second factor"))
        return Fernet(base64.urlsafe_b64encode(key))
