"""The privacy desk: who asked what about their own data, by when it is to be answered, and doing it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from compliance import privacy, tasks
from compliance.models import AuditEntry
from compliance.paging import page_of
from compliance.privacy import RequestError
from compliance.privacy_forms import AnswerForm, CloseForm, RequestForm
from compliance.privacy_models import PrivacyRequest
from compliance.views.sections import names_of, pager, posted, tabs
from compliance.words import event_words
from outreach_site.accounts.access import KEEPERS, READERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

# A small house is looked through while the person waits for the page; the rest of a large one follows by itself.
FIRST_SLICE_SECONDS = 5.0
SOON = 7  # days before the deadline from which a request is shown as pressing
ERASED = "an erased address"


@dataclass(frozen=True)
class Deadline:
    tone: str
    words: str


@dataclass(frozen=True)
class Row:
    request: PrivacyRequest
    who: str
    deadline: Deadline


@allow(READERS)
@require_safe
def request_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """What is to be done, the most pressing first; below it what is done."""
    here = request.membership.workspace
    today = here.day_of(timezone.now())
    waiting = PrivacyRequest.objects.in_workspace(here).waiting().order_by("due_on", "pk")
    done = page_of(
        PrivacyRequest.objects.in_workspace(here).exclude(pk__in=waiting.values("pk")),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    context = {
        "waiting": [_row(one, today) for one in waiting[:200]],
        "done": [_row(one, today) for one in done.rows],
        "pager": pager(request, done, ("request", "requests")),
        "may_keep": request.membership.role in KEEPERS,
        "tabs": tabs(request, "request_list"),
    }
    return render(request, "compliance/request_list.html", context)


def _row(request: PrivacyRequest, today: date) -> Row:
    return Row(request=request, who=request.address or ERASED, deadline=deadline_of(request, today))


def deadline_of(request: PrivacyRequest, today: date) -> Deadline:
    left = request.days_left(today)
    if left < 0:
        return Deadline("bad", "1 day over" if left == -1 else f"{-left} days over")
    if left == 0:
        return Deadline("bad", "today")
    words = "1 day left" if left == 1 else f"{left} days left"
    return Deadline("warn" if left <= SOON else "neutral", words)


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def request_create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here = request.membership.workspace
    now = timezone.now()
    initial = {"address": request.GET.get("address", ""), "received_on": here.day_of(now)}
    form = RequestForm(*posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = privacy.open_request(
                workspace=here,
                kind=form.cleaned_data["kind"],
                address=form.cleaned_data["address"],
                received_on=form.cleaned_data["received_on"],
                note=form.cleaned_data["note"],
                user=request.user,
                now=now,
            )
        except RequestError as err:
            form.add_error(None, str(err))
        else:
            messages.success(request, f"Written down. It is to be answered by {made.due_on.day} {made.due_on:%B}.")
            return redirect_to(request, reverse("compliance:request_detail", args=[here.slug, made.pk]))
    context = {"form": form, "tabs": tabs(request, "request_list")}
    return _form_page(request, "compliance/request_form.html", context, invalid=form.is_bound)


@allow(READERS)
@require_safe
def request_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """One request: what is held about the person, and what can be done."""
    here = request.membership.workspace
    one = _find(request, pk)
    history = list(AuditEntry.objects.in_workspace(here).filter(about=one.about).order_by("-pk")[:50])
    names = names_of([one.recorded_by_id, one.done_by_id, *(entry.user_id for entry in history)])
    held = privacy.held_about(privacy.person_of(here, one.address)) if one.address else {}
    context = {
        "one": one,
        "row": _row(one, here.day_of(timezone.now())),
        "held": held,
        "recorded_by": names.get(one.recorded_by_id or 0, ""),
        "done_by": names.get(one.done_by_id or 0, ""),
        "history": [
            {
                "what": event_words(entry.event),
                "why": entry.reason,
                "who": names.get(entry.user_id or 0, ""),
                "at": entry.recorded_at,
            }
            for entry in history
        ],
        "is_access": one.kind == PrivacyRequest.Kind.ACCESS,
        "is_open": one.state == PrivacyRequest.State.OPEN,
        "is_erasing": one.state == PrivacyRequest.State.ERASING,
        "may_keep": request.membership.role in KEEPERS,
    }
    if is_htmx(request):
        return render(request, "compliance/request_detail.html#standing", context)
    context["tabs"] = tabs(request, "request_list")
    return render(request, "compliance/request_detail.html", context)


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def request_answer(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """An access request has been answered: the person has the pack."""
    one = _find(request, pk)
    form = AnswerForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        is_access = one.kind == PrivacyRequest.Kind.ACCESS
        if is_access and privacy.answer(one, note=form.cleaned_data["note"], user=request.user, now=timezone.now()):
            messages.success(request, "Answered.")
        else:
            messages.info(request, "This request does not wait for an answer.")
        return redirect_to(request, reverse("compliance:request_detail", args=[workspace, one.pk]))
    context = {
        "form": form,
        "one": one,
        "title": "Have they got their answer?",
        "text": "The request is then done. The pack stays available on the page of the address.",
        "action": request.path,
        "label": "It is answered",
        "tone": "",
    }
    return _form_page(request, "compliance/request_end.html", context, invalid=form.is_bound)


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def request_close(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """End a request without doing it, with a reason."""
    one = _find(request, pk)
    form = CloseForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        if privacy.close(one, reason=form.cleaned_data["reason"], user=request.user, now=timezone.now()):
            messages.success(request, "Closed, with your reason.")
        else:
            messages.info(request, "This request is under way or over already.")
        return redirect_to(request, reverse("compliance:request_detail", args=[workspace, one.pk]))
    context = {
        "form": form,
        "one": one,
        "title": "Close this request without doing it?",
        "text": "Somebody has a right to what they ask for. Say why this is not done.",
        "action": request.path,
        "label": "Close it",
        "tone": "bad",
    }
    return _form_page(request, "compliance/request_end.html", context, invalid=form.is_bound)


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def request_erase(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET shows what will go, POST with the typed address erases. It cannot be undone."""
    here = request.membership.workspace
    one = _find(request, pk)
    there = reverse("compliance:request_detail", args=[here.slug, one.pk])
    may_erase = one.kind == PrivacyRequest.Kind.ERASURE and one.state == PrivacyRequest.State.OPEN
    if not may_erase:
        messages.info(request, "There is nothing to erase here.")
        return redirect_to(request, there)
    error = ""
    if request.method == "POST":
        if request.POST.get("confirm", "").strip().lower() == one.address:
            _erase(request, one)
            return redirect_to(request, there)
        error = "Type the address to confirm. Nothing has been erased."
    held = privacy.held_about(privacy.person_of(here, one.address))
    context: dict[str, object] = {
        "title": f"Erase {one.address}?",
        "action": request.path,
        "label": "Erase for ever",
        "tone": "bad",
        "cancel_url": there,
        "type_to_confirm": one.address,
        "error": error,
        "held": held,
    }
    return _form_page(request, "compliance/request_erase.html", context, invalid=bool(error))


def _erase(request: WorkspaceRequest, one: PrivacyRequest) -> None:
    privacy.begin_erasure(one, user=request.user, now=timezone.now())
    progress = privacy.carry_on(one.pk, until=time.monotonic() + FIRST_SLICE_SECONDS, now=timezone.now())
    if progress.is_done:
        messages.success(request, "Erased. Nobody here can write to this person again.")
        return
    tasks.erase_soon(one.pk)
    wait = progress.waits_because or "There is much to look through."
    messages.info(request, f"{wait} It goes on by itself, and nobody writes to this person meanwhile.")


def _find(request: WorkspaceRequest, pk: int) -> PrivacyRequest:
    rows = PrivacyRequest.objects.in_workspace(request.membership.workspace).select_related("workspace")
    return get_object_or_404(rows, pk=pk)


def _form_page(
    request: WorkspaceRequest, template: str, context: dict[str, object], *, invalid: bool = False
) -> HttpResponse:
    """The page, or for htmx its form alone, which the dialog shows."""
    name = f"{template}#form" if is_htmx(request) else template
    return render(request, name, context, status=422 if invalid else 200)
