"""What sequences ask people to do, and that it is done."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.models import Task
from campaigns.to_do import due_tasks, finish, take_up_again
from campaigns.views.page import PAGE_SIZE, may_act
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

PAGE = "campaigns/task_list.html"


@allow(READERS)
@require_GET
def task_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """What is due, what has waited longest first."""
    due = due_tasks(request.membership.workspace, now=timezone.now())
    found = list(due[: PAGE_SIZE + 1])
    context = {"tasks": found[:PAGE_SIZE], "more": len(found) > PAGE_SIZE, "may_act": may_act(request)}
    return render(request, f"{PAGE}#task-rows" if is_htmx(request) else PAGE, context)


@allow(SENDERS)
@require_POST
def task_done(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Tick it off: the next step's wait begins now."""
    task = _find(request, pk)
    if finish(task, user=request.user, now=timezone.now()):
        undo = reverse("campaigns:task_undo", args=[workspace, task.pk])
        messages.success(request, "Done. The next step follows by itself.", extra_tags=f"undo:{undo}")
    else:
        messages.info(request, "This is done already, or no more to be done: they answered.")
    return redirect_to(request, reverse("campaigns:task_list", args=[workspace]))


@allow(SENDERS)
@require_POST
def task_undo(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """It was ticked off by mistake."""
    if take_up_again(_find(request, pk), user=request.user, now=timezone.now()):
        messages.success(request, "The task is open again, and what follows waits for it.")
    else:
        messages.info(request, "This cannot be undone any more: they have answered, or what follows is on its way.")
    return redirect_to(request, reverse("campaigns:task_list", args=[workspace]))


def _find(request: WorkspaceRequest, pk: int) -> Task:
    tasks = Task.objects.in_workspace(request.membership.workspace).select_related("campaign__workspace")
    return get_object_or_404(tasks, pk=pk)
