"""Windows, working days, holidays and clocks that jump: never outside, never too early, never stuck."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.places import calendar_of, country_of, zone_of
from campaigns.sequences import (
    BELIEVED,
    MONDAY_TO_FRIDAY,
    Calendar,
    Place,
    Timing,
    Window,
    after_working_days,
    next_allowed,
    no_holidays,
    not_before_day,
)
from compliance.regions import RegionGuess, guess

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Window(MONDAY_TO_FRIDAY, time(9), time(17))

# Zones whose clocks jump: by an hour, by half an hour, at midnight, over a whole day, far east, and none at all.
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Asia/Beirut",
        "Pacific/Apia",
        "Africa/Casablanca",
        "Asia/Kolkata",
        "UTC",
    )
]
# Half of all moments lie in days in which a clock jumps somewhere.
moments = st.datetimes(datetime(2010, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC)) | st.builds(
    lambda day, offset: day + offset,
    st.sampled_from(
        [
            datetime(2026, 3, 29, tzinfo=UTC),
            datetime(2026, 10, 25, tzinfo=UTC),
            datetime(2026, 3, 8, 6, tzinfo=UTC),
            datetime(2026, 11, 1, 5, tzinfo=UTC),
            datetime(2026, 4, 4, 15, tzinfo=UTC),
            datetime(2018, 11, 4, 2, tzinfo=UTC),
            datetime(2011, 12, 30, 9, tzinfo=UTC),
        ]
    ),
    st.timedeltas(timedelta(days=-1), timedelta(days=1)),
)
clocks = st.integers(0, 24 * 60 - 1).map(lambda minutes: time(minutes // 60, minutes % 60))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    opens, closes = sorted(draw(st.lists(clocks, min_size=2, max_size=2, unique=True)))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return Window(days, opens, closes, with_holidays=draw(st.booleans()))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Some days of the year; every day; or a real country's."""
    kind = draw(st.sampled_from(["some", "all", "real"]))
    if kind == "real":
        return calendar_of(draw(st.sampled_from(["DE", "GB", "US", "JP"])))
    if kind == "all":
        return lambda _day: True
    free = draw(st.frozensets(st.integers(1, 366), max_size=60))
    return lambda day: day.timetuple().tm_yday in free


@settings(max_examples=300)
@given(moments, windows(), st.sampled_from(ZONES), calendars())
def test_never_outside_the_window_never_early_and_never_stuck(
    moment: datetime, window: Window, zone: ZoneInfo, calendar: Calendar
) -> None:
    allowed = next_allowed(moment, window, zone, calendar)
    days = (allowed.astimezone(zone).date() - moment.astimezone(zone).date()).days
    believed = calendar if days < BELIEVED else no_holidays
    assert window.is_open(allowed, zone, believed)
    assert moment <= allowed < moment + timedelta(days=366 + 21)
    assert next_allowed(allowed, window, zone, believed) == allowed


@settings(max_examples=300)
@given(moments, windows(), st.sampled_from(ZONES))
def test_an_open_window_closes_and_is_open_until_then(moment: datetime, window: Window, zone: ZoneInfo) -> None:
    opened = next_allowed(moment, window, zone)
    closes = window.closes_at(opened, zone)
    assert opened < closes <= opened + timedelta(days=1, hours=2)


@settings(max_examples=300)
@given(moments, st.integers(0, 20), st.sampled_from(ZONES), calendars())
def test_a_wait_is_over_after_so_many_working_days(
    moment: datetime, days: int, zone: ZoneInfo, calendar: Calendar
) -> None:
    over = after_working_days(moment, days, zone, calendar)
    assert over >= moment
    began, ended = moment.astimezone(zone).date(), over.astimezone(zone).date()
    passed = [began + timedelta(days=n) for n in range(1, (ended - began).days + 1)]
    if ended - began < timedelta(days=366):
        assert sum(day.weekday() < 5 and not calendar(day) for day in passed) >= days
    else:
        assert ended - began < timedelta(days=366 + 60)


@settings(max_examples=200)
@given(moments, st.integers(0, 10), windows(), st.sampled_from(ZONES), calendars(), st.none() | st.integers(-5, 40))
def test_a_follow_up_keeps_wait_window_and_return(
    moment: datetime, days: int, window: Window, zone: ZoneInfo, calendar: Calendar, away: int | None
) -> None:
    back_on = None if away is None else moment.astimezone(zone).date() + timedelta(days=away)
    due = Timing(days, window).due_at(moment, Place(zone, calendar), away_until=back_on)
    assert due >= after_working_days(moment, days, zone, calendar)
    assert back_on is None or due.astimezone(zone).date() >= back_on
    assert window.is_open(due, zone)


def test_the_hour_that_is_missing_and_the_hour_that_comes_twice() -> None:
    night = Window(frozenset(range(7)), time(2, 15), time(2, 45))
    # On 29 March 2026 the clock in Berlin jumps from 2:00 to 3:00: there is no such half hour.
    assert next_allowed(datetime(2026, 3, 29, 0, 0, tzinfo=UTC), night, BERLIN) == datetime(
        2026, 3, 30, 0, 15, tzinfo=UTC
    )
    # On 25 October it comes twice, and both times are inside.
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert next_allowed(second, night, BERLIN) == second
    assert night.closes_at(second, BERLIN) == datetime(2026, 10, 25, 1, 45, tzinfo=UTC)


def test_the_same_time_of_day_over_a_change_of_the_clock() -> None:
    friday = datetime(2026, 3, 27, 9, 30, tzinfo=BERLIN)
    assert after_working_days(friday, 1, BERLIN) == datetime(2026, 3, 30, 9, 30, tzinfo=BERLIN)


def test_weekends_and_holidays_are_no_working_days() -> None:
    wednesday = datetime(2026, 12, 23, 10, 0, tzinfo=BERLIN)
    germany = calendar_of("DE")
    # The 24th counts; the 25th is a holiday, then comes a weekend.
    assert after_working_days(wednesday, 2, BERLIN, germany).astimezone(BERLIN).date() == date(2026, 12, 28)
    new_year = datetime(2027, 1, 1, 10, 0, tzinfo=BERLIN)
    assert next_allowed(new_year, OFFICE, BERLIN, germany) == datetime(2027, 1, 4, 9, 0, tzinfo=BERLIN)


def test_somebody_who_is_away_is_written_to_when_they_are_back() -> None:
    due = datetime(2026, 6, 3, 10, 0, tzinfo=BERLIN)
    assert not_before_day(due, date(2026, 6, 10), BERLIN) == datetime(2026, 6, 10, 10, 0, tzinfo=BERLIN)
    assert not_before_day(due, date(2026, 6, 1), BERLIN) == due
    assert not_before_day(due, None, BERLIN) == due


@pytest.mark.parametrize(("days", "opens", "closes"), [((), 9, 17), ((0,), 17, 9), ((0,), 9, 9), ((7,), 9, 17)])
def test_a_window_that_never_opens_is_none(days: tuple[int, ...], opens: int, closes: int) -> None:
    with pytest.raises(ValueError, match="window"):
        Window(frozenset(days), time(opens), time(closes))


@pytest.mark.parametrize(
    ("address", "known", "country"),
    [
        ("a@example.de", None, "DE"),
        ("a@example.co.uk", None, "GB"),
        ("a@example.eu", None, ""),
        ("a@example.com", None, ""),
        ("a@example.io", None, ""),
        ("a@example.com.au", None, "AU"),
        ("a@example.com", guess("UK", "site"), "GB"),
        ("a@example.com", guess("EU", "person"), ""),
        ("a@example.fr", guess("EU", "person"), "FR"),
    ],
)
def test_the_country_of_an_address(address: str, known: RegionGuess | None, country: str) -> None:
    assert country_of(address, known) == country


@pytest.mark.parametrize(
    ("country", "zone"),
    [("DE", "Europe/Berlin"), ("GB", "Europe/London"), ("AU", "Australia/Sydney"), ("US", "America/New_York")],
)
def test_the_clock_of_a_country(country: str, zone: str) -> None:
    assert zone_of(country) == ZoneInfo(zone)
    assert zone_of("") is None
