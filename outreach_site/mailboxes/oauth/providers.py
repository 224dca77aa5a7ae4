"""Google and Microsoft: where a person allows us to use their mailbox, where tokens are had, and where they may go.

Sources: Google, "Using OAuth 2.0 for Web Server Applications" and "OAuth 2.0 Mechanism" of Gmail; Microsoft,
"Authenticate an IMAP, POP or SMTP connection using OAuth" and "Refresh tokens in the Microsoft identity platform".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from outreach_site.mailboxes.models import Provider, SignIn


@dataclass(frozen=True, slots=True)
class OAuthProvider:
    """One provider. `mail_hosts` are the only hosts that its access tokens are ever sent to."""

    key: SignIn
    provider: Provider
    label: str
    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    mail_hosts: frozenset[str]
    issuer: re.Pattern[str]  # of the id token
    # What says who signed in, the first that is there.
    address_claims: tuple[str, ...]
    extra: tuple[tuple[str, str], ...]  # parameters of its own on the way out
    unused_for: timedelta  # A refresh token dies when nobody used it for so long.
    warn_before: timedelta
    revoke_url: str  # where a permission is withdrawn (RFC 7009); empty: only by the person, at the provider's page
    where_to_register: str
    where_to_withdraw: str

    @property
    def client_id(self) -> str:
        return str(getattr(settings, f"{self._name}_CLIENT_ID"))

    @property
    def client_secret(self) -> str:
        return str(getattr(settings, f"{self._name}_CLIENT_SECRET"))

    @property
    def is_set_up(self) -> bool:
        return bool(self.client_id and self.client_secret)

    @property
    def what_to_set(self) -> str:
        return f"{self._name}_CLIENT_ID and {self._name}_CLIENT_SECRET"

    @property
    def _name(self) -> str:
        return self.key.value.upper()


PROVIDERS: dict[str, OAuthProvider] = {
    each.key.value: each
    for each in (
        OAuthProvider(
            key=SignIn.GOOGLE,
            provider=Provider.GMAIL,
            label="Google",
            authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
            token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
            scopes=("openid", "email", "https://mail.google.com/"),
            mail_hosts=frozenset({"smtp.gmail.com", "imap.gmail.com"}),
            issuer=re.compile(r"(https://)?accounts\.google\.com"),
            address_claims=("email",),
            # Without both, Google gives a refresh token the first time only.
            extra=(("access_type", "offline"), ("prompt", "consent")),
            unused_for=timedelta(days=180),
            warn_before=timedelta(days=2),
            revoke_url="https://oauth2.googleapis.com/revoke",
            where_to_register="https://console.cloud.google.com/apis/credentials",
            where_to_withdraw="https://myaccount.google.com/connections",
        ),
        OAuthProvider(
            key=SignIn.MICROSOFT,
            provider=Provider.OUTLOOK,
            label="Microsoft",
            authorize_url="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
            token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",  # noqa: S106 - an address
            scopes=(
                "openid",
                "email",
                "profile",
                "offline_access",
                "https://outlook.office.com/SMTP.Send",
                "https://outlook.office.com/IMAP.AccessAsUser.All",
            ),
            mail_hosts=frozenset({"smtp.office365.com", "smtp-mail.outlook.com", "outlook.office365.com"}),
            issuer=re.compile(r"https://login\.microsoftonline\.com/[0-9a-fA-F-]{36}/v2\.0"),
            address_claims=("email", "preferred_username"),
            extra=(("prompt", "select_account"),),
            unused_for=timedelta(days=90),
            warn_before=timedelta(days=14),
            revoke_url="",
            where_to_register="https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps",
            where_to_withdraw="https://myaccount.microsoft.com",
        ),
    )
}


def provider_of(sign_in_by: str) -> OAuthProvider:
    """Raises KeyError for a mailbox that signs in with a password."""
    return PROVIDERS[sign_in_by]


def provider_for(provider: str) -> OAuthProvider | None:
    """The one whose button stands on the form of this provider's mailboxes."""
    return next((each for each in PROVIDERS.values() if each.provider == provider), None)
