"""The one who writes drafts: OpenAI, or a server that speaks its language (`OPENAI_BASE_URL`), through its own client.

1. A question goes out with the exact form that its answer must have (structured outputs,
   https://platform.openai.com/docs/guides/structured-outputs), and is read as what it is: untrusted JSON.
2. A passing failure is tried again within the time that there is, not sooner than the server asks for (Retry-After).
3. What is refused, cut short, or not of that form is an error with a sentence, and never a draft.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import structlog
from django.conf import settings
from pydantic import BaseModel, Field, ValidationError

from outreach_site.lib.patience import Patience

if TYPE_CHECKING:
    import openai

log = structlog.get_logger(__name__)

TRIES = 3
SECONDS = 40.0  # for a question with all its tries: a person waits for it
MOST_BYTES = 1_000_000  # of an answer
MOST_TOKENS = 3_000  # of an answer: twice a long letter with its passages
_BACKOFF = 1.0  # seconds before the second try, twice as long before the third


class DraftingError(Exception):
    """There is no draft; the message is a sentence for a person.

    `permanent`: asking again changes nothing before somebody has done something. `retry_after`: seconds to wait where
    the server says so. `tokens`: what was used up all the same.
    """

    def __init__(
        self, sentence: str, *, permanent: bool, retry_after: float | None = None, tokens: int = 0, stops: bool = False
    ) -> None:
        super().__init__(sentence)
        self.permanent = permanent
        self.retry_after = retry_after
        self.tokens = tokens
        self.stops = stops  # it would meet every other letter too: the key, the account, the limit


class UnfitError(Exception):
    """An answer of the right form that must not be shown; the message says what is wrong with it."""


@dataclass(frozen=True)
class Question:
    """`instructions` are ours; `material` is what they speak of, and data alone, whatever it says."""

    instructions: str
    material: dict[str, Any]

    @property
    def text(self) -> str:
        return json.dumps(self.material, ensure_ascii=False)

    @property
    def foreseen_tokens(self) -> int:
        """At most about so many, answer and all: three characters a token is few in any language that is spaced."""
        return math.ceil((len(self.instructions) + len(self.text)) / 3) + MOST_TOKENS


Shape = TypeVar("Shape", bound=BaseModel)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Answer(Generic[Result]):
    value: Result
    tokens: int


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(default=0, ge=0, le=10_000_000)
    completion_tokens: int = Field(default=0, ge=0, le=10_000_000)


class _Completion(BaseModel):
    """https://platform.openai.com/docs/api-reference/chat/object, as far as it is read."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


@dataclass(frozen=True)
class Provider:
    api_key: str = field(repr=False)
    base_url: str
    model: str
    seconds: float = SECONDS
    sleep: Callable[[float], None] = time.sleep

    def ask(self, question: Question, shape: type[Shape], read: Callable[[Shape], Result]) -> Answer[Result]:
        """The answer as `read` makes it. `read` raises UnfitError for what must not be shown. Raises DraftingError."""
        from openai import OpenAI  # noqa: PLC0415 - megabytes that most processes never need

        from outreach_site.lib.patient_http import patient_client  # noqa: PLC0415 - as above

        patience = Patience(each=self.seconds)
        patience.within(self.seconds)
        ends_at = time.monotonic() + self.seconds
        used = 0
        with patient_client(patience, most_bytes=MOST_BYTES) as http:
            client = OpenAI(
                api_key=self.api_key, base_url=self.base_url, max_retries=0, timeout=self.seconds, http_client=http
            )
            for tried in range(1, TRIES + 1):
                try:
                    return self._once(client, question, shape, read, used)
                except DraftingError as err:
                    used = err.tokens
                    wait = err.retry_after if err.retry_after is not None else _BACKOFF * 2 ** (tried - 1)
                    log.info("draft failed", tried=tried, permanent=err.permanent)
                    if err.permanent or tried == TRIES or time.monotonic() + wait >= ends_at:
                        raise
                    self.sleep(wait)
        raise AssertionError("the last try raises")

    def _once(
        self,
        client: openai.OpenAI,
        question: Question,
        shape: type[Shape],
        read: Callable[[Shape], Result],
        used: int,
    ) -> Answer[Result]:
        completion = self._completion(client, question, shape, used)
        usage = completion.usage or _estimated(question, completion)
        used += usage.prompt_tokens + usage.completion_tokens
        choice = completion.choices[0]
        if choice.message.refusal or choice.finish_reason == "content_filter":
            raise DraftingError(
                "OpenAI declined to write this. Change what you ask for, or write it yourself.",
                permanent=True,
                tokens=used,
            )
        if choice.finish_reason == "length":
            raise DraftingError(
                "The draft was cut off before its end, so it was thrown away. Ask for less, or start from a shorter"
                " letter.",
                permanent=True,
                tokens=used,
            )
        try:
            value = shape.model_validate_json(choice.message.content or "", strict=True)
        except ValidationError as err:
            raise DraftingError(
                "What OpenAI answered was no letter, so it was thrown away. Try again.", permanent=False, tokens=used
            ) from err
        try:
            return Answer(read(value), used)
        except UnfitError as err:
            raise DraftingError(
                f"The draft was thrown away: {err} Try again, or write it yourself.", permanent=False, tokens=used
            ) from err

    def _completion(self, client: openai.OpenAI, question: Question, shape: type[BaseModel], used: int) -> _Completion:
        from openai import OpenAIError  # noqa: PLC0415 - as above

        try:
            # As it came: what the client would make of an answer that is none is anybody's guess.
            answer = client.chat.completions.with_raw_response.create(
                model=self.model,
                messages=[
                    {"role": "system", "content": question.instructions},
                    {"role": "user", "content": question.text},
                ],
                max_completion_tokens=MOST_TOKENS,
                response_format={
                    "type": "json_schema",
                    "json_schema": {
                        "name": shape.__name__.lower(),
                        "strict": True,
                        "schema": shape.model_json_schema(),
                    },
                },
            )
        except OpenAIError as err:
            raise self._trouble(err, used, question) from err
        try:
            return _Completion.model_validate_json(answer.http_response.content)
        except ValidationError as err:
            raise DraftingError(
                "What OpenAI answered could not be read. Try again.", permanent=False, tokens=used
            ) from err

    def _trouble(self, err: Exception, used: int, question: Question) -> DraftingError:
        import openai  # noqa: PLC0415 - as above

        def trouble(
            sentence: str, *, permanent: bool, stops: bool = False, after: float | None = None
        ) -> DraftingError:
            return DraftingError(sentence, permanent=permanent, retry_after=after, tokens=used, stops=stops)

        if isinstance(err, openai.APITimeoutError):
            # It may have been read, and so be paid for.
            used += question.foreseen_tokens - MOST_TOKENS
            return trouble("OpenAI did not answer in time. Try again in a while.", permanent=False)
        if isinstance(err, openai.APIConnectionError):
            return trouble("OpenAI cannot be reached. Try again in a while.", permanent=False)
        if not isinstance(err, openai.APIStatusError):
            return trouble("OpenAI's answer could not be understood. Try again in a while.", permanent=False)
        code = str(err.code or "")
        match err.status_code:
            case 401 | 403:
                return trouble(
                    "OpenAI did not accept the key. Whoever runs this server should look at OPENAI_API_KEY.",
                    permanent=True,
                    stops=True,
                )
            case 404:
                return trouble(
                    f"OpenAI does not know the model “{self.model}”. Whoever runs this server should look at"
                    " OPENAI_MODEL and OPENAI_BASE_URL.",
                    permanent=True,
                    stops=True,
                )
            case 429 if code == "insufficient_quota":
                return trouble(
                    "OpenAI says that the account behind the key has nothing left to spend.", permanent=True, stops=True
                )
            case 429:
                after = _retry_after(err.response.headers.get("retry-after", ""))
                when = f"in {_in_words(after)}" if after and after >= 2 else "in a minute"
                return trouble(f"OpenAI asks for a pause. Try again {when}.", permanent=False, after=after)
            case 400 | 413 | 422 if code == "context_length_exceeded" or err.status_code == 413:
                return trouble("This is too long for OpenAI. Start from a shorter letter.", permanent=True)
            case 408 | 409 | 500 | 502 | 503 | 504 | 529:
                after = _retry_after(err.response.headers.get("retry-after", ""))
                return trouble("OpenAI has trouble of its own. Try again in a while.", permanent=False, after=after)
            case status:
                return trouble(f"OpenAI did not take the question (it answered {status}).", permanent=True)


def configured() -> Provider | None:
    """As this installation is set up; None without a key."""
    if not settings.OPENAI_API_KEY:
        return None
    return Provider(settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL, settings.OPENAI_MODEL)


def _estimated(question: Question, completion: _Completion) -> _Usage:
    """For servers that do not count."""
    content = completion.choices[0].message.content or ""
    return _Usage(
        prompt_tokens=question.foreseen_tokens - MOST_TOKENS, completion_tokens=min(len(content) // 3, 1_000_000)
    )


def _retry_after(text: str) -> float | None:
    """Seconds; a date, or nothing that makes sense, is None."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return min(seconds, 86_400.0) if 0 <= seconds < math.inf else None


def _in_words(seconds: float) -> str:
    return f"{math.ceil(seconds)} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
