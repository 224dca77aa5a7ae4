"""Placements: what was agreed, whether it is there, and what to do when it is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Case, Count, IntegerField, Q, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.models import Lead, Placement, PlacementCheck
from campaigns.placement_forms import PlacementForm
from campaigns.placements import checking, numbers, recording, words
from campaigns.placements.tasks import check_soon
from campaigns.placements.verdict import SENTENCES, Outcome, Problem
from campaigns.views.page import higher_room, in_dialog, may_act
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.lib.ports import begin_answer

PAGE_SIZE = 50
EARLIER = 50  # looks that are shown
# A worker that has not come by then will not: the page stops asking.
PATIENCE = timedelta(minutes=3)
State = Placement.State
_PLACE = re.compile(r"([0-4])~(\d{1,18})", re.ASCII)  # where a page of the list ended: rank and key

# Lost ones first, then what a person has to look at.
_ORDER = (State.LOST, State.CHANGED, State.REVIEW, State.EXPECTED, State.LIVE)
_TONES: Mapping[str, str] = {
    State.EXPECTED: "neutral",
    State.LIVE: "good",
    State.CHANGED: "warn",
    State.REVIEW: "info",
    State.LOST: "bad",
}


@dataclass(frozen=True)
class Row:
    """A placement as the table and its own page show it."""

    placement: Placement
    now: datetime

    @property
    def tone(self) -> str:
        return _TONES[self.placement.state]

    @property
    def problems(self) -> list[str]:
        return [SENTENCES[Problem(problem)] for problem in self.placement.problems]

    @property
    def is_over(self) -> bool:
        return self.placement.is_over(timezone.localdate(self.now))

    @property
    def is_being_checked(self) -> bool:
        asked_at = self.placement.asked_at
        return asked_at is not None and self.now - asked_at < PATIENCE


@allow(READERS)
@require_GET
def placement_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """All of them, lost ones first; `?state=` those alone."""
    here = Placement.objects.in_workspace(request.membership.workspace)
    state = request.GET.get("state", "")
    if state not in State.values:
        state = ""
    counts = dict(here.order_by().values_list("state").annotate(count=Count("pk")))
    chosen = here.filter(state=state) if state else here
    rank = Case(*(When(state=one, then=Value(at)) for at, one in enumerate(_ORDER)), output_field=IntegerField())
    ranked = chosen.annotate(rank=rank).select_related("lead__contact", "lead__campaign").order_by("rank", "-pk")
    place = _PLACE.fullmatch(request.GET.get("after", ""))
    if place:
        ranked = ranked.filter(Q(rank__gt=int(place[1])) | Q(rank=int(place[1]), pk__lt=int(place[2])))
    found = list(ranked[: PAGE_SIZE + 1])
    shown, last = found[:PAGE_SIZE], found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    url, now = reverse("placements:placement_list", args=[workspace]), timezone.now()
    following = f"{_ORDER.index(State(last.state))}~{last.pk}" if last else ""

    chips = [{"label": "All", "url": url, "current": not state, "count": sum(counts.values())}] + [
        {"label": one.label, "url": f"{url}?state={one}", "current": state == one, "count": counts[one]}
        for one in _ORDER
        if counts.get(one)
    ]
    context = {
        "rows": [Row(placement, now) for placement in shown],
        "chips": chips,
        "survival": numbers.survival(here, now=now),
        "first_url": (f"{url}?state={state}" if state else url) if place else "",
        "next_url": f"{url}?{urlencode({'state': state, 'after': following})}" if following else "",
        "may_act": may_act(request),
    }
    return render(request, "campaigns/placement_list.html", context)


@allow(READERS)
@require_GET
def placement_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """One link with every look at it; for htmx the part that changes while it is looked at."""
    return _detail(request, _find(request, pk))


def _detail(request: WorkspaceRequest, placement: Placement) -> HttpResponse:
    looks: list[PlacementCheck] = list(placement.checks.select_related("by")[:EARLIER])
    context = {
        "placement": placement,
        "row": Row(placement, timezone.now()),
        "looks": [
            (look, [SENTENCES[Problem(problem)] for problem in look.problems], look.outcome == Outcome.FOUND)
            for look in looks
        ],
        "letter": words.letter_about(placement),
        "may_act": may_act(request),
    }
    name = "campaigns/placement_detail.html"
    return render(request, f"{name}#placement" if is_htmx(request) else name, context)


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def placement_create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Write down what was agreed. `?lead=7` with that site; `page`, `price` and `currency` as a reply said them."""
    lead = _lead_named(request)
    form = PlacementForm(
        request.POST or None,
        workspace=request.membership.workspace,
        lead=lead,
        initial=_beginning(request, lead),
    )
    if request.method == "POST" and form.is_valid():
        placement = form.save(commit=False)
        recording.agree(placement, user=request.user, now=timezone.now())
        check_soon()
        messages.success(request, "Written down. The page is looked at now, and every week from then on.")
        return redirect_to(request, _url(request, placement))
    return _form(request, form, lead=lead)


def _lead_named(request: WorkspaceRequest) -> Lead | None:
    named = request.POST.get("lead") or request.GET.get("lead") or ""
    if not (named.isascii() and named.isdigit() and len(named) < 19):
        return None
    leads = Lead.objects.in_workspace(request.membership.workspace)
    return get_object_or_404(leads.select_related("contact", "campaign__identity"), pk=int(named))


def _beginning(request: WorkspaceRequest, lead: Lead | None) -> dict[str, Any]:
    said = {name: request.GET.get(name, "") for name in ("page_url", "price", "currency")}
    known: dict[str, Any] = {}
    if lead is not None:
        ours = recording.target_pages(lead.campaign)
        identity = lead.campaign.identity
        known["target_url"] = ours[0] if ours else identity.site if identity else ""
        if lead.quoted_price:
            known |= {"price": lead.quoted_price, "currency": lead.quoted_currency}
    return known | {name: value for name, value in said.items() if value}


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def placement_edit(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    placement = _find(request, pk)
    form = PlacementForm(
        request.POST or None, instance=placement, workspace=request.membership.workspace, lead=placement.lead
    )
    if request.method == "POST" and form.is_valid():
        recording.change(form.save(commit=False), user=request.user, now=timezone.now())
        check_soon()
        messages.success(request, "Saved. The page is looked at again.")
        return redirect_to(request, _url(request, placement))
    return _form(request, form, lead=placement.lead, placement=placement)


def _form(
    request: WorkspaceRequest, form: PlacementForm, *, lead: Lead | None, placement: Placement | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "lead": lead,
        "placement": Placement.objects.get(pk=placement.pk) if placement else None,
        "here_url": request.get_full_path(),
    }
    name = "campaigns/placement_form.html"
    template = f"{name}#placement-form" if is_htmx(request) else name
    return render(request, template, context, status=422 if form.is_bound else 200)


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def placement_delete(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Asks first. What was seen goes with it."""
    placement = _find(request, pk)
    if request.method == "POST":
        recording.forget(placement, user=request.user, now=timezone.now())
        messages.success(request, "The placement is deleted.")
        return redirect_to(request, reverse("placements:placement_list", args=[workspace]))
    context = {
        "title": "Delete this placement?",
        "text": f"{placement.page_url} is not looked at any more, and what was seen of it until now is gone. "
        "The lead keeps its status.",
        "action": reverse("placements:placement_delete", args=[workspace, placement.pk]),
        "cancel_url": _url(request, placement),
    }
    name = "campaigns/lead_delete.html"
    return render(request, f"{name}#confirmation" if in_dialog(request) else name, context)


@allow(SENDERS)
@require_POST
def placement_check(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Look now: a worker does, and the page shows what came of it."""
    placement = _find(request, pk)
    checking.ask(placement, by=request.user, now=timezone.now())
    check_soon()
    return _after(request, placement)


@allow(SENDERS)
@require_POST
def placement_confirm(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """A person has looked: `seen=yes` it is there, `seen=no` it is not."""
    placement = _find(request, pk)
    seen = request.POST.get("seen", "")
    if seen not in {"yes", "no"}:
        raise BadRequest("Say whether you saw it.")
    checking.confirm(placement, is_there=seen == "yes", by=request.user, now=timezone.now())
    return _after(request, placement)


@allow(SENDERS)
@require_POST
def placement_note(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The loss is known: Today says it no more."""
    placement = _find(request, pk)
    recording.note_loss(placement, now=timezone.now())
    return _after(request, placement)


@allow(SENDERS)
@require_POST
def placement_write(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Begin a letter about it in the conversation that there is with the site. What somebody has begun there stays."""
    placement = _find(request, pk)
    begun = begin_answer(
        placement.lead_id, text=words.letter_about(placement), user_id=request.user.pk, now=timezone.now()
    )
    url = higher_room("inbox:reply_detail", workspace, begun.reply_id) if begun else ""
    if begun is None or not url:
        messages.warning(request, "Nobody there has written to you yet. Copy the letter below, and send it by hand.")
        return redirect_to(request, _url(request, placement))
    if not begun.is_new:
        messages.info(request, "You had begun an answer to them already: it stands as you left it.")
    recording.note_loss(placement, now=timezone.now())
    return redirect_to(request, url)


def _find(request: WorkspaceRequest, pk: int) -> Placement:
    here = Placement.objects.in_workspace(request.membership.workspace)
    return get_object_or_404(
        here.select_related("lead__contact", "lead__campaign__workspace", "created_by", "asked_by"), pk=pk
    )


def _url(request: WorkspaceRequest, placement: Placement) -> str:
    return reverse("placements:placement_detail", args=[request.membership.workspace.slug, placement.pk])


def _after(request: WorkspaceRequest, placement: Placement) -> HttpResponse:
    return _detail(request, placement) if is_htmx(request) else redirect_to(request, _url(request, placement))
