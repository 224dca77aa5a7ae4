"""Placeholders -> the letter a person will read; the same code for preview and send. Pure: no database, no request.

A placeholder is `{name}`, or `{name|there}` with words to use where the value is missing; `{name|}` falls back to
nothing. `{{` and `}}` are braces meant as such. That is the whole language: one pass, nothing is evaluated, and a value
that looks like a placeholder stays the text it is.

Where values come from:
    {name}        the contact's name as stored          {first_name}  what one would say after "Hello"
    {website}     the site's title, else its domain     {topic}       the lead's own, else the campaign's first keyword
    {your_name}   the sender identity's name            {your_site}   the sender identity's site
    anything else the lead's custom field of that name; a built-in name wins over a custom field of the same name.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from campaigns.models import Campaign, Contact, Lead
from outreach_site.accounts.models import SenderIdentity

# Name -> what a person is told it is.
BUILT_IN: Mapping[str, str] = {
    "name": "the contact's full name",
    "first_name": "the contact's first name",
    "website": "the site's name, or its domain",
    "topic": "the lead's topic, or the campaign's first keyword",
    "your_name": "the name of who writes",
    "your_site": "the site of who writes",
}
MAX_SUBJECT = 200  # characters: what an attempt can keep

_TOKEN = re.compile(
    r"""(?P<open>\{\{) | (?P<close>\}\})
      | \{ [ \t]* (?P<name>[^\W\d]\w*(?:[ -]\w+)*) [ \t]* (?: \| (?P<fallback>[^{}\r\n]*) )? \}
      | (?P<stray>\{[^{}\r\n]{0,60}\} | [{}])""",
    re.VERBOSE,
)
# Directions and invisible marks that could make a line read differently from what it says (Unicode TR 36, 3.2).
_TRICKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u200b")
# fmt: off
_TITLES = frozenset(
    {
        "dame", "dott", "dr", "fr", "frau", "herr", "hr", "m", "madame", "miss", "mlle", "mme", "monsieur", "mr", "mrs",
        "ms", "mx", "prof", "professor", "rev", "señor", "señora", "sir", "sr", "sra",
    }
)
# fmt: on


class MarkKind(StrEnum):
    FILLED = "filled"  # a value stands there
    FALLBACK = "fallback"  # the value is missing, its fallback stands there
    MISSING = "missing"  # the value is missing, and so is a fallback: the placeholder itself stands there
    UNKNOWN = "unknown"  # nothing has that name, or the braces do not match


@dataclass(frozen=True)
class Mark:
    """A stretch of a rendered text that came from a placeholder; offsets are characters of that text."""

    start: int
    end: int
    name: str
    kind: MarkKind


@dataclass(frozen=True)
class Rendered:
    """A letter with its placeholders filled. It may leave only if `is_complete`."""

    subject: str  # one line
    body: str
    missing: tuple[str, ...]  # names without a value and without a fallback, in order of appearance
    unknown: tuple[str, ...]  # names that nothing has, and braces that do not match, as they were written
    subject_marks: tuple[Mark, ...] = ()
    body_marks: tuple[Mark, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not self.trouble

    @property
    def trouble(self) -> str:
        """Why this letter cannot leave as it is, in a sentence; "" if it can."""
        if self.unknown:
            return f"Nothing fills {_listed(self.unknown)}."
        if self.missing:
            return f"There is nothing to put in for {_listed('{' + name + '}' for name in self.missing)}."
        if not self.subject:
            return "The subject is empty."
        if len(self.subject) > MAX_SUBJECT:
            return f"The subject has {len(self.subject)} characters; at most {MAX_SUBJECT} can be sent."
        if not self.body.strip():
            return "The letter is empty."
        return ""


@dataclass(frozen=True)
class Problem:
    """Something in a text that could not be filled for anybody: what a form says before it saves."""

    text: str  # as it was written, braces included
    sentence: str


def render(
    subject: str, body: str, *, lead: Lead, identity: SenderIdentity | None, campaign: Campaign | None
) -> Rendered:
    """Fill both texts for one lead. Never raises; the lead's contact should be loaded with it."""
    values = values_for(lead=lead, identity=identity, campaign=campaign)
    subject_text, subject_marks = _fill(_one_line(subject), {name: _one_line(value) for name, value in values.items()})
    body_text, body_marks = _fill(_lines(body), values)
    marks = (*subject_marks, *body_marks)
    return Rendered(
        subject=subject_text,
        body=body_text,
        missing=_unique(mark.name for mark in marks if mark.kind is MarkKind.MISSING),
        unknown=_unique(mark.name for mark in marks if mark.kind is MarkKind.UNKNOWN),
        subject_marks=subject_marks,
        body_marks=body_marks,
    )


def values_for(*, lead: Lead, identity: SenderIdentity | None, campaign: Campaign | None) -> dict[str, str]:
    """Every name and its value; "" where there is none. Custom fields may have lines, everything else is one line."""
    contact: Contact | None = lead.contact
    values = {
        placeholder_name(key): _lines(str(value)).strip() for key, value in dict(lead.custom_fields or {}).items()
    }
    name = _one_line(contact.name) if contact else ""
    built_in = {
        "name": name,
        "first_name": first_name(name),
        "website": lead.website_title or lead.domain,
        "topic": lead.topic or (campaign.topic if campaign else ""),
        "your_name": identity.name if identity else "",
        "your_site": identity.site if identity else "",
    }
    return values | {key: _one_line(value) for key, value in built_in.items()}


def first_name(name: str) -> str:
    """The word to greet somebody with, or "" where a name does not tell: initials, a title and a family name.

    Titles are skipped; "Winter, Alex" is read as family and given name, "Alex Winter, Editor" is not.
    """
    before, comma, after = name.partition(",")
    words = (after if comma and len(before.split()) == 1 else before).split()
    titled = False
    while words and words[0].rstrip(".").lower() in _TITLES:
        words.pop(0)
        titled = True
    if not words or (titled and len(words) == 1):
        return ""
    first = words[0]
    is_particle = len(words) > 1 and first[0].islower()  # "van der Berg"
    return "" if first.endswith(".") or len(first) < 2 or is_particle else first


def placeholder_name(text: str) -> str:
    """How a column's or field's name is written between braces: "Favourite article" -> `favourite_article`."""
    return re.sub(r"\W+", "_", unicodedata.normalize("NFKC", text).strip().lower()).strip("_")


def names_in(*texts: str) -> tuple[str, ...]:
    """The names that the texts use, in order of appearance."""
    return _unique(placeholder_name(token["name"]) for token in _tokens(texts) if token["name"])


def names_that_need_a_value(*texts: str) -> tuple[str, ...]:
    """The names that stand somewhere without a fallback: a lead that lacks one cannot get this letter."""
    return _unique(
        placeholder_name(token["name"]) for token in _tokens(texts) if token["name"] and token["fallback"] is None
    )


def placeholders_in(*texts: str) -> tuple[str, ...]:
    """Everything in braces, and every brace, as it is written."""
    return _unique(token[0] for token in _tokens(texts))


def without_placeholders(text: str) -> str:
    return _TOKEN.sub(" ", text)


def doubled_names_in(*texts: str) -> tuple[str, ...]:
    """Built-in names in doubled braces: other tools write `{{name}}`, and here the reader would see "{name}"."""
    found = (match[1].lower() for text in texts for match in re.finditer(r"\{\{\s*(\w+)\s*\}\}", text))
    return _unique(name for name in found if name in BUILT_IN)


def doubled_sentences(*texts: str) -> list[str]:
    return [
        f"{{{{{name}}}}} reads as {{{name}}} in the letter. Write {{{name}}} with single braces."
        for name in doubled_names_in(*texts)
    ]


def problems_in(*texts: str, custom_names: Iterable[str] = ()) -> list[Problem]:
    """What cannot be saved: names that nothing has, each with the nearest one that exists, and lone braces."""
    known = {*BUILT_IN, *map(placeholder_name, custom_names)}
    problems: dict[str, Problem] = {}
    for token in _tokens(texts):
        written = token[0]
        if token["stray"] is not None:
            problems.setdefault(written, Problem(written, _about_braces(written)))
        elif token["name"] and (name := placeholder_name(token["name"])) not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
            hint = (
                f" Did you mean {{{near[0]}}}?" if near else f" There are {_listed('{' + k + '}' for k in BUILT_IN)}."
            )
            problems.setdefault(name, Problem(written, f"Nothing is called {{{name}}}.{hint}"))
    return list(problems.values())


def _tokens(texts: Iterable[str]) -> Iterator[re.Match[str]]:
    for text in texts:
        yield from _TOKEN.finditer(text)


def _fill(text: str, values: Mapping[str, str]) -> tuple[str, tuple[Mark, ...]]:
    """One pass over the text; what is put in is never looked at again."""
    parts: list[str] = []
    marks: list[Mark] = []
    length = position = 0

    def put(part: str) -> None:
        nonlocal length
        parts.append(part)
        length += len(part)

    for token in _TOKEN.finditer(text):
        put(text[position : token.start()])
        position = token.end()
        start = length
        if token["open"] or token["close"]:
            put(token[0][0])
            continue
        if token["stray"] is not None:
            put(token[0])
            marks.append(Mark(start, length, token[0], MarkKind.UNKNOWN))
            continue
        name, fallback = placeholder_name(token["name"]), token["fallback"]
        if value := values.get(name, ""):
            put(value)
            marks.append(Mark(start, length, name, MarkKind.FILLED))
        elif fallback is not None:
            put(fallback)
            marks.append(Mark(start, length, name, MarkKind.FALLBACK))
        else:
            put(token[0])
            if name in values:
                marks.append(Mark(start, length, name, MarkKind.MISSING))
            else:
                marks.append(Mark(start, length, token[0], MarkKind.UNKNOWN))
    put(text[position:])
    return "".join(parts), tuple(marks)


def _about_braces(written: str) -> str:
    if len(written) == 1:
        return f"There is a single {written}. Write {written * 2} if the reader is to see a brace."
    return f"{written} is not a placeholder. Write one such as {{name}}, or {{{{ and }}}} for braces."


def _one_line(text: str) -> str:
    """Without control characters, and with every run of white space as one space."""
    return " ".join(_clean(text).split())


def _lines(text: str) -> str:
    """With plain line breaks, and without control characters."""
    return _clean(text.replace("\r\n", "\n").replace("\r", "\n"))


def _clean(text: str) -> str:
    return "".join(_readable(character) for character in text)


def _readable(character: str) -> str:
    if character in "\n\t":
        return character
    if character in "\u2028\u2029\x0b\x0c\x1c\x1d\x1e\x85":
        return "\n"  # What some programs take for the end of a line.
    return "" if character in _TRICKS or unicodedata.category(character) in {"Cc", "Cs"} else character


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _listed(words: Iterable[str]) -> str:
    *most, last = list(words)
    return f"{', '.join(most)} and {last}" if most else last
