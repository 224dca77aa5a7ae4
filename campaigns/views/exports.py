"""Taking a campaign away as files: which there are, and fetching them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns import exports
from campaigns.models import Campaign
from campaigns.views.page import campaign_context, find_campaign, replies_file_of
from compliance import taking
from compliance.export_models import Export
from outreach_site.accounts.access import WORKERS, WorkspaceRequest, allow
from outreach_site.lib.downloads import csv_to_save


@allow(WORKERS)
@require_GET
def campaign_export(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The files of a campaign, and how far those have come that were asked for."""
    campaign = find_campaign(request, pk)
    files = [
        {
            "label": "Leads",
            "text": "Sites, contacts, where each stands, and where each address comes from.",
            "url": reverse("campaigns:leads_export", args=[workspace, campaign.pk]),
        },
        {
            "label": "Letters",
            "text": "Every letter with its text, its state, and when it left.",
            "url": reverse("campaigns:attempts_export", args=[workspace, campaign.pk]),
        },
    ]
    if url := replies_file_of(workspace, campaign):
        files.append(
            {"label": "Replies", "text": "What came back, with its tag and the lead that it is about.", "url": url}
        )
    context = campaign_context(request, campaign, "") | {"files": files, "about": campaign.subject}
    return render(request, "campaigns/campaign_export.html", context)


@allow(WORKERS)
@require_GET
def leads_export(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponseBase:
    campaign = find_campaign(request, pk)
    return _file(request, campaign, Export.What.LEADS, campaign.leads.count(), exports.LEADS, exports.leads_of)


@allow(WORKERS)
@require_GET
def attempts_export(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponseBase:
    campaign = find_campaign(request, pk)
    total = campaign.attempts.count()
    return _file(request, campaign, Export.What.ATTEMPTS, total, exports.ATTEMPTS, exports.attempts_of)


def _file(
    request: WorkspaceRequest,
    campaign: Campaign,
    what: Export.What,
    total: int,
    columns: Mapping[str, str],
    rows_of: Callable[[Campaign], Iterator[list[Any]]],
) -> HttpResponseBase:
    export = taking.begin(
        what,
        workspace=campaign.workspace,
        about=campaign.subject,
        total=total,
        user=request.user,
        now=timezone.now(),
    )
    pieces = taking.as_csv(export, tuple(columns), rows_of(campaign), with_mark="excel" in request.GET)
    return csv_to_save(pieces, f"{what.value}-{campaign.pk}-{export.begun_at:%Y-%m-%d}.csv")
