"""Databases for a measurement: new, migrated, with the product's own settings, and gone afterwards.

A `Maker` makes as many as are wanted: the first is migrated, the others are copies of it. PostgreSQL is a server
of its own, on a socket in a directory of its own, with fsync and everything else as PostgreSQL sets it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dj_database_url
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from outreach_site.accounts import installation


@dataclass(frozen=True)
class Database:
    vendor: str
    connection: BaseDatabaseWrapper

    def use(self) -> None:
        """From now on this is the database that all code speaks to."""
        connections[DEFAULT_DB_ALIAS] = self.connection

    def settle(self) -> None:
        """What a running installation's own care does in the background: statistics, and the write-ahead log's end."""
        with self.connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE" if self.vendor == "postgresql" else "ANALYZE")
            cursor.execute("CHECKPOINT" if self.vendor == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")


Maker = Callable[[str], Database]


def makers() -> dict[str, Callable[[], AbstractContextManager[Maker]]]:
    """One for each kind of database that the product runs on."""
    return {"sqlite": _sqlite, "postgresql": _postgresql}


@contextmanager
def _sqlite() -> Iterator[Maker]:
    with TemporaryDirectory(prefix="bench-") as directory:
        template = Path(directory) / "template.sqlite3"
        made: list[Database] = []

        def make(name: str) -> Database:
            if not template.exists():
                _migrate(_connect({"NAME": str(template)}))
            path = Path(directory) / f"{name}.sqlite3"
            shutil.copy(template, path)
            made.append(Database("sqlite", _connect({"NAME": str(path)})))
            return made[-1]

        try:
            yield make
        finally:
            for database in made:
                database.connection.close()


@contextmanager
def _postgresql() -> Iterator[Maker]:
    with _postgresql_server() as server:
        template = False
        made: list[Database] = []

        def make(name: str) -> Database:
            nonlocal template
            if not template:
                _migrate(_connect(_at(f"{server}/postgres")))
                template = True
            outside = _connect(_at(f"{server}/template1"))
            with outside.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE postgres')
            outside.close()
            made.append(Database("postgresql", _connect(_at(f"{server}/{name}"))))
            return made[-1]

        try:
            yield make
        finally:
            for database in made:
                database.connection.close()


@contextmanager
def _postgresql_server() -> Iterator[str]:
    """The address of a server of its own, without the database's name. It refuses to run as root: `postgres` does."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    initdb = shutil.which("initdb", path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, binaries)]))
    if initdb is None:
        raise SystemExit("PostgreSQL is not installed: apt install postgresql")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    user = "postgres" if as_user else pwd.getpwuid(os.geteuid()).pw_name
    with TemporaryDirectory(prefix="bench-") as directory:
        Path(directory).chmod(0o755)
        data = Path(directory) / "data"
        data.mkdir()
        if as_user:
            shutil.chown(directory, user)
            shutil.chown(data, user)

        def run(*command: str | Path) -> None:
            # A daemon keeps what it inherits: its output goes to a file that nobody waits for.
            with (Path(directory) / "log").open("ab") as log:
                done = subprocess.run([*as_user, *command], stdout=log, stderr=log, cwd=directory, check=False)
            if done.returncode:
                raise SystemExit((Path(directory) / "log").read_text())

        run(initdb, "--auth=trust", "--encoding=UTF8", "--pgdata", data)
        control: list[str | Path] = [Path(initdb).parent / "pg_ctl", "--pgdata", data, "--wait"]
        run(*control, "--log", Path(directory) / "server.log", "-o", f"-k {directory} -c listen_addresses=''", "start")
        try:
            yield f"postgres://{user}@{directory.replace('/', '%2F')}"
        finally:
            run(*control, "--mode", "immediate", "stop")


def _at(url: str) -> dict[str, Any]:
    return dict(dj_database_url.parse(url))


def _connect(changes: dict[str, Any]) -> BaseDatabaseWrapper:
    """A connection as the settings describe it, but to this database, and known under the usual name."""
    described = connections.settings[DEFAULT_DB_ALIAS]
    if "ENGINE" in changes:
        described = described | {"OPTIONS": {}}
    connections.settings["measured"] = described | changes
    connection = connections.create_connection("measured")
    del connections.settings["measured"]
    connection.alias = DEFAULT_DB_ALIAS
    return connection


def _migrate(connection: BaseDatabaseWrapper) -> None:
    connections[DEFAULT_DB_ALIAS] = connection
    call_command("migrate", verbosity=0)
    installation.claim()
    connection.close()
