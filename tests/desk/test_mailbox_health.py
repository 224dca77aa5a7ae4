"""How the mailboxes do: their last session, what failed lately, and which keep failing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns import sessions
from campaigns.dispatch import Report
from campaigns.models import Session
from compliance.models import Hold
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World
from tests.desk.conftest import Desk

State = Mailbox.State


def session(desk: Desk, *, ago: timedelta, trouble: str = "", sent: int = 0) -> None:
    at = timezone.now() - ago
    report = Report(sent=sent, not_sent=2, sentence=trouble)
    sessions.keep(desk.mailbox, report, began_at=at - timedelta(seconds=20), ended_at=at)


def text_of(world: World) -> str:
    return world.client(world.viewer).get(reverse("desk:mailbox_health", args=["orchard"])).content.decode()


def test_it_looks_again_only_while_something_moves(world: World, desk: Desk) -> None:
    assert 'hx-trigger="every 3s"' not in text_of(world)
    desk.letter()
    assert 'hx-trigger="every 3s"' in text_of(world)
    Hold.objects.create(workspace=world.here, subject=f"mailbox:{desk.mailbox.pk}", reason="It cannot send.")
    assert 'hx-trigger="every 3s"' not in text_of(world)


def test_the_last_session_and_the_last_day(world: World, desk: Desk, other_desk: Desk) -> None:
    session(other_desk, ago=timedelta(minutes=1), trouble="Theirs alone.")
    session(desk, ago=timedelta(hours=30), sent=100)
    session(desk, ago=timedelta(hours=2), sent=4)
    session(desk, ago=timedelta(minutes=3), trouble="The server closed the conversation.", sent=1)
    text = " ".join(text_of(world).split())
    assert "1 sent, 2 refused" in text
    assert "The server closed the conversation." in text
    assert "5 sent in 2 sessions, 4 refused; 1 session ended in trouble" in text
    assert "Theirs alone." not in text
    assert reverse("mailboxes:mailbox_list", args=["orchard"]) + f"#mailbox-{desk.mailbox.pk}" in text


def test_why_it_is_held(world: World, desk: Desk) -> None:
    Hold.objects.create(workspace=world.here, subject=f"mailbox:{desk.mailbox.pk}", reason="Too many bounces.")
    assert "Too many bounces." in text_of(world)


def test_without_a_mailbox(world: World) -> None:
    assert "No mailbox yet" in text_of(world)


def test_it_is_for_readers_of_this_workspace(world: World, desk: Desk) -> None:
    url = reverse("desk:mailbox_health", args=["orchard"])
    assert world.client(world.stranger).get(url).status_code == 404
    assert world.client(world.owner).post(url).status_code == 405


def test_the_number_of_queries_does_not_grow(
    world: World, desk: Desk, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        Mailbox.objects.create(workspace=world.here, email=f"m{number}@o.example", smtp_host="h", smtp_user=f"{number}")
    client, url = world.client(world.viewer), reverse("desk:mailbox_health", args=["orchard"])
    client.get(url)
    # Three of them ask whether anything moves, and so whether the page looks again.
    with django_assert_max_num_queries(18):
        client.get(url)


# --- Which keep failing


def failing(now_ahead: timedelta = timedelta(0)) -> list[int]:
    return [mailbox.pk for mailbox in sessions.that_keep_failing(timezone.now() + now_ahead)]


def test_one_failure_is_no_news_three_are(desk: Desk) -> None:
    since = timezone.now() - timedelta(minutes=20)
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(sending_state=State.TROUBLE, sending_state_at=since)
    session(desk, ago=timedelta(minutes=21), trouble="No answer.")
    session(desk, ago=timedelta(minutes=19), trouble="No answer.")
    session(desk, ago=timedelta(minutes=10), trouble="No answer.")
    assert failing() == [], "one of the three was before it last worked"
    session(desk, ago=timedelta(minutes=5), trouble="No answer.")
    assert failing() == [desk.mailbox.pk]
    Mailbox.objects.update(paused_at=timezone.now())
    assert failing() == [], "somebody has seen to it"


def test_trouble_of_a_minute_is_no_news(desk: Desk) -> None:
    now = timezone.now()
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(sending_state=State.TROUBLE, sending_state_at=now)
    Hold.objects.create(workspace=desk.workspace, subject=f"mailbox:{desk.mailbox.pk}", reason="Its password.")
    assert failing() == []
    assert failing(sessions.KEEPS_FAILING_AFTER) == [desk.mailbox.pk], "held until somebody looks"


@pytest.mark.parametrize(("failures", "is_failing"), [(2, False), (3, True)])
def test_polls_that_fail_again_and_again(desk: Desk, failures: int, is_failing: bool) -> None:
    since = timezone.now() - timedelta(hours=1)
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(
        receiving_state=State.TROUBLE, receiving_state_at=since, poll_failures=failures
    )
    assert bool(failing()) is is_failing


def test_old_sessions_are_forgotten(desk: Desk) -> None:
    session(desk, ago=timedelta(days=8))
    session(desk, ago=timedelta(days=6))
    sessions.forget_old(now=timezone.now())
    assert Session.objects.count() == 1
