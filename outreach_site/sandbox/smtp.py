"""The post office's SMTP server: takes letters for `.test` addresses from people who signed in over TLS."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, TLSSetupException
from aiosmtpd.smtp import Envelope as SMTPEnvelope
from aiosmtpd.smtp import Session as SMTPSession

from outreach_site.sandbox.config import LETTER_LIMIT, PostOffice, is_rehearsal_address, plain_address
from outreach_site.sandbox.delivery import Envelope, take_in
from outreach_site.sandbox.store import Letter, Store

log = logging.getLogger(__name__)

MOST_RECIPIENTS = 100
IDLE_SECONDS = 300.0


class Receipt(Protocol):
    """Told of letters that were taken in."""

    def __call__(self, letters: list[Letter], /) -> None: ...


class Counter:
    """What a session may do; aiosmtpd calls the `handle_…` methods."""

    def __init__(self, store: Store, office: PostOffice, on_letters: Receipt) -> None:
        self._store = store
        self._office = office
        self._on_letters = on_letters
        self._chance = random.Random()  # noqa: S311 spreads the answers over a few seconds, guards nothing

    def sign_in(
        self, _server: SMTP, _session: SMTPSession, _envelope: SMTPEnvelope, _mechanism: str, data: Any
    ) -> AuthResult:
        if isinstance(data, LoginPassword):
            user, password = (field.decode("utf-8", "replace") for field in data)
            account = self._store.signed_in(user, password)
            if account is not None:
                return AuthResult(success=True, auth_data=account)
        return AuthResult(
            success=False, handled=False, message="535 5.7.8 Username and password do not match an account here"
        )

    async def handle_MAIL(  # noqa: N802 aiosmtpd finds its hooks by these names
        self, _server: SMTP, session: SMTPSession, envelope: SMTPEnvelope, address: str, options: list[str]
    ) -> str:
        if plain_address(address) != session.auth_data:
            return f"553 5.7.1 Signed in as {session.auth_data}, you may not send as {address}"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender ok"

    async def handle_RCPT(  # noqa: N802 aiosmtpd finds its hooks by these names
        self, _server: SMTP, _session: SMTPSession, envelope: SMTPEnvelope, address: str, options: list[str]
    ) -> str:
        if not address.isprintable():
            # Bytes that are no UTF-8, or control characters: nothing could be written to such an address.
            return "553 5.1.3 The address is malformed"
        if not is_rehearsal_address(address):
            return (
                "550 5.7.1 This is a rehearsal: only addresses that end in .test get letters here,"
                f" and {address} does not"
            )
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient ok"

    async def handle_DATA(self, server: SMTP, session: SMTPSession, envelope: SMTPEnvelope) -> str:  # noqa: N802 as above
        taken = take_in(
            self._store,
            Envelope(
                account=session.auth_data or "",
                mail_from=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                tls_version=_tls_version(server),
            ),
            envelope.original_content or b"",
            office=self._office,
            now=datetime.now(UTC),
            chance=self._chance,
        )
        self._on_letters(taken)
        return f"250 2.0.0 Ok: taken as letter {taken[0].id}"

    async def handle_exception(self, error: Exception) -> str:
        if isinstance(error, TLSSetupException):
            log.info("An SMTP client broke off while TLS was set up: %s.", error.__cause__)
            return "421 4.7.0 TLS could not be set up"
        log.error("The SMTP server failed.", exc_info=error)
        return "451 4.3.0 The post office could not do that; try again"


class SignedIn(SMTPSession):
    """Who signed in stands in `auth_data`; aiosmtpd would warn of its own, older field at every sign-in."""

    @property
    def login_data(self) -> None:
        return None

    @login_data.setter
    def login_data(self, value: object) -> None:
        pass


class Session(SMTP):
    """One connection. On the port with implicit TLS the connection is encrypted before this class sees it."""

    def __init__(self, counter: Counter, *, tls: ssl.SSLContext, implicit_tls: bool) -> None:
        super().__init__(
            counter,
            hostname="post.rehearsal.test",
            ident="Linkletter rehearsal post office",
            data_size_limit=LETTER_LIMIT,
            enable_SMTPUTF8=True,
            tls_context=None if implicit_tls else tls,
            require_starttls=not implicit_tls,
            auth_required=True,
            authenticator=counter.sign_in,
            timeout=IDLE_SECONDS,
            loop=asyncio.get_running_loop(),
        )
        # aiosmtpd knows only of its own STARTTLS, and would refuse AUTH on a connection that was never in the clear.
        self._auth_require_tls = not implicit_tls

    def _create_session(self) -> SMTPSession:
        return SignedIn(self.loop)


def session_factory(
    store: Store, office: PostOffice, tls: ssl.SSLContext, *, implicit_tls: bool, on_letters: Receipt
) -> Callable[[], Session]:
    """For `loop.create_server`: a new session for each connection."""
    counter = Counter(store, office, on_letters)
    return lambda: Session(counter, tls=tls, implicit_tls=implicit_tls)


def _tls_version(server: SMTP) -> str:
    connection = server.transport.get_extra_info("ssl_object") if server.transport else None
    return connection.version() or "" if connection else ""
