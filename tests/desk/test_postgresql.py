"""The same start on PostgreSQL: every migration, the cache table, the seed, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.postgresql
def test_a_new_installation_starts_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    environment = {
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
