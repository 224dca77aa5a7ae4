"""Bytes → ParsedMessage. Mail lies about charsets, breaks its boundaries and nests a thousand parts: nothing raises.

Headers are decoded by hand (RFC 2047, and 8-bit bytes where none should be); the MIME structure is the standard
library's, with its compat32 policy, which hands everything out as it stands. Nothing that a message says is followed:
it is data.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message
from email.utils import parsedate_to_datetime
from itertools import islice, pairwise

from inbox.markup import Line, lines_of_html
from inbox.quotation import new_text_of

# What is read of a message; the bytes are stored whole. Text comes first, attachments after it.
READ_LIMIT = 3 * 1024 * 1024
TEXT_LIMIT = 200_000  # characters of one text part
HEADER_LIMIT = 20_000  # characters of one header
ADDRESSES_LIMIT = 5_000  # of one that lists people
MAX_PARTS = 200
MAX_DEPTH = 30
PARAMETERS_LIMIT = 4_000  # characters of a header with parameters, which the library takes apart in quadratic time
# Lines times boundaries: the library compares every line with every boundary that is open. About two seconds.
COMPARISONS_LIMIT = 8_000_000
LINES_LIMIT = 300_000  # four times those of an attachment that fills READ_LIMIT


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the message. `inside` names the multiparts and messages around it, outermost first."""

    content_type: str
    text: str
    inside: tuple[str, ...] = ()
    is_attachment: bool = False
    filename: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_embedded(self) -> bool:
        """Whether it belongs to a message within the message."""
        return "message/rfc822" in self.inside or "message/global" in self.inside


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """What can be made out of a message. Every text is empty where the message has none."""

    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # lower-case name → decoded values
    content_type: str = "text/plain"
    parts: tuple[Part, ...] = ()
    embedded: Mapping[str, str] = field(default_factory=dict)  # headers of the first message within, if any
    from_name: str = ""
    from_email: str = ""
    recipients: tuple[str, ...] = ()  # To, Cc, Delivered-To
    subject: str = ""
    message_id: str = ""  # ids with their angle brackets
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    date: datetime | None = None
    text: str = ""
    new_text: str = ""
    error: str = ""  # what could not be read, in a sentence

    def header(self, name: str) -> str:
        values = self.headers.get(name.lower(), ())
        return values[0] if values else ""


_ID = re.compile(r"<[^<>\s]{1,900}>")


def parse(raw: bytes) -> ParsedMessage:
    """Read any bytes at all; never raises."""
    error = ""
    message = _structure(raw[:READ_LIMIT])
    if message is None:
        error = "The message is nested too deeply to be taken apart."
        message = _without_structure(raw[:READ_LIMIT])
    headers = _headers(message)
    parts = tuple(_parts(message))
    from_name, from_email = _sender(headers)
    text, lines = _body(parts)
    return ParsedMessage(
        headers=headers,
        content_type=_content_type(message),
        parts=parts,
        embedded=_embedded(message),
        from_name=from_name,
        from_email=from_email,
        recipients=tuple(
            address
            for name in ("to", "cc", "delivered-to", "x-original-to")
            for value in headers.get(name, ())
            for _, address in addresses_in(value)
        ),
        subject=one_line(_first(headers, "subject"))[:998],
        message_id=_one_id(_first(headers, "message-id")),
        in_reply_to=_one_id(_first(headers, "in-reply-to")),
        references=tuple(dict.fromkeys(_ID.findall(" ".join(headers.get("references", ())))))[-100:],
        date=_date(_first(headers, "date")),
        text=text,
        new_text=new_text_of(lines),
        error=error,
    )


def parse_text(*, subject: str = "", text: str = "", html: str = "") -> ParsedMessage:
    """The same for a text without a message around it."""
    lines = lines_of_html(html) if html and not text else lines_of_text(text)
    return ParsedMessage(
        headers={"subject": (subject,)} if subject else {},
        subject=one_line(subject)[:998],
        text=text_of(lines),
        new_text=new_text_of(lines),
    )


# --- Structure -------------------------------------------------------------------------------------------------------


def _structure(raw: bytes) -> Message | None:
    # An mbox separator, or a transcript's blank lines, stand before the headers of some saved messages.
    raw = _cut_to_measure(raw.lstrip(b"\r\n"))
    try:
        return message_from_bytes(raw, policy=_LIMITED)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError):
        return None


class _Limited(policy.Compat32):
    """Everything as it stands, but headers with parameters no longer than any real one."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:PARAMETERS_LIMIT] if name.lower().startswith("content-") else value


_LIMITED = _Limited()


def _cut_to_measure(raw: bytes) -> bytes:
    """The beginning of a message that would take too long as a whole: very many lines, and many boundaries."""
    boundaries = raw.lower().count(b"boundary")
    lines = min(LINES_LIMIT, COMPARISONS_LIMIT // (boundaries + 1))
    if raw.count(b"\n") + raw.count(b"\r") <= lines:
        return raw
    ends = (end.end() for end in re.finditer(rb"\r\n|\r|\n", raw))
    return raw[: next(islice(ends, lines, None), len(raw))]


def _without_structure(raw: bytes) -> Message:
    """The headers as they are, and what follows as one text."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    message = message_from_bytes(head + b"\n\n", policy=_LIMITED)
    del message["Content-Type"]
    message.set_payload(body[:TEXT_LIMIT].decode("ascii", "surrogateescape"))
    return message


def _repaired(part: Message) -> Message | None:
    """A multipart whose header names no boundary, or another one than its body has: taken apart by the body's own."""
    payload = _bytes_of(part)
    lines = payload[:100_000].decode("latin-1").split("\n")
    boundary = next(
        (
            line[2:].strip()
            for line, following in pairwise(lines)
            if line.startswith("--")
            and 2 < len(line.strip()) <= 100
            and (not following.strip() or following.lower().startswith("content-"))
        ),
        "",
    )
    if not boundary:
        return None
    head = f'Content-Type: multipart/mixed; boundary="{boundary}"\n\n'.encode("latin-1")
    again = _structure(head + payload)
    return again if again is not None and again.is_multipart() else None


# Parts whose content is header fields, which the library takes for messages of their own.
_REPORTS = ("delivery-status", "feedback-report", "disposition-notification")


def _parts(message: Message) -> Iterator[Part]:
    """The leaves, in order; at most MAX_PARTS, and none deeper than MAX_DEPTH. A stack, not recursion."""
    waiting: list[tuple[Message, tuple[str, ...]]] = [(message, ())]
    seen = 0
    while waiting and seen < MAX_PARTS:
        current, inside = waiting.pop()
        seen += 1
        content_type = _content_type(current)
        payload = current.get_payload()
        if isinstance(payload, list) and content_type.endswith(_REPORTS):
            yield Part(
                content_type,
                "\n\n".join(_fields_of(block) for block in payload[:MAX_PARTS] if isinstance(block, Message)),
                inside,
            )
        elif isinstance(payload, list):
            if len(inside) < MAX_DEPTH:
                waiting.extend(
                    (each, (*inside, content_type)) for each in reversed(payload) if isinstance(each, Message)
                )
        elif isinstance(payload, str) and content_type.startswith("multipart/"):
            # Each repair reads the rest anew: few are enough for a mistake, and many are an attack.
            again = _repaired(current) if len(inside) < 3 else None
            if again is not None:
                waiting.append((again, (*inside, content_type)))
            else:
                yield Part("text/plain", _decoded_body(current, {}), inside)
        else:
            yield _leaf(current, content_type, inside)


def _embedded(message: Message) -> dict[str, str]:
    """The headers of the message that this one carries, such as a bounce the letter that came back."""
    waiting, seen = [message], 0
    while waiting and seen < MAX_PARTS:
        current = waiting.pop(0)
        seen += 1
        payload = current.get_payload()
        if not isinstance(payload, list):
            continue
        if _content_type(current) in {"message/rfc822", "message/global"} and isinstance(payload[0], Message):
            return {name: " ".join(values) for name, values in _headers(payload[0]).items()}
        waiting.extend(each for each in payload if isinstance(each, Message))
    return {}


def _fields_of(block: Message) -> str:
    """A block of a delivery status (RFC 3464, 2.1) as the lines it was made of."""
    fields = [f"{name}: {decoded_header(value)}" for name, value in block.raw_items()]
    payload = block.get_payload()
    if isinstance(payload, str) and payload.strip():
        fields.append(payload.strip())
    return "\n".join(fields)


def _leaf(part: Message, content_type: str, inside: tuple[str, ...]) -> Part:
    disposition = one_line(decoded_header(str(part.get("Content-Disposition", "")))).lower()
    filename = _filename(part)
    is_text = content_type.startswith(("text/", "message/")) or content_type == "application/octet-stream"
    parameters = _parameters(part)
    return Part(
        content_type=content_type,
        text=_decoded_body(part, parameters) if is_text else "",
        inside=inside,
        is_attachment=disposition.startswith("attachment") or bool(filename and not content_type.startswith("text/")),
        filename=filename,
        parameters=parameters,
    )


def _content_type(part: Message) -> str:
    try:
        # A missing semicolon leaves the next line in it.
        return part.get_content_type().lower().split()[0]
    except (ValueError, TypeError, LookupError, AttributeError):
        return "text/plain"


def _parameters(part: Message) -> Mapping[str, str]:
    try:
        found = part.get_params(failobj=[], unquote=True) or []
        return {str(name).lower(): str(value) for name, value in found if isinstance(value, str)}
    except (ValueError, TypeError, LookupError, AttributeError):
        return {}


def _filename(part: Message) -> str:
    told = [part.get("Content-Disposition", ""), part.get("Content-Type", "")]
    if all(isinstance(value, str) and "name" not in value.lower() for value in told):
        return ""  # Nearly all: no need to take the parameters apart.
    try:
        name = part.get_filename("") or ""
    except (ValueError, TypeError, LookupError, AttributeError):
        return ""
    return one_line(decoded_header(name))[:200]


def _decoded_body(part: Message, parameters: Mapping[str, str]) -> str:
    raw = _bytes_of(part)[: TEXT_LIMIT * 4]
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        raw = _base64(raw)
    elif encoding == "quoted-printable":
        raw = quopri.decodestring(raw)
    elif encoding in {"x-uuencode", "uuencode", "uue", "x-uue"}:
        raw = _uudecoded(raw)
    return decoded(raw, parameters.get("charset", ""))[:TEXT_LIMIT]


def _bytes_of(part: Message) -> bytes:
    """A leaf's content as it came, transfer encoding and all."""
    # Asked for text, the library guesses a charset; asked to decode, it hands out bytes. Without a transfer encoding
    # those are the bytes as they came.
    encoding = part.get("Content-Transfer-Encoding")
    del part["Content-Transfer-Encoding"]
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, TypeError, LookupError, AttributeError):
        payload = b""
    if encoding is not None:
        part["Content-Transfer-Encoding"] = encoding
    return payload if isinstance(payload, bytes) else b""


def _is_escaped(text: str) -> bool:
    try:
        text.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _base64(raw: bytes) -> bytes:
    """Lenient: foreign characters are dropped, a missing end is made up."""
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
    try:
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    except binascii.Error:
        return raw


def _uudecoded(raw: bytes) -> bytes:
    out = bytearray()
    for line in raw.splitlines():
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            return raw
    return bytes(out)


# --- Characters ------------------------------------------------------------------------------------------------------

_KNOWN_AS = {
    "unicode-1-1-utf-7": "utf-7", "x-sjis": "cp932", "shift_jis": "cp932", "x-gbk": "gb18030", "gb2312": "gb18030",
    "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "iso-8859-8-i": "iso-8859-8", "x-unknown": "",
    "unknown": "", "unknown-8bit": "", "default": "", "utf8": "utf-8", "ansi_x3.4-1968": "us-ascii", "8bit": "",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "us-ascii": "", "ascii": "",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman", "cp-850": "cp850", "iso-2022-jp": "iso2022_jp_ext", "iso-8859-9": "cp1254",
}  # fmt: skip


def decoded(raw: bytes, charset: str) -> str:
    """Bytes as text: as UTF-8 when they are valid UTF-8 with characters beyond ASCII, whatever the label says (so
    few other texts are valid UTF-8 by chance); else by the label; else as Windows-1252.
    """
    label = charset.strip().strip("\"'").lower()
    label = _KNOWN_AS.get(label, label)
    # Seven-bit encodings hide their characters in ASCII.
    if label.startswith(("iso2022", "iso-2022", "utf-7", "hz")):
        with_label = _try(raw, label)
        if with_label is not None:
            return _tidy(with_label)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or label.startswith(("utf-16", "utf-32")):
        wide = _try(raw, label if label.startswith("utf-") else "utf-16")
        if wide is not None:
            return _tidy(wide)
    as_utf8 = _try(raw, "utf-8-sig")
    if as_utf8 is not None:
        return _tidy(as_utf8)
    labelled = _try(raw, label) if label and label not in {"utf-8", "utf-8-sig"} else None
    if labelled is not None:
        return _tidy(labelled)
    if label.startswith(("gb", "cp9", "big5", "euc", "utf-8")) and _mostly(raw, label):
        return _tidy(raw.decode(label, "replace"))
    western = _try(raw, "cp1252")
    return _tidy(western if western is not None else raw.decode("latin-1"))


def _try(raw: bytes, charset: str) -> str | None:
    try:
        # The codec must be one for text: "base64" and "zip" are codecs too.
        return raw.decode(charset) if codecs.lookup(charset)._is_text_encoding else None
    except (LookupError, UnicodeError, ValueError):
        return None


def _mostly(raw: bytes, charset: str) -> bool:
    """Whether the label fits but for a few damaged characters."""
    try:
        text = raw.decode(charset, "replace")
    except (LookupError, ValueError):
        return False
    beyond = sum(1 for char in text if char > "\x7f")
    return beyond > 0 and text.count("\ufffd") * 4 <= beyond


def _tidy(text: str) -> str:
    """One kind of line end; no NUL (which PostgreSQL refuses), no lone surrogates (which UTF-8 does)."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")


def decoded_header(value: str) -> str:
    """A header's value, unfolded and decoded (RFC 2047); 8-bit bytes are read as `decoded` reads a text."""
    if not isinstance(value, str):
        value = str(value)
    value = _in_one_line(value)
    if "=?" not in value:
        return _tidy(value).strip()
    value = _BETWEEN_WORDS.sub(r"\1", value)
    out: list[str] = []
    pending = b""
    charset = ""
    position = 0

    def flush() -> None:
        nonlocal pending
        if pending:
            out.append(decoded(pending, charset))
            pending = b""

    for word in _ENCODED_WORD.finditer(value):
        if word.start() > position:
            flush()
            out.append(value[position : word.start()])
        label = word.group(1).partition("*")[0].lower()
        if label != charset:
            flush()
            charset = label
        # Joined before decoding: some programs cut a character in two (against RFC 2047, 5).
        pending += _word_bytes(word.group(2), word.group(3))
        position = word.end()
    flush()
    out.append(value[position:])
    return _tidy("".join(out)).strip()


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return _base64(raw) if encoding in "bB" else quopri.decodestring(raw.replace(b"_", b"=20"), header=False)


# --- Headers ---------------------------------------------------------------------------------------------------------


def _headers(message: Message) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        values = found.setdefault(str(name).strip().lower(), [])
        if len(values) < 100:
            # Addresses are taken apart before they are decoded: a name may hold a comma.
            values.append(_unfolded(value) if name.lower() in _ADDRESS_HEADERS else decoded_header(value))
    return {name: tuple(values) for name, values in found.items()}


_ADDRESS_HEADERS = frozenset({"from", "sender", "reply-to", "to", "cc", "delivered-to", "x-original-to"})


def _unfolded(value: str) -> str:
    return _tidy(_in_one_line(str(value))).strip()


def _in_one_line(value: str) -> str:
    """A header's value without its folds; 8-bit bytes are read as `decoded` reads a text."""
    value = value[:HEADER_LIMIT]
    if not value.isascii() and _is_escaped(value):
        value = decoded(value.encode("ascii", "surrogateescape"), "")
    return _FOLD.sub(" ", value) if "\n" in value or "\r" in value else value


_FOLD = re.compile(r"\r?\n[ \t]*|\r")


def _first(headers: Mapping[str, tuple[str, ...]], name: str) -> str:
    return next((value for value in headers.get(name, ()) if value.strip()), "")


# Tried only where a word begins: in a long word without an @ every other place would be tried in vain.
_ADDRESS = re.compile(r"(?<![^\s<>()\[\]\",;:@\\])[^\s<>()\[\]\",;:@\\]{1,128}@[^\s<>()\[\]\",;:@\\]{1,253}")
# A quoted name, an address in its brackets, what stands between two people, and words: each read once, in one pass.
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|<[^<>]*>|[,;<>]|[^"<>,;]+', re.DOTALL)


def addresses_in(value: str) -> list[tuple[str, str]]:
    """Name and address of each mailbox in an address header, decoded; what cannot be one is left out."""
    found: list[tuple[str, str]] = []
    before, name = "", ""  # what stands before the next person, and what may be their name
    for piece in _PIECE.findall(value[:ADDRESSES_LIMIT]):
        if len(piece) > 1 and piece[0] == "<":
            found += [("", each) for each in _ADDRESS.findall(before)]
            address = _ADDRESS.search(piece)
            if address:
                found.append((_display_name(name), _clean(address.group())))
            before = name = ""
        elif piece in ",;<>":
            before, name = before + name + piece, ""
        else:
            name += piece
    for rest in (before + name).split(","):
        address = _ADDRESS.search(rest)
        if address:
            # The older form: address (Name).
            comment = re.search(r"\(([^()]*)\)", rest)
            found.append((_display_name(comment.group(1)) if comment else "", _clean(address.group())))
    return found


def _clean(address: str) -> str:
    return address.strip("'.`").removeprefix("mailto:")


def _display_name(raw: str) -> str:
    name = raw.strip().strip(",;").strip()
    if len(name) >= 2 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return one_line(decoded_header(name)).strip("\"' ")[:200]


def _sender(headers: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    for name in ("from", "sender", "return-path"):
        for value in headers.get(name, ()):
            for person, address in addresses_in(value):
                return person, address[:254]
    # A name without an address, or an encoded word around the whole.
    value = _first(headers, "from")
    whole = decoded_header(value)
    for person, address in addresses_in(whole):
        return person, address[:254]
    return _display_name(re.sub(r"<[^>]*>?", "", whole)), ""


def _one_id(value: str) -> str:
    ids = _ID.findall(value)
    if ids:
        return str(ids[0])
    bare = value.split()
    return f"<{bare[0].strip('<>')[:900]}>" if bare and "@" in bare[0] else ""


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return date


def one_line(text: str) -> str:
    return " ".join(text.split())


# --- Text ------------------------------------------------------------------------------------------------------------

_NO_HTML = re.compile(
    r"(support|view|display|capable|enable|unterstütz|lire|visual)\w*.{0,60}html|html.{0,60}(support|view"
    r"|client|reader)",
    re.IGNORECASE | re.DOTALL,
)


def _body(parts: tuple[Part, ...]) -> tuple[str, list[Line]]:
    """The text that a person reads: inline text parts one after the other, of alternatives the plain one."""
    own = [
        part
        for part in parts
        if not part.is_attachment and not part.is_embedded and part.content_type.startswith("text/")
    ]
    own = list(_that_fit(own))
    plain = [part for part in own if part.content_type not in {"text/html", "text/calendar", "text/rfc822-headers"}]
    html = [part for part in own if part.content_type == "text/html"]
    plain_lines = [line for part in plain for line in lines_of_text(part.text, part.parameters)]
    said = any(line.text.strip() for line in plain_lines)
    # A plain part may be only a notice that one should read the other.
    words = " ".join(line.text for line in plain_lines)
    if html and (not said or (len(words) < 400 and _NO_HTML.search(words))):
        lines = [line for part in html for line in lines_of_html(part.text)]
        if any(line.text.strip() for line in lines):
            return text_of(lines), lines
    return text_of(plain_lines), plain_lines


def _that_fit(parts: list[Part]) -> Iterator[Part]:
    """The first part, and those after it that are not too much in all: a letter is not written in many long pieces."""
    size = 0
    for part in parts:
        if not size or size + len(part.text) <= TEXT_LIMIT * 2:
            size += len(part.text)
            yield part


def lines_of_text(text: str, parameters: Mapping[str, str] | None = None) -> list[Line]:
    """The lines of a plain text; with format=flowed (RFC 3676) its paragraphs are put together again."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").replace("\ufeff", "").split("\n")
    if parameters and parameters.get("format", "").lower() == "flowed":
        lines = _unflowed(lines, delete_space=parameters.get("delsp", "").lower() == "yes")
    return [Line(line.rstrip()) if line != "-- " else Line(line) for line in lines]


def _unflowed(lines: list[str], *, delete_space: bool) -> list[str]:
    out: list[str] = []
    open_depth = -1
    for line in lines:
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:]
        content = content.removeprefix(" ")
        soft = content.endswith(" ") and content != "-- "
        if open_depth == depth and content != "-- ":
            out[-1] = out[-1] + content
        else:
            out.append(f"{'>' * depth} {content}" if depth else content)
        if soft and delete_space:
            out[-1] = out[-1][:-1]
        open_depth = depth if soft else -1
    return out


def text_of(lines: list[Line]) -> str:
    """All lines as one text, quotation by markup shown as `>`."""
    shown = [f"{'>' * line.quoted} {line.text}".rstrip() if line.quoted else line.text for line in lines]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(shown)).strip()[:TEXT_LIMIT]
