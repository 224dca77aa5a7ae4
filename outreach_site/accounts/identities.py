"""Sender identities: who writes, and for whom. Each workspace that has any has exactly one default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from django.db import transaction
from django.db.models import ManyToOneRel, Model

from outreach_site.accounts.models import SenderIdentity, User, Workspace
from outreach_site.lib.ports import AuditRecord, record_audit

WRITTEN_FIELDS = ("name", "organisation", "on_behalf_of", "postal_address", "privacy_notice_url", "signature", "site")


@dataclass(frozen=True)
class Use:
    """How many rows of one kind name an identity, in that kind's own words: 2 campaigns, 1 outreach attempt."""

    count: int
    what: str


def add(identity: SenderIdentity, *, by: User) -> None:
    """The first one of a workspace is its default."""
    with transaction.atomic():
        _lock(identity.workspace)
        identity.is_default = SenderIdentity.objects.default_of(identity.workspace) is None
        identity.save()
        _record("identity.created", identity, by=by, details={"identity": str(identity)})


def change(identity: SenderIdentity, *, by: User) -> bool:
    """Whether anything differed. What the letters said before stays readable in the audit log."""
    with transaction.atomic():
        _lock(identity.workspace)
        before = SenderIdentity.objects.in_workspace(identity.workspace).get(pk=identity.pk)
        changed = {
            field: {"old": getattr(before, field), "new": getattr(identity, field)}
            for field in WRITTEN_FIELDS
            if getattr(before, field) != getattr(identity, field)
        }
        if changed:
            identity.save(update_fields=list(changed))
            _record("identity.changed", identity, by=by, details=changed)
    return bool(changed)


def make_default(identity: SenderIdentity, *, by: User) -> bool:
    """Whether it was not the default before."""
    with transaction.atomic():
        _lock(identity.workspace)
        others = SenderIdentity.objects.in_workspace(identity.workspace).filter(is_default=True)
        if others.filter(pk=identity.pk).exists():
            return False
        others.update(is_default=False)
        SenderIdentity.objects.filter(pk=identity.pk).update(is_default=True)
        _record("identity.made_default", identity, by=by, details={"identity": str(identity)})
    return True


def remove(identity: SenderIdentity, *, by: User) -> SenderIdentity | None:
    """Delete it. Where it was the default, the oldest that is left becomes so and is returned."""
    with transaction.atomic():
        _lock(identity.workspace)
        used = {use.what: use.count for use in uses_of(identity)}
        _record("identity.deleted", identity, by=by, details={"identity": str(identity), "used_by": used})
        identity.delete()
        heir = SenderIdentity.objects.default_of(identity.workspace)
        if heir is None or heir.is_default:
            return None
        SenderIdentity.objects.filter(pk=heir.pk).update(is_default=True)
        return heir


def uses_of(identity: SenderIdentity) -> list[Use]:
    """Who names this identity, in whatever room: the database's own relations say so, without an import upward."""
    uses = []
    for relation in SenderIdentity._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):
            model = cast("type[Model]", relation.related_model)
            count = model._default_manager.filter(**{relation.field.name: identity}).count()
            if count:
                words = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
                uses.append(Use(count=count, what=str(words)))
    return uses


def _lock(workspace: Workspace) -> None:
    """One change of default at a time: two at once would break the rule that there is one."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def _record(event: str, identity: SenderIdentity, *, by: User, details: Mapping[str, object]) -> None:
    record_audit(
        AuditRecord(
            event=event,
            workspace_id=identity.workspace_id,
            user_id=by.pk,
            about=f"identity:{identity.pk}",
            details=details,
        )
    )
