"""Installations in processes of their own, on SQLite and on PostgreSQL, and the books that the tests print."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.needs import database_of_its_own
from tests.servers import Certificates

ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS: pytest.StashKey[dict[str, dict[str, int]]] = pytest.StashKey()
DETAILS: pytest.StashKey[list[str]] = pytest.StashKey()


class Installation:
    """A database, an .env, and a process that forks workers and answers questions (tests/crash/inside.py)."""

    def __init__(self, directory: Path, values: dict[str, str]) -> None:
        self.directory, self.values = directory, values
        env_file = directory / ".env"
        values = {"VAR_DIR": str(directory)} | values
        env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        self.errors = directory / "errors.log"
        self._log = self.errors.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.inside"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "ENV_FILE": str(env_file), "PYTHONTZPATH": f"{directory}:{ZONES}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.workers: list[int] = []

    def call(self, command: str, /, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command, "with": arguments}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self.errors.read_text()
        result = json.loads(answer)
        assert result != {"failed": command}, self.errors.read_text()
        return result

    def start(self, command: str = "work", /, **arguments: Any) -> int:
        pid = int(self.call(command, **arguments))
        self.workers.append(pid)
        return pid

    def kill(self, pid: int, signal: int) -> None:
        self.workers.remove(pid)
        os.kill(pid, signal)

    def close(self) -> None:
        for pid in self.workers:
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._log.close()


VALUES = {
    "SECRET_KEY": "crash-" + "0123456789abcdef" * 4,
    "DIGEST_KEY": "crash-" + "0123456789abcdef" * 4,
    "INSTANCE_ID": "crash",
    "MAIL_SMTP_ENCRYPTION_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "SMTP_SEND_TIMEOUT": "1",
    "MAX_EMAILS_PER_HOUR": "100000",
}
# The zones of the system; an installation's own directory comes before it.
ZONES = "/usr/share/zoneinfo"


@pytest.fixture
def open_installation(
    certificates: Certificates, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Installation]]:
    """`open_installation("postgresql", port=…, DAILY_USER_CAP="5")`: a migrated, empty installation."""
    with ExitStack() as stack:

        def open_one(database: str, *, port: int, **values: str) -> Installation:
            if database == "postgresql":
                template = request.getfixturevalue("postgresql_template")
                url = stack.enter_context(database_of_its_own(request.getfixturevalue("postgresql_url"), template))
            else:
                copy = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "crash.sqlite3")
                url = f"sqlite:///{copy}"
            mail = {"MAIL_CA_FILE": str(certificates.ca_file), "MAIL_ALLOWED_HOSTS": f"localhost:{port}"}
            installation = Installation(tmp_path, VALUES | mail | {"DATABASE_URL": url} | values)
            stack.callback(installation.close)
            return installation

        yield open_one


@pytest.fixture(scope="session")
def postgresql_template(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a migrated database of which each test gets a copy."""
    with database_of_its_own(postgresql_url) as url:
        _migrate(tmp_path_factory.mktemp("template"), url)
        yield url.rpartition("/")[2]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database of which each test gets a copy: a file by itself, for nobody has it open."""
    directory = tmp_path_factory.mktemp("template")
    _migrate(directory, f"sqlite:///{directory / 'template.sqlite3'}")
    return directory / "template.sqlite3"


def _migrate(directory: Path, url: str) -> None:
    installation = Installation(directory, VALUES | {"DATABASE_URL": url})
    try:
        installation.call("migrate")
    finally:
        installation.close()


@pytest.fixture
def books(request: pytest.FixtureRequest) -> dict[str, dict[str, int]]:
    """The figures by database, printed as the very last line."""
    return request.config.stash.setdefault(RESULTS, {})


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """A line for people, shown at the end whether the test passed or not."""
    return request.config.stash.setdefault(DETAILS, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(DETAILS, []):
        terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    results = config.stash.get(RESULTS, {})
    if results:
        print(json.dumps(results))  # noqa: T201 - the last line, for programs
