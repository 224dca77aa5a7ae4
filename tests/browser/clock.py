"""Moving the clock: what an installation has written down is made so many days older, and it finds itself later.

The installation must be stopped. Production code knows nothing of this.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

from django.apps import apps
from django.db.models import DateField

from outreach_site.sandbox.store import DATABASE_NAME, Store
from tests.browser.conftest import Installation

# Signed and sealed: nothing is sent or counted by these moments, and a log that was changed would say so.
SEALED = {"compliance_auditentry", "compliance_auditseal"}
# First days of months, by which tokens are added up.
MONTHS = {"campaigns_tokenuse"}
CACHE = {"cache": ["expires"]}  # Django's own table, which has no model
POST_OFFICE = {
    "account": ["created_at"],
    "letter": ["received_at"],
    "answer": ["due_at", "delivered_at"],
    "message": ["internal_at"],
}
# Twice: a day that is moved may meet another one that is still to be moved, and some may stand there once only.
FAR = timedelta(days=7 * 52 * 500)


def let_days_pass(installation: Installation, days: int) -> None:
    """Every moment and day in the installation's database and in its post office is `days` longer ago.

    Whole weeks alone, so that every weekday stays what it was.
    """
    assert days % 7 == 0, "whole weeks alone"
    with Store(installation.post_office):  # Makes sure that the file is of this version.
        pass
    _age(installation.database, {**_moments(), **CACHE}, days)
    _age(installation.post_office / DATABASE_NAME, POST_OFFICE, days)


def _moments() -> dict[str, list[str]]:
    """Every column of a model that holds a moment or a day, by table."""
    found: dict[str, list[str]] = {}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        columns = [field.column for field in model._meta.concrete_fields if isinstance(field, DateField)]
        if columns and table not in SEALED | MONTHS and not model._meta.proxy:
            found[table] = columns
    return found


def _age(database: Path, moments: dict[str, list[str]], days: int) -> None:
    assert database.exists()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.create_function("earlier", 2, _earlier, deterministic=True)
        for by in (FAR + timedelta(days=days), -FAR):
            for table, columns in moments.items():
                connection.execute(f"UPDATE {table} SET {_set(columns)}", {"days": by.days})


def _set(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}" = earlier("{column}", :days)' for column in columns)


def _earlier(text: str | None, days: int) -> str | None:
    """In the form in which it was written: a day, or a moment as Django or as the post office writes it."""
    if text is None or text == "9999":
        return text
    by = timedelta(days=days)
    if len(text) == len("2026-01-31"):
        return (date.fromisoformat(text) - by).isoformat()
    moment = datetime.fromisoformat(text) - by
    return moment.isoformat(sep=text[10], timespec="microseconds" if "." in text else "seconds")
