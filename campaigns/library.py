"""A workspace's templates: made, named and let go, whoever asks: a page or a program."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from campaigns.models import Template
from compliance import audit
from outreach_site.accounts.models import User, Workspace


class NameTakenError(Exception):
    """There is a template of this name."""


def keep_template(
    workspace: Workspace, *, name: str, subject: str, body: str, category: str = "", user: User, now: datetime
) -> Template:
    """A new template. Raises NameTakenError."""
    try:
        with transaction.atomic():
            template = Template.objects.create(
                workspace=workspace, name=name, subject=subject, body=body, category=category, created_at=now
            )
            note("template.created", template, user=user, now=now)
    except IntegrityError as err:
        raise NameTakenError("There is a template of this name. Choose another one.") from err
    return template


def delete_template(template: Template, *, user: User, now: datetime) -> None:
    """Campaigns keep the text they took from it."""
    with transaction.atomic():
        note("template.deleted", template, user=user, now=now)
        template.delete()


def free_name(workspace: Workspace, wanted: str) -> str:
    """`wanted`, or the first of "wanted (2)", "wanted (3)" … that no template has."""
    longest = Template._meta.get_field("name").max_length or 120
    taken = set(Template.objects.in_workspace(workspace).values_list("name", flat=True))
    name, number = wanted[:longest], 1
    while name in taken:
        number += 1
        ending = f" ({number})"
        name = wanted[: longest - len(ending)] + ending
    return name


def note(event: str, template: Template, *, user: User, now: datetime) -> None:
    audit.record(
        event,
        workspace=template.workspace,
        user=user,
        about=f"template:{template.pk}",
        details={"name": template.name},
        now=now,
    )
