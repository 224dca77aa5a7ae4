"""The first sheet of a workbook (.xlsx) as lines of CSV: line 7 is row 7. openpyxl reads it; here are the limits.

A workbook is a zip of XML files, out of a stranger's hands: what its parts would become is added up before any is
opened, and rows and cells are counted while they are read. Formulas count as what they last showed.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

if TYPE_CHECKING:
    from openpyxl import Workbook

MB = 1024 * 1024
LARGEST_UNPACKED = 200 * MB
MOST_PARTS = 5_000
# openpyxl needs 20 µs a cell, and whoever brings the file waits for it.
MOST_CELLS = 400_000
MOST_COLUMNS = 200
LAST_ROW = 1_048_576  # of a sheet

_TOO_LARGE = "This workbook is too large to be read. Save the sheet as CSV, or split it."
_DAMAGED = "This workbook is damaged. Open it in your spreadsheet program and save it again, or save it as CSV."
_NOT_A_WORKBOOK = "This is a zip archive or a document, and no .xlsx workbook. Save the list as CSV or .xlsx."


class UnreadableFileError(Exception):
    """Nothing can be read out of this file; the message says why, for a person."""


@dataclass(frozen=True)
class Sheet:
    """A sheet's rows as lines, commas between cells, and nothing for rows that are empty."""

    name: str
    lines: list[str]
    others: int  # visible sheets besides


def read(content: bytes) -> Sheet:
    """The first visible sheet that says something. Raises UnreadableFileError."""
    _look_at(content)
    from openpyxl import load_workbook  # noqa: PLC0415 - a third of a second, that only workbooks need

    try:
        return _first_filled(load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False))
    except (
        # What a damaged part makes of openpyxl, besides what zip and XML have to say.
        *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
        *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ParseError),
    ) as err:
        raise UnreadableFileError(_DAMAGED) from err


def _look_at(content: bytes) -> None:
    """Whether the zip may be opened at all. zipfile never gives out more than an entry says of itself."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as err:
        raise UnreadableFileError(_DAMAGED) from err
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise UnreadableFileError(_NOT_A_WORKBOOK)
    if any(part.flag_bits & 0x1 for part in parts):
        raise UnreadableFileError("This workbook is locked with a password. Save it without one.")
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise UnreadableFileError(_TOO_LARGE)


def _first_filled(book: Workbook) -> Sheet:
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    for sheet in visible:
        sheet.reset_dimensions()  # What a sheet says of its own size is not believed.
        # One column more than may be, to see that there is one.
        rows = sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True)
        if lines := list(_lines(rows)):
            return Sheet(sheet.title[:100], lines, len(visible) - 1)
    raise UnreadableFileError("There is nothing in this workbook.")


def _lines(rows: Iterator[Sequence[Any]]) -> Iterator[str]:
    """Nothing at all of a sheet without a word in it."""
    count = empty = 0
    for number, row in enumerate(rows, 1):
        if number > LAST_ROW:
            raise UnreadableFileError(_DAMAGED)
        cells = [] if row.count(None) == len(row) else [_said(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            empty += 1
            continue
        count += len(cells)
        if count > MOST_CELLS:
            raise UnreadableFileError(_TOO_LARGE)
        if len(cells) > MOST_COLUMNS:
            raise UnreadableFileError(f"This sheet has more than {MOST_COLUMNS} columns. Keep those that you need.")
        yield from [""] * empty
        empty = 0
        yield ",".join(map(_quoted, cells))


def _said(value: Any) -> str:
    """A cell's text as a person sees it, on one line."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        midnight = not (value.hour or value.minute or value.second)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return f"{value:.15g}" if abs(value) < 1e15 else str(value)
    return str(value)


def _text(text: str) -> str:
    from openpyxl.cell.cell import ERROR_CODES  # noqa: PLC0415
    from openpyxl.utils.escape import unescape  # noqa: PLC0415

    if text in ERROR_CODES:  # #N/A and its kind: there is no value
        return ""
    if "_x" in text:
        # Half a character of two is none, and no database takes it.
        text = unescape(text).encode(errors="ignore").decode()
    return text.strip() if text.isprintable() else " ".join(text.replace("\0", "").split())


def _quoted(text: str) -> str:
    if '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return f'"{text}"' if "," in text else text
