"""The lead beside a reply: its status, its stage, what comes next, and whom to write to instead."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaigns.lifecycle import change_status
from campaigns.models import Lead
from campaigns.stages import stages_of
from inbox.forms import PlanForm
from inbox.threads import STATUSES
from inbox.views.page import back, find
from outreach_site.accounts.access import SENDERS, WorkspaceRequest, allow


@require_POST
@allow(SENDERS)
def reply_lead_status(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    status = next((each for each in STATUSES if each.value == request.POST.get("status")), None)
    if found.lead is None or status is None:
        messages.error(request, "Choose a status for a reply that belongs to a lead. Nothing was changed.")
    elif found.lead.status != status:
        taken_back = change_status(found.lead, status, user=request.user, now=timezone.now())
        also = f" {taken_back} waiting letter{'' if taken_back == 1 else 's'} taken back." if taken_back else ""
        messages.success(request, f"{found.lead} is {status.label.lower()}.{also}")
    return back(request, found)


@require_POST
@allow(SENDERS)
def lead_plan(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """Stage and next action. One of them alone may be posted: what is not there stays."""
    found = find(request, reply)
    if found.lead is None:
        messages.error(request, "This reply belongs to no lead yet. Link it first.")
        return back(request, found)
    stands = {
        "stage": found.lead.stage,
        "next_action": found.lead.next_action,
        "next_action_on": found.lead.next_action_on.isoformat() if found.lead.next_action_on else "",
    }
    posted = {name: request.POST[name] for name in stands if name in request.POST}
    stages = stages_of(found.workspace)
    form = PlanForm(stands | posted, instance=Lead.objects.get(pk=found.lead.pk), stages=stages)
    if form.is_valid():
        form.instance.save(update_fields=list(stands))
        messages.success(request, "Noted.")
    else:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return back(request, found)


@require_POST
@allow(SENDERS)
def lead_act(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """The next action is done; there is none any more."""
    found = find(request, reply)
    if found.lead is not None and found.lead.next_action:
        Lead.objects.filter(pk=found.lead.pk).update(next_action="", next_action_on=None)
        messages.success(request, f"Done: {found.lead.next_action}")
    return back(request, found)
