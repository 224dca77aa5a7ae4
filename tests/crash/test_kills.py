"""kill -9 at random moments, against a server that breaks in every way it can: promises 1, 2 and 3.

`make crash-test` kills a hundred times among 2,000 letters on each database; `make test` ten times. CRASH_KILLS says
how often, CRASH_SEED repeats a server's and the killer's dice.
"""

from __future__ import annotations

import email
import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.crash.conftest import Installation
from tests.crash.unreliable import UNKNOWN, UnreliableSMTP
from tests.servers import Certificates

KILLS = int(os.environ.get("CRASH_KILLS", "10"))
SEED = int(os.environ.get("CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
LETTERS = KILLS * 20
MAILBOXES = 4
DOMAIN_CAP = 6
# The first three mailboxes write for one person, the last for another; the first may also not send all in an hour.
USER_CAP = int(LETTERS * 0.6)
HOURLY_LIMIT = int(LETTERS * 0.2)
COMMANDS_PER_LETTER = 5
PATIENCE_SECONDS = 240 + KILLS * 6

Say = Callable[[str], None]
Books = dict[str, dict[str, int]]


@pytest.mark.processes
@pytest.mark.parametrize(
    ("database", "workers"), [("sqlite", 1), pytest.param("postgresql", 2, marks=pytest.mark.postgresql)]
)
def test_a_killed_worker_never_writes_twice(
    open_installation: Callable[..., Installation],
    certificates: Certificates,
    database: str,
    workers: int,
    books: Books,
    tell: Say,
) -> None:
    tell(f"{database}: CRASH_SEED={SEED} CRASH_KILLS={KILLS}")
    dice = random.Random(SEED)
    with UnreliableSMTP(certificates, seed=SEED) as server:
        installation = open_installation(
            database, port=server.port, DAILY_USER_CAP=str(USER_CAP), DAILY_DOMAIN_CAP=str(DOMAIN_CAP)
        )
        installation.call(
            "open_workspace",
            name="orchard",
            letters=_letters(),
            port=server.port,
            time_zone=_where_it_is_noon(),
            hourly_limit=HOURLY_LIMIT,
        )
        started = time.monotonic()
        for _ in range(workers):
            installation.start()
        for _ in range(KILLS):
            _wait_for_commands(server, dice.randint(1, 2 * LETTERS * COMMANDS_PER_LETTER // (KILLS + 5)))
            time.sleep(dice.random() * 0.02)
            installation.kill(dice.choice(installation.workers), signal.SIGKILL)
            installation.start()
        _wait_until_idle(installation, started)
        for worker in list(installation.workers):
            installation.kill(worker, signal.SIGTERM)
        installation.call("tidy_up")
        seconds = time.monotonic() - started
        found = _compare(installation.call("account"), server)
    errors = installation.errors.read_text()
    tell(f"{database}: {seconds:.0f} s, {found} faults={dict(sorted(server.faults.items()))}")
    tell(f"{database}: errors of the database: {_names_of(errors)}")
    books[database] = {
        key: found[key] for key in ("kills", "received", "duplicates", "lost", "uncertain", "caps_passed")
    }
    assert set(_names_of(errors)) <= {"django.db.utils.OperationalError"}, errors[-5000:]
    assert found["duplicates"] == 0
    assert found["lost"] == 0
    assert found["caps_passed"] == 0
    assert found["stuck"] == 0
    assert found["ledger_differs"] == 0
    assert found["uncertain"] <= KILLS + server.in_doubt
    assert found["received"] > LETTERS // 3, "the caps let at least so many through"
    assert found["waiting"] > 0, "the caps must bite, or nothing is proved"


def _letters() -> list[tuple[str, list[str]]]:
    """Every address once. A fifth goes to domains with twice as many addresses as their cap, some to nobody."""
    addresses = []
    for number in range(LETTERS):
        crowd = number % 5 == 0
        domain = f"crowd{number // 5 // (DOMAIN_CAP * 2)}.com" if crowd else f"site{number}.com"
        addresses.append(f"{UNKNOWN if number % 40 == 7 else 'editor'}{number}@{domain}")
    return [("mara" if box < MAILBOXES - 1 else "noah", addresses[box::MAILBOXES]) for box in range(MAILBOXES)]


def _where_it_is_noon() -> str:
    """No midnight in this test: another one goes across it."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "UTC"


def _wait_for_commands(server: UnreliableSMTP, count: int) -> None:
    """Until so many more commands have come, so that kills fall into the traffic; not for ever."""
    target, until = len(server.commands) + count, time.monotonic() + 3
    while len(server.commands) < target and time.monotonic() < until:
        time.sleep(0.002)


def _wait_until_idle(installation: Installation, started: float) -> None:
    while installation.call("still_to_do"):
        assert time.monotonic() - started < PATIENCE_SECONDS, (
            installation.call("still_to_do"),
            installation.errors.read_text()[-5000:],
        )
        time.sleep(0.5)


def _compare(account: dict[str, Any], server: UnreliableSMTP) -> dict[str, int]:
    letters = [
        (str(email.message_from_bytes(taken.raw)["Message-ID"]), taken.recipients[0], taken.mail_from)
        for taken in server.accepted
    ]
    received = {message_id for message_id, _, _ in letters}
    by_state: dict[str, set[str]] = {}
    for attempt in account["attempts"]:
        by_state.setdefault(attempt["state"], set()).add(attempt["message_id"] or attempt["recipient"])
    sent, uncertain = by_state.get("sent", set()), by_state.get("uncertain", set())
    books = {record["message_id"] for record in account["ledger"]}
    states = {"sent", "queued", "failed", "uncertain", "blocked", "cancelled"}
    domains = Counter(record["domain"] for record in account["ledger"])
    people = Counter(record["user"] for record in account["ledger"])
    senders = Counter(mail_from for _, _, mail_from in letters)
    return {
        "kills": KILLS,
        "received": len(letters),
        "duplicates": len(letters) - min(len(received), len({recipient for _, recipient, _ in letters})),
        # Said to be sent and never received; received and not known; not in the books; or not there at all.
        "lost": len(sent - received) + len(received - sent - uncertain) + LETTERS - len(account["attempts"]),
        "uncertain": len(uncertain),
        "caps_passed": sum(count > DOMAIN_CAP for count in domains.values())
        + sum(count > USER_CAP for count in people.values())
        + (senders["orchard-0@orchardmedia.com"] > HOURLY_LIMIT),
        "stuck": sum(len(some) for state, some in by_state.items() if state not in states)
        + sum(record["state"] == "reserved" for record in account["ledger"]),
        "ledger_differs": len(books ^ (received | uncertain)) + len(account["ledger"]) - len(books),
        "sent": len(sent),
        "failed": len(by_state.get("failed", ())),
        "waiting": len(by_state.get("queued", ())),
        "in_doubt": server.in_doubt,
    }


def _names_of(errors: str) -> Counter[str]:
    """The exceptions of a log, by name."""
    return Counter(re.findall(r"^([\w.]+(?:Error|Exception|Exit|Interrupt))\b", errors, re.MULTILINE))
