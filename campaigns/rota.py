"""From which mailbox a letter leaves: a campaign may have several, and a lead stays with the one that wrote first.

A first letter goes to the mailbox with most room left today, among those that are neither paused nor held; where all
are, it waits. Whatever is written to the lead later leaves from the same
one, so that all of a conversation is in one place; where that mailbox was removed it is an error, and never another's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from campaigns.models import Attempt, Campaign, Lead
from campaigns.standstill import standing_still
from compliance import holds, room
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Mailbox

A_DAY_OF_HOURS = 24
# In these states a letter has left, may have, or will.
_STANDS = (Attempt.State.QUEUED, Attempt.State.SENDING, Attempt.State.SENT, Attempt.State.UNCERTAIN)


class CannotQueueError(Exception):
    """Nothing of this campaign can be queued; the message says what is missing and where to set it."""


@dataclass
class Rota:
    """Whose turn it is among a campaign's mailboxes, and who has written to each lead before."""

    mailboxes: Sequence[Mailbox]
    room: Counter[int] = field(default_factory=Counter)  # letters that each may still send today
    still: AbstractSet[int] = frozenset()  # those from which nothing leaves until a person says so
    before: dict[int, Mailbox] = field(default_factory=dict)  # lead -> who wrote to it

    def take(self, lead: Lead) -> Mailbox | str:
        """The mailbox for a letter to this lead; or why there is none, in a sentence."""
        stays_with = self.before.get(lead.pk)
        if stays_with is not None and stays_with.archived_at is not None:
            return f"The mailbox {stays_with} that wrote to this site before was removed; no other takes its place."
        mailbox = stays_with or max(self.mailboxes, key=lambda each: (each.pk not in self.still, self.room[each.pk]))
        self.room[mailbox.pk] -= 1
        return mailbox


def rota_of(campaign: Campaign, leads: Sequence[Lead], *, now: datetime) -> Rota:
    """Seven queries for a campaign with several mailboxes, two for one with one. Raises CannotQueueError."""
    mailboxes = mailboxes_of(campaign)
    before = {
        attempt.lead_id: attempt.mailbox
        for attempt in Attempt.objects.filter(lead__in=leads, state__in=_STANDS)
        .select_related("mailbox__workspace")
        .only("lead", "mailbox")
        .order_by("pk")
        if attempt.mailbox is not None
    }
    if len(mailboxes) == 1:
        return Rota(mailboxes, before=before)
    workspace = campaign.workspace
    return Rota(
        mailboxes,
        _room(mailboxes, workspace=workspace, now=now),
        _standing_still(mailboxes, workspace=workspace),
        before,
    )


def mailboxes_of(campaign: Campaign) -> list[Mailbox]:
    """The campaign's mailboxes, or the workspace's only one. Never another in their place. Raises CannotQueueError."""
    chosen = list(campaign.more_mailboxes.select_related("workspace").order_by("pk"))
    if campaign.mailbox is not None:
        chosen = [campaign.mailbox, *(mailbox for mailbox in chosen if mailbox.pk != campaign.mailbox_id)]
    if chosen:
        removed = [mailbox for mailbox in chosen if mailbox.archived_at is not None]
        if removed:
            raise CannotQueueError(f"The mailbox {removed[0]} was removed. Choose another in the campaign's settings.")
        return chosen
    usable = list(Mailbox.objects.in_workspace(campaign.workspace).in_use().select_related("workspace")[:2])
    if not usable:
        raise CannotQueueError("No mailbox is connected yet. Add one under Settings, Mailboxes.")
    if len(usable) > 1:
        raise CannotQueueError("There are several mailboxes: choose one in the campaign's settings.")
    return usable


def mailbox_for(lead: Lead, *, now: datetime) -> Mailbox:
    """From where a letter to this lead leaves. Raises CannotQueueError."""
    mailbox = rota_of(lead.campaign, [lead], now=now).take(lead)
    if isinstance(mailbox, str):
        raise CannotQueueError(mailbox)
    return mailbox


def mailbox_of(campaign: Campaign) -> Mailbox:
    """The first of the campaign's mailboxes. Raises CannotQueueError."""
    return mailboxes_of(campaign)[0]


def _standing_still(mailboxes: Sequence[Mailbox], *, workspace: Workspace) -> set[int]:
    """Those that are paused or held. One query."""
    held = holds.reasons(workspace, [f"mailbox:{mailbox.pk}" for mailbox in mailboxes])
    return {mailbox.pk for mailbox in mailboxes if standing_still(workspace, mailbox=mailbox, held=held)}


def _room(mailboxes: Sequence[Mailbox], *, workspace: Workspace, now: datetime) -> Counter[int]:
    """What each may send today: its limits, less what it has sent and what waits for it already."""
    used = {each.mailbox.pk: each for each in room.today(workspace, list(mailboxes), now=now).mailboxes}
    queued = Attempt.objects.filter(state=Attempt.State.QUEUED, mailbox__in=mailboxes).order_by()
    # Those in workers' hands stand in an index of their own.
    free, taken = queued.filter(lease_token=None), queued.leased()
    waiting = Counter[int]()
    for mailbox_id, count in _by_mailbox(free).union(_by_mailbox(taken), all=True):
        waiting[mailbox_id] += count
    left = Counter[int]()
    for mailbox in mailboxes:
        hours = (used[mailbox.pk].hour.limit or 0) * A_DAY_OF_HOURS
        day = used[mailbox.pk].day
        most = hours if day.limit is None else min(hours, day.limit)
        left[mailbox.pk] = most - day.count - waiting[mailbox.pk]
    return left


def _by_mailbox(letters: QuerySet[Attempt]) -> Any:
    return letters.values_list("mailbox_id").annotate(Count("pk"))
