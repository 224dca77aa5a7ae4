"""A campaign's replies as a file."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns.views.page import find_campaign
from compliance import taking
from compliance.export_models import Export
from inbox.exports import COLUMNS, replies_of
from inbox.models import Reply
from outreach_site.accounts.access import WORKERS, WorkspaceRequest, allow
from outreach_site.lib.downloads import csv_to_save


@allow(WORKERS)
@require_GET
def replies_export(request: WorkspaceRequest, workspace: str, campaign: int) -> HttpResponseBase:
    found = find_campaign(request, campaign)
    export = taking.begin(
        Export.What.REPLIES,
        workspace=found.workspace,
        about=found.subject,
        total=Reply.objects.filter(campaign=found).count(),
        user=request.user,
        now=timezone.now(),
    )
    pieces = taking.as_csv(export, tuple(COLUMNS), replies_of(found), with_mark="excel" in request.GET)
    return csv_to_save(pieces, f"replies-{found.pk}-{export.begun_at:%Y-%m-%d}.csv")
