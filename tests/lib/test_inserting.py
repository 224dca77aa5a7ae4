"""Bulk insert and bulk question (lib/inserting.py, lib/among.py): as Django's own, on the database the tests run on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from compliance.models import AuditEntry, AuditSeal, Hold, Suppression
from outreach_site.lib.among import among
from outreach_site.lib.inserting import Maker, _column, give_keys, insert
from tests.conftest import World

NOW = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
# What a way of writing rows can stumble over: its own separators and escapes, quotes, other alphabets, long ones.
ROT = [
    "",
    "a\tb",
    "a\\b",
    "\\N",
    "\\.",
    "line\nbreak\r\n",
    "it's",
    '{"a": "b\\u0000"}',
    "ünï 🍏",
    "x" * 500,
    "NULL",
    "{}",
]


def test_every_text_comes_back_as_it_was_given(world: World) -> None:
    rows = [Hold(workspace=world.here, subject=f"address:{n}", reason=text) for n, text in enumerate(ROT)]
    insert(rows)
    assert [Hold.objects.get(pk=row.pk).reason for row in rows] == ROT


@pytest.mark.usefixtures("world")
def test_moments_numbers_truth_nothing_and_json_too() -> None:
    checks = [{"rule": "hold", "sentence": 'a "b" \\ c\n'}]
    row = AuditEntry(
        event="e", user_id=None, workspace_id=2**40, checks=checks, details={}, recorded_at=NOW, is_preview=True
    )
    insert([row])
    stored = AuditEntry.objects.get(pk=row.pk)
    assert (stored.user_id, stored.workspace_id, stored.checks, stored.recorded_at, stored.is_preview) == (
        None,
        2**40,
        checks,
        NOW,
        True,
    )


def test_choices_travel_as_texts(world: World) -> None:
    domain, manual = Suppression.Scope.DOMAIN, Suppression.Reason.MANUAL
    rows = [Suppression(workspace=world.here, scope=domain, value=name, reason=manual) for name in ("a.com", "b.com")]
    [sent, _] = _column([vars(row) for row in rows], Suppression._meta.get_field("scope"))
    assert type(sent) is str
    insert(rows)
    assert set(Suppression.objects.values_list("scope", "reason")) == {("domain", "manual")}


def test_nothing_stays_of_rows_of_which_one_does_not_fit(world: World) -> None:
    rows = [Hold(workspace=world.here, subject="workspace", reason="twice") for _ in range(2)]
    with pytest.raises(IntegrityError):
        insert(rows)


def test_keys_are_given_where_they_are_wanted_and_kept_where_they_stand(world: World) -> None:
    rows = [Hold(workspace=world.here, subject=f"mailbox:{n}", reason="") for n in range(3)]
    insert(rows, with_keys=False)
    assert Hold.objects.count() == 3
    insert([AuditSeal(seq=7, digest="d", sealed_at=NOW)])
    assert AuditSeal.objects.get().seq == 7
    # What Django inserts afterwards does not meet a key that is taken.
    Hold.objects.create(workspace=world.here, subject="workspace", reason="")
    assert Hold.objects.count() == 4


def test_keys_given_beforehand_stay_and_are_nobody_elses(world: World) -> None:
    Hold.objects.create(workspace=world.here, subject="mailbox:0", reason="").delete()
    rows = [Hold(workspace=world.here, subject=f"mailbox:{n}", reason="") for n in range(1, 4)]
    with transaction.atomic():
        give_keys(rows)
        keys = [row.pk for row in rows]
        insert(rows)
    assert dict(Hold.objects.values_list("pk", "subject")) == {key: f"mailbox:{n}" for n, key in enumerate(keys, 1)}
    assert keys == sorted(set(keys))
    assert Hold.objects.create(workspace=world.here, subject="workspace", reason="").pk > keys[-1]


def test_one_of_many(world: World) -> None:
    names = ["a.com", "b,c", '{"x"}', "it's", "NULL", "\\", "", " ", '\\"', "ü%s"]
    insert([Suppression(workspace=world.here, scope="domain", value=name, reason="manual") for name in [*names, "z"]])
    everything = Suppression.objects.order_by("pk").values_list("value", flat=True)
    assert list(everything.filter(among("value", [*names, *names, "not there"]))) == names
    assert list(everything.exclude(among("value", names))) == ["z"]
    assert list(everything.filter(among("value", []))) == []
    keys = list(Suppression.objects.values_list("pk", flat=True))
    assert everything.filter(among("pk", keys[:2])).count() == 2


def test_rows_that_are_made_are_as_the_model_makes_them(world: World) -> None:
    make = Maker(Hold)
    made, plain = make(workspace_id=world.here.pk, subject="s"), Hold(workspace=world.here, subject="s")
    names = [field.attname for field in Hold._meta.concrete_fields if not field.attname.endswith("_at")]
    assert [getattr(made, name) for name in names] == [getattr(plain, name) for name in names]
    assert made.workspace == world.here
    made.save()
    assert Hold.objects.get(subject="s").pk == made.pk
    with pytest.raises(TypeError, match="no subjekt"):
        make(subjekt="s")
