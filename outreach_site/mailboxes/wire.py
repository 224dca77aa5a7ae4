"""The way to a mail server: one resolution, a vetted address, TLS with a verified name, and an end to all waiting.

`smtp` and `imap` speak over what this module opens.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings

from outreach_site.lib.hosts import (
    NO_EXCEPTIONS,
    HostExceptions,
    HostRefusedError,
    Refusal,
    Resolver,
    VettedHost,
    normalise_host,
    system_resolver,
    vet_mail_host,
)
from outreach_site.lib.patience import DeadlinePassedError, Patience, PatientContext, PatientSocket
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict, one_line
from outreach_site.mailboxes.models import Security

# Ports whose security is a convention that servers keep (RFC 8314).
PORT_SECURITY = {
    25: Security.STARTTLS,
    143: Security.STARTTLS,
    465: Security.TLS,
    587: Security.STARTTLS,
    993: Security.TLS,
    2525: Security.STARTTLS,
}


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """One sign-in at one mail server. `timeout` is in seconds, for each single exchange."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)
    verify_tls: bool = True
    timeout: float = 30.0
    # In place of a password: an access token of the provider whose host this is, and how to have a fresh one when the
    # server does not take it (raises MailServerError).
    access_token: str = field(default="", repr=False)
    fresh_token: Callable[[], str] | None = field(default=None, repr=False, compare=False)

    @property
    def sasl_token(self) -> str:
        """The client's only message of XOAUTH2, as Google and Microsoft document it."""
        return f"user={self.user}\1auth=Bearer {self.access_token}\1\1"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What this installation allows on the way to a mail server."""

    exceptions: HostExceptions = NO_EXCEPTIONS
    ca_file: str = ""
    # The rehearsal's post office: allowed at these ports of `sandbox_host`, and trusted there by its own authority.
    sandbox_host: str = ""
    sandbox_ports: frozenset[int] = frozenset()
    sandbox_ca_file: str = ""
    allow_unverified: bool = False
    our_name: str = "[127.0.0.1]"
    resolver: Resolver = system_resolver

    @classmethod
    def from_settings(cls) -> Self:
        sandbox = bool(settings.SANDBOX)
        return cls(
            exceptions=HostExceptions.parse(settings.MAIL_ALLOWED_HOSTS),
            ca_file=str(settings.MAIL_CA_FILE),
            sandbox_host=settings.SANDBOX_HOST if sandbox else "",
            sandbox_ports=frozenset(settings.SANDBOX_PORTS.values()) if sandbox else frozenset(),
            sandbox_ca_file=str(settings.SANDBOX_CA_FILE) if sandbox else "",
            allow_unverified=bool(settings.DEBUG),
            our_name=_our_name(settings.SITE_URL),
        )

    def is_sandbox(self, host: str, port: int) -> bool:
        names = {self.sandbox_host, "127.0.0.1", "::1"} if self.sandbox_host else set()
        return host.strip().lower().removesuffix(".").strip("[]") in names and port in self.sandbox_ports

    def vet(self, host: str, port: int) -> VettedHost:
        """Raises HostRefusedError."""
        exceptions = self.exceptions
        if self.is_sandbox(host, port):
            exceptions = HostExceptions(pairs=frozenset({(normalise_host(host), port)}))
        return vet_mail_host(host, port, exceptions=exceptions, resolver=self.resolver)

    def tls_context(self, server: ServerSettings) -> ssl.SSLContext:
        """A context for this server: the system's authorities and MAIL_CA_FILE, or for the rehearsal's own post office
        its authority alone, so that the rehearsal makes no other server trusted. Raises MailServerError.
        """
        if not server.verify_tls and not self.allow_unverified:
            raise MailServerError(
                "Certificate checking is switched off for this server, which is allowed in development only.",
                stage=Stage.CERTIFICATE,
                verdict=Verdict.MAILBOX_TROUBLE,
                permanent=True,
                advice="Switch the checking on again. For a server with a certificate authority of its own, name that "
                "authority's file in MAIL_CA_FILE.",
            )
        ca_file = self.sandbox_ca_file if self.is_sandbox(server.host, server.port) else self.ca_file
        system = not self.is_sandbox(server.host, server.port)
        try:
            # A renewed file is another file: its time of change is part of what is remembered.
            changed_at = Path(ca_file).stat().st_mtime_ns if ca_file else 0
            return _tls_context(ca_file, changed_at, system=system, verify=server.verify_tls)
        except (OSError, ssl.SSLError) as err:
            raise MailServerError(
                "The file of certificate authorities cannot be read on this server.",
                stage=Stage.CERTIFICATE,
                verdict=Verdict.MAILBOX_TROUBLE,
                permanent=True,
                advice="In a rehearsal, wait until the post office has started; else look at MAIL_CA_FILE.",
                detail=one_line(str(err)),
            ) from err


@lru_cache(maxsize=8)
def _tls_context(ca_file: str, changed_at: int, *, system: bool, verify: bool) -> ssl.SSLContext:  # noqa: ARG001 - a key
    # Loading the system's authorities takes 10 to 30 ms, more than all the rest of a connection on a fast line.
    context = PatientContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if system:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def open_socket(server: ServerSettings, *, surroundings: Surroundings, patience: Patience) -> PatientSocket:
    """A TCP connection to the first of the server's vetted addresses that answers.

    Raises MailServerError for a host that is not allowed, OSError when no address answers.
    """
    try:
        vetted = surroundings.vet(server.host, server.port)
    except HostRefusedError as err:
        raise host_error(err) from err
    failure: OSError | None = None
    for endpoint in vetted.endpoints:
        sock = PatientSocket(endpoint.family, socket.SOCK_STREAM)
        sock.patience = patience
        try:
            sock.settimeout(patience.next_timeout())
            sock.connect(endpoint.sockaddr)
            # The final dot is written apart from the letter; Nagle's algorithm would hold it back for 40 ms.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as err:
            sock.close()
            failure = failure or err
            if isinstance(err, DeadlinePassedError):
                break
        else:
            return sock
    raise failure or OSError("no address answered")


def close_quietly(sock: socket.socket | None) -> None:
    if sock is not None:
        with suppress(OSError):
            sock.close()


_HOST_TROUBLE: dict[Refusal, tuple[Stage, str]] = {
    Refusal.NAME: (Stage.DNS, "Type the name alone, such as smtp.example.com, without https:// and without a port."),
    Refusal.UNKNOWN: (Stage.DNS, "Look for a typing error; your provider's help page names the server."),
    Refusal.UNREACHABLE: (
        Stage.DNS,
        "Try again in a minute. If it lasts, look at this server's own connection and name servers.",
    ),
    Refusal.ADDRESS: (
        Stage.BLOCKED_HOST,
        (
            "Linkletter connects only to public mail servers. If this one is yours and meant to be used, whoever "
            "runs this installation can name it in MAIL_ALLOWED_HOSTS."
        ),
    ),
    Refusal.PORT: (
        Stage.BLOCKED_PORT,
        (
            "Use 587 (STARTTLS) or 465 (TLS) to send, 993 or 143 to receive. Whoever runs this installation can allow "
            "another as host:port in MAIL_ALLOWED_HOSTS."
        ),
    ),
}


def host_error(err: HostRefusedError) -> MailServerError:
    stage, advice = _HOST_TROUBLE[err.refusal]
    return MailServerError(
        err.sentence,
        stage=stage,
        verdict=Verdict.MAILBOX_TROUBLE if err.permanent else Verdict.RETRY,
        permanent=err.permanent,
        advice=advice,
    )


def _our_name(site_url: str) -> str:
    """How we introduce ourselves in EHLO (RFC 5321, 4.1.4): our domain name, or an address literal for want of one."""
    host = (urlsplit(site_url).hostname or "").lower()
    return host if re.fullmatch(r"(?=.*[a-z])[a-z0-9-]+(\.[a-z0-9-]+)+", host) else "[127.0.0.1]"
