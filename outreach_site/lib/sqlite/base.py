"""Django's SQLite backend, told how many parameters this SQLite really takes.

Django 5.2 assumes the 999 of SQLite before 3.32 and cuts every bulk insert into pieces of that size, so that a batch of
500 letters would need dozens of statements instead of one.
"""

from __future__ import annotations

import sqlite3

from django.db.backends.sqlite3 import base, features
from django.utils.functional import cached_property


class DatabaseFeatures(features.DatabaseFeatures):
    @cached_property
    def max_query_params(self) -> int:  # type: ignore[override]  # a class attribute there, asked of the library here
        self.connection.ensure_connection()
        assert self.connection.connection is not None  # noqa: S101 - ensure_connection made it; this tells the type checker
        return int(self.connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER))


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures
