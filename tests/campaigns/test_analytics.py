"""The numbers: kept lines and what is new say what the rows themselves say, whatever happens in between."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from campaigns.analytics.comparing import Share, compare, difference
from campaigns.analytics.counting import Calendar, Dimension, count
from campaigns.analytics.reading import Numbers, read
from campaigns.analytics.upkeep import _next_days, _write, keep_up
from campaigns.models import Attempt, Campaign, Rollup, RollupState
from outreach_site.accounts.models import Workspace
from tests.campaigns.a_world_of_letters import NOW, Letters, count_by_hand
from tests.conftest import World

REGION_OF = {"com": "US", "de": "EU", "co.uk": "UK", "ca": "CA", "com.au": "AU/NZ", "jp": "OTHER"}


def keep(here: Workspace, now: datetime = NOW) -> None:
    for _ in range(20):
        if keep_up(here, until=time.monotonic() + 60, now=now):
            return
    raise AssertionError("The count never comes to its end")


def agree(here: Workspace, campaign: Campaign | None, days: int | None, now: datetime, zone: str = "") -> Numbers:
    """That what is read is what one counts by hand."""
    numbers = read(here, campaign=campaign, days=days, now=now)
    hand = count_by_hand(here, campaign, days, now=now, zone=zone or here.time_zone)
    total = numbers.total
    said = (total.letters, total.people, total.people_answered, total.people_placed, total.replies, total.interested)
    assert said == (
        hand.letters,
        hand.people,
        hand.people_answered,
        hand.people_placed,
        hand.replies,
        hand.interested,
    )
    assert {day: sums.letters for day, sums in numbers.daily.items() if sums.letters} == hand.daily
    assert (median(numbers.waits) if numbers.waits else None) == hand.median_minutes
    for dimension, counted in (
        (Dimension.STEP, hand.by_step),
        (Dimension.TEMPLATE, hand.by_template),
        (Dimension.SOURCE, hand.by_source),
    ):
        assert {value: sums.letters for value, sums in numbers.period[dimension].items()} == counted
    regions: Counter[str] = Counter()
    for ending, letters in hand.by_ending.items():
        regions[REGION_OF[ending]] += letters
    assert {value: sums.letters for value, sums in numbers.period[Dimension.REGION].items()} == regions
    mailboxes = {value: sums.answered for value, sums in numbers.period[Dimension.MAILBOX].items() if sums.answered}
    assert mailboxes == hand.answered_by_mailbox
    assert {value: sums.replies for value, sums in numbers.period[Dimension.CAME_BACK].items()} == hand.came_back
    return numbers


def lines(here: Workspace) -> list[tuple[Any, ...]]:
    names = [field.attname for field in Rollup._meta.concrete_fields if field.attname not in {"id", "waits"}]
    rows = Rollup.objects.filter(workspace=here)
    return sorted(((*row[:-1], sorted(row[-1])) for row in rows.values_list(*names, "waits")), key=repr)


@pytest.mark.parametrize("seed", range(2))
def test_kept_numbers_are_those_of_the_rows(world: World, seed: int) -> None:
    letters = Letters.begin(world.here, seed)
    letters.write(24)
    elsewhere = Letters.begin(world.elsewhere, seed)
    elsewhere.write(5)
    scopes = [None, *letters.campaigns]
    for campaign in scopes:  # Before anything is kept.
        agree(world.here, campaign, 30, NOW)
    keep(world.here)
    for campaign in scopes:
        for days in (7, 14, None):
            assert agree(world.here, campaign, days, NOW).total.letters
    kept = lines(world.here)
    RollupState.objects.update(passed_at=None)
    keep(world.here)
    assert lines(world.here) == kept
    # What happens after the count is right before the next one, and after it.
    later = NOW + timedelta(hours=30)
    letters.go_on(later)
    for campaign in scopes:
        agree(world.here, campaign, 14, later)
    keep(world.here, later)
    assert lines(world.here) != kept
    for campaign in scopes:
        agree(world.here, campaign, None, later)
        agree(world.here, campaign, 14, later + timedelta(hours=3))


def test_parts_make_the_same_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """More letters than one query can name are asked about in parts."""
    letters = Letters.begin(world.here, 6)
    letters.write(12)
    monkeypatch.setattr("campaigns.analytics.counting.VALUES_AT_ONCE", 2)
    agree(world.here, None, None, NOW)
    keep(world.here)
    letters.go_on(NOW)
    agree(world.here, letters.campaigns[0], None, NOW)


def test_what_no_date_tells_of_is_right_after_the_next_pass(world: World) -> None:
    letters = Letters.begin(world.here, 11)
    letters.write(20)
    keep(world.here)
    first = Attempt.objects.filter(workspace=world.here).unasked().order_by("finished_at")[0]
    first.lead.delete()
    letters.campaigns[1].delete()
    keep(world.here, NOW + timedelta(hours=25))
    agree(world.here, letters.campaigns[0], None, NOW + timedelta(hours=25))
    agree(world.here, None, None, NOW + timedelta(hours=25))


def test_another_time_zone_is_another_count_of_days(world: World) -> None:
    letters = Letters.begin(world.here, 5)
    letters.write(24)
    keep(world.here)
    world.here.time_zone = "Pacific/Auckland"
    world.here.save()
    # Until all is counted by its days, those of the old zone are shown, and called so.
    numbers = agree(world.here, None, 14, NOW, zone="Europe/Berlin")
    assert numbers.is_moving
    keep(world.here)
    assert not agree(world.here, None, 14, NOW).is_moving
    assert set(Rollup.objects.filter(workspace=world.here).values_list("zone", flat=True)) == {"Pacific/Auckland"}


def test_the_second_to_write_finds_another_stamp(world: World) -> None:
    """Two workers count the same days: the slower one's lines, which may be older, are not written."""
    Letters.begin(world.here, 3).write(10)
    keep(world.here)
    slow = RollupState.objects.get(workspace=world.here)
    keep(world.here, NOW + timedelta(hours=25))
    kept = lines(world.here)
    calendar = Calendar(world.here.time_zone)
    assert not _write(slow, [date(2026, 4, 1)], count(world.here, [], calendar=calendar), zone=calendar.zone)
    assert lines(world.here) == kept


def test_a_count_that_is_cut_short_goes_on_where_it_stopped(world: World) -> None:
    Letters.begin(world.here, 8).write(15)
    keep(world.here)
    whole = lines(world.here)
    Rollup.objects.all().delete()
    RollupState.objects.all().delete()
    runs = 1
    while not keep_up(world.here, until=time.monotonic() - 1, now=NOW):
        state = RollupState.objects.get(workspace=world.here)
        agree(world.here, None, 14, NOW)
        if not _next_days(world.here, state, now=NOW):
            break
        runs += 1
    assert runs > 3
    assert lines(world.here) == whole


def test_days_are_as_long_as_clocks_make_them() -> None:
    calendar = Calendar("Europe/Berlin")
    start, end = calendar.bounds(date(2026, 3, 29))
    assert end - start == timedelta(hours=23)
    assert calendar.spans([date(2026, 3, 30), date(2026, 3, 28), date(2026, 3, 29)]) == [
        (datetime(2026, 3, 27, 23, tzinfo=UTC), datetime(2026, 3, 30, 22, tzinfo=UTC))
    ]
    assert calendar.day_of(end) == date(2026, 3, 30)


def test_the_number_of_queries_does_not_grow(world: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    letters = Letters.begin(world.here, 2)
    letters.write(12)
    keep(world.here)
    letters.go_on(NOW)
    with django_assert_num_queries(14):
        read(world.here, campaign=None, days=30, now=NOW)
    letters.write(20)
    letters.go_on(NOW)
    with django_assert_num_queries(14):
        read(world.here, campaign=None, days=30, now=NOW)


# --- Two variants -----------------------------------------------------------------------------------------------------


def test_newcombes_own_example() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table II, method 10: 56/70 - 48/80, and 9/10 - 3/10."""
    assert difference(Share(48, 80), Share(56, 70)) == pytest.approx((0.0524, 0.3339), abs=0.0001)
    assert difference(Share(3, 10), Share(9, 10)) == pytest.approx((0.1705, 0.8090), abs=0.0001)
    assert difference(Share(0, 10), Share(10, 10)) == pytest.approx((0.6075, 1.0), abs=0.0001)


@pytest.mark.parametrize(
    ("a", "b", "winner", "words"),
    [
        (Share(0, 0), Share(0, 0), "", "Too early"),
        (Share(1, 99), Share(50, 99), "", "Too early"),
        (Share(1, 500), Share(50, 99), "", "Too early"),
        (Share(10, 100), Share(15, 100), "", "may be chance"),
        (Share(0, 100), Share(0, 100), "", "may be chance"),
        (Share(5, 100), Share(20, 100), "B", "B is answered more often"),
        (Share(20, 100), Share(5, 100), "A", "A is answered more often"),
    ],
)
def test_no_winner_is_named_too_early(a: Share, b: Share, winner: str, words: str) -> None:
    verdict = compare(a, b)
    assert (verdict.winner, words in verdict.sentence) == (winner, True)
