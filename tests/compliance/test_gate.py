"""The one door: what it reserves, what it writes down, and that it asks the same number of questions for any batch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from compliance import gate
from compliance.models import AuditEntry, Hold, Kind, PolicyResult, SendRecord
from compliance.policy import Letter
from compliance.suppression import suppress, suppress_domain
from tests.conftest import World

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


def letter(number: int = 1, *, domain: str = "", **changes: object) -> Letter:
    domain = domain or f"site{number}.com"
    made = Letter(
        about=f"attempt:{number}",
        kind=Kind.FIRST,
        user_id=1,
        mailbox_id=1,
        sign_in="u@host",
        sender="mara@orchard.com",
        recipient=f"ada@{domain}",
        recipient_key=f"ada{number}@{domain}",
        recipient_domain=domain,
        subject="Hello",
        subject_digest=gate.subject_digest("Hello"),
        message_id=f"<{number}@orchard.com>",
        step="step:1",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a table's values


def test_an_allowed_letter_is_reserved_and_written_down(world: World) -> None:
    [decision] = gate.decide([letter()], workspace=world.here, now=NOW)
    assert decision.allowed
    record = SendRecord.objects.get()
    assert (record.state, record.subject, record.message_id) == ("reserved", "attempt:1", "<1@orchard.com>")
    entry = AuditEntry.objects.select_related("person").get()
    assert entry.policy_result == PolicyResult.APPROVED
    assert entry.legal_basis == "legitimate_interest"
    assert entry.person.lead_email == "ada@site1.com"
    assert {check["rule"] for check in entry.checks} >= {"suppression", "user_cap", "domain_cap", "duplicate"}


def test_a_refused_letter_reserves_nothing(world: World) -> None:
    suppress(workspace=None, address="ada1@site1.com", reason="opt_out", now=NOW)
    [decision] = gate.decide([letter()], workspace=world.here, now=NOW)
    assert decision.result == PolicyResult.BLOCKED
    assert not SendRecord.objects.exists()
    assert AuditEntry.objects.filter(policy_result="blocked").count() == 1


def test_a_domains_entry_covers_its_subdomains(world: World) -> None:
    suppress_domain(workspace=world.here, domain="site1.com", reason="manual", now=NOW)
    inside = letter(1, domain="blog.site1.com", recipient_domain="site1.com")
    outside = letter(2, domain="othersite1.com")
    assert [d.allowed for d in gate.decide([inside, outside], workspace=world.here, now=NOW)] == [False, True]


def test_another_workspaces_suppression_and_holds_do_not_reach_here(world: World) -> None:
    suppress(workspace=world.elsewhere, address="ada1@site1.com", reason="opt_out", now=NOW)
    Hold.objects.create(workspace=world.elsewhere, subject="address:ada1@site1.com", reason="?")
    assert gate.decide([letter()], workspace=world.here, now=NOW)[0].allowed


def test_a_wait_is_logged_once(world: World) -> None:
    world.here.daily_user_cap = 1
    world.here.save()
    gate.decide([letter(1)], workspace=world.here, now=NOW)
    [first] = gate.decide([letter(2)], workspace=world.here, now=NOW)
    gate.decide([letter(2, waits_because=first.reason)], workspace=world.here, now=NOW)
    deferred = AuditEntry.objects.filter(policy_result="deferred")
    assert deferred.count() == 1
    # Until its answer changes.
    Hold.objects.create(workspace=world.here, subject="workspace", reason="Too many bounces.")
    gate.decide([letter(2, waits_because=first.reason)], workspace=world.here, now=NOW)
    assert list(deferred.order_by("pk").values_list("reason", flat=True)) == [first.reason, "Too many bounces."]


def test_the_day_ends_at_the_workspaces_midnight_also_when_clocks_change(world: World) -> None:
    # Berlin, 29 March 2026: the day has 23 hours.
    now = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)
    world.here.daily_user_cap = 1
    world.here.save()
    decisions = gate.decide([letter(1), letter(2)], workspace=world.here, now=now)
    assert decisions[1].until == datetime(2026, 3, 29, 22, 0, tzinfo=UTC)
    start, end = world.here.day_bounds(now)
    assert end - start == timedelta(hours=23)
    gate.settle(gate.Outcomes(sent=[("attempt:1", now)]))
    before_midnight = datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)
    assert not gate.decide([letter(3)], workspace=world.here, now=before_midnight)[0].allowed
    assert gate.decide([letter(3)], workspace=world.here, now=before_midnight + timedelta(seconds=1))[0].allowed


def test_reservations_and_doubts_of_yesterday_count_today(world: World) -> None:
    world.here.daily_user_cap = 2
    world.here.save()
    yesterday = NOW - timedelta(days=1)
    gate.decide([letter(1), letter(2)], workspace=world.here, now=yesterday)
    gate.settle(gate.Outcomes(uncertain=["attempt:1"]))
    [decision] = gate.decide([letter(3)], workspace=world.here, now=NOW)
    assert decision.daily_user_count == 2
    assert not decision.allowed
    gate.settle(gate.Outcomes(sent=[("attempt:1", yesterday)], released=["attempt:2"]))
    assert gate.decide([letter(4)], workspace=world.here, now=NOW)[0].daily_user_count == 0


def test_a_failed_letter_uses_nothing_up(world: World) -> None:
    gate.decide([letter(1)], workspace=world.here, now=NOW)
    gate.settle(gate.Outcomes(released=["attempt:1"]))
    [again] = gate.decide([letter(1)], workspace=world.here, now=NOW)
    assert again.allowed
    assert again.daily_user_count == 0


def test_the_same_subject_within_a_day_is_refused_and_later_goes(world: World) -> None:
    other_step = {"step": "step:2", "recipient_key": "ada@site1.com", "recipient_domain": "site1.com"}
    gate.decide([letter(1, **other_step)], workspace=world.here, now=NOW)
    again = letter(2, **{**other_step, "step": "step:3", "subject_digest": gate.subject_digest("  RE: hello ")})
    assert "24 hours" in gate.decide([again], workspace=world.here, now=NOW + timedelta(hours=23))[0].reason
    assert gate.decide([again], workspace=world.here, now=NOW + timedelta(hours=24, seconds=1))[0].allowed


def test_a_step_is_taken_for_ever(world: World) -> None:
    first = letter(1)
    gate.decide([first], workspace=world.here, now=NOW - timedelta(days=400))
    gate.settle(gate.Outcomes(sent=[("attempt:1", NOW - timedelta(days=400))]))
    again = replace(first, about="attempt:9")
    assert "already" in gate.decide([again], workspace=world.here, now=NOW)[0].reason


def test_a_preview_reserves_nothing_and_says_so_in_the_log(world: World) -> None:
    asked = gate.question(
        recipient="Ada@site1.com",
        sender="mara@orchard.com",
        subject="Hello",
        user=world.owner,
        mailbox_id=1,
        sign_in="u@host",
        through_sandbox=False,
    )
    decision = gate.preview(asked, workspace=world.here, user=world.owner, now=NOW)
    assert decision.allowed
    assert not SendRecord.objects.exists()
    entry = AuditEntry.objects.get()
    assert entry.is_preview
    assert entry.event == "letter.checked"


def test_at_most_twelve_queries_and_the_same_for_any_batch(world: World) -> None:
    def queries(count: int, first: int) -> int:
        letters = [letter(first + n) for n in range(count)]
        with CaptureQueriesContext(connection) as captured:
            gate.decide(letters, workspace=world.here, now=NOW)
        return len([q for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    one = queries(1, 1)
    many = queries(90, 1000)
    assert one <= 12
    assert many == one


def test_letters_that_nobody_signed_for_have_one_persons_room_together(world: World, settings: Settings) -> None:
    settings.DAILY_USER_CAP = 2
    asked = [replace(letter(n), user_id=None) for n in range(1, 6)]
    first = gate.decide(asked[:3], workspace=world.here, now=NOW)
    assert [decision.allowed for decision in first] == [True, True, False]
    gate.settle(gate.Outcomes(sent=[(one.about, NOW) for one in asked[:2]]))
    assert not any(decision.allowed for decision in gate.decide(asked[3:], workspace=world.here, now=NOW))
