"""What the API says of itself, for tests to hold it to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from outreach_site.api import api

SCHEMA: dict[str, Any] = dict(api.get_openapi_schema())


@dataclass(frozen=True)
class Operation:
    """One method of one path, as it is described."""

    method: str
    path: str
    said: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.said["operationId"])

    @property
    def request(self) -> dict[str, Any] | None:
        """The description of the body as JSON; None: it takes none."""
        body = self.said.get("requestBody")
        return body["content"]["application/json"] if body else None

    def answers(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Code, media type and description of every answer that has a body."""
        for code, answer in self.said["responses"].items():
            for media_type, content in answer.get("content", {}).items():
                yield code, media_type, content

    def takes(self, body: Any) -> bool:
        return self.request is not None and fits(body, self.request["schema"])


OPERATIONS = {
    one.name: one
    for path, methods in SCHEMA["paths"].items()
    for method, said in methods.items()
    for one in [Operation(method.upper(), path, said)]
}


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is as a schema of this API says, formats included."""
    whole = schema | {"components": SCHEMA["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True).is_valid(value)
