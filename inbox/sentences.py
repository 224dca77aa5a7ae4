"""A letter's text as the rules read it: straight apostrophes, addresses blotted out, one sentence after the other.

Every place in it is the same place in the text as the person wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'", "ʼ": "'", "\u00a0": " ", "\u202f": " "})
_WORD = re.compile(r"\S{3,}")
_WEB_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$)|[。！？]+|\n")


def plain(text: str) -> str:
    """The same text, letter for letter, with straight apostrophes and with web and mail addresses blotted out."""
    text = text.translate(_STRAIGHT)
    if "@" in text or "://" in text or "www." in text.lower():
        text = _WORD.sub(lambda word: _blotted(word.group()), text)
    return text


def _blotted(word: str) -> str:
    """Plain searches: a pattern for addresses would try every @ of a long word with every dot after it."""
    at = word.find("@", 1)
    if at > 0 and word.find(".", at + 2, len(word) - 1) > 0:
        return "·" * len(word)
    return _WEB_ADDRESS.sub(lambda match: "·" * len(match.group()), word)


@lru_cache(maxsize=8)  # of one text, for every book of phrases
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Where each sentence begins and ends; lines that a mail program broke are one sentence."""
    return tuple(_sentences(text))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if text[start : end.end()].strip():
            # A lower-case letter goes on.
            rest = text[end.end() : end.end() + 60].lstrip(" \t")
            if end.group() == "\n" and rest[:1].islower():
                continue
            yield start, end.end()
        start = end.end()
    if text[start:].strip():
        yield start, len(text)
