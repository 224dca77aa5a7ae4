"""The post office page: every rehearsal letter as its recipient saw it, and the answers on their way.

The page belongs to the installation, not to a workspace, and exists only while the rehearsal is on. Whoever is in a
rehearsal sees its letters; the platform's own (password resets, invitations) each is shown to its recipient alone, for
whoever reads it may take the account. A superuser sees all. It reads and delivers through the post office's own file,
so it works while the post office is not running, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from outreach_site.accounts.access import signed_in
from outreach_site.accounts.models import Membership, User
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.sandbox.config import plain_address
from outreach_site.sandbox.correspondents import BEHAVIOUR_WORDS, CAST, Behaviour, correspondent_at
from outreach_site.sandbox.delivery import deliver, deliver_all
from outreach_site.sandbox.letters import headers_as_read, read_letter
from outreach_site.sandbox.store import Answer, Kind, Letter, Reader, Store

PAGE_SIZE = 25

# While an answer is on its way the list looks again this often; then it stops.
LOOK_AGAIN_SECONDS = 2

# A post office that runs delivers an answer within a second of its time.
OVERDUE = timedelta(seconds=10)

# Headers that the letter's own head shows; the rest stands one fold deeper.
HEAD = ("From", "To", "Cc", "Reply-To", "Date")

KIND_LABELS: tuple[tuple[Kind | None, str], ...] = (
    (None, "All"),
    (Kind.OUTREACH, "Outreach"),
    (Kind.PLATFORM, "Platform and tests"),
)


@dataclass(frozen=True)
class AnswerState:
    """How it stands with the answer to a letter: a badge, and what "deliver now" would do."""

    tone: str
    text: str
    is_waiting: bool = False


@dataclass(frozen=True)
class Row:
    letter: Letter
    answer: AnswerState
    url: str


@signed_in
@require_GET
def post_office(request: HttpRequest) -> HttpResponse:
    with _open_store() as store:
        return _list_page(request, store)


@signed_in
@require_GET
def post_office_letter(request: HttpRequest, letter_id: int) -> HttpResponse:
    with _open_store() as store:
        return _letter_page(request, _letter_or_404(request, store, letter_id))


@signed_in
@require_GET
def post_office_source(request: HttpRequest, letter_id: int) -> HttpResponse:
    """The letter's raw source: inside its page, or the bytes themselves with `?download=1`."""
    with _open_store() as store:
        letter = _letter_or_404(request, store, letter_id)
        if request.GET.get("download"):
            response = HttpResponse(letter.raw, content_type="message/rfc822")
            response["Content-Disposition"] = f'attachment; filename="letter-{letter.id}.eml"'
            return response
        return _letter_page(request, letter, source=letter.raw.decode("utf-8", "backslashreplace"))


@signed_in
@require_POST
def post_office_deliver(request: HttpRequest) -> HttpResponse:
    """Delivers every waiting answer now, or with `letter` in the form the answer to that letter."""
    with _open_store() as store:
        wanted = request.POST.get("letter", "")
        delivered = _deliver_one(request, store, wanted) if wanted else _deliver_all(request, store)
        _tell(request, delivered)
        if request.POST.get("page") == "letter" and delivered:
            return redirect_to(request, reverse("desk:post_office_letter", args=[delivered[0].letter_id]))
        if is_htmx(request):
            return _list_page(request, store)
    return redirect_to(request, _list_url(_kind(request.POST), before=None))


def _list_page(request: HttpRequest, store: Store) -> HttpResponse:
    query = request.GET if request.method == "GET" else request.POST
    kind, before = _kind(query), _number(query.get("before"))
    reader = _reader(request)
    found = store.letters(kind=kind, before=before, limit=PAGE_SIZE + 1, reader=reader)
    letters = found[:PAGE_SIZE]
    waiting = store.waiting_count()
    rows = [
        Row(letter, _answer_state(letter), reverse("desk:post_office_letter", args=[letter.id])) for letter in letters
    ]
    context = {
        "rows": rows,
        "kind": kind,
        "before": before,
        "waiting": waiting,
        "look_again_seconds": LOOK_AGAIN_SECONDS,
        "list_url": _list_url(kind, before=before),
        "first_url": _list_url(kind, before=None) if before else "",
        "next_url": _list_url(kind, before=letters[-1].id) if len(found) > PAGE_SIZE else "",
        "tabs": [
            {
                "label": label,
                "url": _list_url(each, before=None),
                "current": each == kind,
                "count": store.letter_count(kind=each, reader=reader),
            }
            for each, label in KIND_LABELS
        ],
        "cast": CAST,
    }
    return render(request, "desk/post_office.html#letters" if is_htmx(request) else "desk/post_office.html", context)


def _letter_page(request: HttpRequest, letter: Letter, *, source: str | None = None) -> HttpResponse:
    read = read_letter(letter.raw)
    headers = headers_as_read(letter.raw)
    context: dict[str, Any] = {
        "letter": letter,
        "read": read,
        "head": [(name, value) for name, value in headers if name.title() in HEAD],
        "headers": headers,
        "correspondent": correspondent_at(letter.recipient),
        "answer": _answer_state(letter),
        "answer_text": read_letter(letter.answer.raw).text if letter.answer and letter.answer.raw else "",
        "overdue": _is_overdue(letter),
        "source": source,
        "look_again_seconds": LOOK_AGAIN_SECONDS,
    }
    if not is_htmx(request):
        return render(request, "desk/post_office_letter.html", context)
    partial = "answer" if source is None else "source"
    return render(request, f"desk/post_office_letter.html#{partial}", context)


def _answer_state(letter: Letter) -> AnswerState:
    if letter.answer is None:
        if letter.kind is Kind.PLATFORM:
            return AnswerState("neutral", "Kept here")
        correspondent = correspondent_at(letter.recipient)
        silent = correspondent is not None and correspondent.behaviour is Behaviour.SILENT
        return AnswerState("muted", "Stays silent" if silent else "No further answer")
    behaviour = Behaviour(letter.answer.behaviour)
    if letter.answer.delivered_at is None:
        return AnswerState("info", "Answer on its way", is_waiting=True)
    tone = {
        Behaviour.INTERESTED: "good",
        Behaviour.DECLINES: "bad",
        Behaviour.ASKS_REMOVAL: "bad",
        Behaviour.BOUNCES: "bad",
        Behaviour.OUT_OF_OFFICE: "warn",
    }.get(behaviour, "info")
    return AnswerState(tone, "Bounced" if behaviour is Behaviour.BOUNCES else f"Answered: {BEHAVIOUR_WORDS[behaviour]}")


def _is_overdue(letter: Letter) -> bool:
    answer = letter.answer
    return answer is not None and answer.delivered_at is None and answer.due_at < timezone.now() - OVERDUE


def _deliver_all(request: HttpRequest, store: Store) -> list[Answer]:
    reader = _reader(request)
    return deliver_all(store, now=timezone.now()) if reader.sees_all or reader.sees_rehearsal else []


def _deliver_one(request: HttpRequest, store: Store, wanted: str) -> list[Answer]:
    letter = _letter_or_404(request, store, _number(wanted) or 0)
    answer = deliver(store, letter.answer.id, now=timezone.now()) if letter.answer else None
    return [] if answer is None else [answer]


def _tell(request: HttpRequest, delivered: list[Answer]) -> None:
    if not delivered:
        messages.info(request, "No answer was waiting: it has been delivered already.")
    elif len(delivered) == 1:
        messages.success(
            request, f"The answer of {delivered[0].correspondent} is in the inbox of {delivered[0].account}."
        )
    else:
        messages.success(request, f"{len(delivered)} answers were delivered.")


def _letter_or_404(request: HttpRequest, store: Store, letter_id: int) -> Letter:
    letter = store.letter(letter_id)
    if letter is None or not _reader(request).may_read(letter):
        raise Http404("No such letter.")
    return letter


def _reader(request: HttpRequest) -> Reader:
    """What the person who asks may read. Two queries."""
    user = cast("User", request.user)
    own = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return Reader(
        platform=plain_address(settings.GLOBAL_SMTP_USER) if settings.GLOBAL_SMTP_USER else "",
        addresses=frozenset(plain_address(address) for address in own),
        sees_rehearsal=Membership.objects.of(user).filter(workspace__is_rehearsal=True).exists(),
        sees_all=user.is_superuser,
    )


def _list_url(kind: Kind | None, *, before: int | None) -> str:
    query = {"show": kind, "before": before}
    given = urlencode({name: value for name, value in query.items() if value})
    return reverse("desk:post_office") + (f"?{given}" if given else "")


def _kind(query: Any) -> Kind | None:
    wanted = query.get("show")
    return Kind(wanted) if wanted in set(Kind) else None


def _number(text: str | None) -> int | None:
    # Longer numbers are no ids, and SQLite would refuse them.
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None


@contextmanager
def _open_store() -> Iterator[Store]:
    if not settings.SANDBOX:
        raise Http404("The rehearsal is off.")
    with Store(settings.SANDBOX_DIR) as store:
        yield store


urlpatterns = [
    path("post-office/", post_office, name="post_office"),
    path("post-office/letters/<int:letter_id>/", post_office_letter, name="post_office_letter"),
    path("post-office/letters/<int:letter_id>/source/", post_office_source, name="post_office_source"),
    path("post-office/deliver/", post_office_deliver, name="post_office_deliver"),
]
