"""/health/ and `check_health`: well or not, how old things are, and nothing about anybody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Attempt
from compliance.models import Hold, Kind
from outreach_site.accounts.models import Installation
from outreach_site.desk.heartbeat import CLUSTERS
from outreach_site.desk.models import Heartbeat
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World
from tests.desk.conftest import Desk


@pytest.fixture
def beating(world: World) -> None:
    for cluster in CLUSTERS:
        Heartbeat.beat(cluster, host="here", now=timezone.now())


def test_all_is_well(world: World, beating: None, capsys: pytest.CaptureFixture[str]) -> None:
    answer = world.client().get("/health/")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["redis"] is None
    assert answer.json()["workers"]["mail"]["ok"]
    assert "no-store" in answer["Cache-Control"]
    call_command("check_health")
    assert capsys.readouterr().out == "All is well.\n"


def test_workers_that_were_never_seen(world: World) -> None:
    answer = world.client().get("/health/")
    assert answer.status_code == 503
    assert answer.json()["workers"]["mail"] == {
        "ok": False,
        "seen_seconds_ago": None,
        "hosts": 0,
        "silent_hosts": 0,
    }


def test_a_silent_cluster(world: World, beating: None) -> None:
    Heartbeat.beat("long", host="here", now=timezone.now() - timedelta(minutes=5))
    answer = world.client().get("/health/")
    assert answer.status_code == 503
    assert answer.json()["workers"]["mail"]["ok"]
    assert not answer.json()["workers"]["long"]["ok"]
    with pytest.raises(CommandError, match="The workers of “long” were last seen at"):
        call_command("check_health")


def test_letters_that_nobody_takes(world: World, beating: None, desk: Desk) -> None:
    long_ago = timezone.now() - timedelta(minutes=20)
    letter = desk.letter(due_at=long_ago)
    # The mailbox has just sent: it is busy with the letters before.
    assert world.client().get("/health/").status_code == 200
    Mailbox.objects.update(next_send_at=long_ago)
    answer = world.client().get("/health/")
    assert answer.status_code == 503
    assert answer.json()["oldest_due_letter_seconds"] >= 1200
    assert letter.recipient not in answer.content.decode()
    # One that waits for a person is nobody's failure.
    Hold.objects.create(workspace=world.here, subject=f"mailbox:{desk.mailbox.pk}", reason="It cannot send.")
    assert world.client().get("/health/").status_code == 200


def test_a_follow_up_that_waits_until_its_inbox_was_read_is_nobodys_failure(
    world: World, beating: None, desk: Desk
) -> None:
    long_ago = timezone.now() - timedelta(minutes=20)
    Mailbox.objects.update(next_send_at=long_ago, imap_host="")
    desk.letter(kind=Kind.FOLLOW_UP, due_at=long_ago)
    assert world.client().get("/health/").status_code == 200
    # Read since it fell due, it should have left.
    Mailbox.objects.update(imap_host="mail.example", polled_at=timezone.now())
    assert world.client().get("/health/").status_code == 503


def test_a_mailbox_that_keeps_failing(world: World, beating: None, desk: Desk) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(
        receiving_state="trouble", receiving_state_at=long_ago, receiving_trouble="No answer.", poll_failures=3
    )
    answer = world.client().get("/health/")
    assert answer.status_code == 503
    assert answer.json()["failing_mailboxes"] == 1
    assert answer.json()["trouble"] == ["1 mailbox keeps failing."]
    assert "orchard" not in answer.content.decode(), "anybody may ask"
    with pytest.raises(CommandError, match=r"mara@orchard\.example \(orchard\): No answer\."):
        call_command("check_health")


def test_one_of_two_hosts_is_silent(world: World, beating: None) -> None:
    Heartbeat.beat("mail", host="there", now=timezone.now() - timedelta(minutes=6))
    answer = world.client().get("/health/")
    assert answer.status_code == 503
    assert answer.json()["trouble"] == ["The workers of “mail” are silent on 1 of 2 hosts."]
    assert (answer.json()["workers"]["mail"]["hosts"], answer.json()["workers"]["mail"]["silent_hosts"]) == (2, 1)
    assert "there" not in answer.content.decode()
    with pytest.raises(CommandError, match="there: its workers of “mail” were last seen at"):
        call_command("check_health")


def test_a_copy_of_the_database_says_so(world: World, beating: None) -> None:
    Installation.objects.update(instance_id="another")
    answer = world.client().get("/health/")
    assert answer.status_code == 503
    assert "INSTANCE_ID" in answer.json()["trouble"][0]


def test_a_database_that_fails_is_an_answer(world: World, beating: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE desk_heartbeat")
    answer = world.client().get("/health/")
    assert answer.status_code == 503
    assert answer.json()["database"] is False


def test_it_is_cheap(
    world: World, beating: None, desk: Desk, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        desk.letter()
    Mailbox.objects.update(next_send_at=timezone.now() - timedelta(hours=1))
    Attempt.objects.update(due_at=timezone.now() - timedelta(hours=1))
    with django_assert_max_num_queries(8):
        world.client().get("/health/")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_only_answers(world: World, method: str) -> None:
    assert getattr(world.client(), method)("/health/").status_code == 405
