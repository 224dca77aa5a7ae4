"""A message as it came: its files, its HTML made harmless, its headers. Read when a person asks for them.

Nothing in it is believed. A file is bytes with a name, and is never opened here, so an archive that would unpack to a
terabyte stays as small as it came. HTML keeps what words and tables need; what runs, loads or covers the page goes.
"""

from __future__ import annotations

import base64
import mimetypes
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message

import nh3

from inbox.parsing import MAX_DEPTH, MAX_PARTS, decoded, decoded_header, one_line

# Lines times boundaries, as inbox.parsing has it; here for all 25 MB, which somebody waits for.
COMPARISONS_LIMIT = 12_000_000
HEADERS_LIMIT = 64 * 1024
HTML_LIMIT = 1024 * 1024
# Tags that are open at once: the parser's time grows with the square of it, and no letter comes near.
OPEN_TAGS_LIMIT = 1_000
PICTURE_LIMIT = 2 * 1024 * 1024
PICTURES_LIMIT = 8 * 1024 * 1024
LOWEST_FRAME, HIGHEST_FRAME = 160, 960  # pixels
PIXELS_A_LINE, PIXELS_A_PARAGRAPH, PIXELS_A_PICTURE, CHARACTERS_A_LINE = 24, 40, 120, 60
_BREAK = re.compile(r"<(?:br|tr|li|div|hr|pre)\b")
_PARAGRAPH = re.compile(r"<(?:p|h[1-6]|blockquote|table)\b")
_ANY_TAG = re.compile(r"<[^>]*>")
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# Parts that reports are made of: whoever wants them reads the message itself.
_REPORTS = ("delivery-status", "feedback-report", "disposition-notification", "rfc822-headers")


@dataclass(frozen=True, slots=True)
class File:
    """One file of a message. `size` in bytes, as good as it can be told without decoding."""

    number: int
    name: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Contents:
    files: Sequence[File] = ()
    has_html: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The HTML of a message, harmless; `remote` says how many pictures stay on their servers."""

    html: str
    remote: int = 0
    trouble: str = ""

    @property
    def height(self) -> int:
        """Pixels that it may need, within reason. A frame without scripts and origin tells nobody how high it is."""
        pixels = (
            PIXELS_A_LINE * (len(_BREAK.findall(self.html)) + len(_ANY_TAG.sub("", self.html)) // CHARACTERS_A_LINE)
            + PIXELS_A_PARAGRAPH * len(_PARAGRAPH.findall(self.html))
            + PIXELS_A_PICTURE * self.html.count("<img")
        )
        return min(max(pixels, LOWEST_FRAME), HIGHEST_FRAME)


# --- What there is ----------------------------------------------------------------------------------------------------


def contents_of(raw: bytes) -> Contents:
    leaves = _leaves(raw)
    html = _html_part(leaves)
    return Contents(files=_files(leaves, shown=_cids_in(html)), has_html=html is not None)


def file_in(raw: bytes, number: int) -> tuple[str, bytes] | None:
    """Name and bytes of one file; None where there is no such file."""
    leaves = _leaves(raw)
    found = next((file for file in _files(leaves) if file.number == number), None)
    return (found.name, _content_of(leaves[number])) if found else None


def headers_of(raw: bytes) -> str:
    """The block of headers as it came."""
    block = re.split(rb"\r?\n\r?\n", raw.lstrip(b"\r\n")[:HEADERS_LIMIT], maxsplit=1)[0]
    return decoded(block, "").replace("\r\n", "\n")


# --- The parts --------------------------------------------------------------------------------------------------------


def _leaves(raw: bytes) -> list[Message]:
    """The parts that hold something, in order; at most MAX_PARTS, none deeper than MAX_DEPTH."""
    boundaries = len(re.findall(rb"boundary", raw, re.IGNORECASE))
    if (raw.count(b"\n") + raw.count(b"\r")) * (boundaries + 1) > COMPARISONS_LIMIT:
        return []
    try:
        message = message_from_bytes(raw.lstrip(b"\r\n"), policy=policy.compat32)
        return list(_walk(message))
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        return []


def _walk(message: Message) -> Iterator[Message]:
    waiting: list[tuple[Message, int]] = [(message, 0)]
    seen = 0
    while waiting and seen < MAX_PARTS:
        current, depth = waiting.pop()
        seen += 1
        payload = current.get_payload()
        if isinstance(payload, list) and current.get_content_maintype() == "multipart":
            if depth < MAX_DEPTH:
                waiting.extend((each, depth + 1) for each in reversed(payload) if isinstance(each, Message))
        else:
            yield current  # A message within the message is one file.


def _files(leaves: Sequence[Message], *, shown: frozenset[str] = frozenset()) -> list[File]:
    """What can be saved: all but the letter's own texts, and pictures that stand in its HTML."""
    found = []
    for number, part in enumerate(leaves):
        content_type = _type_of(part)
        attached = str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")
        named = _given_name(part)
        is_text = content_type in {"text/plain", "text/html"} and not attached and not named
        if is_text or content_type.endswith(_REPORTS) or (not attached and _cid_of(part) in shown):
            continue
        name = safe_name(named, number, content_type)
        found.append(File(number, name, content_type, _size_of(part)))
    return found


def safe_name(given: str, number: int, content_type: str) -> str:
    """A name that no system takes for more than a name: the last part of a path, without what steers or reverses text.

    Marks that turn the direction of writing make `exe.fdp` of what ends in .exe (Unicode TR 36, 2.7).
    """
    last = re.split(r"[/\\]", given)[-1]
    plain = "".join(
        " " if unicodedata.category(character)[0] in {"C", "Z"} else character
        for character in unicodedata.normalize("NFC", last)
    )
    plain = re.sub(r'[<>:"|?*]', "_", one_line(plain)).strip(" .")
    if len(plain) > 120:
        stem, dot, ending = plain.rpartition(".")
        plain = stem[: 119 - len(ending)] + dot + ending if stem and len(ending) <= 10 else plain[:120]
    return plain or f"file-{number + 1}{_ending_of(content_type)}"


def _ending_of(content_type: str) -> str:
    if content_type == "message/rfc822":
        return ".eml"
    return mimetypes.guess_extension(content_type) or ".bin"


def _type_of(part: Message) -> str:
    try:
        return part.get_content_type().lower().split()[0]
    except (ValueError, TypeError, LookupError, AttributeError):
        return "application/octet-stream"


def _given_name(part: Message) -> str:
    try:
        return one_line(decoded_header(part.get_filename("") or ""))
    except (ValueError, TypeError, LookupError, AttributeError):
        return ""


def _size_of(part: Message) -> int:
    payload = part.get_payload()
    if not isinstance(payload, str):
        return len(_content_of(part))
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    return len(payload) * 73 // 100 if encoding == "base64" else len(payload)  # three bytes in four, and line ends


def _content_of(part: Message) -> bytes:
    payload = part.get_payload()
    if isinstance(payload, list):  # a message within
        try:
            return b"".join(each.as_bytes() for each in payload[:1] if isinstance(each, Message))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return b""
    try:
        content = part.get_payload(decode=True)
    except (ValueError, TypeError, LookupError, AttributeError):
        return b""
    return content if isinstance(content, bytes) else b""


# --- HTML -------------------------------------------------------------------------------------------------------------

_TAGS = frozenset(
    {
        "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center",
        "cite", "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font",
        "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark",
        "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup", "table",
        "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
    }
)  # fmt: skip
_GONE_WITH_CONTENT = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "iframe", "select"}
)
_ATTRIBUTES = {
    "*": {"style", "align", "valign", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "face", "size"},
    "table": {"width", "border", "cellpadding", "cellspacing", "bgcolor"},
    "tr": {"bgcolor"},
    "td": {"colspan", "rowspan", "width", "height", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "height", "bgcolor", "scope"},
    "col": {"span", "width"},
    "ol": {"start", "type"},
}
# Looks, not places: nothing here can load a picture or lay one thing over another.
_STYLES = frozenset(
    {
        "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left",
        "border-radius", "border-right", "border-spacing", "border-style", "border-top", "border-width",
        "color", "direction", "display", "font-family", "font-size", "font-style", "font-variant",
        "font-weight", "height", "letter-spacing", "line-height", "list-style-type", "margin", "margin-bottom",
        "margin-left", "margin-right", "margin-top", "max-width", "padding", "padding-bottom", "padding-left",
        "padding-right", "padding-top", "text-align", "text-decoration", "text-indent", "text-transform",
        "vertical-align", "white-space", "width", "word-break",
    }
)  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NEVER_OPEN = frozenset(
    {"br", "hr", "img", "input", "meta", "link", "col", "wbr", "p", "li", "td", "th", "tr", "option"}
)
_SRC_CID = re.compile(r"cid:([^\s\"'<>]{1,300})", re.IGNORECASE)


def page_of(raw: bytes, *, with_remote: bool) -> Page | None:
    """The message's HTML, sanitised; None where it has none. `with_remote`: pictures on servers may load."""
    leaves = _leaves(raw)
    html = _html_part(leaves)
    if html is None:
        return None
    if _is_too_deep(html):
        return Page("", trouble="This HTML is nested too deeply to be shown. Its text stands in the thread.")
    pictures = _Pictures(leaves, with_remote=with_remote)
    clean = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_GONE_WITH_CONTENT),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=pictures.keep,
        filter_style_properties=set(_STYLES),
        url_schemes={"http", "https", "mailto", "cid", "data"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return Page(clean, remote=pictures.remote)


class _Pictures:
    """Decides what each attribute may keep: pictures of the message itself stand in the page, others wait."""

    def __init__(self, leaves: Sequence[Message], *, with_remote: bool) -> None:
        self.own = {cid: part for part in leaves if (cid := _cid_of(part))}
        self.with_remote = with_remote
        self.remote = 0
        self.room = PICTURES_LIMIT

    def keep(self, tag: str, attribute: str, value: str) -> str | None:
        scheme = value.strip().partition(":")[0].lower()
        if (tag, attribute) == ("a", "href"):
            return value if scheme in {"http", "https", "mailto"} else None
        if attribute == "style":
            return value if "url(" not in value.lower() and "\\" not in value else None
        if (tag, attribute) != ("img", "src"):
            return value
        if scheme == "cid":
            return self._own(value.strip()[4:])
        if scheme == "data":
            return value if re.match(r"\s*data:image/(png|jpeg|gif|webp);base64,", value, re.IGNORECASE) else None
        self.remote += 1
        return value if self.with_remote and scheme == "https" else None

    def _own(self, cid: str) -> str | None:
        part = self.own.get(cid.lower())
        if part is None or _type_of(part) not in PICTURES:
            return None
        content = _content_of(part)
        if len(content) > min(PICTURE_LIMIT, self.room):
            return None
        self.room -= len(content)
        return f"data:{_type_of(part)};base64,{base64.b64encode(content).decode('ascii')}"


def _html_part(leaves: Sequence[Message]) -> str | None:
    for part in leaves:
        attached = str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")
        if _type_of(part) == "text/html" and not attached:
            try:
                charset = str(part.get_param("charset", "") or "")
            except (ValueError, TypeError, LookupError, AttributeError):
                charset = ""
            return decoded(_content_of(part)[:HTML_LIMIT], charset)
    return None


def _cids_in(html: str | None) -> frozenset[str]:
    return frozenset(found.lower() for found in _SRC_CID.findall(html or ""))


def _cid_of(part: Message) -> str:
    return str(part.get("Content-ID", "")).strip().strip("<>").lower()[:300]


def _is_too_deep(html: str) -> bool:
    depth = 0
    for match in _TAG.finditer(html):
        if match.group(2).lower() not in _NEVER_OPEN:
            depth += -1 if match.group(1) else 1
            if depth > OPEN_TAGS_LIMIT:
                return True
            depth = max(depth, 0)
    return False
