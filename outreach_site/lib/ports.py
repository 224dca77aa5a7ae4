"""Ports: how a lower room reaches a higher one without importing it.

Each port is a Protocol with one registry. The higher room fills it in `AppConfig.ready()`; the lower room calls it, in
the caller's own transaction, so that what is recorded and what happened stand or fall together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


_audit_recorder: AuditRecorder | None = None
_suppression_listeners: list[SuppressionListener] = []


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
