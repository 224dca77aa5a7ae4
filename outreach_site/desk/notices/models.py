"""A notice, who has read it, and what each person wants a letter about."""

from __future__ import annotations

from typing import Self

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Coalesce

from outreach_site.accounts.models import Membership, Workspace

DIGEST_AT = 8  # o'clock, where a person has chosen no other hour


class Kind(models.TextChoices):
    INTERESTED = "interested", "Interested replies"
    MAILBOX = "mailbox", "Mailboxes in trouble"
    LOST_LINK = "lost_link", "Lost links"
    CAP = "cap", "Limits that were reached"
    FINISHED = "finished", "Finished campaigns"
    WEBHOOK = "webhook", "Webhooks that were switched off"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def unread_by(self, membership: Membership) -> Self:
        """What this person has not read; what was there before they came is nobody's duty to read."""
        read = NoticeRead.objects.filter(notice=models.OuterRef("pk"), membership=membership)
        mark = NoticeMark.objects.filter(membership=membership).values("through")
        new = self.filter(workspace=membership.workspace_id, at__gte=membership.joined_at)
        return new.filter(pk__gt=Coalesce(models.Subquery(mark), 0)).filter(~models.Exists(read))


class Notice(models.Model):
    """Something that happened, told once. Its words are made when it is shown, of what it is about as it stands then:
    no name and no address is kept here.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    key = models.CharField(max_length=120)  # the same thing has the same one, whoever notices it
    about = models.CharField(max_length=64)  # a plain subject such as reply:42
    facts = models.JSONField(default=dict)  # numbers and words of ours
    at = models.DateTimeField()

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=["workspace", "kind", "key"], name="told_once"),)
        indexes = (
            models.Index(fields=["workspace", "-id"], name="notices_newest_first"),
            models.Index(fields=["at"], name="notices_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.kind} about {self.about}"


class NoticeRead(models.Model):
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="reads", db_index=False)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["notice", "membership"], name="read_once"),)

    def __str__(self) -> str:
        return f"{self.notice_id} by {self.membership_id}"


class NoticeMark(models.Model):
    """Up to where a member has read everything: what the bell need not look at one by one."""

    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, primary_key=True, related_name="+")
    through = models.BigIntegerField(default=0)  # the key of a notice

    def __str__(self) -> str:
        return f"{self.membership_id} up to {self.through}"


class Digest(models.Model):
    """Whether a member wants a letter about the day in this workspace, and when. None is kept: they want none."""

    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="+")
    is_wanted = models.BooleanField("Send me a letter about the day", default=False)
    hour = models.PositiveSmallIntegerField(default=DIGEST_AT, validators=[MaxValueValidator(23)])  # of its workspace
    kinds = models.JSONField(default=list)  # words of Kind
    # Written by whoever sends it, before it does.
    claimed_on = models.DateField(null=True, editable=False)  # the workspace's day that is done with
    told_until = models.DateTimeField(null=True, editable=False)  # what came later is for the next one
    sent_at = models.DateTimeField(null=True, editable=False)
    failure = models.CharField(max_length=300, blank=True, editable=False)  # why the last one did not leave

    class Meta:
        indexes = (models.Index(fields=["is_wanted", "id"], name="digests_wanted"),)

    def __str__(self) -> str:
        return f"digest of {self.membership_id}"
