"""Reading a letter that came in: who sent it, what it belongs to, and what it says."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import getaddresses, parsedate_to_datetime

MESSAGE_ID = re.compile(r"<[^<>\s]+>")
# Control characters and line separators: a header that is quoted in another one must stay one line.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
REPLY_PREFIX = re.compile(r"^\s*(?:re|fwd?|aw|wg|sv|antw)\s*:\s*", re.IGNORECASE)
CHARSETS = ("utf-8", "windows-1252", "latin-1")


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """A letter, read. Every field is text, and empty where the letter has none."""

    message_id: str
    references: tuple[str, ...]  # every id of References and In-Reply-To, in order, without repetition
    sender: str  # the From header as people write it
    reply_to: str  # the bare address an answer goes to
    subject: str
    date: datetime | None
    text: str
    html: str
    header_block: bytes
    is_automatic: bool
    is_bulk: bool
    key: str  # the same for two copies of one letter

    @property
    def base_subject(self) -> str:
        return base_subject(self.subject)


def read_letter(raw: bytes) -> Incoming:
    """Reads any bytes: damaged headers and unknown character sets yield what can be made out, never an exception."""
    # compat32 hands out header values as they stand; the newer policy raises for some damaged ones.
    message = message_from_bytes(raw, policy=policy.compat32)
    sender = header_text(message, "From")
    message_ids = MESSAGE_ID.findall(header_text(message, "Message-ID"))
    referenced = MESSAGE_ID.findall(f"{header_text(message, 'References')} {header_text(message, 'In-Reply-To')}")
    automatic = header_text(message, "Auto-Submitted").partition(";")[0].strip().lower()
    text, html = _texts(message)
    return Incoming(
        message_id=message_ids[0] if message_ids else "",
        references=tuple(dict.fromkeys(referenced)),
        sender=sender,
        reply_to=_first_address(header_text(message, "Reply-To")) or _first_address(sender),
        subject=" ".join(header_text(message, "Subject").split()),
        date=_date(header_text(message, "Date")),
        text=text,
        html=html,
        header_block=re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0],
        is_automatic=automatic not in {"", "no"},
        is_bulk=header_text(message, "Precedence").strip().lower() in {"bulk", "junk", "list"},
        key=message_ids[0] if message_ids else hashlib.sha256(raw).hexdigest(),
    )


def header_text(message: Message, name: str) -> str:
    """A header's value, unfolded and decoded; empty when there is none."""
    value = message.get(name)
    if value is None:
        return ""
    plain = str(value).replace("\r", "").replace("\n", "")
    try:
        decoded = str(make_header(decode_header(plain)))
    # An unknown character set or broken base64: the encoded word itself is shown.
    except (LookupError, ValueError, MessageError):
        decoded = plain
    return CONTROLS.sub(" ", decoded)


def headers_as_read(raw: bytes) -> list[tuple[str, str]]:
    """Every header in order, decoded."""
    message = message_from_bytes(raw, policy=policy.compat32)
    seen: list[tuple[str, str]] = []
    for name, value in message.raw_items():
        single = EmailMessage(policy=policy.compat32)
        single[name] = value
        seen.append((name, header_text(single, name)))
    return seen


def base_subject(subject: str) -> str:
    """What a thread without references is recognised by: the subject without any `Re:`, in lower case."""
    return without_reply_prefix(subject).casefold()


def without_reply_prefix(subject: str) -> str:
    while match := REPLY_PREFIX.match(subject):
        subject = subject[match.end() :]
    return subject.strip()


def _texts(message: Message) -> tuple[str, str]:
    """The first plain and the first HTML text that are not attachments."""
    text = html = ""
    for part in message.walk():
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        if part.get_content_type() == "text/plain" and not text:
            text = _decoded(part)
        elif part.get_content_type() == "text/html" and not html:
            html = _decoded(part)
    return text, html


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    for charset in (part.get_content_charset(), *CHARSETS):
        try:
            return content.decode(charset or "utf-8").replace("\r\n", "\n")
        except (LookupError, UnicodeDecodeError):
            continue
    raise AssertionError("latin-1 decodes every byte")


def _first_address(value: str) -> str:
    for _, address in getaddresses([value]):
        if "@" in address:
            return address
    return ""


def _date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
