"""What the clock and the hands call (django-q2). Tasks take ids; the work is elsewhere."""

from __future__ import annotations

import time
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from campaigns import dispatch, import_undo, imports, outbox, sent_copies, sessions, step_changes
from campaigns.analytics import upkeep
from campaigns.discovery import runs
from campaigns.models import DiscoveryRun, Launch, LeadImport, StepChange
from outreach_site.accounts import installation
from outreach_site.accounts.models import Workspace
from outreach_site.lib.asking import ask_soon
from outreach_site.lib.later import run_at

LONG = "long"  # Its work takes minutes: it must not stop the post.
CLUSTER = "mail"  # Named, so that a task of the other cluster that wakes a mailbox does not send from there.
SLICE_SECONDS = 20.0


def dispatch_due() -> None:
    """Every minute: put right what died, and wake each mailbox that has letters to send."""
    now = timezone.now()
    outbox.strand(now=now)
    outbox.expire(now=now)
    dispatch.tidy_up(now=now)
    dispatch.forget_leaps()
    outbox.wake(now=now)
    for mailbox_id in dispatch.due_mailboxes(now=now):
        async_task(dispatch_mailbox, mailbox_id, cluster=CLUSTER)
    sessions.forget_old(now=now)


def dispatch_mailbox(mailbox_id: int) -> None:
    """One slice of one mailbox; the next slice follows at once while letters are left."""
    if dispatch.dispatch_mailbox(mailbox_id).more:
        async_task(dispatch_mailbox, mailbox_id, cluster=CLUSTER)


def keep_sent_copies() -> None:
    """Every minute: put copies of what was sent into the Sent folders that are to have them."""
    now = timezone.now()
    for mailbox_id in sent_copies.due_mailboxes(now=now):
        async_task(copy_sent, mailbox_id, cluster=LONG)


def copy_sent(mailbox_id: int) -> None:
    sent_copies.copy(mailbox_id, now=timezone.now())


def dispatch_soon(mailbox_id: int) -> None:
    """Ask the mail cluster to look at a mailbox as soon as the caller's transaction stands."""
    ask_soon(dispatch_mailbox, mailbox_id, cluster=CLUSTER)


def dispatch_at(mailbox_id: int, at: datetime) -> None:
    """The same for a moment that is some seconds ahead."""
    transaction.on_commit(lambda: run_at(at, dispatch_mailbox, mailbox_id, cluster=CLUSTER))


def follow_changes(change_id: int) -> None:
    """One slice of bringing the letters under way up to date with a campaign's steps; the next one follows at once."""
    if step_changes.work(change_id, now=timezone.now()):
        async_task(follow_changes, change_id, cluster=LONG)


def follow_changes_soon(change_id: int) -> None:
    """Ask the long cluster to begin as soon as the caller's transaction stands."""
    ask_soon(follow_changes, change_id, cluster=LONG)


def launch(launch_id: int) -> None:
    """One slice of the first letters of a large campaign; the next one follows at once."""
    from campaigns.launching import go_on  # noqa: PLC0415 - it asks this module to begin

    # A restored database has to say first what it may have forgotten.
    if installation.standing().may_work and go_on(launch_id, now=timezone.now()):
        async_task(launch, launch_id, cluster=LONG)


def launch_soon(launch_id: int) -> None:
    """Ask the long cluster to go on as soon as the caller's transaction stands."""
    ask_soon(launch, launch_id, cluster=LONG)


def go_on_due() -> None:
    """Every minute: go on with launches, and with changes of steps, whose task was lost or whose worker died."""
    for launch_id in Launch.objects.free().order_by("pk").values_list("pk", flat=True)[:100]:
        async_task(launch, launch_id, cluster=LONG)
    for change_id in StepChange.objects.free().order_by("pk").values_list("pk", flat=True)[:100]:
        async_task(follow_changes, change_id, cluster=LONG)


def discover(run_id: int) -> None:
    """One slice of a discovery run; the next one follows at once while anything is left."""
    if runs.work(run_id, now=timezone.now()):
        async_task(discover, run_id, cluster=LONG)


def discover_due() -> None:
    """Every minute: go on with runs whose worker died. One that is being worked on is left alone."""
    for run_id in DiscoveryRun.objects.under_way().order_by("pk").values_list("pk", flat=True)[:100]:
        async_task(discover, run_id, cluster=LONG)


def discover_soon(run_id: int) -> None:
    """Ask the long cluster to begin as soon as the caller's transaction stands."""
    ask_soon(discover, run_id, cluster=LONG)


def import_leads(run_id: int) -> None:
    """One slice of a file of leads, forwards or back; the next one follows at once while rows are left."""
    now = timezone.now()
    if imports.work(run_id, now=now) or import_undo.work(run_id, now=now):
        async_task(import_leads, run_id, cluster=LONG)


def import_due() -> None:
    """Every minute: go on with files whose worker died, and let go of those that nobody went on with."""
    going_on = LeadImport.objects.under_way() | LeadImport.objects.being_taken_back()
    for run_id in going_on.order_by("pk").values_list("pk", flat=True)[:100]:
        async_task(import_leads, run_id, cluster=LONG)
    imports.tidy(now=timezone.now())


def import_soon(run_id: int) -> None:
    """Ask the long cluster to go on as soon as the caller's transaction stands."""
    ask_soon(import_leads, run_id, cluster=LONG)


def count_numbers() -> None:
    """Every minute: what is new in the numbers of each workspace; the rest of a long count follows at once."""
    until, now = time.monotonic() + SLICE_SECONDS, timezone.now()
    done = [upkeep.keep_up(here, until=until, now=now) for here in Workspace.objects.order_by("pk")]
    if not all(done):
        async_task(count_numbers, cluster=LONG)
