"""Campaigns, their steps, and the templates that steps start from."""

from __future__ import annotations

from datetime import datetime, time
from typing import Self

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone

from campaigns.languages import Language
from campaigns.sequences import LONGEST_WAIT, Window
from outreach_site.accounts.models import SenderIdentity, User, Workspace
from outreach_site.mailboxes.models import Mailbox


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def current(self) -> Self:
        return self.filter(archived_at=None)


class Campaign(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", "Draft"  # nothing has been queued yet
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"  # acts before the next letter

    class Arrived(models.TextChoices):
        """Where the test letter was found."""

        INBOX = "inbox", "In the inbox"
        SPAM = "spam", "In spam"
        NOWHERE = "nowhere", "Not at all"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    description = models.TextField(max_length=2000, blank=True)
    keywords = models.CharField(max_length=500, blank=True, help_text="What it is about; the first one fills {topic}.")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    identity = models.ForeignKey(
        SenderIdentity, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name="who writes"
    )
    mailbox = models.ForeignKey(
        Mailbox, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name="sent from"
    )
    more_mailboxes = models.ManyToManyField(Mailbox, blank=True, related_name="+", verbose_name="and also from")
    reply_to = models.EmailField("answers go to", blank=True)
    language = models.CharField("language of its letters", max_length=2, choices=Language, blank=True)
    # Takes up what programs write one by one (POST /api/email/queue); each workspace has one at most.
    is_direct = models.BooleanField(default=False, editable=False)
    with_html = models.BooleanField("also as HTML", default=False)
    # When first letters and follow-ups leave. Empty days: at any time.
    send_days = models.CharField("days", max_length=7, blank=True)  # "01234" is Monday to Friday
    send_from = models.TimeField("from", default=time(9))
    send_until = models.TimeField("until", default=time(17))  # the first moment that is too late
    send_on_holidays = models.BooleanField("also on public holidays of the recipient's country", default=False)
    in_their_zone = models.BooleanField("by the recipient's clock, guessed from the address", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    tested_at = models.DateTimeField(null=True, editable=False)  # the last test letter
    tested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    test_arrived = models.CharField(max_length=7, blank=True, choices=Arrived, editable=False)  # as a person saw it

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["workspace"], condition=models.Q(is_direct=True), name="one_direct_campaign_each"
            ),
        )
        indexes = (models.Index(fields=["workspace", "-created_at", "-id"], name="campaigns_newest_first"),)

    def __str__(self) -> str:
        return self.name

    @property
    def topic(self) -> str:
        """What fills {topic} for a lead that has none of its own: the first keyword."""
        return self.keywords.split(",")[0].strip()

    @property
    def subject(self) -> str:
        """How rooms that hold no key to it name it."""
        return f"campaign:{self.pk}"

    @property
    def window(self) -> Window | None:
        """When its letters may leave; None: whenever."""
        if not self.send_days:
            return None
        days = frozenset(int(day) for day in self.send_days)
        return Window(days, self.send_from, self.send_until, with_holidays=self.send_on_holidays)

    def pause(self) -> None:
        self.state = Campaign.State.PAUSED
        self.save(update_fields=["state"])

    def resume(self) -> None:
        self.state = Campaign.State.RUNNING
        self.save(update_fields=["state"])

    def archive(self, *, now: datetime) -> None:
        self.archived_at = now
        self.save(update_fields=["archived_at"])

    def restore(self) -> None:
        self.archived_at = None
        self.save(update_fields=["archived_at"])


class TemplateQuerySet(models.QuerySet["Template"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)


class Template(models.Model):
    """A letter to start from, with placeholders such as `{name|there}`."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    subject = models.CharField(max_length=200)
    body = models.TextField(max_length=20_000)
    category = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TemplateQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        constraints = (models.UniqueConstraint(fields=["workspace", "name"], name="template_name_once"),)

    def __str__(self) -> str:
        return self.name


class StepQuerySet(models.QuerySet["Step"]):
    def current(self) -> Self:
        """The sequence as it stands, in its order."""
        return self.filter(retired_at=None).order_by("position")


class Step(models.Model):
    """One step of a campaign's sequence: a letter, or something that a person does. The first one is position 1, and
    always a letter.
    """

    class Kind(models.TextChoices):
        LETTER = "letter", "Letter"
        TASK = "task", "Task"  # done by a person, and ticked off on Today

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.LETTER)
    wait_days = models.PositiveIntegerField(  # working days after the step before; of the first step nothing
        "wait", default=0, validators=[MaxValueValidator(LONGEST_WAIT)]
    )
    new_thread = models.BooleanField("begins a new conversation", default=False)  # of a follow-up
    letter_subject = models.CharField("subject", max_length=200, blank=True)  # of a task: what is to be done
    letter_body = models.TextField("letter", max_length=20_000, blank=True)  # of a task: more about it
    # The second variant of one of the two; half of the leads get it.
    other_subject = models.CharField("other subject", max_length=200, blank=True)
    other_body = models.TextField("other letter", max_length=20_000, blank=True)
    retired_at = models.DateTimeField(null=True, editable=False)  # taken out; what was sent by it stays on record
    # What its text began from, so that templates can be compared by what they brought; it may have been changed since.
    template = models.ForeignKey(Template, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(
                fields=["campaign", "position"], condition=models.Q(retired_at=None), name="step_position_once"
            ),
        )

    def __str__(self) -> str:
        return f"step {self.position} of {self.campaign_id}"

    @property
    def is_letter(self) -> bool:
        return self.kind == Step.Kind.LETTER

    @property
    def has_variants(self) -> bool:
        return bool(self.other_subject or self.other_body)

    @property
    def keeps_subject(self) -> bool:
        """Whether its subject is that of the letter before it, as an answer's is."""
        return self.position > 1 and not self.new_thread
