"""The composer: an answer is written, kept as a draft, sent, and for ten seconds taken back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.answers import UNDO
from campaigns.models import Attempt
from inbox import answering
from inbox.answering import CannotQueueError
from inbox.desk_models import AnswerDraft, DraftFile
from inbox.forms import AnswerForm
from inbox.models import Reply
from inbox.views.page import back, chosen_of, find, mark_read, page, reading, replaces_thread, thread, undo, url_of
from outreach_site.accounts.access import SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to


@require_http_methods(["GET", "POST"])
@allow(SENDERS)
def reply_answer(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """GET opens the composer, in the thread; POST sends what stands in it."""
    found = find(request, reply)
    if request.method == "GET":
        mark_read(request, found)
        return _opened(request, found)
    try:
        attempt = _send(request, found)
    except BothKeptError as err:
        return _opened(request, found, trouble=str(err), as_kept=True)
    except CannotQueueError as err:
        return _opened(request, found, trouble=str(err))
    taking_back = undo(request, "answer_undo", found.pk, attempt.pk)
    if attempt.due_at is None:
        messages.warning(request, f"The answer waits: {attempt.reason}", taking_back)
    else:
        messages.success(request, f"The answer leaves in {UNDO.seconds} seconds.", taking_back)
    return back(request, found)


@require_POST
@allow(SENDERS)
def answer_undo(request: WorkspaceRequest, workspace: str, reply: int, attempt: int) -> HttpResponse:
    """The answer does not leave, and its words are in the composer again."""
    found = find(request, reply)
    letters = Attempt.objects.in_workspace(request.membership.workspace).filter(lead=found.lead_id)
    letter = get_object_or_404(letters, pk=attempt)
    if answering.take_back(found, letter, user=request.user, now=timezone.now()):
        messages.info(request, "Taken back. Nothing was sent; your draft is here again.")
    else:
        messages.warning(request, "It is too late: the answer has left.")
    return back(request, found)


@require_POST
@allow(SENDERS)
def answer_keep(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """What has been typed so far is kept; files that came along are put to it. htmx asks every moment or so."""
    return _kept(request, find(request, reply))


@require_POST
@allow(SENDERS)
def answer_file_remove(request: WorkspaceRequest, workspace: str, reply: int, file: int) -> HttpResponse:
    """One file less; what was typed meanwhile is kept with it."""
    found = find(request, reply)
    mine = DraftFile.objects.filter(draft__reply=found, draft__user=request.user, draft__sent_at=None)
    get_object_or_404(mine.defer("content"), pk=file).delete()
    return _kept(request, found)


@require_POST
@allow(SENDERS)
def answer_discard(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    answering.discard(found, user=request.user)
    messages.info(request, "The draft is thrown away.")
    return back(request, found)


class BothKeptError(CannotQueueError):
    """Two windows wrote an answer to one reply: nothing is sent before a person has looked at both texts."""

    def __init__(self) -> None:
        super().__init__(
            "This answer was written in another window too. Both texts are kept, one below the other: make one of them."
        )


def _send(request: WorkspaceRequest, reply: Reply) -> Attempt:
    return answering.send(
        reply,
        _keep(request, reply),
        user=request.user,
        now=timezone.now(),
        confirmed=request.POST.get("confirmed") == "on",
        done=request.POST.get("then") == "done",
    )


def _keep(request: WorkspaceRequest, reply: Reply) -> AnswerDraft:
    """The draft with what was posted, its files too. Raises CannotQueueError for more than fits, and for what has been
    sent; BothKeptError where another window has written something else.
    """
    form = AnswerForm(request.POST)
    if not form.is_valid():
        raise CannotQueueError(
            f"The answer is too long: at most {answering.LONGEST_BODY:,} characters, and {answering.LONGEST_SUBJECT} "
            "in the subject. It stands here as you wrote it and is not kept yet."
        )
    kept = answering.keep(
        reply,
        subject=form.cleaned_data["subject"],
        body=form.cleaned_data["body"],
        stamp=form.cleaned_data["stamp"],
        seen=form.cleaned_data["seen"],
        user=request.user,
        now=timezone.now(),
    )
    if kept is None:
        raise CannotQueueError("This answer has just been sent.")
    _enclose(request, kept.draft)
    if kept.both:
        raise BothKeptError
    return kept.draft


def _enclose(request: WorkspaceRequest, draft: AnswerDraft) -> None:
    troubles = answering.enclose(draft, request.FILES.getlist("files"), now=timezone.now())
    if troubles:
        raise CannotQueueError(" ".join(troubles))


def _opened(request: WorkspaceRequest, reply: Reply, *, trouble: str = "", as_kept: bool = False) -> HttpResponse:
    """The thread with the composer in it; after a refusal with what was typed, or what of it is kept, and why it did
    not go.
    """
    typed: dict[str, str] = {}
    if request.method == "POST" and not as_kept:
        typed = {name: request.POST[name] for name in ("subject", "body") if name in request.POST}
        typed["seen"] = _seen(request, answering.draft_of(reply, request.user))
    chosen, said = chosen_of(request), {"trouble": trouble, "typed": typed, "composing": True}
    if replaces_thread(request):
        return reading(request, reply, chosen, also_row=None, composing=True, said=said)
    context = thread(request, reply, composing=True) | said
    if is_htmx(request):
        return render(request, "inbox/composer.html", context | {"query": chosen.query()})
    return render(request, "inbox/reply_list.html", page(request, chosen) | context)


def _seen(request: WorkspaceRequest, draft: AnswerDraft | None) -> str:
    """What the page has seen of the draft: what it posted, where that was kept; else as before."""
    posted = request.POST.get("body", "").replace("\r\n", "\n")
    is_kept = draft is not None and draft.body == posted
    return answering.seen_of(draft) if is_kept else request.POST.get("seen", "")


def _kept(request: WorkspaceRequest, reply: Reply) -> HttpResponse:
    """Keeps what was posted. The line that says so, and the files; where two windows wrote, both their words."""
    trouble, both = "", False
    try:
        _keep(request, reply)
    except CannotQueueError as err:
        trouble, both = str(err), isinstance(err, BothKeptError)
    if is_htmx(request):
        draft = answering.draft_of(reply, request.user)
        context = {
            "reply": reply,
            "draft": draft,
            "files": draft.files.defer("content") if draft else [],
            "trouble": trouble,
            "both": both,
            "seen": answering.seen_of(draft) if both else _seen(request, draft),
            "query": chosen_of(request).query(),
        }
        return render(request, "inbox/composer.html#kept", context)
    if trouble:
        messages.error(request, trouble)
    else:
        messages.success(request, "The draft is kept.")
    return redirect_to(request, url_of(request, "reply_answer", reply.pk))
