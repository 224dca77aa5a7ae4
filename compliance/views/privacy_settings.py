"""How long a workspace keeps what it knows about people, and what leaves this server."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from compliance import retention
from compliance.privacy_forms import PrivacySettingsForm
from compliance.privacy_models import PrivacySettings
from compliance.views.sections import posted
from outreach_site.accounts.access import OWNERS, READERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

TOMORROW = timedelta(days=1)


@allow(READERS)
@require_safe
def privacy_settings(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The rules, what tomorrow's run would let go, and what the last one did."""
    here = request.membership.workspace
    settings = PrivacySettings.of(here)
    foreseen = retention.foresee(here, settings, now=timezone.now() + TOMORROW)
    context = {
        "settings": settings,
        "foreseen": {what: number for what, number in foreseen.items() if number},
        "may_edit": request.membership.role in OWNERS,
    }
    return render(request, "compliance/privacy_settings.html", context)


@allow(OWNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def privacy_settings_edit(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here = request.membership.workspace
    settings = PrivacySettings.of(here)
    form = PrivacySettingsForm(*posted(request), instance=settings)
    if request.method == "POST" and form.is_valid():
        if form.has_changed():
            changed = {name: form.cleaned_data[name] for name in form.changed_data}
            retention.change(form.instance, changed=changed, user=request.user, now=timezone.now())
        messages.success(request, "Saved." if form.has_changed() else "Nothing was different.")
        return redirect_to(request, reverse("compliance:privacy_settings", args=[here.slug]))
    name = "compliance/privacy_settings_form.html"
    return render(
        request,
        f"{name}#privacy-form" if is_htmx(request) else name,
        {"form": form},
        status=422 if form.errors else 200,
    )
