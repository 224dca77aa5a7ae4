"""Drafts: what sites say, letters of a lead's own, the runs that write them, and what they used up."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone

from campaigns.models.campaign import Campaign
from campaigns.models.lead import Lead
from outreach_site.accounts.models import User, Workspace


class SiteText(models.Model):
    """What the pages of a site said when they were read: what drafts are made from, and proof of what a claim rests
    on."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    domain = models.CharField(max_length=254)  # registrable
    pages = models.JSONField(default=list)  # [{"url", "title", "text"}]
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "domain"], name="site_text_once"),)
        indexes = (models.Index(fields=["workspace", "read_at"], name="site_texts_by_age"),)

    def __str__(self) -> str:
        return self.domain


class TokenUse(models.Model):
    """What a workspace used up in a month of its own calendar, and what is set aside for questions under way."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()  # its first day
    tokens = models.PositiveBigIntegerField(default=0)
    drafts = models.PositiveIntegerField(default=0)  # questions that were answered

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "month"], name="token_use_once_a_month"),)

    def __str__(self) -> str:
        return f"{self.tokens} tokens in {self.month:%B %Y}"


class DraftRunQuerySet(models.QuerySet["DraftRun"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(campaign__workspace=workspace)

    def under_way(self) -> Self:
        return self.filter(finished_at=None)


class DraftRun(models.Model):
    """Letters made personal for many leads. A worker does it in slices: whatever dies, the next slice goes on."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="draft_runs")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # The letter as it was when the run began: every lead's is made from the same.
    letter_subject = models.CharField(max_length=200)
    letter_body = models.TextField(max_length=20_000)
    total = models.PositiveIntegerField(default=0)
    sentence = models.CharField(max_length=300, blank=True)  # why it pauses or ended early
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    not_before = models.DateTimeField(null=True, editable=False)  # the provider asked for a pause
    finished_at = models.DateTimeField(null=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)

    objects = DraftRunQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["campaign"], condition=models.Q(finished_at=None), name="one_draft_run_at_a_time"
            ),
        )
        indexes = (models.Index(fields=["id"], condition=models.Q(finished_at=None), name="draft_runs_under_way"),)

    def __str__(self) -> str:
        return f"{self.total} personal letters"


class OwnLetterQuerySet(models.QuerySet["OwnLetter"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(lead__campaign__workspace=workspace)

    def of(self, campaign: Campaign) -> Self:
        return self.filter(lead__campaign=campaign)

    def proposed(self) -> Self:
        return self.filter(state=OwnLetter.State.PROPOSED)


class OwnLetter(models.Model):
    """A lead's own text for the campaign's first letter. Accepted, it is what is sent, and nothing else is; until
    somebody has looked at it, the lead is sent nothing. Its placeholders are filled like any letter's.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits to be written"
        PROPOSED = "proposed", "Wants to be looked at"
        ACCEPTED = "accepted", "Accepted"
        FAILED = "failed", "Not written"  # the sentence says why; the campaign's letter is sent
        DROPPED = "dropped", "Dropped"  # the campaign's letter is sent; it can be taken up again

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, related_name="own_letter")
    run = models.ForeignKey(DraftRun, null=True, on_delete=models.SET_NULL, related_name="letters")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    letter_subject = models.CharField("subject", max_length=200, blank=True)
    letter_body = models.TextField("letter", max_length=20_000, blank=True)
    claims = models.JSONField(default=list)  # [{"text", "passage", "url"}]; no passage: nothing backs it
    open_claims = models.PositiveSmallIntegerField(default=0)  # claims that nothing backs
    notes = models.JSONField(default=list)  # sentences
    sentence = models.CharField(max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    written_at = models.DateTimeField(null=True, editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = OwnLetterQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=["run", "state", "id"], name="own_letters_of_run"),)

    def __str__(self) -> str:
        return f"the letter of lead {self.lead_id} ({self.state})"
