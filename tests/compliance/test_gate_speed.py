"""What the gate asks of the database: how often, and that each question is answered by an index.

The figures themselves are the benchmark's (benchmarks/gate.py); these are the ways in which they were lost before.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from compliance import addresses, audit, gate
from compliance.models import AuditEntry, AuditPerson, Kind, SendRecord
from compliance.policy import Letter
from tests.conftest import World

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


def letters(count: int, *, first: int = 1) -> list[Letter]:
    """Of ten people, so that nobody reaches a cap; every eighth to a mail provider."""
    made = []
    for number in range(first, first + count):
        domain = f"site{number}.com" if number % 8 else ("gmail.com", "gmx.com", "aol.com", "hey.com")[number // 8 % 4]
        made.append(
            Letter(
                about=f"attempt:{number}",
                kind=Kind.FIRST,
                user_id=number % 10,
                mailbox_id=number % 10,
                sign_in=f"u{number % 10}@host",
                sender=f"mara{number % 10}@orchard.com",
                recipient=f"ada{number}@{domain}",
                recipient_key=f"ada{number}@{domain}",
                recipient_domain=domain,
                subject=f"Hello “{number}”",
                subject_digest=gate.subject_digest(f"Hello “{number}”"),
                message_id=f"<{number}@orchard.com>",
                step="step:1",
                campaign="campaign:1",
                found_url=f"https://{domain}/contact",
                found_at=NOW,
                approved=True,
                daily_limit=400,
            )
        )
    return made


@pytest.fixture
def strict(world: World) -> World:
    """With every rule on, as a new workspace has them."""
    world.here.cool_off_days, world.here.first_letters = 90, 10
    world.here.save()
    return world


def asked(world: World, batch: list[Letter]) -> list[tuple[str, Any]]:
    """Statements and their parameters, apart: with values in their place SQLite would make other plans."""
    statements: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(("SAVEPOINT", "RELEASE")):
            statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        gate.decide(batch, workspace=world.here, now=NOW)
    return statements


def test_one_letter_and_five_hundred_take_the_same_queries_and_at_most_twelve(strict: World) -> None:
    one = asked(strict, letters(1))
    many = asked(strict, letters(500, first=1000))
    assert len(one) <= 12
    assert len(many) == len(one)


@pytest.mark.parametrize("count", [1, 40, 500])
def test_no_question_walks_the_ledger_or_the_suppression_list(strict: World, count: int) -> None:
    """Without statistics, as SQLite plans in an installation that never gathered any."""
    if connection.vendor != "sqlite":
        pytest.skip("reads SQLite's query plans")
    plans = []
    for sql, params in asked(strict, letters(count)):
        if sql.startswith("SELECT"):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
                plans += [row[3] for row in cursor.fetchall()]
    steps = [step for step in plans if re.search(r"compliance_(sendrecord|suppression|consent|hold)|U0", step)]
    assert len(steps) >= 10
    for step in steps:
        bounds = re.search(r"\((.*)\)", step)
        assert step.startswith("SEARCH"), step
        assert bounds, step
        # An index of which only the workspace is used reads all of the workspace's rows. This one stops after ten.
        assert "U0" in step or bounds[1] != "workspace_id=?", step


def test_the_question_about_the_first_letters_reads_no_more_than_it_asks_about(strict: World) -> None:
    [ledger] = [sql for sql, _ in asked(strict, letters(5)) if "compliance_sendrecord" in sql and "UNION" in sql]
    assert f"LIMIT {strict.here.first_letters}" in ledger


def test_what_is_written_is_what_a_slow_insert_would_write(strict: World) -> None:
    """Ledger and log are inserted without Django's own bulk insert (lib/inserting.py)."""
    [letter] = letters(1)
    [decision] = gate.decide([letter], workspace=strict.here, now=NOW)
    record = SendRecord.objects.get()
    assert decision.allowed
    assert (record.recipient, record.user_id, record.state) == (letter.recipient, letter.user_id, "reserved")
    assert (record.reserved_at, record.found_at, record.bounced_at) == (NOW, NOW, None)
    entry = AuditEntry.objects.select_related("person").get()
    assert entry.checks == [check.row for check in decision.checks]
    assert entry.person.subject == letter.subject
    assert entry.person_digest == audit.digest_of(entry.person)
    assert entry.is_preview is False


def test_new_rows_know_their_keys_in_their_order(strict: World) -> None:
    entries = [audit.Entry(event=f"event.{n}", now=NOW, lead_email=f"ed{n}@site.com") for n in range(3_000)]
    rows = audit.record_many(entries)
    stored = dict(AuditEntry.objects.values_list("pk", "event"))
    assert [stored[row.pk] for row in rows] == [entry.event for entry in entries]
    people = dict(AuditPerson.objects.values_list("entry_id", "lead_email"))
    assert [people[row.pk] for row in rows] == [entry.lead_email for entry in entries]


_LOCAL = st.text(alphabet="abcXYZ019._+-'@ \u212aé", min_size=0, max_size=70)
_DOMAIN = st.text(alphabet="abcXYZ019.-_ \u212aé", min_size=0, max_size=20) | st.sampled_from(
    ["example.com", "a.test", "a.local", "xn--bcher-kva.example", "ab--cd.com", f"{'a' * 64}.com", "a.b", "test", "1.2"]
)


@given(local=_LOCAL, domain=_DOMAIN)
def test_a_plain_address_is_read_as_the_validator_reads_it(local: str, domain: str) -> None:
    """The short way for plain addresses (addresses._spelled) says nothing that the long way would not."""
    text = f"{local}@{domain}"

    def read() -> str:
        try:
            return addresses._spelled.__wrapped__(text)
        except addresses.InvalidAddressError:
            return "refused"

    quick = read()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(addresses, "_PLAIN", re.compile("(?!)"))
        assert read() == quick
