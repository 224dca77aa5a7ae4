"""How many people answered: what a campaign's reply rate is counted from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Count

from inbox.models import Reply


def people_who_answered(campaign_ids: Sequence[int]) -> Mapping[int, int]:
    """People with at least one reply of their own, by campaign; automatic answers and bounces are none. One query."""
    answered = Reply.objects.from_people().filter(campaign__in=campaign_ids).order_by()
    return dict(answered.values_list("campaign_id").annotate(Count("from_key", distinct=True)))
