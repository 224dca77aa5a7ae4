"""Writing notices down. Whoever notices the same thing again, at the same time or later, writes nothing.

What rooms announce becomes a notice in their own transaction; what nobody announces is watched for (watching.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from outreach_site.desk.notices.models import Kind, Notice
from outreach_site.lib.ports import News, What

# A mailbox's history, or a server that was silent for long, brings answers that are no news any more.
STILL_NEWS = timedelta(days=14)
KEPT = timedelta(days=90)
_AT_ONCE = 1_000


@dataclass(frozen=True, kw_only=True)
class Noticed:
    workspace_id: int
    kind: Kind
    key: str
    about: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def note(noticed: Iterable[Noticed], *, now: datetime) -> None:
    """One statement, and none where nothing was noticed."""
    rows = [
        Notice(
            workspace_id=each.workspace_id,
            kind=each.kind,
            key=each.key,
            about=each.about,
            facts=dict(each.facts),
            at=now,
        )
        for each in noticed
    ]
    if rows:
        Notice.objects.bulk_create(rows, ignore_conflicts=True)


def on_news(news: Sequence[News]) -> None:
    """What of the news a person hears (lib.ports.NewsListener)."""
    now = timezone.now()
    note((found for each in news if (found := _of(each, now)) is not None), now=now)


def _of(news: News, now: datetime) -> Noticed | None:
    if now - news.at > STILL_NEWS:
        return None
    if news.what is What.INTEREST:
        return Noticed(workspace_id=news.workspace_id, kind=Kind.INTERESTED, key=news.key, about=news.about)
    if news.what is What.PLACEMENT and news.facts.get("state") == "lost":
        return Noticed(workspace_id=news.workspace_id, kind=Kind.LOST_LINK, key=news.key, about=news.about)
    return None


def forget_old(*, now: datetime) -> None:
    """A slice of what has been kept for long enough."""
    old = Notice.objects.filter(at__lt=now - KEPT).order_by("at").values_list("pk", flat=True)
    Notice.objects.filter(pk__in=list(old[:_AT_ONCE])).delete()
