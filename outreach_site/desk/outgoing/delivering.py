"""Delivering events: at least once each, until the other side has taken it or a day has passed.

1. *Take* what is due, a few of each endpoint, one at a time of one that fails: a conditional update for each.
2. *Post* them side by side, in threads that never touch the database. Redirects are not followed, and every address
   that a name leads to must be public (lib/web.py).
3. *Record* what came of it: delivered, to be tried again, or given up. Whoever takes nothing for long is switched off.

A worker that dies in between has told perhaps, and is found out by its lease: the same event goes again, with its id.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from outreach_site.accounts import installation
from outreach_site.accounts.models import User
from outreach_site.desk.outgoing.endpoints import switched_off
from outreach_site.desk.outgoing.models import Delivery, DeliveryTry, Endpoint, Event
from outreach_site.desk.outgoing.signing import headers
from outreach_site.lib.crypto import SecretError
from outreach_site.lib.web import Bounds, Request, Way, WebError, open_url

# After each try, until the last: a day in all. A fifth more or less, so that nobody is met by everything at once.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (0.5, 2, 10, 30, 60, 3 * 60, 6 * 60, 12 * 60))
# Whoever took nothing for so long, or let so much be given up, is switched off.
PATIENCE = timedelta(days=3)
GIVEN_UP_IN_A_ROW = 10
AT_ONCE = 16
OF_EACH = 4
LEASE = timedelta(minutes=2)
BOUNDS = Bounds(seconds=15.0, each=10.0, size=64_000)
USER_AGENT = "Linkletter-Webhooks"
KEPT = timedelta(days=30)
# So often a person may send something to one endpoint: nobody's server is to be flooded from here.
BY_HAND_AN_HOUR = 60
_AT_ONCE_AWAY = 500

WAY = Way()


@dataclass(frozen=True)
class Outcome:
    sentence: str
    milliseconds: int
    status: int | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The other side says that it wants nothing more (410)."""
        return self.status == 410


@dataclass(frozen=True)
class _Parcel:
    url: str
    uid: str
    body: bytes
    keys: Sequence[str]
    trouble: str = ""  # why it cannot be signed


def deliver_due(*, now: datetime, way: Way | None = None) -> int:
    """One slice; how many were tried."""
    if not installation.standing().may_work:
        return 0
    taken = [delivery for delivery in _next(now) if _take(delivery, now=now)]
    if not taken:
        return 0
    parcels = [_parcel(delivery, now) for delivery in taken]
    with ThreadPoolExecutor(max_workers=len(parcels), thread_name_prefix="webhooks") as pool:
        outcomes = pool.map(_post, parcels, [int(now.timestamp())] * len(parcels), [way or WAY] * len(parcels))
        for delivery, outcome in zip(taken, outcomes, strict=True):
            _record(delivery, outcome, by=None, now=now)
    return len(taken)


def deliver_now(delivery: Delivery, *, by: User, now: datetime, way: Way | None = None) -> Outcome | None:
    """Once, because a person asks for it, whatever became of it before. None while a worker has it."""
    if not Delivery.objects.free(now).filter(pk=delivery.pk).update(leased_until=now + LEASE):
        return None
    outcome = _post(_parcel(delivery, now), int(now.timestamp()), way or WAY)
    _record(delivery, outcome, by=by, now=now)
    return outcome


def is_enough_by_hand(endpoint: Endpoint, *, now: datetime) -> bool:
    lately = DeliveryTry.objects.filter(delivery__endpoint=endpoint, at__gt=now - timedelta(hours=1))
    return lately.exclude(by=None).count() >= BY_HAND_AN_HOUR


def _next(now: datetime) -> list[Delivery]:
    """A few of each endpoint, the longest due first; of one that fails a single one."""
    place = Window(RowNumber(), partition_by=F("endpoint"), order_by=["next_try_at", "pk"])
    few = Q(place=1) | Q(place__lte=OF_EACH, endpoint__failing_since=None)
    ranked = Delivery.objects.due(now).select_related("event", "endpoint").annotate(place=place)
    return list(ranked.filter(few).order_by("next_try_at", "pk")[:AT_ONCE])


def _take(delivery: Delivery, *, now: datetime) -> bool:
    """Losing the race to another worker is normal."""
    return bool(Delivery.objects.due(now).filter(pk=delivery.pk).update(leased_until=now + LEASE))


def _parcel(delivery: Delivery, now: datetime) -> _Parcel:
    event, endpoint = delivery.event, delivery.endpoint
    try:
        return _Parcel(endpoint.url, event.uid, event.body.encode(), endpoint.secrets(now))
    except SecretError:
        return _Parcel(endpoint.url, event.uid, b"", (), trouble="Its secret cannot be opened with this server's key.")


def _post(parcel: _Parcel, timestamp: int, way: Way) -> Outcome:
    """Send it. Never raises for what the other side may do."""
    began = time.monotonic()
    if parcel.trouble:
        return Outcome(parcel.trouble, 0)
    signed = headers(parcel.uid, parcel.body, keys=parcel.keys, timestamp=timestamp)
    request = Request("POST", {"Content-Type": "application/json"} | signed, parcel.body)
    status = None
    try:
        answer = open_url(parcel.url, request, user_agent=USER_AGENT, bounds=BOUNDS, way=way, cut=True)
        status, sentence = answer.status, _said(answer.status)
    except WebError as err:
        sentence = str(err)
    except Exception as err:  # noqa: BLE001 - one strange receiver must not stop the others
        sentence = f"It could not be told ({type(err).__name__})."
    return Outcome(sentence, int((time.monotonic() - began) * 1000), status)


def _said(status: int) -> str:
    if 200 <= status < 300:
        return "It was taken."
    if 300 <= status < 400:
        return "It sends on to another address, which is not followed: enter that one."
    if status == 410:
        return "It wants nothing more."
    return f"It answered {status}."


def _record(delivery: Delivery, outcome: Outcome, *, by: User | None, now: datetime) -> None:
    """In one transaction. The row is read again: a person may have sent it again meanwhile."""
    with transaction.atomic():
        kept = (
            Delivery.objects.select_for_update(of=("self",))
            .select_related("endpoint", "event")
            .filter(pk=delivery.pk)
            .first()
        )
        if kept is None:
            return  # Its endpoint or its event was let go.
        DeliveryTry.objects.create(
            delivery=kept,
            at=now,
            status=outcome.status,
            sentence=outcome.sentence[:300],
            milliseconds=outcome.milliseconds,
            by=by,
        )
        kept.leased_until = None
        if outcome.is_taken:
            kept.state, kept.finished_at = Delivery.State.DELIVERED, now
            Endpoint.objects.filter(pk=kept.endpoint_id).update(failing_since=None, given_up=0)
        elif by is None and kept.state == Delivery.State.WAITING:
            _failed(kept, outcome, now=now)
        kept.save(update_fields=["leased_until", "state", "finished_at", "tries", "next_try_at"])


def _failed(delivery: Delivery, outcome: Outcome, *, now: datetime) -> None:
    endpoint = delivery.endpoint
    Endpoint.objects.filter(pk=endpoint.pk, failing_since=None).update(failing_since=now)
    delivery.tries += 1
    if delivery.tries <= len(WAITS):
        wait = WAITS[delivery.tries - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, hides nothing
        delivery.next_try_at = now + wait
    else:
        delivery.state, delivery.finished_at = Delivery.State.GIVEN_UP, now
        Endpoint.objects.filter(pk=endpoint.pk).update(given_up=F("given_up") + 1)
    endpoint.refresh_from_db()
    if outcome.is_gone:
        switched_off(endpoint, because="It answered that it wants nothing more (410).", now=now)
    elif delivery.state == Delivery.State.GIVEN_UP and _is_hopeless(endpoint, now):
        switched_off(endpoint, because=f"It took nothing for long. The last time: {outcome.sentence}", now=now)


def _is_hopeless(endpoint: Endpoint, now: datetime) -> bool:
    since = endpoint.failing_since or now
    return now - since >= PATIENCE or endpoint.given_up >= GIVEN_UP_IN_A_ROW


def forget_old(*, now: datetime) -> None:
    """A slice of what has been kept for long enough, and endpoints that were removed a while ago."""
    old = Event.objects.filter(created_at__lt=now - KEPT).order_by("created_at").values_list("pk", flat=True)
    Event.objects.filter(pk__in=list(old[:_AT_ONCE_AWAY])).delete()
    gone = Endpoint.objects.filter(removed_at__lt=now - timedelta(days=1)).values_list("pk", flat=True)
    for pk in list(gone):
        Event.objects.filter(deliveries__endpoint=pk).exclude(
            deliveries__endpoint__in=Endpoint.objects.exclude(pk=pk)
        ).delete()
        Endpoint.objects.filter(pk=pk).delete()
