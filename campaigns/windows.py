"""Send windows at the queue: first letters and follow-ups leave while their campaign's window is open.

Answers, and letters that a person or a program sends one by one, leave whenever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from campaigns.models import Attempt
from campaigns.places import places_of
from campaigns.sequences import Place, Window, next_allowed
from compliance.models import Kind
from outreach_site.accounts.models import Workspace


def keeps_window(attempt: Attempt) -> bool:
    return attempt.is_in_sequence and attempt.kind != Kind.ANSWER


def window_of(attempt: Attempt) -> Window | None:
    """The window that this letter waits for. Its campaign should be loaded."""
    return attempt.campaign.window if keeps_window(attempt) else None


def hold_back(
    due: Sequence[Attempt], *, workspace: Workspace, now: datetime
) -> tuple[list[Attempt], dict[int, datetime]]:
    """Those whose window is open, and when it closes for each that has one; the others wait for it, in the caller's
    transaction. No query where no campaign has a window, else two or three.
    """
    windows = {attempt.pk: window for attempt in due if (window := window_of(attempt)) is not None}
    if not windows:
        return list(due), {}
    where = places(due, workspace=workspace, only=windows)
    leaving, waiting, closing = [], [], {}
    for attempt in due:
        window, place = windows.get(attempt.pk), where.get(attempt.pk)
        if window is None or place is None:
            leaving.append(attempt)
        elif window.is_open(now, place.zone, place.is_holiday):
            leaving.append(attempt)
            closing[attempt.pk] = window.closes_at(now, place.zone)
        else:
            attempt.due_at = next_allowed(now, window, place.zone, place.is_holiday)
            waiting.append(attempt)
    Attempt.objects.bulk_update(waiting, ["due_at"])
    return leaving, closing


def time_first(attempts: Iterable[Attempt], *, workspace: Workspace, now: datetime) -> None:
    """When new letters, of one campaign and not stored yet, leave first. One query where it has a window."""
    timed = [(attempt, window) for attempt in attempts if (window := window_of(attempt)) is not None]
    if not timed:
        return
    theirs = timed[0][0].campaign.in_their_zone
    places = places_of({attempt.recipient_key for attempt, _ in timed}, workspace=workspace, theirs=theirs)
    for attempt, window in timed:
        place = places[attempt.recipient_key]
        attempt.due_at = next_allowed(now, window, place.zone, place.is_holiday)


def places(
    attempts: Iterable[Attempt], *, workspace: Workspace, only: Mapping[int, object] | None = None
) -> dict[int, Place]:
    """Where each letter is read, by the letter, in one workspace. One query for each kind of clock."""
    asked: dict[bool, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if only is None or attempt.pk in only:
            asked[attempt.campaign.in_their_zone].append(attempt)
    found: dict[int, Place] = {}
    for theirs, some in asked.items():
        by_address = places_of({each.recipient_key for each in some}, workspace=workspace, theirs=theirs)
        found |= {each.pk: by_address[each.recipient_key] for each in some}
    return found
