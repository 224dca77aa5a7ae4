"""The way of a letter out: every state and arrow, against real SMTP servers."""

from __future__ import annotations

import email
import email.policy
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import direct, dispatch, lifecycle, outbox, queueing, sessions
from campaigns.delivery import Accepted, Answer, NotSent, Post
from campaigns.letters import as_sent
from campaigns.models import Attempt, Campaign, Ground, Lead, Step
from compliance import holds
from compliance.models import AuditEntry, Hold, Kind, SendRecord, Suppression, UnsubscribeToken
from compliance.suppression import suppress
from inbox.consequences import prove_by_copies
from outreach_site.accounts.models import Installation
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.models import Mailbox
from outreach_site.sandbox.running import RunningOffice
from tests.letterbox import Letterbox
from tests.servers import FaultySMTP

Boxes = Callable[..., tuple[Letterbox, FaultySMTP]]
State = Attempt.State

# Short transactions and leases are what is tested here: no transaction of the test's own may stand around them.
pytestmark = pytest.mark.django_db(transaction=True)


def ledger() -> dict[str, int]:
    states = [record.state for record in SendRecord.objects.all()]
    return {state: states.count(state) for state in set(states)}


def states() -> list[str]:
    return list(Attempt.objects.order_by("pk").values_list("state", flat=True))


def test_a_letter_goes_all_the_way(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    [attempt] = rehearsal.write_to("hannah@somewhere.test")
    assert rehearsal.send().sent == 1
    attempt.refresh_from_db()
    assert attempt.state == State.SENT
    assert attempt.settled_at is not None
    assert attempt.lease_token is None
    assert Lead.objects.get().status == Lead.Status.CONTACTED
    assert ledger() == {"sent": 1}
    assert Campaign.objects.get().state == Campaign.State.RUNNING
    assert list(AuditEntry.objects.values_list("event", "policy_result")) == [
        ("letter.decided", "approved"),
        ("letter.sent", ""),
    ]
    [letter] = post_office.letters()
    message = email.message_from_bytes(letter.raw, policy=email.policy.default)
    assert message["Message-ID"] == attempt.message_id
    assert message["Subject"] == "An idea for Somewhere"
    assert message["From"] == "Mara Voss <alex@rehearsal.test>"
    text = message.get_content()
    assert text.startswith("Hello Ada,")
    assert "Lindenweg 4" in text
    assert "/unsubscribe/" in text
    assert Mailbox.objects.get().sending_state == Mailbox.State.OK


def test_the_server_hears_of_each_letter_in_one_breath_with_the_end_of_the_one_before(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox(pipelining=True)
    box.write_to("ada@site.com", "ben@other.com", "cy@third.com")
    assert box.send().sent == 3
    said = [command.split(" ")[0] for command in server.commands[4:]]
    assert said == [*["mail", "rcpt", "DATA"] * 3, "quit"]
    senders = [command for command in server.commands if command.startswith("mail")]
    assert [command in server.ahead for command in senders] == [False, True, True]
    assert len(server.accepted) == 3
    assert server.connections == 1


def test_where_letters_are_kept_apart_the_server_hears_of_each_in_its_turn(
    faulty_letterbox: Boxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.pace.spread_of", lambda *_: timedelta())
    box, server = faulty_letterbox(pipelining=True)
    Mailbox.objects.update(min_gap_seconds=1)
    box.write_to("ada@site.com", "ben@other.com")
    box.send()
    assert states() == ["sent", "sent"]
    assert {command.split(" ")[0] for command in server.ahead} == {"rcpt", "DATA"}


def test_a_letter_that_is_stopped_after_the_server_heard_of_it_stays(
    faulty_letterbox: Boxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the one behind it goes, in a conversation of its own."""
    box, server = faulty_letterbox(pipelining=True)
    _, stopped, _ = box.write_to("ada@site.com", "ben@other.com", "cy@third.com")
    really_hand_over = Post.hand_over

    def hand_over(post: Post, *args: Any, **kwargs: Any) -> Answer:
        answer = really_hand_over(post, *args, **kwargs)
        if len(server.accepted) == 1:
            Hold.objects.create(workspace=box.world.here, subject="address:ben@other.com", reason="?")
        return answer

    monkeypatch.setattr(Post, "hand_over", hand_over)
    box.send()
    assert states() == ["sent", "queued", "sent"]
    assert [letter.recipients for letter in server.accepted] == [("ada@site.com",), ("cy@third.com",)]
    stopped.refresh_from_db()
    assert (stopped.state, stopped.lease_token, stopped.started_at) == (State.QUEUED, None, None)
    assert ledger() == {"sent": 2, "released": 1}
    assert server.connections == 2


def readers(count: int, *, at: str = "") -> list[str]:
    return [f"ed{number}@{at or f'site{number}.com'}" for number in range(count)]


def test_a_server_that_refuses_letter_after_letter_keeps_the_others_waiting(faulty_letterbox: Boxes) -> None:
    """Until somebody has looked: and where it goes on refusing, the next one is enough to stop again."""
    box, server = faulty_letterbox()
    server.reply("END", "554 5.7.1 Message rejected as spam", times=6)
    box.write_to(*readers(8))
    box.send()
    assert states() == ["failed"] * 5 + ["queued"] * 3
    hold = Hold.objects.get()
    assert hold.subject == f"mailbox:{box.mailbox.pk}"
    assert "refused the last 5 letters" in hold.reason
    box.mailbox.refresh_from_db()
    assert box.mailbox.sending_state == Mailbox.State.TROUBLE
    assert "Message rejected as spam" in box.mailbox.sending_trouble

    def go_on() -> None:
        holds.lift(Hold.objects.standing().get(), user=box.world.marketer, now=timezone.now())
        Mailbox.objects.update(next_send_at=timezone.now(), rests_until=None)
        Attempt.objects.filter(state=State.QUEUED).update(due_at=timezone.now())
        box.send()

    go_on()
    assert states() == ["failed"] * 6 + ["queued"] * 2
    go_on()
    assert states() == ["failed"] * 6 + ["sent"] * 2
    assert not Hold.objects.standing().exists()


@pytest.mark.parametrize("site", ["", "site.com"])
def test_a_server_that_breaks_off_at_letter_after_letter_keeps_the_others_waiting(
    faulty_letterbox: Boxes, site: str
) -> None:
    """It rests a while after each, and goes on: so not for ever. Also at one domain: it is our own server."""
    box, _ = faulty_letterbox(drop="END")
    box.write_to(*readers(8, at=site))
    for _ in range(6):
        Mailbox.objects.update(next_send_at=timezone.now(), rests_until=None)
        box.send()
    assert states() == ["uncertain"] * 5 + ["queued"] * 3
    hold = Hold.objects.get()
    assert hold.subject == f"mailbox:{box.mailbox.pk}"
    assert "broke off" in hold.reason
    assert ledger()["uncertain"] == 5


@pytest.mark.parametrize("why_not", ["one was taken between", "all are at one domain", "nobody has the address"])
def test_refusals_that_say_nothing_of_the_mailbox_do_not_stop_it(faulty_letterbox: Boxes, why_not: str) -> None:
    box, server = faulty_letterbox()
    addresses = readers(8)
    match why_not:
        case "one was taken between":
            server.reply("END", "250 2.0.0 Ok", recipient=addresses[4])
            server.reply("END", "554 5.7.1 Message rejected as spam")
        case "all are at one domain":
            addresses = readers(8, at="site.com")
            server.reply("END", "554 5.7.1 Message rejected as spam")
        case "nobody has the address":
            server.reply("RCPT", "550 5.1.1 No such user here")
    box.write_to(*addresses)
    box.send()
    assert State.QUEUED not in states()
    assert not Hold.objects.filter(subject=f"mailbox:{box.mailbox.pk}").exists()


@pytest.mark.parametrize("subject", ["Two\nlines", ":\x1c:\x1c:"])
def test_letters_that_were_built_ahead_are_each_their_readers_own(
    rehearsal: Letterbox, post_office: RunningOffice, subject: str
) -> None:
    attempts = [rehearsal.write_to(f"hannah@site{number}.test")[0] for number in range(12)]
    broken = attempts[5]
    Attempt.objects.filter(pk=broken.pk).update(subject=subject)
    report = rehearsal.send()
    assert (report.sent, states().count("failed")) == (11, 1)
    broken.refresh_from_db()
    assert "could not be built" in broken.reason
    received = {}
    for letter in post_office.letters():
        message = email.message_from_bytes(letter.raw, policy=email.policy.default)
        received[message["Message-ID"]] = (message["To"].addresses[0].addr_spec, message["Subject"])
        token = UnsubscribeToken.objects.get(address=message["To"].addresses[0].addr_spec).token
        assert token in message.get_content()
    sent = Attempt.objects.filter(state=State.SENT)
    assert received == {each.message_id: (each.recipient, each.subject) for each in sent}


def test_a_few_first_letters_are_built_at_once(rehearsal: Letterbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """But none that cannot be built, which fails in its own turn, no follow-up, and none that is built already."""
    monkeypatch.setattr(dispatch, "BUILT_AT_ONCE", 4)
    monkeypatch.setattr(dispatch, "BUILDS_AHEAD_FOR_SECONDS", 60)
    rehearsal.write_to(*(f"hannah@site{number}.test" for number in range(5)))
    token = outbox.take_lease(rehearsal.mailbox)
    assert token is not None
    claimed = outbox.claim(rehearsal.mailbox, token, at_most=5, now=timezone.now())
    first, second, third, fourth, fifth = waiting = list(claimed.attempts)
    second.subject = "A\nB"
    third.kind = Kind.FOLLOW_UP

    def turn() -> dispatch._Slice:
        return dispatch._Slice(rehearsal.mailbox, token, dispatch.Report(), timezone.now)

    work = turn()
    assert first.recipient.encode() in work.compose(claimed, first, waiting).wire
    assert set(work.composed) == {fourth.pk}
    built = work.composed[fourth.pk]
    with pytest.raises(ValueError, match="line"):
        work.compose(claimed, second, waiting[1:])
    work.compose(claimed, third, waiting[2:])
    assert set(work.composed) == {fourth.pk, fifth.pk}
    assert work.composed[fourth.pk] is built
    monkeypatch.setattr(dispatch, "BUILDS_AHEAD_FOR_SECONDS", 0)
    work = turn()
    work.compose(claimed, first, waiting)
    assert not work.composed
    monkeypatch.setattr(dispatch, "BUILDS_AHEAD_FOR_SECONDS", 60)
    rehearsal.mailbox.min_gap_seconds = 30
    work = turn()
    work.compose(claimed, first, waiting)
    assert not work.composed


def test_the_same_address_gets_the_same_letter_once(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    rehearsal.write_to("hannah@somewhere.test")
    rehearsal.send()
    again = rehearsal.queue(Lead.objects.get())
    assert again.attempts == []
    assert "had this letter" in again.refused[0][1]
    twin = rehearsal.lead("Hannah@Somewhere.test")
    assert rehearsal.queue(twin).attempts == [] or twin == Lead.objects.first()
    assert rehearsal.send().sent == 0
    assert len(post_office.letters()) == 1


def test_two_leads_with_one_address_in_one_request(rehearsal: Letterbox) -> None:
    first = rehearsal.lead("hannah@somewhere.test")
    second = rehearsal.lead("other@elsewhere.test")
    second.contact.email_key = "hannah@somewhere.test"  # type: ignore[union-attr]
    second.contact.save()  # type: ignore[union-attr]
    queued = rehearsal.queue(first, second)
    assert len(queued.attempts) == 1
    assert queued.refused[0][0] == second


def test_a_suppressed_address_is_refused_when_queued(rehearsal: Letterbox) -> None:
    lead = rehearsal.lead("hannah@somewhere.test")
    suppress(
        workspace=rehearsal.world.here,
        address="hannah@somewhere.test",
        reason=Suppression.Reason.MANUAL,
        now=timezone.now(),
    )
    queued = rehearsal.queue(lead)
    assert not queued.attempts
    assert "suppression list" in queued.refused[0][1]
    assert AuditEntry.objects.filter(event="letter.decided", policy_result="blocked").exists()


def test_a_suppression_that_comes_after_queueing_wins(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    rehearsal.write_to("hannah@somewhere.test")
    suppress(
        workspace=rehearsal.world.here,
        address="hannah@somewhere.test",
        reason=Suppression.Reason.OPT_OUT,
        now=timezone.now(),
    )
    assert states() == ["blocked"]
    assert rehearsal.send().sent == 0
    assert post_office.letters() == []


def test_a_suppression_between_claim_and_start_wins(rehearsal: Letterbox) -> None:
    rehearsal.write_to("hannah@somewhere.test")
    token = outbox.take_lease(rehearsal.mailbox)
    assert token is not None
    claimed = outbox.claim(rehearsal.mailbox, token, at_most=5, now=timezone.now())
    assert ledger() == {"reserved": 1}
    Suppression.objects.create(workspace=None, scope="domain", value="somewhere.test", reason="manual")
    assert not outbox.start(claimed.attempts[0], rehearsal.mailbox, token)
    outbox.give_back(claimed, claimed.attempts)
    assert ledger() == {"released": 1}


@pytest.mark.parametrize("how", ["pause", "stop", "cancel", "archive", "pause_mailbox", "hold"])
def test_a_pause_acts_before_the_next_letter(rehearsal: Letterbox, how: str) -> None:
    [attempt] = rehearsal.write_to("hannah@somewhere.test")
    token = outbox.take_lease(rehearsal.mailbox)
    assert token is not None
    claimed = outbox.claim(rehearsal.mailbox, token, at_most=5, now=timezone.now())
    now = timezone.now()
    match how:
        case "pause":
            Campaign.objects.get().pause()
        case "stop":
            rehearsal.world.here.stop_sending(now=now)
        case "cancel":
            assert queueing.cancel(attempt, user=rehearsal.world.marketer, now=now)
            assert ledger() == {"released": 1}
        case "archive":
            Campaign.objects.get().archive(now=now)
        case "pause_mailbox":
            Mailbox.objects.update(paused_at=now)
        case "hold":
            Hold.objects.create(workspace=rehearsal.world.here, subject="address:hannah@somewhere.test", reason="?")
    assert not outbox.start(claimed.attempts[0], rehearsal.mailbox, token)


def test_only_one_worker_at_a_mailbox(rehearsal: Letterbox) -> None:
    assert outbox.take_lease(rehearsal.mailbox) is not None
    assert outbox.take_lease(rehearsal.mailbox) is None
    Mailbox.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert outbox.take_lease(rehearsal.mailbox) is not None


def test_the_daily_cap_is_never_passed_and_the_rest_waits_for_midnight(
    rehearsal: Letterbox, post_office: RunningOffice
) -> None:
    rehearsal.world.here.daily_domain_cap = 2
    rehearsal.world.here.save()
    rehearsal.write_to(*[f"person{n}@somewhere.test" for n in range(4)])
    rehearsal.send()
    assert sorted(states()) == ["queued", "queued", "sent", "sent"]
    waiting = Attempt.objects.filter(state=State.QUEUED).first()
    assert waiting is not None
    assert waiting.due_at == rehearsal.world.here.day_bounds(timezone.now())[1]
    assert "midnight" in waiting.reason
    assert len(post_office.letters()) == 2
    deferred = AuditEntry.objects.filter(policy_result="deferred").count()
    assert deferred == 2


def test_the_log_has_each_thing_that_a_letter_waits_for_once(rehearsal: Letterbox) -> None:
    """A limit, and then a hold; after trouble with its server, too, whose sentence stands in the same place."""

    def claim_again() -> list[str]:
        Attempt.objects.update(due_at=timezone.now())
        outbox.claim(rehearsal.mailbox, uuid.uuid4(), at_most=50, now=timezone.now())
        letter.refresh_from_db()
        logged = AuditEntry.objects.filter(about=letter.about, policy_result="deferred").order_by("pk")
        return list(logged.values_list("reason", flat=True))

    rehearsal.world.here.daily_user_cap = 1
    rehearsal.world.here.save()
    rehearsal.write_to("tom@elsewhere.test")
    rehearsal.send()
    [letter] = rehearsal.write_to("hannah@somewhere.test")
    Attempt.objects.filter(pk=letter.pk).update(reason="The server is busy.", tries=1)
    [limit] = claim_again()
    assert limit == letter.reason
    assert claim_again() == [limit]
    hold = holds.place(
        workspace=rehearsal.world.here, subject=rehearsal.campaign.subject, reason="Look.", now=timezone.now()
    )
    assert claim_again() == [limit, "Look."]
    assert (letter.reason, letter.due_at) == ("Look.", None)
    assert claim_again() == [limit, "Look."]
    holds.lift(hold, user=rehearsal.world.owner, now=timezone.now())
    assert claim_again() == [limit, "Look.", limit]


def test_the_hourly_limit_counts_a_sign_in(rehearsal: Letterbox, settings: object) -> None:
    settings.MAX_EMAILS_PER_HOUR = 3  # type: ignore[attr-defined]
    rehearsal.write_to(*[f"person{n}@somewhere{n}.test" for n in range(5)])
    rehearsal.send()
    assert sorted(states()) == ["queued", "queued", "sent", "sent", "sent"]
    waiting = Attempt.objects.filter(state=State.QUEUED).first()
    assert waiting is not None
    assert waiting.due_at is not None
    assert timedelta(minutes=55) < waiting.due_at - timezone.now() <= timedelta(hours=1)


def test_a_rehearsal_never_writes_to_a_real_address(rehearsal: Letterbox) -> None:
    lead = rehearsal.lead("ed@realsite.com")
    queued = rehearsal.queue(lead)
    assert not queued.attempts
    assert "real address" in queued.refused[0][1]


def test_a_real_mailbox_never_writes_to_a_rehearsal(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    queued = box.queue(box.lead("hannah@brightgarden.test"))
    assert not queued.attempts
    assert server.accepted == []


def test_a_region_that_asks_waits_for_the_ground(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    lead = box.lead("redaktion@garten.de")
    [attempt] = box.queue(lead).attempts
    box.send()
    attempt.refresh_from_db()
    assert (attempt.state, attempt.due_at) == (State.QUEUED, None)
    assert "why you may write" in attempt.reason
    assert server.accepted == []
    Attempt.objects.update(ground=Ground.INVITED)
    assert outbox.wake(now=timezone.now()) == 1
    box.send()
    assert len(server.accepted) == 1
    assert ledger() == {"sent": 1}


def test_a_4xx_is_tried_again_later_and_gives_its_place_back(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    server.reply("RCPT", "450 4.2.1 Mailbox busy, try later", times=1)
    [attempt] = box.write_to("ed@site.com")
    box.send()
    attempt.refresh_from_db()
    message_id = attempt.message_id
    assert attempt.state == State.QUEUED
    assert attempt.tries == 1
    assert attempt.due_at is not None
    assert timedelta(seconds=40) < attempt.due_at - timezone.now() < timedelta(seconds=80)
    assert ledger() == {"released": 1}
    Attempt.objects.update(due_at=timezone.now())
    Mailbox.objects.update(next_send_at=timezone.now())
    box.send()
    attempt.refresh_from_db()
    assert attempt.state == State.SENT
    assert attempt.message_id == message_id
    assert len(server.accepted) == 1


def test_five_tries_are_enough(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    server.reply("RCPT", "450 4.2.0 Greylisted")
    [attempt] = box.write_to("ed@site.com")
    for _ in range(7):
        Attempt.objects.filter(state=State.QUEUED).update(due_at=timezone.now())
        Mailbox.objects.update(next_send_at=timezone.now())
        box.send()
    attempt.refresh_from_db()
    assert attempt.state == State.FAILED
    assert attempt.tries == outbox.MAX_TRIES
    assert attempt.reason == "The recipient's server asks to wait. It was tried 5 times."
    assert queueing.requeue(attempt, user=box.world.marketer, now=timezone.now())
    attempt.refresh_from_db()
    assert (attempt.state, attempt.tries) == (State.QUEUED, 0)


def test_what_the_mailbox_may_send_uses_up_no_tries_of_a_letter(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    server.reply("END", "550 5.4.5 Daily user sending limit exceeded", times=8)
    box.write_to("ed@site.com", "ben@other.com")
    for _ in range(8):
        box.send()
        mailbox = Mailbox.objects.get()
        assert mailbox.rests_until is not None
        assert mailbox.rests_until - timezone.now() > timedelta(minutes=59)
        assert states() == ["queued", "queued"]
        Attempt.objects.update(due_at=timezone.now())
        Mailbox.objects.update(next_send_at=timezone.now(), rests_until=None)
    assert list(Attempt.objects.values_list("tries", flat=True)) == [0, 0]
    assert set(ledger()) == {"released"}
    assert box.send().sent == 2
    assert len(server.accepted) == 2


def test_nobody_is_suppressed_where_the_server_speaks_of_our_own_account(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    server.reply("RCPT", "550 Your email account has been disabled")
    box.write_to("ed@site.com", "ben@other.com", "cy@third.com")
    box.send()
    assert states() == ["queued", "queued", "queued"]
    assert not Suppression.objects.exists()
    assert Hold.objects.count() == 1


def test_an_unknown_recipient_is_suppressed_and_the_lead_bounced(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    server.reply("RCPT", "550 5.1.1 User unknown", recipient="gone@site.com")
    box.write_to("gone@site.com", "ed@other.com")
    box.send()
    assert states() == ["failed", "sent"]
    assert Suppression.objects.get().reason == Suppression.Reason.HARD_BOUNCE
    assert set(Lead.objects.values_list("status", flat=True)) == {"bounced", "contacted"}
    assert ledger() == {"released": 1, "sent": 1}


def test_a_broken_connection_after_the_hand_over_is_uncertain_and_never_sent_again(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox(drop="END")
    [attempt] = box.write_to("ed@site.com")
    box.send()
    attempt.refresh_from_db()
    assert attempt.state == State.UNCERTAIN
    assert ledger() == {"uncertain": 1}
    server.drop = None
    Mailbox.objects.update(next_send_at=timezone.now())
    box.send()
    assert len(server.accepted) == 1
    again = box.queue(Lead.objects.get())
    assert again.attempts == []
    # Proof settles it.
    assert queueing.prove_sent([attempt], by="a reply") == 1
    outbox.settle(now=timezone.now())
    assert ledger() == {"sent": 1}
    assert Lead.objects.get().status == Lead.Status.CONTACTED


def test_a_person_may_say_that_it_did_not_arrive_after_ten_minutes(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox(drop="END")
    [attempt] = box.write_to("ed@site.com")
    box.send()
    attempt.refresh_from_db()
    person, now = box.world.marketer, timezone.now()
    assert not queueing.settle_doubt(attempt, arrived=False, user=person, now=now)
    assert queueing.settle_doubt(attempt, arrived=False, user=person, now=now + timedelta(minutes=11))
    assert ledger() == {"released": 1}
    server.drop = None
    Mailbox.objects.update(next_send_at=now)
    Attempt.objects.update(due_at=now)
    box.send()
    ids = {email.message_from_bytes(letter.raw)["Message-ID"] for letter in server.accepted}
    assert ids == {attempt.message_id}


@pytest.mark.parametrize(
    ("knobs", "word"),
    [
        ({"password": "another"}, "password"),
        ({"tls": "none"}, "STARTTLS"),
        ({"certificate": "other_name"}, "certificate"),
        ({"stall": "EHLO"}, ""),
        ({"nonsense": "BANNER"}, ""),
        ({"drop": "BANNER"}, ""),
    ],
)
def test_a_mailbox_in_trouble_says_so_and_loses_nothing(
    faulty_letterbox: Boxes, knobs: dict[str, str], word: str
) -> None:
    box, server = faulty_letterbox(**knobs)
    [attempt] = box.write_to("ed@site.com")
    report = box.send()
    assert report.sent == 0
    attempt.refresh_from_db()
    assert attempt.state == State.QUEUED
    assert attempt.tries == 0
    mailbox = Mailbox.objects.get()
    assert mailbox.sending_state == Mailbox.State.TROUBLE
    assert mailbox.sending_trouble
    assert mailbox.sending_advice
    assert word.lower() in (mailbox.sending_trouble + mailbox.sending_advice).lower()
    assert mailbox.lease_token is None
    assert mailbox.next_send_at > timezone.now()
    assert ledger() == {"released": 1}
    assert server.accepted == []


def test_a_wrong_password_holds_the_mailbox_until_a_person_lifts_it(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox(password="another")
    box.write_to("ed@site.com")
    box.send()
    hold = Hold.objects.get()
    assert hold.subject == f"mailbox:{box.mailbox.pk}"
    server.password = "right-password"
    Mailbox.objects.update(next_send_at=timezone.now())
    connections = server.connections
    box.send()
    assert server.connections == connections  # Nobody knocks while it is held.
    Hold.objects.update(lifted_at=timezone.now())
    box.send()
    assert len(server.accepted) == 1
    assert Mailbox.objects.get().sending_state == Mailbox.State.OK


@pytest.mark.parametrize("line", ["451 4.3.0 Temporary server error", "550 5.7.1 Hourly limit exceeded"])
def test_a_server_that_lets_us_sign_in_and_takes_no_letter_is_in_trouble_since_the_first(
    faulty_letterbox: Boxes, line: str
) -> None:
    box, server = faulty_letterbox()
    box.write_to(*readers(4))
    server.reply("MAIL", line, times=3)
    began_at = timezone.now()

    def after(minutes: int) -> datetime:
        now = began_at + timedelta(minutes=minutes)
        Mailbox.objects.update(next_send_at=now, rests_until=None)
        dispatch.dispatch_mailbox(box.mailbox.pk, clock=lambda: now)
        return now

    failing = [sessions.that_keep_failing(after(minutes)) for minutes in (0, 10, 20)]
    assert failing == [[], [], [box.mailbox]]
    mailbox = Mailbox.objects.get()
    assert (mailbox.sending_state, mailbox.sending_state_at) == (Mailbox.State.TROUBLE, began_at)
    # Even one that it refuses for its own sake shows that the mailbox is well.
    server.reply("RCPT", "550 5.1.1 No such user here")
    now = after(90)
    mailbox.refresh_from_db()
    assert (mailbox.sending_state, mailbox.sending_state_at) == (Mailbox.State.OK, now)
    assert sessions.that_keep_failing(now) == []


def test_a_server_that_passes_nothing_on_for_us_holds_the_mailbox_at_once(faulty_letterbox: Boxes) -> None:
    """Though its code says that it may do so later: each letter would be lost after its last try."""
    box, server = faulty_letterbox()
    server.reply("RCPT", "454 4.7.1 Relay access denied")
    box.write_to(*readers(3))
    box.send()
    assert states() == ["queued"] * 3
    assert Hold.objects.get().subject == f"mailbox:{box.mailbox.pk}"
    assert Mailbox.objects.get().sending_state == Mailbox.State.TROUBLE


def test_a_lapsed_lease_returns_letters_that_were_not_started(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test", "b@somewhere.test")
    token = outbox.take_lease(rehearsal.mailbox)
    assert token is not None
    claimed = outbox.claim(rehearsal.mailbox, token, at_most=5, now=timezone.now())
    assert outbox.start(claimed.attempts[0], rehearsal.mailbox, token)
    past = timezone.now() - timedelta(seconds=1)
    Attempt.objects.update(leased_until=past)
    Mailbox.objects.update(leased_until=past)
    dispatch.tidy_up(now=timezone.now())
    assert states() == ["uncertain", "queued"]
    assert ledger() == {"uncertain": 1, "released": 1}
    assert rehearsal.send().sent == 1
    assert states() == ["uncertain", "sent"]
    assert ledger() == {"uncertain": 1, "released": 1, "sent": 1}


def test_a_claim_takes_the_same_number_of_queries_for_one_as_for_forty(rehearsal: Letterbox) -> None:
    rehearsal.write_to(*[f"person{n}@site{n}.test" for n in range(41)])

    def claim(at_most: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            outbox.claim(rehearsal.mailbox, uuid.uuid4(), at_most=at_most, now=timezone.now())
        return len(captured)

    one, forty = claim(1), claim(40)
    assert SendRecord.objects.count() == 41
    assert forty == one


@pytest.mark.parametrize("by", ["a delivery event", "a copy"])
def test_a_proof_counts_after_somebody_has_said_that_it_did_not_arrive(faulty_letterbox: Boxes, by: str) -> None:
    box, server = faulty_letterbox(drop="END")
    [letter] = box.write_to("ed@site.com")
    box.send()
    Attempt.objects.update(finished_at=timezone.now() - timedelta(minutes=11))
    letter.refresh_from_db()
    assert queueing.settle_doubt(letter, arrived=False, user=box.world.marketer, now=timezone.now())
    assert ledger() == {"released": 1}
    if by == "a copy":
        prove_by_copies(box.mailbox, [letter.message_id])
    else:
        assert queueing.prove_sent([letter], by=by) == 1
    server.drop = None
    Mailbox.objects.update(next_send_at=timezone.now(), rests_until=None)
    box.send()
    assert states() == ["sent"]
    assert ledger() == {"sent": 1}
    assert len(server.accepted) == 1


def test_what_was_sent_through_the_api_loses_its_privileges_with_its_text(faulty_letterbox: Boxes) -> None:
    """A letter that a program had sent by itself needs no ground and no window; one of the launch in its place does."""
    box, server = faulty_letterbox()
    lead = Lead.objects.select_related("contact", "campaign__workspace").get(pk=box.lead("eva@gartenbuch.de").pk)
    one = direct.queue_first(lead, subject="Hallo", body="Hallo.", user=box.world.marketer, now=timezone.now())
    assert isinstance(one, direct.Queued)
    assert queueing.cancel(one.attempt, user=box.world.marketer, now=timezone.now())
    [letter] = box.queue(lead).attempts
    assert letter.pk == one.attempt.pk
    outbox.wake(now=timezone.now())
    box.send()
    letter.refresh_from_db()
    assert (letter.state, letter.asks, letter.is_single) == (State.QUEUED, "region source ", False)
    assert not server.accepted


def handed_over(box: Letterbox, answer: Accepted | NotSent) -> Attempt:
    """A letter whose outcome is written down, and whose consequences are not."""
    token = outbox.take_lease(box.mailbox)
    assert token is not None
    [attempt] = outbox.claim(box.mailbox, token, at_most=1, now=timezone.now()).attempts
    assert outbox.start(attempt, box.mailbox, token)
    outbox.Recorded(attempt, token, answer, timezone.now()).write()
    return attempt


@pytest.mark.parametrize("what", ["lead", "campaign"])
def test_what_became_of_a_letter_is_written_down_before_it_is_deleted(rehearsal: Letterbox, what: str) -> None:
    rehearsal.write_to("hannah@somewhere.test")
    handed_over(rehearsal, Accepted("250 ok"))
    if what == "lead":
        lifecycle.delete_lead(Lead.objects.get(), user=rehearsal.world.owner, now=timezone.now())
    else:
        lifecycle.delete_campaign(Campaign.objects.get(), user=rehearsal.world.owner, now=timezone.now())
    assert ledger() == {"sent": 1}
    assert AuditEntry.objects.filter(event="letter.sent").count() == 1


def test_a_dead_address_is_not_queued_again_before_it_is_known_as_such(rehearsal: Letterbox) -> None:
    rehearsal.write_to("hannah@somewhere.test")
    nobody = MailServerError("No such user.", stage=Stage.RECIPIENT, verdict=Verdict.RECIPIENT_UNKNOWN, permanent=True)
    letter = handed_over(rehearsal, NotSent(nobody))
    assert [sentence for _, sentence in rehearsal.queue(letter.lead).refused] == [queueing.JUST_FAILED]
    assert states() == ["failed"]
    assert Suppression.objects.get().reason == Suppression.Reason.HARD_BOUNCE


def test_a_lead_deleted_in_flight_leaves_the_ledger_right(rehearsal: Letterbox) -> None:
    rehearsal.write_to("a@somewhere.test")
    token = outbox.take_lease(rehearsal.mailbox)
    assert token is not None
    claimed = outbox.claim(rehearsal.mailbox, token, at_most=5, now=timezone.now())
    assert outbox.start(claimed.attempts[0], rehearsal.mailbox, token)
    Lead.objects.all().delete()
    outbox.Recorded(claimed.attempts[0], token, Accepted("ok"), timezone.now()).write()
    assert ledger() == {"sent": 1}


def test_a_copied_database_sends_nothing(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    rehearsal.write_to("a@somewhere.test")
    Installation.objects.update(instance_id="another-server")
    report = rehearsal.send()
    assert "copy" in report.sentence
    assert post_office.letters() == []


def test_a_letter_that_cannot_be_built_does_not_stop_the_others(rehearsal: Letterbox) -> None:
    bad, _ = rehearsal.write_to("a@somewhere.test", "b@somewhere.test")
    Attempt.objects.filter(pk=bad.pk).update(subject="One line\nBcc: everybody@somewhere.test")
    rehearsal.send()
    assert states() == ["failed", "sent"]
    assert ledger() == {"released": 1, "sent": 1}


def test_nor_does_one_that_would_be_built_ahead(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    attempts = rehearsal.write_to(*(f"{name}@somewhere.test" for name in "abcd"))
    Attempt.objects.filter(pk=attempts[1].pk).update(subject="One line\nBcc: everybody@somewhere.test")
    rehearsal.send()
    assert states() == ["sent", "failed", "sent", "sent"]
    assert ledger() == {"released": 1, "sent": 3}
    received = [email.message_from_bytes(each.raw, policy=email.policy.default) for each in post_office.letters()]
    letters = {message["Message-ID"]: message["To"].addresses[0].addr_spec for message in received}
    assert letters == {each.message_id: each.recipient for each in Attempt.objects.filter(state="sent")}


# --- Around the text --------------------------------------------------------------------------------------------------


def test_the_id_that_the_server_writes_is_kept(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    server.reply("END", "250 2.0.0 OK <Written123456@their.prod.outlook.com> [Hostname=x]")
    [attempt] = box.write_to("ada@site.com")
    assert box.send().sent == 1
    attempt.refresh_from_db()
    assert attempt.wire_id == "<Written123456@their.prod.outlook.com>"


def test_a_follow_up_stands_in_the_thread_of_the_first_letter(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    server.reply("END", "250 2.0.0 OK <Written123456@their.prod.outlook.com> [Hostname=x]", times=1)
    [first] = box.write_to("ada@site.com")
    assert box.send().sent == 1
    first.refresh_from_db()
    second = Attempt.objects.get(pk=first.pk)
    second.pk, second.message_id, second.wire_id, second.settled_at = None, "", "", None
    second.step = Step.objects.create(campaign=box.campaign, position=2, letter_subject="x", letter_body="x")
    second.kind, second.state, second.subject = Kind.FOLLOW_UP, State.QUEUED, "Re: An idea"
    second.save()
    assert box.send().sent == 0  # An answer may lie in the mailbox: it is read first.
    box.has_read()
    assert box.send().sent == 1
    message = email.message_from_bytes(server.accepted[1].raw, policy=email.policy.default)
    assert message["In-Reply-To"] == message["References"] == first.wire_id
    second.refresh_from_db()
    assert (second.in_reply_to, second.references) == (first.wire_id, first.wire_id)


def test_a_letter_is_kept_as_it_left(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    rehearsal.campaign.with_html = True
    rehearsal.campaign.reply_to = "team@rehearsal.test"
    rehearsal.campaign.save()
    [attempt] = rehearsal.write_to("hannah@somewhere.test")
    assert rehearsal.send().sent == 1
    rehearsal.world.identity.signature = "Somebody else"
    rehearsal.world.identity.save()
    attempt = Attempt.objects.get(pk=attempt.pk)
    token = UnsubscribeToken.objects.get().token
    arrived = email.message_from_bytes(post_office.letters()[0].raw, policy=email.policy.default)
    kept = email.message_from_bytes(as_sent(attempt), policy=email.policy.default)
    for header in ("From", "To", "Reply-To", "Subject", "Message-ID", "Content-Type"):
        assert arrived[header] == kept[header]
    for there, here in zip(arrived.iter_parts(), kept.iter_parts(), strict=True):
        assert there.get_content().replace(token, "their-own-link") == here.get_content()
