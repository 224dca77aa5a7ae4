"""What the inbox holds about a person, and how it goes (lib.ports.Holder): replies, and the messages they came in.

A reply stays a row that numbers are counted from. A message's digest stays, so that the same bytes are never taken in
again from the server; the bytes go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from compliance.suppression import stone_of
from compliance.sweeping import ERASED, TextShelf, names
from inbox.desk_models import AnswerDraft, Note
from inbox.models import RawBody, RawMessage, Reply
from inbox.parsing import parse
from inbox.reading_models import SentByHand
from outreach_site.lib.ports import Cutoffs, Exhibit, Overdue, Person, Shelf, Swept

MESSAGES_AT_ONCE = 50
# What stands where the sender stood: numbers of people are counted from it, and nobody's name.
_GONE = Q(from_key__startswith="erased:")


class InboxHolder:
    """Replies, and the bytes of messages."""

    models = frozenset(
        {"inbox.Reply", "inbox.RawMessage", "inbox.RawBody", "inbox.Note", "inbox.AnswerDraft", "inbox.SentByHand"}
    )

    def spellings(self, workspace_id: int, key: str) -> set[str]:
        replies = Reply.objects.filter(workspace_id=workspace_id)
        return {
            *replies.filter(from_key=key).order_by().values_list("from_email", flat=True).distinct(),
            *replies.filter(suppressed_value=key).order_by().values_list("suppressed_value", flat=True).distinct(),
            *SentByHand.objects.filter(workspace_id=workspace_id, recipient_key=key)
            .order_by()
            .values_list("recipient", flat=True)
            .distinct(),
        }

    def count(self, person: Person) -> Mapping[str, int]:
        replies = _replies(person)
        return {
            "replies and reports, with their text": replies.count(),
            "messages as they came": RawBody.objects.filter(message__reply__in=replies).count(),
            "letters that somebody wrote to them by hand": _by_hand(person).count(),
            "notes on what they wrote": Note.objects.filter(reply__in=replies).count(),
        }

    def export(self, person: Person) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return {
            "replies": list(
                _replies(person)
                .order_by("pk")
                .values(
                    "kind",
                    "classification",
                    "from_name",
                    "from_email",
                    "subject",
                    "text",
                    "evidence",
                    "intents",
                    "asks_opt_out",
                    "failed_recipient",
                    "server_words",
                    "message_id",
                    "received_at",
                )
            ),
            "letters_by_hand": list(
                _by_hand(person).order_by("pk").values("recipient", "subject", "text", "message_id", "sent_at")
            ),
            "notes": list(Note.objects.filter(reply__in=_replies(person)).order_by("pk").values("text", "written_at")),
        }

    def evidence(self, person: Person) -> Sequence[Exhibit]:
        return [*_answers(person), *_written_by_hand(person)]

    def erase(self, person: Person, *, now: datetime) -> None:
        _black_out(_replies(person), person.stone, now=now)
        _black_out_by_hand(_by_hand(person), person.stone)

    def shelves(self) -> Sequence[Shelf]:
        return (
            TextShelf(
                Reply,
                "workspace_id",
                (
                    "from_name",
                    "subject",
                    "text",
                    "new_text",
                    "evidence",
                    "intents",
                    "server_words",
                    "failed_recipient",
                    "suppressed_value",
                    "message_id",
                    "in_reply_to",
                ),
            ),
            TextShelf(RawMessage, "mailbox__workspace_id", ("message_id", "error")),
            TextShelf(SentByHand, "workspace_id", ("recipient", "subject", "text", "message_id")),
            TextShelf(Note, "workspace_id", ("text",)),
            TextShelf(AnswerDraft, "reply__workspace_id", ("subject", "body")),
            MessageShelf(),
        )

    def overdue(self, workspace_id: int, cutoffs: Cutoffs) -> Sequence[Overdue]:
        replies = Reply.objects.filter(workspace_id=workspace_id).exclude(_GONE)
        unlinked = _unlinked(replies, cutoffs.unlinked)
        # Each row falls under one rule, so that what is foreseen is what happens.
        own_rule = Exists(unlinked.filter(raw=OuterRef("message_id")))
        return (
            Overdue("mail that belongs to no letter", unlinked, _delete_replies),
            Overdue(
                "messages as they came, whose text stays",
                RawBody.objects.filter(
                    ~own_rule, message__mailbox__workspace_id=workspace_id, message__received_at__lt=cutoffs.raw
                ).exclude(message__understood_at=None, message__error=""),
                lambda keys: _drop_bytes(RawMessage.objects.filter(pk__in=keys)),
            ),
            Overdue(
                "replies, whose number stays",
                replies.filter(received_at__lt=cutoffs.replies).exclude(pk__in=unlinked.values("pk")),
                _let_go_replies,
            ),
            Overdue(
                "letters that were written by hand, whose number stays",
                SentByHand.objects.filter(workspace_id=workspace_id, sent_at__lt=cutoffs.replies).exclude(
                    recipient_key__startswith="erased:"
                ),
                _let_go_by_hand,
            ),
        )


@dataclass(frozen=True)
class MessageShelf:
    """The bytes of messages: copies of our own letters, mail to a list, what was never understood.

    Bytes cannot be blacked out and stay what they were. A message that names the person goes; the text that was made of
    it stays with the reply, blacked out.
    """

    name: str = "inbox.RawBody"

    def sweep(self, person: Person, *, after: int) -> Swept:
        with transaction.atomic():
            bodies = RawBody.objects.filter(message__mailbox__workspace_id=person.workspace_id, pk__gt=after)
            found = list(bodies.order_by("pk")[:MESSAGES_AT_ONCE])
            naming = [body.pk for body in found if _names(body, person)]
            _drop_bytes(RawMessage.objects.filter(pk__in=naming))
        return Swept(after=found[-1].pk if found else after, is_done=len(found) < MESSAGES_AT_ONCE)


def _names(body: RawBody, person: Person) -> bool:
    """Whether the message names the person: in its own bytes, or in a text that travels in another coding."""
    raw = body.raw
    # Quoted-printable breaks long lines with a = at their end, in the midst of a word.
    if names(raw.replace(b"=\r\n", b"").replace(b"=\n", b"").decode("utf-8", "replace"), person):
        return True
    if b"base64" not in raw.lower():
        return False
    message = parse(raw)
    return names(f"{message.from_name} {message.from_email} {message.subject} {message.text}", person)


# --- The rows of a person ---------------------------------------------------------------------------------------------


def _replies(person: Person) -> QuerySet[Reply]:
    """What they wrote, what answers letters to them, and reports about their address."""
    keys = [person.key, person.stone]  # The letters may have been blacked out before.
    mine = (
        Q(from_key=person.key)
        | Q(attempt__recipient_key__in=keys)
        | Q(failed_recipient__in=person.spellings)
        | Q(suppressed_value=person.key)
    )
    return Reply.objects.filter(mine, workspace_id=person.workspace_id).exclude(from_key=person.stone)


def _by_hand(person: Person) -> QuerySet[SentByHand]:
    return SentByHand.objects.filter(workspace_id=person.workspace_id, recipient_key=person.key)


def _black_out_by_hand(letters: QuerySet[SentByHand], stone: str) -> None:
    keys = list(letters.values_list("pk", flat=True))
    messages = RawMessage.objects.filter(sent_by_hand__in=keys)
    _drop_bytes(messages)
    messages.update(message_id="")
    SentByHand.objects.filter(pk__in=keys).update(
        recipient="", recipient_key=stone, recipient_domain="", subject=ERASED, text="", message_id=""
    )


def _black_out(replies: QuerySet[Reply], stone: str, *, now: datetime) -> None:
    # By key: what is written below changes what they are found by.
    keys = list(replies.values_list("pk", flat=True))
    messages = RawMessage.objects.filter(reply__in=keys)
    Note.objects.filter(reply__in=keys).delete()
    AnswerDraft.objects.filter(reply__in=keys).delete()
    _drop_bytes(messages)
    messages.update(message_id="", understood_at=now)
    Reply.objects.filter(pk__in=keys).update(
        from_name=ERASED,
        from_email="",
        from_key=stone,
        subject=ERASED,
        text="",
        new_text="",
        text_digest="",
        evidence=[],
        intents=[],
        failed_recipient="",
        server_words="",
        suppressed_value="",
        message_id="",
        needs_review=False,
    )
    Reply.objects.filter(pk__in=keys, read_at=None).update(read_at=now)


def _drop_bytes(messages: QuerySet[RawMessage]) -> None:
    """The bytes go; what is not understood will not be any more."""
    keys = list(messages.values_list("pk", flat=True))
    RawBody.objects.filter(pk__in=keys).delete()
    RawMessage.objects.filter(pk__in=keys, understood_at=None).update(understood_at=timezone.now())


# --- What they show ---------------------------------------------------------------------------------------------------


def _answers(person: Person) -> Iterator[Exhibit]:
    for reply in _replies(person).select_related("attempt").order_by("received_at", "pk"):
        facts = (
            ("From", f"{reply.from_name} <{reply.from_email}>" if reply.from_name else reply.from_email),
            ("Subject", reply.subject),
            ("Kind", reply.get_kind_display()),
            ("Understood as", reply.get_classification_display()),
            ("Because of the words", ", ".join(_words_of(reply))),
            ("The server said", reply.server_words),
        )
        yield Exhibit(
            section="answers",
            at=reply.received_at,
            title=f"{reply.get_kind_display()}: {reply.subject}",
            facts=tuple(fact for fact in facts if fact[1]),
            quote=reply.text,
            about=reply.about,
        )


def _written_by_hand(person: Person) -> Iterator[Exhibit]:
    for letter in _by_hand(person).order_by("sent_at", "pk"):
        yield Exhibit(
            section="letters",
            at=letter.sent_at,
            title=f"Written by hand: {letter.subject}",
            facts=(("To", letter.recipient), ("Subject", letter.subject)),
            quote=letter.text,
            sent_at=letter.sent_at,
        )


def _words_of(reply: Reply) -> list[str]:
    return [f"“{found['words']}”" for found in reply.evidence if isinstance(found, dict) and found.get("words")]


# --- What has been kept for long enough -------------------------------------------------------------------------------


def _unlinked(replies: QuerySet[Reply], before: datetime) -> QuerySet[Reply]:
    """Mail that belongs to no letter, lead or campaign, and waits for nobody."""
    return replies.filter(attempt=None, lead=None, campaign=None, needs_review=False, received_at__lt=before)


def _delete_replies(keys: Sequence[int]) -> None:
    replies = Reply.objects.filter(pk__in=keys)
    messages = RawMessage.objects.filter(pk__in=list(replies.values_list("raw_id", flat=True)))
    _drop_bytes(messages)
    messages.update(message_id="")
    replies.delete()


def _let_go_replies(keys: Sequence[int]) -> None:
    now = timezone.now()
    for reply in Reply.objects.filter(pk__in=keys):
        _black_out(Reply.objects.filter(pk=reply.pk), stone_of(reply.from_key or f"reply {reply.pk}"), now=now)


def _let_go_by_hand(keys: Sequence[int]) -> None:
    for letter in SentByHand.objects.filter(pk__in=keys):
        stone = stone_of(letter.recipient_key or f"letter by hand {letter.pk}")
        _black_out_by_hand(SentByHand.objects.filter(pk=letter.pk), stone)
