"""What keeps all letters of a workspace, a mailbox or a campaign where they are: a stop, a pause, or a hold.

Workers ask the same of the database, as conditions (turns.py, outbox.py); here it is said to a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from campaigns.models import Campaign
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Mailbox

_NOTHING: Mapping[str, str] = MappingProxyType({})


def standing_still(
    workspace: Workspace,
    *,
    mailbox: Mailbox | None = None,
    campaign: Campaign | None = None,
    held: Mapping[str, str] = _NOTHING,
) -> str:
    """Why nothing of these leaves, in a sentence that says where that is ended; empty if nothing stands in the way.

    `held`: the reasons of holds that stand, by subject; for whoever has them, and does not ask the gate.
    """
    if workspace.sending_stopped_at is not None:
        return "All sending is stopped in this workspace: resume it under Queue."
    if mailbox is not None and mailbox.paused_at is not None:
        return f"The mailbox {mailbox} is paused: an owner resumes it under Settings, Mailboxes."
    if campaign is not None and campaign.state == Campaign.State.PAUSED:
        return "The campaign is paused: resume it at the top of its page."
    reason = next((held[subject] for subject in _subjects(mailbox, campaign) if subject in held), "")
    return f"{reason} It is lifted under Compliance, Held back." if reason else ""


def _subjects(mailbox: Mailbox | None, campaign: Campaign | None) -> list[str]:
    subjects = ["workspace"]
    if mailbox is not None:
        subjects.append(f"mailbox:{mailbox.pk}")
    if campaign is not None:
        subjects.append(campaign.subject)
    return subjects
