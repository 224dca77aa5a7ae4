"""Keeping what was counted: a day's lines are thrown away and written anew, as often as one likes, with one result.

Counting is done outside any transaction, so that it never makes a letter wait for the database. The lines are written
in a short one, and only if nobody else wrote meanwhile (RollupState.stamp): losing that race is a normal answer.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F

from campaigns.analytics.counting import A_DAY, Calendar, Key, Sums, batched, count, days_of, first_day
from campaigns.models import Attempt, Lead, Rollup, RollupState
from outreach_site.accounts.models import Workspace
from outreach_site.lib.among import among
from outreach_site.lib.inserting import insert
from outreach_site.lib.ports import answer_book

# What was decided before a count began may be written down after it: an outcome is recorded with the moment at which it
# was known. What comes later than this is found by the next pass.
LATE = timedelta(minutes=10)
# Whatever nothing else tells of (deleted leads, erased people, a region that somebody corrected) is right within a day.
PASS_EVERY = timedelta(hours=24)
DAYS_AT_ONCE = 7
# A workspace in which nothing happens is looked at, and not written to, for so long.
QUIET = timedelta(hours=1)


@dataclass(frozen=True)
class Stale:
    """Days whose lines may not be right any more; None in place of days: nobody can say which."""

    days: frozenset[date] | None
    has_news: bool  # something is known to have happened, and not only time to have passed


def stale(
    workspace: Workspace, state: RollupState, *, calendar: Calendar, now: datetime, late: timedelta = LATE
) -> Stale:
    """What has happened since `state` was counted, and `late` before it. A constant number of queries.

    The days since then, on which letters may have left; the days of letters whose leads answered, had an answer tagged
    anew, or changed their state for good; and the days on which those answers came in.
    """
    if state.counted_at is None:
        return Stale(None, has_news=True)
    since = state.counted_at - late
    changed = answer_book().changed(workspace.pk, since=since)
    if changed is None:
        return Stale(None, has_news=True)
    ended = (
        Lead.objects.in_workspace(workspace)
        .filter(status_changed_at__gt=since)
        .exclude(status__in=[Lead.Status.DISCOVERED, Lead.Status.CONTACTED])
        .order_by()
    )
    letters = Attempt.objects.in_workspace(workspace)
    days = {calendar.day_of(moment) for moment in changed.moments}
    days |= days_of(letters.filter(lead__in=ended.values("pk")), calendar=calendar)
    for leads in batched(changed.leads):
        days |= days_of(letters.filter(among("lead_id", leads)), calendar=calendar)
    recent = calendar.days(calendar.day_of(since), calendar.day_of(now))
    return Stale(frozenset(days.union(recent)), has_news=bool(days))


def keep_up(workspace: Workspace, *, until: float, now: datetime) -> bool:
    """Count what is new in a workspace, and go on with its pass if one is due; whether everything is counted.

    `until` is a moment of time.monotonic(). May be called by several workers at once, and be killed at any time.
    """
    state, _ = RollupState.objects.get_or_create(workspace=workspace)
    if state.counted_at is not None:
        _count_news(workspace, state, now=now)
    if not _begin_pass(workspace, state, now=now):
        return True
    while time.monotonic() < until:
        if not _next_days(workspace, state, now=now):
            return state.pass_day is None
    return False


def recount(workspace: Workspace) -> None:
    """Something has gone, or was taken back, that no date tells of: a pass begins within the minute."""
    RollupState.objects.filter(workspace=workspace).update(passed_at=None, stamp=F("stamp") + 1)


def _count_news(workspace: Workspace, state: RollupState, *, now: datetime) -> None:
    calendar = Calendar(state.zone)
    found = stale(workspace, state, calendar=calendar, now=now)
    if found.days is None:
        recount(workspace)
        state.refresh_from_db()
        return
    lines = count(workspace, found.days, calendar=calendar)
    if not lines and not found.has_news and state.counted_at is not None and now - state.counted_at < QUIET:
        return
    _write(state, found.days, lines, zone=state.zone, counted_at=now)


def _begin_pass(workspace: Workspace, state: RollupState, *, now: datetime) -> bool:
    """Whether a pass is under way, begun here or before. One by another time zone than today's begins again."""
    is_due = state.passed_at is None or now - state.passed_at >= PASS_EVERY or state.zone != workspace.time_zone
    if state.pass_day is not None and state.pass_zone == workspace.time_zone:
        return True
    if not is_due:
        return False
    calendar = Calendar(workspace.time_zone)
    first = first_day(workspace, calendar=calendar) or calendar.day_of(now)
    with transaction.atomic():
        began = _advance(state, pass_zone=calendar.zone, pass_day=first, pass_began_at=now, passed_at=now)
        if began:  # The pass comes by no day before the first one that there is now.
            Rollup.objects.filter(workspace=workspace, zone=calendar.zone, day__lt=first).delete()
    return began


def _next_days(workspace: Workspace, state: RollupState, *, now: datetime) -> bool:
    """The next days of a pass; after the last one the new lines are the ones that are read. False: somebody else is at
    it, or it is done.
    """
    assert state.pass_day is not None  # noqa: S101 - a pass is under way
    calendar, today = Calendar(state.pass_zone), Calendar(state.pass_zone).day_of(now)
    days = calendar.days(state.pass_day, min(today, state.pass_day + (DAYS_AT_ONCE - 1) * A_DAY))
    lines = count(workspace, days, calendar=calendar)
    then = state.pass_day + DAYS_AT_ONCE * A_DAY
    if then <= today:
        return _write(state, days, lines, zone=state.pass_zone, pass_day=then)
    counted_at = state.pass_began_at
    if state.zone == state.pass_zone and state.counted_at is not None:
        counted_at = state.counted_at  # What is new was counted besides, by the same days.
    _write(state, days, lines, zone=state.pass_zone, is_last=True, counted_at=counted_at, pass_day=None)
    return False


def _write(
    state: RollupState,
    days: Collection[date],
    lines: dict[Key, Sums],
    *,
    zone: str,
    is_last: bool = False,
    **changes: object,
) -> bool:
    """Put `lines` in the place of what stood for these days. False, and nothing is written, if somebody was faster."""
    with transaction.atomic():
        if is_last:
            changes["zone"] = zone
        if not _advance(state, **changes):
            return False
        of_workspace = Rollup.objects.filter(workspace=state.workspace_id)
        of_workspace.filter(zone=zone, day__in=days).delete()
        if is_last:  # The days of another zone are read by nobody from now on.
            of_workspace.exclude(zone=zone).delete()
        rows = [
            Rollup(
                workspace_id=state.workspace_id,
                campaign_id=key.campaign,
                zone=zone,
                day=key.day,
                dimension=key.dimension,
                value=key.value,
                **{name: getattr(sums, name) for name in Sums.__slots__},
            )
            for key, sums in lines.items()
        ]
        insert(rows, with_keys=False)
    return True


def _advance(state: RollupState, **changes: object) -> bool:
    """Compare and set: whoever is second to write finds another stamp."""
    mine = RollupState.objects.filter(pk=state.pk, stamp=state.stamp)
    if not mine.update(stamp=state.stamp + 1, **changes):
        return False
    state.stamp += 1
    for name, value in changes.items():
        setattr(state, name, value)
    return True
