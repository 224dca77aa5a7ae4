"""Suppressing a file of addresses: choosing it, watching it being read, and what could not be read of it."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from compliance import suppression_imports
from compliance.forms import SuppressionFileForm
from compliance.models import SuppressionImport
from compliance.suppression_imports import UnreadableFileError
from compliance.tasks import read_suppressions_soon
from compliance.views.sections import names_of, tabs
from outreach_site.accounts.access import READERS, WORKERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

# A small file is read while one waits for the answer; the rest of a large one is left to the worker.
AT_ONCE_SECONDS = 1.5


@allow(WORKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def suppression_import(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here = request.membership.workspace
    form = SuppressionFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        chosen = cast("UploadedFile", form.cleaned_data["file"])
        try:
            run = suppression_imports.begin(
                workspace=here,
                content=chosen.read(),
                name=chosen.name or "",
                reason=form.cleaned_data["reason"],
                note=form.cleaned_data["note"],
                user=request.user,
                now=timezone.now(),
            )
        except UnreadableFileError as err:
            form.add_error("file", str(err))
        else:
            until = time.monotonic() + AT_ONCE_SECONDS
            if not suppression_imports.carry_on(run.pk, until=until, now=timezone.now()):
                read_suppressions_soon(run.pk)
            return redirect_to(request, reverse("compliance:suppression_import_detail", args=[workspace, run.pk]))
    template = "compliance/suppression_import_form.html"
    context = {"form": form, "tabs": tabs(request, "suppression_list")}
    name = f"{template}#form" if is_htmx(request) else template
    return render(request, name, context, status=422 if form.is_bound else 200)


@allow(READERS)
@require_safe
def suppression_import_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """How far it has come; asks again by itself until all is read."""
    run = _find(request, pk)
    context = {
        "run": run,
        "faults": list(run.faults.all()[:20]) if run.failed else [],
        "may_download": request.membership.role in WORKERS,
        "who": names_of([run.created_by_id]).get(run.created_by_id or 0, ""),
    }
    if is_htmx(request):
        return render(request, "compliance/suppression_import_detail.html#progress", context)
    context["tabs"] = tabs(request, "suppression_list")
    return render(request, "compliance/suppression_import_detail.html", context)


@allow(WORKERS)
@require_safe
def suppression_import_faults(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponseBase:
    """The lines that could not be read, as a file to put right and to send in again."""
    run = _find(request, pk)
    response = StreamingHttpResponse(_lines_of(run), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="not-read-{run.pk}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


class _Echo:
    """A file that gives back what is written to it: csv's writer then hands each line to whoever streams."""

    def write(self, text: str) -> str:
        return text


def _lines_of(run: SuppressionImport) -> Iterator[str]:
    writer = csv.writer(cast("Any", _Echo()))
    yield "\ufeff" + writer.writerow(["line", "what stands there", "problem"])
    for fault in run.faults.iterator(chunk_size=1_000):
        yield writer.writerow([fault.line, _harmless(fault.text), fault.sentence])


def _harmless(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _find(request: WorkspaceRequest, pk: int) -> SuppressionImport:
    runs = SuppressionImport.objects.in_workspace(request.membership.workspace).defer("packed")
    return get_object_or_404(runs, pk=pk)
