"""How campaigns begin, and how leads and campaigns end, with everything that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from campaigns import outbox
from campaigns.analytics.upkeep import recount
from campaigns.models import Attempt, AttemptQuerySet, Campaign, Contact, Lead
from campaigns.queueing import cancel_waiting, stop_for_suppression
from campaigns.rota import CannotQueueError, mailboxes_of
from compliance import audit, holds, suppression
from compliance.models import Suppression
from outreach_site.accounts.models import SenderIdentity, User, Workspace
from outreach_site.lib.among import among
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


def in_the_way(campaign: Campaign) -> list[str]:
    """What keeps the letters of a campaign waiting that is not paused, in sentences."""
    try:
        mailboxes = mailboxes_of(campaign)
    except CannotQueueError as err:
        return [str(err)]
    return holds.still_in_the_way(campaign.workspace, campaign.subject, mailboxes=mailboxes)


def archive_campaign(campaign: Campaign, *, user: User, now: datetime) -> None:
    """Out of the list, and nothing of it leaves; everything stays readable. Twice is once."""
    if campaign.archived_at is None:
        with transaction.atomic():
            campaign.archive(now=now)
            audit.record("campaign.archived", workspace=campaign.workspace, user=user, about=campaign.subject, now=now)


def restore_campaign(campaign: Campaign, *, user: User, now: datetime) -> None:
    """Back into the list. Twice is once."""
    if campaign.archived_at is not None:
        with transaction.atomic():
            campaign.restore()
            audit.record("campaign.restored", workspace=campaign.workspace, user=user, about=campaign.subject, now=now)


def change_status(lead: Lead, status: Lead.Status, *, user: User, now: datetime) -> int:
    """A person says where a lead stands; how many waiting letters were taken back because of it."""
    return change_statuses([lead], status, user=user, now=now)


def change_statuses(leads: Sequence[Lead], status: Lead.Status, *, user: User, now: datetime) -> int:
    """The same for leads of one campaign, in one transaction whose number of queries does not grow with them.

    "Unsubscribed" means that somebody asked to be removed: the addresses are suppressed in the same transaction.
    """
    if not leads:
        return 0
    campaign = leads[0].campaign
    addresses = [lead.contact.email for lead in leads if lead.contact is not None]
    with transaction.atomic():
        taken_back = _move(leads, status, user=user, now=now)
        if status == Lead.Status.UNSUBSCRIBED and addresses:
            suppression.suppress_many(
                workspace=campaign.workspace,
                addresses=addresses,
                reason=Suppression.Reason.OPT_OUT,
                source=f"lead:{leads[0].pk}" if len(leads) == 1 else campaign.subject,
                note="A person set the lead to unsubscribed.",
                user=user,
                now=now,
            )
    for lead in leads:
        lead.status, lead.status_changed_at = status, now
    return taken_back


def follow_suppression(
    *, workspace_id: int | None, addresses: Sequence[str], domains: Sequence[str], opted_out: Mapping[str, str]
) -> None:
    """What waits for suppressed addresses will not leave; the leads of those who asked for it have unsubscribed,
    however they said so, unless their link is live (lib.ports.SuppressionListener).
    """
    stop_for_suppression(workspace_id=workspace_id, addresses=addresses, domains=domains)
    if not opted_out:
        return
    # By address alone, and the workspace looked at here: SQLite, asked for both, walks all the leads of a workspace.
    known = Contact.objects.filter(among("email_key", opted_out)).values_list("pk", "lead__campaign__workspace")
    theirs = [key for key, where in known if workspace_id in {None, where}]
    moving = Lead.objects.filter(contact__in=theirs).exclude(status__in=[Lead.Status.PLACED, Lead.Status.UNSUBSCRIBED])
    locked = moving.select_related("campaign", "contact").select_for_update(of=("self",), no_key=True).order_by("pk")
    _move(list(locked), Lead.Status.UNSUBSCRIBED, by=opted_out, now=timezone.now())


def _move(
    leads: Sequence[Lead],
    status: Lead.Status,
    *,
    user: User | None = None,
    by: Mapping[str, str] | None = None,
    now: datetime,
) -> int:
    """How many waiting letters were taken back. `by` names what moved them, by their normalised addresses."""
    if not leads:
        return 0
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).move_to(status, now=now)
    audit.record_many(
        [
            audit.Entry(
                event="lead.status_changed",
                workspace_id=lead.campaign.workspace_id,
                user_id=user.pk if user else None,
                about=f"lead:{lead.pk}",
                details={"from": lead.status, "to": status.value}
                | ({"by": by[lead.contact.email_key]} if by and lead.contact else {}),
                lead_email=lead.contact.email if lead.contact else "",
                now=now,
            )
            for lead in leads
        ]
    )
    return cancel_waiting(*leads, reason=ENDS_WRITING[status], now=now) if status in ENDS_WRITING else 0


def delete_lead(lead: Lead, *, user: User, now: datetime) -> None:
    """Delete a lead with its letters; ledger, suppressions and audit stay. Raises OnItsWayError."""
    with transaction.atomic():
        _nothing_on_its_way(lead.attempts.all(), now=now)
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
        recount(lead.campaign.workspace)


def delete_campaign(campaign: Campaign, *, user: User, now: datetime) -> None:
    """The same for a campaign with all its leads, letters and replies. Raises OnItsWayError."""
    with transaction.atomic():
        Campaign.objects.select_for_update().get(pk=campaign.pk)
        _nothing_on_its_way(campaign.attempts.all(), now=now)
        audit.record(
            "campaign.deleted",
            workspace=campaign.workspace,
            user=user,
            about=campaign.subject,
            details={"name": campaign.name, "leads": campaign.leads.count(), "letters": campaign.attempts.count()},
            now=now,
        )
        campaign.delete()
        recount(campaign.workspace)


def _nothing_on_its_way(attempts: AttemptQuerySet, *, now: datetime) -> None:
    """Locks the letters that are still alive, so that no worker takes one between this look and the deletion. What
    became of the others is in the ledger and the log before they go.
    """
    live = list(attempts.filter(state__in=Attempt.LIVE).select_for_update(of=("self",)).only("state", "lease_token"))
    if any(attempt.state == Attempt.State.SENDING or attempt.lease_token is not None for attempt in live):
        raise OnItsWayError("A letter is leaving right now. Pause the campaign, and try again in a few minutes.")
    doubtful = sum(attempt.state == Attempt.State.UNCERTAIN for attempt in live)
    if doubtful:
        raise OnItsWayError(
            f"{doubtful} {'letter' if doubtful == 1 else 'letters'} may have been sent. "
            "Say what became of that in the queue first, so that nobody gets a letter twice."
        )
    if attempts.unsettled().exists():
        outbox.settle_all(now=now)
