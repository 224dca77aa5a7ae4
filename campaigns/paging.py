"""Where a list of campaigns stands: the key that it is sorted by, as text fit for a URL and for the API's cursor."""

from __future__ import annotations

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from campaigns.models import Campaign, CampaignQuerySet


class NoSuchPlaceError(ValueError):
    """The text is no place that this list ever gave out."""


def place_of(campaign: Campaign) -> str:
    return f"{campaign.created_at.isoformat().replace('+00:00', 'Z')}~{campaign.pk}"


def after(campaigns: CampaignQuerySet, place: str) -> CampaignQuerySet:
    """Those that follow `place`, newest first; "" is the beginning. Raises NoSuchPlaceError."""
    if not place:
        return campaigns
    moment, _, number = place.partition("~")
    try:
        created_at = parse_datetime(moment)
    except ValueError:
        created_at = None
    if (
        created_at is None
        or created_at.tzinfo is None
        or not (number.isascii() and number.isdigit() and len(number) < 19)
    ):
        raise NoSuchPlaceError("This page of the list does not exist.")
    return campaigns.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=int(number)))
