"""Reading the numbers of a campaign or a workspace: what is kept, and what has happened since then counted on the spot.

So a number is right at once, and still costs the same few queries however many letters there are. Nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum

from campaigns.analytics.counting import Calendar, Dimension, Lines, Sums, count, first_day
from campaigns.analytics.upkeep import stale
from campaigns.models import Campaign, Rollup, RollupState
from outreach_site.accounts.models import Workspace

# What is written down later than this after it happened is right when the next minute's count has found it.
_LATE = timedelta(minutes=1)
# What is read over all time: how far it came, and how variants compare. The rest is read for a period.
_EVER = (Dimension.TOTAL, Dimension.VARIANT, Dimension.CAME_BACK)
_MEASURES = tuple(name for name in Sums.__slots__ if name != "waits")
_SUMS = {f"sum_{name}": Sum(name) for name in _MEASURES}
_EMPTY = Sums()

ByValue = dict[str, Sums]


@dataclass
class Numbers:
    """Sums by dimension and value: of the period, and over all time (TOTAL, VARIANT and CAME_BACK alone)."""

    calendar: Calendar
    since: date | None  # the period's first day; None: from the first letter on
    today: date
    is_moving: bool = False  # the workspace has another time zone by now; these are still the days of the old one
    period: dict[str, ByValue] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Sums)))
    ever: dict[str, ByValue] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Sums)))
    daily: dict[date, Sums] = field(default_factory=lambda: defaultdict(Sums))  # of the period; `waits` too
    came_back: dict[date, ByValue] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Sums)))

    @property
    def total(self) -> Sums:
        """Of the period."""
        return self.period[Dimension.TOTAL].get("", _EMPTY)

    @property
    def total_ever(self) -> Sums:
        return self.ever[Dimension.TOTAL].get("", _EMPTY)

    @property
    def waits(self) -> list[int]:
        """Minutes to the first answers to the period's letters, the shortest first."""
        return sorted(minutes for sums in self.daily.values() for minutes in sums.waits)

    @property
    def days(self) -> list[date]:
        """Every day of the period; of all time, from the first one on which anything happened."""
        first = self.since or min([*self.daily, *self.came_back], default=self.today)
        return self.calendar.days(first, self.today)


def totals(workspace: Workspace, campaigns: Sequence[Campaign], *, now: datetime) -> dict[int, Sums]:
    """Of all time, by campaign, for those of one page of a list. A constant number of queries."""
    found: dict[int, Sums] = {campaign.pk: Sums() for campaign in campaigns}
    kept = _Kept.of(workspace, now=now)
    for key, sums in count(workspace, kept.fresh, calendar=kept.calendar).items():
        if key.dimension == Dimension.TOTAL and key.campaign in found:
            found[key.campaign].add(sums)
    rows = kept.rows.filter(campaign__in=found, dimension=Dimension.TOTAL).order_by()
    for row in rows.values("campaign").annotate(**_SUMS):
        found[row["campaign"]].add(_summed(row))
    return found


def read(workspace: Workspace, *, campaign: Campaign | None, days: int | None, now: datetime) -> Numbers:
    """The numbers of one campaign, or with None of all. `days`: of today and the days before it; None: of all time."""
    kept = _Kept.of(workspace, now=now)
    numbers = _numbers(kept.calendar, days, now)
    numbers.is_moving = kept.calendar.zone != workspace.time_zone
    _add_kept(numbers, kept.rows.filter(campaign=campaign))
    _add_lines(numbers, count(workspace, kept.fresh, calendar=kept.calendar, campaign=campaign), campaign)
    return numbers


@dataclass(frozen=True)
class _Kept:
    """What is to be taken from the lines that are kept, and which days are to be counted on the spot in their place."""

    calendar: Calendar
    fresh: list[date]
    rows: QuerySet[Rollup]

    @classmethod
    def of(cls, workspace: Workspace, *, now: datetime) -> _Kept:
        state = RollupState.objects.filter(workspace=workspace).first()
        if state is None or state.counted_at is None:
            calendar = Calendar(workspace.time_zone)
            first = first_day(workspace, calendar=calendar)
            return cls(calendar, calendar.days(first, calendar.day_of(now)) if first else [], Rollup.objects.none())
        calendar = Calendar(state.zone)
        # What nobody can name is counted by the pass that is about to begin; until then the last days are looked at.
        known = stale(workspace, state, calendar=calendar, now=now, late=_LATE).days
        fresh = sorted(known or calendar.days(calendar.day_of(state.counted_at - _LATE), calendar.day_of(now)))
        rows = Rollup.objects.filter(workspace=workspace, zone=state.zone).exclude(day__in=fresh)
        return cls(calendar, fresh, rows)


def _numbers(calendar: Calendar, days: int | None, now: datetime) -> Numbers:
    today = calendar.day_of(now)
    return Numbers(calendar, today - timedelta(days=days - 1) if days else None, today)


def _add_kept(numbers: Numbers, kept: QuerySet[Rollup]) -> None:
    """Three queries: sums of the period, sums of all time, and the period's days."""
    kept = kept.order_by()
    in_period = kept.filter(day__gte=numbers.since) if numbers.since else kept
    for rows, into in ((in_period, numbers.period), (kept.filter(dimension__in=_EVER), numbers.ever)):
        for row in rows.values("dimension", "value").annotate(**_SUMS):
            into[row["dimension"]][row["value"]].add(_summed(row))
    days = in_period.filter(dimension__in=[Dimension.TOTAL, Dimension.CAME_BACK])
    for row in days.values("day", "dimension", "value", "waits", *_MEASURES):
        sums = Sums(waits=row["waits"], **{name: row[name] for name in _MEASURES})
        if row["dimension"] == Dimension.TOTAL:
            numbers.daily[row["day"]].add(sums)
        else:
            numbers.came_back[row["day"]][row["value"]].add(sums)


def _summed(row: Mapping[str, Any]) -> Sums:
    return Sums(**{name: row[f"sum_{name}"] for name in _MEASURES})


def _add_lines(numbers: Numbers, lines: Lines, campaign: Campaign | None) -> None:
    for key, sums in lines.items():
        if key.campaign != (campaign.pk if campaign else None):
            continue
        if key.dimension in _EVER:
            numbers.ever[key.dimension][key.value].add(sums)
        if numbers.since is not None and key.day < numbers.since:
            continue
        numbers.period[key.dimension][key.value].add(sums)
        if key.dimension == Dimension.TOTAL:
            numbers.daily[key.day].add(sums)
        elif key.dimension == Dimension.CAME_BACK:
            numbers.came_back[key.day][key.value].add(sums)
