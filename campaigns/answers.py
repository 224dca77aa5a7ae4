"""Answers: what a person writes back to somebody who wrote to us.

An answer is queued like every letter and decided by the same gate, which asks less of it: windows, pauses between
letters, ramp-up, cool-offs and repeats are no matter between two people who talk. It waits ten seconds, in which
`queueing.cancel` takes it back. What it answers is a plain subject (reply:12): the inbox is a higher room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from campaigns import outbox
from campaigns.content import left_open_in_answer
from campaigns.enclosures import CannotEncloseError, Enclosure, admit
from campaigns.letters import thread_of
from campaigns.models import Attempt, Campaign, EnclosedFile, Lead
from campaigns.queueing import Foreseen, identity_of, note, only_one_queues_for, record_waiting, wait_for_person
from campaigns.rendering import MAX_SUBJECT
from campaigns.rota import CannotQueueError
from campaigns.standstill import standing_still
from campaigns.tasks import dispatch_at
from compliance import gate
from compliance.addresses import InvalidAddressError, domain_of, normalise
from compliance.audit import one_line
from compliance.models import Kind
from compliance.policy import Decision, Outcome, Rule
from outreach_site.accounts.models import User
from outreach_site.lib.domains import registrable
from outreach_site.mailboxes.models import Mailbox

__all__ = ["UNDO", "AnswerTo", "Enclosure", "foresee_answer", "queue_answer"]

# How long a person can take an answer back: nothing looks at it before.
UNDO = timedelta(seconds=10)
LONGEST_BODY = 100_000  # characters
ANSWERED_ONCE = "This refusal has been answered already, and that is the end of it."


@dataclass(frozen=True)
class AnswerTo:
    """Whom a person answers, and in which conversation. Headers of theirs may come as they were received."""

    lead: Lead
    mailbox: Mailbox
    recipient: str
    recipient_name: str
    subject: str  # of the answer, such as "Re: …"
    in_reply_to: str  # the Message-ID of what is answered
    references: Sequence[str]  # those before it, the oldest first
    about: str  # what is answered: reply:12


def foresee_answer(to: AnswerTo, *, user: User, now: datetime, confirmed: bool = False) -> Foreseen:
    """What `queue_answer` would do, before a person writes. Nothing is stored or logged.

    `confirmed`: the person means to answer although the reader said no. Without it such an answer is refused, and
    `may_be_confirmed` says whether a confirmation would let it go.
    """
    try:
        attempt = _attempt(to, subject=to.subject, body="", user=user, now=now, confirmed=confirmed)
    except CannotQueueError as err:
        return Foreseen(to.lead, None, None, str(err))
    foreseen = _judge(to, attempt, now=now)
    if foreseen.refused and not confirmed:
        attempt.refusal_waived_at = now
        may_be_confirmed = not _judge(to, attempt, now=now).refused
        attempt.refusal_waived_at = None
        return Foreseen(to.lead, attempt, foreseen.decision, foreseen.sentence, may_be_confirmed=may_be_confirmed)
    return foreseen


def queue_answer(
    to: AnswerTo,
    *,
    subject: str,
    body: str,
    enclosures: Sequence[Enclosure] = (),
    user: User,
    now: datetime,
    confirmed: bool = False,
) -> Attempt:
    """Queue an answer; it leaves some seconds after `UNDO`, decided again then. Raises CannotQueueError.

    What has to wait for a person (a hold) is queued and says so; what the gate refuses is not queued, and its refusal
    is in the audit log.
    """
    if not body.strip():
        raise CannotQueueError("The answer is empty.")
    if len(body) > LONGEST_BODY:
        raise CannotQueueError(
            f"The answer has {len(body):,} characters; at most {LONGEST_BODY:,} can be sent. Enclose a file instead."
        )
    if trouble := left_open_in_answer(subject, body, proposed=to.subject):
        raise CannotQueueError(f"{trouble} Fill it in, or say it in other words.")
    try:
        files = admit(enclosures)
    except CannotEncloseError as err:
        raise CannotQueueError(str(err)) from err
    attempt = _attempt(to, subject=subject, body=body, user=user, now=now, confirmed=confirmed)
    with transaction.atomic():
        only_one_queues_for(attempt.campaign_id)
        if attempt.answers_refusal and _answered_once(to):
            raise CannotQueueError(ANSWERED_ONCE)
        [decision] = gate.screen(
            [outbox.letter_of(attempt, to.mailbox, now=now)], workspace=attempt.campaign.workspace, now=now
        )
        if not _meets_refusal(decision):
            attempt.refusal_waived_at = attempt.refusal_waived_by = None  # It said nothing, and must not say so later.
        foreseen = Foreseen(to.lead, attempt, decision, decision.reason)
        if not foreseen.refused:
            wait_for_person(foreseen)
            attempt.save()
            EnclosedFile.objects.bulk_create(
                [
                    EnclosedFile(
                        attempt=attempt,
                        name=file.name,
                        content_type=file.content_type,
                        size=len(file.content),
                        content=file.content,
                    )
                    for file in files
                ]
            )
            note("letter.answer_queued", attempt, user=user, now=now)
            if decision.asks:
                record_waiting([(attempt, decision)], workspace=attempt.campaign.workspace, now=now)
            if attempt.campaign.state == Campaign.State.DRAFT:
                attempt.campaign.resume()
            if attempt.due_at is not None:
                dispatch_at(to.mailbox.pk, attempt.due_at)
    if foreseen.refused:
        raise CannotQueueError(foreseen.sentence)
    return attempt


def _attempt(to: AnswerTo, *, subject: str, body: str, user: User, now: datetime, confirmed: bool) -> Attempt:
    """The letter, unsaved. Raises CannotQueueError."""
    campaign = to.lead.campaign
    if campaign.archived_at is not None:
        raise CannotQueueError("This campaign is archived. Bring it back before you answer from it.")
    if to.mailbox.workspace_id != campaign.workspace_id or to.mailbox.archived_at is not None:
        raise CannotQueueError(f"The mailbox {to.mailbox} was removed: nobody can answer from it any more.")
    identity = identity_of(campaign)
    try:
        key = normalise(to.recipient)
    except InvalidAddressError as err:
        raise CannotQueueError(f"“{one_line(to.recipient, 80)}” is not an address that mail can be sent to.") from err
    plain_subject = one_line(subject, MAX_SUBJECT + 1)
    if not plain_subject:
        raise CannotQueueError("The subject is empty.")
    if len(plain_subject) > MAX_SUBJECT:
        raise CannotQueueError(f"The subject is too long; at most {MAX_SUBJECT} characters can be sent.")
    in_reply_to, references = thread_of(to.references, to.in_reply_to)
    return Attempt(
        campaign=campaign,
        lead=to.lead,
        kind=Kind.ANSWER,
        mailbox=to.mailbox,
        identity=identity,
        user=user,
        recipient=to.recipient.strip(),
        recipient_name=one_line(to.recipient_name, 120),
        recipient_key=key,
        recipient_domain=registrable(domain_of(key)),
        subject=plain_subject,
        body=body,
        in_reply_to=in_reply_to,
        references=references,
        answers=to.about[:64],
        refusal_waived_at=now if confirmed else None,
        refusal_waived_by=user if confirmed else None,
        due_at=now + UNDO,
        created_at=now,
    )


def _judge(to: AnswerTo, attempt: Attempt, *, now: datetime) -> Foreseen:
    [decision] = gate.foresee(
        [outbox.letter_of(attempt, to.mailbox, now=now)], workspace=attempt.campaign.workspace, now=now
    )
    if attempt.answers_refusal and _answered_once(to):
        return Foreseen(to.lead, None, decision, ANSWERED_ONCE)
    campaign = to.lead.campaign
    still = standing_still(campaign.workspace, mailbox=to.mailbox, campaign=campaign)
    return Foreseen(to.lead, attempt, decision, decision.reason or still)


def _meets_refusal(decision: Decision) -> bool:
    return any(check.rule == Rule.SUPPRESSION and check.outcome != Outcome.PASSED for check in decision.checks)


def _answered_once(to: AnswerTo) -> bool:
    """Whether an answer to this very refusal waits or has left: they may have written from another address than the
    one that we wrote to, and both are on the list."""
    earlier = Attempt.objects.filter(answers=to.about[:64], kind=Kind.ANSWER, campaign=to.lead.campaign_id)
    return earlier.exclude(refusal_waived_at=None).filter(state__in=[*Attempt.LIVE, Attempt.State.SENT]).exists()
