"""What nobody announces and somebody should hear of: mailboxes in trouble, limits that were reached, campaigns that are
through. Looked for every few minutes; each is noticed once (noticing.py), however many look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Max, OuterRef, Q

from campaigns import sessions
from campaigns.models import Attempt, Campaign, Task
from compliance.gate import limits_of
from compliance.models import Hold, Kind, SendRecord
from inbox.alerts import cannot_be_read
from outreach_site.accounts.models import Workspace
from outreach_site.desk.notices import models
from outreach_site.desk.notices.noticing import Noticed, note
from outreach_site.mailboxes.models import Mailbox, SignIn
from outreach_site.mailboxes.oauth.keeping import ends_soon

# What has stood for longer was there before anybody could be told.
LOOKS_BACK = timedelta(days=7)
# Whoever sends to one site after the other is not through between two of them.
QUIET_FOR = timedelta(minutes=30)


def watch(*, now: datetime) -> None:
    """Everything of all workspaces but their limits. A constant number of queries."""
    note(_mailboxes(now), now=now)
    note(_finished(now), now=now)


def _mailboxes(now: datetime) -> Iterator[Noticed]:
    """Held, not to be read, failing again and again, or soon disconnected."""
    since = now - LOOKS_BACK
    holds = Hold.objects.standing().filter(subject__startswith="mailbox:", placed_at__gt=since).order_by("pk")
    held = list(holds.values_list("pk", "workspace_id", "subject"))
    for pk, workspace_id, subject in held:
        yield _trouble(workspace_id, subject, "held", f"hold:{pk}")
    named = {subject for _, _, subject in held}
    failing = {mailbox.pk for mailbox in sessions.that_keep_failing(now)}
    in_use = Mailbox.objects.in_use()
    looked_at = in_use.filter(cannot_be_read() | Q(pk__in=failing) | ~Q(sign_in_by=SignIn.PASSWORD))
    unread = set(in_use.filter(cannot_be_read()).values_list("pk", flat=True))
    for mailbox in looked_at.select_related("connection").order_by("pk"):
        about = f"mailbox:{mailbox.pk}"
        if mailbox.pk in unread and mailbox.receiving_state_at and mailbox.receiving_state_at > since:
            yield _trouble(mailbox.workspace_id, about, "receiving", f"{about}:{_second(mailbox.receiving_state_at)}")
        sends_not = mailbox.pk in failing and mailbox.sending_state == Mailbox.State.TROUBLE and about not in named
        if sends_not and mailbox.sending_state_at and mailbox.sending_state_at > since:
            yield _trouble(mailbox.workspace_id, about, "sending", f"{about}:{_second(mailbox.sending_state_at)}")
        connection = getattr(mailbox, "connection", None)
        end = ends_soon(connection, mailbox.sign_in_by, now=now) if connection is not None else None
        if end is not None:
            yield _trouble(mailbox.workspace_id, about, "connection", f"{about}:{end:%Y-%m-%d}")


def _trouble(workspace_id: int, about: str, what: str, since: str) -> Noticed:
    return Noticed(
        workspace_id=workspace_id,
        kind=models.Kind.MAILBOX,
        key=f"{what}:{since}",
        about=about,
        facts={"what": what},
    )


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def _finished(now: datetime) -> Iterator[Noticed]:
    """Campaigns that wrote lately, with nothing left to send and no sequence alive: once for their last letter."""
    letters = Attempt.objects.filter(campaign=OuterRef("pk")).exclude(kind=Kind.ANSWER)
    alive = letters.filter(state__in=Attempt.LIVE)
    unsettled = Attempt.objects.unsettled().filter(campaign=OuterRef("pk"))
    # Through the letters of the last days: few campaigns have any, whatever there is of old ones.
    lately = Attempt.objects.filter(finished_at__gt=now - LOOKS_BACK, state=Attempt.State.SENT, step__isnull=False)
    wrote = set(lately.order_by().values_list("campaign", flat=True).distinct())
    through = (
        Campaign.objects.current()
        .filter(pk__in=wrote, state=Campaign.State.RUNNING, is_direct=False)
        .filter(~Exists(alive), ~Exists(unsettled), ~Exists(Task.objects.open().filter(campaign=OuterRef("pk"))))
    )
    last = (
        Attempt.objects.filter(campaign__in=through.values("pk"), state=Attempt.State.SENT)
        .exclude(kind=Kind.ANSWER)
        .order_by()
        .values("campaign", "workspace")
        .annotate(letter=Max("pk"), at=Max("finished_at"), people=Count("recipient_key", distinct=True))
    )
    for row in last:
        if row["at"] is not None and row["at"] < now - QUIET_FOR:
            about = f"campaign:{row['campaign']}"
            yield Noticed(
                workspace_id=row["workspace"],
                kind=models.Kind.FINISHED,
                key=f"{about}:{row['letter']}",
                about=about,
                facts={"people": row["people"]},
            )


def that_wait(*, after: int = 0) -> list[Workspace]:
    """Workspaces in which letters wait, by key: nowhere else does a limit keep anybody waiting."""
    waiting = Attempt.objects.filter(workspace=OuterRef("pk"), state=Attempt.State.QUEUED)
    return list(Workspace.objects.filter(Exists(waiting), pk__gt=after).order_by("pk"))


def watch_limits(here: Workspace, *, now: datetime) -> None:
    """The day's limits of one workspace that are reached while letters wait: each once a day. At most four queries."""
    start, end = here.day_bounds(now)
    used: dict[tuple[str, object], int] = defaultdict(int)
    counted = SendRecord.objects.in_workspace(here).that_count().filter(counted_at__gte=start).order_by()
    for row in counted.values("user_id", "mailbox_id", "recipient_domain").annotate(letters=Count("pk")):
        for scope, column in _SCOPES:
            used[scope, row[column]] += row["letters"]
    if not used:
        return
    limits = limits_of(here)
    most: dict[tuple[str, object], int] = {
        key: limits.per_user_day if key[0] == "user" else limits.per_domain_day for key in used if key[0] != "mailbox"
    }
    for mailbox in Mailbox.objects.in_workspace(here).in_use().select_related("workspace"):
        if (limit := mailbox.day_limit(now)) is not None:
            most["mailbox", mailbox.pk] = limit
    reached = {key: limit for key, limit in most.items() if used.get(key, 0) >= limit}
    if reached:
        note(_reached(here, reached, end=end, now=now), now=now)


_SCOPES = (("user", "user_id"), ("mailbox", "mailbox_id"), ("domain", "recipient_domain"))


def _reached(
    here: Workspace, reached: dict[tuple[str, object], int], *, end: datetime, now: datetime
) -> Iterable[Noticed]:
    # What was put off to tomorrow's first hours was meant for today.
    waiting: dict[tuple[str, object], int] = defaultdict(int)
    due = Attempt.objects.in_workspace(here).filter(state=Attempt.State.QUEUED, due_at__lt=end + timedelta(hours=12))
    for row in due.order_by().values("user_id", "mailbox_id", "recipient_domain").annotate(letters=Count("pk")):
        for scope, column in _SCOPES:
            waiting[scope, row[column]] += row["letters"]
    for (scope, whose), limit in reached.items():
        if whose is not None and (letters := waiting.get((scope, whose))):
            yield Noticed(
                workspace_id=here.pk,
                kind=models.Kind.CAP,
                key=f"{scope}:{str(whose)[:90]}:{here.day_of(now)}",
                about=f"{scope}:{whose}"[:64],
                facts={"limit": limit, "letters": letters},
            )
