"""What people put beside a reply: notes, and the answer that they are writing."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone

from campaigns.models import Attempt, Lead
from outreach_site.accounts.models import User, Workspace


class NoteQuerySet(models.QuerySet["Note"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)


class Note(models.Model):
    """A remark for colleagues, on a lead or, where a reply belongs to none, on the reply. It never leaves the house."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    reply = models.ForeignKey("inbox.Reply", null=True, blank=True, on_delete=models.CASCADE, related_name="notes")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="notes")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField(max_length=4000)
    written_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)

    objects = NoteQuerySet.as_manager()

    class Meta:
        ordering = ("-written_at", "-pk")

    def __str__(self) -> str:
        return f"note {self.pk}"


class AnswerDraft(models.Model):
    """What a person is writing in answer to a reply; theirs alone. It outlives a reload, and Undo brings it back.

    `attempt` is the letter that was made of it: while that can be taken back the draft is kept, and not shown.
    """

    reply = models.ForeignKey("inbox.Reply", on_delete=models.CASCADE, related_name="drafts")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(max_length=20_000, blank=True)
    written_at = models.DateTimeField(default=timezone.now)
    attempt = models.ForeignKey(Attempt, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["reply", "user"], name="one_draft_each"),)
        indexes = (models.Index(fields=["sent_at"], condition=~models.Q(sent_at=None), name="drafts_sent"),)

    def __str__(self) -> str:
        return f"draft {self.pk}"


class DraftFile(models.Model):
    """A file that is to go with an answer."""

    draft = models.ForeignKey(AnswerDraft, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"file {self.pk}"
