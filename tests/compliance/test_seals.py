"""The sealed log: whatever another hand does to it is found, and named. On PostgreSQL too: test_on_postgresql.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from compliance import audit, seals, verification
from compliance.chain import ENTRIES, PEOPLE, SEALS, Naming
from compliance.models import AuditEntry, AuditHead, AuditPerson, AuditSeal
from outreach_site.lib.crypto import Digester, keyed_digest
from tests.compliance.sealing import another_hand, copy_entry, found, look, remove, run, sealed, write

pytestmark = pytest.mark.django_db


def verify(*arguments: str) -> str:
    said = StringIO()
    call_command("verify_audit", *arguments, stdout=said)
    return said.getvalue()


# --- Sealing ----------------------------------------------------------------------------------------------------------


def test_every_entry_gets_its_link_in_order() -> None:
    ids = write(5)
    assert seals.seal(now=timezone.now()) == seals.Sealed(count=5, more=False)
    assert list(AuditSeal.objects.order_by("seq").values_list("seq", "entry_id")) == list(enumerate(ids, start=1))
    assert len(set(AuditSeal.objects.values_list("digest", flat=True))) == 5
    assert seals.seal(now=timezone.now()) == seals.Sealed(count=0, more=False)
    more = sealed(3)
    assert list(AuditSeal.objects.filter(seq__gt=5).order_by("seq").values_list("entry_id", flat=True)) == more
    assert look() == []


def test_an_empty_log_is_intact() -> None:
    assert look() == []
    assert seals.seal(now=timezone.now()).count == 0
    assert look() == []


def test_batches_and_slices_make_the_same_chain() -> None:
    write(25)
    assert seals.seal(now=timezone.now(), seconds=-1, batch=10) == seals.Sealed(count=10, more=True)
    assert seals.seal(now=timezone.now(), batch=4) == seals.Sealed(count=15, more=False)
    assert look() == []
    assert look(slices=True) == []
    assert AuditHead.objects.get().seq == 25


def test_queries_do_not_grow_with_the_rows() -> None:
    def queries(count: int) -> int:
        write(count)
        with CaptureQueriesContext(connection) as captured:
            assert seals.seal(now=timezone.now()).count == count
        return len(captured)

    first = queries(1)  # Makes the head too.
    assert queries(1) == queries(600) < first

    def walked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert look() == []
        return len(captured)

    few = walked()
    sealed(600)
    assert walked() == few


def test_the_quick_digests_are_the_slow_ones() -> None:
    assert Digester("x")("Größe".encode()) == keyed_digest("x", "Größe")
    for person in (("ed@x.test", "", 'A "link"\\ — ✓'), ("", "", "\u2028"), ("a@ü.test", "m@y.test", "\U0001f331\x7f")):
        stored = AuditPerson(lead_email=person[0], sender_email=person[1], subject=person[2])
        assert Naming()(*person) == "|" + audit.digest_of(stored)
    assert Naming()("", "", "") == "|"


def test_an_erased_person_leaves_the_chain_whole() -> None:
    ids = sealed(3)
    AuditPerson.objects.filter(pk=ids[1]).delete()
    assert look() == []


def test_what_waits_for_its_seal_is_no_finding_until_it_is_late() -> None:
    sealed(2)
    write(1)
    assert look() == []
    [late] = look(now=timezone.now() + timedelta(minutes=6))
    assert (late.kind, late.entry_id) == ("unsealed", AuditEntry.objects.latest("pk").pk)


def test_an_alarm_after_five_minutes() -> None:
    now = timezone.now()
    assert seals.oldest_overdue(now) is None
    write(1, now=now)
    assert seals.oldest_overdue(now + timedelta(minutes=4)) is None
    assert seals.oldest_overdue(now + timedelta(minutes=6)) == now
    seals.seal(now=now)
    assert seals.oldest_overdue(now + timedelta(minutes=6)) is None
    write(1, now=now - timedelta(days=3))  # Happened long ago, recorded now: the sealer has just been here.
    assert seals.oldest_overdue(now + timedelta(minutes=4)) is None
    assert seals.oldest_overdue(now + timedelta(minutes=6)) == now - timedelta(days=3)


# --- Another hand -----------------------------------------------------------------------------------------------------

FIELDS = {
    "workspace_id": 99,
    "user_id": 99,
    "event": "letter.cancelled",
    "about": "attempt:99",
    "policy_result": "approved",
    "reason": "Nothing stood in the way.",
    "legal_basis": "legitimate_interest",
    "region": "US",
    "checks": "[]",
    "details": '{"ground":"consent"}',
    "person_digest": "0" * 64,
    "is_preview": True,
    "recorded_at": "2020-01-01 00:00:00",
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_field(field: str) -> None:
    ids = sealed(9)
    with another_hand():
        run(f"UPDATE {ENTRIES} SET {field} = %s WHERE id = %s", FIELDS[field], ids[4])
    assert ("changed", ids[4]) in found(look())
    assert {entry for _, entry in found(look())} == {ids[4]}


def test_every_field_of_an_entry_is_covered() -> None:
    assert {field.attname for field in AuditEntry._meta.concrete_fields} == {*FIELDS, "id"}


def test_nothing_can_be_shifted_from_one_field_into_the_next() -> None:
    ids = sealed(3)
    with another_hand():
        run(f"UPDATE {ENTRIES} SET event = 'letter.decidedatt', about = 'empt:1' WHERE id = %s", ids[1])
    assert found(look()) == {("changed", ids[1])}


@pytest.mark.parametrize("field", ["lead_email", "sender_email", "subject"])
def test_a_changed_person(field: str) -> None:
    ids = sealed(5)
    with another_hand():
        run(f"UPDATE {PEOPLE} SET {field} = 'other@site.test' WHERE entry_id = %s", ids[2])
    assert found(look()) == {("changed", ids[2])}


def test_a_person_put_beside_an_entry_about_nobody() -> None:
    entry = audit.record("workspace.changed", workspace=None, now=timezone.now())
    seals.seal(now=timezone.now())
    AuditPerson.objects.create(entry=entry, lead_email="ed@x.test")
    assert found(look()) == {("changed", entry.pk)}


def test_several_at_once_are_all_named() -> None:
    ids = sealed(300)
    with another_hand():
        for number in (0, 7, 8, 150, 299):
            run(f"UPDATE {ENTRIES} SET reason = 'x' WHERE id = %s", ids[number])
        remove(ids[20], with_seal=False)
    expected = {("changed", ids[number]) for number in (0, 7, 8, 150, 299)} | {("removed", ids[20])}
    assert found(look()) == expected


def test_more_than_are_remembered() -> None:
    ids = sealed(300)
    with another_hand():
        run(f"UPDATE {ENTRIES} SET reason = 'x' WHERE id > %s", ids[9])
    assert found(look()) == {("changed", entry_id) for entry_id in ids[10:]}
    assert found(look(slices=True)) == {("changed", entry_id) for entry_id in ids[10:]}


@pytest.mark.parametrize("at", [0, 4, 9])
def test_a_removed_entry(at: int) -> None:
    ids = sealed(10)
    with another_hand():
        remove(ids[at], with_seal=False)
    assert found(look()) == {("removed", ids[at])}


def test_an_entry_removed_with_its_seal() -> None:
    ids = sealed(10)
    with another_hand():
        remove(*ids[4:6], with_seal=True)
    [finding] = look()
    assert finding.kind == "removed"
    assert finding.sentence == f"Seals 5 to 6 are missing: between entry {ids[3]} and entry {ids[6]}."


def test_a_hole_longer_than_what_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "CHUNK", 3)
    ids = sealed(20)
    with another_hand():
        remove(*ids[4:15], with_seal=True)
        run(f"UPDATE {ENTRIES} SET reason = 'nothing' WHERE id = %s", ids[18])
    assert [finding.sentence for finding in look()] == [
        f"Seals 5 to 15 are missing: between entry {ids[3]} and entry {ids[15]}.",
        f"Entry {ids[18]} was changed, or put in with a seal that is not ours.",
    ]


def test_the_beginning_removed() -> None:
    ids = sealed(10)
    with another_hand():
        remove(*ids[:3], with_seal=True)
    [finding] = look()
    assert finding.sentence == f"Seals 1 to 3 are missing: the log's beginning, before entry {ids[3]}."


def test_the_beginning_removed_behind_a_forged_checkpoint() -> None:
    ids = sealed(10)
    kept = AuditSeal.objects.get(seq=3).digest
    with another_hand():
        remove(*ids[:3], with_seal=True)
        AuditSeal.objects.create(seq=3, entry=None, digest=kept, sealed_at=timezone.now(), checkpoint="f" * 64)
    assert [finding.kind for finding in look()] == ["changed"]
    assert "checkpoint at seal 3" in look()[0].sentence


def test_an_entry_put_in_with_a_seal_of_its_own() -> None:
    ids = sealed(5)
    new = max(ids) + 1
    copy_entry(ids[0], new, reason="It was always so.")
    AuditSeal.objects.create(seq=6, entry_id=new, digest="0" * 64, sealed_at=timezone.now())
    assert ("changed", new) in found(look())
    assert any("after 5, the log's end" in finding.sentence for finding in look())


def test_an_entry_put_into_the_past() -> None:
    ids = sealed(5)
    copy_entry(ids[0], -1, reason="It was always so.")
    assert found(look()) == {("inserted", -1)}
    seals.seal(now=timezone.now())
    assert found(look()) == {("inserted", -1)}, "the sealer seals nothing that was put in behind it"


def test_an_entry_put_in_and_dated_back() -> None:
    ids = sealed(5)
    copy_entry(ids[0], max(ids) + 1, recorded_at=timezone.now() - timedelta(days=30))
    assert found(look()) == {("unsealed", max(ids) + 1)}


def test_a_seal_taken_away() -> None:
    ids = sealed(5)
    with another_hand():
        run(f"DELETE FROM {SEALS} WHERE entry_id = %s", ids[2])
    kinds = found(look())
    assert ("removed", ids[3]) in kinds
    assert any("Seal 3 is missing" in finding.sentence for finding in look())


def test_a_changed_seal_is_told_from_a_changed_entry() -> None:
    ids = sealed(6)
    with another_hand():
        run(f"UPDATE {SEALS} SET digest = %s WHERE seq = 3", "a" * 64)
    [finding] = look()
    assert finding.entry_id == ids[2]
    assert finding.sentence == f"The seal of entry {ids[2]} was changed; the entry itself is as it was written."


def test_a_seal_dated_otherwise() -> None:
    ids = sealed(4)
    with another_hand():
        run(f"UPDATE {SEALS} SET sealed_at = %s WHERE seq = 2", timezone.now() - timedelta(days=9))
    assert found(look()) == {("changed", ids[1])}


@pytest.mark.parametrize(("one", "other"), [(2, 3), (1, 7), (0, 9)])
def test_entries_that_changed_places(one: int, other: int) -> None:
    ids = sealed(10)
    a, b = ids[one], ids[other]
    with another_hand():
        run(f"DELETE FROM {PEOPLE} WHERE entry_id IN (%s, %s)", a, b)
        for old, new in ((a, -5), (b, a), (-5, b)):
            run(f"UPDATE {ENTRIES} SET id = %s WHERE id = %s", new, old)
    assert found(look()) == {("reordered", a), ("reordered", b)}


@pytest.mark.parametrize(("one", "other"), [(2, 3), (1, 7), (0, 9)])
def test_seals_that_changed_places(one: int, other: int) -> None:
    ids = sealed(10)
    with another_hand():
        for old, new in ((one + 1, -5), (other + 1, one + 1), (-5, other + 1)):
            run(f"UPDATE {SEALS} SET seq = %s WHERE seq = %s", new, old)
    kinds = found(look())
    assert {("reordered", ids[one]), ("reordered", ids[other])} <= kinds
    assert {kind for kind, _ in kinds} <= {"reordered", "head"}


# --- The end ----------------------------------------------------------------------------------------------------------


def test_a_missing_end() -> None:
    ids = sealed(10)
    with another_hand():
        remove(*ids[7:], with_seal=True)
    [finding] = look()
    assert (finding.kind, finding.entry_id) == ("tail", ids[6])
    assert "seals 8 to 10 are gone" in finding.sentence


def test_the_sealer_does_not_cover_a_missing_end() -> None:
    ids = sealed(10)
    with another_hand():
        remove(*ids[7:], with_seal=True)
    seals.seal(now=timezone.now())
    assert [finding.kind for finding in look()] == ["tail"], "with nothing to seal it touches nothing"
    later = sealed(3)
    [finding] = look()
    assert finding.sentence == f"Seals 8 to 10 are missing: between entry {ids[6]} and entry {later[0]}."
    sealed(3)
    assert len(look()) == 1, "and goes on behind the hole"


@pytest.mark.parametrize("what", ["deleted", "changed", "swept"])
def test_the_note_of_the_end_cannot_be_made(what: str) -> None:
    ids = sealed(10)
    with another_hand():
        remove(*ids[7:], with_seal=True)
    if what == "deleted":
        AuditHead.objects.all().delete()
    elif what == "changed":
        AuditHead.objects.update(seq=7, digest=AuditSeal.objects.get(seq=7).digest)
    else:
        AuditHead.objects.update(swept_id=2**40)
    assert {finding.kind for finding in look()} == {"head"}
    seals.seal(now=timezone.now())
    assert {finding.kind for finding in look()} == {"head"}, "the sealer signs nothing it did not write"
    later = sealed(2)
    [finding] = look()
    assert (finding.kind, finding.entry_id) == ("removed", later[0])


def test_all_seals_taken_away() -> None:
    ids = sealed(4)
    with another_hand():
        run(f"DELETE FROM {SEALS}")
    assert "tail" in {finding.kind for finding in look()}
    sealed(1)
    assert any("missing" in finding.sentence for finding in look())
    assert ids


def test_an_old_note_with_an_old_end_shows_against_heads_kept_elsewhere(tmp_path: Path) -> None:
    """Whoever restores log and note together leaves no trace in the database itself."""
    ids = sealed(5)
    note = AuditHead.objects.values().get()
    heads = tmp_path / "heads.jsonl"
    heads.write_text(verify("--export-head"))
    later = sealed(5)
    with heads.open("a") as file:
        file.write("\n" + verify("--export-head"))
    with another_hand():
        remove(*later, with_seal=True)
        AuditHead.objects.update(**note)
    assert look() == []
    with pytest.raises(CommandError, match="1 found"):
        verify("--heads", str(heads))
    forged = sealed(5)
    said = StringIO()
    with pytest.raises(CommandError, match="1 found"):
        call_command("verify_audit", heads=str(heads), stdout=said)
    assert "changed: Seal 10 is not the one that was once the log's end" in said.getvalue()
    assert ids
    assert forged


# --- Text that nobody here writes -------------------------------------------------------------------------------------


def test_what_is_no_text_does_not_stop_the_walk_or_the_sealer() -> None:
    if connection.vendor != "sqlite":
        return  # PostgreSQL takes no such text in.
    ids = sealed(6)
    with another_hand():
        run(f"UPDATE {ENTRIES} SET reason = CAST(x'fffe' AS TEXT) WHERE id = %s", ids[1])
        run(f"UPDATE {ENTRIES} SET reason = 7 WHERE id = %s", ids[2])
        run(f"UPDATE {ENTRIES} SET reason = x'ff00' WHERE id = %s", ids[3])
        run(f"UPDATE {ENTRIES} SET details = 'no JSON' WHERE id = %s", ids[4])
    assert found(look()) == {("changed", entry_id) for entry_id in ids[1:5]}
    assert AuditEntry.objects.get(pk=ids[4]).details == {}
    [new] = write(1)
    with another_hand():
        run(f"UPDATE {ENTRIES} SET reason = CAST(x'fffe' AS TEXT) WHERE id = %s", new)
    assert seals.seal(now=timezone.now()).count == 1
    assert found(look()) == {("changed", entry_id) for entry_id in ids[1:5]}


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_command_says_how_quick_it_was_and_that_all_is_well() -> None:
    sealed(20)
    said = verify()
    assert said.startswith("20 entries in ")
    assert "rows a second." in said
    assert said.endswith("The audit log is intact, up to seal 20.\n")


def test_the_command_names_what_it_finds() -> None:
    ids = sealed(20)
    with another_hand():
        run(f"UPDATE {ENTRIES} SET reason = 'x' WHERE id = %s", ids[3])
        remove(ids[5], with_seal=False)
    said = StringIO()
    with pytest.raises(CommandError, match="NOT as it was written: 2 found") as refused:
        call_command("verify_audit", stdout=said)
    assert refused.value.returncode == 1
    assert f"Entry {ids[3]} was changed" in said.getvalue()
    assert f"Entry {ids[5]} was removed" in said.getvalue()


def test_nothing_to_export() -> None:
    with pytest.raises(CommandError, match="Nothing has been sealed yet") as refused:
        verify("--export-head")
    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    "line",
    ["[]", "x", '{"seq": 1}', '{"seq": "1", "digest": "a"}', '{"seq": true, "digest": "a"}', '{"seq": 0, "digest": 3}'],
)
def test_a_file_that_holds_no_heads(line: str, tmp_path: Path) -> None:
    sealed(1)
    heads = tmp_path / "heads"
    heads.write_text(f"\n{line}\n")
    with pytest.raises(CommandError, match="line 2") as refused:
        verify("--heads", str(heads))
    assert refused.value.returncode == 2
    with pytest.raises(CommandError, match="cannot be read"):
        verify("--heads", str(tmp_path / "none"))


def test_another_key_is_said_and_not_held_against_the_log(settings: object, world: object) -> None:
    sealed(2)
    settings.DIGEST_KEY = "another" * 8  # type: ignore[attr-defined]  # pytest-django's fixture
    with pytest.raises(CommandError, match="DIGEST_KEY is not the one"):
        verify()


def test_memory_is_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more than a few chunks' worth at once, whatever the length."""
    monkeypatch.setattr(verification, "CHUNK", 10)
    sealed(95)
    sizes: list[int] = []
    chunk: Callable[[int, int], verification._Chunk] = verification._chunk

    def counted(after: int, through: int) -> verification._Chunk:
        got = chunk(after, through)
        sizes.append(max(len(got.seals), len(got.texts)))
        return got

    monkeypatch.setattr(verification, "_chunk", counted)
    assert look() == []
    assert max(sizes) == 10
    assert len(sizes) == 10
