"""Reading the environment: every value is checked once, at start, and a bad one is named in a sentence.

The names are fixed (docs/configuration.md): operators know them from their other tools.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env, EnvError, EnvValidationError

__all__ = ["Env", "EnvError", "EnvValidationError", "encryption_keys", "environment", "smtp_security", "web_address"]


def environment(env_file: Path) -> Env:
    """The process's environment, completed from `env_file` where it exists; the process's own values win."""
    env = Env()
    if env_file.is_file():
        env.read_env(str(env_file), recurse=False)
    return env


def web_address(value: str, name: str) -> str:
    """An absolute http(s) address without a trailing slash."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise EnvError(f"{name} must be a web address such as https://outreach.example.com, not {value!r}.")
    return value.rstrip("/")


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
