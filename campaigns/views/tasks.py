"""What sequences ask people to do, and that it is done."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.models import Task
from campaigns.to_do import due_tasks, finish
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
    tasks = Task.objects.in_workspace(request.membership.workspace).select_related("campaign__workspace")
    task = get_object_or_404(tasks, pk=pk)
    if finish(task, user=request.user, now=timezone.now()):
        messages.success(request, "Done. The next step follows by itself.")
    else:
        messages.info(request, "This is done already, or no more to be done: they answered.")
    return redirect_to(request, reverse("campaigns:task_list", args=[workspace]))
