"""Where a list goes on: the key that it is sorted by, as text fit for a URL and for the API's cursor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils.dateparse import parse_datetime

M = TypeVar("M", bound=Model)
LARGEST_NUMBER = 2**63 - 1  # that a key can be


class NoSuchPlaceError(ValueError):
    """The text is no place that this list ever gave out."""

    def __init__(self) -> None:
        super().__init__("This page of the list does not exist.")


def number_in(place: str) -> int:
    """A row's number. Raises NoSuchPlaceError."""
    if not (place.isascii() and place.isdigit() and len(place) < 20 and int(place) <= LARGEST_NUMBER):
        raise NoSuchPlaceError
    return int(place)


def moment_in(place: str) -> datetime:
    """A moment with its time zone, in UTC. Raises NoSuchPlaceError."""
    try:
        moment = parse_datetime(place)
        if moment is None or moment.tzinfo is None:
            raise NoSuchPlaceError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as err:
        raise NoSuchPlaceError from err


def as_place(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def numbered(rows: QuerySet[M], place: str) -> QuerySet[M]:
    """Of rows that are listed newest first, those after the number `place`; "" is the beginning. NoSuchPlaceError."""
    return rows.filter(pk__lt=number_in(place)) if place else rows


def number_of(row: Model) -> str:
    return str(row.pk)
