"""Advice shown where a letter is written: about subject, length and manner. Pure; it never stops a save."""

from __future__ import annotations

import re
from dataclasses import dataclass

from campaigns.rendering import doubled_names_in

SHORT_SUBJECT = 50  # characters: what most phones show of a subject
GOOD_LENGTH = 150  # words
LONG_LETTER = 250  # words
# What filters and people both take for advertising.
_SPAM_PHRASES = (
    "100% free", "act now", "best price", "buy now", "cash bonus", "click here", "congratulations", "dear friend",
    "dear sir", "dear sir/madam", "dear webmaster", "double your", "earn money", "exclusive deal", "free money",
    "guaranteed", "increase your ranking", "increase your traffic", "limited time", "link exchange", "lowest price",
    "no obligation", "once in a lifetime", "order now", "risk free", "risk-free", "special promotion", "urgent",
    "this is not spam", "winner",
)  # fmt: skip
_LINK = re.compile(r"https?://\S+|\{your_site(?:\|[^{}]*)?\}")


@dataclass(frozen=True)
class Advice:
    tone: str  # good, warn or bad
    sentence: str


def advice(subject: str, body: str) -> list[Advice]:
    """What to look at in a letter as it is written, placeholders and all."""
    found = [*_about_subject(subject), *_about_length(body)]
    found += [
        Advice("warn", f"{{{{{name}}}}} reads as {{{name}}} in the letter. Write {{{name}}} with single braces.")
        for name in doubled_names_in(subject, body)
    ]
    text = f"{subject}\n{body}".lower()
    if phrases := [phrase for phrase in _SPAM_PHRASES if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text)]:
        quoted = ", ".join(f"“{phrase}”" for phrase in phrases)
        found.append(Advice("warn", f"It sounds like advertising: {quoted}."))
    links = len(_LINK.findall(body))
    if links > 2:
        found.append(Advice("warn", f"It has {links} links; one is enough for a first letter."))
    return found


def _about_subject(subject: str) -> list[Advice]:
    found = []
    if len(subject) > SHORT_SUBJECT:
        found.append(
            Advice("warn", f"The subject has {len(subject)} characters; under {SHORT_SUBJECT} a phone shows all of it.")
        )
    elif subject:
        found.append(Advice("good", f"The subject has {len(subject)} characters: short enough for a phone."))
    if re.search(r"\b[A-Z]{4,}\b", re.sub(r"\{[^{}]*\}", "", subject)):
        found.append(Advice("warn", "The subject shouts: write it without words in capitals."))
    if "!" in subject:
        found.append(Advice("warn", "The subject does better without an exclamation mark."))
    return found


def _about_length(body: str) -> list[Advice]:
    words = len(body.split())
    if words > LONG_LETTER:
        return [Advice("warn", f"The letter has {words} words; busy people read about {GOOD_LENGTH}.")]
    return [Advice("good", f"The letter has {words} words.")] if words else []
