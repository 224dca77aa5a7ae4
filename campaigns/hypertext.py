"""A letter's plain text as HTML: the same words, with links that can be clicked, and nothing else. Pure.

Nothing is loaded from anywhere, nothing is counted, and no address is another than the one that is read.
"""

from __future__ import annotations

import re
from html import escape

from campaigns.web_addresses import ADDRESS, without_punctuation

_LINK = re.compile(rf"https?://(?=\w|\[){ADDRESS}", re.IGNORECASE)


def from_text(text: str, *, language: str) -> str:
    """One paragraph for each block of lines. Every paragraph finds its own direction: a name in Arabic may stand in an
    English letter."""
    blocks = re.split(r"\n{2,}", text.strip("\n"))
    body = "\n".join(f'<p dir="auto">{_lines(block)}</p>' for block in blocks if block.strip())
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head><meta charset="utf-8"></head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _lines(block: str) -> str:
    return "<br>\n".join(_linked(line) for line in block.split("\n"))


def _linked(line: str) -> str:
    parts, position = [], 0
    for found in _LINK.finditer(line):
        written = without_punctuation(found.group())
        address = escape(written)
        parts += [_spaced(line[position : found.start()]), f'<a href="{address}">{address}</a>']
        position = found.start() + len(written)
    return "".join([*parts, _spaced(line[position:])])


def _spaced(text: str) -> str:
    """Several spaces stay several: somebody aligned something by hand."""
    return re.sub(r"  +", lambda spaces: " " + "&nbsp;" * (len(spaces.group()) - 1), escape(text))
