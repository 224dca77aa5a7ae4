"""A server on loopback that speaks OpenAI's chat completions, and fails on demand: so the real client library runs.

The format: https://platform.openai.com/docs/api-reference/chat.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

Answer = Callable[[Request], Response] | Response


@dataclass
class OpenAIServer:
    """Give it answers with `will`; the last one stays. `asked` is what came in, as JSON."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def will(self, *answers: Answer) -> None:
        self.answers = list(answers)

    def handle(self, request: Request) -> Response:
        self.asked.append(request.get_json())
        self.headers.append(dict(request.headers))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Response) else answer(request)

    @property
    def material(self) -> dict[str, Any]:
        """What the last question was about."""
        return json.loads(self.asked[-1]["messages"][1]["content"])  # type: ignore[no-any-return]


def completion(content: Any, *, finish: str = "stop", refusal: str | None = None, usage: Any = (900, 100)) -> Response:
    """A whole answer; `content` is what the model wrote, as text or as what becomes JSON."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4.1-mini",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": refusal},
                "finish_reason": finish,
                "logprobs": None,
            }
        ],
    }
    if usage is not None:
        body["usage"] = {
            "prompt_tokens": usage[0],
            "completion_tokens": usage[1],
            "total_tokens": usage[0] + usage[1],
        }
    return Response(json.dumps(body), content_type="application/json")


def failure(status: int, *, code: str | None = None, retry_after: str | None = None) -> Response:
    body = {"error": {"message": "No.", "type": "error", "param": None, "code": code}}
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Response(json.dumps(body), status=status, headers=headers, content_type="application/json")


def letter(*paragraphs: Any, subject: str | None = None) -> dict[str, Any]:
    """What a model writes: a paragraph is a text, or sentences; a sentence is a text, or (text, passage)."""

    def sentence(one: Any) -> dict[str, Any]:
        text, passage = one if isinstance(one, tuple) else (one, "")
        return {"text": text, "about_reader": bool(passage), "passage": passage}

    written = [
        {"sentences": [sentence(one) for one in (part if isinstance(part, list) else [part])]} for part in paragraphs
    ]
    return {"paragraphs": written} | ({"subject": subject} if subject is not None else {})


@pytest.fixture
def openai_server(httpserver: HTTPServer, settings: Any) -> Iterator[OpenAIServer]:
    server = OpenAIServer(httpserver.url_for("/v1"))
    httpserver.expect_request("/v1/chat/completions", method="POST").respond_with_handler(server.handle)
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL, settings.OPENAI_MODEL = "sk-test", server.url, "gpt-4.1-mini"
    yield server
    httpserver.check_assertions()
