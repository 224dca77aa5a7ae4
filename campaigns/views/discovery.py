"""Finding sites: asking for a search, watching it, and choosing what becomes a lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_GET, require_POST

from campaigns.discovery import runs
from campaigns.discovery.runs import CannotDiscoverError
from campaigns.discovery.search import MORE_PATTERNS, NotSetUp, Provider
from campaigns.forms import DiscoveryForm
from campaigns.models import Campaign, DiscoveryRun, FoundSite, RunQuery
from campaigns.tasks import discover_soon
from campaigns.views.page import campaign_context, find_campaign, may_act
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

EARLIER = 20  # runs that are listed


@allow(READERS)
@require_GET
def discovery(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What to search for, and the searches before."""
    campaign = find_campaign(request, pk)
    providers = runs.available(campaign.workspace)
    return render(request, "campaigns/discovery.html", _page(request, campaign, providers, _form(campaign, providers)))


@allow(SENDERS)
@require_POST
def discovery_begin(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Begin a search; what is wrong with it is said beside what was typed."""
    campaign = find_campaign(request, pk)
    providers = runs.available(campaign.workspace)
    form = _form(campaign, providers, request.POST, request.FILES)
    if form.is_valid():
        try:
            run = runs.begin(campaign, form.wanted(), user=request.user, now=timezone.now())
        except CannotDiscoverError as err:
            form.add_error(None, str(err))
        else:
            discover_soon(run.pk)
            return redirect_to(request, reverse("campaigns:discovery_run", args=[workspace, run.pk]))
    context = _page(request, campaign, providers, form)
    template = "campaigns/discovery.html"
    return render(request, f"{template}#discovery-form" if is_htmx(request) else template, context, status=422)


Providers = Mapping[str, Provider | NotSetUp]


def _form(
    campaign: Campaign,
    providers: Providers,
    data: QueryDict | None = None,
    files: MultiValueDict[str, UploadedFile] | None = None,
) -> DiscoveryForm:
    ready = [(name, each.label) for name, each in providers.items() if not isinstance(each, NotSetUp)]
    return DiscoveryForm(data, files, providers=ready, initial={"keyword": campaign.topic})


def _page(request: WorkspaceRequest, campaign: Campaign, providers: Providers, form: DiscoveryForm) -> dict[str, Any]:
    return campaign_context(request, campaign, "find") | {
        "form": form,
        "missing": [each.sentence for each in providers.values() if isinstance(each, NotSetUp)],
        "more_patterns": MORE_PATTERNS.items(),
        "runs": _earlier(campaign),
        "options_open": form.is_bound,
    }


def _earlier(campaign: Campaign) -> list[DiscoveryRun]:
    return list(campaign.discovery_runs.select_related("user").with_counts()[:EARLIER])


@allow(READERS)
@require_GET
def discovery_run(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """A search as it goes on; for htmx its state and results alone, with what was ticked still ticked."""
    run = _find_run(request, pk)
    context = _run_context(run) | {
        "may_act": may_act(request),
        "campaign": run.campaign,
        "chosen": set(_numbers(request.GET.getlist("site"))),
    }
    template = "campaigns/discovery_run.html"
    if is_htmx(request):
        return render(request, f"{template}#run", context)
    return render(request, template, context | campaign_context(request, run.campaign, "find"))


def _run_context(run: DiscoveryRun) -> dict[str, Any]:
    results = runs.results(run, now=timezone.now())
    queries = list(run.queries.all())
    states = FoundSite.State
    return {
        "run": run,
        "queries": queries,
        "asked": sum(query.state != RunQuery.State.WAITING for query in queries),
        "results": results,
        "read": sum(result.site.state == states.READ for result in results),
        "waiting": sum(result.site.state == states.WAITING for result in results),
        "with_address": sum(bool(result.contacts) for result in results),
        "choosable": sum(result.can_be_added for result in results),
        "done": sum(result.site.state != states.WAITING for result in results),
    }


@allow(SENDERS)
@require_POST
def discovery_cancel(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    run = _find_run(request, pk)
    if runs.cancel(run, now=timezone.now()):
        messages.info(request, "Cancelled. What was found so far stays here.")
    else:
        messages.info(request, "It was done already.")
    return redirect_to(request, reverse("campaigns:discovery_run", args=[workspace, run.pk]))


@allow(SENDERS)
@require_POST
def discovery_save(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The chosen sites become leads of the campaign."""
    run = _find_run(request, pk)
    chosen = _numbers(request.POST.getlist("site"))
    if not chosen:
        messages.warning(request, "Choose at least one site. Nothing was added.")
        return redirect_to(request, reverse("campaigns:discovery_run", args=[workspace, run.pk]))
    saved = runs.save(run, chosen, user=request.user, now=timezone.now())
    text = f"{saved.added} lead{'' if saved.added == 1 else 's'} added."
    if saved.failed:
        messages.warning(request, f"{text} {len(saved.failed)} could not be: {saved.failed[0]}")
    else:
        messages.success(request, text)
    return redirect_to(request, reverse("campaigns:discovery_run", args=[workspace, run.pk]))


def _find_run(request: WorkspaceRequest, pk: int) -> DiscoveryRun:
    found = DiscoveryRun.objects.in_workspace(request.membership.workspace)
    return get_object_or_404(
        found.select_related("campaign__workspace", "campaign__identity", "campaign__mailbox", "user"), pk=pk
    )


def _numbers(texts: list[str]) -> list[int]:
    """The ids of ticked rows; anything else in the request is nobody's."""
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
