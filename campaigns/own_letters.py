"""A lead's own text for the first letter: accepted, changed or dropped by a person, and then what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from campaigns.models import Campaign, Lead, OwnLetter
from compliance import audit
from outreach_site.accounts.models import User

State = OwnLetter.State
# Why nothing is sent to a lead whose own letter nobody has looked at.
TO_BE_LOOKED_AT = "Its own letter waits to be looked at, under Letters, Personal letters."


@dataclass(frozen=True)
class OwnText:
    """What a lead is sent in place of the campaign's letter; `trouble` says why it is sent nothing yet."""

    subject: str
    body: str
    trouble: str = ""


def own_texts(leads: Sequence[Lead]) -> dict[int, OwnText]:
    """By lead; those without a letter of their own are not in it. One query."""
    letters = OwnLetter.objects.filter(lead__in=leads, state__in=[State.PROPOSED, State.ACCEPTED])
    return {
        letter.lead_id: OwnText(
            letter.letter_subject,
            letter.letter_body,
            TO_BE_LOOKED_AT if letter.state == State.PROPOSED else "",
        )
        for letter in letters
    }


def accept(letter: OwnLetter, *, user: User, now: datetime) -> bool:
    """It is sent as it stands, claims that nothing backs among it: a person has read them. False if it was not there
    to be accepted any more."""
    with transaction.atomic():
        accepted = OwnLetter.objects.proposed().filter(pk=letter.pk)
        if not accepted.update(state=State.ACCEPTED, accepted_at=now, accepted_by=user):
            return False
        _note("letter.own_accepted", letter, user=user, now=now, details={"unbacked": letter.open_claims})
    return True


def accept_backed(campaign: Campaign, *, user: User, now: datetime) -> int:
    """All proposals whose every claim stands on a page. How many."""
    with transaction.atomic():
        letters = OwnLetter.objects.of(campaign).proposed().filter(open_claims=0)
        keys = list(letters.values_list("pk", flat=True))
        accepted = OwnLetter.objects.proposed().filter(pk__in=keys)
        number = accepted.update(state=State.ACCEPTED, accepted_at=now, accepted_by=user)
        if number:
            audit.record(
                "letters.own_accepted",
                workspace=campaign.workspace,
                user=user,
                about=campaign.subject,
                details={"letters": number},
                now=now,
            )
    return number


def write(lead: Lead, *, subject: str, body: str, user: User, now: datetime) -> OwnLetter:
    """A person's own words for this lead, or what they made of a proposal: accepted by being written. Claims whose
    sentences are still in it stay beside it."""
    body = body.replace("\r\n", "\n")
    with transaction.atomic():
        letter = OwnLetter.objects.select_for_update().filter(lead=lead).first() or OwnLetter(lead=lead)
        letter.claims = [claim for claim in letter.claims if claim["text"] in body]
        letter.open_claims = sum(not claim["passage"] for claim in letter.claims)
        letter.letter_subject, letter.letter_body = subject, body
        letter.state, letter.sentence = State.ACCEPTED, ""
        letter.accepted_at, letter.accepted_by = now, user
        letter.written_at = now
        letter.save()
        _note("letter.own_written", letter, user=user, now=now, details={})
    return letter


def drop(letter: OwnLetter, *, user: User, now: datetime) -> bool:
    """The lead gets the campaign's letter. False if it does so already."""
    return _move(letter, [State.PROPOSED, State.ACCEPTED], State.DROPPED, "letter.own_dropped", user=user, now=now)


def take_up(letter: OwnLetter, *, user: User, now: datetime) -> bool:
    """Undoes both: the letter wants to be looked at again. False if there is nothing to undo."""
    return _move(letter, [State.DROPPED, State.ACCEPTED], State.PROPOSED, "letter.own_taken_up", user=user, now=now)


def _move(letter: OwnLetter, states: Sequence[State], state: State, event: str, *, user: User, now: datetime) -> bool:
    with transaction.atomic():
        there = OwnLetter.objects.filter(pk=letter.pk, state__in=states)
        if not there.update(state=state, accepted_at=None, accepted_by=None):
            return False
        _note(event, letter, user=user, now=now, details={})
    return True


def _note(event: str, letter: OwnLetter, *, user: User, now: datetime, details: dict[str, object]) -> None:
    audit.record(
        event,
        workspace=letter.lead.campaign.workspace,
        user=user,
        about=f"lead:{letter.lead_id}",
        subject=letter.letter_subject,
        details=details,
        now=now,
    )
