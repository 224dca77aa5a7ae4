"""Reading the environment: every value is checked once, at start, and a bad one is named in a sentence.

The names are fixed (docs/configuration.md): operators know them from their other tools.
"""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from collections.abc import Iterable
from contextlib import suppress
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.mail.message import sanitize_address
from environs import Env, EnvError, EnvValidationError
from redis import Redis

from outreach_site.lib.hosts import HostExceptions

__all__ = [
    "Env",
    "EnvError",
    "EnvValidationError",
    "authorities",
    "database",
    "encryption_keys",
    "environment",
    "host_names",
    "mail_hosts",
    "networks",
    "port",
    "redis_address",
    "secret_key",
    "sender",
    "smtp_security",
    "web_address",
]

SECRET_KEY_LENGTH = 50
_HOST = re.compile(r"\*|\.?[\w.-]+|\[[0-9a-fA-F:.]+\]")
_ADDRESS = re.compile(r'[^\s@<>"]+@[^\s@<>"]+')
# Seconds. Workers ask for a task and wait a second for one; whoever waits for a page waits for this.
_REDIS_PATIENCE = {"socket_connect_timeout": 3, "socket_timeout": 5}
_DATABASES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}


def environment(env_file: Path) -> Env:
    """The process's environment, completed from `env_file` where it exists; the process's own values win."""
    env = Env()
    if env_file.is_file():
        env.read_env(str(env_file), recurse=False)
    return env


def web_address(value: str, name: str) -> str:
    """An absolute http(s) address without a trailing slash."""
    try:
        parts = urlsplit(value)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # The port is no number, or a bracket is missing.
        is_one = False
    if not is_one or parts.query or parts.fragment:
        raise EnvError(f"{name} must be a web address such as https://outreach.example.com, not {value!r}.")
    return value.rstrip("/")


def secret_key(value: str, *, is_debugging: bool) -> str:
    """SECRET_KEY: one that is too short to be safe is for development alone."""
    if len(value) < SECRET_KEY_LENGTH and not is_debugging:
        raise EnvError(
            f"SECRET_KEY must be at least {SECRET_KEY_LENGTH} random characters (make one with: openssl rand -hex 32); "
            "SECRET_KEY_FALLBACKS keeps what was signed with the old one."
        )
    return value


def host_names(values: Iterable[str], name: str) -> list[str]:
    """Host names as the Host header has them: no scheme, no path, no port."""
    hosts = [value.strip() for value in values if value.strip()]
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise EnvError(
                f"{name} takes host names such as outreach.example.com, without scheme, port or path, not {host!r}."
            )
    return hosts


def mail_hosts(values: Iterable[str], name: str) -> list[str]:
    """Mail hosts as `host` or `host:port`, in lower case."""
    hosts = [value.strip().lower() for value in values if value.strip()]
    try:
        HostExceptions.parse(hosts)
    except ValueError as err:
        raise EnvError(f"{name} takes hosts separated by commas, such as mail.lan or mail.lan:1025: {err}.") from err
    return hosts


def sender(value: str, name: str) -> str:
    """Who a letter is from: an address, with a name before it or not; or nothing."""
    written = ""
    with suppress(ValueError):
        written = parseaddr(sanitize_address(value, "utf-8"))[1] if value.isprintable() else ""
    if value and (not _ADDRESS.fullmatch(written) or ("<" in value) != value.endswith(">")):
        raise EnvError(f"{name} must be such as Linkletter <linkletter@example.com>, not {value!r}.")
    return value


def networks(values: Iterable[str], name: str) -> list[str]:
    """IP addresses and networks."""
    found = [value.strip() for value in values if value.strip()]
    for each in found:
        try:
            ip_network(each, strict=False)
        except ValueError as err:
            raise EnvError(
                f"{name} takes addresses and networks such as 127.0.0.1 or 10.0.0.0/8, not {each!r}."
            ) from err
    return found


def port(value: int, name: str) -> int:
    if not 1 <= value <= 65535:
        raise EnvError(f"{name} must be a port from 1 to 65535, not {value}.")
    return value


def database(value: str) -> dict[str, Any]:
    """DATABASE_URL for Django. No word of it comes into an error: a password may be among them."""
    found: dict[str, Any] = {}
    with suppress(ValueError):
        found = dict(dj_database_url.parse(value, conn_max_age=60, conn_health_checks=True))
    if found.get("ENGINE") not in _DATABASES:
        raise EnvError(
            "DATABASE_URL must be such as sqlite:////path/to/file or postgres://user:password@host:5432/name; special "
            "characters of the password are written as %40 for @, %25 for %."
        )
    return found


def redis_address(value: str) -> str:
    """REDIS_URL, which may be empty, with how long a Redis that says nothing is waited for where it does not say so
    itself. No word of it comes into an error: a password may be among them.
    """
    with suppress(ValueError):
        for name, seconds in _REDIS_PATIENCE.items() if value else ():
            if f"{name}=" not in value:
                value += f"{'&' if '?' in value else '?'}{name}={seconds}"
        if value:
            Redis.from_url(value)  # which connects to nobody yet
        return value
    raise EnvError("REDIS_URL must be such as redis://:password@localhost:6379/0 (rediss:// with TLS).")


def authorities(value: str) -> str:
    """MAIL_CA_FILE, which may be empty: a file of certificates in PEM."""
    try:
        if value:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(value)
    except ssl.SSLError as err:
        raise EnvError(f"MAIL_CA_FILE names {value}, which holds no certificates in PEM.") from err
    except OSError as err:
        raise EnvError(f"MAIL_CA_FILE names {value}, which cannot be read: {err.strerror}.") from err
    return value


def encryption_keys(values: Iterable[str]) -> list[str]:
    """Fernet keys as URL-safe base64, the newest first.

    `openssl rand -base64 32` writes the standard alphabet; both alphabets are accepted.
    """
    keys = []
    for value in values:
        try:
            raw = base64.b64decode(value.strip().replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != 32:
            raise EnvError(
                "MAIL_SMTP_ENCRYPTION_KEY must be 32 random bytes in base64 (make one with: openssl rand -base64 32); "
                "several are separated by commas, the newest first."
            )
        keys.append(base64.urlsafe_b64encode(raw).decode())
    return keys


def smtp_security(*, port: int, secure: bool | None) -> str:
    """`tls` or `starttls`, from the port's own meaning (465 is implicit TLS) and SMTP_SECURE where it is given.

    A port whose meaning is fixed and an SMTP_SECURE that says otherwise contradict each other: that is an error.
    """
    if secure is None:
        return "tls" if port == 465 else "starttls"
    if (port == 465 and not secure) or (port in {25, 587} and secure):
        raise EnvError(
            f"SMTP_PORT={port} and SMTP_SECURE={str(secure).lower()} contradict each other: "
            "465 is TLS from the start (true), 587 and 25 are STARTTLS (false). Change one of them."
        )
    return "tls" if secure else "starttls"
