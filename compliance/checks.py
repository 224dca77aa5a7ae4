"""System checks of the compliance record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage
from django.db import connections
from django.db.utils import DatabaseError

from compliance import triggers


def check_audit_triggers(
    app_configs: Sequence[AppConfig] | None = None,  # noqa: ARG001 - Django's signature
    databases: Sequence[str] | None = None,
    **_: Any,
) -> list[CheckMessage]:
    """Asked by `migrate` and by `check --database default`."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        try:
            missing = triggers.missing(connections[alias]) if triggers.has_tables(connections[alias]) else []
        except DatabaseError:
            continue  # A database that does not answer has other sentences.
        if missing:
            found.append(
                checks.Error(
                    f"The audit log can be changed: {len(missing)} of its database triggers are missing or not ours "
                    f"({', '.join(missing)}).",
                    hint="Run `manage.py setup_instance`, which puts them back, and `manage.py verify_audit`, which "
                    "tells whether anything was changed meanwhile.",
                    id="linkletter.E010",
                )
            )
    return found
