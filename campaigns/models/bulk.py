"""One change to many leads: how far it has come, what could not be changed, and what there was before."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone

from campaigns.models.campaign import Campaign
from outreach_site.accounts.models import User, Workspace


class BulkChangeQuerySet(models.QuerySet["BulkChange"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(campaign__workspace=workspace)

    def under_way(self) -> Self:
        """Begun and not ended, or on the way back."""
        return self.filter(ended_at=None)


class BulkChange(models.Model):
    """A worker does it in parts, each one transaction: whatever dies, the next part begins where the last one ended."""

    class Action(models.TextChoices):
        STATUS = "status", "Status"
        ASSIGN = "assign", "Assigned to"
        TAG = "tag", "Tag added"
        UNTAG = "untag", "Tag taken off"
        CANCEL = "cancel", "Letters taken back"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="bulk_changes")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    action = models.CharField(max_length=8, choices=Action)
    value = models.CharField(max_length=40, blank=True)  # a status; the number of a person or of a tag
    chosen = models.JSONField(default=list)  # numbers of leads; empty: all that `query` finds
    query = models.TextField(blank=True)  # lead_list.Filters, as text
    newest = models.BigIntegerField(default=0)  # the newest lead when it began: later ones are not meant
    total = models.PositiveIntegerField(default=0)
    through = models.BigIntegerField(default=0)  # leads up to this number are done
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    letters = models.PositiveIntegerField(default=0)  # taken back because of it
    failed = models.PositiveIntegerField(default=0)
    failures = models.JSONField(default=list)  # [[number of a lead, sentence]], the first of them
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    undone_at = models.DateTimeField(null=True, editable=False)  # somebody asked for it to be taken back
    ended_at = models.DateTimeField(null=True, editable=False)

    objects = BulkChangeQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=["id"], condition=models.Q(ended_at=None), name="bulk_changes_under_way"),)

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.total} leads"


class BulkPart(models.Model):
    """What stood there before: `{"contacted": [12, 15]}`. It goes when it has been put back."""

    bulk = models.ForeignKey(BulkChange, on_delete=models.CASCADE, related_name="parts")
    before = models.JSONField(default=dict)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"part {self.pk} of {self.bulk_id}"
