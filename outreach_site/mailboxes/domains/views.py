"""The page of a mailbox's sending domain: its records, what to publish, and how they stood over time."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from outreach_site.accounts.access import OWNERS, READERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.mailboxes.cards import DNS_WORDS
from outreach_site.mailboxes.domains import desk
from outreach_site.mailboxes.domains.records import Verdict
from outreach_site.mailboxes.models import Mailbox, SendingDomain

TEMPLATE = "mailboxes/domain_detail.html"
HISTORY = 20
SELECTOR = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,61}[a-z0-9_])?")
MOST_SELECTORS = 5


@allow(READERS)
@require_GET
def domain_detail(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    found = _mailbox(request, mailbox)
    here = SendingDomain.objects.filter(workspace=found.workspace, domain=desk.domain_of(found)).first()
    return _page(request, found, here)


@allow(OWNERS)
@require_POST
def domain_check(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    """Look at the records now, under the selectors that were typed."""
    found = _mailbox(request, mailbox)
    here = desk.sending_domain(found.workspace, desk.domain_of(found))
    if found.workspace.is_rehearsal:
        messages.info(request, "A rehearsal's domain exists on this machine alone: there is nothing to look up.")
        return redirect_to(request, reverse("mailboxes:domain_detail", args=[workspace, found.pk]))
    if "selectors" in request.POST:
        typed = re.split(r"[\s,]+", request.POST["selectors"].strip().lower())
        selectors = [word for word in dict.fromkeys(typed) if SELECTOR.fullmatch(word)][:MOST_SELECTORS]
        here.dkim_selectors = " ".join(selectors)
        here.save(update_fields=["dkim_selectors"])
    stands = [f"{each.kind} {DNS_WORDS[each.verdict].text.lower()}" for each in desk.check(here, now=timezone.now())]
    messages.info(request, f"Looked at now: {', '.join(stands)}.")
    if is_htmx(request):
        return _page(request, found, here)
    return redirect_to(request, reverse("mailboxes:domain_detail", args=[workspace, found.pk]))


def _page(request: WorkspaceRequest, mailbox: Mailbox, here: SendingDomain | None) -> HttpResponse:
    checks = list(here.checks.order_by("-pk")[: HISTORY + 1]) if here else []
    history = [
        {"check": each, "changes": [_in_words(change) for change in desk.changes(each, before)]}
        for each, before in zip(checks, [*checks[1:], None], strict=False)
    ]
    newest = checks[0].records if checks else []
    context = {
        "mailbox": mailbox,
        "domain": desk.domain_of(mailbox),
        "known": here,
        "findings": [each | {"word": DNS_WORDS[Verdict(each["verdict"])]} for each in newest],
        "history": history[:HISTORY],
        "may_change": request.membership.role in OWNERS,
    }
    return render(request, f"{TEMPLATE}#domain-records" if is_htmx(request) else TEMPLATE, context)


def _in_words(change: desk.Change) -> desk.Change:
    before = DNS_WORDS[Verdict(change.before)].text if change.before else ""
    return desk.Change(change.kind, before, DNS_WORDS[Verdict(change.after)].text)


def _mailbox(request: WorkspaceRequest, pk: int) -> Mailbox:
    here = request.membership.workspace
    return get_object_or_404(Mailbox.objects.in_workspace(here).in_use().select_related("workspace"), pk=pk)
