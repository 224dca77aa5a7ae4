"""The rules: may this letter go? Pure and bulk: plain values in, answers out, no database and no clock.

Every rule answers for every letter it applies to, so that a person sees all that stands in the way at once. A letter
sees the letters before it in the same batch: two of them cannot both take the last place of a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache, cached_property, lru_cache

from compliance.addresses import (
    InvalidAddressError,
    domain_of,
    is_disposable,
    is_free_mail,
    is_role_account,
    is_test,
    normalise,
    parents_of,
)
from compliance.models import Kind, LegalBasis, PolicyResult
from compliance.regions import RegionGuess, Treatment, asks_businesses_too, region_of, treatment_of
from outreach_site.lib.ports import Engagement

HOUR = timedelta(hours=1)
# Between two letters to one recipient domain: many in a row are what a spammer's burst looks like to its server. A
# large mail provider sees so many that a shorter pause is enough.
DOMAIN_GAP = timedelta(seconds=60)
FREE_MAIL_GAP = timedelta(seconds=15)
# What campaigns leave of a mailbox's room for answers: one letter in so many.
ANSWERS_SHARE = 10


class Outcome(StrEnum):
    PASSED = "passed"
    WARNED = "warned"  # goes, and a person should know
    WAITS = "waits"  # goes by itself later
    ASKS = "asks"  # goes when a person has decided
    REFUSED = "refused"  # never goes


class Rule(StrEnum):
    """Every rule, in the order in which a person reads them."""

    REHEARSAL = "rehearsal"  # a rehearsal never reaches a real address, nor a real mailbox a rehearsed one
    VALID_ADDRESS = "valid_address"  # something that mail servers take for one address
    IDENTITY = "identity"  # who writes is told: name, organisation, postal address
    NOTICE = "notice"  # the reader is told what becomes of their data
    UNSUBSCRIBE = "unsubscribe"  # the reader can say no with one click
    SUPPRESSION = "suppression"  # nobody who asked not to be written to
    NEVER_PITCH = "never_pitch"  # own, clients', competitors' and partners' sites
    HOLD = "hold"  # a pause that somebody or something ordered
    CONVERSATION = "conversation"  # nobody who is being written to, or who has just written back
    COOL_OFF = "cool_off"  # nobody at a site that one of us has written to lately, unless somebody says so
    STEP = "step"  # the same address gets the same step of a campaign once, for ever
    DUPLICATE = "duplicate"  # the same subject to the same person from the same address within IDEMPOTENCY_HOURS
    REGION = "region"  # what the recipient's region asks for
    SOURCE = "source"  # where the address was found is known, and told
    ADDRESS = "address"  # role accounts are flagged
    APPROVAL = "approval"  # a workspace's first letters, and those to some regions, are read by a person first
    USER_CAP = "user_cap"
    DOMAIN_CAP = "domain_cap"
    DOMAIN_PACE = "domain_pace"  # not many letters in a row to one recipient domain
    RAMP_UP = "ramp_up"  # a new mailbox starts with few letters a day
    MAILBOX_DAY = "mailbox_day"
    MAILBOX_HOUR = "mailbox_hour"


_ALWAYS = frozenset(
    {
        Rule.REHEARSAL,
        Rule.VALID_ADDRESS,
        Rule.IDENTITY,
        Rule.SUPPRESSION,
        Rule.HOLD,
        Rule.ADDRESS,
        Rule.USER_CAP,
        Rule.DOMAIN_CAP,
        Rule.MAILBOX_DAY,
        Rule.MAILBOX_HOUR,
    }
)
# What we write of our own accord owes its reader more than an answer does.
_UNASKED = frozenset(
    {
        Rule.NOTICE,
        Rule.UNSUBSCRIBE,
        Rule.NEVER_PITCH,
        Rule.CONVERSATION,
        Rule.STEP,
        Rule.DUPLICATE,
        Rule.REGION,
        Rule.SOURCE,
        Rule.APPROVAL,
        Rule.DOMAIN_PACE,
        Rule.RAMP_UP,
    }
)
# Which rule applies to which kind of letter. An answer to a person who wrote needs no ground and may repeat a subject.
# A follow-up goes to a site that was written to: that is what it is.
APPLIES: Mapping[Kind, frozenset[Rule]] = {
    Kind.FIRST: _ALWAYS | _UNASKED | {Rule.COOL_OFF},
    Kind.FOLLOW_UP: _ALWAYS | _UNASKED,
    Kind.ANSWER: _ALWAYS,
}


# What these rules say is about one letter: to a question about a letter that does not exist they have no answer.
_OF_A_LETTER = frozenset({Rule.STEP, Rule.SOURCE})


LONGEST_REASON = 500  # as a letter keeps it


@dataclass  # Not frozen, which would take five times as long to make; nobody changes one.
class Letter:
    """A letter that asks to leave."""

    about: str  # its plain subject, such as attempt:42; empty for a question about a letter that does not exist
    kind: Kind
    user_id: int | None
    mailbox_id: int
    sign_in: str  # what the hourly limit is counted for
    sender: str
    recipient: str  # as it is addressed
    recipient_key: str  # normalised
    recipient_domain: str  # registrable
    subject: str
    subject_digest: str
    message_id: str = ""
    step: str = ""  # step:9
    campaign: str = ""  # campaign:7
    identity_complete: bool = True
    through_sandbox: bool = False  # the mailbox speaks to the rehearsal post office
    site: str = ""  # the host of the site it is about; empty where that is the recipient's own
    has_notice: bool = True  # it names a page that says what becomes of the reader's data
    ground: str = ""  # the basis evidence that a person named
    found_url: str = ""  # where the address was found
    found_passage: str = ""
    found_at: datetime | None = None
    must_be_read: bool = False  # by a person before it leaves: to somebody whom another reader named
    is_hidden: bool = False  # it was written so that only people read it, and no person has said that we may use it
    approved: bool = False  # a person has read this very letter and let it go
    cool_off_waived: bool = False  # a person wants to write there although somebody has lately
    refusal_waived: bool = False  # a person wants to answer once although the reader said no
    hourly_limit: int | None = None
    daily_limit: int | None = None
    ramp_limit: int | None = None  # letters a day that the mailbox's slow start allows; None: it has none
    is_paced: bool = False  # its mailbox keeps letters apart
    # One letter that somebody sends by itself, through the API: what a region asks for before a launch of many is here
    # something to know.
    is_single: bool = False
    waits_because: str = ""  # the reason of a wait that is in the audit log already, at most LONGEST_REASON of it
    is_question: bool = False  # somebody only asks: there is no such letter

    @property
    def number(self) -> int | None:
        """Of the attempt; None for a letter that is not stored yet."""
        number = self.about.rpartition(":")[2]
        return int(number) if number.isdigit() else None

    @property
    def shared_site(self) -> str:
        """What "the same site" means for a cool-off: the registrable domain; at a mail provider the address alone."""
        return self.recipient_key if is_free_mail(self.recipient_domain) else self.recipient_domain


@dataclass(frozen=True)
class Written:
    """The last letter to a site."""

    who: str  # a person's name; empty where they are gone
    at: datetime


@dataclass(frozen=True)
class Limits:
    per_user_day: int
    per_domain_day: int
    per_sign_in_hour: int
    repeat_hours: int
    cool_off_days: int = 0  # 0: no cool-off
    first_letters: int = 0  # how many a person approves before the rest leave by themselves


@dataclass(frozen=True)
class Hour:
    """What a sign-in has used of the last sixty minutes."""

    count: int = 0
    oldest_at: datetime | None = None  # its first letter's moment

    def ends_at(self, now: datetime) -> datetime:
        """When there is a place again: an hour after its first letter. What a clock ahead of its time wrote down counts
        as of now, so that whoever waits looks again within the hour.
        """
        return min(self.oldest_at or now, now) + HOUR


@dataclass(frozen=True)
class Facts:
    """What the rules need to know, gathered for a whole batch at once."""

    limits: Limits
    day_ends_at: datetime
    treatments: Mapping[str, str] = field(default_factory=dict)
    sandbox: bool = False
    suppressed: Mapping[str, str] = field(default_factory=dict)  # normalised address -> why, for a person
    # Those among them against whom nothing stands but a refusal of their own -> whether we have answered it already.
    refused: Mapping[str, bool] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)  # subject -> why, for a person
    regions: Mapping[str, RegionGuess] = field(default_factory=dict)  # Letter.shared_site -> where that is known to be
    never_pitch: Mapping[str, str] = field(default_factory=dict)  # domain -> whose it is, for a person
    engaged: Mapping[str, Sequence[Engagement]] = field(default_factory=dict)  # by normalised address
    written: Mapping[str, Written] = field(default_factory=dict)  # Letter.shared_site -> the last letter there
    names: Mapping[int, str] = field(default_factory=dict)  # of people, by their ids
    let_go: int = 0  # unasked letters that the workspace has let go so far; counted up to Limits.first_letters
    look_at_regions: AbstractSet[str] = frozenset()
    readers_reach_us: bool = True  # the links in letters lead to this server from elsewhere
    consents: Mapping[str, date] = field(default_factory=dict)  # normalised address -> since when, by a live record
    taken_steps: AbstractSet[tuple[str, str]] = frozenset()  # (step, normalised address)
    repeats: AbstractSet[tuple[str, str, str]] = frozenset()  # (sender, normalised address, subject digest)
    per_user: Mapping[int | None, int] = field(default_factory=dict)
    per_domain: Mapping[str, int] = field(default_factory=dict)
    per_mailbox: Mapping[int, int] = field(default_factory=dict)
    per_sign_in: Mapping[str, Hour] = field(default_factory=dict)
    newest_at: Mapping[str, datetime] = field(default_factory=dict)  # domain -> today's last letter there


@dataclass(frozen=True)
class Check:
    """One rule's answer about one letter."""

    rule: Rule
    outcome: Outcome
    sentence: str
    until: datetime | None = None

    @cached_property
    def row(self) -> Mapping[str, str]:
        """As it is written into the log."""
        return {"rule": self.rule.value, "outcome": self.outcome.value, "sentence": self.sentence}


@dataclass(frozen=True)
class Decision:
    """All rules' answers about one letter, and what follows from them together.

    `asks` with a deferred result: the letter waits for a person, not for a time. Counts are those before the letter.
    """

    letter: Letter
    result: PolicyResult
    reason: str
    region: RegionGuess
    checks: tuple[Check, ...]
    until: datetime | None = None
    asks: bool = False
    daily_user_count: int = 0
    daily_domain_count: int = 0

    @property
    def allowed(self) -> bool:
        return self.result == PolicyResult.APPROVED

    @property
    def waits_on(self) -> bool:
        """Whether the letter waits for what it waited for before: the log has it already."""
        return self.result == PolicyResult.DEFERRED and self.reason[:LONGEST_REASON] == self.letter.waits_because

    @property
    def asks_for_ground(self) -> bool:
        """Whether naming why we may write is among what it waits for."""
        return self.asks and any(check.rule == Rule.REGION and check.outcome == Outcome.ASKS for check in self.checks)

    @property
    def deciding(self) -> tuple[Rule, ...]:
        """The rules because of which it does not go now, in their order."""
        if self.allowed:
            return ()
        return tuple(check.rule for check in _deciding(self.checks))

    @property
    def asking(self) -> tuple[Rule, ...]:
        """The rules that wait for a person."""
        return tuple(check.rule for check in self.checks if check.outcome == Outcome.ASKS) if self.asks else ()

    @property
    def legal_basis(self) -> LegalBasis:
        return self.region.legal_basis


class _Running:
    """The counts of a batch as it is decided: what was there, plus the letters already let go."""

    def __init__(self, facts: Facts) -> None:
        self.per_user = Counter(dict(facts.per_user))
        self.per_domain = Counter(dict(facts.per_domain))
        self.per_mailbox = Counter(dict(facts.per_mailbox))
        self.per_sign_in = dict(facts.per_sign_in)
        self.newest_at = dict(facts.newest_at)
        self.taken_steps = set(facts.taken_steps)
        self.repeats = set(facts.repeats)
        self.answered = {address for address, is_answered in facts.refused.items() if is_answered}
        self.written = dict(facts.written)
        self.names = facts.names
        self.let_go = facts.let_go

    def add(self, letter: Letter, now: datetime) -> None:
        self.per_user[letter.user_id] += 1
        self.per_domain[letter.recipient_domain] += 1
        self.per_mailbox[letter.mailbox_id] += 1
        self.newest_at[letter.recipient_domain] = now
        hour = self.per_sign_in.get(letter.sign_in, Hour())
        self.per_sign_in[letter.sign_in] = Hour(hour.count + 1, hour.oldest_at or now)
        self.taken_steps.add((letter.step, letter.recipient_key))
        self.repeats.add((letter.sender, letter.recipient_key, letter.subject_digest))
        if letter.kind == Kind.ANSWER:
            self.answered.add(letter.recipient_key)
        else:
            self.let_go += 1
            self.written[letter.shared_site] = Written(self.names.get(letter.user_id or 0, ""), now)


@dataclass(frozen=True)
class _Case:
    letter: Letter
    facts: Facts
    running: _Running
    region: RegionGuess
    now: datetime


def decide(letters: Iterable[Letter], facts: Facts, *, now: datetime) -> list[Decision]:
    """Decide a batch in order; linear in its size."""
    running = _Running(facts)
    decisions = []
    for asked in letters:
        letter = _with_what_is_on_record(asked, facts)
        region = facts.regions.get(letter.shared_site) or region_of(letter.recipient_key)
        decision = _decide_one(_Case(letter, facts, running, region, now))
        if decision.allowed:
            running.add(letter, now)
        decisions.append(decision)
    return decisions


# The ground that nobody names: a live record makes it, and without one a letter that claims it has none.
CONSENT = "consent"


def _with_what_is_on_record(letter: Letter, facts: Facts) -> Letter:
    ground = CONSENT if letter.recipient_key in facts.consents else "" if letter.ground == CONSENT else letter.ground
    return letter if ground == letter.ground else replace(letter, ground=ground)


# What a region asks for, and a person adds in the ordinary course before a letter leaves.
_ASKED_BY_REGION = frozenset({Rule.REGION, Rule.SOURCE, Rule.NOTICE})
# To somebody who only asks it is something to know, as is the reading of the letter.
_ADDED_LATER = _ASKED_BY_REGION | {Rule.APPROVAL}
# Waits of seconds, which nobody minds.
_SHORT_WAITS = frozenset({Rule.DOMAIN_PACE})


def at_once(decision: Decision) -> Decision:
    """The answer for somebody who will not wait: what would have to wait, or needs a person, does not go.

    Where a region, its like, or the workspace asks something of a person first, it goes, with a warning.
    """
    if decision.result != PolicyResult.DEFERRED:
        return decision
    checks = _without_asking(decision.checks, _ADDED_LATER)
    stops = [
        check.sentence
        for check in checks
        if check.outcome in {Outcome.ASKS, Outcome.WAITS} and check.rule not in _SHORT_WAITS
    ]
    return replace(
        decision,
        result=PolicyResult.BLOCKED if stops else PolicyResult.APPROVED,
        reason=" ".join(stops),
        checks=checks,
        until=None,
        asks=False,
    )


def _without_asking(checks: Sequence[Check], rules: AbstractSet[Rule]) -> tuple[Check, ...]:
    """What these rules would ask a person becomes something to know."""
    return tuple(
        replace(check, outcome=Outcome.WARNED) if check.outcome == Outcome.ASKS and check.rule in rules else check
        for check in checks
    )


def _decide_one(case: _Case) -> Decision:
    letter = case.letter
    checks = tuple([rule(case) for rule in _rules_for(letter.kind, is_question=letter.is_question)])
    if letter.is_single:
        checks = _without_asking(checks, _ASKED_BY_REGION)
    deciding = _deciding(checks)
    strongest = deciding[0].outcome if deciding else None
    return Decision(
        letter=letter,
        result=_STOPS[strongest] if strongest else PolicyResult.APPROVED,
        reason=" ".join([check.sentence for check in deciding]),
        region=case.region,
        checks=checks,
        until=max([check.until for check in deciding if check.until], default=None),
        asks=strongest == Outcome.ASKS,
        daily_user_count=case.running.per_user[letter.user_id],
        daily_domain_count=case.running.per_domain[letter.recipient_domain],
    )


# The answers that keep a letter from going now, the strongest first, and what becomes of it.
_STOPS = {
    Outcome.REFUSED: PolicyResult.BLOCKED,
    Outcome.ASKS: PolicyResult.DEFERRED,
    Outcome.WAITS: PolicyResult.DEFERRED,
}


def _deciding(checks: Sequence[Check]) -> list[Check]:
    """Those among a letter's answers that its result follows from: the strongest; none where it goes."""
    outcomes = {check.outcome for check in checks}
    strongest = next((outcome for outcome in _STOPS if outcome in outcomes), None)
    return [check for check in checks if check.outcome == strongest] if strongest else []


@lru_cache(maxsize=10_000)
def _say(rule: Rule, outcome: Outcome, sentence: str, until: datetime | None = None) -> Check:
    """Most rules say the same of most letters, so that most answers are made once."""
    return Check(rule, outcome, sentence, until)


def _rehearsal(case: _Case) -> Check:
    to_test, through_sandbox = is_test(case.letter.recipient_key), case.letter.through_sandbox
    if to_test and not case.facts.sandbox:
        return _say(Rule.REHEARSAL, Outcome.REFUSED, "Addresses that end in .test exist only in a rehearsal.")
    if to_test != through_sandbox:
        sentence = (
            "A real mailbox does not write to a rehearsal address."
            if to_test
            else "A rehearsal mailbox does not write to a real address. Connect your own mailbox for real sites."
        )
        return _say(Rule.REHEARSAL, Outcome.REFUSED, sentence)
    return _say(Rule.REHEARSAL, Outcome.PASSED, "Mailbox and address belong to the same post.")


def _valid_address(case: _Case) -> Check:
    written = case.letter.recipient
    try:
        normalise(written)
    except InvalidAddressError as err:
        return _say(Rule.VALID_ADDRESS, Outcome.REFUSED, f"This is not an address that mail can be sent to. {err}")
    if not written.rpartition("@")[0].isascii():
        sentence = "This address has letters that most mail servers cannot take before the @."
        return _say(Rule.VALID_ADDRESS, Outcome.REFUSED, sentence)
    return _say(Rule.VALID_ADDRESS, Outcome.PASSED, "The address is written as addresses are.")


def _identity(case: _Case) -> Check:
    if not case.letter.identity_complete:
        return _say(
            Rule.IDENTITY,
            Outcome.ASKS,
            "The sender is not complete: every letter must say who writes, with name, organisation and postal address.",
        )
    return _say(Rule.IDENTITY, Outcome.PASSED, "The letter says who writes.")


def _notice(case: _Case) -> Check:
    """Asks where the workspace asks, for the laws there (GDPR, article 14, and its like) want the reader told with the
    first letter, whatever our ground is. It is not refused: to add the page is all it takes, and the letter goes on.
    Whoever gave their consent was told then (article 13), so that a live record answers it. Elsewhere a warning.
    """
    if case.letter.has_notice:
        return _say(Rule.NOTICE, Outcome.PASSED, "The letter names a page that says what becomes of data.")
    if _region_asks(case) and case.letter.recipient_key not in case.facts.consents:
        return _say(
            Rule.NOTICE,
            Outcome.ASKS,
            "The law there wants readers told what becomes of their data. Add a privacy notice to the sender identity.",
        )
    return _say(
        Rule.NOTICE,
        Outcome.WARNED,
        "The letter names no privacy notice. Many readers expect one: add it to the sender.",
    )


def _unsubscribe(case: _Case) -> Check:
    """Every such letter is written with the link (campaigns.letters): only where it leads can be wrong. A warning, as
    the reader may always answer, and a server that is being tried out has no public address yet."""
    if case.facts.readers_reach_us or case.letter.through_sandbox:
        return _say(Rule.UNSUBSCRIBE, Outcome.PASSED, "The letter carries the reader's own link to say no.")
    return _say(
        Rule.UNSUBSCRIBE,
        Outcome.WARNED,
        "The link to say no leads to this machine alone: nobody elsewhere can open it. Whoever runs this server sets "
        "SITE_URL to its public address.",
    )


def _suppression(case: _Case) -> Check:
    """A refusal may be answered once, where a person says that they mean to; nobody's own wish to hear no more may."""
    letter = case.letter
    why = case.facts.suppressed.get(letter.recipient_key)
    if why and letter.kind == Kind.ANSWER and letter.refusal_waived and letter.recipient_key in case.facts.refused:
        if letter.recipient_key not in case.running.answered:
            return _say(Rule.SUPPRESSION, Outcome.WARNED, f"{why} Somebody decided to answer that, once.")
        why += " It has been answered once, and that is the end of it."
    if why:
        return _say(Rule.SUPPRESSION, Outcome.REFUSED, why)
    return _say(Rule.SUPPRESSION, Outcome.PASSED, "The address is not on the suppression list.")


def _never_pitch(case: _Case) -> Check:
    for host in (domain_of(case.letter.recipient_key), case.letter.site):
        for domain in parents_of(host) if host else ():
            if domain in case.facts.never_pitch:
                return _say(Rule.NEVER_PITCH, Outcome.REFUSED, case.facts.never_pitch[domain])
    return _say(Rule.NEVER_PITCH, Outcome.PASSED, "The site is not on the list of those never to pitch.")


def _conversation(case: _Case) -> Check:
    """Of two letters that wait for the same address the one that was queued first goes."""
    letter = case.letter
    if not case.facts.limits.cool_off_days:
        return _say(Rule.CONVERSATION, Outcome.PASSED, "This workspace does not ask who else is writing there.")
    for engagement in case.facts.engaged.get(letter.recipient_key, ()):
        own = letter.campaign and engagement.campaign == letter.campaign
        later = letter.number is not None and engagement.letter is not None and engagement.letter >= letter.number
        if engagement.letter is None or not (own or later):
            return _say(Rule.CONVERSATION, Outcome.REFUSED, engagement.sentence)
    return _say(Rule.CONVERSATION, Outcome.PASSED, "Nobody here is writing with this person now.")


def _cool_off(case: _Case) -> Check:
    days = case.facts.limits.cool_off_days
    if not days:
        return _say(Rule.COOL_OFF, Outcome.PASSED, "This workspace has no pause between letters to one site.")
    site = case.letter.shared_site
    last = case.running.written.get(site)
    if last is None:
        return _say(Rule.COOL_OFF, Outcome.PASSED, f"Nobody here wrote to {site} in the last {days} days.")
    sentence = f"{last.who or 'Somebody here'} wrote to {site} {_ago(case.now - last.at)}."
    if case.letter.cool_off_waived:
        return _say(Rule.COOL_OFF, Outcome.WARNED, f"{sentence} Somebody decided to write anyway.")
    return _say(Rule.COOL_OFF, Outcome.ASKS, sentence)


def _ago(time: timedelta) -> str:
    if time.days < 1:
        return "within the last day"
    return "a day ago" if time.days == 1 else f"{time.days} days ago"


def _hold(case: _Case) -> Check:
    letter = case.letter
    subjects = ("workspace", f"mailbox:{letter.mailbox_id}", letter.campaign, f"address:{letter.recipient_key}")
    reasons = [case.facts.held[subject] for subject in subjects if subject in case.facts.held]
    if reasons:
        return _say(Rule.HOLD, Outcome.ASKS, " ".join(reasons))
    return _say(Rule.HOLD, Outcome.PASSED, "Nothing is on hold.")


def _step(case: _Case) -> Check:
    if case.letter.step and (case.letter.step, case.letter.recipient_key) in case.running.taken_steps:
        return _say(Rule.STEP, Outcome.REFUSED, "This address has had this letter of the campaign already.")
    return _say(Rule.STEP, Outcome.PASSED, "This address has not had this letter.")


def _duplicate(case: _Case) -> Check:
    letter = case.letter
    hours = case.facts.limits.repeat_hours
    if (letter.sender, letter.recipient_key, letter.subject_digest) in case.running.repeats:
        return _say(
            Rule.DUPLICATE,
            Outcome.REFUSED,
            f"A letter with this subject went from this mailbox to this address in the last {hours} hours.",
        )
    return _say(Rule.DUPLICATE, Outcome.PASSED, f"No letter with this subject in the last {hours} hours.")


def _region(case: _Case) -> Check:
    region = case.region.region
    treatment = treatment_of(region, dict(case.facts.treatments))
    name = region.label
    if treatment == Treatment.BLOCK:
        return _say(Rule.REGION, Outcome.REFUSED, f"This workspace does not write to this region ({name}).")
    since = case.facts.consents.get(case.letter.recipient_key)
    if since is not None:
        return _say(Rule.REGION, Outcome.PASSED, f"Consent on record since {since.day} {since:%B %Y}.")
    strict = BUSINESSES_TOO if asks_businesses_too(case.letter.recipient_key) else ""
    if treatment == Treatment.ASK and not case.letter.ground:
        return _say(
            Rule.REGION,
            Outcome.ASKS,
            f"In this region ({name}) the rule is consent, and none is on record.{strict}"
            " Say why you may write to this person before it leaves.",
        )
    if case.region.legal_basis == LegalBasis.CONSENT:
        return _say(
            Rule.REGION,
            Outcome.WARNED,
            f"In this region ({name}) the rule is consent, and none is on record.{strict}",
        )
    return _say(Rule.REGION, Outcome.PASSED, f"The region's rule ({name}) is legitimate interest.")


BUSINESSES_TOO = " In Germany and Austria it is normally needed even for businesses."


def _region_asks(case: _Case) -> bool:
    return treatment_of(case.region.region, case.facts.treatments) == Treatment.ASK


def _source(case: _Case) -> Check:
    """Where an address was found must be told to people in regions that ask (GDPR, article 14(2)(f)); a person who
    names the ground has looked at the case. Elsewhere it is good manners, and proof for later."""
    letter = case.letter
    if letter.is_hidden and letter.recipient_key not in case.facts.consents:
        hidden = "On their page this address is written so that only people read it."
        if _region_asks(case):
            return _say(
                Rule.SOURCE, Outcome.ASKS, f"{hidden} Look at the page, and say on the lead that it may be used."
            )
        return _say(Rule.SOURCE, Outcome.WARNED, hidden)
    if letter.found_url or letter.found_passage:
        return _say(Rule.SOURCE, Outcome.PASSED, "Where the address was found is known.")
    unknown = "Nobody noted where this address was found."
    if _region_asks(case) and not letter.ground:
        return _say(Rule.SOURCE, Outcome.ASKS, f"{unknown} Note it, or say why you may write.")
    return _say(Rule.SOURCE, Outcome.WARNED, unknown)


def _approval(case: _Case) -> Check:
    if case.letter.approved:
        return _say(Rule.APPROVAL, Outcome.PASSED, "A person has read this letter and let it go.")
    if case.letter.must_be_read:
        sentence = "Somebody named this reader in a reply: a person reads the letter before it leaves."
        return _say(Rule.APPROVAL, Outcome.ASKS, sentence)
    first, let_go = case.facts.limits.first_letters, case.running.let_go
    if let_go < first:
        so_far = f"{let_go} {'has' if let_go == 1 else 'have'} left so far" if let_go else "none has left yet"
        sentence = f"A person reads the first {first} letters of a workspace before they leave; {so_far}."
        if first == 1:
            sentence = "A person reads the first letter of a workspace before it leaves."
        return _say(Rule.APPROVAL, Outcome.ASKS, sentence)
    if case.region.region.value in case.facts.look_at_regions:
        sentence = f"A person reads every letter to this region ({case.region.region.label}) before it leaves."
        return _say(Rule.APPROVAL, Outcome.ASKS, sentence)
    return _say(Rule.APPROVAL, Outcome.PASSED, "No person has to read this letter first.")


def _address(case: _Case) -> Check:
    domain = domain_of(case.letter.recipient_key)
    if is_free_mail(domain):
        sentence = f"Anybody gets an address at {domain}: it belongs to a private person rather than to a business."
        return _say(Rule.ADDRESS, Outcome.WARNED, sentence)
    if is_disposable(domain):
        return _say(Rule.ADDRESS, Outcome.WARNED, f"Addresses at {domain} are thrown away after a while.")
    if is_role_account(case.letter.recipient_key):
        return _say(Rule.ADDRESS, Outcome.WARNED, "This is a shared address rather than a person's.")
    return _say(Rule.ADDRESS, Outcome.PASSED, f"An address at {domain_of(case.letter.recipient_key)}.")


def _user_cap(case: _Case) -> Check:
    count, limit = case.running.per_user[case.letter.user_id], case.facts.limits.per_user_day
    # Letters whose author is gone, or that a rule queued, have the workspace's own room together: one more person's.
    what = "letters of one person a day" if case.letter.user_id is not None else "letters a day that nobody signed for"
    return _capped(case, Rule.USER_CAP, count, limit, what)


def _domain_cap(case: _Case) -> Check:
    count, limit = case.running.per_domain[case.letter.recipient_domain], case.facts.limits.per_domain_day
    return _capped(case, Rule.DOMAIN_CAP, count, limit, f"letters a day to {case.letter.recipient_domain}")


def _domain_pace(case: _Case) -> Check:
    domain = case.letter.recipient_domain
    gap = FREE_MAIL_GAP if is_free_mail(domain) else DOMAIN_GAP
    last = case.running.newest_at.get(domain)
    # Further ahead than that lies only what a clock ahead of its time wrote down.
    if not case.letter.is_paced or last is None or abs(case.now - last) >= gap:
        return _say(Rule.DOMAIN_PACE, Outcome.PASSED, f"No other letter has just gone to {domain}.")
    sentence = f"A letter went to {domain} a moment ago; the next one follows a little later."
    return _say(Rule.DOMAIN_PACE, Outcome.WAITS, sentence, until=last + gap)


def _ramp_up(case: _Case) -> Check:
    limit = case.letter.ramp_limit
    if limit is None:
        return _say(Rule.RAMP_UP, Outcome.PASSED, "The mailbox is not starting slowly.")
    count = case.running.per_mailbox[case.letter.mailbox_id]
    return _capped(case, Rule.RAMP_UP, count, limit, "letters a day of a mailbox that starts slowly")


def _mailbox_day(case: _Case) -> Check:
    limit = case.letter.daily_limit
    if limit is None:
        return _say(Rule.MAILBOX_DAY, Outcome.PASSED, "The mailbox has no daily limit of its own.")
    room, kept = _room_for(case.letter, limit)
    count = case.running.per_mailbox[case.letter.mailbox_id]
    return _capped(case, Rule.MAILBOX_DAY, count, room, f"letters a day from this mailbox{kept}")


def _mailbox_hour(case: _Case) -> Check:
    letter = case.letter
    limit = min(letter.hourly_limit or case.facts.limits.per_sign_in_hour, case.facts.limits.per_sign_in_hour)
    limit, kept = _room_for(letter, limit)
    hour = case.running.per_sign_in.get(letter.sign_in, Hour())
    if hour.count >= limit:
        sentence = f"The mailbox has used its {limit} letters an hour{kept}."
        return _say(Rule.MAILBOX_HOUR, Outcome.WAITS, sentence, until=hour.ends_at(case.now))
    return _say(Rule.MAILBOX_HOUR, Outcome.PASSED, f"{hour.count} of {limit} letters an hour used{kept}.")


def room_of_campaigns(limit: int) -> int:
    """What a mailbox's limit leaves to letters that nobody waits for: all but a tenth. From ten on, that is."""
    return limit - limit // ANSWERS_SHARE


def _room_for(letter: Letter, limit: int) -> tuple[int, str]:
    """How much of a mailbox's limit is this letter's to use, and the words for what is not."""
    room = limit if letter.kind == Kind.ANSWER else room_of_campaigns(limit)
    return room, f" (and {limit - room} more for answers)" if room < limit else ""


def _capped(case: _Case, rule: Rule, count: int, limit: int, what: str) -> Check:
    if count >= limit:
        return _say(
            rule,
            Outcome.WAITS,
            f"The limit of {limit} {what} is reached; it opens again at midnight.",
            until=case.facts.day_ends_at,
        )
    return _say(rule, Outcome.PASSED, f"{count} of {limit} {what} used.")


_RULES: Mapping[Rule, Callable[[_Case], Check]] = {
    Rule.REHEARSAL: _rehearsal,
    Rule.VALID_ADDRESS: _valid_address,
    Rule.IDENTITY: _identity,
    Rule.NOTICE: _notice,
    Rule.UNSUBSCRIBE: _unsubscribe,
    Rule.SUPPRESSION: _suppression,
    Rule.NEVER_PITCH: _never_pitch,
    Rule.HOLD: _hold,
    Rule.CONVERSATION: _conversation,
    Rule.COOL_OFF: _cool_off,
    Rule.STEP: _step,
    Rule.DUPLICATE: _duplicate,
    Rule.REGION: _region,
    Rule.SOURCE: _source,
    Rule.ADDRESS: _address,
    Rule.APPROVAL: _approval,
    Rule.USER_CAP: _user_cap,
    Rule.DOMAIN_CAP: _domain_cap,
    Rule.DOMAIN_PACE: _domain_pace,
    Rule.RAMP_UP: _ramp_up,
    Rule.MAILBOX_DAY: _mailbox_day,
    Rule.MAILBOX_HOUR: _mailbox_hour,
}


@cache
def _rules_for(kind: Kind, *, is_question: bool) -> tuple[Callable[[_Case], Check], ...]:
    applying = APPLIES[kind] - (_OF_A_LETTER if is_question else frozenset())
    return tuple(_RULES[rule] for rule in Rule if rule in applying)
