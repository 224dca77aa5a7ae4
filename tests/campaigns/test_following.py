"""What follows a letter: the next step, once, at its time, to whoever is still silent; and what an edit changes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns import dead_letters, following, outbox, queueing, restoring, to_do
from campaigns.lifecycle import change_status
from campaigns.models import Attempt, Campaign, Lead, Step, Task
from campaigns.rota import CannotQueueError
from campaigns.turns import Fitting, next_letters
from campaigns.variants import variant_of
from compliance import suppression
from compliance.models import Kind, SendRecord, Suppression
from outreach_site.accounts import installation
from outreach_site.mailboxes.models import Mailbox
from tests.campaigns.conftest import Room

State = Attempt.State
BERLIN = ZoneInfo("Europe/Berlin")
# A Tuesday before any holiday.
TUESDAY = datetime(2026, 6, 9, 10, 0, tzinfo=BERLIN)


def add_step(room: Room, position: int = 2, **fields: object) -> Step:
    return Step.objects.create(
        **{
            "campaign": room.campaign,
            "position": position,
            "wait_days": 3,
            "letter_body": "Hi {name|there}, once more about {topic}.",
        }
        | fields
    )


def send(*letters: Attempt, at: datetime = TUESDAY) -> None:
    """What a worker would have written down, and its consequences."""
    Attempt.objects.filter(pk__in=[letter.pk for letter in letters]).update(
        state=State.SENT, finished_at=at, message_id=F("pk"), settled_at=None
    )
    assert outbox.settle(now=at) == len(letters)


def follow_up(lead: Lead) -> Attempt:
    return Attempt.objects.get(lead=lead, kind=Kind.FOLLOW_UP)


@pytest.fixture
def sent(room: Room) -> Attempt:
    """A first letter that has left, in a campaign with a second step."""
    add_step(room)
    [letter] = room.queue(room.leads[0])
    send(letter)
    letter.refresh_from_db()
    return letter


class TestTheNextStep:
    def test_is_queued_when_the_step_before_has_left(self, sent: Attempt) -> None:
        letter = follow_up(sent.lead)
        assert letter.state == State.QUEUED
        assert letter.due_at == datetime(2026, 6, 12, 10, 0, tzinfo=BERLIN)
        assert (letter.recipient, letter.mailbox_id, letter.user_id) == (sent.recipient, sent.mailbox_id, sent.user_id)
        assert letter.subject == f"Re: {sent.subject}"
        assert letter.body == "Hi Hannah Lindqvist, once more about beds."
        assert (letter.workspace_id, letter.follows_at, letter.begins_thread) == (sent.workspace_id, TUESDAY, False)

    def test_comes_once_whoever_settles_and_however_often(self, sent: Attempt) -> None:
        for _ in range(2):
            Attempt.objects.filter(pk=sent.pk).update(settled_at=None)
            outbox.settle(now=TUESDAY)
        assert Attempt.objects.filter(lead=sent.lead).count() == 2

    def test_under_a_subject_of_its_own(self, room: Room) -> None:
        add_step(room, new_thread=True, letter_subject="Another idea for {website}")
        [letter] = room.queue(room.leads[1])
        send(letter)
        second = follow_up(letter.lead)
        assert (second.subject, second.begins_thread) == ("Another idea for Balcony Harvest", True)

    def test_follows_the_one_before_it(self, sent: Attempt, room: Room) -> None:
        add_step(room, 3, wait_days=1)
        send(follow_up(sent.lead), at=datetime(2026, 6, 12, 10, 0, tzinfo=BERLIN))
        third = Attempt.objects.get(lead=sent.lead, step__position=3)
        assert third.due_at == datetime(2026, 6, 15, 10, 0, tzinfo=BERLIN)
        assert third.subject == f"Re: {sent.subject}"

    def test_that_cannot_be_filled_is_held_back_and_says_why(self, room: Room) -> None:
        step = add_step(room, letter_body="Hi {name}")
        [letter] = room.queue(room.leads[1])  # nobody knows the name
        send(letter)
        held = follow_up(letter.lead)
        assert (held.state, held.reason) == (State.BLOCKED, "There is nothing to put in for {name}.")
        step.letter_body = "Hi {name|there}"
        step.save()
        following.refresh(room.campaign, now=TUESDAY)
        held.refresh_from_db()
        assert (held.state, held.body, held.reason) == (State.QUEUED, "Hi there", "")

    def test_waits_over_weekends_and_the_recipients_holidays(self, room: Room) -> None:
        add_step(room, wait_days=1)
        lead = room.lead("gartenfreund.de", "ada@gartenfreund.de")
        [letter] = room.queue(lead)
        # Friday; Monday is Whit Monday in Germany (25 May 2026).
        send(letter, at=datetime(2026, 5, 22, 10, 0, tzinfo=BERLIN))
        assert follow_up(lead).due_at == datetime(2026, 5, 26, 10, 0, tzinfo=BERLIN)

    def test_is_never_taken_for_the_letter_before_it(self, room: Room) -> None:
        """An hour less on the day when clocks jump would make the same subject a duplicate within 24 hours."""
        add_step(room, wait_days=1, new_thread=False)
        [letter] = room.queue(room.leads[0])
        before_the_jump = datetime(2027, 3, 26, 12, 0, tzinfo=BERLIN)
        room.campaign.send_days, room.campaign.send_from, room.campaign.send_until = "0123456", time(0), time(23, 59)
        send(letter, at=before_the_jump)
        due_at = follow_up(letter.lead).due_at
        assert due_at is not None
        assert due_at - before_the_jump >= timedelta(hours=24)

    def test_costs_the_same_for_many(self, room: Room, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        add_step(room)
        leads = [room.lead(f"site{n}.com", f"ed@site{n}.com") for n in range(30)]
        letters = room.queue(*leads)
        few, many = letters[:2], letters[2:]
        for some in (few, many):
            for letter in some:
                letter.finished_at = TUESDAY
            with django_assert_num_queries(6):  # steps, leads, identities, regions, restored?, letters
                assert following.after(some, now=TUESDAY) == len(some)

    def test_costs_one_query_where_there_is_none(
        self, room: Room, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        letters = room.queue(*room.leads[:2])
        with django_assert_num_queries(1):
            assert following.after(letters, now=TUESDAY) == 0


class TestWhatStopsIt:
    def test_a_status(self, sent: Attempt, room: Room) -> None:
        change_status(sent.lead, Lead.Status.PLACED, user=room.world.marketer, now=TUESDAY)
        assert follow_up(sent.lead).state == State.CANCELLED

    def test_an_answer_before_the_consequences_of_the_letter_are_drawn(self, room: Room) -> None:
        add_step(room)
        [letter] = room.queue(room.leads[0])
        Lead.objects.filter(pk=letter.lead_id).update(status=Lead.Status.REPLIED)
        send(letter)
        assert not Attempt.objects.filter(kind=Kind.FOLLOW_UP).exists()

    def test_an_opt_out(self, sent: Attempt, room: Room) -> None:
        suppression.suppress(
            workspace=room.world.here, address=sent.recipient, reason=Suppression.Reason.OPT_OUT, now=TUESDAY
        )
        assert follow_up(sent.lead).state == State.BLOCKED

    def test_somebody_else_at_the_company(self, sent: Attempt, room: Room) -> None:
        assert queueing.stop_at_companies(["gmail.com"], workspace=room.world.here, now=TUESDAY) == 0
        assert queueing.stop_at_companies(["brightgarden.com"], workspace=room.world.elsewhere, now=TUESDAY) == 0
        assert queueing.stop_at_companies(["brightgarden.com"], workspace=room.world.here, now=TUESDAY) == 1
        assert follow_up(sent.lead).reason == queueing.COLLEAGUE_ANSWERED

    def test_nobody_at_a_mail_provider_speaks_for_the_others(self, room: Room) -> None:
        add_step(room)
        [letter] = room.queue(room.lead("anna.blog", "anna@gmail.com"))
        send(letter)
        assert queueing.stop_at_companies(["gmail.com"], workspace=room.world.here, now=TUESDAY) == 0
        assert follow_up(letter.lead).state == State.QUEUED

    @pytest.mark.parametrize("status", [Lead.Status.REPLIED, Lead.Status.LOST, Lead.Status.PLACED])
    def test_also_where_it_could_not_be_filled(self, room: Room, status: Lead.Status) -> None:
        """Or the first change of the step, of the hours or of the name would write to somebody who has answered."""
        step = add_step(room, letter_body="Hi {name}")
        [letter] = room.queue(room.leads[1])  # nobody knows the name
        send(letter)
        assert follow_up(letter.lead).state == State.BLOCKED
        change_status(letter.lead, status, user=room.world.marketer, now=TUESDAY)
        Step.objects.filter(pk=step.pk).update(letter_body="Hi {name|there}")
        following.refresh(room.campaign, now=TUESDAY)
        assert follow_up(letter.lead).state == State.CANCELLED

    def test_no_change_of_its_step_brings_back_what_is_suppressed(self, sent: Attempt, room: Room) -> None:
        suppression.suppress(
            workspace=room.world.here, address=sent.recipient, reason=Suppression.Reason.OPT_OUT, now=TUESDAY
        )
        following.refresh(room.campaign, now=TUESDAY)
        letter = follow_up(sent.lead)
        assert (letter.state, letter.reason) == (State.BLOCKED, following.SUPPRESSED)

    def test_what_waits_again_says_what_its_step_says_now(self, sent: Attempt) -> None:
        queueing.cancel_waiting(sent.lead, reason="They answered.", now=TUESDAY)
        Step.objects.filter(position=2).update(letter_body="Hi {custom_hobby}")
        assert following.go_on([sent.lead_id], reason="They answered.", now=TUESDAY) == 0
        letter = follow_up(sent.lead)
        assert (letter.state, letter.reason) == (State.BLOCKED, "Nothing fills {custom_hobby}.")

    def test_nothing_is_queued_again_while_something_in_it_is_open(self, room: Room) -> None:
        step = add_step(room, letter_body="Hi {name}")
        [letter] = room.queue(room.leads[1])
        send(letter)
        held = follow_up(letter.lead)
        with pytest.raises(CannotQueueError, match=r"nothing to put in for \{name\}\. Mend the step's text"):
            queueing.requeue(held, user=room.world.marketer, now=TUESDAY)
        assert follow_up(letter.lead).state == State.BLOCKED
        Step.objects.filter(pk=step.pk).update(letter_body="Hi {name|there}")
        assert queueing.requeue(held, user=room.world.marketer, now=TUESDAY)
        held.refresh_from_db()
        assert (held.state, held.body) == (State.QUEUED, "Hi there")

    def test_and_an_answer_that_was_none_sets_it_going_again(self, sent: Attempt) -> None:
        queueing.cancel_waiting(sent.lead, reason="They answered.", now=TUESDAY)
        assert following.go_on([sent.lead_id], reason="They answered.", now=TUESDAY + timedelta(days=1)) == 1
        letter = follow_up(sent.lead)
        assert (letter.state, letter.due_at) == (State.QUEUED, datetime(2026, 6, 12, 10, 0, tzinfo=BERLIN))


class TestWhatDelaysIt:
    def test_an_absence(self, sent: Attempt) -> None:
        following.postpone({sent.lead_id: date(2026, 6, 22)}, now=TUESDAY)
        assert follow_up(sent.lead).due_at == datetime(2026, 6, 22, 10, 0, tzinfo=BERLIN)

    def test_an_absence_that_was_told_before_the_letter_was_settled(self, room: Room) -> None:
        add_step(room)
        following.postpone({room.leads[0].pk: date(2026, 6, 22)}, now=TUESDAY)
        [letter] = room.queue(room.leads[0])
        send(letter)
        assert follow_up(letter.lead).due_at == datetime(2026, 6, 22, 10, 0, tzinfo=BERLIN)

    def test_but_no_machine_is_believed_for_years(self, sent: Attempt) -> None:
        following.postpone({sent.lead_id: date(2099, 1, 1)}, now=TUESDAY)
        assert follow_up(sent.lead).due_at == datetime(2026, 6, 12, 10, 0, tzinfo=BERLIN)

    def test_a_window(self, room: Room) -> None:
        add_step(room)
        window(room.campaign, "01", 14, 16)
        [letter] = room.queue(room.leads[0])
        send(letter)
        # Friday morning at the earliest, and then only Monday afternoon.
        assert follow_up(letter.lead).due_at == datetime(2026, 6, 15, 14, 0, tzinfo=BERLIN)

    def test_the_recipients_own_window(self, room: Room) -> None:
        add_step(room)
        window(room.campaign, "01234", 9, 17, in_their_zone=True)
        lead = room.lead("garden.co.nz", "ada@garden.co.nz")
        [letter] = room.queue(lead)
        send(letter)  # 20:00 in Auckland
        due_at = follow_up(lead).due_at
        assert due_at is not None
        assert due_at.astimezone(ZoneInfo("Pacific/Auckland")).time() == time(9)

    def test_an_unread_mailbox(self, sent: Attempt, room: Room) -> None:
        letter = follow_up(sent.lead)
        assert letter.due_at is not None
        now = letter.due_at + timedelta(hours=1)
        [other] = room.queue(room.leads[1])
        Attempt.objects.filter(pk=other.pk).update(due_at=now)

        def turn() -> list[int]:
            return next_letters(room.mailbox, Fitting.any(5), at_most=5, now=now)

        assert turn() == [other.pk]  # never read
        mailbox = Mailbox.objects.filter(pk=room.mailbox.pk)
        mailbox.update(imap_host="imap.orchard.example", polled_at=letter.due_at - timedelta(seconds=1))
        assert turn() == [other.pk]  # read before it fell due
        mailbox.update(polled_at=letter.due_at)
        assert turn() == [letter.pk, other.pk]


def window(campaign: Campaign, days: str, opens: int, closes: int, **fields: object) -> None:
    for name, value in {"send_days": days, "send_from": time(opens), "send_until": time(closes), **fields}.items():
        setattr(campaign, name, value)
    campaign.save()


class TestEdits:
    def test_a_letter_that_waits_takes_over_the_new_text_and_wait(self, sent: Attempt, room: Room) -> None:
        Step.objects.filter(position=2).update(letter_body="Shorter.", wait_days=5)
        assert following.refresh(room.campaign, now=TUESDAY) is None
        letter = follow_up(sent.lead)
        assert (letter.body, letter.due_at) == ("Shorter.", datetime(2026, 6, 16, 10, 0, tzinfo=BERLIN))

    def test_but_not_what_a_person_has_approved(self, sent: Attempt, room: Room) -> None:
        Attempt.objects.filter(pk=follow_up(sent.lead).pk).update(approved_at=TUESDAY, body="As I want it.")
        Step.objects.filter(position=2).update(letter_body="Shorter.")
        following.refresh(room.campaign, now=TUESDAY)
        assert follow_up(sent.lead).body == "As I want it."

    def test_first_letters_keep_their_text_and_move_with_the_window(self, room: Room) -> None:
        window(room.campaign, "0", 9, 10)
        [letter] = room.queue(room.leads[0])
        body, before = letter.body, letter.due_at
        room.step.letter_body = "New."
        room.step.save()
        window(room.campaign, "0", 11, 12)
        following.refresh(room.campaign, now=timezone.now())
        letter.refresh_from_db()
        assert letter.due_at == before
        following.refresh(room.campaign, windows=True, now=timezone.now())
        letter.refresh_from_db()
        assert letter.body == body
        assert letter.due_at != before
        assert letter.due_at is not None
        assert letter.due_at.astimezone(BERLIN).time() == time(11)

    def test_a_step_that_is_added_reaches_who_has_had_all_before_it(self, sent: Attempt, room: Room) -> None:
        send(follow_up(sent.lead), at=datetime(2026, 6, 12, 10, 0, tzinfo=BERLIN))
        add_step(room, 3)
        now = datetime(2026, 6, 15, 10, 0, tzinfo=BERLIN)
        assert following.catch_up(room.campaign, now=now) is None
        following.catch_up(room.campaign, now=now)
        third = Attempt.objects.get(step__position=3)
        assert third.due_at == datetime(2026, 6, 17, 10, 0, tzinfo=BERLIN)

    @pytest.mark.parametrize("why", ["long ago", "taken back by hand", "answered"])
    def test_and_nobody_else(self, sent: Attempt, room: Room, why: str) -> None:
        now = TUESDAY + timedelta(days=5)
        if why == "taken back by hand":
            queueing.cancel(follow_up(sent.lead), user=room.world.marketer, now=now)
        else:
            send(follow_up(sent.lead), at=TUESDAY)
            if why == "answered":
                Lead.objects.update(status=Lead.Status.REPLIED)
            else:
                now += following.REACHES_BACK
        add_step(room, 3)
        following.catch_up(room.campaign, now=now)
        assert not Attempt.objects.filter(step__position=3).exists()

    def test_a_step_that_is_taken_out_gives_way_to_the_next(self, sent: Attempt, room: Room) -> None:
        step = Step.objects.get(position=2)
        add_step(room, 3)
        Step.objects.filter(pk=step.pk).update(retired_at=TUESDAY)
        assert queueing.take_out_step(step, now=TUESDAY) == 1
        following.catch_up(room.campaign, now=TUESDAY)
        waiting = Attempt.objects.get(lead=sent.lead, state=State.QUEUED)
        assert waiting.step is not None
        assert waiting.step.position == 3


def has_forgotten(span: timedelta, *, now: datetime) -> None:
    """The database is restored from a backup of so long ago. Its log, which the test cannot change, says otherwise."""
    installation.claim_anew(restored_from_at=now - span, now=now)


class TestARestoredDatabase:
    """It has forgotten what left since the backup: nobody may get a step twice because of it."""

    def test_doubts_what_an_edit_may_have_let_go_earlier(self, room: Room) -> None:
        now = timezone.now()
        add_step(room, wait_days=30)
        [letter] = room.queue(room.leads[0])
        send(letter, at=now - timedelta(days=3))
        window(room.campaign, str((now.weekday() + 2) % 7), 9, 10)
        [first] = room.queue(room.leads[1])
        assert first.due_at is not None
        assert first.due_at > now
        restoring.after_restore(now - timedelta(hours=5), now=now)
        first.refresh_from_db()
        assert (follow_up(letter.lead).state, first.state) == (State.UNCERTAIN, State.UNCERTAIN)

    def test_and_what_follows_a_letter_that_may_have_left_in_that_time(self, room: Room) -> None:
        now = timezone.now()
        add_step(room)
        [letter] = room.queue(room.leads[0])
        Attempt.objects.update(created_at=now - timedelta(days=9), due_at=now - timedelta(hours=1))
        restoring.after_restore(now - timedelta(hours=5), now=now)
        letter.refresh_from_db()
        assert letter.state == State.UNCERTAIN
        assert queueing.settle_doubt(letter, arrived=True, user=room.world.marketer, now=now)
        outbox.settle(now=now)
        second = follow_up(letter.lead)
        assert (second.state, second.reason) == (State.CANCELLED, following.MAY_HAVE_LEFT)

    @pytest.mark.parametrize(("wait", "state"), [(1, State.CANCELLED), (12, State.QUEUED)])
    def test_and_what_follows_a_letter_that_was_not_settled_yet(self, room: Room, wait: int, state: str) -> None:
        """Its follow-up was queued after the backup, and has left where its wait was over in that time."""
        now = timezone.now()
        taken_at = now - timedelta(days=5)
        add_step(room, wait_days=wait)
        [letter] = room.queue(room.leads[0])
        Attempt.objects.update(
            created_at=taken_at - timedelta(days=1),
            state=State.SENT,
            message_id="<one@orchard.example>",
            finished_at=taken_at - timedelta(seconds=5),
            settled_at=None,
        )
        has_forgotten(timedelta(days=5), now=now)
        outbox.settle(now=now)
        assert follow_up(letter.lead).state == state

    def test_and_a_step_that_was_added_in_that_time_and_is_added_again(self, room: Room) -> None:
        now, long_ago = timezone.now(), timezone.now() - timedelta(days=10)
        [letter] = room.queue(room.leads[0])
        Attempt.objects.update(created_at=long_ago)
        send(letter, at=long_ago)
        has_forgotten(timedelta(days=4), now=now)
        add_step(room)
        following.catch_up(room.campaign, now=now)
        second = follow_up(letter.lead)
        assert (second.state, second.reason) == (State.CANCELLED, following.MAY_HAVE_LEFT)

    def test_and_what_follows_a_task_that_may_have_been_done_in_that_time(self, room: Room) -> None:
        now, long_ago = timezone.now(), timezone.now() - timedelta(days=10)
        add_step(room, kind=Step.Kind.TASK, wait_days=1, letter_subject="Call them")
        add_step(room, 3, wait_days=1)
        [letter] = room.queue(room.leads[0])
        Attempt.objects.update(created_at=long_ago)
        send(letter, at=long_ago)
        has_forgotten(timedelta(days=4), now=now)
        assert to_do.finish(Task.objects.select_related("campaign__workspace").get(), user=room.world.marketer, now=now)
        assert follow_up(letter.lead).reason == following.MAY_HAVE_LEFT

    def test_and_what_an_answer_had_stopped(self, sent: Attempt) -> None:
        now = timezone.now()
        queueing.cancel_waiting(sent.lead, reason="They answered.", now=now - timedelta(days=5))
        has_forgotten(timedelta(days=4), now=now)
        assert following.go_on([sent.lead_id], reason="They answered.", now=now) == 0
        letter = follow_up(sent.lead)
        assert (letter.state, letter.reason) == (State.CANCELLED, following.MAY_HAVE_LEFT)

    def test_but_goes_on_after_what_has_left_since(self, room: Room) -> None:
        now = timezone.now()
        add_step(room)
        restoring.after_restore(now - timedelta(hours=5), now=now)
        Lead.objects.filter(pk=room.leads[0].pk).update(created_at=now + timedelta(minutes=1))
        [letter] = room.queue(Lead.objects.get(pk=room.leads[0].pk))
        send(letter, at=now)
        assert follow_up(letter.lead).state == State.QUEUED

    def test_first_letters_to_those_who_were_known_are_queued_by_a_person(self, room: Room) -> None:
        """Whoever had no letter in the backup may have got one after it: a launch, or its rest that waits in the tasks
        of the backup, may not write to them by itself.
        """
        now, known = timezone.now(), room.leads[:2]
        restoring.after_restore(now - timedelta(hours=5), now=now)
        for _ in range(2):
            assert room.queue(*known) == []
            kept_back = Attempt.objects.filter(state=State.FAILED, reason=following.MAY_HAVE_LEFT)
            assert {each.lead_id for each in kept_back} == {lead.pk for lead in known}
            outbox.settle(now=now)
        assert not SendRecord.objects.exists()
        chosen = [each.pk for each in kept_back]
        given_up, *others = chosen
        assert dead_letters.give_up(room.world.here, [given_up], user=room.world.marketer, now=now) == 1
        assert room.queue(*known) == []
        assert dead_letters.requeue_all(room.world.here, others, user=room.world.marketer, now=now) == len(others)
        assert room.queue(*known) == []
        queued = Attempt.objects.filter(state=State.QUEUED).values_list("pk", flat=True)
        assert sorted(queued) == sorted(others)


class TestTasks:
    def test_a_task_waits_for_a_person_and_then_comes_the_next_letter(self, room: Room) -> None:
        add_step(room, kind=Step.Kind.TASK, letter_subject="Comment on their post", wait_days=2)
        add_step(room, 3, wait_days=1)
        [letter] = room.queue(room.leads[0])
        send(letter)
        task = Task.objects.get()
        assert task.due_at == datetime(2026, 6, 11, 10, 0, tzinfo=BERLIN)
        assert not Task.objects.due(TUESDAY).exists()
        task.done_at = datetime(2026, 6, 12, 9, 0, tzinfo=BERLIN)
        task.save()
        assert following.after_tasks([task], now=task.done_at) == 1
        assert follow_up(letter.lead).due_at == datetime(2026, 6, 15, 9, 0, tzinfo=BERLIN)

    def test_an_answer_ends_it(self, room: Room) -> None:
        add_step(room, kind=Step.Kind.TASK, letter_subject="Call them")
        [letter] = room.queue(room.leads[0])
        send(letter)
        assert Task.objects.open().exists()
        change_status(letter.lead, Lead.Status.REPLIED, user=room.world.marketer, now=TUESDAY)
        assert not Task.objects.open().exists()


class TestVariants:
    def test_half_of_the_leads_get_each_and_always_the_same(self) -> None:
        step = Step(pk=7, other_subject="B")
        given = [variant_of(step, lead) for lead in range(1, 1001)]
        assert given == [variant_of(step, lead) for lead in range(1, 1001)]
        assert 450 < given.count("A") < 550

    def test_are_written_and_recorded(self, room: Room) -> None:
        Step.objects.filter(pk=room.step.pk).update(other_subject="Second")
        leads = [room.lead(f"site{n}.com", f"ed@site{n}.com") for n in range(12)]
        letters = room.queue(*leads)
        assert {letter.variant for letter in letters} == {"A", "B"}
        assert all((letter.subject == "Second") == (letter.variant == "B") for letter in letters)
