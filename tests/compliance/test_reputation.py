"""What comes back to letters, counted: the limits as tables, the ledger's rows behind every figure, and the brakes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from compliance import brakes, gate, holds, reputation, suppression, unsubscribe
from compliance.models import AuditEntry, Hold, Kind, LegalBasis, PolicyResult, SendRecord, Suppression
from compliance.policy import Rule
from compliance.reputation import Cause, Tally, percent, reached
from compliance.tasks import hold_what_harms
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Mailbox
from tests.compliance.test_gate import letter as ask
from tests.conftest import World

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1, minutes=1)
Reason = Suppression.Reason
State = SendRecord.State
_numbers = count(1)


def make_mailbox(workspace: Workspace, email: str = "mara@orchard.example") -> Mailbox:
    return Mailbox.objects.create(workspace=workspace, email=email, smtp_host="mail.orchard.example", smtp_user=email)


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    return make_mailbox(world.here)


def letters(
    mailbox: Mailbox,
    number: int,
    *,
    campaign: str = "campaign:7",
    at: datetime = YESTERDAY,
    state: State = State.SENT,
    **came_back: Any,
) -> list[SendRecord]:
    """So many letters in the ledger, each to somebody else."""
    rows = []
    for _ in range(number):
        n = next(_numbers)
        rows.append(
            SendRecord(
                workspace=mailbox.workspace,
                subject=f"attempt:{n}",
                kind=Kind.FIRST,
                user_id=1,
                mailbox_id=mailbox.pk,
                campaign=campaign,
                sign_in=mailbox.sign_in,
                sender=mailbox.email,
                recipient=f"ed@site{n}.com",
                recipient_key=f"ed@site{n}.com",
                recipient_domain=f"site{n}.com",
                subject_digest="0" * 64,
                legal_basis=LegalBasis.LEGITIMATE_INTEREST,
                region="US",
                message_id=f"<{n}@orchard.example>",
                state=state,
                reserved_at=at,
                counted_at=at,
                **came_back,
            )
        )
    return SendRecord.objects.bulk_create(rows)


def bounce(rows: Iterable[SendRecord], *, at: datetime = NOW, reason: Reason = Reason.HARD_BOUNCE) -> None:
    for row in rows:
        suppression.suppress(
            workspace=row.workspace,
            address=row.recipient,
            reason=reason,
            source=f"reply:{row.pk}",
            letter=row.subject,
            now=at,
        )


def complain(rows: Iterable[SendRecord], *, at: datetime = NOW) -> None:
    bounce(rows, at=at, reason=Reason.COMPLAINT)


def tally(mailbox: Mailbox, subject: str = "") -> Tally:
    found = reputation.of_workspace(mailbox.workspace, since=NOW - reputation.WINDOW, now=NOW)
    return found.get(subject or f"mailbox:{mailbox.pk}", Tally())


def held() -> list[str]:
    return sorted(Hold.objects.standing().values_list("subject", flat=True))


# --- The limits, as tables --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "causes"),
    [
        (Tally(), ()),
        # Hard bounces: 5 % from 50 letters on.
        (Tally(letters=49, bounces=49), ()),
        (Tally(letters=49, bounces=3), ()),
        (Tally(letters=50, bounces=2), ()),  # 4.0 %
        (Tally(letters=50, bounces=3), (Cause.BOUNCES,)),  # 6.0 %
        (Tally(letters=100, bounces=5), (Cause.BOUNCES,)),  # 5.0 %: its very value
        (Tally(letters=101, bounces=5), ()),  # 4.95 %
        (Tally(letters=1000, bounces=49), ()),  # 4.9 %
        (Tally(letters=1000, bounces=50), (Cause.BOUNCES,)),  # 5.0 %
        (Tally(letters=82, bounces=5), (Cause.BOUNCES,)),
        # Complaints: 0.3 % from 300 letters on.
        (Tally(letters=299, complaints=1), ()),
        (Tally(letters=300, complaints=1), (Cause.COMPLAINTS,)),  # 0.33 %
        (Tally(letters=333, complaints=1), (Cause.COMPLAINTS,)),  # 0.3003 %
        (Tally(letters=334, complaints=1), ()),  # 0.299 %
        (Tally(letters=1000, complaints=3), (Cause.COMPLAINTS,)),  # 0.3 %: its very value
        (Tally(letters=1001, complaints=3), ()),
        (Tally(letters=299, complaints=50), ()),
        # Two complaints in a day, however many letters.
        (Tally(letters=2, complaints=1, fresh_complaints=1), ()),
        (Tally(letters=2, complaints=2, fresh_complaints=2), (Cause.COMPLAINTS_A_DAY,)),
        (Tally(fresh_complaints=2), (Cause.COMPLAINTS_A_DAY,)),
        (Tally(letters=5000, complaints=2, fresh_complaints=2), (Cause.COMPLAINTS_A_DAY,)),
        # Opt-outs alone hold nothing: to say no is what the link is for.
        (Tally(letters=300, opt_outs=300), ()),
        (
            Tally(letters=300, bounces=30, complaints=3, fresh_complaints=3),
            (Cause.BOUNCES, Cause.COMPLAINTS, Cause.COMPLAINTS_A_DAY),
        ),
    ],
)
def test_limits(found: Tally, causes: tuple[Cause, ...]) -> None:
    assert reached(found) == causes


def test_no_limit_is_reached_by_less_than_the_fewest() -> None:
    for limit in (reputation.BOUNCES, reputation.COMPLAINTS):
        assert limit.is_reached(limit.fewest, limit.after)
        assert not any(limit.is_reached(limit.fewest - 1, letters) for letters in range(limit.after, 2000))


@pytest.mark.parametrize(
    ("events", "of", "places", "text"),
    [
        (0, 0, 1, "0"),
        (0, 82, 1, "0"),
        (5, 82, 1, "6"),  # 6.09…
        (5, 81, 1, "6.1"),
        (5, 101, 1, "4.9"),  # 4.95 is below the limit, and does not read as 5.0
        (50, 1000, 1, "5"),
        (1, 334, 2, "0.29"),
        (1, 300, 2, "0.33"),
        (3, 1000, 1, "0.3"),
        (1, 1, 1, "100"),
    ],
)
def test_percentages_are_cut_not_rounded(events: int, of: int, places: int, text: str) -> None:
    assert percent(events, of, places=places) == text


# --- What came back stands on the letter's own row --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "column"),
    [
        (Reason.HARD_BOUNCE, "bounced_at"),
        (Reason.COMPLAINT, "complained_at"),
        (Reason.OPT_OUT, "opted_out_at"),
        (Reason.UNSUBSCRIBE, "opted_out_at"),
        (Reason.NOT_INTERESTED, ""),
        (Reason.MANUAL, ""),
    ],
)
def test_each_reason_has_its_place(mailbox: Mailbox, reason: Reason, column: str) -> None:
    [row, other] = letters(mailbox, 2)
    bounce([row], reason=reason)
    row.refresh_from_db()
    other.refresh_from_db()
    for name in ("bounced_at", "complained_at", "opted_out_at"):
        assert getattr(row, name) == (NOW if name == column else None)
        assert getattr(other, name) is None


def test_the_first_time_counts(mailbox: Mailbox) -> None:
    [row] = letters(mailbox, 1)
    bounce([row], at=NOW)
    bounce([row], at=NOW + timedelta(hours=3))
    row.refresh_from_db()
    assert row.bounced_at == NOW
    assert tally(mailbox).bounces == 1


def test_an_address_that_is_suppressed_already_still_counts_for_its_letter(mailbox: Mailbox) -> None:
    """Somebody opted out of one letter, and then the other one came back: the list has one entry, the ledger both."""
    [first, second] = letters(mailbox, 2)
    SendRecord.objects.update(recipient="ed@site.com", recipient_key="ed@site.com")
    first.recipient = second.recipient = "ed@site.com"
    bounce([first], reason=Reason.OPT_OUT)
    bounce([second])
    assert Suppression.objects.count() == 1
    assert (tally(mailbox).opt_outs, tally(mailbox).bounces) == (1, 1)


def test_lifting_a_suppression_does_not_unmake_what_happened(world: World, mailbox: Mailbox) -> None:
    [row] = letters(mailbox, 1)
    bounce([row])
    suppression.lift(Suppression.objects.get(), user=world.officer, reason="Their server works again.", now=NOW)
    assert tally(mailbox).bounces == 1


def test_the_readers_own_link_names_the_letter(mailbox: Mailbox) -> None:
    [row] = letters(mailbox, 1)
    token = unsubscribe.token_for(workspace=mailbox.workspace, address=row.recipient, about=row.subject, now=NOW)
    found = unsubscribe.find(token)
    assert found is not None
    unsubscribe.use(found, now=NOW)
    unsubscribe.use(found, now=NOW)
    assert tally(mailbox) == Tally(letters=1, opt_outs=1)


def test_a_letter_refused_at_the_door_counts_with_its_last_try(mailbox: Mailbox) -> None:
    """It was tried twice; the second time the server said that there is no such address."""
    [first] = letters(mailbox, 1, state=State.RELEASED)
    [second] = letters(mailbox, 1, state=State.RELEASED)
    SendRecord.objects.filter(pk=second.pk).update(subject=first.subject, recipient_key=first.recipient_key)
    for _ in range(2):
        suppression.suppress(
            workspace=mailbox.workspace,
            address=first.recipient,
            reason=Reason.HARD_BOUNCE,
            source=first.subject,
            now=NOW,
        )
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.bounced_at, second.bounced_at) == (None, NOW)
    assert tally(mailbox) == Tally(letters=1, bounces=1)


def test_only_what_left_counts(mailbox: Mailbox) -> None:
    letters(mailbox, 3)
    letters(mailbox, 1, state=State.RESERVED)
    letters(mailbox, 1, state=State.UNCERTAIN)
    letters(mailbox, 1, state=State.RELEASED)
    letters(mailbox, 1, at=NOW - timedelta(days=30, seconds=1), bounced_at=NOW)
    assert tally(mailbox) == Tally(letters=3)


def test_a_letter_counts_for_its_mailbox_and_its_campaign(world: World, mailbox: Mailbox) -> None:
    other = make_mailbox(world.here, "ben@orchard.example")
    bounce(letters(mailbox, 4)[:1])
    letters(other, 2)
    letters(other, 3, campaign="campaign:8")
    letters(mailbox, 1, campaign="")
    assert tally(mailbox) == Tally(letters=5, bounces=1)
    assert tally(other) == Tally(letters=5)
    assert tally(mailbox, "campaign:7") == Tally(letters=6, bounces=1)
    assert tally(mailbox, "campaign:8") == Tally(letters=3)
    assert tally(mailbox, "") == tally(mailbox)


def test_the_gate_writes_down_the_campaign_and_the_rule(world: World) -> None:
    suppression.suppress(workspace=world.here, address="ada2@site2.com", reason=Reason.MANUAL, now=NOW)
    gate.decide([ask(1, campaign="campaign:7"), ask(2)], workspace=world.here, now=NOW)
    assert SendRecord.objects.get().campaign == "campaign:7"
    allowed, blocked = AuditEntry.objects.filter(event="letter.decided").order_by("pk")
    assert "rule" not in allowed.details
    assert blocked.details["rule"] == Rule.SUPPRESSION


# --- The brakes -------------------------------------------------------------------------------------------------------


def test_too_many_bounces_hold_the_mailbox_and_the_campaign(world: World, mailbox: Mailbox) -> None:
    bounce(letters(mailbox, 82)[:5])
    hold_at = NOW + timedelta(minutes=1)
    placed = brakes.pull(now=hold_at)
    assert held() == ["campaign:7", f"mailbox:{mailbox.pk}"]
    by_subject = {hold.subject: hold for hold in placed}
    of_mailbox = by_subject[f"mailbox:{mailbox.pk}"]
    assert of_mailbox.reason == (
        "Hard bounces of letters from mara@orchard.example reached 6 % (5 of 82 letters in 30 days); the limit is 5 %."
    )
    assert of_mailbox.advice.startswith("Clean the list")
    assert (of_mailbox.placed_at, of_mailbox.workspace) == (hold_at, world.here)
    assert "letters of this campaign" in by_subject["campaign:7"].reason
    logged = AuditEntry.objects.filter(event="hold.placed")
    assert {entry.about for entry in logged} == set(by_subject)
    assert all(entry.user_id is None for entry in logged)


def test_the_gate_holds_what_the_brakes_hold(world: World, mailbox: Mailbox) -> None:
    complain(letters(mailbox, 2))
    brakes.pull(now=NOW)
    through = ask(900_001, mailbox_id=mailbox.pk)
    of_campaign = ask(900_002, campaign="campaign:7", mailbox_id=mailbox.pk + 1)
    free = ask(900_003, campaign="campaign:8", mailbox_id=mailbox.pk + 1)
    decisions = gate.decide([through, of_campaign, free], workspace=world.here, now=NOW)
    assert [decision.result for decision in decisions] == ["deferred", "deferred", "approved"]
    assert [decision.deciding for decision in decisions] == [(Rule.HOLD,), (Rule.HOLD,), ()]
    assert "2 readers reported letters from mara@orchard.example as spam" in decisions[0].reason


@pytest.mark.parametrize(
    ("number", "bounced", "complained", "holds_it"),
    [
        (49, 10, 0, False),
        (50, 2, 0, False),
        (50, 3, 0, True),
        (100, 5, 0, True),
        (101, 5, 0, False),
        (299, 0, 1, False),
        (300, 0, 1, True),
        (334, 0, 1, False),
        (2, 0, 2, True),
    ],
)
def test_edges_of_the_limits_in_the_ledger(
    mailbox: Mailbox, number: int, bounced: int, complained: int, holds_it: bool
) -> None:
    rows = letters(mailbox, number)
    now = NOW - timedelta(hours=2)
    keys = [row.pk for row in rows]
    SendRecord.objects.filter(pk__in=keys[:bounced]).update(bounced_at=now)
    SendRecord.objects.filter(pk__in=keys[bounced : bounced + complained]).update(complained_at=now)
    brakes.pull(now=NOW)
    assert bool(held()) == holds_it


def test_two_complaints_more_than_a_day_apart_hold_nothing(mailbox: Mailbox) -> None:
    first, second = letters(mailbox, 2, at=NOW - timedelta(days=3))
    complain([first], at=NOW - timedelta(hours=24))
    complain([second])
    assert brakes.pull(now=NOW) == []


def test_two_complaints_within_a_day_hold_however_old_the_letters_are(mailbox: Mailbox) -> None:
    first, second = letters(mailbox, 2, at=NOW - timedelta(days=40))
    complain([first], at=NOW - timedelta(hours=23, minutes=59))
    complain([second])
    assert len(brakes.pull(now=NOW)) == 2


def test_a_complaint_waits_for_the_three_hundredth_letter(mailbox: Mailbox) -> None:
    complain(letters(mailbox, 299)[:1], at=YESTERDAY)
    assert brakes.pull(now=NOW) == []
    letters(mailbox, 1)
    assert len(brakes.pull(now=NOW)) == 2
    assert "0.33 % (1 of 300 letters in 30 days)" in Hold.objects.get(subject=f"mailbox:{mailbox.pk}").reason


def test_holding_again_and_again_changes_nothing(mailbox: Mailbox) -> None:
    bounce(letters(mailbox, 50)[:3])
    assert len(brakes.pull(now=NOW)) == 2
    before = AuditEntry.objects.count()
    assert brakes.pull(now=NOW) == []
    bounce(letters(mailbox, 1))
    assert brakes.pull(now=NOW) == []
    assert (Hold.objects.count(), AuditEntry.objects.filter(event="hold.placed").count()) == (2, 2)
    assert AuditEntry.objects.count() == before + 1  # the suppression


def let_go(world: World, subject: str, *, at: datetime) -> None:
    assert holds.lift(Hold.objects.standing().get(subject=subject), user=world.officer, now=at)


def test_what_a_person_let_go_on_is_not_held_for_the_same_evidence(world: World, mailbox: Mailbox) -> None:
    subject = f"mailbox:{mailbox.pk}"
    rows = letters(mailbox, 60)
    bounce(rows[:3])
    brakes.pull(now=NOW)
    let_go(world, subject, at=NOW + timedelta(minutes=5))
    for minutes in (6, 60, 600):
        assert brakes.pull(now=NOW + timedelta(minutes=minutes)) == []
    # More letters are no news; one more bounce is, and then everything of the thirty days counts.
    letters(mailbox, 5)
    assert brakes.pull(now=NOW + timedelta(hours=11)) == []
    bounce(rows[3:4], at=NOW + timedelta(hours=12))
    [again] = brakes.pull(now=NOW + timedelta(hours=12, minutes=1))
    assert again.subject == subject
    assert "(4 of 65 letters in 30 days)" in again.reason


def test_what_came_while_it_was_held_is_no_news(world: World, mailbox: Mailbox) -> None:
    rows = letters(mailbox, 60)
    bounce(rows[:3])
    brakes.pull(now=NOW)
    bounce(rows[3:6], at=NOW + timedelta(minutes=2))  # they see it before they let it go on
    let_go(world, f"mailbox:{mailbox.pk}", at=NOW + timedelta(minutes=5))
    assert brakes.pull(now=NOW + timedelta(minutes=6)) == []


def test_news_of_one_kind_does_not_warm_up_the_other(world: World, mailbox: Mailbox) -> None:
    rows = letters(mailbox, 60)
    bounce(rows[:3])
    brakes.pull(now=NOW)
    let_go(world, f"mailbox:{mailbox.pk}", at=NOW + timedelta(minutes=5))
    complain(rows[10:11], at=NOW + timedelta(hours=1))
    assert brakes.pull(now=NOW + timedelta(hours=1)) == []
    complain(rows[11:12], at=NOW + timedelta(hours=2))
    [again] = brakes.pull(now=NOW + timedelta(hours=2))
    assert again.reason == "2 readers reported letters from mara@orchard.example as spam within a day."


def test_a_hold_of_another_kind_stands_first_and_hides_nothing(world: World, mailbox: Mailbox) -> None:
    """A mailbox that cannot sign in is held for that; when it works again, what came back still has to be looked at."""
    subject = f"mailbox:{mailbox.pk}"
    holds.place(workspace=world.here, subject=subject, reason="It cannot sign in.", source=subject, now=NOW)
    bounce(letters(mailbox, 60)[:3])
    assert [hold.subject for hold in brakes.pull(now=NOW)] == ["campaign:7"]
    holds.lift(Hold.objects.standing().get(subject=subject), user=world.owner, now=NOW + timedelta(minutes=1))
    [ours] = brakes.pull(now=NOW + timedelta(minutes=2))
    assert (ours.subject, ours.source) == (subject, brakes.SOURCE)


def test_workspaces_are_judged_apart(world: World, mailbox: Mailbox) -> None:
    theirs = make_mailbox(world.elsewhere, "sam@quarry.example")
    bounce(letters(theirs, 60)[:3])  # the same campaign number, behind the wall
    letters(mailbox, 60)
    brakes.pull(now=NOW)
    assert set(Hold.objects.values_list("workspace__slug", "subject")) == {
        ("quarry", "campaign:7"),
        ("quarry", f"mailbox:{theirs.pk}"),
    }
    assert tally(mailbox, "campaign:7") == Tally(letters=60)


def test_the_number_of_questions_does_not_grow(
    world: World, mailbox: Mailbox, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(2):
        brakes.pull(now=NOW)
    for number in range(6):
        box = make_mailbox(world.here, f"box{number}@orchard.example")
        SendRecord.objects.filter(
            pk__in=[row.pk for row in letters(box, 120, campaign=f"campaign:{number}")[:4]]
        ).update(bounced_at=NOW)
    with django_assert_max_num_queries(6):  # four in a hundred and twenty: looked at, and let be
        assert brakes.pull(now=NOW) == []


def test_the_clock_calls_it(mailbox: Mailbox) -> None:
    hold_what_harms()
    assert held() == []
    SendRecord.objects.filter(pk__in=[row.pk for row in letters(mailbox, 2)]).update(
        complained_at=datetime.now(tz=UTC), counted_at=datetime.now(tz=UTC)
    )
    hold_what_harms()
    assert held() == ["campaign:7", f"mailbox:{mailbox.pk}"]


def test_a_preview_counts_nothing(world: World) -> None:
    gate.preview(ask(1), workspace=world.here, user=None, now=NOW)
    assert not SendRecord.objects.exists()
    assert AuditEntry.objects.get().policy_result == PolicyResult.APPROVED


def test_sqlite_finds_all_this_by_index(world: World, mailbox: Mailbox) -> None:
    """A partial index is taken only where the question says its condition in the very same words."""
    rows = SendRecord.objects.order_by()
    questions = {
        "ledger_unsettled": rows.in_workspace(world.here).unsettled().filter(counted_at__lt=NOW),
        "ledger_by_mailbox": reputation.that_arrived_somewhere(rows).filter(
            mailbox_id__in=[mailbox.pk, 7], counted_at__gte=NOW
        ),
        "ledger_bounced": rows.filter(bounced_at__gte=NOW),
        "ledger_complained": rows.filter(complained_at__gt=NOW),
        "ledger_by_subject": rows.filter(subject="attempt:1").order_by("-pk")[:1],
        "audit_refusals": AuditEntry.objects.in_workspace(world.here).refusals().filter(recorded_at__gte=NOW),
    }
    if connection.vendor != "sqlite":  # PostgreSQL chooses by statistics, and has none of so few rows.
        assert not any(question.exists() for question in questions.values())
        return
    for name, question in questions.items():
        sql, values = question.query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
            plan = " ".join(str(row[-1]) for row in cursor.fetchall())
        assert f"USING INDEX {name}" in plan, plan
