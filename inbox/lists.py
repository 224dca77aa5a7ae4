"""The inbox as lists: which replies a filter shows, in pages by key, and what a row says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.http import urlencode

from inbox.models import Reply
from outreach_site.accounts.models import User, Workspace

PAGE = 50
FIRST_WORDS = 160
# Rows that one search looks through, and words of it that are looked for.
SEARCHED = 5_000
WORDS_AT_MOST = 6
LONGEST_SEARCH = 100
_SEARCHED_COLUMNS = ("from_name", "from_email", "subject", "text", "failed_recipient")  # the text with its quotation

TONES = {
    Reply.Classification.INTERESTED: "good",
    Reply.Classification.NOT_INTERESTED: "bad",
    Reply.Classification.OUT_OF_OFFICE: "warn",
    Reply.Classification.REPLIED: "info",
    Reply.Classification.BOUNCE: "neutral",
    Reply.Classification.COMPLAINT: "bad",
}


class Show(StrEnum):
    """The filters, in the order of their chips."""

    INBOX = "inbox"  # what people wrote, and what a person must look at, until it is done
    UNREAD = "unread"
    REVIEW = "review"
    ANSWER = "answer"  # people who wait for ours
    MINE = "mine"
    INTERESTED = "interested"
    SNOOZED = "snoozed"
    UNLINKED = "unlinked"
    BOUNCES = "bounces"
    AUTOMATIC = "automatic"
    ALL = "all"


LABELS = {
    Show.INBOX: "Inbox",
    Show.UNREAD: "Unread",
    Show.REVIEW: "Needs review",
    Show.ANSWER: "To answer",
    Show.MINE: "Assigned to me",
    Show.INTERESTED: "Interested",
    Show.SNOOZED: "Snoozed",
    Show.UNLINKED: "Unlinked",
    Show.BOUNCES: "Bounces",
    Show.AUTOMATIC: "Automatic",
    Show.ALL: "All",
}
_WRITTEN = Q(kind=Reply.Kind.REPLY)
_WHERE = {
    Show.INBOX: (_WRITTEN | Q(needs_review=True)) & Q(done_at=None),
    Show.UNREAD: _WRITTEN & Q(read_at=None),
    Show.REVIEW: Q(needs_review=True),
    Show.ANSWER: _WRITTEN
    & Q(done_at=None, classification__in=[Reply.Classification.INTERESTED, Reply.Classification.REPLIED]),
    Show.MINE: Q(done_at=None),
    Show.INTERESTED: _WRITTEN & Q(classification=Reply.Classification.INTERESTED),
    Show.SNOOZED: Q(),
    Show.UNLINKED: _WRITTEN & Q(lead=None),
    Show.BOUNCES: Q(kind__in=[Reply.Kind.BOUNCE, Reply.Kind.COMPLAINT]),
    Show.AUTOMATIC: Q(kind__in=Reply.AUTOMATIC),
    Show.ALL: Q(),
}
# What is put aside is out of these until its time.
_AWAKE = frozenset({Show.INBOX, Show.UNREAD, Show.REVIEW, Show.ANSWER})
# Lists to which what was put aside comes back on top, not at its old place.
_RETURNS_TO = frozenset({Show.INBOX, Show.UNREAD})
RETURNED_AT_MOST = 20


@dataclass(frozen=True)
class Chosen:
    """What a person chose to see, as it stands in the address."""

    show: Show = Show.INBOX
    campaign_id: int | None = None
    mailbox_id: int | None = None
    tag: str = ""
    words: str = ""

    @property
    def narrowed(self) -> int:
        """How many further conditions stand beside the filter."""
        return (self.campaign_id is not None) + (self.mailbox_id is not None) + bool(self.tag)

    def query(self, **more: str) -> str:
        """The same as a query string, with its question mark; empty for the plain inbox."""
        values: dict[str, str] = {
            "show": self.show.value if self.show is not Show.INBOX else "",
            "campaign": str(self.campaign_id or ""),
            "mailbox": str(self.mailbox_id or ""),
            "tag": self.tag,
            "q": self.words,
        } | more
        values = {name: value for name, value in values.items() if value != ""}
        return f"?{urlencode(values)}" if values else ""


@dataclass(frozen=True)
class Row:
    """A reply as a line of the list."""

    reply: Reply
    tone: str
    tag: str
    who: str
    text: str
    is_answered: bool = False
    is_back: bool = False  # was put aside, and its time has come

    @classmethod
    def of(cls, reply: Reply, *, is_back: bool = False) -> Row:
        return cls(
            reply=reply,
            tone=tone_of(reply),
            tag=tag_of(reply),
            who=who_wrote(reply),
            text=first_words(reply),
            is_answered=getattr(reply, "is_answered", False),
            is_back=is_back,
        )


@dataclass(frozen=True)
class Page:
    rows: Sequence[Row]
    older: str = ""  # the key that the next page begins after
    looked_back_to: datetime | None = None  # a search that found less than a page has looked no further back


def replies(workspace: Workspace, chosen: Chosen, *, user: User, now: datetime) -> QuerySet[Reply]:
    everywhere = bool(chosen.words) and chosen.show is Show.INBOX  # Who searches means all that ever came.
    found = Reply.objects.in_workspace(workspace).filter(_WHERE[Show.ALL if everywhere else chosen.show])
    if chosen.show in _AWAKE and not chosen.words:
        found = found.awake(now)
    match chosen.show:
        case Show.ANSWER:
            found = found.unanswered()
        case Show.MINE:
            found = found.filter(assignee=user)
        case Show.SNOOZED:
            found = found.filter(snoozed_until__gt=now)
    narrower = {"campaign_id": chosen.campaign_id, "mailbox_id": chosen.mailbox_id, "classification": chosen.tag}
    return found.filter(**{name: value for name, value in narrower.items() if value})


def page_of(workspace: Workspace, chosen: Chosen, *, user: User, now: datetime, before: str = "") -> Page:
    """One page, newest first, from a key on; two queries, three with a search.

    The moment alone is no key: several may come in one second. What comes back from being put aside stands on top of
    the first page. A search looks through SEARCHED rows at a time: a rare word costs no more than a common one, and the
    page says how far back it has looked.
    """
    found = replies(workspace, chosen, user=user, now=now)
    key = _key(before)
    back: list[Reply] = []
    if chosen.show in _RETURNS_TO and not chosen.words:
        returned = Q(snoozed_until__isnull=False, read_at=None)
        if key is None:
            back = list(_with_all(found.filter(returned)).order_by("-snoozed_until", "-pk")[:RETURNED_AT_MOST])
        found = found.exclude(returned)
    if key is not None:
        at, pk = key
        found = found.filter(received_at__lte=at).exclude(received_at=at, pk__gte=pk)
    end: tuple[datetime, int] | None = None
    if chosen.words:
        end = found.order_by("-received_at", "-pk").values_list("received_at", "pk")[SEARCHED - 1 : SEARCHED].first()
        if end is not None:
            found = found.filter(received_at__gte=end[0]).exclude(received_at=end[0], pk__lt=end[1])
        found = found.filter(_naming(chosen.words))
    rows = list(_with_all(found).order_by("-received_at", "-pk")[: PAGE + 1])
    shown = [*(Row.of(reply, is_back=True) for reply in back), *(Row.of(reply) for reply in rows[:PAGE])]
    if len(rows) > PAGE:
        return Page(shown, older=_key_of(rows[PAGE - 1].received_at, rows[PAGE - 1].pk))
    if end is not None:
        return Page(shown, older=_key_of(*end), looked_back_to=end[0])
    return Page(shown)


def _with_all(found: QuerySet[Reply]) -> QuerySet[Reply]:
    """What a row needs, without the text that it does not show."""
    marked = found.with_answered()  # type: ignore[attr-defined]  # ReplyQuerySet
    return marked.select_related("campaign", "lead", "assignee").defer("text", "evidence")  # type: ignore[no-any-return]


def _naming(words: str) -> Q:
    """Each word in the sender, the subject or the text. SQLite folds the case of ASCII letters alone."""
    wanted = Q()
    for word in words.split()[:WORDS_AT_MOST]:
        spellings = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
        found = Q()
        for spelling in spellings:
            for column in _SEARCHED_COLUMNS:
                found |= Q(**{f"{column}__icontains": spelling})
        wanted &= found
    return wanted


def _key_of(moment: datetime, pk: int) -> str:
    return f"{moment.timestamp():.6f},{pk}"


def key_after(reply: Reply) -> str:
    """The key of the page that begins below a reply."""
    return _key_of(reply.received_at, reply.pk)


def _key(text: str) -> tuple[datetime, int] | None:
    moment, _, pk = text.partition(",")
    try:
        return datetime.fromtimestamp(float(moment), tz=UTC), int(pk[:18])
    except (ValueError, OverflowError, OSError):
        return None


def counts(workspace: Workspace, *, user: User, now: datetime) -> Mapping[Show, int]:
    """What waits, for the chips. One query; each count reads an index of what waits, and not what has ever come."""
    found = Reply.objects.in_workspace(workspace).order_by()
    waiting = {
        Show.UNREAD: found.filter(_WHERE[Show.UNREAD]).awake(now),
        Show.REVIEW: found.filter(_WHERE[Show.REVIEW]).awake(now),
        Show.MINE: found.filter(_WHERE[Show.MINE], assignee=user),
        Show.SNOOZED: found.filter(snoozed_until__gt=now),
    }
    numbers = {
        show.value: Coalesce(Subquery(rows.values("workspace").annotate(n=Count("pk")).values("n")), 0)
        for show, rows in waiting.items()
    }
    counted: Any = Workspace.objects.filter(pk=workspace.pk).values(**numbers).first() or {}
    return {Show(name): count for name, count in counted.items()}


def tone_of(reply: Reply) -> str:
    if reply.kind in {Reply.Kind.RECEIPT, Reply.Kind.LIST, Reply.Kind.DELAY}:
        return "muted"
    return TONES[Reply.Classification(reply.classification)]


def tag_of(reply: Reply) -> str:
    """The tag in words; what a machine wrote is called what it is."""
    match reply.kind:
        case Reply.Kind.AUTO_REPLY:
            return "Automatic" if reply.return_on is None else "Out of office"
        case Reply.Kind.RECEIPT | Reply.Kind.LIST | Reply.Kind.DELAY:
            return str(reply.get_kind_display())
        case Reply.Kind.BOUNCE if reply.hardness and reply.hardness != "hard":
            return "Bounce, not for good"
    return str(reply.get_classification_display())


def who_wrote(reply: Reply) -> str:
    if reply.kind == Reply.Kind.BOUNCE and reply.failed_recipient:
        return f"Not delivered to {reply.failed_recipient}"
    return reply.from_name or reply.from_email or "Unknown sender"


def first_words(reply: Reply) -> str:
    """The first line of the new text, or what a server said."""
    if reply.kind in {Reply.Kind.BOUNCE, Reply.Kind.DELAY} and reply.server_words:
        return reply.server_words[:FIRST_WORDS]
    lines = (line.strip() for line in reply.new_text.split("\n"))
    return " ".join(line for line in lines if line)[:FIRST_WORDS]
