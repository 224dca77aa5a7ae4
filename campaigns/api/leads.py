"""Leads of a campaign: add one or many, list them, and say where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import AfterValidator, BeforeValidator, ValidationError

from campaigns.api.shared import CampaignCaller, one_line
from campaigns.leads import Added, NewLead, NotASiteError, add_lead, add_many, read_page_address, read_site
from campaigns.lifecycle import change_statuses
from campaigns.models import Campaign, Lead
from compliance.addresses import InvalidAddressError, normalise
from outreach_site.accounts.access import READERS, SENDERS
from outreach_site.accounts.api_access import ApiRequest
from outreach_site.accounts.models import Scope, Workspace
from outreach_site.lib.api import (
    Cursor,
    Fraction,
    Given,
    Limit,
    Number,
    answers,
    example,
    invalid,
    page_of,
    sentence_of,
)

router = Router()
MOST_LEADS = 1_000


def _site(text: str) -> str:
    try:
        read_site(text)
    except NotASiteError as err:
        raise ValueError(str(err)) from err
    return text


def _page(text: str) -> str:
    try:
        return read_page_address(text) if text else ""
    except NotASiteError as err:
        raise ValueError(str(err)) from err


def _address(text: str) -> str:
    try:
        return text.strip() if not text or normalise(text) else ""
    except InvalidAddressError as err:
        raise ValueError(str(err)) from err


def _source(text: object) -> object:
    """Where a lead came from, as far as it is one of our words; what other programs call their sources is theirs."""
    known = set(Lead.Source.values) - {Lead.Source.REHEARSAL.value}
    return text if not isinstance(text, str) or text in known else Lead.Source.API.value


Line = BeforeValidator(one_line)
Score = Annotated[Fraction | None, Field(default=None, ge=0, le=1)]


class NewLeadIn(Given):
    """What is known of a site; only its address is required."""

    model_config = example(
        website_url="https://brightgarden.com/",
        website_title="Bright Garden",
        contact_email="hannah@brightgarden.com",
        contact_name="Hannah Lindqvist",
        topic="balcony gardening",
        found_url="https://brightgarden.com/about",
        quality_score=0.82,
        relevance_score=0.9,
        guest_post_likelihood=0.75,
        source="api",
    )

    website_url: Annotated[str, Line, AfterValidator(_site)] = Field(max_length=500, examples=["brightgarden.com"])
    website_title: Annotated[str, Line] = Field(default="", max_length=200)
    contact_email: Annotated[str, Line, AfterValidator(_address)] = Field(default="", max_length=254)
    contact_name: Annotated[str, Line] = Field(default="", max_length=120)
    topic: Annotated[str, Line] = Field(default="", max_length=120)
    found_url: Annotated[str, Line, AfterValidator(_page)] = Field(
        default="", max_length=500, description="The page that shows the address. Letters say where it was found."
    )
    quality_score: Score
    relevance_score: Score
    guest_post_likelihood: Score
    source: Annotated[str, BeforeValidator(_source)] = Field(default=Lead.Source.API.value)

    def as_new(self, *, line: int = 0) -> NewLead:
        return NewLead(line=line, **self.dict(exclude={"source"}))


class LeadNow(Schema):
    """A lead as it stands."""

    model_config = example(
        id=42,
        campaign_id=7,
        website_url="https://brightgarden.com/",
        website_title="Bright Garden",
        domain="brightgarden.com",
        contact_email="hannah@brightgarden.com",
        contact_name="Hannah Lindqvist",
        topic="balcony gardening",
        status="discovered",
        quality_score=0.82,
        relevance_score=0.9,
        guest_post_likelihood=0.75,
        source="api",
        tags=["first choice"],
        assignee="mara@orchardmedia.com",
        created_at="2026-03-02T08:31:00Z",
    )

    id: int
    campaign_id: int
    website_url: str
    website_title: str
    domain: str
    contact_email: str
    contact_name: str
    topic: str
    status: str = Field(description="discovered, contacted, replied, placed, lost, bounced or unsubscribed")
    quality_score: float | None
    relevance_score: float | None
    guest_post_likelihood: float | None
    source: str
    tags: list[str]
    assignee: str | None = Field(description="The address of the person whose it is.")
    created_at: datetime


def stands(lead: Lead) -> dict[str, Any]:
    """A LeadNow; the lead's contact should be loaded."""
    return {
        "id": lead.pk,
        "campaign_id": lead.campaign_id,
        "website_url": lead.website_url,
        "website_title": lead.website_title,
        "domain": lead.domain,
        "contact_email": lead.contact.email if lead.contact else "",
        "contact_name": lead.contact.name if lead.contact else "",
        "topic": lead.topic,
        "status": lead.status,
        "quality_score": lead.quality_score,
        "relevance_score": lead.relevance_score,
        "guest_post_likelihood": lead.guest_post_likelihood,
        "source": lead.source,
        "tags": [tag.name for tag in lead.tags.all()],
        "assignee": lead.assignee.email if lead.assignee else None,
        "created_at": lead.created_at,
    }


def _campaign(here: Workspace, pk: int) -> Campaign:
    return get_object_or_404(Campaign.objects.in_workspace(here).select_related("workspace"), pk=pk)


@router.get(
    "/campaigns/{campaign_id}/leads",
    response=answers({200: list[LeadNow]}),
    auth=CampaignCaller(READERS, Scope.READ),
    summary="List a campaign's leads",
    operation_id="list_leads",
)
def list_leads(
    request: ApiRequest,
    response: HttpResponse,
    campaign_id: int,
    cursor: Cursor = "",
    limit: Limit = 50,
    status: Annotated[Lead.Status | None, Query(description="Only those that stand so.")] = None,
    tag: Annotated[str, Query(max_length=40, description="Only those with this tag, in whatever case.")] = "",
    assignee: Annotated[
        str, Query(max_length=254, description="Only those of this person, by their address; `nobody` for nobody's.")
    ] = "",
) -> list[dict[str, Any]]:
    """Newest first. While there are more, the answer has a `Link` header with `rel="next"`."""
    campaign = _campaign(request.auth.workspace, campaign_id)
    leads = Lead.objects.of(campaign).select_related("assignee").prefetch_related("tags").order_by("-pk")
    if status is not None:
        leads = leads.filter(status=status)
    if tag:
        tagged = Lead.tags.through.objects.filter(tag__workspace=campaign.workspace, tag__name__iexact=tag)
        leads = leads.filter(pk__in=tagged.values("lead"))
    if assignee:
        leads = leads.filter(assignee=None) if assignee == "nobody" else leads.filter(assignee__email__iexact=assignee)
    return [stands(lead) for lead in page_of(request, response, leads, cursor=cursor, limit=limit)]


@router.post(
    "/campaigns/{campaign_id}/leads",
    response=answers({200: LeadNow, 201: LeadNow}),
    auth=CampaignCaller(SENDERS, Scope.WRITE),
    summary="Add a lead",
    operation_id="add_lead",
)
def post_lead(request: ApiRequest, campaign_id: int, payload: NewLeadIn) -> Status[dict[str, Any]]:
    """201 with the new lead; 200 with the one that is there, unchanged, where the campaign has this site."""
    campaign = _campaign(request.auth.workspace, campaign_id)
    try:
        answer = add_lead(campaign, payload.as_new(), source=Lead.Source(payload.source), now=timezone.now())
    except InvalidAddressError as err:  # Whoever asked to be erased.
        raise invalid("body", "contact_email", str(err)) from err
    return Status(201 if isinstance(answer, Added) else 200, stands(answer.lead))


class ManyLeads(Given):
    model_config = example(
        leads=[
            {"website_url": "https://brightgarden.com/", "contact_email": "hannah@brightgarden.com"},
            {"website_url": "fernandfig.com"},
        ]
    )

    leads: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_LEADS, description="Each as one lead is added.")


class Failure(Schema):
    index: int = Field(description="Of the lead in the request, from 0.")
    reason: str


class AddedLeads(Schema):
    model_config = example(
        added=1,
        skipped=0,
        failed=1,
        failures=[{"index": 1, "reason": "contact_email: “tom@” is no email address."}],
    )

    added: int
    skipped: int = Field(description="The campaign has these sites, or they stand twice in the request.")
    failed: int
    failures: list[Failure]


@router.post(
    "/campaigns/{campaign_id}/leads/bulk",
    response=answers({200: AddedLeads}),
    auth=CampaignCaller(SENDERS, Scope.WRITE),
    summary="Add many leads",
    operation_id="add_leads",
)
def post_leads(request: ApiRequest, campaign_id: int, payload: ManyLeads) -> AddedLeads:
    """Whatever is wrong with one lead, the others are added."""
    campaign, now = _campaign(request.auth.workspace, campaign_id), timezone.now()
    failures: list[Failure] = []
    by_source: dict[str, list[NewLead]] = {}
    for index, given in enumerate(payload.leads):
        try:
            one = NewLeadIn.model_validate(given)
        except ValidationError as err:
            failures.append(Failure(index=index, reason=_first_fault(err)))
        else:
            by_source.setdefault(one.source, []).append(one.as_new(line=index))
    added = skipped = 0
    for source, rows in by_source.items():
        done = add_many(campaign, rows, source=Lead.Source(source), now=now)
        added += done.added
        skipped += len(done.already_there)
        failures += [Failure(index=one.line, reason=one.sentence) for one in done.failed]
    failures.sort(key=lambda failure: failure.index)
    return AddedLeads(added=added, skipped=skipped, failed=len(failures), failures=failures)


def _first_fault(err: ValidationError) -> str:
    first = err.errors(include_input=False, include_url=False)[0]
    return f"{first['loc'][0] if first['loc'] else 'lead'}: {sentence_of(first)}"


# --- Where they stand -------------------------------------------------------------------------------------------------


class NewStatus(Given):
    model_config = example(status="replied")

    status: Lead.Status


class NewStatuses(NewStatus):
    model_config = example(status="lost", lead_ids=[42, 43])

    lead_ids: list[Number] = Field(min_length=1, max_length=MOST_LEADS)


class Updated(Schema):
    model_config = example(updated=2, failed=0)

    updated: int
    failed: int = Field(description="No leads of this campaign.")


@router.patch(
    "/campaigns/{campaign_id}/leads/bulk-status",
    response=answers({200: Updated}),
    auth=CampaignCaller(SENDERS, Scope.WRITE),
    summary="Say where many leads stand",
    operation_id="set_lead_statuses",
)
def patch_statuses(request: ApiRequest, campaign_id: int, payload: NewStatuses) -> Mapping[str, int]:
    """What waits for them is taken back where the status ends the writing; `unsubscribed` also suppresses."""
    campaign = _campaign(request.auth.workspace, campaign_id)
    wanted = {number for number in payload.lead_ids if 0 < number < 2**63}
    leads = list(Lead.objects.of(campaign).filter(pk__in=wanted))
    _change(leads, campaign, payload.status, request)
    return {"updated": len(leads), "failed": len(set(payload.lead_ids)) - len(leads)}


@router.patch(
    "/campaigns/{campaign_id}/leads/{lead_id}/status",
    response=answers({200: LeadNow}),
    auth=CampaignCaller(SENDERS, Scope.WRITE),
    summary="Say where a lead stands",
    operation_id="set_lead_status",
)
def patch_status(request: ApiRequest, campaign_id: int, lead_id: int, payload: NewStatus) -> dict[str, Any]:
    """The same for one lead."""
    campaign = _campaign(request.auth.workspace, campaign_id)
    lead = get_object_or_404(Lead.objects.of(campaign), pk=lead_id)
    _change([lead], campaign, payload.status, request)
    return stands(lead)


def _change(leads: Sequence[Lead], campaign: Campaign, status: Lead.Status, request: ApiRequest) -> None:
    for lead in leads:
        lead.campaign = campaign
    change_statuses(leads, status, user=request.auth.user, now=timezone.now())
