"""What keeps all letters of a workspace, a mailbox or a campaign where they are: a stop, a pause, or a hold.

Workers ask the same of the database, as conditions (turns.py, outbox.py); here it is said to a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from campaigns.models import Campaign
from compliance import holds
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
    subjects = [campaign.subject] if campaign is not None else []
    whys = holds.in_the_way(workspace, *subjects, mailbox=mailbox, held=held)
    if campaign is not None and campaign.state == Campaign.State.PAUSED:
        whys.append("The campaign is paused: resume it at the top of its page.")
    return next(iter(whys), "")
