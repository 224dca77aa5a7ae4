"""One lead's first letter, sent at once, and what became of a campaign's letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import BeforeValidator

from campaigns.api.shared import Advice, advice_on, letter_text, one_line
from campaigns.direct import Busy, Refused, UnfinishedError, note_request, queue_first
from campaigns.dispatch import dispatch_one
from campaigns.models import Attempt, Campaign, Lead
from campaigns.rendering import MAX_SUBJECT
from campaigns.rota import CannotQueueError
from campaigns.tasks import dispatch_soon
from compliance import gate
from compliance.policy import Decision
from outreach_site.accounts.access import READERS, SENDERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope, Workspace
from outreach_site.lib.api import Cursor, Fault, Given, Limit, Number, answers, example, invalid, page_of

router = Router()
LONGEST_BODY = 20_000
# How long a caller waits for the mailbox to be free; a hand-over that has begun is waited for to its end.
WAITED_FOR = timedelta(seconds=20)
# What the caller is told where the letter was stopped meanwhile; the braces take its own reason.
TAKEN_OUT: Mapping[str, str] = {
    Attempt.State.BLOCKED: "{}",
    Attempt.State.CANCELLED: "It was taken back before it left. {}",
}
# Why another first letter is not taken now.
IS_ON_ITS_WAY = "A first letter to this lead is on its way already."
MAY_HAVE_BEEN_SENT = "An earlier first letter may have been sent: somebody has to say what became of it."

A_LETTER: Mapping[str, Any] = {
    "id": 311,
    "campaign_id": 7,
    "lead_id": 42,
    "kind": "first",
    "state": "sent",
    "sender": "mara@orchardmedia.com",
    "recipient": "hannah@brightgarden.com",
    "subject": "A balcony guide for Bright Garden",
    "reason": "",
    "due_at": None,
    "created_at": "2026-03-02T09:12:00Z",
    "sent_at": "2026-03-02T09:12:03Z",
    "message_id": "<311.k3v9@orchardmedia.com>",
    "tries": 1,
}
A_VERDICT: Mapping[str, Any] = {
    "allowed": True,
    "legal_basis": "legitimate_interest",
    "region": "US",
    "daily_user_count": 12,
    "daily_user_limit": 100,
    "daily_domain_count": 0,
    "daily_domain_limit": 20,
}


class AttemptNow(Schema):
    """A letter as it stands."""

    model_config = example(**A_LETTER)

    id: int
    campaign_id: int
    lead_id: int
    kind: str = Field(description="first, follow_up or answer")
    state: str = Field(description="draft, queued, sending, sent, blocked, failed, uncertain or cancelled")
    sender: str
    recipient: str
    subject: str
    reason: str = Field(description="Why it waits, was held back or failed; empty if it goes its way.")
    due_at: datetime | None = Field(description="When a worker looks at it; null: it waits for a person or is done.")
    created_at: datetime
    sent_at: datetime | None
    message_id: str
    tries: int


def stands(attempt: Attempt) -> dict[str, Any]:
    """An AttemptNow; the attempt's mailbox should be loaded."""
    return {
        "id": attempt.pk,
        "campaign_id": attempt.campaign_id,
        "lead_id": attempt.lead_id,
        "kind": attempt.kind,
        "state": attempt.state,
        "sender": attempt.mailbox.email if attempt.mailbox else "",
        "recipient": attempt.recipient,
        "subject": attempt.subject,
        "reason": attempt.reason,
        "due_at": attempt.due_at if attempt.state == Attempt.State.QUEUED else None,
        "created_at": attempt.created_at,
        "sent_at": attempt.finished_at if attempt.state == Attempt.State.SENT else None,
        "message_id": attempt.message_id,
        "tries": attempt.tries,
    }


class NewLetter(Given):
    """The letter as it is to be read; signature, postal address and the way to say no are added."""

    model_config = example(
        campaign_id=7,
        lead_id=42,
        subject="A balcony guide for Bright Garden",
        body="Hi {first_name|there},\n\nyour piece on copper and slugs settled an argument here. Would a guide to "
        "containers suit your readers?\n\nKind regards,",
    )

    campaign_id: Number
    lead_id: Number
    subject: Annotated[str, BeforeValidator(one_line)] = Field(min_length=1, max_length=MAX_SUBJECT)
    body: Annotated[str, BeforeValidator(letter_text)] = Field(min_length=1, max_length=LONGEST_BODY)


class LetterVerdict(Schema):
    allowed: bool
    legal_basis: str
    region: str
    daily_user_count: int = Field(description="Before this letter.")
    daily_user_limit: int
    daily_domain_count: int
    daily_domain_limit: int


class LetterSent(AttemptNow, LetterVerdict):
    model_config = example(**A_LETTER, **A_VERDICT, warnings=[], advice=[])

    warnings: list[str] = Field(description="What a person should know about this letter.")
    advice: list[Advice] = Field(description="What would better be changed in its words. It goes all the same.")


class LetterRefusal(Fault, LetterVerdict):
    model_config = example(
        **{**A_VERDICT, "allowed": False, "daily_domain_count": 20},
        detail="20 of 20 letters a day to brightgarden.com are used.",
        reason="20 of 20 letters a day to brightgarden.com are used.",
        reasons=["20 of 20 letters a day to brightgarden.com are used."],
    )

    reason: str
    reasons: list[str]


@router.post(
    "/outreach/send",
    response=answers({200: LetterSent, 403: LetterRefusal | Fault}, 409, 500),
    auth=caller(SENDERS, Scope.SEND),
    summary="Send a lead's first letter",
    operation_id="send_outreach",
)
def send_outreach(request: ApiRequest, payload: NewLetter) -> Status[Any]:
    """Queue the lead's first letter and hand it over at once. It goes to the address that is on record for the lead.

    200 with the letter's `state`: *sent*; *queued*, with its `due_at`, where its mailbox is busy or a person has to
    read it; *uncertain* where the connection broke after the hand-over. 403 with the reasons where it may not go: a
    limit that is reached and a second first letter among them, and what came while its mailbox was busy, such as an
    opt-out or somebody who took it back. 409 while an earlier one is on its way, or may have been sent. 500
    where its server refused it for good: what it said stands with the letter, in the queue and under `/attempts`.
    """
    here, user, now = request.auth.workspace, request.auth.user, timezone.now()
    campaigns = Campaign.objects.in_workspace(here).select_related("workspace", "identity", "mailbox__workspace")
    campaign = get_object_or_404(campaigns, pk=payload.campaign_id)
    lead = get_object_or_404(Lead.objects.of(campaign), pk=payload.lead_id)
    lead.campaign = campaign
    try:
        answer = queue_first(lead, subject=payload.subject, body=payload.body, user=user, now=now)
    except CannotQueueError as err:
        raise invalid("body", "body" if isinstance(err, UnfinishedError) else "lead_id", str(err)) from err
    if isinstance(answer, Busy):
        may_have_left = answer.attempt.state == Attempt.State.UNCERTAIN
        return Status(409, {"detail": MAY_HAVE_BEEN_SENT if may_have_left else IS_ON_ITS_WAY})
    if isinstance(answer, Refused):
        return _refusal(answer.decision.reason, answer.reasons, answer.decision, here)
    attempt = answer.attempt
    note_request(
        "api.letter_sent", workspace=here, user=user, now=now, attempt=attempt.about, api_key=request.api_key_id
    )
    if attempt.due_at is not None:
        dispatch_one(attempt, within=WAITED_FOR)
    attempt = get_object_or_404(Attempt.objects.select_related("mailbox"), pk=attempt.pk)
    if attempt.state in TAKEN_OUT:
        why = TAKEN_OUT[attempt.state].format(attempt.reason).strip()
        return _refusal(why, [why], answer.decision, here)
    if attempt.state == Attempt.State.FAILED:
        return Status(500, {"detail": "The letter could not be sent."})
    if attempt.state == Attempt.State.QUEUED and attempt.mailbox_id is not None:
        dispatch_soon(attempt.mailbox_id)
    verdict = _verdict(answer.decision, here, allowed=True)
    return Status(
        200,
        stands(attempt) | verdict | {"warnings": answer.warnings, "advice": advice_on(attempt.subject, attempt.body)},
    )


def _refusal(reason: str, reasons: Sequence[str], decision: Decision, here: Workspace) -> Status[Any]:
    refusal = {"detail": reason, "reason": reason, "reasons": list(reasons)}
    return Status(403, refusal | _verdict(decision, here, allowed=False))


def _verdict(decision: Decision, here: Workspace, *, allowed: bool) -> dict[str, Any]:
    limits = gate.limits_of(here)
    return {
        "allowed": allowed,
        "legal_basis": decision.legal_basis.value,
        "region": decision.region.region.value,
        "daily_user_count": decision.daily_user_count,
        "daily_user_limit": limits.per_user_day,
        "daily_domain_count": decision.daily_domain_count,
        "daily_domain_limit": limits.per_domain_day,
    }


@router.get(
    "/campaigns/{campaign_id}/attempts",
    response=answers({200: list[AttemptNow]}),
    auth=caller(READERS, Scope.READ),
    summary="List a campaign's letters",
    operation_id="list_attempts",
)
def list_attempts(
    request: ApiRequest,
    response: HttpResponse,
    campaign_id: int,
    cursor: Cursor = "",
    limit: Limit = 50,
    state: Annotated[Attempt.State | None, Query(description="Only letters in this state.")] = None,
) -> list[dict[str, Any]]:
    """Newest first, without their texts. While there are more, the answer has a `Link` header with `rel="next"`."""
    campaign = get_object_or_404(Campaign.objects.in_workspace(request.auth.workspace), pk=campaign_id)
    letters = Attempt.objects.filter(campaign=campaign).select_related("mailbox").defer("body").order_by("-pk")
    if state is not None:
        letters = letters.filter(state=state)
    return [stands(attempt) for attempt in page_of(request, response, letters, cursor=cursor, limit=limit)]
