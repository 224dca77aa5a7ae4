"""Asking for a task: once the transaction stands, and no broker's trouble is the caller's."""

from __future__ import annotations

import pytest
from django.db import OperationalError, transaction
from django_q.conf import Conf
from django_q.models import OrmQ
from structlog.testing import capture_logs

from outreach_site.lib.asking import ask, ask_soon

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = "redis://127.0.0.1:1/0"


def tell(number: int) -> None:
    """What is to run."""


@pytest.fixture
def without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conf, "ORM", None)
    monkeypatch.setattr(Conf, "REDIS", NOWHERE)


def test_when_the_transaction_stands_and_not_before() -> None:
    with transaction.atomic():
        ask_soon(tell, 1, cluster="mail")
        assert not OrmQ.objects.exists()
    assert OrmQ.objects.get().key == "mail"


def test_not_of_what_was_rolled_back() -> None:
    with transaction.atomic():
        ask_soon(tell, 1, cluster="mail")
        transaction.set_rollback(True)
    assert not OrmQ.objects.exists()


@pytest.mark.usefixtures("without_redis")
def test_a_redis_that_is_away_is_in_the_log_alone() -> None:
    with capture_logs() as lines, transaction.atomic():
        ask_soon(tell, 1, cluster="mail")
        ask_soon("somewhere.tell", 2)
    assert [line["task"] for line in lines] == [f"{__name__}.tell", "somewhere.tell"]
    assert "127.0.0.1:1" in lines[0]["reason"]


def test_a_database_that_fails_after_the_commit_is_in_the_log_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(OrmQ.objects, "create", locked)
    monkeypatch.setattr("django_q.brokers.orm.ORM.enqueue", locked)
    with capture_logs() as lines:
        ask(tell, 1, cluster="mail")
    assert [line["reason"] for line in lines] == ["database is locked"]


def test_a_mistake_of_ours_is_an_error() -> None:
    with pytest.raises(AttributeError):
        ask(tell, 1, broker="no broker")
