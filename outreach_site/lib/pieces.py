"""A long list of rows, piece by piece: constant memory, and no transaction that a slow reader keeps open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


def by_key(rows: models.QuerySet[Row], *, size: int = 1_000) -> Iterator[list[Row]]:
    """The rows in the order of their keys, so many at once, a query each (and one for each `prefetch_related`).

    What comes in while they are read, above the newest key at the beginning, is left out.
    """
    newest = rows.order_by("-pk").values_list("pk", flat=True).first()
    last = 0
    while newest is not None and last < newest:
        piece = list(rows.filter(pk__gt=last, pk__lte=newest).order_by("pk")[:size])
        if not piece:
            return
        yield piece
        last = piece[-1].pk


def values_by_key(rows: models.QuerySet[Any], *columns: str, size: int = 1_000) -> Iterator[list[Any]]:
    """The same as lists of values, one row after the other; the first column must be `pk`."""
    newest = rows.order_by("-pk").values_list("pk", flat=True).first()
    last = 0
    while newest is not None and last < newest:
        piece = list(rows.filter(pk__gt=last, pk__lte=newest).order_by("pk").values_list(*columns)[:size])
        if not piece:
            return
        yield from map(list, piece)
        last = piece[-1][0]
