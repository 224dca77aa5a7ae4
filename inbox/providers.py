"""What providers post to a webhook: is it theirs, what came in, and what became of letters. Pure: no database.

SendGrid signs its events where that is switched on, and never signs inbound mail. Mailgun signs both. Amazon signs
everything through SNS (inbox/sns.py). Reading the events themselves is django-anymail's work; its keys are one for a
whole site, and ours are a mailbox's, so that only its reading is used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.encoders import encode_base64
from enum import StrEnum
from typing import Any

from anymail.inbound import AnymailInboundMessage
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.views import View

from inbox.forms_posted import Form, PostedFile, form_in

MOST_EVENTS = 2_000
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


class Word(StrEnum):
    """What a provider says about a letter, as far as it matters here: whether it was opened does not."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


class NotVerifiedError(Exception):
    """It is not proved that the provider sent this; the message says why, for an owner."""


class MalformedError(Exception):
    """It cannot be read; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Post:
    """A request, as far as it counts. Header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Told:
    """One event about a letter of ours. `ids` are its Message-IDs, ours and the provider's, in brackets."""

    word: Word
    recipient: str
    ids: tuple[str, ...]
    event_id: str
    status: str = ""  # RFC 3463
    words: str = ""  # the server's own
    feedback: str = "abuse"  # of a complaint: its type (RFC 5965, 7.3)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one request held."""

    events: Sequence[Told] = ()
    mails: Sequence[bytes] = field(default=(), repr=False)


# --- SendGrid ---------------------------------------------------------------------------------------------------------


def from_sendgrid(post: Post, signing_key: str) -> Parcel:
    """Events are a JSON array, inbound mail a form. Raises NotVerifiedError, MalformedError."""
    if post.content_type == "multipart/form-data":
        return Parcel(mails=[_sendgrid_mail(form_in(post.headers.get("content-type", ""), post.body))])
    if signing_key:
        _verify_sendgrid(post, signing_key)
    events = _json(post.body)
    if not isinstance(events, list) or not all(isinstance(each, dict) for each in events):
        raise MalformedError("SendGrid's events are a JSON array of objects.")
    reader = _SendGridReader()
    return Parcel(events=[told for each in events[:MOST_EVENTS] if (told := _sendgrid_event(reader, each))])


def _verify_sendgrid(post: Post, signing_key: str) -> None:
    """ECDSA over the timestamp and the body (SendGrid, "Event Webhook Security Features")."""
    try:
        key = load_der_public_key(base64.b64decode(signing_key, validate=True))
        signature = base64.b64decode(post.headers.get("x-twilio-email-event-webhook-signature", ""), validate=True)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise NotVerifiedError("The verification key is not one of SendGrid's.")
        stamp = post.headers.get("x-twilio-email-event-webhook-timestamp", "")
        key.verify(signature, stamp.encode() + post.body, ec.ECDSA(hashes.SHA256()))
    except (binascii.Error, ValueError, InvalidSignature) as err:
        raise NotVerifiedError("SendGrid's signature does not fit the verification key.") from err


class _SendGridReader(SendGridTrackingWebhookView):
    def __init__(self) -> None:
        View.__init__(self)


# What SendGrid says of a letter that it did not even try to deliver.
_DROPPED = {
    "bounced address": (Word.BOUNCED, "5.1.1"),
    "invalid": (Word.BOUNCED, "5.1.1"),
    "unsubscribed address": (Word.UNSUBSCRIBED, ""),
    "spam reporting address": (Word.COMPLAINED, ""),
}


def _sendgrid_event(reader: _SendGridReader, event: dict[str, Any]) -> Told | None:
    read = _read(reader.esp_to_anymail_event, event)
    status, words = _text(event.get("status")), _text(event.get("reason") or event.get("response"))
    word = _WORDS.get(read.event_type)
    if event.get("event") == "dropped":
        word, status = _DROPPED.get(words.lower(), (Word.BOUNCED, "5.7.0"))
    elif event.get("event") == "bounce" and event.get("type") == "blocked" and not status.startswith(("4.", "5.7.")):
        status = "5.7.0"  # Refused for what it is or where it comes from: the address lives.
    return _told(read, word, status=status, words=words)


def _sendgrid_mail(form: Form) -> bytes:
    """The raw message ("Send Raw"), or one made of its pieces."""
    if raw := form.values.get("email"):
        return raw
    if "headers" not in form.values:
        raise MalformedError("SendGrid's inbound mail has a field “email” or “headers”.")
    charsets = _mapping(form.values.get("charsets", b""))
    return _put_together(
        headers=form.text("headers"),
        text=form.text("text", charsets.get("text", "")),
        html=form.text("html", charsets.get("html", "")),
        form=form,
    )


# --- Mailgun ----------------------------------------------------------------------------------------------------------


def from_mailgun(post: Post, signing_key: str) -> Parcel:
    """Events are JSON, what a route forwards is a form. Raises NotVerifiedError, MalformedError."""
    if post.content_type == "application/json":
        event = _json(post.body)
        if not isinstance(event, dict) or not isinstance(event.get("event-data"), dict):
            raise MalformedError("Mailgun's events are JSON with “signature” and “event-data”.")
        if signing_key:
            _verify_mailgun(_object(event.get("signature")), signing_key)
        told = _mailgun_event(event)
        return Parcel(events=[told] if told else [])
    form = form_in(post.headers.get("content-type", ""), post.body)
    if signing_key:
        _verify_mailgun({name: form.text(name) for name in ("timestamp", "token", "signature")}, signing_key)
    return Parcel(mails=[_mailgun_mail(form)])


def _verify_mailgun(signed: Mapping[str, Any], signing_key: str) -> None:
    """HMAC-SHA-256 of timestamp and token (Mailgun, "Securing Webhooks")."""
    said = f"{_text(signed.get('timestamp'))}{_text(signed.get('token'))}".encode()
    expected = hmac.new(signing_key.encode(), said, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), _text(signed.get("signature")).encode()):
        raise NotVerifiedError("Mailgun's signature does not fit the signing key.")


class _MailgunReader(MailgunTrackingWebhookView):
    def __init__(self) -> None:
        View.__init__(self)


def _mailgun_event(event: dict[str, Any]) -> Told | None:
    read = _read(_MailgunReader().esp_to_anymail_event, event)
    data = event["event-data"]
    delivery = _object(data.get("delivery-status"))
    words = _text(delivery.get("message")) or _text(delivery.get("description"))
    word, status = _WORDS.get(read.event_type), _status_in(f"{delivery.get('enhanced-code', '')} {words}")
    reason = _text(data.get("reason"))
    if reason == "suppress-bounce":
        status = "5.1.1"  # It is on Mailgun's own list of those that do not exist.
    elif reason == "suppress-complaint":
        word = Word.COMPLAINED
    elif reason == "suppress-unsubscribe":
        word = Word.UNSUBSCRIBED
    if read.event_type == EventType.REJECTED:
        status = status or "5.7.0"
    return _told(read, word, status=status or ("5.0.0" if word is Word.BOUNCED else ""), words=words)


def _mailgun_mail(form: Form) -> bytes:
    """The raw message (the address ends with “mime”), or one made of its pieces."""
    if raw := form.values.get("body-mime"):
        return raw
    listed = _json(form.values.get("message-headers", b"")) if "message-headers" in form.values else None
    if not isinstance(listed, list):
        raise MalformedError("Mailgun's route has to forward to the address that ends with “mime”.")
    pairs = [(str(each[0]), str(each[1])) for each in listed if isinstance(each, list) and len(each) == 2]
    headers = "\n".join(f"{name}: {' '.join(value.split())}" for name, value in pairs if _HEADER_NAME.fullmatch(name))
    return _put_together(headers=headers, text=form.text("body-plain"), html=form.text("body-html"), form=form)


_HEADER_NAME = re.compile(r"[!-9;-~]{1,80}")


# --- Amazon SES, inside a verified notification of SNS ----------------------------------------------------------------


class _SesReader(AmazonSESTrackingWebhookView):
    def __init__(self) -> None:
        View.__init__(self)


def from_ses(message: str, *, notification: Mapping[str, Any], region: str) -> Parcel:
    """Raises MalformedError. A word that is no JSON, such as that a topic works, holds nothing."""
    try:
        said = json.loads(message)
    except ValueError:
        return Parcel()
    if not isinstance(said, dict):
        return Parcel()
    if said.get("notificationType") == "Received":
        return Parcel(mails=[_ses_mail(said)])
    events: list[AnymailTrackingEvent] = _read(_SesReader().esp_to_anymail_events, said, dict(notification))
    return Parcel(events=[told for each in events[:MOST_EVENTS] if (told := _ses_event(each, said, region))])


def _ses_event(read: AnymailTrackingEvent, said: dict[str, Any], region: str) -> Told | None:
    mail, bounce = _object(said.get("mail")), _object(said.get("bounce"))
    ids = [f"<{each}>" if not each.startswith("<") else each for each in _ses_headers(mail)]
    if wire := _text(mail.get("messageId")):
        # Its own server gives the letter this Message-ID on the wire; in us-east-1, "email" stands for the region.
        ids += [f"<{wire}@{place}.amazonses.com>" for place in dict.fromkeys((region, "email")) if place]
    word, status, words = _WORDS.get(read.event_type), "", _text(read.mta_response or read.description)
    if word is Word.BOUNCED:
        status = next(
            (
                _text(each.get("status"))
                for each in bounce.get("bouncedRecipients", ())
                if isinstance(each, dict) and each.get("emailAddress") == read.recipient
            ),
            "",
        )
        status = status or _SES_STATUS.get((str(bounce.get("bounceType")), str(bounce.get("bounceSubType"))), "")
        status = status or ("5.0.0" if bounce.get("bounceType") == "Permanent" else "4.0.0")
        if read.event_type == EventType.REJECTED:
            status = "5.7.0"
    told = _told(read, word, status=status, words=words, ids=ids)
    feedback = _text(_object(said.get("complaint")).get("complaintFeedbackType")).lower()
    return replace(told, feedback=feedback) if told is not None and feedback in _FEEDBACK else told


# As Amazon SES says them, and RFC 5965 and 6591 name them: "not-spam" is a reader's praise.
_FEEDBACK = frozenset({"abuse", "auth-failure", "fraud", "not-spam", "other", "virus"})

# Amazon SES, "Bounce types", where the remote server gave no status of its own.
_SES_STATUS = {
    ("Permanent", "General"): "5.1.1",
    ("Permanent", "NoEmail"): "5.1.1",
    ("Permanent", "Suppressed"): "5.1.1",
    ("Permanent", "OnAccountSuppressionList"): "5.1.1",
    ("Transient", "MailboxFull"): "4.2.2",
    ("Transient", "MessageTooLarge"): "5.3.4",
    ("Transient", "ContentRejected"): "5.7.0",
    ("Transient", "AttachmentRejected"): "5.7.0",
}


def _ses_headers(mail: Mapping[str, Any]) -> Iterator[str]:
    """The letter's own Message-ID, where Amazon is told to add the original headers."""
    for header in mail.get("headers") or ():
        if isinstance(header, dict) and str(header.get("name", "")).lower() == "message-id":
            yield _text(header.get("value"))
    common = mail.get("commonHeaders")
    if isinstance(common, dict) and common.get("messageId"):
        yield _text(common["messageId"])


def _ses_mail(said: dict[str, Any]) -> bytes:
    content = said.get("content")
    if not isinstance(content, str) or not content:
        raise MalformedError("The receipt rule has to publish the message itself: an SNS action, and no S3 action.")
    action = _object(_object(said.get("receipt")).get("action"))
    if str(action.get("encoding", "")).upper() != "BASE64":
        return content.encode(errors="surrogatepass")
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as err:
        raise MalformedError("The message is said to be Base64, and is not.") from err


# --- What they share --------------------------------------------------------------------------------------------------

_WORDS = {
    EventType.DELIVERED: Word.DELIVERED,
    EventType.BOUNCED: Word.BOUNCED,
    EventType.REJECTED: Word.BOUNCED,
    EventType.COMPLAINED: Word.COMPLAINED,
    EventType.UNSUBSCRIBED: Word.UNSUBSCRIBED,
}


def _told(
    read: AnymailTrackingEvent, word: Word | None, *, status: str, words: str, ids: Sequence[str] = ()
) -> Told | None:
    """None for what changes nothing here: that a letter waits, or was opened."""
    if word is None:
        return None
    known = [each for each in (*ids, _text(read.message_id)) if _ID.fullmatch(each)]
    return Told(
        word=word,
        recipient=_text(read.recipient)[:320],
        ids=tuple(dict.fromkeys(known))[:10],
        event_id=_text(read.event_id),
        status=status if _STATUS.fullmatch(status) else "",
        words=words,
        at=read.timestamp,
    )


_ID = re.compile(r"<[!-;=?-~]{3,900}>")


def _read(reader: Any, *given: Any) -> Any:
    try:
        return reader(*given)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as err:
        raise MalformedError("An event has not the form that the provider documents.") from err


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as err:
        raise MalformedError("This is no JSON.") from err


def _mapping(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body) if body else {}
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """A value as one line; empty for what is no text or number."""
    return " ".join(str(value).split())[:2000] if isinstance(value, str | int | float) else ""


def _status_in(text: str) -> str:
    found = _STATUS.search(text)
    return found[0] if found else ""


def _put_together(*, headers: str, text: str, html: str, form: Form) -> bytes:
    """A message made of what a provider took apart. The same pieces make the same bytes."""
    attachments = [_attached(each) for each in form.files]
    try:
        message = AnymailInboundMessage.construct(
            raw_headers=headers, text=text or None, html=html or None, attachments=attachments
        )
        for number, part in enumerate(message.walk()):
            if part.is_multipart():
                part.set_boundary(f"=_{hashlib.sha256(f'{number} {headers}'.encode()).hexdigest()[:32]}")
        return bytes(message.as_bytes())
    except (KeyError, TypeError, ValueError, LookupError, AttributeError) as err:
        raise MalformedError("The pieces of this message make none.") from err


def _attached(file: PostedFile) -> AnymailInboundMessage:
    part = AnymailInboundMessage()
    # A message inside a message would be taken apart; a multipart without its boundary is nothing.
    inert = file.content_type.startswith(("message/", "multipart/"))
    part["Content-Type"] = "application/octet-stream" if inert else file.content_type
    part.set_payload(file.content)
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=" ".join(file.file_name.split()) or "attachment")
    return part
