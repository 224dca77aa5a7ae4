"""What happened to one lead, newest first: found, written to, changed, by whom. Replies stand in the inbox's part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from campaigns.models import Attempt, FoundSite, Lead, Placement, Tag
from compliance.models import AuditEntry
from outreach_site.accounts.models import User

MOST = 200  # entries of the log


@dataclass(frozen=True)
class Event:
    at: datetime
    what: str
    tone: str = ""
    detail: str = ""
    who: str = ""
    attempt: Attempt | None = None
    placement: Placement | None = None


_LETTERS = {
    Attempt.State.QUEUED: ("Letter queued", ""),
    Attempt.State.SENDING: ("Letter leaving", ""),
    Attempt.State.SENT: ("Letter sent", "good"),
    Attempt.State.UNCERTAIN: ("Letter may have been sent", "warn"),
    Attempt.State.FAILED: ("Letter could not be sent", "bad"),
    Attempt.State.BLOCKED: ("Letter held back", "bad"),
    Attempt.State.CANCELLED: ("Letter taken back", ""),
}


def events_of(
    lead: Lead, letters: Sequence[Attempt], found: FoundSite | None, placements: Sequence[Placement] = ()
) -> list[Event]:
    """Its campaign and contact should be loaded, and the users of letters and placements. At most three queries."""
    events = [Event(lead.created_at, "Added", detail=Lead.Source(lead.source).label)]
    if found is not None and found.read_at is not None:
        events.append(
            Event(
                found.read_at, "Site read", detail=f"{len(found.pages)} {'page' if len(found.pages) == 1 else 'pages'}"
            )
        )
    if lead.contact is not None and lead.contact.found_at != lead.created_at:
        events.append(Event(lead.contact.found_at, "Contact found", detail=str(lead.contact)))
    for attempt in letters:
        if attempt.state in _LETTERS:
            what, tone = _LETTERS[Attempt.State(attempt.state)]
            at = attempt.finished_at or attempt.started_at or attempt.created_at
            who = attempt.user.get_full_name() if attempt.user else ""
            events.append(Event(at, what, tone, attempt.reason, who, attempt))
    for placement in placements:
        events += _of_placement(placement)
    logged = _logged(lead)
    events += logged
    told = any(event.what.startswith("Status") for event in logged)
    if not told and lead.status not in {Lead.Status.DISCOVERED, Lead.Status.CONTACTED}:
        events.append(Event(lead.status_changed_at, f"Status: {lead.get_status_display().lower()}"))
    return sorted(events, key=lambda event: event.at, reverse=True)


def _of_placement(placement: Placement) -> list[Event]:
    who = placement.created_by.get_full_name() if placement.created_by else ""
    on = placement.agreed_on
    agreed = Event(placement.created_at, "Link agreed", who=who, placement=placement)
    events = [replace(agreed, detail=f"On {on:%d} {on:%B} {on:%Y}".replace("On 0", "On ")) if on else agreed]
    if placement.first_seen_at is not None:
        events.append(Event(placement.first_seen_at, "Link seen", "good", placement=placement))
    if placement.lost_at is not None:
        events.append(Event(placement.lost_at, "Link lost", "bad", placement=placement))
    return events


def _logged(lead: Lead) -> list[Event]:
    entries = list(
        AuditEntry.objects.filter(workspace_id=lead.campaign.workspace_id, about=f"lead:{lead.pk}").order_by("-pk")[
            :MOST
        ]
    )
    details = [entry.details if isinstance(entry.details, dict) else {} for entry in entries]
    marks = [each for entry, each in zip(entries, details, strict=True) if entry.event == "lead.marked"]
    people = User.objects.in_bulk(
        {entry.user_id for entry in entries if entry.user_id is not None} | _numbers(marks, "assign")
    )
    numbers = _numbers(marks, "tag", "untag")
    tags = Tag.objects.filter(workspace=lead.campaign.workspace_id).in_bulk(numbers) if numbers else {}
    events = []
    for entry, given in zip(entries, details, strict=True):
        said = _mark(given, tags, people) if entry.event == "lead.marked" else _in_words(entry.event, given)
        if said is not None:
            person = people.get(entry.user_id) if entry.user_id is not None else None
            what, detail = said
            events.append(Event(entry.recorded_at, what, detail=detail, who=person.get_full_name() if person else ""))
    return events


def _numbers(marks: Sequence[dict[str, Any]], *actions: str) -> set[int]:
    values = [str(mark.get("value", "")) for mark in marks if mark.get("action") in actions]
    return {int(value) for value in values if value.isascii() and value.isdigit()}


def _mark(details: dict[str, Any], tags: Mapping[int, Tag], people: Mapping[int, User]) -> tuple[str, str]:
    action, value = details.get("action"), str(details.get("value", ""))
    number = int(value) if value.isascii() and value.isdigit() else 0
    if action == "assign":
        person = people.get(number)
        return "Assigned", f"to {person.get_full_name() if person else 'somebody who is gone' if value else 'nobody'}"
    tag = tags.get(number)
    return "Tagged" if action == "tag" else "Tag taken off", tag.name if tag else "a tag that is gone"


_FIELDS = {
    "website_title": "site's name",
    "topic": "topic",
    "contact_email": "address",
    "contact_name": "name",
    "contact_role": "role",
    "found_url": "where it was found",
    "found_passage": "what it says there",
}


def _in_words(event: str, details: dict[str, Any]) -> tuple[str, str] | None:
    if event == "lead.status_changed":
        to, was = str(details.get("to", "")), str(details.get("from", ""))
        known = dict(Lead.Status.choices)
        return f"Status: {known.get(to, to).lower()}", f"Before: {known.get(was, was).lower()}" if was else ""
    if event == "lead.changed":
        changed = details.get("changed", [])
        names = [_FIELDS.get(str(name), str(name)) for name in changed] if isinstance(changed, list) else []
        return "Edited", ", ".join(names)
    if event == "contact.confirmed":
        return "Hidden address confirmed", "Somebody looked at the page, and said that it may be used."
    if event == "contact.chosen":
        return "Another contact chosen", ""
    return None
