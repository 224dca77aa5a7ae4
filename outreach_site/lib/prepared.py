"""Updates that Django composes once, and that run again and again with other values.

To compose a statement with several EXISTS takes Django many times as long as the database needs to run it. A letter on
its way out is started and written down by two of them; so these are kept as text, with places for their values.
Django still writes the text, so that it says the same as the models, on every database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models.sql import UpdateQuery

# What a statement is composed from: the rows, and the values of their columns.
Update = tuple[models.QuerySet[Any], Mapping[str, Any]]


class PreparedUpdate:
    """`compose(**values)` describes the update. It may not look at the values: it is called once, with samples.

    A value's type must be the same each time: a whole number, a text, a UUID, a moment, a span, or a dict for a JSON
    field.
    """

    def __init__(self, compose: Callable[..., Update]) -> None:
        self._compose = compose
        self._statements: dict[str, tuple[str, list[Any], list[tuple[int, str]]]] = {}

    def run(self, **values: Any) -> int:
        """How many rows were changed."""
        sql, params = self._statement(values)
        with connection.cursor() as cursor:
            cursor.execute(sql, params(values))
            return int(cursor.rowcount)

    def run_many(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """The same for many sets of values, in one journey to the database."""
        listed = list(rows)
        if listed:
            sql, params = self._statement(listed[0])
            with connection.cursor() as cursor:
                cursor.executemany(sql, [params(values) for values in listed])

    def _statement(self, values: Mapping[str, Any]) -> tuple[str, Callable[[Mapping[str, Any]], list[Any]]]:
        if connection.vendor not in self._statements:
            self._statements[connection.vendor] = self._prepare(values)
        sql, constants, places = self._statements[connection.vendor]

        def params(values: Mapping[str, Any]) -> list[Any]:
            filled = list(constants)
            for place, name in places:
                filled[place] = _for_database(values[name])
            return filled

        return sql, params

    def _prepare(self, values: Mapping[str, Any]) -> tuple[str, list[Any], list[tuple[int, str]]]:
        samples = {name: _sample(number, value) for number, (name, value) in enumerate(values.items())}
        rows, changes = self._compose(**{name: sample for name, (sample, _) in samples.items()})
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(dict(changes))
        query.clear_ordering(force=True)
        sql, params = query.get_compiler(connection=connection).as_sql()
        places = []
        for place, param in enumerate(params):
            written = re.sub(r"[^0-9A-Za-z]", "", repr(param))
            places += [(place, name) for name, (_, mark) in samples.items() if mark in written]
        if {name for _, name in places} != set(values) or len({place for place, _ in places}) != len(places):
            raise ValueError(f"Not every value has its place in: {sql}")
        return sql, list(params), places


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


def _for_database(value: Any) -> Any:
    match value:
        case UUID():
            return value if connection.features.has_native_uuid_field else value.hex
        case datetime():
            return connection.ops.adapt_datetimefield_value(value)
        case timedelta():
            return models.DurationField().get_db_prep_value(value, connection)
        case dict():
            return models.JSONField().get_db_prep_value(value, connection)
    return value
