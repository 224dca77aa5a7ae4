"""What a report is made of: fields, the server's own words, and the letter that comes back."""

from __future__ import annotations

import re

from inbox.parsing import ParsedMessage, Part, addresses_in

_I = re.IGNORECASE
WORDS_READ = 12_000  # characters of what the server says

RETURNED_TYPES = frozenset(
    {"text/rfc822-headers", "message/global-headers", "message/rfc822", "text/rfc822", "message/rfc822-headers"}
)


def report_type(message: ParsedMessage) -> str:
    """The `report-type` of a multipart/report (RFC 6522); some servers give it to a multipart/mixed."""
    if not message.content_type.startswith("multipart/"):
        return ""
    match = re.search(r"report-type\s*=\s*\"?([\w-]+)", message.header("content-type"), _I)
    return match.group(1).lower() if match else ""


def own_parts(message: ParsedMessage) -> list[Part]:
    return [part for part in message.parts if not part.is_embedded]


def has_part(message: ParsedMessage, content_type: str) -> bool:
    return any(part.content_type == content_type for part in own_parts(message))


def returns_a_letter(message: ParsedMessage) -> bool:
    """Whether the message carries another one, whole or its headers, as a part or below its own words."""
    if message.embedded or any(part.content_type in RETURNED_TYPES for part in message.parts):
        return True
    return bool(COPY.search(message.text[:WORDS_READ]))


_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40})[ \t]*:[ \t]*(.*)$")


def fields_of(text: str) -> dict[str, str]:
    """Header-like fields of one block, folded lines put together, repeated ones on lines of their own."""
    fields: dict[str, str] = {}
    last = ""
    for line in text.split("\n"):
        match = _FIELD.match(line)
        if match:
            last = match.group(1).lower()
            fields[last] = f"{fields[last]}\n{match.group(2)}" if last in fields else match.group(2)
        elif last and line[:1] in {" ", "\t"}:
            fields[last] = f"{fields[last]} {line.strip()}"
    return fields


_CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")


def status_code(text: str) -> str:
    """The first enhanced code (RFC 3463) in a text."""
    match = _CODE.search(text)
    return match.group(1) if match else ""


# --- Who sends it -----------------------------------------------------------------------------------------------------

_SERVER = re.compile(
    r"smtp[_-]?(?:mail)?[_-]?service|anti-?virus|mail ?gateway|interscan|mailer[-_ ]?daemon|mail[-_ ]?daemon"
    r"|post[-_ ]?(?:master|meister)|mail[- ](?:delivery|administrator|deliver\w*|transport)|maildelivery"
    r"|delivery (?:subsystem|system|agent|service|status)|\bmail delivery\b"
    r"|^(?:bounces?|mdaemon|no-?reply-bounce|abuse-?bounce|mailerdaemon|nondeliverable|ndr|mailsrv|mmdf)\b"
    r"|microsoft ?exchange|system ?administrator|internet mail delivery|mail system|message-?router|mail router"
    r"|administrateur|autorespond.*bounce|delivery-?(?:status|failure|report|notification)|undelivered"
    r"|mail ?server|zustell|メール(?:配信|サーバ)",
    _I,
)


def comes_from_server(message: ParsedMessage) -> bool:
    return bool(
        _SERVER.search(message.from_email.partition("@")[0])
        or _SERVER.search(message.from_name)
        or _SERVER.search(message.header("from")[:200].partition("@")[0])
    )


def is_server_name(local_part: str) -> bool:
    return bool(_SERVER.search(local_part))


def has_null_sender(message: ParsedMessage) -> bool:
    """No one to answer to (RFC 5321, 4.5.5); some servers write their daemon's name there."""
    path = message.header("return-path").strip().lower()
    return path == "<>" or path.startswith("<mailer-daemon") or message.header("from").strip() == "<>"


# --- Its words --------------------------------------------------------------------------------------------------------

COPY = re.compile(
    r"^[-_=* #]*(?:\*+ )?(?:below this line is a copy|(?:this|below|here) is a copy of (?:the|your) (?:original )?"
    r"(?:message|headers|mail)|here is a copy|(?:a )?copy of (?:the|your) (?:original )?(?:message|mail)"
    r"|(?:the )?(?:start of )?(?:returned|original|unsent|undelivered|rejected) (?:message|mail)"
    r"(?: (?:headers?|text|body|info))?(?: (?:follows|below|as follows|is attached|removed|info))"
    r"|message headers? follows?|original (?:message|mail) (?:headers?|follows|info)|the (?:header|body"
    r"|first).{0,40}(?:of the|message|original) (?:original )?(?:message )?(?:is|are|follows?)\b|included is a copy"
    r"|headers of the original|text of (?:the )?(?:original )?message|unsent message (?:follows|below)"
    r"|(?:returned|original|unsent) (?:message|mail)\b[- =*]*$|message header removed"
    r"|return(?:ed)? (?:mail|message) (?:follows|text)|begin(?:ning)? of (?:original|returned)"
    r"|der (?:kopf|header|text) der (?:original)?nachricht|ursprüngliche nachricht|en-t[êe]tes? du message).*$",
    _I | re.MULTILINE,
)
_HEADERS_BEGIN = re.compile(r"^(?:received|return-path|message-id|dkim-signature)\s*:", _I | re.MULTILINE)


def words_of(message: ParsedMessage) -> str:
    """What the server says, without the letter that it sends back."""
    texts = [
        part.text if part.content_type == "text/plain" else message.text
        for part in own_parts(message)
        if part.content_type in {"text/plain", "text/html"} and not part.is_attachment
    ]
    text = "\n".join(texts) or message.text
    cuts = [match.start() for match in (COPY.search(text), _HEADERS_BEGIN.search(text)) if match and match.start() > 20]
    return (text[: min(cuts)] if cuts else text)[:WORDS_READ]


# --- The letter that comes back ---------------------------------------------------------------------------------------


def returned_headers(message: ParsedMessage) -> str:
    """The returned letter's headers, as text, where they are a part or follow the server's words."""
    for part in message.parts:
        if part.content_type in RETURNED_TYPES:
            return part.text
    text = message.text
    cut = COPY.search(text)
    if cut:
        return text[cut.end() :].lstrip("\n -=_*")
    start = re.search(r"^(?:received|return-path|message-id|from|date|dkim-signature)\s*:", text, _I | re.MULTILINE)
    return text[start.start() :] if start else ""


def addressed_to(message: ParsedMessage) -> list[str]:
    """Whom the returned letter was addressed to."""
    value = fields_of(returned_headers(message)).get("to", "") or message.embedded.get("to", "")
    return list(dict.fromkeys(address.lower() for _, address in addresses_in(value.replace("\n", ","))))


def written_by(message: ParsedMessage) -> list[str]:
    """Who wrote the returned letter."""
    fields = fields_of(returned_headers(message))
    values = [fields.get("from", ""), fields.get("return-path", ""), message.embedded.get("from", "")]
    return [address.lower() for value in values for _, address in addresses_in(value.replace("\n", ","))]


_MESSAGE_ID = re.compile(r"message-?id\s*[:=]\s*(<[^<>\s]{3,900}>)", _I)


def original_ids(message: ParsedMessage) -> tuple[str, ...]:
    """Message-IDs of the letter that the report is about: of the letter sent back, then what the report refers to."""
    found = [message.embedded.get("message-id", "")]
    found += _MESSAGE_ID.findall(returned_headers(message))
    for part in own_parts(message):
        if part.content_type.startswith(("text/", "message/")):
            found += _MESSAGE_ID.findall(part.text)
    found += [*message.headers.get("x-original-message-id", ()), message.in_reply_to, *message.references]
    found = [each.strip() for each in found if each]
    return tuple(dict.fromkeys(each for each in found if each != message.message_id))[:20]
