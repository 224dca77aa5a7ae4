"""`manage.py post_office` as a real process: it starts, says what happens, stops, and keeps its mail."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outreach_site.sandbox.config import PostOffice
from outreach_site.sandbox.running import RunningOffice
from outreach_site.sandbox.store import Store
from tests.sandbox.conftest import imap_client
from tests.sandbox.letters import ALEX, letter_to, send
from tests.servers import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60

pytestmark = pytest.mark.processes


class Process:
    """The command, running, and what it has printed so far."""

    def __init__(self, directory: Path, ports: dict[str, int]) -> None:
        self.log = directory / f"log-{time.monotonic_ns()}"
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.sandbox.command_settings",
            "TEST_SANDBOX_DIR": str(directory / "office"),
            **{f"TEST_SANDBOX_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        }
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "post_office", "--answer-after", "0.1", "0.2"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def printed(self) -> str:
        return self.log.read_text()

    def wait_for(self, pattern: str) -> str:
        until = time.monotonic() + START_SECONDS
        while not re.search(pattern, self.printed()):
            assert self.process.poll() is None or re.search(pattern, self.printed()), self.printed()
            assert time.monotonic() < until, self.printed()
            time.sleep(0.05)
        return self.printed()

    def end(self, number: signal.Signals) -> float:
        """Sends a signal and says how many seconds the end took."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(10)
        return time.monotonic() - started


@pytest.fixture
def ports() -> dict[str, int]:
    with ExitStack() as stack:
        probes = {name: stack.enter_context(closing(socket.socket())) for name in ("smtp", "smtps", "imap", "imaps")}
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {name: probe.getsockname()[1] for name, probe in probes.items()}


@pytest.fixture
def office(tmp_path: Path, ports: dict[str, int]) -> Iterator[RunningOffice]:
    """The office that the command runs, seen from here; it is not running yet."""
    with Store(tmp_path / "office") as store:
        store.add_account(ALEX, PASSWORD, now=datetime.now(UTC))
        yield RunningOffice(PostOffice.at(tmp_path / "office", ports), store)


@pytest.fixture
def run(tmp_path: Path, ports: dict[str, int]) -> Iterator[list[Process]]:
    """Processes that are killed at the end of the test, whatever happened."""
    started: list[Process] = []
    yield started
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait(10)


def start(run: list[Process], tmp_path: Path, ports: dict[str, int]) -> Process:
    process = Process(tmp_path, ports)
    run.append(process)
    return process


def test_mail_survives_a_kill_and_a_restart(
    tmp_path: Path, ports: dict[str, int], office: RunningOffice, run: list[Process]
) -> None:
    first = start(run, tmp_path, ports)
    first.wait_for(r"open on localhost: SMTP \d+")
    send(office, letter_to("hannah@brightgarden.test"))
    office.wait_for_inbox(ALEX, 1)
    with imap_client(office) as client:
        validity = client.select_folder("INBOX")[b"UIDVALIDITY"]
        (uid,) = client.search()
        raw = client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]
    printed = first.wait_for(r"answer to letter 1")
    assert "letter 1: alex@rehearsal.test to hannah@brightgarden.test, “A guide for your readers”" in printed
    first.end(signal.SIGKILL)

    second = start(run, tmp_path, ports)
    second.wait_for(r"open on localhost")
    with imap_client(office) as client:
        assert client.select_folder("INBOX")[b"UIDVALIDITY"] == validity
        assert client.search() == [uid]
        assert client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"] == raw
    assert len(office.letters()) == 1
    assert second.end(signal.SIGTERM) < 2
    assert second.process.returncode == 0
    assert second.printed().rstrip().endswith("closed")
    assert "Traceback" not in first.printed() + second.printed()


def test_an_answer_due_while_it_was_closed_comes_after_the_start(
    tmp_path: Path, ports: dict[str, int], office: RunningOffice, run: list[Process]
) -> None:
    running = start(run, tmp_path, ports)
    running.wait_for(r"open on localhost")
    send(office, letter_to("hannah@brightgarden.test"))
    # Dead before the answer was due, or just after: either way it comes once.
    running.end(signal.SIGKILL)
    start(run, tmp_path, ports).wait_for(r"open on localhost")
    office.wait_for_inbox(ALEX, 1)
    time.sleep(0.6)
    assert len(office.inbox(ALEX)) == 1


def test_ctrl_c_stops_it_while_clients_are_connected(
    tmp_path: Path, ports: dict[str, int], office: RunningOffice, run: list[Process]
) -> None:
    running = start(run, tmp_path, ports)
    running.wait_for(r"open on localhost")
    with imap_client(office) as client:
        client.select_folder("INBOX")
        client.idle()
        assert running.end(signal.SIGINT) < 2
    assert running.process.returncode == 0
    assert "Traceback" not in running.printed()


def test_a_taken_port_is_a_sentence(tmp_path: Path, ports: dict[str, int], run: list[Process]) -> None:
    with socket.create_server(("127.0.0.1", ports["imap"])):
        refused = start(run, tmp_path, ports)
        refused.process.wait(START_SECONDS)
    assert refused.process.returncode == 1
    assert f"Port {ports['imap']} (IMAP) of the rehearsal post office is taken" in refused.printed()
    assert "Traceback" not in refused.printed()


def test_the_rehearsal_may_be_off(tmp_path: Path, run: list[Process], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SANDBOX_OFF", "1")
    refused = start(run, tmp_path, {})
    refused.process.wait(START_SECONDS)
    assert refused.process.returncode == 1
    assert "The rehearsal is off" in refused.printed()
