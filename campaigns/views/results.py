"""The numbers of a campaign and of all campaigns: pages, the same as JSON, and a report to print."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, Value, When
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns.analytics.results import DEFAULT_PERIOD, PERIODS, Results, results_of
from campaigns.models import Campaign, Lead, Placement
from campaigns.views.page import campaign_context, find_campaign, with_query
from outreach_site.accounts.access import READERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx

ALL_TIME = "all"
# A report names so many links; the rest is a number.
LINKS_SHOWN = 500
State = Placement.State
# What was brought comes first, what was lost is not left out.
_ORDER = (State.LIVE, State.CHANGED, State.REVIEW, State.LOST, State.EXPECTED)


@allow(READERS)
@require_GET
def results(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Every campaign of the workspace together."""
    return _page(request, None, "campaigns/results.html", {})


@allow(READERS)
@require_GET
def campaign_results(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    campaign = find_campaign(request, pk)
    header = {} if is_htmx(request) else campaign_context(request, campaign, "results")
    return _page(request, campaign, "campaigns/campaign_results.html", header)


@allow(READERS)
@require_GET
def results_data(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """What the page shows, as JSON."""
    return JsonResponse(_results(request, None).as_json())


@allow(READERS)
@require_GET
def campaign_results_data(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    return JsonResponse(_results(request, find_campaign(request, pk)).as_json())


@allow(READERS)
@require_GET
def campaign_report(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """One page for the client: what was done and what it brought. It names sites, and no person and no address."""
    campaign = find_campaign(request, pk)
    rank = Case(*(When(state=one, then=Value(at)) for at, one in enumerate(_ORDER)), output_field=IntegerField())
    links = Placement.objects.of_campaign(campaign).select_related("lead").annotate(rank=rank)
    placed = Lead.objects.filter(campaign=campaign, status=Lead.Status.PLACED, placements=None)
    context = {
        "campaign": campaign,
        "results": _results(request, campaign, default=None),
        "periods": _periods(request, reverse("campaigns:campaign_report", args=[workspace, pk]), default=None),
        "links": list(links.order_by("rank", "-first_seen_at", "-pk")[:LINKS_SHOWN]),
        "unproved": list(placed.order_by("-status_changed_at", "-pk")[: LINKS_SHOWN + 1]),
        "shown": LINKS_SHOWN,
        "back_url": reverse("campaigns:campaign_results", args=[workspace, pk]),
        "now": timezone.now(),
    }
    return render(request, "campaigns/campaign_report.html", context)


def _page(request: WorkspaceRequest, campaign: Campaign | None, template: str, header: dict[str, Any]) -> HttpResponse:
    context = {
        "campaign": campaign,
        "results": _results(request, campaign),
        "periods": _periods(request, request.path),
        "data_url": with_query(_data_url(request, campaign), days=request.GET.get("days", str(DEFAULT_PERIOD))),
    }
    page = "campaigns/results_figures.html" if is_htmx(request) else template
    return render(request, page, header | context)


def _results(request: WorkspaceRequest, campaign: Campaign | None, *, default: int | None = DEFAULT_PERIOD) -> Results:
    days = _days(request, default)
    return results_of(request.membership.workspace, campaign=campaign, days=days, now=timezone.now())


def _days(request: WorkspaceRequest, default: int | None) -> int | None:
    """The period that was chosen; None is all time. What is none of ours is the usual one."""
    chosen = request.GET.get("days", "")
    if chosen == ALL_TIME:
        return None
    return int(chosen) if chosen in {str(days) for days in PERIODS} else default


def _periods(request: WorkspaceRequest, url: str, *, default: int | None = DEFAULT_PERIOD) -> list[dict[str, object]]:
    current = _days(request, default)
    return [
        *({"label": f"{days} days", "url": with_query(url, days=days), "current": days == current} for days in PERIODS),
        {"label": "All time", "url": with_query(url, days=ALL_TIME), "current": current is None},
    ]


def _data_url(request: WorkspaceRequest, campaign: Campaign | None) -> str:
    slug = request.membership.workspace.slug
    if campaign is None:
        return reverse("campaigns:results_data", args=[slug])
    return reverse("campaigns:campaign_results_data", args=[slug, campaign.pk])
