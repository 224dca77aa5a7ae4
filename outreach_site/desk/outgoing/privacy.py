"""What stored events hold about a person, and how it goes (lib.ports.Holder): an address in their bodies.

What was delivered is in other hands: the receiver hears of an opt-out as an event, and of an erasure from whoever runs
both (docs/outgoing-webhooks.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from compliance.sweeping import ERASED, TextShelf, without
from outreach_site.desk.outgoing.models import Event
from outreach_site.lib.ports import Cutoffs, Exhibit, Overdue, Person, Shelf


class OutgoingHolder:
    """Bodies of outgoing webhooks. They go by themselves after 30 days."""

    models = frozenset({"desk.Event"})

    def spellings(self, workspace_id: int, key: str) -> set[str]:
        bodies = Event.objects.filter(workspace_id=workspace_id, address_key=key).values_list("body", flat=True)
        return {str(email) for body in bodies if (email := json.loads(body)["data"].get("email"))}

    def count(self, person: Person) -> Mapping[str, int]:
        return {"webhook messages that name them": _of(person).count()}

    def export(self, person: Person) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return {"webhooks": list(_of(person).order_by("pk").values("what", "body", "created_at"))}

    def evidence(self, person: Person) -> Sequence[Exhibit]:  # noqa: ARG002 - the port's signature
        return ()  # They say nothing that replies, letters and suppressions do not.

    def erase(self, person: Person, *, now: datetime) -> None:  # noqa: ARG002 - as above
        for event in _of(person):
            said = json.loads(event.body)
            said["data"]["email"] = ERASED
            event.body = without(json.dumps(said, ensure_ascii=False, separators=(",", ":")), person)
            event.address_key = person.stone
            event.save(update_fields=["body", "address_key"])

    def shelves(self) -> Sequence[Shelf]:
        return (TextShelf(Event, "workspace_id", ("body",)),)

    def overdue(self, workspace_id: int, cutoffs: Cutoffs) -> Sequence[Overdue]:  # noqa: ARG002 - as above
        return ()


def _of(person: Person) -> QuerySet[Event]:
    return Event.objects.filter(workspace_id=person.workspace_id, address_key=person.key)
