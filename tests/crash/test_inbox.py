"""kill -9 at random moments while mail comes in from a real Dovecot: nothing is lost, nothing comes in twice.

`make crash-test` reads 10,000 new messages behind 50,000 old ones and kills ten times; `make test` 600 behind 3,000 and
four times. INBOX_MESSAGES and INBOX_KILLS say how many, CRASH_SEED repeats the killer's dice. On the way the server
loses its index once, so that UIDs begin anew.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.crash.conftest import Installation
from tests.crash.test_kills import SEED
from tests.dovecot import CountingWire, Dovecot
from tests.servers import Certificates

MESSAGES = int(os.environ.get("INBOX_MESSAGES", "600"))
KILLS = int(os.environ.get("INBOX_KILLS", "4"))
OLD = MESSAGES * 5
IDLE_BYTES = 10_000
PATIENCE_SECONDS = 240 + MESSAGES / 12
MARA = "mara@orchardmedia.com"


@pytest.fixture
def server(dovecot: Path, certificates: Certificates) -> Iterator[Dovecot]:
    # Short: the path of a socket has at most 107 characters.
    with TemporaryDirectory(prefix="dv-") as directory, Dovecot(dovecot, Path(directory), certificates) as running:
        yield running


@pytest.fixture
def wire(server: Dovecot) -> Iterator[CountingWire]:
    counting = CountingWire(server.tls_port)
    yield counting
    counting.close()


def message(number: int) -> bytes:
    return (
        f"From: Ed {number} <ed{number}@site{number}.com>\r\nTo: {MARA}\r\nSubject: Re: Number {number}\r\n"
        f"Message-ID: {_id(number)}\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\n"
        f"Sounds good, please send it over. My number is {number}.\r\n"
    ).encode()


def _id(number: int) -> str:
    return f"<new-{number}@site.com>"


@pytest.mark.processes
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_every_message_comes_in_once(
    open_installation: Callable[..., Installation],
    server: Dovecot,
    wire: CountingWire,
    database: str,
    tell: Callable[[str], None],
) -> None:
    tell(f"{database}: CRASH_SEED={SEED} INBOX_MESSAGES={MESSAGES} INBOX_KILLS={KILLS}")
    dice = random.Random(SEED)
    server.deliver(MARA, (b"Message-ID: <old-%d@x.org>\r\n\r\nOld\r\n" % n for n in range(OLD)), arrived=1.6e9)
    installation = open_installation(database, port=wire.port)
    mailbox = installation.call("open_mailbox", port=wire.port, user=MARA)
    assert _read(installation, mailbox)["stored"] == 0
    idle = _idle_bytes(installation, mailbox, wire)
    assert idle < IDLE_BYTES

    installation.start("read", mailbox=mailbox)
    began, delivered = time.monotonic(), 0
    portions = KILLS + 1
    for portion in range(portions):
        until = MESSAGES * (portion + 1) // portions
        server.deliver(MARA, map(message, range(delivered, until)))
        delivered = until
        if portion == KILLS:
            break
        time.sleep(dice.uniform(0.05, 1.5))
        installation.kill(installation.workers[0], signal.SIGKILL)
        if portion == KILLS // 2:
            server.renumber(MARA)
        installation.start("read", mailbox=mailbox)
    found = _wait_for_all(installation, mailbox)
    seconds = time.monotonic() - began
    installation.kill(installation.workers[0], signal.SIGTERM)

    wanted = {_id(number) for number in range(MESSAGES)}
    assert found["errors"] == []
    assert [each for each, times in Counter(found["stored"]).items() if times > 1] == []
    assert set(found["stored"]) == wanted
    assert sorted(found["replies"]) == sorted(wanted)
    assert found["labels"] == MESSAGES
    tell(f"{database}: {MESSAGES} of {MESSAGES} once, after {KILLS} kills, in {seconds:.0f} s; idle poll {idle} bytes")
    assert _idle_bytes(installation, mailbox, wire) < IDLE_BYTES


def _read(installation: Installation, mailbox: int) -> dict[str, object]:
    answer: dict[str, object] = installation.call("read_once", mailbox=mailbox)
    assert not answer["failed"], answer
    return answer


def _idle_bytes(installation: Installation, mailbox: int, wire: CountingWire) -> int:
    wire.bytes = 0
    answer = _read(installation, mailbox)
    assert (answer["stored"], answer["more"]) == (0, False)
    return wire.bytes


def _wait_for_all(installation: Installation, mailbox: int) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        found: dict[str, Any] = installation.call("what_came_in", mailbox=mailbox)
        if len(found["replies"]) >= MESSAGES and not found["waiting"]:
            return found
        assert time.monotonic() < until, (
            f"{len(found['stored'])} stored, {len(found['replies'])} replies, {found['waiting']} wait; "
            f"errors: {found['errors']}"
        )
        time.sleep(0.3)
