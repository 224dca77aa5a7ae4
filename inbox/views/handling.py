"""A reply's way over the desk: read, done, put aside, given to a teammate, noted on."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_POST
from django_htmx.http import push_url, trigger_client_event

from inbox import handling
from inbox.desk_models import Note
from inbox.forms import NoteForm
from inbox.models import Reply
from inbox.views.page import (
    CHANGED,
    back,
    chosen_of,
    find,
    following,
    list_url,
    mark_read,
    reading,
    replaces_thread,
    undo,
    url_of,
)
from outreach_site.accounts.access import SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import redirect_to


@require_POST
@allow(SENDERS)
def reply_unread(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """Unread again, and back to the list: whoever stays on the page has read it."""
    found = find(request, reply)
    Reply.objects.filter(pk=found.pk).update(read_at=None, done_at=None)
    messages.info(request, "Marked as unread.")
    return redirect_to(request, list_url(request))


@require_POST
@allow(SENDERS)
def reply_done(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """Dealt with: out of the inbox, and on to the next one."""
    found = find(request, reply)
    now = timezone.now()
    below = following(request, found, chosen_of(request))
    Reply.objects.filter(pk=found.pk).update(done_at=now, read_at=found.read_at or now, snoozed_until=None)
    messages.success(request, "Done.", undo(request, "reply_reopen", found.pk))
    return _on_to(request, below, left=found)


@require_POST
@allow(SENDERS)
def reply_reopen(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    Reply.objects.filter(pk=found.pk).update(done_at=None)
    messages.info(request, "Back in the inbox.")
    return back(request, found)


@require_POST
@allow(SENDERS)
def reply_snooze(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """Out of sight until a moment, and on to the next one. It comes back by itself, unread."""
    found = find(request, reply)
    now = timezone.now()
    until = handling.rest_until(found.workspace, request.POST.get("until", ""), request.POST.get("on", ""), now=now)
    if until is None:
        messages.error(request, "Choose a day of the next twelve months. Nothing was changed.")
        return back(request, found)
    below = following(request, found, chosen_of(request))
    handling.snooze(found, until)
    when = date_format(timezone.localtime(until), "l j F, H:i")
    messages.success(request, f"Snoozed until {when}.", undo(request, "reply_wake", found.pk))
    return _on_to(request, below, left=found)


@require_POST
@allow(SENDERS)
def reply_wake(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    if handling.wake(found, now=timezone.now()):
        messages.info(request, "Back in the inbox.")
    else:
        messages.warning(request, "This reply is not snoozed.")
    return back(request, found)


@require_POST
@allow(SENDERS)
def reply_assign(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    chosen = request.POST.get("user", "")
    try:
        taker = handling.assign(found, int(chosen[:18]) if chosen else None)
    except (LookupError, ValueError):
        messages.error(request, "Only members of this workspace who may answer can take a reply. Nothing was changed.")
        return back(request, found)
    if taker is None:
        messages.success(request, "Assigned to nobody.")
    else:
        messages.success(request, "It is yours." if taker == request.user else f"Assigned to {taker.get_full_name()}.")
    return back(request, found)


@require_POST
@allow(SENDERS)
def note_create(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    form = NoteForm(request.POST)
    if form.is_valid():
        handling.write_note(found, form.cleaned_data["text"], user=request.user, now=timezone.now())
    else:
        messages.error(request, "A note needs a few words, and at most 4,000 characters.")
    return back(request, found)


@require_POST
@allow(SENDERS)
def note_edit(request: WorkspaceRequest, workspace: str, reply: int, note: int) -> HttpResponse:
    """A note is changed by whoever wrote it; emptied, it goes."""
    found = find(request, reply)
    mine = _own_note(request, note)
    form = NoteForm(request.POST)
    if not request.POST.get("text", "").strip():
        mine.delete()
        messages.success(request, "The note is deleted.")
    elif form.is_valid():
        mine.text, mine.edited_at = form.cleaned_data["text"], timezone.now()
        mine.save(update_fields=["text", "edited_at"])
    else:
        messages.error(request, "A note has at most 4,000 characters. Nothing was changed.")
    return back(request, found)


@require_POST
@allow(SENDERS)
def note_delete(request: WorkspaceRequest, workspace: str, reply: int, note: int) -> HttpResponse:
    found = find(request, reply)
    _own_note(request, note).delete()
    messages.success(request, "The note is deleted.")
    return back(request, found)


def _own_note(request: WorkspaceRequest, pk: int) -> Note:
    return get_object_or_404(Note.objects.in_workspace(request.membership.workspace), pk=pk, user=request.user)


def _on_to(request: WorkspaceRequest, below: Reply | None, *, left: Reply) -> HttpResponse:
    """After a reply has left the list: the next one, or the list where there is none."""
    if below is None:
        return redirect_to(request, list_url(request))
    url = url_of(request, "reply_detail", below.pk)
    if not replaces_thread(request):
        return redirect_to(request, url)
    opened = find(request, below.pk)
    mark_read(request, opened)
    response = push_url(reading(request, opened, chosen_of(request), also_row=left.pk), url)
    return trigger_client_event(response, CHANGED, after="settle")
