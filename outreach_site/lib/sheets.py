"""The first sheet of a workbook (.xlsx) as lines of CSV: line 7 is row 7. Streamed, and within limits.

A workbook is a zip of XML files, out of a stranger's hands: what a part would become is looked at before it is opened,
no document type is accepted (entities could grow without end), and cells are counted while they are read. Formulas
count as what they last showed. Our own reader, because openpyxl needs 20 µs a cell, and this one two: a large sheet is
read while its owner waits. ECMA-376, part 1, 18.3 and 18.4.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn
from xml.parsers import expat

MB = 1024 * 1024
LARGEST_SHEET = 160 * MB  # unpacked
LARGEST_TEXTS = 64 * MB
LARGEST_PART = 16 * MB  # of the others that are read
MOST_PARTS = 5_000
MOST_CELLS = 3_000_000
MOST_COLUMNS = 200
LAST_ROW = 1_048_576  # of a sheet
_AT_ONCE = 256 * 1024  # bytes

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
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read(_Workbook(archive))
    except (zipfile.BadZipFile, zlib.error, EOFError, expat.ExpatError, NotImplementedError, OSError) as err:
        raise UnreadableFileError(_DAMAGED) from err
    except RuntimeError as err:  # zipfile's word for an entry that is encrypted
        raise UnreadableFileError("This workbook is locked with a password. Save it without one.") from err


def _read(book: _Workbook) -> Sheet:
    sheets = book.sheets()
    for name, part in sheets:
        if lines := book.lines_of(part):
            return Sheet(name, lines, len(sheets) - 1)
    raise UnreadableFileError("There is nothing in this workbook.")


class _Workbook:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.parts = {part.filename: part for part in archive.infolist()}
        if len(self.parts) > MOST_PARTS:
            raise UnreadableFileError(_TOO_LARGE)
        if "xl/workbook.xml" not in self.parts:
            raise UnreadableFileError(_NOT_A_WORKBOOK)
        self.texts: list[str] | None = None
        self.dates: set[int] | None = None
        self.counts_from_1904 = False

    def sheets(self) -> list[tuple[str, str]]:
        """Name and part of every visible sheet, in order."""
        targets: dict[str, str] = {}
        found: list[tuple[str, str]] = []

        def relation(name: str, attributes: Mapping[str, str]) -> None:
            if name == "Relationship":
                target = attributes.get("Target", "").lstrip("/")
                targets[attributes.get("Id", "")] = target if target.startswith("xl/") else f"xl/{target}"

        def sheet(name: str, attributes: Mapping[str, str]) -> None:
            if name == "sheet" and attributes.get("state", "visible") == "visible":
                link = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
                found.append((attributes.get("name", "")[:100], targets.get(link, "")))
            elif name == "workbookPr":
                self.counts_from_1904 = attributes.get("date1904", "") in {"1", "true"}

        self._parse("xl/_rels/workbook.xml.rels", start=relation)
        self._parse("xl/workbook.xml", start=sheet)
        return [(name, part) for name, part in found if part in self.parts]

    def lines_of(self, part: str) -> list[str]:
        reader = _Rows(self)
        self._parse(part, start=reader.start, end=reader.end, text=reader.text, largest=LARGEST_SHEET)
        return reader.lines

    def text(self, number: str) -> str:
        """One of the texts that cells share."""
        if self.texts is None:
            reader = _Texts()
            if "xl/sharedStrings.xml" in self.parts:
                self._parse(
                    "xl/sharedStrings.xml",
                    start=reader.start,
                    end=reader.end,
                    text=reader.text,
                    largest=LARGEST_TEXTS,
                )
            self.texts = reader.texts
        place = int(number) if number.isdecimal() else -1
        return self.texts[place] if 0 <= place < len(self.texts) else ""

    def is_date(self, style: str) -> bool:
        if self.dates is None:
            self.dates = self._date_styles() if "xl/styles.xml" in self.parts else set()
        return style.isdecimal() and int(style) in self.dates

    def _date_styles(self) -> set[int]:
        from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format  # noqa: PLC0415 - takes a third of a second

        formats = {str(number): code for number, code in BUILTIN_FORMATS.items()}
        dates: set[int] = set()
        inside: list[str] = []
        styles = 0

        def start(name: str, attributes: Mapping[str, str]) -> None:
            nonlocal styles
            inside.append(name)
            if name == "numFmt":
                formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif name == "xf" and "cellXfs" in inside:
                if is_date_format(formats.get(attributes.get("numFmtId", ""), "")):
                    dates.add(styles)
                styles += 1

        self._parse("xl/styles.xml", start=start, end=lambda _: inside.pop())
        return dates

    def _parse(
        self,
        part: str,
        *,
        start: Callable[[str, Mapping[str, str]], Any],
        end: Callable[[str], Any] | None = None,
        text: Callable[[str], Any] | None = None,
        largest: int = LARGEST_PART,
    ) -> None:
        """Tell what a part says; names come without their prefixes."""
        if part not in self.parts:
            raise UnreadableFileError(_DAMAGED)
        # zipfile never gives out more than an entry says of itself.
        if self.parts[part].file_size > largest:
            raise UnreadableFileError(_TOO_LARGE)
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse
        parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
        if end is not None:
            parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        if text is not None:
            parser.CharacterDataHandler = text
        with self.archive.open(part) as file:
            while piece := file.read(_AT_ONCE):
                parser.Parse(piece, False)  # noqa: FBT003 - expat takes no keyword
        parser.Parse(b"", True)  # noqa: FBT003


def _refuse(*_: object) -> NoReturn:
    raise UnreadableFileError(_DAMAGED)


@dataclass
class _Texts:
    """Shared texts: the runs of each joined, without how they are pronounced."""

    texts: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    is_text: bool = False
    is_sound: bool = False

    def start(self, name: str, _: Mapping[str, str]) -> None:
        if name == "si":
            self.runs = []
        elif name == "rPh":
            self.is_sound = True
        self.is_text = name == "t" and not self.is_sound

    def text(self, piece: str) -> None:
        if self.is_text:
            self.runs.append(piece)

    def end(self, name: str) -> None:
        self.is_text = False
        if name == "rPh":
            self.is_sound = False
        elif name == "si":
            self.texts.append("".join(self.runs))


class _Rows:
    """A sheet's rows, as lines of CSV."""

    def __init__(self, book: _Workbook) -> None:
        self.book = book
        self.lines: list[str] = []
        self.row = 0
        self.column = 0
        self.cells: list[str] = []
        self.kind = self.style = ""
        self.runs: list[str] = []
        self.is_value = self.is_sound = False
        self.count = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self.column = _column(attributes["r"]) if "r" in attributes else self.column + 1
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.runs = []
        elif name in {"v", "t"}:
            self.is_value = not self.is_sound
        elif name == "rPh":
            self.is_sound = True
        elif name == "row":
            number = attributes.get("r", "")
            self.row = int(number) if number.isdecimal() and len(number) < 9 else self.row + 1
            self.column, self.cells = 0, []
            if not len(self.lines) < self.row <= LAST_ROW:
                raise UnreadableFileError(_DAMAGED)

    def text(self, piece: str) -> None:
        if self.is_value:
            self.runs.append(piece)

    def end(self, name: str) -> None:
        if name in {"v", "t"}:
            self.is_value = False
        elif name == "rPh":
            self.is_sound = False
        elif name == "c" and self.runs:
            self._keep(self._said("".join(self.runs)))
        elif name == "row" and self.cells:
            self.lines += [""] * (self.row - len(self.lines) - 1)
            self.lines.append(",".join(self.cells))

    def _keep(self, text: str) -> None:
        if not text:
            return
        self.count += 1
        if self.count > MOST_CELLS:
            raise UnreadableFileError(_TOO_LARGE)
        if self.column > MOST_COLUMNS:
            raise UnreadableFileError(f"This sheet has more than {MOST_COLUMNS} columns. Keep those that you need.")
        self.cells += [""] * (self.column - len(self.cells) - 1)
        self.cells.append(_quoted(text))

    def _said(self, text: str) -> str:
        """A cell's text as a person sees it, on one line."""
        match self.kind:
            case "s":
                text = self.book.text(text)
            case "b":
                return "true" if text == "1" else "false"
            case "e":  # #N/A and its kind: there is no value
                return ""
            case "n" if self.style and self.book.is_date(self.style):
                return self._day(text)
        if "_x" in text:
            text = _ESCAPED.sub(_unescaped, text)
        return " ".join(text.replace("\0", "").split()) if not text.isprintable() else text.strip()

    def _day(self, text: str) -> str:
        from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel  # noqa: PLC0415

        try:
            at = from_excel(float(text), CALENDAR_MAC_1904 if self.book.counts_from_1904 else CALENDAR_WINDOWS_1900)
        except (ValueError, OverflowError):
            return text
        if isinstance(at, datetime):
            return at.date().isoformat() if not (at.hour or at.minute or at.second) else at.isoformat(sep=" ")
        return str(at)


_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _unescaped(found: re.Match[str]) -> str:
    """Half a character of two is none, and no database takes it."""
    number = int(found[1], 16)
    return "" if 0xD800 <= number <= 0xDFFF else chr(number)


_REFERENCE = re.compile(r"([A-Z]{1,3})\d+")


def _column(reference: str) -> int:
    """The number of a cell's column, from 1: 28 for AB7."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise UnreadableFileError(_DAMAGED)
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return number


def _quoted(text: str) -> str:
    if '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return f'"{text}"' if "," in text else text
