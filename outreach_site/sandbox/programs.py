"""How mail programs and mail hosts write: answers with their quotations, automatic replies and bounces.

Modelled on what the programs are known to send: the attribution line, where the quotation stands and how it is
marked, the subject's prefix, the form of the Message-ID, and whether an HTML part comes along.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, formataddr, parseaddr
from enum import StrEnum
from html import escape

from outreach_site.sandbox.letters import Incoming, without_reply_prefix

# Long References are cut to the first and the newest, as RFC 5537, 3.4.4, suggests and programs do.
MOST_REFERENCES = 20


ID_HEADERS = frozenset({"message-id", "in-reply-to", "references"})


class LetterPolicy(EmailPolicy):
    """Folds a header of ids between the ids: the standard library breaks a long one by writing an encoded word."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in ID_HEADERS:
            ids = "\r\n ".join(str(value).split())
            return f"{name}: {ids}\r\n".encode()
        return super().fold_binary(name, value)


POLICY = LetterPolicy(linesep="\r\n")


class Program(StrEnum):
    """A mail program, or a mail host that writes by itself."""

    GMAIL = "gmail"  # text and HTML, "On Mon, 1 Dec 2025 at 10:00, … wrote:", quotation in a gmail_quote
    OUTLOOK = "outlook"  # text and HTML, a header block From/Sent/To/Subject, nothing marked with >
    APPLE_MAIL = "apple_mail"  # plain text, "On 1 Dec 2025, at 10:00, … wrote:"
    IPHONE = "iphone"  # as Apple Mail, signed "Sent from my iPhone"
    THUNDERBIRD = "thunderbird"  # plain text with format=flowed, "On 01/12/2025 10:00, … wrote:"
    THUNDERBIRD_GERMAN = "thunderbird_german"  # as above, "Am 01.12.25 um 10:00 schrieb …:"
    POSTFIX = "postfix"  # a mail host: bounces only


def answer_message(incoming: Incoming, *, sender: str, text: str, program: Program, at: datetime) -> bytes:
    """A person's answer to a letter, as `program` sends it at `at` (the writer's local time)."""
    message = _in_thread(incoming, sender=sender, program=program, at=at)
    prefix = "RE" if program is Program.OUTLOOK else "Re"
    message["Subject"] = f"{prefix}: {without_reply_prefix(incoming.subject) or '(no subject)'}"
    written = _written(incoming, at)
    writer = incoming.sender or "Unknown sender"
    if program is Program.GMAIL:
        attribution = f"On {written:%a}, {written.day} {written:%b %Y} at {written:%H:%M}, {writer} wrote:"
        message.set_content(f"{text}\n\n{attribution}\n\n{_quoted(incoming.text)}\n")
        quotation = incoming.html or _as_html(incoming.text)
        message.add_alternative(
            f'<div dir="ltr">{_as_html(text)}</div><br>'
            f'<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{escape(attribution)}'
            '<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid'
            f' rgb(204,204,204);padding-left:1ex">{quotation}</blockquote></div>\n',
            subtype="html",
        )
        message.set_boundary(f"000000000000{secrets.token_hex(8)}")
    elif program is Program.OUTLOOK:
        block = [
            ("From", writer),
            ("Sent", f"{written:%A, %B} {written.day}, {written:%Y %I:%M %p}"),
            ("To", sender),
            ("Subject", incoming.subject),
        ]
        lines = "\n".join(f"{name}: {value}" for name, value in block)
        message.set_content(f"{text}\n\n________________________________\n{lines}\n\n{incoming.text}\n")
        marked = "<br>".join(f"<b>{name}:</b> {escape(value)}" for name, value in block)
        message.add_alternative(
            f'<html><body><div style="font-family:Aptos,Calibri,sans-serif;font-size:12pt">{_as_html(text)}</div>'
            f'<hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr">{marked}</div>'
            f"<div><br></div>{incoming.html or _as_html(incoming.text)}</body></html>\n",
            subtype="html",
        )
        message.set_boundary(f"_000_AM{secrets.token_hex(15).upper()}_")
        message["Thread-Topic"] = without_reply_prefix(incoming.subject)
        message["Accept-Language"] = "en-US"
    elif program in {Program.THUNDERBIRD, Program.THUNDERBIRD_GERMAN}:
        name = parseaddr(incoming.sender)[0] or incoming.reply_to
        german = program is Program.THUNDERBIRD_GERMAN
        attribution = (
            f"Am {written:%d.%m.%y um %H:%M} schrieb {name}:"
            if german
            else (f"On {written:%d/%m/%Y %H:%M}, {name} wrote:")
        )
        message["User-Agent"] = "Mozilla Thunderbird"
        message["Content-Language"] = "de-DE" if german else "en-GB"
        message.set_content(f"{text}\n\n\n{attribution}\n{_quoted(incoming.text)}\n")
        message.set_param("format", "flowed")
    else:
        if program is Program.IPHONE:
            text = f"{text}\n\nSent from my iPhone"
        attribution = f"On {written.day} {written:%b %Y}, at {written:%H:%M}, {writer} wrote:"
        separator = "\n\n" if program is Program.IPHONE else "\n\n\n"
        message["Mime-Version"] = "1.0 (1.0)" if program is Program.IPHONE else "1.0 (Mac OS X Mail 16.0)"
        message["X-Mailer"] = "iPhone Mail (22A3354)" if program is Program.IPHONE else "Apple Mail (2.3774)"
        message.set_content(f"{text}{separator}> {attribution}\n> \n{_quoted(incoming.text)}\n")
    for part in message.iter_parts() if message.is_multipart() else ():
        del part["MIME-Version"]
    return message.as_bytes()


def automatic_reply(incoming: Incoming, *, sender: str, text: str, at: datetime) -> bytes:
    """A vacation message with the headers of RFC 3834 and no quotation."""
    message = _in_thread(incoming, sender=sender, program=Program.OUTLOOK, at=at)
    message["Subject"] = f"Automatic reply: {incoming.subject or '(no subject)'}"
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    message["Precedence"] = "bulk"
    message.set_content(text + "\n")
    return message.as_bytes()


def bounce_message(incoming: Incoming, *, recipient: str, envelope_from: str, reason: str, at: datetime) -> bytes:
    """A delivery status notification as Postfix writes it: a text, the status (RFC 3464), the letter's headers.

    For an address outside ASCII the internationalised forms of RFC 6533 are used. Written by hand because the
    standard library re-encodes the parts of a report.
    """
    host = f"mx.{recipient.rpartition('@')[2]}"
    when = at.astimezone(UTC)
    boundary = f"{secrets.token_hex(6).upper()}/{host}"
    international = not recipient.isascii()
    address_type = "utf-8" if international else "rfc822"
    said = f"550 5.1.1 <{recipient}>: Recipient address rejected: {reason}"
    headers = (
        f"Date: {format_datetime(when)}\n"
        f"From: Mail Delivery System <MAILER-DAEMON@{host}>\n"
        f"To: {envelope_from}\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        f"Message-ID: <{when:%Y%m%d%H%M%S}.{secrets.token_hex(5).upper()}@{host}>\n"
        "Auto-Submitted: auto-replied\n"
        "MIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type=delivery-status;\n boundary="{boundary}"\n'
        "Content-Transfer-Encoding: 8bit\n"
        "\n"
        "This is a MIME-encapsulated message.\n"
    )
    notification = (
        f"This is the mail system at host {host}.\n\n"
        "Your message could not be delivered to the recipient below, and nobody\n"
        "will try again. The report and the headers of your message follow.\n\n"
        f"<{recipient}>: host {host} said:\n    {said}\n    (in reply to RCPT TO command)\n"
    )
    status = (
        f"Reporting-MTA: dns; {host}\n"
        f"Arrival-Date: {format_datetime(when)}\n"
        "\n"
        f"Final-Recipient: {address_type}; {recipient}\n"
        f"Original-Recipient: {address_type}; {recipient}\n"
        "Action: failed\n"
        "Status: 5.1.1\n"
        f"Remote-MTA: dns; {host}\n"
        f"Diagnostic-Code: smtp; {said}\n"
    )
    parts = (
        ("Notification", "text/plain; charset=utf-8", notification.encode()),
        ("Delivery report", f"message/{'global-' if international else ''}delivery-status", status.encode()),
        (
            "Undelivered Message Headers",
            "message/global-headers" if international else "text/rfc822-headers",
            incoming.header_block.strip() + b"\n",
        ),
    )
    written = headers.encode()
    for description, content_type, content in parts:
        encoding = "7bit" if content.isascii() else "8bit"
        written += (
            f"\n--{boundary}\nContent-Description: {description}\nContent-Type: {content_type}\n"
            f"Content-Transfer-Encoding: {encoding}\n\n"
        ).encode() + content
    written += f"\n--{boundary}--\n".encode()
    return written.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _in_thread(incoming: Incoming, *, sender: str, program: Program, at: datetime) -> EmailMessage:
    message = EmailMessage(policy=POLICY)
    message["From"] = sender
    name, address = parseaddr(incoming.sender)
    same_person = address.lower() == incoming.reply_to.lower()
    # formataddr takes ASCII addresses alone.
    named = same_person and name.isprintable() and address.isascii()
    message["To"] = formataddr((name, address)) if named else incoming.reply_to
    message["Date"] = format_datetime(at)
    message["Message-ID"] = _message_id(program, parseaddr(sender)[1].rpartition("@")[2])
    if incoming.message_id:
        message["In-Reply-To"] = incoming.message_id
        before = [reference for reference in incoming.references if reference != incoming.message_id]
        if len(before) > MOST_REFERENCES:
            before = [before[0], *before[-MOST_REFERENCES:]]
        message["References"] = " ".join([*before, incoming.message_id])
    return message


def _message_id(program: Program, domain: str) -> str:
    token = secrets.token_hex(16)
    if program is Program.GMAIL:
        return f"<CA{secrets.token_urlsafe(36)}@mail.{domain}>"
    if program is Program.OUTLOOK:
        return f"<AM{token.upper()}@AM9PR04.{domain}>"
    if program in {Program.THUNDERBIRD, Program.THUNDERBIRD_GERMAN}:
        return f"<{token[:8]}-{token[8:12]}-{token[12:16]}-{token[16:20]}-{token[20:]}@{domain}>"
    upper = token.upper()
    return f"<{upper[:8]}-{upper[8:12]}-{upper[12:16]}-{upper[16:20]}-{upper[20:]}@{domain}>"


def _written(incoming: Incoming, at: datetime) -> datetime:
    """When the letter was written, in the answering person's time; the moment of answering where it does not say."""
    if incoming.date is None:
        return at
    written = incoming.date if incoming.date.tzinfo else incoming.date.replace(tzinfo=UTC)
    return written.astimezone(at.tzinfo)


def _quoted(text: str) -> str:
    return "\n".join(f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in text.rstrip().split("\n"))


def _as_html(text: str) -> str:
    return escape(text.rstrip(), quote=False).replace("\n", "<br>\n")
