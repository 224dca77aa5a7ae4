"""Is the link there, as it was agreed? A page as it was answered -> a finding with its evidence. Pure.

What search engines take into account is taken into account here: rel (Google, "Qualify your outbound links"), robots
in meta elements and in X-Robots-Tag, canonical, and whether a reader can see the link at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from campaigns.drafting.grounding import without_addresses
from campaigns.models.placement import Placement
from outreach_site.lib.web import Answer

HTML_LIMIT = 2_000_000  # characters
LINKS_AT_MOST = 20_000
PASSAGE = 300  # characters around the link
DEEPEST = 2_000  # elements above a link that are looked at

Rel = Placement.Rel


class Outcome(StrEnum):
    FOUND = "found"  # the link is there; problems may say how it differs
    GONE = "gone"  # the page is there without the link, or is not there any more
    CLOSED = "closed"  # the site lets no program look
    AWAY = "away"  # no answer this time


class Problem(StrEnum):
    """How a link differs from what was agreed, or why it counts for less."""

    NOFOLLOW = "nofollow"
    SPONSORED = "sponsored"
    UGC = "ugc"
    NOT_SPONSORED = "not_sponsored"  # paid, and does not say so
    ANCHOR = "anchor"  # other words
    TARGET = "target"  # another page of ours
    THROUGH = "through"  # by an address of the site's own that sends on
    MOVED = "moved"  # the page itself is elsewhere now
    HIDDEN = "hidden"
    COMMENTED = "commented"  # stands in the source where no reader and no search engine sees it
    NOINDEX = "noindex"
    CANONICAL = "canonical"  # the page names another as the one to index


SENTENCES: Mapping[Problem, str] = {
    Problem.NOFOLLOW: "The link says nofollow: search engines do not count it.",
    Problem.SPONSORED: "The link says sponsored: search engines do not count it.",
    Problem.UGC: "The link says ugc, as links in comments do: search engines do not count it.",
    Problem.NOT_SPONSORED: "It is paid for, and says neither sponsored nor nofollow: search engines punish both sites.",
    Problem.ANCHOR: "The words of the link are not those that were agreed.",
    Problem.TARGET: "It links to another of your pages than the one that was agreed.",
    Problem.THROUGH: "The link goes through an address of the site that sends readers on.",
    Problem.MOVED: "The page has moved to another address.",
    Problem.HIDDEN: "Readers cannot see the link.",
    Problem.COMMENTED: "The link stands in a part of the page that no reader sees.",
    Problem.NOINDEX: "The page asks search engines to leave it out.",
    Problem.CANONICAL: "The page names another one as the one to be found.",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed. `target` and `page` are whole addresses."""

    page: str
    target: str
    anchor: str = ""
    rel: Placement.Rel = Rel.FOLLOW


@dataclass(frozen=True, slots=True)
class Finding:
    outcome: Outcome
    sentence: str
    problems: tuple[Problem, ...] = ()
    status: int | None = None
    final_url: str = ""
    href: str = ""
    rel: str = ""
    anchor: str = ""
    passage: str = ""


def judge(answer: Answer, agreed: Agreement) -> Finding:
    """What the page says, as it was answered."""
    finding = _judge(answer, agreed)
    return replace(finding, status=answer.status, final_url=answer.url[:2_000])


def _judge(answer: Answer, agreed: Agreement) -> Finding:
    if answer.status in {404, 410}:
        return Finding(Outcome.GONE, f"The page is gone: the site answers {answer.status}.")
    text = answer.text[:HTML_LIMIT]
    if sentence := _wall(answer, text):
        return Finding(Outcome.CLOSED, sentence)
    if answer.status >= 400:
        return Finding(Outcome.AWAY, f"The site answers {answer.status}. It is looked at again.")
    tree = LexborHTMLParser(text.replace("\0", ""))
    of_page = _problems_of_page(answer, tree, agreed)
    found = min(_links(tree, answer.url, agreed), key=lambda one: len(one.problems), default=None)
    if found is not None:
        problems = tuple(dict.fromkeys((*found.problems, *of_page)))
        said = " ".join(SENTENCES[problem] for problem in problems)
        return replace(found, problems=problems, sentence=said or "The link is there, as agreed.")
    if _stands_in_source(text, agreed.target):
        return Finding(Outcome.GONE, SENTENCES[Problem.COMMENTED], (Problem.COMMENTED,))
    if answer.cut:
        return Finding(Outcome.CLOSED, "The page is so long that only its beginning was read; the link is not in that.")
    if Problem.MOVED in of_page:
        return Finding(Outcome.GONE, f"The page sends on to {answer.url[:200]}, and no link to you is there.", of_page)
    return Finding(Outcome.GONE, "The page is there, and the link is not.", of_page)


# --- The page ---------------------------------------------------------------------------------------------------------

# How walls against programs show themselves, whatever the status.
_WALL = re.compile(
    r"<title>\s*(?:just a moment|attention required|access denied|are you (?:a )?(?:human|robot)|one more step"
    r"|verify(?:ing)? (?:that )?you are|checking your browser|ddos-guard|please wait|robot check|captcha)"
    r"|cf-chl-|challenge-platform/|_incapsula_resource|px-captcha|g-recaptcha-response|geo\.captcha-delivery\.com",
    re.IGNORECASE,
)
_WALLED = frozenset({401, 403, 405, 406, 418, 429, 451, 999})
_SHORT = 15_000  # characters: a wall has little to say, an article with a contact form has more


def _wall(answer: Answer, text: str) -> str:
    if answer.status in _WALLED:
        return f"The site does not let programs look (it answers {answer.status}). Open the page yourself."
    walled = "cf-mitigated" in answer.headers or (
        (answer.status != 200 or len(text) < _SHORT) and _WALL.search(text) is not None
    )
    return "The site asks whether its visitor is a person. Open the page yourself." if walled else ""


def _problems_of_page(answer: Answer, tree: LexborHTMLParser, agreed: Agreement) -> tuple[Problem, ...]:
    problems = []
    if _same(answer.url) != _same(agreed.page):
        problems.append(Problem.MOVED)
    words = _robots(answer, tree)
    if words & {"noindex", "none"}:
        problems.append(Problem.NOINDEX)
    if words & {"nofollow", "none"} and agreed.rel == Rel.FOLLOW:
        problems.append(Problem.NOFOLLOW)
    canonical = _canonical(answer, tree)
    if canonical and _same(canonical) != _same(answer.url):
        problems.append(Problem.CANONICAL)
    return tuple(problems)


_CRAWLERS = frozenset({"robots", "googlebot", "bingbot"})
_WITH_VALUE = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")


def _robots(answer: Answer, tree: LexborHTMLParser) -> set[str]:
    """What page and headers say to all crawlers, or to the two that matter (Google's robots meta tag specification)."""
    words: set[str] = set()
    for meta in tree.css("meta[name]"):
        if (meta.attributes.get("name") or "").strip().lower() in _CRAWLERS:
            words |= set(re.split(r"[,\s]+", (meta.attributes.get("content") or "").lower()))
    crawler = "robots"
    for part in answer.headers.get("x-robots-tag", "").lower().split(","):
        name, colon, rest = part.strip().partition(":")
        is_named = bool(colon) and name not in _WITH_VALUE
        crawler = name.strip() if is_named else crawler  # "googlebot: noindex" speaks to one, until another is named
        if crawler in _CRAWLERS:
            words.add((rest if is_named else part).strip())
    return words


def _canonical(answer: Answer, tree: LexborHTMLParser) -> str:
    for link in tree.css("link[rel][href]"):
        if "canonical" in (link.attributes.get("rel") or "").lower().split():
            return _joined(answer.url, link.attributes.get("href") or "")
    header = re.search(r"<([^>]{1,2000})>\s*;[^,]*rel=\"?canonical", answer.headers.get("link", ""), re.IGNORECASE)
    return _joined(answer.url, header[1]) if header else ""


# --- The link ---------------------------------------------------------------------------------------------------------


def _links(tree: LexborHTMLParser, url: str, agreed: Agreement) -> Iterator[Finding]:
    """Every link to the agreed page, or else to its site, with what is wrong with each."""
    base = tree.css_first("base[href]")
    start = _joined(url, base.attributes.get("href") or "") if base is not None else url
    hidden = _hiding_classes(tree)
    wanted, own = _same(agreed.target), _host(agreed.target)
    for node in tree.css("a[href]")[:LINKS_AT_MOST]:
        href = _joined(start, (node.attributes.get("href") or "").strip())
        problems: list[Problem] = []
        if _same(href) != wanted:
            if _host(href) == own and _host(url) != own:
                problems.append(Problem.TARGET)
            elif _sends_on_to(href, wanted):
                problems.append(Problem.THROUGH)
            else:
                continue
        rel = (node.attributes.get("rel") or "").lower().split()
        anchor = _words(node)
        problems += _of_rel(rel, agreed.rel)
        if agreed.anchor and _folded(agreed.anchor).casefold() != anchor.casefold():
            problems.append(Problem.ANCHOR)
        if not anchor or _is_hidden(node, hidden):
            problems.append(Problem.HIDDEN)
        yield Finding(
            Outcome.FOUND,
            "",
            tuple(problems),
            href=href[:2_000],
            rel=" ".join(rel)[:100],
            anchor=anchor[:300],
            passage=_passage(node, anchor),
        )


def _of_rel(rel: Sequence[str], agreed: Placement.Rel) -> list[Problem]:
    if agreed == Rel.FOLLOW:
        uncounted = {"nofollow": Problem.NOFOLLOW, "sponsored": Problem.SPONSORED, "ugc": Problem.UGC}
        return [problem for word, problem in uncounted.items() if word in rel]
    if agreed == Rel.SPONSORED and not {"sponsored", "nofollow"} & set(rel):
        return [Problem.NOT_SPONSORED]
    return []


def _words(node: LexborNode) -> str:
    """The link's words; of a picture, what stands for it."""
    if text := _folded(node.text(deep=True)):
        return text
    pictures = node.css("img, svg")
    for picture in pictures:
        if alt := _folded(picture.attributes.get("alt") or picture.attributes.get("aria-label") or ""):
            return alt
    return "(picture)" if pictures else ""


_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:^|[;\s])opacity\s*:\s*0(?![.\d]*[1-9])"
    r"|font-size\s*:\s*0(?![.\d]*[1-9])|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{4,}px",
    re.IGNORECASE,
)
_CLASS_RULE = re.compile(r"\.([\w-]{1,60})\s*\{([^{}]{0,500})\}")


def _hiding_classes(tree: LexborHTMLParser) -> frozenset[str]:
    css = "".join(node.text()[:100_000] for node in tree.css("style")[:20])
    return frozenset(name for name, rule in _CLASS_RULE.findall(css) if _HIDING.search(rule))


def _is_hidden(node: LexborNode, hidden: frozenset[str]) -> bool:
    above: LexborNode | None = node
    for _ in range(DEEPEST):
        if above is None or above.tag in {None, "html", "body"}:
            return False
        attributes = above.attributes
        classes = (attributes.get("class") or "").split()[:50]
        if above.tag in {"noscript", "template"} or "hidden" in attributes or hidden.intersection(classes):
            return True
        if _HIDING.search(attributes.get("style") or ""):
            return True
        above = above.parent
    return True


def _passage(node: LexborNode, anchor: str) -> str:
    """Words before and after the link, out of the block that it stands in; no address of anybody's."""
    block = node.parent
    while block is not None and block.parent is not None and block.tag in _INLINE:
        block = block.parent
    text = _folded(without_addresses(block.text(deep=True))) if block is not None else ""
    at = text.find(anchor) if anchor else 0
    start = max(0, at - PASSAGE // 2)
    cut = text[start : max(at, 0) + len(anchor) + PASSAGE // 2]
    return (("…" if start else "") + cut + ("…" if start + len(cut) < len(text) else ""))[:600]


_INLINE = frozenset({"a", "abbr", "b", "em", "i", "mark", "small", "span", "strong", "sup", "u", "font", "cite"})


# --- Addresses --------------------------------------------------------------------------------------------------------

_COUNTED = re.compile(r"utm_\w+|gclid|fbclid|msclkid|mc_[ce]id", re.IGNORECASE)


def _same(url: str) -> str:
    """An address so that two that mean one page are equal: no scheme, www., last slash, fragment, or campaign marks."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.").encode("idna").decode()
    except (ValueError, UnicodeError):
        return url
    if parts.scheme.lower() not in {"http", "https"}:
        return url
    query = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _COUNTED.match(name)
    ]
    path = unquote(parts.path).rstrip("/")
    return f"{host}{path}" + (f"?{urlencode(query)}" if query else "")


def _host(url: str) -> str:
    return _same(url).partition("/")[0].partition("?")[0]


def _sends_on_to(href: str, wanted: str) -> bool:
    """`/out?to=https://ours…` and its kin."""
    try:
        query = urlsplit(href).query
    except ValueError:
        return False
    return any(value.startswith("http") and _same(value) == wanted for _, value in parse_qsl(query))


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return ""


def _stands_in_source(text: str, target: str) -> bool:
    """In a comment or another part that is no element, as a whole address."""
    core = re.sub(r"^https?://(?:www\.)?", "", target.strip(), flags=re.IGNORECASE).rstrip("/")
    if not core:
        return False
    link = re.compile(rf"href[^>]{{0,20}}{re.escape(core)}")
    return any(link.search(comment) for comment in re.findall(r"<!--.*?-->", text, re.DOTALL))


def _folded(text: str) -> str:
    return " ".join(text.split())
