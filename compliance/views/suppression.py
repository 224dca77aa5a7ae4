"""The suppression list: who is never written to again, since when, and why."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from compliance import suppression
from compliance.forms import LiftForm, SuppressForm, SuppressionFilter, kept
from compliance.models import AuditEntry, Suppression
from compliance.paging import page_of
from compliance.searching import suppressions_matching, whole_address
from compliance.suppression import Added, Lifting, NotLiftableError, lifting_of
from compliance.views.sections import names_of, pager, tabs
from compliance.words import REASON_TONES, Link, event_words, subject_link
from outreach_site.accounts.access import KEEPERS, READERS, WORKERS, WorkspaceRequest, allow
from outreach_site.accounts.models import Role
from outreach_site.lib.htmx import is_htmx, redirect_to


@dataclass(frozen=True)
class Row:
    entry: Suppression
    written: str
    tone: str
    who: str
    source: Link
    may_lift: bool


@allow(READERS)
@require_safe
def suppression_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here = request.membership.workspace
    narrowed = kept(SuppressionFilter(request.GET))
    entries = Suppression.objects.own_of(here).filter(suppressions_matching(narrowed["q"]))
    if narrowed["reason"]:
        entries = entries.filter(reason=narrowed["reason"])
    page = page_of(entries, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    context = {
        "rows": _rows(request, page.rows),
        "pager": pager(request, page, ("entry", "entries")),
        "everywhere": _held_everywhere(narrowed["q"]),
        "narrowed": narrowed,
        "is_narrowed": any(narrowed.values()),
        "reasons": Suppression.Reason.choices,
    }
    if is_htmx(request):
        return render(request, "compliance/suppression_list.html#suppression-rows", context)
    context |= {"tabs": tabs(request, "suppression_list"), "may_add": request.membership.role in WORKERS}
    return render(request, "compliance/suppression_list.html", context)


@allow(READERS)
@require_safe
def suppression_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """One entry with its history; it stays readable in the audit log when the entry is lifted."""
    here = request.membership.workspace
    entry = get_object_or_404(Suppression.objects.own_of(here), pk=pk)
    history = list(AuditEntry.objects.in_workspace(here).filter(about=f"suppression:{entry.pk}").order_by("-pk")[:50])
    names = names_of(event.user_id for event in history)
    [row] = _rows(request, [entry])
    context = {
        "row": row,
        "history": [
            {
                "what": event_words(event.event),
                "why": event.reason,
                "who": names.get(event.user_id or 0, ""),
                "at": event.recorded_at,
            }
            for event in history
        ],
        "tabs": tabs(request, "suppression_list"),
        "why_not": _why_not(entry, request.membership.role),
    }
    return render(request, "compliance/suppression_detail.html", context)


@allow(WORKERS)
def suppression_create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Add one or many. What can be read is added; what cannot stays in the field, with the reason for each line."""
    here = request.membership.workspace
    form = SuppressForm(request.POST or None, initial={"lines": request.GET.get("address", "")})
    context = {"form": form, "tabs": tabs(request, "suppression_list")}
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, "compliance/suppression_form.html", context, invalid=form.is_bound)
    pasted = form.cleaned_data["lines"]
    added = suppression.suppress_many(
        workspace=here,
        addresses=pasted.addresses,
        domains=pasted.domains,
        reason=form.cleaned_data["reason"],
        note=form.cleaned_data["note"],
        user=request.user,
        now=timezone.now(),
    )
    if added.all:
        messages.success(request, _what_was_added(added))
    if pasted.problems:
        context |= {
            "form": form.with_the_rest(pasted),
            "problems": pasted.problems,
            "added_count": len(added.new) + len(added.stronger),
        }
        return _form_page(request, "compliance/suppression_form.html", context, invalid=True)
    return redirect_to(request, reverse("compliance:suppression_list", args=[here.slug]))


@allow(KEEPERS)
def suppression_lift(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Lift one entry, with a reason."""
    here = request.membership.workspace
    entry = get_object_or_404(Suppression.objects.own_of(here), pk=pk)
    why_not = _why_not(entry, request.membership.role)
    expected = suppression.readable(entry) if lifting_of(entry) == Lifting.AN_OWNER else ""
    form = LiftForm(request.POST or None, expected=expected)
    context = {
        "form": form,
        "entry": entry,
        "written": suppression.readable(entry),
        "why_not": why_not,
        "is_own_word": suppression.is_own_word(entry),
    }
    if request.method != "POST":
        return _form_page(request, "compliance/suppression_lift.html", context)
    if why_not:
        raise PermissionDenied(why_not)
    if not form.is_valid():
        return _form_page(request, "compliance/suppression_lift.html", context, invalid=True)
    try:
        suppression.lift(
            entry,
            user=request.user,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            owner_typed_address=bool(expected),
        )
    except NotLiftableError as err:
        raise PermissionDenied(str(err)) from err
    messages.success(request, f"{suppression.readable(entry)} may be written to again.")
    return redirect_to(request, reverse("compliance:suppression_list", args=[here.slug]))


def _form_page(
    request: WorkspaceRequest, template: str, context: dict[str, object], *, invalid: bool = False
) -> HttpResponse:
    """The page, or for htmx its form alone, which the dialog shows."""
    name = f"{template}#form" if is_htmx(request) else template
    return render(request, name, context, status=422 if invalid else 200)


def _held_everywhere(text: str) -> str:
    """The address somebody typed in full, if it is suppressed on the whole server.

    Such entries are never listed: they may come from another workspace, or be a person who asked to be forgotten.
    """
    key = whole_address(text)
    return key if suppression.suppressed_among(None, [key] if key else []) else ""


def _rows(request: WorkspaceRequest, entries: list[Suppression]) -> list[Row]:
    here, role = request.membership.workspace, request.membership.role
    names = names_of(entry.created_by_id for entry in entries)
    return [
        Row(
            entry=entry,
            written=suppression.readable(entry),
            tone=REASON_TONES[Suppression.Reason(entry.reason)],
            who=names.get(entry.created_by_id or 0, ""),
            source=subject_link(entry.source, here) if ":" in entry.source else Link(entry.note),
            may_lift=role in KEEPERS and not _why_not(entry, role),
        )
        for entry in entries
    ]


def _why_not(entry: Suppression, role: str) -> str:
    """Why this role cannot lift the entry; empty where it can."""
    match lifting_of(entry):
        case Lifting.NEVER:
            return "This person asked for erasure. That can never be lifted."
        case Lifting.AN_OWNER if role != Role.OWNER:
            return "The person asked for this, so only an owner of the workspace can lift it."
        case _ if role not in KEEPERS:
            return "Compliance and owners can lift this."
    return ""


def _what_was_added(added: Added) -> str:
    count = len(added.new) + len(added.stronger)
    if len(added.all) == 1:
        address = suppression.readable(added.all[0])
        return f"Nobody here will write to {address} again." if count else f"{address} was suppressed already."
    if not count:
        return f"All {len(added.known)} were suppressed already."
    known = f" {len(added.known)} stood there already." if added.known else ""
    return f"{count} {'entry' if count == 1 else 'entries'} added: nobody here will write there again.{known}"
