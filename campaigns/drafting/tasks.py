"""What the clock and the hands call (django-q2). Tasks take ids; the work is in bulk.py."""

from __future__ import annotations

from django.utils import timezone
from django_q.tasks import async_task

from campaigns.drafting import bulk
from campaigns.tasks import LONG
from outreach_site.lib.asking import ask_soon


def draft(run_id: int) -> None:
    """One slice of letters made personal; the next one follows at once while anything is left."""
    if bulk.work(run_id, now=timezone.now()):
        async_task(draft, run_id, cluster=LONG)


def draft_due() -> None:
    """Every minute: go on with runs whose worker died, or whose pause is over."""
    for run_id in bulk.due(timezone.now()):
        async_task(draft, run_id, cluster=LONG)


def draft_soon(run_id: int) -> None:
    """Ask the long cluster to begin as soon as the caller's transaction stands."""
    ask_soon(draft, run_id, cluster=LONG)
