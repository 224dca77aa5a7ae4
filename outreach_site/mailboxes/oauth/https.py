"""What authlib's client posts through: our own web client, which opens nothing private and has an end (lib/web.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from outreach_site.lib.web import Bounds, Request, Way, WebError, open_url

# An answer is a few kilobytes of JSON, at once; whoever sends more, or later, is not a token endpoint.
SECONDS = 10.0
MOST_BYTES = 256 * 1024
WAY = Way()
USER_AGENT = "Linkletter"


class EndpointError(OSError):
    """The endpoint could not be reached, or did not answer as one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What authlib wants to know of an answer."""

    status_code: int
    body: bytes

    def json(self) -> Any:
        """Raises ValueError."""
        return json.loads(self.body)

    def raise_for_status(self) -> None:
        if self.status_code >= 300:
            raise EndpointError(f"the token endpoint answered {self.status_code}")


class Session:
    """A session as authlib's client uses one: it posts forms, and follows no redirect with them."""

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> Answer:
        """Raises EndpointError. `auth` is authlib's: it puts the client's name and secret into the form."""
        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return post(url, sent, body)


def post(url: str, headers: Mapping[str, str], body: str) -> Answer:
    """Raises EndpointError."""
    try:
        answer = open_url(
            url,
            Request("POST", headers, body.encode("ascii")),
            user_agent=USER_AGENT,
            bounds=Bounds(seconds=SECONDS, each=SECONDS, size=MOST_BYTES),
            way=WAY,
        )
    except WebError as err:
        raise EndpointError(str(err)) from err
    return Answer(answer.status, answer.body)
