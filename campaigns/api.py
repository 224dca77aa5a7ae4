"""The API of the campaigns room, below `/api/v1/backlink-outreach`. Others' campaigns do not exist: 404."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import ValidationError
from pydantic import BeforeValidator

from campaigns.forms import tidy_keywords
from campaigns.lifecycle import start_campaign
from campaigns.models import Campaign
from campaigns.paging import NoSuchPlaceError, after, place_of
from outreach_site.accounts.access import READERS, SENDERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope

router = Router()
MAX_LIMIT = 200


def _one_line(text: object) -> object:
    """One line without control characters; anything but text is left for the type to refuse."""
    if not isinstance(text, str):
        return text
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _plain(text: object) -> object:
    """Lines are kept, other control characters are dropped."""
    if not isinstance(text, str):
        return text
    return "".join(character for character in text if character.isprintable() or character == "\n").strip()


def _keywords(words: object) -> object:
    """A list of words, or one text with commas between them."""
    if isinstance(words, str):
        words = words.split(",")
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return tidy_keywords(str(_one_line(part)) for word in words for part in word.split(","))
    raise ValueError("Give a list of words, or one text with commas between them.")


class NewCampaign(Schema):
    """What a campaign starts with; only the name is required."""

    name: Annotated[str, BeforeValidator(_one_line)] = Field(min_length=1, max_length=120, examples=["Spring guide"])
    description: Annotated[str, BeforeValidator(_plain)] = Field(
        default="", max_length=2000, description="For your team; nobody outside reads it."
    )
    keywords: Annotated[str, BeforeValidator(_keywords)] = Field(
        default="",
        max_length=500,
        examples=[["balcony gardening", "container plants"]],
        description="A list of words, or one text with commas between them. The first one fills {topic} in letters.",
        json_schema_extra={"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]},
    )


class CampaignNow(Schema):
    """A campaign as it stands."""

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


class Fault(Schema):
    detail: str


class FieldFault(Schema):
    field: str
    message: str


class FieldFaults(Fault):
    fields: list[FieldFault]


@router.get(
    "/campaigns",
    response={200: list[CampaignNow], 401: Fault, 403: Fault, 404: Fault, 422: FieldFaults},
    auth=caller(READERS, Scope.READ),
    summary="List campaigns",
    operation_id="list_campaigns",
)
def list_campaigns(
    request: ApiRequest,
    response: HttpResponse,
    cursor: Annotated[str, Query(max_length=80, description="From the `Link` header of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Campaigns a page.")] = 50,
    archived: Annotated[bool, Query(description="The archived ones instead of the current ones.")] = False,  # noqa: FBT002 - a query parameter
) -> list[Campaign]:
    """The campaigns of the workspace, newest first. While there are more, the answer has a `Link` header with
    `rel="next"` (RFC 8288), and the cursor alone in `X-Next-Cursor`."""
    campaigns = Campaign.objects.in_workspace(request.auth.workspace)
    campaigns = campaigns.exclude(archived_at=None) if archived else campaigns.current()
    try:
        found = list(after(campaigns, cursor)[: limit + 1])
    except NoSuchPlaceError as err:
        raise ValidationError([{"loc": ("query", "cursor"), "msg": str(err), "type": "value_error"}]) from err
    if len(found) > limit:
        next_cursor = place_of(found[limit - 1])
        query = request.GET.copy()
        query["cursor"] = next_cursor
        response["Link"] = f'<{request.build_absolute_uri(f"{request.path}?{query.urlencode()}")}>; rel="next"'
        response["X-Next-Cursor"] = next_cursor
    return found[:limit]


@router.post(
    "/campaigns",
    response={201: CampaignNow, 401: Fault, 403: Fault, 404: Fault, 422: FieldFaults},
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
    response={200: CampaignNow, 401: Fault, 403: Fault, 404: Fault, 422: FieldFaults},
    auth=caller(READERS, Scope.READ),
    summary="Read a campaign",
    operation_id="read_campaign",
)
def read_campaign(request: ApiRequest, campaign_id: int) -> Campaign:
    """One campaign, archived or not."""
    return get_object_or_404(Campaign.objects.in_workspace(request.auth.workspace), pk=campaign_id)
