"""A copy that is to lie in the mailbox's own Sent folder, because its provider keeps none."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from campaigns.models.attempt import Attempt


class SentCopy(models.Model):
    """One for each letter that left while the mailbox wanted copies. It never says anything about the letter itself.

    Whoever set `claimed_until` works on it; should they die, the next one looks into the folder first.
    """

    attempt = models.OneToOneField(Attempt, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    copied_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["due_at"],
                condition=models.Q(copied_at=None, given_up_at=None),
                name="sent_copies_due",
            ),
        )

    def __str__(self) -> str:
        return f"copy of {self.attempt_id}"
