"""A web page as a reader sees it: blocks of visible text, links, what machines are told, and scripts, in one walk.

Whatever a page holds, reading it ends: sizes are bounded, the walk has a stack of its own, and nothing is executed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

# A page of text is far below; what is longer is a dump.
HTML_LIMIT = 2_000_000  # characters
SCRIPT_LIMIT = 100_000  # characters of one inline script: longer ones are libraries
BLOCKS_AT_MOST = 20_000
DEEPEST = 2_000  # elements in each other
TEXT_LIMIT = 2_000  # characters of one block

_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center", "dd", "details",
        "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
        "header", "hr", "li", "main", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "td", "th",
        "tr", "ul",
    }
)  # fmt: skip
_SILENT = frozenset({"title", "script", "style", "template", "svg", "select", "iframe", "object", "canvas", "video"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_REVERSED = re.compile(r"unicode-bidi\s*:\s*bidi-override", re.IGNORECASE)
_RIGHT_TO_LEFT = re.compile(r"direction\s*:\s*rtl", re.IGNORECASE)
# Rules of the page's own <style>, of one class each: the rest of CSS is not needed to read what is hidden.
_CLASS_RULE = re.compile(r"\.([\w-]{1,60})\s*\{([^{}]{0,500})\}")
_JAVASCRIPT = frozenset({"", "text/javascript", "application/javascript", "module", "text/ecmascript"})
# Elements that do not end by themselves when the next one begins.
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|td|th|tr|dd|dt|option|br|hr|img|input|meta|link|area|col|wbr)\b)[a-z]", re.IGNORECASE
)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Link:
    """A link: its absolute address, and the words it stands on."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list item, a heading: what stands together. `written` are addresses that stand in it in a form
    that only a browser undoes, decoded, with how they were written.
    """

    text: str
    heading: bool = False
    links: tuple[Link, ...] = ()
    written: tuple[tuple[str, str], ...] = ()
    by_author: bool = False


@dataclass
class Page:
    """What was read of one page."""

    url: str = ""
    title: str = ""
    description: str = ""
    author: str = ""
    language: str = ""
    noindex: bool = False
    blocks: list[Block] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    structured: list[dict[str, Any]] = field(default_factory=list)  # objects of JSON-LD, nested ones too
    scripts: list[str] = field(default_factory=list)  # inline JavaScript, handlers among it
    dates: list[str] = field(default_factory=list)  # as the page gives them to machines

    @property
    def text(self) -> str:
        return "\n".join(block.text for block in self.blocks)

    @property
    def host(self) -> str:
        return (urlsplit(self.url).hostname or "").lower()


def read(html: str, *, url: str = "") -> Page:
    """Read a page. Never raises for anything that a page may hold."""
    page = Page(url=url)
    tree = LexborHTMLParser(_not_too_deep(html[:HTML_LIMIT].replace("\0", "")))
    if tree.root is None:
        return page
    _read_head(tree, page)
    _Walk(page, _class_rules(tree)).walk(tree.root)
    return page


def _not_too_deep(html: str) -> str:
    """Up to where elements stand too deep in each other: parsing costs the square of the depth (200,000: minutes)."""
    depth = 0
    for match in _NESTING.finditer(html):
        depth += -1 if match[1] else 1
        if depth > DEEPEST:
            return html[: match.start()]
    return html


def _read_head(tree: LexborHTMLParser, page: Page) -> None:
    title = tree.css_first("title")
    page.title = _folded(title.text())[:300] if title is not None else ""
    html = tree.css_first("html")
    page.language = ((html.attributes.get("lang") or "") if html is not None else "")[:20].lower()
    for meta in tree.css("meta"):
        name = (meta.attributes.get("name") or meta.attributes.get("property") or "").lower()
        content = _folded(meta.attributes.get("content") or "")[:500]
        if name in {"description", "og:description"}:
            page.description = page.description or content
        elif name in {"author", "article:author"} and "://" not in content:
            page.author = page.author or content[:120]
        elif name == "robots" and "noindex" in content.lower():
            page.noindex = True
        elif name in {"article:published_time", "article:modified_time", "og:updated_time", "date"}:
            page.dates.append(content)
    page.dates += [value for node in tree.css("time[datetime]")[:200] if (value := node.attributes.get("datetime"))]
    for node in tree.css('script[type="application/ld+json"]')[:50]:
        page.structured += _objects(node.text())


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every object in a piece of JSON, the nested ones too; what is no JSON has none."""
    try:
        waiting: list[Any] = [json.loads(text[:SCRIPT_LIMIT], strict=False)]
    except (ValueError, RecursionError):
        return
    for _ in range(2_000):
        if not waiting:
            return
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _class_rules(tree: LexborHTMLParser) -> Mapping[str, str]:
    css = "".join(node.text()[:SCRIPT_LIMIT] for node in tree.css("style")[:20])
    return {name: rule for name, rule in _CLASS_RULE.findall(css) if _HIDDEN.search(rule) or _REVERSED.search(rule)}


@dataclass
class _Walk:
    """One walk over the tree, collecting blocks. `page` is filled."""

    page: Page
    rules: Mapping[str, str]
    parts: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)
    heading: bool = False
    authors: int = 0

    def walk(self, root: LexborNode) -> None:
        # A stack of our own: ten thousand nested elements are no reason to fail.
        stack: list[tuple[LexborNode, bool]] = [(root, False)]
        while stack and len(self.page.blocks) < BLOCKS_AT_MOST:
            node, leaving = stack.pop()
            if leaving:
                self.leave(node)
                continue
            if node.next is not None and node is not root:
                stack.append((node.next, False))
            if node.tag == "-text":
                self.parts.append(node.text_content or "")
            elif node.tag and not node.tag.startswith(("-", "_", "!")) and self.enter(node):
                stack.append((node, True))
                if node.child is not None:
                    stack.append((node.child, False))
        self.flush()

    def enter(self, node: LexborNode) -> bool:
        """Whether its children are text to read."""
        tag, attributes = node.tag or "", node.attributes
        self.page.scripts += [
            value[:SCRIPT_LIMIT] for name, value in attributes.items() if value and name.startswith("on")
        ]
        if tag == "script":
            if (attributes.get("type") or "").lower() in _JAVASCRIPT and not attributes.get("src"):
                script = node.text() or ""
                if len(script) <= SCRIPT_LIMIT:
                    self.page.scripts.append(script)
            return False
        if tag in _SILENT or self.is_hidden(attributes):
            return False
        if "@" in tag:
            self.parts.append(f" {tag} ")  # <info@example.org>, as people write it where markup is not meant
        if tag in _BLOCKS:
            self.flush()
            self.heading = len(tag) == 2 and tag[0] == "h" and tag[1].isdigit()
        if self.is_author(attributes):
            self.authors += 1
        if (token := attributes.get("data-cfemail")) and (address := from_cloudflare(token)):
            self.written.append((address, "Cloudflare"))
            self.parts.append(address)
            return False
        self.note_data(attributes)
        if tag == "img" and (alt := attributes.get("alt")):
            self.parts.append(f" {alt} ")
        if self.is_reversed(attributes):
            text = _folded(node.text(deep=True))
            self.parts.append(text[::-1])
            if "@" in text:
                self.written.append((text[::-1], "reversed"))
            return False
        return True

    def leave(self, node: LexborNode) -> None:
        if node.tag == "a":
            self.note_link(node)
        if self.is_author(node.attributes):
            self.authors -= 1
        if node.tag in _BLOCKS:
            self.flush()
            self.heading = False

    def note_link(self, node: LexborNode) -> None:
        href = (node.attributes.get("href") or "").strip()
        text = _folded(node.text(deep=True))[:300] or _folded(node.attributes.get("title") or "")
        if href.lower().startswith("javascript:"):
            self.page.scripts.append(href[len("javascript:") : SCRIPT_LIMIT])
            return
        _, found, token = href.partition("/cdn-cgi/l/email-protection#")
        if found and (address := from_cloudflare(token)):
            self.written.append((address, "Cloudflare"))
            return
        if not href or href.startswith("#"):
            return
        try:
            absolute = urljoin(self.page.url, href) if self.page.url else href
        except ValueError:
            return
        link = Link(absolute[:2_000], text)
        self.links.append(link)
        self.page.links.append(link)

    def note_data(self, attributes: Mapping[str, str | None]) -> None:
        """Addresses in parts, in attributes that a script puts together: data-user and data-domain, and their kin."""
        data = {name: value for name, value in attributes.items() if value and name.startswith("data-")}
        if not data:
            return
        local = next((data[name] for name in _LOCAL_NAMES if name in data), "")
        domain = next((data[name] for name in _DOMAIN_NAMES if name in data), "")
        if local and domain and "@" not in local + domain:
            ending = next((data[name] for name in _TLD_NAMES if name in data), "")
            self.written.append((f"{local}@{domain}" + (f".{ending.lstrip('.')}" if ending else ""), "in parts"))
        for name, value in data.items():
            if "mail" in name or name in _WHOLE_NAMES:
                self.written.append((value[:500], "encoded" if "enc" in name else "in an attribute"))

    def is_hidden(self, attributes: Mapping[str, str | None]) -> bool:
        return "hidden" in attributes or bool(_HIDDEN.search(self.style(attributes)))

    def is_reversed(self, attributes: Mapping[str, str | None]) -> bool:
        style = self.style(attributes)
        return bool(_REVERSED.search(style) and _RIGHT_TO_LEFT.search(style + str(attributes.get("dir"))))

    def style(self, attributes: Mapping[str, str | None]) -> str:
        own = attributes.get("style") or ""
        if not self.rules:
            return own
        return own + "".join(self.rules.get(name, "") for name in (attributes.get("class") or "").split()[:20])

    @staticmethod
    def is_author(attributes: Mapping[str, str | None]) -> bool:
        words = f"{attributes.get('class') or ''} {attributes.get('rel') or ''} {attributes.get('itemprop') or ''}"
        return bool(_AUTHOR.search(words))

    def flush(self) -> None:
        text = _folded("".join(self.parts))
        if text or self.links or self.written:
            self.page.blocks.append(
                Block(
                    text[:TEXT_LIMIT],
                    heading=self.heading,
                    links=tuple(self.links),
                    written=tuple(self.written),
                    by_author=self.authors > 0,
                )
            )
        self.parts, self.links, self.written = [], [], []


_AUTHOR = re.compile(r"(?:^|[\s_-])(?:author|byline|vcard|bio|team-member|staff)(?:$|[\s_-])", re.IGNORECASE)
_LOCAL_NAMES = ("data-user", "data-name", "data-local", "data-localpart", "data-u", "data-mailbox", "data-account")
_DOMAIN_NAMES = ("data-domain", "data-host", "data-website", "data-d", "data-server")
_TLD_NAMES = ("data-tld", "data-ending")
_WHOLE_NAMES = frozenset({"data-address", "data-e", "data-contact", "data-m"})


def from_cloudflare(token: str) -> str:
    """The address behind Cloudflare's data-cfemail: hexadecimal, each byte XORed with the first. Empty if none."""
    try:
        key, *rest = bytes.fromhex(token.strip()[:600])
        return bytes(byte ^ key for byte in rest).decode()
    except ValueError:  # No hexadecimal, nothing at all, or bytes that are no text.
        return ""


def _folded(text: str) -> str:
    return _SPACE.sub(" ", text.replace("\u200b", "").replace("\u00ad", "").replace("\ufeff", "")).strip()
