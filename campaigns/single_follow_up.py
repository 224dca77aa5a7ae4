"""One further letter to somebody, on a day that a person chooses: outside the sequence, and stopped like one of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from campaigns import content, outbox
from campaigns.following import answer_to
from campaigns.models import Attempt, Lead
from campaigns.places import places_of
from campaigns.queueing import Foreseen, identity_of, note, only_one_queues_for, record_waiting, wait_for_person
from campaigns.rota import CannotQueueError
from campaigns.sequences import after_working_days, next_allowed
from compliance import gate
from compliance.models import Kind
from outreach_site.accounts.models import User

USUAL_WAIT = 4  # working days
FURTHEST = timedelta(days=180)
# After which nothing is written by a date that somebody chose before.
ENDED = (Lead.Status.LOST, Lead.Status.BOUNCED, Lead.Status.UNSUBSCRIBED)


@dataclass(frozen=True)
class Beginning:
    """What the form starts with."""

    recipient: str
    subject: str
    body: str
    on: date


def begin(lead: Lead, *, now: datetime) -> Beginning:
    """Raises CannotQueueError where nothing can be written after, and says why."""
    before = _before(lead)
    zone = lead.campaign.workspace.zone
    on = after_working_days(now, USUAL_WAIT, zone).astimezone(zone).date()
    words = before.recipient_name.split()
    hello = f"Hi {words[0]},\n\n" if words else "Hello,\n\n"
    return Beginning(before.recipient, answer_to(before.subject), hello, on)


def schedule(lead: Lead, *, subject: str, body: str, on: date, user: User, now: datetime) -> Attempt:
    """Queue it for that day. An answer before it, or anything else that stops a sequence, takes it back.

    Raises CannotQueueError.
    """
    campaign = lead.campaign
    if campaign.archived_at is not None:
        raise CannotQueueError("This campaign is archived. Bring it back before you write from it.")
    if not body.strip():
        raise CannotQueueError("The letter is empty.")
    if trouble := content.left_open(subject, body):
        raise CannotQueueError(trouble)
    zone = campaign.workspace.zone
    today = now.astimezone(zone).date()
    if not today <= on <= today + FURTHEST:
        raise CannotQueueError("Choose a day from today on, within half a year.")
    with transaction.atomic():
        only_one_queues_for(campaign.pk)
        before = _before(lead)
        due_at = _due_at(lead, before, on, now=now)
        attempt = Attempt(
            campaign=campaign,
            lead=lead,
            kind=Kind.FOLLOW_UP,
            mailbox=before.mailbox,
            identity=identity_of(campaign),
            user=user,
            recipient=before.recipient,
            recipient_name=before.recipient_name,
            recipient_key=before.recipient_key,
            recipient_domain=before.recipient_domain,
            subject=subject,
            body=body,
            ground=before.ground,
            due_at=due_at,
            not_before=due_at,
            created_at=now,
        )
        if before.mailbox is None or before.mailbox.archived_at is not None:
            raise CannotQueueError("The mailbox that wrote to them was removed; no other takes its place.")
        letter = outbox.letter_of(attempt, before.mailbox, now=now)
        [decision] = gate.screen([letter], workspace=campaign.workspace, now=now)
        foreseen = Foreseen(lead, attempt, decision, decision.reason)
        if not foreseen.refused:
            wait_for_person(foreseen)
            attempt.save()
            note("letter.follow_up_queued", attempt, user=user, now=now)
            if decision.asks:
                record_waiting([(attempt, decision)], workspace=campaign.workspace, now=now)
    if foreseen.refused:
        raise CannotQueueError(decision.reason)
    return attempt


def _before(lead: Lead) -> Attempt:
    """The last letter that they were sent. Raises CannotQueueError."""
    if lead.status in ENDED:
        raise CannotQueueError(f"Nothing more is written here: {Lead.Status(lead.status).label.lower()}.")
    waiting = lead.attempts.filter(state=Attempt.State.QUEUED).exclude(kind=Kind.ANSWER).order_by("due_at").first()
    if waiting is not None:
        raise CannotQueueError("A letter to them waits already. Take it back first, or let it go.")
    sent = lead.attempts.filter(state=Attempt.State.SENT).select_related("mailbox__workspace")
    before = sent.order_by("-finished_at", "-pk").first()
    if before is None:
        raise CannotQueueError("They have had no letter yet. Send the first one.")
    return before


def _due_at(lead: Lead, before: Attempt, on: date, *, now: datetime) -> datetime:
    campaign = lead.campaign
    places = places_of([before.recipient_key], workspace=campaign.workspace, theirs=campaign.in_their_zone)
    place = places[before.recipient_key]
    hour = now.astimezone(campaign.workspace.zone).time()
    wanted = datetime.combine(on, hour, campaign.workspace.zone)
    # Under the same subject it would be taken for the same letter, sent twice.
    apart = (before.finished_at or now) + timedelta(hours=settings.IDEMPOTENCY_HOURS)
    return next_allowed(max(wanted, apart, now), campaign.window, place.zone, place.is_holiday)
