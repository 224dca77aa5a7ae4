"""A backup is taken, letters leave, the backup is restored: nobody gets one of them twice."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.crash.conftest import Installation
from tests.needs import program
from tests.servers import Certificates, FaultySMTP

pytestmark = pytest.mark.processes


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
        subprocess.run([program("pg_dump"), "--clean", "--file", backup, url], check=True)
    return backup


def restore(installation: Installation, backup: Path) -> None:
    url = installation.values["DATABASE_URL"]
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        for part in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            part.unlink(missing_ok=True)
        path.write_bytes(backup.read_bytes())
    else:
        quiet = ["--quiet", "--set", "ON_ERROR_STOP=1", "--output", "/dev/null"]
        subprocess.run([program("psql"), *quiet, "--file", backup, url], check=True)
