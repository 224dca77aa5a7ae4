"""How many requests a caller may make in a minute, counted in the database: for all processes together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, Q, When

from outreach_site.accounts.models import CallCount

SECONDS = 60


@dataclass(frozen=True)
class Rate:
    """At most `limit` requests in each minute by the clock."""

    name: str
    limit: int


# All requests of one key.
CALLS = Rate("calls", 300)
# Requests that send, of one key, and of one person who calls from a session. One may carry several letters.
SENDS = Rate("sends", 60)


@dataclass(frozen=True)
class Room:
    """What is left of a caller's minute, once a request is counted or refused."""

    limit: int
    left: int
    seconds: int  # until the next minute begins
    allowed: bool


def take(rate: Rate, who: str, *, now: datetime) -> Room:
    """Count one request of `who`, unless their minute is used up. Two short statements; a refusal writes nothing."""
    minute, second = divmod(int(now.timestamp()), SECONDS)
    counts = CallCount.objects.filter(who=f"{rate.name}:{who}")
    free = counts.filter(~Q(minute=minute) | Q(used__lt=rate.limit))
    one_more = {"used": Case(When(minute=minute, then=F("used") + 1), default=1), "minute": minute}
    taken = free.update(**one_more)
    if not taken and not counts.exists():
        CallCount.objects.bulk_create([CallCount(who=f"{rate.name}:{who}")], ignore_conflicts=True)
        taken = free.update(**one_more)
    used = counts.values_list("used", flat=True).get() if taken else rate.limit
    return Room(limit=rate.limit, left=max(rate.limit - used, 0), seconds=SECONDS - second, allowed=bool(taken))
