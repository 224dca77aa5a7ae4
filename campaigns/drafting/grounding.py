"""What a draft may say: that each claim about a site stands on its page, and that nothing came in with it. Pure.

A page is a stranger's text. Whoever writes the draft has read it, so what they hand back is looked at as if the page
had written it: links, addresses, telephone numbers and placeholders that neither we nor the site brought are not
shown, and no sentence about the site counts as true because a model says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from campaigns.content import left_open
from campaigns.drafting.provider import UnfitError
from campaigns.rendering import MAX_SUBJECT, placeholders_in, without_placeholders
from outreach_site.lib.domains import is_public_name, registrable

LONGEST_BODY = 6_000  # characters
SHORTEST_PASSAGE = 12  # characters: "the" stands on every page


@dataclass(frozen=True)
class PageText:
    """What a page says, as it was read."""

    url: str
    title: str
    text: str


@dataclass(frozen=True)
class Claim:
    """A sentence of a draft that says something about the reader or their site; `passage` is what it rests on, as it
    stands on the page `url`, and "" if nothing does."""

    text: str
    passage: str = ""
    url: str = ""

    @property
    def is_backed(self) -> bool:
        return bool(self.passage)


# --- Claims -----------------------------------------------------------------------------------------------------------


def claim_of(sentence: str, passage: str, pages: Sequence[PageText], *, known: str) -> Claim:
    """The sentence with its passage if that stands on a page, literally but for white space and the shape of quotes and
    dashes. Numbers and quotations in the sentence must stand in the passage too, or in `known`: our own words.
    """
    wanted = plain(passage).strip(" .…")
    if len(wanted) < SHORTEST_PASSAGE or " " not in wanted:
        return Claim(sentence)
    page = next((page for page in pages if _stands_in(wanted, plain(page.text))), None)
    if page is None or not _says_no_more(plain(sentence), f"{wanted}\n{plain(known)}"):
        return Claim(sentence)
    return Claim(sentence, passage=wanted, url=page.url)


def stands_in(sentence: str, text: str) -> bool:
    """Whether a sentence is one of the text's own."""
    return _stands_in(plain(sentence), plain(text))


def _stands_in(part: str, whole: str) -> bool:
    """As whole words: "art" does not stand in "start"."""
    begins = 0
    while part and (found := whole.find(part, begins)) >= 0:
        before, after = whole[found - 1 : found], whole[found + len(part) : found + len(part) + 1]
        if not (before.isalnum() and part[0].isalnum()) and not (after.isalnum() and part[-1].isalnum()):
            return True
        begins = found + 1
    return False


_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_QUOTED = re.compile(r'"([^"]{3,200})"')


def _says_no_more(sentence: str, support: str) -> bool:
    numbers = set(_NUMBER.findall(support))
    if any(number not in numbers for number in _NUMBER.findall(sentence)):
        return False
    return all(quoted.strip(" .,!?").casefold() in support.casefold() for quoted in _QUOTED.findall(sentence))


_SAME = str.maketrans(
    {
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "`": "'", "´": "'",
        "–": "-", "—": "-", "‑": "-", "‐": "-", "−": "-",
    }
)  # fmt: skip


def plain(text: str) -> str:
    """For comparing: one kind of quote and dash, white space folded, what cannot be seen dropped."""
    return " ".join(_visible(unicodedata.normalize("NFKC", text).translate(_SAME)).split())


# --- What pages may bring in ------------------------------------------------------------------------------------------

_TO_PROGRAMS = re.compile(
    r"(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|prompt|rule|message|guideline)"
    r"|(?:system|developer) (?:prompt|message|instruction)"
    r"|\b(?:language model|chatgpt|gpt-\d|\bLLMs?\b|AI (?:assistant|agent|model)|assistants?:|system:)"
    r"|\bas an? (?:AI|assistant)\b|you are now\b|new instructions?\b|<\|im_|\[/?INST\]"
    r"|(?:ignorier|vergiss|missachte).{0,40}(?:anweisung|regel|eingabe)"
    r"|(?:ignore[zr]?|oublie[zr]?|ignora|olvida).{0,40}(?:instruction|consigne|instrucci|istruzion)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'@]{1,64}@[^\s<>()\[\],;:\"'@]{1,255}")


def without_addresses(text: str) -> str:
    return _ADDRESS.sub("(address)", text)


def readable(pages: Iterable[PageText], *, most: int) -> tuple[list[PageText], int]:
    """The pages as they are handed out: without email addresses, without lines that address programs instead of
    readers, and `most` characters in all; and how many lines were left out for that."""
    left_out = 0
    kept: list[PageText] = []
    for page in pages:
        lines = []
        for written in page.text.split("\n"):
            if _TO_PROGRAMS.search(written):
                left_out += 1
                continue
            line = without_addresses(written)[: max(0, most)]
            most -= len(line) + 1
            if line:
                lines.append(line)
        title = "" if _TO_PROGRAMS.search(page.title) else without_addresses(page.title)[:200]
        if lines:
            kept.append(PageText(page.url, title, "\n".join(lines)))
    return kept, left_out


def unquoted(letter: str) -> str:
    """Without what somebody else wrote: quoted lines, and the line that names them. Answers stay in the house."""
    lines = letter.replace("\r\n", "\n").split("\n")
    kept = [line for line in lines if not line.lstrip().startswith((">", "|"))]
    for number, line in enumerate(kept):
        if _ATTRIBUTION.match(line.strip()):
            kept = kept[:number]
            break
    return "\n".join(kept).strip()


_ATTRIBUTION = re.compile(
    r"(?:(?:On|Am|Le|El|Il|Op|W dniu|Den|Em)\b(?=.*\d).{5,200}"
    r"(?:wrote|schrieb|écrit|escribió|ha scritto|schreef|napisał\w*|skrev|escreveu).{0,60}:"
    r"|-{2,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Forwarded message)\b.*)$",
    re.IGNORECASE,
)


# --- What a draft may hold --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Allowed:
    """`hosts`: registrable domains, ours and the site's. `words`: our own words, whose addresses and numbers may
    stand in the draft. `placeholders`: as they may be written. `instructions`: what must not be told."""

    hosts: Collection[str] = ()
    words: str = ""
    placeholders: Collection[str] = ()
    instructions: str = ""


def check(subject: str, body: str, allowed: Allowed) -> None:
    """Raises UnfitError with what is wrong, for a person."""
    whole = f"{subject}\n{body}"
    if not subject.strip() or not body.strip():
        raise UnfitError("it was empty.")
    if len(subject) > MAX_SUBJECT or len(body) > LONGEST_BODY:
        raise UnfitError("it was far too long.")
    for written in placeholders_in(subject, body):
        if written not in allowed.placeholders:
            raise UnfitError(f"it held {written[:60]}, which nothing would fill.")
    if open_one := left_open(*map(without_placeholders, (subject, body))):
        raise UnfitError(f"something in it was left open. {open_one}")
    ours = {host for link in links_in(allowed.words) if (host := host_of(link))} | set(allowed.hosts)
    for link in links_in(whole):
        if host_of(link) not in ours:
            raise UnfitError(f"it linked to {link[:80]}, which is neither yours nor theirs.")
    known = {address.strip(".").lower() for address in _ADDRESS.findall(allowed.words)}
    for address in _ADDRESS.findall(unicodedata.normalize("NFKC", whole)):
        if address.strip(".").lower() not in known:
            raise UnfitError("it held an email address that you did not give.")
    given = re.sub(r"\D", "", allowed.words)
    for number in _TELEPHONE.findall(whole):
        if re.sub(r"\D", "", number) not in given:
            raise UnfitError("it held a telephone number that you did not give.")
    if any(found not in allowed.words for found in _MARKUP.findall(whole)):
        raise UnfitError("it held markup instead of plain text.")
    if _tells(whole, allowed.instructions):
        raise UnfitError("it spoke of how it was made instead of the letter.")


def as_line(text: str) -> str:
    """A subject, or a sentence of a letter: one line, whatever stood in it."""
    return " ".join(_visible(text.replace("\n", " ").replace("\r", " ")).split())


_SCHEME = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}:(?://)?(?=\S)[^\s<>\"')\]]+", re.IGNORECASE)
_LINKING = frozenset(
    {
        "about", "blob", "data", "file", "ftp", "http", "https", "hxxp", "hxxps", "javascript", "mailto", "skype",
        "sms", "tel", "tg", "vbscript", "whatsapp", "ws", "wss",
    }
)  # fmt: skip
_WRITTEN_DOT = r"\s?[\[({]\s?(?:dot|\.)\s?[\])}]\s?|[。．｡]"
_BARE = re.compile(
    rf"(?<![\w@.-])(?:[\w-]{{1,63}}(?:\.|{_WRITTEN_DOT}))+[^\W\d_]{{2,24}}(?![\w@])(?:/[^\s<>\"')\]]*)?", re.IGNORECASE
)
_DOT = re.compile(_WRITTEN_DOT, re.IGNORECASE)
_TELEPHONE = re.compile(r"(?<![\w/.-])(?:\+|00)?\(?\d(?:[\s().\-/]{0,2}\d){8,17}(?!\w)")
_MARKUP = re.compile(r"<\s*/?\s*[a-z!][^>]*>|\]\([^)]*\)|!\[", re.IGNORECASE)


def links_in(text: str) -> Iterator[str]:
    """Everything in a text that a mail program, or a reader, might take for a link."""
    text = unicodedata.normalize("NFKC", _visible(text))
    for match in _SCHEME.finditer(text):
        scheme = match[0].partition(":")[0].lower()
        if scheme in _LINKING or "://" in match[0]:
            yield match[0].rstrip(".,;:!?")
    for match in _BARE.finditer(_SCHEME.sub(" ", _ADDRESS.sub(" ", text))):
        link = _DOT.sub(".", match[0]).rstrip(".,;:!?")
        if is_public_name(link.partition("/")[0]):
            yield link


def host_of(link: str) -> str:
    """The registrable domain of a link; "" for one that leads nowhere on the web."""
    try:
        parts = urlsplit(link if "://" in link else f"https://{link}")
        host = (parts.hostname or "").rstrip(".")
        ascii_host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme.lower() not in {"http", "https"} or parts.username is not None or "." not in ascii_host:
        return ""
    return registrable(ascii_host.removeprefix("www."))


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co"})


def _visible(text: str) -> str:
    return "".join(each for each in text if each.isspace() or unicodedata.category(each) not in _UNSEEN)


def _tells(text: str, instructions: str) -> bool:
    """Whether seven words in a row are those of the instructions."""
    said, ours = _words(text), _words(instructions)
    runs = {tuple(ours[at : at + 7]) for at in range(len(ours) - 6)}
    return any(tuple(said[at : at + 7]) in runs for at in range(len(said) - 6))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
