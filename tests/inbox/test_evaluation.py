"""The labelled sentences, and what the rules must reach on them."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from inbox import evaluation
from inbox.evaluation import COUNTED_ALONE, Label, Part, rows_of


def test_the_unseen_parts_reach_the_bar_and_nobody_is_suppressed_wrongly() -> None:
    out = StringIO()
    call_command("evaluate_classifier", stdout=out)
    lines = out.getvalue().splitlines()
    figures = json.loads(lines[-1])
    for part in COUNTED_ALONE:
        assert figures[part.value]["macro_f1"] >= 0.9
    assert all(figures[part.value]["wrongly_suppressed"] == 0 for part in Part)


def test_enough_of_every_kind() -> None:
    tuning, unseen = rows_of(Part.TUNING), rows_of(Part.UNSEEN)
    assert len(tuning) + len(unseen) >= 600
    assert len({row.language for row in unseen}) >= 10
    assert {row.label for row in unseen} == set(Label)
    others = rows_of(Part.OTHER_HAND)
    assert len(others) >= 140
    assert not {row.text for row in tuning} & {row.text for row in [*unseen, *others]}


def test_unseen_rows_are_not_shown() -> None:
    out = StringIO()
    call_command("evaluate_classifier", "--wrong", stdout=out)
    unseen = [row for part in COUNTED_ALONE for row in rows_of(part)]
    assert not any(row.text in out.getvalue() for row in unseen if len(row.text) > 20)


def test_a_wrong_suppression_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    row = evaluation.Row("en", Label.REPLIED, frozenset(), "Not interested.")
    monkeypatch.setattr("inbox.management.commands.evaluate_classifier.rows_of", lambda part: [*rows_of(part), row])
    with pytest.raises(CommandError, match="3 wrongly suppressed"):
        call_command("evaluate_classifier", stdout=StringIO())
