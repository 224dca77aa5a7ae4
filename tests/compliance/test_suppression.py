"""Suppression: it can be repeated, is never weakened, and is told to whatever waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from compliance import suppression
from compliance.addresses import InvalidAddressError, normalise
from compliance.models import AuditEntry, Suppression
from compliance.suppression import Lifting, NotLiftableError, Reason, lifting_of, suppressed_among
from outreach_site.lib import ports
from tests.conftest import World

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=2)


@dataclass
class Listener:
    """Stands where campaigns stand: hears of new suppressions, in the transaction that makes them."""

    heard: list[tuple[int | None, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    opted_out: list[Mapping[str, str]] = field(default_factory=list)
    in_transaction: bool = True

    def __call__(
        self,
        *,
        workspace_id: int | None,
        addresses: Sequence[str],
        domains: Sequence[str],
        opted_out: Mapping[str, str],
    ) -> None:
        self.in_transaction = self.in_transaction and connection.in_atomic_block
        self.heard.append((workspace_id, tuple(addresses), tuple(domains)))
        self.opted_out.append(opted_out)


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    listener = Listener()
    monkeypatch.setattr(ports, "_suppression_listeners", [listener])
    return listener


def suppress(world: World, address: str, reason: Reason = Reason.MANUAL, **more: object) -> Suppression:
    return suppression.suppress(workspace=world.here, address=address, reason=reason, now=NOW, **more)  # type: ignore[arg-type]  # forwarded as given


def test_a_suppression_is_stored_audited_and_announced(world: World, listener: Listener) -> None:
    entry = suppress(
        world, " Ed@BrightGarden.test ", Reason.NOT_INTERESTED, source="reply:7", note="said so", user=world.marketer
    )

    entry.refresh_from_db()
    assert (entry.workspace_id, entry.scope, entry.value) == (world.here.pk, "address", "ed@brightgarden.test")
    assert entry.domain == "brightgarden.test"
    assert (entry.reason, entry.source, entry.note) == ("not_interested", "reply:7", "said so")
    assert (entry.created_by_id, entry.created_at) == (world.marketer.pk, NOW)
    logged = AuditEntry.objects.get()
    assert (logged.event, logged.about) == ("suppression.added", f"suppression:{entry.pk}")
    assert logged.person.lead_email == "ed@brightgarden.test"
    assert "brightgarden" not in str(logged.details) + logged.reason  # an erasure must find it in one place
    assert listener.heard == [(world.here.pk, ("ed@brightgarden.test",), ())]
    assert listener.in_transaction


def test_the_same_again_changes_and_says_nothing(world: World, listener: Listener) -> None:
    first = suppress(world, "ed@brightgarden.test", user=world.marketer)
    again = suppression.suppress(
        workspace=world.here, address="ED@brightgarden.test", reason=Reason.HARD_BOUNCE, now=LATER
    )
    assert again == first
    assert Suppression.objects.get().reason == Reason.MANUAL
    assert AuditEntry.objects.count() == 1
    assert len(listener.heard) == 1


@pytest.mark.parametrize(
    ("before", "then", "stands"),
    [
        (Reason.MANUAL, Reason.OPT_OUT, Reason.OPT_OUT),
        (Reason.HARD_BOUNCE, Reason.UNSUBSCRIBE, Reason.UNSUBSCRIBE),
        (Reason.UNSUBSCRIBE, Reason.OPT_OUT, Reason.OPT_OUT),
        (Reason.OPT_OUT, Reason.COMPLAINT, Reason.COMPLAINT),
        (Reason.COMPLAINT, Reason.ERASURE, Reason.ERASURE),
        (Reason.OPT_OUT, Reason.UNSUBSCRIBE, Reason.OPT_OUT),
        (Reason.COMPLAINT, Reason.MANUAL, Reason.COMPLAINT),
        (Reason.ERASURE, Reason.COMPLAINT, Reason.ERASURE),
        (Reason.ERASURE, Reason.MANUAL, Reason.ERASURE),
        (Reason.NOT_INTERESTED, Reason.MANUAL, Reason.NOT_INTERESTED),
        (Reason.MANUAL, Reason.NOT_INTERESTED, Reason.MANUAL),
    ],
)
def test_the_stronger_reason_stands(world: World, before: Reason, then: Reason, stands: Reason) -> None:
    suppress(world, "ed@brightgarden.test", before, note="first")
    entry = suppression.suppress(
        workspace=world.here, address="ed@brightgarden.test", reason=then, source="reply:9", now=LATER
    )
    entry.refresh_from_db()
    assert entry.reason == stands
    assert entry.created_at == NOW  # protected since then
    assert entry.note == "first"
    events = list(AuditEntry.objects.order_by("pk").values_list("event", flat=True))
    if stands == before:
        assert events == ["suppression.added"]
    else:
        assert events == ["suppression.added", "suppression.strengthened"]
        assert AuditEntry.objects.last().details["was"] == before  # type: ignore[union-attr]  # two were counted above


def test_workspaces_do_not_share_suppressions(world: World) -> None:
    suppress(world, "ed@brightgarden.test")
    assert suppressed_among(world.here, ["ed@brightgarden.test"])
    assert not suppressed_among(world.elsewhere, ["ed@brightgarden.test"])
    suppression.suppress(workspace=world.elsewhere, address="ed@brightgarden.test", reason=Reason.MANUAL, now=NOW)
    assert Suppression.objects.count() == 2


def test_everywhere_means_every_workspace(world: World, listener: Listener) -> None:
    entry = suppression.suppress(workspace=None, address="ed@brightgarden.test", reason=Reason.ERASURE, now=NOW)
    again = suppression.suppress(workspace=None, address="ed@brightgarden.test", reason=Reason.ERASURE, now=LATER)
    assert entry == again
    for workspace in (world.here, world.elsewhere, None):
        assert suppressed_among(workspace, ["ed@brightgarden.test"]) == {"ed@brightgarden.test": entry}
    assert listener.heard == [(None, ("ed@brightgarden.test",), ())]


@pytest.mark.parametrize(
    ("entry", "address", "is_suppressed"),
    [
        ("brightgarden.test", "ed@brightgarden.test", True),
        ("brightgarden.test", "ed@mail.brightgarden.test", True),
        ("@BrightGarden.test", "ed@brightgarden.test", True),
        ("*.brightgarden.test", "ed@brightgarden.test", True),
        ("brightgarden.test", "ed@notbrightgarden.test", False),
        ("mail.brightgarden.test", "ed@brightgarden.test", False),
        ("bücher.example", "ed@xn--bcher-kva.example", True),
        ("xn--bcher-kva.example", "ed@bücher.example", True),
        ("example.co.uk", "ed@shop.example.co.uk", True),
    ],
)
def test_a_domain_covers_its_subdomains_alone(world: World, entry: str, address: str, is_suppressed: bool) -> None:
    suppression.suppress_domain(workspace=world.here, domain=entry, reason=Reason.MANUAL, now=NOW)
    assert bool(suppressed_among(world.here, [normalise(address)])) is is_suppressed


@pytest.mark.parametrize(
    "domain", ["co.uk", "com", "gmail.com", "googlemail.com", "", "@", "not a domain", "a..b", "ed@x.test", "x\ny.test"]
)
def test_a_domain_that_would_silence_millions_or_is_none_is_refused(world: World, domain: str) -> None:
    with pytest.raises(InvalidAddressError):
        suppression.suppress_domain(workspace=world.here, domain=domain, reason=Reason.MANUAL, now=NOW)
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("suppressed", "asked", "is_same"),
    [
        ("Ed.Smith+news@GoogleMail.com", "edsmith@gmail.com", True),
        ("ed.smith@brightgarden.test", "edsmith@brightgarden.test", False),
        ("ed+a@brightgarden.test", "ed@brightgarden.test", False),
        ("ed@brightgarden.test", "еd@brightgarden.test", False),  # a Cyrillic letter: another mailbox
        ("müller@brightgarden.test", "mu\u0308ller@brightgarden.test", True),  # the same letter, written as two
    ],
)
def test_look_alikes_and_spellings(world: World, suppressed: str, asked: str, is_same: bool) -> None:
    suppress(world, suppressed)
    assert bool(suppressed_among(world.here, [normalise(asked)])) is is_same


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b", "a@b.test\nBcc: x@y.test", "a b@c.test", "a" * 250 + "@b.test"]
)
def test_what_is_no_address_is_refused(world: World, address: str) -> None:
    with pytest.raises(InvalidAddressError):
        suppress(world, address)


def test_the_strongest_entry_answers(world: World) -> None:
    suppression.suppress_domain(workspace=world.here, domain="brightgarden.test", reason=Reason.MANUAL, now=NOW)
    suppression.suppress(workspace=None, address="ed@brightgarden.test", reason=Reason.ERASURE, now=NOW)
    suppress(world, "ed@brightgarden.test", Reason.OPT_OUT)
    suppress(world, "flo@brightgarden.test")
    found = suppressed_among(world.here, ["ed@brightgarden.test", "flo@brightgarden.test", "gus@brightgarden.test"])
    assert found["ed@brightgarden.test"].reason == Reason.ERASURE
    assert found["flo@brightgarden.test"].scope == "address"
    assert found["gus@brightgarden.test"].scope == "domain"


def test_asking_takes_one_query_for_any_number(world: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    suppress(world, "n7@x7.test")
    with django_assert_num_queries(1):
        found = suppressed_among(world.here, {f"n{n}@x{n}.test" for n in range(500)})
    assert list(found) == ["n7@x7.test"]
    with django_assert_num_queries(0):
        assert suppressed_among(world.here, []) == {}


def test_a_batch_takes_as_many_queries_as_one(world: World, listener: Listener) -> None:
    def queries(start: int, count: int) -> int:
        addresses = [f"n{n}@x{n}.test" for n in range(start, start + count)]
        with CaptureQueriesContext(connection) as captured:
            added = suppression.suppress_many(workspace=world.here, addresses=addresses, reason=Reason.MANUAL, now=NOW)
        assert len(added.new) == count
        return len(captured)

    assert queries(0, 1) == queries(1, 500)
    assert AuditEntry.objects.filter(event="suppression.added").count() == 501


def test_a_mixed_batch_says_what_became_of_each(world: World, listener: Listener) -> None:
    suppress(world, "known@x.test")
    suppress(world, "own-word@x.test", Reason.COMPLAINT)
    added = suppression.suppress_many(
        workspace=world.here,
        addresses=["new@x.test", "NEW@x.test", "known@x.test", "own-word@x.test"],
        domains=["y.test"],
        reason=Reason.OPT_OUT,
        now=LATER,
    )
    assert [entry.value for entry in added.new] == ["new@x.test", "y.test"]
    assert [entry.value for entry in added.stronger] == ["known@x.test"]
    assert [entry.value for entry in added.known] == ["own-word@x.test"]
    own_words = {
        entry.value: f"suppression:{entry.pk}" for entry in (*added.new, *added.stronger) if "@" in entry.value
    }
    assert listener.opted_out[-1] == own_words


def test_one_bad_address_leaves_the_batch_undone(world: World) -> None:
    with pytest.raises(InvalidAddressError):
        suppression.suppress_many(workspace=world.here, addresses=["good@x.test", "bad"], reason=Reason.MANUAL, now=NOW)
    assert not Suppression.objects.exists()


def test_lifting_removes_the_entry_and_the_log_keeps_why(world: World) -> None:
    entry = suppress(world, "ed@brightgarden.test", Reason.HARD_BOUNCE, source="attempt:4")
    suppression.lift(entry, user=world.officer, reason="They fixed\ntheir server.", now=LATER)
    assert not Suppression.objects.exists()
    logged = AuditEntry.objects.get(event="suppression.lifted")
    assert (logged.user_id, logged.reason) == (world.officer.pk, "They fixed their server.")
    assert (logged.details["was"], logged.details["source"]) == ("hard_bounce", "attempt:4")
    assert logged.person.lead_email == "ed@brightgarden.test"


@pytest.mark.parametrize("reason", [Reason.OPT_OUT, Reason.COMPLAINT, Reason.UNSUBSCRIBE])
def test_a_persons_own_word_needs_an_owner_who_types_it(world: World, reason: Reason) -> None:
    entry = suppress(world, "ed@brightgarden.test", reason)
    assert lifting_of(entry) == Lifting.AN_OWNER
    with pytest.raises(NotLiftableError):
        suppression.lift(entry, user=world.officer, reason="because", now=LATER)
    assert Suppression.objects.exists()
    suppression.lift(entry, user=world.owner, reason="They wrote again.", now=LATER, owner_typed_address=True)
    assert not Suppression.objects.exists()


def test_erasures_and_what_holds_everywhere_are_never_lifted(world: World) -> None:
    erased = suppress(world, "ed@brightgarden.test", Reason.ERASURE)
    everywhere = suppression.suppress(workspace=None, address="flo@x.test", reason=Reason.MANUAL, now=NOW)
    for entry in (erased, everywhere):
        assert lifting_of(entry) == Lifting.NEVER
        with pytest.raises(NotLiftableError):
            suppression.lift(entry, user=world.owner, reason="because", now=LATER, owner_typed_address=True)
    assert Suppression.objects.count() == 2


def test_lifting_looks_again_at_what_stands_now(world: World) -> None:
    seen = suppress(world, "ed@brightgarden.test")
    suppress(world, "ed@brightgarden.test", Reason.OPT_OUT)
    with pytest.raises(NotLiftableError):
        suppression.lift(seen, user=world.officer, reason="because", now=LATER)


def test_lifting_twice_is_harmless(world: World) -> None:
    entry = suppress(world, "ed@brightgarden.test")
    for _ in range(2):
        suppression.lift(Suppression(pk=entry.pk), user=world.officer, reason="because", now=LATER)
    assert AuditEntry.objects.filter(event="suppression.lifted").count() == 1


def test_undo_takes_back_what_a_reply_brought_about(world: World) -> None:
    entry = suppress(world, "ed@brightgarden.test", Reason.NOT_INTERESTED, source="reply:7")
    suppression.undo(entry, source="reply:7", user=world.marketer, now=NOW + timedelta(minutes=29))
    assert not Suppression.objects.exists()
    assert AuditEntry.objects.filter(event="suppression.undone", user_id=world.marketer.pk).exists()


@pytest.mark.parametrize(
    ("reason", "source", "minutes"),
    [
        (Reason.NOT_INTERESTED, "reply:7", 31),  # too late
        (Reason.NOT_INTERESTED, "reply:8", 1),  # another reply's
        (Reason.OPT_OUT, "reply:7", 1),  # their own word
        (Reason.UNSUBSCRIBE, "reply:7", 1),
        (Reason.ERASURE, "reply:7", 1),
    ],
)
def test_undo_stops_at_its_limits(world: World, reason: Reason, source: str, minutes: int) -> None:
    entry = suppress(world, "ed@brightgarden.test", reason, source=source)
    with pytest.raises(NotLiftableError):
        suppression.undo(entry, source="reply:7", user=world.marketer, now=NOW + timedelta(minutes=minutes))
    assert Suppression.objects.exists()
