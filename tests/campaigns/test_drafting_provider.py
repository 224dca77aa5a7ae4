"""The provider, through its real client, against a server that speaks its format and fails on demand."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict
from werkzeug import Response

from campaigns.drafting.provider import MOST_TOKENS, DraftingError, Provider, Question, UnfitError, configured
from tests.openai_server import OpenAIServer, completion, failure


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")
    word: str


QUESTION = Question("Say a word.", {"language": "Ünglisch"})


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def provider(openai_server: OpenAIServer, waits: list[float]) -> Provider:
    found = configured()
    assert found is not None
    return replace(found, sleep=waits.append)


def word(shape: Shape) -> str:
    if shape.word == "bad":
        raise UnfitError("it was bad.")
    return shape.word


def test_an_answer_comes_in_the_form_that_was_asked_for(provider: Provider, openai_server: OpenAIServer) -> None:
    openai_server.will(completion({"word": "beds"}))
    answer = provider.ask(QUESTION, Shape, word)
    assert (answer.value, answer.tokens) == ("beds", 1000)
    [asked] = openai_server.asked
    assert asked["model"] == "gpt-4.1-mini"
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert json.loads(asked["messages"][1]["content"]) == {"language": "Ünglisch"}
    form = asked["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["strict"] is True
    assert form["json_schema"]["schema"]["additionalProperties"] is False
    assert form["json_schema"]["schema"]["required"] == ["word"]
    assert asked["max_completion_tokens"] == MOST_TOKENS
    assert openai_server.headers[0]["Authorization"] == "Bearer sk-test"


@pytest.mark.parametrize(
    "first",
    [
        failure(500),
        failure(503),
        failure(429, retry_after="2"),
        completion("no json"),
        completion({"sentence": "beds"}),
        completion({"word": 7}),
        completion({"word": "bad"}),
        completion(None),
        Response("<html>nginx</html>", content_type="text/html"),
        Response("{", content_type="application/json"),
        Response('{"choices": []}', content_type="application/json"),
        Response('{"choices": [{"message": "?"}]}', content_type="application/json"),
        Response("[]", content_type="application/json"),
    ],
    ids=lambda response: f"{response.status_code}-{response.get_data(as_text=True)[-60:]}",
)
def test_a_passing_failure_is_tried_again(
    first: Response, provider: Provider, openai_server: OpenAIServer, waits: list[float]
) -> None:
    openai_server.will(first, completion({"word": "beds"}))
    assert provider.ask(QUESTION, Shape, word).value == "beds"
    assert waits == [2.0 if first.headers.get("Retry-After") else 1.0]


def test_what_failed_counts_too(provider: Provider, openai_server: OpenAIServer) -> None:
    openai_server.will(completion("nonsense", usage=(10, 5)), completion({"word": "beds"}, usage=(20, 6)))
    assert provider.ask(QUESTION, Shape, word).tokens == 41
    openai_server.will(completion("nonsense", usage=(10, 5)))
    with pytest.raises(DraftingError) as caught:
        provider.ask(QUESTION, Shape, word)
    assert caught.value.tokens == 45, "three tries"
    assert not caught.value.permanent
    assert "was no letter" in str(caught.value)


def test_a_server_that_does_not_count_is_counted_for(provider: Provider, openai_server: OpenAIServer) -> None:
    openai_server.will(completion({"word": "beds"}, usage=None))
    assert 0 < provider.ask(QUESTION, Shape, word).tokens < QUESTION.foreseen_tokens


@pytest.mark.parametrize(
    ("answer", "words", "stops"),
    [
        (failure(401), "OPENAI_API_KEY", True),
        (failure(403), "OPENAI_API_KEY", True),
        (failure(404), "OPENAI_MODEL", True),
        (failure(429, code="insufficient_quota"), "nothing left to spend", True),
        (failure(400, code="context_length_exceeded"), "too long", False),
        (failure(413), "too long", False),
        (failure(400), "did not take the question", False),
        (failure(302), "did not take the question", False),
        (completion(None, refusal="I cannot help with that."), "declined", False),
        (completion(None, finish="content_filter"), "declined", False),
        (completion('{"word": "be', finish="length"), "cut off", False),
    ],
)
def test_what_lasts_is_said_at_once(
    answer: Response, words: str, stops: bool, provider: Provider, openai_server: OpenAIServer
) -> None:
    openai_server.will(answer)
    with pytest.raises(DraftingError, match=words) as caught:
        provider.ask(QUESTION, Shape, word)
    assert caught.value.permanent
    assert caught.value.stops is stops
    assert len(openai_server.asked) == 1
    assert "sk-test" not in str(caught.value)
    assert "I cannot help" not in str(caught.value), "their words are not ours to show"


@pytest.mark.parametrize(
    ("after", "seconds", "words"), [("90", 90.0, "90 seconds"), ("86400", 86400.0, "1440 minutes")]
)
def test_a_longer_pause_is_said_and_not_waited_for(
    after: str, seconds: float, words: str, provider: Provider, openai_server: OpenAIServer, waits: list[float]
) -> None:
    openai_server.will(failure(429, retry_after=after))
    with pytest.raises(DraftingError, match=words) as caught:
        provider.ask(QUESTION, Shape, word)
    assert (caught.value.retry_after, caught.value.permanent) == (seconds, False)
    assert waits == []


@pytest.mark.parametrize("after", ["soon", "-5", "nan", "inf", ""])
def test_a_pause_that_makes_no_sense_is_our_own(
    after: str, provider: Provider, openai_server: OpenAIServer, waits: list[float]
) -> None:
    openai_server.will(failure(429, retry_after=after), completion({"word": "beds"}))
    assert provider.ask(QUESTION, Shape, word).value == "beds"
    assert waits == [1.0]


def test_tries_end(provider: Provider, openai_server: OpenAIServer, waits: list[float]) -> None:
    openai_server.will(failure(500))
    with pytest.raises(DraftingError, match="trouble of its own"):
        provider.ask(QUESTION, Shape, word)
    assert (len(openai_server.asked), waits) == (3, [1.0, 2.0])


def test_nobody_there(provider: Provider) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DraftingError, match="cannot be reached"):
        replace(provider, base_url=f"http://127.0.0.1:{port}/v1").ask(QUESTION, Shape, word)


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends one byte after the other and never ends: headers, and then a body."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-A: ")
                    while not over.wait(0.05):
                        connection.sendall(b"a")
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
    over.set()
    server.close()


def test_an_answer_that_drips_ends(provider: Provider, dripping: str) -> None:
    """Its every read is in time: without an end to the whole this test would have none."""
    impatient = replace(provider, base_url=dripping, seconds=0.6)
    with pytest.raises(DraftingError, match="did not answer in time") as caught:
        impatient.ask(QUESTION, Shape, word)
    assert caught.value.tokens > 0, "it may have been read, and so be paid for"


def test_an_answer_that_is_too_large_is_not_read(provider: Provider, openai_server: OpenAIServer) -> None:
    openai_server.will(lambda _: Response(" " * 3_000_000, content_type="application/json"))
    with pytest.raises(DraftingError, match="cannot be reached"):
        provider.ask(QUESTION, Shape, word)


def test_a_redirect_does_not_take_the_key_along(
    provider: Provider, openai_server: OpenAIServer, httpserver: Any
) -> None:
    httpserver.expect_request("/elsewhere").respond_with_data("{}")
    openai_server.will(Response("", status=307, headers={"Location": httpserver.url_for("/elsewhere")}))
    with pytest.raises(DraftingError):
        provider.ask(QUESTION, Shape, word)
    assert [request.path for request, _ in httpserver.log] == ["/v1/chat/completions"]


def test_without_a_key_there_is_none(settings: Any) -> None:
    settings.OPENAI_API_KEY = ""
    assert configured() is None


def test_the_key_is_not_shown(provider: Provider) -> None:
    assert "sk-test" not in repr(provider)
