"""Bringing a database up to what this version of the code expects: the same steps on every host and at every start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from compliance import triggers
from outreach_site.accounts import installation
from outreach_site.desk import schedules
from outreach_site.mailboxes.environment import keep_environment_mailbox


def set_up(say: Callable[[str], None]) -> installation.Standing:
    """Tables, cache table, this installation's id, schedules. Running it twice changes nothing.

    Returns whether this process may touch the post of this database. Raises `CommandError` for a database that only an
    older version can bring up to date, which changes nothing, and for one that was made with another DIGEST_KEY.
    """
    keep_to_this_account()
    with _one_host_at_a_time():
        _refuse_what_stopped_half_way()
        said = StringIO()
        call_command("migrate", interactive=False, verbosity=1, stdout=said)
        applied = sum(line.rstrip().endswith("OK") for line in said.getvalue().splitlines())
        if applied:
            say(f"brought the database up to date ({applied} migrations)")
        restored = triggers.install()
        if restored and not applied:
            say(
                f"put back {len(restored)} database triggers that keep the audit log from being changed: "
                "see verify_audit"
            )
        call_command("createcachetable", verbosity=0)
        installation.claim()
        if not installation.has_its_digest_key():
            raise CommandError(installation.standing().sentence)
        schedules.sync()
        keep_environment_mailbox(now=timezone.now())
    return installation.standing()


def keep_to_this_account() -> None:
    """Earlier versions left `var` and the SQLite file readable for every account of the machine.

    A VAR_DIR that the operator named is left as it is: others may have their files in it.
    """
    if settings.VAR_DIR == settings.BASE_DIR / "var":
        with suppress(OSError):
            settings.VAR_DIR.chmod(0o700)
    if connection.vendor == "sqlite":
        for ending in ("", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{connection.settings_dict['NAME']}{ending}").chmod(0o600)


def _refuse_what_stopped_half_way() -> None:
    """A squashed migration stands for all that it replaces or for none of it; Django trips over anything between."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    for squashed in MigrationLoader(None).replacements.values():
        if not applied.isdisjoint(squashed.replaces) and not applied.issuperset(squashed.replaces):
            raise CommandError(
                "This database was last used by an older Linkletter, and this version cannot bring it up to date. "
                'Nothing was changed. docs/operations.md, "Upgrade", says which version goes between.'
            )


@contextmanager
def _one_host_at_a_time() -> Iterator[None]:
    """Hosts that start together on a new version wait for the first. SQLite has one host, and one lock (up.py)."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_SET_UP])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_SET_UP])


_SET_UP = 0x1_1A_4B  # Any number that nobody else takes a lock under.
