"""How far a lead that answered has come, in the words of its workspace: the list of them, and changing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Case, Count, Value, When

from campaigns.models import Lead, Stage
from compliance import audit
from outreach_site.accounts.models import User, Workspace

USUAL = ("Talking", "Topic agreed", "Draft sent", "Awaiting publication", "Payment due")
AT_MOST = 20


class ChangedMeanwhileError(Exception):
    """Somebody else changed the stages since they were looked at."""


@dataclass(frozen=True, slots=True)
class Named:
    """A stage as it shall be called, and as it was; `before` is empty for a new one."""

    before: str
    name: str


def stages_of(workspace: Workspace) -> list[str]:
    """Their names, in order. One query."""
    return list(Stage.objects.filter(workspace=workspace).values_list("name", flat=True)) or list(USUAL)


def leads_at(workspace: Workspace, stages: Sequence[str]) -> dict[str, int]:
    """How many leads stand at each of these; those at which none does are left out. One query."""
    if not stages:
        return {}
    at = Lead.objects.in_workspace(workspace).filter(stage__in=stages).order_by()
    return dict(at.values_list("stage").annotate(Count("pk")))


def change_stages(
    workspace: Workspace, stages: Sequence[Named], *, seen: Sequence[str], user: User, now: datetime
) -> bool:
    """Keep these stages, in this order; whether anything differed. `seen`: the names that the person had before them.

    Leads go with a stage that is renamed; those at one that is gone have none. Raises ChangedMeanwhileError.
    """
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        stands = stages_of(workspace)
        if list(seen) != stands:
            raise ChangedMeanwhileError("Somebody changed the stages meanwhile. This is how they are now.")
        names = [each.name for each in stages]
        if names == stands:
            return False
        became = {each.before: each.name for each in stages if each.before}
        moves = {name: became.get(name, "") for name in stands if became.get(name, "") != name}
        if moves:
            # At once: two stages may have changed their names for each other's.
            Lead.objects.in_workspace(workspace).filter(stage__in=moves).update(
                stage=Case(*(When(stage=old, then=Value(new)) for old, new in moves.items()), default="stage")
            )
        Stage.objects.filter(workspace=workspace).delete()
        Stage.objects.bulk_create(Stage(workspace=workspace, name=name, position=at) for at, name in enumerate(names))
        audit.record(
            "stages.changed",
            workspace=workspace,
            user=user,
            about=f"workspace:{workspace.pk}",
            details={"old": stands, "new": names},
            now=now,
        )
    return True
