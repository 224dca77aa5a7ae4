"""Changing many leads at once: in parts of a bounded size, each of which can be put back.

1. *Begin*: what is to be done, and to which leads, is written down.
2. *Step*: the next part, in one transaction with the place it ends at and what stood there before. A few leads are
   done in the request that asks for it; for more a worker goes on, and a kill loses nothing.
3. *Undo*: the same backwards. What somebody has changed since stays as they left it.

What ends the writing to a lead takes back what waits, and "unsubscribed" suppresses, as for one lead (lifecycle.py).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet

from campaigns.lead_list import Filters, assignable
from campaigns.lifecycle import ENDS_WRITING, change_statuses
from campaigns.marks import CannotChangeError, tag_named
from campaigns.models import Attempt, BulkChange, BulkPart, Campaign, Lead, Tag
from campaigns.queueing import cancel_waiting
from compliance import audit
from compliance.models import Kind
from outreach_site.accounts.models import User, Workspace

AT_ONCE = 500
SLICE_SECONDS = 8.0
MOST_FAILURES = 200  # that are listed; the others are counted
UNDO_FOR = timedelta(hours=24)
_KEPT_FOR = timedelta(days=7)

Action = BulkChange.Action


# --- 1. Begin ---------------------------------------------------------------------------------------------------------


def begin(
    campaign: Campaign,
    action: BulkChange.Action,
    value: str,
    *,
    chosen: Sequence[int] = (),
    filters: Filters | None = None,
    user: User,
    now: datetime,
) -> BulkChange:
    """Write down a change to the chosen leads (at most AT_ONCE), or to all that the filters find.

    `value`: a status, a person's number ("" for nobody), a tag's name. Raises CannotChangeError.
    """
    leads = _meant(campaign, chosen=chosen[:AT_ONCE], query=filters.query() if filters else "", newest=None)
    with transaction.atomic():
        bulk = BulkChange(
            campaign=campaign,
            user=user,
            action=action,
            value=_value(campaign.workspace, action, value.strip()),
            chosen=sorted(set(chosen[:AT_ONCE])),
            query=filters.query() if filters and not chosen else "",
            newest=leads.aggregate(newest=Max("pk"))["newest"] or 0,
            total=len(set(chosen[:AT_ONCE])) if chosen else leads.count(),
            created_at=now,
        )
        campaign.bulk_changes.filter(created_at__lt=now - _KEPT_FOR).exclude(ended_at=None).delete()
        bulk.save()
        audit.record(
            "leads.changed",
            workspace=campaign.workspace,
            user=user,
            about=campaign.subject,
            details={"action": action.value, "value": bulk.value, "leads": bulk.total},
            now=now,
        )
    return bulk


def _value(workspace: Workspace, action: BulkChange.Action, value: str) -> str:
    if action == Action.STATUS:
        if value not in Lead.Status.values:
            raise CannotChangeError("Choose a status.")
        return value
    if action == Action.ASSIGN:
        if value and value not in {str(person.pk) for person in assignable(workspace)}:
            raise CannotChangeError("Only members of this workspace who may write to people can be given leads.")
        return value
    if action == Action.TAG:
        return str(tag_named(workspace, value).pk)
    if action == Action.UNTAG:
        tag = Tag.objects.in_workspace(workspace).filter(name__iexact=value).first()
        if tag is None:
            raise CannotChangeError("Choose a tag.")
        return str(tag.pk)
    return ""


def _meant(campaign: Campaign, *, chosen: Sequence[int], query: str, newest: int | None) -> QuerySet[Lead]:
    if chosen:
        return Lead.objects.filter(campaign=campaign, pk__in=chosen)
    leads = Filters.from_query(query).apply(campaign)
    return leads if newest is None else leads.filter(pk__lte=newest)


# --- 2. Step ----------------------------------------------------------------------------------------------------------


@dataclass
class _Part:
    """What became of the leads of one part."""

    now: datetime
    before: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    failures: list[tuple[int, str]] = field(default_factory=list)
    changed: int = 0
    letters: int = 0


def run(bulk_id: int, *, now: datetime, seconds: float = SLICE_SECONDS) -> bool:
    """Parts until the time is over; whether any are left. What is ended is left alone."""
    until = time.monotonic() + seconds
    while step(bulk_id, now=now):
        if time.monotonic() >= until:
            return True
    return False


def step(bulk_id: int, *, now: datetime) -> bool:
    """The next part, forwards or back; whether more is left. Two workers wait for each other."""
    with transaction.atomic():
        under_way = BulkChange.objects.under_way().select_for_update(of=("self",))
        bulk = under_way.select_related("campaign__workspace", "user").filter(pk=bulk_id).first()
        if bulk is None:
            return False
        more = _forwards(bulk, now) if bulk.undone_at is None else _back(bulk, now)
        if not more:
            bulk.ended_at = now
        bulk.save()
    return more


def _forwards(bulk: BulkChange, now: datetime) -> bool:
    meant = _meant(bulk.campaign, chosen=bulk.chosen, query=bulk.query, newest=bulk.newest)
    leads = list(meant.filter(pk__gt=bulk.through).select_related("contact").order_by("pk")[:AT_ONCE])
    for lead in leads:
        lead.campaign = bulk.campaign
    part = _Part(now)
    if bulk.chosen:
        gone = sorted(set(bulk.chosen) - {lead.pk for lead in leads})
        part.failures += [(number, "It is not in this campaign any more.") for number in gone]
    if leads:
        _DO[Action(bulk.action)](bulk, leads, part)
    if part.before:
        BulkPart.objects.create(bulk=bulk, before=part.before)
    bulk.through = leads[-1].pk if leads else bulk.through
    bulk.done += len(leads)
    bulk.changed += part.changed
    bulk.letters += part.letters
    bulk.failed += len(part.failures)
    bulk.failures = [*bulk.failures, *part.failures][:MOST_FAILURES]
    return len(leads) == AT_ONCE and not bulk.chosen


def _set_status(bulk: BulkChange, leads: Sequence[Lead], part: _Part) -> None:
    status = Lead.Status(bulk.value)
    others = [lead for lead in leads if lead.status != status]
    leaving = _with_a_letter_leaving(others) if status in ENDS_WRITING and status != Lead.Status.UNSUBSCRIBED else set()
    wanted = []
    for lead in others:
        if lead.status == Lead.Status.UNSUBSCRIBED:
            part.failures.append((lead.pk, "They asked to be removed. If that was a mistake, change it on the lead."))
        elif lead.pk in leaving:
            part.failures.append((lead.pk, "A letter to it is leaving right now. Try again in a minute."))
        else:
            wanted.append(lead)
            part.before[lead.status].append(lead.pk)
    part.letters = change_statuses(wanted, status, user=_author(bulk), now=part.now)
    part.changed = len(wanted)


def _assign(bulk: BulkChange, leads: Sequence[Lead], part: _Part) -> None:
    to = int(bulk.value) if bulk.value else None
    for lead in leads:
        if lead.assignee_id != to:
            part.before[str(lead.assignee_id or "")].append(lead.pk)
            part.changed += 1
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(assignee=to)


def _tag(bulk: BulkChange, leads: Sequence[Lead], part: _Part) -> None:
    tag = Tag.objects.filter(pk=int(bulk.value)).first()
    if tag is None:
        part.failures += [(lead.pk, "The tag is not there any more.") for lead in leads]
        return
    have = set(_tagged(bulk, leads).values_list("lead_id", flat=True))
    lacking = [lead.pk for lead in leads if lead.pk not in have]
    Lead.tags.through.objects.bulk_create(
        [Lead.tags.through(lead_id=pk, tag_id=tag.pk) for pk in lacking], ignore_conflicts=True
    )
    _note_before(part, lacking)


def _untag(bulk: BulkChange, leads: Sequence[Lead], part: _Part) -> None:
    had = sorted(_tagged(bulk, leads).values_list("lead_id", flat=True))
    _tagged(bulk, leads).delete()
    _note_before(part, had)


def _cancel(_bulk: BulkChange, leads: Sequence[Lead], part: _Part) -> None:
    waiting = Attempt.objects.filter(lead__in=[lead.pk for lead in leads], state=Attempt.State.QUEUED)
    with_letters = set(waiting.exclude(kind=Kind.ANSWER).values_list("lead_id", flat=True))
    part.letters = cancel_waiting(*leads, reason="Taken back by hand, with others.", now=part.now)
    part.changed = len(with_letters)
    for pk in sorted(_with_a_letter_leaving(leads) - with_letters):
        part.failures.append((pk, "A letter to it is leaving right now, and cannot be taken back any more."))


_DO: Mapping[BulkChange.Action, Callable[[BulkChange, Sequence[Lead], _Part], None]] = {
    Action.STATUS: _set_status,
    Action.ASSIGN: _assign,
    Action.TAG: _tag,
    Action.UNTAG: _untag,
    Action.CANCEL: _cancel,
}


def _with_a_letter_leaving(leads: Sequence[Lead]) -> set[int]:
    leaving = Attempt.objects.filter(lead__in=[lead.pk for lead in leads], state=Attempt.State.SENDING)
    return set(leaving.values_list("lead_id", flat=True))


def _tagged(bulk: BulkChange, leads: Sequence[Lead]) -> QuerySet[Lead.tags.through]:  # type: ignore[name-defined]  # made by Django
    return Lead.tags.through.objects.filter(tag=int(bulk.value), lead__in=[lead.pk for lead in leads])


def _note_before(part: _Part, leads: Sequence[int]) -> None:
    if leads:
        part.before[""] = list(leads)
        part.changed = len(leads)


def _author(bulk: BulkChange) -> User:
    if bulk.user is None:
        raise CannotChangeError("Whoever asked for this is gone.")
    return bulk.user


# --- 3. Undo ----------------------------------------------------------------------------------------------------------


def can_be_undone(bulk: BulkChange, *, now: datetime) -> bool:
    """Not a suppression, and not letters taken back: those are queued again one by one, by somebody who looks."""
    for_good = bulk.action == Action.CANCEL or (
        bulk.action == Action.STATUS and bulk.value == Lead.Status.UNSUBSCRIBED.value
    )
    fresh = bulk.ended_at is not None and bulk.undone_at is None and now - bulk.created_at < UNDO_FOR
    return fresh and bool(bulk.changed) and not for_good


def undo(bulk: BulkChange, *, user: User, now: datetime) -> bool:
    """Begin to put back what stood there before. False where that cannot be, or somebody was quicker."""
    if not can_be_undone(bulk, now=now):
        return False
    with transaction.atomic():
        ended = BulkChange.objects.filter(pk=bulk.pk, undone_at=None).exclude(ended_at=None)
        if not ended.update(undone_at=now, ended_at=None, user=user):
            return False
        audit.record(
            "leads.change_undone",
            workspace=bulk.campaign.workspace,
            user=user,
            about=bulk.campaign.subject,
            details={"action": bulk.action, "value": bulk.value, "leads": bulk.changed},
            now=now,
        )
    return True


def _back(bulk: BulkChange, now: datetime) -> bool:
    part = bulk.parts.first()
    if part is None:
        return False
    for before, keys in part.before.items():
        leads = Lead.objects.filter(campaign=bulk.campaign_id, pk__in=keys)
        if bulk.action == Action.STATUS:
            as_left = list(leads.filter(status=bulk.value).select_related("contact"))
            for lead in as_left:
                lead.campaign = bulk.campaign
            change_statuses(as_left, Lead.Status(before), user=_author(bulk), now=now)
        elif bulk.action == Action.ASSIGN:
            left_to = int(bulk.value) if bulk.value else None
            leads.filter(assignee=left_to).update(assignee=int(before) if before else None)
        elif bulk.action == Action.TAG:
            Lead.tags.through.objects.filter(tag=int(bulk.value), lead__in=keys).delete()
        elif bulk.action == Action.UNTAG and Tag.objects.filter(pk=int(bulk.value)).exists():
            Lead.tags.through.objects.bulk_create(
                [Lead.tags.through(lead_id=lead.pk, tag_id=int(bulk.value)) for lead in leads.only("pk")],
                ignore_conflicts=True,
            )
    part.delete()
    return bulk.parts.exists()


# --- For pages --------------------------------------------------------------------------------------------------------


def newest_of(campaign: Campaign) -> BulkChange | None:
    """The change that goes on now, if one does. One query."""
    return campaign.bulk_changes.under_way().first()


def in_words(bulk: BulkChange) -> str:
    """What it does, as the beginning of a sentence about leads: "set to Lost"."""
    if bulk.action == Action.STATUS:
        return f"set to {Lead.Status(bulk.value).label.lower()}"
    if bulk.action == Action.ASSIGN:
        person = User.objects.filter(pk=int(bulk.value)).first() if bulk.value else None
        return f"assigned to {person.get_full_name() if person else 'nobody'}"
    if bulk.action == Action.CANCEL:
        return "told to wait for no letter"
    tag = Tag.objects.filter(pk=int(bulk.value)).first()
    name = f"“{tag.name}”" if tag else "a tag that is gone"
    return f"tagged {name}" if bulk.action == Action.TAG else f"freed of the tag {name}"
