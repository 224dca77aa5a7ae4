"""The queue page and what can be done there."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns import dead_letters, following, queueing
from campaigns.models import Attempt, Campaign, Launch, Step
from campaigns.tallies import Tally
from compliance import holds
from compliance.models import AuditEntry, Hold, Kind, SendRecord
from inbox.models import FolderCursor
from outreach_site.desk.models import Heartbeat
from outreach_site.desk.queue import Asked, Show, page
from outreach_site.mailboxes.models import Mailbox, Provider
from tests.conftest import World
from tests.desk.conftest import Desk

State = Attempt.State
QUEUE = "/w/orchard/queue/"
ACTIONS = [
    "desk:letter_cancel",
    "desk:letter_put_back",
    "desk:letter_requeue",
    "desk:letter_give_up",
    "desk:letter_take_up",
    "desk:letter_arrived",
    "desk:letter_lost",
]
# For each action a letter in the state it is for, and the state it leads to.
CHANGES = {
    "desk:letter_cancel": (State.QUEUED, State.CANCELLED),
    "desk:letter_put_back": (State.CANCELLED, State.QUEUED),
    "desk:letter_requeue": (State.FAILED, State.QUEUED),
    "desk:letter_give_up": (State.FAILED, State.CANCELLED),
    "desk:letter_take_up": (State.CANCELLED, State.FAILED),
    "desk:letter_arrived": (State.UNCERTAIN, State.SENT),
    "desk:letter_lost": (State.UNCERTAIN, State.QUEUED),
}
# Why it is in that state, where the action asks.
REASONS = {
    "desk:letter_put_back": queueing.TAKEN_BACK,
    "desk:letter_take_up": f"{dead_letters.GIVEN_UP} Nobody has this address.",
}
LONG_AGO = timedelta(minutes=11)


def a_letter(desk: Desk, action: str) -> Attempt:
    """That the action is for."""
    state, _ = CHANGES[action]
    ended = timezone.now() - LONG_AGO if state != State.QUEUED else None
    return desk.letter(state, finished_at=ended, settled_at=ended, reason=REASONS.get(action, ""))


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
        shown = page(world.here, Asked(show=show), now=timezone.now())
        assert [row.letter.pk for row in shown.rows] == [letter.pk for letter in letters], show
        assert shown.tally == Tally(waiting=1, asking=1, sending=1, uncertain=1, failed=1)
        text = world.client(world.owner).get(QUEUE, {"show": show.value}).content.decode()
        assert all(letter.subject in text for letter in letters)


def test_next_letters_in_the_order_in_which_they_leave(world: World, desk: Desk) -> None:
    now = timezone.now()
    late, soon = desk.letter(due_at=now + timedelta(hours=2)), desk.letter(due_at=now + timedelta(minutes=1))
    shown = page(world.here, Asked(show=Show.NEXT), now=now)
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


@pytest.mark.parametrize("show", ["asking", "uncertain", "failed", "history"])
def test_a_later_page_that_is_empty_is_the_first_one(world: World, desk: Desk, show: str) -> None:
    states = {"asking": State.QUEUED, "uncertain": State.UNCERTAIN, "failed": State.FAILED, "history": State.SENT}
    letter = desk.letter(states[show], due_at=None)
    client, past_the_end = world.client(world.owner), str(10**9) if show == "asking" else "1"
    for headers in ({}, {"HX-Request": "true"}):
        text = client.get(QUEUE, {"show": show, "before": past_the_end}, headers=headers).content.decode()
        assert f'id="letter-{letter.pk}"' in text
        assert "Earlier page" not in text


def test_the_first_page_stands_after_the_last_letter_of_the_second_was_decided(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outreach_site.desk.queue.ROWS", 1)
    last, first = (desk.letter(State.UNCERTAIN, finished_at=timezone.now() - LONG_AGO) for _ in range(2))
    url, form = reverse("desk:letter_arrived", args=["orchard", last.pk]), {"show": "uncertain", "before": first.pk}
    text = world.client(world.owner).post(url, form, headers={"HX-Request": "true"}).content.decode()
    assert f'id="letter-{first.pk}"' in text
    assert "Nothing is in doubt" not in text


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
    Attempt.objects.filter(pk=letter.pk).update(due_at=timezone.now(), kind=Kind.FOLLOW_UP)
    assert not looks_again()
    Attempt.objects.filter(pk=letter.pk).update(kind=Kind.FIRST)
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


def test_silent_workers_are_called_out_once_and_waited_for_slowly(world: World, desk: Desk) -> None:
    desk.letter()
    client = world.client(world.owner)
    Heartbeat.beat("mail", host="here", now=timezone.now() - timedelta(minutes=6))
    for path in (QUEUE, f"{QUEUE}mailboxes/"):
        assert 'hx-trigger="every 30s"' in client.get(path).content.decode()
    silent = '<div class="notice" data-tone="bad"{}>'
    assert silent.format(' role="alert"') in client.get(QUEUE).content.decode()
    renewed = client.get(QUEUE, headers={"HX-Request": "true"}).content.decode()
    assert silent.format("") in renewed
    assert "alert" not in renewed
    Heartbeat.beat("mail", host="here", now=timezone.now())
    assert 'hx-trigger="every 3s"' in client.get(QUEUE, headers={"HX-Request": "true"}).content.decode()


def test_why_it_waits_is_the_mailboxs_hold(world: World, desk: Desk) -> None:
    desk.letter()
    Hold.objects.create(workspace=world.here, subject=f"mailbox:{desk.mailbox.pk}", reason="The password was refused.")
    [row] = page(world.here, Asked(show=Show.NEXT), now=timezone.now()).rows
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


def test_who_may_not_send_gets_the_letters_of_the_history_as_files(world: World, desk: Desk) -> None:
    letter = desk.letter(State.SENT, message_id="<one@orchard.example>")
    text = world.client(world.viewer).get(QUEUE, {"show": "history"}).content.decode()
    assert f'href="{reverse("campaigns:attempt_eml", args=["orchard", letter.pk])}"' in text
    assert "<button" not in text.partition('class="table-wrap"')[2].partition("</table>")[0]


def test_nothing_of_another_workspace(world: World, desk: Desk, other_desk: Desk) -> None:
    theirs = other_desk.letter()
    other_desk.record(theirs, at=timezone.now())
    shown = page(world.here, Asked(show=Show.NEXT), now=timezone.now())
    assert shown.rows == []
    assert shown.tally.waiting == shown.sent_today == 0
    assert [card.mailbox.pk for card in shown.mailboxes] == [desk.mailbox.pk]


def test_letters_of_a_turn_that_lasts_still_have_left_today(world: World, desk: Desk) -> None:
    now = timezone.now()
    desk.record(desk.letter(State.SENT, settled_at=now), at=now)
    desk.record(desk.letter(State.SENT), state=SendRecord.State.RESERVED, at=now)
    desk.record(desk.letter(State.SENDING), state=SendRecord.State.RESERVED, at=now)
    desk.letter(State.UNCERTAIN)
    assert page(world.here, Asked(show=Show.NEXT), now=now).sent_today == 2


@pytest.mark.parametrize(
    ("waits", "words"),
    [(timedelta(seconds=20), "Under a minute"), (timedelta(minutes=3), "3\N{NO-BREAK SPACE}minutes")],
)
def test_the_longest_wait_in_words(world: World, desk: Desk, waits: timedelta, words: str) -> None:
    now = timezone.now()
    assert page(world.here, Asked(show=Show.NEXT), now=now).longest_wait == ""
    desk.letter(due_at=now - waits)
    desk.letter(due_at=now - timedelta(seconds=1))
    assert page(world.here, Asked(show=Show.NEXT), now=now).longest_wait == words


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
    with django_assert_max_num_queries(22):
        client.get(QUEUE)
    with django_assert_max_num_queries(16):
        client.get(QUEUE, headers={"HX-Request": "true"})


# --- What can be done with one letter


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_works_and_is_recorded(world: World, desk: Desk, action: str) -> None:
    _, after = CHANGES[action]
    letter = a_letter(desk, action)
    answer = world.client(world.marketer).post(reverse(action, args=["orchard", letter.pk]), {"show": "failed"})
    assert answer.status_code == 302
    assert answer["Location"] == f"{QUEUE}?show=failed"
    assert state_of(letter) == after
    assert AuditEntry.objects.filter(about=letter.about, user_id=world.marketer.pk).exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_with_htmx_answers_with_the_tab(world: World, desk: Desk, action: str) -> None:
    _, after = CHANGES[action]
    letter = a_letter(desk, action)
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
    letter, theirs = a_letter(desk, action), a_letter(other_desk, action)
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
    assert reverse("desk:letter_put_back", args=["orchard", letter.pk]) in answer["HX-Trigger"]


def test_a_follow_up_that_is_put_back_leaves_at_its_own_time(world: World, desk: Desk) -> None:
    first = desk.letter(State.SENT, finished_at=timezone.now() - timedelta(hours=2), settled_at=timezone.now())
    step = Step.objects.create(campaign=first.campaign, position=2, wait_days=5, letter_body="Once more.")
    following.catch_up(first.campaign, now=timezone.now())
    letter = Attempt.objects.get(step=step)
    client = world.client(world.owner)
    client.post(reverse("desk:letter_cancel", args=["orchard", letter.pk]))
    client.post(reverse("desk:letter_put_back", args=["orchard", letter.pk]))
    again = Attempt.objects.get(pk=letter.pk)
    assert (again.state, again.due_at) == (State.QUEUED, letter.due_at)


def test_giving_up_can_be_undone_and_sends_nothing(world: World, desk: Desk) -> None:
    letter = desk.letter(State.FAILED, settled_at=timezone.now(), reason="The server refused this letter.")
    client = world.client(world.owner)
    answer = client.post(reverse("desk:letter_give_up", args=["orchard", letter.pk]), headers={"HX-Request": "true"})
    undo = reverse("desk:letter_take_up", args=["orchard", letter.pk])
    assert undo in answer["HX-Trigger"]
    client.post(undo)
    again = Attempt.objects.get(pk=letter.pk)
    assert (again.state, again.reason) == (State.FAILED, letter.reason)


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


def test_resuming_says_what_still_keeps_every_letter(world: World, desk: Desk) -> None:
    client, url, now = world.client(world.marketer), reverse("desk:sending_resume", args=["orchard"]), timezone.now()
    [mailbox] = Mailbox.objects.in_workspace(world.here)
    assert "Sending goes on." in client.post(url, follow=True).content.decode()
    mailbox.pause(now=now)
    said = f"nothing leaves yet. The mailbox {mailbox.email} is paused: an owner resumes it under Settings, Mailboxes."
    assert said in client.post(url, follow=True).content.decode()
    mailbox.resume()
    holds.place(workspace=world.here, subject=f"mailbox:{mailbox.pk}", reason="It bounces.", now=now)
    assert "yet. It bounces. Lift it under Compliance" in client.post(url, follow=True).content.decode()


@pytest.mark.parametrize("action", ["desk:sending_stop", "desk:sending_resume"])
def test_stopping_is_for_senders_of_this_workspace(world: World, action: str) -> None:
    url = reverse(action, args=["orchard"])
    assert world.client(world.stranger).post(url).status_code == 404
    assert world.client(world.viewer).post(url).status_code == 403
    assert world.client(world.owner).get(url).status_code == (405 if action.endswith("resume") else 200)
    answer = world.client(world.owner).post(url, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == QUEUE


def test_stopping_asks_first_and_the_page_says_who_did_and_when(world: World, desk: Desk) -> None:
    client, url = world.client(world.marketer), reverse("desk:sending_stop", args=["orchard"])
    page_text = client.get(url).content.decode()
    assert "Stop all sending of Orchard?" in page_text
    assert f'action="{url}"' in page_text
    assert "<html" not in client.get(url, headers={"HX-Request": "true"}).content.decode()
    world.here.refresh_from_db()
    assert world.here.sending_stopped_at is None, "asking stops nothing"
    assert f'hx-get="{url}"' in client.get(QUEUE).content.decode()
    client.post(url)
    said = client.get(QUEUE).content.decode()
    assert f"{world.marketer.get_full_name() or world.marketer.email} stopped it" in said
    assert "</time>. Nothing is lost" in said, "no space before the full stop"
    assert "All sending is stopped in this workspace, by" in said, "the banner of every page"


def test_a_page_that_renews_itself_hears_of_another_who_stops_and_resumes(world: World, desk: Desk) -> None:
    desk.letter(State.SENDING)

    def renewed() -> str:
        return world.client(world.owner).get(QUEUE, headers={"HX-Request": "true"}).content.decode()

    assert "Stop all sending" in renewed()
    world.here.stop_sending(now=timezone.now())
    stopped = renewed()
    assert 'id="queue-actions" hx-swap-oob="true"' in stopped
    assert "Resume sending" in stopped
    assert "Stop all sending" not in stopped
    assert "All sending is stopped in this workspace" in stopped, "the banner"
    world.here.resume_sending()
    assert "Stop all sending" in renewed()
    assert "stopped in this workspace" not in renewed()
    assert "Stop all" not in world.client(world.viewer).get(QUEUE, headers={"HX-Request": "true"}).content.decode()


# --- All that waits


@pytest.mark.parametrize("level", ["workspace", "campaign", "mailbox"])
def test_all_that_waits_is_taken_back_after_a_question(
    world: World, desk: Desk, other_desk: Desk, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    waiting = [desk.letter(), desk.letter(due_at=None)]
    others = [desk.letter(State.SENDING), desk.letter(State.FAILED), other_desk.letter()]
    query = {"workspace": "", "campaign": f"?campaign={desk.campaign.pk}", "mailbox": f"?mailbox={desk.mailbox.pk}"}
    url = reverse("desk:letters_cancel", args=["orchard"]) + query[level]
    client = world.client(world.marketer)
    asked = client.get(url).content.decode()
    assert "Take back 2 letters" in asked
    assert f'action="{url}"' in asked
    assert "<html" not in client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert [state_of(letter) for letter in waiting] == [State.QUEUED] * 2, "asking takes nothing back"
    monkeypatch.setattr("outreach_site.desk.queue_views.AT_MOST_SECONDS", 0)
    assert "2 letters still waiting: press again" in client.post(url, follow=True).content.decode()
    monkeypatch.undo()
    before = [state_of(letter) for letter in others]
    answer = client.post(url, follow=True)
    assert answer.redirect_chain
    assert "taken back." in answer.content.decode()
    assert [state_of(letter) for letter in waiting] == [State.CANCELLED] * 2
    assert [state_of(letter) for letter in others] == before
    assert [message.level_tag for message in client.post(url, follow=True).context["messages"]] == ["error"]
    entry = AuditEntry.objects.get(event="letters.cancelled")
    assert (entry.about.partition(":")[0], entry.user_id) == (level, world.marketer.pk)


def test_taking_all_back_is_for_senders_and_of_this_workspace_alone(world: World, desk: Desk, other_desk: Desk) -> None:
    url = reverse("desk:letters_cancel", args=["orchard"])
    assert world.client(world.stranger).post(url).status_code == 404
    assert world.client(world.viewer).post(url).status_code == 403
    theirs = other_desk.letter()
    foreign = (f"campaign={other_desk.campaign.pk}", f"mailbox={other_desk.mailbox.pk}", "campaign=x", "mailbox=²")
    for query in foreign:
        assert world.client(world.owner).post(f"{url}?{query}").status_code == 404, query
    assert state_of(theirs) == State.QUEUED
    answer = world.client(world.owner).post(url, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == QUEUE


def test_taking_all_back_stands_where_letters_wait(world: World, desk: Desk) -> None:
    url = reverse("desk:letters_cancel", args=["orchard"])
    client = world.client(world.marketer)
    campaign_url = reverse("campaigns:campaign_detail", args=["orchard", desk.campaign.pk])
    health_url = reverse("desk:mailbox_health", args=["orchard"])
    assert url not in client.get(QUEUE).content.decode() + client.get(campaign_url).content.decode()
    desk.letter(State.SENDING)
    assert url not in client.get(QUEUE).content.decode() + client.get(health_url).content.decode()
    letter = desk.letter(due_at=None)
    assert f'href="{url}"' in client.get(QUEUE).content.decode()
    assert f"{url}?campaign={desk.campaign.pk}" in client.get(campaign_url).content.decode()
    assert f"{url}?mailbox={desk.mailbox.pk}" in client.get(health_url).content.decode()
    later = timezone.now() + timedelta(minutes=1)
    Attempt.objects.filter(pk=letter.pk).update(lease_token=uuid.uuid4(), leased_until=later, due_at=later)
    assert f"{url}?mailbox={desk.mailbox.pk}" in client.get(health_url).content.decode()
    assert url not in world.client(world.viewer).get(health_url).content.decode()


def test_nobody_is_asked_to_take_back_nothing(world: World, desk: Desk) -> None:
    client, url = world.client(world.marketer), reverse("desk:letters_cancel", args=["orchard"])
    for query in ("", f"?mailbox={desk.mailbox.pk}"):
        answer = client.get(url + query, follow=True)
        assert answer.redirect_chain
        assert "waits any more." in answer.content.decode()
        assert client.get(url + query, headers={"HX-Request": "true"})["HX-Redirect"]
    Launch.objects.create(campaign=desk.campaign, user=world.marketer, after=0)
    assert "Take back all that waits?" in client.get(url).content.decode(), "what is left of a launch can be ended"
    assert client.get(f"{url}?mailbox={desk.mailbox.pk}").status_code == 302


def test_a_mailbox_that_starts_slowly_says_how_far_it_may_go_today(world: World, desk: Desk) -> None:
    desk.record(desk.letter(State.SENT), at=timezone.now())
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(ramps_up=True, daily_limit=400)
    health_url = reverse("desk:mailbox_health", args=["orchard"])
    pages = (QUEUE, health_url, reverse("mailboxes:mailbox_list", args=["orchard"]))
    for url in pages:
        text = world.client(world.owner).get(url).content.decode()
        assert "1 of 10 letters" in text, url
        assert "Slow start: 10 a day now" in text, url
    assert "1 of 10" in world.client(world.owner).get(reverse("compliance:health", args=["orchard"])).content.decode()
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(daily_limit=5)
    text = world.client(world.owner).get(health_url).content.decode()
    assert "1 of 5 letters" in text
    assert "Slow start" not in text


# --- Several at once


@pytest.mark.parametrize(
    ("action", "state"), [("desk:letters_requeue", State.QUEUED), ("desk:letters_give_up", State.CANCELLED)]
)
def test_several_letters_that_could_not_be_sent(
    world: World, desk: Desk, other_desk: Desk, action: str, state: str
) -> None:
    url = reverse(action, args=["orchard"])
    chosen, left, theirs = (
        a_letter(desk, "desk:letter_requeue"),
        a_letter(desk, "desk:letter_requeue"),
        a_letter(other_desk, "desk:letter_requeue"),
    )
    sent = desk.letter(State.SENT)
    ticked = {"letter": [chosen.pk, sent.pk, theirs.pk, "x", ""], "show": "failed"}
    assert world.client(world.stranger).post(url, ticked).status_code == 404
    assert world.client(world.viewer).post(url, ticked).status_code == 403
    assert world.client(world.owner).get(url).status_code == 405
    answer = world.client(world.marketer).post(url, ticked)
    assert answer["Location"] == f"{QUEUE}?show=failed"
    assert [state_of(one) for one in (chosen, left, theirs, sent)] == [state, State.FAILED, State.FAILED, State.SENT]
    assert AuditEntry.objects.filter(about=chosen.about, user_id=world.marketer.pk).exists()
    answer = world.client(world.marketer).post(
        url, {"letter": [left.pk], "show": "failed"}, headers={"HX-Request": "true"}
    )
    assert answer.content.decode().lstrip().startswith('<div id="queue-live"')
    assert "toasts" in answer["HX-Trigger"]
    assert state_of(left) == state
    answer = world.client(world.marketer).post(url, {"show": "failed"}, follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]


def test_what_is_given_up_keeps_what_the_server_said(world: World, desk: Desk) -> None:
    letter = desk.letter(State.FAILED, settled_at=timezone.now(), reason="No such person.", server_words="550 5.1.1")
    world.client(world.owner).post(reverse("desk:letter_give_up", args=["orchard", letter.pk]))
    letter.refresh_from_db()
    assert letter.reason == "Given up by hand. No such person."
    assert letter.server_words == "550 5.1.1"


def test_a_failure_whose_consequences_are_not_drawn_yet_is_not_given_up(world: World, desk: Desk) -> None:
    """Its place in the ledger is given back by the settling of a failed letter."""
    letter = desk.letter(State.FAILED, settled_at=None)
    world.client(world.owner).post(reverse("desk:letter_give_up", args=["orchard", letter.pk]))
    assert state_of(letter) == State.FAILED


# --- Why it waits, and what was looked for


def test_why_it_waits(world: World, desk: Desk) -> None:
    letter = desk.letter(reason="The day is full.")

    def why() -> str:
        [row] = page(world.here, Asked(), now=timezone.now()).rows
        return row.why

    assert why() == "The day is full."
    Attempt.objects.update(kind=Kind.FOLLOW_UP)
    Mailbox.objects.update(imap_host="")
    assert why().startswith("No replies are read for its mailbox")
    Mailbox.objects.update(imap_host="mail.example", polled_at=None)
    assert why() == "Its mailbox is read first: an answer may have come."
    Mailbox.objects.update(polled_at=timezone.now())
    assert why() == "The day is full."
    Mailbox.objects.update(paused_at=timezone.now())
    assert why() == "The mailbox is paused."
    Hold.objects.create(workspace=world.here, subject=letter.campaign.subject, reason="Too many bounces.")
    assert why() == "Too many bounces."
    Campaign.objects.update(state=Campaign.State.PAUSED)
    assert why() == "The campaign is paused."


def test_the_evidence_that_was_looked_for(world: World, desk: Desk) -> None:
    ended = timezone.now() - LONG_AGO
    desk.letter(State.UNCERTAIN, finished_at=ended)

    def evidence() -> list[str]:
        [row] = page(world.here, Asked(show=Show.UNCERTAIN), now=timezone.now()).rows
        return [one.sentence for one in row.evidence]

    assert evidence() == [
        "The folder of sent mail is not read here: look there yourself.",
        "Replies and bounces have not been read since.",
    ]
    Mailbox.objects.update(polled_at=timezone.now(), provider=Provider.SENDGRID)
    FolderCursor.objects.create(mailbox=desk.mailbox, folder="Sent", uid_validity=1)
    assert evidence() == [
        "No copy in “Sent” so far.",
        "No reply and no bounce has come.",
        "The provider has not said that it was delivered.",
    ]
    FolderCursor.objects.update(folder="INBOX/Gesendete Objekte")
    assert evidence()[0] == "No copy in “INBOX/Gesendete Objekte” so far."
    Mailbox.objects.update(imap_host="")
    assert evidence()[1] == "No replies or bounces are read for this mailbox."
    Attempt.objects.update(mailbox=None)
    assert evidence() == ["Its mailbox was removed: nothing can be looked for."]
    assert "nothing can be looked for" in world.client(world.viewer).get(QUEUE, {"show": "uncertain"}).content.decode()


# --- The history


def test_history_by_state_and_by_address(world: World, desk: Desk, other_desk: Desk) -> None:
    sent, failed = desk.letter(State.SENT), desk.letter(State.FAILED)
    theirs = other_desk.letter(State.SENT)
    client = world.client(world.viewer)

    def shown(**query: str) -> list[int]:
        answer = client.get(QUEUE, {"show": "history"} | query)
        return [row.letter.pk for row in answer.context["page"].rows]

    assert shown() == [failed.pk, sent.pk]
    assert shown(state="failed") == [failed.pk]
    assert shown(state="queued") == [failed.pk, sent.pk], "no state of the history"
    assert shown(q=sent.recipient.upper()) == [sent.pk]
    assert shown(q=f"https://www.{sent.lead.site_key}/about") == [sent.pk]
    assert shown(q=sent.recipient, state="failed") == []
    assert shown(q=theirs.recipient) in ([], [sent.pk]), "theirs is never shown"
    assert shown(q="no address @") == []
    assert shown(q="%") == []


def test_the_filter_stays_from_page_to_page_and_through_an_action(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outreach_site.desk.queue.ROWS", 1)
    first, _ = desk.letter(State.CANCELLED), desk.letter(State.CANCELLED)
    client = world.client(world.owner)
    answer = client.get(QUEUE, {"show": "history", "state": "cancelled"})
    assert "state=cancelled" in answer.context["next_url"]
    answer = client.post(
        reverse("desk:letter_requeue", args=["orchard", first.pk]), {"show": "history", "state": "cancelled"}
    )
    assert answer["Location"] == f"{QUEUE}?show=history&state=cancelled"


def test_the_other_tabs_renew_their_head_alone(world: World, desk: Desk) -> None:
    desk.letter(State.SENDING)
    desk.letter(State.FAILED)
    text = world.client(world.owner).get(QUEUE, {"show": "failed"}).content.decode()
    assert 'hx-select="#queue-head"' in text
    assert text.count('hx-trigger="every 3s"') == 1


def test_each_part_reads_an_index(world: World, desk: Desk) -> None:
    """A plan that scans attempts would make the page slower with every letter ever sent."""
    if connection.vendor != "sqlite":
        pytest.skip("reads SQLite's plans")
    desk.letter()
    with CaptureQueriesContext(connection) as caught:
        for show in Show:
            page(world.here, Asked(show=show), now=timezone.now())
    plans = []
    with connection.cursor() as cursor:
        for query in caught:
            if query["sql"].startswith("SELECT") and "campaigns_attempt" in query["sql"]:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                plans += [(row[3], query["sql"]) for row in cursor.fetchall()]
    assert plans
    assert [plan for plan in plans if plan[0].startswith("SCAN campaigns_attempt")] == []
    assert any("attempts_next" in words for words, _ in plans)
    assert any("attempts_by_state" in words for words, _ in plans)
