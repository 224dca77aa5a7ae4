"""Home, Today, search, and the page that probes ask."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from outreach_site.accounts.access import READERS, WorkspaceRequest, allow, public, signed_in
from outreach_site.accounts.models import Membership, Role, User, Workspace
from outreach_site.desk import searching
from outreach_site.desk import today as today_page
from outreach_site.desk.health import health as ask_health
from outreach_site.lib.htmx import is_htmx


@signed_in
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The workspace one was in last, else the first; a page of its own for somebody who is in none."""
    assert isinstance(request.user, User)  # noqa: S101 - the door has let a person in; this tells the type checker
    memberships = list(Membership.objects.of(request.user))
    last = next((one for one in memberships if one.workspace_id == request.user.last_workspace_id), None)
    entered = last or next(iter(memberships), None)
    if entered is not None:
        return redirect("desk:today", entered.workspace.slug)
    return render(request, "desk/no_workspace.html")


@allow(READERS)
@require_GET
def today(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    now = timezone.now()
    context = {
        "today": today_page.today(request.membership, now=now),
        "own_workspace": _own_workspace(request.membership),
        "now": now,
    }
    return render(request, "desk/today.html", context)


def _own_workspace(membership: Membership) -> Workspace | None:
    """The way out of a rehearsal: the first real workspace whose mailboxes this person may connect."""
    if not membership.workspace.is_rehearsal:
        return None
    own = Membership.objects.of(membership.user).filter(role=Role.OWNER, workspace__is_rehearsal=False).first()
    return own.workspace if own else None


@allow(READERS)
@require_GET
def search(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    found = searching.search(request.membership.workspace, query)
    template = "desk/search.html#results" if is_htmx(request) else "desk/search.html"
    return render(request, template, {"search_query": query, "found": found, "of_each": searching.OF_EACH})


@public
@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 when all is well, else 503; how old things are, never whose they are."""
    now = timezone.now()
    found = ask_health(now)
    said = {
        "status": "ok" if found.is_well else "trouble",
        "database": found.database,
        "redis": found.redis,
        "workers": {
            pulse.cluster: {
                "ok": pulse.is_well,
                "seen_seconds_ago": int((now - pulse.beat_at).total_seconds()) if pulse.beat_at else None,
                "hosts": len(pulse.hosts),
                "silent_hosts": len(pulse.silent_hosts),
            }
            for pulse in found.pulses
        },
        "oldest_due_letter_seconds": found.backlog_seconds,
        "oldest_unsealed_audit_seconds": found.unsealed_seconds,
        "failing_mailboxes": len(found.failing),
        "trouble": found.sentences,
    }
    return JsonResponse(said, status=200 if found.is_well else 503)
