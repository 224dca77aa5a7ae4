"""Between tests that commit, Django empties every table, and then writes content types and permissions anew.

The audit log's triggers refuse the first, as they should: the tests, and they alone, lift them for as long as it lasts.
What Django would write anew stays where it is: to write it takes twelve times as long as to empty all the rest. And
rows are deleted on PostgreSQL too: to truncate a hundred tables takes a quarter of a second, be they empty or not.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management.commands import flush
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations

from compliance import triggers

WRITTEN_BY_DJANGO = {"auth_permission", "django_content_type"}


@pytest.fixture(scope="session", autouse=True)
def emptying_is_allowed_to_tests() -> Iterator[None]:
    refused = BaseDatabaseOperations.execute_sql_flush

    def execute_sql_flush(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        with triggers.lifted(self.connection):
            refused(self, sql_list)

    def sql_flush(style: object, connection: BaseDatabaseWrapper, **options: bool) -> list[str]:
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        # In any order: constraints are looked at when the transaction ends.
        return [f"DELETE FROM {connection.ops.quote_name(name)}" for name in set(tables) - WRITTEN_BY_DJANGO]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", execute_sql_flush)
        patch.setattr(flush, "sql_flush", sql_flush)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_: None)
        yield
