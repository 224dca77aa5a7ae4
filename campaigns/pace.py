"""How far apart the letters of a mailbox are.

Three paces, one beside the other:
- *rest*: after trouble with its server nothing leaves for a while (`Mailbox.rests_until`, and the gap with it);
- *gap*: between any two letters but answers (`next_send_at`), the mailbox's own, with some jitter;
- *spread*: the letters of campaigns' sequences are spread over the hour, and where a day has a limit over the day or
  its window (`next_spread_at`), so that the room is not used up in the first minutes. A letter that somebody wrote by
  itself does not wait for that.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.models import Attempt
from campaigns.turns import Fitting
from compliance import room
from compliance.models import Kind
from compliance.policy import HOUR, room_of_campaigns
from outreach_site.mailboxes.cards import hourly_limit
from outreach_site.mailboxes.models import Mailbox

# No slice claims more than it can send even where no pause is asked for: what a server takes of which nothing is known.
FASTEST_GAP_SECONDS = 0.4
# And a server that was quick the last time, at best.
QUICKEST_GAP_SECONDS = 0.02
# Workers look at a mailbox every minute: a letter that is late by less than that does not delay the ones after it.
CATCH_UP = timedelta(seconds=75)
# A day's few letters are not further apart: where campaigns share a mailbox, each gets its turn in a short window too.
LONGEST_SPREAD = timedelta(minutes=30)


# How far apart servers took this process's letters, by host and port. Forgotten with the process.
_SPEEDS: dict[tuple[str, int], timedelta] = {}


@dataclass
class Pace:
    """When the next letter of a mailbox may leave, by its kind. Whoever holds the lease has it, and writes it back."""

    mailbox: Mailbox
    next_send_at: datetime
    next_spread_at: datetime | None
    rests_until: datetime | None
    spread: timedelta  # between two letters of campaigns; nothing where they are not spread
    fastest: timedelta = timedelta(seconds=FASTEST_GAP_SECONDS)  # what its server can take
    left_today: int | None = None  # letters of campaigns that its day still has room for; None: no limit

    @classmethod
    def of(cls, mailbox: Mailbox, *, now: datetime) -> Pace:
        """At most two queries."""
        most = day_room(mailbox, now)
        return cls(
            mailbox,
            mailbox.next_send_at,
            mailbox.next_spread_at,
            mailbox.rests_until,
            spread_of(mailbox, now),
            _SPEEDS.get((mailbox.smtp_host, mailbox.smtp_port), timedelta(seconds=FASTEST_GAP_SECONDS)),
            None if most is None else most - room.sent_today(mailbox, now=now),
        )

    @property
    def has_pauses(self) -> bool:
        """Whether letters of campaigns are kept apart."""
        return bool(self.spread) or self.mailbox.min_gap_seconds > 0

    def learn(self, *, claimed: int, left: int) -> None:
        """A slice is over. Where everything that was claimed left, the next one claims twice as much; where some had to
        be given back, half as much. So a quick server gets large claims, and a slow one none that come to nothing.
        """
        server = self.mailbox.smtp_host, self.mailbox.smtp_port
        if claimed and not left:
            faster = max(self.fastest / 2, timedelta(seconds=min(QUICKEST_GAP_SECONDS, FASTEST_GAP_SECONDS)))
            _SPEEDS[server] = faster
        elif left:
            _SPEEDS[server] = min(self.fastest * 2, timedelta(seconds=FASTEST_GAP_SECONDS))

    def fitting(self, *, now: datetime, until: datetime) -> Fitting:
        """How many letters may leave before that moment."""
        gap = max(timedelta(seconds=self.mailbox.min_gap_seconds), self.fastest)
        unasked = self._slots(max(self.next_send_at, now), gap, until)
        in_sequence = unasked
        if self.spread:
            first_at = now if self.next_spread_at is None else max(self.next_spread_at, now - CATCH_UP)
            in_sequence = min(unasked, self._slots(first_at, self.spread, until))
        answers = self._slots(self._rested_at(now), self.fastest, until)
        return Fitting(answers, unasked, in_sequence)

    @staticmethod
    def _slots(first_at: datetime, gap: timedelta, until: datetime) -> int:
        return 1 + int((until - first_at) / gap) if first_at <= until else 0

    def ready_at(self, attempt: Attempt, *, now: datetime) -> datetime:
        """When this letter may leave, as far as pace is concerned."""
        if attempt.kind == Kind.ANSWER:
            return self._rested_at(now)
        if self.next_spread_at is not None and self._is_spread(attempt):
            return max(self.next_send_at, self.next_spread_at)
        return self.next_send_at

    def note(self, attempt: Attempt, *, now: datetime) -> None:
        """A letter has just been handed over, whatever came of it."""
        if attempt.kind == Kind.ANSWER:
            return
        self.next_send_at = max(self.next_send_at, now + gap_after(self.mailbox))
        if self.left_today is not None:
            self.left_today -= 1
        if self._is_spread(attempt):
            planned = self.next_spread_at
            since = planned if planned is not None and now - planned < CATCH_UP else now
            apart = max(self.spread, over_the_day(self.left_today, until=attempt.valid_until, now=now))
            self.next_spread_at = since + apart * random.uniform(0.8, 1.2)  # noqa: S311 - no secret

    def rest(self, *, until: datetime) -> None:
        """Nothing leaves before then: its server does not answer, or says that we are too fast."""
        self.rests_until = max(self.rests_until or until, until)
        self.next_send_at = max(self.next_send_at, until)

    def _rested_at(self, now: datetime) -> datetime:
        return max(self.rests_until or now, now)

    def _is_spread(self, attempt: Attempt) -> bool:
        return bool(self.spread) and attempt.is_in_sequence


def spread_of(mailbox: Mailbox, now: datetime) -> timedelta:
    """The pause after a campaign's letter with which what is left of the hour's room lasts the hour. One query.

    Never shorter than where all of the room is left: what nobody used before is not made up for in minutes.
    """
    if not mailbox.is_paced:
        return timedelta()
    hour = room.last_hour(mailbox, now=now)
    whole = max(room_of_campaigns(hourly_limit(mailbox)), 1)
    left = max(whole - hour.count, 1)
    return max((hour.ends_at(now) - now) / left, HOUR / whole, timedelta(seconds=mailbox.min_gap_seconds))


def day_room(mailbox: Mailbox, now: datetime) -> int | None:
    """How many letters of campaigns may leave today where they are spread over it; None: it has no limit."""
    if not mailbox.is_paced:
        return None
    own = None if mailbox.daily_limit is None else room_of_campaigns(mailbox.daily_limit)
    return min((most for most in (own, mailbox.ramp_limit(now)) if most is not None), default=None)


def over_the_day(left: int | None, *, until: datetime | None, now: datetime) -> timedelta:
    """The pause after a campaign's letter with which so many more last until then: its day ends, or its window closes.
    The last one leaves a pause before that.
    """
    if left is None or until is None or until <= now:
        return timedelta()
    return min((until - now) / (max(left, 0) + 1), LONGEST_SPREAD)


def steady_gap(mailbox: Mailbox) -> timedelta:
    """How far apart its letters are on the whole: what is left to campaigns of an hour's room lasts an hour."""
    gap = timedelta(seconds=max(mailbox.min_gap_seconds * 1.25, FASTEST_GAP_SECONDS))
    return max(gap, HOUR / max(room_of_campaigns(hourly_limit(mailbox)), 1)) if mailbox.is_paced else gap


def gap_after(mailbox: Mailbox) -> timedelta:
    """The pause after a letter: the mailbox's own, and up to half as much again, so that no rhythm shows."""
    if not mailbox.min_gap_seconds:
        return timedelta()
    return timedelta(seconds=mailbox.min_gap_seconds * random.uniform(1.0, 1.5))  # noqa: S311 - no secret
