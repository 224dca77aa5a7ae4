"""A first letter that does not exist, to ask about: what a page and the API want to know before anybody writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from compliance import gate
from compliance.policy import Letter
from outreach_site.accounts.models import SenderIdentity, User, Workspace
from outreach_site.mailboxes.models import Mailbox


def first_letter(
    *, recipient: str, subject: str, mailbox: Mailbox | None, workspace: Workspace, user: User, now: datetime
) -> Letter:
    """As the gate would see it, from this mailbox if one is said. Raises addresses.InvalidAddressError."""
    identity = SenderIdentity.objects.default_of(workspace)
    letter = replace(
        gate.question(
            recipient=recipient,
            sender=mailbox.email if mailbox else "",
            subject=subject,
            user=user,
            mailbox_id=mailbox.pk if mailbox else 0,
            sign_in=mailbox.sign_in if mailbox else "",
            through_sandbox=workspace.is_rehearsal,
        ),
        identity_complete=identity is not None and identity.is_complete,
        has_notice=identity is not None and bool(identity.privacy_notice_url),
    )
    if mailbox is None:
        return letter
    return replace(
        letter,
        hourly_limit=mailbox.hourly_limit,
        daily_limit=mailbox.daily_limit,
        ramp_limit=mailbox.ramp_limit(now),
    )
