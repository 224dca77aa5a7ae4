"""Tying a reply to a lead by hand, and writing to somebody else at the lead because they said so."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from campaigns.models import Lead
from inbox import linking, redirecting
from inbox.views.page import back, find, undo
from outreach_site.accounts.access import SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx


@require_GET
@allow(SENDERS)
def reply_link_search(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """Leads that this reply could belong to: by domain, address or name; without a word, those of its sender's site."""
    found = find(request, reply)
    words = request.GET.get("q", "").replace("\0", "")[:200]
    context = {"reply": found, "words": words, "leads": redirecting.leads_for(found, words)}
    if is_htmx(request):
        # The search in its own field swaps the results alone; the first look brings the field, too.
        part = "found" if "q" in request.GET else "linking"
        return render(request, f"inbox/link.html#{part}", context)
    return render(request, "inbox/link.html", context)


@require_POST
@allow(SENDERS)
def reply_link(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    chosen = request.POST.get("lead", "")
    leads = Lead.objects.in_workspace(found.workspace).select_related("campaign__workspace", "contact")
    lead = leads.filter(pk=int(chosen)).first() if chosen.isascii() and chosen.isdigit() and len(chosen) < 18 else None
    if lead is None:
        messages.error(request, "This site is not there any more. Choose another.")
        return back(request, found)
    try:
        linking.link(found, lead, user=request.user, now=timezone.now())
    except linking.CannotLinkError as err:
        messages.error(request, str(err))
    else:
        messages.success(request, f"Linked to {lead} in {lead.campaign.name}.", undo(request, "reply_unlink", found.pk))
    return trigger_client_event(back(request, found), "dialog:close")


@require_POST
@allow(SENDERS)
def reply_unlink(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    unlinked = linking.unlink(found, user=request.user, now=timezone.now())
    if unlinked is None:
        messages.warning(request, "There is no link of a person's to take back.")
    elif unlinked.staying:
        messages.warning(request, f"The link is taken back. {', '.join(unlinked.staying)} stays suppressed.")
    else:
        letters = (
            "A letter to them waits again." if unlinked.letters == 1 else f"{unlinked.letters} letters wait again."
        )
        messages.info(request, f"The link is taken back. {letters if unlinked.letters else ''}".strip())
    return back(request, found)


@require_POST
@allow(SENDERS)
def reply_instead(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """Whom they named is the lead's contact from now on, and a letter to them waits to be read. Nothing is sent."""
    found = find(request, reply)
    email = request.POST.get("email", "")
    try:
        redirected = redirecting.write_to_instead(found, email, user=request.user, now=timezone.now())
    except redirecting.CannotRedirectError as err:
        messages.error(request, str(err))
        return back(request, found)
    taking_back = undo(request, "reply_instead_undo", found.pk, redirected.contact_before or 0)
    if redirected.letter is not None:
        messages.success(
            request, f"{email} is the contact now. A letter to them waits until somebody has read it.", taking_back
        )
    else:
        messages.warning(request, f"{email} is the contact now. No letter waits: {redirected.trouble}", taking_back)
    return back(request, found)


@require_POST
@allow(SENDERS)
def reply_instead_undo(request: WorkspaceRequest, workspace: str, reply: int, contact: int) -> HttpResponse:
    """The contact is who it was (0: nobody), and the letter does not wait any more."""
    found = find(request, reply)
    if redirecting.choose_again(found, contact, user=request.user, now=timezone.now()):
        messages.info(request, "The contact is who it was.")
    else:
        messages.warning(request, "This contact is not there any more.")
    return back(request, found)
