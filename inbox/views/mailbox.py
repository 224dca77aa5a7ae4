"""What is read of a mailbox, for owners: folders besides the usual ones, and mail from before we looked first."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from inbox import polling, tasks
from inbox.reading_forms import FoldersForm, HistoryForm
from inbox.reading_models import ReadingPlan
from outreach_site.accounts.access import OWNERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.lib.ports import AuditRecord, record_audit
from outreach_site.mailboxes.errors import MailServerError
from outreach_site.mailboxes.imap import Folders, list_folders
from outreach_site.mailboxes.models import Mailbox
from outreach_site.mailboxes.sign_ins import imap_server


@require_GET
@allow(OWNERS)
def mailbox_reading(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    """The card. With `?folders` the server is asked which folders there are."""
    found = _mailbox(request, mailbox)
    if "folders" not in request.GET:
        return _page(request, found)
    try:
        return _page(request, found, on_server=list_folders(imap_server(found)))
    except MailServerError as err:
        return _page(request, found, trouble=f"{err.sentence} {err.advice}".strip())


@require_POST
@allow(OWNERS)
def mailbox_folders(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    found = _mailbox(request, mailbox)
    form = FoldersForm(request.POST)
    if not form.is_valid():
        return _page(request, found, folders_form=form, status=422)
    with transaction.atomic():
        plan, _ = ReadingPlan.objects.select_for_update().get_or_create(mailbox=found)
        plan.folders = form.cleaned_data["folders"]
        plan.save(update_fields=["folders"])
        _audit(request, found, folders=len(plan.folders))
        tasks.poll_soon(found.pk)
    messages.success(request, "These folders are read too." if plan.folders else "The usual folders are read.")
    return _done(request, found)


@require_POST
@allow(OWNERS)
def mailbox_history(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    found = _mailbox(request, mailbox)
    form = HistoryForm(request.POST)
    if not form.is_valid():
        return _page(request, found, history_form=form, status=422)
    since = form.cleaned_data["since"]
    with transaction.atomic():
        polling.read_history(found, since)
        _audit(request, found, since=since.isoformat())
        tasks.poll_soon(found.pk)
    messages.success(request, f"What arrived since {since:%d %B %Y} is read, behind what is new.")
    return _done(request, found)


# --- What they share --------------------------------------------------------------------------------------------------


def _mailbox(request: WorkspaceRequest, pk: int) -> Mailbox:
    return get_object_or_404(Mailbox.objects.in_workspace(request.membership.workspace).in_use(), pk=pk)


def _page(
    request: WorkspaceRequest,
    mailbox: Mailbox,
    *,
    on_server: Folders | None = None,
    trouble: str = "",
    folders_form: FoldersForm | None = None,
    history_form: HistoryForm | None = None,
    status: int = 200,
) -> HttpResponse:
    plan = ReadingPlan.objects.filter(mailbox=mailbox).first() or ReadingPlan(mailbox=mailbox)
    if on_server is not None:
        usual = {*on_server.to_read, on_server.sent, on_server.inbox}
        offered = [name for name in on_server.names if name not in usual]
        gone = [name for name in plan.folders if name not in on_server.names]
        folders_form = FoldersForm(initial={"folders": plan.folders}, offered=[*offered, *gone])
    context: dict[str, Any] = {
        "mailbox": mailbox,
        "plan": plan,
        "trouble": trouble,
        "folders_form": folders_form,
        "has_folders": folders_form is not None and bool(folders_form.fields["folders"].choices),  # type: ignore[attr-defined]  # of its field
        "history_form": history_form or HistoryForm(initial={"since": plan.history_since}),
        "history_is_read": polling.history_is_read(mailbox),
    }
    template = "inbox/mailbox_reading.html#reading-card" if is_htmx(request) else "inbox/mailbox_reading.html"
    return render(request, template, context, status=status)


def _done(request: WorkspaceRequest, mailbox: Mailbox) -> HttpResponse:
    if is_htmx(request):
        return _page(request, mailbox)
    return redirect_to(request, reverse("inbox:mailbox_reading", args=[mailbox.workspace.slug, mailbox.pk]))


def _audit(request: WorkspaceRequest, mailbox: Mailbox, **details: object) -> None:
    record_audit(
        AuditRecord(
            "mailbox.reading_changed",
            workspace_id=request.membership.workspace.pk,
            user_id=request.user.pk,
            about=f"mailbox:{mailbox.pk}",
            details=details,
        )
    )
