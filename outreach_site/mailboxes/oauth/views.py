"""Connecting a mailbox with Google or Microsoft: out to the provider's page, and back to one fixed address."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from outreach_site.accounts.access import OWNERS, WorkspaceRequest, allow, signed_in
from outreach_site.accounts.models import Membership, Role, User
from outreach_site.lib.crypto import HOW_TO_MAKE_A_KEY, KeyMissingError, has_encryption_key
from outreach_site.lib.htmx import redirect_to
from outreach_site.mailboxes.models import Mailbox
from outreach_site.mailboxes.oauth.connecting import check_address, disconnect, keep
from outreach_site.mailboxes.oauth.grants import GrantError, depart, exchange
from outreach_site.mailboxes.oauth.providers import PROVIDERS, OAuthProvider, provider_for
from outreach_site.mailboxes.rules import ProblemError

# Departures that one session keeps, and for how long a person may stay at the provider's page.
AT_ONCE, STAY = 5, timedelta(minutes=15)
KEY = "mailbox_departures"

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def form_may_lead_away(view: View) -> View:
    """The page's form posts to us and is led on to the provider: browsers ask the content policy for that too."""
    hosts = sorted({f"https://{urlsplit(each.authorize_url).netloc}" for each in PROVIDERS.values()})
    updated: View = csp_update({"form-action": hosts})(view)  # type: ignore[assignment]  # the view, with a header
    return updated


@dataclass(frozen=True, slots=True)
class ConnectButton:
    """What the form says of connecting: its button, or what whoever runs this installation has to set."""

    label: str
    url: str
    is_set_up: bool
    what_to_set: str
    redirect_uri: str
    where_to_register: str


def connect_button(workspace: str, provider: str, mailbox: Mailbox | None) -> ConnectButton | None:
    """None for a provider that offers no connecting, and for the environment's mailbox."""
    offered = provider_for(mailbox.provider if mailbox else provider)
    if offered is None or (mailbox is not None and mailbox.from_environment):
        return None
    return ConnectButton(
        label=offered.label,
        url=reverse("mailboxes:mailbox_connect", args=[workspace, mailbox.pk])
        if mailbox
        else reverse("mailboxes:new_mailbox_connect", args=[workspace, provider]),
        is_set_up=offered.is_set_up,
        what_to_set=offered.what_to_set,
        redirect_uri=redirect_uri(offered),
        where_to_register=offered.where_to_register,
    )


def redirect_uri(provider: OAuthProvider) -> str:
    """The one address that is registered with the provider. One each: an answer of one cannot pass for the other's."""
    return settings.SITE_URL.rstrip("/") + reverse("mailbox_connection:connected", args=[provider.key.value])


# --- Out -------------------------------------------------------------------------------------------------------------


@allow(OWNERS)
@require_POST
def new_mailbox_connect(request: WorkspaceRequest, workspace: str, provider: str) -> HttpResponse:
    here = request.membership.workspace
    offered = None if here.is_rehearsal else provider_for(provider)
    if offered is None:
        raise Http404("Nothing to connect with.")
    return _depart(request, offered, None)


@allow(OWNERS)
@require_POST
def mailbox_connect(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    found = _mailbox(request, mailbox)
    offered = None if found.from_environment or found.workspace.is_rehearsal else provider_for(found.provider)
    if offered is None:
        messages.error(request, "Only mailboxes at Google and Microsoft can be connected; others use a password.")
        return _to_list(request, workspace)
    return _depart(request, offered, found)


def _depart(request: WorkspaceRequest, provider: OAuthProvider, mailbox: Mailbox | None) -> HttpResponse:
    slug = request.membership.workspace.slug
    problem = (
        f"Connecting with {provider.label} needs {provider.what_to_set} on this server."
        if not provider.is_set_up
        else ""
        if has_encryption_key()
        else HOW_TO_MAKE_A_KEY
    )
    if problem:
        messages.error(request, problem)
        return _to_list(request, slug)
    hint = mailbox.email if mailbox else request.POST.get("email", "").strip()[:254]
    departure = depart(provider, redirect_uri=redirect_uri(provider), login_hint=hint)
    now = timezone.now()
    kept = {state: each for state, each in request.session.get(KEY, {}).items() if _is_fresh(each, now)}
    newest = dict(list(kept.items())[-(AT_ONCE - 1) :])
    request.session[KEY] = newest | {
        departure.state: {
            "provider": provider.key.value,
            "membership": request.membership.pk,
            "mailbox": mailbox.pk if mailbox else None,
            "user": request.user.pk,
            "verifier": departure.verifier,
            "nonce": departure.nonce,
            "at": now.isoformat(),
        }
    }
    return redirect_to(request, departure.url)


# --- Back ------------------------------------------------------------------------------------------------------------


@signed_in
@never_cache
@sensitive_variables("code", "departure", "grant")
@require_GET
def connected(request: HttpRequest, provider: str) -> HttpResponse:
    """The provider sends people back here. What they left with must be in this very session, and is used up."""
    if provider not in PROVIDERS:
        raise Http404("No such provider.")
    departure = _take_departure(request, provider)
    if departure is None:
        messages.error(
            request, "This connection was begun elsewhere, or too long ago. Nothing was connected: try again."
        )
        return HttpResponseRedirect(reverse("desk:home"))
    assert isinstance(request.user, User)  # noqa: S101 - @signed_in was checked; this tells the type checker
    membership = Membership.objects.of(request.user).filter(pk=departure["membership"], role=Role.OWNER).first()
    if membership is None:
        raise Http404("No such workspace.")
    here = membership.workspace
    _land(request, PROVIDERS[provider], departure, membership)
    return HttpResponseRedirect(reverse("mailboxes:mailbox_list", args=[here.slug]))


def _land(request: HttpRequest, provider: OAuthProvider, departure: dict[str, Any], membership: Membership) -> None:
    code, error = request.GET.get("code", ""), request.GET.get("error", "")
    if error or not code:
        refused = error == "access_denied"
        why = "the permission was not given" if refused else f"{provider.label} answered “{error[:60] or 'nothing'}”"
        messages.warning(request, f"Nothing was connected: {why}.")
        return
    mailbox = None
    if departure["mailbox"] is not None:
        mailbox = Mailbox.objects.in_workspace(membership.workspace).in_use().filter(pk=departure["mailbox"]).first()
        if mailbox is None or mailbox.from_environment:
            messages.error(request, "Nothing was connected: the mailbox was removed meanwhile.")
            return
    now = timezone.now()
    try:
        grant = exchange(
            provider,
            code=code,
            verifier=departure["verifier"],
            nonce=departure["nonce"],
            redirect_uri=redirect_uri(provider),
            now=now,
        )
        if mailbox is not None:
            check_address(mailbox, provider, grant.email)
        saved = keep(mailbox, grant, provider, workspace=membership.workspace, by=membership.user, now=now)
    except GrantError as err:
        messages.error(request, f"Nothing was connected. {err.sentence}")
    except (ProblemError, KeyMissingError) as err:
        messages.error(request, str(err))
    else:
        messages.success(request, f"{saved.email} is connected with {provider.label}. Press Test to try it out.")


def _take_departure(request: HttpRequest, provider: str) -> dict[str, Any] | None:
    """The departure that this answer belongs to, taken out of the session: a second answer finds none."""
    kept: dict[str, Any] = dict(request.session.get(KEY, {}))
    asked = request.GET.get("state", "")
    state = next((each for each in kept if secrets.compare_digest(each.encode(), asked.encode())), None)
    if state is None:
        return None
    departure: dict[str, Any] = kept.pop(state)
    request.session[KEY] = kept
    is_ours = departure["provider"] == provider and departure["user"] == request.user.pk
    return departure if is_ours and _is_fresh(departure, timezone.now()) else None


def _is_fresh(departure: dict[str, Any], now: datetime) -> bool:
    at = parse_datetime(departure["at"])
    return at is not None and now - at < STAY


# --- Taking it back --------------------------------------------------------------------------------------------------


@allow(OWNERS)
@require_POST
def mailbox_disconnect(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    found = _mailbox(request, mailbox)
    provider = PROVIDERS.get(found.sign_in_by)
    if provider is not None:
        if disconnect(found, by=request.user, now=timezone.now()):
            messages.success(request, f"{found.email} is disconnected, and {provider.label} gives nobody access by it.")
        else:
            messages.success(
                request,
                f"The tokens of {found.email} are forgotten here. Withdraw the permission itself at "
                f"{provider.where_to_withdraw}.",
            )
    return redirect_to(request, reverse("mailboxes:mailbox_edit", args=[workspace, found.pk]))


def _mailbox(request: WorkspaceRequest, pk: int) -> Mailbox:
    here = request.membership.workspace
    return get_object_or_404(Mailbox.objects.in_workspace(here).in_use().select_related("workspace"), pk=pk)


def _to_list(request: WorkspaceRequest, slug: str) -> HttpResponse:
    return redirect_to(request, reverse("mailboxes:mailbox_list", args=[slug]))
