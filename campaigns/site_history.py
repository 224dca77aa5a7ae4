"""All that a workspace ever did with one site: over all campaigns, and in what outlives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from campaigns.leads import NotASiteError, read_site
from campaigns.models import Lead
from campaigns.progress import WRITTEN
from compliance import never_pitch, suppression
from compliance.addresses import InvalidAddressError, is_free_mail, normalise
from compliance.models import SendRecord
from outreach_site.accounts.models import Workspace

MOST = 20


@dataclass(frozen=True)
class SiteHistory:
    domain: str
    leads: Sequence[Lead]  # the newest first, each with its campaign, and `letters`, `last_letter_at`
    more: bool  # there are more than MOST
    letters: int  # that left or may have left, those of deleted campaigns too
    last_letter_at: datetime | None
    suppressed: str  # why nobody writes to the whole site, if so
    never_pitch: str  # the sentence, where it is on that list

    @property
    def is_empty(self) -> bool:
        return not (self.leads or self.letters or self.suppressed or self.never_pitch)


def domain_in(text: str) -> str:
    """The registrable domain that somebody typed, as an address of a site or of a person; "" for anything else."""
    if "@" in text:
        try:
            text = normalise(text).rpartition("@")[2]
        except InvalidAddressError:
            return ""
    try:
        domain = read_site(text).domain
    except NotASiteError:
        return ""
    return "" if is_free_mail(domain) else domain


def history_of(workspace: Workspace, domain: str) -> SiteHistory:
    """Four queries."""
    left = Q(attempts__state__in=WRITTEN)
    leads = list(
        Lead.objects.in_workspace(workspace)
        .filter(domain=domain)
        .select_related("campaign", "contact")
        .annotate(letters=Count("attempts", filter=left), last_letter_at=Max("attempts__finished_at", filter=left))
        .order_by("-pk")[: MOST + 1]
    )
    written = (
        SendRecord.objects.in_workspace(workspace)
        .that_count()
        .filter(recipient_domain=domain)
        .aggregate(letters=Count("pk"), at=Max("counted_at"))
    )
    anybody = f"anybody@{domain}"
    entry = suppression.suppressed_among(workspace, [anybody]).get(anybody)
    return SiteHistory(
        domain=domain,
        leads=leads[:MOST],
        more=len(leads) > MOST,
        letters=written["letters"],
        last_letter_at=written["at"],
        suppressed=entry.get_reason_display() if entry else "",
        never_pitch=never_pitch.over(domain, never_pitch.among(workspace, [domain])),
    )
