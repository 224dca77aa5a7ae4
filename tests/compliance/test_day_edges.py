"""A cap's day is the workspace's calendar day: to the second, and where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from compliance import gate
from tests.compliance.test_gate import letter
from tests.conftest import World


@pytest.mark.parametrize(
    ("zone", "day", "starts_at", "hours"),
    [
        ("UTC", "2026-03-10", "2026-03-10T00:00", 24),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", 25),
        ("Pacific/Kiritimati", "2026-03-10", "2026-03-09T10:00", 24),  # fourteen hours ahead
        ("Pacific/Pago_Pago", "2026-03-10", "2026-03-10T11:00", 24),  # eleven hours behind
        ("Asia/Kathmandu", "2026-03-10", "2026-03-09T18:15", 24),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),  # half an hour
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00", 23),  # there is no midnight: the day begins at one
        ("America/Havana", "2026-11-01", "2026-11-01T04:00", 25),  # midnight comes twice: the first begins it
    ],
)
def test_a_day_lasts_from_midnight_to_midnight(world: World, zone: str, day: str, starts_at: str, hours: float) -> None:
    world.here.time_zone, world.here.daily_user_cap = zone, 1
    world.here.save()
    starts = datetime.fromisoformat(starts_at).replace(tzinfo=UTC)
    ends = starts + timedelta(hours=hours)
    second = timedelta(seconds=1)
    assert world.here.day_of(starts).isoformat() == day
    assert world.here.day_bounds(starts + timedelta(hours=12)) == (starts, ends)

    gate.decide([letter(1)], workspace=world.here, now=starts - second)
    gate.settle(gate.Outcomes(sent=[("attempt:1", starts - second)]))
    assert gate.foresee([letter(2)], workspace=world.here, now=starts)[0].allowed, "yesterday's letter is yesterday's"
    gate.decide([letter(2)], workspace=world.here, now=starts)
    gate.settle(gate.Outcomes(sent=[("attempt:2", starts)]))
    [last] = gate.foresee([letter(3)], workspace=world.here, now=ends - second)
    assert not last.allowed
    assert last.until == ends
    assert gate.foresee([letter(3)], workspace=world.here, now=ends)[0].allowed


@pytest.mark.parametrize(("wanted", "counts"), [(None, 20), (5, 5), (20, 20), (500, 20)])
def test_a_workspace_only_lowers_the_servers_caps(
    world: World, settings: object, wanted: int | None, counts: int
) -> None:
    settings.DAILY_USER_CAP = settings.DAILY_DOMAIN_CAP = 20  # type: ignore[attr-defined]  # pytest-django's settings
    world.here.daily_user_cap = world.here.daily_domain_cap = wanted
    limits = gate.limits_of(world.here)
    assert (limits.per_user_day, limits.per_domain_day) == (counts, counts)


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "Europe", "", "US/Pacific-New", "\x00"])
def test_a_zone_that_does_not_exist_any_more_stops_nothing(world: World, zone: str) -> None:
    """A form refuses it; what stands in the database may outlive the system's list."""
    world.here.time_zone = zone
    moment = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    start, end = world.here.day_bounds(moment)
    assert (start, end - start) == (datetime(2026, 3, 2, tzinfo=UTC), timedelta(days=1))
