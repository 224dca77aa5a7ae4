"""A backup is taken, letters leave, the backup is restored: nobody gets one of them twice."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.crash.conftest import Installation
from tests.needs import program
from tests.servers import Certificates, FaultySMTP

pytestmark = pytest.mark.processes

OPERATIONS = Path(__file__).resolve().parent.parent.parent / "docs" / "operations.md"
# Tables, indexes, constraints and triggers, by name.
SHAPE = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
    ORDER BY 1
"""


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_what_left_after_the_backup_does_not_leave_again(
    open_installation: Callable[..., Installation], certificates: Certificates, tmp_path: Path, database: str
) -> None:
    addresses = [f"editor{n}@site{n}.com" for n in range(6)]
    with FaultySMTP(certificates) as server:
        # This server hides nothing: where it is slow the machine is, and no letter is doubtful for that.
        installation = open_installation(database, port=server.port, SMTP_SEND_TIMEOUT="20")
        installation.call("open_workspace", name="orchard", letters=[("mara", addresses)], port=server.port)
        assert installation.call("send_some", count=2) == 2
        taken_at = datetime.now(UTC).isoformat()
        backup = take_backup(installation, tmp_path)
        assert installation.call("send_some", count=2) == 2
        restore(installation, backup)

        # Another INSTANCE_ID, as whoever restores gives the server: until after_restore nothing leaves.
        directory = tmp_path / "restored"
        directory.mkdir()
        restored = Installation(directory, installation.values | {"INSTANCE_ID": "restored"})
        try:
            assert restored.call("send_some", count=9) == 0
            restored.call("restore", taken_at=taken_at)
            restored.call("restore", taken_at=taken_at)  # Twice is as once.
            assert restored.call("send_some", count=9) == 0
            account = restored.call("account")
            states = [attempt["state"] for attempt in account["attempts"]]
            assert sorted(states) == ["sent"] * 2 + ["uncertain"] * 4
            assert sorted(record["state"] for record in account["ledger"]) == ["sent"] * 2 + ["uncertain"] * 4

            received = [letter.recipients[0] for letter in server.accepted]
            reasons = restored.call("look_through", arrived=received)
            assert len(reasons) == 4
            assert all("may have left since" in reason for reason in reasons)
            assert restored.call("send_some", count=9) == 2
        finally:
            restored.close()
    assert sorted(letter.recipients[0] for letter in server.accepted) == addresses


def take_backup(installation: Installation, directory: Path) -> Path:
    """As docs/operations.md says."""
    backup, url = directory / "backup", installation.values["DATABASE_URL"]
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as source, closing(sqlite3.connect(backup)) as to:
            source.backup(to)
    else:
        as_written("pg_dump", backup, url)
    return backup


def restore(installation: Installation, backup: Path) -> None:
    url = installation.values["DATABASE_URL"]
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        for part in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            part.unlink(missing_ok=True)
        path.write_bytes(backup.read_bytes())
    else:
        as_written("psql", backup, url)


def as_written(tool: str, backup: Path, url: str) -> None:
    """The command of docs/operations.md, letter by letter, where the backup lies."""
    [command] = re.findall(rf"(?m)(?:^ *|`)({tool} -.*backup\.sql \"\$DATABASE_URL\")", OPERATIONS.read_text())
    path = f"{program(tool).parent}:{os.environ['PATH']}"
    subprocess.run(
        ["sh", "-c", command.replace("backup.sql", backup.name)],
        cwd=backup.parent,
        env={"PATH": path, "DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
        check=True,
    )


@pytest.mark.postgresql
def test_a_backup_replaces_all_that_a_later_version_made_or_nothing(
    open_installation: Callable[..., Installation], tmp_path: Path
) -> None:
    installation = open_installation("postgresql", port=1)
    url = installation.values["DATABASE_URL"]
    installation.call("open_workspace", name="orchard", letters=[("mara", ["ed@site.com"])], port=1)
    backup = take_backup(installation, tmp_path)
    with psycopg.connect(url) as database:
        stood = database.execute(SHAPE).fetchall()
        # What a later version's migration does, and what is written after it.
        database.execute("CREATE TABLE later (lead_id bigint REFERENCES campaigns_lead (id))")
        database.execute("UPDATE accounts_workspace SET name = 'written after the backup'")
    whole = backup.read_text()
    backup.write_text(whole + "SELECT this_is_no_function();\n")
    with pytest.raises(subprocess.CalledProcessError):
        restore(installation, backup)
    with psycopg.connect(url) as database:
        assert database.execute("SELECT DISTINCT name FROM accounts_workspace").fetchall() == [
            ("written after the backup",)
        ]
    backup.write_text(whole)
    restore(installation, backup)
    with psycopg.connect(url) as database:
        assert database.execute(SHAPE).fetchall() == stood
        assert ("written after the backup",) not in database.execute("SELECT name FROM accounts_workspace").fetchall()
