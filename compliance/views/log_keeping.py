"""What is done with the audit log as a whole: whether it is intact, checking it, and taking it away as a file."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from compliance import audit, checkups, exports, seals, taking, tasks
from compliance.export_models import Export
from compliance.forms import AuditFilter, kept
from compliance.models import AuditHead
from compliance.views.audit import narrow
from outreach_site.accounts.access import KEEPERS, READERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to


@allow(READERS)
@require_safe
def audit_standing(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Asked again by itself while a check is under way."""
    if not is_htmx(request):
        return redirect("compliance:audit_list", workspace)
    return _standing(request)


@allow(KEEPERS)
@require_POST
def audit_check(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Check the whole log now: in the background, for it may be long."""
    with transaction.atomic():
        checkups.ask(user_id=request.user.pk, now=timezone.now())
        tasks.check_audit_soon()
    if is_htmx(request):
        return _standing(request)
    messages.info(request, "The log is being checked. This page says the result in a moment.")
    return redirect_to(request, reverse("compliance:audit_list", args=[workspace]))


@allow(KEEPERS)
@require_safe
def audit_export(request: WorkspaceRequest, workspace: str, form: str) -> HttpResponseBase:
    """The log as the page narrows it, up to now, as a file. Who took it stands in the log from then on."""
    here, now = request.membership.workspace, timezone.now()
    narrowed = kept(AuditFilter(request.GET))
    said = {name: str(value) for name, value in narrowed.items() if value and name != "q"}
    export = audit.record(
        "audit.exported",
        workspace=here,
        user=request.user,
        about=f"workspace:{here.pk}",
        lead_email=str(narrowed["q"]),
        details={"form": form, **said},
        now=now,
    )
    entries = narrow(narrowed, here).filter(pk__lt=export.pk)
    taken = taking.begin(
        Export.What.AUDIT,
        workspace=here,
        about=f"workspace:{here.pk}",
        total=entries.count(),
        user=request.user,
        now=now,
    )
    rows = taking.Counted(exports.rows_of(entries))
    lines, content_type = (
        (exports.as_csv(rows, with_mark="excel" in request.GET), "text/csv; charset=utf-8")
        if form == "csv"
        else (exports.as_json(rows), "application/json")
    )
    response = StreamingHttpResponse(taking.followed(taken, rows, lines), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="audit-{here.slug}-{now:%Y-%m-%d}.{form}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


@allow(KEEPERS)
@require_safe
def audit_head(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The log's end as a line of JSON: kept elsewhere, it shows later that nothing was cut off here."""
    now = timezone.now()
    head = AuditHead.objects.filter(pk=AuditHead.ONLY, seq__gt=0).first()
    if head is None or not seals.is_true(head):
        messages.error(request, "There is no last seal to take away: nothing is sealed yet, or the seal does not fit.")
        return redirect_to(request, reverse("compliance:audit_list", args=[workspace]))
    audit.record("audit.head_exported", workspace=request.membership.workspace, user=request.user, now=now)
    response = JsonResponse(seals.exported(head, now=now))
    response["Content-Disposition"] = f'attachment; filename="audit-head-{now:%Y-%m-%d}.json"'
    response["Cache-Control"] = "no-store"
    return response


def _standing(request: WorkspaceRequest) -> HttpResponse:
    context = {"standing": checkups.standing(timezone.now()), "may_keep": request.membership.role in KEEPERS}
    return render(request, "compliance/audit_standing.html", context)
