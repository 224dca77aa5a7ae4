"""Lists in pages by key: newest first, as quick on the last page as on the first, and steady while rows come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)

PAGE = 50
_LARGEST_KEY = 2**63 - 1


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page. `newer` and `older` are the keys to continue from, None at either end."""

    rows: list[M]
    newer: int | None = None
    older: int | None = None


def page_of(rows: QuerySet[M], *, before: str = "", after: str = "", size: int = PAGE) -> Page[M]:
    """The rows by falling key: those before, or after, a key as it came in a URL. One query, no OFFSET and no count."""
    older_than, newer_than = _key(before), _key(after)
    if newer_than is not None:
        found = list(rows.filter(pk__gt=newer_than).order_by("pk")[: size + 1])
        shown = found[:size][::-1]
        return Page(shown, newer=_edge(shown, 0) if len(found) > size else None, older=_edge(shown, -1))
    if older_than is not None:
        rows = rows.filter(pk__lt=older_than)
    found = list(rows.order_by("-pk")[: size + 1])
    shown = found[:size]
    return Page(
        shown,
        newer=_edge(shown, 0) if older_than is not None else None,
        older=_edge(shown, -1) if len(found) > size else None,
    )


def _edge(rows: Sequence[Model], at: int) -> int | None:
    return int(rows[at].pk) if rows else None


def _key(text: str) -> int | None:
    """A key out of a URL; anything else, or a number that no column holds, is no key."""
    return (
        int(text) if text.isascii() and text.isdigit() and int(text[:20]) <= _LARGEST_KEY and len(text) < 20 else None
    )
