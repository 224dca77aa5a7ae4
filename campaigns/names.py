"""What campaigns are called, for rooms that know them as plain subjects (lib.ports.CampaignNames)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from campaigns.models import Campaign


def campaign_names(campaign_ids: Sequence[int], *, workspace_id: int) -> Mapping[int, str]:
    """One query, and none where nothing is asked."""
    if not campaign_ids:
        return {}
    found = Campaign.objects.filter(workspace_id=workspace_id, pk__in=campaign_ids)
    return dict(found.values_list("pk", "name"))
