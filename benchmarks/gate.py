"""How fast letters are decided, and how fast the log is verified: `make bench ONLY=gate`.

On SQLite, and on a PostgreSQL of its own, with the product's own settings and a workspace as it is when it is made (all
rules on). A batch is 500 letters of ten people to 500 sites, half of them in regions that ask for a ground; every one
of them is let go, so each is decided, reserved in the ledger and written to the audit log, in one transaction.

- `queries_1`, `queries_500`: statements for 1 and for 500 letters, without BEGIN, COMMIT and savepoints.
- `scale_ratio`: the time for a batch with a million suppressions and a million ledger rows in the workspace, over that
  with a thousand of each; the median of interleaved pairs.
- `decisions_per_s`: in one process, with the million rows; of the median batch.
- `raw_ratio`: the time that the same rows take as three plain multi-row INSERTs, over the gate's; 1 would be a gate
  that costs nothing beyond writing down what it decided. Batches of both alternate.
- `verify_rows_per_s`: `manage.py verify_audit` over a sealed log.

These are times by the clock: take them on a machine that does nothing else. The table also says what this process took
of a core, which others cannot spoil as much; waiting for the disk, and PostgreSQL's own work, are not in it.
"""

from __future__ import annotations

import argparse
import gc
import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from django.core.management import call_command
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks._databases import Database, Maker, makers
from benchmarks._filling import ENDINGS, dialect_of, hashed, in_a_hurry, insert, site_in_sql
from benchmarks._report import finish, load, say, table
from compliance import gate, seals
from compliance.management.commands import verify_audit
from compliance.models import AuditEntry, AuditPerson, Kind, SendRecord, Suppression
from compliance.policy import Letter
from compliance.verification import end_of_seals
from outreach_site.accounts.models import User, Workspace

BATCH = 500
PEOPLE, A_DAY_OF_BATCHES = 200, 20  # ten people a batch, each once a day: nobody reaches a cap
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# Numbers of sites: those in the ledger count from 0.
_NEW_SITES, _SUPPRESSED_SITES = 10_000_000, 20_000_000
_THAT_ASK = (".de", ".co.uk", ".fr")
_TRANSACTION_WORDS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def main() -> None:
    options = _options()
    figures = {}
    for vendor, start in makers().items():
        if vendor in options.on:
            say(f"{vendor}: starting ({load()})")
            with start() as make:
                figures[vendor] = _measure(vendor, make, options)
    _print(figures)
    finish({vendor: found.as_json() for vendor, found in figures.items()})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description="Measures the gate and the log.")
    parser.add_argument("--on", nargs="+", choices=list(makers()), default=list(makers()))
    parser.add_argument("--rows", type=int, default=1_000_000, help="suppressions and ledger rows of the large one")
    parser.add_argument("--few", type=int, default=1_000, help="and of the small one")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--sealed", type=int, default=200_000, help="audit rows to verify")
    return parser.parse_args()


@dataclass(frozen=True)
class Figures:
    queries_1: int
    queries_500: int
    scale_ratio: float
    decisions_per_s: float
    raw_ratio: float
    verify_rows_per_s: float
    # For the table alone.
    small_us: float
    large_us: float
    one_letter_ms: float
    raw_per_s: float
    seal_rows_per_s: float
    core_decisions_per_s: float
    core_verified_per_s: float
    verified: int

    def as_json(self) -> dict[str, float]:
        return {
            "queries_1": self.queries_1,
            "queries_500": self.queries_500,
            "scale_ratio": round(self.scale_ratio, 3),
            "decisions_per_s": round(self.decisions_per_s),
            "raw_ratio": round(self.raw_ratio, 3),
            "verify_rows_per_s": round(self.verify_rows_per_s),
        }


def _measure(vendor: str, make: Maker, options: argparse.Namespace) -> Figures:
    small = _World(make("small"), options.few)
    large = _World(make("large"), options.rows)
    say(f"{vendor}: {options.rows:,} suppressions and {options.rows:,} ledger rows stand")
    queries_1, queries_500 = small.queries(1), small.queries(BATCH)
    for world in (small, large):
        world.decide(BATCH)  # What is loaded once is loaded now.

    pairs = []
    for turn in range(options.pairs):
        # Whoever is first in one pair is second in the next.
        took = {world.rows: world.decide(BATCH) for world in ((small, large), (large, small))[turn % 2]}
        pairs.append((took[small.rows], took[large.rows]))
    say(f"{vendor}: {options.pairs} pairs measured ({load()})")

    decided, plain = [], []
    for _ in range(options.pairs):
        decided.append(large.decide(BATCH))
        plain.append(large.insert_plainly())
    singles = [large.decide(1) for _ in range(options.pairs)]
    say(f"{vendor}: {options.pairs} batches beside raw SQL measured ({load()})")

    sealed_per_s = large.seal(options.sealed)
    verified, verify_rows_per_s = large.verify()
    say(f"{vendor}: {verified:,} rows verified ({load()})")
    return Figures(
        queries_1=queries_1,
        queries_500=queries_500,
        scale_ratio=median(many / few for few, many in pairs),
        decisions_per_s=BATCH / median(decided),
        raw_ratio=median(raw / ours for raw, ours in zip(plain, decided, strict=True)),
        verify_rows_per_s=verify_rows_per_s,
        small_us=median(few for few, _ in pairs) / BATCH * 1e6,
        large_us=median(many for _, many in pairs) / BATCH * 1e6,
        one_letter_ms=median(singles) * 1e3,
        raw_per_s=BATCH / median(plain),
        seal_rows_per_s=sealed_per_s,
        core_decisions_per_s=BATCH / median(large.core),
        core_verified_per_s=verified / median(large.verifying),
        verified=verified,
    )


def _print(figures: dict[str, Figures]) -> None:
    rows: list[tuple[str, Callable[[Figures], str]]] = [
        ("queries for 1 letter", lambda found: str(found.queries_1)),
        (f"queries for {BATCH} letters", lambda found: str(found.queries_500)),
        ("µs a letter, small", lambda found: f"{found.small_us:,.0f}"),
        ("µs a letter, large", lambda found: f"{found.large_us:,.0f}"),
        ("large over small", lambda found: f"{found.scale_ratio:.2f}"),
        ("ms for a single letter, large", lambda found: f"{found.one_letter_ms:,.1f}"),
        ("decisions a second, large", lambda found: f"{found.decisions_per_s:,.0f}"),
        ("  per second of this process's core", lambda found: f"{found.core_decisions_per_s:,.0f}"),
        ("the same rows as raw SQL, a second", lambda found: f"{found.raw_per_s:,.0f}"),
        ("share of raw SQL's rate", lambda found: f"{found.raw_ratio:.2f}"),
        ("audit rows sealed a second", lambda found: f"{found.seal_rows_per_s:,.0f}"),
        ("audit rows verified a second", lambda found: f"{found.verify_rows_per_s:,.0f}"),
        ("  per second of this process's core", lambda found: f"{found.core_verified_per_s:,.0f}"),
        ("audit rows verified", lambda found: f"{found.verified:,}"),
    ]
    table(
        f"The gate ({load()})",
        ["", *figures],
        [[words, *(figure(found) for found in figures.values())] for words, figure in rows],
    )


class _World:
    """One workspace in one database, with so many suppressions and ledger rows."""

    def __init__(self, database: Database, rows: int) -> None:
        self.database, self.rows = database, rows
        self.letters = 0
        self.batches = 0
        self.core: list[float] = []  # seconds that this process was busy with each full batch
        self.verifying: list[float] = []  # and with each run of the command
        database.use()
        self.workspace = Workspace.objects.create(name="Orchard", slug="orchard", time_zone="Europe/Berlin")
        User.objects.bulk_create(
            [User(email=f"p{n}@orchard.example", name=f"Person {n}", password="!") for n in range(PEOPLE)]
        )
        self.people = list(User.objects.order_by("pk").values_list("pk", flat=True))
        with in_a_hurry(database):
            _fill(database.vendor, self.workspace.pk, self.people[0], rows)
        database.settle()

    def decide(self, count: int) -> float:
        """Seconds for one batch. What is reserved in it is sent before the next."""
        self.database.use()
        letters, now = self._letters(count), self._now()
        self.batches += 1
        with _quietly():
            began, began_core = time.perf_counter(), time.process_time()
            decisions = gate.decide(letters, workspace=self.workspace, now=now)
            took, took_core = time.perf_counter() - began, time.process_time() - began_core
        if count == BATCH:
            self.core.append(took_core)
        refused = [decision for decision in decisions if not decision.allowed]
        if refused:
            raise SystemExit(f"{len(refused)} letters were not let go: {refused[0].reason}")
        SendRecord.objects.filter(subject__in=[letter.about for letter in letters]).update(state=SendRecord.State.SENT)
        return took

    def queries(self, count: int) -> int:
        self.database.use()
        with CaptureQueriesContext(connection) as captured:
            gate.decide(self._letters(count), workspace=self.workspace, now=self._now())
        self.batches += 1
        SendRecord.objects.filter(state=SendRecord.State.RESERVED).update(state=SendRecord.State.SENT)
        return len([query for query in captured if not query["sql"].startswith(_TRANSACTION_WORDS)])

    def insert_plainly(self) -> float:
        """Seconds for the rows of the newest batch, put in once more by plain SQL in one transaction."""
        self.database.use()
        ledger = _Copy(SendRecord, subject=lambda n: f"plain:{self.batches}:{n}")
        entries = _Copy(AuditEntry)
        people = _Copy(AuditPerson)
        with _quietly():
            began = time.perf_counter()
            with transaction.atomic():
                ledger.insert()
                keys = entries.insert()
                people.insert(keys)
            return time.perf_counter() - began

    def seal(self, wanted: int) -> float:
        """Entries sealed a second, where there were none; makes `wanted` entries, and some, out of those decided."""
        self.database.use()
        _multiply_log(wanted)
        self.database.settle()
        began = time.perf_counter()
        sealed = seals.seal(now=self._now(), seconds=3600)
        return sealed.count / (time.perf_counter() - began)

    def verify(self) -> tuple[int, float]:
        """How many rows, and how many a second: the median of three runs of the command."""
        self.database.use()
        times = []
        for _ in range(3):
            said = io.StringIO()
            with _quietly():
                began, began_core = time.perf_counter(), time.process_time()
                call_command(verify_audit.Command(), stdout=said)
                times.append(time.perf_counter() - began)
                self.verifying.append(time.process_time() - began_core)
            if "intact" not in said.getvalue():
                raise SystemExit(said.getvalue())
        return end_of_seals(), end_of_seals() / median(times)

    def _now(self) -> datetime:
        return START + timedelta(days=self.batches // A_DAY_OF_BATCHES, seconds=self.batches)

    def _letters(self, count: int) -> list[Letter]:
        first, self.letters = self.letters, self.letters + count
        return [self._letter(first + n, self.people[(self.batches * 10 + n % 10) % PEOPLE]) for n in range(count)]

    def _letter(self, number: int, person: int) -> Letter:
        site = _site(_NEW_SITES + number)
        return Letter(
            about=f"attempt:{self.rows + 1 + number}",
            kind=Kind.FIRST,
            user_id=person,
            mailbox_id=person,
            sign_in=f"p{person}@mail.orchard.example",
            sender=f"p{person}@orchard.example",
            recipient=f"Editor@{site}",
            recipient_key=f"editor@{site}",
            recipient_domain=site,
            subject=f"A guide for the readers of {site}",
            subject_digest=gate.subject_digest(f"A guide for the readers of {site}"),
            message_id=f"<{number * 2654435761 % 2**32:08x}.{number}@orchard.example>",
            step=f"step:{1 + number % 5}",
            campaign=f"campaign:{1 + number % 5}",
            ground="published" if site.endswith(_THAT_ASK) else "",
            found_url=f"https://{site}/imprint",
            found_passage="Write to our editor",
            found_at=START - timedelta(days=3),
            hourly_limit=80,
            daily_limit=400,
        )


def _site(number: int) -> str:
    return f"{number * 2654435761 % 2**32:08x}.{ENDINGS[number % len(ENDINGS)]}"


@contextmanager
def _quietly() -> Iterator[None]:
    """What earlier batches left is swept up before, not within; collections that the batch itself causes count."""
    gc.collect()
    yield


class _Copy:
    """The newest rows of a table, ready to be inserted again."""

    def __init__(self, model: type[models.Model], **changed: Callable[[int], str]) -> None:
        fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
        self._columns = [field.column for field in fields]
        self._key = self._columns.index("entry_id") if model is AuditPerson else None
        self._table = model._meta.db_table
        self._order = model._meta.pk.column if model._meta.pk else "id"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {', '.join(self._columns)} FROM {self._table} ORDER BY {self._order} DESC LIMIT {BATCH}"
            )
            self._rows = [list(row) for row in cursor.fetchall()]
        for column, change in changed.items():
            place = self._columns.index(column)
            for number, row in enumerate(self._rows):
                row[place] = change(number)
        one = f"({', '.join(['%s'] * len(self._columns))})"
        self._statement = (
            f"INSERT INTO {self._table} ({', '.join(self._columns)}) VALUES {', '.join([one] * len(self._rows))} "
            f"RETURNING {self._order}"
        )

    def insert(self, keys: Sequence[int] = ()) -> list[int]:
        if self._key is not None:
            for row, key in zip(self._rows, keys, strict=True):
                row[self._key] = key
        with connection.cursor() as cursor:
            cursor.execute(self._statement, [value for row in self._rows for value in row])
            return [key for (key,) in cursor.fetchall()]


# --- Filling ----------------------------------------------------------------------------------------------------------


def _fill(vendor: str, workspace: int, person: int, rows: int) -> None:
    """Rows as a year leaves them, the newest just now: many sites, 200 people, every hour of the day."""
    dialect = dialect_of(vendor)
    ends = int(START.timestamp()) - 60
    series = dialect["series"].format(rows=rows)
    moment = dialect["moment"].format(at=f"{ends} - ({rows} - n) * {365 * 24 * 3600} / {rows}")
    # Some sites were written to more than once; nobody reached a cap.
    site = site_in_sql(dialect, f"(n % {max(rows * 6 // 10, 1)})")
    user = f"({person} + n % {PEOPLE})"
    insert(
        SendRecord,
        series,
        workspace_id=str(workspace),
        subject="'attempt:' || n",
        kind=f"CASE WHEN n % 4 = 0 THEN '{Kind.FOLLOW_UP}' ELSE '{Kind.FIRST}' END",
        step="'step:' || (1 + n % 9)",
        campaign="'campaign:' || (1 + n % 9)",
        user_id=user,
        mailbox_id=user,
        sign_in=f"'p' || {user} || '@mail.orchard.example'",
        sender=f"'p' || {user} || '@orchard.example'",
        recipient=f"'editor@' || {site}",
        recipient_key=f"'editor@' || {site}",
        recipient_domain=site,
        subject_digest=f"{hashed(dialect, 'n')} || '{'0' * 56}'",
        legal_basis="'legitimate_interest'",
        region="'us'",
        region_source="'generic_domain'",
        ground="''",
        found_url=f"'https://' || {site} || '/imprint'",
        found_passage="'Write to our editor'",
        found_at=moment,
        message_id=f"'<' || {hashed(dialect, 'n')} || '.' || n || '@orchard.example>'",
        state="CASE WHEN n % 20000 = 0 THEN 'uncertain' WHEN n % 50 = 0 THEN 'released' ELSE 'sent' END",
        reserved_at=moment,
        counted_at=moment,
        bounced_at=f"CASE WHEN n % 90 = 1 THEN {moment} END",
        complained_at=f"CASE WHEN n % 5000 = 2 THEN {moment} END",
        opted_out_at=f"CASE WHEN n % 100 = 3 THEN {moment} END",
    )
    site = site_in_sql(dialect, f"(n + {_SUPPRESSED_SITES})")
    domain = "n % 10 = 0"
    insert(
        Suppression,
        series,
        workspace_id=f"CASE WHEN n % 20 = 1 THEN NULL ELSE {workspace} END",
        scope=f"CASE WHEN {domain} THEN 'domain' ELSE 'address' END",
        value=f"CASE WHEN {domain} THEN {site} ELSE 'editor@' || {site} END",
        domain=site,
        reason="CASE WHEN n % 3 = 0 THEN 'unsubscribe' ELSE 'manual' END",
        source="''",
        note="''",
        created_by_id="NULL",
        created_at=moment,
    )


def _multiply_log(wanted: int) -> None:
    """Entries, and whom they are about, again and again until there are enough: as they were, with new keys."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), min(id), max(id) FROM {AuditEntry._meta.db_table}")
        count, first, last = cursor.fetchone()
        for model, key in ((AuditEntry, "id"), (AuditPerson, "entry_id")):
            columns = [field.column for field in model._meta.concrete_fields if field.column != key]
            for turn in range(1, wanted // count + 1):
                cursor.execute(
                    f"INSERT INTO {model._meta.db_table} ({', '.join([key, *columns])}) "
                    f"SELECT {key} + {turn * (last - first + 1)}, {', '.join(columns)} FROM {model._meta.db_table} "
                    f"WHERE {key} <= {last} ORDER BY {key}"
                )


if __name__ == "__main__":
    main()
