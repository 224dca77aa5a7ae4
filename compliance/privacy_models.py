"""Consent on record, and what people ask of us about their own data."""

from __future__ import annotations

import zlib
from datetime import date
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from outreach_site.accounts.models import Workspace


class ConsentQuerySet(models.QuerySet["Consent"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def live(self) -> Self:
        """Records that a letter may lean on."""
        return self.filter(status=Consent.Status.GIVEN)


class Consent(models.Model):
    """Proof that somebody agreed to be written to: what they did, where and when."""

    class Status(models.TextChoices):
        GIVEN = "given", "Given"  # a live record
        WITHDRAWN = "withdrawn", "Withdrawn"  # kept, as proof of what was

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=254)  # normalised
    domain = models.CharField(max_length=254)  # of the address: to search by
    status = models.CharField(max_length=10, choices=Status, default=Status.GIVEN)
    evidence_text = models.TextField(max_length=5_000, blank=True)
    evidence_url = models.URLField(max_length=500, blank=True)
    source = models.CharField(max_length=200, blank=True)  # where it came from, such as "Form on orchard.example"
    obtained_on = models.DateField()
    withdrawn_on = models.DateField(null=True, blank=True)
    recorded_by_id = models.BigIntegerField(null=True, blank=True)  # a user, who may be gone
    recorded_at = models.DateTimeField(default=timezone.now)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "address"], condition=models.Q(status="given"), name="one_live_consent_each"
            ),
        )
        indexes = (
            models.Index(fields=["address"], name="consent_by_address", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["domain"], name="consent_by_domain", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["workspace", "-id"], name="consent_by_age"),
        )

    def __str__(self) -> str:
        return self.address

    @property
    def is_live(self) -> bool:
        return self.status == Consent.Status.GIVEN


class ConsentFile(models.Model):
    """A file that shows it, in a table of its own so that lists never load it. Handed out to be saved, never shown."""

    LARGEST = 2 * 1024 * 1024

    consent = models.OneToOneField(Consent, on_delete=models.CASCADE, related_name="file", primary_key=True)
    name = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.name


class ConsentImportQuerySet(models.QuerySet["ConsentImport"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def unfinished(self) -> Self:
        return self.filter(finished_at=None)


class ConsentImport(models.Model):
    """A list of consents on its way in. Read in slices; the place where the next one begins moves with its rows."""

    LARGEST = 25 * 1024 * 1024

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    compressed = models.BinaryField()  # emptied when it is finished
    lines = models.PositiveIntegerField(default=0)
    next_line = models.PositiveIntegerField(default=0)  # from 0
    evidence_text = models.TextField(max_length=5_000, blank=True)  # for rows without evidence of their own
    source = models.CharField(max_length=200, blank=True)
    added = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    started_by_id = models.BigIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ConsentImportQuerySet.as_manager()

    def __str__(self) -> str:
        return self.file_name

    @property
    def content(self) -> bytes:
        return zlib.decompress(bytes(self.compressed)) if self.compressed else b""


class ConsentImportProblem(models.Model):
    """A row that was not taken, and why."""

    consent_import = models.ForeignKey(ConsentImport, on_delete=models.CASCADE, related_name="problems")
    line = models.PositiveIntegerField()  # as a person counts: from 1
    text = models.CharField(max_length=500)
    sentence = models.CharField(max_length=300)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence}"


class PrivacyRequestQuerySet(models.QuerySet["PrivacyRequest"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def waiting(self) -> Self:
        """Those that still owe somebody an answer."""
        return self.filter(state__in=[PrivacyRequest.State.OPEN, PrivacyRequest.State.ERASING])


class PrivacyRequest(models.Model):
    """Somebody asked what we hold about them, or that we erase it. It is to be answered within thirty days."""

    class Kind(models.TextChoices):
        ACCESS = "access", "Access"  # what do you hold about me?
        ERASURE = "erasure", "Erasure"  # forget me

    class State(models.TextChoices):
        OPEN = "open", "To do"
        ERASING = "erasing", "Being erased"
        DONE = "done", "Done"
        CLOSED = "closed", "Closed without it"  # not that person, or taken back: the outcome says why

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    address = models.CharField(max_length=254, blank=True)  # normalised; gone once it is erased
    stone = models.CharField(max_length=80)  # the keyed digest of the address
    received_on = models.DateField()
    due_on = models.DateField()
    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    outcome = models.CharField(max_length=500, blank=True)
    progress = models.JSONField(default=dict, blank=True)  # how far an erasure has looked, by shelf
    counts = models.JSONField(default=dict, blank=True)  # what an erasure took: words -> number
    recorded_by_id = models.BigIntegerField(null=True, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now)
    done_by_id = models.BigIntegerField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = PrivacyRequestQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "kind", "stone"],
                condition=models.Q(state__in=["open", "erasing"]),
                name="one_open_request_each",
            ),
        )
        indexes = (models.Index(fields=["workspace", "state", "due_on"], name="requests_by_deadline"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, received {self.received_on}"

    @property
    def about(self) -> str:
        return f"privacy_request:{self.pk}"

    @property
    def is_waiting(self) -> bool:
        return self.state in {PrivacyRequest.State.OPEN, PrivacyRequest.State.ERASING}

    def days_left(self, today: date) -> int:
        """Days until the deadline; below zero once it is over."""
        return (self.due_on - today).days


def _days(default: int, most: int) -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField(default=default, validators=[MinValueValidator(1), MaxValueValidator(most)])


class PrivacySettings(models.Model):
    """How long a workspace keeps what it knows about people, and what may leave this server."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="+", primary_key=True)
    is_on = models.BooleanField("remove by itself, every day", default=True)
    unwritten_days = _days(30, 3650)
    unlinked_days = _days(30, 3650)
    raw_months = _days(12, 240)
    reply_months = _days(24, 240)
    audit_months = _days(36, 240)
    may_use_exa = models.BooleanField("Exa", default=False)
    may_use_openai = models.BooleanField("OpenAI", default=False)
    openai_tokens = models.PositiveIntegerField(
        "tokens a month", default=1_000_000, validators=[MinValueValidator(1_000), MaxValueValidator(1_000_000_000)]
    )
    applied_at = models.DateTimeField(null=True, blank=True, editable=False)
    removed = models.JSONField(default=dict, blank=True, editable=False)  # by the last run: words -> number

    class Meta:
        verbose_name_plural = "privacy settings"

    def __str__(self) -> str:
        return f"privacy settings of {self.workspace_id}"

    @classmethod
    def of(cls, workspace: Workspace) -> PrivacySettings:
        """Its settings, or the defaults where nobody has changed them yet (unsaved)."""
        return cls.objects.filter(workspace=workspace).first() or cls(workspace=workspace)
