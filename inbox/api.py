"""The API of the inbox, below `/api/v1/backlink-outreach`: look for replies now, and what came back to a campaign."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema

from campaigns.api.exports import Bom, as_csv, campaign_file
from campaigns.api.shared import CampaignCaller
from campaigns.models import Attempt, Campaign
from compliance.export_models import Export
from inbox import exports, polling
from inbox.models import Reply
from outreach_site.accounts.access import READERS, SENDERS, WORKERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope, Workspace
from outreach_site.lib.api import Cursor, Given, Limit, Number, answers, example, page_of
from outreach_site.mailboxes.models import Mailbox

router = Router()
# A program waits for the answer; what is left then is read by the next poll.
SECONDS = 30.0
# What a machine writes about delivery is no reply.
REPLIES = (Reply.Kind.REPLY, Reply.Kind.AUTO_REPLY)


class WhatToPoll(Given):
    """Which campaign's mailboxes to look into; without one, all of the workspace."""

    model_config = example(campaign_id=7)

    campaign_id: Number | None = Field(default=None, examples=[7])


class Polled(Schema):
    """What a look brought."""

    model_config = example(replies_found=2, failed=0, errors=[])

    replies_found: int = Field(description="Replies of people, and automatic ones, that are new.")
    failed: int = Field(description="Mailboxes that could not be read.")
    errors: list[str] = Field(description="Why not, a sentence for each.")


class ReplyNow(Schema):
    """A reply as it stands."""

    model_config = example(
        id=88,
        campaign_id=7,
        lead_id=42,
        attempt_id=311,
        lead_status="replied",
        from_email="hannah@brightgarden.com",
        from_name="Hannah Lindqvist",
        subject="Re: A balcony guide for Bright Garden",
        body="Sounds good. Send me an outline.",
        classification="interested",
        kind="reply",
        intents=[],
        matched_by="in_reply_to",
        needs_review=False,
        return_on=None,
        read_at=None,
        received_at="2026-03-02T12:44:00Z",
    )

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
    response=answers({200: Polled}),
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
    response=answers({200: list[ReplyNow]}),
    auth=CampaignCaller(READERS, Scope.READ),
    summary="List a campaign's replies",
    operation_id="list_campaign_replies",
)
def list_replies(
    request: ApiRequest,
    response: HttpResponse,
    campaign_id: int,
    cursor: Cursor = "",
    limit: Limit = 50,
    classification: Annotated[Reply.Classification | None, Query(description="Only replies of this class.")] = None,
) -> Sequence[Reply]:
    """What came back to a campaign, what was read last first: replies, automatic ones, and reports of bounces and
    complaints. While there are more, the answer has a `Link` header with `rel="next"` (RFC 8288), and the cursor alone
    in `X-Next-Cursor`."""
    campaign = get_object_or_404(Campaign.objects.in_workspace(request.auth.workspace), pk=campaign_id)
    replies = Reply.objects.filter(campaign=campaign).select_related("lead").defer("text", "evidence")
    if classification is not None:
        replies = replies.filter(classification=classification)
    return page_of(request, response, replies.order_by("-pk"), cursor=cursor, limit=limit)


@router.get(
    "/campaigns/{campaign_id}/export/replies",
    response=answers({}),
    auth=CampaignCaller(WORKERS, Scope.READ),
    summary="Replies as CSV",
    operation_id="export_replies",
    openapi_extra=as_csv(exports.COLUMNS),
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
