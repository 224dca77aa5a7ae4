"""Answers as numbers: what a campaign's reply rate, and every other figure of what came back, is counted from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Min, Q, QuerySet

from inbox.models import Reply, ReplyLabel
from inbox.reading_models import ReplyLink
from outreach_site.lib.ports import Answer, CameBack, ChangedAnswers

# With more answers than these understood anew at once (manage.py reprocess_messages), all is counted anew.
CHANGED_AT_MOST = 5_000

# What a machine wrote is called so, whatever its words sound like.
_BY_ITSELF = {
    Reply.Kind.AUTO_REPLY.value: Reply.Classification.OUT_OF_OFFICE.value,
    Reply.Kind.BOUNCE.value: Reply.Classification.BOUNCE.value,
    Reply.Kind.COMPLAINT.value: Reply.Classification.COMPLAINT.value,
}


class Answers:
    """lib.ports.AnswerBook."""

    def answers(self, leads: QuerySet[Any]) -> Sequence[Answer]:
        rows = Reply.objects.answers().filter(lead__in=leads).order_by("received_at", "pk")
        return [
            Answer(lead, letter, tag == Reply.Classification.INTERESTED, at)
            for lead, letter, tag, at in rows.values_list("lead_id", "attempt_id", "classification", "received_at")
            if lead is not None
        ]

    def came_back(
        self, workspace_id: int, spans: Sequence[tuple[datetime, datetime]], *, campaign_id: int | None = None
    ) -> Iterable[CameBack]:
        if not spans:
            return ()
        at = reduce(or_, (Q(received_at__gte=start, received_at__lt=end) for start, end in spans))
        rows = _of_campaigns(workspace_id).filter(at)
        if campaign_id is not None:
            rows = rows.filter(campaign=campaign_id)
        return [
            CameBack(campaign, _BY_ITSELF.get(kind, tag), at)
            for campaign, kind, tag, at in rows.values_list("campaign_id", "kind", "classification", "received_at")
            if campaign is not None
        ]

    def changed(self, workspace_id: int, *, since: datetime) -> ChangedAnswers | None:
        """What was understood, tagged, tied to a lead or taken from one. Three queries."""
        understood = Reply.objects.filter(workspace_id=workspace_id, raw__understood_at__gt=since).order_by()
        rows = list(understood.values_list("lead_id", "received_at")[: CHANGED_AT_MOST + 1])
        if len(rows) > CHANGED_AT_MOST:
            return None
        labels = ReplyLabel.objects.filter(labelled_at__gt=since, reply__workspace_id=workspace_id).order_by()
        rows += labels.values_list("reply__lead_id", "reply__received_at")
        links = ReplyLink.objects.filter(Q(linked_at__gt=since) | Q(undone_at__gt=since))
        tied = links.filter(reply__workspace_id=workspace_id).order_by()
        for lead, before, at in tied.values_list("lead_id", "lead_before_id", "reply__received_at"):
            rows += [(lead, at), (before, at)]
        return ChangedAnswers(
            leads=frozenset(lead for lead, _ in rows if lead is not None), moments=frozenset(at for _, at in rows)
        )

    def first_at(self, workspace_id: int) -> datetime | None:
        first: datetime | None = _of_campaigns(workspace_id).aggregate(at=Min("received_at"))["at"]
        return first


def _of_campaigns(workspace_id: int) -> QuerySet[Reply]:
    # Delay notices, receipts and newsletters say nothing about a campaign.
    kinds = [Reply.Kind.REPLY, Reply.Kind.AUTO_REPLY, Reply.Kind.BOUNCE, Reply.Kind.COMPLAINT]
    return Reply.objects.filter(workspace_id=workspace_id, campaign__isnull=False, kind__in=kinds).order_by()
