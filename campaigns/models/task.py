"""What a sequence asks a person to do for a lead: a step that is no letter."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models

from campaigns.models.campaign import Campaign, Step
from campaigns.models.lead import Lead
from outreach_site.accounts.models import User, Workspace


class TaskQuerySet(models.QuerySet["Task"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(campaign__workspace=workspace)

    def open(self) -> Self:
        """Not done, and of use still: an answer, a bounce or a no ends it by the lead's status alone."""
        return self.filter(done_at=None, dropped_at=None, lead__status__in=Lead.SILENT)

    def due(self, now: datetime) -> Self:
        """What waits for a person today: of a campaign that runs."""
        return self.open().filter(due_at__lte=now, campaign__state=Campaign.State.RUNNING, campaign__archived_at=None)


class Task(models.Model):
    """One manual step for one lead; each step comes to a lead once."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="tasks")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="tasks")
    step = models.ForeignKey(Step, null=True, on_delete=models.SET_NULL, related_name="+")
    due_at = models.DateTimeField()
    follows_at = models.DateTimeField(null=True, editable=False)  # as an attempt's
    done_at = models.DateTimeField(null=True, editable=False)
    done_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    dropped_at = models.DateTimeField(null=True, editable=False)  # somebody wrote by hand, or the step was taken out
    reason = models.CharField(max_length=200, blank=True)  # why it was dropped

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["lead", "step"], name="task_once_per_lead"),)
        indexes = (
            models.Index(
                fields=["campaign", "due_at"],
                condition=models.Q(done_at=None, dropped_at=None),
                name="tasks_to_do",
            ),
        )

    def __str__(self) -> str:
        return f"task {self.step_id} for {self.lead_id}"
