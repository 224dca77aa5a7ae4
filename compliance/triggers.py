"""The log is append-only by triggers of the database itself: whoever comes by SQL is refused as well.

Entries and seals can neither be changed nor deleted; the readable side can be deleted, by an erasure, and not changed.
SQLite loses the triggers of a table whenever Django remakes it in a migration, and says nothing: a system check looks
for them (checks.py), and `manage.py setup_instance` puts them back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection as default_connection
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

ENTRIES, PEOPLE, SEALS = "compliance_auditentry", "compliance_auditperson", "compliance_auditseal"
REFUSAL = "The audit log is append-only"
# PostgreSQL: what a transaction says of itself for as long as it may cut.
_SETTING = "linkletter.audit_cut"
_FUNCTION = "compliance_audit_append_only"


@dataclass(frozen=True)
class Trigger:
    name: str
    table: str
    body: str  # of CREATE TRIGGER, after its name
    on: tuple[str, ...] = ()  # PostgreSQL: what it refuses


def install(connection: BaseDatabaseWrapper = default_connection) -> list[str]:
    """Put in what is missing or differs; returns its names."""
    wrong = missing(connection)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
        for trigger in _wanted(connection):
            if trigger.name in wrong:
                _drop(connection, trigger)
                cursor.execute(_create(trigger))
    return wrong


def missing(connection: BaseDatabaseWrapper = default_connection) -> list[str]:
    """The names of triggers that are not there, are switched off, or are not what they should be. One query."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            present = dict(cursor.fetchall())
            return [each.name for each in _wanted(connection) if present.get(each.name) != _create(each)]
        cursor.execute(
            "SELECT t.tgname, t.tgtype, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE t.tgrelid IN (to_regclass(%s), to_regclass(%s), to_regclass(%s)) AND t.tgenabled IN ('O', 'A')",
            [ENTRIES, PEOPLE, SEALS],
        )
        found = {name: (kind, source) for name, kind, source in cursor.fetchall()}
        return [
            each.name
            for each in _wanted(connection)
            if found.get(each.name) != (_BEFORE_STATEMENT + sum(_BITS[word] for word in each.on), _POSTGRESQL_SOURCE)
        ]


# pg_trigger.tgtype.
_BEFORE_STATEMENT = 2
_BITS = {"DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}


def has_tables(connection: BaseDatabaseWrapper = default_connection) -> bool:
    """Whether there is anything to protect yet: not before the first migration."""
    return {ENTRIES, PEOPLE, SEALS} <= set(connection.introspection.table_names())


@contextmanager
def lifted(connection: BaseDatabaseWrapper = default_connection) -> Iterator[None]:
    """Inside, this transaction alone may delete, and only until the block ends. For retention, and nobody else.

    SQLite's triggers are dropped and made anew: its schema is part of the transaction, and nobody else writes then.
    """
    with transaction.atomic(using=connection.alias):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config(%s, 'on', true)", [_SETTING])
            yield
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config(%s, 'off', true)", [_SETTING])
        else:
            for trigger in _wanted(connection):
                _drop(connection, trigger)
            yield
            install(connection)


def _wanted(connection: BaseDatabaseWrapper) -> list[Trigger]:
    if connection.vendor == "postgresql":
        return [
            Trigger(
                name=f"{table}_append_only",
                table=table,
                body=f"BEFORE {' OR '.join(on)} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()",
                on=on,
            )
            for table, on in (
                (ENTRIES, ("UPDATE", "DELETE", "TRUNCATE")),
                (SEALS, ("UPDATE", "DELETE", "TRUNCATE")),
                (PEOPLE, ("UPDATE", "TRUNCATE")),
            )
        ]
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}.'); END"
    wanted = []
    for table, keys in ((ENTRIES, ("id",)), (SEALS, ("seq", "entry_id")), (PEOPLE, ("entry_id",))):
        # INSERT OR REPLACE deletes what is in its way without asking the trigger for it.
        there = " OR ".join(_there(table, key) for key in keys)
        wanted += [
            Trigger(f"{table}_no_update", table, f"BEFORE UPDATE ON {table} {refuse}"),
            Trigger(f"{table}_no_replace", table, f"BEFORE INSERT ON {table} WHEN {there} {refuse}"),
        ]
        if table != PEOPLE:
            wanted.append(Trigger(f"{table}_no_delete", table, f"BEFORE DELETE ON {table} {refuse}"))
    return wanted


def _there(table: str, key: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 - our own names


def _create(trigger: Trigger) -> str:
    return f"CREATE TRIGGER {trigger.name} {trigger.body}"


def _drop(connection: BaseDatabaseWrapper, trigger: Trigger) -> None:
    where = f" ON {trigger.table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}{where}")


_POSTGRESQL_SOURCE = f"""
BEGIN
    IF TG_OP <> 'UPDATE' AND current_setting('{_SETTING}', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '{REFUSAL}: % of % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
"""
_POSTGRESQL_FUNCTION = (
    f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${_POSTGRESQL_SOURCE}$$"
)
