"""The inbox as lists: which replies a filter shows, in pages by key, and what a row says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from django.db.models import Q, QuerySet

from inbox.models import Reply
from outreach_site.accounts.models import Workspace

PAGE = 50
FIRST_WORDS = 160

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
    INTERESTED = "interested"
    UNLINKED = "unlinked"
    BOUNCES = "bounces"
    AUTOMATIC = "automatic"
    ALL = "all"


LABELS = {
    Show.INBOX: "Inbox",
    Show.UNREAD: "Unread",
    Show.REVIEW: "Needs review",
    Show.INTERESTED: "Interested",
    Show.UNLINKED: "Unlinked",
    Show.BOUNCES: "Bounces",
    Show.AUTOMATIC: "Automatic",
    Show.ALL: "All",
}
_WRITTEN = Q(kind=Reply.Kind.REPLY)
_BOUNCES = Q(kind__in=[Reply.Kind.BOUNCE, Reply.Kind.COMPLAINT])
_WHERE = {
    Show.INBOX: (_WRITTEN | Q(needs_review=True)) & Q(done_at=None),
    Show.UNREAD: _WRITTEN & Q(read_at=None),
    Show.REVIEW: Q(needs_review=True),
    Show.INTERESTED: _WRITTEN & Q(classification=Reply.Classification.INTERESTED),
    Show.UNLINKED: _WRITTEN & Q(lead=None),
    Show.BOUNCES: _BOUNCES,
    Show.AUTOMATIC: Q(kind__in=Reply.AUTOMATIC),
    Show.ALL: Q(),
}


@dataclass(frozen=True)
class Chosen:
    """What a person chose to see, as it stands in the address."""

    show: Show = Show.INBOX
    campaign_id: int | None = None

    @property
    def is_plain(self) -> bool:
        return self.show is Show.INBOX and self.campaign_id is None

    def query(self, **more: object) -> str:
        """The same as a query string, with its question mark; empty for the plain inbox."""
        values: dict[str, object] = {}
        if self.show is not Show.INBOX:
            values["show"] = self.show.value
        if self.campaign_id is not None:
            values["campaign"] = self.campaign_id
        values |= more
        return "?" + "&".join(f"{name}={value}" for name, value in values.items()) if values else ""


@dataclass(frozen=True)
class Row:
    """A reply as a line of the list."""

    reply: Reply
    tone: str
    tag: str
    who: str
    text: str

    @classmethod
    def of(cls, reply: Reply) -> Row:
        return cls(reply=reply, tone=tone_of(reply), tag=tag_of(reply), who=who_wrote(reply), text=first_words(reply))


@dataclass(frozen=True)
class Page:
    rows: Sequence[Row]
    older: str = ""  # the key that the next page begins after


def replies(workspace: Workspace, chosen: Chosen) -> QuerySet[Reply]:
    found = Reply.objects.in_workspace(workspace).filter(_WHERE[chosen.show])
    if chosen.campaign_id is not None:
        found = found.filter(campaign_id=chosen.campaign_id)
    return found


def page_of(workspace: Workspace, chosen: Chosen, *, before: str = "") -> Page:
    """One page, newest first, from a key on; one query. The moment alone is no key: several may come in one second."""
    found = replies(workspace, chosen).select_related("campaign", "lead").defer("text", "evidence")
    key = _key(before)
    if key is not None:
        at, pk = key
        found = found.filter(received_at__lte=at).exclude(received_at=at, pk__gte=pk)
    rows = list(found.order_by("-received_at", "-pk")[: PAGE + 1])
    older = f"{rows[PAGE - 1].received_at.timestamp():.6f},{rows[PAGE - 1].pk}" if len(rows) > PAGE else ""
    return Page([Row.of(reply) for reply in rows[:PAGE]], older=older)


def _key(text: str) -> tuple[datetime, int] | None:
    moment, _, pk = text.partition(",")
    try:
        return datetime.fromtimestamp(float(moment), tz=UTC), int(pk[:18])
    except (ValueError, OverflowError, OSError):
        return None


def count_unread(workspace: Workspace) -> int:
    return replies(workspace, Chosen(Show.UNREAD)).count()


def count_to_review(workspace: Workspace) -> int:
    return replies(workspace, Chosen(Show.REVIEW)).count()


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
