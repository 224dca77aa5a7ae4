"""What happens by the clock. django-q's schedules are made from this list; what else is in its table is removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django_q.models import Schedule

from outreach_site.desk.heartbeat import CLUSTERS, KNOCK
from outreach_site.desk.models import Run
from outreach_site.lib.asking import ask

# What each schedule calls, with its own task as the argument.
BY_THE_CLOCK = "outreach_site.desk.tasks.by_the_clock"


@dataclass(frozen=True)
class Recurring:
    """A task that a cluster runs every so many minutes. The scheduler wakes every 30 s: nothing finer can be asked."""

    name: str
    task: str
    cluster: str
    minutes: int
    what: str  # in plain words, for the Health page


SCHEDULES = (
    Recurring("dispatch", "campaigns.tasks.dispatch_due", "mail", 1, "Letters that are due are sent"),
    # Decides by itself which mailboxes are due.
    Recurring("poll", "inbox.tasks.poll_due", "mail", 1, "Mailboxes are read"),
    Recurring(
        "sent-copies", "campaigns.tasks.keep_sent_copies", "long", 1, "Copies of sent letters are put into Sent folders"
    ),
    # Decides by itself which domains' day is over.
    Recurring(
        "domains",
        "outreach_site.mailboxes.tasks.check_domains",
        "long",
        30,
        "DNS of the sending domains is looked at, once a day",
    ),
    Recurring(
        "connections",
        "outreach_site.mailboxes.tasks.keep_connections",
        "mail",
        10,
        "Connections with Google and Microsoft are kept alive",
    ),
    Recurring("webhooks", "inbox.tasks.understand_webhooks", "mail", 5, "What webhooks brought is understood"),
    Recurring("brakes", "compliance.tasks.hold_what_harms", "mail", 1, "What too much comes back to is held"),
    Recurring("discovery", "campaigns.tasks.discover_due", "long", 1, "Searches for sites go on"),
    Recurring("imports", "campaigns.tasks.import_due", "long", 1, "Files of leads that were begun go on"),
    Recurring("bulk-changes", "campaigns.lead_tasks.change_leads_due", "long", 1, "Changes to many leads go on"),
    Recurring(
        "large-campaigns", "campaigns.tasks.go_on_due", "long", 1, "Launches and changed steps of large campaigns go on"
    ),
    Recurring("drafts", "campaigns.drafting.tasks.draft_due", "long", 1, "Personal letters go on being written"),
    Recurring("numbers", "campaigns.tasks.count_numbers", "long", 1, "The numbers of campaigns are counted"),
    Recurring(
        "placements",
        "campaigns.placements.tasks.check_due",
        "long",
        5,
        "Links that were agreed are looked at, each once a week",
    ),
    Recurring(
        "notices", "outreach_site.desk.tasks.watch", "long", 5, "What somebody should hear of is noticed for the bell"
    ),
    # Decides by itself whose hour has come.
    Recurring(
        "digests", "outreach_site.desk.tasks.send_digests", "long", 5, "Daily letters go to members who want one"
    ),
    Recurring("events", "outreach_site.desk.tasks.deliver_webhooks", "long", 1, "Other programs are told by webhooks"),
    Recurring(
        "privacy", "compliance.tasks.finish_what_was_begun", "long", 5, "Erasures and lists that were begun go on"
    ),
    Recurring(
        "retention", "compliance.tasks.apply_retention", "long", 24 * 60, "What has been kept long enough is deleted"
    ),
    Recurring("seal-audit", "compliance.tasks.seal_audit", "mail", 1, "The audit log is sealed"),
    # Decides by itself whether the day's hour has come; also takes up a check whose worker died.
    Recurring("check-audit", "compliance.tasks.check_audit", "long", 5, "The audit log is checked, once a day"),
    *(Recurring(f"knock-{key}", KNOCK, key, 1, f"Sign of life of “{label}”") for key, label in CLUSTERS.items()),
)


def run_now() -> None:
    """Ask for each task once, at once: after a start nobody waits for the clock's first minute, unless the broker is
    away.
    """
    for recurring in SCHEDULES:
        if not ask(BY_THE_CLOCK, recurring.task, cluster=recurring.cluster, group=recurring.name):
            return


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
            "func": BY_THE_CLOCK,
            "args": repr((recurring.task,)),
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
