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

from compliance import brakes, holds
from compliance.models import Hold
from compliance.paging import page_of
from compliance.views.sections import pager, tabs
from compliance.words import Link, subject_link
from outreach_site.accounts.access import KEEPERS, OWNERS, READERS, WorkspaceRequest, allow
from outreach_site.accounts.models import Workspace
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.lib.ports import campaign_names
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
    names = _names(page.rows, here)
    rows = [
        Row(
            hold=hold,
            what=_what(hold, names, here),
            source=subject_link(hold.source, here) if ":" in hold.source else Link(hold.source),
            may_lift=role in _who_lifts(hold),
        )
        for hold in page.rows
    ]
    context = {"rows": rows, "pager": pager(request, page, ("entry", "entries")), "tabs": tabs(request, "hold_list")}
    return render(request, "compliance/hold_list.html", context)


@allow(KEEPERS)
def hold_lift(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET asks, POST lifts. A hold on a mailbox in trouble is lifted by owners alone, who alone can put it right."""
    here = request.membership.workspace
    hold = get_object_or_404(Hold.objects.in_workspace(here), pk=pk)
    if request.membership.role not in _who_lifts(hold):
        raise PermissionDenied("Only an owner can let a mailbox write again.")
    listing = reverse("compliance:hold_list", args=[here.slug])
    what = _what(hold, _names([hold], here), here)
    if request.method == "POST":
        if holds.lift(hold, user=request.user, now=timezone.now()):
            mailboxes = list(Mailbox.objects.in_workspace(here).filter(pk__in=_numbers([hold], "mailbox")))
            whys = holds.still_in_the_way(here, mailboxes=mailboxes)
            level = messages.WARNING if whys else messages.SUCCESS
            messages.add_message(request, level, " ".join([f"{what.label} is not held back any more.", *whys]))
        return redirect_to(request, listing)
    context = {
        "title": f"Stop holding back {what.label}?",
        "text": f"{hold.reason} What waits because of this will go on; what has waited for too long "
        "stands in the queue, under “Could not be sent”, for somebody to read it first.",
        "action": request.path,
        "label": "Let it go on",
        "cancel_url": listing,
    }
    name = "compliance/hold_lift.html#form" if is_htmx(request) else "compliance/hold_lift.html"
    return render(request, name, context)


def _who_lifts(hold: Hold) -> frozenset[str]:
    """What bounces and complaints brought about is for compliance to judge, whatever is held."""
    return frozenset(OWNERS if holds.kind_of(hold) == "mailbox" and hold.source != brakes.SOURCE else KEEPERS)


def _names(rows: list[Hold], here: Workspace) -> dict[str, str]:
    """Subject → address or name, of the mailboxes and campaigns that are held. Two queries at most."""
    mailboxes, campaigns = _numbers(rows, "mailbox"), _numbers(rows, "campaign")
    names = {f"campaign:{pk}": name for pk, name in campaign_names(campaigns, workspace_id=here.pk).items()}
    if mailboxes:
        boxes = Mailbox.objects.in_workspace(here).filter(pk__in=mailboxes)
        names |= {f"mailbox:{box.pk}": box.email for box in boxes}
    return names


def _numbers(rows: list[Hold], kind: str) -> list[int]:
    found = [hold.subject.partition(":")[2] for hold in rows if holds.kind_of(hold) == kind]
    return [int(number) for number in found if number.isdigit()]


def _what(hold: Hold, names: dict[str, str], here: Workspace) -> Link:
    if holds.kind_of(hold) == "workspace":
        return Link("The whole workspace")
    if address := holds.address_of(hold):
        return Link(address)
    link = subject_link(hold.subject, here)
    return Link(names.get(hold.subject, link.label), link.url)
