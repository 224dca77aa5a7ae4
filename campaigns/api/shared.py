"""What the operations of this room share: texts as they come in, faults as they go out, and lists in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, Schema
from ninja.errors import ValidationError

from campaigns.content import advice
from campaigns.models import Campaign
from campaigns.paging import NoSuchPlaceError
from outreach_site.accounts.api_access import ApiRequest, Caller
from outreach_site.accounts.models import Membership

MAX_LIMIT = 200
M = TypeVar("M", bound=Model)


def one_line(text: object) -> object:
    """One line without control characters; anything but text is left for the type to refuse."""
    if not isinstance(text, str):
        return text
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def plain_text(text: object) -> object:
    """Lines are kept, other control characters are dropped."""
    if not isinstance(text, str):
        return text
    return "".join(character for character in text if character.isprintable() or character == "\n").strip()


def letter_text(text: object) -> object:
    """The same for what somebody will read: line ends are one kind, and what was aligned with tabs stays apart."""
    if not isinstance(text, str):
        return text
    return plain_text(text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))


class CampaignCaller(Caller):
    """A door below one campaign: another workspace's campaign does not exist, whatever is wrong with what was sent."""

    def __call__(self, request: HttpRequest) -> Membership | None:
        membership = super().__call__(request)
        match = request.resolver_match
        number = str(match.kwargs.get("campaign_id", "")) if match else ""
        if membership is not None and number.isascii() and number.isdigit() and len(number) < 19:
            here = Campaign.objects.in_workspace(membership.workspace)
            if not here.filter(pk=int(number)).exists():
                raise Http404("Not found.")
        return membership


class Place(Schema):
    place: str = Field(description="subject or body")
    start: int = Field(description="The first character, counted from 0.")
    end: int = Field(description="The character after the last.")


class Advice(Schema):
    """Something that filters and people take for advertising, and where it stands."""

    sentence: str
    places: list[Place]


def advice_on(subject: str, body: str) -> list[Advice]:
    return [
        Advice(
            sentence=one.sentence,
            places=[Place(place=spot.place, start=spot.start, end=spot.end) for spot in one.spots],
        )
        for one in advice(subject, body)
    ]


class Fault(Schema):
    detail: str


class FieldFault(Schema):
    field: str
    message: str


class FieldFaults(Fault):
    fields: list[FieldFault]


def page_of(
    request: ApiRequest,
    response: HttpResponse,
    rows: QuerySet[M],
    *,
    after: Callable[[Any, str], Any],
    place_of: Callable[[M], str],
    cursor: str,
    limit: int,
) -> list[M]:
    """One page. While there are more, the answer has a `Link` header with `rel="next"` (RFC 8288), and the cursor alone
    in `X-Next-Cursor`."""
    try:
        found: list[M] = list(after(rows, cursor)[: limit + 1])
    except NoSuchPlaceError as err:
        raise ValidationError([{"loc": ("query", "cursor"), "msg": str(err), "type": "value_error"}]) from err
    if len(found) > limit:
        next_cursor = place_of(found[limit - 1])
        query = request.GET.copy()
        query["cursor"] = next_cursor
        response["Link"] = f'<{request.build_absolute_uri(f"{request.path}?{query.urlencode()}")}>; rel="next"'
        response["X-Next-Cursor"] = next_cursor
    return found[:limit]


def numbered(rows: QuerySet[M], cursor: str) -> QuerySet[M]:
    """Of rows that are listed newest first, those after the number `cursor`. Raises NoSuchPlaceError."""
    if not cursor:
        return rows
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise NoSuchPlaceError("This page of the list does not exist.")
    return rows.filter(pk__lt=int(cursor))


def fault(field: str, sentence: str) -> ValidationError:
    """422 about one field of the body."""
    return ValidationError([{"loc": ("body", field), "msg": sentence, "type": "value_error"}])
