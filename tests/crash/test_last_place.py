"""Two workers at the last free places of a cap, in real processes on PostgreSQL: exactly the cap goes through.

LAST_PLACE_ROUNDS says how often; each round has a workspace of its own.
"""

from __future__ import annotations

import os
import struct
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.conftest import Installation
from tests.servers import Certificates, FaultySMTP

ROUNDS = int(os.environ.get("LAST_PLACE_ROUNDS", "20"))
CAP = 3

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]


@pytest.mark.parametrize("cap", ["domain", "user"])
def test_two_workers_at_the_last_place_of_a_cap(
    open_installation: Callable[..., Installation], certificates: Certificates, cap: str, tell: Callable[[str], None]
) -> None:
    caps = {"DAILY_DOMAIN_CAP": "1000", "DAILY_USER_CAP": "1000"} | {f"DAILY_{cap.upper()}_CAP": str(CAP)}
    with FaultySMTP(certificates) as server:
        installation = open_installation("postgresql", port=server.port, **caps)
        boxes = [_open(installation, f"round{n}", server.port, cap=cap) for n in range(ROUNDS)]
        _race(installation, boxes, seconds=0.0)
        ledger = installation.call("account")["ledger"]
    received = Counter(letter.mail_from.partition("-")[0] for letter in server.accepted)
    tell(f"last place, {cap}: {sorted(received.values())}")
    assert received == {f"round{n}": CAP for n in range(ROUNDS)}
    assert Counter(record["state"] for record in ledger) == {"sent": ROUNDS * CAP}


def test_two_workers_across_midnight(
    open_installation: Callable[..., Installation],
    certificates: Certificates,
    tmp_path: Path,
    tell: Callable[[str], None],
) -> None:
    """Each round's midnight is real: its time zone is made so that the day ends while the workers send."""
    with FaultySMTP(certificates) as server:
        installation = open_installation("postgresql", port=server.port, DAILY_DOMAIN_CAP=str(CAP))
        # However long this machine takes to open them: their midnights are made when all stand ready.
        boxes = [
            _open(installation, f"round{n}", server.port, cap="domain", zone=f"Midnight{n}") for n in range(ROUNDS)
        ]
        first_midnight = int(time.time()) + 20  # two workers have started by then, on a busy machine too
        midnights = [first_midnight + n // 5 for n in range(ROUNDS)]
        for n, midnight in enumerate(midnights):
            _write_zone(tmp_path / f"Midnight{n}", day_ends_at=midnight)
        assert time.time() < first_midnight - 1, "the rounds must begin before their midnight"
        _race(installation, boxes, seconds=midnights[-1] + 3 - time.time())
        ledger = installation.call("account")["ledger"]
    midnight_of = dict(zip(sorted({record["workspace"] for record in ledger}), midnights, strict=True))
    days = Counter((r["workspace"], r["counted_at"] >= midnight_of[r["workspace"]]) for r in ledger)
    tell(
        f"across midnight: before {[days[w, False] for w in midnight_of]}, after {[days[w, True] for w in midnight_of]}"
    )
    assert all(count == CAP for count in days.values())
    assert len(days) == 2 * ROUNDS
    assert len(server.accepted) == len(ledger)


def _open(installation: Installation, name: str, port: int, *, cap: str, zone: str = "UTC") -> list[int]:
    """A workspace with two mailboxes, each with more letters than the cap, all of them counted together."""
    domain = "somewhere.com" if cap == "domain" else "{}{}.com"
    letters = [
        (f"{name}-mara", [f"editor{box}{n}@{domain.format(box, n)}" for n in range(CAP * 2 + 1)]) for box in ("a", "b")
    ]
    keys: list[int] = installation.call("open_workspace", name=name, letters=letters, port=port, time_zone=zone)
    return keys


def _race(installation: Installation, boxes: list[list[int]], *, seconds: float) -> None:
    """Both workers start at one moment, one at the first mailbox of every workspace and one at the second."""
    start_at = time.time() + 0.5
    for side in (0, 1):
        installation.start(
            "press", mailboxes=[pair[side] for pair in boxes], start_at=start_at, until=start_at + seconds
        )
    until = time.monotonic() + seconds + 60
    while any(_is_alive(pid) for pid in installation.workers):
        assert time.monotonic() < until, installation.errors.read_text()[-5000:]
        installation.call("still_to_do")  # Lets the parent bury its children.
        time.sleep(0.2)
    installation.workers.clear()
    installation.call("tidy_up")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _write_zone(path: Path, *, day_ends_at: int) -> None:
    """A time zone without changes (RFC 8536, version 1) in which a day ends at that moment."""
    offset = -day_ends_at % 86_400
    offset -= 86_400 if offset > 43_200 else 0
    header = b"TZif" + b"\0" * 16 + struct.pack(">6I", 0, 0, 0, 0, 1, 4)
    path.write_bytes(header + struct.pack(">iBB", offset, 0, 0) + b"TST\0")


def test_the_zone_is_what_it_says(tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta
    from zoneinfo import ZoneInfo

    for moment in (1_790_000_001, 1_790_040_000, 1_790_086_399):
        _write_zone(tmp_path / "Zone", day_ends_at=moment)
        with (tmp_path / "Zone").open("rb") as file:
            there = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo.from_file(file))
        assert (there.hour, there.minute, there.second) == (0, 0, 0)
        assert abs(there.utcoffset() or timedelta()) <= timedelta(hours=12)
