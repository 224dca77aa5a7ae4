"""Answering a reply: whom the answer goes to, what it starts from, the draft that is kept, and its way out.

The draft lies in the database from the first word on, files included: a reload, a refusal, a lost connection and Undo
all bring it back. It belongs to whoever writes it; two people may each write an answer of their own.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum

from campaigns.answers import AnswerTo, Enclosure, foresee_answer, queue_answer
from campaigns.enclosures import LARGEST_FILE, LARGEST_TOGETHER, MEGABYTE, MOST_FILES, safe_name
from campaigns.models import Attempt
from campaigns.queueing import Foreseen, cancel
from campaigns.rota import CannotQueueError
from inbox.desk_models import AnswerDraft, DraftFile
from inbox.models import RawBody, Reply
from inbox.originals import HEADERS_LIMIT
from inbox.parsing import parse
from outreach_site.accounts.models import User
from outreach_site.lib.ports import BegunAnswer

LONGEST_SUBJECT = 200
LONGEST_BODY = 20_000
# A sent draft waits so long for an Undo, and for whoever looks why a letter could not leave.
KEPT_FOR = timedelta(days=1)
# `seen` of a page that was opened before there was a draft.
NOTHING_YET = "nothing"
OTHER_WINDOW = "--- And from another window: ---"
TOO_LONG_TOGETHER = (
    "In another window this answer reads otherwise, and both together are too long to be kept. What you wrote stands "
    "here and is not kept yet."
)
_ANSWERS = re.compile(r"\s*(?:re|aw|sv|antw|rif|odp|vs)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)

__all__ = ["CannotQueueError", "Composer", "composer_of", "keep", "send", "take_back"]


@dataclass(frozen=True)
class Composer:
    """What the page shows where an answer is written."""

    to: AnswerTo | None
    cannot: str = ""  # why nobody can answer it, in a sentence
    subject: str = ""
    body: str = ""
    files: Sequence[DraftFile] = ()
    foreseen: Foreseen | None = None
    draft: AnswerDraft | None = None
    stamp: str = ""
    seen: str = ""
    signature: str = ""  # what is put under the words

    @property
    def must_confirm(self) -> bool:
        return self.foreseen is not None and self.foreseen.may_be_confirmed

    @property
    def why_not(self) -> str:
        return self.cannot or (self.foreseen.sentence if self.foreseen else "")

    @property
    def is_refused(self) -> bool:
        """Nothing that a person could say here would let it go."""
        return self.to is None or (self.foreseen is not None and self.foreseen.refused and not self.must_confirm)


def composer_of(reply: Reply, *, user: User, now: datetime) -> Composer:
    """The draft, or what an answer starts from; with what would become of it, decided as it would be when it leaves."""
    try:
        to = answer_to(reply)
    except CannotQueueError as err:
        return Composer(None, cannot=str(err))
    draft = draft_of(reply, user)
    foreseen = foresee_answer(to, user=user, now=now)
    identity = foreseen.attempt.identity if foreseen.attempt else None
    return Composer(
        to=to,
        subject=draft.subject if draft else to.subject,
        body=draft.body if draft else beginning_of(reply),
        files=list(draft.files.defer("content")) if draft else [],
        foreseen=foreseen,
        draft=draft,
        stamp=stamp_of(reply, user),
        seen=seen_of(draft),
        signature=identity.written_signature if identity else "",
    )


def answer_to(reply: Reply) -> AnswerTo:
    """Whom it goes to, and in which conversation. Raises CannotQueueError."""
    if reply.lead is None:
        raise CannotQueueError("This reply belongs to no site yet. Link it first: the answer is sent for its campaign.")
    if reply.kind not in {Reply.Kind.REPLY, Reply.Kind.AUTO_REPLY} or not reply.from_email:
        raise CannotQueueError("Nobody reads answers to this message: a machine wrote it.")
    return AnswerTo(
        lead=reply.lead,
        mailbox=reply.mailbox,
        recipient=reply.from_email,
        recipient_name=reply.from_name,
        subject=subject_of(reply),
        in_reply_to=reply.message_id,
        references=_references(reply),
        about=reply.about,
    )


def subject_of(reply: Reply) -> str:
    subject = reply.subject.strip() or (reply.attempt.subject if reply.attempt else "")
    return (subject if _ANSWERS.match(subject) else f"Re: {subject}")[:LONGEST_SUBJECT]


def beginning_of(reply: Reply) -> str:
    """A greeting, and room for the words; who writes is put under them when the letter is made."""
    first = reply.from_name.replace(",", " ").split()
    name = first[0] if first and first[0][:1].isalpha() and "@" not in first[0] else ""
    return f"Hi {name},\n\n" if name else "Hello,\n\n"


def _references(reply: Reply) -> Sequence[str]:
    """The thread as their letter names it; of one whose bytes are gone, what it answered."""
    body = RawBody.objects.filter(pk=reply.raw_id).first()
    named = parse(body.beginning(HEADERS_LIMIT)).references if body else ()
    return named or ([reply.in_reply_to] if reply.in_reply_to else [])


# --- The draft --------------------------------------------------------------------------------------------------------


def draft_of(reply: Reply, user: User) -> AnswerDraft | None:
    """What this person is writing; not what has been sent."""
    return AnswerDraft.objects.filter(reply=reply, user=user, sent_at=None).first()


def stamp_of(reply: Reply, user: User) -> str:
    """What a page carries so that words of before a sending are told from those of after it."""
    sent = AnswerDraft.objects.filter(reply=reply, user=user).exclude(sent_at=None).first()
    return str(sent.attempt_id or "") if sent else ""


def seen_of(draft: AnswerDraft | None) -> str:
    """What a page carries so that what was typed in another window meanwhile is not overwritten."""
    return draft.written_at.isoformat() if draft is not None else NOTHING_YET


@dataclass(frozen=True)
class Kept:
    """`both`: another window had written something else meanwhile, and the draft holds the one text and the other."""

    draft: AnswerDraft
    both: bool = False


def keep(
    reply: Reply, *, subject: str, body: str, stamp: str, seen: str = "", user: User, now: datetime
) -> Kept | None:
    """Write down what has been typed. None for words that have been sent already: the page that says them is old.

    `seen`: the draft as the page last saw it; without it nothing is compared. Raises CannotQueueError where two texts
    are too long for one draft.
    """
    with transaction.atomic():
        draft = AnswerDraft.objects.select_for_update().filter(reply=reply, user=user).first()
        before = draft.body if draft is not None and draft.sent_at is None and seen not in {"", seen_of(draft)} else ""
        draft = draft or AnswerDraft.objects.create(reply=reply, user=user, written_at=now)
        if draft.sent_at is not None:
            if stamp != str(draft.attempt_id or ""):
                return None
            draft.files.all().delete()  # They went with the letter.
        both = before not in body
        if both:
            body = before if body in before else f"{before.rstrip()}\n\n{OTHER_WINDOW}\n\n{body.lstrip()}"
            if len(body) > LONGEST_BODY:
                raise CannotQueueError(TOO_LONG_TOGETHER)
        draft.subject, draft.body, draft.written_at = subject[:LONGEST_SUBJECT], body[:LONGEST_BODY], now
        draft.attempt, draft.sent_at = None, None
        draft.save()
    return Kept(draft, both)


def begin_for_lead(lead_id: int, *, text: str, user_id: int, now: datetime) -> BegunAnswer | None:
    """Put words into this person's composer, under what the lead's people wrote last (lib.ports.AnswerBeginner)."""
    replies = Reply.objects.from_people().filter(lead_id=lead_id).exclude(from_email="")
    reply = replies.order_by("-received_at", "-pk").first()
    if reply is None:
        return None
    user = User.objects.get(pk=user_id)
    if draft_of(reply, user) is not None:
        return BegunAnswer(reply.pk, is_new=False)
    kept = keep(reply, subject=subject_of(reply), body=text, stamp=stamp_of(reply, user), user=user, now=now)
    return BegunAnswer(reply.pk, is_new=kept is not None)


def discard(reply: Reply, *, user: User) -> None:
    AnswerDraft.objects.filter(reply=reply, user=user, sent_at=None).delete()


def enclose(draft: AnswerDraft, files: Sequence[UploadedFile], *, now: datetime) -> list[str]:
    """Put files to the draft; a sentence for each that cannot go with it."""
    troubles = []
    count = draft.files.count()
    together = draft.files.aggregate(total=Sum("size"))["total"] or 0
    for file in files:
        name, size = safe_name(file.name or ""), file.size or 0
        if not size:
            troubles.append(f"“{name}” is empty.")
        elif size > LARGEST_FILE:
            troubles.append(f"“{name}” is larger than {LARGEST_FILE // MEGABYTE} MB. Send a link to it instead.")
        elif together + size > LARGEST_TOGETHER:
            troubles.append(f"“{name}” does not fit: a letter carries {LARGEST_TOGETHER // MEGABYTE} MB of files.")
        elif count >= MOST_FILES:
            troubles.append(f"“{name}” was left out: a letter carries at most {MOST_FILES} files.")
        else:
            DraftFile.objects.create(draft=draft, name=name[:200], size=size, content=file.read(), added_at=now)
            count, together = count + 1, together + size
    return troubles


# --- Its way out ------------------------------------------------------------------------------------------------------


def send(
    reply: Reply,
    draft: AnswerDraft,
    *,
    user: User,
    now: datetime,
    confirmed: bool = False,
    done: bool = False,
) -> Attempt:
    """Queue the draft with its files. Raises CannotQueueError; the draft is kept all the same.

    `done`: the reply leaves the inbox with it.
    """
    to = answer_to(reply)
    with transaction.atomic():
        # Two presses of the button wait for each other: the second finds that the draft has become a letter.
        draft = AnswerDraft.objects.select_for_update().get(pk=draft.pk)
        if draft.sent_at is not None:
            raise CannotQueueError("This answer has just been sent.")
        attempt = queue_answer(
            to,
            subject=draft.subject,
            body=draft.body,
            enclosures=[
                Enclosure(file.name, mimetypes.guess_type(file.name)[0] or "", bytes(file.content))
                for file in draft.files.all()
            ],
            user=user,
            now=now,
            confirmed=confirmed,
        )
        draft.attempt, draft.sent_at = attempt, now
        draft.save(update_fields=["attempt", "sent_at"])
        seen = {"read_at": reply.read_at or now, "snoozed_until": None} | ({"done_at": now} if done else {})
        Reply.objects.filter(pk=reply.pk).update(**seen)
        AnswerDraft.objects.filter(reply__workspace=reply.workspace, sent_at__lt=now - KEPT_FOR).delete()
    return attempt


def take_back(reply: Reply, attempt: Attempt, *, user: User, now: datetime) -> bool:
    """Undo: the letter does not leave, and the draft is there again. False where it is too late."""
    with transaction.atomic():
        if not cancel(attempt, user=user, now=now):
            return False
        AnswerDraft.objects.filter(reply=reply, attempt=attempt).update(attempt=None, sent_at=None)
        Reply.objects.filter(pk=reply.pk).update(done_at=None)
    return True
