"""Who belongs to a workspace, and as what. A workspace always keeps an owner who can open its settings."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from outreach_site.accounts.models import Membership, Role, User, Workspace
from outreach_site.lib.ports import AuditRecord, record_audit

SLUG_LENGTH = 50


class TeamError(Exception):
    """A change to a team that is refused; the message is a sentence for people."""


class LastOwnerError(TeamError):
    """Without this owner nobody could look after the workspace any more."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(f"{workspace.name} needs an owner. Make somebody else an owner first.")


def open_workspace(*, name: str, time_zone: str, owner: User, now: datetime) -> Workspace:
    """A new workspace with `owner` as its first member, who stands in it from now on."""
    with transaction.atomic():
        workspace = _create_with_free_slug(name=name, time_zone=time_zone, now=now)
        Membership.objects.create(user=owner, workspace=workspace, role=Role.OWNER, joined_at=now)
        stand_in(workspace, user=owner)
        record_audit(
            AuditRecord(
                event="workspace.created",
                workspace_id=workspace.pk,
                user_id=owner.pk,
                about=f"workspace:{workspace.pk}",
                details={"name": name, "time_zone": time_zone},
            )
        )
    return workspace


def _create_with_free_slug(*, name: str, time_zone: str, now: datetime) -> Workspace:
    base = slugify(name)[:SLUG_LENGTH].strip("-_") or "workspace"
    taken = set(Workspace.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 1
    while True:
        slug = base if number == 1 else f"{base}-{number}"
        if slug not in taken:
            try:
                with transaction.atomic():
                    return Workspace.objects.create(name=name, slug=slug, time_zone=time_zone, created_at=now)
            except IntegrityError:
                # Somebody else took it between the look and the insert; an error of any other kind would repeat.
                if not Workspace.objects.filter(slug=slug).exists():
                    raise
        number += 1


def stand_in(workspace: Workspace, *, user: User) -> None:
    """The workspace that `user` comes back to after signing in."""
    user.last_workspace = workspace
    user.save(update_fields=["last_workspace"])


def add_member(user: User, workspace: Workspace, *, role: Role, by: User, now: datetime) -> Membership:
    """For those who run the installation: a workspace whose owners are gone gets a new one."""
    with transaction.atomic():
        membership = Membership.objects.create(user=user, workspace=workspace, role=role, joined_at=now)
        _record("team.added", membership, by=by, details={"role": role.value})
    return membership


def change_role(membership: Membership, role: Role, *, by: User) -> bool:
    """Whether anything changed. It counts from the person's very next request. Raises LastOwnerError."""
    with transaction.atomic():
        current = _locked(membership)
        old = current.role
        if old == role:
            return False
        if role is not Role.OWNER:
            keep_an_owner(current)
        current.role = role
        current.save(update_fields=["role"])
        _record("team.role_changed", current, by=by, details={"old": old, "new": role.value})
    membership.role = role
    return True


def remove_member(membership: Membership, *, by: User) -> None:
    """The person's pages and API keys of this workspace end at once. Raises LastOwnerError."""
    with transaction.atomic():
        current = _locked(membership)
        keep_an_owner(current)
        keys = list(current.api_keys.filter(revoked_at=None).values_list("prefix", flat=True))
        left = current.user_id == by.pk
        _record(
            "team.left" if left else "team.removed", current, by=by, details={"role": current.role, "api_keys": keys}
        )
        current.delete()
        User.objects.filter(pk=current.user_id, last_workspace=current.workspace_id).update(last_workspace=None)


def refuse_to_strand(user: User) -> None:
    """Raises LastOwnerError where switching `user` off would leave a workspace without an owner."""
    for membership in Membership.objects.of(user).filter(role=Role.OWNER):
        if membership.workspace.memberships.count() > 1:
            keep_an_owner(membership)


def _locked(membership: Membership) -> Membership:
    """The membership as it is now. Two owners who demote each other at the same moment wait for one another here."""
    Workspace.objects.select_for_update(no_key=True).get(pk=membership.workspace_id)
    current = Membership.objects.select_related("workspace", "user").filter(pk=membership.pk).first()
    if current is None:
        raise TeamError("This person has left the workspace already.")
    return current


def keep_an_owner(membership: Membership) -> None:
    """Raises LastOwnerError where this is the only owner who can still open the settings."""
    others = membership.workspace.memberships.exclude(pk=membership.pk)
    if membership.role == Role.OWNER and not others.active_owners().exists():
        raise LastOwnerError(membership.workspace)


def _record(event: str, membership: Membership, *, by: User, details: dict[str, object]) -> None:
    record_audit(
        AuditRecord(
            event=event,
            workspace_id=membership.workspace_id,
            user_id=by.pk,
            about=f"user:{membership.user_id}",
            details=details,
        )
    )
