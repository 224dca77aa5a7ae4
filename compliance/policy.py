"""The rules: may this letter go? Pure and bulk: plain values in, answers out, no database and no clock.

Every rule answers for every letter it applies to, so that a person sees all that stands in the way at once. A letter
sees the letters before it in the same batch: two of them cannot both take the last place of a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from compliance.addresses import domain_of, is_role_account, is_test
from compliance.models import Kind, LegalBasis, PolicyResult
from compliance.regions import RegionGuess, Treatment, region_of, treatment_of

HOUR = timedelta(hours=1)


class Outcome(StrEnum):
    PASSED = "passed"
    WARNED = "warned"  # goes, and a person should know
    WAITS = "waits"  # goes by itself later
    ASKS = "asks"  # goes when a person has decided
    REFUSED = "refused"  # never goes


class Rule(StrEnum):
    """Every rule, in the order in which a person reads them."""

    REHEARSAL = "rehearsal"  # a rehearsal never reaches a real address, nor a real mailbox a rehearsed one
    IDENTITY = "identity"  # who writes is told: name, organisation, postal address
    SUPPRESSION = "suppression"  # nobody who asked not to be written to
    HOLD = "hold"  # a pause that somebody or something ordered
    STEP = "step"  # the same address gets the same step of a campaign once, for ever
    DUPLICATE = "duplicate"  # the same subject to the same person from the same address within IDEMPOTENCY_HOURS
    REGION = "region"  # what the recipient's region asks for
    ADDRESS = "address"  # role accounts are flagged
    USER_CAP = "user_cap"
    DOMAIN_CAP = "domain_cap"
    MAILBOX_DAY = "mailbox_day"
    MAILBOX_HOUR = "mailbox_hour"


_ALWAYS = frozenset(
    {
        Rule.REHEARSAL,
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
# Which rule applies to which kind of letter. An answer to a person who wrote needs no ground and may repeat a subject.
APPLIES: Mapping[Kind, frozenset[Rule]] = {
    Kind.FIRST: _ALWAYS | {Rule.STEP, Rule.DUPLICATE, Rule.REGION},
    Kind.FOLLOW_UP: _ALWAYS | {Rule.STEP, Rule.DUPLICATE, Rule.REGION},
    Kind.ANSWER: _ALWAYS,
}


@dataclass(frozen=True)
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
    ground: str = ""  # the basis evidence that a person named
    hourly_limit: int | None = None
    daily_limit: int | None = None
    deferred_before: bool = False  # a wait that is in the audit log already


@dataclass(frozen=True)
class Limits:
    per_user_day: int
    per_domain_day: int
    per_sign_in_hour: int
    repeat_hours: int


@dataclass(frozen=True)
class Facts:
    """What the rules need to know, gathered for a whole batch at once."""

    limits: Limits
    day_ends_at: datetime
    treatments: Mapping[str, str] = field(default_factory=dict)
    sandbox: bool = False
    suppressed: Mapping[str, str] = field(default_factory=dict)  # normalised address -> why, for a person
    held: Mapping[str, str] = field(default_factory=dict)  # subject -> why, for a person
    taken_steps: AbstractSet[tuple[str, str]] = frozenset()  # (step, normalised address)
    repeats: AbstractSet[tuple[str, str, str]] = frozenset()  # (sender, normalised address, subject digest)
    per_user: Mapping[int | None, int] = field(default_factory=dict)
    per_domain: Mapping[str, int] = field(default_factory=dict)
    per_mailbox: Mapping[int, int] = field(default_factory=dict)
    per_sign_in: Mapping[str, Sequence[datetime]] = field(default_factory=dict)  # the last hour, oldest first


@dataclass(frozen=True)
class Check:
    """One rule's answer about one letter."""

    rule: Rule
    outcome: Outcome
    sentence: str
    until: datetime | None = None

    def as_dict(self) -> dict[str, str]:
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
    def asks_for_ground(self) -> bool:
        """Whether naming why we may write is among what it waits for."""
        return self.asks and any(check.rule == Rule.REGION and check.outcome == Outcome.ASKS for check in self.checks)

    @property
    def legal_basis(self) -> LegalBasis:
        return self.region.legal_basis


class _Running:
    """The counts of a batch as it is decided: what was there, plus the letters already let go."""

    def __init__(self, facts: Facts) -> None:
        self.per_user = Counter(dict(facts.per_user))
        self.per_domain = Counter(dict(facts.per_domain))
        self.per_mailbox = Counter(dict(facts.per_mailbox))
        self.per_sign_in = {sign_in: list(moments) for sign_in, moments in facts.per_sign_in.items()}
        self.taken_steps = set(facts.taken_steps)
        self.repeats = set(facts.repeats)

    def add(self, letter: Letter, now: datetime) -> None:
        self.per_user[letter.user_id] += 1
        self.per_domain[letter.recipient_domain] += 1
        self.per_mailbox[letter.mailbox_id] += 1
        self.per_sign_in.setdefault(letter.sign_in, []).append(now)
        self.taken_steps.add((letter.step, letter.recipient_key))
        self.repeats.add((letter.sender, letter.recipient_key, letter.subject_digest))


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
    for letter in letters:
        decision = _decide_one(_Case(letter, facts, running, region_of(letter.recipient_key), now))
        if decision.allowed:
            running.add(letter, now)
        decisions.append(decision)
    return decisions


def _decide_one(case: _Case) -> Decision:
    letter = case.letter
    applying = APPLIES[letter.kind]
    checks = tuple(_RULES[rule](case) for rule in Rule if rule in applying)
    refused = [check for check in checks if check.outcome == Outcome.REFUSED]
    asking = [check for check in checks if check.outcome == Outcome.ASKS]
    waiting = [check for check in checks if check.outcome == Outcome.WAITS]
    if refused:
        result, deciding = PolicyResult.BLOCKED, refused
    elif asking:
        result, deciding = PolicyResult.DEFERRED, asking
    elif waiting:
        result, deciding = PolicyResult.DEFERRED, waiting
    else:
        result, deciding = PolicyResult.APPROVED, []
    return Decision(
        letter=letter,
        result=result,
        reason=" ".join(check.sentence for check in deciding),
        region=case.region,
        checks=checks,
        until=max((check.until for check in waiting if check.until), default=None) if not asking else None,
        asks=bool(asking) and not refused,
        daily_user_count=case.running.per_user[letter.user_id],
        daily_domain_count=case.running.per_domain[letter.recipient_domain],
    )


def _rehearsal(case: _Case) -> Check:
    to_test, through_sandbox = is_test(case.letter.recipient_key), case.letter.through_sandbox
    if to_test and not case.facts.sandbox:
        return Check(Rule.REHEARSAL, Outcome.REFUSED, "Addresses that end in .test exist only in a rehearsal.")
    if to_test != through_sandbox:
        sentence = (
            "A real mailbox does not write to a rehearsal address."
            if to_test
            else "A rehearsal mailbox does not write to a real address. Connect your own mailbox for real sites."
        )
        return Check(Rule.REHEARSAL, Outcome.REFUSED, sentence)
    return Check(Rule.REHEARSAL, Outcome.PASSED, "Mailbox and address belong to the same post.")


def _identity(case: _Case) -> Check:
    if not case.letter.identity_complete:
        return Check(
            Rule.IDENTITY,
            Outcome.ASKS,
            "The sender is not complete: every letter must say who writes, with name, organisation and postal address.",
        )
    return Check(Rule.IDENTITY, Outcome.PASSED, "The letter says who writes.")


def _suppression(case: _Case) -> Check:
    why = case.facts.suppressed.get(case.letter.recipient_key)
    if why:
        return Check(Rule.SUPPRESSION, Outcome.REFUSED, why)
    return Check(Rule.SUPPRESSION, Outcome.PASSED, "The address is not on the suppression list.")


def _hold(case: _Case) -> Check:
    letter = case.letter
    subjects = ("workspace", f"mailbox:{letter.mailbox_id}", letter.campaign, f"address:{letter.recipient_key}")
    reasons = [case.facts.held[subject] for subject in subjects if subject in case.facts.held]
    if reasons:
        return Check(Rule.HOLD, Outcome.ASKS, " ".join(reasons))
    return Check(Rule.HOLD, Outcome.PASSED, "Nothing is on hold.")


def _step(case: _Case) -> Check:
    if case.letter.step and (case.letter.step, case.letter.recipient_key) in case.running.taken_steps:
        return Check(Rule.STEP, Outcome.REFUSED, "This address has had this letter of the campaign already.")
    return Check(Rule.STEP, Outcome.PASSED, "This address has not had this letter.")


def _duplicate(case: _Case) -> Check:
    letter = case.letter
    hours = case.facts.limits.repeat_hours
    if (letter.sender, letter.recipient_key, letter.subject_digest) in case.running.repeats:
        return Check(
            Rule.DUPLICATE,
            Outcome.REFUSED,
            f"A letter with this subject went from this mailbox to this address in the last {hours} hours.",
        )
    return Check(Rule.DUPLICATE, Outcome.PASSED, f"No letter with this subject in the last {hours} hours.")


def _region(case: _Case) -> Check:
    region = case.region.region
    treatment = treatment_of(region, dict(case.facts.treatments))
    name = region.label
    if treatment == Treatment.BLOCK:
        return Check(Rule.REGION, Outcome.REFUSED, f"This workspace does not write to this region ({name}).")
    if treatment == Treatment.ASK and not case.letter.ground:
        return Check(
            Rule.REGION,
            Outcome.ASKS,
            f"In this region ({name}) the rule is consent. Say why you may write to this person before it leaves.",
        )
    if case.region.legal_basis == LegalBasis.CONSENT:
        return Check(
            Rule.REGION, Outcome.WARNED, f"In this region ({name}) the rule is consent: hold it before you write."
        )
    return Check(Rule.REGION, Outcome.PASSED, f"The region's rule ({name}) is legitimate interest.")


def _address(case: _Case) -> Check:
    if is_role_account(case.letter.recipient_key):
        return Check(Rule.ADDRESS, Outcome.WARNED, "This is a shared address rather than a person's.")
    return Check(Rule.ADDRESS, Outcome.PASSED, f"An address at {domain_of(case.letter.recipient_key)}.")


def _user_cap(case: _Case) -> Check:
    count, limit = case.running.per_user[case.letter.user_id], case.facts.limits.per_user_day
    return _capped(case, Rule.USER_CAP, count, limit, "letters of one person a day")


def _domain_cap(case: _Case) -> Check:
    count, limit = case.running.per_domain[case.letter.recipient_domain], case.facts.limits.per_domain_day
    return _capped(case, Rule.DOMAIN_CAP, count, limit, f"letters a day to {case.letter.recipient_domain}")


def _mailbox_day(case: _Case) -> Check:
    limit = case.letter.daily_limit
    if limit is None:
        return Check(Rule.MAILBOX_DAY, Outcome.PASSED, "The mailbox has no daily limit of its own.")
    count = case.running.per_mailbox[case.letter.mailbox_id]
    return _capped(case, Rule.MAILBOX_DAY, count, limit, "letters a day from this mailbox")


def _mailbox_hour(case: _Case) -> Check:
    letter = case.letter
    limit = min(letter.hourly_limit or case.facts.limits.per_sign_in_hour, case.facts.limits.per_sign_in_hour)
    moments = [moment for moment in case.running.per_sign_in.get(letter.sign_in, []) if moment > case.now - HOUR]
    if len(moments) >= limit:
        until = moments[len(moments) - limit] + HOUR
        sentence = f"The mailbox has used its {limit} letters an hour."
        return Check(Rule.MAILBOX_HOUR, Outcome.WAITS, sentence, until=until)
    return Check(Rule.MAILBOX_HOUR, Outcome.PASSED, f"{len(moments)} of {limit} letters an hour used.")


def _capped(case: _Case, rule: Rule, count: int, limit: int, what: str) -> Check:
    if count >= limit:
        return Check(
            rule,
            Outcome.WAITS,
            f"The limit of {limit} {what} is reached; it opens again at midnight.",
            until=case.facts.day_ends_at,
        )
    return Check(rule, Outcome.PASSED, f"{count} of {limit} {what} used.")


_RULES: Mapping[Rule, Callable[[_Case], Check]] = {
    Rule.REHEARSAL: _rehearsal,
    Rule.IDENTITY: _identity,
    Rule.SUPPRESSION: _suppression,
    Rule.HOLD: _hold,
    Rule.STEP: _step,
    Rule.DUPLICATE: _duplicate,
    Rule.REGION: _region,
    Rule.ADDRESS: _address,
    Rule.USER_CAP: _user_cap,
    Rule.DOMAIN_CAP: _domain_cap,
    Rule.MAILBOX_DAY: _mailbox_day,
    Rule.MAILBOX_HOUR: _mailbox_hour,
}
