"""Campaigns. Others' campaigns do not exist: 404."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import BeforeValidator, WithJsonSchema

from campaigns.api.shared import CampaignCaller, one_line, plain_text
from campaigns.forms import tidy_keywords
from campaigns.lifecycle import (
    OnItsWayError,
    archive_campaign,
    delete_campaign,
    restore_campaign,
    start_campaign,
)
from campaigns.models import Campaign
from campaigns.paging import after, place_of
from outreach_site.accounts.access import READERS, SENDERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope
from outreach_site.lib.api import Cursor, Given, Limit, TrueOrFalse, answers, example, invalid, page_of

router = Router()


def _keywords(words: object) -> object:
    """A list of words, or one text with commas between them."""
    if isinstance(words, str):
        words = words.split(",")
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return tidy_keywords(str(one_line(part)) for word in words for part in word.split(","))
    raise ValueError("Give a list of words, or one text with commas between them.")


WORDS: Mapping[str, Any] = {
    "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string", "maxLength": 500}]
}


class NewCampaign(Given):
    """What a campaign starts with; only the name is required."""

    model_config = example(
        name="Spring guide",
        description="For the balcony gardening guide of April.",
        keywords=["balcony gardening", "container plants"],
    )

    name: Annotated[str, BeforeValidator(one_line)] = Field(min_length=1, max_length=120, examples=["Spring guide"])
    description: Annotated[str, BeforeValidator(plain_text)] = Field(
        default="", max_length=2000, description="For your team; nobody outside reads it."
    )
    keywords: Annotated[str, BeforeValidator(_keywords), WithJsonSchema(WORDS)] = Field(
        default="",
        max_length=500,
        examples=[["balcony gardening", "container plants"]],
        description="A list of words, or one text with commas between them. The first one fills {topic} in letters.",
    )


class CampaignNow(Schema):
    """A campaign as it stands."""

    model_config = example(
        id=7,
        name="Spring guide",
        description="For the balcony gardening guide of April.",
        keywords=["balcony gardening", "container plants"],
        state="running",
        created_at="2026-03-02T08:30:00Z",
        archived_at=None,
    )

    id: int
    name: str
    description: str
    keywords: list[str]
    state: str = Field(description="draft, running or paused", examples=["running"])
    created_at: datetime
    archived_at: datetime | None

    @staticmethod
    def resolve_keywords(campaign: Campaign) -> list[str]:
        return [word.strip() for word in campaign.keywords.split(",") if word.strip()]


@router.get(
    "/campaigns",
    response=answers({200: list[CampaignNow]}),
    auth=caller(READERS, Scope.READ),
    summary="List campaigns",
    operation_id="list_campaigns",
)
def list_campaigns(
    request: ApiRequest,
    response: HttpResponse,
    cursor: Cursor = "",
    limit: Limit = 50,
    archived: Annotated[TrueOrFalse, Query(default=False, description="The archived ones instead.")] = False,  # noqa: FBT002 - a query parameter
) -> list[Campaign]:
    """The campaigns of the workspace, newest first. While there are more, the answer has a `Link` header with
    `rel="next"` (RFC 8288), and the cursor alone in `X-Next-Cursor`."""
    campaigns = Campaign.objects.in_workspace(request.auth.workspace)
    campaigns = campaigns.exclude(archived_at=None) if archived else campaigns.current()
    return page_of(request, response, campaigns, cursor=cursor, limit=limit, after=after, place_of=place_of)


@router.post(
    "/campaigns",
    response=answers({201: CampaignNow}),
    auth=caller(SENDERS, Scope.WRITE),
    summary="Create a campaign",
    operation_id="create_campaign",
)
def create_campaign(request: ApiRequest, payload: NewCampaign) -> Status[Campaign]:
    """A new campaign of the workspace. It writes as the workspace's usual sender; nothing is sent before somebody
    queues letters."""
    campaign = start_campaign(
        request.auth.workspace,
        name=payload.name,
        description=payload.description,
        keywords=payload.keywords,
        user=request.auth.user,
        now=timezone.now(),
    )
    return Status(201, campaign)


@router.get(
    "/campaigns/{campaign_id}",
    response=answers({200: CampaignNow}),
    auth=caller(READERS, Scope.READ),
    summary="Read a campaign",
    operation_id="read_campaign",
)
def read_campaign(request: ApiRequest, campaign_id: int) -> Campaign:
    """One campaign, archived or not."""
    return _find(request, campaign_id)


def _find(request: ApiRequest, pk: int) -> Campaign:
    return get_object_or_404(Campaign.objects.in_workspace(request.auth.workspace).select_related("workspace"), pk=pk)


@router.post(
    "/campaigns/{campaign_id}/archive",
    response=answers({200: CampaignNow}),
    auth=CampaignCaller(SENDERS, Scope.WRITE),
    summary="Archive a campaign",
    operation_id="archive_campaign",
)
def post_archive(request: ApiRequest, campaign_id: int) -> Campaign:
    """Out of the list, and nothing of it leaves; everything stays readable. Archiving twice changes nothing."""
    campaign = _find(request, campaign_id)
    archive_campaign(campaign, user=request.auth.user, now=timezone.now())
    return campaign


@router.post(
    "/campaigns/{campaign_id}/unarchive",
    response=answers({200: CampaignNow}),
    auth=CampaignCaller(SENDERS, Scope.WRITE),
    summary="Bring an archived campaign back",
    operation_id="unarchive_campaign",
)
def post_unarchive(request: ApiRequest, campaign_id: int) -> Campaign:
    """Back into the list; what waited leaves again in its turn, unless the campaign is paused."""
    campaign = _find(request, campaign_id)
    restore_campaign(campaign, user=request.auth.user, now=timezone.now())
    return campaign


@router.delete(
    "/campaigns/{campaign_id}",
    response=answers({204: None}),
    auth=caller(SENDERS, Scope.WRITE),
    summary="Delete a campaign",
    operation_id="delete_campaign",
)
def remove_campaign(
    request: ApiRequest,
    campaign_id: int,
    confirm: Annotated[
        str | None,
        Query(max_length=120, description="The campaign's name, where a person was asked to type it: 422 for another."),
    ] = None,
) -> Status[None]:
    """With its leads, letters and replies, for good. Opt-outs stay, and so does what counts and proves: ledger and
    audit log. 403 while a letter of it is leaving, or may have left. A program that a person deletes with should ask
    for the name, as the pages do, and hand it on as `confirm`."""
    campaign = _find(request, campaign_id)
    if confirm is not None and confirm.strip() != campaign.name.strip():
        raise invalid("query", "confirm", "That is not the campaign's name.")
    try:
        delete_campaign(campaign, user=request.auth.user, now=timezone.now())
    except OnItsWayError as err:
        raise HttpError(403, str(err)) from err
    return Status(204, None)
