"""CSV for people and programs, row by row, and without formulas that somebody else wrote.

A spreadsheet runs what begins like a formula: an address, a subject or a name out of a stranger's hands would act on
the machine of whoever opens the file. OWASP, "CSV Injection": such a cell gets a single quote before it, every cell
stands in double quotes, and the separator that another country's spreadsheet takes is thought of. RFC 4180 otherwise.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

# A formula may begin with any of these, also behind spaces and in full width; tab and line breaks move it elsewhere.
_FORMULA = re.compile(r"[\s\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
# What begins like one and is a number: a spreadsheet should go on calculating with it.
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?%?")
# A formula behind a separator, where the spreadsheet splits at semicolons or tabs, quotes or not. A smiley is none.
_HIDDEN = re.compile(r"""([;\t]["']*)(?=[=@]|[+-][\w("'])""")


def neutralised(value: Any) -> str:
    """`value` as the text of a cell: the same for numbers, dates and ordinary text; a formula becomes text."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
    text = str(value).replace("\0", "")
    if _NUMBER.fullmatch(text):
        return text
    text = _HIDDEN.sub(r"\1'", text)
    return f"'{text}" if _FORMULA.match(text) else text


def lines(
    header: Sequence[str], rows: Iterable[Sequence[Any]], *, at_once: int = 500, with_mark: bool = False
) -> Iterator[bytes]:
    """The file in pieces of so many rows, as UTF-8: what a streamed answer sends, without ever holding it all.

    `with_mark` puts the byte order mark before it, without which Excel takes UTF-8 for something else.
    """
    piece: list[str] = ["\ufeff"] if with_mark else []
    writer = csv.writer(_Into(piece), quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        if len(piece) > at_once:
            yield "".join(piece).encode()
            piece.clear()
        writer.writerow([neutralised(value) for value in row])
    yield "".join(piece).encode()


class _Into:
    """What csv.writer writes to: a list of lines."""

    def __init__(self, piece: list[str]) -> None:
        self.piece = piece

    def write(self, line: str) -> int:
        self.piece.append(line)
        return len(line)
