"""Programs that some tests need beyond Python: found, started, or asked for in a sentence that says how to get them.

On a developer's machine a test whose program is missing is skipped. With REQUIRE_ALL=1 (.ci/run sets it) nothing may
be skipped: a skip is a failure, so that no test disappears quietly.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg import sql

# Program -> what to look for besides PATH, and the Debian package it comes in.
PLACES = {
    "chromium": ("", "chromium"),
    "dovecot": ("/usr/sbin", "dovecot-imapd"),
    "redis-server": ("/usr/sbin", "redis-server"),
    "initdb": ("/usr/lib/postgresql/*/bin", "postgresql"),
    "pg_dump": ("/usr/lib/postgresql/*/bin", "postgresql"),
    "psql": ("/usr/lib/postgresql/*/bin", "postgresql"),
}


def program(name: str) -> Path:
    """Where a program is; skips the test with a sentence when it is not there."""
    places, package = PLACES[name]
    if found := shutil.which(name):
        return Path(found)
    for place in sorted(Path("/").glob(places.lstrip("/")), reverse=True) if places else []:
        if (place / name).exists():
            return place / name
    pytest.skip(f"needs {name}: apt install {package}")


@pytest.fixture(scope="session")
def dovecot() -> Path:
    return program("dovecot")


@pytest.fixture(scope="session")
def redis_server() -> Path:
    return program("redis-server")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server of its own, on a socket in a directory of its own, whose database is empty.

    It refuses to run as root, so root lends it to the user `postgres`.
    """
    initdb = program("initdb")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    user = "postgres" if as_user else pwd.getpwuid(os.geteuid()).pw_name
    with TemporaryDirectory(prefix="pg-") as directory:  # Short: the path of a socket has at most 107 characters.
        Path(directory).chmod(0o755)
        data = Path(directory) / "data"
        data.mkdir()
        if as_user:
            shutil.chown(directory, user)
            shutil.chown(data, user)

        def run(command: list[str | Path]) -> None:
            # Its output goes to a file that nobody waits for: a daemon keeps what it inherits.
            with (Path(directory) / "log").open("ab") as log:
                done = subprocess.run([*as_user, *command], stdout=log, stderr=log, cwd=directory, check=False)
            assert done.returncode == 0, (Path(directory) / "log").read_text()

        run([initdb, "--no-sync", "--auth=trust", "--encoding=UTF8", "--pgdata", data])
        control: list[str | Path] = [initdb.parent / "pg_ctl", "--pgdata", data, "--wait"]
        settings = f"-k {directory} -c listen_addresses='' -c fsync=off"
        run([*control, "--log", Path(directory) / "server.log", "-o", settings, "start"])
        try:
            yield f"postgres://{user}@{directory.replace('/', '%2F')}/postgres"
        finally:
            run([*control, "--mode", "immediate", "stop"])


@contextmanager
def database_of_its_own(server_url: str, template: str = "template1") -> Iterator[str]:
    """The URL of a new database on the test server, a copy of another; dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        yield server_url.rpartition("/")[0] + f"/{name}"
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("REQUIRE_ALL") == "1":
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1 lets no test be skipped. {why}"
    return report
