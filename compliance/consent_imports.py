"""Reading a list of consents: a CSV file of any size and any quality.

The file is stored first, and read in chunks: the rows of a chunk, what is wrong with the others, and the place where
the next chunk begins are one transaction. So nothing is taken twice, whatever dies, and one bad row stops no other.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from compliance import audit, suppression
from compliance.addresses import InvalidAddressError, domain_of, fold, normalise
from compliance.consents import live_among, why_not
from compliance.models import Suppression
from compliance.privacy_models import Consent, ConsentImport, ConsentImportProblem
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.tables import LONGEST_LINE, RowError, lines_of, row_at

LINES_AT_ONCE = 1_000
_URL = URLValidator(schemes=["http", "https"])

# What people call their columns.
_COLUMNS = {
    **dict.fromkeys(("address", "email", "e_mail", "mail", "email_address", "contact_email"), "address"),
    **dict.fromkeys(
        ("obtained_on", "date", "obtained", "consent_date", "given_on", "opt_in_date", "since", "timestamp"), "day"
    ),
    **dict.fromkeys(("evidence", "evidence_text", "proof", "text", "how", "note"), "text"),
    **dict.fromkeys(("evidence_url", "url", "link", "page"), "url"),
    **dict.fromkeys(("source", "from", "form", "origin", "list"), "source"),
}


class UnreadableFileError(Exception):
    """Nothing can be read out of this file; the message says what is missing."""


@dataclass(frozen=True)
class Row:
    """One row, read and found good."""

    line: int
    address: str
    day: date
    text: str
    url: str
    source: str


@dataclass(frozen=True)
class Heading:
    """The file's columns, what stands between them, and on which line the rows begin (from 0)."""

    columns: Sequence[str]
    delimiter: str
    first_line: int


def begin(
    *,
    workspace: Workspace,
    content: bytes,
    file_name: str,
    evidence_text: str,
    source: str,
    user: User,
    now: datetime,
) -> ConsentImport:
    """Store a file, to be read by `carry_on`. Raises UnreadableFileError."""
    lines = lines_of(content)
    heading_of(lines)
    with transaction.atomic():
        started = ConsentImport.objects.create(
            workspace=workspace,
            file_name=audit.one_line(file_name, 200) or "list.csv",
            compressed=zlib.compress("\n".join(lines).encode(), 6),
            lines=len(lines),
            evidence_text=evidence_text.strip(),
            source=audit.one_line(source, 200),
            started_by_id=user.pk,
            started_at=now,
        )
        audit.record(
            "consent.import_started",
            workspace=workspace,
            user=user,
            about=f"consent_import:{started.pk}",
            details={"lines": len(lines)},
            now=now,
        )
    return started


def carry_on(import_id: int, *, until: float, now: datetime) -> bool:
    """Read on until a monotonic moment; whether all is read. Whoever comes may call it, also twice at once."""
    started = ConsentImport.objects.select_related("workspace").get(pk=import_id)
    if started.finished_at is not None:
        return True
    lines = started.content.decode().split("\n")
    heading = heading_of(lines)
    while time.monotonic() < until:
        if _take_chunk(import_id, lines, heading, now=now):
            return True
    return False


def _take_chunk(import_id: int, lines: Sequence[str], heading: Heading, *, now: datetime) -> bool:
    with transaction.atomic():
        # Locked: whoever reads the same file at the same moment goes on from where this chunk ends.
        row = (
            ConsentImport.objects.select_for_update(of=("self",), no_key=True)
            .select_related("workspace")
            .defer("compressed")  # read once, by whoever called us
            .get(pk=import_id)
        )
        if row.finished_at is not None:
            return True
        start = max(row.next_line, heading.first_line)
        rows, problems, row.next_line = _read(lines, heading, start=start, defaults=row)
        _store(row, rows, problems, now=now)
        if row.next_line >= len(lines):
            row.finished_at, row.compressed = now, b""
            audit.record(
                "consent.imported",
                workspace=row.workspace,
                user=User.objects.filter(pk=row.started_by_id or 0).first(),
                about=f"consent_import:{row.pk}",
                details={"added": row.added, "known": row.known, "refused": row.refused},
                now=now,
            )
            row.save(update_fields=["compressed"])
        row.save(update_fields=["next_line", "added", "known", "refused", "finished_at"])
    return row.finished_at is not None


def _store(row: ConsentImport, rows: Sequence[Row], problems: list[ConsentImportProblem], *, now: datetime) -> None:
    """Keep what is new and allowed. A constant number of queries a chunk."""
    keys = {each.address for each in rows}
    suppressed = suppression.suppressed_among(row.workspace, keys)
    live = set(live_among(row.workspace, keys))
    today = row.workspace.day_of(now)
    new: dict[str, Consent] = {}
    for each in rows:
        entry = suppressed.get(each.address)
        if sentence := why_not(each.day, entry, today=today):
            # Somebody who was erased is not written down again, not even as a mistake.
            erased = entry is not None and entry.scope == Suppression.Scope.ERASED
            problems.append(_problem(row, each.line, "" if erased else each.address, sentence))
        elif each.address in live or each.address in new:
            row.known += 1
        else:
            new[each.address] = Consent(
                workspace=row.workspace,
                address=each.address,
                domain=domain_of(each.address),
                evidence_text=each.text,
                evidence_url=each.url,
                source=each.source,
                obtained_on=each.day,
                recorded_by_id=row.started_by_id,
                recorded_at=now,
            )
    # Somebody may have recorded one of them by hand at this moment: theirs stands.
    Consent.objects.bulk_create(list(new.values()), ignore_conflicts=True)
    standing = Consent.objects.in_workspace(row.workspace).live().filter(address__in=new)
    added = standing.filter(recorded_at=now, recorded_by_id=row.started_by_id).count()
    row.added += added
    row.known += len(new) - added
    row.refused += len(problems)
    ConsentImportProblem.objects.bulk_create(problems)


def _problem(row: ConsentImport, line: int, text: str, sentence: str) -> ConsentImportProblem:
    return ConsentImportProblem(
        consent_import=row, line=line, text=audit.one_line(text, 500), sentence=audit.one_line(sentence, 300)
    )


# --- Reading ----------------------------------------------------------------------------------------------------------


def heading_of(lines: Sequence[str]) -> Heading:
    """The first line that says something must name the columns. Raises UnreadableFileError."""
    for number, line in enumerate(lines[:100]):
        if not line.strip():
            continue
        delimiter = max(";\t,", key=line[:LONGEST_LINE].count)
        try:
            cells, _ = row_at([line[:LONGEST_LINE]], 0, delimiter)
        except RowError as err:
            raise UnreadableFileError(str(err)) from err
        names = [_COLUMNS.get(_name(cell), "") for cell in cells]
        if "address" not in names or "day" not in names:
            raise UnreadableFileError(
                "The first line has to name the columns: at least “email” and “obtained_on”; besides them “evidence”, "
                "“url” and “source”."
            )
        return Heading(columns=names, delimiter=delimiter, first_line=number + 1)
    raise UnreadableFileError("There is nothing in this file.")


def _name(cell: str) -> str:
    return re.sub(r"\W+", "_", cell.strip().lower()).strip("_")


def _read(
    lines: Sequence[str], heading: Heading, *, start: int, defaults: ConsentImport
) -> tuple[list[Row], list[ConsentImportProblem], int]:
    """The good rows of a chunk, the problems of the others, and the line after it."""
    rows: list[Row] = []
    problems: list[ConsentImportProblem] = []
    at = start
    end = min(start + LINES_AT_ONCE, len(lines))
    while at < end:
        line, first = lines[at], at
        at += 1
        if not line.strip():
            continue
        try:
            cells, at = row_at(lines, first, heading.delimiter)
            rows.append(_row(cells, heading, line=first + 1, defaults=defaults))
        except (RowError, InvalidAddressError) as err:
            # Only its first line is given up: a stray quotation mark must not swallow the good rows after it.
            at = first + 1
            problems.append(_problem(defaults, first + 1, lines[first], str(err)))
    return rows, problems, max(at, end)


def _row(cells: Sequence[str], heading: Heading, *, line: int, defaults: ConsentImport) -> Row:
    values: dict[str, str] = {}
    for column, cell in zip(heading.columns, cells, strict=False):
        if column and cell.strip():
            values.setdefault(column, cell.strip())
    if "address" not in values:
        raise RowError("There is no address in this line.")
    address = fold(normalise(values["address"]))
    day = _day(values.get("day", ""))
    text = values.get("text", "") or defaults.evidence_text
    url = values.get("url", "")
    if url:
        _check_page(url)
    if not text and not url:
        raise RowError("Nothing says how they agreed: fill “evidence” or “url”, or give it for all rows of the file.")
    if len(text) > 5_000:
        raise RowError("The evidence is too long: at most 5,000 characters.")
    return Row(line, address, day, text, url, audit.one_line(values.get("source", "") or defaults.source, 200))


def _check_page(url: str) -> None:
    try:
        _URL(url)
    except ValidationError as err:
        raise RowError(f"“{audit.one_line(url, 60)}” is not the address of a page.") from err
    if len(url) > 500:
        raise RowError("The address of the page is too long: at most 500 characters.")


_DAY_SHAPES: Mapping[str, re.Pattern[str]] = {
    "ymd": re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?"),
    "dmy": re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?: .*)?"),
}


def _day(text: str) -> date:
    """A day as 2026-03-09 or 9.3.2026, with or without a time. 3/9/2026 is two days in two countries, and none here."""
    if not text:
        raise RowError("Nothing says when they agreed.")
    if found := _DAY_SHAPES["ymd"].fullmatch(text):
        parts = found[1], found[2], found[3]
    elif found := _DAY_SHAPES["dmy"].fullmatch(text):
        parts = found[3], found[2], found[1]
    else:
        raise RowError(f"“{audit.one_line(text, 40)}” is not a day. Write it as 2026-03-09.")
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError as err:
        raise RowError(f"There is no such day as {audit.one_line(text, 40)}.") from err
