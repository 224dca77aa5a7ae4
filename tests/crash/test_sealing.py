"""Sealers in processes of their own, on SQLite and on PostgreSQL: two at once, killed midway, among late commits."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest

from tests.crash.conftest import Installation

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

KILLS = 10
PATIENCE = 300  # seconds


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(
    request: pytest.FixtureRequest, open_installation: Callable[..., Installation], dead_port: int
) -> Installation:
    return open_installation(request.param, port=dead_port)


def count(installation: Installation, table: str) -> int:
    """Asked for from outside, so that no worker can be in the way."""
    asked, database = f"SELECT count(*) FROM {table}", installation.values["DATABASE_URL"]
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as opened:
            return int(opened.execute(asked).fetchone()[0])
    with psycopg.connect(database) as connection:
        row = connection.execute(asked.encode()).fetchone()
        assert row is not None
        return int(row[0])


def all_sealed_by(installation: Installation, sealers: list[int]) -> list[int]:
    """How many entries each has sealed, when all of them are done."""
    files = [installation.directory / f"sealed-{pid}" for pid in sealers]
    until = time.monotonic() + PATIENCE
    while not all(file.exists() for file in files):
        assert time.monotonic() < until, installation.errors.read_text()
        time.sleep(0.05)
    return [int(file.read_text()) for file in files]


def test_two_sealers_at_once(installation: Installation) -> None:
    installation.call("write_entries", count=3000)
    sealers = [installation.start("seal", batch=50) for _ in range(2)]
    assert sum(all_sealed_by(installation, sealers)) == 3000
    assert count(installation, "compliance_auditseal") == count(installation, "compliance_auditentry") == 3000
    assert "intact, up to seal 3000." in installation.call("verify")


def test_killed_in_the_middle(installation: Installation) -> None:
    installation.call("write_entries", count=3000)
    seen: list[int] = []
    until = time.monotonic() + PATIENCE
    while len(seen) < KILLS or not set(seen) & set(range(1, 3000)):
        assert time.monotonic() < until, f"it was never caught in the middle: {seen}"
        sealer = installation.start("seal", batch=5)
        time.sleep(random.uniform(0.02, 0.3))
        installation.kill(sealer, signal.SIGKILL)
        seen.append(count(installation, "compliance_auditseal"))
    assert "intact" in installation.call("verify")
    assert all(count % 5 == 0 for count in seen), "a batch is sealed as a whole, or not at all"
    all_sealed_by(installation, [installation.start("seal", batch=500)])
    assert "intact, up to seal 3000." in installation.call("verify")


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
def test_an_id_that_commits_late_is_sealed(installation: Installation) -> None:
    installation.call("commit_late")


def test_writers_that_commit_in_any_order(installation: Installation) -> None:
    assert installation.call("write_as_a_crowd", seconds=5) > 20
