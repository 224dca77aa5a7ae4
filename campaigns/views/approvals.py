"""Reading letters before they leave, one by one; and writing to a site although somebody has lately."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns import letters
from campaigns.approvals import approve, first_letters_left, to_approve, write_anyway
from campaigns.forms import ApprovalForm
from campaigns.models import Attempt
from campaigns.outbox import letter_of
from campaigns.previews import marked
from campaigns.views.page import find_attempt, may_act
from compliance import gate
from compliance.policy import Outcome, Rule
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

PAGE = "campaigns/approval_list.html"


@allow(READERS)
@require_GET
def approval_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """One letter, whole, of those that wait to be read: `?letter=7` that one, `?after=7` the one after it."""
    waiting = to_approve(request.membership.workspace)
    letter = None
    if (wanted := _number(request.GET.get("letter", ""))) is not None:
        letter = waiting.filter(pk=wanted).first()
    elif (last := _number(request.GET.get("after", ""))) is not None:
        letter = waiting.filter(pk__gt=last).first()
    return _page(request, letter or waiting.first())


@allow(SENDERS)
@require_POST
def attempt_approve(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Approve this letter as it stands in the form, and go on to the next."""
    attempt = find_attempt(request, pk)
    form = ApprovalForm(request.POST, letter=attempt)
    if not form.is_valid():
        return _page(request, attempt, form)
    approved = approve(
        attempt,
        subject=form.cleaned_data["subject"],
        body=form.cleaned_data["body"],
        ground=form.cleaned_data.get("ground", ""),
        user=request.user,
        now=timezone.now(),
    )
    if approved:
        messages.success(request, f"The letter to {attempt.recipient} goes on.")
    else:
        messages.warning(request, f"The letter to {attempt.recipient} does not wait to be read any more.")
    if not is_htmx(request):
        return redirect_to(request, f"{reverse('campaigns:approval_list', args=[workspace])}?after={attempt.pk}")
    waiting = to_approve(request.membership.workspace)
    return _page(request, waiting.filter(pk__gt=attempt.pk).first() or waiting.first())


@allow(SENDERS)
@require_POST
def attempt_write_anyway(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Send a letter although somebody here wrote to that site lately."""
    attempt = find_attempt(request, pk)
    if write_anyway(attempt, user=request.user, now=timezone.now()):
        messages.success(request, f"The letter to {attempt.recipient} goes on.")
    else:
        messages.warning(request, "This letter does not wait for that any more.")
    if request.POST.get("then") == "read":
        return redirect_to(request, f"{reverse('campaigns:approval_list', args=[workspace])}?letter={attempt.pk}")
    return redirect_to(request, reverse("campaigns:attempt_detail", args=[workspace, attempt.pk]))


def _page(request: WorkspaceRequest, letter: Attempt | None, form: ApprovalForm | None = None) -> HttpResponse:
    here = request.membership.workspace
    context: dict[str, Any] = {"may_act": may_act(request), "left": first_letters_left(here), "letter": None}
    context["is_next"] = is_htmx(request)  # A reader that hears the page is told that another letter stands there.
    if letter is not None:
        letter = find_attempt(request, letter.pk)
        waiting = to_approve(here)
        total, before = waiting.count(), waiting.filter(pk__lt=letter.pk).count()
        context |= {
            "letter": letter,
            "form": form or ApprovalForm(letter=letter),
            "tail": _tail(letter),
            "marked": marked(*_words(letter, form)),
            "position": before + 1,
            "total": total,
            "others": _what_else(letter),
            "can_write_anyway": Rule.COOL_OFF in letter.asks.split(),
        }
    name = f"{PAGE}#approval" if is_htmx(request) else PAGE
    return render(request, name, context, status=422 if form is not None else 200)


def _words(letter: Attempt, form: ApprovalForm | None) -> tuple[str, str]:
    """Subject and body as they stand on the page."""
    if form is None:
        return letter.subject, letter.body
    return form.data.get("subject", ""), form.data.get("body", "").replace("\r\n", "\n")


# What this page itself answers.
_ANSWERED_HERE = frozenset({Rule.APPROVAL, Rule.REGION, Rule.SOURCE})


def _what_else(letter: Attempt) -> list[str]:
    """What stands in the letter's way today besides its reader: a sentence each."""
    if letter.mailbox is None:
        return []
    here = letter.campaign.workspace
    now = timezone.now()
    [decision] = gate.foresee([letter_of(letter, letter.mailbox, now=now)], workspace=here, now=now)
    stops = {Outcome.REFUSED, Outcome.ASKS}
    return [check.sentence for check in decision.checks if check.outcome in stops and check.rule not in _ANSWERED_HERE]


def _tail(letter: Attempt) -> str:
    """What stands under the text in every such letter: who signs, and what the reader is told."""
    if letter.identity is None:
        return ""
    language = letters.language_for(letter.body, contact=letter.contact, chosen=letter.campaign.language)
    tail = letters.preview(
        body="", kind=letter.kind, identity=letter.identity, contact=letter.contact, language=language
    )
    return tail.strip()


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
