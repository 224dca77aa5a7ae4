"""Workbooks as people save them, and as somebody builds them who means harm."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from outreach_site.lib import sheets
from outreach_site.lib.sheets import UnreadableFileError, read


def workbook(*rows: list[Any], hidden_before: bool = False) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sites"
    for row in rows:
        sheet.append(row)
    if hidden_before:
        before = book.create_sheet("Notes", 0)
        before.append(["secret"])
        before.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(content: bytes, part: str, old: str, new: str) -> bytes:
    """The same workbook with other words in one of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            text = before.read(name)
            if name == part:
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode(), 1)
            after.writestr(name, text)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_rows_become_lines_at_their_own_numbers() -> None:
    sheet = read(workbook([], ["Site", "Note"], [], ["a.org", 'a "b", c'], [None, None]))
    assert sheet == sheets.Sheet("Sites", ["", "Site,Note", "", 'a.org,"a ""b"", c"'], 0)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (12, "12"),
        (0.1, "0.1"),
        (True, "true"),
        (date(2026, 11, 26), "2026-11-26"),
        (datetime(2026, 11, 26, 9, 12), "2026-11-26 09:12:00"),
        ("two\nlines", "two lines"),
        ("a_x000D_b", "a b"),
        ("half _xD83D_ of one", "half  of one"),
        ("#N/A", ""),
    ],
)
def test_a_cell_says_what_a_person_saw(value: Any, said: str) -> None:
    assert read(workbook(["x", value, "y"])).lines == [f"x,{said},y"]


def test_hidden_sheets_are_not_read() -> None:
    sheet = read(workbook(["a.org"], hidden_before=True))
    assert (sheet.name, sheet.lines) == ("Sites", ["a.org"])


def test_a_sheet_that_lies_about_its_size_is_read_to_its_end() -> None:
    lying = changed(workbook(["a", "b"], ["c", "d"]), SHEET, 'ref="A1:B2"', 'ref="A1:A1"')
    assert read(lying).lines == ["a,b", "c,d"]


def _without_workbook() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("letter.txt", "hello")
    return out.getvalue()


ENTITIES = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 50}">' for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (workbook(), "nothing in this workbook"),
        (workbook([]), "nothing in this workbook"),
        (b"PK\x03\x04 and no more", "damaged"),
        (workbook(["a"])[:-400], "damaged"),
        (_without_workbook(), "no .xlsx workbook"),
        (workbook(["a"] * (sheets.MOST_COLUMNS + 1)), "more than 200 columns"),
        (changed(workbook(["a"]), SHEET, "<sheetData>", "<sheetData><oops"), "damaged"),
        (changed(workbook([1]), SHEET, 'row r="1"', 'row r="999999999999"'), "damaged"),
        (changed(workbook([1]), SHEET, "<v>1</v>", "<v>one</v>"), "damaged"),
    ],
)
def test_what_cannot_be_read_is_said(content: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFileError, match=sentence):
        read(content)


def test_entities_that_multiply_are_given_up() -> None:
    bomb = changed(workbook([1]), SHEET, "<worksheet", ENTITIES + "]><worksheet")
    bomb = changed(bomb, SHEET, "<v>1</v>", "<v>&h;</v>")
    with pytest.raises(UnreadableFileError, match="damaged"):
        read(bomb)


def test_a_small_file_that_would_become_a_huge_one_is_not_opened() -> None:
    out = io.BytesIO(workbook(["a"]))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media.xml", "w") as part:
        for _ in range(201):
            part.write(bytes(1024 * 1024))
    assert len(out.getvalue()) < 1024 * 1024
    with pytest.raises(UnreadableFileError, match="too large"):
        read(out.getvalue())


def test_cells_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_CELLS", 5)
    with pytest.raises(UnreadableFileError, match="too large"):
        read(workbook(*[["a", "b"]] * 3))
