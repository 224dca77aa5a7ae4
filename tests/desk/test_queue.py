"""The queue page and what can be done there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Attempt
from compliance.models import AuditEntry, Hold, SendRecord
from outreach_site.desk.models import Heartbeat
from outreach_site.desk.queue import Show, page
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World
from tests.desk.conftest import Desk

State = Attempt.State
QUEUE = "/w/orchard/queue/"
ACTIONS = ["desk:letter_cancel", "desk:letter_requeue", "desk:letter_arrived", "desk:letter_lost"]
# For each action a letter in the state it is for, and the state it leads to.
CHANGES = {
    "desk:letter_cancel": (State.QUEUED, State.CANCELLED),
    "desk:letter_requeue": (State.FAILED, State.QUEUED),
    "desk:letter_arrived": (State.UNCERTAIN, State.SENT),
    "desk:letter_lost": (State.UNCERTAIN, State.QUEUED),
}
LONG_AGO = timedelta(minutes=11)


def a_letter(desk: Desk, state: Attempt.State) -> Attempt:
    return desk.letter(state, finished_at=timezone.now() - LONG_AGO if state != State.QUEUED else None)


def state_of(letter: Attempt) -> str:
    return Attempt.objects.get(pk=letter.pk).state


# --- What it shows


def test_every_letter_stands_on_its_tab(world: World, desk: Desk) -> None:
    made = {
        Show.NEXT: [desk.letter(State.SENDING), desk.letter()],
        Show.ASKING: [desk.letter(due_at=None)],
        Show.UNCERTAIN: [desk.letter(State.UNCERTAIN)],
        Show.FAILED: [desk.letter(State.FAILED)],
    }
    ended = [desk.letter(State.SENT), desk.letter(State.BLOCKED), desk.letter(State.CANCELLED)]
    made[Show.HISTORY] = [*reversed(ended), *made[Show.FAILED]]
    for show, letters in made.items():
        shown = page(world.here, show=show, older_than=None, now=timezone.now())
        assert [row.letter.pk for row in shown.rows] == [letter.pk for letter in letters], show
        assert shown.counts.next == shown.counts.asking == shown.counts.uncertain == shown.counts.failed == 1
        text = world.client(world.owner).get(QUEUE, {"show": show.value}).content.decode()
        assert all(letter.subject in text for letter in letters)


def test_next_letters_in_the_order_in_which_they_leave(world: World, desk: Desk) -> None:
    now = timezone.now()
    late, soon = desk.letter(due_at=now + timedelta(hours=2)), desk.letter(due_at=now + timedelta(minutes=1))
    shown = page(world.here, show=Show.NEXT, older_than=None, now=now)
    assert [row.letter.pk for row in shown.rows] == [soon.pk, late.pk]


def test_history_is_paged_by_key(world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outreach_site.desk.queue.ROWS", 2)
    letters = [desk.letter(State.SENT) for _ in range(5)]
    client, seen, url = world.client(world.owner), [], f"{QUEUE}?show=history"
    for _ in range(3):
        shown = client.get(url)
        seen += [row.letter.pk for row in shown.context["page"].rows]
        url = shown.context["next_url"]
    assert seen == [letter.pk for letter in reversed(letters)]
    assert url == ""


@pytest.mark.parametrize("query", ["?show=nonsense", "?show=history&before=x", "?show=history&before=-1", "?before=²"])
def test_a_mistyped_address_is_no_error(world: World, desk: Desk, query: str) -> None:
    assert world.client(world.owner).get(QUEUE + query).status_code == 200


def test_use_of_each_mailbox(world: World, desk: Desk) -> None:
    now = timezone.now()
    for _ in range(3):
        desk.record(desk.letter(State.SENT), at=now)
    desk.record(desk.letter(State.FAILED), state=SendRecord.State.RELEASED, at=now)
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(hourly_limit=10)
    text = world.client(world.owner).get(QUEUE).content.decode()
    assert "Letters in the last sixty minutes: 3 of 10" in text


def test_it_looks_again_only_while_something_moves(world: World, desk: Desk) -> None:
    client = world.client(world.owner)

    def looks_again() -> bool:
        return 'hx-trigger="every 3s"' in client.get(QUEUE).content.decode()

    assert not looks_again()
    letter = desk.letter(due_at=timezone.now() + timedelta(hours=3))
    assert not looks_again()
    Attempt.objects.filter(pk=letter.pk).update(due_at=timezone.now())
    assert looks_again()
    Hold.objects.create(workspace=world.here, subject=f"mailbox:{desk.mailbox.pk}", reason="It cannot send.")
    assert not looks_again()
    Hold.objects.all().delete()
    world.here.stop_sending(now=timezone.now())
    assert not looks_again()
    Attempt.objects.filter(pk=letter.pk).update(state=State.SENDING)
    assert looks_again()


def test_the_workers_pulse(world: World, desk: Desk) -> None:
    client = world.client(world.owner)
    assert "The workers have not been seen yet" in client.get(QUEUE).content.decode()
    Heartbeat.beat("mail", host="here", now=timezone.now())
    assert "At work" in client.get(QUEUE).content.decode()
    Heartbeat.beat("mail", host="here", now=timezone.now() - timedelta(minutes=6))
    assert "The workers are silent" in client.get(QUEUE).content.decode()


def test_why_it_waits_is_the_mailboxs_hold(world: World, desk: Desk) -> None:
    desk.letter()
    Hold.objects.create(workspace=world.here, subject=f"mailbox:{desk.mailbox.pk}", reason="The password was refused.")
    [row] = page(world.here, show=Show.NEXT, older_than=None, now=timezone.now()).rows
    assert row.why == "The password was refused."


def test_a_letter_that_waits_for_a_decision_leads_to_it(world: World, desk: Desk) -> None:
    desk.letter(due_at=None, reason="Germany asks for consent.")
    text = world.client(world.marketer).get(QUEUE, {"show": "asking"}).content.decode()
    assert reverse("campaigns:attempt_list", args=["orchard", desk.campaign.pk]) in text


def test_a_viewer_sees_no_buttons(world: World, desk: Desk) -> None:
    desk.letter()
    text = world.client(world.viewer).get(QUEUE).content.decode()
    assert "Take back" not in text
    assert "Stop all sending" not in text


def test_nothing_of_another_workspace(world: World, desk: Desk, other_desk: Desk) -> None:
    theirs = other_desk.letter()
    other_desk.record(theirs, at=timezone.now())
    shown = page(world.here, show=Show.NEXT, older_than=None, now=timezone.now())
    assert shown.rows == []
    assert shown.counts.next == shown.counts.sent_today == 0
    assert [card.mailbox.pk for card in shown.mailboxes] == [desk.mailbox.pk]


def test_the_partial(world: World, desk: Desk) -> None:
    desk.letter()
    answer = world.client(world.owner).get(QUEUE, headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div id="queue-live"')


def test_the_number_of_queries_does_not_grow(
    world: World, desk: Desk, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = world.client(world.owner)
    client.get(QUEUE)
    for _ in range(15):
        desk.letter()
        desk.record(desk.letter(State.SENT), at=timezone.now())
    with django_assert_max_num_queries(18):
        client.get(QUEUE)
    with django_assert_max_num_queries(15):
        client.get(QUEUE, headers={"HX-Request": "true"})


# --- What can be done with one letter


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_works_and_is_recorded(world: World, desk: Desk, action: str) -> None:
    before, after = CHANGES[action]
    letter = a_letter(desk, before)
    answer = world.client(world.marketer).post(reverse(action, args=["orchard", letter.pk]), {"show": "failed"})
    assert answer.status_code == 302
    assert answer["Location"] == f"{QUEUE}?show=failed"
    assert state_of(letter) == after
    assert AuditEntry.objects.filter(about=letter.about, user_id=world.marketer.pk).exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_with_htmx_answers_with_the_tab(world: World, desk: Desk, action: str) -> None:
    before, after = CHANGES[action]
    letter = a_letter(desk, before)
    answer = world.client(world.marketer).post(
        reverse(action, args=["orchard", letter.pk]), {"show": "uncertain"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert answer.content.decode().lstrip().startswith('<div id="queue-live"')
    assert "toasts" in answer["HX-Trigger"]
    assert state_of(letter) == after


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_for_senders_of_this_workspace(world: World, desk: Desk, other_desk: Desk, action: str) -> None:
    before, _ = CHANGES[action]
    letter, theirs = a_letter(desk, before), a_letter(other_desk, before)
    url = reverse(action, args=["orchard", letter.pk])
    assert world.client(world.stranger).post(url).status_code == 404
    assert world.client(world.viewer).post(url).status_code == 403
    assert world.client(world.officer).post(url).status_code == 403
    assert world.client(world.owner).get(url).status_code == 405
    # Their letter under our address: the wall stands inside the view too.
    assert world.client(world.owner).post(reverse(action, args=["orchard", theirs.pk])).status_code == 404
    assert {state_of(letter), state_of(theirs)} == {before}


@pytest.mark.parametrize("action", ACTIONS)
def test_too_late_is_said_and_changes_nothing(world: World, desk: Desk, action: str) -> None:
    letter = desk.letter(State.SENT)
    answer = world.client(world.owner).post(reverse(action, args=["orchard", letter.pk]), follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert state_of(letter) == State.SENT


def test_it_did_not_arrive_may_be_said_after_ten_minutes(world: World, desk: Desk) -> None:
    letter = desk.letter(State.UNCERTAIN, finished_at=timezone.now() - timedelta(minutes=9))
    client = world.client(world.owner)
    assert "send again</button>" not in client.get(QUEUE, {"show": "uncertain"}).content.decode()
    client.post(reverse("desk:letter_lost", args=["orchard", letter.pk]))
    assert state_of(letter) == State.UNCERTAIN


def test_taking_back_can_be_undone(world: World, desk: Desk) -> None:
    letter = desk.letter()
    answer = world.client(world.owner).post(
        reverse("desk:letter_cancel", args=["orchard", letter.pk]), headers={"HX-Request": "true"}
    )
    assert reverse("desk:letter_requeue", args=["orchard", letter.pk]) in answer["HX-Trigger"]


# --- Stop all sending


def test_stop_and_resume(world: World, desk: Desk) -> None:
    client = world.client(world.marketer)
    answer = client.post(reverse("desk:sending_stop", args=["orchard"]), follow=True)
    assert "All sending is stopped" in answer.content.decode()
    world.here.refresh_from_db()
    assert world.here.sending_stopped_at is not None
    client.post(reverse("desk:sending_stop", args=["orchard"]))
    answer = client.post(reverse("desk:sending_resume", args=["orchard"]), follow=True)
    assert "Stop all sending" in answer.content.decode()
    world.here.refresh_from_db()
    assert world.here.sending_stopped_at is None
    events = AuditEntry.objects.filter(event__startswith="sending.").order_by("pk").values_list("event", flat=True)
    assert list(events) == ["sending.stopped", "sending.resumed"]


@pytest.mark.parametrize("action", ["desk:sending_stop", "desk:sending_resume"])
def test_stopping_is_for_senders_of_this_workspace(world: World, action: str) -> None:
    url = reverse(action, args=["orchard"])
    assert world.client(world.stranger).post(url).status_code == 404
    assert world.client(world.viewer).post(url).status_code == 403
    assert world.client(world.owner).get(url).status_code == 405
    answer = world.client(world.owner).post(url, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == QUEUE
