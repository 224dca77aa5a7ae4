"""Asking on behalf of a workspace: whether it may, what it used up, and where its month ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import F
from pydantic import BaseModel

from campaigns.drafting.provider import Answer, DraftingError, Provider, Question, Result, configured
from campaigns.drafting.writing import Draft, Letter, PersonalLetter, Subjects, Task
from campaigns.models import TokenUse
from compliance.privacy_models import PrivacySettings
from outreach_site.accounts.models import Workspace


class Missing(StrEnum):
    """Why nothing can be drafted."""

    KEY = "key"  # this server has none
    PERMISSION = "permission"  # the workspace has not allowed it


@dataclass(frozen=True)
class NotReady:
    missing: Missing
    sentence: str


class LimitReachedError(DraftingError):
    """The workspace's tokens of this month are used up."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"Too little is left of this month's {limit:,} tokens. An owner can allow more under Compliance, Privacy;"
            " else it goes on next month.",
            permanent=True,
            stops=True,
        )


@dataclass(frozen=True)
class Desk:
    """Where a workspace's questions are asked. Tokens are set aside before a question goes out and put right after
    it, so that questions side by side cannot pass the limit together; a crash leaves them counted.
    """

    workspace: Workspace
    provider: Provider
    limit: int  # tokens a month

    def letter(self, task: Task, *, now: datetime) -> Draft:
        """Raises DraftingError, as the other two do."""
        return self._ask(task.question, Letter, task.read_letter, now=now)

    def personal(self, task: Task, *, now: datetime) -> Draft:
        return self._ask(task.question, PersonalLetter, task.read_personal, now=now)

    def subjects(self, task: Task, *, now: datetime) -> list[str]:
        return self._ask(task.question, Subjects, task.read_subjects, now=now)

    def _ask(self, question: Question, shape: type[BaseModel], read: Callable[..., Result], *, now: datetime) -> Result:
        self.set_aside(question, now=now)
        used = 0
        try:
            answer: Answer[Result] = self.provider.ask(question, shape, read)
            used = answer.tokens
        except DraftingError as err:
            used = err.tokens
            raise
        finally:
            self.put_right(question, used=used, now=now)
        return answer.value

    def set_aside(self, question: Question, *, now: datetime) -> None:
        """Raises LimitReachedError."""
        month = month_of(self.workspace, now)
        TokenUse.objects.get_or_create(workspace=self.workspace, month=month)
        foreseen = question.foreseen_tokens
        room = TokenUse.objects.filter(workspace=self.workspace, month=month, tokens__lte=self.limit - foreseen)
        if not room.update(tokens=F("tokens") + foreseen):
            raise LimitReachedError(self.limit)

    def put_right(self, question: Question, *, used: int, now: datetime) -> None:
        """What was set aside gives way to what was used."""
        use = TokenUse.objects.filter(workspace=self.workspace, month=month_of(self.workspace, now))
        use.update(tokens=F("tokens") + used - question.foreseen_tokens, drafts=F("drafts") + int(used > 0))

    def used(self, *, now: datetime) -> int:
        """Tokens of this month."""
        return tokens_of(self.workspace, now=now)


def desk_of(workspace: Workspace) -> Desk | NotReady:
    provider = configured()
    if provider is None:
        return NotReady(
            Missing.KEY,
            "Drafts need a key of OpenAI, or of a server that speaks its language: set OPENAI_API_KEY in .env and"
            " restart. Everything else works without it.",
        )
    settings = PrivacySettings.of(workspace)
    if not settings.may_use_openai:
        return NotReady(
            Missing.PERMISSION,
            "OpenAI is switched off in this workspace. An owner can switch it on under Compliance, Privacy.",
        )
    return Desk(workspace, provider, settings.openai_tokens)


def tokens_of(workspace: Workspace, *, now: datetime) -> int:
    use = TokenUse.objects.filter(workspace=workspace, month=month_of(workspace, now))
    return use.values_list("tokens", flat=True).first() or 0


def month_of(workspace: Workspace, now: datetime) -> date:
    """The first day of the month, as the workspace's calendar has it."""
    return workspace.day_of(now).replace(day=1)
