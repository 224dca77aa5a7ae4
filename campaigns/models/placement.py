"""Placements: the link that was agreed, and every look at whether it is there."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from campaigns.models.campaign import Campaign
from campaigns.models.lead import Lead
from outreach_site.accounts.models import User, Workspace


class PlacementQuerySet(models.QuerySet["Placement"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.alias(of_workspace=_plain("lead__campaign__workspace_id")).filter(of_workspace=workspace.pk)

    def of_campaign(self, campaign: Campaign) -> Self:
        return self.alias(of_campaign=_plain("lead__campaign_id")).filter(of_campaign=campaign.pk)

    def by_campaign(self, *more: str) -> models.QuerySet[Placement, dict[str, Any]]:
        """Groups to be counted, each with its campaign's number as `of`, and apart by `more`."""
        return self.order_by().annotate(of=_plain("lead__campaign_id")).values("of", *more)

    def free(self, now: datetime) -> Self:
        """Those that no worker looks at right now."""
        return self.filter(models.Q(checking_until=None) | models.Q(checking_until__lt=now))

    def due(self, now: datetime) -> Self:
        """To be looked at now, and nobody is looking."""
        return self.free(now).filter(next_check_at__lte=now)

    def found_once(self) -> Self:
        return self.exclude(first_seen_at=None)


def _plain(column: str) -> models.ExpressionWrapper[Any]:
    """The column as a number that no index knows: SQLite would look up the placements of each lead there is, and there
    are a million leads for a few links; this way it begins with the links.
    """
    return models.ExpressionWrapper(models.F(column) + 0, output_field=models.BigIntegerField())


class Placement(models.Model):
    class State(models.TextChoices):
        EXPECTED = "expected", "Expected"  # agreed, and never seen yet
        LIVE = "live", "Live"  # there, as agreed
        CHANGED = "changed", "Not as agreed"  # there, but something differs
        REVIEW = "review", "Look yourself"  # the site lets no program look
        LOST = "lost", "Lost"  # it was there, and is gone

    class Rel(models.TextChoices):
        """What the link may say of itself to search engines."""

        FOLLOW = "follow", "Followed"  # none of nofollow, sponsored, ugc
        SPONSORED = "sponsored", "Sponsored"  # what search engines ask of a paid link
        ANY = "any", "Whatever it says"

    STANDS = (State.LIVE, State.CHANGED)

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="placements")
    page_url = models.URLField("page", max_length=1000, help_text="The address of the article or page that links.")
    target_url = models.URLField("links to", max_length=1000, help_text="Your page that was agreed.")
    anchor = models.CharField("words of the link", max_length=200, blank=True, help_text="Empty: any words will do.")
    rel = models.CharField("kind of link", max_length=10, choices=Rel, default=Rel.FOLLOW)
    price = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(Decimal(0))]
    )
    currency = models.CharField(max_length=3, blank=True)  # ISO 4217
    agreed_on = models.DateField("agreed on", null=True, blank=True)
    expires_on = models.DateField("agreed until", null=True, blank=True)
    notes = models.TextField(max_length=2000, blank=True)

    state = models.CharField(max_length=10, choices=State, default=State.EXPECTED, editable=False)
    problems = models.JSONField(default=list, editable=False)  # words of placements.verdict.Problem
    found_rel = models.CharField(max_length=100, blank=True, editable=False)
    found_anchor = models.CharField(max_length=300, blank=True, editable=False)
    first_seen_at = models.DateTimeField(null=True, editable=False)
    last_seen_at = models.DateTimeField(null=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    lost_at = models.DateTimeField(null=True, editable=False)
    is_doubted = models.BooleanField(default=False, editable=False)  # gone at the last look, and not yet at a second
    noted_at = models.DateTimeField(null=True, editable=False)  # somebody took note of the loss
    confirmed_at = models.DateTimeField(null=True, editable=False)  # a person saw it last
    next_check_at = models.DateTimeField(default=timezone.now, editable=False)
    checking_until = models.DateTimeField(null=True, editable=False)  # a worker looks at it right now
    asked_at = models.DateTimeField(null=True, editable=False)  # a person wants it looked at now
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=["lead", "page_url", "target_url"], name="one_placement_a_link"),)
        indexes = (models.Index(fields=["next_check_at"], name="placements_to_check"),)

    def __str__(self) -> str:
        return self.page_url

    @property
    def subject(self) -> str:
        return f"placement:{self.pk}"

    @property
    def is_paid(self) -> bool:
        return bool(self.price)

    @property
    def expected_rel(self) -> Placement.Rel:
        """Search engines ask that a paid link says so (Google, "Qualify your outbound links"; spam policies)."""
        chosen = Placement.Rel(self.rel)
        return Placement.Rel.SPONSORED if self.is_paid and chosen == Placement.Rel.FOLLOW else chosen

    @property
    def seen_rel(self) -> str:
        """What a program saw it say of itself, `followed` where that was nothing; "" where only a person looked."""
        if self.found_rel or self.first_seen_at is None:
            return self.found_rel
        # A person's word leaves what a program has seen as it is; without either nobody has read it.
        was_read = bool(self.found_anchor) or (self.confirmed_at is None and self.lost_at is None)
        return "followed" if was_read else ""

    def is_over(self, today: date) -> bool:
        """The time that was agreed has passed: a link that goes now breaks no word."""
        return self.expires_on is not None and self.expires_on < today


class PlacementCheck(models.Model):
    """One look at a page, with what was seen there. Never changed afterwards."""

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="checks")
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")  # None: the clock
    outcome = models.CharField(max_length=12)  # a word of placements.verdict.Outcome
    problems = models.JSONField(default=list)
    status = models.PositiveSmallIntegerField(null=True)  # of HTTP
    final_url = models.CharField(max_length=2000, blank=True)
    href = models.CharField(max_length=2000, blank=True)
    rel = models.CharField(max_length=100, blank=True)
    anchor = models.CharField(max_length=300, blank=True)
    passage = models.CharField(max_length=600, blank=True)  # the words around the link
    sentence = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.outcome} at {self.at:%Y-%m-%d %H:%M}"
