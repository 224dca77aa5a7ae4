"""Sealers in processes of their own, on SQLite and on PostgreSQL: two at once, killed midway, among late commits."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/log.sqlite3"
    else:
        yield from fresh(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def on_postgresql(postgresql_url: str) -> Iterator[str]:
    yield from fresh(postgresql_url)


def fresh(server: str) -> Iterator[str]:
    name = f"seals_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield f"{server.rpartition('/')[0]}/{name}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def start(database: str, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def script(what: str, number: int) -> list[str]:
    """A function of tests/compliance/sealer.py."""
    code = f"from tests.compliance import sealer; sealer.{what}({number})"
    return ["manage.py", "shell", "--no-imports", "--command", code]


def ask(database: str, what: str, number: int = 0) -> str:
    process = start(database, *script(what, number))
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    return out


def count(database: str, table: str) -> int:
    asked = f"SELECT count(*) FROM {table}"
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as opened:
            return int(opened.execute(asked).fetchone()[0])
    with psycopg.connect(database) as connection:
        row = connection.execute(asked.encode()).fetchone()
        assert row is not None
        return int(row[0])


def verify(database: str) -> str:
    process = start(database, "manage.py", "verify_audit")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    return out


def test_two_sealers_at_once(database: str) -> None:
    ask(database, "prepare", 3000)
    sealers = [start(database, *script("seal", 50)) for _ in range(2)]
    counts = []
    for sealer in sealers:
        out, err = sealer.communicate(timeout=300)
        assert sealer.returncode == 0, err
        counts.append(int(out.split()[-1]))
    assert sum(counts) == 3000
    assert count(database, "compliance_auditseal") == count(database, "compliance_auditentry") == 3000
    assert "intact, up to seal 3000." in verify(database)


def test_killed_in_the_middle(database: str) -> None:
    ask(database, "prepare", 3000)
    seen = set()
    for _ in range(3):
        sealer = start(database, *script("seal", 5))
        assert sealer.stdout is not None
        assert sealer.stdout.readline() == "begun\n"
        time.sleep(random.uniform(0.02, 0.2))
        sealer.kill()
        sealer.communicate()
        seen.add(count(database, "compliance_auditseal"))
    assert "intact" in verify(database)
    assert seen & set(range(1, 3000)), "it was never caught in the middle"
    assert all(count % 5 == 0 for count in seen), "a batch is sealed as a whole, or not at all"
    ask(database, "seal", 500)
    assert "intact, up to seal 3000." in verify(database)


def test_an_id_that_commits_late_is_sealed(on_postgresql: str) -> None:
    ask(on_postgresql, "prepare", 0)
    ask(on_postgresql, "late")


def test_writers_that_commit_in_any_order(database: str) -> None:
    ask(database, "prepare", 0)
    said = ask(database, "crowd", 5)
    assert "sealed" in said


def test_all_tampering_is_found_on_postgresql_too(on_postgresql: str) -> None:
    """The same tests once more, where they ran on SQLite."""
    files = ("test_seals.py", "test_append_only.py", "test_checkups.py", "test_log_keeping.py")
    process = start(
        on_postgresql, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/compliance/{name}" for name in files)
    )
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, out[-5000:] + err
    assert " passed" in out
    assert "skipped" not in out
