"""What a worker's turn at a mailbox came to: one row a slice, kept for a week, to see whether a mailbox works."""

from __future__ import annotations

from django.db import models

from outreach_site.mailboxes.models import Mailbox


class Session(models.Model):
    """One slice of a mailbox's work. No letter is named: the numbers, and what stood in the way."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="+", db_index=False)
    host = models.CharField(max_length=120)  # whose worker it was
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    sent = models.PositiveIntegerField(default=0)
    not_sent = models.PositiveIntegerField(default=0)
    uncertain = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=500, blank=True)  # why the conversation ended, where the mailbox was at fault

    class Meta:
        indexes = (
            models.Index(fields=["mailbox", "-id"], name="sessions_of_mailbox"),
            models.Index(fields=["ended_at"], name="sessions_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.sent} letters from mailbox {self.mailbox_id} at {self.began_at:%Y-%m-%d %H:%M}"
