"""What comes back: where we have read to, the bytes as they came, and what we made of them."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.utils import timezone

import inbox.desk_models
import inbox.hook_models
import inbox.reading_models
from campaigns.models import Attempt, Campaign, Lead
from compliance.models import Kind
from outreach_site.accounts.models import User, Workspace
from outreach_site.mailboxes.models import Mailbox


class FolderCursor(models.Model):
    """How far one folder has been read. Moved by compare-and-set, in the transaction that stores the messages."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="+")
    folder = models.CharField(max_length=255)
    uid_validity = models.BigIntegerField()
    last_uid = models.BigIntegerField(default=0)
    # Older mail, where an owner asked for it (ReadingPlan): read up to this UID, and since when it has all been read.
    history_uid = models.BigIntegerField(default=0)
    history_read_since = models.DateField(null=True, blank=True)
    began_at = models.DateTimeField(default=timezone.now)  # what lay there before was never read, unless asked for
    moved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["mailbox", "folder"], name="one_cursor_per_folder"),)

    def __str__(self) -> str:
        return f"{self.folder} of {self.mailbox_id} at {self.last_uid}"


class RawMessageQuerySet(models.QuerySet["RawMessage"]):
    def not_understood(self) -> Self:
        return self.filter(understood_at=None, error="")


class RawMessage(models.Model):
    """A message as it came, stored before anything is made of it. The same bytes in one mailbox are one row."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)  # SHA-256 of all bytes
    size = models.PositiveIntegerField()
    folder = models.CharField(max_length=255)
    is_sent = models.BooleanField(default=False)  # it lay in the Sent folder: whoever uses the mailbox wrote it
    uid_validity = models.BigIntegerField(default=0)
    uid = models.BigIntegerField(default=0)
    message_id = models.CharField(max_length=998, blank=True)  # as its header says; known again when UIDs start anew
    received_at = models.DateTimeField()  # INTERNALDATE
    stored_at = models.DateTimeField(default=timezone.now)
    understood_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)  # why it could not be fetched or understood

    objects = RawMessageQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["mailbox", "digest"], name="same_bytes_once"),)
        indexes = (
            models.Index(
                fields=["mailbox", "id"], condition=models.Q(understood_at=None, error=""), name="not_understood"
            ),
            models.Index(fields=["mailbox", "received_at"], name="raw_by_arrival"),
            models.Index(fields=["understood_at"], name="raw_by_understanding"),
        )

    def __str__(self) -> str:
        return f"message {self.pk} of {self.mailbox_id}"


class RawBody(models.Model):
    """The bytes, compressed, in a table of their own so that lists never load them."""

    message = models.OneToOneField(RawMessage, on_delete=models.CASCADE, related_name="body", primary_key=True)
    compressed = models.BinaryField()

    def __str__(self) -> str:
        return f"bytes of message {self.pk}"

    @classmethod
    def holding(cls, message: RawMessage, raw: bytes) -> RawBody:
        return cls(message=message, compressed=zlib.compress(raw, 3))

    @property
    def raw(self) -> bytes:
        return zlib.decompress(bytes(self.compressed))

    def beginning(self, limit: int) -> bytes:
        """The first bytes: enough for the headers, however large the message is."""
        return zlib.decompressobj().decompress(bytes(self.compressed), limit)


class ReplyQuerySet(models.QuerySet["Reply"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def from_people(self) -> Self:
        """What a person wrote."""
        return self.filter(kind=Reply.Kind.REPLY)

    def answers(self) -> Self:
        """What counts as an answer in the numbers: a person wrote it, and not only that they are away."""
        return self.from_people().exclude(classification=Reply.Classification.OUT_OF_OFFICE)

    def awake(self, now: datetime) -> Self:
        """Without those that a person has put aside until later."""
        return self.filter(models.Q(snoozed_until=None) | models.Q(snoozed_until__lte=now))

    def with_answered(self) -> Self:
        """Marks in `is_answered` those whose thread has had a letter of ours since, written by a person."""
        return self.annotate(is_answered=_is_answered())

    def unanswered(self) -> Self:
        return self.exclude(_is_answered())


def _is_answered() -> models.Q:
    """Whether a person has written in the thread of the outer query's reply since it came: here, or by hand."""
    here = Attempt.objects.filter(
        lead=models.OuterRef("lead"), kind=Kind.ANSWER, created_at__gt=models.OuterRef("received_at")
    ).exclude(state__in=[Attempt.State.CANCELLED, Attempt.State.BLOCKED])
    by_hand = inbox.reading_models.SentByHand.objects.filter(
        lead=models.OuterRef("lead"), sent_at__gt=models.OuterRef("received_at")
    )
    return models.Q(models.Exists(here.order_by())) | models.Q(models.Exists(by_hand.order_by()))


class Reply(models.Model):
    """An incoming message, understood: an answer, an automatic reply, or a bounce."""

    class Kind(models.TextChoices):
        REPLY = "reply", "Reply"  # a person wrote
        AUTO_REPLY = "auto_reply", "Automatic reply"
        BOUNCE = "bounce", "Bounce"
        DELAY = "delay", "Delay notice"  # not delivered yet; nothing follows from it
        COMPLAINT = "complaint", "Complaint"  # the reader called it spam
        RECEIPT = "receipt", "Receipt"  # it arrived, or was read
        LIST = "list", "Newsletter"  # list mail: answers nobody

    # What a machine wrote and nobody has to read.
    AUTOMATIC = (Kind.AUTO_REPLY, Kind.DELAY, Kind.RECEIPT, Kind.LIST)

    class Classification(models.TextChoices):
        INTERESTED = "interested", "Interested"
        NOT_INTERESTED = "not_interested", "Not interested"
        OUT_OF_OFFICE = "out_of_office", "Out of office"
        REPLIED = "replied", "Replied"
        BOUNCE = "bounce", "Bounce"  # found automatically
        COMPLAINT = "complaint", "Complaint"  # found automatically

    # The tags that a person may set, in the order of keys 1 to 4.
    TAGS = (
        Classification.INTERESTED,
        Classification.NOT_INTERESTED,
        Classification.OUT_OF_OFFICE,
        Classification.REPLIED,
    )

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="+")
    raw = models.OneToOneField(RawMessage, on_delete=models.CASCADE, related_name="reply")
    attempt = models.ForeignKey(Attempt, null=True, blank=True, on_delete=models.SET_NULL, related_name="replies")
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.CASCADE, related_name="replies")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="replies")
    matched_by = models.CharField(max_length=20, blank=True)  # matching.MatchedBy

    kind = models.CharField(max_length=12, choices=Kind)
    classification = models.CharField(max_length=16, choices=Classification)
    # The words that decided it: [{"words", "rule", "start", "end"}], offsets into new_text.
    evidence = models.JSONField(default=list)
    # What it asks for or tells: [{"intent", "words", "start", "end"}], where read with "amount", "amount_to",
    # "currency", "url", "email", "name" (inbox.intents.Intent).
    intents = models.JSONField(default=list)
    asks_opt_out = models.BooleanField(default=False)
    needs_review = models.BooleanField(default=False)
    return_on = models.DateField(null=True, blank=True)
    failed_recipient = models.CharField(max_length=254, blank=True)
    hardness = models.CharField(max_length=8, blank=True)  # of a bounce: hard, soft or policy
    server_words = models.CharField(max_length=500, blank=True)  # why it bounced, in the server's words

    from_name = models.CharField(max_length=200, blank=True)
    from_email = models.CharField(max_length=254, blank=True)
    from_key = models.CharField(max_length=254, blank=True)  # normalised
    subject = models.CharField(max_length=998, blank=True)
    message_id = models.CharField(max_length=998, blank=True)
    in_reply_to = models.CharField(max_length=998, blank=True)
    text = models.TextField(blank=True)
    new_text = models.TextField(blank=True)  # what the person wrote now, without quotation and signature
    text_digest = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)  # a person has dealt with it
    # Out of sight until then; it comes back unread, for it is not marked read while it sleeps.
    snoozed_until = models.DateTimeField(null=True, blank=True)
    assignee = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    suppressed_value = models.CharField(max_length=254, blank=True)  # the address that this reply put on the list

    objects = ReplyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "replies"
        ordering = ("-received_at", "-pk")
        constraints = (
            # The same Message-ID with the same text in two folders is one reply.
            models.UniqueConstraint(
                fields=["mailbox", "message_id", "text_digest"],
                condition=~models.Q(message_id=""),
                name="one_reply_per_message",
            ),
        )
        indexes = (
            models.Index(fields=["workspace", "-received_at", "-id"], name="replies_newest_first"),
            models.Index(fields=["workspace", "classification", "-received_at", "-id"], name="replies_by_tag"),
            models.Index(
                fields=["workspace", "-received_at", "-id"], condition=models.Q(read_at=None), name="replies_unread"
            ),
            models.Index(
                fields=["workspace", "-received_at", "-id"],
                condition=models.Q(needs_review=True),
                name="replies_to_review",
            ),
            models.Index(
                fields=["workspace", "-received_at", "-id"], condition=models.Q(lead=None), name="replies_unlinked"
            ),
            models.Index(
                fields=["workspace", "assignee", "-received_at", "-id"],
                condition=models.Q(assignee__isnull=False),
                name="replies_taken",
            ),
            models.Index(fields=["lead", "received_at"], name="replies_of_lead"),
            models.Index(
                fields=["workspace", "snoozed_until"],
                condition=models.Q(snoozed_until__isnull=False),
                name="replies_snoozed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.from_email}: {self.subject}"

    @property
    def about(self) -> str:
        return f"reply:{self.pk}"

    def intent(self, name: str) -> dict[str, Any] | None:
        """What was found under this name (inbox.intents.IntentName), or None."""
        return next((each for each in self.intents if each.get("intent") == name), None)


class ReplyLabel(models.Model):
    """The history of a reply's tag. A person's label beats a rule's, whatever is reprocessed."""

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="labels")
    classification = models.CharField(max_length=16, choices=Reply.Classification)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")  # None: a rule
    labelled_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("labelled_at", "pk")
        indexes = (models.Index(fields=["labelled_at"], name="labels_by_time"),)

    def __str__(self) -> str:
        return f"{self.classification} for {self.reply_id}"
