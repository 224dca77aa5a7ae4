"""A connected mailbox's access tokens: renewed before they end, by one worker at a time, and never silently lost.

By whoever needs a token:
1. A token that lives for five more minutes is used as it is.
2. Else one worker takes the connection's lease by a conditional update; the others use the old token while it lives,
   or wait for the new one.
3. The provider is asked, with no transaction open.
4. What it gave is written only while the lease is still ours; a refresh token that took the old one's place with it.
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

import structlog
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from outreach_site.lib.crypto import KeyUnfitError, SecretError
from outreach_site.lib.moments import FromNow
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.models import Connection, Mailbox, SignIn
from outreach_site.mailboxes.oauth.grants import GrantError, renew
from outreach_site.mailboxes.oauth.https import SECONDS
from outreach_site.mailboxes.oauth.providers import OAuthProvider, provider_of

log = structlog.get_logger(__name__)

RENEW_BEFORE = timedelta(minutes=5)
# Longer than the provider is ever waited for, so that a renewal that is under way is nobody else's.
LEASE = timedelta(seconds=SECONDS + 20)
LOOK_AGAIN_SECONDS = 0.2


def access_token(mailbox: Mailbox, *, refused: str = "") -> str:
    """A token that the mailbox's server should take. `refused` is one that it did not take: it is not given again.

    Raises MailServerError.
    """
    provider = provider_of(mailbox.sign_in_by)
    until = time.monotonic() + LEASE.total_seconds()
    while True:
        connection = Connection.objects.filter(mailbox_id=mailbox.pk).first()
        if connection is None:
            raise _gone(provider)
        if connection.ended_at is not None:
            raise ended(provider, connection)
        now = timezone.now()
        known = _opened(connection, provider, refused)
        expires_at = connection.access_expires_at or now
        if known and expires_at > now + RENEW_BEFORE:
            return known
        lease = _take_lease(connection)
        if lease is not None:
            try:
                return _renew(mailbox, connection, provider, lease)
            except MailServerError as err:
                if known and expires_at > now and not err.permanent:
                    return known
                raise
        if known and expires_at > now:
            return known
        if time.monotonic() > until:
            raise _not_now(provider, "somebody else has been renewing the connection for too long")
        time.sleep(LOOK_AGAIN_SECONDS)


def _opened(connection: Connection, provider: OAuthProvider, refused: str) -> str:
    try:
        known = connection.open_access_token()
    except SecretError as err:
        raise _sealed(provider, err) from err
    return "" if known == refused else known


def _take_lease(connection: Connection) -> uuid.UUID | None:
    """The lease, if nobody has it and nobody has renewed since `connection` was read."""
    token = uuid.uuid4()
    free = models.Q(renewing_token=None) | models.Q(renewing_until__lt=Now())
    taken = Connection.objects.filter(free, pk=connection.pk, renewed_at=connection.renewed_at).update(
        renewing_token=token, renewing_until=FromNow(LEASE)
    )
    return token if taken else None


def _renew(mailbox: Mailbox, connection: Connection, provider: OAuthProvider, lease: uuid.UUID) -> str:
    mine = Connection.objects.filter(pk=connection.pk, renewing_token=lease)
    values: dict[str, object] = {"renewing_token": None, "renewing_until": None, "tried_at": timezone.now()}
    try:
        grant = renew(provider, connection.open_refresh_token(), now=timezone.now())
        connection.keep_access_token(grant.access_token, until=grant.expires_at)
        values |= {
            "access_token": connection.access_token,
            "access_expires_at": connection.access_expires_at,
            "renewed_at": timezone.now(),
        }
        if grant.refresh_token:
            connection.keep_refresh_token(grant.refresh_token)
            values["refresh_token"] = connection.refresh_token
        if grant.refresh_expires_at is not None:
            values["refresh_expires_at"] = grant.refresh_expires_at
        if grant.refresh_token or connection.refresh_expires_at is None:
            values["warned_at"] = None
    except SecretError as err:
        raise _sealed(provider, err) from err
    except GrantError as err:
        log.warning("a connection was not renewed", mailbox=mailbox.pk, code=err.code, words=err.words)
        if err.is_dead:
            connection.ended_at = timezone.now()
            values |= {"ended_at": connection.ended_at, "access_token": "", "access_expires_at": None}
            raise ended(provider, connection, err.words) from err
        if err.is_ours:
            raise _not_registered(provider, err) from err
        if err.is_forbidden:
            raise _forbidden(provider, err) from err
        if not err.is_passing:
            raise _refused(provider, err) from err
        raise _not_now(provider, err.words) from err
    finally:
        mine.update(**values)
    return grant.access_token


# --- What went wrong, in sentences ------------------------------------------------------------------------------------


TESTING_MODE = timedelta(days=7)


def ended(provider: OAuthProvider, connection: Connection, words: str = "") -> MailServerError:
    lasted = (connection.ended_at or connection.connected_at) - connection.connected_at
    advice = f"Press “Connect with {provider.label}” on the mailbox's page. Its letters wait until then."
    if provider.key == SignIn.GOOGLE and abs(lasted - TESTING_MODE) < timedelta(hours=18):
        advice += (
            " It ended after seven days, as Google does while its registration is in testing: whoever runs this "
            "installation can publish it."
        )
    return _trouble(f"{provider.label} has ended the connection with this mailbox.", advice, words)


def _gone(provider: OAuthProvider) -> MailServerError:
    return _trouble(
        f"This mailbox is not connected with {provider.label} any more.",
        f"Press “Connect with {provider.label}” on its page.",
    )


def _not_registered(provider: OAuthProvider, err: GrantError) -> MailServerError:
    return _trouble(
        f"{provider.label} does not accept this installation's registration.",
        f"Whoever runs this installation: look at {provider.what_to_set}. A client secret may have expired.",
        _quoted(err),
    )


def _forbidden(provider: OAuthProvider, err: GrantError) -> MailServerError:
    return _trouble(
        f"{provider.label} does not let this installation use the mailbox.",
        f"Ask whoever administers the account at {provider.label} to allow it, and press “Connect with "
        f"{provider.label}” on the mailbox's page then. Its letters wait until then.",
        _quoted(err),
    )


def _refused(provider: OAuthProvider, err: GrantError) -> MailServerError:
    """With a code that we do not know: it may pass."""
    return MailServerError(
        f"{provider.label} refused to give a fresh token.",
        stage=Stage.SIGN_IN,
        verdict=Verdict.RETRY,
        permanent=False,
        advice=f"It is tried again by itself. If it lasts, look up {provider.label}'s word for it: {err.code}.",
        server_words=_quoted(err),
    )


def _quoted(err: GrantError) -> str:
    return f"{err.code} {err.words}".strip()


def _sealed(provider: OAuthProvider, err: SecretError) -> MailServerError:
    advice = str(err)
    if isinstance(err, KeyUnfitError):
        advice = (
            "Put the old MAIL_SMTP_ENCRYPTION_KEY back (several keys are separated by commas, the newest first), or "
            f"connect the mailbox again: press “Connect with {provider.label}” on its page."
        )
    return _trouble("The saved connection cannot be opened on this server.", advice, stage=Stage.KEY)


def _not_now(provider: OAuthProvider, words: str) -> MailServerError:
    return MailServerError(
        f"{provider.label} could not be asked for a fresh token.",
        stage=Stage.SIGN_IN,
        verdict=Verdict.RETRY,
        permanent=False,
        advice="It is tried again by itself. If it lasts, look at this server's own connection to the internet.",
        detail=words,
    )


def _trouble(sentence: str, advice: str, words: str = "", *, stage: Stage = Stage.SIGN_IN) -> MailServerError:
    return MailServerError(
        sentence,
        stage=stage,
        verdict=Verdict.MAILBOX_TROUBLE,
        permanent=True,
        advice=advice,
        server_words=words,
    )
