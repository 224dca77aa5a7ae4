"""What the campaigns know of an address: letters that wait for it, or are leaving (lib.ports.OutreachFacts)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from campaigns.models import Attempt
from compliance.models import Kind
from outreach_site.lib.among import among
from outreach_site.lib.ports import Engagement


def letters_under_way(
    addresses: Collection[str],
    *,
    workspace_id: int,
    now: datetime,  # noqa: ARG001 - the port's signature: what is under way is so whatever the hour
) -> Mapping[str, Sequence[Engagement]]:
    """Unasked letters in the queue, by normalised address. One query. What an archived campaign holds never leaves."""
    waiting = (
        Attempt.objects.waiting()
        .filter(among("recipient_key", addresses), campaign__workspace_id=workspace_id, campaign__archived_at=None)
        .exclude(kind=Kind.ANSWER)
        .order_by("pk")
    )
    found: dict[str, list[Engagement]] = {}
    for number, address, campaign_id, name in waiting.values_list(
        "pk", "recipient_key", "campaign_id", "campaign__name"
    ):
        sentence = f"A letter of the campaign “{name}” waits for this address already."
        found.setdefault(address, []).append(Engagement(sentence, campaign=f"campaign:{campaign_id}", letter=number))
    return found
