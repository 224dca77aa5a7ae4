"""Retention: what has been kept for long enough goes by itself, once a day, by the rules of each workspace.

What a run would take is asked of the same rows that it takes, so that the page that foresees it tells the truth.
Suppressions are never among them, and neither are the stones of erased people.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from compliance import audit, cutting
from compliance.privacy_models import PrivacySettings
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib import ports
from outreach_site.lib.ports import Cutoffs, Overdue

log = structlog.get_logger(__name__)

ROWS_AT_ONCE = 200
# A restart asks for every task anew: what ran less than this ago is not run again.
AGAIN_AFTER = timedelta(hours=20)


@dataclass(frozen=True)
class Run:
    """What a run removed, in words, with numbers; `is_done` is False where the time ran out before the rows."""

    removed: Mapping[str, int]
    is_done: bool


def cutoffs(settings: PrivacySettings, *, now: datetime) -> Cutoffs:
    return Cutoffs(
        unwritten=now - timedelta(days=settings.unwritten_days),
        unlinked=now - timedelta(days=settings.unlinked_days),
        raw=months_before(now, settings.raw_months),
        replies=months_before(now, settings.reply_months),
        audit=months_before(now, settings.audit_months),
    )


def months_before(moment: datetime, months: int) -> datetime:
    """The same day of an earlier month, or its last day where it has no such day: 31 March less one is 28 February."""
    month = moment.year * 12 + moment.month - 1 - months
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=month // 12, month=month % 12 + 1, day=day)
        except ValueError:
            continue
    return moment.replace(year=month // 12, month=month % 12 + 1, day=min(moment.day, 28))


def foresee(workspace: Workspace, settings: PrivacySettings, *, now: datetime) -> dict[str, int]:
    """What a run at `now` would remove, in words, with numbers; rules that remove nothing are among them."""
    return {overdue.what: overdue.rows.count() for overdue in _overdue(workspace, settings, now=now)}


def apply(workspace: Workspace, settings: PrivacySettings, *, until: float, now: datetime) -> Run:
    """Remove what has been kept for long enough, until a monotonic moment; some rows a transaction, each with its line
    in the audit log when the run ends."""
    removed: Counter[str] = Counter()
    is_done = True
    for overdue in _overdue(workspace, settings, now=now):
        number, finished = _let_go(overdue, until)
        removed[overdue.what] += number
        is_done &= finished
    taken = {what: number for what, number in removed.items() if number}
    with transaction.atomic():
        _keep_result(workspace, taken, is_done=is_done, now=now)
        if taken:
            audit.record(
                "retention.applied",
                workspace=workspace,
                details={"removed": [f"{what}: {number}" for what, number in taken.items()]},
                now=now,
            )
    return Run(removed=taken, is_done=is_done)


def _overdue(workspace: Workspace, settings: PrivacySettings, *, now: datetime) -> list[Overdue]:
    limits = cutoffs(settings, now=now)
    return [overdue for holder in ports.holders() for overdue in holder.overdue(workspace.pk, limits)]


def _let_go(overdue: Overdue, until: float) -> tuple[int, bool]:
    """How many rows went, and whether that was all of them."""
    number, last = 0, -1
    while time.monotonic() < until:
        with transaction.atomic():
            keys = list(overdue.rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:ROWS_AT_ONCE])
            if not keys:
                return number, True
            overdue.let_go(keys)
        number, last = number + len(keys), keys[-1]
    return number, False


def _keep_result(workspace: Workspace, taken: Mapping[str, int], *, is_done: bool, now: datetime) -> None:
    row, _ = PrivacySettings.objects.get_or_create(workspace=workspace)
    # A run that goes on after a slice adds to what it has taken.
    goes_on = row.applied_at is None and bool(row.removed)
    before = Counter(row.removed) if goes_on else Counter()
    row.removed = dict(before + Counter(taken))
    row.applied_at = now if is_done else None
    row.save(update_fields=["removed", "applied_at"])


def cut_log(*, until: float, now: datetime) -> int:
    """Cut the beginning off the log where every entry is too old in every workspace; how many entries went.

    The log is one for all: a workspace that keeps its own longer, or for ever, keeps it whole for the others.
    """
    kept = {settings.workspace_id: settings for settings in PrivacySettings.objects.all()}
    rules = [kept.get(here.pk) or PrivacySettings(workspace=here) for here in Workspace.objects.all()]
    if not rules or not all(settings.is_on for settings in rules):
        return 0
    before = min(cutoffs(settings, now=now).audit for settings in rules)
    number, more = 0, True
    while more and time.monotonic() < until:
        try:
            cut = cutting.cut(before, now=now)
        except cutting.CannotCutError as err:
            log.warning("the audit log was not cut", why=str(err))
            return number
        number, more = number + cut.count, cut.more
    return number


def due(*, now: datetime) -> list[Workspace]:
    """Workspaces that have not been gone through today. Where nobody has changed a setting, the defaults are on."""
    rested = PrivacySettings.objects.filter(Q(is_on=False) | Q(applied_at__gt=now - AGAIN_AFTER))
    return list(Workspace.objects.exclude(pk__in=rested.values("workspace")).order_by("pk"))


def change(settings: PrivacySettings, *, changed: Mapping[str, object], user: User, now: datetime) -> None:
    """Save what an owner has set, and who did it."""
    with transaction.atomic():
        settings.save()
        audit.record(
            "workspace.privacy_changed",
            workspace=settings.workspace,
            user=user,
            about=f"workspace:{settings.workspace_id}",
            details=dict(changed),
            now=now,
        )
