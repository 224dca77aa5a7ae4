"""What a seal says: a keyed digest of one audit entry, of its place, and of the seal before it.

Without DIGEST_KEY nobody can make one. So an entry that was changed, a seal that was moved, and a row that was put in
or taken out all show. One chain runs through the whole installation: a workspace's last rows cannot be cut off unseen,
because the rows of others follow them. SQLite and PostgreSQL make the same text of an entry, in plain SQL: a chain
outlives the move from one to the other, and a million rows need no million objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection

from compliance.models import AuditEntry, AuditHead, AuditPerson, AuditSeal
from outreach_site.lib.crypto import Digester, keyed_digest

ENTRIES = AuditEntry._meta.db_table
PEOPLE = AuditPerson._meta.db_table
SEALS = AuditSeal._meta.db_table

_TEXTS = ("event", "about", "policy_result", "reason", "legal_basis", "region", "checks", "details")


def fetch(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Rows as they are. SQLite may hold text that is no UTF-8, which we never wrote: a seal covers that too."""
    try:
        return _fetch(sql, values)
    except DatabaseError:
        if connection.vendor != "sqlite" or connection.connection is None:
            raise
    connection.connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        return _fetch(sql, values)
    finally:
        connection.connection.text_factory = str


def _fetch(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def entry_text(alias: str) -> str:
    """SQL that makes one text of all that an entry says, different from every other entry's.

    The lengths of the texts, in bytes, stand before them, so that nothing can be shifted from one into the next. The
    digest of the readable side comes last, behind a bar.
    """
    texts = [f"{alias}.{name}" for name in _TEXTS]
    at, person = moment(f"{alias}.recorded_at"), f"{alias}.person_digest"
    if connection.vendor == "sqlite":  # Its columns hold anything: `quote` tells 1 from '1', and NULL from both.
        numbers = [f"quote({alias}.{name})" for name in ("workspace_id", "user_id", "is_preview")]
        lengths = [f"length(CAST({text} AS BLOB))" for text in (at, *texts)]
        form = "|".join(["%%s"] * len(numbers) + ["%%d"] * len(lengths)) + "|" + "%%s" * len(lengths) + "|%%s"
        return f"printf('{form}', {', '.join([*numbers, *lengths, at, *texts, person])})"
    numbers = [f"coalesce({alias}.{name}::text, 'NULL')" for name in ("workspace_id", "user_id")]
    lengths = [f"octet_length({text})" for text in (at, *texts)]
    head = ", '|', ".join([*numbers, f"{alias}.is_preview::int", *lengths])
    return f"concat({', '.join([head, _BAR, at, *texts, _BAR, person])})"


_BAR = "'|'"


def moment(column: str) -> str:
    """SQL for a moment as text in UTC. SQLite holds it so, but whole seconds without their fraction."""
    if connection.vendor == "sqlite":
        return f"CASE length({column}) WHEN 19 THEN {column} || '.000000' ELSE {column} || '' END"
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"


def written(at: datetime) -> str:
    """The same text for a moment that is not in the database yet."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


class Sealing:
    """Makes digests of seals."""

    def __init__(self) -> None:
        self._digest = Digester("audit-seal")

    def __call__(self, before: str, seq: int, entry_id: int | None, sealed_at: str, text: str) -> str:
        """`before` is the digest of the seal before; empty where the chain begins, or begins anew after a hole."""
        return self._digest(f"{before}|{seq}|{entry_id}|{sealed_at}|{text}".encode(errors="surrogateescape"))


class Naming:
    """Makes digests of the readable side, as audit.digest_of does, with the bar before them that `entry_text` has."""

    def __init__(self) -> None:
        self._digest = Digester("audit-person")

    def __call__(self, lead_email: str, sender_email: str, subject: str) -> str:
        if not (lead_email or sender_email or subject):
            return "|"
        return "|" + self._digest(f"[{quoted(lead_email)}, {quoted(sender_email)}, {quoted(subject)}]".encode())


def head_proof(head: AuditHead) -> str:
    return keyed_digest("audit-head", f"{head.seq}|{head.digest}|{head.swept_id}")


def checkpoint_proof(seq: int, digest: str, sealed_at: str) -> str:
    return keyed_digest("audit-checkpoint", f"{seq}|{digest}|{sealed_at}")


def check_proof(seq: int, digest: str) -> str:
    return keyed_digest("audit-check", f"{seq}|{digest}")
