"""What each day brought, counted once: what pages of numbers read instead of a million letters."""

from __future__ import annotations

from django.db import models

from campaigns.models.campaign import Campaign
from outreach_site.accounts.models import Workspace


class Rollup(models.Model):
    """One line of a day's count: of one campaign, or with `campaign` None of the whole workspace.

    Each dimension divides the same letters anew, so lines of one dimension add up, and lines of two never do. Letters
    are first letters and follow-ups that left on this day, and those that may have. What came of them stands on the day
    on which they left, however much later it came. Only CAME_BACK counts by the day on which something came in.
    """

    class Dimension(models.TextChoices):
        TOTAL = "total", "All"  # value: empty
        CAMPAIGN = "campaign", "Campaign"  # its number; of a workspace alone
        STEP = "step", "Step"  # of a campaign the step's number, of a workspace its place; empty: written one by one
        VARIANT = "variant", "Variant"  # step's number, colon, A or B; of a campaign alone
        TEMPLATE = "template", "Template"  # its number; empty: from none
        MAILBOX = "mailbox", "Mailbox"  # its number; empty: it is gone
        REGION = "region", "Region"  # accounts.regions.Region
        SOURCE = "source", "Source"  # Lead.Source: how we came to know of the site
        CAME_BACK = "came_back", "What came back"  # a reply's classification; `replies` counts them

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.CASCADE, related_name="+")
    zone = models.CharField(max_length=64)  # whose calendar days they are
    day = models.DateField()
    dimension = models.CharField(max_length=10, choices=Dimension)
    value = models.CharField(max_length=64, blank=True)

    letters = models.PositiveIntegerField(default=0)
    # A person is a lead: of the letters to one lead, the first makes them written to, and one at most is answered.
    people = models.PositiveIntegerField(default=0)  # leads whose first letter is among these
    people_answered = models.PositiveIntegerField(default=0)  # of those people, who answered any letter by now
    people_placed = models.PositiveIntegerField(default=0)  # of those people, whose link is live by now
    answered = models.PositiveIntegerField(default=0)  # letters that somebody's first answer came to
    interested = models.PositiveIntegerField(default=0)  # of those, whose writer was interested in any answer
    replies = models.PositiveIntegerField(default=0)  # all answers to these letters, several of one person too
    # Minutes from the letter to the first answer, one for each answered letter; on lines of TOTAL alone.
    waits = models.JSONField(default=list)

    class Meta:
        indexes = (
            models.Index(fields=["workspace", "zone", "campaign", "day"], name="rollups_by_day"),
            models.Index(fields=["workspace", "zone", "campaign", "dimension", "day"], name="rollups_by_dimension"),
        )

    def __str__(self) -> str:
        return f"{self.letters} letters on {self.day}"


class RollupState(models.Model):
    """How far a workspace is counted. Whoever counted writes only if `stamp` is what it was when they began.

    A pass counts every day anew: the first time, once a day, and when the workspace's time zone has changed. Until a
    pass by a new zone is through, the days of the old one are shown.
    """

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="+", primary_key=True)
    stamp = models.PositiveBigIntegerField(default=0)
    zone = models.CharField(max_length=64, blank=True)  # whose days are to be read; empty: nothing is counted yet
    counted_at = models.DateTimeField(null=True)  # what happened before is in the counts
    passed_at = models.DateTimeField(null=True)  # when the last pass began; None: one is wanted
    # Of the pass that is under way.
    pass_zone = models.CharField(max_length=64, blank=True)
    pass_day = models.DateField(null=True)  # the next one to count
    pass_began_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"counts of {self.workspace_id} up to {self.counted_at}"
