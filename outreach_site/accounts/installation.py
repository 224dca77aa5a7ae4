"""Whose database is this? A restored or cloned one must not write again.

The database carries the instance id and a check value of DIGEST_KEY. Where `.env` says otherwise, nothing is dispatched
or polled until a person has looked.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from outreach_site.accounts.models import Installation
from outreach_site.lib.crypto import keyed_digest


@dataclass(frozen=True)
class Standing:
    """Whether this process may touch the post of this database, and why not."""

    may_work: bool
    sentence: str = ""


def standing() -> Standing:
    """Compare the database with `.env`. One query."""
    installation = Installation.objects.order_by("pk").first()
    if installation is None:
        return Standing(
            may_work=False, sentence="This database has not been set up yet: run `manage.py setup_instance`."
        )
    if not hmac.compare_digest(installation.digest_check, _digest_check()):
        return Standing(
            may_work=False,
            sentence="DIGEST_KEY is not the one this database was made with. Put the old value back: "
            "suppressions and unsubscribe links of erased people depend on it.",
        )
    if installation.instance_id != settings.INSTANCE_ID:
        return Standing(
            may_work=False,
            sentence="INSTANCE_ID is not the one of this database: it looks like a copy or a restored backup. "
            "Nothing is sent or read, so that nobody gets a letter twice. For a restored backup, run "
            "`manage.py after_restore --backup-taken-at …` with the moment at which it was begun (docs/operations.md). "
            "Do not put the old INSTANCE_ID back: what has left since the backup would leave again.",
        )
    return Standing(may_work=True)


def has_its_digest_key() -> bool:
    """Whether DIGEST_KEY is the one this database was made with. True for a database that nobody has claimed yet."""
    check = Installation.objects.order_by("pk").values_list("digest_check", flat=True).first()
    return check is None or hmac.compare_digest(check, _digest_check())


def claim() -> Installation:
    """Write this installation's id into an empty database; an id that is there is left alone."""
    with transaction.atomic():
        installation = Installation.objects.select_for_update().order_by("pk").first()
        if installation is None:
            installation = Installation.objects.create(instance_id=settings.INSTANCE_ID, digest_check=_digest_check())
        return installation


def claim_anew(*, restored_from_at: datetime, now: datetime) -> None:
    """Make a database that came back from a backup this installation's own; see campaigns.restoring."""
    Installation.objects.update(instance_id=settings.INSTANCE_ID, claimed_at=now, restored_from_at=restored_from_at)


def _digest_check() -> str:
    return keyed_digest("installation", "check")
