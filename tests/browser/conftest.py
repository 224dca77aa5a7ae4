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
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from outreach_site.lib.env_file import env_text
from tests.needs import CHROMIUM_ARGUMENTS

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
# What htmx says when typing on replaces a preview that was under way (hx-sync).
HARMLESS = ("htmx:afterRequest", "htmx:sendAbort")
PASSWORD_LINE = re.compile(r"with the password\s+(\S+)")


@dataclass(frozen=True)
class Site:
    """A running installation and how to sign in to it."""

    url: str
    email: str
    password: str
    log: Path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`manage.py up` on free ports, with a database, a post office and an `.env` of its own."""
    directory = tmp_path_factory.mktemp("site")
    web, *post = free_ports(5)
    names = ("SANDBOX_SMTP_PORT", "SANDBOX_SMTPS_PORT", "SANDBOX_IMAP_PORT", "SANDBOX_IMAPS_PORT")
    env_file = directory / "env"
    env_file.write_text(env_text(port=web, sandbox_ports=dict(zip(names, post, strict=True))))
    log = directory / "log"
    environment = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG", "TMPDIR"}}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(web)],
            cwd=ROOT,
            env=environment
            | {
                "ENV_FILE": str(env_file),
                "VAR_DIR": str(directory / "var"),
                "PYTHONUNBUFFERED": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://localhost:{web}"
        password = wait_until_ready(process, log, url)
        yield Site(url=url, email="owner@rehearsal.test", password=password, log=log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], log: Path, url: str) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        said = log.read_text(errors="replace")
        if process.poll() is not None:
            pytest.fail(f"manage.py up stopped:\n{said}")
        found = PASSWORD_LINE.search(said)
        if found:
            with suppress(OSError):
                urllib.request.urlopen(f"{url}/accounts/login/", timeout=5).close()
                return found[1]
        time.sleep(0.2)
    pytest.fail(f"manage.py up was not ready after {START_SECONDS} s:\n{log.read_text(errors='replace')}")


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def browser(chromium: Path) -> Iterator[Browser]:
    # One a test: while it is open, its event loop runs in this thread, and Django refuses the database to whoever
    # comes next.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the directory that PICTURES names, else a temporary one."""
    named = os.environ.get("PICTURES")
    directory = Path(named) if named else tmp_path_factory.mktemp("pictures")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong silently: script errors and refused content fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB")
    context.set_default_timeout(20_000)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert [trouble for trouble in troubles if not trouble.startswith(HARMLESS)] == []
