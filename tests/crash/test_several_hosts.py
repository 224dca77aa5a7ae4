"""Several hosts on PostgreSQL and Redis, and a cluster that freezes: real servers, real clusters, real kills."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.crash.conftest import VALUES, Installation
from tests.needs import program
from tests.servers import FaultySMTP

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 300.0
LETTERS = 80

pytestmark = [pytest.mark.processes, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis of its own, which keeps nothing."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (tmp_path / "redis.log").open("wb") as log:
        server = subprocess.Popen(
            [program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: _answers(port), "Redis to answer")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)


class Host:
    """`manage.py up --only workers` with a name and a directory of its own."""

    def __init__(self, directory: Path, name: str, env_file: Path) -> None:
        self.directory = directory / name
        self.directory.mkdir()
        self.log = self.directory / "log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "ENV_FILE": str(env_file),
            "VAR_DIR": str(self.directory),
            "HOST_NAME": name,
        }
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--only", "workers"],
                cwd=ROOT,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def processes(self) -> list[int]:
        return processes_with(f"VAR_DIR={self.directory}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(90)


def processes_with(words: str) -> list[int]:
    """Whatever runs with these words in its environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if words.encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append(int(path.name))
    return found


@pytest.mark.postgresql
def test_two_hosts_share_the_work_and_nobody_gets_a_letter_twice(
    open_installation: Callable[..., Installation],
    smtp_server: Callable[..., FaultySMTP],
    redis_url: str,
    tmp_path: Path,
) -> None:
    server = smtp_server()
    installation = open_installation(
        "postgresql",
        port=server.port,
        REDIS_URL=redis_url,
        SITE_URL="http://localhost:8000",
        DAILY_USER_CAP="1000",
        DAILY_DOMAIN_CAP="1000",
        SMTP_SEND_TIMEOUT="10",
    )
    addresses = [[f"ed{n}@site{m}-{n}.com" for n in range(LETTERS // 4)] for m in range(4)]
    hosts = [Host(tmp_path, name, tmp_path / ".env") for name in ("one", "two")]
    [database_url] = re.findall(r"(?m)^DATABASE_URL=(.*)$", (tmp_path / ".env").read_text())

    def beats() -> set[tuple[str, str]]:
        with psycopg.connect(database_url) as db:
            return set(db.execute("SELECT cluster, host FROM desk_heartbeat").fetchall())

    try:
        until(lambda: len(beats()) == 4, "both clusters of both hosts to be seen, see log")
        # Queued while both are there: what is asked for inside a transaction must not start before it stands.
        installation.call(
            "open_workspace", name="many", letters=[("mara", each) for each in addresses], port=server.port
        )
        until(lambda: installation.call("still_to_do") == 0, "every letter to be settled")
        states = Counter(attempt["state"] for attempt in installation.call("account")["attempts"])
        assert states == {"sent": LETTERS}
        received = Counter(recipient for letter in server.accepted for recipient in letter.recipients)
        assert set(received.values()) == {1}
        assert len(received) == LETTERS

        # One host goes in good order: it leaves no process and no empty place.
        hosts[1].stop()
        assert hosts[1].process.returncode == 0
        assert hosts[1].processes() == []
        assert {host for _, host in beats()} == {"one"}
    finally:
        for host in hosts:
            host.stop()
    assert hosts[0].processes() == []


# A supervisor as `manage.py up` builds it, with spans that a test can wait for, whose workers write down who they are.
SUPERVISOR = """
import os, sys
from datetime import timedelta
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "outreach_site.settings")
import django
django.setup()
from dataclasses import replace
from outreach_site.desk import heartbeat
from outreach_site.desk.management.commands import up
from outreach_site.desk.supervision import Supervisor
heartbeat.QUIET_AFTER = timedelta(seconds=1)
heartbeat.KNOCK_EVERY_SECONDS = 1.0
up.Knocker = lambda cluster: heartbeat.Knocker(cluster, quiet_after=timedelta(seconds=1))
workers = up.programs(host="", web_port=0, site_url="http://localhost", part=up.Only.WORKERS)
mail = next(program for program in workers if program.name == "mail")
mail = replace(mail, command=[sys.executable, sys.argv[1]], frozen_after=8.0)
Supervisor([mail], out=sys.stdout, pulse_every=1.0).run()
"""
CLUSTER = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "outreach_site.settings")
sys.path.insert(0, os.getcwd())
import django
django.setup()
from django.core.management import call_command
from django_q.signals import post_spawn
from outreach_site.desk import heartbeat
heartbeat.BEAT_EVERY_SECONDS = 0.2

def write_down(**_):
    with open(os.environ["WORKERS"], "a") as file:
        file.write(f"{os.getpid()}\\n")

post_spawn.connect(write_down, weak=False)
call_command("qcluster")
"""


def test_a_cluster_whose_idle_workers_were_killed_freezes_and_is_restarted(tmp_path: Path) -> None:
    """django-q's issue 23: whoever is killed while it waits for a task keeps the queue's lock for ever."""
    values = VALUES | {"DATABASE_URL": f"sqlite:///{tmp_path / 'frozen.sqlite3'}", "VAR_DIR": str(tmp_path)}
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    (tmp_path / "supervisor.py").write_text(SUPERVISOR)
    (tmp_path / "cluster.py").write_text(CLUSTER)
    workers, log = tmp_path / "workers", tmp_path / "log"
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": str(tmp_path / ".env"), "WORKERS": str(workers)}
    subprocess.run([sys.executable, "manage.py", "setup_instance"], cwd=ROOT, env=environment, check=True)
    with log.open("wb") as out:
        supervisor = subprocess.Popen(
            [sys.executable, str(tmp_path / "supervisor.py"), str(tmp_path / "cluster.py")],
            cwd=ROOT,
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )

    def spawned() -> list[int]:
        return [int(line) for line in workers.read_text().split()] if workers.exists() else []

    def is_frozen() -> bool:
        return "mail has done nothing for" in log.read_text()

    try:
        until(lambda: len(spawned()) >= 2, "the workers")
        deadline = time.monotonic() + PATIENCE
        while not is_frozen():
            assert time.monotonic() < deadline, f"it would not freeze:\n{log.read_text()}"
            time.sleep(2)  # Idle, most of the time: the one that waits for a task holds the lock.
            for pid in spawned():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            waited = time.monotonic() + 15
            while not is_frozen() and time.monotonic() < waited:
                time.sleep(0.2)
        before = len(spawned())
        until(lambda: len(spawned()) >= before + 2, "new workers")
        said = log.read_text()
        assert "mail was ended by SIGKILL; it starts again" in said
        # The new ones work: nothing is frozen for as long as it would take to be seen.
        frozen = said.count("has done nothing for")
        time.sleep(12)
        assert log.read_text().count("has done nothing for") == frozen
    finally:
        supervisor.terminate()
        supervisor.wait(60)
    until(lambda: processes_with(f"WORKERS={workers}") == [], "every process to be gone")
