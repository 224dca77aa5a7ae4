"""The queue: its page, the mailboxes' health, and what people do with letters there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import approvals, dead_letters, launching, queueing
from campaigns.models import Attempt, Campaign
from campaigns.rota import CannotQueueError
from compliance import audit, holds
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.accounts.models import Workspace
from outreach_site.desk import mailbox_health as mailbox_page
from outreach_site.desk import queue as queue_page
from outreach_site.desk.frame import badge_of, banners_of
from outreach_site.desk.queue import Asked, Show
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.mailboxes.models import Mailbox

Row = TypeVar("Row", bound=Model)
# So long a page may take to empty a queue; the rest is asked for again.
AT_MOST_SECONDS = 15.0


@allow(READERS)
@require_GET
def queue(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    return _queue_page(request, _asked(request.GET))


def _asked(query: QueryDict) -> Asked:
    """What an address or a form asks for; what it misspells is left out."""
    show_text, before, state = query.get("show", ""), query.get("before", ""), query.get("state", "")
    show = Show(show_text) if show_text in set(Show) else Show.NEXT
    is_number = before.isascii() and before.isdigit() and len(before) < 19
    in_history = show is Show.HISTORY
    return Asked(
        show=show,
        older_than=int(before) if is_number and show is not Show.NEXT else None,
        state=state if in_history and state in set(queue_page.ENDED) else "",
        query=query.get("q", "").strip()[:254] if in_history else "",
    )


def _queue_page(request: WorkspaceRequest, asked: Asked) -> HttpResponse:
    here, now = request.membership.workspace, timezone.now()
    page = queue_page.page(here, asked, now=now)
    if asked.older_than is not None and not page.rows:
        # The last letter of a later page was dealt with: what is left stands on the first.
        return _queue_page(request, replace(asked, older_than=None))
    tally = page.tally
    counts = {
        Show.NEXT: tally.waiting + tally.sending,
        Show.ASKING: tally.asking,
        Show.UNCERTAIN: tally.uncertain,
        Show.FAILED: tally.failed,
    }
    context = {
        "page": page,
        "now": now,
        "show": asked.show.value,
        "asked": asked,
        "list_url": _queue_url(here, asked),
        "next_url": _queue_url(here, asked, before=page.older_than) if page.older_than else "",
        "first_url": _queue_url(here, asked, before=None) if asked.older_than else "",
        "tabs": [
            {
                "label": queue_page.LABELS[tab],
                "url": _queue_url(here, Asked(show=tab)),
                "current": tab is asked.show,
                "count": tally.words(counts[tab]) if counts.get(tab) else "",
            }
            for tab in Show
        ],
        "chips": [
            {
                "label": label,
                "url": _queue_url(here, Asked(show=Show.HISTORY, state=state, query=asked.query)),
                "current": state == asked.state,
            }
            for state, label in [("", "All"), *((state.value, state.label) for state in queue_page.ENDED)]
        ]
        if asked.show is Show.HISTORY
        else [],
        "waiting": tally.words(tally.waiting),
        "may_send": request.membership.role in SENDERS,
    }
    if is_htmx(request):
        badge = badge_of(tally, lambda: page.pulse)
        around = {"is_renewed": True, "badge": badge, "banners": banners_of(here)}
        return render(request, "desk/queue.html#live", context | around)
    return render(request, "desk/queue.html", context)


def _queue_url(here: Workspace, asked: Asked, *, before: int | None = -1) -> str:
    """The address of this view of the queue; `before` in place of its own page."""
    number = asked.older_than if before == -1 else before
    query = {"show": asked.show.value if asked.show is not Show.NEXT else "", "state": asked.state, "q": asked.query}
    query["before"] = str(number) if number else ""
    said = urlencode({name: value for name, value in query.items() if value})
    return reverse("desk:queue", args=[here.slug]) + (f"?{said}" if said else "")


def _back_to_queue(request: WorkspaceRequest) -> HttpResponse:
    """The tab and page that the action was taken on: its rows for htmx, else the page."""
    asked = _asked(request.POST)
    if is_htmx(request):
        return _queue_page(request, asked)
    return redirect(_queue_url(request.membership.workspace, asked))


@allow(READERS)
@require_GET
def mailbox_health(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Each mailbox: whether it works, what it did last, what failed, why it is held, how much of its room is used."""
    here, now = request.membership.workspace, timezone.now()
    context = {
        "lines": mailbox_page.lines(here, now=now),
        "look_again_seconds": queue_page.look_again_seconds(here, now=now),
        "may_send": request.membership.role in SENDERS,
    }
    return render(request, "desk/mailbox_health.html", context)


# --- All sending ------------------------------------------------------------------------------------------------------


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def sending_stop(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """GET asks, POST stops: every worker before its next letter. One that is being handed over still goes."""
    here, now = request.membership.workspace, timezone.now()
    queue_url = reverse("desk:queue", args=[here.slug])
    if request.method == "GET":
        context = {
            "title": f"Stop all sending of {here.name}?",
            "text": "No letter leaves until somebody resumes, whoever queued it. What waits keeps waiting, and replies "
            "are still read. A letter that is being handed over this second still goes.",
            "action": request.path,
            "label": "Stop all sending",
            "cancel_url": queue_url,
            "tone": "bad",
        }
        return _ask(request, context)
    with transaction.atomic():
        if here.sending_stopped_at is None:
            here.stop_sending(now=now)
            audit.record("sending.stopped", workspace=here, user=request.user, about=f"workspace:{here.pk}", now=now)
    undo = reverse("desk:sending_resume", args=[here.slug])
    messages.warning(request, "All sending is stopped. What waits keeps waiting.", extra_tags=f"undo:{undo}")
    return redirect_to(request, queue_url)


@allow(SENDERS)
@require_POST
def sending_resume(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here, now = request.membership.workspace, timezone.now()
    with transaction.atomic():
        if here.sending_stopped_at is not None:
            here.resume_sending()
            audit.record("sending.resumed", workspace=here, user=request.user, about=f"workspace:{here.pk}", now=now)
    mailboxes = list(Mailbox.objects.in_workspace(here).in_use())
    if whys := holds.still_in_the_way(here, mailboxes=mailboxes):
        messages.warning(request, f"Sending is not stopped any more, but nothing leaves yet. {' '.join(whys)}")
    else:
        messages.success(request, "Sending goes on.")
    return redirect_to(request, reverse("desk:queue", args=[here.slug]))


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def letters_cancel(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """GET asks, POST takes back all that waits: in the workspace, or of the `campaign` or `mailbox` in the query."""
    here = request.membership.workspace
    campaign = _named(Campaign.objects.in_workspace(here), request.GET.get("campaign"))
    mailbox = _named(Mailbox.objects.in_workspace(here), request.GET.get("mailbox"))
    of = f" of {campaign or mailbox}" if campaign or mailbox else ""
    back = reverse("campaigns:campaign_detail", args=[here.slug, campaign.pk]) if campaign else ""
    back = back or reverse("desk:mailbox_health" if mailbox else "desk:queue", args=[here.slug])
    waiting = queueing.all_waiting(here, campaign=campaign, mailbox=mailbox)
    if request.method == "GET":
        number = waiting.count()
        if not number and not (mailbox is None and launching.has_rest(here, campaign=campaign)):
            messages.info(request, f"No letter{of} waits any more.")
            return redirect_to(request, back)
        context = {
            "title": f"Take back {_letters(number) if number else 'all that waits'}{of}?",
            "text": "All that waits is cancelled, answers and letters that wait for you among it. What is being handed "
            "over this second still goes. The history keeps them; each can be queued again from there.",
            "action": request.get_full_path(),
            "label": "Take them back",
            "cancel_url": back,
            "tone": "bad",
        }
        return _ask(request, context)
    ended = mailbox is None and launching.end(here, campaign=campaign, user=request.user, now=timezone.now())
    number = queueing.cancel_all(
        here, campaign=campaign, mailbox=mailbox, user=request.user, now=timezone.now(), seconds=AT_MOST_SECONDS
    )
    rest = " The rest of the launch is not queued any more." if ended else ""
    if left := waiting.count():
        said = f"{_letters(number)}{of} taken back. {_letters(left)} still waiting: press again."
        messages.warning(request, said + rest)
    elif number or ended:
        messages.success(request, f"{_letters(number)}{of} taken back.{rest}")
    else:
        messages.error(request, f"No letter{of} waits any more.")
    return redirect_to(request, back)


def _ask(request: WorkspaceRequest, context: dict[str, str]) -> HttpResponse:
    template = "desk/queue_confirm.html"
    return render(request, f"{template}#form" if is_htmx(request) else template, context)


def _named(rows: QuerySet[Row], key: str | None) -> Row | None:
    """The one that the query names; None where it names none. Another workspace's is no such thing."""
    if key is None:
        return None
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        raise Http404
    return get_object_or_404(rows, pk=key)


# --- One letter -------------------------------------------------------------------------------------------------------


@allow(SENDERS)
@require_POST
def letter_cancel(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    letter = _letter(request, pk)
    if queueing.cancel(letter, user=request.user, now=timezone.now()):
        undo = reverse("desk:letter_put_back", args=[workspace, letter.pk])
        messages.success(request, f"The letter to {letter.recipient} was taken back.", extra_tags=f"undo:{undo}")
    else:
        messages.error(request, f"Too late: the letter to {letter.recipient} is no longer waiting.")
    return _back_to_queue(request)


@allow(SENDERS)
@require_POST
def letter_put_back(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Undo of `letter_cancel`."""
    return _wait_again(
        request, pk, queueing.put_back, done="waits again.", otherwise="Something else has come of it meanwhile."
    )


@allow(SENDERS)
@require_POST
def letter_requeue(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    return _wait_again(
        request,
        pk,
        queueing.requeue,
        done="is queued again. Every rule is asked anew.",
        otherwise="It is on its way, or another has gone there.",
    )


def _wait_again(
    request: WorkspaceRequest, pk: int, queue_again: Callable[..., bool], *, done: str, otherwise: str
) -> HttpResponse:
    letter = _letter(request, pk)
    try:
        waits, why = queue_again(letter, user=request.user, now=timezone.now()), otherwise
    except CannotQueueError as err:
        waits, why = False, str(err)
    if waits:
        messages.success(request, f"The letter to {letter.recipient} {done}")
    else:
        messages.error(request, f"The letter to {letter.recipient} was not queued. {why}")
    return _back_to_queue(request)


@allow(SENDERS)
@require_POST
def letter_give_up(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    letter = _letter(request, pk)
    if dead_letters.give_up(request.membership.workspace, [letter.pk], user=request.user, now=timezone.now()):
        undo = reverse("desk:letter_take_up", args=[workspace, letter.pk])
        messages.success(request, f"The letter to {letter.recipient} is given up.", extra_tags=f"undo:{undo}")
    else:
        messages.error(request, f"The letter to {letter.recipient} is not one of those that could not be sent.")
    return _back_to_queue(request)


@allow(SENDERS)
@require_POST
def letter_take_up(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Undo of `letter_give_up`."""
    letter = _letter(request, pk)
    if dead_letters.take_up(request.membership.workspace, letter.pk, user=request.user, now=timezone.now()):
        messages.success(request, f"The letter to {letter.recipient} stands among what could not be sent again.")
    else:
        messages.error(request, f"The letter to {letter.recipient} was not given up.")
    return _back_to_queue(request)


@allow(SENDERS)
@require_POST
def letter_write_anyway(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """To a site that somebody here wrote to lately."""
    letter = _letter(request, pk)
    if approvals.write_anyway(letter, user=request.user, now=timezone.now()):
        messages.success(request, f"The letter to {letter.recipient} goes on.")
    else:
        messages.error(request, f"The letter to {letter.recipient} does not wait for that any more.")
    return _back_to_queue(request)


@allow(SENDERS)
@require_POST
def letter_arrived(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    return _say_what_became_of(request, pk, arrived=True)


@allow(SENDERS)
@require_POST
def letter_lost(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """It did not arrive: the same letter goes again, under the same Message-ID."""
    return _say_what_became_of(request, pk, arrived=False)


def _say_what_became_of(request: WorkspaceRequest, pk: int, *, arrived: bool) -> HttpResponse:
    letter = _letter(request, pk)
    if queueing.settle_doubt(letter, arrived=arrived, user=request.user, now=timezone.now()):
        messages.success(
            request,
            f"Noted: the letter to {letter.recipient} arrived."
            if arrived
            else f"The letter to {letter.recipient} is queued again.",
        )
    else:
        messages.error(request, f"It is known already what became of the letter to {letter.recipient}, or too early.")
    return _back_to_queue(request)


def _letter(request: WorkspaceRequest, pk: int) -> Attempt:
    letters = Attempt.objects.in_workspace(request.membership.workspace).select_related("campaign__workspace")
    return get_object_or_404(letters, pk=pk)


# --- Several letters that could not be sent ---------------------------------------------------------------------------


@allow(SENDERS)
@require_POST
def letters_requeue(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here, chosen = request.membership.workspace, _chosen(request.POST)
    queued = dead_letters.requeue_all(here, chosen, user=request.user, now=timezone.now())
    left = len(chosen) - queued
    if queued:
        rest = f" {_letters(left)} could not be: another has gone there, or it is on its way." if left else ""
        messages.success(request, f"{_letters(queued)} queued again. Every rule is asked anew.{rest}")
    else:
        messages.error(request, "Nothing was queued. Tick the letters first." if not chosen else "Nothing was queued.")
    return _back_to_queue(request)


@allow(SENDERS)
@require_POST
def letters_give_up(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here, chosen = request.membership.workspace, _chosen(request.POST)
    given_up = dead_letters.give_up(here, chosen, user=request.user, now=timezone.now())
    if given_up:
        messages.success(request, f"{_letters(given_up)} given up. The history keeps them.")
    else:
        messages.error(request, "Nothing was given up. Tick the letters first.")
    return _back_to_queue(request)


def _chosen(data: QueryDict) -> list[int]:
    numbers = data.getlist("letter")[: dead_letters.AT_ONCE]
    return [int(number) for number in numbers if number.isascii() and number.isdigit() and len(number) < 19]


def _letters(number: int) -> str:
    return "1 letter" if number == 1 else f"{number:,} letters"
