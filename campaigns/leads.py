"""Adding leads: by hand, and by pasting a list. What makes two sites the same, and what a pasted line means."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import idna
from django.db import transaction

from campaigns.models import Campaign, Contact, Lead
from campaigns.rendering import BUILT_IN, placeholder_name
from compliance.addresses import InvalidAddressError, domain_of, is_free_mail, normalise
from compliance.suppression import erased_among
from outreach_site.lib.domains import registrable
from outreach_site.lib.inserting import Maker, give_keys, insert

MAX_URL = 500
MAX_PASTE = 2_000_000  # characters
MAX_LINES = 5_000
MAX_LINE = 10_000  # characters of one line
# Parameters that say where a visitor came from, and nothing about what the page is.
_TRACKING = re.compile(
    r"utm_\w+|mc_[ce]id|[a-z]{0,2}clid|msclkid|igshid|_hs\w+|ref|ref_src|ref_url|source|spm|trk|yclid|_ga|_gl",
    re.IGNORECASE,
)
# What an address is wrapped in where it was copied from.
_WRAPPING = "<>\"'.,;"
# What nearly every host looks like. IDNA says the same of it, thirty times slower.
_PLAIN = r"(?:(?=[^.]{1,63}\.)[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,63}"
_LONGEST_HOST = 253
_PLAIN_HOST = re.compile(rf"(?=.{{4,{_LONGEST_HOST}}}$){_PLAIN}")
# What nearly every address is: nothing in it has to be quoted, left out or looked up.
_PLAIN_URL = re.compile(rf"(?:(https?)://)?({_PLAIN})((?:/[\w.~-]*)*)", re.ASCII | re.IGNORECASE)
_INDEX_PAGE = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
ASKED_TO_BE_ERASED = "This person asked to be erased: the address is not written down again."
_LOOKUP_CHUNK = 500  # values in one IN (…): below the parameter limits of every SQLite


class NotASiteError(ValueError):
    """The text is no site's address; the message says why, for a person."""


@dataclass(frozen=True)
class Site:
    url: str  # as it is shown and opened: with a scheme, without tracking
    key: str  # the same for every spelling of it
    domain: str  # registrable


@dataclass(frozen=True, kw_only=True)
class NewLead:
    """What is known about a lead before it is one. `line` is where a person finds it in what was pasted."""

    website_url: str
    contact_email: str = ""
    contact_name: str = ""
    contact_role: str = ""
    website_title: str = ""
    topic: str = ""
    found_url: str = ""
    found_passage: str = ""
    found_how: str = ""  # models.FoundHow
    origin: str = ""
    quality_score: float | None = None
    relevance_score: float | None = None
    guest_post_likelihood: float | None = None
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True)
class Added:
    lead: Lead


@dataclass(frozen=True)
class AlreadyThere:
    """The campaign has this site; nothing was changed."""

    lead: Lead


@dataclass(frozen=True)
class LineError:
    line: int
    text: str
    sentence: str


@dataclass(frozen=True)
class AddedMany:
    added: int
    already_there: list[NewLead]
    failed: list[LineError]


@dataclass(frozen=True)
class Paste:
    """A pasted list as it was understood: what can be added, and what is wrong with the other lines."""

    rows: list[NewLead]
    errors: list[LineError]


@lru_cache(maxsize=6_000)  # More than the lines of a paste: each is looked at before it is written down.
def read_site(text: str) -> Site:
    """A site's address in any spelling. Raises NotASiteError."""
    text = text.strip().strip(_WRAPPING)
    if len(text.split()) != 1:
        raise NotASiteError("A site's address is one word, such as brightgarden.com.")
    if len(text) > MAX_URL:
        raise NotASiteError(f"A site's address has at most {MAX_URL} characters.")
    if plain := _plain(text):
        scheme, host, path = plain
        key = host.removeprefix("www.")
        if path not in {"", "/"}:
            key += _INDEX_PAGE.sub("/", path).rstrip("/")
        return Site(url=f"{scheme}://{host}{path or '/'}", key=key, domain=registrable(host))
    if not re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE):
        text = "https://" + text.removeprefix("//")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as err:
        raise NotASiteError(f"“{text}” is not a web address.") from err
    if parts.scheme.lower() not in {"http", "https"}:
        raise NotASiteError("A site's address starts with https:// or http://.")
    if parts.username is not None:
        raise NotASiteError("A site's address holds no user name or password.")
    host = _host(parts.hostname or "")
    default_port = 443 if parts.scheme.lower() == "https" else 80
    place = host if port in {None, default_port} else f"{host}:{port}"
    path = quote(unquote(parts.path), safe="/-._~!$&'()*+,;=:@")
    query = urlencode(
        sorted(
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if not _TRACKING.fullmatch(name)
        )
    )
    ending = f"?{query}" if query else ""
    key = place.removeprefix("www.") + _INDEX_PAGE.sub("/", path).rstrip("/") + ending
    url = f"{parts.scheme.lower()}://{place}{path or '/'}{ending}"
    if len(url) > MAX_URL:  # Quoting makes it longer.
        raise NotASiteError(f"A site's address has at most {MAX_URL} characters.")
    return Site(url=url, key=key, domain=registrable(host))


def _plain(text: str) -> tuple[str, str, str] | None:
    """Scheme, host and path of an address of which nothing else has to be known."""
    found = _PLAIN_URL.fullmatch(text) if len(text) < MAX_URL - 8 else None
    if found is None or len(found[2]) > _LONGEST_HOST:
        return None
    return (found[1] or "https").lower(), found[2].lower(), found[3]


def site_key(url: str) -> str:
    """What makes two addresses the same site: host in lower case and IDNA without `www.`, path, and what matters of
    the query; scheme, default port, trailing slash, fragment and tracking are dropped. Raises NotASiteError."""
    return read_site(url).key


def read_page_address(text: str) -> str:
    """The address of one page, with a scheme and as exact as it was given. Raises NotASiteError."""
    given = text.strip()
    is_whole = given.lower().startswith(("http://", "https://"))
    if plain := _plain(given.strip(_WRAPPING)):
        scheme, host, path = plain
        return given if is_whole else f"{scheme}://{host}{path or '/'}"
    site = read_site(text)
    return given if is_whole else site.url


def add_lead(campaign: Campaign, new: NewLead, *, source: Lead.Source, now: datetime) -> Added | AlreadyThere:
    """One lead, once per site and campaign. Raises NotASiteError, InvalidAddressError."""
    lead, contact = lead_and_contact(campaign, new, source=source, now=now)
    lead.campaign = campaign
    refuse_erased(campaign, new.contact_email)
    with transaction.atomic():
        only_one_adds_to(campaign)
        known = Lead.objects.of(campaign).filter(site_key=lead.site_key).first()
        if known is not None:
            return AlreadyThere(known)
        lead.save()
        if contact is not None:
            contact.lead = lead
            contact.save()
            lead.contact = contact
            lead.save(update_fields=["contact"])
    return Added(lead)


def add_many(campaign: Campaign, rows: Iterable[NewLead], *, source: Lead.Source, now: datetime) -> AddedMany:
    """Many at once, in one transaction: whatever is wrong with one row, the others are added.

    Costs a few statements for each `_LOOKUP_CHUNK` rows, whatever the rows hold.
    """
    ready: dict[str, tuple[NewLead, Lead, Contact | None]] = {}
    already_there: list[NewLead] = []
    failed: list[LineError] = []
    for new in rows:
        try:
            lead, contact = lead_and_contact(campaign, new, source=source, now=now)
        except (NotASiteError, InvalidAddressError) as err:
            failed.append(LineError(new.line, new.website_url, str(err)))
            continue
        if lead.site_key in ready:
            already_there.append(new)
        else:
            ready[lead.site_key] = new, lead, contact
    erased = erased_among(campaign.workspace, [c.email_key for _, _, c in ready.values() if c is not None])
    for key, (new, _, contact) in list(ready.items()):
        if contact is not None and contact.email_key in erased:
            # Without the line: it names them.
            failed.append(LineError(new.line, site_key(new.website_url), ASKED_TO_BE_ERASED))
            del ready[key]
    with transaction.atomic():
        only_one_adds_to(campaign)
        already_there += [ready.pop(key)[0] for key in known_keys(campaign, list(ready))]
        write_leads([(lead, contact) for _, lead, contact in ready.values()])
    return AddedMany(len(ready), sorted(already_there, key=lambda new: new.line), failed)


def write_leads(ready: Sequence[tuple[Lead, Contact | None]]) -> None:
    """New leads of sites that their campaign does not have, each with its contact. Needs `only_one_adds_to`.

    Costs four statements, whatever the number.
    """
    with_contact = [(lead, contact) for lead, contact in ready if contact is not None]
    contacts = [contact for _, contact in with_contact]
    if contacts:
        # Each names the other: with their keys known beforehand, no row is written twice.
        give_keys([lead for lead, _ in ready])
        give_keys(contacts)
    for lead, contact in with_contact:
        lead.contact_id, contact.lead_id = contact.pk, lead.pk
    insert([lead for lead, _ in ready])
    insert(contacts)


def lead_and_contact(
    campaign: Campaign, new: NewLead, *, source: Lead.Source, now: datetime
) -> tuple[Lead, Contact | None]:
    """Not saved yet. Raises NotASiteError, InvalidAddressError."""
    return _lead(campaign, new, read_site(new.website_url), source=source, now=now), _contact(new, now=now)


def refuse_erased(campaign: Campaign, email: str) -> None:
    """Raises InvalidAddressError for whoever asked to be erased: nobody writes their address down again."""
    if email and erased_among(campaign.workspace, [normalise(email)]):
        raise InvalidAddressError(ASKED_TO_BE_ERASED)


def known_keys(campaign: Campaign, keys: Sequence[str]) -> set[str]:
    """Which of these sites the campaign has."""
    known: set[str] = set()
    for start in range(0, len(keys), _LOOKUP_CHUNK):
        chunk = keys[start : start + _LOOKUP_CHUNK]
        known.update(campaign.leads.filter(site_key__in=chunk).values_list("site_key", flat=True))
    return known


def set_contact(
    lead: Lead, *, email: str, name: str, role: str, found_url: str, found_passage: str, now: datetime
) -> None:
    """Whom letters to this lead go to; "" for nobody. An address that the lead had before is taken up again.

    Letters that are queued keep the address they were queued with. Raises InvalidAddressError.
    """
    if not email:
        lead.contact = None
        lead.save(update_fields=["contact"])
        return
    key = normalise(email)
    refuse_erased(lead.campaign, email)
    details = {
        "email": email.strip(),
        "name": name,
        "role": role,
        "found_url": found_url,
        "found_passage": found_passage,
    }
    with transaction.atomic():
        lead.contact, _ = Contact.objects.update_or_create(
            lead=lead, email_key=key, defaults=details, create_defaults=details | {"found_at": now}
        )
        lead.save(update_fields=["contact"])


def read_paste(text: str) -> Paste:
    """A list as it comes out of a spreadsheet or a note: one lead a line, its parts in any order.

    Parts are separated by tabs, else semicolons, else commas (quotes hold one together). A site and an address are
    known by their looks; of the words that remain, those that resemble the domain are the site's name, else the first
    are the contact's name and the next the site's name. A heading line ("site, email, name, topic …") settles all
    that, and its unknown columns become custom fields. An address alone stands for the site of its domain.
    """
    rows: list[NewLead] = []
    errors: list[LineError] = []
    if len(text) > MAX_PASTE:
        return Paste([], [LineError(0, "", "This is too much for one paste. Paste it in parts.")])
    heading: list[str] | None = None
    seen: dict[str, int] = {}
    lines = [(number, line.strip("\ufeff ")) for number, line in enumerate(text.splitlines(), start=1)]
    filled = [(number, line) for number, line in lines if line.strip()]
    for number, line in filled[:MAX_LINES]:
        if len(line) > MAX_LINE:
            errors.append(LineError(number, line[:80], "This line is too long: one site a line, please."))
            continue
        cells = _cells(line)
        if heading is None and number == filled[0][0] and (columns := _heading(cells)):
            heading = columns
            continue
        try:
            new = _by_heading(heading, cells, number) if heading else _by_looks(cells, number)
            key = site_key(new.website_url)
            if new.contact_email:
                normalise(new.contact_email)
        except (NotASiteError, InvalidAddressError) as err:
            errors.append(LineError(number, line, str(err)))
            continue
        if key in seen:
            errors.append(LineError(number, line, f"The same site as in line {seen[key]}."))
            continue
        seen[key] = number
        rows.append(new)
    if len(filled) > MAX_LINES:
        number = filled[MAX_LINES][0]
        errors.append(
            LineError(number, "", f"Only the first {MAX_LINES:,} lines were read. Paste the rest after these.")
        )
    return Paste(rows, errors)


# What people call their columns.
COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("site", "website", "url", "website_url", "domain", "web", "link", "homepage"), "website_url"),
    **dict.fromkeys(("email", "e_mail", "mail", "address", "contact_email", "email_address"), "contact_email"),
    **dict.fromkeys(("name", "contact", "contact_name", "person", "editor", "full_name"), "contact_name"),
    **dict.fromkeys(("role", "job", "position", "job_title"), "contact_role"),
    **dict.fromkeys(("title", "website_title", "site_name", "site_title", "publication", "blog"), "website_title"),
    **dict.fromkeys(("topic", "subject", "theme"), "topic"),
    **dict.fromkeys(("found_at", "found_url", "source_url"), "found_url"),
}
_LONGEST = {"contact_name": 120, "contact_role": 120, "website_title": 200, "topic": 120, "found_url": 500}
# Tried only where a word begins: elsewhere in a long word it would be tried in vain.
_ADDRESS = re.compile(r"(?<![^\s<>@])[^\s<>@]+@[^\s<>@]+")
_IN_BRACKETS = re.compile(r"<\s*[^\s<>@]+@[^\s<>@]+\s*>")
_NAMED_ADDRESS = re.compile(r"(?P<name>[^<>@]*)<\s*(?P<address>[^\s<>@]+@[^\s<>@]+)\s*>")
_SITE = re.compile(r"(?:https?://)?[^\s/@]+\.[^\s/@.]{2,}(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)


def _heading(cells: list[str]) -> list[str] | None:
    """The columns' names, if this line holds names and not a lead."""
    names = [placeholder_name(cell) for cell in cells]
    is_data = any(_ADDRESS.search(cell) or _SITE.fullmatch(cell) for cell in cells)
    names_a_site = any(COLUMNS.get(name) in {"website_url", "contact_email"} for name in names)
    return names if names_a_site and not is_data else None


def _cells(line: str) -> list[str]:
    for separator in "\t;,":
        if separator in line:
            try:
                cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
            except csv.Error:
                cells = line.split(separator)
            return [" ".join(cell.split()) for cell in cells]
    words = line.split()
    if len(words) > 1 and not _IN_BRACKETS.search(line):
        # No separator at all: what looks like a site or an address stands alone, the other words belong together.
        special = [word for word in words if _ADDRESS.fullmatch(word) or _SITE.fullmatch(word)]
        known = set(special)
        rest = " ".join(word for word in words if word not in known)
        return [*special, rest] if rest else special
    return [" ".join(words)]


def _by_heading(names: list[str], cells: list[str], line: int) -> NewLead:
    values: dict[str, str] = {}
    custom: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=False):
        if column := COLUMNS.get(name):
            values.setdefault(column, cell)
        elif name and name not in BUILT_IN and cell:
            custom[name] = cell
    return checked(values, custom, line)


def _by_looks(cells: list[str], line: int) -> NewLead:
    values: dict[str, str] = {}
    words: list[str] = []
    for cell in filter(None, cells):
        named = _NAMED_ADDRESS.fullmatch(cell)
        if named and "contact_email" not in values:
            values["contact_email"] = named["address"]
            if name := named["name"].strip(' "'):
                values["contact_name"] = name
        elif "@" in cell.removeprefix("mailto:") and "://" not in cell and "contact_email" not in values:
            values["contact_email"] = cell.removeprefix("mailto:")
        elif _SITE.fullmatch(cell) and "website_url" not in values:
            values["website_url"] = cell
        else:
            words.append(cell)
    host = _letters(values.get("website_url", "") or domain_of(values.get("contact_email", "")))
    for word in words:
        resembles = len(_letters(word)) > 2 and _letters(word) in host
        # A person's name without an address would be of no use: it is the site's.
        order = (
            ("website_title", "contact_name")
            if resembles or "contact_email" not in values
            else ("contact_name", "website_title")
        )
        column = next((column for column in order if column not in values), None)
        if column is None:
            raise NotASiteError(
                f"It is not clear what “{word}” is. Put a heading line first, such as: site, email, name."
            )
        values[column] = word
    return checked(values, {}, line)


def checked(
    values: dict[str, str], custom: dict[str, str], line: int, scores: Mapping[str, float] | None = None
) -> NewLead:
    """A lead of what was read, by the names of NewLead. An address alone stands for the site of its domain.

    Raises NotASiteError.
    """
    email = values.get("contact_email", "")
    if not values.get("website_url") and email:
        domain = domain_of(email)
        if is_free_mail(domain):
            raise NotASiteError(f"Which site is this? {email} is an address at a mail provider.")
        values["website_url"] = domain
    if not values.get("website_url"):
        raise NotASiteError("There is no site in this line.")
    for column, longest in _LONGEST.items():
        if len(values.get(column, "")) > longest:
            raise NotASiteError(f"“{values[column][:30]}…” is too long: at most {longest} characters.")
    if values.get("found_url"):
        values["found_url"] = read_page_address(values["found_url"])
    return NewLead(**values, **(scores or {}), custom_fields=custom, line=line)  # type: ignore[arg-type]  # its fields


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _host(host: str) -> str:
    host = host.rstrip(".")
    if _PLAIN_HOST.fullmatch(host):
        return host
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        raise NotASiteError("A site's address has a name, not a number.")
    try:
        ascii_host = idna.encode(host, uts46=True).decode("ascii").lower()
    except idna.IDNAError as err:
        raise NotASiteError(f"“{host}” is not a web address.") from err
    if "." not in ascii_host or not re.fullmatch(r"[a-z0-9.-]+", ascii_host):
        raise NotASiteError(f"“{host}” is not a web address: the ending, such as .com, is missing.")
    return ascii_host


_new_lead, _new_contact = Maker(Lead), Maker(Contact)


def _lead(campaign: Campaign, new: NewLead, site: Site, *, source: Lead.Source, now: datetime) -> Lead:
    return _new_lead(
        campaign_id=campaign.pk,
        website_url=site.url,
        site_key=site.key,
        domain=site.domain,
        website_title=new.website_title.strip(),
        topic=new.topic.strip(),
        quality_score=new.quality_score,
        relevance_score=new.relevance_score,
        guest_post_likelihood=new.guest_post_likelihood,
        custom_fields={placeholder_name(name): value for name, value in new.custom_fields.items()}
        if new.custom_fields
        else {},
        source=source,
        status_changed_at=now,
        created_at=now,
    )


def _contact(new: NewLead, *, now: datetime) -> Contact | None:
    """Raises InvalidAddressError, NotASiteError."""
    if not new.contact_email:
        return None
    return _new_contact(
        email=new.contact_email.strip(),
        email_key=normalise(new.contact_email),
        name=new.contact_name.strip(),
        role=new.contact_role.strip(),
        # It becomes a link on our pages and a line of the letter, whoever brought it.
        found_url=read_page_address(new.found_url) if new.found_url else "",
        found_passage=new.found_passage,
        found_how=new.found_how,
        origin=new.origin,
        found_at=now,
    )


def only_one_adds_to(campaign: Campaign) -> None:
    """Two people who add the same site wait for each other, so that the second finds it there. Needs a transaction."""
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
