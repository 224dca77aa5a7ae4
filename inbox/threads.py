"""One reply as a person reads it: its words with those that decided, the conversation around it, and the lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q

from campaigns.models import Attempt, EnclosedFile, Lead
from campaigns.stages import stages_of
from compliance.models import Hold, Kind, Suppression
from compliance.suppression import is_own_word, suppressed_among
from inbox import answering, consequences, handling
from inbox.answering import Composer
from inbox.asks import Ask, asks_of
from inbox.desk_models import Note
from inbox.handling import Rest
from inbox.lists import TONES, tag_of, tone_of, who_wrote
from inbox.marking import Piece, decided_in, pieces_of, rest_of
from inbox.matching import LEFT, MatchedBy
from inbox.models import RawBody, Reply, ReplyLabel
from inbox.originals import Contents, contents_of
from inbox.reading_models import SentByHand
from inbox.scope import key_of
from outreach_site.accounts.models import Membership, User

# Letters and replies of one conversation that are shown.
AT_MOST = 40
# A message up to this size is taken apart at once; a larger one when somebody asks what is in it.
LARGEST_AT_ONCE = 300 * 1024
# The files of letters of ours, without their bytes.
FILES = Prefetch("enclosures", EnclosedFile.objects.defer("content"))
# What a person may say of a lead that wrote.
STATUSES = (Lead.Status.REPLIED, Lead.Status.PLACED, Lead.Status.LOST)


@dataclass(frozen=True)
class Written:
    """One message of the conversation, ours or theirs."""

    at: datetime
    who: str
    address: str
    subject: str
    text: str
    is_ours: bool
    to: str = ""
    state: str = ""  # of ours, where it is not simply sent
    reason: str = ""  # why it waits
    reply: Reply | None = None
    tone: str = ""
    tag: str = ""
    letter: Attempt | None = None
    files: Sequence[EnclosedFile] = ()
    by_hand: bool = False
    can_take_back: bool = False


@dataclass(frozen=True)
class TagChoice:
    value: str
    label: str
    key: str
    tone: str
    current: bool


@dataclass(frozen=True)
class Silence:
    """That nobody here writes to an address, and whether that can be taken back here."""

    entry: Suppression
    address: str
    from_this_reply: bool
    can_undo: bool
    own_word: bool


@dataclass(frozen=True, kw_only=True)
class Thread:
    reply: Reply
    tone: str
    tag: str
    who: str
    pieces: Sequence[Piece]
    rest: str  # quotation, signature: what is folded away
    because: str
    matched: str
    choices: Sequence[TagChoice]
    asks: Sequence[Ask]
    contents: Contents | None  # None: a large message, looked into when somebody asks
    has_original: bool
    later: Sequence[Written]  # newest first, as `earlier`
    earlier: Sequence[Written]
    answered_at: datetime | None
    labels: Sequence[ReplyLabel]
    silences: Sequence[Silence]
    holds: Sequence[Hold]
    waiting: int
    is_doubtful_report: bool
    can_unlink: bool
    statuses: Sequence[tuple[str, str, bool]]
    stages: Sequence[str]
    is_overdue: bool
    is_resting: bool
    rests: Sequence[Rest]
    team: Sequence[Membership]
    notes: Sequence[Note]
    composer: Composer | None = None
    has_draft: bool = False

    @property
    def published_url(self) -> str:
        """The page that they say is published, "" where they name none."""
        return next((ask.url for ask in self.asks if ask.url), "")


def thread_of(reply: Reply, *, user: User | None, now: datetime, composing: bool = False) -> Thread:
    """Everything about one reply, in a constant number of queries. `user`: who may act on it; None for who may not."""
    labels = list(reply.labels.select_related("user").order_by("labelled_at", "pk"))
    letters = _letters(reply)
    contents, has_original = _contents(reply)
    others = sorted(
        [*_our_side(letters), *_by_hand(reply), *_their_side(reply)], key=lambda each: each.at, reverse=True
    )
    ours_since = [each.at for each in others if each.is_ours and each.at > reply.received_at]
    has_draft = user is not None and answering.draft_of(reply, user) is not None
    lead = reply.lead
    return Thread(
        reply=reply,
        tone=tone_of(reply),
        tag=tag_of(reply),
        who=who_wrote(reply),
        pieces=pieces_of(reply),
        rest=rest_of(reply),
        because=_because(reply, labels),
        matched=_matched(reply),
        choices=[
            TagChoice(
                value=tag.value,
                label=tag.label,
                key=str(number),
                tone=TONES[tag],
                current=reply.classification == tag,
            )
            for number, tag in enumerate(Reply.TAGS, start=1)
        ],
        asks=asks_of(reply),
        contents=contents,
        has_original=has_original,
        later=[each for each in others if each.at > reply.received_at],
        earlier=[each for each in others if each.at <= reply.received_at],
        answered_at=max(ours_since, default=None),
        labels=labels,
        silences=_silences(reply, now=now),
        holds=_holds(reply),
        is_doubtful_report=consequences.is_doubtful_report(reply),
        can_unlink=reply.matched_by == MatchedBy.HAND,
        waiting=sum(1 for letter in letters if letter.state == Attempt.State.QUEUED and letter.kind != Kind.ANSWER),
        statuses=[(status.value, status.label, lead is not None and lead.status == status) for status in STATUSES],
        stages=stages_of(reply.workspace) if lead is not None and user is not None else [],
        is_overdue=lead is not None
        and lead.next_action_on is not None
        and lead.next_action_on < reply.workspace.day_of(now),
        is_resting=reply.snoozed_until is not None and reply.snoozed_until > now,
        rests=handling.rests(reply.workspace, now=now),
        team=handling.who_may_take(reply.workspace) if user is not None else [],
        notes=list(handling.notes_on(reply)[: handling.NOTES_SHOWN]),
        composer=answering.composer_of(reply, user=user, now=now)
        if user is not None and (composing or has_draft)
        else None,
        has_draft=has_draft,
    )


def _contents(reply: Reply) -> tuple[Contents | None, bool]:
    """Files and HTML of a message; and whether its bytes are kept at all."""
    body = RawBody.objects.filter(pk=reply.raw_id)
    if reply.raw.size > LARGEST_AT_ONCE:
        return None, body.exists()
    found = body.first()
    return (contents_of(found.raw), True) if found else (Contents(), False)


# --- Why ------------------------------------------------------------------------------------------------------------


def _because(reply: Reply, labels: Sequence[ReplyLabel]) -> str:
    """Why it has its tag, in one sentence."""
    last = labels[-1] if labels else None
    if last is not None and last.user is not None:
        return f"Tagged by {last.user.get_short_name()}."
    if reply.needs_review and reply.kind == Reply.Kind.REPLY:
        return (
            "The underlined words say two things at once, or not clearly. Nobody writes to them until you tag it."
            if decided_in(reply)
            else "There is nothing in it to judge by. Read it, and tag it."
        )
    if reply.kind == Reply.Kind.AUTO_REPLY:
        return "A machine wrote this: it counts as no answer."
    if reply.kind == Reply.Kind.REPLY and decided_in(reply):
        return "Tagged by the underlined words."
    return ""


_MATCHED = {
    MatchedBy.IN_REPLY_TO: "It answers our letter.",
    MatchedBy.REFERENCES: "It belongs to the thread of our letter.",
    MatchedBy.ORIGINAL: "It names our letter.",
    MatchedBy.TOKEN: "It carries the opt-out link of our letter.",
    MatchedBy.HAND: "Somebody here tied it to this lead.",
    MatchedBy.ADDRESS: "It comes from an address we wrote to; it names no letter of ours.",
}


def _matched(reply: Reply) -> str:
    if not reply.matched_by:
        return "It belongs to no letter of ours that we know of."
    if reply.matched_by == MatchedBy.ADDRESS and reply.kind != Reply.Kind.REPLY:
        return "It is about an address we wrote to; it names no letter of ours."
    return _MATCHED[MatchedBy(reply.matched_by)]


# --- The conversation -------------------------------------------------------------------------------------------------


def _letters(reply: Reply) -> list[Attempt]:
    if reply.lead is None:
        return []
    stopped = [
        Attempt.State.FAILED,
        Attempt.State.BLOCKED,
    ]  # An answer that could not go: whoever wrote it must see it.
    shown = Attempt.objects.filter(
        Q(state__in=[*LEFT, Attempt.State.QUEUED]) | Q(kind=Kind.ANSWER, state__in=stopped), lead=reply.lead
    )
    return list(shown.select_related("mailbox", "identity").prefetch_related(FILES).order_by("-pk")[:AT_MOST])


def _our_side(letters: Sequence[Attempt]) -> list[Written]:
    """Letters that have left, and answers that are about to."""
    return [letter_as_written(each) for each in letters if each.state in LEFT or each.kind == Kind.ANSWER]


def letter_as_written(letter: Attempt) -> Written:
    return Written(
        at=letter.finished_at or letter.started_at or letter.created_at,
        who=letter.identity.name if letter.identity else "We",
        address=letter.mailbox.email if letter.mailbox else "",
        to=letter.recipient,
        subject=letter.subject,
        text=letter.body,
        is_ours=True,
        state=_state_of(letter),
        reason=letter.reason if letter.state not in LEFT else "",
        files=list(letter.enclosures.all()),
        letter=letter,
        can_take_back=letter.state == Attempt.State.QUEUED,
    )


def _state_of(letter: Attempt) -> str:
    if letter.state == Attempt.State.SENT:
        return ""
    if letter.state == Attempt.State.QUEUED:
        return "Leaves in a moment" if letter.due_at else "Waits"
    return str(letter.get_state_display())


def _by_hand(reply: Reply) -> list[Written]:
    """What somebody wrote to them with their own mail program."""
    if reply.lead is None:
        return []
    letters = SentByHand.objects.filter(lead=reply.lead).select_related("mailbox").order_by("-sent_at")[:AT_MOST]
    return [
        Written(
            at=letter.sent_at,
            who=letter.mailbox.from_name or letter.mailbox.email,
            address=letter.mailbox.email,
            to=letter.recipient,
            subject=letter.subject,
            text=letter.text,
            is_ours=True,
            by_hand=True,
        )
        for letter in letters
    ]


def _their_side(reply: Reply) -> list[Written]:
    others = Reply.objects.in_workspace(reply.workspace).exclude(pk=reply.pk).defer("text")
    if reply.lead is not None:
        others = others.filter(lead=reply.lead)
    elif reply.from_key:
        others = others.filter(lead=None, from_key=reply.from_key)
    else:
        return []
    return [
        Written(
            at=other.received_at,
            who=who_wrote(other),
            address=other.from_email,
            subject=other.subject,
            text=other.new_text or other.server_words,
            is_ours=False,
            reply=other,
            tone=tone_of(other),
            tag=tag_of(other),
        )
        for other in others.order_by("-received_at", "-pk")[:AT_MOST]
    ]


# --- The lead ---------------------------------------------------------------------------------------------------------


def _silences(reply: Reply, *, now: datetime) -> list[Silence]:
    """Who is not written to any more, of the people behind this reply; and what this reply brought about."""
    ours = consequences.entries_of(reply) if reply.suppressed_value else []
    can_undo = consequences.can_undo(ours, now=now)
    keys = {reply.from_key} | ({reply.attempt.recipient_key} if reply.attempt else set())
    standing = suppressed_among(reply.workspace, {key for key in keys if "@" in key})
    entries = {entry.pk: entry for entry in [*ours, *standing.values()]}
    mine = {entry.pk for entry in ours}
    return [
        Silence(
            entry=entry,
            address=entry.value,
            from_this_reply=entry.pk in mine,
            can_undo=entry.pk in mine and can_undo,
            own_word=is_own_word(entry),
        )
        for entry in entries.values()
    ]


def _holds(reply: Reply) -> list[Hold]:
    keys = {reply.from_key, key_of(reply.attempt.recipient) if reply.attempt else ""} - {""}
    subjects = [f"address:{key}" for key in keys]
    return list(Hold.objects.in_workspace(reply.workspace).standing().filter(subject__in=subjects).order_by("pk"))
