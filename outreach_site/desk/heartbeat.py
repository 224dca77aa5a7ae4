"""Whether background work is alive, as seen from outside it.

A cluster of workers may freeze without dying: the sentinel lives, its queue is locked, and no task ever starts again.
So nothing that a cluster says about itself is believed, only that a task has begun in it. Each task that begins writes
the heartbeat of its cluster on its host, at most every few seconds; a schedule knocks once a minute, so that an idle
cluster has one to begin.

Where several hosts share the work, a knock reaches one of them, and chance may pass one by for a while. So the
supervisor of each host knocks itself when its own cluster has been quiet: enough for each host to get one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone
from django_q.conf import Conf
from django_q.tasks import async_task

from outreach_site.desk.models import Heartbeat, Run

log = structlog.get_logger(__name__)

# Queues of work: mail (dispatch, poll, settle), and long work (discovery, import, export).
CLUSTERS = {"mail": "Letters and replies", "long": "Long work"}
KNOCK = "outreach_site.desk.tasks.knock"

# A knock a minute, found by a scheduler that wakes every 30 s, behind tasks of at most 150 s: five minutes is silence.
SILENT_AFTER = timedelta(minutes=5)
# A host that was stopped in good order is struck off; one that has said nothing for this long is gone and known to be.
GONE_AFTER = timedelta(hours=1)
# Writing it for each of a hundred short tasks a second would cost more than the tasks.
BEAT_EVERY_SECONDS = 10.0
# A host this quiet is knocked at by its own supervisor, so often at most, and with so many knocks for each host.
QUIET_AFTER = timedelta(minutes=2)
KNOCK_EVERY_SECONDS = 30.0
KNOCKS_FOR_EACH_HOST = 5
MOST_KNOCKS = 50

_last_beat = 0.0
_began: dict[str, float] = {}  # by task: each worker process has one at a time


@dataclass(frozen=True)
class HostPulse:
    host: str
    beat_at: datetime
    is_well: bool


@dataclass(frozen=True)
class Pulse:
    """A cluster's pulse: well when some host works and none that should work is silent."""

    cluster: str
    label: str
    beat_at: datetime | None
    is_well: bool
    hosts: tuple[HostPulse, ...] = field(default=())

    @property
    def works_somewhere(self) -> bool:
        return any(host.is_well for host in self.hosts)

    @property
    def is_silent(self) -> bool:
        """Whether there were workers, and none is left."""
        return self.beat_at is not None and not self.works_somewhere

    @property
    def silent_hosts(self) -> list[HostPulse]:
        return [host for host in self.hosts if not host.is_well]


def pulses(now: datetime) -> list[Pulse]:
    """Each cluster's pulse. One query."""
    beats: dict[str, list[HostPulse]] = {cluster: [] for cluster in CLUSTERS}
    for cluster, host, beat_at in Heartbeat.objects.order_by("-beat_at", "pk").values_list(
        "cluster", "host", "beat_at"
    ):
        of_cluster = beats.get(cluster)
        # The newest stands for the cluster, however old it is.
        if of_cluster is not None and (not of_cluster or now - beat_at < GONE_AFTER):
            of_cluster.append(HostPulse(host, beat_at, is_well=now - beat_at < SILENT_AFTER))
    return [
        Pulse(
            cluster=cluster,
            label=label,
            beat_at=beats[cluster][0].beat_at if beats[cluster] else None,
            is_well=bool(beats[cluster]) and all(host.is_well for host in beats[cluster]),
            hosts=tuple(sorted(beats[cluster], key=lambda host: host.host)),
        )
        for cluster, label in CLUSTERS.items()
    ]


def strike_off(host: str) -> None:
    """This host's workers were stopped in good order: nobody waits for them."""
    Heartbeat.objects.filter(host=host).delete()


def forget_gone(now: datetime) -> None:
    Heartbeat.objects.filter(beat_at__lt=now - GONE_AFTER).delete()


class Knocker:
    """A supervisor's own knock at its host's cluster, for when nothing has come its way for a while."""

    def __init__(self, cluster: str, *, quiet_after: timedelta = QUIET_AFTER) -> None:
        self.cluster = cluster
        self.quiet_after = quiet_after
        self.knocked_at = 0.0

    def pulse(self, now: datetime) -> datetime | None:
        """When this host's cluster last began a task; knocks where that is a while ago."""
        beats = dict(Heartbeat.objects.filter(cluster=self.cluster).values_list("host", "beat_at"))
        own = beats.get(settings.HOST_NAME)
        is_quiet = own is None or now - own > self.quiet_after
        if is_quiet and time.monotonic() - self.knocked_at > KNOCK_EVERY_SECONDS:
            self.knocked_at = time.monotonic()
            for _ in range(min(KNOCKS_FOR_EACH_HOST * max(len(beats), 1), MOST_KNOCKS)):
                async_task(KNOCK, cluster=self.cluster)
        return own


def on_task_begun(*, task: dict[str, Any], **_: object) -> None:
    """Called by django-q in the worker, before each task. Never raises: that would kill the worker."""
    global _last_beat  # noqa: PLW0603 - each worker process remembers its own last beat
    _began.clear()
    _began[str(task.get("id"))] = time.monotonic()
    if time.monotonic() - _last_beat < BEAT_EVERY_SECONDS:
        return
    try:
        Heartbeat.beat(Conf.CLUSTER_NAME, host=settings.HOST_NAME, now=timezone.now())
    except DatabaseError as err:
        log.warning("the heartbeat could not be written", cluster=Conf.CLUSTER_NAME, error=str(err))
        return
    _last_beat = time.monotonic()


def on_task_ended(*, task: dict[str, Any], **_: object) -> None:
    """Called by django-q in the worker, after each task: what came of a schedule is kept. Never raises."""
    schedule = task.get("group")
    if not isinstance(schedule, str):
        return
    seconds = time.monotonic() - _began.get(str(task.get("id")), time.monotonic())
    now = timezone.now()
    values: dict[str, object] = {
        "began_at": now - timedelta(seconds=seconds),
        "seconds": round(seconds, 3),
        "worked": bool(task.get("success")),
        "host": settings.HOST_NAME[:120],
    }
    if not task.get("success"):
        values |= {"failed_at": now, "failure": _kind_of_error(str(task.get("result", "")))}
        log.error("a schedule failed", schedule=schedule, error=str(task.get("result", ""))[:4000])
    try:
        Run.objects.update_or_create(schedule=schedule[:100], defaults=values)
    except DatabaseError as err:
        log.warning("what came of a schedule could not be written", schedule=schedule, error=str(err))


def _kind_of_error(report: str) -> str:
    """`django.db.utils.OperationalError` of a traceback that ends with it: its words may name somebody."""
    last = next((line for line in reversed(report.splitlines()) if line and not line[0].isspace()), "")
    return last.partition(":")[0].strip()[:120] or "unknown"
