"""Pasted text that is all one piece: refused, or read, in moments."""

from __future__ import annotations

import time

import pytest

from campaigns.leads import MAX_PASTE, read_paste
from compliance.forms import MOST_AT_ONCE, read_pasted

MOMENTS = 5.0

LISTS = {
    "one word": "a" * MAX_PASTE,
    "one quote": '"' * MAX_PASTE,
    "dots": "a." * (MAX_PASTE // 2),
    "words": "a.co " * (MAX_PASTE // 5),
    "long lines": ("x" * 4_000 + " " + "y" * 4_000 + "\n") * 240,
    "long names": ("n " * 2_000 + "<\n") * 450,
    "many sites in long lines": ("a.co " * 1_900 + "\n") * 200,
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS.keys())
def test_a_pasted_list_of_leads(text: str) -> None:
    began = time.process_time()
    read_paste(text)
    assert time.process_time() - began < MOMENTS


def test_a_pasted_list_of_suppressions_ends_where_it_is_too_long() -> None:
    assert read_pasted("a," * 500_000).count == MOST_AT_ONCE + 1


def test_a_named_address_without_separators_is_still_one_person() -> None:
    [row] = read_paste("Ed Brand <ed@brightgarden.com>").rows
    assert (row.contact_name, row.contact_email) == ("Ed Brand", "ed@brightgarden.com")
