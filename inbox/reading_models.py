"""What a mailbox is read for besides its usual folders, what people sent by hand, and links that people made."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from campaigns.models import Attempt, Lead
from outreach_site.accounts.models import User, Workspace
from outreach_site.mailboxes.models import Mailbox


class ReadingPlan(models.Model):
    """What an owner chose for one mailbox: folders beside the usual ones, and how far back to read."""

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="+", primary_key=True)
    folders = models.JSONField(default=list, blank=True)  # names, as the server spells them
    history_since = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"reading of mailbox {self.mailbox_id}"


class SentByHand(models.Model):
    """A letter in the Sent folder that did not leave through us: somebody wrote to a lead with their own mail program.

    It stands in the thread, ends the sequence, and counts as writing to that site.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="+")
    raw = models.OneToOneField("inbox.RawMessage", on_delete=models.CASCADE, related_name="sent_by_hand")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="sent_by_hand")
    recipient = models.CharField(max_length=254)
    recipient_key = models.CharField(max_length=254)  # normalised
    recipient_domain = models.CharField(max_length=254)  # registrable
    subject = models.CharField(max_length=998, blank=True)
    message_id = models.CharField(max_length=998, blank=True)
    text = models.TextField(blank=True)  # what they wrote, without quotation
    sent_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "letters sent by hand"
        indexes = (
            models.Index(fields=["lead", "sent_at"], name="by_hand_to_lead"),
            models.Index(fields=["workspace", "recipient_domain", "sent_at"], name="by_hand_to_site"),
            models.Index(fields=["workspace", "recipient_key"], name="by_hand_to_address"),
        )

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"


class ReplyLink(models.Model):
    """A person tied a reply to a lead. What stood before is kept, so that it can be taken back."""

    reply = models.ForeignKey("inbox.Reply", on_delete=models.CASCADE, related_name="links")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    linked_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    lead_before = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    attempt_before = models.ForeignKey(Attempt, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    matched_by_before = models.CharField(max_length=20, blank=True)
    status_before = models.CharField(max_length=12, blank=True)  # of the lead that it was linked to

    class Meta:
        ordering = ("linked_at", "pk")

    def __str__(self) -> str:
        return f"reply {self.reply_id} to lead {self.lead_id}"
