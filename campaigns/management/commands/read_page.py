"""`manage.py read_page`: what discovery would make of a page. Stores nothing."""

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

from campaigns.discovery import contacts, page, scoring, signals
from campaigns.discovery.crawl import user_agent
from campaigns.discovery.scoring import Score
from outreach_site.lib.web import WebError, WebFailure, decoded, open_url


class Command(BaseCommand):
    help = (
        "Show what discovery would make of a page: one JSON object a line, in order. Stores nothing, and never stops "
        "at a bad page: that row carries an error."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pages", nargs="*", metavar="FILE|URL", help="saved pages, or addresses to read")
        parser.add_argument("--url", default="", help="the address that a saved page came from")
        parser.add_argument("--jsonl", type=Path, metavar="FILE", help="JSON lines of id, html and, if known, url")
        parser.add_argument("--keyword", default="", help="what the page should be about, for its relevance")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["pages"] or options["jsonl"]):
            raise CommandError("Name a file or an address, or give --jsonl.")
        today = timezone.localdate()
        for name, source in self._sources(options):
            self.stdout.write(json.dumps(name | _answer(source, options["keyword"], today)))

    def _sources(self, options: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Callable[[], tuple[str, str]]]]:
        for named in options["pages"]:
            if named.lower().startswith(("http://", "https://")):
                yield {"url": named}, partial(_fetched, named)
            else:
                yield {"path": named}, partial(_saved, Path(named), options["url"])
        if options["jsonl"]:
            try:
                lines = options["jsonl"].read_text(encoding="utf-8").split("\n")
            except (OSError, UnicodeDecodeError) as err:
                raise CommandError(f"{options['jsonl']} cannot be read: {err}") from err
            for line in lines:
                if line.strip():
                    yield _of_line(line, options["url"])


def _of_line(line: str, url: str) -> tuple[dict[str, Any], Callable[[], tuple[str, str]]]:
    try:
        row = json.loads(line)
        html = str(row["html"])
        return {"id": row["id"]}, lambda: (html, str(row.get("url") or url))
    except (ValueError, KeyError, TypeError):
        return {"id": None}, _bad_line


def _bad_line() -> tuple[str, str]:
    raise ValueError("This line is not a JSON object with an id and html.")


def _saved(path: Path, url: str) -> tuple[str, str]:
    return decoded(path.read_bytes(), ""), url


def _fetched(url: str) -> tuple[str, str]:
    answer = open_url(url, user_agent=user_agent(), cut=True)
    if answer.status != 200:
        raise WebError(f"{url} answers with {answer.status}.", failure=WebFailure.STATUS, permanent=True)
    return answer.text, answer.url


def _answer(source: Callable[[], tuple[str, str]], keyword: str, today: date) -> dict[str, Any]:
    """One row; whatever goes wrong while reading is said in it."""
    started = time.perf_counter()
    row: dict[str, Any] = {"emails": [], "names": [], "scores": {}, "signals": [], "error": ""}
    try:
        html, url = source()
        row |= shown(page.read(html, url=url), keyword, today)
    except Exception as err:  # noqa: BLE001 - the promise of this command: a row with an error, and on to the next
        row["error"] = str(err) if isinstance(err, WebError) else f"{type(err).__name__}: {err}"
    row["seconds"] = round(time.perf_counter() - started, 4)
    return row


def shown(read: page.Page, keyword: str, today: date) -> dict[str, Any]:
    """A page as a row: plain values only."""
    found, says = contacts.find(read), signals.find(read)
    scores = scoring.score(read, signals=says, contacts=found, keyword=keyword, today=today)
    return {
        "title": read.title,
        "emails": [
            {
                "email": each.email,
                "how": each.how.value,
                "passage": each.passage,
                "name": each.name,
                "role": each.role,
                "url": each.url,
            }
            for each in found
        ],
        "names": list(dict.fromkeys(each.name for each in found if each.name)),
        "scores": {
            name: _score(score)
            for name, score in (
                ("relevance", scores.relevance),
                ("quality", scores.quality),
                ("guest_post_likelihood", scores.likelihood),
            )
        },
        "badges": (["email found"] if found else [])
        + (["has guidelines"] if any(each.kind is signals.Kind.GUIDELINES for each in says) else [])
        + list(scores.badges),
        "signals": [
            {"kind": each.kind.value, "quote": each.quote} | ({"country": each.country} if each.country else {})
            for each in says
        ],
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "value": score.value,
        "reasons": [{"sentence": each.sentence, "points": round(each.points, 3)} for each in score.reasons],
    }
