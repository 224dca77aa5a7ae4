"""What the compliance pages share: their tabs, their filters in links, and who did something."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from compliance.models import Hold
from compliance.paging import Page
from compliance.privacy_models import PrivacyRequest
from outreach_site.accounts.access import WORKERS, WorkspaceRequest
from outreach_site.accounts.models import User

M = TypeVar("M", bound=Model)


def tabs(request: WorkspaceRequest, current: str) -> list[dict[str, Any]]:
    here = request.membership.workspace
    holds = Hold.objects.in_workspace(here).standing().count()
    requests = PrivacyRequest.objects.in_workspace(here).waiting().count()
    sections = [
        ("suppression_list", "Suppression", None),
        ("never_pitch_list", "Never pitch", None),
        ("hold_list", "Held back", holds or None),
        ("consent_list", "Consent", None),
        ("request_list", "Requests", requests or None),
        ("audit_list", "Audit log", None),
        ("health", "Health", None),
    ]
    if request.membership.role in WORKERS:
        sections.append(("check_address", "Check an address", None))
    return [
        {"label": label, "url": reverse(f"compliance:{name}", args=[here.slug]), "current": name == current, "count": n}
        for name, label, n in sections
    ]


def pager(request: HttpRequest, page: Page[M], noun: tuple[str, str]) -> dict[str, str]:
    """The links of components/pager.html, with the filters kept; the number of rows where one page is all."""
    everything = page.newer is None and page.older is None
    count = len(page.rows)
    return {
        "previous_url": _turned(request, after=page.newer),
        "next_url": _turned(request, before=page.older),
        "label": f"{count} {noun[0] if count == 1 else noun[1]}" if everything and count else "",
    }


def _turned(request: HttpRequest, **where: int | None) -> str:
    [(name, key)] = where.items()
    if key is None:
        return ""
    query = request.GET.copy()
    query.pop("before", None)
    query.pop("after", None)
    query[name] = str(key)
    return f"{request.path}?{query.urlencode()}"


def posted(request: HttpRequest) -> tuple[Any, Any]:
    """What was posted and uploaded, for a form's first two arguments; nothing where the form is only to be shown."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def names_of(ids: Iterable[int | None]) -> dict[int, str]:
    """Names of the people who did something; who has left the server is missing. At most one query."""
    wanted = {user_id for user_id in ids if user_id is not None}
    if not wanted:
        return {}
    return {user.pk: user.get_full_name() for user in User.objects.filter(pk__in=wanted)}
