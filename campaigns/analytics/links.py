"""What a page, a report and a program say of links: how long they stand, and what a standing one costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import Campaign, Placement
from campaigns.placements.numbers import Cost, Survival, by_campaign, together
from outreach_site.accounts.models import Workspace
from outreach_site.lib.charts import as_text


@dataclass(frozen=True)
class CampaignLinks:
    """The links of one campaign, or of all of them: a row of the table of costs."""

    label: str
    survival: Survival

    @property
    def paid(self) -> str:
        return "; ".join(_money(cost) for cost in self.survival.costs) or "–"

    @property
    def per_standing(self) -> str:
        """In each currency; a dash where nothing was paid."""
        costs = self.survival.costs
        said = (f"{cost.per_standing} {cost.currency}".strip() if cost.standing else "none stands" for cost in costs)
        return "; ".join(said) or "–"


@dataclass(frozen=True)
class Links:
    """`rows`: by campaign, those with most standing links first, and all of them at the end; of one campaign its own
    alone.
    """

    total: Survival
    rows: Sequence[CampaignLinks]

    AGE_HEAD = ("After", "Seen so long ago", "Stood", "Share")
    COST_HEAD = ("Campaign", "Seen", "Standing", "Lost", "Paid", "A standing link")

    @property
    def ages_as_text(self) -> str:
        ages = self.total.ages
        return as_text(
            [self.AGE_HEAD, *((f"{age.days} days", age.share.whole, age.share.part, age.words) for age in ages)]
        )

    @property
    def costs_as_text(self) -> str:
        return as_text([self.COST_HEAD, *(_cells(row) for row in self.rows)])

    def as_json(self) -> dict[str, Any]:
        return {
            **_counts(self.total),
            "survival": [
                {"days": age.days, "seen_so_long_ago": age.share.whole, "stood": age.share.part}
                for age in self.total.ages
            ],
            "costs": [_cost(cost) for cost in self.total.costs],
            "rows": [
                {"label": row.label, **_counts(row.survival), "costs": [_cost(cost) for cost in row.survival.costs]}
                for row in self.rows
            ],
        }


def links_of(workspace: Workspace, *, campaign: Campaign | None, names: Mapping[int, str], now: datetime) -> Links:
    """Of one campaign, or with None of all, whose `names` are known by their number. Two queries."""
    links = Placement.objects.of_campaign(campaign) if campaign else Placement.objects.in_workspace(workspace)
    found = by_campaign(links, now=now)
    total = together(found.values())
    if campaign is not None:
        return Links(total, [CampaignLinks(campaign.name, total)])
    order = sorted(found, key=lambda pk: (-found[pk].standing, -found[pk].appeared, pk))
    rows = [CampaignLinks(names.get(pk, "Deleted"), found[pk]) for pk in order]
    return Links(total, [*rows, CampaignLinks("All campaigns", total)])


def _cells(row: CampaignLinks) -> tuple[object, ...]:
    found = row.survival
    return row.label, found.appeared, found.standing, found.lost, row.paid, row.per_standing


def _money(cost: Cost) -> str:
    return f"{cost.paid} {cost.currency}".strip()


def _cost(cost: Cost) -> dict[str, Any]:
    """Amounts as text: a program adds up no money in binary fractions."""
    each = cost.per_standing
    return {"currency": cost.currency, "paid": str(cost.paid), "per_standing": None if each is None else str(each)}


def _counts(found: Survival) -> dict[str, int]:
    return {
        "seen": found.appeared,
        "standing": found.standing,
        "lost": found.lost,
        "expected": found.expected,
    }
