"""What the pages show of endpoints and deliveries. Read-only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Q, Subquery

from outreach_site.accounts.models import Workspace
from outreach_site.desk.outgoing.models import Delivery, DeliveryTry, Endpoint, Offered

PAGE = 50


@dataclass(frozen=True)
class Counts:
    waiting: int = 0
    failed: int = 0  # given up
    delivered: int = 0


@dataclass(frozen=True)
class Line:
    endpoint: Endpoint
    counts: Counts
    last_at: datetime | None  # something was taken


@dataclass(frozen=True)
class Page:
    rows: Sequence[Delivery]  # with last_status, last_sentence and last_at
    next_key: int | None


_COUNTS = {
    "waiting": Count("deliveries", filter=Q(deliveries__state=Delivery.State.WAITING)),
    "failed": Count(
        "deliveries",
        filter=Q(deliveries__state=Delivery.State.GIVEN_UP, deliveries__event__what__in=Offered.values),
    ),
    "delivered": Count("deliveries", filter=Q(deliveries__state=Delivery.State.DELIVERED)),
}


def lines(here: Workspace) -> list[Line]:
    """Three queries, however many there are."""
    endpoints = list(Endpoint.objects.in_workspace(here))
    pks = [endpoint.pk for endpoint in endpoints]
    counted = {row.pop("pk"): Counts(**row) for row in _counted(pks)}
    taken = Delivery.objects.filter(endpoint__in=pks, state=Delivery.State.DELIVERED).order_by()
    newest = taken.filter(endpoint=OuterRef("pk")).order_by("-finished_at").values("finished_at")[:1]
    last = dict(Endpoint.objects.filter(pk__in=pks).annotate(last=Subquery(newest)).values_list("pk", "last"))
    return [Line(each, counted.get(each.pk, Counts()), last.get(each.pk)) for each in endpoints]


def counts(endpoint: Endpoint) -> Counts:
    return next((Counts(**{k: v for k, v in row.items() if k != "pk"}) for row in _counted([endpoint.pk])), Counts())


def _counted(pks: Sequence[int]) -> list[dict[str, int]]:
    return list(Endpoint.objects.filter(pk__in=pks).order_by().annotate(**_COUNTS).values("pk", *_COUNTS))


def log(endpoint: Endpoint, *, before: int | None) -> Page:
    """Newest first, with what came of the last try of each. One query."""
    tries = DeliveryTry.objects.filter(delivery=OuterRef("pk")).order_by("-pk")
    found = Delivery.objects.filter(endpoint=endpoint).select_related("event").order_by("-pk")
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(
        found.annotate(
            last_status=Subquery(tries.values("status")[:1]),
            last_sentence=Subquery(tries.values("sentence")[:1]),
            last_at=Subquery(tries.values("at")[:1]),
        )[: PAGE + 1]
    )
    return Page(rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None)


def is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def readable(body: str) -> str:
    """The same JSON with a line for each value."""
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
