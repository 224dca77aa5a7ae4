"""The list, one reply with its conversation, and what a lead wrote."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from campaigns.models import Attempt, Lead
from inbox import lists, tasks
from inbox.lists import Row
from inbox.models import Reply
from inbox.threads import FILES, letter_as_written
from inbox.views.page import (
    LOOKED,
    chosen_of,
    filters,
    find,
    list_url,
    mark_read,
    may_act,
    open_beside,
    page,
    reading,
    rows,
    thread,
    url_of,
)
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.mailboxes.models import Mailbox


@require_GET
@allow(READERS)
def reply_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The list; for htmx its rows alone, with the reply marked that stands open beside them."""
    chosen = chosen_of(request)
    if is_htmx(request):
        context = rows(request, chosen, open_pk=open_beside(request)) | {"filters": filters(request, chosen)}
        return render(request, "inbox/reply_list.html#fresh", context)
    return render(request, "inbox/reply_list.html", page(request, chosen))


@require_GET
@allow(READERS)
def reply_detail(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """One reply beside the list; for htmx the reply, the lead, and the rows of the list that change by it."""
    found = find(request, reply)
    mark_read(request, found)
    chosen = chosen_of(request)
    if is_htmx(request):
        return reading(request, found, chosen, also_row=open_beside(request))
    return render(request, "inbox/reply_list.html", page(request, chosen) | thread(request, found))


@require_GET
@allow(READERS)
def reply_letter(request: WorkspaceRequest, workspace: str, reply: int, attempt: int) -> HttpResponse:
    """One letter of ours as it stands now: it was about to leave when the page was made."""
    found = find(request, reply)
    letters = Attempt.objects.in_workspace(request.membership.workspace).filter(lead=found.lead_id)
    letter = get_object_or_404(letters.select_related("mailbox", "identity").prefetch_related(FILES), pk=attempt)
    if not is_htmx(request):
        return redirect_to(request, url_of(request, "reply_detail", found.pk))
    context = {
        "other": letter_as_written(letter),
        "thread": {"reply": found},
        "may_act": may_act(request),
        "query": chosen_of(request).query(),
        "unfolded": True,
    }
    return render(request, "inbox/message.html", context)


@require_GET
@allow(READERS)
def lead_replies(request: WorkspaceRequest, workspace: str, lead: int) -> HttpResponse:
    """What a lead wrote, to stand in the lead's own page."""
    here = request.membership.workspace
    found = get_object_or_404(Lead.objects.in_workspace(here).select_related("campaign"), pk=lead)
    written = Reply.objects.in_workspace(here).filter(lead=found).select_related("campaign", "lead").defer("text")
    found_rows = [Row.of(reply) for reply in written.order_by("-received_at", "-pk")[: lists.PAGE]]
    template = "inbox/lead_replies.html#replies" if is_htmx(request) else "inbox/lead_replies.html"
    return render(request, template, {"lead": found, "rows": found_rows})


@require_POST
@allow(SENDERS)
def poll_now(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Ask the worker to look; the answer comes at once, the replies when they are there."""
    mailboxes = list(Mailbox.objects.in_workspace(request.membership.workspace).that_can_receive())
    for mailbox in mailboxes:
        tasks.poll_soon(mailbox.pk)
    if not mailboxes:
        messages.warning(request, "No mailbox here can receive. Add an IMAP server to one in Settings.")
    elif len(mailboxes) == 1:
        messages.info(request, f"Looking into {mailboxes[0].email}. New replies appear here.")
    else:
        messages.info(request, f"Looking into {len(mailboxes)} mailboxes. New replies appear here.")
    if is_htmx(request):
        return trigger_client_event(HttpResponse(status=204), LOOKED)
    return redirect_to(request, list_url(request))
