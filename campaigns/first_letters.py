"""One first letter: who has had a campaign's, or may yet get it, under whichever site their address stands."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from django.db import models

from campaigns.models import Attempt, AttemptQuerySet, Campaign, Lead
from compliance.models import Kind

_State = Attempt.State
# A letter in one of these makes room for another: to its own lead, or to its address at another site of the campaign.
# One that failed may be queued again, and the address must not get both.
_FREE_FOR_ITS_LEAD = (_State.BLOCKED, _State.CANCELLED, _State.FAILED, _State.DRAFT)
_FREE_FOR_OTHERS = (_State.BLOCKED, _State.CANCELLED)
WAITS = "This letter waits for them already."
MAY_GO_AGAIN = "Another site here has the same address, and its letter may be sent again."
# What counts most stands first.
_SAYS = {
    _State.SENT: "They have this letter already.",
    _State.UNCERTAIN: "They may have this letter already.",
    _State.SENDING: WAITS,
    _State.QUEUED: WAITS,
    _State.FAILED: MAY_GO_AGAIN,
    _State.DRAFT: MAY_GO_AGAIN,
}


def earlier_ones(campaign: Campaign, leads: Sequence[Lead]) -> AttemptQuerySet:
    """The campaign's first letters to these leads, or to their addresses, in whatever state."""
    keys = [lead.contact.email_key for lead in leads if lead.contact is not None]
    to_them = models.Q(lead__in=[lead.pk for lead in leads]) | models.Q(recipient_key__in=keys)
    return Attempt.objects.filter(to_them, campaign=campaign, kind=Kind.FIRST)


def takes_the_place(state: str, *, of_same_lead: bool) -> bool:
    """Whether a letter in this state is, or may yet be, the one first letter."""
    return state not in (_FREE_FOR_ITS_LEAD if of_same_lead else _FREE_FOR_OTHERS)


def in_the_way(campaign: Campaign, leads: Sequence[Lead]) -> dict[int, str]:
    """Leads that get no first letter of the campaign any more, each with a sentence that says why. One query."""
    by_lead: dict[int, set[str]] = {}
    by_address: dict[str, set[tuple[int, str]]] = {}
    found = earlier_ones(campaign, leads).order_by().values_list("lead", "recipient_key", "state")
    for lead_id, address, state in found:
        by_lead.setdefault(lead_id, set()).add(state)
        by_address.setdefault(address, set()).add((lead_id, state))
    says: dict[int, str] = {}
    for lead in leads:
        address = lead.contact.email_key if lead.contact is not None else ""
        taken = {state for state in by_lead.get(lead.pk, ()) if takes_the_place(state, of_same_lead=True)}
        taken |= {
            state
            for lead_id, state in by_address.get(address, ())
            if lead_id != lead.pk and takes_the_place(state, of_same_lead=False)
        }
        if taken:
            says[lead.pk] = _said_of(taken)
    return says


def in_the_way_again(letter: Attempt) -> str:
    """Why this first letter, which was stopped, is not queued again: another has gone to its address, or meanwhile to
    its lead, or may yet. Programs write to one address as often as they like (direct.py): of their letters only the
    same words are meant, written later. Empty where nothing is in the way. One query.
    """
    others = Attempt.objects.filter(campaign=letter.campaign_id, kind=Kind.FIRST).exclude(pk=letter.pk)
    to_them = models.Q(recipient_key=letter.recipient_key)
    if letter.campaign.is_direct:
        others = others.filter(to_them, subject=letter.subject, body=letter.body, pk__gt=letter.pk)
    else:
        others = others.filter(to_them | models.Q(lead=letter.lead_id, pk__gt=letter.pk))
    taken = {
        state
        for lead_id, state in others.order_by().values_list("lead", "state")
        if takes_the_place(state, of_same_lead=lead_id == letter.lead_id)
    }
    return _said_of(taken) if taken else ""


def _said_of(states: AbstractSet[str]) -> str:
    return next(sentence for state, sentence in _SAYS.items() if state in states)
