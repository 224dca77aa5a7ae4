"""The letter itself, before it is one: exactly what a recipient would read, with what was filled in marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Q

from campaigns import letters
from campaigns.content import Finding, Spot, findings, without_opt_out
from campaigns.models import Campaign, Contact, Lead, LeadQuerySet
from campaigns.rendering import Mark, MarkKind, Rendered, render
from compliance.models import Kind
from outreach_site.accounts.models import SenderIdentity
from outreach_site.lib.addresses import named


@dataclass(frozen=True)
class Segment:
    """A stretch of text; `kind` says what it came from: a rendering.MarkKind, or "" for what was typed."""

    text: str
    kind: str = ""
    found: str = ""  # what is to be looked at here: the finding's sentence


@dataclass(frozen=True)
class Preview:
    rendered: Rendered
    subject: Sequence[Segment]
    body: Sequence[Segment]  # with the signature
    foot: str  # what every first letter must tell
    recipient: str
    sender: str
    findings: Sequence[Finding] = ()


def preview(
    subject: str,
    body: str,
    *,
    lead: Lead,
    identity: SenderIdentity | None,
    campaign: Campaign | None,
    sender: str,
    claims: Sequence[tuple[str, bool]] = (),
) -> Preview:
    """`sender` is the address it would come from; "" while none is chosen. Writes what letters.write would send.

    `claims` are sentences of the letter, and whether a passage backs each.
    """
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
    found = findings(rendered.subject, rendered.body)
    if not foot:
        found.append(without_opt_out())
    backed, open_ones = _claims_in(rendered.body, claims)
    if open_ones:
        found.append(Finding("warn", "Nothing on their pages backs this.", tuple(open_ones)))
    return Preview(
        rendered=rendered,
        subject=list(segments(rendered.subject, rendered.subject, rendered.subject_marks, _spots("subject", found))),
        body=list(segments(whole, rendered.body, [*rendered.body_marks, *backed], _spots("body", found))),
        findings=found,
        foot=foot,
        recipient=named(lead.contact.name, lead.contact.email) if lead.contact else "",
        sender=named(identity.name, sender) if identity and sender else sender,
    )


def _claims_in(body: str, claims: Iterable[tuple[str, bool]]) -> tuple[list[Mark], list[Spot]]:
    """Where claims stand: those that are backed, and those that are not."""
    backed: list[Mark] = []
    open_ones: list[Spot] = []
    for text, is_backed in claims:
        if text and (start := body.find(text)) >= 0:
            if is_backed:
                backed.append(Mark(start, start + len(text), "claim", MarkKind.FILLED))
            else:
                open_ones.append(Spot("body", start, start + len(text)))
    return backed, open_ones


@dataclass(frozen=True)
class Marked:
    """A finished letter with the places that somebody may want to change. `findings` has what is not well."""

    subject: Sequence[Segment]
    body: Sequence[Segment]
    findings: Sequence[Finding]


def marked(subject: str, body: str) -> Marked:
    found = [one for one in findings(subject, body) if one.tone != "good"]
    return Marked(
        subject=list(segments(subject, subject, (), _spots("subject", found))),
        body=list(segments(body, body, (), _spots("body", found))),
        findings=found,
    )


@dataclass(frozen=True)
class Shown:
    """Which lead's letter is shown, and whose come before and after it."""

    lead: Lead | None
    previous: int | None = None
    next: int | None = None
    position: int = 0
    total: int = 0


def which_lead(among: LeadQuerySet, wanted: str) -> Shown:
    """The lead of that number, or of the site or address that begins so; else the first one with an address."""
    leads = among.exclude(contact=None).order_by("pk")
    lead = None
    if wanted.isascii() and wanted.isdigit():
        lead = leads.filter(pk=int(wanted[:18])).first()
    elif wanted := wanted.replace("\0", "").strip()[:254]:
        lead = leads.filter(Q(site_key__istartswith=wanted) | Q(contact__email_key__istartswith=wanted)).first()
    lead = lead or leads.first()
    if lead is None:
        return Shown(None)
    before, after = leads.filter(pk__lt=lead.pk), leads.filter(pk__gt=lead.pk)
    earlier = before.count()
    return Shown(
        lead,
        previous=before.order_by("-pk").values_list("pk", flat=True).first(),
        next=after.values_list("pk", flat=True).first(),
        position=earlier + 1,
        total=earlier + 1 + after.count(),
    )


Stretch = tuple[int, int, str]


@dataclass(frozen=True)
class Look:
    """A stretch to be looked at, and why; `stops` where the letter cannot leave so."""

    start: int
    end: int
    sentence: str
    stops: bool = False


def _spots(place: str, found: Iterable[Finding]) -> list[Look]:
    return [
        Look(spot.start, spot.end, one.sentence, stops=one.tone == "bad")
        for one in found
        for spot in one.spots
        if spot.place == place
    ]


def segments(whole: str, rendered: str, marks: Iterable[Mark], spots: Sequence[Look] = ()) -> Iterable[Segment]:
    """Cut `whole` at the marks and spots of `rendered`, of which it holds everything but some white space, and more
    after it. A stretch may be both: a value that was filled in may be what is to be looked at. What stops the letter
    is marked also where it lies within what is only advised.
    """
    place = _places(whole, rendered)
    kinds = [(place[mark.start], place[mark.end], mark.kind.value) for mark in marks]
    stops = [(place[look.start], place[look.end], look.sentence) for look in spots if look.stops]
    advised = [(place[look.start], place[look.end], look.sentence) for look in spots if not look.stops]
    cuts = sorted({0, len(whole), *(edge for start, end, _ in [*kinds, *stops, *advised] for edge in (start, end))})
    kind_at, stop_at, advice_at = map(_walker, (kinds, stops, advised))
    for start, end in pairwise(cuts):
        stop, advice = stop_at(start), advice_at(start)
        yield Segment(whole[start:end], kind=kind_at(start), found=stop or advice)
    if len(cuts) == 1:
        yield Segment("")


def _walker(stretches: Iterable[Stretch]) -> Callable[[int], str]:
    """Asked for one edge after another, it answers what lies over each; of two that begin together, the longer."""
    begins: dict[int, Stretch] = {}
    for stretch in stretches:
        begins[stretch[0]] = max(stretch, begins.get(stretch[0], stretch), key=lambda one: one[1])
    now: Stretch = (0, 0, "")

    def at(position: int) -> str:
        nonlocal now
        new = begins.get(position, now)
        now = new if new[1] >= now[1] or now[1] <= position else now
        return now[2] if position < now[1] else ""

    return at


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
