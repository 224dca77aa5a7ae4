"""Settings, Health: who sees what of the workers, the clock, the mailboxes and the versions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from outreach_site.accounts.models import User
from outreach_site.desk.heartbeat import CLUSTERS
from outreach_site.desk.models import Heartbeat, Run
from outreach_site.desk.schedules import clock
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World
from tests.desk.conftest import Desk


def text_of(world: World, user: User) -> str:
    return world.client(user).get(reverse("desk:settings_health", args=["orchard"])).content.decode()


@pytest.fixture
def beating(world: World) -> None:
    for cluster in CLUSTERS:
        Heartbeat.beat(cluster, host="host-one", now=timezone.now())


def run(schedule: str, *, ago: timedelta = timedelta(0), **more: object) -> Run:
    given = {"seconds": 0.2, "worked": True, "host": "host-one"} | more
    return Run.objects.create(schedule=schedule, began_at=timezone.now() - ago, **given)


def test_an_owner_sees_hosts_errors_and_versions(world: World, desk: Desk, beating: None) -> None:
    run("dispatch")
    run("poll", worked=False, failed_at=timezone.now(), failure="OperationalError")
    text = text_of(world, world.owner)
    for words in ("All is well", "host-one", "OperationalError", "Django", "SQLite", "django-q2", "Not run yet"):
        assert words in text


def test_others_see_whether_it_works(world: World, desk: Desk, beating: None) -> None:
    run("poll", worked=False, failed_at=timezone.now(), failure="OperationalError")
    text = text_of(world, world.viewer)
    assert "All is well" in text
    assert "Failed" in text
    assert desk.mailbox.email in text
    assert "host-one" not in text
    assert "Versions" not in text


def test_what_is_wrong_is_said(world: World, desk: Desk) -> None:
    text = text_of(world, world.viewer)
    assert "Not well" in text
    assert "have never been seen" in text


def test_nothing_of_another_workspaces_mailboxes(world: World, desk: Desk, other_desk: Desk, beating: None) -> None:
    Mailbox.objects.filter(pk=other_desk.mailbox.pk).update(
        receiving_state="trouble", receiving_state_at=timezone.now() - timedelta(hours=1), poll_failures=9
    )
    assert other_desk.mailbox.email not in text_of(world, world.owner)


def test_it_is_for_readers_of_this_workspace(world: World, desk: Desk) -> None:
    url = reverse("desk:settings_health", args=["orchard"])
    assert world.client(world.stranger).get(url).status_code == 404
    assert world.client(world.owner).post(url).status_code == 405
    assert url in world.client(world.viewer).get(reverse("accounts:settings", args=["orchard"])).content.decode()


def test_what_is_late_is_said(world: World) -> None:
    run("dispatch", ago=timedelta(minutes=6))
    run("poll", ago=timedelta(minutes=8))
    late = {line.recurring.name: line.is_late for line in clock(timezone.now())}
    assert not late["dispatch"]
    assert late["poll"]
    assert not late["retention"], "it has not run yet: a new installation is not late"


def test_the_number_of_queries(
    world: World, desk: Desk, beating: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client, url = world.client(world.owner), reverse("desk:settings_health", args=["orchard"])
    client.get(url)
    with django_assert_max_num_queries(20):
        client.get(url)
