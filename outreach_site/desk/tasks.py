"""The desk's tasks: something for an idle cluster to begin (heartbeat.py), and what people and programs are told."""

from __future__ import annotations

import time

from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.tasks import async_task

from outreach_site.accounts import installation
from outreach_site.desk.heartbeat import forget_gone
from outreach_site.desk.notices import digests, noticing, watching
from outreach_site.desk.outgoing import delivering

LONG = "long"
SLICE_SECONDS = 20.0


def by_the_clock(task: str) -> None:
    """A task of schedules.py, unless the database is a copy or a restored backup: what a worker that somebody forgot
    wrote there would be taken for what the backup knew. It beats all the same (heartbeat.on_task_begun).
    """
    if installation.standing().may_work:
        import_string(task)()


def knock() -> None:
    """That it began is the news. Hosts that are long gone are forgotten on the way."""
    forget_gone(timezone.now())


def watch() -> None:
    """Every five minutes: what nobody announces and somebody should hear of."""
    now = timezone.now()
    watching.watch(now=now)
    noticing.forget_old(now=now)
    delivering.forget_old(now=now)
    watch_limits(0)


def watch_limits(after: int) -> None:
    """One slice of the workspaces in which letters wait; the rest follows at once."""
    until = time.monotonic() + SLICE_SECONDS
    for here in watching.that_wait(after=after):
        if time.monotonic() > until:
            async_task(watch_limits, here.pk - 1, cluster=LONG)
            return
        watching.watch_limits(here, now=timezone.now())


def send_digests() -> None:
    """Every five minutes: the letters whose hour has come; what a slice leaves follows at once."""
    if not installation.standing().may_work:
        return  # A copy of this database may have sent them already.
    until, now = time.monotonic() + SLICE_SECONDS, timezone.now()
    for digest_id in digests.due(now=now):
        if time.monotonic() > until:
            async_task(send_digests, cluster=LONG)
            return
        digests.send(digest_id, now=now)


def deliver_webhooks() -> None:
    """Every minute, and as soon as something happened: one slice; the next one follows while any are due."""
    if delivering.deliver_due(now=timezone.now()):
        async_task(deliver_webhooks, cluster=LONG)
