"""The list of campaigns, and one campaign as a whole: create, settings, pause, archive, delete."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.forms import CampaignForm, CampaignSettingsForm
from campaigns.lifecycle import (
    OnItsWayError,
    archive_campaign,
    delete_campaign,
    in_the_way,
    restore_campaign,
    start_campaign,
)
from campaigns.models import Campaign
from campaigns.paging import after, place_of
from campaigns.progress import figures_of
from campaigns.views.page import PAGE_SIZE, campaign_context, find_campaign, may_act, with_query
from compliance import audit
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.lib.paging import NoSuchPlaceError


@allow(READERS)
@require_GET
def campaign_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """All campaigns, newest first, with what they have brought."""
    here = request.membership.workspace
    archived = request.GET.get("show") == "archived"
    campaigns = Campaign.objects.in_workspace(here).select_related("owner")
    campaigns = campaigns.exclude(archived_at=None) if archived else campaigns.current()
    try:
        shown = list(after(campaigns, request.GET.get("after", ""))[: PAGE_SIZE + 1])
    except NoSuchPlaceError as err:
        raise BadRequest(str(err)) from err
    page, more = shown[:PAGE_SIZE], len(shown) > PAGE_SIZE
    figures = figures_of(page, now=timezone.now())
    url = reverse("campaigns:campaign_list", args=[here.slug])
    query = {"show": "archived"} if archived else {}
    context = {
        "rows": [{"campaign": campaign, "figures": figures[campaign.pk]} for campaign in page],
        "archived": archived,
        "is_first_page": "after" not in request.GET,
        "next_url": with_query(url, **query, after=place_of(page[-1])) if more else "",
        "first_url": with_query(url, **query) if query else url,
        "may_act": may_act(request),
    }
    template = "campaigns/campaign_list.html"
    return render(request, f"{template}#campaign-rows" if is_htmx(request) else template, context)


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def campaign_create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here = request.membership.workspace
    form = CampaignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        campaign = start_campaign(
            here,
            name=form.cleaned_data["name"],
            keywords=form.cleaned_data["keywords"],
            user=request.user,
            now=timezone.now(),
        )
        messages.success(request, f"{campaign.name} is here. Add the first sites.")
        return redirect_to(request, reverse("campaigns:campaign_detail", args=[here.slug, campaign.pk]))
    template = "campaigns/campaign_form.html"
    return render(
        request,
        f"{template}#campaign-form" if is_htmx(request) else template,
        {"form": form},
        status=422 if form.is_bound else 200,
    )


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def campaign_settings(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    campaign = find_campaign(request, pk)
    form = CampaignSettingsForm(request.POST or None, instance=campaign, workspace=request.membership.workspace)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            note("campaign.changed", campaign, request, changed=form.changed_data)
        messages.success(request, "Saved.")
        return redirect_to(request, request.path)
    context = {"form": form}
    template = "campaigns/campaign_settings.html"
    status = 422 if form.is_bound else 200
    if is_htmx(request):
        return render(request, f"{template}#settings-form", context | {"campaign": campaign}, status=status)
    # The header names the campaign as it is stored, not as it was just typed.
    header = campaign_context(request, find_campaign(request, pk), "settings")
    return render(request, template, context | header, status=status)


@allow(SENDERS)
@require_POST
def campaign_pause(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Acts before the next letter: what waits stays in its place."""
    campaign = find_campaign(request, pk)
    if campaign.state != Campaign.State.PAUSED:
        with transaction.atomic():
            campaign.pause()
            note("campaign.paused", campaign, request)
    undo = reverse("campaigns:campaign_resume", args=[workspace, campaign.pk])
    messages.success(request, f"{campaign.name} is paused. No further letter leaves.", extra_tags=f"undo:{undo}")
    return back_to_campaign(request, campaign)


@allow(SENDERS)
@require_POST
def campaign_resume(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    campaign = find_campaign(request, pk)
    if campaign.state == Campaign.State.PAUSED:
        with transaction.atomic():
            campaign.resume()
            note("campaign.resumed", campaign, request)
    if whys := in_the_way(campaign):
        messages.warning(request, f"{campaign.name} goes on, but its letters still wait. {' '.join(whys)}")
    else:
        messages.success(request, f"{campaign.name} goes on. What waits leaves again in its turn.")
    return back_to_campaign(request, campaign)


@allow(SENDERS)
@require_POST
def campaign_archive(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Out of the list, and nothing of it leaves; everything stays readable."""
    campaign = find_campaign(request, pk)
    archive_campaign(campaign, user=request.user, now=timezone.now())
    undo = reverse("campaigns:campaign_restore", args=[workspace, campaign.pk])
    messages.success(request, f"{campaign.name} is archived.", extra_tags=f"undo:{undo}")
    return redirect_to(request, reverse("campaigns:campaign_list", args=[workspace]))


@allow(SENDERS)
@require_POST
def campaign_restore(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    campaign = find_campaign(request, pk)
    restore_campaign(campaign, user=request.user, now=timezone.now())
    messages.success(request, f"{campaign.name} is back in the list.")
    return back_to_campaign(request, campaign)


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def campaign_delete(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET asks, POST deletes: the name has to be typed. The record of what was sent outlives it."""
    campaign = find_campaign(request, pk)
    error = ""
    if request.method == "POST":
        if request.POST.get("confirm", "").strip() != campaign.name.strip():
            error = "That is not the campaign's name. Type it as it stands there."
        else:
            try:
                delete_campaign(campaign, user=request.user, now=timezone.now())
            except OnItsWayError as err:
                error = str(err)
            else:
                messages.success(request, f"{campaign.name} is deleted, with its leads, letters and replies.")
                return redirect_to(request, reverse("campaigns:campaign_list", args=[workspace]))
    leads, letters = campaign.leads.count(), campaign.attempts.count()
    context = {
        "campaign": campaign,
        "title": f"Delete {campaign.name}?",
        "text": f"This deletes {leads} {'lead' if leads == 1 else 'leads'}, {letters} "
        f"{'letter' if letters == 1 else 'letters'} and all replies to them, for good. Nobody gets a letter twice "
        "because of it: that record stays, and so does every opt-out. To keep them readable, archive it instead.",
        "action": request.path,
        "cancel_url": reverse("campaigns:campaign_settings", args=[workspace, campaign.pk]),
        "error": error,
    }
    template = "campaigns/campaign_delete.html"
    page = f"{template}#confirmation" if is_htmx(request) else template
    return render(request, page, context, status=422 if error else 200)


def back_to_campaign(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """To where the button was pressed if that is a page of this campaign, else to its leads."""
    home = reverse("campaigns:campaign_detail", args=[campaign.workspace.slug, campaign.pk])
    return redirect_to(request, home)


def note(event: str, campaign: Campaign, request: WorkspaceRequest, **details: object) -> None:
    audit.record(
        event,
        workspace=campaign.workspace,
        user=request.user,
        about=campaign.subject,
        details=details,
        now=timezone.now(),
    )
