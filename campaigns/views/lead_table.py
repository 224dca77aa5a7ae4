"""The table of a campaign's leads, and the row that stands for one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns import address_checks
from campaigns.address_checks import AddressCheck
from campaigns.bulk import Action, newest_of
from campaigns.lead_list import COUNTED_TO, SEARCHED_TO, Filters, Page, Sort, assignable, count_of, page_of, tags_of
from campaigns.lead_tasks import look_up_domains_soon
from campaigns.models import Campaign, FoundSite, Lead
from campaigns.progress import Standing, standings
from campaigns.site_history import domain_in, history_of
from campaigns.views.page import PAGE_SIZE, campaign_context, find_campaign, may_act
from compliance import never_pitch
from compliance.addresses import is_role_account
from outreach_site.accounts.access import READERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx
from outreach_site.lib.paging import NoSuchPlaceError


@dataclass(frozen=True)
class Row:
    lead: Lead
    standing: Standing
    is_role_address: bool
    never_pitch: str = ""  # the sentence, where the site or the address is on that list
    reasons: Mapping[str, Sequence[str]] | None = None  # of each score, as sentences
    check: AddressCheck | None = None  # None: it has no address

    @property
    def has_scores(self) -> bool:
        return self.lead.quality_score is not None or self.lead.guest_post_likelihood is not None

    @property
    def quality(self) -> str:
        return self._why("quality")

    @property
    def likelihood(self) -> str:
        return self._why("likelihood")

    def _why(self, score: str) -> str:
        return " ".join((self.reasons or {}).get(score, ()))


@allow(READERS)
@require_GET
def campaign_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The leads of a campaign. As many queries for 100,000 as for ten."""
    campaign = find_campaign(request, pk)
    filters = Filters.read(request.GET.dict())
    place = request.GET.get("after", "")[:600]
    try:
        page = page_of(campaign, filters, place=place, size=PAGE_SIZE)
    except NoSuchPlaceError as err:
        raise BadRequest(str(err)) from err
    url = reverse("campaigns:campaign_detail", args=[workspace, campaign.pk])
    tags, people = tags_of(campaign.workspace), assignable(campaign.workspace)
    counts, without_address = _counts(campaign)
    matching, exact_to = _matching(campaign, filters, page, counts)
    domain = domain_in(filters.q)
    history = history_of(campaign.workspace, domain) if domain else None
    rows = rows_of(page.leads, campaign)
    context = {
        "rows": rows,
        "with_scores": any(row.has_scores for row in rows),
        "filters": filters,
        "next_url": f"{url}?{filters.query(after=page.after)}" if page.after else "",
        "first_url": f"{url}?{filters.query()}",
        "is_first_page": not place,
        "may_act": may_act(request),
        "campaign": campaign,
        "chips": _chips(counts, without_address, filters, url),
        "orders": _orders(filters, url),
        "matching": matching,
        # A search's later pages know only what is left.
        "matching_text": "" if filters.q and place else f"{exact_to:,}+" if matching > exact_to else f"{matching:,}",
        "choices": _choices(filters, [(tag.pk, tag.name) for tag in tags], _people(request, people)),
        "history": history if history is not None and not history.is_empty else None,
        "bulk": newest_of(campaign),
        "bulk_actions": _BULK_ACTIONS,
    }
    template = "campaigns/campaign_detail.html"
    if is_htmx(request):
        return render(request, f"{template}#lead-rows", context)
    return render(
        request, template, campaign_context(request, campaign, "leads", lead_count=sum(counts.values())) | context
    )


def _matching(campaign: Campaign, filters: Filters, page: Page, counts: Mapping[str, int]) -> tuple[int, int]:
    """How many leads the filters find, and up to where that is exact. One query, where it is not known already."""
    if filters.q:
        return page.found, SEARCHED_TO
    if filters.any:
        return count_of(filters.apply(campaign)), COUNTED_TO
    total = sum(counts.values())
    return total, total


FEW = 1_000
_BULK_ACTIONS = [
    (Action.STATUS.value, "Status"),
    (Action.ASSIGN.value, "Assign"),
    (Action.TAG.value, "Tag"),
    (Action.UNTAG.value, "Untag"),
    (Action.CANCEL.value, "Take back letters"),
]


def rows_of(leads: Sequence[Lead], campaign: Campaign) -> list[Row]:
    """Their contacts should be loaded. A constant number of queries."""
    standing = standings(leads, campaign=campaign, workspace=campaign.workspace, now=timezone.now())
    listed = never_pitch.among(campaign.workspace, [where for lead in leads for where in _places(lead)])
    reasons = reasons_of(leads)
    addresses = [lead.contact.email_key for lead in leads if lead.contact]
    known = address_checks.known_among(addresses)
    look_up_domains_soon(address_checks.ask_for(addresses, known, now=timezone.now()))
    return [
        Row(
            lead,
            standing[lead.pk],
            is_role_address=lead.contact is not None and is_role_account(lead.contact.email),
            never_pitch=next((said for where in _places(lead) if (said := never_pitch.over(where, listed))), ""),
            reasons=reasons.get(lead.pk),
            check=address_checks.check(lead.contact, known) if lead.contact else None,
        )
        for lead in leads
    ]


def _places(lead: Lead) -> list[str]:
    """What the never-pitch list is asked about: the site, and the address."""
    return [lead.host, lead.contact.email_key] if lead.contact else [lead.host]


def reasons_of(leads: Sequence[Lead]) -> dict[int, dict[str, list[str]]]:
    """Why each lead that a search found has its scores. One query."""
    found = FoundSite.objects.filter(lead__in=[lead.pk for lead in leads]).order_by("pk")
    return {
        lead_id: {name: [str(reason[0]) for reason in given] for name, given in reasons.items()}
        for lead_id, reasons in found.values_list("lead_id", "reasons")
        if lead_id is not None
    }


def _counts(campaign: Campaign) -> tuple[dict[str, int], int]:
    """Leads by status, and those without an address, of whom so many are counted as are worth a number. Two queries."""
    counts = dict(campaign.leads.order_by().values_list("status").annotate(Count("pk")))
    return counts, count_of(campaign.leads.filter(contact=None), at_most=FEW + 1)


def _chips(counts: Mapping[str, int], without_address: int, filters: Filters, url: str) -> list[dict[str, Any]]:
    """The statuses that occur, each with its count, and what else narrows the table, to take it off."""

    def chip(label: str, count: int | str | None, query: str, *, current: bool) -> dict[str, Any]:
        shown = f"{count:,}" if isinstance(count, int) else count
        return {"label": label, "count": shown, "url": f"{url}?{query}" if query else url, "current": current}

    plain = filters.without("status", "lacks")
    chips = [
        chip("All", sum(counts.values()), plain.query(), current=not filters.status and not filters.lacks),
        *(
            chip(
                status.label, counts.get(status, 0), plain.query(status=status.value), current=filters.status == status
            )
            for status in Lead.Status
            if counts.get(status) or filters.status == status
        ),
    ]
    if without_address or filters.lacks == "address":
        chips.append(
            chip(
                "No address",
                f"{FEW:,}+" if without_address > FEW else without_address,
                plain.query(lacks="address"),
                current=filters.lacks == "address",
            )
        )
    if filters.lacks and filters.lacks != "address":
        chips.append(chip(f"Without {{{filters.lacks}}}", None, filters.query(), current=True))
    return chips


def _orders(filters: Filters, url: str) -> dict[str, dict[str, str]]:
    """For the table's head: where each order is found, and which one it is."""
    return {
        order.name.lower(): {
            "url": f"{url}?{filters.without('sort').query(sort=order.value)}",
            "sorted": ("ascending" if order == Sort.SITE else "descending") if filters.order == order else "",
        }
        for order in Sort
    }


def _people(request: WorkspaceRequest, people: Sequence[Any]) -> list[tuple[int, str]]:
    return [(user.pk, "Me" if user == request.user else user.get_full_name()) for user in people]


def _choices(
    filters: Filters, tags: Sequence[tuple[int, str]], people: Sequence[tuple[int, str]]
) -> list[dict[str, Any]]:
    """The menus above the table. One that offers nothing is left out."""
    menus = [
        ("score", "Any score", [("quality", "High quality"), ("likelihood", "Likely to take one")]),
        ("email", "Any address", [("yes", "With address"), ("no", "Without address")]),
        ("tag", "Any tag", [(str(pk), name) for pk, name in tags]),
        ("assignee", "Anybody's", [("nobody", "Nobody's"), *((str(pk), name) for pk, name in people)]),
        ("source", "Any source", [pair for pair in Lead.Source.choices if pair[0] != Lead.Source.REHEARSAL]),
        (
            "sort",
            "Newest first",
            [
                (Sort.QUALITY.value, "Best quality first"),
                (Sort.LIKELIHOOD.value, "Likeliest first"),
                (Sort.CHANGED.value, "Changed last first"),
                (Sort.SITE.value, "By site"),
            ],
        ),
    ]
    labels = {
        "score": "Score",
        "email": "Address",
        "tag": "Tag",
        "assignee": "Assigned to",
        "source": "Source",
        "sort": "Order",
    }
    return [
        {"name": name, "label": labels[name], "nothing": nothing, "options": options, "value": getattr(filters, name)}
        for name, nothing, options in menus
        if options
    ]
