"""The evidence pack: for one address, everything that shows why we wrote, what was said, and what was decided."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from compliance import audit, suppression
from compliance.addresses import fold
from compliance.models import LegalBasis, SendRecord
from compliance.policy import CONSENT
from compliance.privacy import person_of
from compliance.privacy_models import Consent
from compliance.regions import Region
from outreach_site.accounts.models import SenderIdentity, User, Workspace
from outreach_site.lib import ports
from outreach_site.lib.ports import Exhibit, Person

# What a pack tells, in the order in which a person asks.
SECTIONS = {
    "found": "Where the address was found",
    "letters": "Letters we wrote",
    "answers": "What came back",
    "decisions": "What was checked and decided",
    "consents": "Consent",
    "objections": "Who said no, and what follows from it",
}
_EMPTY = {
    "found": "No page that shows this address is kept any more.",
    "letters": "No letter to this address was written.",
    "answers": "Nothing came back from this address.",
    "decisions": "Nothing about this address was decided.",
    "consents": "No consent is on record.",
    "objections": "Nobody has objected.",
}


@dataclass(frozen=True)
class Section:
    name: str
    title: str
    empty: str
    exhibits: Sequence[Exhibit]


@dataclass(frozen=True)
class Pack:
    """Everything about one address in one workspace, at one moment."""

    address: str
    workspace: Workspace
    made_at: datetime
    who_writes: str
    answer: Sequence[str]  # "why did you email me?", in sentences
    sections: Sequence[Section]
    records: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not any(section.exhibits for section in self.sections)


def pack_of(workspace: Workspace, address: str, *, now: datetime) -> Pack:
    """The pack for a normalised address. The number of queries does not grow with what is found."""
    person = person_of(workspace, address)
    exhibits = [exhibit for holder in ports.holders() for exhibit in holder.evidence(person)]
    identity = SenderIdentity.objects.default_of(workspace)
    return Pack(
        address=address,
        workspace=workspace,
        made_at=now,
        who_writes=identity.who_writes if identity else workspace.name,
        answer=list(_why(person, exhibits)),
        sections=[
            Section(name, title, _EMPTY[name], sorted_by_time(e for e in exhibits if e.section == name))
            for name, title in SECTIONS.items()
        ],
    )


def sorted_by_time(exhibits: Iterable[Exhibit]) -> list[Exhibit]:
    return sorted(exhibits, key=lambda exhibit: exhibit.at)


def as_json(pack: Pack, person: Person) -> str:
    """The pack for programs: what the pages say, and every row as it is stored."""
    records: dict[str, Any] = {}
    for holder in ports.holders():
        records |= holder.export(person)
    told = {
        "address": pack.address,
        "workspace": pack.workspace.name,
        "who_writes": pack.who_writes,
        "made_at": pack.made_at,
        "why_we_wrote": list(pack.answer),
        "evidence": {
            section.name: [
                {
                    "at": exhibit.at,
                    "title": exhibit.title,
                    "facts": [{"what": what, "is": value} for what, value in exhibit.facts],
                    "text": exhibit.quote,
                    "about": exhibit.about,
                }
                for exhibit in section.exhibits
            ]
            for section in pack.sections
        },
        "records": records,
    }
    return json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def record_handing_out(pack: Pack, *, form: str, about: str, user: User, now: datetime) -> None:
    """Whoever takes a pack away stands in the audit log."""
    audit.record(
        "privacy.pack_made",
        workspace=pack.workspace,
        user=user,
        about=about,
        lead_email=pack.address,
        details={"form": form},
        now=now,
    )


def _why(person: Person, exhibits: Sequence[Exhibit]) -> Iterable[str]:
    """The answer in a few sentences, each of them backed by a record."""
    erased_at = suppression.erased_since(person.workspace_id, person.key)
    # What went to a person who was erased is still counted, under what stands in the address's place.
    letters = list(
        SendRecord.objects.filter(workspace_id=person.workspace_id, recipient_key__in=[person.key, person.stone])
        .that_count()
        .order_by("counted_at", "pk")
    )
    # The ledger keeps what is gone from campaigns; whichever of the two says that a letter left, it left.
    moments = {exhibit.about: exhibit.sent_at for exhibit in exhibits if exhibit.sent_at is not None}
    moments |= {letter.subject: letter.counted_at for letter in letters if letter.state == SendRecord.State.SENT}
    sent = sorted(moments.values())
    doubtful = [letter for letter in letters if letter.state == SendRecord.State.UNCERTAIN]
    if not sent and not doubtful:
        yield "We have not written to this address."
    if sent:
        first, last = sent[0], sent[-1]
        times = "once" if len(sent) == 1 else f"{len(sent)} times"
        when = f"on {_day(first)}" if len(sent) == 1 else f"between {_day(first)} and {_day(last)}"
        yield f"We wrote to this address {times}, {when}."
    if doubtful:
        yield f"{len(doubtful)} more may have been sent: the connection broke at the last moment."
    if erased_at is not None:
        yield f"Since {_day(erased_at)} it is erased, as its owner asked. No more is kept, and nobody writes to it."
        return
    yield from _where_found(letters, exhibits)
    yield from _on_what_ground(person, letters)
    objections = [exhibit for exhibit in exhibits if exhibit.section == "objections" and "never" in exhibit.title]
    if objections:
        yield f"Since {_day(min(exhibit.at for exhibit in objections))} nobody here writes to it again."


def _where_found(letters: Sequence[SendRecord], exhibits: Sequence[Exhibit]) -> Iterable[str]:
    """From the ledger's own copy; where there is none, from the contact."""
    for letter in letters:
        if letter.found_url and letter.found_at:
            words = f", where it says “{letter.found_passage}”" if letter.found_passage else ""
            yield f"We found the address at {letter.found_url} on {_day(letter.found_at)}{words}."
            return
        if letter.found_passage and letter.found_at:
            yield f"On {_day(letter.found_at)} we noted where the address comes from: “{letter.found_passage}”."
            return
    for exhibit in exhibits:
        facts = dict(exhibit.facts)
        if exhibit.section == "found":
            where = f"at {facts['Page']}" if facts.get("Page") else f"for the site {facts.get('Site', '')}".rstrip()
            how = "" if facts.get("Page") else f" ({facts.get('How', '').lower()})"
            words = f", where it says “{exhibit.quote}”" if exhibit.quote else ""
            yield f"We found the address {where}{how} on {_day(exhibit.at)}{words}."
            return


def _on_what_ground(person: Person, letters: Sequence[SendRecord]) -> Iterable[str]:
    for consent in Consent.objects.live().filter(workspace_id=person.workspace_id, address=fold(person.key)):
        yield f"Consent is on record since {_day(consent.obtained_on)}."
    if not letters:
        return
    letter = letters[-1]
    region = Region(letter.region).label if letter.region in set(Region) else letter.region
    yield f"The rule of the region ({region}) is {LegalBasis(letter.legal_basis).label.lower()}."
    named = next((letter.ground for letter in reversed(letters) if letter.ground), "")
    if named == CONSENT:
        yield "When we wrote last, consent was on record."
    elif named:
        yield f"Why we may write, as named by the person who sent it: {_GROUNDS.get(named, named)}."


# Grounds as letters carry them: the room above keeps their list.
_GROUNDS = {
    "invited": "the site invites pitches",
    "published": "the address is published for such letters",
    "relationship": "we know each other",
    "assessment": "we weighed their interests, and can show it",
}


def _day(moment: Any) -> str:
    return f"{moment.day} {moment:%B %Y}"
