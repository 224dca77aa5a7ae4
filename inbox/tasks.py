"""What the clock and the hands call (django-q2). Tasks take ids; the work is elsewhere."""

from __future__ import annotations

from django.utils import timezone
from django_q.tasks import async_task

from inbox import events, polling
from outreach_site.lib.asking import ask_soon


def poll_due() -> None:
    """Every minute: wake each mailbox whose turn has come."""
    for mailbox_id in polling.due_mailboxes(timezone.now()):
        async_task(poll_mailbox, mailbox_id)


def understand_webhooks() -> None:
    """Every few minutes: what a webhook stored and did not get to understand."""
    events.understand_what_is_left(now=timezone.now())


def poll_mailbox(mailbox_id: int, *, at_once: bool = False) -> None:
    """One slice of one mailbox; the next slice follows at once while something is left to read."""
    if polling.poll(mailbox_id, at_once=at_once).more:
        async_task(poll_mailbox, mailbox_id, at_once=True)


def poll_soon(mailbox_id: int) -> None:
    """Ask the mail cluster to read a mailbox as soon as the caller's transaction stands."""
    ask_soon(poll_mailbox, mailbox_id, at_once=True)
