"""What a page says about guest letters and links, and about the country it is in: each with the words it rests on.

A refusal holds the lead; an invitation is a ground to write. Both are quoted, so that a person can see why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from campaigns.discovery.page import Block, Page
from outreach_site.lib.domains import registrable

QUOTE = 240  # characters


class Kind(StrEnum):
    INVITATION = "invitation"  # they ask for pitches, posts or contributions
    REFUSAL = "refusal"  # they take none, or want no unasked mail
    GUIDELINES = "guidelines"  # how a contribution has to look
    GUEST_POSTS = "guest_posts"  # others have written here
    BLOG = "blog"  # there is something to write for
    SELLS_LINKS = "sells_links"  # a price for a link, or a list of them
    BAD_NEIGHBOURS = "bad_neighbours"  # links to what no good site links to
    COUNTRY = "country"  # where they are, by their own words


@dataclass(frozen=True, slots=True)
class Signal:
    """`quote` is what stands on the page; `country` is ISO 3166 and only of a COUNTRY."""

    kind: Kind
    quote: str
    country: str = ""


def find(page: Page) -> list[Signal]:
    """Every signal of a page, a few of each kind at the most, refusals first."""
    found: dict[tuple[Kind, str], Signal] = {}
    counts: dict[Kind, int] = {}
    for signal in (*_in_blocks(page), *_in_links(page), *_countries(page)):
        key = (signal.kind, signal.country or signal.quote.casefold())
        if key not in found and counts.get(signal.kind, 0) < 3:
            found[key] = signal
            counts[signal.kind] = counts.get(signal.kind, 0) + 1
    order = list(Kind)
    order.insert(0, order.pop(order.index(Kind.REFUSAL)))
    return sorted(found.values(), key=lambda signal: order.index(signal.kind))


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_POSTS = r"(?:guest|sponsored|paid)[\s-]*(?:posts?|articles?|blog\w*|contributions?|authors?|content|writers?)"
_REFUSALS = _any(
    rf"\b(?:we\s+)?(?:do\s+not|don['’]?t|no\s+longer|cannot|can['’]?t|never|not\s+currently|are\s+not|aren['’]?t)\s+(?:currently\s+|longer\s+)?"
    rf"(?:accept|publish|take|offer|run|allow|looking\s+for|accepting|taking|publishing|open\s+(?:to|for))\s+(?:any\s+)?(?:unsolicited\s+)?"
    rf"(?:{_POSTS}|pitches|submissions|contributions|link\s+(?:requests|exchanges|insertions))",
    rf"\bno\s+(?:unsolicited\s+)?(?:{_POSTS}|pitches|link\s+(?:exchanges?|requests?|building|insertions?))\b",
    rf"\b(?:{_POSTS}|submissions|pitches)\s+(?:are|is)\s+(?:currently\s+|now\s+)?(?:closed|not\s+(?:accepted|open|available))",
    r"\bno\s+(?:unsolicited|spam|commercial|cold)\s+(?:e-?mails?|mails?|solicitations?|offers|enquiries|pitches)",
    r"\b(?:unsolicited|commercial)\s+(?:e-?mails?|offers|requests|pitches)\s+(?:are|is|will\s+be)\s+(?:not\s+\w+|ignored|deleted|prohibited|unwelcome|reported)",
    r"\b(?:seo|link[\s-]building)\s+(?:agencies|requests|people|offers|companies)[^.]{0,40}(?:do\s+not|don['’]?t|please\s+(?:don|refrain)|not\s+welcome|ignored)",
    r"\b(?:keine|wir\s+(?:nehmen|veröffentlichen|akzeptieren)\s+keine)\s+(?:gastartikel|gastbeiträge|linkanfragen|linktausch|werbe(?:mails|anfragen)|bezahlten\s+\w+)",
    r"\bder\s+nutzung\b[^.]{0,160}\bnicht\s+ausdrücklich\s+angeforderte[rn]?\s+werbung[^.]{0,120}widersprochen",
    r"\b(?:unaufgefordert\w*|unverlangt\w*)\s+(?:\w+\s+)?(?:werbung|werbe\w*|e-?mails?|manuskripte)[^.]{0,60}(?:nicht|untersag|widerspr|ablehn)",
    r"\bnous\s+n['’]accept(?:ons|erons)\s+(?:pas|plus|aucun)\s+(?:d['’]|de\s+)?(?:articles?\s+invités?|articles?\s+sponsorisés?|échanges?\s+de\s+liens?)",
    r"\bno\s+(?:acept|public)amos\s+(?:artículos?\s+(?:de\s+)?invitad|post\s+patrocinad|entradas\s+de\s+invitad|intercambio)",
    r"\bnon\s+(?:accettiamo|pubblichiamo)\s+(?:guest\s+post|articoli|scambi\w*\s+(?:di\s+)?link|post\s+sponsorizzat)",
    r"\bgeen\s+(?:gastblogs?|gastartikelen|linkruil|ongevraagde\s+\w+)",
    r"\bnie\s+(?:przyjmujemy|publikujemy)\s+(?:artykułów|wpisów)\s+(?:gościnnych|sponsorowanych)",
)
_INVITATIONS = _any(
    r"\bwrite\s+for\s+(?:us|our\s+\w+)\b",
    rf"\b(?:we(?:['’]re|\s+are)?\s+)?(?:always\s+|currently\s+|happily\s+|gladly\s+)?(?:accept(?:ing)?|welcom(?:e|ing)|looking\s+for|open\s+(?:to|for)|seeking|invit(?:e|ing)|interested\s+in)\s+(?:\w+\s+){{0,3}}(?:{_POSTS}|contribut(?:ors?|ions?)|pitches|submissions|writers)",
    r"\b(?:send|submit|e-?mail)\s+(?:us\s+)?(?:your|a|an|any)?\s*(?:\w+\s+){0,2}(?:pitch(?:es)?|article|draft|story\s+ideas?|topic\s+ideas?|guest\s+post|submission)s?\b",
    r"\b(?:pitches|submissions|story\s+ideas)\s+(?:can\s+be\s+sent\s+)?(?:to|are\s+welcome|should\s+be\s+sent)\b",
    r"\bbecome\s+(?:a|an|our)\s+(?:guest\s+)?(?:contributor|author|writer|guest\s+blogger)",
    r"\bcontribute\s+(?:to|an\s+article|a\s+(?:post|story|guest))",
    r"\bsubmit\s+(?:a|your|an)\s+(?:guest\s+)?(?:post|article|story|pitch)",
    r"\b(?:gastartikel|gastbeitrag|gastautor\w*)\s+(?:einreichen|werden|gesucht|willkommen|schreiben|anbieten)|\bschreib\w*\s+(?:für|bei)\s+uns\b|\bwir\s+(?:freuen\s+uns\s+über|suchen)\s+(?:\w+\s+)?gast\w+",
    r"\b(?:écri(?:re|vez)\s+pour\s+nous|propos(?:er|ez)\s+un\s+article|devenir\s+(?:contributeur|rédacteur\s+invité)|articles?\s+invités?\s+(?:bienvenus?|acceptés?))",
    r"\b(?:escrib[ea]\s+(?:para|con)\s+nosotros|env[ií]a(?:nos)?\s+tu\s+(?:artículo|propuesta)|aceptamos\s+(?:artículos|colaboraciones|guest\s+posts?))",
    r"\b(?:scriv[ie]\s+per\s+noi|proponi\s+un\s+articolo|diventa\s+(?:autore|collaboratore))",
    r"\b(?:escrev[ae]\s+(?:para\s+nós|connosco)|envie\s+(?:o\s+)?seu\s+artigo|schrijf\s+voor\s+ons|gastblog(?:ger)?s?\s+(?:welkom|gezocht)|napisz\s+dla\s+nas|współpraca\s+autorska)",
)
_GUIDELINES = _any(
    r"\b(?:submission|contributor|editorial|guest\s*(?:post|blog)\w*|writing|writers?['’]?|author)\s+guidelines?\b",
    r"\b(?:minimum|at\s+least|between|max(?:imum)?(?:\s+of)?)\s+\d[\d.,]{2,5}\s*(?:[-–]\s*\d[\d.,]{2,5}\s*)?words\b",
    r"\barticles?\s+(?:must|should)\s+be\s+(?:original|unique|unpublished|at\s+least|between)",
    r"\b(?:richtlinien|vorgaben)\s+für\s+(?:gast\w+|autoren)|\bmindestens\s+\d{3,4}\s+wörter\b|\b(?:charte|consignes)\s+(?:de\s+publication|rédactionnel\w+)|\bmínimo\s+(?:de\s+)?\d{3,4}\s+palabras\b",
)
_GUEST_POSTS = _any(
    r"\b(?:this\s+(?:is|was)\s+a\s+guest\s+(?:post|article|contribution)|guest\s+(?:post|article|contribution)\s+by|(?:this|the)\s+guest\s+post\s+(?:is|was)\s+(?:by|written))",
    r"\b(?:about\s+the\s+guest\s+author|guest\s+author:|ein\s+gast(?:artikel|beitrag)\s+von|gastautor(?:in)?:|article\s+invité\s+(?:de|par)|artículo\s+invitado\s+de|guest\s+post\s+di)\b",
)
_SELLS = _any(
    r"\b(?:buy|purchase|sell(?:ing)?|order)\s+(?:\w+\s+){0,2}(?:backlinks?|links|guest\s+posts?|do-?follow)",
    r"\b(?:do-?follow)\s+(?:backlinks?|links?)\s+(?:for|from|only|at|\$|€|£|available)",
    r"\b(?:link\s+insertion|guest\s+post|sponsored\s+post|backlink)s?\s*(?:price|fee|cost|rate)?s?\s*[:=-]?\s*(?:\$|€|£|usd|eur|gbp)\s*\d+",
    r"\b(?:price|fee|cost|rate)s?\s+(?:per|for\s+(?:a|one|each))\s+(?:\w+\s+)?(?:guest\s+post|link|backlink|article|insertion)\b",
    r"\b(?:da|dr)\s*\d{2}\s*\+?\s*(?:backlinks?|links?|sites?|guest\s+posts?)\b",
)
_BAD = _any(
    r"\b(?:online\s+)?casinos?\b", r"\bslots?\s+(?:online|gacor)\b", r"\b(?:sports?\s+)?betting\b",
    r"\bpayday\s+loans?\b", r"\bviagra\b|\bcialis\b", r"\bessay\s+writing\s+service", r"\bescorts?\b", r"\bporn\b",
    r"\bjudi\b|\btogel\b|\bbandar\b", r"\bbuy\s+(?:instagram\s+)?followers\b", r"\breplica\s+watches\b",
)  # fmt: skip
_BLOG = re.compile(
    r"/(?:blog|articles?|magazine?|magazin|news|posts?|stories|journal|ratgeber|artikel|actualites)(?:[/?#]|$)",
    re.IGNORECASE,
)
_WRITE_PATH = re.compile(
    r"/(?:write[-_]?for[-_]?us|guest[-_]?(?:post|blog|author|contribut)\w*|contribut\w*|submit[-_]?(?:a[-_])?\w*|become[-_]a[-_]\w+|"
    r"gast(?:artikel|beitrag|autor)\w*|ecrire[-_]pour[-_]nous|escribe[-_]para[-_]nosotros|scrivi[-_]per[-_]noi)(?:[/?#.]|$)",
    re.IGNORECASE,
)
_BLOCK_RULES = (
    (Kind.INVITATION, _INVITATIONS),
    (Kind.GUIDELINES, _GUIDELINES),
    (Kind.GUEST_POSTS, _GUEST_POSTS),
    (Kind.SELLS_LINKS, _SELLS),
)


def _in_blocks(page: Page) -> Iterator[Signal]:
    for block in page.blocks:
        if not block.text:
            continue
        refusal = _REFUSALS.search(block.text)
        if refusal:
            yield Signal(Kind.REFUSAL, _quote(block, refusal))
        for kind, rule in _BLOCK_RULES:
            match = rule.search(block.text)
            # "We don't accept guest posts" holds the words of an invitation, too.
            if match and not (kind is Kind.INVITATION and refusal and _near(match, refusal)):
                yield Signal(kind, _quote(block, match))


def _near(one: re.Match[str], other: re.Match[str]) -> bool:
    return one.start() < other.end() + 40 and other.start() < one.end() + 40


def _in_links(page: Page) -> Iterator[Signal]:
    own = registrable(page.host) if page.host else ""
    for link in page.links:
        try:
            parts = urlsplit(link.href)
        except ValueError:
            continue
        host = parts.hostname or ""
        if host and own and registrable(host) != own:
            if match := _BAD.search(f"{link.text} {host.replace('-', ' ').replace('.', ' ')}"):
                yield Signal(Kind.BAD_NEIGHBOURS, f"{link.text or match[0]} → {host}"[:QUOTE])
        elif _WRITE_PATH.search(parts.path):
            yield Signal(Kind.INVITATION, f"{link.text} → {parts.path}"[:QUOTE])
        elif _BLOG.search(parts.path):
            yield Signal(Kind.BLOG, f"{link.text} → {parts.path}"[:QUOTE])


def _quote(block: Block, match: re.Match[str]) -> str:
    """The sentence that the words stand in."""
    text = block.text
    start = max(text.rfind(mark, 0, match.start()) for mark in (". ", "! ", "? ", "• ")) + 2
    start = start if start > 1 else 0
    ends = [end for mark in ".!?" if (end := text.find(mark + " ", match.end())) != -1]
    quote = text[start : min(ends, default=len(text) - 1) + 1].strip()
    if len(quote) > QUOTE:
        quote = text[max(start, match.start() - 60) :][:QUOTE].rpartition(" ")[0] + "…"
    return quote


# --- Where they are ---------------------------------------------------------------------------------------------------

_PREFIXES = {
    "49": "DE", "43": "AT", "41": "CH", "33": "FR", "39": "IT", "34": "ES", "31": "NL", "48": "PL", "46": "SE",
    "32": "BE", "351": "PT", "353": "IE", "45": "DK", "358": "FI", "47": "NO", "420": "CZ", "30": "GR", "36": "HU",
    "40": "RO", "359": "BG", "385": "HR", "421": "SK", "386": "SI", "370": "LT", "371": "LV", "372": "EE",
    "352": "LU", "356": "MT", "357": "CY", "354": "IS", "44": "GB", "61": "AU", "64": "NZ", "91": "IN", "65": "SG",
    "27": "ZA", "81": "JP", "55": "BR",
}  # fmt: skip
_PHONE = re.compile(
    r"(?:tel|phone|fon|call|mobile?|☎|t|p)\w{0,6}\.?\s*[:.]?\s*(\(?(?:\+|00)\s?(\d{1,3})\)?[\s\d()/.-]{6,20})",
    re.IGNORECASE,
)
# Formats of VAT numbers with their prefix (ec.europa.eu, VIES FAQ, question 11), the United Kingdom's beside them.
_VAT = re.compile(
    r"\b((AT)U\d{8}|(BE)[01]\d{9}|(BG)\d{9,10}|(CY)\d{8}[A-Z]|(CZ)\d{8,10}|(DE)\s?\d{3}\s?\d{3}\s?\d{3}|(DK)\d{8}|(EE)\d{9}|(EL)\d{9}|"
    r"(ES)[A-Z0-9]\d{7}[A-Z0-9]|(FI)\d{8}|(FR)\s?[A-Z0-9]{2}\s?\d{3}\s?\d{3}\s?\d{3}|(GB)\s?\d{3}\s?\d{4}\s?\d{2}|(HR)\d{11}|(HU)\d{8}|(IE)\d[A-Z0-9]\d{5}[A-Z]{1,2}|"
    r"(IT)\s?\d{11}|(LT)\d{9,12}|(LU)\d{8}|(LV)\d{11}|(MT)\d{8}|(NL)\s?\d{9}B\d{2}|(PL)\s?\d{10}|(PT)\s?\d{9}|(RO)\d{6,10}|(SE)\d{10}01|(SI)\d{8}|(SK)\d{10})\b"
)
_VAT_WORDS = re.compile(
    r"vat|ust|umsatzsteuer|tva|p\.?\s?iva|partita|nif|btw|nip|moms|steuer|uid|dič|cif", re.IGNORECASE
)
_IMPRINT = re.compile(
    r"\b(?:(Angaben gemäß § ?5 (?:TMG|DDG))|(Mentions légales)|(Registered in England(?: and Wales)?)|"
    r"(Handelsregister|Amtsgericht [A-ZÄÖÜ]\w+)|(Firmenbuch)|(Partita IVA)|(KvK[\s-]?n\w*))",
)
_IMPRINT_COUNTRIES = ("DE", "FR", "GB", "DE", "AT", "IT", "NL")
_COUNTRY_NAMES = {
    "germany": "DE", "deutschland": "DE", "austria": "AT", "österreich": "AT", "switzerland": "CH",
    "schweiz": "CH", "france": "FR", "italy": "IT", "italia": "IT", "spain": "ES", "españa": "ES",
    "netherlands": "NL", "nederland": "NL", "poland": "PL", "polska": "PL", "sweden": "SE", "sverige": "SE",
    "belgium": "BE", "portugal": "PT", "ireland": "IE", "denmark": "DK", "danmark": "DK", "finland": "FI",
    "norway": "NO", "united kingdom": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "canada": "CA",
    "australia": "AU", "new zealand": "NZ", "united states": "US", "usa": "US", "india": "IN",
}  # fmt: skip
_ADDRESS = re.compile(
    r"\b(?:\d{4,5}|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|[A-Z]{2}\s\d{5})\b[^.;|]{0,60}?[,\s]("
    + "|".join(sorted(_COUNTRY_NAMES, key=len, reverse=True))
    + r")\b",
    re.IGNORECASE,
)


def _countries(page: Page) -> Iterator[Signal]:
    """Country signals: an imprint, a VAT number, a postal address, a telephone prefix, what machines are told."""
    for block in page.blocks:
        text = block.text
        if not text:
            continue
        if match := _VAT.search(text):
            code = next(group for group in match.groups()[1:] if group)
            if _VAT_WORDS.search(text):
                yield _country({"EL": "GR"}.get(code, code), text, match)
        if match := _IMPRINT.search(text):
            place = next(number for number, group in enumerate(match.groups()) if group)
            yield _country(_IMPRINT_COUNTRIES[place], text, match)
        if match := _ADDRESS.search(text):
            yield _country(_COUNTRY_NAMES[match[1].lower()], text, match)
        if (match := _PHONE.search(text)) and (country := _of_prefix(match[2])):
            yield _country(country, text, match)
    for thing in page.structured:
        value = thing.get("addressCountry")
        name = str(value.get("name") if isinstance(value, dict) else value or "").strip()
        code = name.upper() if len(name) == 2 and name.isalpha() else _COUNTRY_NAMES.get(name.lower(), "")
        if code:
            yield Signal(Kind.COUNTRY, f"addressCountry: {name}", country={"UK": "GB"}.get(code, code))


def _of_prefix(digits: str) -> str:
    return next((_PREFIXES[digits[:length]] for length in (3, 2) if digits[:length] in _PREFIXES), "")


def _country(code: str, text: str, match: re.Match[str]) -> Signal:
    start = max(0, match.start() - 60)
    return Signal(Kind.COUNTRY, text[start : match.end() + 40].strip()[:QUOTE], country=code)
