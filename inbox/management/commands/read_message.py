"""`manage.py read_message`: what the inbox would make of messages. Stores nothing."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inbox.parsing import parse, parse_text
from inbox.understanding import Understanding, understand_parsed

KEYS = (
    "kind", "hardness", "recipients", "status", "reason", "classification", "intents", "intent_details", "confidence",
    "evidence", "suppress", "return_on", "from_name", "from_email", "subject", "message_id", "in_reply_to",
    "references", "text", "new_text", "seconds", "error",
)  # fmt: skip


class Command(BaseCommand):
    help = (
        "Show what the inbox would make of messages: one JSON object a line, in order. Stores nothing, and never stops "
        "at a bad message: that row carries an error."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files with one message each")
        parser.add_argument("--paths-from", type=Path, metavar="FILE", help="a file with one path a line")
        parser.add_argument(
            "--texts", type=Path, metavar="FILE", help="JSON lines of id, subject, and text or html, instead of files"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["paths"] or options["paths_from"] or options["texts"]):
            raise CommandError("Name at least one file, or give --paths-from or --texts.")
        today = timezone.localdate()
        for row in self._rows(options, today):
            self.stdout.write(json.dumps(row))

    def _rows(self, options: dict[str, Any], today: date) -> Iterator[dict[str, Any]]:
        paths = [Path(path) for path in options["paths"]]
        if options["paths_from"]:
            paths += [Path(line) for line in _lines(Path(options["paths_from"])) if line.strip()]
        for path in paths:
            yield _answer({"path": str(path)}, partial(parse_file, path, today))
        if options["texts"]:
            for line in _lines(Path(options["texts"])):
                if line.strip():
                    yield _of_line(line, today)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as err:
        raise CommandError(f"{path} cannot be read: {err}") from err


def parse_file(path: Path, today: date) -> Understanding:
    message = parse(path.read_bytes())
    return understand_parsed(message, received_on=message.date.date() if message.date else today)


def _of_line(line: str, today: date) -> dict[str, Any]:
    try:
        row = json.loads(line)
        name = {"id": row["id"]}
    except (ValueError, KeyError, TypeError):
        return _answer({"id": None}, _bad_line)

    def read() -> Understanding:
        message = parse_text(
            subject=str(row.get("subject") or ""), text=str(row.get("text") or ""), html=str(row.get("html") or "")
        )
        return understand_parsed(message, received_on=today)

    return _answer(name, read)


def _bad_line() -> Understanding:
    raise ValueError("This line is not a JSON object with an id.")


def _answer(name: dict[str, Any], read: Callable[[], Understanding]) -> dict[str, Any]:
    """One row; whatever goes wrong while reading is said in it."""
    started = time.perf_counter()
    row: dict[str, Any] = dict.fromkeys(KEYS)
    row |= {
        "recipients": [],
        "intents": [],
        "intent_details": [],
        "evidence": [],
        "references": [],
        "suppress": False,
        "error": "",
    }
    try:
        row |= shown(read())
    except Exception as err:  # noqa: BLE001 - the promise of this command: a row with an error, and on to the next
        row["error"] = f"{type(err).__name__}: {err}"
    row["seconds"] = round(time.perf_counter() - started, 4)
    return name | row


def shown(understood: Understanding) -> dict[str, Any]:
    message, verdict, report = understood.message, understood.verdict, understood.report
    return {
        "kind": understood.kind.value,
        "hardness": report.hardness.value if report and report.hardness else None,
        "recipients": list(report.recipients) if report else [],
        "status": report.status if report else None,
        "reason": report.reason if report else None,
        "classification": verdict.tag.value if verdict else None,
        "intents": [each.intent.value for each in verdict.intents] if verdict else [],
        "intent_details": [each.as_row for each in verdict.intents] if verdict else [],
        "confidence": verdict.confidence if verdict else None,
        "evidence": [
            {"words": each.words, "rule": each.rule, "start": each.start, "end": each.end}
            for each in (verdict.evidence if verdict else ())
        ],
        "suppress": understood.suppresses,
        "return_on": understood.return_on.isoformat() if understood.return_on else None,
        "from_name": message.from_name,
        "from_email": message.from_email,
        "subject": message.subject,
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
        "references": list(message.references),
        "text": message.text,
        "new_text": message.new_text,
        "error": message.error,
    }
