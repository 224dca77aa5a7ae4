"""What tells SQLite from PostgreSQL in compliance, once more on PostgreSQL: COPY, arrays in questions, locks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.compliance.test_sealing_processes import fresh, start

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

# Without those that read SQLite's query plans.
FILES = (
    "compliance/test_gate.py",
    "compliance/test_gate_speed.py",
    "compliance/test_retention.py",
    "compliance/test_seals.py",
    "compliance/test_suppression.py",
    "lib",
)


@pytest.fixture
def on_postgresql(postgresql_url: str) -> Iterator[str]:
    yield from fresh(postgresql_url)


def test_the_gate_works_on_postgresql_too(on_postgresql: str) -> None:
    files = [f"tests/{name}" for name in FILES]
    process = start(on_postgresql, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not walks", *files)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, out[-5000:] + err
    assert " passed" in out
