"""Consent on record: the list, one record with its proof, and lists that are read in."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from compliance import consent_imports, consents, known_regions, tasks
from compliance.consents import NotRecordedError, Proof
from compliance.forms import kept
from compliance.models import AuditEntry
from compliance.paging import page_of
from compliance.privacy_forms import ConsentFilter, ConsentForm, ConsentImportForm, WithdrawForm
from compliance.privacy_models import Consent, ConsentFile, ConsentImport
from compliance.regions import Region, RegionSource
from compliance.searching import begins, typed, whole_address
from compliance.views.sections import names_of, pager, posted, tabs
from compliance.words import event_words
from outreach_site.accounts.access import KEEPERS, READERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

# A short list is read while the person waits for the page; the rest of a long one follows by itself.
FIRST_SLICE_SECONDS = 3.0


@dataclass(frozen=True)
class Row:
    consent: Consent
    who: str


@allow(READERS)
@require_safe
def consent_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here = request.membership.workspace
    narrowed = kept(ConsentFilter(request.GET))
    found = Consent.objects.in_workspace(here).filter(_matching(narrowed["q"])).defer("evidence_text")
    if narrowed["status"]:
        found = found.filter(status=narrowed["status"])
    page = page_of(found, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    names = names_of(consent.recorded_by_id for consent in page.rows)
    context = {
        "rows": [Row(consent, names.get(consent.recorded_by_id or 0, "")) for consent in page.rows],
        "pager": pager(request, page, ("record", "records")),
        "narrowed": narrowed,
        "is_narrowed": any(narrowed.values()),
        "statuses": Consent.Status.choices,
        "may_keep": request.membership.role in KEEPERS,
    }
    if is_htmx(request):
        return render(request, "compliance/consent_list.html#consent-rows", context)
    context |= {"tabs": tabs(request, "consent_list"), "reading": _being_read(request)}
    return render(request, "compliance/consent_list.html", context)


def _matching(text: str) -> Q:
    """Records whose address or domain begins with what was typed, in any spelling of a whole address."""
    wanted = typed(text).removeprefix("@")
    if not wanted:
        return Q()
    found = begins("address", wanted) | begins("domain", wanted)
    key = whole_address(wanted)
    return found | Q(address=key) if key else found


def _being_read(request: WorkspaceRequest) -> ConsentImport | None:
    imports = ConsentImport.objects.in_workspace(request.membership.workspace).unfinished()
    return imports.defer("compressed").order_by("-pk").first()


@allow(READERS)
@require_safe
def consent_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    here = request.membership.workspace
    consent = get_object_or_404(Consent.objects.in_workspace(here), pk=pk)
    history = list(AuditEntry.objects.in_workspace(here).filter(about=f"consent:{consent.pk}").order_by("-pk")[:50])
    names = names_of([consent.recorded_by_id, *(entry.user_id for entry in history)])
    context = {
        "consent": consent,
        "who": names.get(consent.recorded_by_id or 0, ""),
        "file": ConsentFile.objects.filter(consent=consent).defer("content").first(),
        "history": [
            {
                "what": event_words(entry.event),
                "why": entry.reason,
                "who": names.get(entry.user_id or 0, ""),
                "at": entry.recorded_at,
            }
            for entry in history
        ],
        "may_keep": request.membership.role in KEEPERS,
        "tabs": tabs(request, "consent_list"),
    }
    return render(request, "compliance/consent_detail.html", context)


@allow(READERS)
@require_safe
def consent_file(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The file that shows it, to be saved: whatever it is, it never runs or opens here."""
    files = ConsentFile.objects.filter(consent__in=Consent.objects.in_workspace(request.membership.workspace))
    file = get_object_or_404(files, pk=pk)
    return _to_save(bytes(file.content), file.name, content_type="application/octet-stream")


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def consent_create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here = request.membership.workspace
    form = ConsentForm(*posted(request), initial={"address": request.GET.get("address", "")})
    if request.method == "POST" and form.is_valid():
        file: UploadedFile | None = form.cleaned_data["evidence_file"]
        try:
            consent = consents.record(
                workspace=here,
                address=form.cleaned_data["address"],
                proof=Proof(
                    text=form.cleaned_data["evidence_text"],
                    url=form.cleaned_data["evidence_url"],
                    file_name=file.name or "" if file else "",
                    file_content=file.read() if file else b"",
                ),
                obtained_on=form.cleaned_data["obtained_on"],
                source=form.cleaned_data["source"],
                user=request.user,
                now=timezone.now(),
            )
        except NotRecordedError as err:
            form.add_error(None, str(err))
        else:
            if form.cleaned_data["region"]:
                known_regions.note(
                    here,
                    consent.address,
                    Region(form.cleaned_data["region"]),
                    source=RegionSource.CONSENT_RECORD,
                    evidence=f"Consent obtained on {consent.obtained_on:%Y-%m-%d}",
                    user=request.user,
                    now=timezone.now(),
                )
            messages.success(request, f"The consent of {consent.address} is on record.")
            return redirect_to(request, reverse("compliance:consent_detail", args=[here.slug, consent.pk]))
    context = {"form": form, "tabs": tabs(request, "consent_list"), "today": here.day_of(timezone.now())}
    return _form_page(request, "compliance/consent_form.html", context, invalid=form.is_bound)


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def consent_withdraw(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET asks how they took it back, POST withdraws: the record ends, and the address is suppressed."""
    here = request.membership.workspace
    consent = get_object_or_404(Consent.objects.in_workspace(here), pk=pk)
    form = WithdrawForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        if consents.withdraw(consent, reason=form.cleaned_data["reason"], user=request.user, now=timezone.now()):
            messages.success(request, f"Withdrawn: nobody here will write to {consent.address} again.")
        else:
            messages.info(request, "This consent was withdrawn already.")
        return redirect_to(request, reverse("compliance:consent_detail", args=[here.slug, consent.pk]))
    context = {"form": form, "consent": consent}
    return _form_page(request, "compliance/consent_withdraw.html", context, invalid=form.is_bound)


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def consent_import(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Read a list in. What can be taken is taken; what cannot is told, row by row, on the page of this import."""
    here = request.membership.workspace
    form = ConsentImportForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        file: UploadedFile = form.cleaned_data["file"]
        try:
            started = consent_imports.begin(
                workspace=here,
                content=file.read(),
                file_name=file.name or "",
                evidence_text=form.cleaned_data["evidence_text"],
                source=form.cleaned_data["source"],
                user=request.user,
                now=timezone.now(),
            )
        except consent_imports.UnreadableFileError as err:
            form.add_error("file", str(err))
        else:
            until = time.monotonic() + FIRST_SLICE_SECONDS
            if not consent_imports.carry_on(started.pk, until=until, now=timezone.now()):
                tasks.read_list_soon(started.pk)
            return redirect_to(request, reverse("compliance:consent_import_detail", args=[here.slug, started.pk]))
    context = {"form": form, "tabs": tabs(request, "consent_list")}
    return _form_page(request, "compliance/consent_import.html", context, invalid=form.is_bound)


@allow(READERS)
@require_safe
def consent_import_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """How far a list is, and what was not taken of it."""
    imports = ConsentImport.objects.in_workspace(request.membership.workspace).defer("compressed")
    started = get_object_or_404(imports, pk=pk)
    context = {
        "started": started,
        "who": names_of([started.started_by_id]).get(started.started_by_id or 0, ""),
        "problems": list(started.problems.all()[:20]),
    }
    if is_htmx(request):
        return render(request, "compliance/consent_import_detail.html#progress", context)
    context["tabs"] = tabs(request, "consent_list")
    return render(request, "compliance/consent_import_detail.html", context)


@allow(READERS)
@require_safe
def consent_import_problems(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The rows that were not taken, as a file to put right and read in again."""
    imports = ConsentImport.objects.in_workspace(request.membership.workspace).defer("compressed")
    started = get_object_or_404(imports, pk=pk)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["line", "problem", "what stood there"])
    for problem in started.problems.iterator():
        writer.writerow([problem.line, *_safe_cells([problem.sentence, problem.text])])
    content = "\ufeff" + out.getvalue()  # With the mark by which spreadsheets know UTF-8.
    return _to_save(content.encode(), "rows-to-look-at.csv", content_type="text/csv; charset=utf-8")


def _safe_cells(cells: Iterable[str]) -> list[str]:
    """Cells that no spreadsheet takes for a formula: what stands there was written by strangers."""
    return [f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in cells]


def _to_save(content: bytes, name: str, *, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _form_page(
    request: WorkspaceRequest, template: str, context: dict[str, object], *, invalid: bool = False
) -> HttpResponse:
    """The page, or for htmx its form alone, which the dialog shows."""
    name = f"{template}#form" if is_htmx(request) else template
    return render(request, name, context, status=422 if invalid else 200)
