"""How many requests a key may make in a minute, and what its answers say of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from outreach_site.accounts import api_access, rates
from outreach_site.accounts.models import CallCount
from outreach_site.accounts.rates import Rate, take
from tests.accounts.test_api_access import READ, SEND, bearer, key_of
from tests.conftest import World

NOW = datetime(2026, 3, 2, 9, 12, 43, tzinfo=UTC)
FEW = Rate("calls", 3)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_access, "CALLS", FEW)
    monkeypatch.setattr(api_access, "SENDS", Rate("sends", 2))


def test_a_minute_is_one_of_the_clocks(db: None) -> None:
    taken = [take(FEW, "key:1", now=NOW + timedelta(seconds=second)) for second in (0, 1, 16, 16)]
    assert [(one.allowed, one.left, one.seconds) for one in taken] == [
        (True, 2, 17),
        (True, 1, 16),
        (True, 0, 1),
        (False, 0, 1),
    ]
    assert take(FEW, "key:2", now=NOW).allowed, "another has a minute of its own"
    assert take(FEW, "key:1", now=NOW + timedelta(seconds=17)).left == 2


def test_what_is_refused_is_not_counted(db: None) -> None:
    for _ in range(9):
        take(FEW, "key:1", now=NOW)
    assert CallCount.objects.get().used == 3


@pytest.mark.urls("tests.accounts.api_urls")
def test_every_answer_to_a_key_says_how_it_stands(world: World, few: None) -> None:
    secret = key_of(world, world.viewer)
    with time_machine.travel(NOW, tick=False):
        answers = [Client().get(READ, headers=bearer(secret)) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert {answer["RateLimit-Limit"] for answer in answers} == {"3"}
        assert {answer["RateLimit-Reset"] for answer in answers} == {"17"}
        assert [answer.headers.get("Retry-After") for answer in answers] == [None, None, None, "17"]
        assert "Try again in 17 s" in str(answers[3].content)
    with time_machine.travel(NOW + timedelta(seconds=17), tick=False):
        assert Client().get(READ, headers=bearer(secret)).status_code == 200


@pytest.mark.urls("tests.accounts.api_urls")
def test_refusals_count_too_and_say_so(world: World, few: None) -> None:
    """Whoever tries what they may not is as much work as anybody."""
    secret = key_of(world, world.viewer)
    with time_machine.travel(NOW, tick=False):
        answers = [Client().post(SEND, headers=bearer(secret)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [403, 403, 403, 429]
    assert answers[0]["RateLimit-Remaining"] == "2"


@pytest.mark.urls("tests.accounts.api_urls")
def test_what_sends_has_a_narrower_limit_for_keys_and_for_people(world: World, few: None) -> None:
    secret = key_of(world, world.marketer)
    with time_machine.travel(NOW, tick=False):
        by_key = [Client().post(SEND, headers=bearer(secret)) for _ in range(3)]
        in_person = [world.client(world.owner).post(SEND) for _ in range(3)]
        assert Client().post(READ, headers=bearer(secret)).status_code == 429, "three calls were made"
    for answers in (by_key, in_person):
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert (answers[2]["RateLimit-Limit"], answers[2]["Retry-After"]) == ("2", "17")


@pytest.mark.urls("tests.accounts.api_urls")
def test_nobody_is_told_nothing_of_limits(world: World) -> None:
    assert "RateLimit-Limit" not in Client().get(READ)
    assert not CallCount.objects.exists()


def test_the_site_says_it_too(world: World) -> None:
    secret = key_of(world, world.viewer)
    for path, status in (("campaigns", 200), ("campaigns/1/export/leads", 403), ("campaigns?limit=0", 422)):
        answer = Client().get(f"/api/v1/backlink-outreach/{path}", headers=bearer(secret))
        assert (answer.status_code, answer["RateLimit-Limit"]) == (status, "300")


def test_the_limits_are_those_of_the_documentation() -> None:
    assert (rates.CALLS.limit, rates.SENDS.limit, rates.SECONDS) == (300, 60, 60)
