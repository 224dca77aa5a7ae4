"""Updates that Django composes once, and that run again and again with other values.

To compose a statement with several EXISTS takes Django many times as long as the database needs to run it, and its
cursors and transactions take as long again. A letter on its way out is started and written down by two of them; so
these are kept as text, with places for their values, and go to the driver itself; PostgreSQL keeps its plan of
them. Django still writes the text, so that it says the same as the models, on every database.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.models.sql import UpdateQuery

# What a statement is composed from: the rows, and the values of their columns.
Update = tuple[models.QuerySet[Any], Mapping[str, Any]]
Values = Mapping[str, Any]


class PreparedUpdate:
    """`compose(**values)` describes the update. It may not look at the values: it is called once, with samples.

    A value's type must be the same each time: a whole number, a text, a UUID, a moment, a span, or a dict for a JSON
    field.
    """

    def __init__(self, compose: Callable[..., Update]) -> None:
        self._compose = compose
        self._statements: dict[str, _Statement] = {}

    def run(self, **values: Any) -> int:
        """How many rows were changed."""
        [changed] = run_together((self, values))
        return changed

    def run_many(self, rows: Iterable[Values]) -> None:
        """The same for many sets of values, in one journey to the database."""
        here, listed = connections[DEFAULT_DB_ALIAS], list(rows)
        if listed:
            statement = self.statement(here, listed[0])
            params = [statement.params(values) for values in listed]
            if here.vendor == "postgresql" and not _is_watched(here):
                _connect(here)
                with here.wrap_database_errors:
                    _preparing(here.connection).executemany(statement.quick, params)
            else:
                with here.cursor() as cursor:
                    cursor.executemany(statement.sql, params)

    def statement(self, here: Any, values: Values) -> _Statement:
        if here.vendor not in self._statements:
            self._statements[here.vendor] = _prepare(self._compose, here, values)
        return self._statements[here.vendor]


def run_together(*updates: tuple[PreparedUpdate, Values]) -> list[int]:
    """Several updates in one transaction, one after the other: how many rows each has changed.

    On PostgreSQL it is one journey, whatever their number.
    """
    here: Any = connections[DEFAULT_DB_ALIAS]
    steps = [(update.statement(here, values), values) for update, values in updates]
    if _is_watched(here):
        with transaction.atomic(savepoint=False), here.cursor() as cursor:
            return [_run(cursor, statement.sql, statement.params(values)) for statement, values in steps]
    _connect(here)
    together = _by_psycopg if here.vendor == "postgresql" else _by_sqlite
    with here.wrap_database_errors:
        return together(here, [(statement.quick, statement.params(values)) for statement, values in steps])


def _is_watched(here: Any) -> bool:
    """Whether somebody counts statements: they see those that go through Django's cursors."""
    return bool(here.execute_wrappers or here.queries_logged)


def _connect(here: Any) -> None:
    here.close_if_health_check_failed()
    here.ensure_connection()


def _run(cursor: Any, sql: str, params: Sequence[Any]) -> int:
    cursor.execute(sql, params)
    return int(cursor.rowcount)


def _by_sqlite(here: Any, steps: Sequence[tuple[str, Sequence[Any]]]) -> list[int]:
    driver: sqlite3.Connection = here.connection
    if here.in_atomic_block:
        return [driver.execute(sql, params).rowcount for sql, params in steps]
    driver.execute("BEGIN IMMEDIATE")
    try:
        changed = [driver.execute(sql, params).rowcount for sql, params in steps]
        driver.commit()
    except BaseException:
        driver.rollback()
        raise
    return changed


def _by_psycopg(here: Any, steps: Sequence[tuple[str, Sequence[Any]]]) -> list[int]:
    """What is sent in one pipeline outside of a transaction is a transaction by itself (PostgreSQL's documentation,
    "Pipelining")."""
    driver: psycopg.Connection = here.connection
    with driver.pipeline():
        cursors = [_preparing(driver).execute(sql, params, prepare=True) for sql, params in steps]
    return [cursor.rowcount for cursor in cursors]


def _preparing(driver: psycopg.Connection) -> psycopg.Cursor:
    """A cursor whose statements PostgreSQL takes apart once, and keeps its plan of."""
    # Django's own cursors bind values on this side: whatever this says, they prepare nothing.
    driver.prepare_threshold = 0
    return psycopg.Cursor(driver)


@dataclass(frozen=True)
class _Statement:
    sql: str  # as Django's cursors take it
    quick: str  # and the driver
    constants: Sequence[Any]
    places: Sequence[tuple[int, str, Callable[[Any], Any] | None]]  # position, name, how the value is written

    def params(self, values: Values) -> list[Any]:
        filled = list(self.constants)
        for position, name, written in self.places:
            value = values[name]
            filled[position] = written(value) if written else value
        return filled


def _prepare(compose: Callable[..., Update], here: Any, values: Values) -> _Statement:
    samples = {name: _sample(number, value) for number, (name, value) in enumerate(values.items())}
    rows, changes = compose(**{name: sample for name, (sample, _) in samples.items()})
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(dict(changes))
    query.clear_ordering(force=True)
    sql, params = query.get_compiler(connection=here).as_sql()
    places: list[tuple[int, str, Callable[[Any], Any] | None]] = []
    for position, param in enumerate(params):
        written = re.sub(r"[^0-9A-Za-z]", "", repr(param))
        places += [(position, name, _writer(values[name])) for name, (_, mark) in samples.items() if mark in written]
    if {name for _, name, _ in places} != set(values) or len({place for place, *_ in places}) != len(places):
        raise ValueError(f"Not every value has its place in: {sql}")
    quick = sql if here.vendor == "postgresql" else _PLACE.sub("?", sql).replace("%%", "%")
    return _Statement(sql, quick, list(params), places)


_PLACE = re.compile(r"(?<!%)%s")


def _sample(number: int, value: Any) -> tuple[Any, str]:
    """A value of this type that is found again among others, and the mark that it is known by."""
    mark = f"77{number:02}99"
    match value:
        case UUID():
            return UUID(f"{mark:a>32}"), f"a{mark}"
        case datetime():
            return datetime(2001, 2, 3, 4, 5, 6, int(mark), tzinfo=UTC), mark
        case timedelta():
            return timedelta(microseconds=int(mark)), mark
        case dict():
            return {"sample": f"x{mark}x"}, f"x{mark}x"
        case str():
            return f"x{mark}x", f"x{mark}x"
        case int():
            return int(mark), mark
    raise TypeError(f"{type(value).__name__} has no place in a prepared statement.")


def _writer(value: Any) -> Callable[[Any], Any] | None:
    """How values of this type are written for the database; None where they go as they are."""
    match value:
        case UUID():
            return None if connection.features.has_native_uuid_field else attrgetter("hex")
        case datetime():
            field: models.Field[Any, Any] = models.DateTimeField()
        case timedelta():
            field = models.DurationField()
        case dict():
            field = models.JSONField()
        case _:
            return None
    return partial(field.get_db_prep_value, connection=connection)
