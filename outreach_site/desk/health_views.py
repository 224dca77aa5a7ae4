"""Settings, Health: the workers of each host, what happens by the clock, when mailboxes were read, what runs here."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from outreach_site.accounts.access import OWNERS, READERS, WorkspaceRequest, allow
from outreach_site.desk import machine
from outreach_site.desk.health import health
from outreach_site.desk.schedules import clock
from outreach_site.mailboxes.cards import cards
from outreach_site.mailboxes.models import Mailbox


@allow(READERS)
@require_GET
def settings_health(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Everybody sees whether it works and their own mailboxes; hosts, errors and versions are for owners."""
    here, now = request.membership.workspace, timezone.now()
    found = health(now)
    is_owner = request.membership.role in OWNERS
    context = {
        "health": found,
        "cards": cards(Mailbox.objects.in_workspace(here).in_use(), workspace=here, now=now),
        "lines": clock(now),
        "versions": machine.versions() if is_owner else [],
        "is_owner": is_owner,
    }
    return render(request, "desk/settings_health.html", context)
