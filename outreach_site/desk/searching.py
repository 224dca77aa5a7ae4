"""Search over leads, replies and campaigns of one workspace: the first few of each, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from campaigns.models import Campaign, Lead
from inbox.models import Reply
from outreach_site.accounts.models import Workspace

SHORTEST = 2
LONGEST = 200
OF_EACH = 20


@dataclass(frozen=True, kw_only=True)
class Found:
    leads: list[Lead]
    replies: list[Reply]
    campaigns: list[Campaign]

    @property
    def is_empty(self) -> bool:
        return not (self.leads or self.replies or self.campaigns)


def search(here: Workspace, query: str) -> Found | None:
    """None where there is too little to look for. Three queries.

    A site's address finds everything that was ever done with that site: its domain is compared without scheme and www.
    """
    text = query.strip()[:LONGEST]
    if len(text) < SHORTEST:
        return None
    host = text.lower().split("://")[-1].split("/")[0].removeprefix("www.")
    leads = (
        Lead.objects.in_workspace(here)
        .filter(
            Q(domain__icontains=host)
            | Q(site_key__icontains=text)
            | Q(website_title__icontains=text)
            | Q(contact__email__icontains=text)
            | Q(contact__name__icontains=text)
        )
        .select_related("campaign", "contact")
        .order_by("-pk")
    )
    replies = (
        Reply.objects.in_workspace(here)
        .filter(Q(from_email__icontains=text) | Q(from_name__icontains=text) | Q(subject__icontains=text))
        .select_related("campaign")
        .defer("text")
        .order_by("-received_at", "-pk")
    )
    campaigns = Campaign.objects.in_workspace(here).filter(Q(name__icontains=text) | Q(keywords__icontains=text))
    return Found(leads=list(leads[:OF_EACH]), replies=list(replies[:OF_EACH]), campaigns=list(campaigns[:OF_EACH]))
