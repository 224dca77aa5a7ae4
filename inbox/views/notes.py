"""Notes on a lead, to stand in the lead's own card: read, written, deleted, without a reply to hang them on."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.models import Lead
from inbox.desk_models import Note
from inbox.forms import NoteForm
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to


@require_GET
@allow(READERS)
def lead_notes(request: WorkspaceRequest, workspace: str, lead: int) -> HttpResponse:
    return _notes(request, _lead(request, lead))


@require_POST
@allow(SENDERS)
def lead_note_create(request: WorkspaceRequest, workspace: str, lead: int) -> HttpResponse:
    found = _lead(request, lead)
    form = NoteForm(request.POST)
    if form.is_valid():
        Note.objects.create(
            workspace=request.membership.workspace,
            lead=found,
            user=request.user,
            text=form.cleaned_data["text"],
            written_at=timezone.now(),
        )
        return _answer(request, found)
    messages.error(request, "A note needs a few words, and at most 4,000 characters.")
    return _answer(request, found, typed=request.POST.get("text", ""))


@require_POST
@allow(SENDERS)
def lead_note_edit(request: WorkspaceRequest, workspace: str, lead: int, note: int) -> HttpResponse:
    """By whoever wrote it; what cannot be kept stays typed."""
    found = _lead(request, lead)
    mine = _own_note(request, found, note)
    form = NoteForm(request.POST)
    if form.is_valid():
        if form.cleaned_data["text"] != mine.text:
            mine.text, mine.edited_at = form.cleaned_data["text"], timezone.now()
            mine.save(update_fields=["text", "edited_at"])
        return _answer(request, found)
    messages.error(request, "A note needs a few words, and at most 4,000 characters. Nothing was changed.")
    return _notes(
        request, found, changed={mine.pk: request.POST.get("text", "")}, status=200 if is_htmx(request) else 422
    )


@require_POST
@allow(SENDERS)
def lead_note_delete(request: WorkspaceRequest, workspace: str, lead: int, note: int) -> HttpResponse:
    """By whoever wrote it."""
    found = _lead(request, lead)
    _own_note(request, found, note).delete()
    messages.success(request, "The note is deleted.")
    return _answer(request, found)


def _own_note(request: WorkspaceRequest, lead: Lead, pk: int) -> Note:
    return get_object_or_404(
        Note.objects.in_workspace(request.membership.workspace), pk=pk, user=request.user, lead=lead
    )


def _lead(request: WorkspaceRequest, pk: int) -> Lead:
    return get_object_or_404(Lead.objects.in_workspace(request.membership.workspace).select_related("campaign"), pk=pk)


def _answer(request: WorkspaceRequest, lead: Lead, *, typed: str = "") -> HttpResponse:
    if is_htmx(request) or typed:
        return _notes(request, lead, typed=typed, status=422 if typed and not is_htmx(request) else 200)
    return redirect_to(request, reverse("inbox:lead_notes", args=[request.membership.workspace.slug, lead.pk]))


def _notes(
    request: WorkspaceRequest,
    lead: Lead,
    *,
    typed: str = "",
    changed: Mapping[int, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """`changed`: what is typed of a note that could not be kept so, by its number."""
    notes = Note.objects.in_workspace(request.membership.workspace).filter(lead=lead).select_related("user")
    context = {
        "lead": lead,
        "notes": [(note, (changed or {}).get(note.pk)) for note in notes[:200]],
        "typed": typed,
        "may_act": request.membership.role in SENDERS,
    }
    template = "inbox/lead_notes.html"
    return render(request, f"{template}#notes" if is_htmx(request) else template, context, status=status)
