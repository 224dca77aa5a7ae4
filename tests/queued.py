"""What waits in the queue of background work, done here and now: as a worker would, without one."""

from __future__ import annotations

import pydoc
from typing import Any

from django_q.models import OrmQ
from django_q.signing import SignedPackage


def run_queued(name: str) -> int:
    """Do and remove every waiting task of this dotted name; how many there were."""
    done = 0
    for waiting in OrmQ.objects.order_by("pk"):
        task = SignedPackage.loads(waiting.payload)
        function: Any = task["func"] if callable(task["func"]) else pydoc.locate(task["func"])
        if f"{function.__module__}.{function.__qualname__}" == name:
            waiting.delete()
            function(*task["args"], **task["kwargs"])
            done += 1
    return done
