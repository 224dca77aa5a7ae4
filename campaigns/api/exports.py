"""A campaign's leads and letters as CSV, streamed: any length in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router

from campaigns import exports
from campaigns.api.shared import CampaignCaller
from campaigns.models import Campaign
from compliance import taking
from compliance.export_models import Export
from outreach_site.accounts.access import WORKERS
from outreach_site.accounts.api_access import ApiRequest
from outreach_site.accounts.models import Scope
from outreach_site.lib.api import TrueOrFalse, answers
from outreach_site.lib.downloads import csv_to_save

router = Router()
Bom = Annotated[TrueOrFalse, Query(default=False, description="Begin with the mark that Excel knows UTF-8 by.")]


def as_csv(columns: Iterable[str]) -> dict[str, Any]:
    """How an operation's file is described, by its columns: for `openapi_extra`."""
    head = ",".join(columns) + "\r\n"
    return {"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}, "example": head}}}}}


def campaign_file(
    request: ApiRequest,
    campaign_id: int,
    what: Export.What,
    columns: Mapping[str, str],
    rows_of: Callable[[Campaign], Iterator[list[Any]]],
    count: Callable[[Campaign], int],
    *,
    bom: bool,
) -> StreamingHttpResponse:
    """A campaign's file, noted in the audit log."""
    campaigns = Campaign.objects.in_workspace(request.auth.workspace).select_related("workspace")
    campaign = get_object_or_404(campaigns, pk=campaign_id)
    export = taking.begin(
        what,
        workspace=campaign.workspace,
        about=campaign.subject,
        total=count(campaign),
        user=request.auth.user,
        details={"api": True},
        now=timezone.now(),
    )
    pieces = taking.as_csv(export, tuple(columns), rows_of(campaign), with_mark=bom)
    return csv_to_save(pieces, f"{what.value}-{campaign.pk}.csv")


@router.get(
    "/campaigns/{campaign_id}/export/leads",
    response=answers({}),
    auth=CampaignCaller(WORKERS, Scope.READ),
    summary="Leads as CSV",
    operation_id="export_leads",
    openapi_extra=as_csv(exports.LEADS),
)
def export_leads(request: ApiRequest, campaign_id: int, bom: Bom = False) -> StreamingHttpResponse:  # noqa: FBT002 - a query parameter
    """All leads of the campaign, oldest first, in fixed columns. What a spreadsheet would take for a formula begins
    with an apostrophe. Not for viewers."""
    return campaign_file(
        request,
        campaign_id,
        Export.What.LEADS,
        exports.LEADS,
        exports.leads_of,
        lambda campaign: campaign.leads.count(),
        bom=bom,
    )


@router.get(
    "/campaigns/{campaign_id}/export/attempts",
    response=answers({}),
    auth=CampaignCaller(WORKERS, Scope.READ),
    summary="Letters as CSV",
    operation_id="export_attempts",
    openapi_extra=as_csv(exports.ATTEMPTS),
)
def export_attempts(request: ApiRequest, campaign_id: int, bom: Bom = False) -> StreamingHttpResponse:  # noqa: FBT002 - a query parameter
    """All letters of the campaign, in whatever state, oldest first, in fixed columns. Not for viewers."""
    return campaign_file(
        request,
        campaign_id,
        Export.What.ATTEMPTS,
        exports.ATTEMPTS,
        exports.attempts_of,
        lambda campaign: campaign.attempts.count(),
        bom=bom,
    )
