"""Ports: how a lower room reaches a higher one without importing it.

Each port is a Protocol with one registry. The higher room fills it in `AppConfig.ready()`; the lower room calls it, in
the caller's own transaction, so that what is recorded and what happened stand or fall together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class AuditRecord:
    """Something worth keeping: who did what, to what, in which workspace.

    `event` is a dotted word such as `mailbox.changed`; `about` a plain subject such as `mailbox:3`; `details` holds no
    secret and no letter's text.
    """

    event: str
    workspace_id: int | None = None
    user_id: int | None = None
    about: str = ""
    reason: str = ""
    lead_email: str = ""
    sender_email: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class AuditRecorder(Protocol):
    """Filled by compliance: inserts one row of the audit log."""

    def __call__(self, record: AuditRecord) -> None: ...


class SuppressionListener(Protocol):
    """Filled by campaigns: what waits for these addresses must not leave. `workspace_id` None means every workspace."""

    def __call__(self, *, workspace_id: int | None, addresses: Sequence[str], domains: Sequence[str]) -> None: ...


class AnswerCounter(Protocol):
    """Filled by the inbox: how many people answered each of these campaigns, counted from the replies themselves."""

    def __call__(self, campaign_ids: Sequence[int]) -> Mapping[int, int]: ...


_audit_recorder: AuditRecorder | None = None
_suppression_listeners: list[SuppressionListener] = []
_answer_counter: AnswerCounter | None = None


def set_audit_recorder(recorder: AuditRecorder) -> None:
    global _audit_recorder  # noqa: PLW0603 - a registry that is filled once, at start
    _audit_recorder = recorder


def record_audit(record: AuditRecord) -> None:
    """Write one row of the audit log in the caller's transaction. An installation without a log does not start."""
    if _audit_recorder is None:
        raise RuntimeError("No audit log is registered: compliance must be installed.")
    _audit_recorder(record)


def add_suppression_listener(listener: SuppressionListener) -> None:
    if listener not in _suppression_listeners:
        _suppression_listeners.append(listener)


def announce_suppression(
    *, workspace_id: int | None, addresses: Sequence[str] = (), domains: Sequence[str] = ()
) -> None:
    for listener in _suppression_listeners:
        listener(workspace_id=workspace_id, addresses=addresses, domains=domains)


def set_answer_counter(counter: AnswerCounter) -> None:
    global _answer_counter  # noqa: PLW0603 - a registry that is filled once, at start
    _answer_counter = counter


def people_who_answered(campaign_ids: Sequence[int]) -> Mapping[int, int]:
    """How many people answered, by campaign; a campaign nobody answered may be left out."""
    if _answer_counter is None:
        raise RuntimeError("No inbox is registered: it must be installed.")
    return _answer_counter(campaign_ids)


@dataclass(frozen=True)
class MailboxUse:
    """How much of a mailbox's room is used: letters of the workspace's day, and of the last sixty minutes; and why its
    letters are held back, if they are.
    """

    today: int = 0
    this_hour: int = 0
    held_because: str = ""


class MailboxUseReader(Protocol):
    """Filled by compliance: counts the ledger, as the caps do."""

    def __call__(
        self, mailbox_ids: Sequence[int], *, day_began_at: datetime, now: datetime
    ) -> Mapping[int, MailboxUse]: ...


_mailbox_use_reader: MailboxUseReader | None = None


def set_mailbox_use_reader(reader: MailboxUseReader) -> None:
    global _mailbox_use_reader  # noqa: PLW0603 - a registry that is filled once, at start
    _mailbox_use_reader = reader


def mailbox_use(mailbox_ids: Sequence[int], *, day_began_at: datetime, now: datetime) -> Mapping[int, MailboxUse]:
    """What was used, by mailbox; one that sent nothing may be left out."""
    if _mailbox_use_reader is None:
        raise RuntimeError("No ledger is registered: compliance must be installed.")
    return _mailbox_use_reader(mailbox_ids, day_began_at=day_began_at, now=now)


class MailboxMendedListener(Protocol):
    """Filled by compliance: lifts the hold that a mailbox's own failure had placed on it."""

    def __call__(self, mailbox_id: int, *, user_id: int, now: datetime) -> None: ...


_mailbox_mended_listener: MailboxMendedListener | None = None


def set_mailbox_mended_listener(listener: MailboxMendedListener) -> None:
    global _mailbox_mended_listener  # noqa: PLW0603 - a registry that is filled once, at start
    _mailbox_mended_listener = listener


def announce_mailbox_mended(mailbox_id: int, *, user_id: int, now: datetime) -> None:
    """An owner has tried the mailbox, and its server took a letter: what waited for that may go on."""
    if _mailbox_mended_listener is None:
        raise RuntimeError("Nobody keeps holds: compliance must be installed.")
    _mailbox_mended_listener(mailbox_id, user_id=user_id, now=now)
