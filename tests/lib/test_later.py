"""A task for some seconds from now: in the database's queue, and in Redis, which has no such thing."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from pytest_django import Settings

from outreach_site.lib.later import run_at


def tell(number: int) -> None:
    """What is to run."""


@pytest.mark.django_db
def test_nobody_takes_it_before_its_time() -> None:
    run_at(timezone.now() + timedelta(seconds=10), tell, 1, cluster="mail")
    run_at(timezone.now() - timedelta(seconds=1), tell, 2, cluster="mail")
    taken = get_broker("mail").dequeue()
    assert [SignedPackage.loads(payload)["args"] for _, payload in taken] == [(2,)]
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))
    assert {SignedPackage.loads(payload)["args"] for _, payload in get_broker("mail").dequeue()} <= {(1,), (2,)}


@pytest.fixture
def redis_url(redis_server: Path) -> Iterator[str]:
    with TemporaryDirectory(prefix="redis-") as directory:
        socket = f"{directory}/redis.sock"
        command = [str(redis_server), "--port", "0", "--unixsocket", socket, "--save", "", "--dir", directory]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                while not Path(socket).exists():
                    time.sleep(0.02)
                yield f"unix://{socket}"
            finally:
                server.terminate()


def test_with_redis_this_process_waits(redis_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = redis_url
    monkeypatch.setattr(Conf, "REDIS", redis_url)
    monkeypatch.setattr(Conf, "ORM", None)
    broker = Redis(list_key="mail")
    run_at(timezone.now() + timedelta(seconds=0.5), tell, 3, cluster="mail")
    assert broker.queue_size() == 0
    until = time.monotonic() + 10
    while not broker.queue_size() and time.monotonic() < until:
        time.sleep(0.05)
    [(_, payload)] = broker.dequeue()
    assert SignedPackage.loads(payload)["args"] == (3,)
