"""Checks of the whole log: the day's own and those asked for, in slices, across workers that die."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from compliance import checkups, seals, tasks, verification
from compliance.chain import ENTRIES
from compliance.models import AuditCheck, AuditHead
from outreach_site.accounts import installation
from tests.compliance.sealing import another_hand, remove, run, sealed, write

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 3, 10, tzinfo=UTC)


def finish(now: datetime) -> AuditCheck:
    while checkups.go_on(now=now):
        pass
    return AuditCheck.objects.finished().latest("pk")


def test_a_check_that_finds_nothing() -> None:
    sealed(30)
    now = timezone.now()
    asked = checkups.ask(user_id=7, now=now)
    assert checkups.ask(user_id=8, now=now) == asked, "one at a time"
    check = finish(now)
    assert (check.asked_by_id, check.rows, check.found, check.is_intact, check.seq) == (7, 30, 0, True, 30)
    assert verification.last_intact_check() == check
    assert checkups.standing(now).checked == check


def test_the_end_that_was_found_right_is_kept_in_a_file(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    ids = sealed(3)
    finish(_asked())
    sealed(2)
    finish(_asked())
    file = tmp_path / checkups.HEADS
    assert [json.loads(line)["seq"] for line in file.read_text().splitlines()] == [3, 5]
    assert file.stat().st_mode & 0o777 == 0o600
    call_command("verify_audit", heads=str(file), stdout=StringIO())
    with another_hand():
        run(f"UPDATE {ENTRIES} SET reason = 'x' WHERE id = %s", ids[0])
    finish(_asked())
    assert len(file.read_text().splitlines()) == 2, "an end that proves nothing is not kept"


def test_a_file_that_cannot_be_written_stops_no_check(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "nowhere"
    sealed(3)
    assert finish(_asked()).is_intact


def _asked() -> datetime:
    now = timezone.now()
    checkups.ask(user_id=None, now=now)
    return now


def test_a_check_that_finds_something_keeps_it() -> None:
    ids = sealed(250)
    with another_hand():
        run(f"UPDATE {ENTRIES} SET reason = 'x' WHERE id > %s", ids[99])
    checkups.ask(user_id=7, now=timezone.now())
    check = finish(timezone.now())
    assert (check.found, len(check.findings), check.is_intact, check.proof) == (150, checkups.KEPT, False, "")
    assert check.findings[0]["entry_id"]
    standing = checkups.standing(timezone.now())
    assert len(standing.named) == checkups.NAMED
    assert standing.more == 150 - checkups.NAMED
    assert verification.last_intact_check() is None


def test_slices_go_on_where_the_last_one_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "CHUNK", 10)
    ids = sealed(35)
    with another_hand():
        remove(ids[12], with_seal=False)
    now = timezone.now()
    checkups.ask(user_id=None, now=now)
    seen = []
    while checkups.go_on(now=now, seconds=0):
        seen.append(AuditCheck.objects.get().percent)
        write(1)
        seals.seal(now=now)  # What comes meanwhile is the next check's.
    assert seen == [28, 57, 85, 100]
    check = AuditCheck.objects.get()
    assert (check.rows, check.found, check.end_seq) == (35, 1, 35)
    assert check.findings[0]["sentence"] == f"Entry {ids[12]} was removed."


def test_a_worker_that_died_leaves_its_check_to_the_next() -> None:
    sealed(3)
    now = timezone.now()
    check = checkups.ask(user_id=None, now=now)
    AuditCheck.objects.filter(pk=check.pk).update(worked_until=now + checkups.LEASE)
    assert not checkups.go_on(now=now)
    assert not AuditCheck.objects.finished().exists()
    assert finish(now + checkups.LEASE + timedelta(seconds=1)).is_intact


def test_every_morning_by_itself() -> None:
    assert not checkups.go_on(now=DAY.replace(hour=7)), "there is no log yet"
    assert not AuditCheck.objects.exists()
    sealed(3)
    for at, count in (
        (DAY.replace(hour=7), 1),  # the first one comes at once
        (DAY.replace(hour=23), 1),
        (DAY + timedelta(days=1, hours=5, minutes=59), 1),
        (DAY + timedelta(days=1, hours=6), 2),
        (DAY + timedelta(days=1, hours=6, minutes=5), 2),
        (DAY + timedelta(days=4), 3),
    ):
        while checkups.go_on(now=at):
            pass
        assert AuditCheck.objects.count() == count, at


def test_a_late_sealer_is_no_finding_of_a_check() -> None:
    sealed(2)
    write(1)
    checkups.ask(user_id=None, now=timezone.now())
    assert finish(timezone.now() + timedelta(hours=1)).is_intact


def test_an_end_that_was_there_at_the_last_check_is_missed() -> None:
    """Even when log and note were put back together to what they were before."""
    sealed(3)
    note = AuditHead.objects.values().get()
    later = sealed(3)
    checkups.ask(user_id=None, now=timezone.now())
    assert finish(timezone.now()).is_intact
    with another_hand():
        remove(*later, with_seal=True)
        AuditHead.objects.update(**note)
    checkups.ask(user_id=None, now=timezone.now())
    check = finish(timezone.now())
    assert [finding["kind"] for finding in check.findings] == ["tail"]


def test_nobody_else_may_say_that_it_was_intact() -> None:
    sealed(3)
    AuditCheck.objects.create(asked_at=timezone.now(), finished_at=timezone.now(), seq=3, digest="x", proof="0" * 64)
    assert verification.last_intact_check() is None


def test_since_the_last_check() -> None:
    ids = sealed(10)
    checkups.ask(user_id=None, now=timezone.now())
    finish(timezone.now())
    later = sealed(5)
    said = StringIO()
    call_command("verify_audit", since_checkpoint=True, stdout=said)
    assert said.getvalue().startswith("5 entries since the last check")
    with another_hand():
        run(f"UPDATE {ENTRIES} SET reason = 'x' WHERE id IN (%s, %s)", ids[2], later[2])
    said = StringIO()
    with pytest.raises(CommandError, match="1 found"):
        call_command("verify_audit", since_checkpoint=True, stdout=said)
    assert f"Entry {later[2]} was changed" in said.getvalue()
    with pytest.raises(CommandError, match="2 found"):
        call_command("verify_audit", stdout=StringIO())


def test_the_tasks() -> None:
    write(3)
    tasks.seal_audit()
    assert AuditHead.objects.get().seq == 3
    tasks.check_audit()
    assert AuditCheck.objects.get().is_intact
    assert not OrmQ.objects.exists(), "no slice follows where nothing is left"


def test_nothing_is_sealed_or_checked_under_another_digest_key(settings: Settings) -> None:
    installation.claim()
    write(3)
    tasks.seal_audit()
    write(2)
    key, settings.DIGEST_KEY = settings.DIGEST_KEY, "a-typo-in-the-key"
    tasks.seal_audit()
    tasks.check_audit()
    assert AuditHead.objects.get().seq == 3
    assert not AuditCheck.objects.exists()
    settings.DIGEST_KEY = key
    tasks.seal_audit()
    tasks.check_audit()
    assert AuditHead.objects.get().seq == 5
    assert AuditCheck.objects.get().is_intact
