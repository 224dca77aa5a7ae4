"""Files that people took away: all of a workspace's, or those of one page, with how far each has come."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from compliance.export_models import Export
from compliance.views.sections import names_of, tabs
from outreach_site.accounts.access import WORKERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx

SHOWN, SHOWN_BESIDE = 100, 5


@allow(WORKERS)
@require_safe
def export_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The newest first. For htmx those about one subject, asked for again by itself while one is under way."""
    now, part = timezone.now(), is_htmx(request)
    exports = Export.objects.in_workspace(request.membership.workspace)
    about = request.GET.get("about", "").replace("\x00", "")[:40]
    if about:
        exports = exports.filter(about=about)
    shown = list(exports[: SHOWN_BESIDE if part else SHOWN])
    names = names_of([export.taken_by_id for export in shown])
    rows = [
        {
            "export": export,
            "who": names.get(export.taken_by_id, ""),
            "is_under_way": export.is_under_way(now),
        }
        for export in shown
    ]
    context = {"rows": rows, "about": about, "any_under_way": any(row["is_under_way"] for row in rows)}
    template = "compliance/export_list.html"
    if part:
        return render(request, f"{template}#exports", context)
    return render(request, template, context | {"tabs": tabs(request, "audit_list")})
