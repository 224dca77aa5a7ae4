"""`manage.py up` as a person starts it: from nothing to the sign-in page, through a killed cluster, to a clean end."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from outreach_site.desk.management.commands import up
from outreach_site.lib.env_file import SANDBOX_PORTS, env_text

pytestmark = [pytest.mark.processes, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 300.0
PUBLIC = "https://desk.example"


def free_numbers(many: int) -> list[int]:
    """Ports that nobody has now; held together while they are chosen, so that they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(many)]
        return [each.getsockname()[1] for each in sockets]


class House:
    """A directory with a `.env`, and `manage.py` commands that work in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log = directory / "log"
        self.database = directory / "linkletter.sqlite3"
        self.port, *ports = free_numbers(5)
        self.sandbox_ports = dict(zip(SANDBOX_PORTS, ports, strict=True))
        env_file = directory / ".env"
        env_file.write_text(env_text(port=self.port, sandbox_ports=self.sandbox_ports))
        self.environment = {
            "PATH": os.environ["PATH"],
            "ENV_FILE": str(env_file),
            "VAR_DIR": str(directory),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def up(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                self.command(), cwd=ROOT, env=self.environment, stdout=out, stderr=subprocess.STDOUT
            )
        return self.process

    def up_that_ends(self, *words: str) -> str:
        """What is said by a start that cannot succeed."""
        done = subprocess.run(
            [*self.command(), *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr

    def command(self) -> list[str]:
        return [sys.executable, "manage.py", "up", "--port", str(self.port)]

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, holds: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert self.process is None or self.process.poll() is None, f"it ended:\n{self.said()}"
            assert time.monotonic() < deadline, f"waited in vain for {what}:\n{self.said()}"
            time.sleep(0.1)

    def beats(self) -> dict[str, str]:
        with suppress(sqlite3.Error), sqlite3.connect(self.database, timeout=5) as db:
            return dict(db.execute("SELECT cluster, beat_at FROM desk_heartbeat").fetchall())
        return {}

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as err:
            return err.code, err.read().decode()

    def processes(self) -> dict[int, str]:
        """Everything that runs with this directory in its environment, by its command line."""
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if str(self.directory).encode() in (path / "environ").read_bytes():
                    found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def test_from_nothing_to_a_clean_end(house: House) -> None:
    process = house.up()
    house.wait_for(lambda: "Ctrl-C stops everything." in house.said(), "the greeting")
    said = house.said()
    assert f"Linkletter is ready:  http://localhost:{house.port}/" in said
    assert "owner@rehearsal.test" in said
    [password] = re.findall(r"with the password\s+(\S+)", said)
    assert password not in house.database.read_bytes().decode("latin-1")

    status, page = house.get("/")
    assert status == 200
    assert "<form" in page
    [stylesheet] = re.findall(r'href="(/static/css/tokens\.[0-9a-f]+\.css)"', page)
    assert house.get(stylesheet)[0] == 200
    house.wait_for(lambda: "post | " in said or "post | " in house.said(), "the post office")

    # Both clusters work, and one that is killed works again.
    house.wait_for(lambda: set(house.beats()) == {"mail", "long"}, "both heartbeats")
    house.wait_for(lambda: house.get("/health/")[0] == 200, "good health")
    started = [pid for pid, line in house.processes().items() if "qcluster" in line]
    leaders = [pid for pid in started if os.getpgid(pid) == pid]
    assert len(leaders) == 2
    os.kill(leaders[0], signal.SIGKILL)
    house.wait_for(
        lambda: len({pid for pid, line in house.processes().items() if "qcluster" in line} - set(started)) >= 4,
        "a new cluster",
    )
    assert "was ended by SIGKILL; it starts again" in house.said()

    # A second one in the same directory would be two post offices on one file.
    assert "runs already from this directory" in house.up_that_ends()

    # A browser that has a page open keeps its connection.
    browser = http.client.HTTPConnection("localhost", house.port, timeout=PATIENCE)
    browser.request("GET", "/health/")
    browser.getresponse().read()
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    browser.close()
    assert "mail does not stop" not in house.said()
    assert "long does not stop" not in house.said()
    assert house.said().rstrip().endswith("Stopped.")
    assert house.processes() == {}

    # A second start keeps what is there, and says no password.
    process = house.up()
    house.wait_for(lambda: "Ctrl-C stops everything." in house.said(), "the second greeting")
    assert "with the password of the first start" in house.said()
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert house.processes() == {}


def test_a_stop_does_not_wait_for_a_browser_that_only_keeps_its_connection(house: House) -> None:
    house.process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "wsgiref.simple_server:demo_app", f"--bind=127.0.0.1:{house.port}"),
            *("--worker-class=outreach_site.desk.web_worker.WebWorker", "--threads=2", "--no-control-socket"),
            f"--graceful-timeout={2 * PATIENCE:.0f}",
        ]
    )
    answered = up.site_answered("127.0.0.1", house.port, "localhost")
    house.wait_for(lambda: next(answered), "an answer")
    browser = http.client.HTTPConnection("127.0.0.1", house.port, timeout=PATIENCE)
    browser.request("GET", "/")
    browser.getresponse().read()
    house.process.terminate()
    assert house.process.wait(PATIENCE) == 0
    assert browser.sock is not None
    assert browser.sock.recv(1) == b""


def test_a_site_is_ready_once_it_answers_and_not_once_its_port_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as port:
        port.settimeout(PATIENCE)
        answered = up.site_answered("127.0.0.1", port.getsockname()[1], "desk.example")
        assert [next(answered), next(answered)] == [False, False]
        with port.accept()[0] as site:
            assert b"\r\nHost: desk.example\r\n" in site.recv(1000)
            port.settimeout(0)
            with pytest.raises(BlockingIOError):  # A request that waits is not made again ...
                port.accept()
        port.settimeout(PATIENCE)
        assert [next(answered), next(answered)] == [False, False]
        with port.accept()[0] as site:  # ... and one that was dropped is.
            site.sendall(b"HTTP/1.0 302 Found\r\n")
            assert next(answered)


def test_a_site_that_is_not_there_yet_has_not_answered() -> None:
    [port] = free_numbers(1)
    answered = up.site_answered("127.0.0.1", port, "localhost")
    assert [next(answered), next(answered)] == [False, False]


def test_a_taken_port_is_a_sentence(house: House) -> None:
    with socket.create_server(("127.0.0.1", house.port)):
        said = house.up_that_ends()
    assert f"Port {house.port} is taken by another program" in said
    assert re.search(r"make run PORT=\d+", said)


def test_a_taken_port_of_the_post_office_names_its_variable(house: House) -> None:
    taken = house.sandbox_ports["SANDBOX_IMAP_PORT"]
    with socket.create_server(("127.0.0.1", taken)):
        said = house.up_that_ends()
    assert f"Port {taken} of the rehearsal post office is taken" in said
    assert "SANDBOX_IMAP_PORT=" in said


def test_a_port_that_is_none_is_a_sentence(house: House) -> None:
    house.port = 99_999
    assert "PORT must be a number from 1 to 65535" in house.up_that_ends()


def test_a_host_that_is_no_address_of_this_machine_is_a_sentence(house: House) -> None:
    said = house.up_that_ends("--host", "192.0.2.1")
    assert f"cannot listen on 192.0.2.1, port {house.port}: " in said
    assert "--host takes an address of this machine" in said


@pytest.mark.parametrize(("host", "bound"), [("::1", "[::1]:8000"), ("0.0.0.0", "0.0.0.0:8000")])
def test_it_listens_where_it_is_told(host: str, bound: str) -> None:
    [web, *_] = up.programs(host=host, web_port=8000, site_url="https://desk.example")
    assert f"--bind={bound}" in web.command


def test_a_port_that_may_not_be_had_is_a_sentence(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def port_is_free(port: int, host: str) -> bool:
        if port < 1024:
            raise PermissionError(13, "Permission denied")
        return True

    monkeypatch.setattr(up, "port_is_free", port_is_free)
    settings.SANDBOX_PORTS = settings.SANDBOX_PORTS | {"smtp": 587}
    up.Command().look_at_ports("127.0.0.1", 8000, post_office=False)
    for web_port, said in (
        (80, r"on 127\.0\.0\.1, port 80: Permission denied\. .* below 1024 is often"),
        (8000, r"on 127\.0\.0\.1, port 587: Permission denied\. Write another .* SANDBOX_SMTP_PORT="),
    ):
        with pytest.raises(CommandError, match=said):
            up.Command().look_at_ports("127.0.0.1", web_port, post_office=True)


@pytest.mark.parametrize(
    ("own", "there"),
    [("http://[::1]:8000", "http://[::1]:8123"), ("http://localhost", "http://localhost:8123"), (PUBLIC, PUBLIC)],
)
def test_the_sites_address_follows_the_port_on_this_machine(settings: Settings, own: str, there: str) -> None:
    settings.SITE_URL = own
    assert up._site_url(8123) == there
