"""The hourly queue for programs, below `/api/email`: put letters in, and see how it stands. Its names are those that
operators know from their other tools, some in camel case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from django.conf import settings
from django.utils import timezone
from ninja import Field, Router, Schema
from pydantic import BeforeValidator, WithJsonSchema, field_validator

from campaigns.api.shared import Advice, advice_on, letter_text, one_line
from campaigns.direct import mailbox_named, note_request, queue_direct
from campaigns.grounds import BY_HAND
from campaigns.leads import NotASiteError, read_page_address
from campaigns.models import Attempt
from campaigns.queueing import LARGEST_REQUEST
from campaigns.rendering import MAX_SUBJECT
from campaigns.rota import CannotQueueError
from campaigns.tallies import tally
from outreach_site.accounts.access import READERS, SENDERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope
from outreach_site.lib.api import Given, answers, example, invalid
from outreach_site.mailboxes.cards import hourly_limit, use_of
from outreach_site.mailboxes.models import Mailbox

router = Router()
LONGEST_CONTENT = 20_000
# What a person would read as tags in their mail.
_TAGS = re.compile(
    r"</?(?:html|body|head|div|p|br|table|td|tr|span|ul|ol|li|h[1-6]|strong|em|img|style|a href)\b[^>]*>", re.IGNORECASE
)


class MailboxStatus(Schema):
    mailbox: str
    sentCountThisHour: int = Field(description="Letters of the last sixty minutes, those on their way included.")  # noqa: N815 - the name that was asked for
    limit: int
    held: str = Field(description="Why its letters wait; empty if they do not.")


class QueueStatus(Schema):
    model_config = example(
        pending=1,
        sent=318,
        failed=2,
        sentCountThisHour=14,
        limit=80,
        waiting=1,
        asking=0,
        sending=0,
        uncertain=0,
        blocked=5,
        stopped=False,
        mailboxes=[{"mailbox": "mara@orchardmedia.com", "sentCountThisHour": 14, "limit": 80, "held": ""}],
    )

    pending: int = Field(description="Letters that have not left: `waiting`, `asking` and `sending` together.")
    sent: int
    failed: int
    sentCountThisHour: int = Field(description="Of all mailboxes, over the last sixty minutes.")  # noqa: N815
    limit: int = Field(description="Letters an hour that all mailboxes together may send.")
    waiting: int = Field(description="For their time or their turn.")
    asking: int = Field(description="For a person: to name a ground, to approve, to lift a hold.")
    sending: int
    uncertain: int = Field(description="May have been sent: they wait for proof or a person.")
    blocked: int
    stopped: bool = Field(description="Somebody stopped all sending in this workspace.")
    mailboxes: list[MailboxStatus]


@router.get(
    "/status",
    response=answers({200: QueueStatus}),
    auth=caller(READERS, Scope.READ),
    summary="How the queue stands",
    operation_id="email_status",
)
def email_status(request: ApiRequest) -> QueueStatus:
    """The queue of the workspace, and what its mailboxes have used of their hour."""
    here, now = request.auth.workspace, timezone.now()
    stands = tally(here, at_most=None)
    letters = Attempt.objects.in_workspace(here)
    mailboxes = list(Mailbox.objects.in_workspace(here).in_use().exclude(smtp_host=""))
    used = use_of(mailboxes, workspace=here, now=now)
    each = [
        MailboxStatus(
            mailbox=mailbox.email,
            sentCountThisHour=used[mailbox.pk].this_hour,
            limit=hourly_limit(mailbox),
            held=used[mailbox.pk].held_because,
        )
        for mailbox in mailboxes
    ]
    return QueueStatus(
        pending=stands.waiting + stands.asking + stands.sending,
        sent=letters.filter(state=Attempt.State.SENT).count(),
        failed=stands.failed,
        sentCountThisHour=sum(one.sentCountThisHour for one in each),
        limit=sum(one.limit for one in each) if each else settings.MAX_EMAILS_PER_HOUR,
        waiting=stands.waiting,
        asking=stands.asking,
        sending=stands.sending,
        uncertain=stands.uncertain,
        blocked=letters.filter(state=Attempt.State.BLOCKED).count(),
        stopped=here.sending_stopped_at is not None,
        mailboxes=each,
    )


ADDRESS_OR_NUMBER: Mapping[str, Any] = {"anyOf": [{"type": "string", "maxLength": 254}, {"type": "integer"}]}


def _as_text(given: object) -> object:
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


class Outgoing(Given):
    """The same words to some addresses."""

    model_config = example(
        recipients=["hannah@brightgarden.com"],
        subject="A balcony guide for you",
        content="Hi {first_name|there},\n\nwould a guide to containers suit your readers?\n\nKind regards,",
        mailbox="mara@orchardmedia.com",
        ground="published",
        found_url="https://brightgarden.com/about",
    )

    recipients: list[str] = Field(min_length=1, max_length=LARGEST_REQUEST, examples=[["ada@brightgarden.com"]])
    subject: Annotated[str, BeforeValidator(one_line)] = Field(min_length=1, max_length=MAX_SUBJECT)
    content: Annotated[str, BeforeValidator(letter_text)] = Field(
        min_length=1,
        max_length=LONGEST_CONTENT,
        description="Plain text. Signature, postal address and the way to say no are added. `{name|there}` and the "
        "other placeholders are filled; braces that are meant as such are written twice.",
    )
    mailbox: Annotated[str, BeforeValidator(_as_text), WithJsonSchema(ADDRESS_OR_NUMBER)] = Field(
        default="",
        max_length=254,
        description="Address or number. Needed where the workspace has several.",
    )
    ground: str = Field(default="", description=f"Why you may write: {', '.join(BY_HAND)}. Some regions ask for it.")
    found_url: str = Field(default="", max_length=500, description="The page where the addresses were found.")

    @field_validator("recipients")
    @classmethod
    def _short(cls, recipients: list[str]) -> list[str]:
        if any(len(recipient) > 320 for recipient in recipients):
            raise ValueError("An email address has at most 254 characters.")
        return recipients

    @field_validator("content")
    @classmethod
    def _is_text(cls, content: str) -> str:
        if _TAGS.search(content):
            raise ValueError("This is HTML, and would be read with its tags. Send plain text.")
        return content

    @field_validator("ground")
    @classmethod
    def _known(cls, ground: str) -> str:
        if ground and ground not in BY_HAND:
            raise ValueError(f"Say one of {', '.join(BY_HAND)}, or nothing.")
        return ground

    @field_validator("found_url")
    @classmethod
    def _page(cls, found_url: str) -> str:
        try:
            return read_page_address(found_url) if found_url else ""
        except NotASiteError as err:
            raise ValueError(str(err)) from err


class Outcome(Schema):
    recipient: str
    status: str = Field(description="queued; blocked: it may not go; invalid: this is no address.")
    reason: str = Field(description="Why it was refused, or what it waits for.")
    id: int | None = Field(description="The letter's number.")


class Taken(Schema):
    model_config = example(
        message="1 of 1 letter is queued.",
        queueSize=1,
        results=[{"recipient": "hannah@brightgarden.com", "status": "queued", "reason": "", "id": 311}],
        advice=[],
    )

    message: str
    queueSize: int = Field(description="Letters of the workspace that wait now.")  # noqa: N815
    results: list[Outcome] = Field(description="One for each recipient, in their order.")
    advice: list[Advice] = Field(description="What would better be changed in these words. They go all the same.")


@router.post(
    "/queue",
    response=answers({200: Taken}),
    auth=caller(SENDERS, Scope.SEND),
    summary="Queue letters to addresses",
    operation_id="email_queue",
)
def email_queue(request: ApiRequest, payload: Outgoing) -> Taken:
    """Queue the same letter to each of these addresses, decided one by one by the same rules as any other.

    Each recipient becomes a lead of the campaign “Direct letters”, if they are none yet; an address that somebody has
    replaced or taken off there is refused. The letters leave at once, as fast as the mailbox may.
    """
    here, user, now = request.auth.workspace, request.auth.user, timezone.now()
    try:
        mailbox = mailbox_named(here, payload.mailbox.strip())
    except CannotQueueError as err:
        raise invalid("body", "mailbox", str(err)) from err
    try:
        results = queue_direct(
            here,
            payload.recipients,
            subject=payload.subject,
            content=payload.content,
            mailbox=mailbox,
            user=user,
            now=now,
            ground=payload.ground,
            found_url=payload.found_url,
        )
    except CannotQueueError as err:
        raise invalid("body", "recipients", str(err)) from err
    queued = sum(result.status == "queued" for result in results)
    note_request(
        "api.letters_queued",
        workspace=here,
        user=user,
        now=now,
        recipients=len(results),
        queued=queued,
        api_key=request.api_key_id,
    )
    stands = tally(here, at_most=None)
    return Taken(
        message=f"{queued} of {len(results)} {'letter is' if len(results) == 1 else 'letters are'} queued.",
        queueSize=stands.waiting + stands.asking + stands.sending,
        results=[
            Outcome(recipient=one.recipient, status=one.status, reason=one.reason, id=one.number) for one in results
        ],
        advice=advice_on(payload.subject, payload.content),
    )
