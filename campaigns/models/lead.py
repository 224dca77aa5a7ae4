"""Leads: a site worth a link, and the people who can be written to there."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from campaigns.models.campaign import Campaign
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.reading import QuicklyRead

ZERO_TO_ONE = [MinValueValidator(0.0), MaxValueValidator(1.0)]


class TagQuerySet(models.QuerySet["Tag"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)


class Tag(models.Model):
    """A word of a workspace's own by which leads are found again, in all its campaigns."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=40)

    objects = TagQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint("workspace", Lower("name"), name="tag_once_per_workspace"),)

    def __str__(self) -> str:
        return self.name


class LeadQuerySet(models.QuerySet["Lead"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(campaign__workspace=workspace)

    def of(self, campaign: Campaign) -> Self:
        return self.filter(campaign=campaign).select_related("contact")

    def move_to(self, status: Lead.Status, *, now: datetime) -> int:
        """Set the status of all that do not have it yet; how many changed."""
        return self.exclude(status=status).update(status=status, status_changed_at=now)


class Lead(QuicklyRead):
    class Status(models.TextChoices):
        DISCOVERED = "discovered", "Discovered"  # known, not written to
        CONTACTED = "contacted", "Contacted"  # a letter has left
        REPLIED = "replied", "Replied"  # a person answered
        PLACED = "placed", "Placed"  # the link is live
        LOST = "lost", "Lost"  # said no
        BOUNCED = "bounced", "Bounced"  # the address does not exist
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"  # asked to be removed

    # Those to whom the next step of a sequence still goes.
    SILENT = (Status.DISCOVERED, Status.CONTACTED)

    class Source(models.TextChoices):
        MANUAL = "manual", "Added by hand"
        PASTE = "paste", "Pasted list"
        IMPORT = "import", "Imported file"
        DISCOVERY = "discovery", "Found by search"
        API = "api", "Added through the API"
        REHEARSAL = "rehearsal", "Rehearsal"

    # Every index below begins with the campaign: it needs none of its own.
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="leads", db_index=False)
    website_url = models.URLField("site", max_length=500)
    site_key = models.CharField(
        max_length=500, editable=False
    )  # the address normalised: scheme, www. and slash dropped
    domain = models.CharField(max_length=254, editable=False)  # registrable
    website_title = models.CharField("site's name", max_length=200, blank=True)
    topic = models.CharField(max_length=120, blank=True, help_text="Fills {topic} in letters to this site.")
    contact = models.ForeignKey("Contact", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    status = models.CharField(max_length=12, choices=Status, default=Status.DISCOVERED)
    status_changed_at = models.DateTimeField(default=timezone.now, editable=False)
    # How far one that answered has come: a stage of its workspace, by name (campaigns.stages). Empty: nobody has said.
    stage = models.CharField(max_length=40, blank=True)
    next_action = models.CharField(max_length=200, blank=True)
    next_action_on = models.DateField(null=True, blank=True)  # a day of the workspace; over it, Today says so
    # What they asked for a link, as one of their replies says; `placements` take it over.
    quoted_price = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True, editable=False)
    quoted_currency = models.CharField(max_length=3, blank=True, editable=False)
    away_until = models.DateField(null=True, blank=True, editable=False)  # an out-of-office reply says so
    quality_score = models.FloatField(null=True, blank=True, validators=ZERO_TO_ONE)
    relevance_score = models.FloatField(null=True, blank=True, validators=ZERO_TO_ONE)
    guest_post_likelihood = models.FloatField(null=True, blank=True, validators=ZERO_TO_ONE)
    source = models.CharField(max_length=10, choices=Source, default=Source.MANUAL)
    assignee = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        verbose_name="assigned to",
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="leads")
    custom_fields = models.JSONField(default=dict, blank=True)  # {"name": "text"}: placeholders of the same names
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = LeadQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=["campaign", "site_key"], name="site_once_per_campaign"),)
        indexes = (
            models.Index(fields=["campaign", "id"], name="leads_of_campaign"),
            models.Index(fields=["campaign", "status", "id"], name="leads_by_status"),
            # The table's other orders; by site it is read from site_once_per_campaign.
            models.Index(fields=["campaign", "quality_score", "id"], name="leads_by_quality"),
            models.Index(fields=["campaign", "guest_post_likelihood", "id"], name="leads_by_likelihood"),
            models.Index(fields=["campaign", "status_changed_at", "id"], name="leads_by_change"),
            models.Index(
                fields=["campaign", "assignee", "id"],
                condition=models.Q(assignee__isnull=False),
                name="leads_by_assignee",
            ),
            models.Index(fields=["domain"], name="leads_by_domain"),
            # Which links went live, or are gone, since the numbers were counted.
            models.Index(fields=["status_changed_at"], name="leads_changed"),
            models.Index(
                fields=["next_action_on"], condition=models.Q(next_action_on__isnull=False), name="leads_to_act_on"
            ),
        )

    def __str__(self) -> str:
        return self.website_title or self.domain

    @property
    def host(self) -> str:
        """The site's name without path and port: `blog.example.org`."""
        return self.site_key.partition("/")[0].partition(":")[0]


class FoundHow(models.TextChoices):
    """How an address stood on its page; the same words as discovery.contacts.How."""

    MAILTO = "mailto", "A link to write to"
    PLAIN = "plain", "Plain text"
    STRUCTURED = "structured", "Told to search engines"
    OBFUSCATED = "obfuscated", "Written so that only people read it"


class Contact(QuicklyRead):
    """An address at a lead's site, and where it was found: proof that is shown to the person it belongs to."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="contacts")
    email = models.EmailField("address")
    email_key = models.CharField(max_length=254, editable=False)  # normalised: what suppression and caps compare
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=120, blank=True)
    found_url = models.URLField("found at", max_length=500, blank=True)
    found_passage = models.CharField(max_length=500, blank=True)
    found_at = models.DateTimeField(default=timezone.now)
    found_how = models.CharField(max_length=12, choices=FoundHow, blank=True)  # empty: a person wrote it down
    # A person looked at an address that was hidden from programs, and said that it may be used.
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    # How it came to us where somebody handed it in: the file, the day, who, and what they said of where it is from.
    origin = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["lead", "email_key"], name="address_once_per_lead"),)
        indexes = (models.Index(fields=["email_key"], name="contacts_by_address"),)

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email

    @property
    def needs_a_yes(self) -> bool:
        """Whether it was hidden from programs, and nobody has said that it may be used all the same."""
        return self.found_how == FoundHow.OBFUSCATED and self.confirmed_at is None

    @property
    def found_words(self) -> str:
        """What is known of where the address is from, besides the page: its passage; without a page, how it came."""
        return self.found_passage or ("" if self.found_url else self.origin)


class MailDomain(models.Model):
    """Whether a domain takes mail, as its name servers said when asked last. Of no workspace: the DNS is not."""

    class State(models.TextChoices):
        TAKES = "takes", "Takes mail"
        NONE = "none", "Takes no mail"
        UNKNOWN = "unknown", "Unknown"  # not asked yet, or nobody could say: never held against anybody

    domain = models.CharField(max_length=254, unique=True)
    state = models.CharField(max_length=8, choices=State, default=State.UNKNOWN)
    checked_at = models.DateTimeField(null=True)  # None: not asked yet
    asked_for_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.domain}: {self.state}"
