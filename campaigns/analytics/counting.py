"""Counting days from the rows themselves: the one place that says what a number is. Nothing is stored here.

A day is a calendar day of a time zone, which is named: so a workspace that moves to another one is counted anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property, reduce
from itertools import islice
from operator import or_
from typing import NamedTuple, TypeVar

from django.db.models import Exists, OuterRef, Q

from campaigns.models import Attempt, AttemptQuerySet, Campaign, Lead, Rollup
from compliance.known_regions import regions_of
from compliance.suppression import is_stone
from outreach_site.accounts.models import Workspace
from outreach_site.lib.among import among
from outreach_site.lib.ports import Answer, answer_book

Dimension = Rollup.Dimension
A_DAY = timedelta(days=1)


class Key(NamedTuple):
    """What a line counts. `campaign` None: the whole workspace."""

    campaign: int | None
    day: date
    dimension: Dimension
    value: str


@dataclass(slots=True)
class Sums:
    """The measures of models.Rollup, and the minutes to each first answer."""

    letters: int = 0
    people: int = 0
    people_answered: int = 0
    people_placed: int = 0
    answered: int = 0
    interested: int = 0
    replies: int = 0
    waits: list[int] = field(default_factory=list)

    def add(self, other: Sums) -> None:
        self.letters += other.letters
        self.people += other.people
        self.people_answered += other.people_answered
        self.people_placed += other.people_placed
        self.answered += other.answered
        self.interested += other.interested
        self.replies += other.replies
        self.waits += other.waits


Lines = dict[Key, Sums]
T = TypeVar("T")
# SQLite takes 32,766 values in a query.
VALUES_AT_ONCE = 20_000


def batched(values: Iterable[T]) -> Iterator[list[T]]:
    """In parts that a query can name; nearly always one."""
    rest = iter(values)
    while some := list(islice(rest, VALUES_AT_ONCE)):
        yield some


@dataclass(frozen=True)
class Calendar:
    """Days as a time zone has them: 23 or 25 hours long where clocks change."""

    zone: str

    def day_of(self, moment: datetime) -> date:
        return self._place.day_of(moment)

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        return self._place.day_bounds(datetime.combine(day, time(12), tzinfo=self._place.zone))

    @cached_property
    def _place(self) -> Workspace:
        return Workspace(time_zone=self.zone)

    def spans(self, days: Collection[date]) -> list[tuple[datetime, datetime]]:
        """The moments of these days, those of days in a row as one span."""
        spans: list[tuple[datetime, datetime]] = []
        for day in sorted(days):
            start, end = self.bounds(day)
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return spans

    def days(self, first: date, last: date) -> list[date]:
        """From the first to the last, both included."""
        return [first + n * A_DAY for n in range((last - first).days + 1)]


class _Letter(NamedTuple):
    pk: int
    lead: int
    campaign: int
    step: int | None
    place: int | None  # of its step
    variant: str
    template: int | None
    mailbox: int | None
    to: str
    left_at: datetime
    source: str
    status: str
    is_first: bool


def count(
    workspace: Workspace, days: Collection[date], *, calendar: Calendar, campaign: Campaign | None = None
) -> Lines:
    """The lines of these days: of all campaigns and the workspace, or of one campaign alone. Five queries; more
    only where a letter or an answer is one of tens of thousands.

    1. The letters of these days. 2. What their leads answered. 3. Which letter each first answer belongs to. 4. Where
    the readers are. 5. What came in on these days.
    """
    lines: Lines = defaultdict(Sums)
    spans = calendar.spans(days)
    if not spans:
        return lines
    counted = _counted(workspace, spans, campaign=campaign)
    letters = _letters(counted)
    answers = _by_lead(answer_book().answers(counted.values("lead"))) if letters else {}
    answered = _answered_letters(answers)
    known = _regions(workspace, {letter.to for letter in letters if letter.to and not is_stone(letter.to)})
    for letter in letters:
        region = known.get(letter.to, "")
        sums = _sums_of(letter, answers.get(letter.lead, ()), answered)
        day = calendar.day_of(letter.left_at)
        for key in _keys_of(letter, day, region, in_workspace=campaign is None):
            line = lines[key]
            line.add(sums)
            if key.dimension != Dimension.TOTAL:
                line.waits.clear()
    for came in answer_book().came_back(workspace.pk, spans, campaign_id=campaign.pk if campaign else None):
        day = calendar.day_of(came.at)
        scopes = [came.campaign] if campaign else [came.campaign, None]
        for scope in scopes:
            lines[Key(scope, day, Dimension.CAME_BACK, came.classification)].replies += 1
    return lines


def _counted(
    workspace: Workspace, spans: Sequence[tuple[datetime, datetime]], *, campaign: Campaign | None
) -> AttemptQuerySet:
    at = reduce(or_, (Q(finished_at__gte=start, finished_at__lt=end) for start, end in spans))
    letters = Attempt.objects.in_workspace(workspace).unasked().filter(at).order_by()
    return letters.filter(campaign=campaign) if campaign else letters


def _letters(counted: AttemptQuerySet) -> list[_Letter]:
    earlier = (
        Attempt.objects.unasked()
        .filter(lead=OuterRef("lead"))
        .filter(
            Q(finished_at__lt=OuterRef("finished_at")) | Q(finished_at=OuterRef("finished_at"), pk__lt=OuterRef("pk"))
        )
    )
    rows = counted.annotate(is_first=~Exists(earlier.order_by())).values_list(
        "pk",
        "lead_id",
        "campaign_id",
        "step_id",
        "step__position",
        "variant",
        "template_id",
        "mailbox_id",
        "recipient_key",
        "finished_at",
        "lead__source",
        "lead__status",
        "is_first",
    )
    return [_Letter(*row) for row in rows]  # type: ignore[arg-type]  # a span of time excludes letters without one


def _regions(workspace: Workspace, addresses: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in batched(addresses):
        found |= {address: guess.region.value for address, guess in regions_of(workspace, some).items()}
    return found


def _by_lead(answers: Iterable[Answer]) -> dict[int, list[Answer]]:
    found: dict[int, list[Answer]] = defaultdict(list)
    for answer in answers:
        found[answer.lead].append(answer)
    return found


@dataclass(frozen=True, slots=True)
class _Credit:
    """The letter that a lead's first answer belongs to, and how many answers each of its letters got."""

    letter: int
    minutes: int
    replies: Mapping[int, int]


def _answered_letters(answers: Mapping[int, Sequence[Answer]]) -> dict[int, _Credit]:
    """By lead. An answer belongs to the letter that it names; one that names none, or an answer of ours, to the newest
    letter before it. Where there is none before it, there is nothing that it could have answered.
    """
    if not answers:
        return {}
    sent: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for leads in batched(answers):
        ours = Attempt.objects.unasked().filter(among("lead_id", leads)).exclude(finished_at=None)
        for lead, pk, at in ours.order_by("finished_at", "pk").values_list("lead_id", "pk", "finished_at"):
            if at is not None:
                sent[lead].append((at, pk))
    credited: dict[int, _Credit] = {}
    for lead, written in answers.items():
        first: tuple[int, int] | None = None
        replies: dict[int, int] = defaultdict(int)
        left_at = {pk: at for at, pk in sent[lead]}
        for answer in written:
            before = (pk for at, pk in reversed(sent[lead]) if at <= answer.at)
            letter = answer.letter if answer.letter in left_at else next(before, None)
            if letter is None:
                continue
            replies[letter] += 1
            if first is None:
                # A mailbox's clock and ours differ by seconds: nobody answers before they are written to.
                first = letter, max(0, int((answer.at - left_at[letter]).total_seconds() // 60))
        if first is not None:
            credited[lead] = _Credit(*first, replies)
    return credited


def _sums_of(letter: _Letter, answers: Sequence[Answer], credited: Mapping[int, _Credit]) -> Sums:
    credit = credited.get(letter.lead)
    sums = Sums(letters=1, people=int(letter.is_first))
    if letter.is_first:
        sums.people_answered = int(credit is not None)
        sums.people_placed = int(letter.status == Lead.Status.PLACED)
    if credit is not None:
        sums.replies = credit.replies.get(letter.pk, 0)
        if credit.letter == letter.pk:
            sums.answered = 1
            sums.interested = int(any(answer.is_interested for answer in answers))
            sums.waits = [credit.minutes]
    return sums


def _keys_of(letter: _Letter, day: date, region: str, *, in_workspace: bool) -> Iterable[Key]:
    shared = (
        (Dimension.TOTAL, ""),
        (Dimension.TEMPLATE, _text(letter.template)),
        (Dimension.MAILBOX, _text(letter.mailbox)),
        (Dimension.REGION, region),
        (Dimension.SOURCE, letter.source),
    )
    own = [(Dimension.STEP, _text(letter.step))]
    if letter.variant:
        own.append((Dimension.VARIANT, f"{letter.step}:{letter.variant}"))
    for dimension, value in (*shared, *own):
        yield Key(letter.campaign, day, dimension, value)
    if in_workspace:
        together = (Dimension.CAMPAIGN, _text(letter.campaign)), (Dimension.STEP, _text(letter.place))
        for dimension, value in (*shared, *together):
            yield Key(None, day, dimension, value)


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def first_day(workspace: Workspace, *, calendar: Calendar) -> date | None:
    """The first day on which a letter left or something came in; None where nothing has. Two queries."""
    letters = Attempt.objects.in_workspace(workspace).unasked().exclude(finished_at=None)
    first = letters.order_by("finished_at").values_list("finished_at", flat=True).first()
    moments = [at for at in (first, answer_book().first_at(workspace.pk)) if at is not None]
    return calendar.day_of(min(moments)) if moments else None


def days_of(letters: AttemptQuerySet, *, calendar: Calendar) -> set[date]:
    """The days on which these letters left. One query."""
    left = letters.unasked().order_by().values_list("finished_at", flat=True)
    return {calendar.day_of(at) for at in left if at is not None}
