"""How campaigns begin, and how leads and campaigns end, with everything that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from campaigns.models import Attempt, AttemptQuerySet, Campaign, Lead
from campaigns.queueing import cancel_waiting
from compliance import audit, suppression
from compliance.models import Suppression
from outreach_site.accounts.models import SenderIdentity, User, Workspace
from outreach_site.mailboxes.models import Mailbox

# A status that ends the writing, and the words with which waiting letters are taken back.
ENDS_WRITING: Mapping[Lead.Status, str] = {
    Lead.Status.REPLIED: "They answered.",
    Lead.Status.PLACED: "The link is live.",
    Lead.Status.LOST: "They said no.",
    Lead.Status.BOUNCED: "The address does not exist.",
    Lead.Status.UNSUBSCRIBED: "They asked to be removed.",
}


class OnItsWayError(Exception):
    """A letter is with a worker, or nobody knows yet what became of it: what it belongs to cannot be deleted now."""


def start_campaign(
    workspace: Workspace, *, name: str, keywords: str = "", description: str = "", user: User, now: datetime
) -> Campaign:
    """A new campaign. It writes as the workspace's usual sender, and from its mailbox if there is only one."""
    mailboxes = list(Mailbox.objects.in_workspace(workspace).in_use().exclude(smtp_host="")[:2])
    campaign = Campaign(
        workspace=workspace,
        name=name,
        keywords=keywords,
        description=description,
        owner=user,
        identity=SenderIdentity.objects.default_of(workspace),
        mailbox=mailboxes[0] if len(mailboxes) == 1 else None,
        created_at=now,
    )
    with transaction.atomic():
        campaign.save()
        audit.record(
            "campaign.created", workspace=workspace, user=user, about=campaign.subject, details={"name": name}, now=now
        )
    return campaign


def change_status(lead: Lead, status: Lead.Status, *, user: User, now: datetime) -> int:
    """A person says where a lead stands; how many waiting letters were taken back because of it.

    "Unsubscribed" means that somebody asked to be removed: the address is suppressed in the same transaction.
    """
    was = lead.status
    workspace = lead.campaign.workspace
    with transaction.atomic():
        Lead.objects.filter(pk=lead.pk).move_to(status, now=now)
        taken_back = cancel_waiting(lead, reason=ENDS_WRITING[status], now=now) if status in ENDS_WRITING else 0
        audit.record(
            "lead.status_changed",
            workspace=workspace,
            user=user,
            about=f"lead:{lead.pk}",
            details={"from": was, "to": status.value},
            lead_email=lead.contact.email if lead.contact else "",
            now=now,
        )
        if status == Lead.Status.UNSUBSCRIBED and lead.contact is not None:
            suppression.suppress(
                workspace=workspace,
                address=lead.contact.email,
                reason=Suppression.Reason.OPT_OUT,
                source=f"lead:{lead.pk}",
                note="A person set the lead to unsubscribed.",
                user=user,
                now=now,
            )
    lead.status, lead.status_changed_at = status, now
    return taken_back


def delete_lead(lead: Lead, *, user: User, now: datetime) -> None:
    """Delete a lead with its letters; ledger, suppressions and audit stay. Raises OnItsWayError."""
    with transaction.atomic():
        _nothing_on_its_way(lead.attempts.all())
        audit.record(
            "lead.deleted",
            workspace=lead.campaign.workspace,
            user=user,
            about=f"lead:{lead.pk}",
            details={"site": lead.site_key, "campaign": lead.campaign.subject},
            lead_email=lead.contact.email if lead.contact else "",
            now=now,
        )
        Lead.objects.filter(pk=lead.pk).delete()


def delete_campaign(campaign: Campaign, *, user: User, now: datetime) -> None:
    """The same for a campaign with all its leads, letters and replies. Raises OnItsWayError."""
    with transaction.atomic():
        Campaign.objects.select_for_update().get(pk=campaign.pk)
        _nothing_on_its_way(campaign.attempts.all())
        audit.record(
            "campaign.deleted",
            workspace=campaign.workspace,
            user=user,
            about=campaign.subject,
            details={"name": campaign.name, "leads": campaign.leads.count(), "letters": campaign.attempts.count()},
            now=now,
        )
        campaign.delete()


def _nothing_on_its_way(attempts: AttemptQuerySet) -> None:
    """Locks the letters that are still alive, so that no worker takes one between this look and the deletion."""
    live = list(attempts.filter(state__in=Attempt.LIVE).select_for_update(of=("self",)).only("state", "lease_token"))
    if any(attempt.state == Attempt.State.SENDING or attempt.lease_token is not None for attempt in live):
        raise OnItsWayError("A letter is leaving right now. Pause the campaign, and try again in a few minutes.")
    doubtful = sum(attempt.state == Attempt.State.UNCERTAIN for attempt in live)
    if doubtful:
        raise OnItsWayError(
            f"{doubtful} {'letter' if doubtful == 1 else 'letters'} may have been sent. "
            "Say what became of that in the queue first, so that nobody gets a letter twice."
        )
