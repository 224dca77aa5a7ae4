"""What the ledger says about a batch of letters, asked in one query: caps, repeats, cool-offs, and how many went.

Small questions, each answered by an index, joined by UNION ALL. Each row names its question; what its columns mean
depends on that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import CharField, Count, Expression, F, IntegerField, Max, Min, QuerySet, Value
from django.db.models.functions import Cast

from compliance import consents, never_pitch
from compliance.addresses import is_free_mail
from compliance.models import Hold, Kind, SendRecord, SendRecordQuerySet
from compliance.policy import HOUR, Hour, Letter, Limits
from compliance.region_models import KnownRegion
from compliance.regions import RegionGuess, guess
from outreach_site.accounts.models import Workspace
from outreach_site.lib.among import among


@dataclass
class Counted:
    """Letters that count: reserved, uncertain and sent ones."""

    per_user: Counter[int | None] = field(default_factory=Counter)  # today
    per_domain: Counter[str] = field(default_factory=Counter)  # today
    per_mailbox: Counter[int] = field(default_factory=Counter)  # today
    per_sign_in: dict[str, Hour] = field(default_factory=dict)
    taken_steps: set[tuple[str, str]] = field(default_factory=set)  # (step, normalised address), for ever
    repeats: set[tuple[str, str, str]] = field(default_factory=set)  # (sender, address, subject digest), lately
    written: dict[str, tuple[int | None, datetime]] = field(default_factory=dict)  # Letter.shared_site -> who, when
    regions: dict[str, RegionGuess] = field(default_factory=dict)  # Letter.shared_site -> where it is known to be
    consents: dict[str, date] = field(default_factory=dict)  # folded address -> since when, by a live record
    never_pitch: dict[str, str] = field(default_factory=dict)  # domain -> whose it is, for a person
    held: dict[str, str] = field(default_factory=dict)  # subject -> why, for a person
    let_go: int = 0  # unasked letters, counted up to the limit that was asked for
    newest_at: dict[str, datetime] = field(default_factory=dict)  # domain -> today's last letter there


class _Asked(StrEnum):
    CARRIED = "carried"  # on its way or uncertain since before today: counts whatever its day
    USER = "user"
    DOMAIN = "domain"
    MAILBOX = "mailbox"
    SIGN_IN = "sign_in"
    REPEAT = "repeat"
    STEP = "step"
    SITE = "site"
    PERSON = "person"  # at a mail provider, where a domain is no site
    LET_GO = "let_go"
    HELD = "held"  # these four are no rows of the ledger, but of the same shape: it saves journeys
    REGION = "region"
    CONSENT = "consent"
    NEVER_PITCH = "never_pitch"


def ask(letters: Sequence[Letter], *, workspace: Workspace, limits: Limits, now: datetime) -> Counted:
    """One query, whatever the number of letters."""
    counted = Counted()
    first, *others = _questions(letters, workspace=workspace, limits=limits, now=now)
    for row in first.union(*others, all=True):
        _note(counted, *row)
    return counted


def answers_to(since: Mapping[str, datetime], *, workspace: Workspace, but: Collection[str]) -> set[str]:
    """Which of these normalised addresses got an answer from here since the moment that goes with each, or may have:
    by other letters than those in `but`. One query."""
    answers = (
        SendRecord.objects.in_workspace(workspace)
        .that_count()
        .filter(kind=Kind.ANSWER, recipient_key__in=since)
        .exclude(subject__in=but)
        .order_by()
    )
    return {key for key, at in answers.values_list("recipient_key", "counted_at") if at >= since[key]}


def _note(counted: Counted, what: str, a: str, b: str, c: str, n: int, at: datetime) -> None:
    match what:
        case _Asked.USER:
            counted.per_user[_number(a)] += n
        case _Asked.DOMAIN:
            counted.per_domain[a] += n
            counted.newest_at[a] = at
        case _Asked.MAILBOX:
            counted.per_mailbox[int(a)] += n
        case _Asked.CARRIED:
            counted.per_user[_number(a)] += n
            counted.per_domain[b] += n
            counted.per_mailbox[int(c)] += n
        case _Asked.SIGN_IN:
            counted.per_sign_in[a] = Hour(n, at)
        case _Asked.REPEAT:
            counted.repeats.add((a, b, c))
        case _Asked.STEP:
            counted.taken_steps.add((a, b))
        case _Asked.SITE | _Asked.PERSON:
            if a not in counted.written or counted.written[a][1] < at:
                counted.written[a] = _number(b), at
        case _Asked.LET_GO:
            counted.let_go = n
        case _Asked.HELD:
            counted.held[a] = b
        case _Asked.REGION:
            counted.regions[a] = guess(b, c)
        case _Asked.CONSENT:
            counted.consents[a] = date.fromisoformat(b)
        case _Asked.NEVER_PITCH:
            counted.never_pitch[a] = never_pitch.sentence(a, b, c)


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _questions(letters: Sequence[Letter], *, workspace: Workspace, limits: Limits, now: datetime) -> Iterator[Any]:
    ledger = SendRecord.objects.in_workspace(workspace).that_count().order_by()
    day_starts_at = workspace.day_bounds(now)[0]
    today = ledger.filter(counted_at__gte=day_starts_at)
    # Letters on their way or uncertain count whatever their day: their moment is not known yet.
    carried = SendRecord.objects.in_workspace(workspace).unsettled().filter(counted_at__lt=day_starts_at)
    others = ledger.exclude(among("subject", [letter.about for letter in letters if letter.about]))
    keys = _all_of(letter.recipient_key for letter in letters)
    yield _grouped(_Asked.CARRIED, carried.order_by(), "user_id", "recipient_domain", "mailbox_id")
    people = _all_of(one.user_id for one in letters if one.user_id is not None)
    if people:
        yield _grouped(_Asked.USER, today.filter(user_id__in=people), "user_id")
    if any(one.user_id is None for one in letters):
        yield _grouped(_Asked.USER, today.filter(user_id=None), "user_id")
    domains = _all_of(letter.recipient_domain for letter in letters)
    yield _grouped(_Asked.DOMAIN, today.filter(among("recipient_domain", domains)), "recipient_domain")
    # A mailbox has one workspace; SQLite, asked for both, walks all that the workspace has sent.
    everywhere = SendRecord.objects.that_count().order_by()
    todays = everywhere.filter(counted_at__gte=day_starts_at)
    yield _grouped(
        _Asked.MAILBOX, todays.filter(mailbox_id__in=_all_of(one.mailbox_id for one in letters)), "mailbox_id"
    )
    # A sign-in's hour is counted across workspaces: to its server they are one.
    hour = everywhere.filter(counted_at__gt=now - HOUR)
    signed_in = hour.filter(among("sign_in", _all_of(letter.sign_in for letter in letters)))
    yield _grouped(_Asked.SIGN_IN, signed_in, "sign_in", at=Min("counted_at"))
    to_them = others.filter(among("recipient_key", keys))
    lately = to_them.filter(counted_at__gt=now - timedelta(hours=limits.repeat_hours))
    yield _plain(_Asked.REPEAT, lately, "sender", "recipient_key", "subject_digest")
    if steps := _all_of(letter.step for letter in letters if letter.step):
        yield _plain(_Asked.STEP, to_them.filter(among("step", steps)), "step", "recipient_key")
    first = [letter for letter in letters if letter.kind == Kind.FIRST]
    if limits.cool_off_days and first:
        warm = others.filter(counted_at__gt=now - timedelta(days=limits.cool_off_days))
        sites = _all_of(letter.recipient_domain for letter in first if not is_free_mail(letter.recipient_domain))
        yield _grouped(_Asked.SITE, warm.filter(among("recipient_domain", sites)), "recipient_domain", "user_id")
        private = _all_of(letter.recipient_key for letter in first if is_free_mail(letter.recipient_domain))
        yield _grouped(_Asked.PERSON, warm.filter(among("recipient_key", private)), "recipient_key", "user_id")
    if limits.first_letters:
        # No more is read than is asked about: a ledger of a million rows costs what one of ten does.
        # In the order of ledger_by_recipient: without one, a new workspace's few are looked for among everybody's.
        found = ledger.exclude(kind=Kind.ANSWER).order_by("recipient_key", "counted_at")
        some = found.values("pk")[: limits.first_letters]
        yield _grouped(_Asked.LET_GO, SendRecord.objects.filter(pk__in=some).order_by(), "workspace_id")
    held = Hold.objects.in_workspace(workspace).standing().filter(among("subject", _pausable(letters)))
    yield _plain(_Asked.HELD, held, "subject", "reason", at="placed_at")
    known = KnownRegion.objects.in_workspace(workspace).filter(
        among("key", _all_of(letter.shared_site for letter in letters))
    )
    yield _plain(_Asked.REGION, known, "key", "region", "source", at="noted_at")
    consented = consents.live_records(workspace, keys)
    yield _plain(_Asked.CONSENT, consented, "address", "obtained_on", at="recorded_at")
    listed = never_pitch.entries_over(workspace, [*keys, *(letter.site for letter in letters if letter.site)])
    yield _plain(_Asked.NEVER_PITCH, listed, "domain", "why", "note", at="created_at")


def _pausable(letters: Sequence[Letter]) -> set[str]:
    """What a pause may be about that stops one of these letters."""
    subjects = {"workspace"}
    for letter in letters:
        subjects |= {f"mailbox:{letter.mailbox_id}", f"address:{letter.recipient_key}"}
        if letter.campaign:
            subjects.add(letter.campaign)
    return subjects


def _all_of(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


_COLUMNS = 3


_NEWEST = Max("counted_at")


def _grouped(what: _Asked, rows: SendRecordQuerySet, *by: str, at: Max | Min = _NEWEST) -> Any:
    """One row for each group, with their number and the newest moment, or the oldest."""
    return rows.values(*by).annotate(n=Count("*"), at=at).values_list(*_row(what, by, F("n"), F("at")))


def _plain(what: _Asked, rows: QuerySet[Any], *columns: str, at: str = "counted_at") -> Any:
    return rows.values_list(*_row(what, columns, Value(1, output_field=IntegerField()), F(at)))


def _row(what: _Asked, columns: Sequence[str], n: Expression | F, at: F) -> list[Expression | F]:
    """The shape that all questions share: databases join only rows of the same types."""
    texts: list[Expression | F] = [Cast(column, CharField()) for column in columns]
    texts += [Cast(Value(""), CharField())] * (_COLUMNS - len(columns))
    return [Cast(Value(what.value), CharField()), *texts, n, at]
