"""How many links live, for how long, and what a living one costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate

from campaigns.analytics.comparing import Share
from campaigns.models import Placement, PlacementQuerySet

AGES = (30, 90, 180)  # days after a link was first seen
# Of fewer links a percentage would say more than is known.
ENOUGH_LINKS = 10

_STANDS = Q(state__in=Placement.STANDS) | Q(state=Placement.State.REVIEW)
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Cost:
    """What was paid in one currency for links that appeared, and how many of these still stand."""

    currency: str
    paid: Decimal
    standing: int

    @property
    def per_standing(self) -> Decimal | None:
        """None: none stands."""
        return (self.paid / self.standing).quantize(_CENT) if self.standing else None


@dataclass(frozen=True)
class Age:
    """Of the links that were first seen at least so many days ago, those that stood for as long.

    One that was lost and came back stood. One that went after the time that was agreed kept its word, and is not of
    them.
    """

    days: int
    share: Share

    @property
    def is_enough(self) -> bool:
        return self.share.whole >= ENOUGH_LINKS

    @property
    def words(self) -> str:
        """The share, and how far it may be off; of few links that they are few."""
        if not self.share.whole:
            return "no link is that old yet"
        if not self.is_enough:
            return "too few for a share"
        low, high = (round(100 * bound) for bound in self.share.interval)
        return f"{self.share.percent} (between {low} and {high} %)"


@dataclass(frozen=True)
class Survival:
    """Of the links that were ever seen: how many stand, how many are lost. One that no program may look at stands
    until somebody says otherwise.
    """

    appeared: int
    standing: int
    lost: int
    expected: int
    ages: Sequence[Age]
    costs: Sequence[Cost]

    @property
    def is_empty(self) -> bool:
        return not self.appeared and not self.expected

    @property
    def percent(self) -> int | None:
        """None of few links."""
        return round(100 * self.standing / self.appeared) if self.appeared >= ENOUGH_LINKS else None


def survival(placements: PlacementQuerySet, *, now: datetime) -> Survival:
    """All of them together. Two queries. Prices of different currencies are never added up."""
    return together(by_campaign(placements, now=now).values())


def by_campaign(placements: PlacementQuerySet, *, now: datetime) -> dict[int, Survival]:
    """Those of each campaign that has any. Two queries."""
    costs: dict[int, list[Cost]] = defaultdict(list)
    paid = placements.found_once().filter(price__gt=0).by_campaign("currency")
    for row in paid.annotate(paid=Sum("price"), standing=Count("pk", filter=_STANDS)).order_by("-paid"):
        costs[row["of"]].append(Cost(row["currency"], row["paid"].quantize(_CENT), row["standing"]))
    rows = placements.by_campaign().annotate(**_counts(now))
    return {row["of"]: _survival(row, costs[row["of"]]) for row in rows}


def together(some: Iterable[Survival]) -> Survival:
    found = list(some)
    currencies: dict[str, list[Cost]] = defaultdict(list)
    for one in found:
        for cost in one.costs:
            currencies[cost.currency].append(cost)
    costs = [
        Cost(currency, sum((cost.paid for cost in each), Decimal(0)), sum(cost.standing for cost in each))
        for currency, each in currencies.items()
    ]
    ages = [
        Age(days, Share(sum(one.ages[n].share.part for one in found), sum(one.ages[n].share.whole for one in found)))
        for n, days in enumerate(AGES)
    ]
    return Survival(
        appeared=sum(one.appeared for one in found),
        standing=sum(one.standing for one in found),
        lost=sum(one.lost for one in found),
        expected=sum(one.expected for one in found),
        ages=ages,
        costs=sorted(costs, key=lambda cost: -cost.paid),
    )


def _counts(now: datetime) -> dict[str, Count]:
    seen = Q(first_seen_at__isnull=False)
    counts = {
        "appeared": Count("pk", filter=seen),
        "standing": Count("pk", filter=seen & _STANDS),
        "lost": Count("pk", filter=Q(state=Placement.State.LOST)),
        "expected": Count("pk", filter=Q(first_seen_at=None)),
    }
    for days in AGES:
        went = Q(lost_at__lt=F("first_seen_at") + timedelta(days=days))
        kept_its_word = went & Q(expires_on__lt=TruncDate("lost_at"))
        stood = Q(lost_at=None) | Q(lost_at__gte=F("first_seen_at") + timedelta(days=days))
        old = Q(first_seen_at__lte=now - timedelta(days=days))
        counts[f"stood_{days}"] = Count("pk", filter=old & stood)
        counts[f"broke_{days}"] = Count("pk", filter=old & went & ~kept_its_word)
    return counts


def _survival(row: Mapping[str, Any], costs: Sequence[Cost]) -> Survival:
    counted = ((days, row[f"stood_{days}"], row[f"broke_{days}"]) for days in AGES)
    return Survival(
        appeared=row["appeared"],
        standing=row["standing"],
        lost=row["lost"],
        expected=row["expected"],
        ages=[Age(days, Share(stood, stood + broke)) for days, stood, broke in counted],
        costs=costs,
    )
