"""How fast a file of leads is read in: `make bench ONLY=imports`.

On SQLite and on a PostgreSQL of its own, with the product's own settings. The file is a CSV of 100,000 rows with site,
address, name, role, name of the site, topic and a page: nearly all good, one in fifty a site that came before in
another spelling, one in a hundred rotten.

- `rows_per_s`: rows of the file, each validated, deduplicated and written down with all that is known, from the
  uploaded bytes to the last piece; of the median round.
- `ratio`: the time that the rows which it leaves in the tables of leads, contacts and left-out rows take as bare
  `executemany` INSERTs in one transaction, into a copy of the same database, over the import's; rounds alternate.

Times by the clock: take them on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from django.db import connection, models, transaction

from benchmarks._databases import Maker, makers
from benchmarks._report import finish, load, say, table
from campaigns import imports
from campaigns.lifecycle import start_campaign
from campaigns.models import Contact, ImportedRow, Lead, LeadImport
from outreach_site.accounts.models import User, Workspace

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENDINGS = ("com", "org", "io", "de", "co.uk", "fr")


@dataclass(frozen=True)
class Figures:
    ratio: float
    rows_per_s: float
    bare_rows_per_s: float
    slice_ms: float

    def as_json(self) -> dict[str, float]:
        return {"ratio": round(self.ratio, 3), "rows_per_s": round(self.rows_per_s)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description="Measures reading in leads.")
    parser.add_argument("--on", nargs="+", choices=list(makers()), default=list(makers()))
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    figures = {}
    for vendor, start in makers().items():
        if vendor in options.on:
            say(f"{vendor}: starting ({load()})")
            with start() as make:
                figures[vendor] = _measure(make, options.rows, options.rounds)
    table(
        f"A CSV of {options.rows:,} leads ({load()})",
        ("", *figures),
        [
            ("rows a second", *(f"{found.rows_per_s:,.0f}" for found in figures.values())),
            ("bare executemany, rows a second", *(f"{found.bare_rows_per_s:,.0f}" for found in figures.values())),
            ("of a bare executemany (at least 0.2)", *(f"{found.ratio:.3f}" for found in figures.values())),
            (
                f"longest piece of {imports.LINES_AT_ONCE:,} rows, ms",
                *(f"{found.slice_ms:,.0f}" for found in figures.values()),
            ),
        ],
    )
    finish({vendor: found.as_json() for vendor, found in figures.items()})


def content_of(rows: int) -> bytes:
    lines = ["Website,E-mail,Name,Role,Title,Topic,Found at"]
    for n in range(rows):
        site = f"garden-{n:06}.{ENDINGS[n % len(ENDINGS)]}"
        if n % 100 == 99:
            lines.append(f"no site at all {n},,,,,,")
        elif n % 50 == 49:
            same = n - 1
            site = f"garden-{same:06}.{ENDINGS[same % len(ENDINGS)]}"
            lines.append(f"HTTP://www.{site.upper()}/?utm_source=list,,,,,,")
        else:
            lines.append(
                f'https://{site}/,editor@{site},"Ada {n} Reed",Editor,"Garden, No. {n}",balcony,{site}/contact'
            )
    return ("\n".join(lines) + "\n").encode()


def _measure(make: Maker, rows: int, rounds: int) -> Figures:
    content = content_of(rows)
    ours, bare, pieces = [], [], []
    for number in range(rounds + 1):  # The first one warms everything up.
        database = make(f"ours{number}")
        database.use()
        longest, took = _import(content, rows)
        written = _written()
        connection.close()
        database = make(f"bare{number}")
        database.use()
        took_bare = _insert(written)
        connection.close()
        if number:
            ours.append(took)
            bare.append(took_bare)
            pieces.append(longest)
    return Figures(
        ratio=median(bare) / median(ours),
        rows_per_s=rows / median(ours),
        bare_rows_per_s=rows / median(bare),
        slice_ms=max(pieces) * 1000,
    )


def _import(content: bytes, rows: int) -> tuple[float, float]:
    """Seconds of the longest piece, and of all."""
    user = User.objects.create(email="mara@orchard.example", name="Mara", password="!")
    workspace = Workspace.objects.create(name="Orchard", slug="orchard")
    campaign = start_campaign(workspace, name="Spring", user=user, now=NOW)
    gc.collect()
    longest = 0.0
    began = time.perf_counter()
    run = imports.begin(campaign, content, name="list.csv", user=user, now=NOW)
    imports.start(run, origin="A list for a measurement", user=user, now=NOW)
    lines, columns = imports.lines_of(run), imports.Columns.of(LeadImport.objects.get(pk=run.pk), user)
    more = True
    while more:
        piece_began = time.perf_counter()
        more = imports.take_piece(run.pk, lines, columns, now=NOW)
        longest = max(longest, time.perf_counter() - piece_began)
    took = time.perf_counter() - began
    run.refresh_from_db()
    leads, contacts = campaign.leads.exclude(contact=None).count(), Contact.objects.count()
    if (run.added + run.skipped + run.failed, leads, contacts) != (rows, run.added, run.added):
        raise SystemExit(f"Not every row was read: {run.added} added, {run.skipped} skipped, {run.failed} failed.")
    return longest, took


Rows = list[tuple[type[models.Model], Sequence[str], list[tuple[Any, ...]]]]


def _written() -> Rows:
    """What the import left, as the driver takes it."""
    found: Rows = []
    for model in (Lead, Contact, ImportedRow):
        columns = [field.column for field in model._meta.concrete_fields]
        as_text = {field.column for field in model._meta.concrete_fields if isinstance(field, models.JSONField)}
        picked = [f"CAST({column} AS text)" if column in as_text else column for column in columns]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(picked)} FROM {model._meta.db_table} ORDER BY id")
            found.append((model, columns, list(cursor.fetchall())))
    return found


def _insert(written: Rows) -> float:
    """The same rows and no more, in one transaction: keys that point nowhere yet are looked at when it ends."""
    gc.collect()
    user = User.objects.create(email="mara@orchard.example", name="Mara", password="!")
    workspace = Workspace.objects.create(name="Orchard", slug="orchard")
    campaign = start_campaign(workspace, name="Spring", user=user, now=NOW)
    LeadImport.objects.create(campaign=campaign, file_name="list.csv", lines=1)
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for model, columns, rows in written:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES ({places})", rows)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
