"""Small changes of one lead: its tags, and whose it is. Each stands in the audit log, as those of many leads do.

The log names a tag by its number: a name may say anything, and the log holds nothing that could not be erased.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from campaigns.models import BulkChange, Lead, Tag
from compliance import audit
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.addresses import in_one_line

Action = BulkChange.Action


class CannotChangeError(ValueError):
    """What is asked for makes no sense; the message says why."""


def tag_name(text: str) -> str:
    """A tag's name, out of what somebody wrote. Raises CannotChangeError."""
    name = in_one_line(text).strip("#, ")
    if not name or len(name) > 40:
        raise CannotChangeError("A tag is a word or two, of at most 40 characters.")
    return name


def tag_named(workspace: Workspace, name: str) -> Tag:
    """The workspace's tag of this name, in whatever case; a new one where there is none. Raises CannotChangeError."""
    name = tag_name(name)
    tags = Tag.objects.in_workspace(workspace)
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # Two people who think of it at once.
        return tags.filter(name__iexact=name).first() or tags.create(workspace=workspace, name=name)


def tag(lead: Lead, tag: Tag, *, user: User, now: datetime) -> None:
    with transaction.atomic():
        _, is_new = lead.tags.through.objects.get_or_create(lead=lead, tag=tag)
        if is_new:
            _record(lead, Action.TAG, str(tag.pk), user=user, now=now)


def untag(lead: Lead, tag: Tag, *, user: User, now: datetime) -> None:
    with transaction.atomic():
        gone, _ = lead.tags.through.objects.filter(lead=lead, tag=tag).delete()
        if gone:
            _record(lead, Action.UNTAG, str(tag.pk), user=user, now=now)


def assign(lead: Lead, person: User | None, *, user: User, now: datetime) -> None:
    """None: to nobody."""
    with transaction.atomic():
        others = Lead.objects.filter(pk=lead.pk).exclude(assignee=person)
        if others.update(assignee=person):
            _record(lead, Action.ASSIGN, str(person.pk) if person else "", user=user, now=now)


def _record(lead: Lead, action: BulkChange.Action, value: str, *, user: User, now: datetime) -> None:
    audit.record(
        "lead.marked",
        workspace=lead.campaign.workspace,
        user=user,
        about=f"lead:{lead.pk}",
        details={"action": action.value, "value": value},
        lead_email=lead.contact.email if lead.contact else "",
        now=now,
    )
