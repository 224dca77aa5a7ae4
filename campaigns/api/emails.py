"""Letters before they are letters: the workspace's templates, and drafts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import BeforeValidator

from campaigns.api.shared import letter_text, one_line
from campaigns.custom_names import custom_names_in
from campaigns.drafting import sites, writing
from campaigns.drafting.desk import Desk, LimitReachedError, Missing, NotReady, desk_of
from campaigns.drafting.provider import DraftingError
from campaigns.drafting.writing import Draft, Tone
from campaigns.leads import NotASiteError, read_site
from campaigns.library import NameTakenError, delete_template, keep_template
from campaigns.models import Lead, Template
from campaigns.rendering import MAX_SUBJECT, problems_in
from outreach_site.accounts.access import READERS, SENDERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope, SenderIdentity, Workspace
from outreach_site.lib.api import Cursor, Given, Limit, Number, answers, example, invalid, page_of

router = Router()
LONGEST_BODY = 20_000

Line = Annotated[str, BeforeValidator(one_line)]
Letter = Annotated[str, BeforeValidator(letter_text)]


class NewTemplate(Given):
    """A letter to start from. Placeholders are `{name}`, or `{name|there}` with words for where nothing is known."""

    model_config = example(
        name="Guest article",
        subject="An article for {website}?",
        body="Hi {first_name|there},\n\nwould a piece on {topic} suit your readers?\n\nKind regards,",
        category="Guest posts",
    )

    name: Line = Field(min_length=1, max_length=120, examples=["Guest article"])
    subject: Line = Field(min_length=1, max_length=MAX_SUBJECT, examples=["An article for {website}?"])
    body: Letter = Field(min_length=1, max_length=LONGEST_BODY, examples=["Hi {first_name|there},\n\n…"])
    category: Line = Field(default="", max_length=60, examples=["Guest posts"])


class TemplateNow(Schema):
    model_config = example(
        id=3,
        name="Guest article",
        subject="An article for {website}?",
        body="Hi {first_name|there},\n\nwould a piece on {topic} suit your readers?\n\nKind regards,",
        category="Guest posts",
        created_at="2026-03-02T08:30:00Z",
    )

    id: int
    name: str
    subject: str
    body: str
    category: str
    created_at: datetime


@router.post(
    "/emails/templates",
    response=answers({201: TemplateNow}),
    auth=caller(SENDERS, Scope.WRITE),
    summary="Create a template",
    operation_id="create_template",
)
def create_template(request: ApiRequest, payload: NewTemplate) -> Status[Template]:
    """A new template of the workspace. 422 for a placeholder that nothing fills, with the one that was probably
    meant."""
    here = request.auth.workspace
    leads = Lead.objects.in_workspace(here)
    for field in ("subject", "body"):
        written = getattr(payload, field)
        if problems := problems_in(written, custom_names=custom_names_in(leads, written)):
            raise invalid("body", field, " ".join(problem.sentence for problem in problems))
    try:
        template = keep_template(here, **payload.dict(), user=request.auth.user, now=timezone.now())
    except NameTakenError as err:
        raise invalid("body", "name", str(err)) from err
    return Status(201, template)


@router.get(
    "/emails/templates",
    response=answers({200: list[TemplateNow]}),
    auth=caller(READERS, Scope.READ),
    summary="List templates",
    operation_id="list_templates",
)
def list_templates(
    request: ApiRequest,
    response: HttpResponse,
    category: Annotated[str, Query(max_length=60, description="Only those of this category.")] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> list[Template]:
    """The templates of the workspace, newest first. While there are more, the answer has a `Link` header with
    `rel="next"` (RFC 8288), and the cursor alone in `X-Next-Cursor`."""
    templates = Template.objects.in_workspace(request.auth.workspace).order_by("-pk")
    if category:
        templates = templates.annotate(lower=Lower("category")).filter(lower=category.lower())
    return page_of(request, response, templates, cursor=cursor, limit=limit)


@router.get(
    "/emails/templates/{template_id}",
    response=answers({200: TemplateNow}),
    auth=caller(READERS, Scope.READ),
    summary="Read a template",
    operation_id="read_template",
)
def read_template(request: ApiRequest, template_id: int) -> Template:
    """One template."""
    return get_object_or_404(Template.objects.in_workspace(request.auth.workspace), pk=template_id)


@router.delete(
    "/emails/templates/{template_id}",
    response=answers({204: None}),
    auth=caller(SENDERS, Scope.WRITE),
    summary="Delete a template",
    operation_id="delete_template",
)
def remove_template(request: ApiRequest, template_id: int) -> Status[None]:
    """For good. Campaigns that started from it keep their letters."""
    templates = Template.objects.in_workspace(request.auth.workspace).select_related("workspace")
    delete_template(get_object_or_404(templates, pk=template_id), user=request.auth.user, now=timezone.now())
    return Status(204, None)


# --- Drafts -----------------------------------------------------------------------------------------------------------

ToneWord = Literal["professional", "friendly", "casual", "formal"]


class ClaimNow(Schema):
    """A sentence about the reader or their site, with the passage that it rests on."""

    text: str
    passage: str = Field(description="As it stands on the page; empty: nothing backs this sentence.")
    url: str
    backed: bool


class DraftNow(Schema):
    """A draft. Nothing is saved or sent. Look at every claim that nothing backs before you use it."""

    model_config = example(
        subject="A balcony guide for Bright Garden",
        body="Hi Hannah,\n\nyou found that slugs hate copper. Would a guide to containers suit your readers?\n",
        claims=[
            {
                "text": "you found that slugs hate copper.",
                "passage": "Slugs hate copper, we find.",
                "url": "https://brightgarden.com/slugs",
                "backed": True,
            }
        ],
        notes=[],
    )

    subject: str
    body: str
    claims: list[ClaimNow]
    notes: list[str]


class NewDraft(Given):
    model_config = example(topic="balcony gardening", tone="friendly", template_id=3)

    topic: Line = Field(min_length=1, max_length=300, examples=["balcony gardening"])
    tone: ToneWord = "professional"
    template_id: Number | None = Field(default=None, description="A template to start from.")


class ToPersonalize(Given):
    model_config = example(
        base_email="Hi Hannah,\n\nwould a guide to containers suit your readers?\n\nKind regards,",
        lead_name="Hannah Lindqvist",
        lead_website="https://brightgarden.com/",
        content_topic="balcony gardening",
    )

    base_email: Letter = Field(min_length=1, max_length=LONGEST_BODY, description="Kept but for a sentence or two.")
    lead_name: Line = Field(default="", max_length=120)
    lead_website: Line = Field(min_length=1, max_length=500, description="Its pages are read, if they are not known.")
    content_topic: Line = Field(default="", max_length=300)


class ForSubjects(Given):
    model_config = example(topic="balcony gardening", tone="professional")

    topic: Line = Field(min_length=1, max_length=300)
    tone: ToneWord = "professional"


class SubjectsNow(Schema):
    model_config = example(
        subjects=[
            "A container guide for your readers",
            "Balconies in spring",
            "For your gardening section",
            "Herbs on 2 square metres",
            "An idea for Bright Garden",
        ]
    )

    subjects: list[str] = Field(description="Five to ten.")


class ForFollowUp(Given):
    model_config = example(
        original_subject="A balcony guide for Bright Garden",
        original_body="Hi Hannah,\n\nwould a guide to containers suit your readers?\n\nKind regards,",
        tone="friendly",
    )

    original_subject: Line = Field(min_length=1, max_length=MAX_SUBJECT)
    original_body: Letter = Field(
        min_length=1, max_length=LONGEST_BODY, description="Quoted lines are somebody else's, and are not passed on."
    )
    tone: ToneWord = "professional"


# 403: switched off in this workspace; 429: the month's tokens are used up, or the provider asks for a pause; 502: the
# provider gave nothing that can be used; 503: this server has no key.
ANSWERS: dict[Any, Any] = answers({200: DraftNow}, 502, 503)


@router.post(
    "/emails/generate",
    response=ANSWERS,
    auth=caller(SENDERS, Scope.WRITE),
    summary="Draft a letter",
    operation_id="generate_email",
)
def generate_email(request: ApiRequest, payload: NewDraft) -> DraftNow:
    """A letter about a topic, for many readers, with placeholders. It starts from a template where one is named."""
    here = request.auth.workspace
    start = None
    if payload.template_id is not None:
        template = get_object_or_404(Template.objects.in_workspace(here), pk=payload.template_id)
        start = (template.subject, template.body)
    task = writing.generate(topic=payload.topic, tone=Tone(payload.tone), start=start, our_site=_our_site(here))
    return _shown(_drafted(here, lambda desk: desk.letter(task, now=timezone.now())))


@router.post(
    "/emails/personalize",
    response=ANSWERS,
    auth=caller(SENDERS, Scope.WRITE),
    summary="Make a letter personal",
    operation_id="personalize_email",
)
def personalize_email(request: ApiRequest, payload: ToPersonalize) -> DraftNow:
    """The same letter with a sentence or two about the reader's own work, each with the passage that it rests on."""
    here, now = request.auth.workspace, timezone.now()
    try:
        site = read_site(payload.lead_website)
    except NotASiteError as err:
        raise invalid("body", "lead_website", str(err)) from err

    def personal(desk: Desk) -> Draft:
        pages = sites.known(here, [site.domain], now=now).get(site.domain)
        if pages is None:
            read, troubles = sites.read(here, {site.domain: site.url}, now=now)
            if site.domain not in read:
                raise invalid(
                    "body", "lead_website", f"{site.domain} could not be read. {troubles.get(site.domain, '')}".strip()
                )
            pages = read[site.domain]
        task = writing.personalise(
            subject="",
            body=payload.base_email,
            pages=pages,
            domain=site.domain,
            reader=payload.lead_name,
            topic=payload.content_topic,
            our_site=_our_site(here),
        )
        return desk.personal(task, now=now)

    return _shown(_drafted(here, personal))


@router.post(
    "/emails/subject-suggestions",
    response=ANSWERS | {200: SubjectsNow},
    auth=caller(SENDERS, Scope.WRITE),
    summary="Suggest subjects",
    operation_id="suggest_subjects",
)
def suggest_subjects(request: ApiRequest, payload: ForSubjects) -> SubjectsNow:
    """Five to ten subjects for a letter about a topic."""
    task = writing.subject_ideas(topic=payload.topic, tone=Tone(payload.tone))
    now = timezone.now()
    return SubjectsNow(subjects=_drafted(request.auth.workspace, lambda desk: desk.subjects(task, now=now)))


@router.post(
    "/emails/follow-up",
    response=ANSWERS,
    auth=caller(SENDERS, Scope.WRITE),
    summary="Draft a follow-up",
    operation_id="draft_follow_up",
)
def draft_follow_up(request: ApiRequest, payload: ForFollowUp) -> DraftNow:
    """A shorter letter to whoever has not answered. Its subject is that of the original."""
    here = request.auth.workspace
    task = writing.follow_up(
        subject=payload.original_subject,
        body=payload.original_body,
        tone=Tone(payload.tone),
        our_site=_our_site(here),
    )
    return _shown(_drafted(here, lambda desk: desk.letter(task, now=timezone.now())))


Drafted = TypeVar("Drafted")


def _drafted(workspace: Workspace, write: Callable[[Desk], Drafted]) -> Drafted:
    desk = desk_of(workspace)
    if isinstance(desk, NotReady):
        raise HttpError(503 if desk.missing is Missing.KEY else 403, desk.sentence)
    try:
        return write(desk)
    except LimitReachedError as err:
        raise HttpError(429, str(err)) from err
    except DraftingError as err:
        raise HttpError(429 if err.retry_after is not None else 502, str(err)) from err


def _our_site(workspace: Workspace) -> str:
    identity = SenderIdentity.objects.default_of(workspace)
    return identity.site if identity else ""


def _shown(draft: Draft) -> DraftNow:
    return DraftNow(
        subject=draft.subject,
        body=draft.body,
        claims=[
            ClaimNow(text=claim.text, passage=claim.passage, url=claim.url, backed=claim.is_backed)
            for claim in draft.claims
        ],
        notes=list(draft.notes),
    )
