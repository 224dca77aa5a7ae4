"""What is known of where people are, beyond what their address tells."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone

from outreach_site.accounts.models import Workspace
from outreach_site.accounts.regions import Region


class KnownRegionQuerySet(models.QuerySet["KnownRegion"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)


class KnownRegion(models.Model):
    """The region of a site, or of one address at a mail provider, and how we know it: it beats the address's ending."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=254)  # a registrable domain; at a mail provider the normalised address
    region = models.CharField(max_length=12, choices=Region)
    source = models.CharField(max_length=20)  # regions.RegionSource
    evidence = models.CharField(max_length=300, blank=True)  # the words that say it
    noted_by_id = models.BigIntegerField(null=True, blank=True)  # a user, who may be gone; None: read from the site
    noted_at = models.DateTimeField(default=timezone.now)

    objects = KnownRegionQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "key"], name="one_known_region_each"),)

    def __str__(self) -> str:
        return f"{self.key}: {self.region}"
