"""What this installation runs on: versions an operator is asked for when something is wrong."""

from __future__ import annotations

import platform
import sqlite3
from dataclasses import dataclass
from importlib import metadata

import django
from django.conf import settings
from django.db import connection


@dataclass(frozen=True)
class Version:
    name: str
    version: str
    note: str = ""


def versions() -> list[Version]:
    """Of the product and what it stands on. No addresses and no passwords: only what kind of thing is there."""
    return [
        Version("Linkletter", _installed("linkletter") or _of_this_copy()),
        Version("Python", platform.python_version()),
        Version("Django", django.get_version()),
        _database(),
        Version("Queue and cache", "Redis" if settings.REDIS_URL else "in the database"),
        Version("django-q2", _installed("django-q2")),
    ]


def _database() -> Version:
    if connection.vendor == "sqlite":
        return Version("SQLite", sqlite3.sqlite_version, "one machine")
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        [version] = cursor.fetchone()
    return Version("PostgreSQL", str(version), "any number of hosts")


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _of_this_copy() -> str:
    """A checkout is not installed: its pyproject.toml says which version it is."""
    for line in (settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith("version = "):
            return line.partition("=")[2].strip().strip('"')
    return "unknown"
