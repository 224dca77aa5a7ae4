"""Secrets at rest and keyed digests.

Two keys with different lives: `MAIL_SMTP_ENCRYPTION_KEY` protects mailbox passwords and may be rotated;
`DIGEST_KEY` makes digests that must stay comparable for ever and is never rotated.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

HOW_TO_MAKE_A_KEY = (
    "Set MAIL_SMTP_ENCRYPTION_KEY on this server: make one with `openssl rand -base64 32`, put the same value "
    "on every host, and restart."
)


class SecretError(Exception):
    """A stored secret can neither be written nor read; the message says what to do."""


class KeyMissingError(SecretError):
    """No MAIL_SMTP_ENCRYPTION_KEY is set."""


class KeyUnfitError(SecretError):
    """No configured key opens this secret: the key was replaced instead of rotated, or the database is another's."""


def has_encryption_key() -> bool:
    return bool(settings.MAIL_SMTP_ENCRYPTION_KEYS)


def encrypt(text: str) -> str:
    """Fernet token of `text` under the newest key. Raises KeyMissingError."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text of a token made by `encrypt`, under any configured key. Raises KeyMissingError, KeyUnfitError."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken as err:
        raise KeyUnfitError(
            "The saved password cannot be opened with this server's MAIL_SMTP_ENCRYPTION_KEY. Put the old key back "
            "(several keys are separated by commas, the newest first), or type the password again."
        ) from err


def rotate(token: str) -> str:
    """The same secret under the newest key."""
    try:
        return _fernet().rotate(token.encode()).decode()
    except InvalidToken as err:
        raise KeyUnfitError("This secret was written under a key that is not configured.") from err


def _fernet() -> MultiFernet:
    if not settings.MAIL_SMTP_ENCRYPTION_KEYS:
        raise KeyMissingError(HOW_TO_MAKE_A_KEY)
    return MultiFernet([Fernet(key) for key in settings.MAIL_SMTP_ENCRYPTION_KEYS])


def keyed_digest(purpose: str, text: str) -> str:
    """HMAC-SHA-256 of `text` under DIGEST_KEY, as 64 hex digits; `purpose` keeps the digests of one use apart."""
    return hmac.digest(settings.DIGEST_KEY.encode(), f"{purpose}\0{text}".encode(), "sha256").hex()


class Digester:
    """`keyed_digest` for very many texts of one purpose: the key's part is worked out once, which halves the time."""

    def __init__(self, purpose: str) -> None:
        block = settings.DIGEST_KEY.encode()
        if len(block) > _BLOCK:
            block = hashlib.sha256(block).digest()
        block = block.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + f"{purpose}\0".encode())
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def __call__(self, data: bytes) -> str:
        """HMAC-SHA-256 (RFC 2104) of `data` under DIGEST_KEY, as 64 hex digits."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(data)
        outer.update(inner.digest())
        return outer.hexdigest()


_BLOCK = 64  # bytes that SHA-256 takes at a time


def new_token() -> str:
    """A random token for a URL: 256 bits, URL-safe."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is stored of a token that is shown once. A random 256-bit token needs no key or salt."""
    return hashlib.sha256(token.encode()).hexdigest()
