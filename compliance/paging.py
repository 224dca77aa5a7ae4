"""Lists in pages by key: newest first, as quick on the last page as on the first, and steady while rows come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)

PAGE = 50
_LARGEST_KEY = 2**63 - 1


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page. `newer` and `older` are the keys to continue from, None at either end."""

    rows: list[M]
    newer: int | None = None
    older: int | None = None


def page_of(querysets: Sequence[QuerySet[M]], *, before: str = "", after: str = "", size: int = PAGE) -> Page[M]:
    """The rows of disjoint querysets together, by falling key: those before, or after, a key as it came in a URL.

    One query for each queryset. An OR over them would make the database sort everything it finds; each alone walks an
    index and stops.
    """
    older_than, newer_than = _key(before), _key(after)
    if newer_than is not None:
        found = _first(querysets, Q(pk__gt=newer_than), "pk", size + 1)
        rows = sorted(found[:size], key=_by_key, reverse=True)
        return Page(rows, newer=_edge(rows, 0) if len(found) > size else None, older=_edge(rows, -1))
    where = Q(pk__lt=older_than) if older_than is not None else Q()
    found = _first(querysets, where, "-pk", size + 1)
    rows = found[:size]
    return Page(
        rows,
        newer=_edge(rows, 0) if older_than is not None else None,
        older=_edge(rows, -1) if len(found) > size else None,
    )


def _first(querysets: Sequence[QuerySet[M]], where: Q, order: str, count: int) -> list[M]:
    found = [row for queryset in querysets for row in queryset.filter(where).order_by(order)[:count]]
    return sorted(found, key=_by_key, reverse=order.startswith("-"))[:count]


def _by_key(row: Model) -> int:
    return int(row.pk)


def _edge(rows: Sequence[Model], at: int) -> int | None:
    return _by_key(rows[at]) if rows else None


def _key(text: str) -> int | None:
    """A key out of a URL; anything else, or a number that no column holds, is no key."""
    return (
        int(text) if text.isascii() and text.isdigit() and int(text[:20]) <= _LARGEST_KEY and len(text) < 20 else None
    )
