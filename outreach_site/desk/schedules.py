"""What happens by the clock. django-q's schedules are made from this list; what else is in its table is removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django_q.models import Schedule
from django_q.tasks import async_task

from outreach_site.desk.heartbeat import CLUSTERS, KNOCK
from outreach_site.desk.models import Run


@dataclass(frozen=True, kw_only=True)
class Recurring:
    """A task that a cluster runs every so many minutes. The scheduler wakes every 30 s: nothing finer can be asked."""

    name: str
    task: str
    cluster: str
    minutes: int

    @property
    def what(self) -> str:
        """In plain words, for the Health page."""
        return _IN_WORDS.get(self.name, self.name)


SCHEDULES = (
    Recurring(
        name="dispatch",
        task="campaigns.tasks.dispatch_due",
        cluster="mail",
        minutes=1,
    ),
    # Decides by itself which mailboxes are due.
    Recurring(name="poll", task="inbox.tasks.poll_due", cluster="mail", minutes=1),
    Recurring(
        name="sent-copies",
        task="campaigns.tasks.keep_sent_copies",
        cluster="long",
        minutes=1,
    ),
    # Decides by itself which domains' day is over.
    Recurring(
        name="domains",
        task="outreach_site.mailboxes.tasks.check_domains",
        cluster="long",
        minutes=30,
    ),
    Recurring(
        name="connections",
        task="outreach_site.mailboxes.tasks.keep_connections",
        cluster="mail",
        minutes=10,
    ),
    Recurring(name="webhooks", task="inbox.tasks.understand_webhooks", cluster="mail", minutes=5),
    Recurring(
        name="brakes",
        task="compliance.tasks.hold_what_harms",
        cluster="mail",
        minutes=1,
    ),
    Recurring(name="discovery", task="campaigns.tasks.discover_due", cluster="long", minutes=1),
    Recurring(name="imports", task="campaigns.tasks.import_due", cluster="long", minutes=1),
    Recurring(name="bulk-changes", task="campaigns.lead_tasks.change_leads_due", cluster="long", minutes=1),
    Recurring(name="drafts", task="campaigns.drafting.tasks.draft_due", cluster="long", minutes=1),
    Recurring(name="numbers", task="campaigns.tasks.count_numbers", cluster="long", minutes=1),
    Recurring(
        name="privacy",
        task="compliance.tasks.finish_what_was_begun",
        cluster="long",
        minutes=5,
    ),
    Recurring(
        name="retention",
        task="compliance.tasks.apply_retention",
        cluster="long",
        minutes=24 * 60,
    ),
    Recurring(name="seal-audit", task="compliance.tasks.seal_audit", cluster="mail", minutes=1),
    # Decides by itself whether the day's hour has come; also takes up a check whose worker died.
    Recurring(
        name="check-audit",
        task="compliance.tasks.check_audit",
        cluster="long",
        minutes=5,
    ),
    *(
        Recurring(name=f"knock-{cluster}", task=KNOCK, cluster=cluster, minutes=1)
        for cluster, label in CLUSTERS.items()
    ),
)

_IN_WORDS = {
    "dispatch": "Letters that are due are sent",
    "poll": "Mailboxes are read",
    "webhooks": "What webhooks brought is understood",
    "sent-copies": "Copies of sent letters are put into Sent folders",
    "domains": "DNS of the sending domains is looked at, once a day",
    "connections": "Connections with Google and Microsoft are kept alive",
    "brakes": "What too much comes back to is held",
    "discovery": "Searches for sites go on",
    "imports": "Files of leads that were begun go on",
    "bulk-changes": "Changes to many leads go on",
    "drafts": "Personal letters go on being written",
    "numbers": "The numbers of campaigns are counted",
    "privacy": "Erasures and lists that were begun go on",
    "retention": "What has been kept long enough is deleted",
    "seal-audit": "The audit log is sealed",
    "check-audit": "The audit log is checked, once a day",
    **{f"knock-{cluster}": f"Sign of life of “{label}”" for cluster, label in CLUSTERS.items()},
}


def run_now() -> None:
    """Ask for each task once, at once: after a start nobody waits for the clock's first minute."""
    for recurring in SCHEDULES:
        async_task(recurring.task, cluster=recurring.cluster, group=recurring.name)


@dataclass(frozen=True)
class Synced:
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@transaction.atomic
def sync(wanted: tuple[Recurring, ...] = SCHEDULES) -> Synced:
    """Make the table say what `wanted` says. What is right keeps its next run; a second time changes nothing."""
    present: dict[str, Schedule] = {}
    removed: list[str] = []
    for schedule in Schedule.objects.select_for_update().order_by("pk"):
        if schedule.name in {recurring.name for recurring in wanted} and schedule.name not in present:
            present[schedule.name] = schedule
        else:
            removed.append(schedule.name or schedule.func)
            schedule.delete()
    added, changed = [], []
    for recurring in wanted:
        says = {
            "func": recurring.task,
            "cluster": recurring.cluster,
            "schedule_type": Schedule.MINUTES,
            "minutes": recurring.minutes,
            "repeats": -1,
        }
        found = present.get(recurring.name)
        if found is None:
            Schedule.objects.create(name=recurring.name, **says)
            added.append(recurring.name)
        elif any(getattr(found, field) != value for field, value in says.items()):
            Schedule.objects.filter(pk=found.pk).update(**says)
            changed.append(recurring.name)
    return Synced(added=tuple(added), changed=tuple(changed), removed=tuple(removed))


# A schedule is late when it has not run for two of its turns and the time that workers need to come round to it.
LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class Line:
    """One schedule and what came of it the last time."""

    recurring: Recurring
    last: Run | None
    is_late: bool

    @property
    def every(self) -> str:
        minutes = self.recurring.minutes
        if minutes == 1:
            return "minute"
        return "day" if minutes == 24 * 60 else f"{minutes} minutes"


def clock(now: datetime) -> list[Line]:
    """Everything that happens by the clock, and whether it does. One query."""
    runs = Run.objects.in_bulk()
    return [
        Line(
            recurring,
            last := runs.get(recurring.name),
            is_late=last is not None and now - last.began_at > 2 * timedelta(minutes=recurring.minutes) + LATE_AFTER,
        )
        for recurring in SCHEDULES
    ]
