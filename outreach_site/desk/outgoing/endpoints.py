"""What an owner does with an endpoint. Each is in the audit log, without the secret."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from compliance import audit
from outreach_site.accounts.models import User, Workspace
from outreach_site.desk.notices.models import Kind
from outreach_site.desk.notices.noticing import Noticed, note
from outreach_site.desk.outgoing.models import OVERLAP, Delivery, Endpoint, Offered
from outreach_site.desk.outgoing.signing import new_secret

MOST = 20  # of a workspace


class TooManyError(Exception):
    """There are as many endpoints as one workspace may have; the message says so."""


def create(
    workspace: Workspace, *, url: str, note: str, events: Sequence[Offered], user: User, now: datetime
) -> tuple[Endpoint, str]:
    """The endpoint and its secret, which is shown once. Raises TooManyError, crypto.KeyMissingError."""
    secret = new_secret()
    endpoint = Endpoint(workspace=workspace, url=url, note=note, events=_words(events), created_by=user, created_at=now)
    endpoint.set_secret(secret, keeps_old_until=None)
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        if Endpoint.objects.in_workspace(workspace).count() >= MOST:
            raise TooManyError(f"One workspace may have {MOST} webhooks. Remove one that nobody uses.")
        endpoint.save()
        _log("created", endpoint, user=user, now=now, events=endpoint.events)
    return endpoint, secret


def change(endpoint: Endpoint, *, url: str, note: str, events: Sequence[Offered], user: User, now: datetime) -> bool:
    """Whether anything was different. What waits goes to the new address."""
    wanted = {"url": url, "note": note, "events": _words(events)}
    changed = [name for name, value in wanted.items() if getattr(endpoint, name) != value]
    if not changed:
        return False
    for name in changed:
        setattr(endpoint, name, wanted[name])
    with transaction.atomic():
        endpoint.save(update_fields=changed)
        _log("changed", endpoint, user=user, now=now, changed=changed, events=endpoint.events)
    return True


def renew_secret(endpoint: Endpoint, *, at_once: bool, user: User, now: datetime) -> str:
    """A new secret, shown once. The old one signs too for a day, unless it must end at once."""
    secret = new_secret()
    endpoint.set_secret(secret, keeps_old_until=None if at_once else now + OVERLAP)
    with transaction.atomic():
        endpoint.save(update_fields=["secret_token", "old_secret_token", "old_secret_until"])
        _log("secret_changed", endpoint, user=user, now=now, at_once=at_once)
    return secret


def switch_on(endpoint: Endpoint, *, user: User, now: datetime) -> bool:
    """What waits goes now. False where it was on."""
    with transaction.atomic():
        off = Endpoint.objects.filter(pk=endpoint.pk).exclude(off_at=None)
        if not off.update(off_at=None, off_because="", failing_since=None, given_up=0):
            return False
        Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.WAITING).update(next_try_at=now)
        _log("switched_on", endpoint, user=user, now=now)
    return True


def switch_off(endpoint: Endpoint, *, user: User, now: datetime) -> bool:
    """What waits stays until it is on again; what happens meanwhile is not told. False where it was off."""
    with transaction.atomic():
        if not Endpoint.objects.filter(pk=endpoint.pk, off_at=None).update(off_at=now, off_because=""):
            return False
        _log("switched_off", endpoint, user=user, now=now)
    return True


def switched_off(endpoint: Endpoint, *, because: str, now: datetime) -> None:
    """It takes nothing: nobody goes on trying, and somebody hears of it. In the caller's transaction."""
    if not Endpoint.objects.filter(pk=endpoint.pk, off_at=None).update(off_at=now, off_because=because[:300]):
        return
    _log("switched_off", endpoint, user=None, now=now, reason=because)
    key = f"{endpoint.about}:{int(now.timestamp())}"
    note([Noticed(workspace_id=endpoint.workspace_id, kind=Kind.WEBHOOK, key=key, about=endpoint.about)], now=now)


def send_all_again(endpoint: Endpoint, *, now: datetime) -> int:
    """What was given up gets its day once more; how many. Tests are not among them."""
    given_up = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.GIVEN_UP, event__what__in=Offered.values)
    keys = list(given_up.values_list("pk", flat=True))
    return Delivery.objects.filter(pk__in=keys).update(
        state=Delivery.State.WAITING, tries=0, next_try_at=now, finished_at=None
    )


def remove(endpoint: Endpoint, *, user: User, now: datetime) -> None:
    """Nothing more goes there. The row goes when no transaction can name it any more (delivering.forget_old)."""
    with transaction.atomic():
        Endpoint.objects.filter(pk=endpoint.pk).update(
            removed_at=now, secret_token="", old_secret_token="", old_secret_until=None
        )
        _log("removed", endpoint, user=user, now=now)


def _words(events: Sequence[Offered]) -> list[str]:
    return [offered.value for offered in Offered if offered in events]


def _log(
    event: str, endpoint: Endpoint, *, user: User | None, now: datetime, reason: str = "", **details: object
) -> None:
    audit.record(
        f"endpoint.{event}",
        workspace=endpoint.workspace,
        user=user,
        about=endpoint.about,
        reason=reason,
        # Its host alone: many addresses of this kind are secrets themselves.
        details={"host": urlsplit(endpoint.url).hostname or "", **details},
        now=now,
    )
