"""A discovery run: what was asked, which sites came up, what each said, and whom one could write to there."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone

from campaigns.models.campaign import Campaign
from campaigns.models.lead import Lead
from outreach_site.accounts.models import User, Workspace


class DiscoveryRunQuerySet(models.QuerySet["DiscoveryRun"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(campaign__workspace=workspace)

    def under_way(self) -> Self:
        return self.filter(finished_at=None)

    def with_counts(self) -> Self:
        """Each with `site_count` and `added_count`: sites that came up, and those that became leads."""
        sites = FoundSite.objects.filter(run=models.OuterRef("pk")).order_by().values("run")
        return self.annotate(
            site_count=models.Subquery(sites.annotate(n=models.Count("pk")).values("n")),
            added_count=models.Subquery(sites.exclude(lead=None).annotate(n=models.Count("pk")).values("n")),
        )


class DiscoveryRun(models.Model):
    """One search for sites. A worker does it in slices: whatever dies, the next slice goes on where it stopped."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="discovery_runs")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    keyword = models.CharField(max_length=200, blank=True)  # empty: from a list of addresses
    most_sites = models.PositiveIntegerField(default=20)
    known = models.PositiveIntegerField(default=0)  # results that the campaign has already
    targets = models.JSONField(default=list)  # our pages: a site that links to one already is marked
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)

    objects = DiscoveryRunQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        indexes = (
            models.Index(fields=["campaign", "-id"], name="runs_of_campaign"),
            models.Index(fields=["id"], condition=models.Q(finished_at=None), name="runs_under_way"),
        )

    def __str__(self) -> str:
        return self.keyword or "a list of addresses"


class RunQuery(models.Model):
    """One query to one provider."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Asked"
        FAILED = "failed", "No answer"  # the others go on; the sentence says why

    run = models.ForeignKey(DiscoveryRun, on_delete=models.CASCADE, related_name="queries")
    provider = models.CharField(max_length=20)
    text = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    results = models.PositiveIntegerField(default=0)
    new_sites = models.PositiveIntegerField(default=0)
    sentence = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=["run", "provider", "text"], name="query_once_per_run"),)

    def __str__(self) -> str:
        return f"{self.provider}: {self.text}"


class FoundSite(models.Model):
    """A site of a run, one for each registrable domain, and the dated evidence of what its pages said."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits to be read"
        READ = "read", "Read"
        FAILED = "failed", "Not read"  # the sentence says why

    run = models.ForeignKey(DiscoveryRun, on_delete=models.CASCADE, related_name="sites")
    url = models.URLField(max_length=500)
    site_key = models.CharField(max_length=500)
    domain = models.CharField(max_length=254)  # registrable
    title = models.CharField(max_length=200, blank=True)
    snippet = models.CharField(max_length=500, blank=True)
    found_by = models.JSONField(default=list)  # ["Exa: balcony gardening guest post"]
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    sentence = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField(null=True)
    pages = models.JSONField(default=list)  # addresses that were read
    signals = models.JSONField(default=list)  # [{"kind", "quote", "url", "country"?}]
    reasons = models.JSONField(default=dict)  # {"quality": [["sentence", points]], …}
    links_to = models.JSONField(default=list)
    relevance_score = models.FloatField(null=True)
    quality_score = models.FloatField(null=True)
    guest_post_likelihood = models.FloatField(null=True)
    lead = models.ForeignKey(Lead, null=True, on_delete=models.SET_NULL, related_name="+")  # once it was added

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=["run", "domain"], name="site_once_per_run"),)
        indexes = (models.Index(fields=["run", "state", "id"], name="sites_of_run"),)

    def __str__(self) -> str:
        return self.title or self.domain

    def quotes(self, kind: str) -> list[str]:
        """What its pages say of one kind (discovery.signals.Kind)."""
        return [signal["quote"] for signal in self.signals if signal.get("kind") == kind]


class FoundContact(models.Model):
    """An address on a found site, with the page and the passage it stands in."""

    site = models.ForeignKey(FoundSite, on_delete=models.CASCADE, related_name="contacts")
    email = models.EmailField()
    email_key = models.CharField(max_length=254)  # normalised
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=120, blank=True)
    how = models.CharField(max_length=12)  # discovery.contacts.How
    url = models.URLField(max_length=500, blank=True)
    passage = models.CharField(max_length=500, blank=True)
    place = models.PositiveSmallIntegerField(default=0)  # 0 is the best to write to

    class Meta:
        ordering = ("place", "pk")
        constraints = (models.UniqueConstraint(fields=["site", "email_key"], name="contact_once_per_site"),)
        indexes = (models.Index(fields=["email_key"], name="found_contacts_by_address"),)

    def __str__(self) -> str:
        return self.email
