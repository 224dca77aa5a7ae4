"""The audit log: every decision and every change, with what was checked."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from compliance import checkups
from compliance.forms import AuditFilter, as_day, kept
from compliance.models import AuditEntry, AuditEntryQuerySet, PolicyResult
from compliance.paging import page_of
from compliance.refusals import decided_by
from compliance.regions import Region, RegionSource
from compliance.searching import begins, entries_about, within
from compliance.views.sections import names_of, pager, tabs
from compliance.words import (
    GROUPS,
    RESULTS,
    RULES,
    CheckLine,
    Link,
    check_line,
    checks_in_order,
    detail_lines,
    event_words,
    subject_link,
)
from outreach_site.accounts.access import KEEPERS, READERS, WorkspaceRequest, allow
from outreach_site.accounts.models import Workspace
from outreach_site.lib.htmx import is_htmx


@dataclass(frozen=True)
class Row:
    entry: AuditEntry
    what: str
    who: str
    about: str  # whom or what, in the words of the list
    tone: str
    result: str


@allow(READERS)
@require_safe
def audit_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here = request.membership.workspace
    form = AuditFilter(request.GET)
    narrowed = kept(form)
    page = page_of(narrow(narrowed, here), before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    names = names_of(entry.user_id for entry in page.rows)
    context = {
        "rows": [_row(entry, names, here) for entry in page.rows],
        "pager": pager(request, page, ("entry", "entries")),
        "narrowed": narrowed,
        "is_narrowed": any(narrowed.values()),
        "results": [("", "Any answer"), *((value.value, RESULTS[value][1].capitalize()) for value in PolicyResult)],
        "rules": [("", "Any rule"), *((rule.value, name) for rule, name in RULES.items())],
        "groups": [("", "Everything"), *((name, label) for name, (label, _) in GROUPS.items())],
        "may_keep": request.membership.role in KEEPERS,
        "export_query": urlencode({name: value for name, value in narrowed.items() if value}),
    }
    if is_htmx(request):
        return render(request, "compliance/audit_list.html#audit-rows", context)
    return render(request, "compliance/audit_list.html", context | _whole_page(request))


def _whole_page(request: WorkspaceRequest) -> dict[str, object]:
    return {"tabs": tabs(request, "audit_list"), "standing": checkups.standing(timezone.now())}


@allow(READERS)
@require_safe
def audit_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    here = request.membership.workspace
    entry = get_object_or_404(AuditEntry.objects.in_workspace(here).select_related("person"), pk=pk)
    context = {
        "row": _row(entry, names_of([entry.user_id]), here),
        "person": getattr(entry, "person", None),
        "about": _about(entry, here),
        "region": _region(entry),
        "checks": _checks(entry),
        "details": detail_lines(entry.details, here),
        "tabs": tabs(request, "audit_list") if not is_htmx(request) else [],
    }
    name = "compliance/audit_detail.html#entry" if is_htmx(request) else "compliance/audit_detail.html"
    return render(request, name, context)


@allow(READERS)
@require_safe
def letter_history(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Why a letter was sent, or was not: all that was decided about it, with every rule's answer. Newest first."""
    here = request.membership.workspace
    about = f"attempt:{pk}"
    entries = AuditEntry.objects.in_workspace(here).filter(about=about, is_preview=False).select_related("person")
    found = list(entries.order_by("-pk")[:50])
    if not found:
        raise Http404("Nothing was decided about such a letter.")
    names = names_of(entry.user_id for entry in found)
    context = {
        "rows": [(_row(entry, names, here), _checks(entry)) for entry in found],
        "letter": subject_link(about, here),
    }
    if is_htmx(request):
        return render(request, "compliance/letter_history.html#entries", context)
    return render(request, "compliance/letter_history.html", context | {"tabs": tabs(request, "audit_list")})


def narrow(narrowed: dict[str, object], here: Workspace) -> AuditEntryQuerySet:
    entries = AuditEntry.objects.in_workspace(here).select_related("person").filter(entries_about(str(narrowed["q"])))
    if narrowed["result"]:
        entries = entries.filter(policy_result=narrowed["result"])
    if narrowed["rule"]:
        entries = decided_by(entries, str(narrowed["rule"]))
    if narrowed["event"]:
        groups = Q()
        for beginning in GROUPS[str(narrowed["event"])][1]:
            groups |= begins("event", beginning)
        entries = entries.filter(groups)
    return entries.filter(within(as_day(narrowed["since"]), as_day(narrowed["until"]), here.zone))


def _row(entry: AuditEntry, names: dict[int, str], here: Workspace) -> Row:
    tone, result = RESULTS[PolicyResult(entry.policy_result)] if entry.policy_result else ("", "")
    person = getattr(entry, "person", None)
    return Row(
        entry=entry,
        what=event_words(entry.event),
        who=_who(entry, names),
        about=(person.lead_email if person else "") or _about(entry, here).label,
        tone=tone,
        result=result,
    )


def _who(entry: AuditEntry, names: dict[int, str]) -> str:
    if entry.user_id is not None:
        return names.get(entry.user_id, "Somebody who has left")
    return "The reader" if entry.event == "unsubscribe.used" else "Linkletter"


def _about(entry: AuditEntry, here: Workspace) -> Link:
    """What it is about, unless the page says so already or it is gone."""
    if entry.event in {"suppression.lifted", "suppression.undone"}:
        return Link("")
    return subject_link(entry.about, here)


def _region(entry: AuditEntry) -> str:
    """The region, and how it is known: "European Union and EEA (the country in the address)"."""
    region = Region(entry.region).label if entry.region in set(Region) else entry.region
    source = entry.details.get("region_source")
    if source not in set(RegionSource) or source == RegionSource.GENERIC_DOMAIN:
        return region
    label = RegionSource(source).label
    return f"{region} ({label[:1].lower()}{label[1:]})" if region else region


def _checks(entry: AuditEntry) -> list[CheckLine]:
    return checks_in_order(
        [
            check_line(str(check.get("rule", "")), str(check.get("outcome", "")), str(check.get("sentence", "")))
            for check in entry.checks
            if isinstance(check, dict)
        ]
    )
