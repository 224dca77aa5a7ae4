"""Signatures as Standard Webhooks asks for them (standardwebhooks.com, specification 1.0.0, "symmetric")."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"


def new_secret() -> str:
    """256 random bits in the form that the receivers' libraries take."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(uid: str, body: bytes, *, keys: Sequence[str], timestamp: int) -> dict[str, str]:
    """The three headers of a message; one signature for each secret, `timestamp` in seconds since 1970."""
    return {
        "webhook-id": uid,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(key, uid, timestamp, body) for key in keys),
    }


def _signature(secret: str, uid: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{uid}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"
