"""Changing many leads at once: asking what, doing it, watching it, taking it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import bulk
from campaigns.bulk import AT_ONCE, Action
from campaigns.lead_list import Filters, assignable, tags_of
from campaigns.lead_tasks import change_leads_soon
from campaigns.marks import CannotChangeError
from campaigns.models import BulkChange, Lead
from campaigns.views.page import campaign_context, find_campaign, may_act
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def lead_bulk(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET (`?act=status&lead=3&lead=5`, or `?act=tag&matching=1` with the table's filters) asks; POST does it."""
    campaign = find_campaign(request, pk)
    given = request.POST if request.method == "POST" else request.GET
    if given.get("act") not in Action.values:
        raise BadRequest("There is no such change.")
    action = Action(given["act"])
    filters = Filters.read(given.dict())
    chosen = [] if given.get("matching") else _numbers(given)
    back = f"{reverse('campaigns:campaign_detail', args=[workspace, campaign.pk])}?{filters.query()}"
    if not chosen and not given.get("matching"):
        messages.warning(request, "Choose at least one lead. Nothing was changed.")
        return redirect_to(request, back)
    error = ""
    if request.method == "POST":
        try:
            begun = bulk.begin(
                campaign,
                action,
                given.get("value", "") or given.get("new", ""),
                chosen=chosen,
                filters=filters,
                user=request.user,
                now=timezone.now(),
            )
        except CannotChangeError as err:
            error = str(err)
        else:
            return _do(request, begun, back)
    leads = Lead.objects.filter(campaign=campaign, pk__in=chosen) if chosen else filters.apply(campaign)
    context = {
        "campaign": campaign,
        "action": action,
        "total": leads.count(),
        "chosen": chosen,
        "filters": filters,
        "back": back,
        "error": error,
        "statuses": Lead.Status.choices,
        "people": assignable(campaign.workspace) if action == Action.ASSIGN else [],
        "tags": tags_of(campaign.workspace) if action in {Action.TAG, Action.UNTAG} else [],
        "value": given.get("value", ""),
    }
    template = "campaigns/lead_bulk.html"
    page = f"{template}#question" if is_htmx(request) else template
    return render(request, page, context, status=422 if error else 200)


def _numbers(given: QueryDict) -> list[int]:
    texts = given.getlist("lead")[:AT_ONCE]
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]


def _do(request: WorkspaceRequest, change: BulkChange, back: str) -> HttpResponse:
    """The first part at once, so that a few leads need no waiting; a worker goes on with the rest."""
    if bulk.step(change.pk, now=timezone.now()):
        change_leads_soon(change.pk)
        messages.info(
            request, f"{change.total:,} leads are being changed. You may leave this page: it goes on by itself."
        )
        return redirect_to(request, back)
    change.refresh_from_db()
    if change.failed:
        return redirect_to(request, _url(request, "bulk_detail", change))
    _say(request, change)
    return redirect_to(request, back)


def _say(request: WorkspaceRequest, change: BulkChange) -> None:
    """A toast, with Undo where there is one."""
    undo = ""
    if bulk.can_be_undone(change, now=timezone.now()):
        undo = f"undo:{_url(request, 'bulk_undo', change)}"
    messages.success(request, sentence_of(change), extra_tags=undo)


def sentence_of(change: BulkChange) -> str:
    """What became of it."""
    count = f"{change.changed:,} {'lead was' if change.changed == 1 else 'leads were'}"
    if change.action == Action.CANCEL:
        return f"{change.letters:,} waiting {'letter was' if change.letters == 1 else 'letters were'} taken back."
    if not change.changed and not change.failed:
        return "They stood like that already. Nothing was changed."
    text = f"{count} {bulk.in_words(change)}."
    if change.letters:
        text += f" {change.letters:,} waiting {'letter was' if change.letters == 1 else 'letters were'} taken back."
    if change.action == Action.STATUS and change.value == Lead.Status.UNSUBSCRIBED and change.changed:
        text += " Nobody here will write to them again."
    return text


@allow(READERS)
@require_GET
def bulk_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """How far a change has come, and which leads could not be changed; for htmx its progress alone."""
    change = _find(request, pk)
    if is_htmx(request):
        return render(request, "campaigns/bulk_detail.html#progress", _progress(request, change))
    context = campaign_context(request, change.campaign, "leads") | _progress(request, change)
    names = Lead.objects.in_bulk([number for number, _ in change.failures])
    context["failures"] = [(names.get(number), number, sentence) for number, sentence in change.failures]
    return render(request, "campaigns/bulk_detail.html", context)


def _progress(request: WorkspaceRequest, change: BulkChange) -> dict[str, Any]:
    return {
        "bulk": change,
        "sentence": sentence_of(change),
        "can_undo": may_act(request) and bulk.can_be_undone(change, now=timezone.now()),
        "may_act": may_act(request),
    }


@allow(SENDERS)
@require_POST
def bulk_undo(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Put back what stood there before. Letters that were taken back stay so."""
    change = _find(request, pk)
    back = reverse("campaigns:campaign_detail", args=[workspace, change.campaign_id])
    if not bulk.undo(change, user=request.user, now=timezone.now()):
        messages.warning(request, "This cannot be undone any more. Nothing was changed.")
        return redirect_to(request, back)
    if bulk.step(change.pk, now=timezone.now()):
        change_leads_soon(change.pk)
        messages.info(request, "It is being undone. You may leave this page: it goes on by itself.")
    else:
        text = "Undone."
        if change.letters:
            text += f" {change.letters:,} {'letter stays' if change.letters == 1 else 'letters stay'} taken back."
        messages.success(request, text)
    return redirect_to(request, back)


def _find(request: WorkspaceRequest, pk: int) -> BulkChange:
    found = BulkChange.objects.in_workspace(request.membership.workspace)
    return get_object_or_404(
        found.select_related("campaign__workspace", "campaign__identity", "campaign__mailbox", "user"), pk=pk
    )


def _url(request: WorkspaceRequest, name: str, change: BulkChange) -> str:
    return reverse(f"campaigns:{name}", args=[request.membership.workspace.slug, change.pk])
