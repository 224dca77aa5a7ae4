"""From news to events: written in the transaction of what happened, so that none is lost and none is made up."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from compliance.addresses import InvalidAddressError, fold, normalise
from outreach_site.desk.outgoing.models import TEST, Delivery, Endpoint, Event, Offered
from outreach_site.lib.asking import ask_soon
from outreach_site.lib.ports import News

VERSION = 1  # of what a body says; docs/outgoing-webhooks.md
TASK = "outreach_site.desk.tasks.deliver_webhooks"
CLUSTER = "long"  # A slow receiver must not stop the post.


def on_news(news: Sequence[News]) -> None:
    """Write down what some endpoint wants to hear (lib.ports.NewsListener). One query where none wants anything."""
    offered = [each for each in news if each.what in Offered.values]
    if not offered:
        return
    workspace_id, now = offered[0].workspace_id, timezone.now()
    endpoints = list(Endpoint.objects.on().filter(workspace=workspace_id).select_related("workspace"))
    wanted = {each.uid: each for each in _events(offered, endpoints, now)}
    if not wanted:
        return
    Event.objects.bulk_create(wanted.values(), ignore_conflicts=True)
    # What stands already was told by somebody else, under an id of its own.
    ours = Event.objects.filter(uid__in=list(wanted))
    Delivery.objects.bulk_create(
        [
            Delivery(event_id=pk, endpoint=endpoint, next_try_at=now)
            for pk, what in ours.values_list("pk", "what")
            for endpoint in endpoints
            if what in endpoint.events
        ]
    )
    deliver_soon()


def deliver_soon() -> None:
    """Ask a worker as soon as the caller's transaction stands."""
    ask_soon(TASK, cluster=CLUSTER)


def _events(news: Sequence[News], endpoints: Sequence[Endpoint], now: datetime) -> list[Event]:
    wanted = {what for endpoint in endpoints for what in endpoint.events}
    return [
        Event(
            workspace_id=each.workspace_id,
            what=each.what.value,
            key=each.key,
            uid=_new_uid(),
            about=each.about,
            address_key=_key_of(each.email),
            body=_body(
                each.what.value, endpoints[0].workspace.slug, {**each.facts, "email": each.email or None}, each.at
            ),
            created_at=now,
        )
        for each in news
        if each.what.value in wanted
    ]


def a_test(endpoint: Endpoint, *, now: datetime) -> Delivery:
    """An event that nothing happened for. It waits for nobody: whoever asks for it delivers it at once."""
    uid = _new_uid()
    facts = {"message": "This is a test. Nothing happened."}
    with transaction.atomic():
        event = Event.objects.create(
            workspace=endpoint.workspace,
            what=TEST,
            key=uid,
            uid=uid,
            about=endpoint.about,
            body=_body(TEST, endpoint.workspace.slug, facts, now),
            created_at=now,
        )
        return Delivery.objects.create(
            event=event, endpoint=endpoint, state=Delivery.State.GIVEN_UP, next_try_at=now, finished_at=now
        )


def _new_uid() -> str:
    return f"msg_{uuid.uuid4().hex}"


def _body(what: str, workspace: str, facts: Mapping[str, Any], at: datetime) -> str:
    said = {
        "type": what,
        "version": VERSION,
        "timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "workspace": workspace,
        "data": dict(facts),
    }
    # As it is read: an erasure looks for the address in it.
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _key_of(address: str) -> str:
    try:
        return fold(normalise(address)) if address else ""
    except InvalidAddressError:
        return address.lower()[:254]
