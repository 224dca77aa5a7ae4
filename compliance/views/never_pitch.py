"""Sites that nobody here asks for a link: the list, adding one or many, taking one off."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from compliance import never_pitch
from compliance.forms import NeverPitchForm
from compliance.models import NeverPitch
from compliance.never_pitch import Kept
from compliance.paging import page_of
from compliance.searching import begins, typed
from compliance.views.sections import names_of, pager, tabs
from outreach_site.accounts.access import KEEPERS, READERS, WORKERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to


@dataclass(frozen=True)
class Row:
    entry: NeverPitch
    who: str


@allow(READERS)
@require_safe
def never_pitch_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here = request.membership.workspace
    search = typed(request.GET.get("q", ""))
    entries = NeverPitch.objects.in_workspace(here)
    if search:
        entries = entries.filter(begins("domain", search))
    page = page_of(entries, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    names = names_of(entry.created_by_id for entry in page.rows)
    context = {
        "rows": [Row(entry, names.get(entry.created_by_id or 0, "")) for entry in page.rows],
        "pager": pager(request, page, ("site", "sites")),
        "search": search,
        "may_remove": request.membership.role in KEEPERS,
    }
    if is_htmx(request):
        return render(request, "compliance/never_pitch_list.html#never-pitch-rows", context)
    context |= {"tabs": tabs(request, "never_pitch_list"), "may_add": request.membership.role in WORKERS}
    return render(request, "compliance/never_pitch_list.html", context)


@allow(WORKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def never_pitch_add(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Add one or many. What can be read is added; what cannot stays in the field, with the reason for each line."""
    here = request.membership.workspace
    form = NeverPitchForm(request.POST or None, initial={"lines": request.GET.get("site", "")})
    template = "compliance/never_pitch_form.html"
    name = f"{template}#form" if is_htmx(request) else template
    context: dict[str, object] = {"form": form, "tabs": tabs(request, "never_pitch_list")}
    if request.method != "POST" or not form.is_valid():
        return render(request, name, context, status=422 if form.is_bound else 200)
    pasted = form.cleaned_data["lines"]
    kept = never_pitch.add(
        here,
        pasted.domains,
        why=NeverPitch.Why(form.cleaned_data["why"]),
        note=form.cleaned_data["note"],
        user=request.user,
        now=timezone.now(),
    )
    if kept.new or kept.known:
        messages.success(request, _what_was_added(kept))
    if pasted.problems:
        context |= {"form": form.with_the_rest(pasted), "problems": pasted.problems, "added_count": len(kept.new)}
        return render(request, name, context, status=422)
    return redirect_to(request, reverse("compliance:never_pitch_list", args=[here.slug]))


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def never_pitch_remove(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET asks, POST removes."""
    here = request.membership.workspace
    entry = get_object_or_404(NeverPitch.objects.in_workspace(here), pk=pk)
    listing = reverse("compliance:never_pitch_list", args=[here.slug])
    if request.method == "POST":
        if never_pitch.remove(entry, user=request.user, now=timezone.now()):
            messages.success(request, f"{entry.domain} may be pitched again.")
        return redirect_to(request, listing)
    context = {
        "title": f"Pitch {entry.domain} again?",
        "text": f"It is listed as {entry.get_why_display().lower()}. Letters to its people may leave again.",
        "action": request.path,
        "label": "Take it off the list",
        "cancel_url": listing,
    }
    name = "compliance/never_pitch_remove.html#form" if is_htmx(request) else "compliance/never_pitch_remove.html"
    return render(request, name, context)


def _what_was_added(kept: Kept) -> str:
    known = f" {len(kept.known)} stood there already." if kept.known else ""
    if len(kept.new) == 1:
        return f"Nobody here will pitch {kept.new[0].domain}.{known}"
    return f"{len(kept.new)} sites added: nobody here will pitch them.{known}" if kept.new else known.strip()
