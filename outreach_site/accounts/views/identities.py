"""Sender identities: list, form with its preview, default, deletion."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from outreach_site.accounts import identities
from outreach_site.accounts.access import OWNERS, READERS, WorkspaceRequest, allow
from outreach_site.accounts.forms import SenderIdentityForm
from outreach_site.accounts.models import SenderIdentity, Workspace
from outreach_site.lib.htmx import is_htmx, redirect_to


@allow(READERS)
@require_safe
def identity_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    return _list(request)


@allow(OWNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def identity_create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here = request.membership.workspace
    form = SenderIdentityForm(request.POST or None, instance=SenderIdentity(workspace=here))
    if request.method == "POST" and form.is_valid():
        identities.add(form.instance, by=request.user)
        messages.success(request, f"{form.instance.name} can sign letters now.")
        return redirect_to(request, reverse("accounts:identity_list", args=[workspace]))
    return _form(request, form)


@allow(OWNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def identity_edit(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    form = SenderIdentityForm(request.POST or None, instance=_find(request, pk))
    if request.method == "POST" and form.is_valid():
        changed = identities.change(form.instance, by=request.user)
        messages.success(request, "Saved. Letters show it from now on." if changed else "Nothing was different.")
        return redirect_to(request, reverse("accounts:identity_list", args=[workspace]))
    return _form(request, form)


@allow(OWNERS)
@require_POST
def identity_preview(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """How a letter would end with what is typed so far. Stores nothing, and does not mind gaps."""
    form = SenderIdentityForm(request.POST, instance=SenderIdentity(workspace=request.membership.workspace))
    form.is_valid()
    shown = SenderIdentity(**{name: form.cleaned_data.get(name, "") for name in identities.WRITTEN_FIELDS})
    template = "accounts/identity_form.html#identity-preview" if is_htmx(request) else "accounts/identity_preview.html"
    return render(request, template, {"shown": shown})


@allow(OWNERS)
@require_POST
def identity_make_default(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    identity = _find(request, pk)
    if identities.make_default(identity, by=request.user):
        messages.success(request, f"New campaigns write as {identity}.")
    if is_htmx(request):
        return _list(request)
    return redirect_to(request, reverse("accounts:identity_list", args=[workspace]))


@allow(OWNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def identity_delete(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    identity = _find(request, pk)
    if request.method == "POST":
        heir = identities.remove(identity, by=request.user)
        then = f" New campaigns write as {heir} now." if heir else ""
        messages.success(request, f"{identity} was deleted.{then}")
        return redirect_to(request, reverse("accounts:identity_list", args=[workspace]))
    return render(
        request,
        "accounts/identity_delete.html#identity-delete" if is_htmx(request) else "accounts/identity_delete.html",
        {"identity": identity, "sentence": _what_deleting_does(identity)},
    )


def _what_deleting_does(identity: SenderIdentity) -> str:
    uses = [f"{use.count} {use.what}" for use in identities.uses_of(identity)]
    if not uses:
        return "Nothing uses it. Letters that were sent keep their text."
    return (
        f"It is used by {' and '.join(uses)}. They will have nobody to write as: waiting letters stay where they are "
        "until you choose another identity for their campaign. Letters that were sent keep their text."
    )


def _find(request: WorkspaceRequest, pk: int) -> SenderIdentity:
    return get_object_or_404(SenderIdentity.objects.in_workspace(request.membership.workspace), pk=pk)


def _list(request: WorkspaceRequest) -> HttpResponse:
    here: Workspace = request.membership.workspace
    found = SenderIdentity.objects.in_workspace(here).order_by("-is_default", "name", "pk")
    template = "accounts/identity_list.html#identities" if is_htmx(request) else "accounts/identity_list.html"
    return render(request, template, {"identities": list(found)})


def _form(request: WorkspaceRequest, form: SenderIdentityForm) -> HttpResponse:
    return render(
        request,
        "accounts/identity_form.html#identity-form" if is_htmx(request) else "accounts/identity_form.html",
        {"form": form, "identity": form.instance, "shown": form.instance},
        status=422 if form.errors else 200,
    )
