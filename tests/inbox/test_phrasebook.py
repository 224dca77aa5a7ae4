"""The quick search finds what the patterns alone would find."""

from __future__ import annotations

import re

import pytest

from inbox.autoreply import ABSENCE
from inbox.evaluation import Part, rows_of
from inbox.phrasebook import Phrasebook, Phrases, alternatives, cues_of
from inbox.phrases import INTEREST, OPT_OUT, REFUSAL
from inbox.sentences import plain


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("a|b", ["a", "b"]),
        (r"(?:a|b)|[|]|\|", ["(?:a|b)", "[|]", r"\|"]),
        ("abc", ["abc"]),
        (r"[\]|]|x", [r"[\]|]", "x"]),
    ],
)
def test_alternatives(source: str, parts: list[str]) -> None:
    assert alternatives(source) == parts


@pytest.mark.parametrize(
    ("source", "cues"),
    [
        (r"\bunsubscribe\b", {"ubsc"}),
        (r"(?:yes|no)\b", {"yes", "no"}),
        (r"(?:yes)?\w+", None),
        (r"m[üu]ssen", {"müss"}),
        (r"[ab]", None),
        (r"n[ãa]o\b", {"não", "nao"}),
    ],
)
def test_cues(source: str, cues: set[str] | None) -> None:
    found = cues_of(source, re.IGNORECASE)
    assert (found is None) == (cues is None)
    if cues:
        assert found is not None
        assert {len(cue) for cue in found} == {len(cue) for cue in cues}


@pytest.mark.parametrize(
    ("text", "is_tried"),
    [
        ("We charge a fee for such guest posts.", True),
        ("We charge nothing.", False),
        ("Our guest posts are long.", False),
    ],
)
def test_what_every_match_contains_must_stand_there(text: str, is_tried: bool) -> None:
    phrases = Phrases({"fee": [r"\bcharge (?:a )?(?:small )?fee for (?:\w+ )?guest posts?\b"]})
    assert bool(phrases.possible(text)) == is_tried


@pytest.mark.parametrize("text", ["👍", "Нет, 👍 и всё"])
def test_a_rare_sign_alone_is_a_cue(text: str) -> None:
    assert cues_of("👍", re.IGNORECASE) == frozenset({"👍"})
    assert Phrasebook("👍").search(text)
    assert not Phrases({"": ["👍"]}).possible("Thanks a lot")


def test_nothing_is_missed() -> None:
    """Every pattern, tried alone on every labelled sentence, finds nothing that the book does not."""
    texts = [plain(row.text) for part in Part for row in rows_of(part)]
    for rule in (*OPT_OUT, *REFUSAL, *INTEREST):
        alone = re.compile("|".join(f"(?:{pattern})" for pattern in rule.patterns), re.IGNORECASE)
        book = Phrasebook(*rule.patterns)
        for text in texts:
            assert (alone.search(text) is None) == (book.search(text) is None), (rule.name, text)


def test_the_leftmost_is_found() -> None:
    book = Phrasebook("later", "first")
    found = book.search("first, and later")
    assert found is not None
    assert found.group() == "first"
    assert [match.group() for match in book.finditer("later first later")] == ["later", "first", "later"]
    assert ABSENCE.search("Nothing of the kind") is None
