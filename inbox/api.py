"""The API of the inbox, below `/api/v1/backlink-outreach`: look for replies now, and what came back to a campaign."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema
from ninja.errors import ValidationError

from campaigns.api.exports import AS_CSV, FAULTS, Bom, campaign_file
from campaigns.api.shared import MAX_LIMIT, CampaignCaller, Fault, FieldFaults, numbered, page_of
from campaigns.models import Attempt, Campaign
from compliance.export_models import Export
from inbox import exports, polling
from inbox.models import Reply
from outreach_site.accounts.access import READERS, SENDERS, WORKERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope, Workspace
from outreach_site.mailboxes.models import Mailbox

router = Router()
# A program waits for the answer; what is left then is read by the next poll.
SECONDS = 30.0
# What a machine writes about delivery is no reply.
REPLIES = (Reply.Kind.REPLY, Reply.Kind.AUTO_REPLY)


class WhatToPoll(Schema):
    """Which campaign's mailboxes to look into; without one, all of the workspace."""

    campaign_id: int | None = Field(default=None, examples=[7])


class Polled(Schema):
    """What a look brought."""

    replies_found: int = Field(description="Replies of people, and automatic ones, that are new.")
    failed: int = Field(description="Mailboxes that could not be read.")
    errors: list[str] = Field(description="Why not, a sentence for each.")


class ReplyNow(Schema):
    """A reply as it stands."""

    id: int
    campaign_id: int | None
    lead_id: int | None
    attempt_id: int | None = Field(description="The letter that it answers.")
    lead_status: str = Field(description="Where the lead stands; empty where it is gone.", examples=["replied"])
    from_email: str
    from_name: str
    subject: str
    body: str = Field(description="What they wrote now, without quotation and signature.")
    classification: str = Field(
        description="interested, not_interested, out_of_office or replied; bounce and complaint, found automatically",
        examples=["interested"],
    )
    kind: str = Field(description="reply, auto_reply, bounce, delay, complaint, receipt or list", examples=["reply"])
    intents: list[dict[str, object]] = Field(description="What they ask for, with the words that say so.")
    matched_by: str = Field(
        description="How the letter was found: in_reply_to, references, original, token, address or hand"
    )
    needs_review: bool
    return_on: date | None
    read_at: datetime | None
    received_at: datetime

    @staticmethod
    def resolve_body(reply: Reply) -> str:
        return reply.new_text or reply.server_words

    @staticmethod
    def resolve_lead_status(reply: Reply) -> str:
        return str(reply.lead.status) if reply.lead else ""


@router.post(
    "/replies/poll",
    response={200: Polled, 401: Fault, 403: Fault, 404: Fault, 422: FieldFaults},
    auth=caller(SENDERS, Scope.WRITE),
    summary="Look for replies now",
    operation_id="poll_replies",
)
def poll_replies(request: ApiRequest, payload: WhatToPoll | None = None) -> Polled:
    """Read the mailboxes now, whether or not their turn has come; at most half a minute. A mailbox that somebody else
    is reading at this moment is left to them."""
    here, campaign_id = request.auth.workspace, payload.campaign_id if payload else None
    found = Reply.objects.in_workspace(here).filter(kind__in=REPLIES)
    mailboxes = Mailbox.objects.in_workspace(here).that_can_receive()
    if campaign_id is not None:
        campaign = get_object_or_404(Campaign.objects.in_workspace(here), pk=campaign_id)
        found = found.filter(campaign=campaign)
        mailboxes = mailboxes.filter(pk__in=_mailboxes_of(campaign, here))
    newest = Reply.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    errors, until = [], time.monotonic() + SECONDS
    for mailbox in mailboxes.order_by("pk"):
        if time.monotonic() > until:
            break
        outcome = polling.poll(mailbox.pk, at_once=True)
        while outcome.more and not outcome.failed and time.monotonic() < until:
            outcome = polling.poll(mailbox.pk, at_once=True)
        if outcome.failed:
            errors.append(f"{mailbox.email}: {outcome.sentence}")
    return Polled(replies_found=found.filter(pk__gt=newest).count(), failed=len(errors), errors=errors)


def _mailboxes_of(campaign: Campaign, here: Workspace) -> set[int]:
    """Those that it writes from, and wrote from."""
    wrote = Attempt.objects.filter(campaign=campaign, mailbox__isnull=False).order_by()
    found = {key for key in wrote.values_list("mailbox", flat=True).distinct() if key is not None}
    if campaign.mailbox_id is not None:
        return found | {campaign.mailbox_id}
    return found or set(Mailbox.objects.in_workspace(here).in_use().values_list("pk", flat=True))


@router.get(
    "/campaigns/{campaign_id}/replies",
    response={200: list[ReplyNow], 401: Fault, 403: Fault, 404: Fault, 422: FieldFaults},
    auth=CampaignCaller(READERS, Scope.READ),
    summary="List a campaign's replies",
    operation_id="list_campaign_replies",
)
def list_replies(
    request: ApiRequest,
    response: HttpResponse,
    campaign_id: int,
    cursor: Annotated[str, Query(max_length=20, description="From the `Link` header of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Replies a page.")] = 50,
    classification: Annotated[str, Query(max_length=16, examples=["interested"])] = "",
) -> Sequence[Reply]:
    """What came back to a campaign, what was read last first: replies, automatic ones, and reports of bounces and
    complaints. While there are more, the answer has a `Link` header with `rel="next"` (RFC 8288), and the cursor alone
    in `X-Next-Cursor`."""
    campaign = get_object_or_404(Campaign.objects.in_workspace(request.auth.workspace), pk=campaign_id)
    replies = Reply.objects.filter(campaign=campaign).select_related("lead").defer("text", "evidence")
    if classification:
        if classification not in Reply.Classification.values:
            message = f"One of {', '.join(Reply.Classification.values)}."
            raise ValidationError([{"loc": ("query", "classification"), "msg": message, "type": "value_error"}])
        replies = replies.filter(classification=classification)
    newest_first = replies.order_by("-pk")
    return page_of(request, response, newest_first, after=numbered, place_of=_place_of, cursor=cursor, limit=limit)


def _place_of(reply: Reply) -> str:
    return str(reply.pk)


@router.get(
    "/campaigns/{campaign_id}/export/replies",
    response=FAULTS,
    auth=CampaignCaller(WORKERS, Scope.READ),
    summary="Replies as CSV",
    operation_id="export_replies",
    openapi_extra=AS_CSV,
)
def export_replies(request: ApiRequest, campaign_id: int, bom: Bom = False) -> StreamingHttpResponse:  # noqa: FBT002 - a query parameter
    """All that came back to the campaign, in the order in which it was read, in fixed columns. Not for viewers."""
    return campaign_file(
        request,
        campaign_id,
        Export.What.REPLIES,
        exports.COLUMNS,
        exports.replies_of,
        lambda campaign: Reply.objects.filter(campaign=campaign).count(),
        bom=bom,
    )
