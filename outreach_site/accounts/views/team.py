"""The team: who is here, as what, and who is invited."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from outreach_site.accounts import invitations, team
from outreach_site.accounts.access import OWNERS, READERS, WorkspaceRequest, allow
from outreach_site.accounts.forms import InvitationForm, RoleForm
from outreach_site.accounts.invitations import Offer
from outreach_site.accounts.models import Invitation, Membership, Role
from outreach_site.lib.htmx import is_htmx, redirect_to

log = structlog.get_logger(__name__)

# Letters to addresses that somebody types, from the server's own mail account: few enough to be of no use to a spammer.
INVITATION_RATE = {"invitation": "20/h/user"}
TOO_MANY = "You have sent many invitations in the last hour. Wait a while before you send more."


@dataclass(frozen=True)
class Row:
    """One person of the team as the page shows them."""

    membership: Membership
    is_self: bool
    is_confirmed: bool
    has_second_factor: bool


@dataclass(frozen=True)
class InvitationRow:
    invitation: Invitation
    is_open: bool


@allow(READERS)
@require_safe
def team_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    return _list(request)


@allow(OWNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def team_role(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    membership = _find(request, pk)
    form = RoleForm(request.POST or None, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        role: Role = form.cleaned_data["role"]
        try:
            if team.change_role(membership, role, by=request.user):
                name = membership.user.get_full_name()
                messages.success(request, f"{name} is {_article(role)} {role.label.lower()} now.")
        except team.TeamError as err:
            form.add_error("role", str(err))
        else:
            lost_access = membership.user_id == request.user.pk and role is not Role.OWNER
            page = "accounts:settings" if lost_access else "accounts:team_list"
            return redirect_to(request, reverse(page, args=[workspace]))
    return render(
        request,
        "accounts/team_role.html#team-role" if is_htmx(request) else "accounts/team_role.html",
        {"form": form, "member": membership},
        status=422 if form.errors else 200,
    )


@allow(OWNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def team_remove(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    membership = _find(request, pk)
    error = ""
    if request.method == "POST":
        try:
            team.remove_member(membership, by=request.user)
        except team.TeamError as err:
            error = str(err)
        else:
            messages.success(request, f"{membership.user.get_full_name()} is no longer in {membership.workspace}.")
            left = membership.user_id == request.user.pk
            return redirect_to(
                request, reverse("desk:home") if left else reverse("accounts:team_list", args=[workspace])
            )
    return render(
        request,
        "accounts/team_remove.html#team-remove" if is_htmx(request) else "accounts/team_remove.html",
        {
            "member": membership,
            "key_count": membership.api_keys.filter(revoked_at=None).count(),
            "error": error,
        },
        status=422 if error else 200,
    )


@allow(OWNERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    form = InvitationForm(request.POST or None, initial={"role": Role.MARKETER})
    if request.method == "POST" and form.is_valid():
        if not _may_write_one_more(request):
            form.add_error(None, TOO_MANY)
        else:
            try:
                offer = invitations.invite(
                    request.membership.workspace,
                    form.cleaned_data["email"],
                    form.cleaned_data["role"],
                    by=request.user,
                    now=timezone.now(),
                )
            except team.TeamError as err:
                form.add_error("email", str(err))
            else:
                return _sent(request, offer)
    return render(
        request,
        "accounts/invitation_form.html#invitation-form" if is_htmx(request) else "accounts/invitation_form.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


@allow(OWNERS)
@never_cache
@require_POST
def invitation_resend(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """A new letter with a new link; the one before stops working."""
    invitation = _find_invitation(request, pk)
    trouble = "" if _may_write_one_more(request) else TOO_MANY
    if not trouble:
        try:
            return _sent(request, invitations.renew(invitation, by=request.user, now=timezone.now()))
        except team.TeamError as err:
            trouble = str(err)
    messages.error(request, trouble)
    return redirect_to(request, reverse("accounts:team_list", args=[workspace]))


@allow(OWNERS)
@require_POST
def invitation_revoke(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    invitation = _find_invitation(request, pk)
    invitations.revoke(invitation, by=request.user)
    messages.success(request, f"The invitation to {invitation.email} is revoked. Its link no longer works.")
    if is_htmx(request):
        return _list(request)
    return redirect_to(request, reverse("accounts:team_list", args=[workspace]))


def _sent(request: WorkspaceRequest, offer: Offer) -> HttpResponse:
    """Send the letter, and show the link this once: in the answer itself, because it is kept nowhere."""
    failure = ""
    try:
        invitations.letter(offer).send()
    except OSError as err:  # what every mail backend raises for trouble on the way to its server
        log.error("invitation not sent", invitation=offer.invitation.pk, reason=str(err))  # noqa: TRY400 - said in full
        failure = str(err)
    return render(
        request,
        "accounts/invitation_sent.html#invitation-sent" if is_htmx(request) else "accounts/invitation_sent.html",
        {"invitation": offer.invitation, "link": offer.link, "failure": failure},
    )


def _may_write_one_more(request: WorkspaceRequest) -> bool:
    return bool(ratelimit.consume(request, app="outreach_site.accounts", action="invitation", config=INVITATION_RATE))


def _find(request: WorkspaceRequest, pk: int) -> Membership:
    members = Membership.objects.in_workspace(request.membership.workspace).select_related("user", "workspace")
    return get_object_or_404(members, pk=pk)


def _find_invitation(request: WorkspaceRequest, pk: int) -> Invitation:
    waiting = Invitation.objects.in_workspace(request.membership.workspace).filter(accepted_at=None)
    return get_object_or_404(waiting, pk=pk)


def _list(request: WorkspaceRequest) -> HttpResponse:
    """Four queries, however many people."""
    here = request.membership.workspace
    now = timezone.now()
    members = list(Membership.objects.in_workspace(here).select_related("user").order_by("user__name", "user__email"))
    users = [membership.user_id for membership in members]
    confirmed = set(EmailAddress.objects.filter(user__in=users, verified=True).values_list("user_id", flat=True))
    protected = set(
        Authenticator.objects.filter(user__in=users, type=Authenticator.Type.TOTP).values_list("user_id", flat=True)
    )
    waiting = Invitation.objects.in_workspace(here).filter(accepted_at=None).select_related("invited_by")
    return render(
        request,
        "accounts/team_list.html#team" if is_htmx(request) else "accounts/team_list.html",
        {
            "rows": [
                Row(
                    membership=membership,
                    is_self=membership.user_id == request.user.pk,
                    is_confirmed=membership.user_id in confirmed,
                    has_second_factor=membership.user_id in protected,
                )
                for membership in members
            ],
            "invitations": [
                InvitationRow(invitation=invitation, is_open=invitation.is_open(now))
                for invitation in waiting.order_by("-created_at")
            ],
        },
    )


def _article(role: Role) -> str:
    return "an" if role is Role.OWNER else "a"
