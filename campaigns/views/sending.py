"""From chosen leads to letters that leave: what will go and what cannot, and the letters of a campaign one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Count
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.first_letters import in_the_way
from campaigns.grounds import BY_HAND, name_ground, waiting_for_ground
from campaigns.launching import SAME_ADDRESS
from campaigns.lead_list import Filters
from campaigns.letters import as_sent
from campaigns.models import Attempt, Campaign, Ground, Lead
from campaigns.previews import marked
from campaigns.queueing import LARGEST_REQUEST, Foreseen, Queued, cancel, foresee_letters, look_first, queue_letters
from campaigns.rota import CannotQueueError
from campaigns.views.page import (
    PAGE_SIZE,
    campaign_context,
    find_attempt,
    find_campaign,
    in_dialog,
    may_act,
    says_first,
)
from compliance.models import AuditEntry, Kind
from compliance.regions import asks_businesses_too
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def campaign_send(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET (`?lead=3&lead=5`, or `?all=1` for every lead that has not been written to) shows what will go, what waits
    and what cannot go, each with its reason; POST queues what was shown."""
    campaign = find_campaign(request, pk)
    leads = chosen_leads(campaign, request.POST if request.method == "POST" else request.GET)
    ground = request.POST.get("ground", "")
    if ground and ground not in BY_HAND:
        raise BadRequest("There is no such ground.")
    if request.method == "POST" and leads:
        try:
            queued = queue_letters(
                campaign, leads[:LARGEST_REQUEST], user=request.user, now=timezone.now(), ground=ground
            )
        except CannotQueueError:
            pass  # Said below, on the page.
        else:
            say_queued(request, campaign, queued)
            return redirect_to(request, reverse("campaigns:campaign_detail", args=[workspace, campaign.pk]))
    context = send_context(request, campaign, leads)
    template = "campaigns/campaign_send.html"
    page = f"{template}#confirmation" if is_htmx(request) else template
    return render(request, page, context, status=422 if request.method == "POST" else 200)


def chosen_leads(campaign: Campaign, query: QueryDict) -> list[Lead]:
    """The leads that were ticked, or the next with an address and no letter yet; one more than go at once, if any."""
    leads = Lead.objects.of(campaign).order_by("pk")
    if query.get("all"):
        fresh = leads.filter(status=Lead.Status.DISCOVERED).exclude(contact=None)
        live = Attempt.objects.filter(campaign=campaign, state__in=Attempt.LIVE)
        return list(fresh.exclude(pk__in=live.values("lead"))[: LARGEST_REQUEST + 1])
    if query.get("matching"):
        matching = Filters.read(query.dict()).apply(campaign)
        return list(matching.select_related("contact").order_by("pk")[: LARGEST_REQUEST + 1])
    numbers = [
        int(number) for number in query.getlist("lead") if number.isascii() and number.isdigit() and len(number) < 19
    ]
    return list(leads.filter(pk__in=numbers[: LARGEST_REQUEST + 1]))


@dataclass(frozen=True)
class Group:
    """Letters that share a fate, said once."""

    sentence: str
    leads: list[Lead]


def send_context(request: WorkspaceRequest, campaign: Campaign, leads: list[Lead]) -> dict[str, Any]:
    more, leads = len(leads) > LARGEST_REQUEST, leads[:LARGEST_REQUEST]
    context: dict[str, Any] = {"campaign": campaign, "leads": leads, "more": more}
    context |= {"grounds": [(ground.value, ground.label) for ground in BY_HAND], "problem": ""}
    try:
        foreseen = foresee_letters(campaign, leads, user=request.user, now=timezone.now())
    except CannotQueueError as err:
        return context | {"problem": str(err)}
    had, looks, addresses = in_the_way(campaign, leads), look_first(campaign, leads), set[str]()
    going: list[Foreseen] = []
    waiting: list[Foreseen] = []
    asking: list[Foreseen] = []
    refused: list[tuple[str, Lead]] = []
    kept = 0
    for one in foreseen:
        address = one.lead.contact.email_key if one.lead.contact else ""
        if one.refused:
            refused.append((one.sentence, one.lead))
        elif one.lead.pk in had or address in addresses:
            refused.append((had.get(one.lead.pk, SAME_ADDRESS), one.lead))
        elif look := looks.get(one.lead.pk):
            refused.append((look.sentence, one.lead))
            kept += look.is_new
            addresses.add(address)
        else:
            (asking if one.asks_for_ground else waiting if one.waits else going).append(one)
            addresses.add(address)
    return context | {
        "going": going,
        "waiting": grouped([(one.sentence, one.lead) for one in waiting]),
        "asking": [one.lead for one in asking],
        "asks_businesses_too": any(
            one.attempt is not None and asks_businesses_too(one.attempt.recipient_key) for one in asking
        ),
        "refused": grouped(refused),
        "refused_count": len(refused),
        "kept_count": kept,
        "queue_count": len(going) + len(waiting) + len(asking),
        "waiting_count": len(waiting),
        "samples": [one.attempt for one in sample(going or waiting or asking)],
    }


def sample(foreseen: list[Foreseen]) -> list[Foreseen]:
    """Three finished letters to read before they leave: the first, the middle and the last."""
    if not foreseen:
        return []
    places = sorted({0, len(foreseen) // 2, len(foreseen) - 1})
    return [foreseen[place] for place in places]


def grouped(pairs: list[tuple[str, Lead]]) -> list[Group]:
    groups: dict[str, list[Lead]] = {}
    for sentence, lead in pairs:
        groups.setdefault(sentence, []).append(lead)
    return [Group(sentence, leads) for sentence, leads in sorted(groups.items(), key=lambda item: -len(item[1]))]


def say_queued(request: WorkspaceRequest, campaign: Campaign, queued: Queued) -> None:
    count, refused = len(queued.attempts), len(queued.refused)
    if count:
        text = "1 letter is queued" if count == 1 else f"{count} letters are queued"
        text += f"{says_first(queued.attempts, campaign)}."
        messages.success(request, f"{text} {refused} could not be." if refused else text)
    else:
        messages.warning(request, "Nothing was queued: none of these letters can go.")


@allow(READERS)
@require_GET
def attempt_list(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The letters of a campaign, newest first."""
    campaign = find_campaign(request, pk)
    state = request.GET.get("state", "")
    state = state if state in Attempt.State.values else ""
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise BadRequest("This page of the list does not exist.")
    letters = Attempt.objects.filter(campaign=campaign).select_related("lead", "mailbox").defer("body")
    if state:
        letters = letters.filter(state=state)
    found = list((letters.filter(pk__lt=int(before)) if before else letters).order_by("-pk")[: PAGE_SIZE + 1])
    page, more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    url = reverse("campaigns:attempt_list", args=[workspace, campaign.pk])
    counts = dict(campaign.attempts.order_by().values_list("state").annotate(Count("pk")))
    query = f"state={state}&" if state else ""
    context = {
        "letters": page,
        "state": state,
        "chips": [{"label": "All", "count": sum(counts.values()), "url": url, "current": not state}]
        + [
            {"label": one.label, "count": counts[one], "url": f"{url}?state={one.value}", "current": state == one}
            for one in Attempt.State
            if one in counts
        ],
        "next_url": f"{url}?{query}before={page[-1].pk}" if more else "",
        "first_url": f"{url}?state={state}" if state else url,
        "is_first_page": not before,
        "may_act": may_act(request),
        "campaign": campaign,
        "now": timezone.now(),
        "for_ground": waiting_for_ground(campaign).count(),
        "grounds": [(ground.value, ground.label) for ground in BY_HAND],
    }
    template = "campaigns/attempt_list.html"
    if is_htmx(request):
        return render(request, f"{template}#letter-rows", context)
    return render(request, template, context | campaign_context(request, campaign, "outgoing"))


@allow(READERS)
@require_GET
def attempt_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """One letter: as it reads, where it stands, and why."""
    attempt = find_attempt(request, pk)
    template = "campaigns/attempt_detail.html"
    context = {
        "attempt": attempt,
        "campaign": attempt.campaign,
        "may_act": may_act(request),
        "can_cancel": attempt.state == Attempt.State.QUEUED,
        "marked": marked(attempt.subject, attempt.body) if _may_still_change(attempt) else None,
        "closing": attempt.letterhead.get("closing", ""),
        "asks": attempt.asks.split() if attempt.state == Attempt.State.QUEUED and attempt.due_at is None else [],
        "enclosures": attempt.enclosures.defer("content") if attempt.kind == Kind.ANSWER else (),
        "is_decided": AuditEntry.objects.filter(about=attempt.about).exists(),
        "in_panel": in_dialog(request),
    }
    return render(request, f"{template}#letter-card" if is_htmx(request) else template, context)


def _may_still_change(attempt: Attempt) -> bool:
    """Whether advice on its words comes in time; an answer to somebody who wrote is between two people."""
    return attempt.state in {Attempt.State.DRAFT, Attempt.State.QUEUED} and attempt.kind != Kind.ANSWER


@allow(READERS)
@require_GET
def attempt_eml(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The whole letter as mail programs keep it, without the reader's own unsubscribe link."""
    attempt = find_attempt(request, pk)
    try:
        message = as_sent(attempt)
    except ValueError as err:
        raise Http404(str(err)) from err
    name = f"letter-{attempt.pk}.eml"
    return HttpResponse(
        message,
        content_type="message/rfc822",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )


@allow(SENDERS)
@require_POST
def attempt_cancel(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Take back a letter that has not left."""
    attempt = find_attempt(request, pk)
    if cancel(attempt, user=request.user, now=timezone.now()):
        messages.success(request, f"The letter to {attempt.recipient} is taken back.")
    else:
        messages.warning(request, "Too late: this letter does not wait any more.")
    return redirect_to(request, reverse("campaigns:attempt_detail", args=[workspace, attempt.pk]))


@allow(SENDERS)
@require_POST
def campaign_ground(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Say why we may write, for all letters of the campaign that wait for that."""
    campaign = find_campaign(request, pk)
    if request.POST.get("ground", "") not in BY_HAND:
        messages.warning(request, "Choose why you may write first.")
    else:
        ground = Ground(request.POST["ground"])
        named = name_ground(waiting_for_ground(campaign), ground, user=request.user, now=timezone.now())
        messages.success(
            request,
            f"Kept for {named} {'letter, which goes' if named == 1 else 'letters, which go'} on in turn."
            if named
            else "No letter waits for that any more.",
        )
    return redirect_to(request, reverse("campaigns:attempt_list", args=[workspace, campaign.pk]))
