"""Rooms whose statements differ between SQLite and PostgreSQL, once more on PostgreSQL: COPY, arrays, locks, types."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import database_of_its_own

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

ROOT = Path(__file__).resolve().parent.parent

# Without those that read SQLite's query plans.
ROOMS = {
    "the sealed log": (
        "compliance/test_append_only.py",
        "compliance/test_checkups.py",
        "compliance/test_log_keeping.py",
        "compliance/test_seals.py",
    ),
    "the gate and the record": (
        "compliance/test_gate.py",
        "compliance/test_gate_speed.py",
        "compliance/test_retention.py",
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


@pytest.mark.parametrize("room", ROOMS)
def test_it_works_on_postgresql_too(postgresql_url: str, room: str) -> None:
    files = [f"tests/{name}" for name in ROOMS[room]]
    with database_of_its_own(postgresql_url) as url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not walks", *files],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
