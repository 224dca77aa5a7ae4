"""The conversation with a provider about tokens: out with a person, back with a code, and later without anybody.

Authorization code with PKCE (RFC 7636), state and nonce. Nothing here knows the database or a page.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from outreach_site.mailboxes.errors import one_line
from outreach_site.mailboxes.oauth.https import Answer, EndpointError, Session, post
from outreach_site.mailboxes.oauth.providers import OAuthProvider

# Where an answer does not say how long a token lives.
USUAL_LIFE = timedelta(hours=1)


class GrantError(Exception):
    """The provider gave no tokens. `code` is its own word (RFC 6749, 5.2), empty where it could not be reached."""

    def __init__(self, sentence: str, *, code: str = "", words: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.words = words

    @property
    def is_dead(self) -> bool:
        """The refresh token is worth nothing any more: only the person can give a new one."""
        return self.code in {"invalid_grant", "interaction_required", "consent_required", "login_required"}

    @property
    def is_ours(self) -> bool:
        """This installation's own registration with the provider is what is wrong."""
        return self.code in {
            "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type",
            "deleted_client", "disabled_client", "org_internal",  # Google's own words
        }  # fmt: skip

    @property
    def is_forbidden(self) -> bool:
        """Whoever administers the account does not let this installation in."""
        return self.code in {"admin_policy_enforced", "access_denied"}

    @property
    def is_passing(self) -> bool:
        """The provider cannot answer just now, and says so. Without a code it was not even heard."""
        return self.code in {"", "temporarily_unavailable", "server_error", "internal_failure", "slow_down"}


@dataclass(frozen=True, slots=True)
class Departure:
    """What is kept in the session while a person is at the provider's page."""

    url: str
    state: str
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a provider gave. `email` is empty for a renewal, `refresh_token` where the old one stays."""

    access_token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime | None
    email: str = ""


def depart(provider: OAuthProvider, *, redirect_uri: str, login_hint: str) -> Departure:
    """The provider's page for a person to go to, and what the answer is to be compared with."""
    state, verifier, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    extra = dict(provider.extra)
    if login_hint:
        extra["login_hint"] = login_hint
    url, _ = _client(provider, redirect_uri=redirect_uri).create_authorization_url(
        provider.authorize_url, state=state, code_verifier=verifier, nonce=nonce, **extra
    )
    return Departure(url, state, verifier, nonce)


def exchange(
    provider: OAuthProvider, *, code: str, verifier: str, nonce: str, redirect_uri: str, now: datetime
) -> Grant:
    """The tokens for a code. Raises GrantError, also where the answer leaves open who signed in."""
    token = _ask(
        _client(provider, redirect_uri=redirect_uri).fetch_token,
        provider,
        provider.token_url,
        grant_type="authorization_code",
        code=code,
        code_verifier=verifier,
    )
    granted = {str(scope).lower() for scope in str(token.get("scope", "")).split()}
    wanted = {scope.lower() for scope in provider.scopes if scope.startswith("https://")}
    if granted and not wanted <= granted:
        raise GrantError(
            f"The permission to read and send mail was not given at {provider.label}. Connect again, and leave the "
            "boxes ticked.",
            code="scope",
        )
    claims = _claims(token.get("id_token"))
    if (
        not provider.issuer.fullmatch(str(claims.get("iss", "")))
        or provider.client_id not in ([claims.get("aud")] if isinstance(claims.get("aud"), str) else claims["aud"])
        or not secrets.compare_digest(str(claims.get("nonce", "")), nonce)
        or not isinstance(claims.get("exp"), (int, float))
        or claims["exp"] < (now - timedelta(minutes=5)).timestamp()
    ):
        raise GrantError(f"{provider.label}'s answer does not belong to this connection.", code="id_token")
    grant = _grant(token, now=now, email=_address(provider, claims))
    if not grant.refresh_token:
        raise GrantError(f"{provider.label} gave no lasting permission. Connect again.", code="no_refresh_token")
    return grant


def renew(provider: OAuthProvider, refresh_token: str, *, now: datetime) -> Grant:
    """A fresh access token. Raises GrantError."""
    client = _client(provider)
    client.scope = None  # What was granted stays granted: it is not asked for again.
    token = _ask(client.refresh_token, provider, provider.token_url, refresh_token=refresh_token)
    if token.get("refresh_token") == refresh_token:
        token = {**token, "refresh_token": ""}
    return _grant(token, now=now)


def revoke(provider: OAuthProvider, refresh_token: str) -> bool:
    """Withdraw the permission itself where the provider has a door for that (RFC 7009); whether it is gone there.

    A token that the provider does not know any more is gone, too: it answers 400 then.
    """
    if not provider.revoke_url:
        return False
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        answer = post(provider.revoke_url, form, urlencode({"token": refresh_token}))
        return answer.status_code == 200 or (answer.status_code == 400 and _says(answer) == "invalid_token")
    except (EndpointError, ValueError):
        return False


def _says(answer: Answer) -> str:
    said = answer.json()
    return str(said.get("error", "")) if isinstance(said, dict) else ""


def _client(provider: OAuthProvider, *, redirect_uri: str = "") -> OAuth2Client:
    return OAuth2Client(
        Session(),
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
        scope=" ".join(provider.scopes),
        redirect_uri=redirect_uri or None,
        code_challenge_method="S256",
    )


def _ask(call: Any, provider: OAuthProvider, *args: Any, **kwargs: Any) -> dict[str, Any]:
    try:
        token = dict(call(*args, **kwargs))
    except OAuth2Error as err:
        code = one_line(str(err.error or ""))[:60]
        # Its description is for people who register applications, and may repeat what was sent: of it, nothing with
        # the look of a token is kept.
        words = _without_tokens(one_line(str(err.description or "")))
        quoted = f"{code} {words}".strip()
        raise GrantError(f"{provider.label} refused, and said “{quoted}”.", code=code, words=words) from err
    except (EndpointError, ValueError) as err:
        raise GrantError(f"{provider.label} could not be asked just now.", words=one_line(str(err))) from err
    if not isinstance(token.get("access_token"), str) or not token["access_token"]:
        raise GrantError(f"{provider.label} gave no token.", words="an answer without access_token")
    return token


def _without_tokens(words: str) -> str:
    return " ".join(word if len(word) < 40 else "[hidden]" for word in words.split())


def _grant(token: dict[str, Any], *, now: datetime, email: str = "") -> Grant:
    refresh_for = _seconds(token.get("refresh_token_expires_in"))
    return Grant(
        access_token=token["access_token"],
        expires_at=now + (_seconds(token.get("expires_in")) or USUAL_LIFE),
        refresh_token=str(token.get("refresh_token") or ""),
        refresh_expires_at=now + refresh_for if refresh_for else None,
        email=email,
    )


def _seconds(value: object) -> timedelta | None:
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return timedelta(seconds=seconds) if 0 < seconds < 10 * 365 * 86400 else None


def _claims(id_token: object) -> dict[str, Any]:
    """What the id token says. It came straight from the token endpoint over verified TLS, which stands in for its
    signature (OpenID Connect Core, 3.1.3.7, point 6).
    """
    try:
        middle = str(id_token).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError, binascii.Error):
        claims = None
    if not isinstance(claims, dict) or not isinstance(claims.get("aud"), (str, list)):
        raise GrantError("The provider did not say who signed in.", code="id_token")
    return claims


def _address(provider: OAuthProvider, claims: dict[str, Any]) -> str:
    if claims.get("email_verified") is False:
        raise GrantError(f"{provider.label} has not verified this account's address.", code="id_token")
    for claim in provider.address_claims:
        address = str(claims.get(claim) or "").strip()
        try:
            validate_email(address)
        except ValidationError:
            continue
        return address
    raise GrantError(f"{provider.label} did not say which address signed in.", code="id_token")
