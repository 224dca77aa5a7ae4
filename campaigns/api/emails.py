"""Letters before they are letters: the workspace's templates, and drafts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import BeforeValidator

from campaigns.api.shared import MAX_LIMIT, Fault, FieldFaults, fault, letter_text, numbered, one_line, page_of
from campaigns.custom_names import custom_names_in
from campaigns.library import NameTakenError, delete_template, keep_template
from campaigns.models import Lead, Template
from campaigns.rendering import MAX_SUBJECT, problems_in
from outreach_site.accounts.access import READERS, SENDERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope

router = Router()
LONGEST_BODY = 20_000

Line = Annotated[str, BeforeValidator(one_line)]
Letter = Annotated[str, BeforeValidator(letter_text)]


class NewTemplate(Schema):
    """A letter to start from. Placeholders are `{name}`, or `{name|there}` with words for where nothing is known."""

    name: Line = Field(min_length=1, max_length=120, examples=["Guest article"])
    subject: Line = Field(min_length=1, max_length=MAX_SUBJECT, examples=["An article for {website}?"])
    body: Letter = Field(min_length=1, max_length=LONGEST_BODY, examples=["Hi {first_name|there},\n\n…"])
    category: Line = Field(default="", max_length=60, examples=["Guest posts"])


class TemplateNow(Schema):
    id: int
    name: str
    subject: str
    body: str
    category: str
    created_at: datetime


@router.post(
    "/emails/templates",
    response={201: TemplateNow, 401: Fault, 403: Fault, 404: Fault, 422: FieldFaults},
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
            raise fault(field, " ".join(problem.sentence for problem in problems))
    try:
        template = keep_template(here, **payload.dict(), user=request.auth.user, now=timezone.now())
    except NameTakenError as err:
        raise fault("name", str(err)) from err
    return Status(201, template)


@router.get(
    "/emails/templates",
    response={200: list[TemplateNow], 401: Fault, 403: Fault, 404: Fault, 422: FieldFaults},
    auth=caller(READERS, Scope.READ),
    summary="List templates",
    operation_id="list_templates",
)
def list_templates(
    request: ApiRequest,
    response: HttpResponse,
    category: Annotated[str, Query(max_length=60, description="Only those of this category.")] = "",
    cursor: Annotated[str, Query(max_length=80, description="From the `Link` header of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Templates a page.")] = 50,
) -> list[Template]:
    """The templates of the workspace, newest first. While there are more, the answer has a `Link` header with
    `rel="next"` (RFC 8288), and the cursor alone in `X-Next-Cursor`."""
    templates = Template.objects.in_workspace(request.auth.workspace).order_by("-pk")
    if category:
        templates = templates.annotate(lower=Lower("category")).filter(lower=category.lower())
    return page_of(
        request, response, templates, after=numbered, place_of=lambda one: str(one.pk), cursor=cursor, limit=limit
    )


@router.get(
    "/emails/templates/{template_id}",
    response={200: TemplateNow, 401: Fault, 403: Fault, 404: Fault, 422: FieldFaults},
    auth=caller(READERS, Scope.READ),
    summary="Read a template",
    operation_id="read_template",
)
def read_template(request: ApiRequest, template_id: int) -> Template:
    """One template."""
    return get_object_or_404(Template.objects.in_workspace(request.auth.workspace), pk=template_id)


@router.delete(
    "/emails/templates/{template_id}",
    response={204: None, 401: Fault, 403: Fault, 404: Fault, 422: FieldFaults},
    auth=caller(SENDERS, Scope.WRITE),
    summary="Delete a template",
    operation_id="delete_template",
)
def remove_template(request: ApiRequest, template_id: int) -> Status[None]:
    """For good. Campaigns that started from it keep their letters."""
    templates = Template.objects.in_workspace(request.auth.workspace).select_related("workspace")
    delete_template(get_object_or_404(templates, pk=template_id), user=request.auth.user, now=timezone.now())
    return Status(204, None)
