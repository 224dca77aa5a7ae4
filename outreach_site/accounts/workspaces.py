"""The settings of a workspace, changed by its owners and recorded with what they were before."""

from __future__ import annotations

from django.db import transaction

from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.ports import AuditRecord, record_audit

SETTINGS = (
    "name",
    "time_zone",
    "daily_user_cap",
    "daily_domain_cap",
    "regions",
    "cool_off_days",
    "first_letters",
    "look_at_regions",
)


def change(workspace: Workspace, *, by: User) -> bool:
    """Save what was set on `workspace`; whether anything differed."""
    with transaction.atomic():
        before = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        changed = {
            name: {"old": getattr(before, name), "new": getattr(workspace, name)}
            for name in SETTINGS
            if getattr(before, name) != getattr(workspace, name)
        }
        if changed:
            workspace.save(update_fields=list(changed))
            record_audit(
                AuditRecord(
                    event="workspace.changed",
                    workspace_id=workspace.pk,
                    user_id=by.pk,
                    about=f"workspace:{workspace.pk}",
                    details=changed,
                )
            )
    return bool(changed)
