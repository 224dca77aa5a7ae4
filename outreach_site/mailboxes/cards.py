"""What the mailbox page says of each mailbox: three words with a tone, today's use, the age of its password."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from outreach_site.accounts.models import Workspace
from outreach_site.lib.ports import MailboxUse, mailbox_use
from outreach_site.mailboxes.domains.desk import domain_of, domains_of
from outreach_site.mailboxes.domains.records import Verdict
from outreach_site.mailboxes.models import Connection, Mailbox, SendingDomain, SignIn, split_trouble
from outreach_site.mailboxes.oauth.keeping import connections_of, ends_soon

# Old enough to be changed (REQUIREMENTS: every 90 days).
PASSWORD_DAYS = 90
# Letters per hour from which the meter warns.
NEARLY_FULL = 0.8
LIFT_IT = "Lift it under Compliance, Held back."


@dataclass(frozen=True, slots=True)
class StateWord:
    """A word, its tone (good warn bad muted neutral), and what stands behind it."""

    tone: str
    text: str
    sentence: str = ""
    words: str = ""  # the server's own
    advice: str = ""
    since: datetime | None = None


# By domains.records.Verdict.
DNS_WORDS = {
    Verdict.GOOD: StateWord("good", "In order"),
    Verdict.WARN: StateWord("warn", "Could be better"),
    Verdict.MISSING: StateWord("bad", "Missing"),
    Verdict.UNKNOWN: StateWord("neutral", "Unknown"),
    Verdict.THEIRS: StateWord("neutral", "Your provider's"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What stands in a notice: a trial's outcome, a recorded trouble, or why nothing was tried."""

    tone: str
    title: str
    text: str = ""
    words: str = ""  # the server's own
    problems: tuple[tuple[str, str], ...] = ()  # field and sentence


@dataclass(frozen=True, slots=True)
class Connected:
    """How a connected mailbox stands with its provider; `ends_at` where that is soon."""

    text: str
    since: datetime
    ends_at: datetime | None
    has_ended: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One mailbox as its card shows it."""

    mailbox: Mailbox
    sending: StateWord
    receiving: StateWord
    dns: StateWord
    use: MailboxUse
    hourly_limit: int
    password_days: int | None
    connected: Connected | None = None
    ramp_limit: int | None = None  # letters a day that its slow start allows now
    day_limit: int | None = None  # the lower of that and the mailbox's own limit

    @property
    def troubles(self) -> list[Said]:
        copies = self.mailbox.sent_copy_trouble
        return [
            *([Said("warn", title=copies, text="The letters themselves were sent.")] if copies else []),
            *self._states_in_trouble,
        ]

    @property
    def _states_in_trouble(self) -> list[Said]:
        return [
            Said(word.tone, title=word.sentence, text=word.advice, words=word.words)
            for word in (self.sending, self.receiving)
            if word.sentence
        ]

    @property
    def password_is_old(self) -> bool:
        return self.password_days is not None and self.password_days >= PASSWORD_DAYS

    @property
    def password_words(self) -> str:
        """How old the password is."""
        days = self.password_days or 0
        return "saved today" if days == 0 else "saved yesterday" if days == 1 else f"saved {days} days ago"

    @property
    def hour_words(self) -> str:
        return f"{self.use.this_hour} of {self.hourly_limit}"

    @property
    def today_words(self) -> str:
        letters = f"{self.use.today} letter" + ("" if self.use.today == 1 else "s")
        return f"{self.use.today} of {self.day_limit} letters" if self.day_limit else letters

    @property
    def slow_start(self) -> str:
        """What its slow start allows; empty where it has none, or another limit is lower."""
        is_lower = self.ramp_limit is not None and self.ramp_limit == self.day_limit
        return f"Slow start: {self.ramp_limit} a day now" if is_lower else ""

    @property
    def use_tone(self) -> str:
        return "warn" if self.use.this_hour >= self.hourly_limit * NEARLY_FULL else ""


def cards(mailboxes: Iterable[Mailbox], *, workspace: Workspace, now: datetime) -> list[Card]:
    """The cards of these mailboxes of one workspace; the number of queries does not grow with them."""
    listed = list(mailboxes)
    use = use_of(listed, workspace=workspace, now=now)
    connections = connections_of(listed)
    domains = domains_of(listed, workspace)
    for mailbox in listed:
        mailbox.workspace = workspace  # Known already: nobody asks the database for it again.
    return [
        _card(mailbox, use, connections.get(mailbox.pk), domains.get(domain_of(mailbox)), now) for mailbox in listed
    ]


def use_of(mailboxes: Iterable[Mailbox], *, workspace: Workspace, now: datetime) -> Mapping[int, MailboxUse]:
    """How much of their room these mailboxes of one workspace have used, by mailbox."""
    sign_ins = {mailbox.pk: mailbox.sign_in for mailbox in mailboxes}
    return mailbox_use(sign_ins, day_began_at=workspace.day_bounds(now)[0], now=now)


def _card(
    mailbox: Mailbox,
    use: Mapping[int, MailboxUse],
    connection: Connection | None,
    domain: SendingDomain | None,
    now: datetime,
) -> Card:
    set_at = mailbox.smtp_password_set_at
    used = use[mailbox.pk]
    return Card(
        mailbox=mailbox,
        sending=_sending(mailbox, used.held_because),
        receiving=_receiving(mailbox),
        dns=_dns(domain),
        use=used,
        hourly_limit=hourly_limit(mailbox),
        password_days=(now - set_at) // timedelta(days=1) if set_at else None,
        connected=_connected(mailbox, connection, now) if connection else None,
        ramp_limit=mailbox.ramp_limit(now),
        day_limit=mailbox.day_limit(now),
    )


def _dns(domain: SendingDomain | None) -> StateWord:
    """What is not looked at is not called well."""
    if domain is None or domain.checked_at is None:
        return StateWord("muted", "Not checked")
    word = DNS_WORDS[Verdict(domain.verdict)]
    return StateWord(word.tone, word.text, since=domain.checked_at)


def _connected(mailbox: Mailbox, connection: Connection, now: datetime) -> Connected:
    return Connected(
        text=SignIn(mailbox.sign_in_by).label,
        since=connection.connected_at,
        ends_at=ends_soon(connection, mailbox.sign_in_by, now=now),
        has_ended=connection.ended_at is not None,
    )


def hourly_limit(mailbox: Mailbox) -> int:
    """Letters an hour: the mailbox's own limit, bounded by this server's."""
    return min(mailbox.hourly_limit or settings.MAX_EMAILS_PER_HOUR, settings.MAX_EMAILS_PER_HOUR)


def _sending(mailbox: Mailbox, held_because: str) -> StateWord:
    if mailbox.sending_state == Mailbox.State.TROUBLE:
        return _trouble(mailbox, "sending")
    if held_because:
        return StateWord(
            "warn",
            "Held back",
            sentence=f"Its letters wait. {held_because}",
            advice=f"{LIFT_IT} A test letter that goes lifts what its own failure placed.",
        )
    if mailbox.paused_at is not None:
        return StateWord("warn", "Paused", since=mailbox.paused_at)
    if mailbox.sending_state == Mailbox.State.OK:
        return StateWord("good", "Works", since=mailbox.sending_state_at)
    return StateWord("neutral", "Not tried yet")


def _receiving(mailbox: Mailbox) -> StateWord:
    if not mailbox.imap_host and mailbox.webhook_verified_at is not None:
        return StateWord("good", "By webhook", since=mailbox.webhook_verified_at)
    if not mailbox.imap_host:
        return StateWord("muted", "Not set up")
    if mailbox.receiving_state == Mailbox.State.TROUBLE:
        return _trouble(mailbox, "receiving")
    if mailbox.receiving_state == Mailbox.State.OK:
        return StateWord("good", "Works", since=mailbox.polled_at or mailbox.receiving_state_at)
    return StateWord("neutral", "Not tried yet")


def _trouble(mailbox: Mailbox, way: str) -> StateWord:
    sentence, words = split_trouble(getattr(mailbox, f"{way}_trouble"))
    return StateWord(
        "bad",
        "In trouble",
        sentence=sentence,
        words=words,
        advice=f"{getattr(mailbox, f'{way}_advice')} {_IN_ENVIRONMENT if mailbox.from_environment else ''}".strip(),
        since=getattr(mailbox, f"{way}_state_at"),
    )


_IN_ENVIRONMENT = "Its settings stand in this server's environment (.env): restart after a change."
