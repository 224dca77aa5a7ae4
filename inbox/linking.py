"""A person ties a reply to a lead that no rule could find, and can take that back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from campaigns.models import Attempt, Lead
from compliance import audit
from inbox import consequences
from inbox.matching import LEFT, MatchedBy
from inbox.models import Reply
from inbox.reading_models import ReplyLink
from outreach_site.accounts.models import User


class CannotLinkError(Exception):
    """This reply and this lead cannot be tied together; the message says why."""


@dataclass(frozen=True, slots=True)
class Unlinked:
    """What stays although the link was taken back: addresses that are suppressed all the same; and what came back."""

    staying: tuple[str, ...] = ()
    letters: int = 0  # that were taken back with the link, and wait again


def link(reply: Reply, lead: Lead, *, user: User, now: datetime) -> ReplyLink:
    """This message belongs to that lead: the same follows as if it had named a letter to them.

    Where a letter to the lead has left, the newest one is the one that is answered. Raises CannotLinkError.
    """
    with transaction.atomic():
        reply = consequences.locked(reply)
        if lead.campaign.workspace_id != reply.workspace_id:
            raise CannotLinkError("This lead belongs to another workspace.")
        if reply.lead_id == lead.pk:
            raise CannotLinkError("This reply belongs to that lead already.")
        made = ReplyLink.objects.create(
            reply=reply,
            lead=lead,
            user=user,
            linked_at=now,
            lead_before=reply.lead,
            attempt_before=reply.attempt,
            matched_by_before=reply.matched_by,
            status_before=Lead.objects.values_list("status", flat=True).get(pk=lead.pk),
        )
        attempt = Attempt.objects.filter(lead=lead, state__in=LEFT).order_by("-finished_at", "-pk").first()
        _set(reply, lead=lead, attempt=attempt, matched_by=MatchedBy.HAND.value)
        consequences.draw_for_link(reply, now=now)
        _record("reply.linked", reply, user=user, lead=lead, now=now)
    return made


def unlink(reply: Reply, *, user: User, now: datetime) -> Unlinked | None:
    """Take the last link back; None where there is none. The lead is what it was, unless it has moved on since.

    Letters that the link took back wait again. What they asked for themselves stays suppressed.
    """
    with transaction.atomic():
        reply = consequences.locked(reply)
        last = reply.links.filter(undone_at=None).select_related("lead", "lead_before", "attempt_before").last()
        if last is None or reply.matched_by != MatchedBy.HAND:
            return None
        staying, letters = consequences.take_back_link(reply, last, user=user, now=now)
        _set(reply, lead=last.lead_before, attempt=last.attempt_before, matched_by=last.matched_by_before)
        last.undone_at = now
        last.save(update_fields=["undone_at"])
        _record("reply.unlinked", reply, user=user, lead=last.lead, now=now)
    return Unlinked(tuple(staying), letters)


def _set(reply: Reply, *, lead: Lead | None, attempt: Attempt | None, matched_by: str) -> None:
    reply.lead, reply.attempt, reply.matched_by = lead, attempt, matched_by
    reply.campaign = lead.campaign if lead is not None else None
    Reply.objects.filter(pk=reply.pk).update(
        lead=reply.lead, attempt=reply.attempt, campaign=reply.campaign, matched_by=matched_by
    )


def _record(event: str, reply: Reply, *, user: User, lead: Lead, now: datetime) -> None:
    audit.record(
        event,
        workspace=reply.workspace,
        user=user,
        about=reply.about,
        details={"lead": lead.pk},
        lead_email=reply.from_email,
        now=now,
    )
