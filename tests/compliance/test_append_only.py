"""The database itself refuses to change the log; a check tells when it would not, and setting up puts it right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from compliance import checks, cutting, seals, triggers
from compliance.chain import ENTRIES, PEOPLE, SEALS
from compliance.models import AuditCheck, AuditEntry, AuditHead, AuditPerson, AuditSeal
from outreach_site.desk.instance import set_up
from tests.compliance.sealing import another_hand, found, look, remove, run, sealed, write

pytestmark = pytest.mark.django_db


def test_every_trigger_is_there_after_the_migrations() -> None:
    assert triggers.missing() == []
    assert checks.check_audit_triggers(databases=["default"]) == []
    assert {triggers.ENTRIES, triggers.PEOPLE, triggers.SEALS} == {ENTRIES, PEOPLE, SEALS}


FORBIDDEN: dict[str, Callable[[int], object]] = {
    "entry updated": lambda pk: AuditEntry.objects.filter(pk=pk).update(reason="x"),
    "entry saved": lambda pk: AuditEntry.objects.get(pk=pk).save(),
    "entry deleted": lambda pk: run(f"DELETE FROM {ENTRIES} WHERE id = %s", pk),
    "seal updated": lambda pk: AuditSeal.objects.filter(entry=pk).update(digest="x"),
    "seal deleted": lambda pk: AuditSeal.objects.filter(entry=pk).delete(),
    "person updated": lambda pk: AuditPerson.objects.filter(pk=pk).update(lead_email="x@y.test"),
    "entry upserted": lambda pk: run(
        f"INSERT INTO {ENTRIES} SELECT * FROM {ENTRIES} WHERE id = %s ON CONFLICT (id) DO UPDATE SET reason = 'x'", pk
    ),
}
if connection.vendor == "sqlite":
    FORBIDDEN |= {
        "entry replaced": lambda pk: run(f"INSERT OR REPLACE INTO {ENTRIES} SELECT * FROM {ENTRIES} WHERE id = %s", pk),
        "person replaced": lambda pk: run(
            f"INSERT OR REPLACE INTO {PEOPLE} (entry_id, lead_email, sender_email, subject) VALUES (%s, '', '', '')", pk
        ),
        "seal replaced": lambda pk: run(
            f"INSERT OR REPLACE INTO {SEALS} (seq, entry_id, digest, sealed_at, checkpoint) "
            "VALUES (99, %s, '', '', '')",
            pk,
        ),
    }
else:
    FORBIDDEN |= {
        "entries truncated": lambda _: run(f"TRUNCATE {ENTRIES} CASCADE"),
        "seals truncated": lambda _: run(f"TRUNCATE {SEALS}"),
        "people truncated": lambda _: run(f"TRUNCATE {PEOPLE}"),
        "entries updated, none of them": lambda _: run(f"UPDATE {ENTRIES} SET reason = '' WHERE id = -1"),
    }


@pytest.mark.parametrize("what", FORBIDDEN)
def test_it_is_refused(what: str) -> None:
    ids = sealed(2)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE" if connection.vendor == "postgresql" else "SELECT 1")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        FORBIDDEN[what](ids[0])
    assert look() == []


def test_what_goes_on_is_allowed() -> None:
    ids = sealed(2)
    AuditPerson.objects.filter(pk=ids[0]).delete()
    write(2)
    assert seals.seal(now=timezone.now()).count == 2
    assert look() == []


def test_lifted_means_this_transaction_and_deleting_alone() -> None:
    ids = sealed(3)
    with triggers.lifted():
        remove(ids[0], with_seal=True)
    assert triggers.missing() == []
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        remove(ids[1], with_seal=True)
    with pytest.raises(ValueError, match="not after all"), triggers.lifted():
        remove_and_fail(ids[1])
    assert triggers.missing() == []
    assert AuditEntry.objects.filter(pk=ids[1]).exists()


def remove_and_fail(entry_id: int) -> None:
    remove(entry_id, with_seal=True)
    raise ValueError("not after all")


@pytest.mark.django_db(transaction=True)
def test_a_remade_table_is_noticed_and_put_right() -> None:
    """What a later migration does on SQLite: Django makes the table anew, and its triggers are gone."""
    if connection.vendor == "sqlite":
        with connection.schema_editor() as editor:
            editor._remake_table(AuditEntry)  # type: ignore[attr-defined]  # SQLite's editor
        names = {f"{ENTRIES}_no_update", f"{ENTRIES}_no_replace", f"{ENTRIES}_no_delete"}
    else:
        run(f"ALTER TABLE {ENTRIES} DISABLE TRIGGER ALL")
        names = {f"{ENTRIES}_append_only"}
    assert set(triggers.missing()) == names
    [error] = checks.check_audit_triggers(databases=["default"])
    assert error.id == "linkletter.E010"
    assert "setup_instance" in str(error.hint)
    with pytest.raises(SystemCheckError, match="audit log can be changed"):
        call_command("check", databases=["default"])
    said: list[str] = []
    set_up(said.append)
    assert said == [
        f"put back {len(names)} database triggers that keep the audit log from being changed: see verify_audit"
    ]
    assert triggers.missing() == []
    set_up(said.append)
    assert len(said) == 1


def test_a_trigger_of_another_hand_is_noticed() -> None:
    if connection.vendor == "sqlite":
        run(f"DROP TRIGGER {SEALS}_no_delete")
        run(f"CREATE TRIGGER {SEALS}_no_delete BEFORE DELETE ON {SEALS} BEGIN SELECT 1; END")
        assert triggers.missing() == [f"{SEALS}_no_delete"]
    else:
        run(f"DROP TRIGGER {SEALS}_append_only ON {SEALS}")
        run(
            f"CREATE TRIGGER {SEALS}_append_only BEFORE UPDATE ON {SEALS} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION {triggers._FUNCTION}()"
        )
        assert triggers.missing() == [f"{SEALS}_append_only"]
    assert triggers.install()
    assert triggers.missing() == []


@pytest.mark.django_db(transaction=True)
def test_before_the_first_migration_there_is_nothing_to_say() -> None:
    with connection.schema_editor() as editor:
        editor.alter_db_table(AuditSeal, SEALS, "somewhere_else")
    try:
        assert not triggers.has_tables()
        assert checks.check_audit_triggers(databases=["default"]) == []
        assert checks.check_audit_triggers(databases=None) == []
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(AuditSeal, "somewhere_else", SEALS)


# --- Cutting ----------------------------------------------------------------------------------------------------------


def old_and_young() -> tuple[list[int], list[int]]:
    now = timezone.now()
    old = write(10, now=now - timedelta(days=1200))
    young = write(5, now=now)
    seals.seal(now=now)
    return old, young


def test_a_stretch_is_cut_behind_a_checkpoint() -> None:
    old, young = old_and_young()
    now = timezone.now()
    digest = AuditSeal.objects.get(seq=10).digest
    assert cutting.cut(now - timedelta(days=1095), now=now) == cutting.Cut(count=10, seq=10, more=False)
    assert not AuditEntry.objects.filter(pk__in=old).exists()
    assert not AuditPerson.objects.filter(pk__in=old).exists()
    checkpoint = AuditSeal.objects.earliest("seq")
    assert (checkpoint.seq, checkpoint.entry_id, checkpoint.digest) == (10, None, digest)
    assert look() == []
    cut_entry = AuditEntry.objects.get(event="audit.cut")
    assert cut_entry.details["entries"] == 10
    assert cut_entry.details["through_entry"] == old[-1]
    seals.seal(now=now)
    assert look() == []
    with another_hand():
        run(f"UPDATE {ENTRIES} SET reason = 'x' WHERE id = %s", young[0])
    assert found(look()) == {("changed", young[0])}


def test_cutting_in_pieces_and_twice() -> None:
    old_and_young()
    now = timezone.now()
    before = now - timedelta(days=1095)
    assert cutting.cut(before, now=now, at_once=4) == cutting.Cut(count=4, seq=4, more=True)
    assert look() == []
    assert cutting.cut(before, now=now, at_once=4) == cutting.Cut(count=4, seq=8, more=True)
    assert cutting.cut(before, now=now, at_once=4) == cutting.Cut(count=2, seq=10, more=False)
    assert cutting.cut(before, now=now, at_once=4) == cutting.Cut(count=0, seq=10, more=False)
    assert AuditSeal.objects.filter(entry=None).count() == 1
    seals.seal(now=now)
    assert look() == []


def test_everything_may_be_cut() -> None:
    sealed(3)
    now = timezone.now()
    assert cutting.cut(now + timedelta(days=1), now=now).count == 3
    assert look() == []
    assert sealed(2)
    assert look() == []


def test_what_does_not_fit_is_not_tidied_away() -> None:
    old, _ = old_and_young()
    now = timezone.now()
    before = now - timedelta(days=1095)
    with another_hand():
        run(f"UPDATE {ENTRIES} SET reason = 'x' WHERE id = %s", old[3])
    with pytest.raises(cutting.CannotCutError, match=f"Entry {old[3]} was changed"):
        cutting.cut(before, now=now)
    assert AuditEntry.objects.filter(pk__in=old).count() == 10
    AuditHead.objects.update(seq=1)
    with pytest.raises(cutting.CannotCutError, match="end of the audit log"):
        cutting.cut(before, now=now)


def test_not_under_the_feet_of_a_check() -> None:
    sealed(2)
    now = timezone.now()
    AuditCheck.objects.create(asked_at=now)
    with pytest.raises(cutting.CannotCutError, match="being checked"):
        cutting.cut(now, now=now)
