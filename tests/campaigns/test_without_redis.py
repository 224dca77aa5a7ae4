"""Redis is away: what a person or a program asks for is done all the same, or refused with a clear sentence."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.conf import Conf
from pytest_django import Settings

from campaigns.models import Attempt
from outreach_site.desk import schedules
from outreach_site.desk.heartbeat import CLUSTERS
from outreach_site.desk.models import Heartbeat
from tests.campaigns.conftest import Room
from tests.conftest import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_is_away")]


@pytest.fixture(params=["refuses", "is silent"])
def redis_is_away(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if request.param == "is silent" else 1
        address = f"redis://127.0.0.1:{port}/0?socket_timeout=0.2"
        _at(address, settings, monkeypatch)
        yield


def _at(address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = address
    settings.CACHES = settings.CACHES | {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": address}
    }
    monkeypatch.setattr(Conf, "ORM", None)
    monkeypatch.setattr(Conf, "REDIS", address)


def test_letters_that_a_person_queues_are_queued(room: Room) -> None:
    answer = room.post("campaign_send", room.campaign.pk, {"lead": [lead.pk for lead in room.leads[:2]]})
    assert answer.status_code == 302
    assert Attempt.objects.filter(state="queued").count() == 2


def test_a_letter_that_a_program_queues_is_queued_and_said_to_be(room: Room) -> None:
    letter = {"recipients": ["ed@new.com"], "subject": "A guide", "content": "Hello,\n\na guide."}
    answer = room.client().post("/api/email/queue", letter, content_type="application/json")
    assert (answer.status_code, answer.json()["message"]) == (200, "1 of 1 letter is queued.")
    assert Attempt.objects.filter(state="queued").count() == 1


@pytest.mark.parametrize("page", ["account_login", "account_reset_password"])
def test_what_is_limited_against_misuse_waits_and_says_so(world: World, page: str) -> None:
    browser, path = Client(), reverse(page)
    answer = browser.post(path, {"login": world.owner.email, "email": world.owner.email, "password": "guessed"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "Try again in a minute" in answer.content.decode()
    assert "_auth_user_id" not in browser.session


def test_who_is_signed_in_goes_on_working(world: World) -> None:
    assert world.client(world.marketer).get(reverse("desk:today", args=["orchard"])).status_code == 200


def test_health_says_so(world: World) -> None:
    for cluster in CLUSTERS:
        Heartbeat.beat(cluster, host="here", now=timezone.now())
    answer = world.client().get("/health/")
    assert (answer.status_code, answer.json()["redis"]) == (503, False)
    assert answer.json()["trouble"] == ["Redis does not answer: the workers hear of nothing, and nobody can sign in."]
    page = world.client(world.owner).get(reverse("desk:settings_health", args=["orchard"])).content.decode()
    assert "Redis does not answer" in page


def test_a_start_goes_on_without_the_clocks_first_minute() -> None:
    schedules.run_now()
