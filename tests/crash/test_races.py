"""Two transactions on PostgreSQL of which one waits for the other: what SQLite, with its one writer, cannot show."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.conftest import Installation

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]


@pytest.fixture
def installation(open_installation: Callable[..., Installation], dead_port: int) -> Installation:
    return open_installation("postgresql", port=dead_port)


@pytest.mark.parametrize("how", ["cancel", "suppress"])
def test_a_letter_that_is_taken_back_while_it_starts_does_not_leave(
    installation: Installation, dead_port: int, how: str
) -> None:
    [mailbox] = installation.call("open_workspace", name="orchard", letters=[("mara", ["ed@site.com"])], port=dead_port)
    assert installation.call("start_against", mailbox=mailbox, how=how) == {
        "started": False,
        "state": "cancelled" if how == "cancel" else "blocked",
        "ledger": ["released"],
    }


def test_two_people_queue_the_same_letters_at_once(installation: Installation, dead_port: int) -> None:
    [mailbox] = installation.call(
        "open_workspace", name="orchard", letters=[("mara", [f"ed@site{n}.com" for n in range(20)])], port=dead_port
    )
    for _ in range(3):
        told = installation.call("queue_twice", mailbox=mailbox)
        assert told == ["0 queued, 20 refused", "20 queued, 0 refused"]
