"""What a person says a reply is, and what follows from that taken back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox import consequences
from inbox.models import Reply
from inbox.views.page import back, find, undo
from outreach_site.accounts.access import SENDERS, WorkspaceRequest, allow


@require_POST
@allow(SENDERS)
def reply_tag(request: WorkspaceRequest, workspace: str, reply: int, classification: str) -> HttpResponse:
    found = find(request, reply)
    tag = next((tag for tag in Reply.TAGS if tag.value == classification), None)
    if tag is None or found.kind in {Reply.Kind.BOUNCE, Reply.Kind.COMPLAINT}:
        messages.error(request, "This cannot be tagged so. Nothing was changed.")
        return back(request, found)
    if tag == found.classification and not found.needs_review:
        return back(request, found)
    staying = consequences.tag(found, tag, user=request.user, now=timezone.now())
    found.refresh_from_db()
    taking_back = undo(request, "reply_untag", found.pk)
    if staying:
        messages.warning(
            request,
            f"Tagged {tag.label.lower()}. {', '.join(staying)} stays suppressed: compliance can lift that.",
            taking_back,
        )
    elif tag == Reply.Classification.NOT_INTERESTED:
        messages.success(request, f"Nobody here will write to {found.suppressed_value or 'them'} again.", taking_back)
    else:
        messages.success(request, f"Tagged {tag.label.lower()}.", taking_back)
    return back(request, found)


@require_POST
@allow(SENDERS)
def reply_untag(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    if consequences.untag(found, user=request.user, now=timezone.now()):
        messages.info(request, "The tag is what it was.")
    else:
        messages.warning(request, "There is no tag of a person's to take back.")
    return back(request, found)


@require_POST
@allow(SENDERS)
def reply_undo_suppression(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    try:
        lifted = consequences.undo_suppression(found, user=request.user, now=timezone.now())
    except consequences.CannotUndoError as err:
        messages.warning(request, str(err))
    else:
        messages.success(request, f"{', '.join(lifted)} may be written to again.")
    return back(request, found)


@require_POST
@allow(SENDERS)
def reply_believe(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """A report that names no letter of ours is true after all: the address is suppressed."""
    found = find(request, reply)
    entry = consequences.believe_report(found, user=request.user, now=timezone.now())
    if entry is None:
        messages.warning(request, "There is nothing to decide about this message.")
    else:
        messages.success(request, f"Nobody here will write to {entry.value} again.")
    return back(request, found)


@require_POST
@allow(SENDERS)
def reply_disbelieve(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    if consequences.disbelieve_report(found, user=request.user, now=timezone.now()):
        messages.success(request, "Set aside. The address may be written to.")
    else:
        messages.warning(request, "There is nothing to decide about this message.")
    return back(request, found)
