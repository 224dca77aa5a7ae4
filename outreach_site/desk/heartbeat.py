"""Whether background work is alive, as seen from outside it.

A cluster of workers may freeze without dying: the sentinel lives, its queue is locked, and no task ever starts again.
So nothing that a cluster says about itself is believed, only that a task has begun in it. Each task that begins writes
the heartbeat, at most every few seconds; a schedule knocks once a minute, so that an idle cluster has one to begin.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import Error as DatabaseError
from django.utils import timezone
from django_q.conf import Conf

from outreach_site.desk.models import Heartbeat

log = structlog.get_logger(__name__)

# Queues of work: mail (dispatch, poll, settle), and long work (discovery, import, export).
CLUSTERS = {"mail": "Letters and replies", "long": "Long work"}

# A knock a minute, found by a scheduler that wakes every 30 s, behind tasks of at most 150 s: five minutes is silence.
SILENT_AFTER = timedelta(minutes=5)
# Writing it for each of a hundred short tasks a second would cost more than the tasks.
BEAT_EVERY_SECONDS = 10.0

_last_beat = 0.0


@dataclass(frozen=True)
class Pulse:
    cluster: str
    label: str
    beat_at: datetime | None
    is_well: bool


def pulses(now: datetime) -> list[Pulse]:
    """Each cluster's pulse. One query."""
    beats = dict(Heartbeat.objects.values_list("cluster", "beat_at"))
    return [
        Pulse(
            cluster=cluster,
            label=label,
            beat_at=beats.get(cluster),
            is_well=cluster in beats and now - beats[cluster] < SILENT_AFTER,
        )
        for cluster, label in CLUSTERS.items()
    ]


def on_task_begun(**_: object) -> None:
    """Called by django-q in the worker, before each task. Never raises: that would kill the worker."""
    global _last_beat  # noqa: PLW0603 - each worker process remembers its own last beat
    if time.monotonic() - _last_beat < BEAT_EVERY_SECONDS:
        return
    try:
        Heartbeat.beat(Conf.CLUSTER_NAME, now=timezone.now())
    except DatabaseError as err:
        log.warning("the heartbeat could not be written", cluster=Conf.CLUSTER_NAME, error=str(err))
        return
    _last_beat = time.monotonic()
