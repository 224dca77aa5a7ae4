"""What is left to do of something that was too large to be done at once. A row stands until the rest is done, so that
whoever comes after a lost task or a dead worker goes on.
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.models.campaign import Campaign
from outreach_site.accounts.models import User, Workspace

_FREE = models.Q(lease_token=None) | models.Q(leased_until__lt=Now())


class LaunchQuerySet(models.QuerySet["Launch"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(campaign__workspace=workspace)

    def free(self) -> Self:
        """That no worker goes on with at this moment."""
        return self.filter(_FREE)


class Launch(models.Model):
    """The rest of a launch: first letters of a large campaign that are still to be queued."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="launches")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")  # who launched it
    grounds = models.JSONField(default=dict)  # {"DE": "published"}: why we may write there
    after = models.BigIntegerField()  # leads up to this number are done
    begun_at = models.DateTimeField(default=timezone.now, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)

    objects = LaunchQuerySet.as_manager()

    def __str__(self) -> str:
        return f"the rest of the launch of campaign {self.campaign_id}"


class StepChangeQuerySet(models.QuerySet["StepChange"]):
    def free(self) -> Self:
        """That no worker goes on with at this moment."""
        return self.filter(_FREE)


class StepChange(models.Model):
    """Steps of a large campaign were changed, and not all of its letters under way have followed."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="+")
    windows = models.BooleanField(default=False)  # the days and hours were changed, too
    letters = models.BigIntegerField(null=True, default=0)  # up to this number they have followed; None: all have
    leads = models.BigIntegerField(default=0)  # up to this number they have the step that they lacked
    lease_token = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)

    objects = StepChangeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"changed steps of campaign {self.campaign_id}"
