"""What the pages of a campaign share: finding it inside the wall, its header and its tabs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from campaigns.models import Attempt, Campaign, Lead
from campaigns.progress import waiting_letters
from campaigns.standstill import standing_still
from outreach_site.accounts.access import SENDERS, WORKERS, WorkspaceRequest
from outreach_site.lib.htmx import is_htmx
from outreach_site.mailboxes.models import Mailbox

PAGE_SIZE = 50


def may_act(request: WorkspaceRequest) -> bool:
    """Whether buttons that change something are shown; the views themselves are closed to everybody else."""
    return request.membership.role in SENDERS


def in_dialog(request: WorkspaceRequest) -> bool:
    """Whether the answer will stand in the page's dialog, beside what was there, and not in its place."""
    return is_htmx(request) and getattr(request, "htmx").target == "dialog"  # noqa: B009 - django-htmx adds it


def numbers_in(given: QueryDict, name: str = "lead") -> list[int]:
    """What was ticked: the numbers under this name; anything else there is left out."""
    return [int(text) for text in given.getlist(name) if text.isascii() and text.isdigit() and len(text) < 19]


def find_campaign(request: WorkspaceRequest, pk: int) -> Campaign:
    campaigns = Campaign.objects.in_workspace(request.membership.workspace)
    return get_object_or_404(campaigns.select_related("workspace", "identity", "mailbox", "owner"), pk=pk)


def find_lead(request: WorkspaceRequest, pk: int) -> Lead:
    leads = Lead.objects.in_workspace(request.membership.workspace)
    return get_object_or_404(
        leads.select_related(
            "contact__confirmed_by", "assignee", "campaign__workspace", "campaign__identity", "campaign__mailbox"
        ),
        pk=pk,
    )


def find_attempt(request: WorkspaceRequest, pk: int) -> Attempt:
    attempts = Attempt.objects.in_workspace(request.membership.workspace)
    return get_object_or_404(
        attempts.select_related(
            "campaign__workspace",
            "lead__contact",
            "mailbox",
            "identity",
            "user",
            "approved_by",
            "cool_off_waived_by",
            "refusal_waived_by",
        ),
        pk=pk,
    )


def mailbox_of(campaign: Campaign) -> Mailbox | None:
    """The mailbox that its letters would leave from: the chosen one, or the workspace's only one."""
    if campaign.mailbox is not None:
        return campaign.mailbox
    usable = list(Mailbox.objects.in_workspace(campaign.workspace).in_use()[:2])
    return usable[0] if len(usable) == 1 else None


def campaign_context(
    request: WorkspaceRequest, campaign: Campaign, tab: str, *, lead_count: int | None = None
) -> dict[str, Any]:
    """The header and the tabs above every page of a campaign. Two queries."""
    slug = request.membership.workspace.slug
    leads = campaign.leads.count() if lead_count is None else lead_count
    waiting = waiting_letters(request.membership.workspace, [campaign.pk])[campaign.pk].count

    def at(name: str) -> str:
        return reverse(f"campaigns:{name}", args=[slug, campaign.pk])

    tabs = [
        {"label": "Leads", "url": at("campaign_detail"), "current": tab == "leads", "count": leads},
        {"label": "Find sites", "url": at("discovery"), "current": tab == "find"},
        {"label": "Letters", "url": at("campaign_letters"), "current": tab == "letters"},
        {"label": "Schedule", "url": at("campaign_schedule"), "current": tab == "schedule"},
        {"label": "Outgoing", "url": at("attempt_list"), "current": tab == "outgoing", "count": waiting or None},
    ]
    tabs.append({"label": "Results", "url": at("campaign_results"), "current": tab == "results"})
    if replies_url := replies_of_campaign(slug, campaign):
        tabs.append({"label": "Replies", "url": replies_url, "current": False})
    tabs.append({"label": "Settings", "url": at("campaign_settings"), "current": tab == "settings"})
    return {
        "campaign": campaign,
        "tabs": tabs,
        "lead_count": leads,
        "waiting_count": waiting,
        "may_act": may_act(request),
        "may_export": request.membership.role in WORKERS,
    }


def replies_of_campaign(slug: str, campaign: Campaign) -> str:
    """The inbox, filtered; "" where there is none."""
    return with_query(higher_room("inbox:reply_list", slug), campaign=campaign.pk)


def replies_of_lead(slug: str, lead: Lead) -> str:
    """Where the replies of a lead can be fetched to stand in its page; "" where nothing offers it."""
    return higher_room("inbox:lead_replies", slug, lead.pk)


def replies_file_of(slug: str, campaign: Campaign) -> str:
    """Where the replies to a campaign can be fetched as a file; "" where there is none."""
    return higher_room("inbox:replies_export", slug, campaign.pk)


def notes_of_lead(slug: str, lead: Lead) -> str:
    """The same for what people noted about it."""
    return higher_room("inbox:lead_notes", slug, lead.pk)


def with_query(url: str, **values: object) -> str:
    return f"{url}?{'&'.join(f'{name}={value}' for name, value in values.items())}" if url else ""


def higher_room(name: str, *args: object) -> str:
    """A page of a room above this one: known by its address alone, and only if it is there."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def says_first(attempts: Sequence[Attempt], campaign: Campaign) -> str:
    """When the first of these new letters leaves, or why none does: how the sentence goes on that says how many."""
    one, workspace = len(attempts) == 1, campaign.workspace
    mailboxes = {attempt.mailbox for attempt in attempts}
    stills = [standing_still(workspace, mailbox=mailbox, campaign=campaign) for mailbox in mailboxes]
    if all(stills):
        return f" and {'waits' if one else 'wait'}. {stills[0]}".removesuffix(".")
    leaving = [
        max(attempt.due_at, attempt.mailbox.next_spread_at or attempt.due_at)
        for attempt in attempts
        if attempt.due_at is not None and attempt.mailbox is not None
    ]
    if not leaving:
        return f"; {'it waits' if one else 'they wait'} for a word from you"
    return f"; {'it' if one else 'the first'} leaves {told(min(leaving), campaign)}"


def told(at: datetime, campaign: Campaign) -> str:
    """A moment of the next weeks in the workspace's words: Tue 9 June 09:00, or "now"."""
    here, now = at.astimezone(campaign.workspace.zone), timezone.now().astimezone(campaign.workspace.zone)
    if (here - now).total_seconds() < 120:
        return "now"
    if here.date() == now.date():
        return f"today {here:%H:%M}"
    return f"{here:%a} {here.day} {here:%B} {here:%H:%M}" if (here - now).days > 5 else f"{here:%a %H:%M}"
