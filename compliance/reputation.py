"""How readers and their servers take our letters: what came back, per mailbox and campaign, and where it is too much.

Everything is counted from the ledger, so that every figure is a number of its rows and can be counted again by hand. A
letter counts once it was sent, or was refused at the door because the address does not exist; what came back stands on
its own row. So a rate is "of these letters, that many", and never passes a hundred in a hundred.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Q

from compliance.models import SendRecord, SendRecordQuerySet, Suppression
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Mailbox

# Limits are judged by the letters of the last thirty days, and complaints also by the last twenty-four hours.
WINDOW = timedelta(days=30)
A_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Limit:
    """So many in a thousand letters are too many; judged only from `after` letters on, as a few prove nothing."""

    per_mille: int
    after: int

    def is_reached(self, events: int, letters: int) -> bool:
        return letters >= self.after and events * 1000 >= self.per_mille * letters

    @property
    def fewest(self) -> int:
        """With less than this, the limit cannot be reached, however many letters there are."""
        return -(-self.after * self.per_mille // 1000)


BOUNCES = Limit(per_mille=50, after=50)
# Gmail asks senders to stay below 0.3 %, and delivers less from those who do not.
COMPLAINTS = Limit(per_mille=3, after=300)
COMPLAINTS_A_DAY = 2


@dataclass(frozen=True)
class Tally:
    """Letters of a window, and what came back to them. One letter may have bounced *and* been called spam."""

    letters: int = 0
    bounces: int = 0
    complaints: int = 0
    opt_outs: int = 0
    fresh_complaints: int = 0  # that we learned of in the last twenty-four hours, whenever the letter was sent

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.letters + other.letters,
            self.bounces + other.bounces,
            self.complaints + other.complaints,
            self.opt_outs + other.opt_outs,
            self.fresh_complaints + other.fresh_complaints,
        )


class Cause(StrEnum):
    """Why letters should wait for a person."""

    BOUNCES = "bounces"
    COMPLAINTS = "complaints"
    COMPLAINTS_A_DAY = "complaints_a_day"

    @property
    def is_complaint(self) -> bool:
        return self is not Cause.BOUNCES


def reached(tally: Tally) -> tuple[Cause, ...]:
    """Which limits this has reached; a limit is reached at its very value."""
    causes = []
    if BOUNCES.is_reached(tally.bounces, tally.letters):
        causes.append(Cause.BOUNCES)
    if COMPLAINTS.is_reached(tally.complaints, tally.letters):
        causes.append(Cause.COMPLAINTS)
    if tally.fresh_complaints >= COMPLAINTS_A_DAY:
        causes.append(Cause.COMPLAINTS_A_DAY)
    return tuple(causes)


def percent(events: int, letters: int, *, places: int = 1) -> str:
    """`events` of `letters` in a hundred, without the sign; cut and not rounded, so that none looks like its limit
    before it has reached it.
    """
    whole, part = divmod(events * 100 * 10**places // letters if letters else 0, 10**places)
    decimals = f"{part:0{places}d}".rstrip("0")
    return f"{whole}.{decimals}" if decimals else str(whole)


# --- What came back ---------------------------------------------------------------------------------------------------

_COLUMNS = {
    Suppression.Reason.HARD_BOUNCE: "bounced_at",
    Suppression.Reason.COMPLAINT: "complained_at",
    Suppression.Reason.OPT_OUT: "opted_out_at",
    Suppression.Reason.UNSUBSCRIBE: "opted_out_at",
}


def note(letter: str, *, workspace: Workspace, reason: Suppression.Reason, now: datetime) -> None:
    """Write on the row of `letter` (attempt:42) what came back to it. The first time counts; may be repeated.

    Each try has a row of its own, and the last one is meant. One that did not leave can only have been refused at the
    door: there is no such address.
    """
    column = _COLUMNS.get(reason)
    if column is None:
        return
    rows = SendRecord.objects.filter(subject=letter).order_by("-pk")[:1]
    for key, workspace_id, state in rows.values_list("pk", "workspace_id", "state"):
        left = state != SendRecord.State.RELEASED
        if workspace_id == workspace.pk and (left or reason == Suppression.Reason.HARD_BOUNCE):
            SendRecord.objects.filter(pk=key, **{column: None}).update(**{column: now})


def note_each(letters: Sequence[tuple[str, Suppression.Reason]], *, workspace: Workspace, now: datetime) -> None:
    """The same for many letters: one query, and one for each kind of what came back."""
    counted = [(letter, column) for letter, reason in letters if (column := _COLUMNS.get(reason)) is not None]
    if not counted:
        return
    rows = SendRecord.objects.filter(subject__in={letter for letter, _ in counted}).order_by("pk")
    last = {
        subject: (key, where, state)
        for key, subject, where, state in rows.values_list("pk", "subject", "workspace_id", "state")
    }
    noted: dict[str, list[int]] = {}
    for letter, column in counted:
        key, where, state = last.get(letter, (0, 0, ""))
        left = state != SendRecord.State.RELEASED
        if where == workspace.pk and (left or column == _COLUMNS[Suppression.Reason.HARD_BOUNCE]):
            noted.setdefault(column, []).append(key)
    for column, keys in noted.items():
        SendRecord.objects.filter(pk__in=keys, **{column: None}).update(**{column: now})


# --- Counting ---------------------------------------------------------------------------------------------------------


def tallies(workspace_ids: Collection[int], *, since: datetime, now: datetime) -> dict[tuple[int, str], Tally]:
    """By workspace and plain subject (mailbox:3, campaign:7): its letters since a moment, and what came back to them.

    Three queries. What is not named sent nothing, and nothing came back to it today.
    """
    mailboxes = list(Mailbox.objects.filter(workspace_id__in=workspace_ids).values_list("pk", flat=True))
    # By mailbox and time, or by time alone, as the indexes are; asked for the workspaces as well, SQLite walks all that
    # they ever wrote. So those are looked at here.
    rows = SendRecord.objects.all()
    found: dict[tuple[int, str], Tally] = {}
    counted = _by_subject(
        that_arrived_somewhere(rows).filter(mailbox_id__in=mailboxes, counted_at__gte=since),
        letters=Count("pk"),
        bounces=Count("bounced_at"),
        complaints=Count("complained_at"),
        opt_outs=Count("opted_out_at"),
    )
    fresh = _by_subject(rows.filter(complained_at__gt=now - A_DAY), fresh_complaints=Count("pk"))
    for counts in (counted, fresh):
        for key, tally in counts:
            if key[0] in workspace_ids:
                found[key] = found.get(key, Tally()) + tally
    return found


def that_arrived_somewhere(rows: SendRecordQuerySet) -> SendRecordQuerySet:
    """Letters that a rate is counted over: sent, or refused because the address does not exist."""
    states = SendRecord.State
    return rows.filter(Q(state=states.SENT) | Q(state=states.RELEASED, bounced_at__isnull=False))


def subjects_of(mailbox_id: int, campaign: str) -> list[str]:
    """What answers for a letter."""
    return [f"mailbox:{mailbox_id}", *([campaign] if campaign else [])]


def _by_subject(rows: SendRecordQuerySet, **counts: Count) -> list[tuple[tuple[int, str], Tally]]:
    grouped = rows.order_by().values("workspace_id", "mailbox_id", "campaign").annotate(**counts)
    return [
        ((row["workspace_id"], subject), Tally(**{name: row[name] for name in counts}))
        for row in grouped
        for subject in subjects_of(row["mailbox_id"], row["campaign"])
    ]


def of_workspace(workspace: Workspace, *, since: datetime, now: datetime) -> Mapping[str, Tally]:
    """The same for one workspace, by subject."""
    return {subject: tally for (_, subject), tally in tallies([workspace.pk], since=since, now=now).items()}
