"""Letters under way in a large campaign follow a change of its steps: slice by slice, and whoever dies, it goes on."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta

from campaigns import following
from campaigns.models import Campaign, StepChange
from outreach_site.lib.moments import FromNow

SLICE_SECONDS = 15.0
# A change whose worker died is taken up after that.
LEASE = timedelta(seconds=60)


def begin(campaign: Campaign, *, windows: bool) -> StepChange:
    """Write down, in the caller's transaction, that letters have to follow, from the first one on.

    One that goes on already begins anew, and whoever goes on with it loses it: the letters that it has been at lack
    what has been changed now.
    """
    anew = {"letters": 0, "leads": 0, "lease_token": None, "leased_until": None}
    if windows:
        anew["windows"] = True
    return StepChange.objects.update_or_create(campaign=campaign, defaults=anew)[0]


def work(change_id: int, *, now: datetime, seconds: float = SLICE_SECONDS) -> bool:
    """Slices until the time is over; whether any are left. Somebody else's, or one that is over, is left alone.

    A slice that was done and not written down is done once more, which changes nothing.
    """
    token = uuid.uuid4()
    if not StepChange.objects.free().filter(pk=change_id).update(lease_token=token, leased_until=FromNow(LEASE)):
        return False
    ends_at = time.monotonic() + seconds
    ours = StepChange.objects.filter(pk=change_id, lease_token=token)
    try:
        while (change := ours.select_related("campaign__workspace").first()) is not None:
            if time.monotonic() >= ends_at:
                return True
            if change.letters is not None:
                further = following.refresh(change.campaign, after=change.letters, windows=change.windows, now=now)
                ours.update(letters=further)
            elif (leads := following.catch_up(change.campaign, after=change.leads, now=now)) is not None:
                ours.update(leads=leads)
            else:
                ours.delete()
        return False
    finally:
        ours.update(lease_token=None, leased_until=None)
