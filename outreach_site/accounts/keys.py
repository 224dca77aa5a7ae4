"""API keys: made, shown once, taken back. api_access.py says what they open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from outreach_site.accounts.models import ApiKey, Membership, Role, Scope, User
from outreach_site.lib.crypto import new_token, token_digest
from outreach_site.lib.ports import AuditRecord, record_audit

# What a key begins with: so that a person, and a scanner of leaked secrets, can tell what it is.
KEY_PREFIX = "lk_"
SHOWN_CHARACTERS = 9

SCOPES_OF = {
    Role.OWNER: (Scope.READ, Scope.WRITE, Scope.SEND),
    Role.MARKETER: (Scope.READ, Scope.WRITE, Scope.SEND),
    Role.COMPLIANCE: (Scope.READ, Scope.WRITE),
    Role.VIEWER: (Scope.READ,),
}


@dataclass(frozen=True)
class NewKey:
    """A key with its secret, which is shown once and then known to nobody here."""

    key: ApiKey
    secret: str


def issue(membership: Membership, *, name: str, scopes: Sequence[Scope], now: datetime) -> NewKey:
    """A key of this person in this workspace."""
    secret = KEY_PREFIX + new_token()
    with transaction.atomic():
        key = ApiKey.objects.create(
            membership=membership,
            name=name,
            prefix=secret[:SHOWN_CHARACTERS],
            digest=token_digest(secret),
            scopes=[scope.value for scope in Scope if scope in scopes],
            created_at=now,
        )
        _record("api_key.created", key, user=membership.user)
    return NewKey(key=key, secret=secret)


def revoke(key: ApiKey, *, by: User, now: datetime) -> bool:
    """Whether it was live until now. Its next call is refused."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            return False
        _record("api_key.revoked", key, user=by)
    return True


def _record(event: str, key: ApiKey, *, user: User) -> None:
    record_audit(
        AuditRecord(
            event=event,
            workspace_id=key.membership.workspace_id,
            user_id=user.pk,
            about=f"api_key:{key.pk}",
            details={"name": key.name, "prefix": key.prefix, "scopes": key.scopes, "of": key.membership.user_id},
        )
    )
