"""The API's description, finished: what holds for every operation is said here once, and not in each router."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Described = dict[str, Any]

SECURITY = {
    "ApiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of yours, made under Settings, API keys. It begins with `lk_`.",
    }
}
MEANINGS = {
    "200": "Done",
    "201": "Created",
    "204": "Done; there is nothing to say",
    "401": "Nobody is signed in, or the key is none",
    "403": "Your scope or role does not allow it, or a rule refuses",
    "404": "It does not exist here",
    "409": "The same is under way already",
    "413": "The request is larger than this server takes",
    "422": "Some fields are not right",
    "429": "Too many requests for now",
    "500": "It was tried, and failed for good",
    "502": "The provider gave nothing that can be used",
    "503": "This server is not set up for it",
}
SENTENCES = {
    "401": "Sign in, or send an API key as a bearer token.",
    "403": "Your role in this workspace does not allow this.",
    "404": "Not found.",
    "409": "A first letter to this lead is on its way already.",
    "413": "The request is too large: at most 2 MB are taken.",
    "429": "Too many requests: 300 a minute are taken. Try again in 17 s.",
    "500": "The letter could not be sent.",
    "502": "OpenAI's answer could not be used. Try again.",
    "503": "Drafting needs a key. Whoever runs this server sets OPENAI_API_KEY.",
}
FIELDS_WRONG = {
    "detail": "Some fields are not right.",
    "fields": [{"field": "name", "message": "Field required"}],
}
PATH_EXAMPLES = {"campaign_id": 7, "lead_id": 42, "template_id": 3, "workspace": "orchard", "mailbox": "5"}
WHOLE = {"type": "integer", "minimum": 0}
RATE_HEADERS = {
    "RateLimit-Limit": {"description": "Requests that you may make in a minute.", "schema": WHOLE, "example": 300},
    "RateLimit-Remaining": {"description": "How many of them are left.", "schema": WHOLE, "example": 287},
    "RateLimit-Reset": {"description": "Seconds until the next minute.", "schema": WHOLE, "example": 17},
}
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": WHOLE, "example": 17}}
PAGE_HEADERS = {
    "Link": {
        "description": "While there are more: where the next page is (RFC 8288).",
        "schema": {"type": "string"},
        "example": '<https://outreach.example.com/api/v1/backlink-outreach/campaigns?cursor=41>; rel="next"',
    },
    "X-Next-Cursor": {
        "description": "The `cursor` of the next page, alone.",
        "schema": {"type": "string"},
        "example": "41",
    },
}


def finish(described: Described) -> Described:
    """The description of the operations with headers, meanings, examples, and how one signs in. Changes `described`."""
    described["components"]["securitySchemes"] = SECURITY
    schemas = described["components"]["schemas"]
    for operation in operations_of(described):
        operation["security"] = [{name: []} for name in SECURITY]
        for parameter in operation["parameters"]:
            _give_example(parameter)
        responses = operation["responses"] = {str(code): one for code, one in operation["responses"].items()}
        if "requestBody" in operation:
            responses["413"] = {"content": responses["401"]["content"] | {}}
            for content in operation["requestBody"]["content"].values():
                _show(content, example_of(content["schema"], schemas))
        in_pages = any(parameter["name"] == "cursor" for parameter in operation["parameters"])
        for code, response in responses.items():
            response["description"] = MEANINGS[code]
            _finish_response(response, code, schemas, in_pages=in_pages)
        operation["responses"] = dict(sorted(responses.items()))
    return described


def operations_of(described: Mapping[str, Any]) -> Iterator[Described]:
    for methods in described["paths"].values():
        yield from methods.values()


def _give_example(parameter: Described) -> None:
    """One example of a parameter, in the one form that OpenAPI has for it: pydantic's list of them is none."""
    examples = parameter.pop("examples", None) or [PATH_EXAMPLES.get(parameter["name"])]
    if examples[0] is not None:
        parameter["example"] = examples[0]


def _finish_response(response: Described, code: str, schemas: Mapping[str, Any], *, in_pages: bool) -> None:
    headers: Described = {} if code == "401" else dict(RATE_HEADERS)
    if code == "200" and in_pages:
        headers |= PAGE_HEADERS
    if code == "429":
        headers |= RETRY_AFTER
    if headers:
        response["headers"] = headers
    for media_type, content in response.get("content", {}).items():
        if code in SENTENCES and "anyOf" not in content["schema"]:
            _show(content, {"detail": SENTENCES[code]})
        elif code == "422":
            _show(content, FIELDS_WRONG)
        elif media_type == "application/json":
            _show(content, example_of(content["schema"], schemas))


def _show(content: Described, example: Any) -> None:
    if example is not None:
        content["example"] = example


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """The first example that a schema carries; of a list, a list of one; None where there is none."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if schema.get("examples"):
        return schema["examples"][0]
    for choice in schema.get("anyOf", ()):
        if (example := example_of(choice, schemas)) is not None:
            return example
    if schema.get("type") == "array" and (example := example_of(schema["items"], schemas)) is not None:
        return [example]
    return None
