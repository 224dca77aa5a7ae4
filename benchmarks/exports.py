"""How fast, and in how much memory, data leaves as a file: `make bench ONLY=exports`.

On SQLite and on a PostgreSQL of its own, with the product's own settings: 1,000,000 leads, each with a contact, are
streamed as the page streams them, noted in the audit log and followed.

- `rows_per_s`: rows of the file a second.
- `rss_growth_mb`: how much larger this process ever was than after the first 50,000 rows, in MB (10^6 bytes). Flat
  means at most 30.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection, models, transaction

from benchmarks._databases import Database, makers
from benchmarks._filling import dialect_of, in_a_hurry, insert, site_in_sql
from benchmarks._report import finish, load, say, table
from campaigns import exports
from campaigns.lifecycle import start_campaign
from campaigns.models import Campaign, Contact, Lead
from compliance import taking
from compliance.export_models import Export
from outreach_site.accounts.models import User, Workspace

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WARM_ROWS = 50_000


@dataclass(frozen=True)
class Figures:
    rss_growth_mb: float
    rows_per_s: float
    file_mb: float

    def as_json(self) -> dict[str, float]:
        return {"rss_growth_mb": round(self.rss_growth_mb, 1), "rows_per_s": round(self.rows_per_s)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports", description="Measures files that go out.")
    parser.add_argument("--on", nargs="+", choices=list(makers()), default=list(makers()))
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    figures = {}
    for vendor, start in makers().items():
        if vendor in options.on:
            say(f"{vendor}: starting ({load()})")
            with start() as make:
                figures[vendor] = _measure(make("large"), options.rows)
    table(
        f"{options.rows:,} leads as CSV ({load()})",
        ("", *figures),
        [
            ("rows a second", *(f"{found.rows_per_s:,.0f}" for found in figures.values())),
            ("size of the file, MB", *(f"{found.file_mb:,.0f}" for found in figures.values())),
            ("memory grew by, MB (at most 30)", *(f"{found.rss_growth_mb:.1f}" for found in figures.values())),
        ],
    )
    finish({vendor: found.as_json() for vendor, found in figures.items()})


def _measure(database: Database, rows: int) -> Figures:
    database.use()
    user = User.objects.create(email="mara@orchard.example", name="Mara", password="!")
    workspace = Workspace.objects.create(name="Orchard", slug="orchard")
    campaign = start_campaign(workspace, name="Spring", user=user, now=NOW)
    with in_a_hurry(database):
        _fill(database.vendor, campaign, rows)
    database.settle()
    say(f"{database.vendor}: {rows:,} leads stand")
    export = taking.begin(
        Export.What.LEADS, workspace=workspace, about=campaign.subject, total=rows, user=user, now=NOW
    )
    size, lines, at_first, most = 0, 0, 0.0, 0.0
    began = time.perf_counter()
    for piece in taking.as_csv(export, tuple(exports.LEADS), exports.leads_of(campaign), with_mark=True):
        size += len(piece)
        lines += piece.count(b"\r\n")
        if lines > WARM_ROWS:
            at_first = at_first or _resident_mb()
            most = max(most, _resident_mb())
    took = time.perf_counter() - began
    export.refresh_from_db()
    if (lines, export.rows) != (rows + 1, rows) or export.finished_at is None:
        raise SystemExit(f"{lines} lines and {export.rows} rows went out instead of {rows}.")
    connection.close()
    return Figures(rss_growth_mb=most - at_first, rows_per_s=rows / took, file_mb=size / 1e6)


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _fill(vendor: str, campaign: Campaign, rows: int) -> None:
    """A lead in ten has texts with line breaks, quotation marks and formulas in them."""
    dialect = dialect_of(vendor)
    series = dialect["series"].format(rows=rows)
    moment = dialect["moment"].format(at=f"{int(NOW.timestamp())} - {rows} + n")
    site = site_in_sql(dialect, "n")
    with transaction.atomic():  # Each points at the other.
        _insert_both(campaign, vendor, series, moment, site)


def _insert_both(campaign: Campaign, vendor: str, series: str, moment: str, site: str) -> None:
    as_json = (
        'CAST(\'{"favourite_article": "Moss"}\' AS jsonb)'
        if vendor == "postgresql"
        else '\'{"favourite_article": "Moss"}\''
    )
    filled = {
        "id": "n",
        "campaign_id": str(campaign.pk),
        "website_url": f"'https://' || {site} || '/'",
        "site_key": site,
        "domain": site,
        "website_title": "CASE WHEN n % 10 = 0 THEN '=1+1 \"quoted\", and ' || n ELSE 'Garden No. ' || n END",
        "topic": "'balcony gardening'",
        "contact_id": "n",
        "status": "CASE WHEN n % 7 = 0 THEN 'contacted' ELSE 'discovered' END",
        "status_changed_at": moment,
        "stage": "''",
        "next_action": "''",
        "next_action_on": "NULL",
        "quality_score": "(n % 100) / 100.0",
        "relevance_score": "(n % 90) / 100.0",
        "guest_post_likelihood": "NULL",
        "source": "'import'",
        "custom_fields": as_json,
        "created_at": moment,
    }
    _insert_with_the_rest(Lead, series, filled)
    filled = {
        "id": "n",
        "lead_id": "n",
        "email": f"'editor@' || {site}",
        "email_key": f"'editor@' || {site}",
        "name": "'Ada ' || n",
        "role": "'Editor'",
        "found_url": f"'https://' || {site} || '/contact'",
        "found_passage": "'Write to our editor'",
        "found_at": moment,
        "origin": "''",
    }
    _insert_with_the_rest(Contact, series, filled)


def _insert_with_the_rest(model: type[models.Model], series: str, filled: dict[str, str]) -> None:
    """What a row has besides says nothing: this measurement need not know every column."""
    rest = {
        field.column: "NULL" if field.null else "''"
        for field in model._meta.concrete_fields
        if field.column not in filled
    }
    insert(model, series, **filled, **rest)


if __name__ == "__main__":
    main()
