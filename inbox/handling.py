"""How people share the work on replies: who takes one, when it comes back, and what they note beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from inbox.desk_models import Note
from inbox.models import Reply
from outreach_site.accounts.access import SENDERS
from outreach_site.accounts.models import Membership, User, Workspace

MORNING = time(9)
EVENING = time(18)
LATER = timedelta(hours=3)
# Nobody remembers what comes back after more than a year.
LONGEST_REST = timedelta(days=370)
NOTES_SHOWN = 50


@dataclass(frozen=True)
class Rest:
    """A choice of how long to put a reply aside."""

    value: str
    label: str
    until: datetime


def rests(workspace: Workspace, *, now: datetime) -> list[Rest]:
    """Later today (while there is one), tomorrow morning, Monday morning: in the workspace's own day."""
    here = now.astimezone(workspace.zone)
    today = here.date()
    choices = []
    later = min(here + LATER, datetime.combine(today, EVENING, workspace.zone))
    if later - here >= timedelta(hours=1):
        choices.append(Rest("later", "Later today", later))
    choices.append(Rest("tomorrow", "Tomorrow", _morning(workspace, today + timedelta(days=1))))
    choices.append(Rest("week", "Next week", _morning(workspace, today + timedelta(days=7 - today.weekday()))))
    return choices


def rest_until(workspace: Workspace, value: str, on: str, *, now: datetime) -> datetime | None:
    """The moment that was chosen: one of `rests`, or a date of the future; None where it is neither."""
    for rest in rests(workspace, now=now):
        if rest.value == value:
            return rest.until
    try:
        until = _morning(workspace, date.fromisoformat(on))
    except ValueError:
        return None
    return until if now < until <= now + LONGEST_REST else None


def _morning(workspace: Workspace, day: date) -> datetime:
    return datetime.combine(day, MORNING, workspace.zone)


def snooze(reply: Reply, until: datetime) -> None:
    """Out of sight until then. It comes back by itself, unread: nothing has to wake it."""
    Reply.objects.filter(pk=reply.pk).update(snoozed_until=until, read_at=None, done_at=None)


def wake(reply: Reply, *, now: datetime) -> bool:
    """Back at once. False where it does not rest."""
    return bool(Reply.objects.filter(pk=reply.pk, snoozed_until__gt=now).update(snoozed_until=None, read_at=now))


def who_may_take(workspace: Workspace) -> Sequence[Membership]:
    """Members of this workspace who may answer. One query."""
    members = Membership.objects.in_workspace(workspace).filter(role__in=SENDERS, user__is_active=True)
    return list(members.select_related("user").order_by("user__name", "pk"))


def assign(reply: Reply, user_id: int | None) -> User | None:
    """Give it to a teammate, or to nobody. Raises LookupError for whoever cannot act here."""
    taker = None
    if user_id is not None:
        taker = next((each.user for each in who_may_take(reply.workspace) if each.user_id == user_id), None)
        if taker is None:
            raise LookupError("Only members of this workspace who may answer can take a reply.")
    Reply.objects.filter(pk=reply.pk).update(assignee=taker)
    return taker


def notes_on(reply: Reply) -> QuerySet[Note]:
    """Notes on its lead, or on itself where it has none."""
    notes = Note.objects.in_workspace(reply.workspace).select_related("user")
    about = Q(reply=reply) if reply.lead_id is None else Q(reply=reply) | Q(lead=reply.lead_id)
    return notes.filter(about)


def write_note(reply: Reply, text: str, *, user: User, now: datetime) -> Note:
    return Note.objects.create(
        workspace=reply.workspace, reply=reply, lead=reply.lead, user=user, text=text, written_at=now
    )
