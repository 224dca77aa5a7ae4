"""From a rendered text to the letter that is read, and from an attempt to the message that travels.

Preview and send share `write`: what a person saw is what leaves.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from email import charset
from email.encoders import encode_base64
from email.errors import MessageError
from email.headerregistry import Address
from email.mime.base import MIMEBase
from email.utils import format_datetime

from django.core.mail import EmailMessage, SafeMIMEMultipart, SafeMIMEText

from campaigns.models import Attempt, Contact, EnclosedFile
from compliance import unsubscribe
from compliance.addresses import domain_of
from compliance.models import Kind
from outreach_site.accounts.models import SenderIdentity
from outreach_site.mailboxes.models import Mailbox

# Text travels as quoted-printable: 7-bit clean, readable in its raw form, and no line is too long for any server.
_UTF8 = charset.Charset("utf-8")
_UTF8.header_encoding = charset.SHORTEST
_UTF8.body_encoding = charset.QP


def write(*, body: str, kind: Kind | str, identity: SenderIdentity, contact: Contact | None, opt_out_url: str) -> str:
    """The whole text that a person reads: the letter, who signs it, and what every first letter must tell."""
    parts = [_tidy(body), _tidy(identity.written_signature)]
    if kind != Kind.ANSWER:
        parts.append(footer(identity=identity, contact=contact, opt_out_url=opt_out_url))
    return "\n\n".join(part for part in parts if part) + "\n"


def footer(*, identity: SenderIdentity, contact: Contact | None, opt_out_url: str) -> str:
    """At most four plain lines: who writes and for whom, where the address was found, privacy, how to say no."""
    lines = [identity.who_writes]
    if contact is not None and contact.found_url:
        lines.append(f"We found your address at {contact.found_url} on {_day(contact.found_at)}.")
    if identity.privacy_notice_url:
        lines.append(f"How we handle your data: {identity.privacy_notice_url}")
    lines.append(f"Not for you? One click, and we will not write again: {opt_out_url}")
    return "\n".join(lines)


def preview(*, body: str, kind: Kind | str, identity: SenderIdentity, contact: Contact | None) -> str:
    """The text as `write` makes it, with the shape of a link that does not exist yet."""
    return write(
        body=body, kind=kind, identity=identity, contact=contact, opt_out_url=unsubscribe.link("their-own-link")
    )


def new_message_id(sender: str) -> str:
    """A Message-ID of our own, made before the letter leaves, so that an answer or a bounce can be tied to it."""
    return f"<{secrets.token_hex(16)}@{domain_of(sender)}>"


class SealedMessage(EmailMessage):
    """A message that is built once: what was checked before the letter was started is what travels."""

    _built: SafeMIMEText | SafeMIMEMultipart | None = None

    def message(self) -> SafeMIMEText | SafeMIMEMultipart:
        if self._built is None:
            self._built = super().message()
        return self._built


def compose(attempt: Attempt, *, mailbox: Mailbox, token: str, now: datetime) -> SealedMessage:
    """The message of a claimed attempt: its Message-ID, its text as queued, its unsubscribe headers.

    `token` is the reader's own unsubscribe token; empty for an answer. Header values with line breaks do not get this
    far: building fails. Raises ValueError.
    """
    identity = attempt.identity
    if identity is None:
        raise ValueError("The sender identity of this letter is gone.")
    headers = {"Message-ID": attempt.message_id, "Date": format_datetime(now)}
    if attempt.in_reply_to:
        headers["In-Reply-To"] = attempt.in_reply_to
    if attempt.references:
        headers["References"] = attempt.references
    if token:
        headers |= unsubscribe.one_click_headers(token)
    message = SealedMessage(
        subject=attempt.subject,
        body=write(
            body=attempt.body,
            kind=attempt.kind,
            identity=identity,
            contact=attempt.contact,
            opt_out_url=unsubscribe.link(token) if token else "",
        ),
        from_email=named(mailbox.from_name or identity.name, mailbox.email),
        to=[named(attempt.recipient_name, attempt.recipient)],
        headers=headers,
    )
    message.encoding = _UTF8
    if attempt.kind == Kind.ANSWER and attempt.pk is not None:
        for file in attempt.enclosures.all():
            message.attach(_enclosed(file))
    message.message()
    return message


def _enclosed(file: EnclosedFile) -> MIMEBase:
    """A file as a part of the letter: its bytes as they are, whatever its type, and always as something to save."""
    part = MIMEBase(*file.content_type.split("/", maxsplit=1))
    part.set_payload(bytes(file.content))
    encode_base64(part)
    name = file.name if file.name.isascii() else ("utf-8", "", file.name)
    part.add_header("Content-Disposition", "attachment", filename=name)
    return part


def named(name: str, address: str) -> str:
    """`Name <address>` with the name quoted as RFC 5322 asks; control characters cannot travel in a name.

    Raises ValueError.
    """
    plain = "".join(character for character in name if character.isprintable()).strip()
    try:
        return str(Address(display_name=plain, addr_spec=address)) if plain else address
    except (ValueError, MessageError, LookupError, AttributeError) as err:  # Whatever the parser lets escape.
        raise ValueError(f"“{address}” is not an email address.") from err


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
