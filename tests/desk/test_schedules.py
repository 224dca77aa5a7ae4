"""What happens by the clock, and how it is seen that it does."""

from __future__ import annotations

import pydoc
from datetime import timedelta
from functools import partial

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import DatabaseError
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule
from django_q.signals import post_execute_in_worker, pre_execute
from pytest_django import Settings

from outreach_site.accounts import installation
from outreach_site.desk import heartbeat, schedules
from outreach_site.desk.heartbeat import CLUSTERS, KNOCKS_FOR_EACH_HOST, Knocker, forget_gone, pulses, strike_off
from outreach_site.desk.models import Heartbeat, Run
from outreach_site.desk.schedules import SCHEDULES, Recurring, sync

pytestmark = pytest.mark.django_db


def table() -> list[tuple[str, str, str, str, int]]:
    return sorted(Schedule.objects.values_list("name", "func", "args", "cluster", "minutes"))


def wanted() -> list[tuple[str, str, str, str, int]]:
    return sorted(
        (each.name, schedules.BY_THE_CLOCK, f"({each.task!r},)", each.cluster, each.minutes) for each in SCHEDULES
    )


def test_the_table_says_what_the_list_says() -> None:
    sync()
    assert table() == wanted()


def test_a_second_time_changes_nothing_and_keeps_the_next_run() -> None:
    sync()
    soon = timezone.now() + timedelta(seconds=40)
    Schedule.objects.update(next_run=soon)
    assert sync() == schedules.Synced(added=(), changed=(), removed=())
    assert set(Schedule.objects.values_list("next_run", flat=True)) == {soon}


def test_strangers_doubles_and_drift_are_put_right() -> None:
    sync()
    Schedule.objects.create(name="old", func="somewhere.gone", schedule_type=Schedule.HOURLY)
    Schedule.objects.create(name="dispatch", func="campaigns.tasks.dispatch_due")
    Schedule.objects.filter(name="poll").update(func="os.system", minutes=7, repeats=3)
    Schedule.objects.filter(name="events").update(args="('os.abort',)")
    synced = sync()
    assert synced.changed == ("poll", "events")
    assert sorted(synced.removed) == ["dispatch", "old"]
    assert table() == wanted()
    assert set(Schedule.objects.values_list("repeats", flat=True)) == {-1}


@pytest.mark.parametrize("recurring", SCHEDULES, ids=lambda each: each.name)
def test_every_task_is_there_and_its_cluster_too(recurring: Recurring) -> None:
    assert callable(pydoc.locate(recurring.task))
    assert recurring.cluster in CLUSTERS


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sync_schedules")
    assert "added dispatch\n" in capsys.readouterr().out
    call_command("sync_schedules")
    assert capsys.readouterr().out == "All schedules are as they should be.\n"


def test_run_now_asks_each_cluster() -> None:
    schedules.run_now()
    assert sorted(OrmQ.objects.values_list("key", flat=True)) == sorted(each.cluster for each in SCHEDULES)


@pytest.mark.parametrize("is_ours", [True, False])
def test_in_a_database_of_another_installation_nothing_is_done(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, *, is_ours: bool
) -> None:
    begun: list[str] = []
    for each in SCHEDULES:
        monkeypatch.setattr(each.task, partial(begun.append, each.task))
    installation.claim()
    if not is_ours:
        settings.INSTANCE_ID = "a worker that somebody forgot"
    schedules.run_now()
    for task in [queued.task for queued in OrmQ.objects.order_by("pk")]:
        begin_a_task(**task)
        import_string(task["func"])(*task["args"])
    assert sorted(begun) == (sorted(each.task for each in SCHEDULES) if is_ours else [])
    assert Heartbeat.objects.get().cluster == "mail", "it lives all the same"


def test_queues_are_not_in_the_admin() -> None:
    """A schedule's dotted function, edited there, would be code execution."""
    assert [model for model in admin.site._registry if model._meta.app_label == "django_q"] == []


# --- The heartbeat


@pytest.fixture(autouse=True)
def _first_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_last_beat", 0.0)


def begin_a_task(**task: object) -> None:
    """What django-q's worker does before each task."""
    pre_execute.send(sender="django_q", func=None, task={"id": "1"} | task)


def end_a_task(**task: object) -> None:
    """What it does after each."""
    post_execute_in_worker.send(sender="django_q", func=None, task={"id": "1", "success": True} | task)


def test_a_task_that_begins_beats() -> None:
    begin_a_task()
    assert Heartbeat.objects.get().cluster == "mail"
    assert {pulse.cluster: pulse.is_well for pulse in pulses(timezone.now())} == {"mail": True, "long": False}


def test_a_hundred_short_tasks_write_once(django_assert_num_queries: object) -> None:
    begin_a_task()
    first = Heartbeat.objects.get().beat_at
    for _ in range(100):
        begin_a_task()
    assert Heartbeat.objects.get().beat_at == first


def test_trouble_with_the_database_does_not_kill_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DatabaseError("locked")

    monkeypatch.setattr(Heartbeat, "beat", fail)
    begin_a_task()


def test_silence_is_noticed() -> None:
    now = timezone.now()
    Heartbeat.beat("mail", host="here", now=now - timedelta(minutes=2))
    assert pulses(now)[0].is_well
    Heartbeat.beat("mail", host="here", now=now - timedelta(minutes=5))
    assert not pulses(now)[0].is_well


def test_one_silent_host_is_seen_beside_one_that_works() -> None:
    now = timezone.now()
    Heartbeat.beat("mail", host="one", now=now)
    Heartbeat.beat("mail", host="two", now=now - timedelta(minutes=6))
    mail = pulses(now)[0]
    assert not mail.is_well
    assert mail.beat_at == now
    assert [host.host for host in mail.silent_hosts] == ["two"]
    # Gone for an hour: somebody took it away, and a new one would have another name.
    assert pulses(now + timedelta(minutes=55))[0].hosts[0].host == "one"


def test_a_host_that_was_stopped_or_is_long_gone_is_not_waited_for() -> None:
    now = timezone.now()
    Heartbeat.beat("mail", host="one", now=now)
    Heartbeat.beat("mail", host="two", now=now - timedelta(minutes=6))
    Heartbeat.beat("mail", host="three", now=now - timedelta(minutes=61))
    strike_off("two")
    assert pulses(now)[0].is_well
    forget_gone(now)
    assert set(Heartbeat.objects.values_list("host", flat=True)) == {"one"}


def test_a_quiet_host_is_knocked_at_enough_for_each_host(settings: Settings) -> None:
    """Chance may pass a host by for a while, where several share the work."""
    settings.HOST_NAME = "one"
    now = timezone.now()
    Heartbeat.beat("long", host="one", now=now - timedelta(minutes=1))
    Heartbeat.beat("long", host="two", now=now)
    knocker = Knocker("long")
    assert knocker.pulse(now) == now - timedelta(minutes=1)
    assert not OrmQ.objects.exists()
    assert knocker.pulse(now + timedelta(minutes=2)) == now - timedelta(minutes=1)
    assert list(OrmQ.objects.values_list("key", flat=True)) == ["long"] * KNOCKS_FOR_EACH_HOST * 2
    knocker.pulse(now + timedelta(minutes=2))
    assert OrmQ.objects.count() == KNOCKS_FOR_EACH_HOST * 2, "not at every look"


# --- What came of a schedule


def test_what_came_of_a_schedule_is_kept() -> None:
    begin_a_task(group="dispatch")
    end_a_task(group="dispatch")
    run = Run.objects.get()
    assert (run.schedule, run.worked, run.failure, run.failed_at) == ("dispatch", True, "", None)
    end_a_task(group="dispatch", success=False, result="x : Traceback\n  File\nValueError: ed@example.org is odd\n")
    run.refresh_from_db()
    assert (run.worked, run.failure) == (False, "ValueError")
    end_a_task(group="dispatch")
    run.refresh_from_db()
    assert run.worked
    assert run.failed_at is not None, "when it last failed stays to be seen"


def test_a_task_that_no_schedule_asked_for_leaves_no_trace() -> None:
    begin_a_task()
    end_a_task()
    assert not Run.objects.exists()


def test_trouble_with_the_database_after_a_task_does_not_kill_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DatabaseError("locked")

    monkeypatch.setattr(Run.objects, "update_or_create", fail)
    end_a_task(group="dispatch")
