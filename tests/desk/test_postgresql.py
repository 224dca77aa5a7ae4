"""The same start on PostgreSQL: every migration, the cache table, the seed, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def environment_of(postgresql_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "postgresql-" + "0123456789abcdef" * 4,
        "DIGEST_KEY": "postgresql-" + "0123456789abcdef" * 4,
        "INSTANCE_ID": "postgresql",
        "MAIL_SMTP_ENCRYPTION_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "SANDBOX": "true",
        "SANDBOX_DIR": str(tmp_path / "sandbox"),
        "DATABASE_URL": postgresql_url,
    }


@pytest.mark.postgresql
def test_a_new_installation_starts_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    environment = environment_of(postgresql_url, tmp_path)

    def manage(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "The database is ready." in manage("setup_instance")
    assert manage("setup_instance").strip() == "The database is ready.", "a second time changes nothing"
    assert "Sign in as owner@rehearsal.test" in manage("seed_rehearsal")
    assert "There are users already" in manage("seed_rehearsal")
    assert manage("sync_schedules").strip() == "All schedules are as they should be."


@contextmanager
def frozen(postgresql_url: str) -> Iterator[None]:
    """The server takes connections and answers nothing, as on a machine that is stopped or cut off."""
    directory = Path(unquote(urlsplit(postgresql_url).netloc.rpartition("@")[2]))
    pid = int((directory / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("command", "said"), [("check_health", "The database does not answer."), ("setup_instance", "does not answer: ")]
)
def test_a_frozen_server_is_said_after_some_seconds(
    postgresql_url: str, tmp_path: Path, command: str, said: str
) -> None:
    with frozen(postgresql_url):
        done = subprocess.run(
            [sys.executable, "manage.py", command],
            cwd=ROOT,
            env=environment_of(postgresql_url, tmp_path),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
