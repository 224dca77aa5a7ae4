"""Small changes to one lead, made on its card: tags, whose it is, which contact, and the yes to a hidden address."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaigns import contacts, marks
from campaigns.lead_list import assignable
from campaigns.marks import CannotChangeError, tag_named
from campaigns.models import Lead, Tag
from campaigns.views.leads import lead_context
from campaigns.views.page import find_lead
from outreach_site.accounts.access import SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to


@allow(SENDERS)
@require_POST
def lead_tag(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Put a tag on (`add`, its name), or take one off (`remove`, its number)."""
    lead = find_lead(request, pk)
    removed = request.POST.get("remove", "")
    if removed.isascii() and removed.isdigit() and len(removed) < 19:
        tag = Tag.objects.in_workspace(lead.campaign.workspace).filter(pk=int(removed)).first()
        if tag is not None:
            marks.untag(lead, tag, user=request.user, now=timezone.now())
            messages.success(request, f"The tag “{tag}” is taken off.")
    else:
        try:
            tag = tag_named(lead.campaign.workspace, request.POST.get("add", ""))
        except CannotChangeError as err:
            messages.error(request, f"{err} Nothing was changed.")
        else:
            marks.tag(lead, tag, user=request.user, now=timezone.now())
            messages.success(request, f"Tagged “{tag}”.")
    return _card(request, lead)


@allow(SENDERS)
@require_POST
def lead_assign(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Give the lead to a teammate, or to nobody."""
    lead = find_lead(request, pk)
    wanted = request.POST.get("user", "")
    person = next((user for user in assignable(lead.campaign.workspace) if str(user.pk) == wanted), None)
    if wanted and person is None:
        messages.error(request, "Only members of this workspace who may write to people can be given a lead.")
    else:
        marks.assign(lead, person, user=request.user, now=timezone.now())
        messages.success(request, f"Assigned to {person.get_full_name()}." if person else "Assigned to nobody.")
    return _card(request, lead)


@allow(SENDERS)
@require_POST
def lead_contact(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Write to another of its addresses from now on."""
    lead = find_lead(request, pk)
    wanted = request.POST.get("contact", "")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else 0
    contact = lead.contacts.filter(pk=number).first()
    if contact is None:
        messages.error(request, "This address is not there any more. Nothing was changed.")
    else:
        contacts.choose(lead, contact, user=request.user, now=timezone.now())
        messages.success(request, f"Letters to {lead} go to {contact.email} now.")
    return _card(request, lead)


@allow(SENDERS)
@require_POST
def contact_confirm(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """A person has looked at the page, and says that the hidden address may be used."""
    lead = find_lead(request, pk)
    released = contacts.confirm(lead, user=request.user, now=timezone.now())
    text = "Noted: this address may be used."
    if released:
        text += " The letter that waited for it goes on." if released == 1 else " The letters that waited go on."
    messages.success(request, text)
    return _card(request, lead)


def _card(request: WorkspaceRequest, lead: Lead) -> HttpResponse:
    if not is_htmx(request):
        return redirect_to(request, reverse("campaigns:lead_detail", args=[request.membership.workspace.slug, lead.pk]))
    lead = find_lead(request, lead.pk)
    return render(request, "campaigns/lead_detail.html#lead-changed", lead_context(request, lead))
