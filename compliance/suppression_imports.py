"""Suppressing a file of addresses: a CSV of any size and any quality.

1. The file is stored first, whole. One that nothing can be read out of is refused at once.
2. It is read in pieces. What a piece suppresses, the faults of its other lines, and the place where the next one begins
   are one transaction. So whatever dies, the rest follows, no line is taken twice, and one bad line stops no other.
"""

from __future__ import annotations

import csv
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from compliance import audit, suppression
from compliance.addresses import InvalidAddressError, normalise
from compliance.models import ImportFault, Suppression, SuppressionImport
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.tables import lines_of

LARGEST_FILE = 32 * 1024 * 1024  # bytes
MOST_LINES = 500_000
LINES_AT_ONCE = 1_000
LONGEST_LINE = 5_000  # characters
# The faults of an import hold what people typed: they are kept to be looked at, and no longer.
KEPT_FOR = timedelta(days=30)

# What people call their columns.
_COLUMNS = {
    **dict.fromkeys(
        ("email", "e-mail", "e_mail", "mail", "address", "email_address", "email address", "recipient", "contact"),
        "address",
    ),
    **dict.fromkeys(("domain", "site", "host"), "domain"),
    **dict.fromkeys(("reason", "why", "type", "status"), "reason"),
}
# What other tools call our reasons.
_REASONS = {
    **{reason.value: reason for reason in Suppression.Reason if reason != Suppression.Reason.ERASURE},
    **dict.fromkeys(("opt_out_request", "optout", "opted_out", "removal", "remove"), Suppression.Reason.OPT_OUT),
    **dict.fromkeys(("unsubscribed", "unsub"), Suppression.Reason.UNSUBSCRIBE),
    **dict.fromkeys(("bounce", "bounced", "hardbounce", "invalid"), Suppression.Reason.HARD_BOUNCE),
    **dict.fromkeys(("spam", "spam_report", "complained", "abuse"), Suppression.Reason.COMPLAINT),
    **dict.fromkeys(("rejected", "not_interested_reply", "declined"), Suppression.Reason.NOT_INTERESTED),
}


class UnreadableFileError(Exception):
    """Nothing can be read out of this file; the message says why."""


@dataclass(frozen=True)
class _Heading:
    delimiter: str
    columns: Sequence[str]  # empty: the first cell that says something is what counts
    first_line: int


def reason_named(text: str) -> Suppression.Reason | None:
    """The reason that a word of another tool, or our own, stands for; None for other words."""
    return _REASONS.get("_".join(text.strip().lower().replace("-", " ").split()))


def begin(
    *, workspace: Workspace, content: bytes, name: str, reason: str, note: str, user: User, now: datetime
) -> SuppressionImport:
    """Store a file, to be read by `carry_on`. Raises UnreadableFileError."""
    if len(content) > LARGEST_FILE:
        raise UnreadableFileError(f"This file is too large: at most {LARGEST_FILE // 1024 // 1024} MB at a time.")
    lines = lines_of(content)
    if len(lines) > MOST_LINES:
        raise UnreadableFileError(f"Up to {MOST_LINES:,} lines at a time, please: split the file.")
    heading = _heading_of(lines)
    if not any(_sort(line, heading, Suppression.Reason.MANUAL) for line in _beginning(lines, heading)):
        raise UnreadableFileError(
            "There is no address and no domain in the first lines of this file. It has to be text, one address a line, "
            "as a spreadsheet saves it under “CSV”."
        )
    with transaction.atomic():
        SuppressionImport.objects.in_workspace(workspace).filter(finished_at__lt=now - KEPT_FOR).delete()
        return SuppressionImport.objects.create(
            workspace=workspace,
            name=audit.one_line(name, 200) or "list.csv",
            reason=reason,
            note=audit.one_line(note, 500),
            packed=zlib.compress("\n".join(lines).encode(), 6),
            lines=len(lines),
            next_line=heading.first_line,
            created_by_id=user.pk,
            created_at=now,
        )


def carry_on(run_id: int, *, until: float, now: datetime) -> bool:
    """Read on until a moment of the monotonic clock; whether all is read. Anybody may call it, also twice at once."""
    run = SuppressionImport.objects.filter(pk=run_id).first()
    if run is None or run.finished_at is not None:
        return True
    lines = zlib.decompress(bytes(run.packed)).decode().split("\n")
    heading = _heading_of(lines)
    while True:
        if _take_piece(run_id, lines, heading, now=now):
            return True
        if time.monotonic() >= until:
            return False


def _take_piece(run_id: int, lines: Sequence[str], heading: _Heading, *, now: datetime) -> bool:
    with transaction.atomic():
        # Locked: whoever reads the same file at this moment goes on where this piece ends.
        rows = SuppressionImport.objects.select_for_update(of=("self",), no_key=True).select_related("workspace")
        run = rows.filter(pk=run_id).first()
        if run is None or run.finished_at is not None:
            return True
        user = User.objects.filter(pk=run.created_by_id or 0).first()
        end = min(run.next_line + LINES_AT_ONCE, len(lines))
        wanted: dict[Suppression.Reason, dict[str, None]] = {}
        faults = []
        for number in range(run.next_line, end):
            line = lines[number]
            try:
                found = _sort(line, heading, Suppression.Reason(run.reason), loudly=True)
            except InvalidAddressError as err:
                faults.append(_fault(run, number, line, str(err)))
            else:
                if found is not None:
                    wanted.setdefault(found[0], {})[found[1]] = None
        for reason, values in wanted.items():
            added = suppression.suppress_many(
                workspace=run.workspace,
                addresses=[value for value in values if "@" in value],
                domains=[value for value in values if "@" not in value],
                reason=reason,
                source=f"suppression_import:{run.pk}",
                note=run.note,
                user=user,
                now=now,
            )
            run.added += len(added.new) + len(added.stronger)
            run.known += len(added.known)
        ImportFault.objects.bulk_create(faults)
        run.failed += len(faults)
        run.next_line = end
        if end >= len(lines):
            run.finished_at, run.packed = now, b""
            audit.record(
                "suppression.imported",
                workspace=run.workspace,
                user=user,
                about=f"suppression_import:{run.pk}",
                details={"added": run.added, "known": run.known, "failed": run.failed},
                now=now,
            )
        run.save(update_fields=["next_line", "added", "known", "failed", "finished_at", "packed"])
    return run.finished_at is not None


def _fault(run: SuppressionImport, number: int, line: str, sentence: str) -> ImportFault:
    return ImportFault(run=run, line=number + 1, text=audit.one_line(line, 320), sentence=audit.one_line(sentence, 300))


# --- Reading ----------------------------------------------------------------------------------------------------------


def _heading_of(lines: Sequence[str]) -> _Heading:
    """What stands between cells, and what their columns are called where the first filled line says so."""
    for number, line in enumerate(lines[:100]):
        if line.strip():
            delimiter = max(",;\t", key=line[:LONGEST_LINE].count)
            columns = [_COLUMNS.get(cell.strip().lower(), "") for cell in _cells(line[:LONGEST_LINE], delimiter)]
            if {"address", "domain"} & set(columns):
                return _Heading(delimiter, columns, number + 1)
            return _Heading(delimiter, (), number)
    return _Heading(",", (), 0)


def _beginning(lines: Sequence[str], heading: _Heading) -> Sequence[str]:
    return lines[heading.first_line : heading.first_line + 20 * LINES_AT_ONCE]


def _sort(
    line: str, heading: _Heading, usual: Suppression.Reason, *, loudly: bool = False
) -> tuple[Suppression.Reason, str] | None:
    """A line's reason, and its address or domain in their one spelling; None for a line that says nothing.

    Raises InvalidAddressError where it is to be said `loudly`.
    """
    try:
        return _read(line, heading, usual)
    except InvalidAddressError:
        if loudly:
            raise
        return None


def _read(line: str, heading: _Heading, usual: Suppression.Reason) -> tuple[Suppression.Reason, str] | None:
    if not line.strip():
        return None
    if len(line) > LONGEST_LINE:
        raise InvalidAddressError(f"This line has more than {LONGEST_LINE:,} characters.")
    cells = _cells(line, heading.delimiter)
    if heading.columns:
        named = {name: cell.strip() for name, cell in zip(heading.columns, cells, strict=False) if name}
        written = named.get("address") or named.get("domain", "")
    else:
        named = {}
        filled = [cell.strip() for cell in cells if cell.strip()]
        written = next((cell for cell in filled if "@" in cell), filled[0] if filled else "")
    if not written:
        raise InvalidAddressError("There is no address in this line.")
    reason = usual
    if named.get("reason"):
        if named["reason"].lower() == Suppression.Reason.ERASURE:
            raise InvalidAddressError("An erasure is a request of its own: add it under Requests.")
        reason = reason_named(named["reason"]) or usual
    bracketed = written.partition("<")[2].partition(">")[0] if written.endswith(">") else ""
    written = (bracketed or written).strip().strip("\"'")
    if "@" in written.removeprefix("@"):
        return reason, normalise(written)
    return reason, suppression.normalise_domain(written)


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of one line. No address goes over two, so that a quote which never ends spoils its own line alone."""
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return line.split(delimiter)
