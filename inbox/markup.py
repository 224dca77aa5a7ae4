"""HTML of a letter as lines of text: what a reader sees, and which of it is quotation or signature by its markup.

A tokenizer of our own: mail has broken markup, and a parser for browsers would need a library. One pass, linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

# More than any letter that a person wrote; what comes after is quotation and ornament.
HTML_LIMIT = 400_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a reader sees it. `quoted` counts levels of quotation; `signature` is what markup calls one."""

    text: str
    quoted: int = 0
    signature: bool = False


# Possessive: where the end of a tag is missing, a shorter name or fewer attributes would not bring it back.
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,40}+)([^<>]{0,5000}+(?:<[^<>]{0,500}+){0,8}+)>")
_ATTRIBUTE = re.compile(r"""([a-zA-Z_:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_SPACE = re.compile(r"[ \t\r\n\f]+")

_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "select", "object"})
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "wbr"})
_BLOCKS = frozenset(
    {
        "address", "article", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "footer", "form",
        "h1", "h2", "h3", "h4", "h5", "h6", "header", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table",
        "tbody", "tfoot", "thead", "tr", "ul",
    }
)  # fmt: skip
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre"})
_CLOSED_BY_SAME = frozenset({"p", "li", "tr", "td", "th", "dd", "dt", "option"})

# Names that mail programs give to what they put around a quotation, an attribution or a signature. Outlook on the web
# writes x_ before the names of what it quotes.
_QUOTE_NAMES = re.compile(
    r"(?:^|\s)(?:x_)*(?:gmail_attr|moz-cite-prefix|yahoo_quoted\w*|protonmail_quote|tutanota_quote|zmail_extra"
    r"|ydp\w*yahoo_quoted|OutlookMessageHeader|mailspring-quote|WordSection1Quote|quote-header|ReplyHeader"
    r"|gmail_extra_quote|cloudmagic_quote\w*|edo-original-message|reply_prefix)(?:\s|$)",
    re.IGNORECASE,
)
# From here on everything is quotation: Outlook puts the old letter after these, not into them.
_CUT_NAMES = re.compile(
    r"(?:^|\s)(?:divRplyFwdMsg|appendonsend|stopSpelling|reply-intro|mail-editor-reference-message-container"
    r"|ms-outlook-mobile-reference-message)(?:\s|$)",
    re.IGNORECASE,
)
_SIGNATURE_NAMES = re.compile(
    r"(?:^|\s)(?:x_)*(?:gmail_signature\w*|moz-signature|moz-txt-sig|ms-outlook-mobile-signature|email-signature"
    r"|mailspring-signature|protonmail_signature_block\S*|AppleMailSignature|signature_block|bloop_sign\w*"
    r"|yahoo-signature|ydp\w*signature|Signature|zmail_signature\w*|airmail_ext_signature)(?:\s|$)",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
# Word's rule above a quoted letter's header block.
_OUTLOOK_RULE = re.compile(r"border(?:-top)?\s*:[^;\"']*solid\s*#(?:b5c4df|e1e1e1)", re.IGNORECASE)


def lines_of_html(html: str) -> list[Line]:
    """What a reader sees of an HTML letter, in order; never raises."""
    return _Reader().read(html[:HTML_LIMIT])


@dataclass(slots=True)
class _Open:
    tag: str
    quote: bool = False
    signature: bool = False
    skipped: bool = False
    pre: bool = False


@dataclass
class _Reader:
    lines: list[Line] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    quoted: int = 0
    signatures: int = 0
    skipped: int = 0
    pres: int = 0
    cut: bool = False

    def read(self, html: str) -> list[Line]:
        position = 0
        lowered = html.lower()
        while position < len(html):
            start = html.find("<", position)
            if start < 0:
                self.text(html[position:])
                break
            self.text(html[position:start])
            if html.startswith("<!--", start):
                end = html.find("-->", start + 4)
                position = len(html) if end < 0 else end + 3
                continue
            if html.startswith(("<!", "<?"), start):
                end = html.find(">", start)
                position = len(html) if end < 0 else end + 1
                continue
            tag = _TAG.match(html, start)
            if tag is None:
                self.text("<")
                position = start + 1
                continue
            position = tag.end()
            name = tag.group(2).lower().rpartition(":")[2]
            if tag.group(1):
                self.close(name)
            else:
                self.open(name, tag.group(3))
                if name in {"script", "style"}:
                    # Their content is no markup.
                    end = lowered.find(f"</{name}", position)
                    position = max(position, end)
        self.end_line()
        return self.lines

    def text(self, raw: str) -> None:
        if not raw or self.skipped:
            return
        text = unescape(raw).replace("\xa0", " ").replace("\u200b", "").replace("\ufeff", "").replace("\xad", "")
        if self.pres:
            first, *rest = text.replace("\r\n", "\n").split("\n")
            self.current.append(first)
            for line in rest:
                self.end_line(keep_empty=True)
                self.current.append(line)
        else:
            self.current.append(_SPACE.sub(" ", text))

    def open(self, name: str, attributes: str) -> None:
        if name == "br":
            self.end_line(keep_empty=True)
            return
        if name == "hr":
            self.end_line()
            return
        if name in {"td", "th"} and self.current:
            self.current.append(" ")
        if name in _BLOCKS:
            self.end_line()
            if name in _SPACED:
                self.space()
        if name == "li" and not self.skipped:
            self.current.append("- ")
        if name in _VOID or attributes.endswith("/"):
            return
        if name in _CLOSED_BY_SAME and self.stack and self.stack[-1].tag == name:
            self.close(name)
        self.push(name, attributes)

    def push(self, name: str, attributes: str) -> None:
        values = {
            key.lower(): double or single or bare
            for key, double, single, bare in (_ATTRIBUTE.findall(attributes) if "=" in attributes else ())
        }
        names = f"{values.get('class', '')} {values.get('id', '')} {values.get('data-smartmail', '')}"
        style = values.get("style", "")
        if _CUT_NAMES.search(names) or (name == "div" and "padding" in style and _OUTLOOK_RULE.search(style)):
            self.end_line()
            self.cut = True
        opened = _Open(
            name,
            quote=(name == "blockquote" and self.is_quotation(values)) or bool(_QUOTE_NAMES.search(names)),
            signature=bool(_SIGNATURE_NAMES.search(names)),
            skipped=name in _SKIPPED or bool(_HIDDEN.search(style)),
            pre=name == "pre",
        )
        if opened.quote or opened.signature:
            self.end_line()
        self.stack.append(opened)
        self.quoted += opened.quote
        self.signatures += opened.signature
        self.skipped += opened.skipped
        self.pres += opened.pre

    def is_quotation(self, values: dict[str, str]) -> bool:
        """Whether a blockquote quotes the old letter: it is marked, or stands below "… wrote:"; some only indent."""
        if values.keys() & {"type", "cite", "class", "style", "id"}:
            return True
        above = "".join(self.current).strip() or next((each.text for each in reversed(self.lines) if each.text), "")
        return self.quoted > 0 or not above or above.rstrip().endswith((":", "："))

    def close(self, name: str) -> None:
        if name in _BLOCKS:
            self.end_line()
        depth = next((back for back, each in enumerate(reversed(self.stack[-400:])) if each.tag == name), None)
        if depth is None:
            return
        for _ in range(depth + 1):
            opened = self.stack.pop()
            if opened.quote or opened.signature:
                self.end_line()
            self.quoted -= opened.quote
            self.signatures -= opened.signature
            self.skipped -= opened.skipped
            self.pres -= opened.pre
        if name in _SPACED:
            self.space()

    def end_line(self, *, keep_empty: bool = False) -> None:
        text = "".join(self.current)
        self.current.clear()
        text = text.rstrip() if self.pres else _SPACE.sub(" ", text).strip()
        if text or (keep_empty and self.lines):
            self.add(text)

    def space(self) -> None:
        if self.lines and self.lines[-1].text:
            self.add("")

    def add(self, text: str) -> None:
        self.lines.append(Line(text, quoted=self.quoted + self.cut, signature=self.signatures > 0))
