"""What happens when a worker comes back late, when proofs overtake answers, and when one row is rotten."""

from __future__ import annotations

import email
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from campaigns import dispatch, outbox, queueing, tasks
from campaigns.delivery import Accepted, NotSent, Post
from campaigns.models import Attempt, Ground, Lead
from compliance.models import AuditEntry, Hold, Kind, SendRecord, Suppression
from compliance.suppression import suppress
from outreach_site.lib import prepared
from outreach_site.lib.addresses import named
from outreach_site.mailboxes.answers import Phase
from outreach_site.mailboxes.errors import Verdict
from outreach_site.mailboxes.models import Mailbox
from outreach_site.mailboxes.smtp import Session
from outreach_site.sandbox.running import RunningOffice
from tests.campaigns.test_outbox import ledger, states
from tests.letterbox import Letterbox
from tests.servers import FaultySMTP

Boxes = Callable[..., tuple[Letterbox, FaultySMTP]]
State = Attempt.State

pytestmark = pytest.mark.django_db(transaction=True)


def take(box: Letterbox) -> tuple[uuid.UUID, outbox.Claim]:
    token = outbox.take_lease(box.mailbox)
    assert token is not None
    return token, outbox.claim(box.mailbox, token, at_most=50, now=timezone.now())


def let_leases_lapse() -> None:
    past = timezone.now() - timedelta(seconds=1)
    Attempt.objects.exclude(lease_token=None).update(leased_until=past)
    Mailbox.objects.update(leased_until=past)


def test_a_start_that_the_database_may_have_lost_is_made_again_before_the_letter_goes(
    rehearsal: Letterbox, post_office: RunningOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server has crashed, say, after it had answered and before it had written that to its disk."""
    rehearsal.write_to(*(f"{name}@somewhere.test" for name in "abcd"))
    arrived: list[int] = []

    def until_kept() -> None:
        prepared.until_kept()
        arrived.append(len(post_office.letters()))
        if len(arrived) in {2, 5}:
            lost = Attempt.objects.filter(state=State.SENDING)
            lost.update(state=State.QUEUED, started_at=None)
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(dispatch, "until_kept", until_kept)
    assert rehearsal.send().sent == 4
    assert states() == ["sent"] * 4
    assert ledger() == {"sent": 4}
    received = [email.message_from_bytes(letter.raw)["Message-ID"] for letter in post_office.letters()]
    assert sorted(received) == sorted(Attempt.objects.values_list("message_id", flat=True))
    # The second and the third were started twice, and went once; after each error it is asked whether anything is left.
    assert arrived == [0, 1, 1, 1, 2, 2, 2, 3]


def test_nobody_waits_for_the_database_while_a_server_thinks(
    rehearsal: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite has one writer: a start that is not on its disk yet keeps all others from writing."""
    rehearsal.write_to(*(f"{name}@somewhere.test" for name in "abc"))
    answers, other = [], connection.copy()
    really = Session.getreply

    def getreply(session: Session) -> tuple[int, bytes]:
        if session.phase in {Phase.SENDER, Phase.RECIPIENT, Phase.LETTER}:
            with other.cursor() as cursor:
                cursor.execute("UPDATE accounts_workspace SET name = name")
            answers.append(session.phase)
        return really(session)

    monkeypatch.setattr(Session, "getreply", getreply)
    try:
        assert rehearsal.send().sent == 3
    finally:
        other.close()
    assert answers.count(Phase.SENDER) == 3


# --- A worker that comes back late ------------------------------------------------------------------------------------


def test_a_late_worker_gives_nothing_back_that_is_somebody_elses(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test", "b@somewhere.test")
    _, late = take(rehearsal)
    let_leases_lapse()
    outbox.reconcile(now=timezone.now())
    token, claimed = take(rehearsal)
    assert outbox.start(claimed.attempts[0], rehearsal.mailbox, token)
    outbox.Recorded(claimed.attempts[0], token, Accepted("ok"), timezone.now()).write()
    outbox.give_back(late, late.attempts)
    assert ledger() == {"released": 2, "reserved": 2}
    outbox.give_back(claimed, claimed.attempts[1:])
    outbox.settle(now=timezone.now())
    assert ledger() == {"released": 3, "sent": 1}


def test_a_claimed_letter_that_is_deleted_gives_its_place_back(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test")
    _, claimed = take(rehearsal)
    Lead.objects.all().delete()
    outbox.give_back(claimed, claimed.attempts)
    assert ledger() == {"released": 1}


def test_an_answer_that_is_written_late_still_proves_the_letter_sent(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test")
    token, claimed = take(rehearsal)
    [attempt] = claimed.attempts
    assert outbox.start(attempt, rehearsal.mailbox, token)
    let_leases_lapse()
    dispatch.tidy_up(now=timezone.now())
    assert states() == ["uncertain"]
    outbox.Recorded(attempt, token, Accepted("ok"), timezone.now()).write()
    outbox.settle(now=timezone.now())
    assert states() == ["sent"]
    assert ledger() == {"sent": 1}


def test_a_late_answer_beats_a_person_who_said_that_it_did_not_arrive(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test")
    token, claimed = take(rehearsal)
    [attempt] = claimed.attempts
    assert outbox.start(attempt, rehearsal.mailbox, token)
    let_leases_lapse()
    now = timezone.now()
    dispatch.tidy_up(now=now)
    assert queueing.settle_doubt(attempt, arrived=False, user=rehearsal.world.marketer, now=now + timedelta(minutes=11))
    outbox.Recorded(attempt, token, Accepted("ok"), now).write()
    assert rehearsal.send().sent == 0
    assert states() == ["sent"]
    assert ledger() == {"sent": 1}


def test_an_answer_may_be_written_twice(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test")
    token, claimed = take(rehearsal)
    assert outbox.start(claimed.attempts[0], rehearsal.mailbox, token)
    answer = outbox.Recorded(claimed.attempts[0], token, Accepted("ok"), timezone.now())
    answer.write()
    outbox.settle(now=timezone.now())
    answer.write()
    assert states() == ["sent"]
    assert Attempt.objects.unsettled().count() == 0


def test_a_start_whose_commit_was_not_heard_of_may_be_repeated_until_the_answer_is_there(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test")
    token, claimed = take(rehearsal)
    assert outbox.start(claimed.attempts[0], rehearsal.mailbox, token)
    assert outbox.start(claimed.attempts[0], rehearsal.mailbox, token)
    outbox.Recorded(claimed.attempts[0], token, Accepted("ok"), timezone.now()).write()
    assert not outbox.start(claimed.attempts[0], rehearsal.mailbox, token)


def test_no_letter_starts_that_the_lease_would_not_outlive(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test")
    token, claimed = take(rehearsal)
    Attempt.objects.update(leased_until=timezone.now() + outbox.HAND_OVER - timedelta(seconds=1))
    assert not outbox.start(claimed.attempts[0], rehearsal.mailbox, token)


def test_a_server_that_is_slow_to_open_gets_its_letters(rehearsal: Letterbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes beside a slice: else its letters are decided again and again, and never leave."""
    rehearsal.write_to("a@somewhere.test")
    really = Post.open

    def slowly(post: Post) -> None:
        time.sleep(1.5)
        really(post)

    monkeypatch.setattr(Post, "open", slowly)
    report = dispatch.dispatch_mailbox(rehearsal.mailbox.pk, lasts=timedelta(seconds=0.2))
    assert (report.sent, states()) == (1, ["sent"])


def test_but_no_second_session_when_the_slice_is_over(rehearsal: Letterbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both openings and a letter would outlast the lease."""
    rehearsal.write_to("a@somewhere.test", "b@somewhere.test")
    opened, really, hand_over = [], Post.open, Post.hand_over

    def slowly(post: Post) -> None:
        opened.append(post)
        time.sleep(2.2)
        really(post)

    def and_hang_up(post: Post, message: EmailMessage, **more: Any) -> object:
        answer = hand_over(post, message, **more)
        post.close()
        return answer

    monkeypatch.setattr(Post, "open", slowly)
    monkeypatch.setattr(Post, "hand_over", and_hang_up)
    report = dispatch.dispatch_mailbox(rehearsal.mailbox.pk, lasts=timedelta(seconds=1))
    assert (report.sent, len(opened), sorted(states())) == (1, 1, ["queued", "sent"])
    assert ledger() == {"released": 1, "sent": 1}


def test_a_clock_that_was_ahead_silences_no_mailbox(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test")
    now = timezone.now()
    tomorrow = now + timedelta(days=1)
    Mailbox.objects.update(next_send_at=tomorrow, next_spread_at=tomorrow, rests_until=tomorrow)
    assert dispatch.due_mailboxes(now=now) == []
    assert dispatch.forget_leaps() == 1
    assert dispatch.due_mailboxes(now=now) == [rehearsal.mailbox.pk]
    # A pause that may be meant stays.
    soon = now + timedelta(hours=1)
    Mailbox.objects.update(next_send_at=soon, next_spread_at=soon, rests_until=soon)
    assert dispatch.forget_leaps() == 0
    assert rehearsal.send().sent == 0


def test_what_a_clock_that_was_ahead_put_off_is_decided_anew(rehearsal: Letterbox) -> None:
    """What nobody meant for later: the moments of follow-ups and of people stay."""
    now = timezone.now()
    soon, tomorrow, later = now + timedelta(minutes=30), now + timedelta(days=1), now + timedelta(days=3)
    deferred, chosen, second, near = rehearsal.write_to("a@some.test", "b@some.test", "c@some.test", "d@some.test")
    Attempt.objects.update(due_at=tomorrow, reason="The mailbox has used its 5 letters an hour.")
    Attempt.objects.filter(pk=chosen.pk).update(not_before=later, due_at=later)
    Attempt.objects.filter(pk=second.pk).update(kind=Kind.FOLLOW_UP)
    Attempt.objects.filter(pk=near.pk).update(due_at=soon)
    moments = dict(Attempt.objects.values_list("pk", "due_at"))
    assert dispatch.forget_leaps() == 0, "nothing says that a clock was ahead"
    assert dict(Attempt.objects.values_list("pk", "due_at")) == moments
    Mailbox.objects.update(next_send_at=tomorrow)
    assert dispatch.forget_leaps() == 1
    due = dict(Attempt.objects.values_list("pk", "due_at"))
    deferred_until = due.pop(deferred.pk)
    assert deferred_until is not None
    assert deferred_until <= timezone.now()
    assert due == {chosen.pk: later, second.pk: tomorrow, near.pk: soon}
    assert rehearsal.send().sent == 1


def test_a_clock_from_before_its_mailboxes_is_wrong_itself(rehearsal: Letterbox) -> None:
    [letter] = rehearsal.write_to("a@some.test")
    tomorrow = timezone.now() + timedelta(days=1)
    Mailbox.objects.update(created_at=tomorrow, next_send_at=tomorrow)
    Attempt.objects.update(due_at=tomorrow)
    assert dispatch.forget_leaps() == 0
    letter.refresh_from_db()
    assert letter.due_at == tomorrow


def test_letters_counted_ahead_of_now_count_and_their_hour_is_looked_at_again_within_one(
    rehearsal: Letterbox,
) -> None:
    """The ledger keeps what a clock ahead of its time wrote: no cap is passed, and nothing waits for that moment."""
    Mailbox.objects.update(hourly_limit=1)
    rehearsal.mailbox.refresh_from_db()
    rehearsal.write_to("a@some.test")
    assert rehearsal.send().sent == 1
    now = timezone.now()
    SendRecord.objects.update(counted_at=now + timedelta(days=1))
    Mailbox.objects.update(next_send_at=now)
    [waiting] = rehearsal.write_to("b@other.test")
    rehearsal.send()
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED
    assert waiting.due_at is not None
    assert timedelta() < waiting.due_at - now < timedelta(hours=1, minutes=1)


def test_a_dead_address_is_suppressed_before_its_letter_is_queued_again(faulty_letterbox: Boxes) -> None:
    box, _ = faulty_letterbox()
    [letter] = box.write_to("gone@site.com")
    Attempt.objects.update(state=State.FAILED, verdict=Verdict.RECIPIENT_UNKNOWN, finished_at=timezone.now())
    letter.refresh_from_db()
    assert queueing.requeue(letter, user=box.world.marketer, now=timezone.now())
    assert Suppression.objects.get().reason == Suppression.Reason.HARD_BOUNCE
    box.send()
    assert states() == ["blocked"]


def test_a_lease_runs_by_the_databases_clock_whatever_the_workers_says(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test")
    token = outbox.take_lease(rehearsal.mailbox)
    assert token is not None
    ahead = timezone.now() + timedelta(hours=5)
    [attempt] = outbox.claim(rehearsal.mailbox, token, at_most=5, now=ahead).attempts
    attempt.refresh_from_db()
    assert attempt.leased_until is not None
    assert abs(attempt.leased_until - timezone.now() - outbox.LEASE) < timedelta(seconds=10)


def test_what_a_dead_worker_sent_counts_before_the_next_claim(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    rehearsal.mailbox.hourly_limit = 1
    rehearsal.mailbox.save()
    rehearsal.write_to("a@somewhere.test", "b@elsewhere.test")
    token, claimed = take(rehearsal)
    [attempt] = claimed.attempts
    assert outbox.start(attempt, rehearsal.mailbox, token)
    # Reserved more than an hour ago, sent less than an hour ago, and never settled.
    sent_at = timezone.now() - timedelta(minutes=59)
    outbox.Recorded(attempt, token, Accepted("ok"), sent_at).write()
    SendRecord.objects.update(counted_at=timezone.now() - timedelta(minutes=61))
    Attempt.objects.update(due_at=timezone.now())
    Mailbox.objects.update(lease_token=None)
    assert rehearsal.send().sent == 0
    assert post_office.letters() == []


# --- Proofs -----------------------------------------------------------------------------------------------------------


def test_a_proof_may_come_before_the_workers_own_answer(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test")
    token, claimed = take(rehearsal)
    [attempt] = claimed.attempts
    assert outbox.start(attempt, rehearsal.mailbox, token)
    assert queueing.prove_sent([attempt], by="a bounce") == 1
    outbox.Recorded(attempt, token, Accepted("ok"), timezone.now()).write()
    outbox.settle(now=timezone.now())
    attempt.refresh_from_db()
    assert (attempt.state, attempt.finished_at is not None) == (State.SENT, True)
    assert ledger() == {"sent": 1}


def test_a_known_answer_is_written_before_a_pause(
    rehearsal: Letterbox, post_office: RunningOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    Mailbox.objects.update(min_gap_seconds=1)
    rehearsal.write_to("a@somewhere.test", "b@elsewhere.test")
    seen: list[list[str]] = []

    def sleep(seconds: float) -> None:
        seen.append(states())
        really_sleep(seconds)

    really_sleep = time.sleep
    monkeypatch.setattr("campaigns.dispatch.time.sleep", sleep)
    rehearsal.send()
    assert ["sent", "queued"] in seen
    assert len(post_office.letters()) == 2


# --- One rotten row ---------------------------------------------------------------------------------------------------


def test_a_waiting_letter_that_the_ledger_counts_is_put_before_a_person(
    rehearsal: Letterbox, post_office: RunningOffice
) -> None:
    bad, _ = rehearsal.write_to("a@somewhere.test", "b@elsewhere.test")
    take(rehearsal)
    Attempt.objects.update(lease_token=None, leased_until=None)
    SendRecord.objects.exclude(subject=bad.about).delete()
    Mailbox.objects.update(lease_token=None)
    assert rehearsal.send().sent == 1
    assert states() == ["uncertain", "sent"]
    assert len(post_office.letters()) == 1
    assert ledger() == {"uncertain": 1, "sent": 1}


@pytest.mark.parametrize("address", ["ed@@site..com", "<ed", "ed@", "a b@c.test", ""])
def test_an_address_that_no_parser_takes_does_not_stop_the_others(rehearsal: Letterbox, address: str) -> None:
    bad, _ = rehearsal.write_to("a@somewhere.test", "b@elsewhere.test")
    Attempt.objects.filter(pk=bad.pk).update(recipient=address)
    rehearsal.send()
    [first, second] = states()
    assert first in {State.BLOCKED, State.FAILED}
    assert second == State.SENT
    with pytest.raises(ValueError, match="is not an email address"):
        named("Ada Reed", address)


def test_a_letter_to_nobody_is_not_said_to_be_sent(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    post = Post(box.mailbox)
    post.open()
    answer = post.hand_over(EmailMessage(subject="An idea", body="Hello", from_email="mara@orchardmedia.com", to=[""]))
    post.close()
    assert isinstance(answer, NotSent)
    assert answer.error.verdict is Verdict.REFUSED_LETTER
    assert server.accepted == []


def test_a_bounced_letter_to_no_address_does_not_stop_the_settling(rehearsal: Letterbox) -> None:
    bad, _ = rehearsal.write_to("a@somewhere.test", "b@elsewhere.test")
    Attempt.objects.filter(pk=bad.pk).update(
        state=State.FAILED, verdict=Verdict.RECIPIENT_UNKNOWN, recipient="ed@", finished_at=timezone.now()
    )
    assert outbox.settle(now=timezone.now()) == 1
    assert Attempt.objects.unsettled().count() == 0


def test_letters_of_a_removed_mailbox_say_so(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test")
    rehearsal.mailbox.archive(now=timezone.now())
    tasks.dispatch_due()
    attempt = Attempt.objects.get()
    assert attempt.state == State.FAILED
    assert "mailbox of this letter was removed" in attempt.reason
    assert attempt.settled_at is not None


# --- Nobody waits behind those who must wait --------------------------------------------------------------------------


def test_letters_behind_many_that_must_wait_leave_at_once(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    rehearsal.world.here.daily_domain_cap = 1
    rehearsal.world.here.save()
    rehearsal.write_to(*[f"person{n}@somewhere.test" for n in range(2 * outbox.CLAIM_AT_MOST + 5)])
    rehearsal.write_to("last@elsewhere.test")
    rehearsal.send()
    sent = Attempt.objects.filter(state=State.SENT).values_list("recipient", flat=True)
    assert set(sent) == {"last@elsewhere.test", "person0@somewhere.test"}
    assert len(post_office.letters()) == 2


def test_letters_that_ask_do_not_hide_those_that_no_longer_do(
    faulty_letterbox: Boxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "WAKE_AT_MOST", 2)
    box, _server = faulty_letterbox()
    box.write_to(*[f"redaktion{n}@garten.de" for n in range(5)])
    box.send()
    last = Attempt.objects.order_by("pk").last()
    assert last is not None
    Attempt.objects.filter(pk=last.pk).update(ground=Ground.INVITED)
    now = timezone.now()
    assert sum(outbox.wake(now=now + timedelta(minutes=minute)) for minute in range(3)) == 1
    last.refresh_from_db()
    assert last.due_at is not None


def test_a_suppression_stops_a_letter_that_comes_back_to_the_queue(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    server.reply("RCPT", "450 4.2.1 Mailbox busy, try later", times=1)
    box.write_to("ed@site.com")
    box.send()
    suppress(workspace=box.world.here, address="ed@site.com", reason=Suppression.Reason.OPT_OUT, now=timezone.now())
    assert states() == ["blocked"]
    assert not queueing.cancel(Attempt.objects.get(), user=box.world.marketer, now=timezone.now())
    assert queueing.requeue(Attempt.objects.get(), user=box.world.marketer, now=timezone.now())
    Mailbox.objects.update(next_send_at=timezone.now())
    box.send()
    assert states() == ["blocked"]
    assert server.accepted == []


def test_a_key_that_no_longer_fits_holds_the_mailbox_and_says_so(faulty_letterbox: Boxes, settings: Settings) -> None:
    box, server = faulty_letterbox()
    [attempt] = box.write_to("ed@site.com")
    settings.MAIL_SMTP_ENCRYPTION_KEYS = ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]
    report = box.send()
    assert (report.sent, server.connections) == (0, 0)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.tries, attempt.lease_token) == ("queued", 0, None)
    mailbox = Mailbox.objects.get()
    assert mailbox.sending_state == Mailbox.State.TROUBLE
    assert mailbox.sending_trouble
    assert Hold.objects.get().subject == f"mailbox:{mailbox.pk}"


@pytest.mark.parametrize("level", ["campaign", "mailbox", "workspace"])
def test_all_that_waits_is_taken_back_at_once_also_from_a_workers_hands(rehearsal: Letterbox, level: str) -> None:
    rehearsal.write_to("a@somewhere.test", "b@elsewhere.test", "c@nowhere.test")
    token, claimed = take(rehearsal)
    assert outbox.start(claimed.attempts[0], rehearsal.mailbox, token)
    here, what = rehearsal.world.here, {"campaign": rehearsal.campaign, "mailbox": rehearsal.mailbox}
    chosen = {level: what[level]} if level in what else {}
    count = queueing.cancel_all(here, **chosen, user=rehearsal.world.marketer, now=timezone.now())  # type: ignore[arg-type]  # a table's values
    assert count == 2
    assert states() == ["sending", "cancelled", "cancelled"]
    assert not outbox.start(claimed.attempts[1], rehearsal.mailbox, token)
    assert ledger() == {"reserved": 1, "released": 2}
    entry = AuditEntry.objects.get(event="letters.cancelled")
    assert (entry.about.partition(":")[0], entry.details["letters"]) == (level, 2)
    assert queueing.cancel_all(rehearsal.world.elsewhere, user=rehearsal.world.stranger, now=timezone.now()) == 0
