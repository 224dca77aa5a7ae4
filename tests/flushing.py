"""Between tests that commit, Django empties every table; the audit log's triggers refuse that, as they should.

So the tests, and they alone, lift them for as long as the emptying lasts.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db.backends.base.operations import BaseDatabaseOperations

from compliance import triggers


@pytest.fixture(scope="session", autouse=True)
def emptying_is_allowed_to_tests() -> Iterator[None]:
    refused = BaseDatabaseOperations.execute_sql_flush

    def execute_sql_flush(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        with triggers.lifted(self.connection):
            refused(self, sql_list)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", execute_sql_flush)
        yield
