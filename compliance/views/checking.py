"""Check an address: what would become of a first letter to it, and what every rule says."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format

from compliance import gate
from compliance.asking import first_letter
from compliance.forms import CheckForm
from compliance.models import PolicyResult
from compliance.policy import Decision, Outcome, Rule
from compliance.regions import RegionGuess
from compliance.views.sections import tabs
from compliance.words import CheckLine, check_line, checks_in_order
from outreach_site.accounts.access import WORKERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx

# What these rules say without a mailbox would be about nothing.
_NEED_MAILBOX = frozenset({Rule.RAMP_UP, Rule.MAILBOX_DAY, Rule.MAILBOX_HOUR, Rule.DUPLICATE})


@dataclass(frozen=True)
class Verdict:
    tone: str
    title: str
    text: str
    checks: list[CheckLine]
    region: RegionGuess


@allow(WORKERS)
def check_address(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """GET shows the form, filled in where a link brought an address; POST asks, and the question goes into the log."""
    here = request.membership.workspace
    form = CheckForm(request.POST or None, workspace=here, initial={"address": request.GET.get("address", "")})
    verdict = None
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        letter = first_letter(
            recipient=form.cleaned_data["address"],
            subject=form.cleaned_data["subject"],
            mailbox=form.cleaned_data["mailbox"],
            workspace=here,
            user=request.user,
            now=now,
        )
        decision = gate.preview(letter, workspace=here, user=request.user, now=now)
        verdict = _verdict(decision, has_mailbox=bool(letter.mailbox_id), has_subject=bool(letter.subject))
    context: dict[str, object] = {"form": form, "verdict": verdict}
    status = 422 if form.is_bound and verdict is None else 200
    if is_htmx(request):
        return render(request, "compliance/check_address.html#form-and-verdict", context, status=status)
    context["tabs"] = tabs(request, "check_address")
    return render(request, "compliance/check_address.html", context, status=status)


def _verdict(decision: Decision, *, has_mailbox: bool, has_subject: bool) -> Verdict:
    left_out = set() if has_mailbox else set(_NEED_MAILBOX)
    if not has_subject:
        left_out.add(Rule.DUPLICATE)
    checks = [check for check in decision.checks if check.rule not in left_out]
    tone, title, text = _sentence(decision)
    return Verdict(
        tone=tone,
        title=title,
        text=text,
        region=decision.region,
        checks=checks_in_order([check_line(check.rule, check.outcome, check.sentence) for check in checks]),
    )


def _sentence(decision: Decision) -> tuple[str, str, str]:
    """The verdict for a person: tone, sentence, and what led to it."""
    address = decision.letter.recipient
    match decision.result:
        case PolicyResult.BLOCKED:
            return "bad", f"No: no letter goes to {address}.", decision.reason
        case PolicyResult.DEFERRED if decision.asks:
            return "warn", f"Not yet: a letter to {address} needs a person first.", decision.reason
        case PolicyResult.DEFERRED:
            until = date_format(timezone.localtime(decision.until), "l H:i") if decision.until else ""
            title = f"Later: a letter to {address} has to wait" + (f" until {until}." if until else ".")
            return "warn", title, decision.reason
    warned = " ".join(check.sentence for check in decision.checks if check.outcome == Outcome.WARNED)
    if warned:
        return "info", f"Yes: a letter to {address} may go, and there is something to know.", warned
    return "good", f"Yes: a letter to {address} may go now.", "Nothing stands in its way."
