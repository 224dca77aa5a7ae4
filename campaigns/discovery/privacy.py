"""What discovery holds about a person, and how it goes (lib.ports.Holder): addresses on found sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from campaigns.models import DiscoveryRun, FoundContact, FoundSite, RunQuery, SiteText
from compliance.sweeping import TextShelf
from outreach_site.lib.ports import Cutoffs, Exhibit, Overdue, Person, Shelf


class DiscoveryHolder:
    """Addresses that a search brought up, before and after somebody made leads of them."""

    models = frozenset({"campaigns.FoundContact", "campaigns.FoundSite"})

    def spellings(self, workspace_id: int, key: str) -> set[str]:
        found = FoundContact.objects.filter(site__run__campaign__workspace_id=workspace_id, email_key=key)
        return set(found.order_by().values_list("email", flat=True).distinct())

    def count(self, person: Person) -> Mapping[str, int]:
        return {"addresses on found sites, with their passages": _of(person).count()}

    def export(self, person: Person) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return {
            "found on sites": list(
                _of(person).order_by("pk").values("email", "name", "role", "how", "url", "passage", "site__read_at")
            )
        }

    def evidence(self, person: Person) -> Sequence[Exhibit]:
        return [
            Exhibit(
                section="found",
                at=found.site.read_at or found.site.run.created_at,
                title=f"{found.email} came up in a search for “{found.site.run}”",
                facts=(("Page", found.url), ("How it was written", found.how), ("Site", found.site.url)),
                quote=found.passage,
                about=f"campaign:{found.site.run.campaign_id}",
            )
            for found in _of(person).select_related("site__run").order_by("pk")
        ]

    def erase(self, person: Person, *, now: datetime) -> None:  # noqa: ARG002 - the port's signature
        _of(person).delete()

    def shelves(self) -> Sequence[Shelf]:
        inside = "run__campaign__workspace_id"
        return (
            TextShelf(FoundSite, inside, ("url", "site_key", "title", "snippet", "found_by", "signals", "sentence")),
            TextShelf(FoundContact, f"site__{inside}", ("name", "role", "url", "passage")),
            TextShelf(RunQuery, inside, ("text", "sentence")),
            TextShelf(DiscoveryRun, "campaign__workspace_id", ("keyword",)),
            TextShelf(SiteText, "workspace_id", ("pages",)),
        )

    def overdue(self, workspace_id: int, cutoffs: Cutoffs) -> Sequence[Overdue]:
        old = FoundContact.objects.filter(
            site__run__campaign__workspace_id=workspace_id, site__read_at__lt=cutoffs.unwritten
        )
        read = SiteText.objects.filter(workspace_id=workspace_id, read_at__lt=cutoffs.unwritten)
        return (
            Overdue("addresses on found sites", old, _let_go),
            Overdue("texts of sites' pages", read, _let_texts_go),
        )


def _of(person: Person) -> QuerySet[FoundContact]:
    return FoundContact.objects.filter(site__run__campaign__workspace_id=person.workspace_id, email_key=person.key)


def _let_go(keys: Sequence[int]) -> None:
    FoundContact.objects.filter(pk__in=keys).delete()


def _let_texts_go(keys: Sequence[int]) -> None:
    SiteText.objects.filter(pk__in=keys).delete()
