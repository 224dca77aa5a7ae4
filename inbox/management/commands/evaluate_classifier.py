"""`manage.py evaluate_classifier`: how well the rules understand people, on sentences labelled by hand."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inbox.evaluation import COUNTED_ALONE, Label, Part, Score, Table, answers_to, rows_of

BAR = 0.9  # macro-F1 on each unseen part
SHORT = {
    Label.INTERESTED: "int", Label.NOT_INTERESTED: "not", Label.OPT_OUT: "opt", Label.OUT_OF_OFFICE: "ooo",
    Label.REPLIED: "rep",
}  # fmt: skip


class Command(BaseCommand):
    help = (
        "Measure the understanding of replies on labelled sentences, by language: precision, recall, F1, and what was "
        f"taken for what. Fails when macro-F1 on an unseen part is under {BAR}, or when anybody would be suppressed "
        "who did not refuse. The last line is one JSON object."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--wrong", action="store_true", help="list the wrong rows of the tuning part")

    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.localdate()
        tables = {part: Table(tuple(answers_to(rows_of(part), today=today))) for part in Part}
        for part, table in tables.items():
            self._show(part, table)
        if options["wrong"]:
            self._list_wrong(tables[Part.TUNING])
        self.stdout.write(json.dumps({part.value: _figures(table) for part, table in tables.items()}))
        lowest = min(tables[part].macro_f1 for part in COUNTED_ALONE)
        wrong = sum(table.wrongly_suppressed for table in tables.values())
        if lowest < BAR or wrong:
            raise CommandError(
                f"Macro-F1 on the unseen parts is down to {lowest:.3f} (at least {BAR}); {wrong} wrongly suppressed."
            )

    def _show(self, part: Part, table: Table) -> None:
        self.stdout.write(f"\n{part.value}: {len(table.answers)} sentences, macro-F1 {table.macro_f1:.3f}, "
                          f"right {table.accuracy:.3f}, wrongly suppressed {table.wrongly_suppressed}")  # fmt: skip
        self._show_scores(table.scores())
        self._show_scores(table.intent_scores())
        for language in sorted({answer.row.language for answer in table.answers}):
            self._show_language(language, Table([each for each in table.answers if each.row.language == language]))

    def _show_scores(self, scores: list[Score]) -> None:
        self.stdout.write(f"  {'':18}{'rows':>6}{'precision':>11}{'recall':>8}{'F1':>7}")
        for score in scores:
            self.stdout.write(
                f"  {score.label:18}{score.rows:6}{score.precision:11.3f}{score.recall:8.3f}{score.f1:7.3f}"
            )

    def _show_language(self, language: str, table: Table) -> None:
        """One line a label that was meant: what it was taken for."""
        self.stdout.write(f"  {language}  {len(table.answers)} sentences, macro-F1 {table.macro_f1:.3f}")
        counts = table.confusion()
        for score in table.scores():
            meant = Label(score.label)
            taken = "  ".join(f"{SHORT[got]} {counts[meant, got]:3}" for got in Label)
            self.stdout.write(f"      {score.label:18}{taken}   P {score.precision:.2f}  R {score.recall:.2f}")

    def _list_wrong(self, table: Table) -> None:
        for answer in table.answers:
            missed = sorted(answer.row.intents - answer.intents)
            if not answer.is_right or missed or answer.suppresses_wrongly:
                self.stdout.write(
                    f"{answer.row.language} meant {answer.row.label}, got {answer.label}"
                    f"{' SUPPRESSED' if answer.suppresses_wrongly else ''}{f' without {missed}' if missed else ''}:"
                    f" {answer.row.text}"
                )


def _figures(table: Table) -> dict[str, object]:
    return {
        "sentences": len(table.answers),
        "macro_f1": round(table.macro_f1, 4),
        "accuracy": round(table.accuracy, 4),
        "wrongly_suppressed": table.wrongly_suppressed,
        "f1": {score.label: round(score.f1, 4) for score in table.scores()},
    }
