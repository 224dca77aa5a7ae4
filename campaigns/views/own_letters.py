"""Personal letters of a campaign: have them written, look at each, accept it, change it, or drop it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import own_letters
from campaigns.custom_names import custom_names_in
from campaigns.drafting import bulk
from campaigns.drafting.bulk import CannotDraftError
from campaigns.drafting.desk import Desk, NotReady, desk_of
from campaigns.drafting.tasks import draft_soon
from campaigns.forms import LetterForm
from campaigns.lead_list import Filters
from campaigns.models import Campaign, DraftRun, Lead, OwnLetter, Step
from campaigns.previews import Preview, preview
from campaigns.queueing import LARGEST_REQUEST
from campaigns.rendering import BUILT_IN
from campaigns.views.page import campaign_context, find_campaign, find_lead, mailbox_of, may_act, numbers_in
from outreach_site.accounts.access import OWNERS, READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.accounts.models import SenderIdentity
from outreach_site.lib.htmx import is_htmx, redirect_to

PAGE = "campaigns/own_letter_list.html"
FORM = "campaigns/own_letter_form.html"
PAGE_SIZE = 10
State = OwnLetter.State
SHOWN = {
    State.PROPOSED: "To look at",
    State.ACCEPTED: "Accepted",
    State.FAILED: "Not written",
    State.DROPPED: "Dropped",
}


@allow(READERS)
@require_GET
def own_letter_list(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """How far the run is, and the letters: `?show=accepted` those, `?after=7` the ones after it. Constant queries."""
    campaign = find_campaign(request, pk)
    context = list_context(request, campaign)
    if is_htmx(request):
        is_status = getattr(request, "htmx").target == "own-status"  # noqa: B009 - django-htmx adds it
        part = "own-status" if is_status else "own-letters"
        context |= {"campaign": campaign, "may_act": may_act(request), "is_status": is_status}
        return render(request, f"{PAGE}#{part}", context)
    return render(request, PAGE, campaign_context(request, campaign, "letters") | context)


def list_context(request: WorkspaceRequest, campaign: Campaign) -> dict[str, Any]:
    now = timezone.now()
    run = campaign.draft_runs.select_related("user").first()
    counts = dict(OwnLetter.objects.of(campaign).order_by().values_list("state").annotate(n=Count("pk")))
    wanted = request.GET.get("show", "")
    state = State(wanted) if wanted in SHOWN else State.PROPOSED
    letters = OwnLetter.objects.of(campaign).filter(state=state).select_related("lead__contact", "accepted_by")
    after = request.GET.get("after", "")
    if after.isascii() and after.isdigit():
        letters = letters.filter(pk__gt=int(after[:18]))
    page = list(letters.order_by("pk")[: PAGE_SIZE + 1])
    desk = desk_of(campaign.workspace)
    step = campaign.steps.current().first()
    left = bulk.to_write(campaign, step).count()
    base = reverse("campaigns:own_letter_list", args=[campaign.workspace.slug, campaign.pk])
    context = {
        "run": run,
        "going_on": run is not None and run.finished_at is None,
        "written": run.total - counts.get(State.WAITING, 0) if run else 0,
        "counts": counts,
        "shown_state": state,
        "filters": [
            {"label": label, "url": f"{base}?show={value}", "current": value == state, "count": counts.get(value, 0)}
            for value, label in SHOWN.items()
            if counts.get(value) or value == State.PROPOSED
        ],
        "list_url": base,
        "letters": cards(campaign, page[:PAGE_SIZE]),
        "next_url": f"{base}?show={state}&after={page[PAGE_SIZE - 1].pk}" if len(page) > PAGE_SIZE else "",
        "backed": OwnLetter.objects.of(campaign).proposed().filter(open_claims=0).count(),
        "not_ready": desk if isinstance(desk, NotReady) else None,
        "is_owner": request.membership.role in OWNERS,
        "has_letter": step is not None and bool(step.letter_body.strip()),
        "left": left,
        "most": min(left, bulk.MOST_LETTERS),
        "suggested": min(left, 20),
        "undecided": counts.get(State.PROPOSED, 0),
    }
    if isinstance(desk, Desk):
        context |= {"tokens": desk.used(now=now), "limit": desk.limit}
    return context


def cards(campaign: Campaign, letters: list[OwnLetter]) -> list[dict[str, Any]]:
    """Each letter as its reader will have it, with its claims. No query."""
    identity = campaign.identity or SenderIdentity.objects.default_of(campaign.workspace) if letters else None
    mailbox = mailbox_of(campaign) if letters else None
    sender = mailbox.email if mailbox else ""
    return [{"letter": one, "preview": seen(campaign, one, identity, sender)} for one in letters]


def seen(campaign: Campaign, letter: OwnLetter, identity: SenderIdentity | None, sender: str) -> Preview | None:
    if not letter.letter_body:
        return None
    return preview(
        letter.letter_subject,
        letter.letter_body,
        lead=letter.lead,
        identity=identity,
        campaign=campaign,
        sender=sender,
        claims=claims_of(letter.claims),
    )


def claims_of(claims: list[Mapping[str, str]]) -> list[tuple[str, bool]]:
    return [(claim["text"], bool(claim["passage"])) for claim in claims]


@allow(SENDERS)
@require_GET
def own_letters_ask(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Before letters are written for chosen leads (`?lead=3&lead=5`, or `?matching=1` with the table's filters): how
    many, and what that uses up. Constant queries."""
    campaign = find_campaign(request, pk)
    filters = Filters.read(request.GET.dict())
    named, matching = numbers_in(request.GET)[:LARGEST_REQUEST], bool(request.GET.get("matching"))
    back = f"{reverse('campaigns:campaign_detail', args=[workspace, campaign.pk])}?{filters.query()}"
    if not named and not matching:
        messages.warning(request, "Choose at least one lead. Nothing was begun.")
        return redirect_to(request, back)
    meant = filters.apply(campaign) if matching else Lead.objects.filter(campaign=campaign, pk__in=named)
    step = campaign.steps.current().first()
    can = bulk.to_write(campaign, step).filter(pk__in=meant.order_by().values("pk"))
    found = list(can.values_list("pk", flat=True)[: bulk.MOST_LETTERS + 1])
    leads, more = found[: bulk.MOST_LETTERS], len(found) > bulk.MOST_LETTERS
    context: dict[str, Any] = {"campaign": campaign, "back": back, "leads": leads, "more": more, "problem": ""}
    desk = desk_of(campaign.workspace)
    if isinstance(desk, NotReady):
        context |= {"problem": desk.sentence}
    elif step is None or not step.letter_body.strip():
        context |= {"problem": "Write and save the campaign's letter first: the personal ones start from it."}
    elif not leads:
        context |= {"problem": "None of these leads is left to write to: each has a letter, a draft, or no address."}
    else:
        others = 0 if more else meant.count() - len(leads)
        context |= {"others": others, "tokens": desk.used(now=timezone.now()), "limit": desk.limit}
    template = "campaigns/own_letter_ask.html"
    return render(request, f"{template}#question" if is_htmx(request) else template, context)


@allow(SENDERS)
@require_POST
def own_letters_begin(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Have letters written: for the leads that are named, or for so many."""
    campaign = find_campaign(request, pk)
    named = numbers_in(request.POST)
    number = request.POST.get("number", "")
    most = int(number[:6]) if number.isascii() and number.isdigit() else bulk.MOST_LETTERS
    try:
        run = bulk.begin(campaign, lead_ids=named or None, most=most, user=request.user, now=timezone.now())
    except CannotDraftError as err:
        messages.warning(request, str(err))
    else:
        draft_soon(run.pk)
        messages.info(request, f"{run.total} letter{' is' if run.total == 1 else 's are'} being written.")
    return back(request, campaign)


@allow(SENDERS)
@require_POST
def own_letters_cancel(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    run = get_object_or_404(
        DraftRun.objects.in_workspace(request.membership.workspace).select_related("campaign"), pk=pk
    )
    if bulk.cancel(run, now=timezone.now()):
        messages.info(request, "Cancelled. What was written so far stays here.")
    else:
        messages.info(request, "It was done already.")
    return redirect_to(request, reverse("campaigns:own_letter_list", args=[workspace, run.campaign_id]))


@allow(SENDERS)
@require_POST
def own_letters_accept(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """All whose every claim stands on a page."""
    campaign = find_campaign(request, pk)
    number = own_letters.accept_backed(campaign, user=request.user, now=timezone.now())
    if number:
        messages.success(request, f"{number} letter{'' if number == 1 else 's'} accepted.")
    else:
        messages.info(request, "There was none to accept: the others want to be looked at one by one.")
    return back(request, campaign)


@allow(SENDERS)
@require_POST
def own_letter_start(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """A letter for one lead alone, by hand: it begins with the campaign's text, or what stands there already."""
    lead = find_lead(request, pk)
    letter = OwnLetter.objects.filter(lead=lead).exclude(letter_body="").first()
    if letter is None:
        step = lead.campaign.steps.current().first()
        if step is None or not step.letter_body.strip():
            messages.warning(request, "Write and save the campaign's letter first: this one starts from it.")
            return redirect_to(request, reverse("campaigns:campaign_letters", args=[workspace, lead.campaign_id]))
        letter = own_letters.write(
            lead, subject=step.letter_subject, body=step.letter_body, user=request.user, now=timezone.now()
        )
    return redirect_to(request, reverse("campaigns:own_letter_edit", args=[workspace, letter.pk]))


@allow(SENDERS)
@require_POST
def own_letter_accept(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    letter = find_own_letter(request, pk)
    if own_letters.accept(letter, user=request.user, now=timezone.now()):
        messages.success(request, f"The letter to {letter.lead} is accepted.", extra_tags=undo(workspace, letter))
    else:
        messages.warning(request, "This letter does not wait to be looked at any more.")
    return back(request, letter.lead.campaign)


@allow(SENDERS)
@require_POST
def own_letter_drop(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    letter = find_own_letter(request, pk)
    if own_letters.drop(letter, user=request.user, now=timezone.now()):
        messages.success(
            request, f"Dropped: {letter.lead} gets the campaign's letter.", extra_tags=undo(workspace, letter)
        )
    else:
        messages.warning(request, "There is no letter to drop any more.")
    return back(request, letter.lead.campaign)


@allow(SENDERS)
@require_POST
def own_letter_undo(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What was accepted or dropped wants to be looked at again."""
    letter = find_own_letter(request, pk)
    if own_letters.take_up(letter, user=request.user, now=timezone.now()):
        messages.info(request, f"The letter to {letter.lead} wants to be looked at again.")
    else:
        messages.warning(request, "There is nothing to undo.")
    return redirect_to(request, reverse("campaigns:own_letter_list", args=[workspace, letter.lead.campaign_id]))


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def own_letter_edit(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """A person's own words for this lead; with `preview` in the form nothing is saved."""
    letter = find_own_letter(request, pk)
    campaign = letter.lead.campaign
    subject = request.POST.get("letter_subject", letter.letter_subject)
    body = request.POST.get("letter_body", letter.letter_body)
    names = custom_names_in(Lead.objects.filter(campaign=campaign), subject, body)
    form = LetterForm(request.POST or None, instance=Step(letter_subject=subject, letter_body=body), custom_names=names)
    only_looks = "preview" in request.POST
    if request.method == "POST" and not only_looks and form.is_valid():
        values = form.cleaned_data
        own_letters.write(
            letter.lead,
            subject=values["letter_subject"],
            body=values["letter_body"],
            user=request.user,
            now=timezone.now(),
        )
        messages.success(request, f"The letter to {letter.lead} is saved. It is what they get.")
        return redirect_to(request, reverse("campaigns:own_letter_list", args=[workspace, campaign.pk]))
    identity = campaign.identity or SenderIdentity.objects.default_of(campaign.workspace)
    mailbox = mailbox_of(campaign)
    letter.letter_subject, letter.letter_body = subject, body.replace("\r\n", "\n")
    letter.claims = [claim for claim in letter.claims if claim["text"] in letter.letter_body]
    shown = seen(campaign, letter, identity, mailbox.email if mailbox else "")
    context = {
        "letter": letter,
        "form": form,
        "preview": shown,
        "checks": [{"tone": one.tone, "text": one.sentence} for one in shown.findings] if shown else [],
        "placeholders": [{"name": name, "what": what} for name, what in BUILT_IN.items()],
        "custom_names": names,
    }
    failed = request.method == "POST" and not only_looks
    status = 422 if failed else 200
    if is_htmx(request):
        part = "own-letter-editor" if failed else "own-letter-preview"
        context |= {"campaign": campaign}
        return render(request, f"{FORM}#{part}", context, status=status)
    return render(
        request, FORM, campaign_context(request, campaign, "letters") | context, status=422 if failed else 200
    )


def find_own_letter(request: WorkspaceRequest, pk: int) -> OwnLetter:
    letters = OwnLetter.objects.in_workspace(request.membership.workspace)
    return get_object_or_404(
        letters.select_related(
            "lead__contact", "lead__campaign__workspace", "lead__campaign__identity", "lead__campaign__mailbox"
        ),
        pk=pk,
    )


def back(request: WorkspaceRequest, campaign: Campaign) -> HttpResponse:
    """To the letters that want to be looked at; for htmx the list anew."""
    if is_htmx(request):
        context = list_context(request, campaign) | {"campaign": campaign, "may_act": True, "is_next": True}
        return render(request, f"{PAGE}#own-letters", context)
    return redirect_to(request, reverse("campaigns:own_letter_list", args=[campaign.workspace.slug, campaign.pk]))


def undo(workspace: str, letter: OwnLetter) -> str:
    return f"undo:{reverse('campaigns:own_letter_undo', args=[workspace, letter.pk])}"
