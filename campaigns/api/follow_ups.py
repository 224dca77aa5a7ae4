"""The follow-ups of a campaign: what waits, what has left, what was held back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router

from campaigns.api.sending import AttemptNow, stands
from campaigns.api.shared import MAX_LIMIT, Fault, FieldFaults, fault, numbered, page_of
from campaigns.models import Attempt, Campaign
from compliance.models import Kind
from outreach_site.accounts.access import READERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope

router = Router()


class FollowUpNow(AttemptNow):
    """A follow-up as it stands."""

    step: int | None = Field(description="Its place in the sequence, from 2; null where the step was taken out.")
    variant: str = Field(description="A or B where its step has two versions, else empty.")
    follows_at: datetime | None = Field(description="When the step before it was done: its wait began then.")


@router.get(
    "/campaigns/{campaign_id}/follow-ups",
    response={200: list[FollowUpNow], 401: Fault, 403: Fault, 404: Fault, 422: FieldFaults},
    auth=caller(READERS, Scope.READ),
    summary="List a campaign's follow-ups",
    operation_id="list_follow_ups",
)
def list_follow_ups(
    request: ApiRequest,
    response: HttpResponse,
    campaign_id: int,
    cursor: Annotated[str, Query(max_length=20, description="From the `Link` header of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Letters a page.")] = 50,
    state: Annotated[str, Query(max_length=10, description="Only follow-ups in this state.")] = "",
) -> list[dict[str, Any]]:
    """Newest first, without their texts: one that is *queued* leaves at its `due_at` if nobody has answered by then,
    its mailbox has been read since, and no limit is reached. While there are more, the answer has a `Link` header with
    `rel="next"`."""
    campaign = get_object_or_404(Campaign.objects.in_workspace(request.auth.workspace), pk=campaign_id)
    letters = Attempt.objects.filter(campaign=campaign, kind=Kind.FOLLOW_UP).select_related("mailbox", "step")
    if state and state not in Attempt.State.values:
        raise fault("state", f"Say one of {', '.join(Attempt.State.values)}.")
    found = (letters.filter(state=state) if state else letters).defer("body").order_by("-pk")
    page = page_of(
        request, response, found, after=numbered, place_of=lambda letter: str(letter.pk), cursor=cursor, limit=limit
    )
    return [
        stands(letter)
        | {
            "step": letter.step.position if letter.step is not None else None,
            "variant": letter.variant,
            "follows_at": letter.follows_at,
        }
        for letter in page
    ]
