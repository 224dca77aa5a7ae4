"""Files that people took away: who, what, and how far the last one has come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils import timezone

from outreach_site.accounts.models import Workspace

# A file of which nothing went out for so long is not being fetched any more: its process died.
SILENT_FOR = timedelta(seconds=60)


class ExportQuerySet(models.QuerySet["Export"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)


class Export(models.Model):
    """One file. It is never stored: it goes out as it is made, and this row says how far."""

    class What(models.TextChoices):
        LEADS = "leads", "Leads"
        ATTEMPTS = "attempts", "Letters"
        REPLIES = "replies", "Replies"
        AUDIT = "audit", "Audit log"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    what = models.CharField(max_length=8, choices=What)
    about = models.CharField(max_length=40)  # campaign:7, workspace:3
    taken_by_id = models.BigIntegerField()  # a user, who may be gone
    total = models.PositiveBigIntegerField()  # rows, when it began
    rows = models.PositiveBigIntegerField(default=0)  # that have gone out
    begun_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    broke_off_at = models.DateTimeField(null=True, blank=True)  # whoever fetched it went away

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=["workspace", "about", "-id"], name="exports_by_subject"),)

    def __str__(self) -> str:
        return f"{self.get_what_display()} ({self.about})"

    def is_under_way(self, now: datetime) -> bool:
        return self.finished_at is None and self.broke_off_at is None and now - self.moved_at < SILENT_FOR
