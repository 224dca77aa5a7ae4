"""The queue as a page: what waits and why, what is stuck, what each mailbox has used of its hour and day.

However long the queue is, and whatever other workspaces hold, each part reads a bounded stretch of an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q
from django.utils.timesince import timesince

from campaigns.models import Attempt, AttemptQuerySet, Campaign, Lead
from campaigns.queueing import DOUBT_LASTS
from campaigns.tallies import Tally, tally
from campaigns.turns import waiting_for_inbox
from compliance.addresses import InvalidAddressError, normalise
from compliance.models import AuditEntry, Hold, Kind, SendRecord
from compliance.policy import Rule
from inbox.models import FolderCursor
from outreach_site.accounts.models import User, Workspace
from outreach_site.desk.heartbeat import Pulse, pulses
from outreach_site.desk.models import Run
from outreach_site.mailboxes.cards import Card, cards
from outreach_site.mailboxes.folder_names import seems_sent
from outreach_site.mailboxes.models import Mailbox, Provider

ROWS = 50
# A letter that is due this soon is worth watching.
SOON = timedelta(minutes=2)
# How soon a page looks again while letters leave, and while those who should send them are silent.
LOOK_AGAIN_SECONDS = 3
SILENT_SECONDS = 30
# Of the letters that are due, so many are looked at to see whether any of them may leave.
LOOKED_AT = 2_000
# Providers that tell what became of a letter.
TELL_OF_DELIVERY = {Provider.SENDGRID, Provider.MAILGUN, Provider.SES}

ENDED = (Attempt.State.SENT, Attempt.State.BLOCKED, Attempt.State.FAILED, Attempt.State.CANCELLED)


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
class Asked:
    """What of the queue is to be seen. `older_than` is the last letter of the page before."""

    show: Show = Show.NEXT
    older_than: int | None = None
    state: str = ""  # of the history: one of ENDED, or all of them
    query: str = ""  # of the history: an address, or a site's domain


@dataclass(frozen=True)
class Evidence:
    """Where proof of a letter was looked for, and what was found there: nothing, or it would not be in doubt."""

    tone: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One letter as the queue shows it, and what may be done with it now."""

    letter: Attempt
    why: str  # a sentence: why it waits, failed, was held back
    is_due: bool = False  # nothing but its turn keeps it here
    can_cancel: bool = False
    can_requeue: bool = False
    can_give_up: bool = False
    can_approve: bool = False  # it waits to be read
    can_write_anyway: bool = False  # the site was written to lately
    can_say_arrived: bool = False
    can_say_lost: bool = False
    lost_from: datetime | None = None  # from when on a person may say that it did not arrive
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Stop:
    """Who stopped all sending, and when."""

    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class Page:
    tally: Tally
    sent_today: int
    longest_wait: str  # of a letter that could have left; empty where none waits
    rows: list[Row]
    older_than: int | None  # the key of the next page, where there is one
    mailboxes: list[Card]
    pulse: Pulse
    last_run: Run | None
    look_again_seconds: int  # 0 where nothing moves
    stop: Stop | None


def page(here: Workspace, asked: Asked, *, now: datetime) -> Page:
    """The queue of a workspace; the number of queries does not grow with its letters."""
    stands = tally(here)
    found = _letters(here, asked)
    pages_on = asked.show is not Show.NEXT
    mailboxes = list(Mailbox.objects.in_workspace(here).in_use())
    holds = Hold.objects.in_workspace(here).standing().filter(Q(subject__startswith="mailbox:") | _of_campaigns(found))
    held = dict(holds.values_list("subject", "reason"))
    mail = pulses(now)[0]
    return Page(
        tally=stands,
        sent_today=_sent_today(here, now),
        longest_wait=_longest_wait(here, now),
        rows=_rows(found[:ROWS], held=held, now=now),
        older_than=found[ROWS - 1].pk if pages_on and len(found) > ROWS else None,
        mailboxes=cards(mailboxes, workspace=here, now=now),
        pulse=mail,
        last_run=Run.objects.filter(schedule="dispatch").first(),
        look_again_seconds=_look_again_seconds(mail) if _is_moving(here, stands, held, now=now) else 0,
        stop=who_stopped(here),
    )


def look_again_seconds(here: Workspace, *, now: datetime) -> int:
    """How soon what shows the letters that leave is worth looking at again; 0 where none leaves, or is about to."""
    holds = Hold.objects.in_workspace(here).standing().filter(subject__startswith="mailbox:")
    is_moving = _is_moving(here, tally(here), dict(holds.values_list("subject", "reason")), now=now)
    return _look_again_seconds(pulses(now)[0]) if is_moving else 0


def _look_again_seconds(mail: Pulse) -> int:
    return SILENT_SECONDS if mail.is_silent else LOOK_AGAIN_SECONDS


def _is_moving(here: Workspace, stands: Tally, held: dict[str, str], *, now: datetime) -> bool:
    return bool(stands.sending) or (here.sending_stopped_at is None and _leaves_soon(here, held, now))


def who_stopped(here: Workspace) -> Stop | None:
    """One query, and none where nothing is stopped."""
    if here.sending_stopped_at is None:
        return None
    entries = AuditEntry.objects.filter(
        workspace_id=here.pk, event="sending.stopped", about=f"workspace:{here.pk}", user_id__isnull=False
    ).order_by("-pk")
    person = User.objects.filter(pk__in=entries.values("user_id")[:1]).first()
    return Stop(here.sending_stopped_at, by=(person.get_full_name() or person.email) if person else "")


def _letters(here: Workspace, asked: Asked) -> list[Attempt]:
    """One more than a page has. Each tab reads the start of an index; the history one for each state."""
    letters = Attempt.objects.in_workspace(here)
    match asked.show:
        case Show.NEXT:
            sending = letters.filter(state=Attempt.State.SENDING).order_by("-pk")
            queued = letters.filter(state=Attempt.State.QUEUED, due_at__isnull=False).order_by("due_at", "pk")
            return [*_loaded(sending), *_loaded(queued)][: ROWS + 1]
        case Show.ASKING:
            waiting = letters.filter(state=Attempt.State.QUEUED, due_at=None).order_by("pk")
            return _loaded(waiting if asked.older_than is None else waiting.filter(pk__gt=asked.older_than))
        case Show.UNCERTAIN | Show.FAILED:
            state = Attempt.State.UNCERTAIN if asked.show is Show.UNCERTAIN else Attempt.State.FAILED
            return _loaded(_older(letters.filter(state=state), asked))
        case Show.HISTORY:
            return _history(letters, here, asked)


def _history(letters: AttemptQuerySet, here: Workspace, asked: Asked) -> list[Attempt]:
    states = [Attempt.State(asked.state)] if asked.state else list(ENDED)
    if asked.query:
        to_them = _to(asked.query, here)
        return _loaded(_older(letters.filter(to_them, state__in=states), asked))
    newest = [_older(letters.filter(state=state), asked).values_list("pk", flat=True)[: ROWS + 1] for state in states]
    numbers = sorted((number for numbers in newest for number in numbers), reverse=True)[: ROWS + 1]
    return _loaded(letters.filter(pk__in=numbers).order_by("-pk"))


def _older(letters: AttemptQuerySet, asked: Asked) -> AttemptQuerySet:
    older = letters if asked.older_than is None else letters.filter(pk__lt=asked.older_than)
    return older.order_by("-pk")


def _loaded(letters: AttemptQuerySet) -> list[Attempt]:
    return list(letters.select_related("campaign", "lead", "mailbox").defer("body")[: ROWS + 1])


def _to(query: str, here: Workspace) -> Q:
    """Letters to an address, or to a site: what an index finds, not what a text contains."""
    text = query.strip()
    if "@" in text:
        try:
            return Q(recipient_key=normalise(text))
        except InvalidAddressError:
            return Q(pk__in=[])
    host = text.lower().split("://")[-1].split("/")[0].removeprefix("www.")
    return Q(lead__in=Lead.objects.in_workspace(here).filter(site_key=host).values("pk"))


def _of_campaigns(letters: Sequence[Attempt]) -> Q:
    return Q(subject__in={letter.campaign.subject for letter in letters})


# --- One row ----------------------------------------------------------------------------------------------------------


def _rows(letters: Sequence[Attempt], *, held: dict[str, str], now: datetime) -> list[Row]:
    doubtful = [letter for letter in letters if letter.state == Attempt.State.UNCERTAIN]
    looked = _sent_folders(doubtful) if doubtful else {}
    unread = _unread(letters, now=now)
    return [_row(letter, held=held, looked=looked, unread=unread, now=now) for letter in letters]


def _unread(letters: Sequence[Attempt], *, now: datetime) -> AbstractSet[int]:
    """Those among them that are due, and wait until their inbox was read."""
    due = [
        letter
        for letter in letters
        if letter.kind == Kind.FOLLOW_UP
        and letter.state == Attempt.State.QUEUED
        and letter.due_at is not None
        and letter.due_at <= now
    ]
    if not due:
        return frozenset()
    waiting = waiting_for_inbox({each.mailbox_id for each in due if each.mailbox_id is not None}, now=now)
    return set(Attempt.objects.filter(waiting, pk__in=[each.pk for each in due]).values_list("pk", flat=True))


def _row(
    letter: Attempt,
    *,
    held: dict[str, str],
    looked: dict[int, FolderCursor],
    unread: AbstractSet[int],
    now: datetime,
) -> Row:
    state = letter.state
    is_queued, is_doubtful = state == Attempt.State.QUEUED, state == Attempt.State.UNCERTAIN
    asks = is_queued and letter.due_at is None
    # Without the moment it broke off there is nothing to wait for.
    lost_from = (letter.finished_at or letter.created_at) + DOUBT_LASTS
    return Row(
        letter=letter,
        why=_why_it_waits(letter, held, is_unread=letter.pk in unread) if is_queued else letter.reason,
        is_due=letter.due_at is not None and letter.due_at <= now,
        can_cancel=is_queued,
        can_approve=asks and Rule.APPROVAL in letter.asks.split(),
        can_write_anyway=asks and Rule.COOL_OFF in letter.asks.split(),
        can_requeue=state in {Attempt.State.FAILED, Attempt.State.BLOCKED, Attempt.State.CANCELLED},
        can_give_up=state == Attempt.State.FAILED,
        can_say_arrived=is_doubtful,
        can_say_lost=is_doubtful and lost_from <= now,
        lost_from=lost_from if is_doubtful and lost_from > now else None,
        evidence=_evidence(letter, looked) if is_doubtful else (),
    )


def _why_it_waits(letter: Attempt, held: dict[str, str], *, is_unread: bool) -> str:
    """What stands in the way now comes before what a rule said the last time."""
    if letter.campaign.state != Campaign.State.RUNNING:
        return "The campaign is paused."
    if reason := held.get(letter.campaign.subject) or held.get(f"mailbox:{letter.mailbox_id}"):
        return reason
    if letter.mailbox is not None and letter.mailbox.paused_at is not None:
        return "The mailbox is paused."
    if is_unread and letter.mailbox is not None and not letter.mailbox.can_receive:
        return (
            "No replies are read for its mailbox, and no follow-up leaves without: let it receive, or take this back."
        )
    if is_unread:
        return "Its mailbox is read first: an answer may have come."
    return letter.reason


def _sent_folders(letters: Iterable[Attempt]) -> dict[int, FolderCursor]:
    """How far the folder of sent mail was read, by mailbox. One query."""
    cursors = FolderCursor.objects.filter(mailbox__in={letter.mailbox_id for letter in letters})
    return {cursor.mailbox_id: cursor for cursor in cursors if seems_sent(cursor.folder)}


def _evidence(letter: Attempt, looked: dict[int, FolderCursor]) -> tuple[Evidence, ...]:
    """Where an arrival would show. That nothing is there proves nothing: the person who decides must know it."""
    mailbox, broke_off = letter.mailbox, letter.finished_at or letter.created_at
    if mailbox is None:
        return (Evidence("muted", "Its mailbox was removed: nothing can be looked for."),)
    found = []
    folder = looked.get(mailbox.pk)
    if folder is None:
        found.append(Evidence("muted", "The folder of sent mail is not read here: look there yourself."))
    elif folder.moved_at < broke_off:
        found.append(Evidence("muted", f"No copy in “{folder.folder}”, where nothing new has come since."))
    else:
        found.append(Evidence("neutral", f"No copy in “{folder.folder}” so far."))
    if not mailbox.can_receive:
        found.append(Evidence("muted", "No replies or bounces are read for this mailbox."))
    elif mailbox.polled_at is None or mailbox.polled_at <= broke_off:
        found.append(Evidence("muted", "Replies and bounces have not been read since."))
    else:
        found.append(Evidence("neutral", "No reply and no bounce has come."))
    if mailbox.provider in TELL_OF_DELIVERY:
        found.append(Evidence("neutral", "The provider has not said that it was delivered."))
    return tuple(found)


# --- The head of the page ---------------------------------------------------------------------------------------------


def _sent_today(here: Workspace, now: datetime) -> int:
    """By mailbox, as the ledger is indexed: the letters of other days are not walked. Of a worker's turn that lasts
    still, the ledger does not know yet what became of its letters; they do.
    """
    sent = SendRecord.objects.in_workspace(here).filter(state=SendRecord.State.SENT)
    of_mailboxes = Mailbox.objects.in_workspace(here).values("pk")
    today = sent.filter(mailbox_id__in=of_mailboxes, counted_at__gte=here.day_bounds(now)[0])
    just_now = Attempt.objects.in_workspace(here).unsettled().filter(state=Attempt.State.SENT)
    return today.order_by().values("pk").union(just_now.order_by().values("pk"), all=True).count()


def _first_due(here: Workspace, until: datetime) -> AttemptQuerySet:
    """The first letters that are due, of campaigns that run; a bounded stretch of the queue."""
    due = Attempt.objects.in_workspace(here).filter(state=Attempt.State.QUEUED, due_at__lte=until)
    first = due.order_by("due_at", "pk").values("pk")[:LOOKED_AT]
    return Attempt.objects.filter(pk__in=first, campaign__state=Campaign.State.RUNNING)


def _longest_wait(here: Workspace, now: datetime) -> str:
    since = _first_due(here, now).order_by("due_at").values_list("due_at", flat=True).first()
    if since is None:
        return ""
    return timesince(since, now) if now - since >= timedelta(minutes=1) else "Under a minute"


def _leaves_soon(here: Workspace, held: dict[str, str], now: datetime) -> bool:
    """Whether a letter is about to leave: watching a queue whose next letter is tomorrow's shows nothing."""
    numbers = [int(number) for number in (subject.partition(":")[2] for subject in held) if number.isdigit()]
    of_mailboxes = [n for n in numbers if f"mailbox:{n}" in held]
    soon = _first_due(here, now + SOON).exclude(mailbox__paused_at__isnull=False).exclude(mailbox_id__in=of_mailboxes)
    kinds = set(soon.exclude(mailbox=None).values_list("kind", "mailbox_id").distinct())
    if any(kind != Kind.FOLLOW_UP for kind, _ in kinds):
        return True
    mailboxes = {mailbox for _, mailbox in kinds}
    return bool(mailboxes) and soon.exclude(waiting_for_inbox(mailboxes, now=now)).exists()
