"""What the processes do for test_sealing.py."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from compliance import seals
from compliance.models import AuditEntry, AuditHead, AuditSeal
from tests.compliance.sealing import copy_entry, found, look, write


def write_entries(*, count: int) -> None:
    for _ in range(0, count, 500):
        write(500)


def seal(*, batch: int) -> None:
    """Leaves word of how many it sealed, when it is done."""
    sealed = seals.seal(now=timezone.now(), seconds=300, batch=batch).count
    said = Path(settings.VAR_DIR) / f"sealed-{os.getpid()}"
    unfinished = said.with_suffix(".part")
    unfinished.write_text(str(sealed))
    unfinished.rename(said)


def verify() -> str:
    said = StringIO()
    call_command("verify_audit", stdout=said)
    return said.getvalue()


def commit_late() -> None:
    """A transaction takes its id early and commits late; in between the sealer comes by again and again."""
    now = timezone.now()
    write(2)
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        columns = [field.column for field in AuditEntry._meta.concrete_fields if field.column != "id"]
        names = ", ".join(columns)
        table = AuditEntry._meta.db_table
        row = other.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM {table} LIMIT 1 RETURNING id"
        ).fetchone()
        assert row is not None
        held = row[0]
        write(3)
        for minute in range(5):
            seals.seal(now=now + timedelta(minutes=minute))
        head = AuditHead.objects.get()
        assert AuditSeal.objects.count() == 5
        assert head.top_id > held > head.swept_id, "the open transaction holds the mark down"
        assert look() == []
        other.commit()
    assert look() == [], "committed, and not sealed yet"
    assert seals.seal(now=now + timedelta(minutes=6)).count == 1
    assert AuditSeal.objects.get(entry=held).seq == 6
    assert look() == []
    for minute in range(7, 11):
        seals.seal(now=now + timedelta(minutes=minute))
    assert AuditHead.objects.get().swept_id == AuditEntry.objects.latest("pk").pk, "nothing is open: the mark rises"
    # From here on a low id can only come from another hand.
    copy_entry(AuditEntry.objects.earliest("pk").pk, 0)
    assert found(look()) == {("inserted", 0)}
    assert seals.seal(now=now + timedelta(minutes=11)).count == 0
    # A server that counts transactions anew, as after a move: the mark goes on rising.
    head = AuditHead.objects.get()
    AuditHead.objects.update(rising_xid=2**60)
    write(1)
    for minute in range(12, 16):
        seals.seal(now=now + timedelta(minutes=minute))
    assert AuditHead.objects.get().swept_id > head.swept_id


def write_as_a_crowd(*, seconds: int) -> int:
    """Writers that commit in any order, or not at all, and two sealers among them. How many entries were sealed."""
    seals.SETTLING = timedelta(milliseconds=100)
    until = time.monotonic() + seconds
    done: list[int] = []

    def writer(seed: int) -> None:
        dice = random.Random(seed)
        kept = 0
        while time.monotonic() < until or kept < 30:  # However slow the machine is, there is something to seal.
            many, keeps = dice.randint(1, 20), dice.random() >= 0.2
            kept += many if keeps else 0
            with transaction.atomic():
                write(many)
                time.sleep(dice.choice([0, 0, 0.01, 0.3]) if connection.vendor == "postgresql" else 0)
                if not keeps:
                    transaction.set_rollback(True)
            time.sleep(0.005)

    def sealer(_: int) -> None:
        while time.monotonic() < until:
            seals.seal(now=timezone.now(), batch=7)
            time.sleep(0.02)  # SQLite has one writer at a time, and these would always be it.

    def guarded(work: Callable[[int], None], seed: int) -> None:
        try:
            work(seed)
            done.append(seed)
        finally:
            connection.close()

    work = [writer] * 4 + [sealer] * 2
    threads = [threading.Thread(target=guarded, args=(each, seed)) for seed, each in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(threads)
    seals.seal(now=timezone.now())
    assert look(now=timezone.now() + timedelta(hours=1)) == []
    assert AuditSeal.objects.count() == AuditEntry.objects.count()
    assert AuditEntry.objects.count() > 20, "the writers hardly came to write"
    assert AuditSeal.objects.latest("seq").seq == AuditSeal.objects.count()
    return AuditSeal.objects.count()
