"""Updates that are composed once: they say what Django would say, whatever the values."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from pytest_django import DjangoAssertNumQueries

from outreach_site.accounts.models import Workspace
from outreach_site.lib.prepared import PreparedUpdate, run_in_turn, until_kept
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World
from tests.mailboxes.conftest import make_mailbox

NOW = datetime(2026, 7, 1, 9, 30, 0, 123, tzinfo=UTC)


def leased(*, pk: int, token: uuid.UUID, at: datetime, turn: str) -> tuple[QuerySet[Mailbox], dict[str, Any]]:
    return Mailbox.objects.filter(pk=pk, paused_at=None), {"lease_token": token, "leased_until": at, "last_turn": turn}


def test_one_statement_serves_other_values(world: World) -> None:
    statement = PreparedUpdate(leased)
    here = make_mailbox(world.here)
    there = make_mailbox(world.elsewhere, email="theirs@quarry.example", smtp_user="theirs")
    tokens = {box.pk: uuid.uuid4() for box in (here, there)}
    for number, box in enumerate((here, there)):
        at = NOW + timedelta(days=number)
        assert statement.run(pk=box.pk, token=tokens[box.pk], at=at, turn=f"campaign:{number}") == 1
    assert statement.run(pk=0, token=uuid.uuid4(), at=NOW, turn="") == 0
    stored = {box.pk: (box.lease_token, box.leased_until, box.last_turn) for box in Mailbox.objects.all()}
    assert stored == {
        here.pk: (tokens[here.pk], NOW, "campaign:0"),
        there.pk: (tokens[there.pk], NOW + timedelta(days=1), "campaign:1"),
    }


def test_many_at_once(world: World) -> None:
    boxes = [make_mailbox(world.here, email=f"p{n}@orchard.example", smtp_user=f"p{n}") for n in range(3)]
    token = uuid.uuid4()
    rows = [{"pk": box.pk, "token": token, "at": NOW, "turn": f"campaign:{n}"} for n, box in enumerate(boxes)]
    PreparedUpdate(leased).run_many(rows)
    assert list(Mailbox.objects.order_by("pk").values_list("last_turn", flat=True)) == [
        "campaign:0",
        "campaign:1",
        "campaign:2",
    ]
    PreparedUpdate(leased).run_many([])


def test_many_at_once_of_every_type_beside_what_is_the_same_for_all(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The order of values and constants in the text is not that of the arguments."""

    def treated(*, regions: dict[str, str], at: datetime, slug: str) -> tuple[QuerySet[Workspace], dict[str, Any]]:
        changes = {"name": "100 % ours", "regions": regions, "sending_stopped_at": at, "cool_off_days": 30}
        return Workspace.objects.filter(Q(slug=slug) | Q(slug="nobody's"), cool_off_days=7), changes

    Workspace.objects.update(cool_off_days=7)
    Workspace.objects.filter(pk=world.elsewhere.pk).update(cool_off_days=8)
    third = Workspace.objects.create(name="Third", slug="third", cool_off_days=7)
    rows = [
        {"regions": {"EU": slug}, "at": NOW + timedelta(hours=number), "slug": slug}
        for number, slug in enumerate((world.here.slug, world.elsewhere.slug, third.slug))
    ]
    update = PreparedUpdate(treated)
    update.run_many(rows[:1])
    with django_assert_num_queries(1):
        update.run_many(rows[1:])
    stored = Workspace.objects.exclude(name=world.elsewhere.name).order_by("pk")
    assert list(stored.values_list("name", "regions", "sending_stopped_at", "cool_off_days")) == [
        ("100 % ours", {"EU": world.here.slug}, NOW, 30),
        ("100 % ours", {"EU": "third"}, NOW + timedelta(hours=2), 30),
    ]
    assert Workspace.objects.get(pk=world.elsewhere.pk).cool_off_days == 8


def test_a_value_without_a_place_is_an_error(world: World) -> None:
    def forgets(*, pk: int, turn: str) -> tuple[QuerySet[Mailbox], dict[str, Any]]:
        return Mailbox.objects.filter(pk=pk), {"paused_at": None}

    with pytest.raises(ValueError, match="its place"):
        PreparedUpdate(forgets).run(pk=1, turn="campaign:7")


def moved(*, pk: int, turn: str) -> tuple[QuerySet[Mailbox], dict[str, Any]]:
    return Mailbox.objects.filter(pk=pk), {"last_turn": turn}


def test_the_second_of_two_updates_runs_where_the_first_has_changed_a_row(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    update = PreparedUpdate(moved)
    here = make_mailbox(world.here)
    there = make_mailbox(world.elsewhere, email="theirs@quarry.example", smtp_user="theirs")

    def turns() -> list[str]:
        return list(Mailbox.objects.order_by("pk").values_list("last_turn", flat=True))

    assert run_in_turn((update, {"pk": 0, "turn": "a"}), (update, {"pk": there.pk, "turn": "b"})) == 0
    assert turns() == ["", ""]
    assert run_in_turn((update, {"pk": here.pk, "turn": "c"}), (update, {"pk": 0, "turn": "d"})) == 0
    assert turns() == ["c", ""]
    assert run_in_turn((update, {"pk": here.pk, "turn": "e"}), (update, {"pk": there.pk, "turn": "f"})) == 1
    assert turns() == ["e", "f"]
    with django_assert_num_queries(2):
        assert run_in_turn((update, {"pk": here.pk, "turn": "g"}), (update, {"pk": there.pk, "turn": "h"})) == 1
    assert turns() == ["g", "h"]


@pytest.fixture
def two(world: World) -> list[Mailbox]:
    return [make_mailbox(world.here), make_mailbox(world.elsewhere, email="b@quarry.example", smtp_user="b")]


def steps_to(turn: str, boxes: Sequence[Mailbox]) -> list[tuple[PreparedUpdate, dict[str, Any]]]:
    update = PreparedUpdate(moved)
    return [(update, {"pk": box.pk, "turn": turn}) for box in boxes]


def turns_seen_by_others() -> list[str]:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT last_turn FROM mailboxes_mailbox ORDER BY id")
            return [turn for (turn,) in cursor.fetchall()]
    finally:
        other.close()


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_later_is_counted_at_once(two: list[Mailbox]) -> None:
    until_kept()  # Nothing to wait for.
    for turn in ("a", "b"):
        assert run_in_turn(*steps_to(turn, two), keep_later=True) == 1
        until_kept()
        until_kept()
        assert turns_seen_by_others() == [turn, turn]
    assert run_in_turn(*steps_to("c", [two[0], Mailbox(pk=0)]), keep_later=True) == 0
    # What changed no more than the first is kept by now, and the database may be asked.
    assert Mailbox.objects.filter(last_turn="c").count() == 1
    until_kept()


@pytest.mark.django_db(transaction=True)
def test_until_it_is_kept_the_database_may_not_be_asked(two: list[Mailbox]) -> None:
    run_in_turn(*steps_to("a", two), keep_later=True)
    with pytest.raises(RuntimeError, match="is asked nothing"):
        Mailbox.objects.count()
    error: tuple[type[Exception], str] = (RuntimeError, "is asked nothing")
    if connection.vendor == "postgresql":
        error = DatabaseError, "ACTIVE"  # The driver sees it first.
    else:
        assert connection.connection.in_transaction
    with pytest.raises(error[0], match=error[1]), transaction.atomic():
        pytest.fail("A transaction has begun.")
    until_kept()
    assert Mailbox.objects.filter(last_turn="a").count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_may_be_lost_with_the_connection_is_an_error_and_may_be_done_again(two: list[Mailbox]) -> None:
    steps = steps_to("a", two)
    assert run_in_turn(*steps, keep_later=True) == 1
    if connection.vendor == "postgresql":  # A file has no connection that could be lost.
        connection.connection.pgconn.finish()
        with pytest.raises(DatabaseError):
            until_kept()
        connection.close()
        assert run_in_turn(*steps, keep_later=True) == 1
    until_kept()
    assert Mailbox.objects.filter(last_turn="a").count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_update_that_fails_leaves_the_connection_as_it_was(two: list[Mailbox]) -> None:
    update = PreparedUpdate(forgets_who)
    with pytest.raises(IntegrityError):
        run_in_turn(*[(update, {"pk": box.pk, "of": box.email}) for box in two], keep_later=True)
    assert Mailbox.objects.exclude(workspace=None).count() == 2


_REFUSES_AT_COMMIT = {
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$",
        (
            "CREATE CONSTRAINT TRIGGER refuses AFTER UPDATE ON mailboxes_mailbox DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        ),
    ],
    "sqlite": [
        "CREATE TABLE room (id integer REFERENCES mailboxes_mailbox (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER refuses AFTER UPDATE ON mailboxes_mailbox BEGIN INSERT INTO room VALUES (-1); END",
    ],
}
_REFUSES_NO_MORE = {
    "postgresql": ["DROP FUNCTION refuse CASCADE"],
    "sqlite": ["DROP TRIGGER refuses", "DROP TABLE room"],
}


@contextmanager
def that_refuses_at_the_end() -> Iterator[None]:
    """A database that takes every update of a mailbox, and then not the transaction."""
    with connection.cursor() as cursor:
        for statement in _REFUSES_AT_COMMIT[connection.vendor]:
            cursor.execute(statement)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for statement in _REFUSES_NO_MORE[connection.vendor]:
                cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_an_end_that_fails_is_an_error_and_nothing_was_changed(two: list[Mailbox]) -> None:
    steps = steps_to("a", two)
    with that_refuses_at_the_end():
        assert run_in_turn(*steps, keep_later=True) == 1
        with pytest.raises(DatabaseError, match="no room" if connection.vendor == "postgresql" else "FOREIGN KEY"):
            until_kept()
        assert not Mailbox.objects.filter(last_turn="a").exists()
        assert turns_seen_by_others() == ["", ""]
    assert run_in_turn(*steps, keep_later=True) == 1
    until_kept()
    assert Mailbox.objects.filter(last_turn="a").count() == 2


def forgets_who(*, pk: int, of: str) -> tuple[QuerySet[Mailbox], dict[str, Any]]:
    return Mailbox.objects.filter(pk=pk, email=of), {"workspace": None}


@pytest.mark.django_db(transaction=True)
def test_two_updates_stand_together_or_not_at_all(world: World) -> None:
    here = make_mailbox(world.here)
    there = make_mailbox(world.elsewhere, email="theirs@quarry.example", smtp_user="theirs")

    first, fails = PreparedUpdate(moved), PreparedUpdate(forgets_who)
    with pytest.raises(IntegrityError):
        run_in_turn((first, {"pk": here.pk, "turn": "a"}), (fails, {"pk": there.pk, "of": there.email}))
    here.refresh_from_db()
    assert here.last_turn == ""
    assert first.run(pk=here.pk, turn="b") == 1
    here.refresh_from_db()
    assert here.last_turn == "b"


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_and_a_failed_update_change_nothing_for_the_next_one(world: World) -> None:
    box = make_mailbox(world.here)
    update, fails = PreparedUpdate(moved), PreparedUpdate(forgets_who)
    for number in range(2):
        assert update.run(pk=box.pk, turn=f"campaign:{number}") == 1
        with pytest.raises(IntegrityError):
            fails.run(pk=box.pk, of=box.email)
        assert update.run(pk=2**40, turn="nobody's") == 0
        connection.close()
        box.refresh_from_db()
        assert box.last_turn == f"campaign:{number}"


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_it_is_part_of_that(world: World) -> None:
    box = make_mailbox(world.here)
    update = PreparedUpdate(moved)

    def breaks() -> None:
        with transaction.atomic():
            assert update.run(pk=box.pk, turn="campaign:7") == 1
            raise ValueError("what comes after it fails")

    with pytest.raises(ValueError, match="comes after"):
        breaks()
    box.refresh_from_db()
    assert box.last_turn == ""
