"""The clock's hands for placements."""

from __future__ import annotations

from django.utils import timezone
from django_q.tasks import async_task

from campaigns.placements import checking
from outreach_site.lib.asking import ask_soon

LONG = "long"


def check_due() -> None:
    """Every five minutes, and at once after "Look now": one slice; the next one follows while any are due."""
    if checking.check_due(now=timezone.now()):
        async_task(check_due, cluster=LONG)


def check_soon() -> None:
    """Ask the long cluster to look as soon as the caller's transaction stands."""
    ask_soon(check_due, cluster=LONG)
