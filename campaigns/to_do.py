"""Tasks of sequences: what a person is to do for a lead, and that it is done."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from campaigns.following import after_tasks, take_back_what_follows
from campaigns.models import Lead, Task, TaskQuerySet
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


def take_up_again(task: Task, *, user: User, now: datetime) -> bool:
    """It was not done after all, and what follows waits for it again. False where that is on its way already, or the
    task is of no more use.
    """
    with transaction.atomic():
        here = Task.objects.select_for_update(of=("self",)).filter(pk=task.pk, lead__status__in=Lead.SILENT)
        found = here.exclude(done_at=None).first()
        if found is None or not take_back_what_follows(found.lead_id, after=found.done_at, now=now):
            return False
        Task.objects.filter(pk=task.pk).update(done_at=None, done_by=None)
        audit.record(
            "task.taken_up_again",
            workspace=task.campaign.workspace,
            user=user,
            about=f"lead:{task.lead_id}",
            details={"task": task.pk, "step": task.step_id},
            now=now,
        )
    return True
