"""API keys: one's own, and for owners everybody's."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from outreach_site.accounts import keys
from outreach_site.accounts.access import KEEPERS, READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.accounts.forms import ApiKeyForm
from outreach_site.accounts.models import ApiKey, ApiKeyQuerySet, Role
from outreach_site.lib.htmx import is_htmx, redirect_to

# A viewer changes nothing, and so makes no keys; whoever became a viewer asks an owner to revoke theirs.
KEY_HOLDERS = SENDERS | KEEPERS


@allow(READERS)
@require_safe
def key_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    found = list(_keys_in_sight(request).select_related("membership__user"))
    return render(
        request,
        "accounts/key_list.html",
        {
            "live": [key for key in found if key.revoked_at is None],
            "revoked": [key for key in found if key.revoked_at is not None],
            "may_create": request.membership.role in KEY_HOLDERS,
            "sees_all": request.membership.role == Role.OWNER,
        },
    )


@allow(KEY_HOLDERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def key_create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The secret is in the answer to the POST and nowhere else: not in the database, the session or an address."""
    form = ApiKeyForm(request.POST or None, membership=request.membership)
    if request.method == "POST" and form.is_valid():
        new = keys.issue(
            request.membership,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            now=timezone.now(),
        )
        return render(
            request,
            "accounts/key_created.html#key-created" if is_htmx(request) else "accounts/key_created.html",
            {"key": new.key, "secret": new.secret},
        )
    return render(
        request,
        "accounts/key_form.html#key-form" if is_htmx(request) else "accounts/key_form.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


@allow(KEY_HOLDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def key_revoke(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    key = get_object_or_404(_keys_in_sight(request).select_related("membership__user"), pk=pk)
    if request.method == "POST":
        if keys.revoke(key, by=request.user, now=timezone.now()):
            messages.success(request, f"“{key.name}” is revoked. Whatever uses it is refused from now on.")
        return redirect_to(request, reverse("accounts:key_list", args=[workspace]))
    return render(
        request,
        "accounts/key_revoke.html#key-revoke" if is_htmx(request) else "accounts/key_revoke.html",
        {"key": key, "is_own": key.membership_id == request.membership.pk},
    )


def _keys_in_sight(request: WorkspaceRequest) -> ApiKeyQuerySet:
    """One's own; for an owner, everybody's in this workspace."""
    keys_here = ApiKey.objects.in_workspace(request.membership.workspace)
    everybodys = Q() if request.membership.role == Role.OWNER else Q(membership=request.membership)
    return keys_here.filter(everybodys)
