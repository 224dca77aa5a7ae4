"""Leads out of a file: CSV or a workbook of any size and any quality, and never half of it.

1. *Begin*: the file is stored whole, as lines. One that nothing can be read out of is refused at once.
2. *Columns*: a person says what each column is; good guesses, and what they said last time, are there already. The
   first rows are shown with what would become of each, by the code that will do it.
3. *Work*: a worker reads it in slices, piece by piece. A piece's leads, the rows that became none, and the place where
   the next piece begins are one transaction. So whatever dies, the rest follows and no row is taken twice. Cancelling
   acts before the next piece; what was added stays.

An import adds leads, and no more: it lifts no suppression and no hold, and whoever was erased is not written down.
"""

from __future__ import annotations

import time
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import models, transaction
from django.db.models.functions import Now

from campaigns.columns import FIELDS, OWN, SCORES, guess, is_data, letter
from campaigns.import_marks import MarkReader, Marks, NoSuchMarkError, write_tags
from campaigns.leads import (
    ASKED_TO_BE_ERASED,
    NewLead,
    NotASiteError,
    checked,
    lead_and_contact,
    only_one_adds_to,
    read_site,
    write_leads,
)
from campaigns.models import Campaign, ColumnMeaning, Contact, ImportedRow, Lead, LeadImport
from campaigns.rendering import BUILT_IN, placeholder_name
from compliance import audit, never_pitch, suppression
from compliance.addresses import InvalidAddressError
from compliance.models import Suppression
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib import csv
from outreach_site.lib.among import among
from outreach_site.lib.collecting import uncollected
from outreach_site.lib.inserting import insert
from outreach_site.lib.moments import FromNow
from outreach_site.lib.pieces import by_key
from outreach_site.lib.sheets import MOST_COLUMNS
from outreach_site.lib.tables import RowError, UnreadableFileError, read_table, row_at

LARGEST_FILE = 32 * 1024 * 1024  # bytes
MOST_LINES = 500_000
LINES_AT_ONCE = 2_000
PREVIEWED = 20  # rows
SLICE_SECONDS = 15.0
# An import whose worker died is taken up after that.
LEASE = timedelta(seconds=60)
# A file that nobody went on with, and the rows that became no leads: personal data that nothing needs any more.
CHOSEN_FOR = timedelta(days=1)
KEPT_FOR = timedelta(days=30)
ARCHIVED = "This campaign is archived. Bring it back before you add leads."
SHORTEST_ORIGIN = 10  # characters
LONGEST_CELL = 5_000  # characters of a field of their own


class CannotImportError(Exception):
    """What is missing before an import can begin; the message says it, for a person."""


# --- 1. Begin ---------------------------------------------------------------------------------------------------------


def begin(campaign: Campaign, content: bytes, *, name: str, user: User, now: datetime) -> LeadImport:
    """Store a file. Raises UnreadableFileError, CannotImportError."""
    if campaign.archived_at is not None:
        raise CannotImportError(ARCHIVED)
    if len(content) > LARGEST_FILE:
        raise UnreadableFileError(f"This file is too large: at most {LARGEST_FILE // 1024 // 1024} MB at a time.")
    table = read_table(content)
    lines = list(table.lines)
    while not lines[-1].strip():
        lines.pop()
    if len(lines) > MOST_LINES:
        raise UnreadableFileError(f"Up to {MOST_LINES:,} rows at a time, please: split the file.")
    try:
        first, after = table.row(table.first)
    except RowError as err:
        raise UnreadableFileError(f"The first line cannot be read. {err}") from err
    has_heading = not any(is_data(cell) for cell in first)
    begins = after if has_heading else table.first
    samples = [cells for _, cells in _sample(lines, begins, table.delimiter, 50)]
    if not samples:
        raise UnreadableFileError("This file has a heading line and no row below it.")
    width = max(len(first), *map(len, samples))
    if width > MOST_COLUMNS:
        raise UnreadableFileError(f"This file has more than {MOST_COLUMNS} columns. Keep those that you need.")
    names = first if has_heading else []
    headings = [audit.one_line(names[place], 120) if place < len(names) else "" for place in range(width)]
    tidy(now=now, workspace=campaign.workspace)
    return LeadImport.objects.create(
        campaign=campaign,
        user=user,
        file_name=audit.one_line(name, 200) or "list.csv",
        sheet=table.sheet if table.others else "",
        packed=zlib.compress("\n".join(lines).encode(), 6),
        delimiter=table.delimiter,
        lines=len(lines),
        first_line=begins,
        next_line=begins,
        headings=headings,
        meanings=guess(campaign.workspace, headings, samples),
        created_at=now,
    )


def _sample(lines: Sequence[str], start: int, delimiter: str, most: int) -> list[tuple[int, list[str]]]:
    """The first rows that can be taken apart, each with its line."""
    found: list[tuple[int, list[str]]] = []
    at = start
    while at < len(lines) and at < start + 20 * most and len(found) < most:
        line = at
        try:
            cells, at = row_at(lines, at, delimiter)
        except RowError:
            at += 1
            continue
        if any(cell.strip() for cell in cells):
            found.append((line, cells))
    return found


# --- 2. Columns -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    place: int  # from 0
    label: str  # its heading, or "Column C"
    meaning: str
    examples: list[str]


def columns_of(run: LeadImport) -> list[Column]:
    rows = [cells for _, cells in _sample(lines_of(run), run.first_line, run.delimiter, 50)]
    return [
        Column(
            place,
            heading or f"Column {letter(place)}",
            run.meanings[place],
            [
                audit.one_line(cell, 60)
                for row in rows
                if (cell := row[place] if place < len(row) else "").strip()
            ][:3],
        )
        for place, heading in enumerate(run.headings)
    ]  # fmt: skip


def choose_columns(run: LeadImport, meanings: Sequence[str]) -> None:
    """Keep what a person says of the columns, as far as it has a meaning here."""
    known = [meaning if meaning in FIELDS or meaning == OWN else "" for meaning in meanings]
    run.meanings = (known + [""] * len(run.headings))[: len(run.headings)]
    run.save(update_fields=["meanings"])


def trouble_with(run: LeadImport) -> str:
    """Why its columns cannot be read like this, in a sentence; "" if they can."""
    chosen = [meaning for meaning in run.meanings if meaning and meaning != OWN]
    for meaning in FIELDS:
        if chosen.count(meaning) > 1:
            return f"Two columns are both “{FIELDS[meaning]}”. Choose one, and leave the other out."
    if "contact_name" in chosen and {"first_name", "last_name"} & set(chosen):
        return "There is a column for the contact’s whole name, and one for a part of it. Leave out one of them."
    if not {"website_url", "contact_email"} & set(chosen):
        return "Say which column is the site, or at least the email address."
    return ""


class Verdict(NamedTuple):  # A tuple, as _Row: there are as many as rows in the file.
    """What becomes of a row. Without a `kind` it becomes a lead."""

    line: int  # from 1
    cells: Sequence[str]
    new: NewLead | None
    kind: ImportedRow.Kind | None = None
    sentence: str = ""
    repeats: int | None = None  # the lead that is there already
    marks: Marks = Marks()


def preview(run: LeadImport, *, now: datetime) -> list[Verdict]:
    """The first rows with what would become of each, in the state of things at this moment. Four queries."""
    lines, columns = lines_of(run), Columns.of(run, run.user)
    rows: list[_Row] = []
    at = run.first_line
    while at < len(lines) and len(rows) < PREVIEWED:
        row, at = _next_row(lines, at, run.delimiter, columns)
        if row is not None:
            rows.append(row)
    verdicts = _judge(run.campaign, rows, now=now).verdicts
    places = [domain for each in verdicts if not each.kind and each.new for domain in _places(each.new)]
    listed = never_pitch.among(run.campaign.workspace, places)
    return [
        each._replace(sentence=said)
        if not each.kind
        and each.new
        and (said := next((said for place in _places(each.new) if (said := never_pitch.over(place, listed))), ""))
        else each
        for each in verdicts
    ]


def _places(new: NewLead) -> list[str]:
    """What the never-pitch list is asked about."""
    host = read_site(new.website_url).key.partition("/")[0].partition(":")[0]
    return [host, new.contact_email] if new.contact_email else [host]


def start(run: LeadImport, *, origin: str, user: User, now: datetime) -> None:
    """Let it begin; what its columns mean is remembered for the next file. Raises CannotImportError."""
    if run.state != LeadImport.State.CHOSEN:
        return
    if run.campaign.archived_at is not None:
        raise CannotImportError(ARCHIVED)
    origin = audit.one_line(origin, 300)
    if len(origin) < SHORTEST_ORIGIN:
        raise CannotImportError("Say in a sentence where these addresses come from.")
    if trouble := trouble_with(run):
        raise CannotImportError(trouble)
    with transaction.atomic():
        begun = LeadImport.objects.filter(pk=run.pk, state=LeadImport.State.CHOSEN).update(
            state=LeadImport.State.RUNNING, origin=origin, user=user, begun_at=now
        )
        if not begun:
            return
        names = {
            placeholder_name(heading)[:120]: meaning
            for heading, meaning in zip(run.headings, run.meanings, strict=True)
        }
        ColumnMeaning.objects.bulk_create(
            [
                ColumnMeaning(workspace=run.campaign.workspace, heading=name, meaning=meaning)
                for name, meaning in names.items()
                if name
            ],
            update_conflicts=True,
            unique_fields=["workspace", "heading"],
            update_fields=["meaning"],
        )
        audit.record(
            "leads.import_begun",
            workspace=run.campaign.workspace,
            user=user,
            about=run.about,
            details={"campaign": run.campaign.subject, "file": run.file_name, "origin": origin},
            now=now,
        )


def cancel(run: LeadImport, *, user: User, now: datetime) -> bool:
    """Nothing more of it is added; what was added stays. A file that was never begun is gone. False: it was over."""
    with transaction.atomic():
        if LeadImport.objects.filter(pk=run.pk, state=LeadImport.State.CHOSEN).delete()[0]:
            return True
        stopped = LeadImport.objects.under_way().filter(pk=run.pk)
        if not stopped.update(
            state=LeadImport.State.CANCELLED, finished_at=now, packed=b"", lease_token=None, leased_until=None
        ):
            return False
        run.refresh_from_db(fields=["added", "skipped", "failed", "state"])
        _note_end("leads.import_cancelled", run, user=user, now=now)
    return True


def _note_end(event: str, run: LeadImport, *, user: User | None, now: datetime) -> None:
    audit.record(
        event,
        workspace=run.campaign.workspace,
        user=user,
        about=run.about,
        details={
            "campaign": run.campaign.subject,
            "file": run.file_name,
            "added": run.added,
            "skipped": run.skipped,
            "failed": run.failed,
        },
        now=now,
    )


# --- 3. Work ----------------------------------------------------------------------------------------------------------


def work(run_id: int, *, now: datetime, seconds: float = SLICE_SECONDS) -> bool:
    """One slice; whether anything is left. Somebody else's import, or one that is over, is left alone."""
    token = uuid.uuid4()
    free = models.Q(lease_token=None) | models.Q(leased_until__lt=Now())
    mine = LeadImport.objects.under_way().filter(free, pk=run_id)
    if not mine.update(lease_token=token, leased_until=FromNow(LEASE)):
        return False
    ends_at = time.monotonic() + seconds
    run = LeadImport.objects.select_related("campaign__workspace", "user").get(pk=run_id)
    ours = LeadImport.objects.under_way().filter(pk=run_id, lease_token=token)
    try:
        lines, columns = lines_of(run), Columns.of(run, run.user)
        while take_piece(run_id, lines, columns, now=now):
            if time.monotonic() >= ends_at:
                return True
        return False
    finally:
        ours.update(lease_token=None, leased_until=None)


@uncollected()  # It would be a sixth of a piece's time.
def take_piece(run_id: int, lines: Sequence[str], columns: Columns, *, now: datetime) -> bool:
    """Read the next lines, and write down what they are; whether any are left.

    They are read before the lock is taken; whoever else read them at the same moment finds them written down.
    """
    seen = LeadImport.objects.under_way().filter(pk=run_id).values_list("next_line", "delimiter").first()
    if seen is None:
        return False
    start, delimiter = seen
    rows: list[_Row] = []
    at = start
    while at < len(lines) and at < start + LINES_AT_ONCE:
        row, at = _next_row(lines, at, delimiter, columns)
        if row is not None:
            rows.append(row)
    with transaction.atomic():
        locked = LeadImport.objects.select_for_update(of=("self",), no_key=True).under_way().defer("packed")
        run = locked.select_related("campaign__workspace").filter(pk=run_id).first()
        if run is None:
            return False
        if run.next_line != start:
            return True
        only_one_adds_to(run.campaign)
        judged = _judge(run.campaign, rows, now=now)
        _write(run, judged)
        insert(
            [
                ImportedRow(
                    run=run,
                    line=each.line,
                    kind=each.kind,
                    cells=list(each.cells),
                    sentence=audit.one_line(each.sentence, 300),
                    lead_id=each.repeats,
                )
                for each in judged.verdicts
                if each.kind
            ],
            with_keys=False,
        )
        run.added += len(judged.leads)
        run.skipped += sum(each.kind == ImportedRow.Kind.SKIPPED for each in judged.verdicts)
        run.failed += sum(each.kind == ImportedRow.Kind.FAILED for each in judged.verdicts)
        run.next_line = at
        changed = ["next_line", "added", "added_keys", "skipped", "failed"]
        if at >= len(lines):
            run.state, run.finished_at, run.packed = LeadImport.State.DONE, now, b""
            changed += ["state", "finished_at", "packed"]
            _note_end("leads.imported", run, user=run.user, now=now)
        run.save(update_fields=changed)
    return at < len(lines)


def _write(run: LeadImport, judged: _Judged) -> None:
    write_leads(list(judged.leads.values()))
    write_tags(run.campaign.workspace, {judged.leads[key][0].pk: names for key, names in judged.tags.items()})
    keys = [lead.pk for lead, _ in judged.leads.values()]
    if keys:
        first, last = min(keys), max(keys)
        if run.added_keys and run.added_keys[-1][1] == first - 1:
            run.added_keys[-1][1] = last
        else:
            run.added_keys.append([first, last])


def lines_of(run: LeadImport) -> list[str]:
    """The lines of its file, while it has one."""
    return zlib.decompress(bytes(run.packed)).decode().split("\n") if run.packed else []


def tidy(*, now: datetime, workspace: Workspace | None = None) -> None:
    """Let go of files that nobody went on with, and of rows that were kept for long enough."""
    runs = LeadImport.objects.all() if workspace is None else LeadImport.objects.in_workspace(workspace)
    runs.filter(state=LeadImport.State.CHOSEN, created_at__lt=now - CHOSEN_FOR).delete()
    ImportedRow.objects.filter(run__in=runs.filter(finished_at__lt=now - KEPT_FOR)).delete()


def left_out(run: LeadImport) -> Iterator[bytes]:
    """The rows that became no leads, as CSV for a spreadsheet: as they stood there, and behind that why."""
    header = [heading or f"Column {letter(place)}" for place, heading in enumerate(run.headings)]
    width = len(header)
    rows = (
        [*row.cells[:width], *[""] * (width - len(row.cells)), row.line, row.get_kind_display(), row.sentence]
        for piece in by_key(run.rows.all())
        for row in piece
    )
    return csv.lines([*header, "line in the file", "what happened", "why"], rows, with_mark=True)


# --- Rows -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Columns:
    """What to make of a row's cells."""

    fields: Sequence[tuple[int, str]]  # place, name of NewLead or a part of it
    own: Sequence[tuple[int, str]]  # place, name of the custom field
    origin: str

    @classmethod
    def of(cls, run: LeadImport, user: User | None) -> Columns:
        named = enumerate(run.meanings)
        fields, own = [], []
        taken: set[str] = set()
        for place, meaning in named:
            if meaning == OWN:
                name = placeholder_name(run.headings[place])[:60] or f"column_{letter(place).lower()}"
                name = f"own_{name}" if name in BUILT_IN else name
                while name in taken:
                    name += "_2"
                taken.add(name)
                own.append((place, name))
            elif meaning:
                fields.append((place, meaning))
        return cls(fields, own, _origin_of(run, user))


def _origin_of(run: LeadImport, user: User | None) -> str:
    day = run.campaign.workspace.day_of(run.begun_at or run.created_at)
    who = f" by {user.get_full_name() or user.email}" if user else ""
    return audit.one_line(f"{run.origin} (file “{run.file_name}”, read in on {day:%-d %B %Y}{who})", 500)


class _Row(NamedTuple):
    line: int  # from 1
    cells: Sequence[str]
    new: NewLead | None
    trouble: str = ""
    marks: Marks = Marks()


def _next_row(lines: Sequence[str], at: int, delimiter: str, columns: Columns) -> tuple[_Row | None, int]:
    """The row that begins on a line, None where nothing stands there; and the line after it."""
    line = at + 1
    try:
        cells, after = row_at(lines, at, delimiter)
    except RowError as err:
        return _Row(line, [lines[at][:500]], None, str(err)), at + 1
    if not any(cells) or not "".join(cells).strip():
        return None, after
    try:
        new, marks = _new_lead(cells, columns, line)
        return _Row(line, cells, new, "", marks), after
    except (NotASiteError, InvalidAddressError) as err:
        return _Row(line, cells, None, str(err)), after


def _new_lead(cells: Sequence[str], columns: Columns, line: int) -> tuple[NewLead, Marks]:
    """Raises NotASiteError."""
    values: dict[str, str] = {}
    count = len(cells)
    for place, name in columns.fields:
        if place < count and (text := _tidy(cells[place])):
            values[name] = text
    if "first_name" in values or "last_name" in values:
        parts = (values.pop("first_name", ""), values.pop("last_name", ""))
        values["contact_name"] = " ".join(part for part in parts if part)
    if email := values.get("contact_email"):
        bracketed = email.partition("<")[2].partition(">")[0] if email.endswith(">") else ""
        values["contact_email"] = (bracketed or email).removeprefix("mailto:").strip().strip(";,")
    scores = {name: _score(values.pop(name), name) for name in SCORES if name in values}
    custom = {
        name: text
        for place, name in columns.own
        if place < count and (text := _own(cells[place], name))
    }  # fmt: skip
    named = "tags" in values or "assignee" in values
    marks = Marks.read(values.pop("tags", ""), values.pop("assignee", "")) if named else Marks()
    values["origin"] = columns.origin
    return checked(values, custom, line, scores), marks


def _tidy(cell: str) -> str:
    """One line; without the quotation mark that keeps a spreadsheet from taking it for a formula."""
    text = " ".join(cell.split()) if not cell.isprintable() or "  " in cell else cell.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in {"=", "+", "-", "@"} else text


def _own(cell: str, name: str) -> str:
    text = cell.strip()
    if len(text) > LONGEST_CELL:
        raise NotASiteError(f"“{name}” is too long: at most {LONGEST_CELL:,} characters.")
    return text


def _score(text: str, name: str) -> float:
    """A number from 0 to 1, also as 70 % and with a decimal comma. Raises NotASiteError."""
    try:
        number = float(text.removesuffix("%").strip().replace(",", "."))
    except ValueError:
        number = -1.0
    if text.endswith("%"):
        number /= 100
    if not 0 <= number <= 1:
        raise NotASiteError(
            f"“{audit.one_line(text, 30)}” is no number from 0 to 1 ({FIELDS[name].partition(',')[0]})."
        )
    return number


@dataclass(frozen=True)
class _Judged:
    verdicts: list[Verdict]
    leads: dict[str, tuple[Lead, Contact | None]]  # by the site's key: what is to be added
    tags: dict[str, Sequence[str]]  # by the site's key: their names, where there are any


def _judge(campaign: Campaign, rows: Iterable[_Row], *, now: datetime) -> _Judged:
    """What becomes of each row, as things stand. Two queries; one more each where leads have tags or an assignee."""
    reader = MarkReader(campaign.workspace)
    ready: list[tuple[_Row, Lead, Contact | None]] = []
    verdicts: list[Verdict] = []
    for row in rows:
        if row.new is None:
            verdicts.append(_failed(row, row.trouble))
            continue
        try:
            lead, contact = lead_and_contact(campaign, row.new, source=Lead.Source.IMPORT, now=now)
            if row.marks.assignee:
                lead.assignee_id = reader.person(row.marks.assignee)
            reader.check(row.marks.tags)
            ready.append((row, lead, contact))
        except (NotASiteError, InvalidAddressError, NoSuchMarkError) as err:
            verdicts.append(_failed(row, str(err)))
    keys = [lead.site_key for _, lead, _ in ready]
    there = dict(campaign.leads.filter(among("site_key", keys)).values_list("site_key", "pk")) if keys else {}
    addresses = {contact.email_key for _, _, contact in ready if contact is not None}
    suppressed = suppression.suppressed_among(campaign.workspace, addresses)
    adding: dict[str, tuple[Lead, Contact | None]] = {}
    tags: dict[str, Sequence[str]] = {}
    lines: dict[str, int] = {}
    for row, lead, contact in ready:
        entry = suppressed.get(contact.email_key) if contact is not None else None
        if entry is not None:
            verdicts.append(_kept_out(row, contact, entry))
        elif lead.site_key in there:
            sentence = f"{lead.site_key} is in this campaign already."
            verdicts.append(_skipped(row, sentence, repeats=there[lead.site_key]))
        elif lead.site_key in adding:
            verdicts.append(_skipped(row, f"The same site as in line {lines[lead.site_key]}."))
        else:
            adding[lead.site_key] = lead, contact
            lines[lead.site_key] = row.line
            verdicts.append(Verdict(row.line, row.cells, row.new, marks=row.marks))
            if row.marks.tags:
                tags[lead.site_key] = row.marks.tags
    return _Judged(sorted(verdicts, key=lambda each: each.line), adding, tags)


def _failed(row: _Row, sentence: str) -> Verdict:
    return Verdict(row.line, row.cells, row.new, ImportedRow.Kind.FAILED, sentence)


def _skipped(row: _Row, sentence: str, *, repeats: int | None = None) -> Verdict:
    return Verdict(row.line, row.cells, row.new, ImportedRow.Kind.SKIPPED, sentence, repeats)


def _kept_out(row: _Row, contact: Contact | None, entry: Suppression) -> Verdict:
    """Nobody here writes there; and who was erased is not written down again, not even as a row that was left out."""
    if entry.scope == Suppression.Scope.ERASED:
        return Verdict(row.line, (), None, ImportedRow.Kind.FAILED, ASKED_TO_BE_ERASED)
    address = contact.email_key if contact is not None else ""
    why = Suppression.Reason(entry.reason).label.lower()
    return _skipped(row, f"Nobody here writes to {address}: it is on the suppression list ({why}).")
