"""Whom we are in conversation with: people who wrote to us lately, and whose word was not a no; and people to whom
somebody here wrote by hand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from campaigns.models import Lead
from compliance.addresses import is_free_mail
from inbox.models import Reply
from inbox.reading_models import SentByHand
from outreach_site.lib.among import among
from outreach_site.lib.ports import Engagement

# A conversation that nobody has continued for so long is over.
LASTS = timedelta(days=30)


def conversations(
    addresses: Collection[str], *, workspace_id: int, now: datetime
) -> Mapping[str, Sequence[Engagement]]:
    """Newest replies of people, by the normalised address they wrote from or were written to (lib.ports.OutreachFacts).

    One query. A lead that is lost, or gone, ends the conversation: other rules know whether to write there again.
    """
    replies = (
        Reply.objects.from_people()
        .filter(workspace_id=workspace_id, received_at__gt=now - LASTS)
        .filter(Q(among("from_key", addresses)) | Q(among("attempt__recipient_key", addresses)))
        .exclude(lead__status__in=[Lead.Status.LOST, Lead.Status.UNSUBSCRIBED, Lead.Status.BOUNCED])
        .order_by("received_at")
        .values_list("from_key", "received_at", "attempt__recipient_key")
    )
    found: dict[str, list[Engagement]] = {}
    for from_key, received_at, wrote_to in replies:
        sentence = f"They wrote to us {_ago(now - received_at)}: answer them in the inbox instead."
        for address in {from_key, wrote_to} & set(addresses):
            found[address] = [Engagement(sentence)]
    return found


def written_by_hand(sites: Collection[str], *, workspace_id: int, since: datetime) -> Mapping[str, datetime]:
    """When somebody last wrote there with their own mail program, by site (lib.ports.HandLetters). One query."""
    letters = SentByHand.objects.filter(workspace_id=workspace_id, sent_at__gt=since).filter(
        among("recipient_domain", sites) | among("recipient_key", sites)
    )
    found: dict[str, datetime] = {}
    for key, domain, sent_at in letters.order_by("sent_at").values_list("recipient_key", "recipient_domain", "sent_at"):
        found[key if is_free_mail(domain) else domain] = sent_at
    return found


def _ago(time: timedelta) -> str:
    if time.days < 1:
        return "within the last day"
    return "a day ago" if time.days == 1 else f"{time.days} days ago"
