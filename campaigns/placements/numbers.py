"""How many links live, and what a living one costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from campaigns.models import Placement, PlacementQuerySet

_STANDS = Q(state__in=Placement.STANDS) | Q(state=Placement.State.REVIEW)


@dataclass(frozen=True)
class Cost:
    """What was paid in one currency for links that appeared, and for each that still stands (None: none does)."""

    currency: str
    paid: Decimal
    per_standing: Decimal | None


@dataclass(frozen=True)
class Survival:
    """Of the links that were ever seen: how many stand, how many are lost. One that no program may look at stands
    until somebody says otherwise.
    """

    appeared: int
    standing: int
    lost: int
    expected: int
    costs: Sequence[Cost]

    @property
    def percent(self) -> int | None:
        return round(100 * self.standing / self.appeared) if self.appeared else None


def survival(placements: PlacementQuerySet) -> Survival:
    """Two queries. Prices of different currencies are never added up."""
    seen = Q(first_seen_at__isnull=False)
    counts = placements.aggregate(
        appeared=Count("pk", filter=seen),
        standing=Count("pk", filter=seen & _STANDS),
        lost=Count("pk", filter=Q(state=Placement.State.LOST)),
        expected=Count("pk", filter=Q(first_seen_at=None)),
    )
    paid = (
        placements.found_once()
        .filter(price__gt=0)
        .order_by()
        .values("currency")
        .annotate(paid=Sum("price"), standing=Count("pk", filter=_STANDS))
        .order_by("-paid")
    )
    cent = Decimal("0.01")
    costs = [
        Cost(
            row["currency"],
            row["paid"],
            (row["paid"] / row["standing"]).quantize(cent) if row["standing"] else None,
        )
        for row in paid
    ]
    return Survival(**counts, costs=costs)
