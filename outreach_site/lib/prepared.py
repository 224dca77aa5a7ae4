"""Updates that Django composes once, and that run again and again with other values.

To compose a statement with several EXISTS takes Django many times as long as the database needs to run it, and its
cursors and transactions take as long again. A letter on its way out is started and written down by two of them; so
these are kept as text, with places for their values, and go to the driver itself; PostgreSQL keeps its plan of
them. Django still writes the text, so that it says the same as the models, on every database.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, count
from operator import attrgetter
from typing import Any, NoReturn
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.models.sql import UpdateQuery
from psycopg.adapt import Buffer, PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.types.json import Jsonb
from psycopg.types.numeric import Int8
from psycopg.waiting import Ready, Wait

from outreach_site.lib.among import array_of

# What a statement is composed from: the rows, and the values of their columns.
Update = tuple[models.QuerySet[Any], Mapping[str, Any]]
Values = Mapping[str, Any]


class PreparedUpdate:
    """`compose(**values)` describes the update. It may not look at the values: it is called once, with samples.

    A value's type must be the same each time: a whole number, a text, a UUID, a moment, or a dict for a JSON field.
    """

    def __init__(self, compose: Callable[..., Update]) -> None:
        self._compose = compose
        self._statements: dict[str, _Statement] = {}

    def run(self, **values: Any) -> int:
        """How many rows were changed."""
        return _run([(self, values)], keep_later=False)

    def run_many(self, rows: Iterable[Values]) -> None:
        """The same for many sets of values, which are to change different rows, in one journey to the database."""
        here, listed = connections[DEFAULT_DB_ALIAS], list(rows)
        if listed:
            statement = self.statement(here, listed[0])
            with here.cursor() as cursor:
                if here.vendor == "postgresql":
                    cursor.execute(*statement.for_all(listed))
                else:
                    cursor.executemany(statement.sql, [statement.params(values) for values in listed])

    def statement(self, here: Any, values: Values) -> _Statement:
        if here.vendor not in self._statements:
            self._statements[here.vendor] = _prepare(self._compose, here, values)
        return self._statements[here.vendor]


def run_in_turn(
    first: tuple[PreparedUpdate, Values],
    then: tuple[PreparedUpdate, Values],
    *,
    keep_later: bool = False,
) -> int:
    """Two updates of different rows in one transaction, the second only where the first has changed a row: how many the
    second has changed. On PostgreSQL it is one statement, and so one journey.

    `keep_later`: how many rows are changed is known earlier. Only after `until_kept` others see that, and it outlives a
    crash of the database's server or of this machine. Until then the database may not be asked anything. PostgreSQL
    writes to its disk meanwhile; SQLite begins with that in `until_kept`, and lets nobody else write before.
    """
    return _run([first, then], keep_later=keep_later)


def until_kept() -> None:
    """Wait until what `run_in_turn` changed is kept; at once, where that is so. Raises a DatabaseError where it may be
    lost: then it may be done again.
    """
    here: Any = connections[DEFAULT_DB_ALIAS]
    keep = _KEEPING.pop(here, None)
    if keep is not None:
        here.execute_wrappers.remove(_refuse)
        try:
            keep()
        except (psycopg.Error, sqlite3.Error):
            with here.wrap_database_errors:
                raise


def _keep_by(here: Any, keep: Callable[[], None]) -> None:
    _KEEPING[here] = keep
    here.execute_wrappers.append(_refuse)


def _run(updates: Sequence[tuple[PreparedUpdate, Values]], *, keep_later: bool) -> int:
    here: Any = connections[DEFAULT_DB_ALIAS]
    steps = [(update.statement(here, values), values) for update, values in updates]
    if here.in_atomic_block or _is_watched(here):
        with transaction.atomic(savepoint=False), here.cursor() as cursor:
            return _step_by_step(cursor, [(statement.sql, statement.params(values)) for statement, values in steps])
    here.close_if_health_check_failed()
    here.ensure_connection()
    try:
        by_driver = _by_psycopg if here.vendor == "postgresql" else _by_sqlite
        return by_driver(here, steps, keep_later=keep_later)
    except (psycopg.Error, sqlite3.Error):
        with here.wrap_database_errors:
            raise


def _is_watched(here: Any) -> bool:
    """Whether somebody counts statements: they see those that go through Django's cursors."""
    return bool(here.execute_wrappers or here.queries_logged)


def _step_by_step(cursor: Any, steps: Sequence[tuple[str, Sequence[Any]]]) -> int:
    changed = 0
    for sql, params in steps:
        cursor.execute(sql, params)
        changed = int(cursor.rowcount)
        if not changed:
            break
    return changed


def _by_sqlite(here: Any, steps: Sequence[tuple[_Statement, Values]], *, keep_later: bool) -> int:
    driver: sqlite3.Connection = here.connection
    cursor = driver.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    try:
        changed = _step_by_step(cursor, [(statement.quick, statement.params(values)) for statement, values in steps])
    except BaseException:
        driver.rollback()
        raise
    if keep_later and changed:
        _keep_by(here, partial(_commit, driver))
    else:
        _commit(driver)
    return changed


def _commit(driver: sqlite3.Connection) -> None:
    try:
        driver.commit()
    except BaseException:
        driver.rollback()
        raise


def _by_psycopg(here: Any, steps: Sequence[tuple[_Statement, Values]], *, keep_later: bool) -> int:
    driver: psycopg.Connection = here.connection
    prepared = _PREPARED.get(here)
    if prepared is None or prepared.driver is not driver:
        prepared = _PREPARED[here] = _Prepared(driver)
    changed = prepared.run(steps, keep_later=keep_later)
    if keep_later and changed:
        _keep_by(here, prepared.until_kept)
    return changed


class _Prepared:
    """Statements that one connection to PostgreSQL has taken apart, and keeps its plans of: each is a statement, and a
    transaction, of its own. Straight to the client library: psycopg's cursors take three times as long.
    """

    def __init__(self, driver: psycopg.Connection) -> None:
        self.driver = driver
        self._written = Transformer(driver)
        self._names: dict[tuple[Sequence[_Statement], Sequence[int] | None], bytes] = {}

    def run(self, steps: Sequence[tuple[_Statement, Values]], *, keep_later: bool) -> int:
        given = [value for statement, values in steps for value in statement.given(values)]
        written = self._written.dump_sequence(given, [PyFormat.AUTO] * len(given))
        asked = tuple([statement for statement, _ in steps]), self._written.types
        name = self._names.get(asked) or self._prepare(*asked)
        pgconn = self.driver.pgconn
        if not keep_later:
            pgconn.send_query_prepared(name, written, self._written.formats)
            return self.driver.wait(self._changed())
        # In a pipeline, the server can be told to answer before the end of the transaction, which is the `sync`.
        pgconn.enter_pipeline_mode()
        pgconn.send_query_prepared(name, written, self._written.formats)
        pgconn.send_flush_request()
        pgconn.pipeline_sync()
        changed = 0
        try:
            changed = self.driver.wait(self._changed())
        finally:
            if not changed:
                self.until_kept()
        return changed

    def until_kept(self) -> None:
        try:
            self.driver.wait(self._synced())
        finally:
            with suppress(psycopg.Error):  # Nobody uses a connection again that was lost.
                self.driver.pgconn.exit_pipeline_mode()

    def _prepare(self, statements: Sequence[_Statement], types: Sequence[int] | None) -> bytes:
        numbers = count(1)
        texts = [statement.numbered(numbers, self._written.as_literal) for statement in statements]
        text = texts[-1]
        if len(texts) > 1:
            # Both see the tables as they were before the first.
            text = f'WITH "first" AS ({texts[0]} RETURNING 1) {text} AND EXISTS (SELECT 1 FROM "first")'  # noqa: S608 - Django's own words
        name = b"linkletter_%d" % len(self._names)
        self.driver.pgconn.send_prepare(name, text.encode(), types)
        self.driver.wait(self._changed())
        self._names[statements, types] = name
        return name

    def _changed(self) -> Generator[Wait, Ready | int, int]:
        """How many rows were changed by what was just asked."""
        pgconn, changed = self.driver.pgconn, 0
        while pgconn.flush():
            yield Wait.W
        error: psycopg.Error | None = None
        while (result := (yield from self._result())) is not None:
            if result.status == ExecStatus.COMMAND_OK:
                changed = result.command_tuples or 0
            else:
                error = error_from_result(result)
        if error is not None:
            raise error
        return changed

    def _synced(self) -> Generator[Wait, Ready | int, None]:
        """To the end of the transaction, and so of the pipeline."""
        error: psycopg.Error | None = None
        while (result := (yield from self._result())) is None or result.status != ExecStatus.PIPELINE_SYNC:
            if result is not None:
                error = error_from_result(result)
            elif self.driver.pgconn.status != ConnStatus.OK:
                raise error or psycopg.OperationalError("The connection was lost.")
        if error is not None:
            raise error

    def _result(self) -> Generator[Wait, Ready | int, PGresult | None]:
        pgconn = self.driver.pgconn
        while pgconn.is_busy():
            yield Wait.R
            pgconn.consume_input()
        return pgconn.get_result()


# Of Django's connections, whose drivers come and go.
_PREPARED: WeakKeyDictionary[Any, _Prepared] = WeakKeyDictionary()
# And of those that have changed what is not known to be kept: what it is kept by.
_KEEPING: WeakKeyDictionary[Any, Callable[[], None]] = WeakKeyDictionary()


def _refuse(*_: object) -> NoReturn:
    raise RuntimeError("What was changed last is not known to be kept: until then the database is asked nothing.")


@dataclass(frozen=True, eq=False)
class _Statement:
    sql: str  # as Django's cursors take it
    quick: str  # and the driver of SQLite
    constants: Sequence[Any]
    places: Sequence[tuple[int, str, Callable[[Any], Any] | None]]  # position, name, how the value is written

    def params(self, values: Values) -> list[Any]:
        filled = list(self.constants)
        for (position, *_), value in zip(self.places, self.given(values), strict=True):
            filled[position] = value
        return filled

    def given(self, values: Values) -> list[Any]:
        """What is not the same each time, in the order of the text."""
        return [written(values[name]) if written else values[name] for _, name, written in self.places]

    def numbered(self, numbers: Iterator[int], literal: Callable[[Any], Buffer]) -> str:
        """As PostgreSQL prepares it: with a number for what is given, and the rest in its place."""
        given = {position for position, *_ in self.places}
        pieces = [piece.replace("%%", "%") for piece in _PLACE.split(self.sql)]
        filled = [
            f"${next(numbers)}" if position in given else bytes(literal(constant)).decode()
            for position, constant in enumerate(self.constants)
        ]
        return "".join(chain.from_iterable(zip(pieces, [*filled, ""], strict=True)))

    def for_all(self, rows: Sequence[Values]) -> tuple[str, list[Any]]:
        """One statement of PostgreSQL for many sets of values, and what it is given: a list of each value that is not
        the same for all.
        """
        filled = self.params(rows[0])
        at, types, lists = {}, {}, {}
        for position, name, written in self.places:
            values = [row[name] for row in rows]
            if values.count(values[0]) < len(values):
                at[position] = f'"given"."{name}"'
                types[name] = f'"{name}"', f"%s::{_ARRAYS[type(values[0])]}"
                lists[name] = array_of(values if written is Int8 or not written else [*map(written, values)])
        if not lists:
            return self.sql, filled
        names, arrays = (", ".join(words) for words in zip(*types.values(), strict=True))
        pieces = _PLACE.split(self.sql)
        text = "".join(piece + at.get(number, "%s") for number, piece in enumerate(pieces[:-1])) + pieces[-1]
        changes, conditions = text.split(" WHERE ", maxsplit=1)
        constants = [value for position, value in enumerate(filled) if position not in at]
        before = len(_PLACE.findall(changes))
        sql = f'{changes} FROM unnest({arrays}) AS "given"({names}) WHERE {conditions}'
        return sql, [*constants[:before], *lists.values(), *constants[before:]]


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
        places += [
            (position, name, _writer(values[name], here)) for name, (_, mark) in samples.items() if mark in written
        ]
    if {name for _, name, _ in places} != set(values) or len({place for place, *_ in places}) != len(places):
        raise ValueError(f"Not every value has its place in: {sql}")
    quick = _PLACE.sub("?", sql).replace("%%", "%")
    # The driver would look up each choice of a field as an enumeration of its own.
    constants = [str(param) if isinstance(param, str) else param for param in params]
    return _Statement(sql, quick, constants, places)


_PLACE = re.compile(r"(?<!%)%s")

# What PostgreSQL calls many values of a type.
_ARRAYS: Mapping[type, str] = {
    UUID: "uuid[]",
    datetime: "timestamptz[]",
    dict: "jsonb[]",
    str: "text[]",
    int: "bigint[]",
}


def _sample(number: int, value: Any) -> tuple[Any, str]:
    """A value of this type that is found again among others, and the mark that it is known by."""
    mark = f"77{number:02}99"
    match value:
        case UUID():
            return UUID(f"{mark:a>32}"), f"a{mark}"
        case datetime():
            return datetime(2001, 2, 3, 4, 5, 6, int(mark), tzinfo=UTC), mark
        case dict():
            return {"sample": f"x{mark}x"}, f"x{mark}x"
        case str():
            return f"x{mark}x", f"x{mark}x"
        case int():
            return int(mark), mark
    raise TypeError(f"{type(value).__name__} has no place in a prepared statement.")


def _writer(value: Any, here: Any) -> Callable[[Any], Any] | None:
    """How values of this type are written for the database; None where they go as they are."""
    if here.vendor == "postgresql":
        match value:
            case dict():
                return Jsonb
            case int():
                # psycopg gives each size of number a type of its own, and each type would be a statement of its own.
                return Int8
        return None
    writers: dict[type, Callable[[Any], Any]] = {
        UUID: attrgetter("hex"),
        datetime: here.ops.adapt_datetimefield_value,
        dict: partial(here.ops.adapt_json_value, encoder=None),
    }
    return writers.get(type(value))
