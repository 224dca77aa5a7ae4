"""kill -9 at random moments while a file of leads is read in and taken back: no row is lost, none counts twice."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.crash.conftest import Installation
from tests.crash.test_kills import SEED

ROWS = 6_000
KILLS = 6
PATIENCE_SECONDS = 300


def row(number: int) -> str:
    if number % 50 == 7:
        return f"site{number - 1}.com,again{number}@site.com"  # the site of the row before
    return f"no site {number},x" if number % 50 == 9 else f"site{number}.com,ed@site{number}.com"


@pytest.mark.processes
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_file_comes_in_once_and_goes_once(
    open_installation: Callable[..., Installation], database: str, tell: Callable[[str], None]
) -> None:
    tell(f"{database}: CRASH_SEED={SEED}")
    dice = random.Random(SEED)
    installation = open_installation(database, port=1)
    run = installation.call("open_file", text="site,email\n" + "\n".join(map(row, range(ROWS))))

    cut_short = _until(installation, run, "done", dice)
    found = installation.call("what_became_of_it", run=run)
    wanted = [f"site{number}.com" for number in range(ROWS) if number % 50 not in {7, 9}]
    assert sorted(found["sites"]) == sorted(wanted)
    assert found["left_out"] == [number + 2 for number in range(ROWS) if number % 50 in {7, 9}]
    assert found["counted"] == [len(wanted), ROWS // 50, ROWS // 50, 0]

    assert installation.call("take_file_back", run=run)
    cut_short += _until(installation, run, "removed", dice)
    found = installation.call("what_became_of_it", run=run)
    assert found["sites"] == []
    assert found["counted"] == [len(wanted), ROWS // 50, ROWS // 50, len(wanted)]
    assert cut_short >= KILLS  # Else the worker was done before it was killed, and nothing is shown.
    tell(f"{database}: {len(wanted)} leads in and out once, {cut_short} kills in the middle")


def _until(installation: Installation, run: int, state: str, dice: random.Random) -> int:
    """Kill the worker until it is done; how often it was in the middle."""
    cut_short, until = 0, time.monotonic() + PATIENCE_SECONDS
    while True:
        worker = installation.start("read_in", run=run)
        if cut_short < KILLS:
            time.sleep(dice.uniform(0.02, 0.2))
        else:
            _wait(installation, run, state, until)
        installation.kill(worker, signal.SIGKILL)
        found: dict[str, Any] = installation.call("what_became_of_it", run=run)
        if found["state"] == state:
            return cut_short
        cut_short += 1
        assert time.monotonic() < until, found["counted"]


def _wait(installation: Installation, run: int, state: str, until: float) -> None:
    while installation.call("what_became_of_it", run=run)["state"] != state and time.monotonic() < until:
        time.sleep(0.2)
