"""The tone (a colour and a shape) of each state of the room, as the badges draw it."""

from __future__ import annotations

from django import template

from campaigns.models import Attempt, Campaign, Lead

register = template.Library()

_CAMPAIGNS = {
    Campaign.State.DRAFT: "muted",
    Campaign.State.RUNNING: "good",
    Campaign.State.PAUSED: "warn",
}
_LEADS = {
    Lead.Status.DISCOVERED: "neutral",
    Lead.Status.CONTACTED: "info",
    Lead.Status.REPLIED: "good",
    Lead.Status.PLACED: "good",
    Lead.Status.LOST: "muted",
    Lead.Status.BOUNCED: "bad",
    Lead.Status.UNSUBSCRIBED: "warn",
}
_LETTERS = {
    Attempt.State.DRAFT: "muted",
    Attempt.State.QUEUED: "info",
    Attempt.State.SENDING: "info",
    Attempt.State.SENT: "good",
    Attempt.State.BLOCKED: "bad",
    Attempt.State.FAILED: "bad",
    Attempt.State.UNCERTAIN: "warn",
    Attempt.State.CANCELLED: "muted",
}


@register.filter
def campaign_tone(campaign: Campaign) -> str:
    return "muted" if campaign.archived_at else _CAMPAIGNS.get(Campaign.State(campaign.state), "neutral")


@register.filter
def campaign_state(campaign: Campaign) -> str:
    return "Archived" if campaign.archived_at else campaign.get_state_display()


@register.filter
def lead_tone(lead: Lead) -> str:
    return _LEADS.get(Lead.Status(lead.status), "neutral")


@register.filter
def letter_tone(attempt: Attempt) -> str:
    return _LETTERS.get(Attempt.State(attempt.state), "neutral")
