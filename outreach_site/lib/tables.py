"""Tables that people upload: CSV as any program writes it, and XLSX; any size, any rot. Read-only, no database.

A table is a list of lines; `row_at` takes apart the row that begins on one of them. So whoever reads a long table in
pieces knows by a number where the next piece begins, and one bad line spoils no other.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from outreach_site.lib import sheets
from outreach_site.lib.sheets import UnreadableFileError

__all__ = ["RowError", "Table", "UnreadableFileError", "lines_of", "read_table", "row_at"]

LONGEST_LINE = 20_000  # characters
# A quoted text may go over several lines; a quote that never ends is a mistake of its own line.
LINES_OF_A_ROW = 50
_DELIMITERS = ",;\t|"

# What a file is by its first bytes, where it is no table, and what to do about that.
_KINDS = (
    (
        b"\xd0\xcf\x11\xe0",
        "This is an Excel file of the old kind (.xls), or a locked one. Save it as .xlsx without a password, or CSV.",
    ),
    (b"%PDF", "This is a PDF. Open the list in a spreadsheet, and save it as CSV or .xlsx."),
    (b"{\\rtf", "This is a text document. Copy the list into a spreadsheet, and save it as CSV or .xlsx."),
)
_NOT_A_TABLE = "This is neither a spreadsheet nor a text file. Save the list as CSV or .xlsx."


class RowError(ValueError):
    """What is wrong with a row, for a person."""


@dataclass(frozen=True)
class Table:
    """The lines of a file, what stands between cells, and on which line (from 0) the first filled one is.

    Of a workbook, `sheet` is the sheet that was read, and `others` how many more it has. There a line is a row.
    """

    lines: Sequence[str]
    delimiter: str
    first: int
    sheet: str = ""
    others: int = 0

    def row(self, at: int) -> tuple[list[str], int]:
        """See `row_at`."""
        return row_at(self.lines, at, self.delimiter)


def read_table(content: bytes) -> Table:
    """Whatever the file is called: what counts is what is in it. Raises UnreadableFileError."""
    if not content.strip(b"\0 \r\n\t"):
        raise UnreadableFileError("There is nothing in this file.")
    for beginning, sentence in _KINDS:
        if content.startswith(beginning):
            raise UnreadableFileError(sentence)
    if content.startswith(b"PK"):
        sheet = sheets.read(content)
        return Table(sheet.lines, ",", _first_filled(sheet.lines), sheet.name, sheet.others)
    lines = lines_of(content)
    beginning_of_it = "\n".join(line[:1_000] for line in lines[:50])
    strange = sum(character < " " and character not in "\t\n" for character in beginning_of_it)
    if strange * 20 > len(beginning_of_it):
        raise UnreadableFileError(_NOT_A_TABLE)
    if re.match(r"\s*<(?:!doctype|html|\?xml)", beginning_of_it, re.IGNORECASE):
        raise UnreadableFileError(
            "This is a web page or another XML file, and no table. Save the list as CSV or .xlsx."
        )
    first = _first_filled(lines)
    # Excel's own way to name the separator.
    named = re.fullmatch(r"sep=(.)", lines[first].strip(" "), re.IGNORECASE)
    if named:
        return Table(lines, named[1], _first_filled(lines, first + 1))
    return Table(lines, _delimiter(lines, first), first)


def _first_filled(lines: Sequence[str], start: int = 0) -> int:
    for number in range(start, len(lines)):
        if lines[number].strip(' \t,;|"'):
            return number
    raise UnreadableFileError("There is nothing in this file.")


def lines_of(content: bytes) -> list[str]:
    """The file's lines as text, whatever wrote it: UTF-8 with or without a mark, UTF-16, else Windows' own.

    Where only some lines are no UTF-8, only these are read as Windows'.
    """
    coding = ""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        coding = "utf-16"
    elif content[:4_000:2].count(0) * 3 > len(content[:4_000:2]):
        coding = "utf-16-be"
    elif content[1:4_000:2].count(0) * 3 > len(content[1:4_000:2]):
        coding = "utf-16-le"
    if coding:
        text = content[: len(content) // 2 * 2].decode(coding, errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = "\n".join(map(_line, content.removeprefix(b"\xef\xbb\xbf").split(b"\n")))
    # NUL is what PostgreSQL cannot store; only the breaks of files count as lines, not those of typography.
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _line(line: bytes) -> str:
    for coding in ("utf-8", "cp1252"):
        try:
            return line.decode(coding)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")


def _delimiter(lines: Sequence[str], first: int) -> str:
    """Whatever cuts the most of the first lines into as many cells as the first one, and more than one."""
    sample = [line for line in lines[first : first + 30] if line.strip() and len(line) <= LONGEST_LINE]

    def fits(delimiter: str) -> tuple[int, int]:
        widths = [len(_cells(line, delimiter)) for line in sample]
        if not widths or widths[0] < 2:
            return 0, 0
        return widths.count(widths[0]), widths[0]

    return max(_DELIMITERS, key=fits)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return line.split(delimiter)


def row_at(lines: Sequence[str], first: int, delimiter: str) -> tuple[list[str], int]:
    """The cells of the row that begins on a line, over as many lines as its quotes ask for; and the line after it.

    Raises RowError; then only this line is to be given up: a stray quotation mark must not swallow the good rows after
    it.
    """
    line = lines[first]
    if len(line) > LONGEST_LINE:
        raise RowError(f"This line has more than {LONGEST_LINE:,} characters.")
    if '"' not in line:
        if delimiter == "\t":
            return line.split(delimiter), first + 1
        return [cell.lstrip(" ") for cell in line.split(delimiter)], first + 1
    after = first + 1
    if line.count('"') % 2:
        line, after = _over_lines(lines, first)
    try:
        # Strict: what is quoted wrongly is said, and not guessed at.
        parts = csv.reader(line.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True, strict=True)
        return next(parts, []), after
    except csv.Error as err:
        raise RowError("This line cannot be taken apart: a quotation mark stands in the middle of a cell.") from err


def _over_lines(lines: Sequence[str], first: int) -> tuple[str, int]:
    row = lines[first]
    for at in range(first + 1, min(first + LINES_OF_A_ROW, len(lines))):
        row += "\n" + lines[at]
        if len(row) > LONGEST_LINE:
            break
        if row.count('"') % 2 == 0:
            return row, at + 1
    raise RowError("A quotation mark opens here and never closes.")
