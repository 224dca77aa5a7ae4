"""What the inbox has to tell (lib.ports.News): that a person answered or is interested, that a letter bounced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from campaigns.models import Attempt
from inbox.bounces import Hardness
from inbox.models import Reply
from outreach_site.lib.ports import News, What, announce

if TYPE_CHECKING:
    from inbox.consequences import Drawn


def tell(messages: Sequence[Drawn]) -> None:
    """What is news among understood messages of one mailbox, in the caller's transaction."""
    news: list[News] = []
    for each in messages:
        reply = each.reply
        if is_answer(reply):
            if each.is_first and reply.lead_id is not None:
                news.append(answered(reply))
            if reply.classification == Reply.Classification.INTERESTED and not each.tagged_by_person:
                news.append(interested(reply, at=reply.received_at))
        elif each.is_first and reply.kind == Reply.Kind.BOUNCE and each.match is not None and each.match.is_proof:
            news.append(bounced(reply, each.match.attempt, reply.hardness, at=reply.received_at))
    announce(news)


def is_answer(reply: Reply) -> bool:
    """A person wrote it, and not only that they are away."""
    return reply.kind == Reply.Kind.REPLY and reply.classification != Reply.Classification.OUT_OF_OFFICE


def answered(reply: Reply) -> News:
    return News(
        what=What.REPLY,
        workspace_id=reply.workspace_id,
        about=reply.about,
        key=reply.about,
        at=reply.received_at,
        facts={
            "reply_id": reply.pk,
            "lead_id": reply.lead_id,
            "campaign_id": reply.campaign_id,
            "attempt_id": reply.attempt_id,
            "classification": str(reply.classification),
        },
        email=reply.from_email,
    )


def interested(reply: Reply, *, at: datetime) -> News:
    return News(what=What.INTEREST, workspace_id=reply.workspace_id, about=reply.about, key=reply.about, at=at)


def bounced(reply: Reply, letter: Attempt, hardness: str, *, at: datetime) -> News:
    """Once for each letter and degree, however many servers report it."""
    degree = str(hardness or Hardness.SOFT)
    return News(
        what=What.BOUNCE,
        workspace_id=reply.workspace_id,
        about=reply.about,
        key=f"{letter.about}:{degree}",
        at=at,
        facts={
            "attempt_id": letter.pk,
            "lead_id": letter.lead_id,
            "campaign_id": letter.campaign_id,
            "reply_id": reply.pk,
            "hardness": degree,
        },
        email=letter.recipient,
    )
