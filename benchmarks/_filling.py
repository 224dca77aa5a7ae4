"""Filling a database for a measurement: a million rows in seconds, made by the database itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

from benchmarks._databases import Database

ENDINGS = ("com", "org", "io", "de", "co.uk", "fr")


@contextmanager
def in_a_hurry(database: Database) -> Iterator[None]:
    """Filling need not survive a power cut; measuring is done as the product is run."""
    if database.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-1000000")
    yield
    connection.close()  # The next one begins with the settings' own words.


def dialect_of(vendor: str) -> dict[str, str]:
    return _SQLITE if vendor == "sqlite" else _POSTGRESQL


_SQLITE = {
    "series": "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})",
    "moment": "strftime('%Y-%m-%d %H:%M:%f', {at}, 'unixepoch') || '000'",
    "hash": "printf('%08x', {n} * 2654435761 % 4294967296)",
}
_POSTGRESQL = {
    "series": "WITH numbers AS (SELECT n FROM generate_series(1::bigint, {rows}) n)",
    "moment": "to_timestamp({at})",
    "hash": "lpad(to_hex({n} * 2654435761 % 4294967296), 8, '0')",
}


def hashed(dialect: dict[str, str], n: str) -> str:
    """Eight hexadecimal digits that hop about as n counts up."""
    return dialect["hash"].format(n=n)


def site_in_sql(dialect: dict[str, str], n: str) -> str:
    """What `_site` of gate.py says."""
    endings = " ".join(f"WHEN {place} THEN '.{ending}'" for place, ending in enumerate(ENDINGS))
    return f"({hashed(dialect, n)} || CASE {n} % {len(ENDINGS)} {endings} END)"


def insert(model: type[models.Model], series: str, **columns: str) -> None:
    """Rows numbered `n`, of which each column is an expression; their keys may be left to the database."""
    fields = model._meta.concrete_fields
    wanted = {field.column for field in fields if not isinstance(field, models.AutoField)} | (columns.keys() & {"id"})
    if wanted != set(columns):
        raise SystemExit(f"{model.__name__} has other columns than this benchmark fills: {wanted ^ set(columns)}")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(map(connection.ops.quote_name, columns))}) "
            f"{series} SELECT {', '.join(columns.values())} FROM numbers"
        )


def defaults_of(model: type[models.Model]) -> dict[str, str]:
    """For `insert`: what a new row has in the columns that nobody names, as SQL. A moment has to be named."""
    return {
        field.column: _literal(field)
        for field in model._meta.concrete_fields
        if not isinstance(field, models.AutoField)
    }


def _literal(field: models.Field[Any, Any]) -> str:
    if field.null:
        return "NULL"
    value = field.get_default() if not isinstance(field, models.DateTimeField) else ""
    if isinstance(field, models.JSONField):
        return f"'{json.dumps(value)}'"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f"'{value or ''}'"
