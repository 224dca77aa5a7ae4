"""When the letters of a sequence may leave: send windows, working days, and the days a recipient's country keeps free.

Pure: moments, zones and calendars come in, moments go out. What counts is the clock on the recipient's (or our own)
wall, whatever it does where summer time begins and ends: a window is kept by what that clock shows, and a wait counts
its days. No answer lies before its question, and none is ever missing: a calendar that leaves no day free is believed
for a year, and then no longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

Calendar = Callable[[date], bool]  # whether a day is a public holiday
MONDAY_TO_FRIDAY = frozenset(range(5))
DAY = timedelta(days=1)
# No calendar keeps a year free: whoever says so is not asked any further.
BELIEVED = 366
LONGEST_WAIT = 60  # working days


def no_holidays(_day: date) -> bool:
    return False


@dataclass(frozen=True)
class Window:
    """The days (0 is Monday) and hours in which letters leave; `closes` is the first moment that is too late.

    Raises ValueError for a window that would never open.
    """

    days: frozenset[int]
    opens: time
    closes: time
    with_holidays: bool = False  # public holidays are days like others

    def __post_init__(self) -> None:
        if not self.days or not self.days <= frozenset(range(7)):
            raise ValueError("A send window needs at least one day of the week.")
        if self.opens >= self.closes:
            raise ValueError("A send window has to open before it closes.")

    def is_open(self, moment: datetime, zone: ZoneInfo, is_holiday: Calendar = no_holidays) -> bool:
        here = moment.astimezone(zone)
        shows = here.time().replace(fold=0)
        return self.takes(here.date(), is_holiday) and self.opens <= shows < self.closes

    def takes(self, day: date, is_holiday: Calendar = no_holidays) -> bool:
        return day.weekday() in self.days and (self.with_holidays or not is_holiday(day))

    def closes_at(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """When the window closes that is open at `moment`, in UTC."""
        day = moment.astimezone(zone).date()
        first = _at(day, self.closes, zone)
        # An hour that comes twice: the second one is open as well.
        return first if first > moment else _at(day, self.closes.replace(fold=1), zone)


def next_allowed(
    moment: datetime, window: Window | None, zone: ZoneInfo, is_holiday: Calendar = no_holidays
) -> datetime:
    """The first moment from this one on at which the window is open, in UTC; without a window it is this one."""
    moment = moment.astimezone(UTC)
    if window is None or window.is_open(moment, zone, is_holiday):
        return moment
    for day, calendar in _days_from(moment.astimezone(zone).date(), is_holiday):
        if not window.takes(day, calendar):
            continue
        opens = _at(day, window.opens, zone)
        # Where clocks jump ahead, the hour in which it opens may be missing: then it opens later that day, or not.
        if opens > moment and window.is_open(opens, zone, calendar):
            return opens
    raise AssertionError  # _days_from does not end


def after_working_days(
    moment: datetime,
    days: int,
    zone: ZoneInfo,
    is_holiday: Calendar = no_holidays,
    *,
    week: frozenset[int] = MONDAY_TO_FRIDAY,
) -> datetime:
    """The same time of day so many working days later, in UTC. The day of the moment itself does not count."""
    here = moment.astimezone(zone)
    if days <= 0:
        return moment.astimezone(UTC)
    left = days
    for day, calendar in _days_from(here.date() + DAY, is_holiday):
        if day.weekday() in week and not calendar(day):
            left -= 1
            if not left:
                return max(_at(day, here.time().replace(fold=0), zone), moment.astimezone(UTC))
    raise AssertionError  # _days_from does not end


def not_before_day(moment: datetime, day: date | None, zone: ZoneInfo) -> datetime:
    """The moment, or the same time of day on `day` where that is later: somebody is away until then."""
    here = moment.astimezone(zone)
    if day is None or day <= here.date():
        return moment
    return max(_at(day, here.time().replace(fold=0), zone), moment)


@dataclass(frozen=True)
class Place:
    """Where a letter is read: whose clock and whose holidays count, and how sure we are."""

    zone: ZoneInfo
    is_holiday: Calendar = no_holidays
    guess: str = ""  # for a person: what the zone was guessed from; empty where nothing was guessed


@dataclass(frozen=True)
class Timing:
    """When the step after a letter is due."""

    wait_days: int
    window: Window | None = None

    def due_at(
        self,
        done_at: datetime,
        place: Place,
        *,
        away_until: date | None = None,
        not_before: datetime | None = None,
    ) -> datetime:
        """After the wait that begins at `done_at`, not before they are back, and when the window is open."""
        over = after_working_days(done_at, self.wait_days, place.zone, place.is_holiday)
        back = not_before_day(over, away_until, place.zone)
        return next_allowed(max(back, not_before or back), self.window, place.zone, place.is_holiday)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _days_from(day: date, is_holiday: Calendar) -> Iterator[tuple[date, Calendar]]:
    for number in count():
        yield day + number * DAY, is_holiday if number < BELIEVED else no_holidays
