"""Databases that a start finds: of older versions, of another installation, or made with another DIGEST_KEY."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django_q.models import Schedule
from pytest_django import Settings

from outreach_site.accounts import installation
from outreach_site.desk.instance import keep_to_this_account, set_up

pytestmark = pytest.mark.django_db

OURS = ("accounts", "campaigns", "compliance", "desk", "inbox", "mailboxes")


def recorded() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


@pytest.fixture
def squashed() -> set[tuple[str, str]]:
    found = set(MigrationLoader(None).replacements)
    assert {app for app, _ in found} == set(OURS)
    return found


def test_a_database_that_took_every_step_by_itself_goes_on(squashed: set[tuple[str, str]]) -> None:
    everything = recorded()
    for app, name in squashed:
        MigrationRecorder(connection).record_unapplied(app, name)
    said: list[str] = []
    assert set_up(said.append).may_work
    assert said == []  # Its tables are there: nothing is made twice.
    assert recorded() == everything


@pytest.mark.parametrize("app", OURS)
def test_a_database_that_stopped_half_way_is_told_so(squashed: set[tuple[str, str]], app: str) -> None:
    recorder = MigrationRecorder(connection)
    for pair in squashed:
        recorder.record_unapplied(*pair)
    [last] = [each.replaces[-1] for key, each in MigrationLoader(None).replacements.items() if key[0] == app]
    recorder.record_unapplied(*last)
    stands = recorded()
    with pytest.raises(CommandError, match=r"docs/operations\.md"):
        call_command("setup_instance")
    assert recorded() == stands


def test_another_digest_key_stops_the_start_and_another_instance_id_does_not(settings: Settings) -> None:
    installation.claim()
    settings.INSTANCE_ID = "a-copy"
    standing = set_up(print)
    assert not standing.may_work
    assert "manage.py after_restore --backup-taken-at" in standing.sentence
    assert "Do not put the old INSTANCE_ID back" in standing.sentence, "what is queued would leave again"
    Schedule.objects.all().delete()
    settings.DIGEST_KEY = "a-typo-in-the-key"
    with pytest.raises(CommandError, match=r"DIGEST_KEY is not the one .* Put the old value back"):
        set_up(print)
    assert not Schedule.objects.exists()


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.processes
def test_a_new_database_is_for_this_account_alone(tmp_path: Path) -> None:
    var, root = tmp_path / "var", Path(__file__).resolve().parent.parent.parent
    environment = {name: os.environ[name] for name in ("PATH", "ENV_FILE", "SECRET_KEY", "DIGEST_KEY", "INSTANCE_ID")}
    subprocess.run(
        [sys.executable, "manage.py", "sync_schedules"],
        cwd=root,
        env=environment | {"VAR_DIR": str(var)},
        capture_output=True,
        umask=0o022,
        check=False,
    )
    assert mode_of(var) == 0o700
    assert [mode_of(each) for each in var.glob("linkletter.sqlite3*")] == [0o600] * len(list(var.iterdir()))


def test_an_older_database_becomes_so(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    var = tmp_path / "var"
    var.mkdir(mode=0o755)
    files = [var / "linkletter.sqlite3", var / "linkletter.sqlite3-wal"]
    for each in files:
        each.touch(mode=0o644)
    monkeypatch.setattr(connection, "vendor", "sqlite")
    monkeypatch.setitem(connection.settings_dict, "NAME", str(files[0]))
    settings.VAR_DIR, settings.BASE_DIR = var, tmp_path / "elsewhere"
    keep_to_this_account()
    assert [mode_of(each) for each in (var, *files)] == [0o755, 0o600, 0o600], "who named it may share it"
    settings.BASE_DIR = tmp_path
    keep_to_this_account()
    assert mode_of(var) == 0o700
