"""The follow-ups of a campaign: what waits, what has left, what was held back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router

from campaigns.api.sending import A_LETTER, AttemptNow, stands
from campaigns.api.shared import CampaignCaller
from campaigns.models import Attempt, Campaign
from compliance.models import Kind
from outreach_site.accounts.access import READERS
from outreach_site.accounts.api_access import ApiRequest
from outreach_site.accounts.models import Scope
from outreach_site.lib.api import Cursor, Limit, answers, example, page_of

router = Router()


class FollowUpNow(AttemptNow):
    """A follow-up as it stands."""

    model_config = example(
        **{
            **A_LETTER,
            "id": 340,
            "kind": "follow_up",
            "state": "queued",
            "due_at": "2026-03-06T09:00:00Z",
            "sent_at": None,
            "message_id": "",
            "tries": 0,
        },
        step=2,
        variant="A",
        follows_at="2026-03-02T09:12:03Z",
    )

    step: int | None = Field(description="Its place in the sequence, from 2; null where the step was taken out.")
    variant: str = Field(description="A or B where its step has two versions, else empty.")
    follows_at: datetime | None = Field(description="When the step before it was done: its wait began then.")


@router.get(
    "/campaigns/{campaign_id}/follow-ups",
    response=answers({200: list[FollowUpNow]}),
    auth=CampaignCaller(READERS, Scope.READ),
    summary="List a campaign's follow-ups",
    operation_id="list_follow_ups",
)
def list_follow_ups(
    request: ApiRequest,
    response: HttpResponse,
    campaign_id: int,
    cursor: Cursor = "",
    limit: Limit = 50,
    state: Annotated[Attempt.State | None, Query(description="Only follow-ups in this state.")] = None,
) -> list[dict[str, Any]]:
    """Newest first, without their texts: one that is *queued* leaves at its `due_at` if nobody has answered by then,
    its mailbox has been read since, and no limit is reached. While there are more, the answer has a `Link` header with
    `rel="next"`."""
    campaign = get_object_or_404(Campaign.objects.in_workspace(request.auth.workspace), pk=campaign_id)
    letters = Attempt.objects.filter(campaign=campaign, kind=Kind.FOLLOW_UP).select_related("mailbox", "step")
    found = (letters if state is None else letters.filter(state=state)).defer("body").order_by("-pk")
    return [
        stands(letter)
        | {
            "step": letter.step.position if letter.step is not None else None,
            "variant": letter.variant,
            "follows_at": letter.follows_at,
        }
        for letter in page_of(request, response, found, cursor=cursor, limit=limit)
    ]
