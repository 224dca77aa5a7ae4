"""Ports: how a lower room reaches a higher one without importing it.

Each port is a Protocol with one registry. The higher room fills it in `AppConfig.ready()`; the lower room calls it, in
the caller's own transaction, so that what is recorded and what happened stand or fall together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from django.db.models import QuerySet


@dataclass(frozen=True)
class AuditRecord:
    """Something worth keeping: who did what, to what, in which workspace.

    `event` is a dotted word such as `mailbox.changed`; `about` a plain subject such as `mailbox:3`; `details` holds no
    secret and no letter's text.
    """

    event: str
    workspace_id: int | None = None
    user_id: int | None = None
    about: str = ""
    reason: str = ""
    lead_email: str = ""
    sender_email: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class AuditRecorder(Protocol):
    """Filled by compliance: inserts one row of the audit log."""

    def __call__(self, record: AuditRecord) -> None: ...


class SuppressionListener(Protocol):
    """Filled by campaigns: what waits for these addresses must not leave. `workspace_id` None means every workspace.

    `opted_out` are those of them that asked for it themselves, each with the subject of the entry that says so.
    """

    def __call__(
        self,
        *,
        workspace_id: int | None,
        addresses: Sequence[str],
        domains: Sequence[str],
        opted_out: Mapping[str, str],
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person wrote back. `letter` is the attempt that it answers, where that is known."""

    lead: int
    letter: int | None
    is_interested: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class CameBack:
    """Something that came in to a campaign: a reply's classification, and when."""

    campaign: int
    classification: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChangedAnswers:
    """What is not as it was: leads whose answers came, went or were tagged anew, and the moments these had come in."""

    leads: frozenset[int] = frozenset()
    moments: frozenset[datetime] = frozenset()


class AnswerBook(Protocol):
    """Filled by the inbox: what the numbers of campaigns are counted from. Automatic replies and reports are no
    answers; they only came back. Each method asks a constant number of queries."""

    def answers(self, leads: QuerySet[Any]) -> Sequence[Answer]:
        """The answers of these leads (a query for their keys), the oldest first."""
        ...

    def came_back(
        self, workspace_id: int, spans: Sequence[tuple[datetime, datetime]], *, campaign_id: int | None = None
    ) -> Iterable[CameBack]:
        """Everything that came in to campaigns between these moments, the first one of a span included."""
        ...

    def changed(self, workspace_id: int, *, since: datetime) -> ChangedAnswers | None:
        """None: more than can be named, so all must be counted anew."""
        ...

    def first_at(self, workspace_id: int) -> datetime | None:
        """When the first of all that came in to a campaign came."""
        ...


_audit_recorder: AuditRecorder | None = None
_suppression_listeners: list[SuppressionListener] = []
_answer_book: AnswerBook | None = None


def set_audit_recorder(recorder: AuditRecorder) -> None:
    global _audit_recorder  # noqa: PLW0603 - a registry that is filled once, at start
    _audit_recorder = recorder


def record_audit(record: AuditRecord) -> None:
    """Write one row of the audit log in the caller's transaction. An installation without a log does not start."""
    if _audit_recorder is None:
        raise RuntimeError("No audit log is registered: compliance must be installed.")
    _audit_recorder(record)


def add_suppression_listener(listener: SuppressionListener) -> None:
    if listener not in _suppression_listeners:
        _suppression_listeners.append(listener)


def announce_suppression(
    *,
    workspace_id: int | None,
    addresses: Sequence[str] = (),
    domains: Sequence[str] = (),
    opted_out: Mapping[str, str] | None = None,
) -> None:
    for listener in _suppression_listeners:
        listener(workspace_id=workspace_id, addresses=addresses, domains=domains, opted_out=opted_out or {})


def set_answer_book(book: AnswerBook) -> None:
    global _answer_book  # noqa: PLW0603 - a registry that is filled once, at start
    _answer_book = book


def answer_book() -> AnswerBook:
    if _answer_book is None:
        raise RuntimeError("No inbox is registered: it must be installed.")
    return _answer_book


@dataclass(frozen=True)
class BegunAnswer:
    """An answer that stands in somebody's composer. `is_new` False: they had begun one, and it is as they left it."""

    reply_id: int
    is_new: bool


class AnswerBeginner(Protocol):
    """Filled by the inbox: begin an answer to what a lead wrote last, for this person to go on with.

    None where nobody there has written.
    """

    def __call__(self, lead_id: int, *, text: str, user_id: int, now: datetime) -> BegunAnswer | None: ...


_answer_beginner: AnswerBeginner | None = None


def set_answer_beginner(beginner: AnswerBeginner) -> None:
    global _answer_beginner  # noqa: PLW0603 - as above
    _answer_beginner = beginner


def begin_answer(lead_id: int, *, text: str, user_id: int, now: datetime) -> BegunAnswer | None:
    if _answer_beginner is None:
        raise RuntimeError("No inbox is registered: it must be installed.")
    return _answer_beginner(lead_id, text=text, user_id=user_id, now=now)


class CampaignNames(Protocol):
    """Filled by campaigns: the names of these campaigns of one workspace; one that is gone is left out."""

    def __call__(self, campaign_ids: Sequence[int], *, workspace_id: int) -> Mapping[int, str]: ...


_campaign_names: CampaignNames | None = None


def set_campaign_names(names: CampaignNames) -> None:
    global _campaign_names  # noqa: PLW0603 - a registry that is filled once, at start
    _campaign_names = names


def campaign_names(campaign_ids: Sequence[int], *, workspace_id: int) -> Mapping[int, str]:
    if _campaign_names is None:
        raise RuntimeError("No campaigns are registered: they must be installed.")
    return _campaign_names(campaign_ids, workspace_id=workspace_id)


@dataclass(frozen=True)
class MailboxUse:
    """How much of a mailbox's room is used: its letters of the workspace's day, and those of its sign-in in the last
    sixty minutes; and why its letters are held back, if they are.
    """

    today: int = 0
    this_hour: int = 0
    held_because: str = ""


class MailboxUseReader(Protocol):
    """Filled by compliance: counts the ledger, as the caps do."""

    def __call__(
        self, sign_ins: Mapping[int, str], *, day_began_at: datetime, now: datetime
    ) -> Mapping[int, MailboxUse]: ...


_mailbox_use_reader: MailboxUseReader | None = None


def set_mailbox_use_reader(reader: MailboxUseReader) -> None:
    global _mailbox_use_reader  # noqa: PLW0603 - a registry that is filled once, at start
    _mailbox_use_reader = reader


def mailbox_use(sign_ins: Mapping[int, str], *, day_began_at: datetime, now: datetime) -> Mapping[int, MailboxUse]:
    """What was used of these mailboxes, each given with its sign-in."""
    if _mailbox_use_reader is None:
        raise RuntimeError("No ledger is registered: compliance must be installed.")
    return _mailbox_use_reader(sign_ins, day_began_at=day_began_at, now=now)


class MailboxMendedListener(Protocol):
    """Filled by compliance: lifts the hold that a mailbox's own failure had placed on it."""

    def __call__(self, mailbox_id: int, *, user_id: int, now: datetime) -> None: ...


_mailbox_mended_listener: MailboxMendedListener | None = None


def set_mailbox_mended_listener(listener: MailboxMendedListener) -> None:
    global _mailbox_mended_listener  # noqa: PLW0603 - a registry that is filled once, at start
    _mailbox_mended_listener = listener


def announce_mailbox_mended(mailbox_id: int, *, user_id: int, now: datetime) -> None:
    """An owner has tried the mailbox, and its server took a letter: what waited for that may go on."""
    if _mailbox_mended_listener is None:
        raise RuntimeError("Nobody keeps holds: compliance must be installed.")
    _mailbox_mended_listener(mailbox_id, user_id=user_id, now=now)


@dataclass(frozen=True)
class Engagement:
    """Something under way with an address that an unasked letter would talk over, as a sentence for a person.

    `letter` is the number of an attempt that waits or is leaving; None: they wrote to us, and it is our turn.
    """

    sentence: str
    campaign: str = ""  # campaign:7
    letter: int | None = None


class OutreachFacts(Protocol):
    """Filled by campaigns and by the inbox, each with one query: what is under way with these normalised addresses."""

    def __call__(
        self, addresses: Collection[str], *, workspace_id: int, now: datetime
    ) -> Mapping[str, Sequence[Engagement]]: ...


_outreach_facts: list[OutreachFacts] = []


def add_outreach_facts(facts: OutreachFacts) -> None:
    if facts not in _outreach_facts:
        _outreach_facts.append(facts)


def engagements(addresses: Collection[str], *, workspace_id: int, now: datetime) -> Mapping[str, Sequence[Engagement]]:
    """What every room knows, by address; one that nothing is under way with is left out."""
    found: dict[str, list[Engagement]] = {}
    for facts in _outreach_facts:
        for address, known in facts(addresses, workspace_id=workspace_id, now=now).items():
            found.setdefault(address, []).extend(known)
    return found


class HandLetters(Protocol):
    """Filled by the inbox: when somebody last wrote to these sites with their own mail program, since a moment.

    A site is a registrable domain; at a mail provider, whose users share none, it is the address. One query.
    """

    def __call__(self, sites: Collection[str], *, workspace_id: int, since: datetime) -> Mapping[str, datetime]: ...


_hand_letters: list[HandLetters] = []


def add_hand_letters(letters: HandLetters) -> None:
    if letters not in _hand_letters:
        _hand_letters.append(letters)


def written_by_hand(sites: Collection[str], *, workspace_id: int, since: datetime) -> Mapping[str, datetime]:
    """By site; one that nobody wrote to by hand is left out."""
    found: dict[str, datetime] = {}
    for letters in _hand_letters:
        found |= letters(sites, workspace_id=workspace_id, since=since)
    return found


class InboxFreshness(Protocol):
    """Filled by the inbox: up to which moment each of these mailboxes has been read to the end, and understood.

    Whatever had arrived by then has had its consequences. One that cannot receive, or never was read so far, is left
    out. Rooms that take mail in by another way than a poll add their own; the latest moment counts.
    """

    def __call__(self, mailbox_ids: Collection[int], *, now: datetime) -> Mapping[int, datetime]: ...


_inbox_freshness: list[InboxFreshness] = []


def add_inbox_freshness(freshness: InboxFreshness) -> None:
    if freshness not in _inbox_freshness:
        _inbox_freshness.append(freshness)


def inbox_read_until(mailbox_ids: Collection[int], *, now: datetime) -> Mapping[int, datetime]:
    """By mailbox, the moment up to which everything that arrived was read and understood; none is named for nothing."""
    found: dict[int, datetime] = {}
    for freshness in _inbox_freshness:
        for mailbox_id, moment in freshness(mailbox_ids, now=now).items():
            found[mailbox_id] = max(moment, found.get(mailbox_id, moment))
    return found


# --- News: what people and other programs are told of -----------------------------------------------------------------


class What(StrEnum):
    """Kinds of news, as programs read them."""

    REPLY = "reply.received"  # a person answered a letter
    INTEREST = "reply.interested"  # an answer was read as interested, by a rule or a person
    BOUNCE = "letter.bounced"  # a letter came back, and the report names it
    OPT_OUT = "contact.opted_out"  # somebody does not want to be written to
    PLACEMENT = "placement.changed"  # an agreed link was found, changed or is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that happened. `facts` are ids and words of ours, no text that anybody wrote; `email` is whom it is of.

    The same thing has the same `key`, whoever tells of it: it is news once.
    """

    what: What
    workspace_id: int
    about: str  # a plain subject such as reply:42
    key: str
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    email: str = ""


class NewsListener(Protocol):
    """Filled by the desk: writes down whom to tell. All news is of one workspace."""

    def __call__(self, news: Sequence[News]) -> None: ...


_news_listeners: list[NewsListener] = []


def add_news_listener(listener: NewsListener) -> None:
    if listener not in _news_listeners:
        _news_listeners.append(listener)


def announce(news: Sequence[News]) -> None:
    """Tell of what happened, in the very transaction in which it did: none is lost, and none made up."""
    if news:
        for listener in _news_listeners:
            listener(news)


# --- Personal data: who holds it, shows it, and lets it go ------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """Whose data is asked about: one address in one workspace.

    `key` is the address normalised, `spellings` every way in which it is written here, the key among them, in lower
    case; `stone` is what stands in its place once it is erased.
    """

    workspace_id: int
    key: str
    stone: str
    spellings: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """One piece of the evidence about a person: what happened, when, and the words themselves.

    `section` is one of `found letters answers decisions consent objections`; `facts` are pairs of a word and its value;
    `quote` is a text as it was written; `about` a plain subject such as attempt:42; `sent_at` says of a letter that it
    left, and when.
    """

    section: str
    at: datetime
    title: str
    facts: Sequence[tuple[str, str]] = ()
    quote: str = ""
    about: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True)
class Cutoffs:
    """Moments before which something has been kept for long enough."""

    unwritten: datetime  # contacts in the EU and UK to whom nobody wrote
    unlinked: datetime  # mail that belongs to no letter
    raw: datetime  # the bytes of messages
    replies: datetime  # what people answered
    audit: datetime  # the readable people of the audit log


@dataclass(frozen=True)
class Overdue:
    """Rows that have been kept for long enough. `let_go` takes their keys, in the caller's transaction, and after it
    they are not in `rows` any more."""

    what: str  # in words, such as "replies"
    rows: QuerySet[Any]
    let_go: Callable[[Sequence[int]], None]


@dataclass(frozen=True)
class Swept:
    """How far a shelf was looked through: the key to go on from, and whether that was the end of it."""

    after: int
    is_done: bool


class Shelf(Protocol):
    """Rows in which somebody may be named who is not whom they are about: texts, and the bytes of messages."""

    @property
    def name(self) -> str: ...

    def sweep(self, person: Person, *, after: int) -> Swept:
        """Take the person's address out of the next rows above the key `after`, in a transaction of its own."""
        ...


class NotYetError(Exception):
    """The person cannot be erased at this moment, and can be soon; the message says why, for a person."""


class Holder(Protocol):
    """Filled by each room that keeps personal data; asked by the privacy desk, in its transaction.

    `models` names what the room answers for, as `app.Model`. Every method may be called again without harm.
    """

    @property
    def models(self) -> frozenset[str]: ...

    def spellings(self, workspace_id: int, key: str) -> set[str]:
        """Every way in which the address is written in this room."""
        ...

    def count(self, person: Person) -> Mapping[str, int]:
        """What an erasure would take, in words, with numbers."""
        ...

    def export(self, person: Person) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Everything that is held, as rows of plain values, by the kind of row."""
        ...

    def evidence(self, person: Person) -> Sequence[Exhibit]: ...

    def erase(self, person: Person, *, now: datetime) -> None:
        """Let the person go. Raises NotYetError, and then has changed nothing that stays."""
        ...

    def shelves(self) -> Sequence[Shelf]: ...

    def overdue(self, workspace_id: int, cutoffs: Cutoffs) -> Sequence[Overdue]: ...


_holders: list[Holder] = []


def add_holder(holder: Holder) -> None:
    """A room says that it holds personal data. Rooms are asked in the order in which they said so."""
    if holder not in _holders:
        _holders.append(holder)


def holders() -> Sequence[Holder]:
    return tuple(_holders)
