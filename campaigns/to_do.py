"""Tasks of sequences: what a person is to do for a lead, and that it is done."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from campaigns.following import after_tasks
from campaigns.models import Task, TaskQuerySet
from compliance import audit
from outreach_site.accounts.models import User, Workspace


def due_tasks(workspace: Workspace, *, now: datetime) -> TaskQuerySet:
    """What waits for a person today, the longest first."""
    due = Task.objects.in_workspace(workspace).due(now).exclude(step=None)
    return due.select_related("step", "lead__contact", "campaign").order_by("due_at", "pk")


def finish(task: Task, *, user: User, now: datetime) -> bool:
    """It is done, and the next step's wait begins. False where somebody was quicker, or it is no more to be done."""
    with transaction.atomic():
        if not Task.objects.open().filter(pk=task.pk).update(done_at=now, done_by=user):
            return False
        task.done_at, task.done_by = now, user
        after_tasks([task], now=now)
        audit.record(
            "task.done",
            workspace=task.campaign.workspace,
            user=user,
            about=f"lead:{task.lead_id}",
            details={"task": task.pk, "step": task.step_id},
            now=now,
        )
    return True
