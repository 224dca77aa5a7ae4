"""Taking a whole file back: the leads that came out of it go again, as long as nobody has done anything with them.

A worker does it in pieces, each one transaction: whatever dies, the next piece begins where the last one ended. A lead
that was written to, answered, moved on, or that has a note, a task or a placement stays; so does its record elsewhere.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import cast

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.analytics.upkeep import recount
from campaigns.models import Contact, Lead, LeadImport
from compliance import audit
from outreach_site.accounts.models import User

AT_ONCE = 500  # leads
SLICE_SECONDS = 8.0
# Whatever names a lead is something that somebody did with it; but for its own contacts.
_DEEDS = [
    (cast("type[models.Model]", there.related_model), there.field.name)
    for there in Lead._meta.related_objects
    if there.related_model is not Contact
]
_OVER = (LeadImport.State.DONE, LeadImport.State.CANCELLED)


def leads_of(run: LeadImport) -> QuerySet[Lead]:
    """The leads that came out of it and are still here."""
    spans = Q()
    for first, last in run.added_keys:
        spans |= Q(pk__range=(first, last))
    return _of_campaign(run).filter(spans) if spans else Lead.objects.none()


def untouched(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    for model, lead in _DEEDS:
        leads = leads.filter(~Exists(model._base_manager.filter(**{lead: OuterRef("pk")})))
    return leads.filter(status=Lead.Status.DISCOVERED)


def can_be_taken_back(run: LeadImport) -> bool:
    return run.state in _OVER and bool(run.added_keys)


def begin(run: LeadImport, *, user: User, now: datetime) -> bool:
    """Let it go back. False where there is nothing to take back, or somebody was quicker."""
    with transaction.atomic():
        over = LeadImport.objects.filter(pk=run.pk, state__in=_OVER).exclude(added_keys=[])
        if not over.update(state=LeadImport.State.REMOVING, finished_at=None):
            return False
        audit.record(
            "leads.import_taken_back",
            workspace=run.campaign.workspace,
            user=user,
            about=run.about,
            details={"campaign": run.campaign.subject, "file": run.file_name, "added": run.added},
            now=now,
        )
    return True


def work(run_id: int, *, now: datetime, seconds: float = SLICE_SECONDS) -> bool:
    """Pieces until the time is over; whether any are left. What is not being taken back is left alone."""
    until = time.monotonic() + seconds
    while remove_piece(run_id, now=now):
        if time.monotonic() >= until:
            return True
    return False


def remove_piece(run_id: int, *, now: datetime) -> bool:
    """The next leads; whether any are left. Two workers wait for each other."""
    with transaction.atomic():
        locked = LeadImport.objects.select_for_update(of=("self",), no_key=True).being_taken_back().defer("packed")
        run = locked.select_related("campaign__workspace").filter(pk=run_id).first()
        if run is None:
            return False
        first, last = run.added_keys[0]
        # Whoever writes a letter to one of them waits until it is gone, or is seen here.
        rows = _of_campaign(run).filter(pk__range=(first, last)).select_for_update(of=("self",)).order_by("pk")
        keys = list(rows.values_list("pk", flat=True)[:AT_ONCE])
        going = list(untouched(Lead.objects.filter(pk__in=keys)).values_list("pk", flat=True))
        Lead.objects.filter(pk__in=going).delete()
        run.removed += len(going)
        run.stayed += len(keys) - len(going)
        run.added_keys = [[keys[-1] + 1, last], *run.added_keys[1:]] if len(keys) == AT_ONCE else run.added_keys[1:]
        if not run.added_keys:
            run.state, run.finished_at = LeadImport.State.REMOVED, now
            recount(run.campaign.workspace)
        run.save(update_fields=["added_keys", "removed", "stayed", "state", "finished_at"])
    return bool(run.added_keys)


def _of_campaign(run: LeadImport) -> QuerySet[Lead]:
    return Lead.objects.filter(campaign=run.campaign_id, source=Lead.Source.IMPORT)
