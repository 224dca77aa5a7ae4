"""The stages that a workspace's leads go through after they answered."""

from __future__ import annotations

from django.db import models

from outreach_site.accounts.models import Workspace


class Stage(models.Model):
    """One stage, as this workspace calls it. A workspace without any has the usual ones (campaigns.stages)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position", "pk")
        constraints = (models.UniqueConstraint(fields=["workspace", "name"], name="stage_once_per_workspace"),)

    def __str__(self) -> str:
        return self.name
