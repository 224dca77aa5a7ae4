"""Leads out of a file: choosing it, saying what its columns are, watching it being read, and what became no lead."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns import import_undo as undoing
from campaigns import imports
from campaigns.columns import FIELDS, OWN
from campaigns.forms import ImportFileForm
from campaigns.imports import CannotImportError
from campaigns.models import ImportedRow, LeadImport
from campaigns.tasks import import_soon
from campaigns.views.page import find_campaign, may_act
from outreach_site.accounts.access import READERS, SENDERS, WORKERS, WorkspaceRequest, allow
from outreach_site.lib.downloads import csv_to_save
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.lib.tables import UnreadableFileError

# A small file is read while one waits for the answer; the rest of a large one is left to the worker.
AT_ONCE_SECONDS = 1.5
EARLIER = 20  # files that are listed
ROWS_SHOWN = 50


@allow(SENDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def import_create(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Choose a file; and the files before."""
    campaign = find_campaign(request, pk)
    form = ImportFileForm(request.POST or None, request.FILES or None) if request.method == "POST" else ImportFileForm()
    if form.is_bound and form.is_valid():
        chosen = cast("UploadedFile", form.cleaned_data["file"])
        try:
            run = imports.begin(campaign, chosen.read(), name=chosen.name or "", user=request.user, now=timezone.now())
        except (UnreadableFileError, CannotImportError) as err:
            form.add_error("file", str(err))
        else:
            return redirect_to(request, reverse("campaigns:import_detail", args=[workspace, run.pk]))
    template = "campaigns/import_form.html"
    context = {"form": form, "campaign": campaign}
    status = 422 if form.is_bound else 200
    if is_htmx(request):
        return render(request, f"{template}#import-form", context, status=status)
    earlier = campaign.imports.select_related("user").defer("packed")[:EARLIER]
    return render(request, template, context | {"earlier": earlier}, status=status)


@allow(READERS)
@require_safe
def import_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What its columns are, until that is said; then how far it has come; asks again by itself until it is done."""
    run = _find(request, pk)
    if run.state == LeadImport.State.CHOSEN:
        return _columns_page(request, run)
    template = "campaigns/import_detail.html"
    context = _progress(request, run)
    return render(request, f"{template}#import-progress" if is_htmx(request) else template, context)


def _progress(request: WorkspaceRequest, run: LeadImport) -> dict[str, Any]:
    rows = list(run.rows.select_related("lead")[:ROWS_SHOWN]) if run.skipped + run.failed else []
    return {
        "run": run,
        "goes_on": run.state in {LeadImport.State.RUNNING, LeadImport.State.REMOVING},
        "campaign": run.campaign,
        "rows": rows,
        "left_out": run.skipped + run.failed,
        "failed": ImportedRow.Kind.FAILED,
        "may_act": may_act(request),
        "can_be_taken_back": undoing.can_be_taken_back(run),
        "may_download": request.membership.role in WORKERS,
    }


def _columns_page(
    request: WorkspaceRequest, run: LeadImport, *, origin: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    template = "campaigns/import_columns.html"
    context = _preview(run) | {
        "columns": imports.columns_of(run),
        "fields": FIELDS.items(),
        "own": OWN,
        "origin": origin,
        "error": error,
        "may_act": may_act(request),
    }
    return render(request, f"{template}#import-columns" if is_htmx(request) else template, context, status=status)


def _preview(run: LeadImport) -> dict[str, Any]:
    verdicts = imports.preview(run, now=timezone.now())
    return {
        "run": run,
        "campaign": run.campaign,
        "verdicts": verdicts,
        "would_add": sum(not verdict.kind for verdict in verdicts),
        "failed": ImportedRow.Kind.FAILED,
        "trouble": imports.trouble_with(run),
    }


@allow(SENDERS)
@require_POST
def import_columns(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What the columns are, as just chosen; for htmx what would become of the first rows then."""
    run = _find(request, pk)
    if run.state == LeadImport.State.CHOSEN:
        imports.choose_columns(run, request.POST.getlist("meaning"))
        if is_htmx(request):
            return render(request, "campaigns/import_columns.html#import-preview", _preview(run))
    return redirect_to(request, reverse("campaigns:import_detail", args=[workspace, run.pk]))


@allow(SENDERS)
@require_POST
def import_start(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Let it begin. A small file is done when the next page opens."""
    run, now = _find(request, pk), timezone.now()
    if run.state == LeadImport.State.CHOSEN:
        origin = request.POST.get("origin", "").replace("\x00", "")
        imports.choose_columns(run, request.POST.getlist("meaning") or run.meanings)
        try:
            imports.start(run, origin=origin, user=request.user, now=now)
        except CannotImportError as err:
            return _columns_page(request, run, origin=origin, error=str(err), status=422)
        if imports.work(run.pk, now=now, seconds=AT_ONCE_SECONDS):
            import_soon(run.pk)
    return redirect_to(request, reverse("campaigns:import_detail", args=[workspace, run.pk]))


@allow(SENDERS)
@require_POST
def import_cancel(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    run = _find(request, pk)
    was_chosen = run.state == LeadImport.State.CHOSEN
    if not imports.cancel(run, user=request.user, now=timezone.now()):
        messages.info(request, "It was done already.")
    elif was_chosen:
        messages.info(request, f"{run.file_name} is gone. Nothing was added.")
        return redirect_to(request, reverse("campaigns:import_create", args=[workspace, run.campaign_id]))
    else:
        messages.info(request, "Stopped. The leads that were added until then stay.")
    return redirect_to(request, reverse("campaigns:import_detail", args=[workspace, run.pk]))


@allow(SENDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def import_undo(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Take a whole file back. GET asks, and says how many of its leads would go; POST begins."""
    run = _find(request, pk)
    url = reverse("campaigns:import_detail", args=[workspace, run.pk])
    if request.method == "POST":
        now = timezone.now()
        if not undoing.begin(run, user=request.user, now=now):
            messages.info(request, "There is nothing to take back any more.")
        elif undoing.work(run.pk, now=now, seconds=AT_ONCE_SECONDS):
            import_soon(run.pk)
        return redirect_to(request, url)
    if not undoing.can_be_taken_back(run):
        raise Http404
    leads = undoing.leads_of(run)
    going, there = undoing.untouched(leads).count(), leads.count()
    template = "campaigns/lead_delete.html"
    context = {
        "title": f"Take {run.file_name} back?",
        "text": f"{going:,} {'lead goes' if going == 1 else 'leads go'}, with everything the file said of "
        f"{'it' if going == 1 else 'them'}."
        + (f" {there - going:,} stay: somebody has done something with them." if there > going else "")
        + " This cannot be undone; but the file can be read in again.",
        "action": request.path,
        "cancel_url": url,
        "label": "Take back",
    }
    return render(request, f"{template}#confirmation" if is_htmx(request) else template, context)


@allow(WORKERS)
@require_safe
def import_rows(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponseBase:
    """The rows that became no leads, as a file to put right and to send in again."""
    run = _find(request, pk)
    return csv_to_save(imports.left_out(run), f"not-added-{run.pk}.csv")


def _find(request: WorkspaceRequest, pk: int) -> LeadImport:
    runs = LeadImport.objects.in_workspace(request.membership.workspace)
    return get_object_or_404(runs.select_related("campaign__workspace", "user"), pk=pk)
