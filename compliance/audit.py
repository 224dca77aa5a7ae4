"""The audit log: every decision and every change worth keeping, inserted and never touched again.

What names a person (addresses, subject line) goes into AuditPerson, which an erasure may delete; the entry itself
keeps a keyed digest of it. So neither `reason` nor `details` may hold an address or a letter's text.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils import timezone

from compliance.fields import Written, written_list, written_texts
from compliance.models import AuditEntry, AuditPerson
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.addresses import JOINERS
from outreach_site.lib.crypto import keyed_digest
from outreach_site.lib.inserting import Maker, insert
from outreach_site.lib.ports import AuditRecord


@dataclass(kw_only=True)  # Not frozen, as so many are made; nobody changes one.
class Entry:
    """One line to write. `checks` are rows of rule, outcome and sentence; `now` is when it happened."""

    event: str
    now: datetime
    workspace_id: int | None = None
    user_id: int | None = None
    about: str = ""
    policy_result: str = ""
    reason: str = ""
    legal_basis: str = ""
    region: str = ""
    checks: Sequence[Mapping[str, str]] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    lead_email: str = ""
    sender_email: str = ""
    subject: str = ""
    is_preview: bool = False


def record(
    event: str,
    *,
    workspace: Workspace | None,
    user: User | None = None,
    about: str = "",
    policy_result: str = "",
    reason: str = "",
    legal_basis: str = "",
    region: str = "",
    checks: Sequence[Mapping[str, str]] = (),
    details: Mapping[str, Any] | None = None,
    lead_email: str = "",
    sender_email: str = "",
    subject: str = "",
    is_preview: bool = False,
    now: datetime,
) -> AuditEntry:
    """Write one line, in the caller's transaction. `user` None: the system, or somebody outside, did it."""
    [entry] = record_many(
        [
            Entry(
                event=event,
                now=now,
                workspace_id=workspace.pk if workspace else None,
                user_id=user.pk if user else None,
                about=about,
                policy_result=policy_result,
                reason=reason,
                legal_basis=legal_basis,
                region=region,
                checks=checks,
                details=details or {},
                lead_email=lead_email,
                sender_email=sender_email,
                subject=subject,
                is_preview=is_preview,
            )
        ]
    )
    return entry


def record_many(entries: Sequence[Entry]) -> list[AuditEntry]:
    """Write many lines with two inserts, whatever their number; they come back in order, with their keys."""
    people = [_person(entry) for entry in entries]
    rows = [_row(entry, person) for entry, person in zip(entries, people, strict=True)]
    with transaction.atomic():
        insert(rows)
        named = []
        for row, person in zip(rows, people, strict=True):
            if row.person_digest:
                person.entry_id = row.pk
                named.append(person)
        insert(named)
    return rows


def record_from_below(record: AuditRecord) -> None:
    """The port through which accounts and mailboxes record: see lib/ports.py."""
    record_many(
        [
            Entry(
                event=record.event,
                now=timezone.now(),
                workspace_id=record.workspace_id,
                user_id=record.user_id,
                about=record.about,
                reason=record.reason,
                lead_email=record.lead_email,
                sender_email=record.sender_email,
                details=record.details,
            )
        ]
    )


def digest_of(person: AuditPerson) -> str:
    """The keyed digest of the readable fields; empty where there are none."""
    fields = [person.lead_email, person.sender_email, person.subject]
    return keyed_digest("audit-person", json.dumps(fields)) if any(fields) else ""


def one_line(text: str, limit: int) -> str:
    """At most `limit` characters without line breaks or control characters: what a log's field may hold.

    Invisible characters that reorder text go too, so that a line always reads as it was written.
    """
    # Nearly every line is one already. What is printable has no control character, and no space but the plain one.
    if len(text) <= limit and text.isprintable() and "  " not in text and text.strip(" ") == text:
        return text
    kept = "".join(
        " " if unicodedata.category(char) in _UNPRINTABLE and char not in JOINERS else char
        for char in text[: limit * 4]
    )
    line = " ".join(kept.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


_one_of_few = lru_cache(maxsize=1_000)(one_line)  # for names, of which there are few

# Control, format (bidirectional overrides among them), surrogate, line and paragraph separator.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


_new_entry, _new_person = Maker(AuditEntry), Maker(AuditPerson)


def _person(entry: Entry) -> AuditPerson:
    return _new_person(
        lead_email=one_line(entry.lead_email, 254).lower(),
        sender_email=one_line(entry.sender_email, 254).lower(),
        subject=one_line(entry.subject, 998),
    )


def _row(entry: Entry, person: AuditPerson) -> AuditEntry:
    people = [person.lead_email] if "@" in person.lead_email[1:] else []
    return _new_entry(
        workspace_id=entry.workspace_id,
        user_id=entry.user_id,
        event=_one_of_few(entry.event, 48),
        about=one_line(entry.about, 64),
        policy_result=entry.policy_result,
        reason=_without_people(one_line(entry.reason, 500), people),
        legal_basis=entry.legal_basis,
        region=_one_of_few(entry.region, 12),
        checks=_checks(entry.checks, people),
        details=_without_people(_plain(entry.details), people),
        person_digest=digest_of(person),
        is_preview=entry.is_preview,
        recorded_at=entry.now,
    )


def _checks(checks: Sequence[Mapping[str, str]], people: Sequence[str]) -> Written:
    rows = []
    for check in checks:
        sentence = check["sentence"]
        if "@" in sentence:
            sentence = _without_people(one_line(sentence, 2000), people)
        rows.append(_check(check["rule"], check["outcome"], sentence))
    return written_list(rows)


@lru_cache(maxsize=10_000)
def _check(rule: str, outcome: str, sentence: str) -> str:
    """One row of `checks`. Most rules say the same of most letters, so that most rows are written once."""
    return written_texts(
        {
            "rule": _one_of_few(rule, 2000),
            "outcome": _one_of_few(outcome, 2000),
            "sentence": one_line(sentence, 2000),
        }
    )


def _without_people(value: Any, people: Sequence[str]) -> Any:
    """`value` without these addresses, and a server's words without any: the entry cannot be changed later.

    What a server says often names the address it is about, or the one that it forwards to.
    """
    match value:
        case str():
            if "@" not in value:
                return value  # The address of nobody.
            lower = value.lower()
            for address in people:
                if address in lower:
                    value = re.sub(re.escape(address), "(address)", value, flags=re.IGNORECASE)
            return value
        case dict():
            return {
                key: _ANY_ADDRESS.sub("(address)", item)
                if key == "server_words" and isinstance(item, str)
                else _without_people(item, people)
                for key, item in value.items()
            }
        case list():
            return [_without_people(item, people) for item in value]
        case _:
            return value


_ANY_ADDRESS = re.compile(r"[\w.+%-]+@[\w.-]+\w")


def _plain(value: Any) -> Any:
    """`value` as JSON that every database takes: PostgreSQL refuses NUL, and lone surrogates are not UTF-8."""
    match value:
        case str():
            return one_line(value, 2000)
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Mapping():
            return {_one_of_few(str(key), 64): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted(_plain(item) for item in value)
        case datetime():
            return value.isoformat()
        case _:
            return one_line(str(value), 2000)
