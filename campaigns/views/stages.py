"""The stages of a workspace: named, ordered, added and let go on one page.

Each button posts the whole list, so that nothing typed is lost; only Save changes anything.
"""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from campaigns.models import Stage
from campaigns.stages import AT_MOST, ChangedMeanwhileError, Named, change_stages, leads_at, stages_of
from outreach_site.accounts.access import SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

LONGEST = Stage._meta.get_field("name").max_length or 40


@allow(SENDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def stage_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here = request.membership.workspace
    if request.method != "POST":
        return _page(request, [Named(name, name) for name in stages_of(here)], seen=stages_of(here))
    rows = _posted(request)
    seen = request.POST.getlist("seen")
    if "save" not in request.POST and ("move" in request.POST or "drop" in request.POST):
        return _page(request, _rearranged(request, rows), seen=seen)
    rows = [each for each in rows if each.name]
    trouble = _trouble(rows)
    kept = {each.before for each in rows}
    left = leads_at(here, [name for name in seen if name not in kept])
    if trouble or (left and "confirmed" not in request.POST):
        return _page(request, rows, seen=seen, trouble=trouble, left=left, status=422)
    try:
        changed = change_stages(here, rows, seen=seen, user=request.user, now=timezone.now())
    except ChangedMeanwhileError as err:
        now_there = stages_of(here)
        return _page(request, [Named(name, name) for name in now_there], seen=now_there, trouble=str(err), status=409)
    messages.success(request, "The stages are kept." if changed else "Nothing was different.")
    return redirect_to(request, reverse("campaigns:stage_list", args=[workspace]))


def _posted(request: WorkspaceRequest) -> list[Named]:
    pairs = zip(request.POST.getlist("before"), request.POST.getlist("name"), strict=False)
    rows = [Named(before, " ".join(name.replace("\0", "").split())) for before, name in pairs]
    return rows[: AT_MOST + 1]


def _rearranged(request: WorkspaceRequest, rows: list[Named]) -> list[Named]:
    """After Up or Remove: the row that the button names by its number."""
    asked = request.POST.get("move") or request.POST.get("drop") or ""
    at = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else -1
    if not 0 <= at < len(rows):
        return rows
    row = rows.pop(at)
    if "move" in request.POST:
        rows.insert(max(0, at - 1), row)
    return [each for each in rows if each.name]


def _trouble(rows: list[Named]) -> str:
    if not rows:
        return "Keep at least one stage."
    if len(rows) > AT_MOST:
        return f"There can be {AT_MOST} stages. Take one away before you add another."
    if any(len(each.name) > LONGEST for each in rows):
        return f"A stage's name has at most {LONGEST} characters."
    twice = [name for name, number in Counter(each.name.casefold() for each in rows).items() if number > 1]
    return f"“{twice[0]}” stands there twice. Give one of them another name." if twice else ""


def _page(
    request: WorkspaceRequest,
    rows: list[Named],
    *,
    seen: list[str],
    trouble: str = "",
    left: dict[str, int] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "rows": rows,
        "seen": seen,
        "trouble": trouble,
        "left": left or {},
        "left_number": sum((left or {}).values()),
        "longest": LONGEST,
        "has_room": len(rows) < AT_MOST,
    }
    name = "campaigns/stage_list.html"
    return render(request, f"{name}#stage-form" if is_htmx(request) else name, context, status=status)
