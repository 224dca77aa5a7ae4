"""Whose turn it is, and how far apart letters are: answers first, campaigns in turn, the hour's room spread over it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from campaigns import dispatch, outbox, queueing
from campaigns.models import Attempt, Campaign, Lead, Step
from campaigns.models.attempt import EXPIRES_AFTER
from campaigns.pace import Pace, spread_of
from campaigns.turns import Fitting, next_letters
from compliance import holds
from compliance.models import AuditEntry, Kind, SendRecord
from outreach_site.mailboxes.models import Mailbox
from tests.letterbox import Letterbox
from tests.servers import FaultySMTP

Boxes = Callable[..., tuple[Letterbox, FaultySMTP]]
pytestmark = pytest.mark.django_db(transaction=True)


def put(box: Letterbox, campaign: Campaign | None = None, *, kind: Kind = Kind.FIRST, **changes: Any) -> Attempt:
    """A letter that is due, without the ceremony of queueing it."""
    campaign = campaign or box.campaign
    number = Attempt.objects.count()
    address = f"ed{number}@site{number}.com"
    lead = box.lead(address, campaign=campaign)
    values: dict[str, Any] = {
        "step": campaign.steps.first() if kind == Kind.FIRST else None,
        "due_at": timezone.now() - timedelta(minutes=5) + timedelta(milliseconds=number),
    }
    return Attempt.objects.create(
        campaign=campaign,
        lead=lead,
        kind=kind,
        mailbox=box.mailbox,
        identity=box.world.identity,
        user=box.world.marketer,
        recipient=address,
        recipient_key=address,
        recipient_domain=f"site{number}.com",
        subject=f"Letter {number}",
        body="Hello",
        **(values | changes),
    )


def another_campaign(box: Letterbox, **changes: Any) -> Campaign:
    changes = {"name": "Other"} | changes
    campaign = Campaign.objects.create(workspace=box.world.here, state="running", mailbox=box.mailbox, **changes)
    Step.objects.create(campaign=campaign, letter_subject="Hi", letter_body="Hi")
    return campaign


@pytest.fixture
def box(faulty_letterbox: Boxes) -> Letterbox:
    box, _ = faulty_letterbox()
    Campaign.objects.update(state="running")
    return box


def turns(box: Letterbox, count: int = 50, *, fitting: Fitting | None = None) -> list[str]:
    """What would leave next, each letter by its campaign's name and kind."""
    box.mailbox.refresh_from_db()
    keys = next_letters(box.mailbox, fitting or Fitting.any(count), at_most=count, now=timezone.now())
    found = Attempt.objects.select_related("campaign").in_bulk(keys)
    return [f"{found[key].campaign.name} {found[key].kind}" for key in keys]


def test_campaigns_take_turns_however_many_letters_one_has(box: Letterbox) -> None:
    other = another_campaign(box)
    for _ in range(6):
        put(box)
    for _ in range(2):
        put(box, other)
    assert turns(box) == ["Spring first", "Other first", "Spring first", "Other first", *["Spring first"] * 4]
    # One letter a slice: the turn goes on where it stopped.
    assert turns(box, 1) == ["Spring first"]
    Mailbox.objects.update(last_turn=box.campaign.subject)
    assert turns(box, 1) == ["Other first"]
    Mailbox.objects.update(last_turn=other.subject)
    assert turns(box, 1) == ["Spring first"]


def test_a_slice_remembers_whose_letter_left_last(box: Letterbox) -> None:
    put(box)
    box.send()
    box.mailbox.refresh_from_db()
    assert box.mailbox.last_turn == box.campaign.subject
    assert box.mailbox.first_sent_at is not None


def test_answers_go_first(box: Letterbox) -> None:
    put(box)
    put(box, kind=Kind.ANSWER)
    assert turns(box) == ["Spring answer", "Spring first"]
    assert turns(box, fitting=Fitting(answers=5, unasked=0, in_sequence=0)) == ["Spring answer"]


def test_what_somebody_wrote_by_itself_does_not_wait_for_the_hour(box: Letterbox) -> None:
    put(box)
    direct = another_campaign(box)
    put(box, direct, step=None)
    assert turns(box, fitting=Fitting(answers=5, unasked=5, in_sequence=0)) == ["Other first"]


def test_a_first_letter_that_a_program_sent_by_itself_goes_as_such(box: Letterbox) -> None:
    """It has the place of the sequence's first step, behind all that the campaign has queued before."""
    for _ in range(6):
        put(box)
    last = put(box, is_single=True)
    fitting = Fitting(answers=5, unasked=5, in_sequence=0)
    assert next_letters(box.mailbox, fitting, at_most=5, now=timezone.now()) == [last.pk]
    Mailbox.objects.update(next_spread_at=timezone.now() + timedelta(minutes=30), min_gap_seconds=1)
    assert dispatch.due_mailboxes(now=timezone.now()) == [box.mailbox.pk]
    Attempt.objects.filter(pk=last.pk).update(state="sent")
    assert dispatch.due_mailboxes(now=timezone.now()) == []


def test_what_somebody_wrote_by_itself_is_not_hidden_behind_sequences(
    box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither those of many campaigns, nor a long one of its own campaign."""
    monkeypatch.setattr("campaigns.turns.CAMPAIGNS_AT_MOST", 2)
    for campaign in (box.campaign, another_campaign(box)):
        for _ in range(6):
            put(box, campaign)
    last = another_campaign(box, name="Direct letters")
    put(box, last, step=None)
    put(box, kind=Kind.FIRST, step=None)
    assert turns(box, fitting=Fitting(answers=5, unasked=5, in_sequence=0)) == ["Spring first", "Direct letters first"]
    some = turns(box, fitting=Fitting(answers=5, unasked=5, in_sequence=1))
    assert sorted(some) == ["Direct letters first", "Spring first", "Spring first"]


def test_campaigns_whose_letters_wait_for_the_inbox_take_no_places(
    box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.turns.CAMPAIGNS_AT_MOST", 3)
    for _ in range(3):
        waits = another_campaign(box)
        put(box, waits, kind=Kind.FOLLOW_UP)
        put(box, waits, kind=Kind.FOLLOW_UP)
    late = [another_campaign(box) for _ in range(2)]
    put(box, late[0])
    put(box, late[1], kind=Kind.ANSWER)
    # Nobody has read the inbox, ever.
    assert turns(box) == ["Other answer", "Other first"]
    # It was read since one of each fell due.
    read_at = timezone.now() - timedelta(minutes=1)
    Mailbox.objects.update(imap_host="localhost", polled_at=read_at)
    for waits in Campaign.objects.filter(attempts__kind=Kind.FOLLOW_UP).distinct():
        Attempt.objects.filter(pk=waits.attempts.order_by("-pk")[0].pk).update(due_at=read_at + timedelta(seconds=1))
    assert turns(box) == ["Other answer", *["Other follow_up"] * 3]


def test_an_answer_waits_for_no_campaigns_turn(box: Letterbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.turns.CAMPAIGNS_AT_MOST", 2)
    for _ in range(2):
        put(box, another_campaign(box))
    put(box, another_campaign(box), kind=Kind.ANSWER)
    assert turns(box) == ["Other answer", "Other first", "Other first"]


@pytest.mark.parametrize("how", ["paused", "archived", "stopped", "mailbox held", "too early", "too late", "leased"])
def test_who_gets_no_turn(box: Letterbox, how: str) -> None:
    letter = put(box)
    now = timezone.now()
    match how:
        case "paused":
            Campaign.objects.get().pause()
        case "archived":
            Campaign.objects.get().archive(now=now)
        case "stopped":
            box.world.here.stop_sending(now=now)
        case "mailbox held":
            holds.place(workspace=box.world.here, subject=f"mailbox:{box.mailbox.pk}", reason="Look.", now=now)
        case "too early":
            Attempt.objects.update(due_at=now + timedelta(minutes=1))
        case "too late":
            Attempt.objects.update(due_at=now - EXPIRES_AFTER - timedelta(minutes=1))
        case "leased":
            Attempt.objects.update(lease_token=uuid.uuid4(), leased_until=now + timedelta(minutes=1))
    assert turns(box) == []
    letter.refresh_from_db()
    assert letter.state == Attempt.State.QUEUED


def test_a_claim_asks_as_often_for_ten_campaigns_as_for_one(box: Letterbox) -> None:
    def asked() -> int:
        with connection.execute_wrapper(count):
            outbox.claim(box.mailbox, uuid.uuid4(), at_most=20, now=timezone.now())
        return seen.pop("n")

    seen: dict[str, int] = {}

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen["n"] = seen.get("n", 0) + 1
        return execute(sql, params, many, context)

    put(box)
    one = asked()
    for _ in range(10):
        put(box, another_campaign(box))
    assert asked() == one
    # Nor where they wait for the inbox.
    put(box, kind=Kind.FOLLOW_UP)
    one = asked()
    for _ in range(10):
        put(box, another_campaign(box), kind=Kind.FOLLOW_UP)
    assert asked() == one


# --- Pace -------------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


def used(box: Letterbox, *minutes_ago: float) -> None:
    for n, minutes in enumerate(minutes_ago):
        SendRecord.objects.create(
            workspace=box.world.here,
            subject=f"attempt:{9000 + n}",
            kind=Kind.FIRST,
            mailbox_id=box.mailbox.pk,
            sign_in=box.mailbox.sign_in,
            state="sent",
            reserved_at=NOW,
            counted_at=NOW - timedelta(minutes=minutes),
        )


def test_the_hours_room_is_spread_over_the_hour(box: Letterbox, settings: Settings) -> None:
    settings.MAX_EMAILS_PER_HOUR = 80
    box.mailbox.min_gap_seconds = 5
    assert spread_of(box.mailbox, NOW) == timedelta(seconds=50)  # 72 letters; eight more are left for answers
    used(box, *[30.0] * 36)
    assert spread_of(box.mailbox, NOW) == timedelta(seconds=50)  # half an hour, half the room
    SendRecord.objects.update(counted_at=NOW)
    assert spread_of(box.mailbox, NOW) == timedelta(seconds=100)
    # The few minutes until an old letter counts no more are no reason to send all that is left within them.
    SendRecord.objects.update(counted_at=NOW - timedelta(minutes=55))
    assert spread_of(box.mailbox, NOW) == timedelta(seconds=50)
    box.mailbox.min_gap_seconds = 300
    assert spread_of(box.mailbox, NOW) == timedelta(seconds=300)
    box.mailbox.min_gap_seconds = 0
    assert spread_of(box.mailbox, NOW) == timedelta()


def test_pace_by_kind(box: Letterbox) -> None:
    box.mailbox.min_gap_seconds = 5
    first, answer = put(box), put(box, kind=Kind.ANSWER)
    direct = put(box, step=None)
    pace = Pace(box.mailbox, NOW, None, None, timedelta(seconds=50))
    soon = NOW + timedelta(seconds=20)
    assert [pace.ready_at(letter, now=NOW) for letter in (first, answer, direct)] == [NOW] * 3
    assert pace.fitting(now=NOW, until=soon) == Fitting(answers=51, unasked=5, in_sequence=1)
    pace.note(first, now=NOW)
    assert timedelta(seconds=5) <= pace.ready_at(direct, now=NOW) - NOW <= timedelta(seconds=7.5)
    assert timedelta(seconds=40) <= pace.ready_at(first, now=NOW) - NOW <= timedelta(seconds=60)
    assert pace.ready_at(answer, now=NOW) == NOW
    assert pace.fitting(now=NOW, until=soon).in_sequence == 0
    # Trouble with the server is everybody's.
    pace.rest(until=NOW + timedelta(minutes=5))
    assert not pace.fitting(now=NOW, until=soon)
    assert pace.ready_at(answer, now=NOW) == NOW + timedelta(minutes=5)


def test_a_days_limit_is_spread_over_what_is_left_of_its_window(box: Letterbox) -> None:
    Mailbox.objects.update(ramps_up=True, min_gap_seconds=5, daily_limit=100, next_send_at=NOW)
    box.mailbox.refresh_from_db()
    first = put(box, valid_until=NOW + timedelta(minutes=60))
    assert Pace.of(box.mailbox, now=NOW).left_today == 10
    used(box, 1, 2, 3, 4, 60 * 24)
    pace = Pace.of(box.mailbox, now=NOW)
    assert pace.left_today == 6
    pace.note(first, now=NOW)
    # Five more, and as long again before the window closes.
    assert timedelta(minutes=8) <= pace.ready_at(first, now=NOW) - NOW <= timedelta(minutes=12)
    # Some hours are too long for whoever else writes from here.
    pace = Pace.of(box.mailbox, now=NOW)
    pace.note(put(box, valid_until=NOW + timedelta(hours=12)), now=NOW)
    assert timedelta(minutes=24) <= pace.ready_at(first, now=NOW) - NOW <= timedelta(minutes=36)
    # What somebody wrote by itself, and an answer, wait for none of that.
    assert pace.ready_at(put(box, step=None), now=NOW) - NOW < timedelta(seconds=10)
    assert pace.ready_at(put(box, kind=Kind.ANSWER), now=NOW) == NOW
    # No limit, no pause: its own is the hour's.
    Mailbox.objects.update(ramps_up=False, daily_limit=None)
    box.mailbox.refresh_from_db()
    assert Pace.of(box.mailbox, now=NOW).left_today is None
    box.world.here.is_rehearsal = True
    box.mailbox.workspace = box.world.here
    box.mailbox.ramps_up, box.mailbox.daily_limit = True, 10
    assert Pace.of(box.mailbox, now=NOW).left_today is None, "a rehearsal has no patience to lose"


def test_a_letter_that_is_late_by_a_workers_round_keeps_the_pace(box: Letterbox) -> None:
    box.mailbox.min_gap_seconds = 5
    first = put(box)
    pace = Pace(box.mailbox, NOW, NOW - timedelta(seconds=30), None, timedelta(seconds=50))
    pace.note(first, now=NOW)
    assert timedelta(seconds=10) <= pace.ready_at(first, now=NOW) - NOW <= timedelta(seconds=30)
    pace = Pace(box.mailbox, NOW, NOW - timedelta(hours=3), None, timedelta(seconds=50))
    pace.note(first, now=NOW)
    assert timedelta(seconds=40) <= pace.ready_at(first, now=NOW) - NOW


def test_a_spread_mailbox_sends_one_letter_now_and_the_rest_later(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    Mailbox.objects.update(min_gap_seconds=1)
    box.write_to("a@site1.com", "b@site2.com", "c@site3.com")
    box.send()
    assert len(server.accepted) == 1
    mailbox = Mailbox.objects.get()
    assert mailbox.next_spread_at is not None
    assert mailbox.next_spread_at > timezone.now() + timedelta(seconds=30)
    # The mailbox has nothing to do until then, but for whoever wrote a letter by itself.
    later = mailbox.next_send_at + timedelta(seconds=1)
    assert dispatch.due_mailboxes(now=later) == []
    put(box, step=None)
    assert dispatch.due_mailboxes(now=later) == [mailbox.pk]
    box.send()
    assert len(server.accepted) == 2


def test_the_first_letters_of_a_slow_start_do_not_leave_within_minutes(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    Mailbox.objects.update(min_gap_seconds=1, ramps_up=True, hourly_limit=1_000)
    box.world.here.time_zone = "Etc/GMT+11" if timezone.now().hour > 12 else "UTC"  # Far from midnight.
    box.world.here.save()
    box.write_to(*(f"ed@site{number}.com" for number in range(5)))
    box.send()
    assert len(server.accepted) == 1
    assert (Mailbox.objects.get().next_spread_at or timezone.now()) > timezone.now() + timedelta(minutes=23)


def test_a_pause_is_time_to_settle(faulty_letterbox: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the consequences of a letter until its worker's turn is over."""
    box, server = faulty_letterbox()
    Campaign.objects.update(state="running")
    Mailbox.objects.update(min_gap_seconds=2)
    letters = [put(box, step=None), put(box, step=None)]
    settled: list[int] = []
    start = outbox.start

    def look(*args: Any, **options: Any) -> bool:
        settled.append(Attempt.objects.exclude(settled_at=None).count())
        return start(*args, **options)

    monkeypatch.setattr(outbox, "start", look)
    assert dispatch.dispatch_mailbox(box.mailbox.pk).sent == len(letters) == len(server.accepted)
    assert settled == [0, 1]
    assert Attempt.objects.filter(settled_at=None).count() == 0


def test_an_answer_passes_the_gap(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    Campaign.objects.update(state="running")
    Mailbox.objects.update(min_gap_seconds=600, next_send_at=timezone.now() + timedelta(minutes=9))
    put(box, kind=Kind.ANSWER)
    assert dispatch.due_mailboxes(now=timezone.now()) == [box.mailbox.pk]
    box.send()
    assert len(server.accepted) == 1


# --- Too late, and the clock ------------------------------------------------------------------------------------------


def test_a_letter_that_was_due_too_long_ago_is_put_before_a_person(box: Letterbox) -> None:
    now = timezone.now()
    stale = put(box, due_at=now - EXPIRES_AFTER - timedelta(hours=1))
    put(box, due_at=now - EXPIRES_AFTER + timedelta(hours=1))
    asks = put(box, due_at=None)
    assert outbox.expire(now=now) == 1
    outbox.settle(now=now)
    stale.refresh_from_db()
    assert (stale.state, stale.due_at) == (Attempt.State.FAILED, None)
    assert "14 days ago" in stale.reason
    assert AuditEntry.objects.get(event="letter.failed").about == stale.about
    assert not SendRecord.objects.that_count().exists()
    asks.refresh_from_db()
    assert asks.state == Attempt.State.QUEUED
    assert Lead.objects.get(pk=stale.lead_id).status == Lead.Status.DISCOVERED
    assert queueing.requeue(stale, user=box.world.marketer, now=now)
    assert box.send().sent == 2


STANDS = [
    (how, who)
    for how in ("paused", "held", "queued while it was held")
    for who in ("workspace", "campaign", "mailbox", "address")
    if (how, who) != ("paused", "address")  # No address can be paused.
]


@pytest.mark.parametrize("days", [13, 15])
@pytest.mark.parametrize(("how", "who"), STANDS)
def test_what_stood_still_for_weeks_does_not_leave_when_it_goes_on(
    box: Letterbox, who: str, how: str, days: int
) -> None:
    """Whoever lets it go on may have forgotten what waits there."""
    now, here = timezone.now(), box.world.here
    then = now - timedelta(days=days)
    subject = {"workspace": "workspace", "campaign": box.campaign.subject, "mailbox": f"mailbox:{box.mailbox.pk}"}
    if how == "paused":
        here.sending_stopped_at = then if who == "workspace" else None
        here.save()
        Campaign.objects.update(state="paused" if who == "campaign" else "running")
        Mailbox.objects.update(paused_at=then if who == "mailbox" else None)
    else:
        about = subject.get(who, "address:ed0@site0.com")
        hold = holds.place(workspace=here, subject=about, reason="Look.", now=then)
    if how == "queued while it was held":
        lead = box.lead("ed0@site0.com")
        [letter] = queueing.queue_letters(box.campaign, [lead], user=box.world.marketer, now=then).attempts
    else:
        letter = put(box, due_at=then)
    if how == "held":
        outbox.claim(box.mailbox, uuid.uuid4(), at_most=5, now=then)
    outbox.expire(now=now)
    outbox.wake(now=now)
    if how == "paused":
        here.resume_sending()
        Campaign.objects.update(state="running")
        Mailbox.objects.update(paused_at=None)
    else:
        holds.lift(hold, user=box.world.marketer, now=now)
    outbox.expire(now=now)
    outbox.wake(now=now)
    assert box.send().sent == (days == 13)
    letter.refresh_from_db()
    if days == 13:
        return
    assert letter.state == Attempt.State.FAILED
    assert "14 days ago" in letter.reason
    outbox.settle(now=now)
    assert queueing.requeue(letter, user=box.world.marketer, now=now)
    assert box.send().sent == 1


def test_a_clock_that_jumped_wakes_what_was_held_and_ends_nothing(box: Letterbox) -> None:
    letter, now = put(box), timezone.now()
    hold = holds.place(workspace=box.world.here, subject=box.campaign.subject, reason="Look.", now=now)
    outbox.claim(box.mailbox, uuid.uuid4(), at_most=5, now=now)
    holds.lift(hold, user=box.world.marketer, now=now)
    assert outbox.wake(now=now + timedelta(days=400)) == 1
    letter.refresh_from_db()
    assert letter.state == Attempt.State.QUEUED


def test_a_clock_that_jumped_ends_nothing_and_sends_nothing_early(box: Letterbox) -> None:
    put(box)
    assert outbox.expire(now=timezone.now() + timedelta(days=400)) == 0
    later = put(box, due_at=timezone.now() + timedelta(days=1))
    dispatch.dispatch_mailbox(box.mailbox.pk, clock=lambda: timezone.now() - timedelta(days=1))
    later.refresh_from_db()
    assert later.state == Attempt.State.QUEUED


def test_a_workers_clock_that_differs_from_the_databases_sends_nothing(
    box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(box)
    monkeypatch.setattr(outbox, "look_again", lambda *_, **__: timedelta(minutes=-5))
    report = dispatch.dispatch_mailbox(box.mailbox.pk)
    assert report.sent == 0
    assert "300 seconds behind" in report.sentence
    assert Mailbox.objects.get().lease_token is None


# --- Every question has its index -------------------------------------------------------------------------------------


def test_no_question_walks_the_queue(box: Letterbox) -> None:
    """Without statistics, as SQLite plans in an installation that never gathered any."""
    if connection.vendor != "sqlite":
        pytest.skip("reads SQLite's query plans")
    put(box)
    Attempt.objects.update(lease_token=uuid.uuid4(), leased_until=timezone.now() - timedelta(minutes=1))
    put(box)
    put(box, state="sent", finished_at=timezone.now())
    statements: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "UPDATE")):
            statements.append((sql, params[0] if many else params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        now = timezone.now()
        dispatch.tidy_up(now=now)
        outbox.strand(now=now)
        outbox.expire(now=now)
        dispatch.due_mailboxes(now=now)
        outbox.claim(box.mailbox, uuid.uuid4(), at_most=20, now=now)
    plans = []
    for sql, params in statements:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            plans += [(row[3], sql) for row in cursor.fetchall() if "attempt" in row[3] or row[3].startswith("SCAN U0")]
    assert len(plans) >= 10
    for plan, sql in plans:
        # What is not settled yet is all of its index.
        assert plan.startswith(("SEARCH", "SCAN campaigns_attempt USING INDEX attempts_unsettled")), (plan, sql)
        assert "INTEGER PRIMARY KEY" in plan or "attempts_" in plan, (plan, sql)


def test_one_letter_in_a_workers_hands_is_found_by_its_key(box: Letterbox) -> None:
    """PostgreSQL learns of a claim when it next gathers statistics: until then the index of all that is claimed looks
    empty to it, and it would read all of that for each letter that starts.
    """
    letter = put(box)
    others = [Attempt(**{**_copied(letter), "recipient_key": f"other{number}@x.com"}) for number in range(500)]
    Attempt.objects.bulk_create(others)
    if connection.vendor == "postgresql":  # On SQLite other tests read plans that are made without statistics.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE campaigns_attempt")
    token = uuid.uuid4()
    Attempt.objects.update(lease_token=token, leased_until=timezone.now())
    one = {"pk": letter.pk, "state": Attempt.State.QUEUED}
    mine = Attempt.objects.held_by(token).filter(**one)
    assert mine.get() == letter
    assert not Attempt.objects.held_by(uuid.uuid4()).filter(**one).exists()
    if connection.vendor == "postgresql":
        assert "attempts_leased" in Attempt.objects.filter(lease_token=token, **one).explain()
        assert "campaigns_attempt_pkey" in mine.explain()
    else:
        assert "INTEGER PRIMARY KEY" in mine.explain()


def _copied(letter: Attempt) -> dict[str, Any]:
    kept = {field.attname: getattr(letter, field.attname) for field in Attempt._meta.concrete_fields}
    return kept | {"id": None, "step_id": None}
