"""Settings: the hub, and the workspace's own."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from outreach_site.accounts import workspaces
from outreach_site.accounts.access import OWNERS, READERS, WorkspaceRequest, allow
from outreach_site.accounts.forms import WorkspaceForm
from outreach_site.accounts.models import ApiKey, Invitation, Membership, SenderIdentity
from outreach_site.accounts.regions import Region, Treatment, treatment_of
from outreach_site.lib.htmx import is_htmx, redirect_to


@allow(READERS)
@require_safe
def settings(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """What there is to set, what each is for, and how it stands. Five queries."""
    here = request.membership.workspace
    now = timezone.now()
    return render(
        request,
        "accounts/settings.html",
        {
            "identity": SenderIdentity.objects.default_of(here),
            "identity_count": SenderIdentity.objects.in_workspace(here).count(),
            "people_count": Membership.objects.in_workspace(here).count(),
            "invitation_count": Invitation.objects.in_workspace(here).open(now).count(),
            "key_count": ApiKey.objects.filter(membership=request.membership, revoked_at=None).count(),
            "asked_regions": [region.value for region in Region if treatment_of(region, here.regions) is Treatment.ASK],
        },
    )


@allow(OWNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def workspace_edit(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    form = WorkspaceForm(request.POST or None, instance=request.membership.workspace)
    if request.method == "POST" and form.is_valid():
        changed = workspaces.change(form.instance, by=request.user)
        messages.success(request, "Saved." if changed else "Nothing was different.")
        return redirect_to(request, reverse("accounts:workspace_edit", args=[workspace]))
    if form.errors:
        # The page around the form goes on naming the workspace as it is, not as it was typed.
        request.membership.workspace.refresh_from_db()
    return render(
        request,
        "accounts/workspace_form.html#workspace-form" if is_htmx(request) else "accounts/workspace_form.html",
        {"form": form},
        status=422 if form.errors else 200,
    )
