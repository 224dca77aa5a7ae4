"""What is held back until a person has looked."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from compliance import holds
from compliance.models import Hold
from compliance.paging import page_of
from compliance.views.sections import pager, tabs
from compliance.words import Link, subject_link
from outreach_site.accounts.access import KEEPERS, OWNERS, READERS, WorkspaceRequest, allow
from outreach_site.accounts.models import Workspace
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.mailboxes.models import Mailbox


@dataclass(frozen=True)
class Row:
    hold: Hold
    what: Link
    source: Link
    may_lift: bool


@allow(READERS)
@require_safe
def hold_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here, role = request.membership.workspace, request.membership.role
    page = page_of(
        Hold.objects.in_workspace(here).standing(),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    emails = _mailboxes(page.rows, here)
    rows = [
        Row(
            hold=hold,
            what=_what(hold, emails, here),
            source=subject_link(hold.source, here) if ":" in hold.source else Link(hold.source),
            may_lift=role in _who_lifts(hold),
        )
        for hold in page.rows
    ]
    context = {"rows": rows, "pager": pager(request, page, ("entry", "entries")), "tabs": tabs(request, "hold_list")}
    return render(request, "compliance/hold_list.html", context)


@allow(KEEPERS)
def hold_lift(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET asks, POST lifts. A mailbox's hold is lifted by owners alone, who alone can put the mailbox right."""
    here = request.membership.workspace
    hold = get_object_or_404(Hold.objects.in_workspace(here), pk=pk)
    if request.membership.role not in _who_lifts(hold):
        raise PermissionDenied("Only an owner can let a mailbox write again.")
    listing = reverse("compliance:hold_list", args=[here.slug])
    what = _what(hold, _mailboxes([hold], here), here)
    if request.method == "POST":
        if holds.lift(hold, user=request.user, now=timezone.now()):
            messages.success(request, f"{what.label} is not held back any more.")
        return redirect_to(request, listing)
    context = {
        "title": f"Stop holding back {what.label}?",
        "text": f"{hold.reason} What waits because of this will go on.",
        "action": request.path,
        "label": "Let it go on",
        "cancel_url": listing,
    }
    name = "compliance/hold_lift.html#form" if is_htmx(request) else "compliance/hold_lift.html"
    return render(request, name, context)


def _who_lifts(hold: Hold) -> frozenset[str]:
    return frozenset(OWNERS if holds.kind_of(hold) == "mailbox" else KEEPERS)


def _mailboxes(rows: list[Hold], here: Workspace) -> dict[str, str]:
    """Subject → address, of the mailboxes that are held. One query at most."""
    ids = [hold.subject.partition(":")[2] for hold in rows if holds.kind_of(hold) == "mailbox"]
    wanted = [int(number) for number in ids if number.isdigit()]
    if not wanted:
        return {}
    return {f"mailbox:{box.pk}": box.email for box in Mailbox.objects.in_workspace(here).filter(pk__in=wanted)}


def _what(hold: Hold, emails: dict[str, str], here: Workspace) -> Link:
    if holds.kind_of(hold) == "workspace":
        return Link("The whole workspace")
    if address := holds.address_of(hold):
        return Link(address)
    link = subject_link(hold.subject, here)
    return Link(emails.get(hold.subject, link.label), link.url)
