"""The letter itself, before it is one: exactly what a recipient would read, with what was filled in marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from campaigns import letters
from campaigns.models import Campaign, Contact, Lead
from campaigns.rendering import Mark, Rendered, render
from compliance.models import Kind
from outreach_site.accounts.models import SenderIdentity


@dataclass(frozen=True)
class Segment:
    """A stretch of text; `kind` says what it came from: a rendering.MarkKind, or "" for what was typed."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Preview:
    rendered: Rendered
    subject: Sequence[Segment]
    body: Sequence[Segment]  # with the signature
    foot: str  # what every first letter must tell
    recipient: str
    sender: str


def preview(
    subject: str, body: str, *, lead: Lead, identity: SenderIdentity | None, campaign: Campaign | None, sender: str
) -> Preview:
    """`sender` is the address it would come from; "" while none is chosen. Writes what letters.write would send."""
    rendered = render(subject, body, lead=lead, identity=identity, campaign=campaign)
    whole = rendered.body
    foot = ""
    if identity is not None:
        whole = letters.preview(
            body=rendered.body,
            kind=Kind.FIRST,
            identity=identity,
            contact=lead.contact,
            language=letters.language_for(
                rendered.body, contact=lead.contact, chosen=campaign.language if campaign else ""
            ),
        )
        whole, _, foot = whole.rstrip("\n").rpartition("\n\n")
    return Preview(
        rendered=rendered,
        subject=list(segments(rendered.subject, rendered.subject, rendered.subject_marks)),
        body=list(segments(whole, rendered.body, rendered.body_marks)),
        foot=foot,
        recipient=letters.named(lead.contact.name, lead.contact.email) if lead.contact else "",
        sender=letters.named(identity.name, sender) if identity and sender else sender,
    )


def segments(whole: str, rendered: str, marks: Iterable[Mark]) -> Iterable[Segment]:
    """Cut `whole` at the marks of `rendered`, of which it holds everything but some white space, and more after it."""
    place = _places(whole, rendered)
    position = 0
    for mark in marks:
        start, end = place[mark.start], place[mark.end]
        if end > start:
            yield Segment(whole[position:start])
            yield Segment(whole[start:end], mark.kind.value)
            position = end
    yield Segment(whole[position:])


def _places(whole: str, rendered: str) -> list[int]:
    """For each character of `rendered`, and its end, where it stands in `whole`: white space may have been dropped."""
    places = []
    position = 0
    for character in rendered:
        places.append(position)
        if position < len(whole) and whole[position] == character:
            position += 1
    return [*places, position]


def sample_lead() -> Lead:
    """Somebody to write to where there is nobody yet. Never saved."""
    contact = Contact(name="Alex Winter", email="alex@brightgarden.example", email_key="alex@brightgarden.example")
    contact.found_url = "https://brightgarden.example/contact"
    lead = Lead(website_url="https://brightgarden.example/", domain="brightgarden.example", topic="balcony gardens")
    lead.website_title = "Bright Garden"
    lead.contact = contact
    return lead
