"""Leads out of a file: the file until it is read, what its columns mean, and the rows that did not become leads."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone

from campaigns.models.campaign import Campaign
from campaigns.models.lead import Lead
from outreach_site.accounts.models import User, Workspace


class LeadImportQuerySet(models.QuerySet["LeadImport"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(campaign__workspace=workspace)

    def under_way(self) -> Self:
        return self.filter(state=LeadImport.State.RUNNING)

    def being_taken_back(self) -> Self:
        return self.filter(state=LeadImport.State.REMOVING)


class LeadImport(models.Model):
    """One file. A worker reads it in slices: whatever dies, the next slice goes on where the last piece ended."""

    class State(models.TextChoices):
        CHOSEN = "chosen", "Not begun"  # uploaded; a person says what its columns mean
        RUNNING = "running", "Going on"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"  # what was added until then stays
        REMOVING = "removing", "Being taken back"
        REMOVED = "removed", "Taken back"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="imports")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    file_name = models.CharField(max_length=200)
    sheet = models.CharField(max_length=100, blank=True)  # of a workbook, the one that is read
    origin = models.CharField(max_length=300, blank=True)  # where its addresses come from, in a person's words
    packed = models.BinaryField(default=b"")  # its lines, compressed; gone once they are read
    delimiter = models.CharField(max_length=1, default=",")
    lines = models.PositiveIntegerField()
    first_line = models.PositiveIntegerField(default=0)  # of its rows, from 0
    headings = models.JSONField(default=list)  # ["Website", …]
    meanings = models.JSONField(default=list)  # what each column is: a key of imports.FIELDS, "own", or "" for nothing
    state = models.CharField(max_length=9, choices=State, default=State.CHOSEN)
    next_line = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    # [[first, last], …]: between these keys, its campaign's leads came out of it. Shorter as they are taken back.
    added_keys = models.JSONField(default=list)
    removed = models.PositiveIntegerField(default=0)  # taken back
    stayed = models.PositiveIntegerField(default=0)  # not taken back: somebody has done something with them
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    begun_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)

    objects = LeadImportQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        indexes = (
            models.Index(fields=["campaign", "-id"], name="imports_of_campaign"),
            models.Index(
                fields=["id"], condition=models.Q(state__in=["running", "removing"]), name="imports_under_way"
            ),
        )

    def __str__(self) -> str:
        return self.file_name

    @property
    def about(self) -> str:
        """How rooms that hold no key to it name it."""
        return f"lead_import:{self.pk}"

    @property
    def read(self) -> int:
        """Lines that were read, or left out because they are empty."""
        return max(0, self.next_line - self.first_line)

    @property
    def gone_through(self) -> int:
        """Leads that were taken back, or looked at and left."""
        return self.removed + self.stayed

    @property
    def to_read(self) -> int:
        return self.lines - self.first_line


class ImportedRow(models.Model):
    """A row of a file that did not become a lead, as it stood there, and why."""

    class Kind(models.TextChoices):
        SKIPPED = "skipped", "Skipped"  # there already, or nobody here writes there
        FAILED = "failed", "Not understood"

    run = models.ForeignKey(LeadImport, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()  # from 1
    kind = models.CharField(max_length=8, choices=Kind)
    cells = models.JSONField(default=list)  # empty for somebody who was erased
    sentence = models.CharField(max_length=300)
    lead = models.ForeignKey(Lead, null=True, on_delete=models.SET_NULL, related_name="+")  # the one it repeats

    class Meta:
        ordering = ("line", "pk")
        indexes = (models.Index(fields=["run", "line"], name="rows_of_import"),)

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence}"


class ColumnMeaning(models.Model):
    """What a workspace last said that a column of this heading means."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    heading = models.CharField(max_length=120)  # as placeholder_name writes it
    meaning = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "heading"], name="heading_once_per_workspace"),)

    def __str__(self) -> str:
        return f"{self.heading}: {self.meaning}"
