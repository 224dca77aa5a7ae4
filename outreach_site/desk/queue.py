"""The queue as a page: what waits, what is stuck, what each mailbox has used of its hour and day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Q

from campaigns.models import Attempt, AttemptQuerySet
from campaigns.queueing import DOUBT_LASTS
from compliance.models import Hold, SendRecord
from compliance.policy import Rule
from outreach_site.accounts.models import Workspace
from outreach_site.desk.heartbeat import Pulse, pulses
from outreach_site.mailboxes.cards import Card, cards
from outreach_site.mailboxes.models import Mailbox

ROWS = 50
# A letter that is due this soon is worth watching.
SOON = timedelta(minutes=2)


class Show(StrEnum):
    """The page's tabs."""

    NEXT = "next"
    ASKING = "asking"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    HISTORY = "history"


LABELS = {
    Show.NEXT: "Next letters",
    Show.ASKING: "Wait for you",
    Show.UNCERTAIN: "May have been sent",
    Show.FAILED: "Could not be sent",
    Show.HISTORY: "History",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One letter as the queue shows it, and what may be done with it now."""

    letter: Attempt
    why: str  # a sentence: why it waits, failed, was held back
    is_due: bool = False  # nothing but its turn keeps it here
    can_cancel: bool = False
    can_requeue: bool = False
    can_approve: bool = False  # it waits to be read
    can_write_anyway: bool = False  # the site was written to lately
    can_say_arrived: bool = False
    can_say_lost: bool = False
    lost_from: datetime | None = None  # from when on a person may say that it did not arrive


@dataclass(frozen=True, kw_only=True)
class Counts:
    next: int
    asking: int
    sending: int
    uncertain: int
    failed: int
    sent_today: int
    blocked_today: int


@dataclass(frozen=True, kw_only=True)
class Page:
    counts: Counts
    rows: list[Row]
    older_than: int | None  # the key of the next page, where there is one
    mailboxes: list[Card]
    held_mailboxes: dict[int, str]
    pulse: Pulse
    is_moving: bool


def page(here: Workspace, *, show: Show, older_than: int | None, now: datetime) -> Page:
    """The queue of a workspace; the number of queries does not grow with its letters."""
    counts = _counts(here, now)
    letters = _letters(here, show)
    if older_than is not None:
        letters = letters.filter(pk__lt=older_than)
    found = list(letters.select_related("campaign", "lead", "mailbox").defer("body")[: ROWS + 1])
    more = show is Show.HISTORY and len(found) > ROWS
    mailboxes = list(Mailbox.objects.in_workspace(here).in_use())
    holds = Hold.objects.in_workspace(here).standing()
    held = dict(holds.filter(subject__startswith="mailbox:").values_list("subject", "reason"))
    stopped = here.sending_stopped_at is not None
    return Page(
        counts=counts,
        rows=[_row(letter, held=held, now=now) for letter in found[:ROWS]],
        older_than=found[ROWS - 1].pk if more else None,
        mailboxes=cards(mailboxes, workspace=here, now=now),
        held_mailboxes={
            mailbox.pk: held[f"mailbox:{mailbox.pk}"] for mailbox in mailboxes if f"mailbox:{mailbox.pk}" in held
        },
        pulse=pulses(now)[0],
        is_moving=bool(counts.sending) or (not stopped and _leaves_soon(here, now)),
    )


def _letters(here: Workspace, show: Show) -> AttemptQuerySet:
    letters = Attempt.objects.in_workspace(here)
    match show:
        case Show.NEXT:
            return letters.filter(
                Q(state=Attempt.State.SENDING) | Q(state=Attempt.State.QUEUED, due_at__isnull=False)
            ).order_by("due_at", "pk")
        case Show.ASKING:
            return letters.filter(state=Attempt.State.QUEUED, due_at=None).order_by("pk")
        case Show.UNCERTAIN:
            return letters.filter(state=Attempt.State.UNCERTAIN).order_by("-pk")
        case Show.FAILED:
            return letters.filter(state=Attempt.State.FAILED).order_by("-pk")
        case Show.HISTORY:
            return letters.filter(
                state__in=[Attempt.State.SENT, Attempt.State.BLOCKED, Attempt.State.FAILED, Attempt.State.CANCELLED]
            ).order_by("-pk")


def _row(letter: Attempt, *, held: dict[str, str], now: datetime) -> Row:
    state = letter.state
    why = letter.reason
    if state == Attempt.State.QUEUED and not why and letter.mailbox_id is not None:
        why = held.get(f"mailbox:{letter.mailbox_id}", "")
    asks = state == Attempt.State.QUEUED and letter.due_at is None
    # Without the moment it broke off there is nothing to wait for.
    lost_from = (letter.finished_at or letter.created_at) + DOUBT_LASTS
    return Row(
        letter=letter,
        why=why,
        is_due=letter.due_at is not None and letter.due_at <= now,
        can_cancel=state == Attempt.State.QUEUED,
        can_approve=asks and Rule.APPROVAL in letter.asks.split(),
        can_write_anyway=asks and Rule.COOL_OFF in letter.asks.split(),
        can_requeue=state in {Attempt.State.FAILED, Attempt.State.BLOCKED, Attempt.State.CANCELLED},
        can_say_arrived=state == Attempt.State.UNCERTAIN,
        can_say_lost=state == Attempt.State.UNCERTAIN and lost_from <= now,
        lost_from=lost_from if state == Attempt.State.UNCERTAIN and lost_from > now else None,
    )


def _counts(here: Workspace, now: datetime) -> Counts:
    day_began = here.day_bounds(now)[0]
    states = Attempt.State
    counted = (
        Attempt.objects.in_workspace(here)
        .filter(Q(state__in=[*Attempt.LIVE, states.FAILED]) | Q(state=states.BLOCKED, finished_at__gte=day_began))
        .aggregate(
            next=Count("pk", filter=Q(state=states.QUEUED, due_at__isnull=False)),
            asking=Count("pk", filter=Q(state=states.QUEUED, due_at=None)),
            sending=Count("pk", filter=Q(state=states.SENDING)),
            uncertain=Count("pk", filter=Q(state=states.UNCERTAIN)),
            failed=Count("pk", filter=Q(state=states.FAILED)),
            blocked_today=Count("pk", filter=Q(state=states.BLOCKED)),
        )
    )
    sent = SendRecord.objects.in_workspace(here).filter(state=SendRecord.State.SENT, counted_at__gte=day_began).count()
    return Counts(**counted, sent_today=sent)


def _leaves_soon(here: Workspace, now: datetime) -> bool:
    """Whether a letter is about to leave: watching a queue whose next letter is tomorrow's shows nothing."""
    return (
        Attempt.objects.in_workspace(here)
        .filter(state=Attempt.State.QUEUED, due_at__lte=now + SOON, campaign__state="running")
        .exclude(mailbox__paused_at__isnull=False)
        .exclude(mailbox_id__in=list(_held_mailbox_ids(here)))
        .exists()
    )


def _held_mailbox_ids(here: Workspace) -> Iterable[int]:
    subjects = Hold.objects.in_workspace(here).standing().filter(subject__startswith="mailbox:")
    for subject in subjects.values_list("subject", flat=True):
        number = subject.removeprefix("mailbox:")
        if number.isdigit():
            yield int(number)
