"""A task that runs some seconds from now. django-q's own schedules are looked at every 30 s, which is too coarse."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from outreach_site.lib.asking import ask


class _FromThen(ORM):
    """The queue in the database, for one task that nobody takes up before its time.

    A waiting task carries the moment from which it may be taken; django-q writes "now" there.
    """

    def __init__(self, at: datetime, *, cluster: str) -> None:
        super().__init__(list_key=cluster)
        self.at = at

    def enqueue(self, task: str) -> int:
        waiting = OrmQ.objects.using(Conf.ORM).create(key=self.list_key, payload=task, lock=self.at)
        return int(waiting.pk)


def run_at(at: datetime, task: Callable[..., None], *args: Any, cluster: str) -> None:
    """Ask a cluster to run `task` at `at`, not before. To be called when the caller's transaction stands.

    In Redis a task cannot wait: there a thread of this process does, and puts it in the queue in time. Should the
    process end before, the minutely work finds what the task was to do. So it must be such a task.
    """
    if not settings.REDIS_URL:
        ask(task, *args, broker=_FromThen(at, cluster=cluster), cluster=cluster)
        return
    seconds = max(0.0, (at - timezone.now()).total_seconds())
    waiting = threading.Timer(seconds, lambda: ask(task, *args, cluster=cluster))
    waiting.daemon = True
    waiting.start()
