"""Sending what is due: one slice of a mailbox's work, from lease to lease.

A slice lasts at most 20 seconds, so that a task never outlives its cluster's patience and a pause is never far away.
Longer pauses between letters are `Mailbox.next_send_at`, not a sleep.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection, models, transaction
from django.utils import timezone

from campaigns import letters, outbox, sessions
from campaigns.delivery import Accepted, Answer, NotSent, Post
from campaigns.models import Attempt, Campaign
from outreach_site.accounts.installation import standing
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.models import Mailbox

log = structlog.get_logger(__name__)

SLICE = timedelta(seconds=20)
# After a server did not answer, or said that we are too fast, the mailbox rests this long.
REST_AFTER_TROUBLE = timedelta(minutes=1)
REST_AFTER_RATE = timedelta(minutes=5)
# No slice claims more than it can send even where no pause is asked for.
FASTEST_GAP_SECONDS = 0.4
# A known answer is written again and again through trouble with the database: an unwritten "sent" would become
# uncertain. Should the lease lapse meanwhile, what was written last still proves the letter sent.
WRITE_AGAIN_AFTER_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 20)

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
    return list(
        Mailbox.objects.that_can_send()
        .filter(models.Exists(due), next_send_at__lte=now + SLICE, workspace__sending_stopped_at=None)
        .order_by("next_send_at", "pk")
        .values_list("pk", flat=True)
    )


def tidy_up(*, now: datetime) -> None:
    """What anybody who comes along does: put right what a dead worker left, and draw consequences."""
    outbox.reconcile(now=now)
    while outbox.settle(now=now) == outbox.SETTLE_AT_MOST:
        pass


def dispatch_mailbox(mailbox_id: int, *, clock: Clock = timezone.now) -> Report:
    """Send what is due from one mailbox, for one slice.

    1. Take the lease; if somebody else has it, that is all.
    2. Claim what fits the slice at the mailbox's pace.
    3. In one session: start, hand over, record, pause; until the letters, the slice or the server's patience end.
    4. Give back what was not started; return the lease; settle.
    """
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
    mailbox.refresh_from_db(fields=["next_send_at"])  # The worker before us may have moved it.
    work = _Slice(mailbox, token, report, clock)
    try:
        # Before anything is counted: what a dead worker sent counts at the moment when it was sent.
        tidy_up(now=clock())
        work.run()
    finally:
        outbox.return_lease(mailbox, token, next_send_at=work.next_send_at)
    tidy_up(now=clock())
    now = clock()
    if work.decided or report.sentence:
        sessions.keep(mailbox, report, began_at=began_at, ended_at=now)
    # Only after a claim that decided something: what no claim takes (a hold, a stop) is not work for another slice,
    # but behind letters that have to wait there may be others that need not.
    report.more = (
        work.decided > 0
        and work.next_send_at <= now + SLICE
        and Attempt.objects.due(now).filter(mailbox=mailbox).exists()
    )
    return report


class _Slice:
    """One worker's turn at one mailbox it holds the lease of."""

    def __init__(self, mailbox: Mailbox, token: uuid.UUID, report: Report, clock: Clock) -> None:
        self.mailbox = mailbox
        self.token = token
        self.report = report
        self.clock = clock
        self.next_send_at = mailbox.next_send_at
        self.ends_at = clock() + SLICE
        self.decided = 0
        self.known: outbox.Recorded | None = None  # An outcome that is not written down yet.

    def run(self) -> None:
        now = self.clock()
        first_at = max(self.next_send_at, now)
        if first_at > self.ends_at:
            return
        gap = max(self.mailbox.min_gap_seconds, FASTEST_GAP_SECONDS)
        fitting = 1 + int((self.ends_at - first_at).total_seconds() // gap)
        claimed = outbox.claim(self.mailbox, self.token, at_most=fitting, now=now)
        waiting = list(claimed.attempts)
        self.decided = claimed.decided
        if not waiting:
            return
        post: Post | None = None
        try:
            # Signed in before any letter is started: a server that is away costs no letter a try.
            post = Post(self.mailbox)
            post.open()
            self.mailbox.mark_sending_ok(now=self.clock())
            self.send_in_turn(claimed, waiting, post)
        except MailServerError as err:
            self.mailbox_fails(err)
        finally:
            try:
                # Before the goodbye, which a server can draw out: until it is written, a kill makes it uncertain.
                _insist(self.write_known)
                outbox.give_back(claimed, waiting)
            finally:
                if post is not None:
                    post.close()

    def send_in_turn(self, claimed: outbox.Claim, waiting: list[Attempt], post: Post) -> None:
        """Hand letters over one by one. `waiting` loses each as it is started."""
        while waiting and self.next_send_at <= self.ends_at:
            self.pause()
            post.open()  # Nothing, unless the last answer ended the conversation.
            attempt = waiting[0]
            token = claimed.opt_out_tokens.get(attempt.about, "")
            try:
                message = letters.compose(attempt, mailbox=self.mailbox, token=token, now=self.clock())
            except ValueError as err:
                # One letter that cannot be built must not stand in the way of the others.
                outbox.fail_unbuildable(waiting.pop(0), self.token, str(err), now=self.clock())
                continue
            if not _insist(partial(self.start, attempt)):
                outbox.give_back(claimed, [waiting.pop(0)])
                continue
            waiting.pop(0)
            answer = post.hand_over(message)
            now = self.clock()
            self.known = outbox.Recorded(attempt, self.token, answer, now)
            self.report.count(answer)
            self.next_send_at = now + outbox.gap_after(self.mailbox)
            if not isinstance(answer, Accepted) and self.must_stop(answer.error):
                _insist(self.write_known)
                self.mailbox_fails(answer.error)
                return

    def start(self, attempt: Attempt) -> bool:
        """Write down the letter before, and start this one: together, or neither."""
        started = outbox.start(attempt, self.mailbox, self.token, before=self.known)
        self.known = None
        return started

    def write_known(self) -> None:
        if self.known is not None:
            with transaction.atomic():
                self.known.write()
            self.known = None

    def must_stop(self, error: MailServerError) -> bool:
        """Whether the failure is the mailbox's or its server's, rather than this one letter's or recipient's."""
        if error.verdict is Verdict.MAILBOX_TROUBLE:
            return True
        about_one_letter = error.stage in {Stage.RECIPIENT, Stage.LETTER}
        return error.verdict in {Verdict.RATE, Verdict.RETRY, Verdict.UNCERTAIN} and not about_one_letter

    def mailbox_fails(self, error: MailServerError) -> None:
        """Say so on the mailbox; rest; and where only a person can help, hold its letters until one has."""
        now = self.clock()
        self.report.sentence = error.sentence
        self.mailbox.mark_sending_trouble(error, now=now)
        if error.verdict is Verdict.MAILBOX_TROUBLE:
            outbox.hold_mailbox(self.mailbox, error, now=now)
        rest = REST_AFTER_RATE if error.verdict is Verdict.RATE else REST_AFTER_TROUBLE
        self.next_send_at = max(self.next_send_at, now + rest)
        log.warning(
            "mailbox cannot send", mailbox=self.mailbox.pk, stage=error.stage.value, verdict=error.verdict.value
        )

    def pause(self) -> None:
        """Until the next letter may go. What is known is written first: a pause is long, and a kill may come in it."""
        seconds = min((self.next_send_at - self.clock()).total_seconds(), SLICE.total_seconds())
        if seconds > 0:
            _insist(self.write_known)
            time.sleep(seconds)


def _insist(write: Callable[[], Result]) -> Result:
    """Run a short transaction, again and again through trouble with the database; raises what remains in the end."""
    for pause in WRITE_AGAIN_AFTER_SECONDS:
        try:
            return write()
        except (OperationalError, InterfaceError):
            log.warning("the database did not answer; trying again", pause=pause)
            time.sleep(pause)
            connection.close_if_unusable_or_obsolete()
    return write()
