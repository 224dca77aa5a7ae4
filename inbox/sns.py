"""Notifications of Amazon SNS: that Amazon wrote them, and saying yes to a subscription.

The signature is checked as Amazon documents it ("Verifying the signatures of Amazon SNS messages"). What the signature
is checked with comes from the address in the message itself: so that address must be Amazon's own, over https, and the
certificate is fetched by the client that opens nothing private (lib/web.py). A certificate has a name of its own for
ever, and is kept in memory.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from inbox.providers import MalformedError, NotVerifiedError, Post
from outreach_site.lib.web import Bounds, Way, WebError, open_url

USER_AGENT = "Linkletter (webhook)"
BOUNDS = Bounds(seconds=10.0, each=5.0, size=100_000, redirects=0)
_HOST = re.compile(r"sns\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]{1,30}):(\d{12}):[\w.-]{1,256}")
# What is signed, in this order, of each type of message.
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}


class CannotAskError(Exception):
    """Amazon could not be asked just now; whoever posted should try again."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that Amazon has signed. `region` and `account` are its topic's."""

    type: str
    message: str
    region: str
    account: str
    fields: Mapping[str, Any]


def read(post: Post, *, now: datetime, way: Way | None = None) -> Notification:
    """Raises MalformedError, NotVerifiedError, CannotAskError."""
    try:
        fields = json.loads(post.body)
    except (ValueError, RecursionError) as err:
        raise MalformedError("Amazon's notifications are JSON; “raw message delivery” has to be off.") from err
    if not isinstance(fields, dict) or fields.get("Type") not in _SIGNED:
        raise MalformedError("Amazon's notifications have a “Type”; “raw message delivery” has to be off.")
    topic = _TOPIC.fullmatch(str(fields.get("TopicArn", "")))
    if topic is None:
        raise MalformedError("There is no topic of Amazon SNS in this.")
    _verify(fields, now=now, way=way)
    return Notification(
        type=fields["Type"], message=str(fields.get("Message", "")), region=topic[1], account=topic[2], fields=fields
    )


def confirm(notification: Notification, *, way: Way | None = None) -> None:
    """Say yes to a subscription: open the address that Amazon signed. Raises NotVerifiedError, CannotAskError."""
    url = _of_amazon(str(notification.fields.get("SubscribeURL", "")))
    try:
        answer = open_url(url, user_agent=USER_AGENT, bounds=BOUNDS, way=way)
    except WebError as err:
        raise CannotAskError(str(err)) from err
    if answer.status != 200:
        raise CannotAskError(f"Amazon answered {answer.status} to the confirmation.")


def _verify(fields: Mapping[str, Any], *, now: datetime, way: Way | None) -> None:
    algorithm = _HASHES.get(str(fields.get("SignatureVersion", "")))
    if algorithm is None:
        raise NotVerifiedError("The notification is not signed in a way that is known here.")
    url = _of_amazon(str(fields.get("SigningCertURL", "")))
    if not urlsplit(url).path.endswith(".pem"):
        raise NotVerifiedError("The certificate's address is not one of Amazon SNS.")
    certificate = _certificate(url, way)
    if not certificate.not_valid_before_utc <= now.astimezone(UTC) <= certificate.not_valid_after_utc:
        raise NotVerifiedError("The certificate that the notification is signed with is not valid today.")
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise NotVerifiedError("The certificate that the notification is signed with is of an unknown kind.")
    said = "".join(f"{name}\n{fields[name]}\n" for name in _SIGNED[fields["Type"]] if fields.get(name) is not None)
    try:
        signature = base64.b64decode(str(fields.get("Signature", "")), validate=True)
        key.verify(signature, said.encode(), padding.PKCS1v15(), algorithm())
    except (binascii.Error, ValueError, InvalidSignature) as err:
        raise NotVerifiedError("Amazon's signature does not fit the notification.") from err


def _of_amazon(url: str) -> str:
    """The address, which leads to Amazon SNS and nowhere else. Raises NotVerifiedError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as err:
        raise NotVerifiedError("The notification names an address that is none.") from err
    plain = parts.username is None and parts.password is None and port in {None, 443} and url.isascii()
    if parts.scheme != "https" or not plain or not _HOST.fullmatch(parts.hostname or ""):
        raise NotVerifiedError("The notification names an address that is not Amazon's.")
    return url


@lru_cache(maxsize=50)
def _certificate(url: str, way: Way | None) -> x509.Certificate:
    """Fetched once; a failure is not kept. Raises NotVerifiedError, CannotAskError."""
    try:
        answer = open_url(url, user_agent=USER_AGENT, bounds=BOUNDS, way=way)
    except WebError as err:
        raise CannotAskError(str(err)) from err
    if answer.status != 200:
        raise CannotAskError(f"Amazon answered {answer.status} instead of its certificate.")
    try:
        return x509.load_pem_x509_certificate(answer.body)
    except ValueError as err:
        raise NotVerifiedError("What stands at the certificate's address is none.") from err


def forget_certificates() -> None:
    """For tests, whose certificates come and go."""
    _certificate.cache_clear()
