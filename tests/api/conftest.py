"""A workspace for the API's tests in which everything can work, and nothing reaches further than this machine."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from ddgs.engines.duckduckgo import Duckduckgo
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from campaigns.discovery import runs
from campaigns.drafting import provider
from campaigns.models.drafting import SiteText
from compliance.privacy_models import PrivacySettings
from tests.conftest import World
from tests.openai_server import OpenAIServer, completion, letter


@pytest.fixture
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name resolves but this machine's own, and nothing else is connected to."""
    find, connect = socket.getaddrinfo, socket.socket.connect

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in {"127.0.0.1", "localhost"}:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return find(host, *args, **kwargs)

    def to_loopback(self: socket.socket, address: Any) -> None:
        assert address[0] in {"127.0.0.1", "localhost"}, f"A way out to {address}"
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", to_loopback)


@pytest.fixture
def workspace(
    full: World,
    openai_server: OpenAIServer,
    httpserver: HTTPServer,
    loopback_only: None,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A workspace in which everything can work: a lead to write to, a site that was read, providers on loopback."""
    PrivacySettings.objects.create(workspace=full.here, may_use_openai=True, openai_tokens=100_000_000)
    page = {"url": "https://site.com/", "title": "Site", "text": "Slugs hate copper, we find."}
    SiteText.objects.create(workspace=full.here, domain="site.com", pages=[page])
    openai_server.will(drafted)
    httpserver.expect_request("/html/").respond_with_data("<html></html>", content_type="text/html")
    monkeypatch.setattr(Duckduckgo, "search_url", httpserver.url_for("/html/"))
    assert runs.work.__kwdefaults__ is not None
    monkeypatch.setitem(runs.work.__kwdefaults__, "pause", 0.0)
    monkeypatch.setattr(provider, "_BACKOFF", 0.0)
    return full


def drafted(request: Request) -> Response:
    match request.get_json()["response_format"]["json_schema"]["name"]:
        case "subjects":
            return completion({"subjects": [f"Subject {number}" for number in range(1, 6)]})
        case "letter":
            return completion(letter("Hello,", "would a piece on beds suit you?", subject="Beds"))
        case _:
            kept = json.loads(request.get_json()["messages"][1]["content"])["letter"].split("\n\n")
            return completion(letter(*kept, [("You say that slugs hate copper.", "Slugs hate copper")]))
