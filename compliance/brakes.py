"""The automatic hold: a mailbox or campaign that too many servers or readers complain of waits for a person.

Whoever lets it go on has seen what was there. So the same evidence never holds it again: only a bounce or complaint
that came after it was lifted does, and then everything of the window counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from compliance import holds
from compliance.models import Hold, SendRecord
from compliance.reputation import (
    BOUNCES,
    COMPLAINTS,
    WINDOW,
    Cause,
    Tally,
    percent,
    reached,
    subjects_of,
    tallies,
)
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Mailbox

# By which these holds are known: what `Hold.source` says.
SOURCE = "health"

_Key = tuple[int, str]  # workspace, and a plain subject such as mailbox:3


@dataclass
class _Suspect:
    """What somebody may have to look at: how much came back lately, and when the last of it."""

    bounces: int = 0
    complaints: int = 0
    bounced_at: datetime | None = None
    complained_at: datetime | None = None

    @property
    def may_have_reached_a_limit(self) -> bool:
        return self.bounces >= BOUNCES.fewest or self.complaints >= COMPLAINTS.fewest


def pull(*, now: datetime) -> list[Hold]:
    """Hold every mailbox and campaign that has reached a limit. The holds that are new.

    1. Find those to which enough came back lately: a few rows, by their own indexes. 2. Leave out what is held already,
    and what a person let go on after the last of it came. 3. Count the letters of the rest, and judge. The number of
    queries does not grow with mailboxes, campaigns or letters; only a hold that is placed costs its own.
    """
    suspects = {key: suspect for key, suspect in _suspects(now).items() if suspect.may_have_reached_a_limit}
    if not suspects:
        return []
    held, lifted = _holds(suspects)
    suspects = {
        key: suspect for key, suspect in suspects.items() if key not in held and _news(suspect, lifted.get(key))
    }
    if not suspects:
        return []
    counted = tallies({workspace_id for workspace_id, _ in suspects}, since=now - WINDOW, now=now)
    placing = {}
    for key, suspect in suspects.items():
        news = _news(suspect, lifted.get(key))
        tally = counted.get(key, Tally())
        causes = [cause for cause in reached(tally) if (Cause.COMPLAINTS if cause.is_complaint else cause) in news]
        if causes:
            placing[key] = (causes, tally)
    return list(_place(placing, now=now)) if placing else []


def reason_of(causes: Iterable[Cause], tally: Tally, *, sender: str = "") -> str:
    """Sentences for a person. `sender` is the mailbox's address; without one it is a campaign."""
    whose = f"from {sender}" if sender else "of this campaign"
    return " ".join(_sentence(cause, tally, whose) for cause in causes)


def _sentence(cause: Cause, tally: Tally, whose: str) -> str:
    of = f"of {tally.letters} letters in {WINDOW.days} days"
    match cause:
        case Cause.BOUNCES:
            rate, limit = percent(tally.bounces, tally.letters), percent(BOUNCES.per_mille, 1000)
            return f"Hard bounces of letters {whose} reached {rate} % ({tally.bounces} {of}); the limit is {limit} %."
        case Cause.COMPLAINTS:
            rate, limit = percent(tally.complaints, tally.letters, places=2), percent(COMPLAINTS.per_mille, 1000)
            return (
                f"Spam reports on letters {whose} reached {rate} % ({tally.complaints} {of}); the limit is {limit} %."
            )
        case Cause.COMPLAINTS_A_DAY:
            return f"{tally.fresh_complaints} readers reported letters {whose} as spam within a day."


def _advice(causes: Iterable[Cause]) -> str:
    """What to do before it goes on."""
    if any(cause.is_complaint for cause in causes):
        return "Look at who was written to, and why they may have taken it for spam. Then let it go on."
    return "Clean the list: take out guessed and old addresses. Then let it go on."


def _suspects(now: datetime) -> Mapping[_Key, _Suspect]:
    """Two queries. A bounce of the window's letters came in the window, so that those that came are all that matter."""
    found: dict[_Key, _Suspect] = {}
    for name, at in (("bounces", "bounced_at"), ("complaints", "complained_at")):
        grouped = (
            SendRecord.objects.filter(**{f"{at}__gte": now - WINDOW})
            .order_by()
            .values("workspace_id", "mailbox_id", "campaign")
            .annotate(n=Count("pk"), newest=Max(at))
        )
        for row in grouped:
            for subject in subjects_of(row["mailbox_id"], row["campaign"]):
                suspect = found.setdefault((row["workspace_id"], subject), _Suspect())
                setattr(suspect, name, getattr(suspect, name) + row["n"])
                setattr(suspect, at, max(getattr(suspect, at) or row["newest"], row["newest"]))
    return found


def _holds(keys: Iterable[_Key]) -> tuple[set[_Key], dict[_Key, datetime]]:
    """Which of these are held, for whatever reason; and when a person last let one go on. One query."""
    wanted = set(keys)
    rows = Hold.objects.filter(
        Q(lifted_at=None) | Q(source=SOURCE), subject__in={subject for _, subject in wanted}
    ).values_list("workspace_id", "subject", "lifted_at")
    held, lifted = set(), dict[_Key, datetime]()
    for workspace_id, subject, lifted_at in rows:
        key = (workspace_id, subject)
        if lifted_at is None:
            held.add(key)
        else:
            lifted[key] = max(lifted.get(key, lifted_at), lifted_at)
    return held, lifted


def _news(suspect: _Suspect, lifted_at: datetime | None) -> set[Cause]:
    """What has come since a person let it go on; everything, where nobody had to."""
    came = {Cause.BOUNCES: suspect.bounced_at, Cause.COMPLAINTS: suspect.complained_at}
    return {cause for cause, at in came.items() if at is not None and (lifted_at is None or at > lifted_at)}


def _place(placing: Mapping[_Key, tuple[list[Cause], Tally]], *, now: datetime) -> Iterable[Hold]:
    workspaces = Workspace.objects.in_bulk({workspace_id for workspace_id, _ in placing})
    numbers = [subject.removeprefix("mailbox:") for _, subject in placing if subject.startswith("mailbox:")]
    emails = dict(Mailbox.objects.filter(pk__in=numbers).values_list("pk", "email"))
    senders = {f"mailbox:{pk}": email for pk, email in emails.items()}
    for (workspace_id, subject), (causes, tally) in placing.items():
        yield holds.place(
            workspace=workspaces[workspace_id],
            subject=subject,
            reason=reason_of(causes, tally, sender=senders.get(subject, "")),
            advice=_advice(causes),
            source=SOURCE,
            now=now,
        )
