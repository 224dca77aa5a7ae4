"""Pages of a person, outside any workspace: an invitation, the profile, a new workspace, leaving one."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from outreach_site.accounts import invitations, team
from outreach_site.accounts.access import public, signed_in
from outreach_site.accounts.adapter import remember_invitation
from outreach_site.accounts.forms import NewWorkspaceForm, ProfileForm
from outreach_site.accounts.invitations import Presented
from outreach_site.accounts.models import Membership, Role, User
from outreach_site.lib.htmx import is_htmx, redirect_to


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """GET says who invites whom where and changes nothing, whoever opens it (mail scanners do); POST accepts."""
    presented = invitations.present(token)
    if presented is None or not presented.invitation.is_open(timezone.now()):
        return _gone(request, presented)
    if request.method != "POST":
        return _show(request, presented)
    if not isinstance(request.user, User):
        remember_invitation(request, token, mailed=presented.mailed)
        return HttpResponseRedirect(reverse("account_signup"))
    try:
        membership = invitations.accept(presented.invitation, request.user, now=timezone.now())
    except invitations.NotYoursError:
        return _show(request, presented, status=403)
    except team.TeamError:
        return _gone(request, presented)
    messages.success(request, f"Welcome to {membership.workspace}.")
    return HttpResponseRedirect(reverse("desk:home"))


def _show(request: HttpRequest, presented: Presented, *, status: int = 200) -> HttpResponse:
    invitation = presented.invitation
    person = request.user if isinstance(request.user, User) else None
    # Whether an address has an account is told to its own mailbox only: the other link may be in anybody's hands.
    has_account = presented.mailed and invitations.has_account(invitation)
    return render(
        request,
        "accounts/invitation_accept.html",
        {
            "invitation": invitation,
            "role": Role(invitation.role),
            "is_mine": person is not None and invitations.is_for(invitation, person),
            "has_account": has_account,
            "sign_in_url": f"{reverse('account_login')}?{urlencode({'next': request.path})}",
        },
        status=status,
    )


def _gone(request: HttpRequest, presented: Presented | None) -> HttpResponse:
    invitation = presented.invitation if presented else None
    return render(
        request,
        "accounts/invitation_gone.html",
        {"invitation": invitation},
        status=410 if invitation else 404,
    )


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def profile_edit(request: PersonRequest) -> HttpResponse:
    # A copy: the frame around the page names the person as they are, not as they were typed.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect_to(request, reverse("people:profile_edit"))
    return render(
        request,
        "accounts/profile_form.html#profile-form" if is_htmx(request) else "accounts/profile_form.html",
        {"form": form, "memberships": Membership.objects.of(request.user)},
        status=422 if form.errors else 200,
    )


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def workspace_create(request: PersonRequest) -> HttpResponse:
    initial = {"time_zone": request.user.last_workspace.time_zone} if request.user.last_workspace else None
    form = NewWorkspaceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        workspace = team.open_workspace(
            name=form.cleaned_data["name"],
            time_zone=form.cleaned_data["time_zone"],
            owner=request.user,
            now=timezone.now(),
        )
        messages.success(request, f"{workspace} is ready.")
        return redirect_to(request, reverse("desk:home"))
    return render(
        request,
        "accounts/workspace_create.html#workspace-create" if is_htmx(request) else "accounts/workspace_create.html",
        {"form": form, "is_first": not request.user.memberships.exists()},
        status=422 if form.errors else 200,
    )


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def workspace_leave(request: PersonRequest, slug: str) -> HttpResponse:
    membership = get_object_or_404(Membership.objects.of(request.user), workspace__slug=slug)
    error = ""
    if request.method == "POST":
        try:
            team.remove_member(membership, by=request.user)
        except team.TeamError as err:
            error = str(err)
        else:
            messages.success(request, f"You have left {membership.workspace}.")
            return redirect_to(request, reverse("people:profile_edit"))
    return render(
        request,
        "accounts/workspace_leave.html#workspace-leave" if is_htmx(request) else "accounts/workspace_leave.html",
        {"member": membership, "error": error},
        status=422 if error else 200,
    )
