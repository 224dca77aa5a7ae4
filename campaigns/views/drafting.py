"""Drafts beside what one writes: a letter, a follow-up, subjects. Nothing is saved, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from campaigns.custom_names import custom_names_in
from campaigns.drafting import writing
from campaigns.drafting.desk import Desk, NotReady, desk_of
from campaigns.drafting.forms import DraftForm, Kind
from campaigns.drafting.grounding import Claim
from campaigns.drafting.provider import DraftingError
from campaigns.drafting.writing import Draft, Tone
from campaigns.models import Campaign, Lead
from campaigns.previews import Look, Segment, segments
from campaigns.rendering import Mark, MarkKind
from campaigns.views.page import campaign_context, find_campaign
from outreach_site.accounts.access import OWNERS, SENDERS, WorkspaceRequest, allow
from outreach_site.accounts.models import SenderIdentity
from outreach_site.lib.htmx import is_htmx

PAGE = "campaigns/drafting.html"
UNBACKED = "Nothing on their pages backs this."


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def campaign_draft(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What to draft, and the draft beside it. Only a person puts it into the letter."""
    campaign = find_campaign(request, pk)
    desk = desk_of(campaign.workspace)
    posted = request.method == "POST"
    form = DraftForm(
        request.POST if posted else None,
        workspace=campaign.workspace,
        initial={"topic": campaign.topic, "what": request.GET.get("what", Kind.LETTER)},
    )
    result: dict[str, Any] = {}
    if posted and isinstance(desk, Desk) and form.is_valid():
        try:
            result = drafted(campaign, desk, form, original_of(request, campaign))
        except DraftingError as err:
            form.add_error(None, str(err))
    context = result | {
        "campaign": campaign,
        "form": form,
        "not_ready": desk if isinstance(desk, NotReady) else None,
        "is_owner": request.membership.role in OWNERS,
        "typed": typed_in(request, campaign),
    }
    if isinstance(desk, Desk):
        context |= {"tokens": desk.used(now=timezone.now()), "limit": desk.limit}
    status = 422 if posted and form.errors else 200
    if is_htmx(request):
        return render(request, f"{PAGE}#drafting", context, status=status)
    return render(request, PAGE, campaign_context(request, campaign, "letters") | context, status=status)


def drafted(campaign: Campaign, desk: Desk, form: DraftForm, original: Typed) -> dict[str, Any]:
    """What the template shows of it; `original` is what a follow-up follows. Raises DraftingError."""
    values, now = form.cleaned_data, timezone.now()
    tone = Tone(values["tone"])
    identity = campaign.identity or SenderIdentity.objects.default_of(campaign.workspace)
    our_site = identity.site if identity else ""
    if values["what"] == Kind.SUBJECTS:
        task = writing.subject_ideas(topic=values["topic"], tone=tone, body=values["letter_body"])
        return {"subjects": desk.subjects(task, now=now)}
    if values["what"] == Kind.FOLLOW_UP:
        if not original.body.strip():
            raise DraftingError("There is no letter to follow up on yet. Write it first.", permanent=True)
        task = writing.follow_up(subject=original.subject, body=original.body, tone=tone, our_site=our_site)
        return shown(desk.letter(task, now=now)) | {"is_follow_up": True}
    task = writing.generate(
        topic=values["topic"],
        tone=tone,
        start=form.start,
        custom_names=custom_names_in(Lead.objects.filter(campaign=campaign)),
        our_site=our_site,
    )
    return shown(desk.letter(task, now=now))


def shown(draft: Draft) -> dict[str, Any]:
    return {"draft": draft, "parts": marked(draft.body, draft.claims)}


def marked(text: str, claims: Sequence[Claim]) -> list[Segment]:
    """The text with its claims underlined: those that a passage backs, and those that nothing does."""
    backed, open_ones = [], []
    for claim in claims:
        if (at := text.find(claim.text)) < 0:
            continue
        if claim.is_backed:
            backed.append(Mark(at, at + len(claim.text), "claim", MarkKind.FILLED))
        else:
            open_ones.append(Look(at, at + len(claim.text), UNBACKED))
    return list(segments(text, text, backed, open_ones))


@dataclass(frozen=True)
class Typed:
    """What stands in the editor, and must still stand there afterwards."""

    subject: str
    body: str


def original_of(request: WorkspaceRequest, campaign: Campaign) -> Typed:
    """The first letter: as it stands in its editor, else as it is saved."""
    return saved_in(campaign) if "step" in request.POST else typed_in(request, campaign)


def saved_in(campaign: Campaign) -> Typed:
    step = campaign.steps.current().first()
    return Typed(step.letter_subject, step.letter_body) if step else Typed("", "")


def typed_in(request: WorkspaceRequest, campaign: Campaign) -> Typed:
    saved = saved_in(campaign)
    sent = request.POST if request.method == "POST" else request.GET
    return Typed(sent.get("letter_subject", saved.subject), sent.get("letter_body", saved.body))
