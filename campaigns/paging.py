"""Where a list of campaigns stands: the moment and the number that it is sorted by."""

from __future__ import annotations

from django.db.models import Q

from campaigns.models import Campaign, CampaignQuerySet
from outreach_site.lib.paging import as_place, moment_in, number_in


def place_of(campaign: Campaign) -> str:
    return f"{as_place(campaign.created_at)}~{campaign.pk}"


def after(campaigns: CampaignQuerySet, place: str) -> CampaignQuerySet:
    """Those that follow `place`, newest first; "" is the beginning. Raises NoSuchPlaceError."""
    if not place:
        return campaigns
    moment, _, number = place.partition("~")
    created_at, pk = moment_in(moment), number_in(number)
    return campaigns.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk))
