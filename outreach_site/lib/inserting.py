"""Many new rows at once, in a third of the time that `bulk_create` needs.

`bulk_create` asks every field of every row how its value is written, through five calls; nearly all of them are a text
or a number, written as they are. On PostgreSQL it also packs columns into arrays, and texts with many quotation marks,
such as JSON, are then escaped twice; here all rows travel as one JSON text. Nothing else differs: what a field must
translate, the field translates.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import connection, models, transaction

# Fields of exactly these classes write texts and whole numbers as they are.
_PLAIN_FIELDS = frozenset(
    {models.CharField, models.TextField, models.BigIntegerField, models.IntegerField, models.ForeignKey}
)
_PLAIN_VALUES = frozenset({str, int, type(None)})


def insert(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, whose keys they have afterwards. One query; on SQLite one for 32,000 values.

    For texts, numbers, truth values and moments. Raises IntegrityError, and then has inserted nothing.
    """
    if not rows:
        return
    options = rows[0]._meta
    fields = [field for field in options.concrete_fields if not isinstance(field, models.AutoField)]
    key = options.pk.column if options.pk not in fields and options.pk is not None else ""
    columns = [_column(rows, field) for field in fields]
    inserted = _as_json if connection.vendor == "postgresql" else _as_values
    with transaction.atomic(savepoint=False):
        keys = inserted(options.db_table, fields, list(zip(*columns, strict=True)), key)
    for row, value in zip(rows, keys, strict=True) if key else ():
        row.pk = value
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


def _column(rows: Sequence[models.Model], field: models.Field[Any, Any]) -> list[Any]:
    """A field's values, as the database takes them."""
    values = list(map(attrgetter(field.attname), rows))
    if type(field) in _PLAIN_FIELDS:
        return [
            value if type(value) in _PLAIN_VALUES else field.get_db_prep_save(value, connection=connection)
            for value in values
        ]
    if isinstance(field, models.DateTimeField):
        moments: dict[datetime | None, Any] = {}  # Mostly the same ones.
        for value in values:
            if value not in moments:
                moments[value] = field.get_db_prep_save(value, connection=connection)
        return [moments[value] for value in values]
    return [field.get_db_prep_save(value, connection=connection) for value in values]


def _as_json(table: str, fields: Sequence[models.Field[Any, Any]], rows: list[tuple[Any, ...]], key: str) -> list[Any]:
    quoted = [connection.ops.quote_name(field.column) for field in fields]
    types = [f"{name} {field.db_type(connection)}" for name, field in zip(quoted, fields, strict=True)]
    names = [field.column for field in fields]
    text = json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False, default=_moment)
    return _execute(
        f"INSERT INTO {connection.ops.quote_name(table)} ({', '.join(quoted)}) "  # noqa: S608 - names of our own models
        f"SELECT {', '.join(quoted)} FROM json_to_recordset(%s::json) AS given({', '.join(types)})",
        [text],
        key,
    )


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not written this way.")


def _as_values(
    table: str, fields: Sequence[models.Field[Any, Any]], rows: list[tuple[Any, ...]], key: str
) -> list[Any]:
    names = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    one = f"({', '.join(['%s'] * len(fields))})"
    limit = (connection.features.max_query_params or 999) // len(fields)
    keys = []
    for start in range(0, len(rows), limit):
        piece = rows[start : start + limit]
        keys += _execute(
            f"INSERT INTO {connection.ops.quote_name(table)} ({names}) VALUES {', '.join([one] * len(piece))}",  # noqa: S608 - names of our own models
            [value for row in piece for value in row],
            key,
        )
    return keys


def _execute(statement: str, values: list[Any], key: str) -> list[Any]:
    """The keys of the new rows, in their order, where the database gives them."""
    with connection.cursor() as cursor:
        if not key:
            cursor.execute(statement, values)
            return []
        cursor.execute(f"{statement} RETURNING {connection.ops.quote_name(key)}", values)
        return [value for (value,) in cursor.fetchall()]
