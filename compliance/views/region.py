"""Where somebody is: whoever knows better than the ending of an address, or than what a site says, says so here."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from compliance import known_regions
from compliance.addresses import InvalidAddressError, normalise
from compliance.privacy_forms import RegionForm
from compliance.regions import Region, RegionSource, region_of
from compliance.views.sections import names_of, tabs
from outreach_site.accounts.access import WORKERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

TEMPLATE = "compliance/region_form.html"


@allow(WORKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def region_edit(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """GET shows what is known of an address; POST keeps a person's word, or takes it back."""
    form = RegionForm(request.POST if request.method == "POST" else None, initial={"address": _asked(request)})
    if request.method == "POST" and form.is_valid():
        return _keep(request, form)
    return _page(request, form)


def _asked(request: WorkspaceRequest) -> str:
    return request.GET.get("address", "")[:320]


def _keep(request: WorkspaceRequest, form: RegionForm) -> HttpResponse:
    here, now = request.membership.workspace, timezone.now()
    address, region = form.cleaned_data["address"], form.cleaned_data["region"]
    if region:
        known_regions.note(
            here,
            address,
            Region(region),
            source=RegionSource.PERSON,
            evidence=form.cleaned_data["why"],
            user=request.user,
            now=now,
        )
        messages.success(request, f"{known_regions.key_of(address)} is in: {Region(region).label}.")
    elif known_regions.forget(here, address, user=request.user, now=now):
        messages.success(request, f"The address itself tells again where {known_regions.key_of(address)} is.")
    return redirect_to(
        request, f"{reverse('compliance:check_address', args=[here.slug])}?{urlencode({'address': address})}"
    )


def _page(request: WorkspaceRequest, form: RegionForm) -> HttpResponse:
    here = request.membership.workspace
    try:
        address = normalise(_asked(request))
    except InvalidAddressError:
        address = ""
    entry = known_regions.entry_for(here, address) if address else None
    context: dict[str, object] = {
        "form": form,
        "entry": entry,
        "source": RegionSource(entry.source).label if entry else "",
        "who": names_of([entry.noted_by_id]).get(entry.noted_by_id or 0, "") if entry else "",
        "guess": region_of(address) if address else None,
        "key": known_regions.key_of(address) if address else "",
    }
    status = 422 if form.is_bound else 200
    if is_htmx(request):
        return render(request, f"{TEMPLATE}#form", context, status=status)
    return render(request, TEMPLATE, context | {"tabs": tabs(request, "check_address")}, status=status)
