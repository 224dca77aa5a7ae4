"""What leaves when, for the next thirty days, and why then: the queue is worked off in thought, by the rules that send.

1. The workspace's waiting letters are read, those of all campaigns: they share mailboxes, people's limits and sites.
2. Hour by hour each mailbox takes as many as its pace allows, campaigns in turn; the gate's own rules decide each
   letter, what was let go before counted, and days begin anew; windows are asked as a claim asks them.
3. A letter that leaves brings its next step with it, as settling it would.

Answers, replies and holds that come meanwhile change all of it: a forecast says what happens if nobody answers. No row
is written, and nothing is logged. Seven queries for the facts and a few for the rest, whatever waits; at most MOST
letters are followed, and what comes behind them is said as a number.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from campaigns import outbox, windows
from campaigns.models import Attempt, Campaign, Lead, Step
from campaigns.pace import day_room, over_the_day, steady_gap
from campaigns.places import places_of
from campaigns.sequences import Place, Timing, Window, next_allowed
from campaigns.standstill import standing_still
from compliance import gate
from compliance.models import Kind, PolicyResult
from compliance.policy import Decision, Facts, Hour, Letter, Rule, decide
from outreach_site.accounts.models import Workspace
from outreach_site.lib.ports import inbox_read_until

HORIZON = timedelta(days=30)
HOUR = timedelta(hours=1)
MOST = 1_000  # letters that are followed
# What one letter meets here every other of the same key meets until then: it is not asked again.
_SHARED = {
    Rule.RAMP_UP: "mailbox_id",
    Rule.MAILBOX_DAY: "mailbox_id",
    Rule.MAILBOX_HOUR: "sign_in",
    Rule.USER_CAP: "user_id",
    Rule.DOMAIN_CAP: "recipient_domain",
    Rule.DOMAIN_PACE: "recipient_domain",
}


@dataclass(frozen=True)
class Row:
    """One letter in the forecast. `at` None: it waits for a person, or never goes; `why` says so, or why then."""

    lead: Lead
    step: Step | None
    kind: Kind
    recipient: str
    at: datetime | None
    why: str
    fate: str  # goes, asks, refused, later (behind the thirty days)
    campaign_id: int
    attempt_id: int | None = None  # None: it is not queued yet


@dataclass(frozen=True)
class Forecast:
    """`beyond`: letters that wait behind those that were followed; `until`: how far it looks."""

    rows: Sequence[Row]
    until: datetime
    beyond: int = 0

    def of(self, fate: str) -> list[Row]:
        return [row for row in self.rows if row.fate == fate]

    @property
    def first_at(self) -> datetime | None:
        return min((row.at for row in self.of("goes") if row.at is not None), default=None)

    @property
    def last_at(self) -> datetime | None:
        return max((row.at for row in self.of("goes") if row.at is not None), default=None)


@dataclass
class _Waiting:
    """A letter on its way through the thought."""

    attempt: Attempt
    lead: Lead
    step: Step | None
    letter: Letter
    campaign: Campaign
    why: str
    due_at: datetime
    place: Place | None = None

    def row(self, at: datetime | None, why: str, fate: str) -> Row:
        attempt = self.attempt
        return Row(
            lead=self.lead,
            step=self.step,
            kind=Kind(attempt.kind),
            recipient=attempt.recipient,
            at=at,
            why=why,
            fate=fate,
            campaign_id=self.campaign.pk,
            attempt_id=attempt.pk,
        )


def of_campaign(campaign: Campaign, *, now: datetime, proposed: Sequence[Attempt] = ()) -> Forecast:
    """What waits in this campaign; with `proposed` letters that are not queued yet, as if they were, and running."""
    whole = _work_off(campaign.workspace, now=now, proposed=proposed, launching=campaign if proposed else None)
    return replace(whole, rows=[row for row in whole.rows if row.campaign_id == campaign.pk])


def of_lead(lead: Lead, *, now: datetime) -> list[Row]:
    rows = of_campaign(lead.campaign, now=now).rows
    return [row for row in rows if row.lead.pk == lead.pk]


def _work_off(
    workspace: Workspace, *, now: datetime, proposed: Sequence[Attempt], launching: Campaign | None
) -> Forecast:
    queued = Attempt.objects.in_workspace(workspace).filter(
        state=Attempt.State.QUEUED, campaign__archived_at=None, mailbox__archived_at=None, mailbox__isnull=False
    )
    in_order = queued.select_related("campaign__workspace", "lead__contact", "identity", "mailbox__workspace", "step")
    stored = list(in_order.defer("body", "references").order_by("due_at", "pk")[: MOST + 1])
    beyond = queued.count() - MOST if len(stored) > MOST else 0
    followed = [*proposed, *stored][:MOST]
    beyond += max(len(proposed) + min(len(stored), MOST) - MOST, 0) if proposed else 0
    return _Thought(workspace, followed, launching=launching, now=now).run(beyond=beyond)


class _Thought:
    """The queue as it would be worked off from now on."""

    def __init__(
        self, workspace: Workspace, attempts: Sequence[Attempt], *, launching: Campaign | None, now: datetime
    ) -> None:
        self.workspace, self.now, self.until = workspace, now, now + HORIZON
        self.launching = launching
        self.rows: list[Row] = []
        self.order = count()
        self.windows: dict[int, tuple[Window | None, str]] = {}
        self.mailboxes = {a.mailbox.pk: a.mailbox for a in attempts if a.mailbox is not None}
        self.steps: dict[int, list[Step]] = defaultdict(list)
        campaigns = {attempt.campaign_id for attempt in attempts}
        for step in Step.objects.current().filter(campaign__in=campaigns):
            self.steps[step.campaign_id].append(step)
        self.places = self._places(attempts)
        waiting = [
            _Waiting(a, a.lead, a.step, outbox.letter_of(a, a.mailbox, now=now), a.campaign, _why_then(a), now)
            for a in attempts
            if a.mailbox is not None
        ]
        facts = gate.facts_for([each.letter for each in waiting], workspace=workspace, now=now)
        # What a batch takes of the day is counted here; the rest stays as it is known now.
        self.facts: Facts = facts
        self.per_user, self.per_domain = Counter(dict(facts.per_user)), Counter(dict(facts.per_domain))
        self.per_mailbox = Counter(dict(facts.per_mailbox))
        self.hours: dict[str, deque[datetime]] = defaultdict(deque)
        for sign_in, hour in facts.per_sign_in.items():
            self.hours[sign_in].extend([hour.ends_at(now) - HOUR] * hour.count)
        self.newest_at, self.let_go = dict(facts.newest_at), facts.let_go
        self.free_at = {pk: mailbox.next_send_at for pk, mailbox in self.mailboxes.items()}
        self.day_rooms = {pk: day_room(mailbox, now) for pk, mailbox in self.mailboxes.items()}
        self.stops: dict[tuple[str, object], tuple[datetime, str]] = {}
        self.unread = self._unread()
        self.heaps: dict[int, list[tuple[datetime, int, _Waiting]]] = {pk: [] for pk in self.mailboxes}
        for each in waiting:
            self.enter(each)

    def _places(self, attempts: Sequence[Attempt]) -> dict[tuple[str, bool], Place]:
        """By address and clock; one query for each clock."""
        found: dict[tuple[str, bool], Place] = {}
        for theirs in (False, True):
            keys = {a.recipient_key for a in attempts if a.campaign.in_their_zone == theirs}
            if keys:
                places = places_of(keys, workspace=self.workspace, theirs=theirs)
                found |= {(key, theirs): place for key, place in places.items()}
        return found

    def _unread(self) -> set[int]:
        """Mailboxes that are read by nobody: from them no follow-up leaves."""
        read = inbox_read_until(list(self.mailboxes), now=self.now)
        return self.mailboxes.keys() - read.keys()

    def enter(self, each: _Waiting) -> None:
        """Into the queue; or among those that wait for a person or a change."""
        attempt, campaign = each.attempt, each.campaign
        each.place = self.places[attempt.recipient_key, campaign.in_their_zone]
        is_launched = self.launching is not None and campaign.pk == self.launching.pk
        if attempt.pk is not None and attempt.due_at is None:
            self.rows.append(each.row(None, attempt.reason or "It waits for a person.", "asks"))
        elif still := self._standing_still(attempt, None if is_launched else campaign):
            self.rows.append(each.row(None, still, "asks"))
        elif attempt.kind == Kind.FOLLOW_UP and attempt.mailbox_id in self.unread:
            why = "Its mailbox cannot be read: an answer could lie there, so no follow-up leaves."
            self.rows.append(each.row(None, why, "asks"))
        else:
            each.due_at = max(attempt.due_at or self.now, self.now)
            if attempt.kind == Kind.FIRST and each.due_at > self.now and not attempt.reason:
                each.why = self._leaves(each) or each.why
            spread_until = self.mailboxes[each.letter.mailbox_id].next_spread_at
            if spread_until is not None and windows.keeps_window(attempt):
                each.due_at = max(each.due_at, spread_until)
            self.push(each)

    def _standing_still(self, attempt: Attempt, campaign: Campaign | None) -> str:
        return standing_still(self.workspace, mailbox=attempt.mailbox, campaign=campaign, held=self.facts.held)

    def push(self, each: _Waiting) -> None:
        if each.attempt.mailbox_id is not None:
            heapq.heappush(self.heaps[each.attempt.mailbox_id], (each.due_at, next(self.order), each))

    # --- Hour by hour -------------------------------------------------------------------------------------------------

    def run(self, *, beyond: int) -> Forecast:
        at = self.now
        day_ends_at = self.workspace.day_bounds(at)[1]
        while (due := self._next_due()) is not None and max(due, at) < self.until:
            at = max(due, at)
            if at >= day_ends_at:
                day_ends_at = self.workspace.day_bounds(at)[1]
                self.per_user.clear()
                self.per_domain.clear()
                self.per_mailbox.clear()
            for pk in self.mailboxes:
                self._an_hour_of(pk, at, day_ends_at)
            at += HOUR
        for heap in self.heaps.values():
            self.rows += [each.row(None, "Its turn comes after these thirty days.", "later") for _, _, each in heap]
        self.rows.sort(key=lambda row: (row.at or self.until, row.lead.pk))
        return Forecast(self.rows, self.until, beyond)

    def _next_due(self) -> datetime | None:
        return min((heap[0][0] for heap in self.heaps.values() if heap), default=None)

    def _an_hour_of(self, pk: int, began_at: datetime, day_ends_at: datetime) -> None:
        """What one mailbox sends in the hour that begins now."""
        ends_at = min(began_at + HOUR, day_ends_at)
        gap = steady_gap(self.mailboxes[pk])
        at = max(began_at, self.free_at[pk])
        for each in self._in_turn(self._due(pk, ends_at)):
            at = max(at, each.due_at)
            if at >= ends_at:
                each.due_at = at
                self.push(each)
            elif self._goes(each, at, day_ends_at):
                at += max(gap, self._over_the_day(each, at, day_ends_at))
        self.free_at[pk] = at

    def _over_the_day(self, each: _Waiting, at: datetime, day_ends_at: datetime) -> timedelta:
        """How far behind this letter the next one is, where its mailbox's day has a limit."""
        most = self.day_rooms[each.letter.mailbox_id]
        if most is None or not windows.keeps_window(each.attempt):
            return timedelta()
        (window, _), place = self._window(each), each.place
        closes_at = window.closes_at(at, place.zone) if window is not None and place is not None else day_ends_at
        left = most - self.per_mailbox[each.letter.mailbox_id]
        return over_the_day(left, until=min(closes_at, day_ends_at), now=at)

    def _due(self, pk: int, ends_at: datetime) -> list[_Waiting]:
        heap, due = self.heaps[pk], []
        while heap and heap[0][0] < ends_at:
            due.append(heapq.heappop(heap)[2])
        return due

    @staticmethod
    def _in_turn(due: Sequence[_Waiting]) -> Iterable[_Waiting]:
        """Answers first, then the campaigns one letter each, as turns.py takes them."""
        queues: dict[int, deque[_Waiting]] = defaultdict(deque)
        for each in due:
            queues[0 if each.attempt.kind == Kind.ANSWER else each.campaign.pk].append(each)
        yield from queues.pop(0, ())
        while queues:
            for campaign in sorted(queues):
                yield queues[campaign].popleft()
                if not queues[campaign]:
                    del queues[campaign]

    def _goes(self, each: _Waiting, at: datetime, day_ends_at: datetime) -> bool:
        """Whether it leaves now; else it is put where it belongs."""
        (window, _), place = self._window(each), each.place
        if window is not None and place is not None and not window.is_open(at, place.zone, place.is_holiday):
            each.due_at = next_allowed(at, window, place.zone, place.is_holiday)
            each.why = self._leaves(each)
            self.push(each)
            return False
        if (stop := self._stopped(each.letter, at)) is not None:
            each.due_at, why = stop
            each.why = why or each.why
            self.push(each)
            return False
        decision = self._decide(each.letter, at, day_ends_at)
        if decision.result == PolicyResult.BLOCKED:
            self.rows.append(each.row(None, decision.reason, "refused"))
        elif decision.asks:
            self.rows.append(each.row(None, decision.reason, "asks"))
        elif decision.result == PolicyResult.DEFERRED:
            each.due_at = max(decision.until or day_ends_at, at + timedelta(seconds=1))
            # A pause of a minute between two letters to one site is nothing to tell.
            why = "" if decision.deciding == (Rule.DOMAIN_PACE,) else decision.reason
            each.why = why or each.why
            for rule in decision.deciding:
                if rule in _SHARED:
                    self.stops[_SHARED[rule], getattr(each.letter, _SHARED[rule])] = (each.due_at, why)
            self.push(each)
        else:
            self._count(each.letter, at)
            self.rows.append(each.row(at, each.why, "goes"))
            self._bring_next(each, at)
            return True
        return False

    def _window(self, each: _Waiting) -> tuple[Window | None, str]:
        """The window that it waits for, and that in words."""
        if not windows.keeps_window(each.attempt):
            return None, ""
        if each.campaign.pk not in self.windows:
            self.windows[each.campaign.pk] = each.campaign.window, told(each.campaign)
        return self.windows[each.campaign.pk]

    def _leaves(self, each: _Waiting) -> str:
        """Its window in words, and what the recipient's clock was guessed from."""
        window, words = self._window(each)
        guess = each.place.guess if each.place is not None else ""
        return f"Letters of this campaign leave {words}. {guess}".strip() if window is not None else ""

    def _stopped(self, letter: Letter, at: datetime) -> tuple[datetime, str] | None:
        if letter.kind == Kind.ANSWER:
            return None
        known = (self.stops.get((name, getattr(letter, name))) for name in set(_SHARED.values()))
        return max((stop for stop in known if stop is not None and stop[0] > at), default=None)

    def _decide(self, letter: Letter, at: datetime, day_ends_at: datetime) -> Decision:
        hour = self.hours[letter.sign_in]
        while hour and hour[0] <= at - HOUR:
            hour.popleft()
        known, domain = self.facts, letter.recipient_domain
        step, site = (letter.step, letter.recipient_key), letter.shared_site
        repeat = (letter.sender, letter.recipient_key, letter.subject_digest)
        # Only what concerns this letter: a batch copies all that it is given.
        facts = replace(
            known,
            day_ends_at=day_ends_at,
            per_user={letter.user_id: self.per_user[letter.user_id]},
            per_domain={domain: self.per_domain[domain]},
            per_mailbox={letter.mailbox_id: self.per_mailbox[letter.mailbox_id]},
            per_sign_in={letter.sign_in: Hour(len(hour), hour[0] if hour else None)},
            newest_at={domain: self.newest_at[domain]} if domain in self.newest_at else {},
            written={site: known.written[site]} if site in known.written else {},
            taken_steps={step} & known.taken_steps,
            # What is a repeat now is none days later, and a follow-up is never due while it would be one.
            repeats={repeat} & known.repeats if letter.kind == Kind.FIRST and at - self.now < HOUR else frozenset(),
            let_go=self.let_go,
        )
        [decision] = decide([letter], facts, now=at)
        return decision

    def _count(self, letter: Letter, at: datetime) -> None:
        self.per_user[letter.user_id] += 1
        self.per_domain[letter.recipient_domain] += 1
        self.per_mailbox[letter.mailbox_id] += 1
        self.hours[letter.sign_in].append(at)
        self.newest_at[letter.recipient_domain] = at
        self.let_go += letter.kind != Kind.ANSWER

    def _bring_next(self, each: _Waiting, at: datetime) -> None:
        """The step behind the one that has just left, as following.py would queue it."""
        if each.step is None or each.place is None or each.attempt.kind == Kind.ANSWER:
            return
        steps = self.steps[each.campaign.pk]
        position = each.step.position
        step = next((step for step in steps if step.position > position and step.is_letter), None)
        if step is None:
            return
        # A task between two letters takes a person some time: its wait counts, as if it were done at once.
        wait = sum(other.wait_days for other in steps if position < other.position <= step.position)
        due_at = Timing(wait, each.campaign.window).due_at(at, each.place, away_until=each.lead.away_until)
        before = each.attempt
        attempt = Attempt(
            campaign=each.campaign,
            lead=each.lead,
            step=step,
            kind=Kind.FOLLOW_UP,
            mailbox=before.mailbox,
            user_id=before.user_id,
            recipient=before.recipient,
            recipient_key=before.recipient_key,
            recipient_domain=before.recipient_domain,
            due_at=due_at,
        )
        letter = replace(
            each.letter, kind=Kind.FOLLOW_UP, step=f"step:{step.pk}", subject_digest="", about="", approved=False
        )
        days = "working day" if wait == 1 else "working days"
        why = f"{wait} {days} after the letter before it, if nobody answers."
        self.enter(_Waiting(attempt, each.lead, step, letter, each.campaign, why, due_at))


def _why_then(attempt: Attempt) -> str:
    if attempt.reason:
        return attempt.reason
    if attempt.kind == Kind.FOLLOW_UP and attempt.step is not None:
        days = "working day" if attempt.step.wait_days == 1 else "working days"
        away = attempt.lead.away_until
        back = f" They are away until {away.day} {away:%B}." if away is not None else ""
        return f"{attempt.step.wait_days} {days} after the letter before it.{back}"
    return "In turn."


_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def told(campaign: Campaign) -> str:
    """A campaign's window in words."""
    window = campaign.window
    if window is None:
        return "at any time"
    days = sorted(window.days)
    named = (
        "every day"
        if len(days) == 7
        else f"{_DAY_NAMES[days[0]]} to {_DAY_NAMES[days[-1]]}"
        if len(days) > 2 and days == list(range(days[0], days[-1] + 1))
        else " and ".join(_DAY_NAMES[day] for day in days)
    )
    clock = "the recipient's clock" if campaign.in_their_zone else f"the clock of {campaign.workspace.time_zone}"
    return f"{named}, {window.opens:%H:%M} to {window.closes:%H:%M} by {clock}"
