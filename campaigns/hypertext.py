"""A letter's plain text as HTML: the same words, with links that can be clicked, and nothing else. Pure.

Nothing is loaded from anywhere, nothing is counted, and no address is another than the one that is read.
"""

from __future__ import annotations

import re
from html import escape

# Balanced enough for what people write: a web address ends before the punctuation of its sentence.
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\"'.,;:!?)\]}»”’]", re.IGNORECASE)


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
        address = escape(found.group())
        parts += [_spaced(line[position : found.start()]), f'<a href="{address}">{address}</a>']
        position = found.end()
    return "".join([*parts, _spaced(line[position:])])


def _spaced(text: str) -> str:
    """Several spaces stay several: somebody aligned something by hand."""
    return re.sub(r"  +", lambda spaces: " " + "&nbsp;" * (len(spaces.group()) - 1), escape(text))
