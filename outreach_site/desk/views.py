"""Home, Today, the queue, search, and the page that probes ask."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from campaigns import approvals, queueing
from campaigns.models import Attempt
from compliance import audit
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow, public, signed_in
from outreach_site.accounts.models import Membership, Role, User, Workspace
from outreach_site.desk import queue as queue_page
from outreach_site.desk import searching
from outreach_site.desk import today as today_page
from outreach_site.desk.health import health as ask_health
from outreach_site.desk.queue import Show
from outreach_site.lib.htmx import is_htmx, redirect_to


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


@allow(READERS)
@require_GET
def queue(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    return _queue_page(request, request.GET.get("show", ""), request.GET.get("before", ""))


def _queue_page(request: WorkspaceRequest, show_text: str, before_text: str = "") -> HttpResponse:
    here = request.membership.workspace
    show = Show(show_text) if show_text in set(Show) else Show.NEXT
    before = int(before_text) if show is Show.HISTORY and before_text.isascii() and before_text.isdigit() else None
    page = queue_page.page(here, show=show, older_than=before, now=timezone.now())
    counts = {
        Show.NEXT: page.counts.next + page.counts.sending,
        Show.ASKING: page.counts.asking,
        Show.UNCERTAIN: page.counts.uncertain,
        Show.FAILED: page.counts.failed,
        Show.HISTORY: None,
    }
    context = {
        "page": page,
        "show": show.value,
        "list_url": _queue_url(here, show, before),
        "next_url": _queue_url(here, show, page.older_than) if page.older_than else "",
        "first_url": _queue_url(here, show) if before else "",
        "tabs": [
            {
                "label": queue_page.LABELS[tab],
                "url": _queue_url(here, tab),
                "current": tab is show,
                "count": count or "",
            }
            for tab, count in counts.items()
        ],
        "may_send": request.membership.role in SENDERS,
    }
    return render(request, "desk/queue.html#live" if is_htmx(request) else "desk/queue.html", context)


def _queue_url(here: Workspace, show: Show, before: int | None = None) -> str:
    asked = {} if show is Show.NEXT else {"show": show.value}
    asked |= {"before": str(before)} if before else {}
    return reverse("desk:queue", args=[here.slug]) + (f"?{urlencode(asked)}" if asked else "")


def _back_to_queue(request: WorkspaceRequest) -> HttpResponse:
    """The tab that the action was taken on: its rows for htmx, else the page."""
    if is_htmx(request):
        return _queue_page(request, request.POST.get("show", ""))
    show = request.POST.get("show", "")
    return redirect(_queue_url(request.membership.workspace, Show(show) if show in set(Show) else Show.NEXT))


@allow(SENDERS)
@require_POST
def sending_stop(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Acts before the next letter of every worker; a letter that is being handed over now still goes."""
    here, now = request.membership.workspace, timezone.now()
    with transaction.atomic():
        if here.sending_stopped_at is None:
            here.stop_sending(now=now)
            audit.record("sending.stopped", workspace=here, user=request.user, about=f"workspace:{here.pk}", now=now)
    undo = reverse("desk:sending_resume", args=[here.slug])
    messages.warning(request, "All sending is stopped. What waits keeps waiting.", extra_tags=f"undo:{undo}")
    return redirect_to(request, reverse("desk:queue", args=[here.slug]))


@allow(SENDERS)
@require_POST
def sending_resume(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here, now = request.membership.workspace, timezone.now()
    with transaction.atomic():
        if here.sending_stopped_at is not None:
            here.resume_sending()
            audit.record("sending.resumed", workspace=here, user=request.user, about=f"workspace:{here.pk}", now=now)
    messages.success(request, "Sending goes on.")
    return redirect_to(request, reverse("desk:queue", args=[here.slug]))


@allow(SENDERS)
@require_POST
def letter_cancel(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    letter = _letter(request, pk)
    if queueing.cancel(letter, user=request.user, now=timezone.now()):
        undo = reverse("desk:letter_requeue", args=[workspace, letter.pk])
        messages.success(request, f"The letter to {letter.recipient} was taken back.", extra_tags=f"undo:{undo}")
    else:
        messages.error(request, f"Too late: the letter to {letter.recipient} is no longer waiting.")
    return _back_to_queue(request)


@allow(SENDERS)
@require_POST
def letter_requeue(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    letter = _letter(request, pk)
    if queueing.requeue(letter, user=request.user, now=timezone.now()):
        messages.success(request, f"The letter to {letter.recipient} is queued again. Every rule is asked anew.")
    else:
        messages.error(
            request, f"The letter to {letter.recipient} was not queued: it is on its way, or another has gone there."
        )
    return _back_to_queue(request)


@allow(SENDERS)
@require_POST
def letter_write_anyway(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """To a site that somebody here wrote to lately."""
    letter = _letter(request, pk)
    if approvals.write_anyway(letter, user=request.user, now=timezone.now()):
        messages.success(request, f"The letter to {letter.recipient} goes on.")
    else:
        messages.error(request, f"The letter to {letter.recipient} does not wait for that any more.")
    return _back_to_queue(request)


@allow(SENDERS)
@require_POST
def letter_arrived(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    return _say_what_became_of(request, pk, arrived=True)


@allow(SENDERS)
@require_POST
def letter_lost(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """It did not arrive: the same letter goes again, under the same Message-ID."""
    return _say_what_became_of(request, pk, arrived=False)


def _say_what_became_of(request: WorkspaceRequest, pk: int, *, arrived: bool) -> HttpResponse:
    letter = _letter(request, pk)
    if queueing.settle_doubt(letter, arrived=arrived, user=request.user, now=timezone.now()):
        messages.success(
            request,
            f"Noted: the letter to {letter.recipient} arrived."
            if arrived
            else f"The letter to {letter.recipient} is queued again.",
        )
    else:
        messages.error(request, f"It is known already what became of the letter to {letter.recipient}, or too early.")
    return _back_to_queue(request)


def _letter(request: WorkspaceRequest, pk: int) -> Attempt:
    letters = Attempt.objects.in_workspace(request.membership.workspace).select_related("campaign__workspace")
    return get_object_or_404(letters, pk=pk)


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
        "workers": {
            pulse.cluster: {
                "ok": pulse.is_well,
                "seen_seconds_ago": int((now - pulse.beat_at).total_seconds()) if pulse.beat_at else None,
            }
            for pulse in found.pulses
        },
        "oldest_due_letter_seconds": found.backlog_seconds,
        "oldest_unsealed_audit_seconds": found.unsealed_seconds,
        "trouble": found.sentences,
    }
    return JsonResponse(said, status=200 if found.is_well else 503)
