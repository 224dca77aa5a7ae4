"""How long pages of numbers take over a million letters: `make bench ONLY=analytics`.

On SQLite, and on a PostgreSQL of its own, with the product's own settings. One workspace, forty campaigns, of which one
has half of all letters; a year of them, every tenth site has answered. The numbers are counted first, as the schedule
does it.

- `ms`: the server's time for one page, from the request to the whole answer: the median of several, signed in.
- `queries`: statements for it. `--rows 10000` has to give the same ones.

Besides: how long the first count of everything takes, in slices; afterwards a minute's news alone is counted. These are
times by the clock: take them on a machine that does nothing else. The table also says what this process took of a core,
which others cannot spoil as much; PostgreSQL's own work is not in it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from benchmarks._databases import Database, Maker, makers
from benchmarks._filling import defaults_of, dialect_of, hashed, in_a_hurry, insert, site_in_sql
from benchmarks._report import finish, load, say, table
from campaigns.analytics.upkeep import keep_up
from campaigns.models import Attempt, Campaign, Lead, Rollup, Step, Template
from inbox.models import RawMessage, Reply
from outreach_site.accounts.models import Membership, Role, User, Workspace
from outreach_site.mailboxes.models import Mailbox

HOST = "outreach.example.com"
CAMPAIGNS, MAILBOXES, TEMPLATES = 40, 4, 3
YEAR = 365 * 24 * 3600
API = "/api/v1/backlink-outreach"


def main() -> None:
    options = _options()
    measured: dict[str, dict[str, Page]] = {}
    # Pages name their styles as an installation does: by what was gathered.
    with TemporaryDirectory(prefix="bench-") as static, override_settings(STATIC_ROOT=static):
        call_command("collectstatic", interactive=False, verbosity=0)
        for vendor, start in makers().items():
            if vendor in options.on:
                say(f"{vendor}: starting ({load()})")
                with start() as make:
                    measured[vendor] = pages = _measure(vendor, make, options)
                rows = [
                    [name, f"{page.ms:.0f}", f"{page.core_ms:.0f}", str(page.queries)] for name, page in pages.items()
                ]
                heading = f"{vendor}, {options.rows:,} letters ({load()})"
                table(heading, ["page", "ms", "of a core", "queries"], rows)
    finish({vendor: {name: page.as_json() for name, page in pages.items()} for vendor, pages in measured.items()})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analytics", description="Measures pages of numbers.")
    parser.add_argument("--on", nargs="+", choices=list(makers()), default=list(makers()))
    parser.add_argument("--rows", type=int, default=1_000_000, help="letters")
    parser.add_argument("--times", type=int, default=9, help="requests of each page")
    return parser.parse_args()


@dataclass(frozen=True)
class Page:
    ms: float
    core_ms: float
    queries: int

    def as_json(self) -> dict[str, Any]:
        return {"ms": round(self.ms, 1), "queries": self.queries}


def _measure(vendor: str, make: Maker, options: argparse.Namespace) -> dict[str, Page]:
    database = make("analytics")
    database.use()
    with in_a_hurry(database):
        here, largest = _fill(database, options.rows)
    database.settle()
    say(f"{vendor}: filled ({load()})")
    began = time.perf_counter()
    while not keep_up(here, until=time.monotonic() + 20, now=datetime.now(UTC)):
        pass
    say(f"{vendor}: counted in {time.perf_counter() - began:.0f} s, {Rollup.objects.count():,} lines")
    database.settle()
    client = Client(headers={"host": HOST, "x-workspace": here.slug})
    client.force_login(User.objects.get())
    base = f"/w/{here.slug}/campaigns"
    addresses = {
        "results": f"{base}/results/",
        "results_all_time": f"{base}/results/?days=all",
        "campaign_results": f"{base}/{largest}/results/",
        "campaign_results_all_time": f"{base}/{largest}/results/?days=all",
        "campaign_report": f"{base}/{largest}/report/",
        "campaigns": f"{base}/",
        "api_analytics": f"{API}/campaigns/{largest}/analytics?days=90",
        "api_snapshot": f"{API}/reporting/snapshot",
    }
    return {name: _page(partial(_get, client, url), options.times) for name, url in addresses.items()}


def _get(client: Client, url: str) -> None:
    answer = client.get(url, secure=True)
    if answer.status_code != 200:
        raise SystemExit(f"{url} answers {answer.status_code}: {answer.headers.get('Location', '')}")


def _page(get: Callable[[], None], times: int) -> Page:
    get()  # Templates are read, statements prepared.
    with CaptureQueriesContext(connection) as asked:
        get()
    queries = len(asked)  # Each request begins its list anew.
    took, took_core = [], []
    for _ in range(times):
        began, began_core = time.perf_counter(), time.process_time()
        get()
        took.append(time.perf_counter() - began)
        took_core.append(time.process_time() - began_core)
    return Page(median(took) * 1000, median(took_core) * 1000, queries)


# --- Filling ----------------------------------------------------------------------------------------------------------


def _fill(database: Database, rows: int) -> tuple[Workspace, int]:
    """Six sites of ten letters: a first one to each, and a follow-up to two of three. The newest left a minute ago."""
    dialect = dialect_of(database.vendor)
    here = Workspace.objects.create(name="Orchard", slug="orchard", time_zone="Europe/Berlin")
    person = User.objects.create(email="mara@orchard.example", password="!")
    Membership.objects.create(user=person, workspace=here, role=Role.OWNER)
    campaigns = [
        Campaign.objects.create(workspace=here, name=f"Campaign {n}", state="running") for n in range(CAMPAIGNS)
    ]
    steps = [
        Step.objects.create(campaign=each, position=place, letter_subject="S", letter_body="B")
        for each in campaigns
        for place in (1, 2)
    ]
    boxes = [
        Mailbox.objects.create(workspace=here, email=f"m{n}@orchard.example", smtp_host=f"m{n}.orchard.example")
        for n in range(MAILBOXES)
    ]
    texts = [Template.objects.create(workspace=here, name=f"T{n}", subject="S", body="B") for n in range(TEMPLATES)]

    leads = rows * 6 // 10
    at = f"({int(datetime.now(UTC).timestamp())} - 60 - ({leads} - {{lead}}) * {YEAR} / {leads})"
    campaign = f"(CASE WHEN {{lead}} % 2 = 0 THEN 0 ELSE 1 + {{lead}} / 2 % {CAMPAIGNS - 1} END)"
    lead, follows = f"(CASE WHEN n <= {leads} THEN n ELSE n - {leads} END)", f"n > {leads}"
    site = site_in_sql(dialect, "n")

    def moment(seconds: str) -> str:
        return dialect["moment"].format(at=seconds)

    def number(objects: list[Any], place: str) -> str:
        return f"({objects[0].pk} + {place})"

    insert(
        Lead,
        dialect["series"].format(rows=leads),
        **defaults_of(Lead)
        | {
            "id": "n",
            "campaign_id": number(campaigns, campaign.format(lead="n")),
            "website_url": f"'https://' || {site} || '/'",
            "site_key": f"{site} || n",
            "domain": site,
            "status": "CASE WHEN n % 100 = 0 THEN 'placed' WHEN n % 10 = 0 THEN 'replied' ELSE 'contacted' END",
            "status_changed_at": moment(at.format(lead="n")),
            "source": "CASE n % 3 WHEN 0 THEN 'discovery' WHEN 1 THEN 'import' ELSE 'manual' END",
            "created_at": moment(at.format(lead="n") + " - 86400"),
        },
    )
    left_at = at.format(lead=lead) + f" + CASE WHEN {follows} AND {lead} < {leads} * 0.98 THEN 432000 ELSE 0 END"
    to = site_in_sql(dialect, lead)
    insert(
        Attempt,
        dialect["series"].format(rows=rows),
        **defaults_of(Attempt)
        | {
            "id": "n",
            "workspace_id": str(here.pk),
            "campaign_id": number(campaigns, campaign.format(lead=lead)),
            "lead_id": lead,
            "step_id": number(steps, f"2 * {campaign.format(lead=lead)} + CASE WHEN {follows} THEN 1 ELSE 0 END"),
            "template_id": number(texts, f"n % {TEMPLATES}"),
            "kind": f"CASE WHEN {follows} THEN 'follow_up' ELSE 'first' END",
            "variant": f"CASE WHEN {follows} THEN '' WHEN n % 4 < 2 THEN 'A' ELSE 'B' END",
            "mailbox_id": number(boxes, f"{lead} % {MAILBOXES}"),
            "recipient": f"'editor' || {lead} || '@' || {to}",
            "recipient_key": f"'editor' || {lead} || '@' || {to}",
            "recipient_domain": to,
            "subject": "'A guide for your readers'",
            "body": "'Hello,' || ' I have read your piece on raised beds with great pleasure, and wonder whether …'",
            "state": "CASE WHEN n % 500 = 0 THEN 'failed' WHEN n % 5000 = 1 THEN 'uncertain' ELSE 'sent' END",
            "message_id": "'<' || n || '@orchard.example>'",
            "created_at": moment(left_at),
            "finished_at": moment(left_at),
            "settled_at": moment(left_at),
        },
    )
    answers = leads // 10
    waited = f"CASE WHEN n < {answers} * 0.98 THEN n % 1000 * 300 ELSE 0 END"
    came_at = moment(at.format(lead="(n * 10)") + f" + 60 + {waited}")
    insert(
        RawMessage,
        dialect["series"].format(rows=answers),
        **defaults_of(RawMessage)
        | {
            "id": "n",
            "mailbox_id": number(boxes, f"(n * 10) % {MAILBOXES}"),
            "digest": f"{hashed(dialect, 'n')} || '{'0' * 56}'",
            "size": "2000",
            "folder": "'INBOX'",
            "received_at": came_at,
            "stored_at": came_at,
            "understood_at": came_at,
        },
    )
    insert(
        Reply,
        dialect["series"].format(rows=answers),
        **defaults_of(Reply)
        | {
            "id": "n",
            "workspace_id": str(here.pk),
            "mailbox_id": number(boxes, f"(n * 10) % {MAILBOXES}"),
            "raw_id": "n",
            "attempt_id": "n * 10",
            "campaign_id": number(campaigns, campaign.format(lead="(n * 10)")),
            "lead_id": "n * 10",
            "kind": "CASE WHEN n % 6 = 0 THEN 'auto_reply' ELSE 'reply' END",
            "classification": "CASE WHEN n % 6 = 0 THEN 'out_of_office' WHEN n % 3 = 0 THEN 'interested' "
            "WHEN n % 3 = 1 THEN 'not_interested' ELSE 'replied' END",
            "received_at": came_at,
        },
    )
    return here, campaigns[0].pk


if __name__ == "__main__":
    main()
