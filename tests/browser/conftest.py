"""A whole Linkletter as `make run` starts it, and a Chromium in front of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page

from outreach_site.lib.env_file import env_text
from tests.chromium import a_page

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300
# What htmx says when typing on replaces a preview that was under way (hx-sync), and Chromium of a form that comes back
# with what is wrong in it.
HARMLESS = (
    "htmx:afterRequest",
    "htmx:sendAbort",
    "Failed to load resource: the server responded with a status of 422",
)
READY = "Linkletter is ready"
PASSWORD_LINE = re.compile(r"with the password\s+(\S+)   \(shown this once\)")


@dataclass(frozen=True)
class Site:
    """A running installation and how to sign in to it."""

    url: str
    email: str
    password: str
    log: Path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation that the tests share."""
    installation = Installation(tmp_path_factory.mktemp("site"))
    installation.start()
    try:
        yield installation.site
    finally:
        installation.stop()


class Installation:
    """`manage.py up` on free ports, with a database, a post office and an `.env` of its own in `directory`.

    It may be stopped and started again. `environment` is added to that of all its processes.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.database = directory / "var" / "linkletter.sqlite3"
        self.post_office = directory / "var" / "sandbox"
        self._starts = 0
        self._password = ""
        self._web, *post = free_ports(5)
        names = ("SANDBOX_SMTP_PORT", "SANDBOX_SMTPS_PORT", "SANDBOX_IMAP_PORT", "SANDBOX_IMAPS_PORT")
        ports = dict(zip(names, post, strict=True))
        (directory / "env").write_text(env_text(port=self._web, sandbox_ports=ports))
        inherited = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG", "TMPDIR"}}
        own = {
            "ENV_FILE": str(directory / "env"),
            "VAR_DIR": str(directory / "var"),
            "PYTHONUNBUFFERED": "1",
        }
        self._environment = inherited | own | dict(environment or {})

    @property
    def log(self) -> Path:
        """What the present start has said."""
        return self.directory / f"log-{self._starts}"

    @property
    def site(self) -> Site:
        url = f"http://localhost:{self._web}"
        return Site(url=url, email="owner@rehearsal.test", password=self._password, log=self.log)

    def start(self) -> None:
        """Returns when the site answers."""
        self._starts += 1
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self._web)],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Returns when every process has ended."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            said = self.log.read_text(errors="replace")
            if self._process.poll() is not None:
                pytest.fail(f"manage.py up stopped:\n{said}")
            if READY in said:
                if found := PASSWORD_LINE.search(said):  # Said at the first start alone.
                    self._password = found[1]
                with suppress(OSError):
                    urllib.request.urlopen(f"{self.site.url}/accounts/login/", timeout=5).close()
                    return
            time.sleep(0.2)
        pytest.fail(f"manage.py up was not ready after {START_SECONDS} s:\n{self.log.read_text(errors='replace')}")


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="session")
def photograph() -> Callable[[Page, str], None]:
    """`photograph(page, "inbox-phone-dark")`: the whole page, into the directory that PICTURES names.

    Without one it does nothing: nobody would look at them, and they are half of what such a test takes.
    """
    directory = os.environ.get("PICTURES")

    def take(page: Page, name: str) -> None:
        if directory:
            page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)  # Makes the directory, too.

    return take


@pytest.fixture
def page() -> Iterator[Page]:
    with a_page(provoked=HARMLESS, viewport={"width": 1280, "height": 860}, locale="en-GB") as page:
        yield page
