"""What every operation of the API shares: how it refuses, how a list is paged, and how an example is given."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import wraps
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from ninja import Field, Query, Schema
from ninja.errors import ValidationError
from ninja.parser import Parser
from pydantic import BeforeValidator, ConfigDict, Strict

from outreach_site.lib.paging import NoSuchPlaceError, number_of, numbered

M = TypeVar("M", bound=Model)

MAX_LIMIT = 200


# In JSON a number is a number: neither "7" nor true is taken for one.
Number = Annotated[int, Strict()]
Fraction = Annotated[float, Strict()]
Flag = Annotated[bool, Strict()]


def example(**values: Any) -> ConfigDict:
    """A schema's `model_config` with one realistic example: the reference of the API shows it, and a test proves it."""
    return ConfigDict(json_schema_extra={"examples": [values]})


class Given(Schema):
    """What a request brings. A field that it does not have is refused: a misspelt one would change nothing, unsaid."""

    model_config = ConfigDict(extra="forbid")


class Fault(Schema):
    """What is wrong, and what to do: a sentence for a person."""

    model_config = example(detail="Not found.")

    detail: str


class FieldFault(Schema):
    field: str = Field(description="Its name, with dots for what lies inside; `body` and `query` are the whole of it.")
    message: str


class FieldFaults(Fault):
    """Which fields are not right, and what is wrong with each."""

    model_config = example(detail="Some fields are not right.", fields=[{"field": "name", "message": "Field required"}])

    fields: list[FieldFault]


def answers(good: Mapping[int, Any], *more: int) -> dict[Any, Any]:
    """An operation's `response=`: its `good` answers, how any operation may refuse, and these codes besides.

    401: nobody, or a key that is none. 403: scope, role, or a rule. 404: it does not exist, or is another's. 422: a
    field is not right. 429: too many requests.
    """
    bad = dict.fromkeys(sorted({401, 403, 404, 429, *more}), Fault)
    return {**bad, 422: FieldFaults, **good}


def invalid(where: Literal["body", "query"], field: str, sentence: str) -> ValidationError:
    """422 about one field."""
    # As ninja has it: below the body comes the name of the operation's argument.
    place = ("body", "payload", field) if where == "body" else (where, field)
    return ValidationError([{"loc": place, "msg": sentence, "type": "value_error"}])


def field_faults(err: ValidationError) -> list[dict[str, str]]:
    """Which field, under the name that the request has for it, and what is wrong with it. What was sent is not
    repeated: it may be a secret."""
    return [
        {
            "field": ".".join(map(str, error["loc"][2 if error["loc"][0] == "body" else 1 :])) or str(error["loc"][0]),
            "message": sentence_of(error),
        }
        for error in err.errors
    ]


def sentence_of(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors, for a person."""
    if error["type"] == "extra_forbidden":
        return "There is no such field here."
    return str(error["msg"]).removeprefix("Value error, ")


# --- Lists in pages ---------------------------------------------------------------------------------------------------

Cursor = Annotated[str, Query(max_length=80, description="From the `Link` header of the page before.")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows a page.")]


def page_of(
    request: HttpRequest,
    response: HttpResponse,
    rows: QuerySet[M],
    *,
    cursor: str,
    limit: int,
    after: Callable[[Any, str], Any] = numbered,
    place_of: Callable[[M], str] = number_of,
) -> list[M]:
    """One page of rows that stand in the order of their places: one query, no OFFSET and no count, and steady while
    rows come in.

    While there are more, the answer has a `Link` header with `rel="next"` (RFC 8288), and the cursor alone in
    `X-Next-Cursor`.
    """
    try:
        found: list[M] = list(after(rows, cursor)[: limit + 1])
    except NoSuchPlaceError as err:
        raise invalid("query", "cursor", str(err)) from err
    if len(found) > limit:
        next_cursor = place_of(found[limit - 1])
        query = request.GET.copy()
        query["cursor"] = next_cursor
        response["Link"] = f'<{request.build_absolute_uri(f"{request.path}?{query.urlencode()}")}>; rel="next"'
        response["X-Next-Cursor"] = next_cursor
    return found[:limit]


def _calendar_day(text: object) -> object:
    """Nothing but YYYY-MM-DD: a number would be taken for seconds since 1970."""
    if isinstance(text, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("Write the day as YYYY-MM-DD.")
    return text


Day = Annotated[date, BeforeValidator(_calendar_day)]


def _true_or_false(text: object) -> object:
    """In a query: one spelling for each, so that what is meant and what is done are the same."""
    if isinstance(text, str) and text not in {"true", "false"}:
        raise ValueError("Say true or false.")
    return text


# `Query` has to be told its default: what stands behind the annotation is lost where there is a validator.
TrueOrFalse = Annotated[bool, BeforeValidator(_true_or_false)]


# --- What comes in ----------------------------------------------------------------------------------------------------


class StrictParser(Parser):
    """JSON as RFC 8259 has it, in characters that every database keeps: UTF-8, no NaN, no NUL, no half of a pair."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        try:
            parsed = json.loads(request.body.decode("utf-8-sig"), parse_constant=_no_number)
        except (ValueError, RecursionError) as err:
            raise invalid("body", "body", "This is not valid JSON.") from err
        if not isinstance(parsed, dict):  # Else pydantic looks for attributes, and finds what is not needed missing.
            raise invalid("body", "body", "Send a JSON object.")
        if b"\\u" in request.body:
            for name, value in parsed.items():
                if not all(map(is_text, _texts([name, value]))):
                    raise invalid("body", name if is_text(name) else "body", NO_TEXT)
        return parsed

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        for name, values in data.lists():
            if not all(is_text(value) for value in values if isinstance(value, str)):
                raise invalid("query", name, NO_TEXT)
        return super().parse_querydict(data, list_fields, request)


def without_surprises(operation: Callable[..., Any]) -> Callable[..., Any]:
    """The operation, which takes no query parameter that it does not have: a misspelt filter would list everything."""

    @wraps(operation)
    def checked(request: HttpRequest, **given: Any) -> Any:
        for name in request.GET:
            if name not in given:
                raise invalid("query", name, "There is no such parameter here.")
        return operation(request, **given)

    return checked


NO_TEXT = "It holds a character that is no text, such as U+0000."


def is_text(text: str) -> bool:
    """Whether a database can keep it: PostgreSQL refuses NUL, and half of a surrogate pair is no UTF-8."""
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)


def _texts(parsed: Any) -> Iterator[str]:
    """Every text in what JSON held, keys included."""
    waiting = [parsed]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def what_failed(request: HttpRequest) -> str:
    """For a program: nobody knows whether it went wrong before or after what was asked for was done."""
    said = "Something went wrong on this server."
    if request.method in {"GET", "HEAD"}:
        return f"{said} Try again."
    return f"{said} What you asked for may have been done all the same: look before you ask again."
