"""How well are people understood? Sentences as editors write them, what they mean, and what the rules make of them.

Files of JSON lines (`language`, `label`, `intents`, `text`), written for this project. `tuning.jsonl` is what rules may
be written for; the others are only ever counted: their rows are not shown, so that nobody fits a rule to them. Whoever
wrote the rules wrote the sentences of `unseen.jsonl` too; those of `other_hand.jsonl` are by somebody who had never
read a rule. A row that somebody has looked at, and written a rule for, belongs into the first file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from inbox.classify import Tag
from inbox.parsing import parse_text
from inbox.understanding import MessageKind, Understanding, understand_parsed

FOLDER = Path(__file__).parent


class Part(StrEnum):
    TUNING = "tuning"  # rules may be written for these
    UNSEEN = "unseen"  # counted, never shown
    OTHER_HAND = "other_hand"  # counted, never shown; written without knowing the rules


COUNTED_ALONE = (Part.UNSEEN, Part.OTHER_HAND)


class Label(StrEnum):
    """What a sentence means: the tags, with the requests to stop apart from the refusals."""

    INTERESTED = "interested"
    NOT_INTERESTED = "not_interested"
    OPT_OUT = "opt_out"
    OUT_OF_OFFICE = "out_of_office"
    REPLIED = "replied"  # anything else, and whatever a person has to decide


# Whoever says this may be suppressed by it.
REFUSES = frozenset({Label.NOT_INTERESTED, Label.OPT_OUT})


@dataclass(frozen=True, slots=True)
class Row:
    language: str  # ISO 639-1
    label: Label
    intents: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rules made of a row."""

    row: Row
    label: Label
    intents: frozenset[str]
    suppresses: bool

    @property
    def is_right(self) -> bool:
        return self.label is self.row.label

    @property
    def suppresses_wrongly(self) -> bool:
        return self.suppresses and self.row.label not in REFUSES


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of one label."""

    label: str
    rows: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Table:
    """The answers of one language, or of all."""

    answers: Sequence[Answer] = field(default_factory=tuple)

    def confusion(self) -> Counter[tuple[Label, Label]]:
        """How often each label was meant (first) and understood (second)."""
        return Counter((answer.row.label, answer.label) for answer in self.answers)

    def scores(self) -> list[Score]:
        """Of each label that was meant at least once."""
        counts = self.confusion()
        return [_score(label.value, counts, label) for label in Label if any(meant is label for meant, _ in counts)]

    def intent_scores(self) -> list[Score]:
        names = sorted({name for answer in self.answers for name in answer.row.intents})
        return [_intent_score(name, self.answers) for name in names]

    @property
    def macro_f1(self) -> float:
        scores = self.scores()
        return sum(score.f1 for score in scores) / len(scores) if scores else 0.0

    @property
    def accuracy(self) -> float:
        return sum(answer.is_right for answer in self.answers) / max(1, len(self.answers))

    @property
    def wrongly_suppressed(self) -> int:
        return sum(answer.suppresses_wrongly for answer in self.answers)


def rows_of(part: Part) -> list[Row]:
    lines = (FOLDER / f"{part.value}.jsonl").read_text(encoding="utf-8").splitlines()
    found = (json.loads(line) for line in lines if line.strip())
    return [Row(row["language"], Label(row["label"]), frozenset(row["intents"]), row["text"]) for row in found]


def answers_to(rows: Iterable[Row], *, today: date) -> Iterator[Answer]:
    for row in rows:
        understood = understand_parsed(parse_text(text=row.text), received_on=today)
        verdict = understood.verdict
        intents = frozenset(each.intent.value for each in verdict.intents) if verdict else frozenset()
        yield Answer(row, label_of(understood), intents, understood.suppresses)


def label_of(understood: Understanding) -> Label:
    if understood.kind is MessageKind.AUTO_REPLY:
        return Label.OUT_OF_OFFICE
    verdict = understood.verdict
    if verdict is None:
        return Label.REPLIED
    if verdict.asks_opt_out and verdict.tag is Tag.NOT_INTERESTED:
        return Label.OPT_OUT
    return Label(verdict.tag.value)


def _score(name: str, counts: Counter[tuple[Label, Label]], label: Label) -> Score:
    hit = counts[label, label]
    meant = sum(number for (was, _), number in counts.items() if was is label)
    said = sum(number for (_, got), number in counts.items() if got is label)
    return Score(name, meant, hit / said if said else 0.0, hit / meant if meant else 0.0)


def _intent_score(name: str, answers: Sequence[Answer]) -> Score:
    meant = [answer for answer in answers if name in answer.row.intents]
    said = [answer for answer in answers if name in answer.intents]
    hit = sum(name in answer.intents for answer in meant)
    return Score(name, len(meant), hit / len(said) if said else 0.0, hit / len(meant) if meant else 0.0)
