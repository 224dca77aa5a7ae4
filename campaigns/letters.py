"""From a rendered text to the letter that is read, and from an attempt to the message that travels.

Preview and send share `write`: what a person saw is what leaves. What was put around a letter's text when it left is
kept with it (`Letterhead`), so that `as_sent` shows the letter as it was, whatever has been changed since.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from binascii import b2a_qp
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email import charset
from email._policybase import Compat32
from email.encoders import encode_base64
from email.errors import MessageError
from email.header import decode_header, make_header
from email.mime.base import MIMEBase
from email.utils import format_datetime
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from django.core.mail import SafeMIMEMultipart, SafeMIMEText

from campaigns import hypertext
from campaigns.languages import PHRASES, Language, day_in, language_of
from campaigns.models import Attempt, Contact, EnclosedFile
from compliance import unsubscribe
from compliance.addresses import domain_of
from compliance.models import Kind
from outreach_site.accounts.models import SenderIdentity
from outreach_site.lib.addresses import ascii_domain, named, wire_address
from outreach_site.mailboxes.models import Mailbox
from outreach_site.mailboxes.smtp import WrittenMessage


class _QuotedPrintable(charset.Charset):
    """Python's own, but encoded by its C library, which takes a tenth of the time.

    Not where a space ends a line, which no letter of ours has: the library would make that line longer than the 76
    characters that RFC 2045 (6.7) allows.
    """

    def body_encode(self, string: Any) -> Any:
        data = string.encode(self.output_codec or "utf-8") if isinstance(string, str) else bytes(string)
        if _SPACE_AT_AN_END.search(data):
            return super().body_encode(data)
        return b2a_qp(data, istext=True).decode("ascii")


_SPACE_AT_AN_END = re.compile(rb"[ \t](?:\n|\Z)")


# Text travels as quoted-printable: 7-bit clean, readable in its raw form, and no line is too long for any server.
_UTF8 = _QuotedPrintable("utf-8")
_UTF8.header_encoding = charset.SHORTEST
_UTF8.body_encoding = charset.QP
_PLAIN_TEXT = (
    'Content-Type: text/plain; charset="utf-8"\nMIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n'
)

# No text that people write comes near; a message of many megabytes would be refused by every server, and late.
LONGEST_TEXT = 1_000_000  # characters
LONGEST_PARAMETER = 900  # characters: a line has 998 (RFC 5322, 2.1.1)
LONGEST_LINK = 100  # characters of the page where an address was found
# What stands in the place of the reader's own link wherever somebody else may look.
OTHERS_LINK = "their-own-link"


def write(
    *,
    body: str,
    kind: Kind | str,
    identity: SenderIdentity,
    contact: Contact | None,
    opt_out_url: str,
    language: Language = Language.EN,
) -> str:
    """The whole text that a person reads: the letter, who signs it, and what every first letter must tell."""
    closing = _closing(kind=kind, identity=identity, contact=contact, opt_out_url=opt_out_url, language=language)
    return _joined(body, closing)


def _closing(
    *, kind: Kind | str, identity: SenderIdentity, contact: Contact | None, opt_out_url: str, language: Language
) -> str:
    parts = [_tidy(identity.written_signature)]
    if kind != Kind.ANSWER:
        parts.append(footer(identity=identity, contact=contact, opt_out_url=opt_out_url, language=language))
    return "\n\n".join(part for part in parts if part)


def _joined(body: str, closing: str) -> str:
    return "\n\n".join(part for part in (_tidy(body), closing) if part) + "\n"


def footer(
    *, identity: SenderIdentity, contact: Contact | None, opt_out_url: str, language: Language = Language.EN
) -> str:
    """At most four plain lines: who writes and for whom, where the address was found, privacy, how to say no."""
    phrases = PHRASES[language]
    client = phrases.on_behalf_of.format(client=identity.on_behalf_of) if identity.on_behalf_of else ""
    lines = [", ".join(part for part in (identity.organisation, client, identity.postal_line) if part)]
    if contact is not None and contact.found_url:
        day = day_in(language, contact.found_at)
        lines.append(phrases.found.format(url=short_link(contact.found_url), day=day))
    if identity.privacy_notice_url:
        lines.append(phrases.privacy.format(url=identity.privacy_notice_url))
    lines.append(phrases.say_no.format(url=opt_out_url))
    return "\n".join(" ".join(line.split()) for line in lines)


def short_link(url: str) -> str:
    """A page's own address, short enough for a line: without what only counts visitors; of a very long one, its site.

    Never a link through this server: what a reader clicks is nobody's business.
    """
    if len(url) <= LONGEST_LINK and url.isprintable() and _PAGE.fullmatch(url):
        return url
    try:
        parts = urlsplit(url)
        kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _counts(name)]
        short = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))
    except ValueError:
        return url
    candidates = (short, urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")))
    return next((each for each in candidates if len(each) <= LONGEST_LINK), f"{parts.scheme}://{parts.netloc}/")


# What nearly every page's address looks like: there is nothing to take away.
_PAGE = re.compile(r"https?://[^\s?#]+", re.ASCII)


def _counts(parameter: str) -> bool:
    return parameter.lower().startswith(("utm_", "mc_")) or parameter.lower() in {"gclid", "fbclid", "msclkid", "ref"}


def preview(
    *,
    body: str,
    kind: Kind | str,
    identity: SenderIdentity,
    contact: Contact | None,
    language: Language | None = None,
) -> str:
    """The text as `write` makes it, with the shape of a link that does not exist yet."""
    return write(
        body=body,
        kind=kind,
        identity=identity,
        contact=contact,
        opt_out_url=unsubscribe.link(OTHERS_LINK),
        language=language or language_for(body, contact=contact),
    )


def language_for(body: str, *, contact: Contact | None, chosen: str = "") -> Language:
    return language_of(body, chosen=chosen, domain=domain_of(contact.email_key) if contact else "")


def new_message_id(sender: str) -> str:
    """A Message-ID of our own, made before the letter leaves, so that an answer or a bounce can be tied to it."""
    return f"<{secrets.token_hex(16)}@{ascii_domain(domain_of(sender))}>"


@dataclass(frozen=True)
class Letterhead:
    """What stands around a letter's text. `closing` is what stands beneath it, without the reader's own link."""

    sender: str  # as the From line has it
    reply_to: str
    closing: str
    language: str
    with_html: bool
    opt_out_by_mail: str = ""  # where a mail program may write to say no; empty where nobody would read it

    @classmethod
    def of(cls, attempt: Attempt, *, mailbox: Mailbox) -> Letterhead:
        """As campaign, identity and mailbox have it now. Raises ValueError."""
        identity = attempt.identity
        if identity is None:
            raise ValueError("The sender identity of this letter is gone.")
        campaign, contact = attempt.campaign, attempt.contact
        language = language_of(attempt.body, chosen=campaign.language, domain=domain_of(attempt.recipient_key))
        return cls(
            sender=named(mailbox.from_name or identity.name, wire_address(mailbox.email)),
            reply_to=wire_address(campaign.reply_to) if campaign.reply_to else "",
            closing=_closing(
                kind=attempt.kind,
                identity=identity,
                contact=contact,
                opt_out_url=unsubscribe.link(OTHERS_LINK),
                language=language,
            ),
            language=language.value,
            with_html=campaign.with_html,
            opt_out_by_mail=wire_address(mailbox.email) if mailbox.can_receive else "",
        )

    def closing_for(self, token: str) -> str:
        """With the link of one reader; of nobody without a token."""
        return self.closing.replace(unsubscribe.link(OTHERS_LINK), unsubscribe.link(token)) if token else self.closing


# Of a header that has encoded words (RFC 2047, 2).
_LONGEST_LINE = 76
# Ids or addresses between angle brackets.
_OF_TOKENS = frozenset({"Message-ID", "In-Reply-To", "References", "List-Unsubscribe"})


def _plain_field(name: str, value: object) -> str | None:
    """A plain short header field as it is, instead of being taken apart to be folded; None where it is not plain. Of
    several tokens each has a line, the first one beside the field's name: Python puts a long one alone on the line
    below, which is allowed, and which some servers read as an empty field.
    """
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        return None
    if name in _OF_TOKENS:
        tokens = "\n ".join(value.split())
        return f"{name}: {tokens}\n"
    return f"{name}: {value}\n" if len(name) + len(value) < 76 else None


class _Quick(Compat32):
    """Python's usual policy, but for plain fields."""

    def _fold(self, name: str, value: object, sanitize: bool) -> str:  # noqa: FBT001 - Compat32's signature
        plain = _plain_field(name, value)
        if plain is not None:
            return plain.replace("\n", self.linesep)
        folded = str(super()._fold(name, value, sanitize))  # type: ignore[misc]  # private to the standard library
        if isinstance(value, str) and "=?" in value and folded.startswith(f"{name}: {self.linesep}"):
            return self._beside(name, value) or folded
        return folded

    def _beside(self, name: str, value: str) -> str | None:
        """Encoded words begin beside the field's name: each is made anew, the first one shorter. None for what only
        looks like encoded words.
        """
        with suppress(MessageError, LookupError, ValueError):
            words = make_header(decode_header(value.replace("\n", "")), header_name=name)
            return f"{name}: {words.encode(maxlinelen=_LONGEST_LINE, linesep=self.linesep)}{self.linesep}"
        return None


_QUICK = _Quick()


class SealedMessage(WrittenMessage):
    """A message that is built once: what was checked before the letter was started is what travels.

    The same letter is the same bytes: the lines between its parts are made of its Message-ID, not of chance.
    """

    _built: SafeMIMEText | SafeMIMEMultipart | None = None

    def message(self) -> SafeMIMEText | SafeMIMEMultipart:
        if self._built is None:
            self._built = super().message()
            for part in self._built.walk():
                part.policy = _QUICK
            self._set_boundaries(self._built)
        return self._built

    @cached_property
    def wire(self) -> bytes:
        """As it travels. Raises ValueError."""
        try:
            return self._plain_text() or super().wire
        except MessageError as err:
            raise ValueError(f"Its subject or names hold what no mail server takes: {err}") from err

    def _plain_text(self) -> bytes | None:
        """The bytes that `message` has, in a fraction of its time: most letters are one text below plain fields. None
        where anything needs more care.
        """
        body = str(self.body)
        if self.alternatives or self.attachments or "\r" in body:
            return None
        lines = [_PLAIN_TEXT]
        fields = {"Subject": str(self.subject), "From": self.from_email, "To": ", ".join(self.to)}
        if self.reply_to:
            fields["Reply-To"] = ", ".join(self.reply_to)
        for name, value in (fields | self.extra_headers).items():
            plain = _plain_field(name, value)
            if plain is None:
                return None
            lines.append(plain)
        lines += "\n", _UTF8.body_encode(body)
        return "".join(lines).replace("\n", "\r\n").encode("ascii")

    def _set_boundaries(self, message: SafeMIMEText | SafeMIMEMultipart) -> None:
        seed = hashlib.sha256(str(self.extra_headers["Message-ID"]).encode()).hexdigest()[:32]
        for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
            # "=_" stands in neither quoted-printable nor base64 (RFC 2045, 6.7 (1)): no content can hold the line.
            part.set_boundary(f"=_{seed}_{number}")


def compose(attempt: Attempt, *, mailbox: Mailbox, token: str, now: datetime) -> SealedMessage:
    """The message of a claimed attempt: its Message-ID, its text as queued, its unsubscribe headers.

    `token` is the reader's own unsubscribe token; empty for an answer. Header values with line breaks do not get this
    far: building fails. Raises ValueError. What was put around the text is left in `attempt`, and written down when the
    letter starts.
    """
    head = Letterhead.of(attempt, mailbox=mailbox)
    attempt.letterhead = vars(head).copy()
    if attempt.kind == Kind.FOLLOW_UP and not attempt.in_reply_to and not attempt.begins_thread:
        attempt.in_reply_to, attempt.references = thread_before(attempt)
    message = _build(attempt, head, token=token, now=now)
    message.wire  # noqa: B018 - kept there
    return message


def as_sent(attempt: Attempt) -> bytes:
    """The whole message as it left, or would leave, the same bytes every time: to download, and for the Sent folder.

    The reader's own unsubscribe link is left out: whoever reads this is not its reader, and a click, of a person or of
    a mail program that looks at links, must not opt anybody out. Raises ValueError where nothing is left of the letter,
    or it could not be built now.
    """
    if not attempt.recipient:
        raise ValueError("This letter was erased.")
    if attempt.letterhead:
        head = Letterhead(**attempt.letterhead)
    elif attempt.mailbox is not None:
        head = Letterhead.of(attempt, mailbox=attempt.mailbox)
    else:
        raise ValueError("The mailbox of this letter is gone.")
    now = attempt.started_at or attempt.finished_at or attempt.created_at
    return _build(attempt, head, token="", now=now).wire


def _build(attempt: Attempt, head: Letterhead, *, token: str, now: datetime) -> SealedMessage:
    if len(attempt.body) > LONGEST_TEXT:
        raise ValueError(f"The letter has {len(attempt.body):,} characters; at most {LONGEST_TEXT:,} can be sent.")
    # One that has not left has no Message-ID yet, and must not look as if it had.
    own_id = attempt.message_id or f"<attempt-{attempt.pk}.not-sent@invalid>"
    headers = {"Message-ID": own_id, "Date": _date(now.replace(microsecond=0))}
    if attempt.in_reply_to:
        headers["In-Reply-To"] = attempt.in_reply_to
    if attempt.references:
        headers["References"] = attempt.references
    if token:
        headers |= unsubscribe.one_click_headers(token, head.opt_out_by_mail)
    text = _joined(attempt.body, head.closing_for(token))
    message = SealedMessage(
        subject=attempt.subject,
        body=text,
        from_email=head.sender,
        to=[named(attempt.recipient_name, wire_address(attempt.recipient))],
        reply_to=[head.reply_to] if head.reply_to else None,
        headers=headers,
    )
    message.encoding = _UTF8
    if head.with_html:
        message.attach_alternative(hypertext.from_text(text, language=head.language), "text/html")
    if attempt.kind == Kind.ANSWER and attempt.pk is not None:
        for file in attempt.enclosures.all():
            message.attach(_enclosed(file))
    return message


@lru_cache(maxsize=16)  # Many letters leave within a second.
def _date(second: datetime) -> str:
    return format_datetime(second)


def _enclosed(file: EnclosedFile) -> MIMEBase:
    """A file as a part of the letter: its bytes as they are, whatever its type, and always as something to save."""
    part = MIMEBase(*file.content_type.split("/", maxsplit=1))
    part.set_payload(bytes(file.content))
    encode_base64(part)
    if file.name.isascii():
        part.add_header("Content-Disposition", "attachment", filename=file.name)
    else:
        part["Content-Disposition"] = "; ".join(["attachment", *_beyond_ascii(file.name)])
    return part


def _beyond_ascii(name: str) -> list[str]:
    """A file's name as parameters (RFC 2231): in one where a line has room for it, as every mail program reads it, in
    pieces where not (3.)."""
    encoded = quote(name, safe="")
    if len(encoded) <= LONGEST_PARAMETER:
        return [f"filename*=utf-8''{encoded}"]
    pieces = [quote(name[at : at + 20], safe="") for at in range(0, len(name), 20)]
    return [f"filename*{number}*={piece}" for number, piece in enumerate([f"utf-8''{pieces[0]}", *pieces[1:]])]


# --- Threads ----------------------------------------------------------------------------------------------------------

MOST_REFERENCES = 20
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,252}>")


def thread_before(attempt: Attempt) -> tuple[str, str]:
    """In-Reply-To and References of a follow-up: the letters that went to the same person before, under the ids that
    their mail program knows them by. One query."""
    before = (
        Attempt.objects.filter(lead=attempt.lead_id, recipient_key=attempt.recipient_key, state=Attempt.State.SENT)
        .exclude(pk=attempt.pk)
        .exclude(message_id="")
        .order_by("finished_at", "pk")
    )
    ids = [wire_id or message_id for message_id, wire_id in before.values_list("message_id", "wire_id")]
    return (ids[-1], " ".join(_few(ids))) if ids else ("", "")


def thread_of(references: Sequence[str], in_reply_to: str) -> tuple[str, str]:
    """In-Reply-To and References of an answer (RFC 5322, 3.6.4): the references of what is answered, then its own id.

    They come from a stranger's letter: what could not stand in a header is dropped.
    """
    answered = _ids([in_reply_to])
    before = [each for each in dict.fromkeys(_ids(references)) if each not in answered]
    return (answered[0] if answered else ""), " ".join(_few(before + answered))


def _ids(written: Sequence[str]) -> list[str]:
    return [match.group() for each in written for match in [_MESSAGE_ID.fullmatch(each.strip())] if match]


def _few(ids: Sequence[str]) -> list[str]:
    """A thread's first id and its latest are what mail programs sort by."""
    return list(ids) if len(ids) <= MOST_REFERENCES else [ids[0], *ids[1 - MOST_REFERENCES :]]


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()
