"""Why did you email me? The answer on a page, and as a file to hand out."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from compliance import evidence, privacy
from compliance.addresses import InvalidAddressError, normalise
from compliance.privacy_models import PrivacyRequest
from compliance.views.sections import tabs
from outreach_site.accounts.access import WORKERS, WorkspaceRequest, allow


@allow(WORKERS)
@require_safe
def evidence_detail(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Everything about one address (`?address=`), as the person it belongs to would ask for it."""
    here = request.membership.workspace
    written = request.GET.get("address", "").strip()
    context: dict[str, object] = {"written": written, "tabs": tabs(request, "check_address")}
    if written:
        try:
            context["pack"] = evidence.pack_of(here, normalise(written), now=timezone.now())
        except InvalidAddressError as err:
            context["problem"] = str(err)
    return render(request, "compliance/evidence_detail.html", context)


@allow(WORKERS)
@require_POST
def evidence_file(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The pack as one file: `form` is html or json. That it was taken stands in the audit log."""
    here, now = request.membership.workspace, timezone.now()
    form = request.POST.get("form", "html")
    if form not in {"html", "json"}:
        raise BadRequest("A pack is made as html or json.")
    try:
        address = normalise(request.POST.get("address", ""))
    except InvalidAddressError as err:
        raise BadRequest(str(err)) from err
    about = ""
    if number := request.POST.get("request", ""):
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise BadRequest("There is no such request.")
        about = get_object_or_404(PrivacyRequest.objects.in_workspace(here), pk=int(number)).about
    pack = evidence.pack_of(here, address, now=now)
    if form == "json":
        content = evidence.as_json(pack, privacy.person_of(here, address))
    else:
        content = render_to_string("compliance/evidence_file.html", {"pack": pack})
    evidence.record_handing_out(pack, form=form, about=about, user=request.user, now=now)
    kinds = {"html": "text/html; charset=utf-8", "json": "application/json"}
    response = HttpResponse(content, content_type=kinds[form])
    name = f"evidence-{address.replace('@', '-at-')}-{here.day_of(now):%Y-%m-%d}.{form}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    # Saved, it carries its own style; opened from here, nothing in it would run.
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response
