"""Sending what is due: one slice of a mailbox's work, from lease to lease.

A slice lasts at most 20 seconds, so that a task never outlives its cluster's patience and a pause is never far away.
Longer pauses between letters are `Mailbox.next_send_at`, not a sleep.
"""

from __future__ import annotations

import gc
import re
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial, reduce
from operator import or_
from typing import TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection, models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from campaigns import letters, outbox, sessions
from campaigns.delivery import Accepted, Answer, NotSent, Post
from campaigns.models import Attempt, Campaign
from campaigns.models.attempt import ONE_BY_ONE, due_from
from campaigns.pace import Pace
from compliance.models import Kind
from outreach_site.accounts.installation import standing
from outreach_site.lib.moments import FromNow
from outreach_site.lib.prepared import until_kept
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.models import Mailbox

log = structlog.get_logger(__name__)

SLICE = timedelta(seconds=20)
# How often somebody who waits for one letter looks whether its mailbox is free.
LOOK_AGAIN_AFTER_SECONDS = 0.5
# So many letters are built at once, where they are not kept apart; fewer where they are long: an outcome that is known
# may be waiting to be written down.
BUILT_AT_ONCE = 50
BUILDS_AHEAD_FOR_SECONDS = 0.05
SETTLES_IN_PAUSES_OF_SECONDS = 1.0
# After a server did not answer, or said that we are too fast, the mailbox rests this long.
REST_AFTER_TROUBLE = timedelta(minutes=1)
REST_AFTER_RATE = timedelta(minutes=5)
REST_AFTER_DAY = timedelta(hours=1)  # where it names a day's limit
# No pause is longer, nor is any that is spread over the hour or the day.
LONGEST_REST = timedelta(hours=2)
# Workers whose clocks differ by more than this from the database's send nothing: hours and days would not be the same.
CLOCKS_AGREE_WITHIN = timedelta(minutes=2)
# A known answer is written again and again through trouble with the database: an unwritten "sent" would become
# uncertain. Should the lease lapse meanwhile, what was written last still proves the letter sent.
WRITE_AGAIN_AFTER_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 20)

_A_DAYS_LIMIT = re.compile(r"\b(daily|per[ -]day|24[ -]hours?)\b", re.IGNORECASE)
_DATABASE_TROUBLE = (OperationalError, InterfaceError)

Clock = Callable[[], datetime]
Result = TypeVar("Result")


@dataclass
class Report:
    """What a slice did. `more`: letters are left that may go soon; `sentence`: why nothing could be sent."""

    sent: int = 0
    uncertain: int = 0
    not_sent: int = 0
    more: bool = False
    sentence: str = ""

    def count(self, answer: Answer) -> None:
        if isinstance(answer, Accepted):
            self.sent += 1
        elif isinstance(answer, NotSent):
            self.not_sent += 1
        else:
            self.uncertain += 1

    def add(self, other: Report) -> None:
        self.sent += other.sent
        self.uncertain += other.uncertain
        self.not_sent += other.not_sent


def due_mailboxes(*, now: datetime) -> list[int]:
    """Mailboxes with letters that may leave now, the one that has waited longest first."""
    due = Attempt.objects.due(now).filter(
        mailbox=models.OuterRef("pk"), campaign__state=Campaign.State.RUNNING, campaign__archived_at=None
    )
    soon = now + SLICE
    rested = models.Q(rests_until=None) | models.Q(rests_until__lte=soon)
    spread = models.Q(next_spread_at=None) | models.Q(next_spread_at__lte=soon)
    in_sequence = models.Q(next_send_at__lte=soon) & spread & models.Exists(due)
    by_itself = models.Q(next_send_at__lte=soon) & models.Exists(due.filter(ONE_BY_ONE))
    answering = rested & models.Exists(due.filter(step=None, kind=Kind.ANSWER))
    return list(
        Mailbox.objects.that_can_send()
        .filter(in_sequence | by_itself | answering, workspace__sending_stopped_at=None)
        .order_by("next_send_at", "pk")
        .values_list("pk", flat=True)
    )


def forget_leaps() -> int:
    """Mailboxes that a clock ahead of its time has told to rest for longer than they ever do go on. How many.

    And their letters are decided anew that it told to wait: what stands in the way still is found once more. Not
    follow-ups, which have a moment of their own, nor before the moment that a person chose. The ledger's rows of that
    time stay, and count until their own moments are past: of a clock that was put back nobody can tell whether it is
    right now or was before, and no cap may be passed. By the database's clock, so that no worker's own leap is taken
    for all others'.
    """
    latest = FromNow(LONGEST_REST)
    rested = {"next_send_at": Now(), "next_spread_at": None, "rests_until": None}
    told = reduce(or_, (models.Q(**{f"{name}__gt": latest}) for name in rested))
    with transaction.atomic():
        # A clock that stands before a mailbox was added is the one that is wrong.
        mailboxes = list(Mailbox.objects.filter(told, created_at__lte=Now()).values_list("pk", flat=True))
        for name, value in rested.items():
            Mailbox.objects.filter(pk__in=mailboxes, **{f"{name}__gt": latest}).update(**{name: value})
        deferred = Attempt.objects.filter(
            mailbox__in=mailboxes, state=Attempt.State.QUEUED, lease_token=None, due_at__gt=latest
        )
        deferred.exclude(kind=Kind.FOLLOW_UP).update(due_at=due_from(Now()))
    return len(mailboxes)


def tidy_up(*, now: datetime) -> None:
    """What anybody who comes along does: put right what a dead worker left, and draw consequences."""
    outbox.reconcile(now=now)
    outbox.settle_all(now=now)


def dispatch_one(attempt: Attempt, *, within: timedelta = SLICE, clock: Clock = timezone.now) -> None:
    """Send this letter for somebody who waits for it, as soon as its mailbox is free and its pace allows.

    Gives up after `within`, and leaves the letter to the workers; at once where somebody has paused its campaign or its
    mailbox, or stopped all sending. Once it is handed over it is waited for, at most as long as that lasts.
    """
    stops_at = time.monotonic() + within.total_seconds()
    while attempt.mailbox_id is not None:
        left = stops_at - time.monotonic()
        lasts = timedelta(seconds=max(left, 0))
        report = dispatch_mailbox(attempt.mailbox_id, clock=clock, only=attempt.pk, lasts=lasts)
        # `more`: it was decided and did not start; asking again at once would only fill the log.
        if report.sentence or report.more or left <= 0 or not _may_leave(attempt.pk, now=clock()):
            return
        time.sleep(min(LOOK_AGAIN_AFTER_SECONDS, left))


def _may_leave(key: int, *, now: datetime) -> bool:
    """Whether a letter is leaving, or waits for nothing but its mailbox."""
    letter = Attempt.objects.filter(pk=key)
    waits = letter.that_run().filter(
        state=Attempt.State.QUEUED, due_at__lte=now, mailbox__in=Mailbox.objects.that_can_send()
    )
    return waits.exists() or letter.filter(state=Attempt.State.SENDING).exists()


def dispatch_mailbox(
    mailbox_id: int, *, clock: Clock = timezone.now, only: int | None = None, lasts: timedelta = SLICE
) -> Report:
    """Send what is due from one mailbox, for one slice. `only`: nothing but this letter.

    1. Take the lease; if somebody else has it, that is all.
    2. Claim what fits the slice at the mailbox's pace.
    3. In one session: start, hand over, record, pause; until the letters, the slice or the server's patience end.
    4. Give back what was not started; return the lease; settle.
    """
    _keep_what_is_loaded()
    report = Report()
    began_at = clock()
    here = standing()
    if not here.may_work:
        report.sentence = here.sentence
        return report
    mailbox = Mailbox.objects.that_can_send().select_related("workspace").filter(pk=mailbox_id).first()
    token = outbox.take_lease(mailbox) if mailbox is not None else None
    if mailbox is None or token is None:
        return report
    # The worker before us may have moved it.
    ahead = outbox.look_again(mailbox, now=clock())
    if abs(ahead) > CLOCKS_AGREE_WITHIN:
        outbox.return_lease(mailbox, token)
        report.sentence = (
            f"The clock of this machine is {abs(ahead).total_seconds():.0f} seconds "
            f"{'ahead of' if ahead > timedelta() else 'behind'} the database's. Set it: until then it sends nothing."
        )
        log.error("the clock differs from the database's", seconds=round(ahead.total_seconds()))
        return report
    # Before anything is counted: what a dead worker sent counts at the moment when it was sent.
    tidy_up(now=clock())
    work = _Slice(mailbox, token, report, clock, lasts=lasts)
    try:
        work.run(only=only)
    finally:
        outbox.return_lease(mailbox, token, **work.to_keep())
    tidy_up(now=clock())
    now = clock()
    if work.decided or report.sentence:
        sessions.keep(mailbox, report, began_at=began_at, ended_at=now)
    # Only after a claim that decided something: what no claim takes (a hold, a stop) is not work for another slice,
    # but behind letters that have to wait there may be others that need not.
    report.more = (
        work.decided > 0
        and work.pace.next_send_at <= now + SLICE
        and Attempt.objects.due(now).filter(mailbox=mailbox).exists()
    )
    return report


@cache
def _keep_what_is_loaded() -> None:
    """What a process has loaded when it first sends stays for good. Without this, Python's collector walks all of it
    again and again while a claim makes its many rows: a quarter of a claim's time.
    """
    gc.freeze()


class _Slice:
    """One worker's turn at one mailbox it holds the lease of."""

    def __init__(
        self, mailbox: Mailbox, token: uuid.UUID, report: Report, clock: Clock, *, lasts: timedelta = SLICE
    ) -> None:
        self.mailbox = mailbox
        self.token = token
        self.report = report
        self.clock = clock
        self.pace = Pace.of(mailbox, now=clock())
        self.last_turn = mailbox.last_turn
        self.lasts = lasts
        self.begin()
        # Later no session is opened: with its letter it would outlast the lease, and the patience of the cluster.
        self.opens_until = self.stops_at
        self.decided = 0
        self.known: outbox.Recorded | None = None  # An outcome that is not written down yet.
        self.composed: dict[int, letters.SealedMessage] = {}  # Letters that were built before their turn.

    def begin(self) -> None:
        """From now on letters leave for as long as the slice lasts."""
        self.ends_at = self.clock() + self.lasts
        # A clock that is put back must not make the slice longer than the lease.
        self.stops_at = time.monotonic() + self.lasts.total_seconds() + 1

    def run(self, *, only: int | None = None) -> None:
        now = self.clock()
        fitting = self.pace.fitting(now=now, until=self.ends_at)
        if not fitting or (only is not None and not fitting.unasked):
            return
        claimed = outbox.claim(self.mailbox, self.token, at_most=fitting, now=now, only=only)
        waiting = list(claimed.attempts)
        self.decided = claimed.decided
        if not waiting:
            return
        count = len(waiting)
        post: Post | None = None
        try:
            # Signed in before any letter is started: a server that is away costs no letter a try.
            post = Post(self.mailbox)
            post.open()
            self.begin()  # Anew: a server that takes longer to open than a slice lasts would never get a letter.
            self.send_in_turn(claimed, waiting, post)
        except MailServerError as err:
            self.mailbox_fails(err)
        finally:
            try:
                # Before the goodbye, which a server can draw out: until it is written, a kill makes it uncertain.
                _insist(self.write_known)
                outbox.give_back(claimed, waiting)
                self.pace.learn(claimed=count if only is None else 0, left=len(waiting))
            finally:
                if post is not None:
                    post.close()

    def send_in_turn(self, claimed: outbox.Claim, waiting: list[Attempt], post: Post) -> None:
        """Hand letters over one by one. `waiting` loses each as it is started."""
        while waiting and time.monotonic() < self.stops_at:
            now = self.clock()
            # The first in turn, if it may go now; else the first one that may.
            attempt = waiting[0]
            ready_at = self.pace.ready_at(attempt, now=now)
            if ready_at > now:
                attempt = min(waiting, key=partial(self.pace.ready_at, now=now))
                ready_at = self.pace.ready_at(attempt, now=now)
            if ready_at > self.ends_at:
                return
            self.pause(until=ready_at)
            try:
                message = self.composed.pop(attempt.pk, None) or self.compose(claimed, attempt, waiting)
            except ValueError as err:
                # One letter that cannot be built must not stand in the way of the others.
                waiting.remove(attempt)
                outbox.fail_unbuildable(attempt, self.token, str(err), now=self.clock())
                continue
            if not post.is_open_for(message):  # The last answer ended the conversation, or another letter did not come.
                if time.monotonic() >= self.opens_until:
                    return
                post.open()
            before = self.known
            started = _insist(partial(self.start, attempt))
            waiting.remove(attempt)
            if not started:
                outbox.give_back(claimed, [attempt])
                continue
            try:
                answer = self.hand_over(post, message, then=self.follower(waiting))
            except (DatabaseError, InterfaceError) as err:
                # Its start, and the record of the letter before, may be lost: both again. Nothing of the letter left.
                self.known = before
                waiting.insert(0, attempt)
                if not isinstance(err, _DATABASE_TROUBLE):
                    raise
                log.warning("the database may not have kept a start; trying again", error=str(err))
                post.close()
                connection.close_if_unusable_or_obsolete()
                continue
            now = self.clock()
            self.known = outbox.Recorded(attempt, self.token, answer, now)
            self.report.count(answer)
            self.pace.note(attempt, now=now)
            if attempt.kind != Kind.ANSWER:
                self.last_turn = f"campaign:{attempt.campaign_id}"
            trouble = None if isinstance(answer, Accepted) else self.trouble_behind(answer.error)
            if trouble is not None:
                _insist(self.write_known)
                self.mailbox_fails(trouble)
                return
            # Not before: a server that lets us sign in may turn away every letter. Written only where it is news.
            self.mailbox.mark_sending_ok(now=now)

    def compose(self, claimed: outbox.Claim, attempt: Attempt, waiting: Sequence[Attempt]) -> letters.SealedMessage:
        """The letter whose turn it is. Raises ValueError.

        And the first letters among those that wait behind it: built at once, with their code and data at hand in the
        processor, each costs half. What cannot be built now is built in its own turn, where its failure is its own; so
        is a follow-up, which asks what has become of the letters before it. Where letters are kept apart, each has a
        moment of its own as its date.
        """
        now, build = self.clock(), partial(letters.compose, mailbox=self.mailbox)
        message = build(attempt, token=claimed.token_for(attempt), now=now)
        behind = [] if self.pace.has_pauses else waiting[:BUILT_AT_ONCE]
        ends_at = time.monotonic() + BUILDS_AHEAD_FOR_SECONDS
        for each in behind:
            if time.monotonic() >= ends_at:
                break
            if each is not attempt and each.kind == Kind.FIRST and each.pk not in self.composed:
                with suppress(Exception):
                    self.composed[each.pk] = build(each, token=claimed.token_for(each), now=now)
        return message

    def follower(self, waiting: Sequence[Attempt]) -> letters.SealedMessage | None:
        """The letter that follows without a pause, if it is built already: the server may hear of it by and by."""
        if not waiting or self.pace.has_pauses or time.monotonic() >= self.stops_at:
            return None
        return self.composed.get(waiting[0].pk)

    def hand_over(
        self, post: Post, message: letters.SealedMessage, *, then: letters.SealedMessage | None = None
    ) -> Answer:
        """While its start reaches the database's disk, the server is told of the letter; then it goes."""
        answer: Answer | None = None
        try:
            answer = post.hand_over(message, ready=until_kept, then=then)
        finally:
            if not isinstance(answer, Accepted):
                until_kept()  # At once, unless the server could not even be told.
        return answer

    def start(self, attempt: Attempt) -> bool:
        """Write down the letter before, and start this one: together, or neither."""
        started = outbox.start(attempt, self.mailbox, self.token, before=self.known, keep_later=True)
        self.known = None
        return started

    def write_known(self) -> None:
        if self.known is not None:
            with transaction.atomic():
                self.known.write()
            self.known = None

    def trouble_behind(self, error: MailServerError) -> MailServerError | None:
        """The failure that is the mailbox's or its server's, rather than this one letter's or recipient's."""
        if error.verdict in {Verdict.REFUSED_LETTER, Verdict.UNCERTAIN}:
            _insist(self.write_known)
            if _insist(partial(outbox.fails_in_a_row, self.mailbox, now=self.clock())):
                return _takes_none(error)
        about_one_letter = error.stage in {Stage.RECIPIENT, Stage.LETTER}
        goes_later = error.verdict in {Verdict.RATE, Verdict.RETRY, Verdict.UNCERTAIN}
        stops = error.verdict is Verdict.MAILBOX_TROUBLE or (goes_later and not about_one_letter)
        return error if stops else None

    def mailbox_fails(self, error: MailServerError) -> None:
        """Say so on the mailbox; rest; and where only a person can help, hold its letters until one has."""
        now = self.clock()
        self.report.sentence = error.sentence
        self.mailbox.mark_sending_trouble(error, now=now)
        if error.verdict is Verdict.MAILBOX_TROUBLE:
            outbox.hold_mailbox(self.mailbox, error, now=now)
        rest = REST_AFTER_RATE if error.verdict is Verdict.RATE else REST_AFTER_TROUBLE
        if error.stage is Stage.QUOTA and _A_DAYS_LIMIT.search(error.server_words):
            rest = REST_AFTER_DAY
        self.pace.rest(until=now + rest)
        log.warning(
            "mailbox cannot send", mailbox=self.mailbox.pk, stage=error.stage.value, verdict=error.verdict.value
        )

    def to_keep(self) -> dict[str, object]:
        """What the next worker at this mailbox must know."""
        kept: dict[str, object] = {
            "next_send_at": self.pace.next_send_at,
            "next_spread_at": self.pace.next_spread_at,
            "rests_until": self.pace.rests_until,
            "last_turn": self.last_turn,
        }
        if self.report.sent and self.mailbox.first_sent_at is None:
            kept["first_sent_at"] = self.clock()
        return kept

    def pause(self, *, until: datetime) -> None:
        """Until the next letter may go. What is known is written first: a pause is long, and a kill may come in it. And
        there is time to settle as well: nobody waits for the consequences until the slice is over.
        """
        seconds = min((until - self.clock()).total_seconds(), SLICE.total_seconds())
        if seconds > 0:
            ends_at = time.monotonic() + seconds
            self.composed.clear()  # Its date would be that of the letter before.
            _insist(self.write_known)
            if seconds >= SETTLES_IN_PAUSES_OF_SECONDS:
                _insist(partial(outbox.settle, now=self.clock()))
            time.sleep(max(ends_at - time.monotonic(), 0))


def _takes_none(error: MailServerError) -> MailServerError:
    """What a server that takes none of many letters, one after the other, means for their mailbox."""
    return MailServerError(
        f"Its server refused the last {outbox.FAILED_IN_A_ROW} letters, or broke off at their end.",
        stage=Stage.SENDER,
        verdict=Verdict.MAILBOX_TROUBLE,
        permanent=True,
        advice="Read what it said of them under Queue, Could not be sent and May have been sent, and change that or "
        "ask your provider. Then lift this, and queue again what has not arrived.",
        code=error.code,
        enhanced=error.enhanced,
        server_words=error.server_words,
    )


def _insist(write: Callable[[], Result]) -> Result:
    """Run a short transaction, again and again through trouble with the database; raises what remains in the end."""
    for pause in WRITE_AGAIN_AFTER_SECONDS:
        try:
            return write()
        except _DATABASE_TROUBLE:
            log.warning("the database did not answer; trying again", pause=pause)
            time.sleep(pause)
            connection.close_if_unusable_or_obsolete()
    return write()
