"""The attempt: one letter on its way out, and every state it can be in. The table is the queue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils import timezone

from campaigns.models.campaign import Campaign, Step, Template
from campaigns.models.lead import Contact, Lead
from compliance.models import Kind
from outreach_site.accounts.models import SenderIdentity, User, Workspace
from outreach_site.lib.reading import QuicklyRead
from outreach_site.mailboxes.models import Mailbox


class Ground(models.TextChoices):
    """Why we may write to this person: what we hold, next to what the region asks for."""

    CONSENT = "consent", "They agreed to be written to"  # only by a live record; nobody names it by hand
    INVITED = "invited", "Their site invites pitches"
    PUBLISHED = "published", "They publish the address for such letters"
    RELATIONSHIP = "relationship", "We know each other"
    ASSESSMENT = "assessment", "We weighed their interests, and can show it"


# A letter that nobody could send for so long (a paused campaign, whatever was on hold) is stale: what it says of a site
# may not be so any more, and a resumed campaign must not pour out last month's letters. A person may queue it again.
EXPIRES_AFTER = timedelta(days=14)

_NOBODY = UUID(int=0)

# States that end a try and have consequences to draw, as a condition that both databases know an index by.
_ENDED = models.Q(state="sent") | models.Q(state="failed") | models.Q(state="uncertain")
# It waits for a worker, or for something else.
_FREE = models.Q(state="queued", lease_token__isnull=True)
# A person or a program wrote it by itself: it waits for no campaign's turn, window or spread.
ONE_BY_ONE = models.Q(step__isnull=True) | models.Q(is_single=True)
# It is with its reader, or may be.
_LEFT = models.Q(state="sent") | models.Q(state="uncertain")


def due_from(now: datetime | Now) -> Greatest:
    """For an update: a letter that waited for something else is due now, or later where a person chose so."""
    moment = models.Value(now, output_field=models.DateTimeField()) if isinstance(now, datetime) else now
    return Greatest(moment, Coalesce("not_before", moment))


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def bulk_create(self, objs: Iterable[Attempt], *args: Any, **options: Any) -> list[Attempt]:
        attempts = list(objs)
        for attempt in attempts:
            attempt.stand_in_workspace()
        return super().bulk_create(attempts, *args, **options)

    def due(self, now: datetime) -> Self:
        """Letters that wait for nothing but a worker."""
        return self.filter(
            state=Attempt.State.QUEUED, lease_token=None, due_at__lte=now, due_at__gt=now - EXPIRES_AFTER
        )

    def too_late(self, now: datetime) -> Self:
        """Letters that were due so long ago that nobody means them any more."""
        return self.filter(state=Attempt.State.QUEUED, lease_token=None, due_at__lte=now - EXPIRES_AFTER)

    def that_run(self) -> Self:
        """Whose campaign and workspace let letters leave. Holds are the gate's to say."""
        return self.filter(
            campaign__state=Campaign.State.RUNNING,
            campaign__archived_at=None,
            campaign__workspace__sending_stopped_at=None,
        )

    def waiting(self) -> Self:
        return self.filter(state__in=[Attempt.State.QUEUED, Attempt.State.SENDING])

    def asking(self, rule: str = "") -> Self:
        """Letters that wait for a person; those that one rule holds, where it is named."""
        waiting = self.filter(state=Attempt.State.QUEUED, due_at=None)
        return waiting.filter(asks__contains=f"{rule} ") if rule else waiting

    def unsettled(self) -> Self:
        """An outcome is written down, and its consequences are not drawn yet. In the very words of the index
        attempts_unsettled: SQLite takes a partial index for `a = ? OR a = ?`, and never for `a IN (?, ?)`.
        """
        return self.filter(_ENDED, settled_at=None)

    def provable(self) -> Self:
        """Letters of which it would be news that they have left."""
        return self.exclude(state__in=[Attempt.State.SENT, Attempt.State.DRAFT])

    def unasked(self) -> Self:
        """Letters that began a conversation, or asked once more, and that have left or may have. In the very words of
        the index attempts_by_day.
        """
        return self.filter(_LEFT).exclude(kind=Kind.ANSWER)

    def leased(self) -> Self:
        """In a worker's hands."""
        return self.filter(lease_token__isnull=False)

    def held_by(self, token: UUID) -> Self:
        """In the hands of this worker, for updates of one letter by its key. Not in words that attempts_leased answers
        to: PostgreSQL learns late how many letters are in it, and walks it for one.
        """
        return self.alias(holder=Coalesce("lease_token", models.Value(_NOBODY))).filter(holder=token)


class Attempt(QuicklyRead):
    class State(models.TextChoices):
        DRAFT = "draft", "Draft"  # being written
        QUEUED = "queued", "Queued"  # waits for its time, its turn, or a person
        SENDING = "sending", "Sending"  # the server is being told
        SENT = "sent", "Sent"  # the server took it
        BLOCKED = "blocked", "Held back"  # the gate refused it
        FAILED = "failed", "Could not be sent"  # a permanent refusal, or five tries: the dead-letter list
        UNCERTAIN = "uncertain", "May have been sent"  # the connection broke after the hand-over; waits for proof
        CANCELLED = "cancelled", "Cancelled"  # a person took it back

    # States that end a try and have consequences to draw.
    OUTCOMES = (State.SENT, State.FAILED, State.UNCERTAIN)
    # States in which a letter may still leave or may have left.
    LIVE = (State.QUEUED, State.SENDING, State.UNCERTAIN)
    # States in which a worker has something to do.
    WITH_WORKER = (State.QUEUED, State.SENDING)

    # Every move of a letter writes each index that it is in, on PostgreSQL: a foreign key has one of its own only where
    # letters are looked for by it and no other index begins with it.
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    # Its campaign's, kept here too: a workspace's queue is read in the order of an index, however long it is and
    # whatever stands in other workspaces. Filled by save and bulk_create.
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    step = models.ForeignKey(Step, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    template = models.ForeignKey(
        Template, null=True, on_delete=models.SET_NULL, related_name="+", editable=False, db_index=False
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FIRST)
    variant = models.CharField(max_length=1, blank=True, editable=False)  # A or B where its step has two, else empty
    follows_at = models.DateTimeField(null=True, editable=False)  # when the step before it was done: its wait begins
    mailbox = models.ForeignKey(Mailbox, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    identity = models.ForeignKey(SenderIdentity, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)  # queued it

    # The letter as it was queued: what a person saw in the preview is what leaves.
    recipient = models.EmailField()
    recipient_name = models.CharField(max_length=120, blank=True)
    recipient_key = models.CharField(max_length=254)  # normalised
    recipient_domain = models.CharField(max_length=254)  # registrable
    subject = models.CharField(max_length=200)
    body = models.TextField()

    # Where it stands in a conversation: Message-IDs with angle brackets. Empty for a first letter.
    in_reply_to = models.CharField(max_length=255, blank=True)
    begins_thread = models.BooleanField(default=False, editable=False)  # a follow-up under a subject of its own
    references = models.TextField(blank=True)  # with a space between two, the oldest first
    answers = models.CharField(max_length=64, blank=True)  # what an answer is about, such as reply:12

    ground = models.CharField(max_length=12, choices=Ground, blank=True)
    is_single = models.BooleanField(default=False, editable=False)  # sent by itself through the API: policy.Letter
    # What a person has said about this very letter. A letter that is written anew loses both.
    must_be_read = models.BooleanField(
        default=False, editable=False
    )  # by a person before it leaves, whatever else holds
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    cool_off_waived_at = models.DateTimeField(null=True, blank=True)  # "write anyway", to a site written to lately
    cool_off_waived_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    refusal_waived_at = models.DateTimeField(null=True, blank=True)  # "answer once", to somebody who said no
    refusal_waived_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    due_at = models.DateTimeField(null=True, default=timezone.now)  # None: waits for a person
    not_before = models.DateTimeField(null=True, editable=False)  # the moment that a person chose for it
    reason = models.CharField(max_length=500, blank=True)  # why it waits, was held back, or failed: a sentence
    # While it waits for a person: the rules that ask one, each followed by a space, as "approval cool_off ".
    asks = models.CharField(max_length=120, blank=True, editable=False)
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # Written by the claim.
    message_id = models.CharField(max_length=255, blank=True)  # with angle brackets; kept over tries
    lease_token = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    valid_until = models.DateTimeField(null=True, editable=False)  # the decision ends with its day
    # Written by start, record and settle.
    started_at = models.DateTimeField(null=True, editable=False)
    letterhead = models.JSONField(default=dict, editable=False)  # what was put around the text: letters.Letterhead
    finished_at = models.DateTimeField(null=True, editable=False)  # when the outcome was known
    settled_at = models.DateTimeField(null=True, editable=False)
    verdict = models.CharField(max_length=20, blank=True)  # mailboxes.errors.Verdict of the last failure
    server_words = models.CharField(max_length=500, blank=True)  # the server's own answer
    wire_id = models.CharField(max_length=255, blank=True)  # the Message-ID that a provider put in its place

    objects = AttemptQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=["lead", "step"], name="step_once_per_lead"),
            models.UniqueConstraint(
                fields=["step", "recipient_key"],
                condition=~models.Q(state__in=["blocked", "cancelled"]),
                name="step_once_per_address",
            ),
            models.UniqueConstraint(fields=["message_id"], condition=~models.Q(message_id=""), name="message_id_once"),
        )
        indexes = (
            # What no worker has taken yet: starting a letter that was claimed does not write these.
            models.Index(fields=["mailbox", "due_at", "id"], condition=_FREE, name="attempts_due"),
            # Campaigns take turns: each one's first letters are found without walking the others'.
            models.Index(fields=["mailbox", "campaign", "due_at", "id"], condition=_FREE, name="attempts_in_turn"),
            # Answers, and letters that somebody wrote one by one: they wait for no campaign.
            models.Index(
                fields=["mailbox", "kind", "due_at", "id"],
                condition=_FREE & ONE_BY_ONE,
                name="attempts_one_by_one",
            ),
            models.Index(
                fields=["leased_until"], condition=models.Q(lease_token__isnull=False), name="attempts_leased"
            ),
            models.Index(fields=["id"], condition=_ENDED & models.Q(settled_at=None), name="attempts_unsettled"),
            models.Index(fields=["campaign", "-id"], name="attempts_of_campaign"),
            models.Index(fields=["workspace", "finished_at"], condition=_LEFT, name="attempts_by_day"),
            models.Index(fields=["workspace", "state", "-id"], name="attempts_by_state"),
            models.Index(
                fields=["workspace", "due_at", "id"], condition=models.Q(state="queued"), name="attempts_next"
            ),
            models.Index(fields=["recipient_key", "-id"], name="attempts_to_address"),
            models.Index(fields=["answers"], condition=~models.Q(answers=""), name="attempts_that_answer"),
            # People and templates that hardly any letter names: for when they go.
            *(
                models.Index(fields=[named], condition=models.Q((f"{named}__isnull", False)), name=name)
                for named, name in (
                    ("template", "attempts_from_template"),
                    ("approved_by", "attempts_approved"),
                    ("cool_off_waived_by", "attempts_cool_off_waived"),
                    ("refusal_waived_by", "attempts_refusal_waived"),
                )
            ),
            models.Index(fields=["wire_id"], condition=~models.Q(wire_id=""), name="attempts_by_wire_id"),
        )

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient} ({self.state})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.stand_in_workspace()
        super().save(*args, **kwargs)

    def stand_in_workspace(self) -> None:
        if self.workspace_id is None:
            self.workspace_id = self.campaign.workspace_id

    @property
    def contact(self) -> Contact | None:
        """What is known of the person it goes to; None where the lead's contact is another one by now."""
        contact = self.lead.contact
        return contact if contact is not None and contact.email_key == self.recipient_key else None

    @property
    def is_in_sequence(self) -> bool:
        """What is not ONE_BY_ONE."""
        return self.step_id is not None and not self.is_single

    @property
    def answers_refusal(self) -> bool:
        """Whether it is an answer that a person wants to leave although its reader said no."""
        return self.kind == Kind.ANSWER and self.refusal_waived_at is not None

    @property
    def about(self) -> str:
        """How rooms that hold no key to it name it."""
        return f"attempt:{self.id}"


class EnclosedFile(models.Model):
    """A file that goes with an answer. Its bytes are in a table of their own, so that the queue never loads them."""

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="enclosures")
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=120)
    size = models.PositiveIntegerField()  # bytes
    content = models.BinaryField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name
