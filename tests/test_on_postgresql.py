"""Rooms whose statements differ between SQLite and PostgreSQL, once more on PostgreSQL: COPY, arrays, locks, types."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.compliance.test_sealing_processes import fresh, start

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

# Without those that read SQLite's query plans.
ROOMS = {
    "the gate and the record": (
        "compliance/test_gate.py",
        "compliance/test_gate_speed.py",
        "compliance/test_retention.py",
        "compliance/test_seals.py",
        "compliance/test_suppression.py",
        "lib",
    ),
    "campaigns and what they tell": (
        "campaigns/test_bulk.py",
        "campaigns/test_drafting.py",
        "campaigns/test_emails_api.py",
        "campaigns/test_imports.py",
        "campaigns/test_lead_table.py",
        "campaigns/test_own_letters.py",
        "campaigns/test_rest.py",
        "campaigns/test_turns.py",
        "desk/test_outgoing.py",
        "security/test_walls_from_within.py",
    ),
}


@pytest.fixture
def on_postgresql(postgresql_url: str) -> Iterator[str]:
    yield from fresh(postgresql_url)


@pytest.mark.parametrize("room", ROOMS)
def test_it_works_on_postgresql_too(on_postgresql: str, room: str) -> None:
    files = [f"tests/{name}" for name in ROOMS[room]]
    process = start(on_postgresql, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not walks", *files)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, out[-5000:] + err
    assert " passed" in out
