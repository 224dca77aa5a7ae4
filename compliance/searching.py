"""What somebody types into a search field, as a condition that an index answers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q

from compliance.addresses import InvalidAddressError, domain_of, fold, normalise, parents_of
from compliance.audit import one_line
from compliance.suppression import stone_of


def typed(text: str) -> str:
    """The text as addresses are stored: one line, lower case."""
    return one_line(text, 254).lower()


def begins(field: str, prefix: str) -> Q:
    """`field` begins with exactly `prefix`. SQLite's LIKE ignores case, and therefore the index."""
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": prefix, f"{field}__lt": f"{prefix}\U0010ffff"})
    return Q(**{f"{field}__startswith": prefix})


def suppressions_matching(text: str) -> Q:
    """Entries whose address or domain begins with `text`; for a whole address, also the domains that cover it."""
    wanted = typed(text)
    if not wanted:
        return Q()
    domain = wanted.removeprefix("@")
    found = begins("value", domain) | begins("domain", domain)
    key = whole_address(wanted)
    return found | Q(value__in=[key, stone_of(key), *parents_of(domain_of(key))]) if key else found


def whole_address(text: str) -> str:
    """The normalised address that somebody typed in full; empty for anything less."""
    try:
        return fold(normalise(text))
    except InvalidAddressError:
        return ""


def entries_about(text: str) -> Q:
    """Audit entries about an address that begins with `text`, in any of its spellings."""
    wanted = typed(text)
    if not wanted:
        return Q()
    found = begins("person__lead_email", wanted)
    key = whole_address(wanted)
    return found | Q(person__lead_email=key) if key else found


def within(first: date | None, last: date | None, zone: ZoneInfo) -> Q:
    """Recorded from the start of one calendar day to the end of another, both in `zone`."""
    condition = Q()
    if first is not None:
        condition &= Q(recorded_at__gte=_midnight(first, zone))
    if last is not None and last < date.max:
        condition &= Q(recorded_at__lt=_midnight(last + timedelta(days=1), zone))
    return condition


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    midnight = datetime.combine(day, time.min, tzinfo=zone)
    # East of Greenwich the first day of the calendar begins before it.
    return midnight if day > date.min else datetime.min.replace(tzinfo=UTC)
