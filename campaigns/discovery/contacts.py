"""Whom to write to at a site: addresses on a page in all the ways in which sites write them, with proof.

Each address carries how it was written and the passage it stands in. None is made up: an address counts only where its
ending is a public suffix, and an unclear one is left out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from html import unescape
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from campaigns.discovery.page import Block, Page
from campaigns.discovery.scripts import UNKNOWN, from_base64, strings_of
from compliance.addresses import InvalidAddressError, domain_of, is_free_mail, is_role_account, normalise
from outreach_site.lib.domains import is_public_name, registrable

SHORT_LINE = 120  # characters: a heading, or a name above its address
PASSAGE = 300  # characters that are quoted as proof
AT_MOST = 50  # addresses of one page: a page with more is a directory


class How(StrEnum):
    """How an address was written; earlier ones are the better proof."""

    MAILTO = "mailto"
    PLAIN = "plain"
    STRUCTURED = "structured"  # told to machines, as JSON-LD
    OBFUSCATED = "obfuscated"  # so that only people read it: in regions that ask, a person must say yes


@dataclass(frozen=True, slots=True)
class Found:
    """An address on a page. `email` is normalised; `passage` is what stands there, as it stands there."""

    email: str
    how: How
    passage: str
    name: str = ""
    role: str = ""
    url: str = ""


def find(page: Page) -> list[Found]:
    """Every address of a page, once each, the best to write to first."""
    found: dict[str, Found] = {}
    for each in _all(page):
        before = found.get(each.email)
        if before is None:
            if len(found) < AT_MOST:
                found[each.email] = replace(each, url=page.url)
        else:
            found[each.email] = replace(before, name=before.name or each.name, role=before.role or each.role)
    return ranked(found.values(), host=page.host)


def ranked(found: Iterable[Found], *, host: str = "") -> list[Found]:
    """The best to write to first: a named editor, another named person, the editors' desk, info@; never noreply@, and
    last an address of another domain than the site's.
    """
    return sorted((each for each in found if not _never_read(each.email)), key=lambda each: _rank(each, host))


def _rank(each: Found, host: str) -> tuple[bool, int, str]:
    domain = registrable(domain_of(each.email))
    elsewhere = bool(host) and domain != registrable(host) and not (is_free_mail(domain) and each.name)
    local = each.email.partition("@")[0]
    if each.name and _EDITS.search(each.role):
        place = 0
    elif each.name and not is_role_account(each.email):
        place = 1
    elif _DESK.fullmatch(local):
        place = 2
    elif not is_role_account(each.email):
        place = 3
    else:
        place = 4 if local in {"hello", "contact", "kontakt", "hi"} else 5
    return elsewhere, place, each.email


_EDITS = re.compile(r"edit|content|redak|rédac|redac|redaz|redat|journalis|blog|author|outreach|publish", re.IGNORECASE)
_DESK = re.compile(
    r"(?:guest[._-]?posts?|editors?|editorial|submissions?|submit|pitch(?:es)?|contribut\w*|write|redaktion|redaction|"
    r"redazione|redaccion|redactie|redakcja|content|blog|outreach|stories)"
)
_NEVER = re.compile(
    r"(?:no|do[._-]?not|ne[._-]?pas|nicht|non)[._-]?(?:reply|replies|answer|respond|repondre|antworten|rispondere)\w*"
    r"|(?:mailer-daemon|postmaster|abuse|hostmaster|bounces?|unsubscribe|devnull|donotreply)"
)


def _never_read(email: str) -> bool:
    return bool(_NEVER.fullmatch(email.partition("@")[0]))


# --- Where addresses stand --------------------------------------------------------------------------------------------


def _all(page: Page) -> Iterator[Found]:
    before = ""
    for block, following in pairwise([*page.blocks, Block("")]):
        yield from _in_block(block, before, following.text)
        if block.text:
            # What a short line says is about the next one alone.
            before = block.text if len(block.text) < SHORT_LINE and "@" not in block.text else ""
    for thing in page.structured:
        yield from _in_structured(thing)
    for script in page.scripts:
        yield from _in_script(script)


def _in_block(block: Block, before: str, following: str) -> Iterator[Found]:
    text = block.text
    context = f"{before}\n{text}"
    for link in block.links:
        if link.href[:7].lower() != "mailto:":
            continue
        addresses = unquote(link.href[7:].partition("?")[0])
        for written in re.split(r"[,;]", addresses):
            if email := address(written.rpartition("<")[2], any_ending=True):
                name, role = _who(email, context, link.text)
                yield Found(email, How.MAILTO, _passage(text or link.text or written, link.text), name, role)
    by_browser = dict.fromkeys(email for words, way in block.written for email in _undone(words, way=way))
    for email in by_browser:
        name, role = _who(email, context, "")
        yield Found(email, How.OBFUSCATED, _passage(text or following or email, email), name, role)
    for email, written, how in _in_text(text):
        if email not in by_browser:
            name, role = _who(email, context, "")
            yield Found(email, how, _passage(text, written), name, role)


def _in_structured(thing: dict[str, Any]) -> Iterator[Found]:
    values = thing.get("email")
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, str) and (email := address(value.removeprefix("mailto:"))):
            is_person = "person" in str(thing.get("@type", "")).lower()
            name = str(thing.get("name") or "")[:120] if is_person else ""
            role = str(thing.get("jobTitle") or thing.get("contactType") or "")[:120]
            words = ", ".join(part for part in (str(thing.get("name") or ""), role, value) if part)
            yield Found(email, How.STRUCTURED, words[:PASSAGE], name, role)


def _in_script(script: str) -> Iterator[Found]:
    """What a script writes into the page. A string that it merely holds is somebody else's as often as not."""
    if "@" not in script and not re.search(
        r"\\x40|\\u0040|%40|&#|fromCharCode|atob|rot13|crypt|\breverse\b|\bat\b", script, re.IGNORECASE
    ):
        return
    for value in strings_of(script):
        plain = unescape(unescape(value))
        is_written = "mailto:" in plain.lower() or plain not in script
        if not is_written:
            continue
        for part in plain.split(UNKNOWN):
            for email in _undone(re.sub(r"(?i)mailto:", " ", part)):
                yield Found(email, How.OBFUSCATED, f"Put together by a script of the page: {email}")


def _undone(words: str, *, way: str = "") -> list[str]:
    """Addresses in something that only a browser or a script makes readable: as it is, or turned around, shifted by
    thirteen letters, or in base64; the first reading that makes sense counts.
    """
    plain = unquote(unescape(words))
    if way == "Cloudflare":
        return [email] if (email := address(plain, any_ending=True)) else []
    # What stands for the @ is put there after the shift.
    shifted = codecs.decode(re.sub(r"[\[(]at[\])]", "@", plain), "rot13")
    readings = [plain, plain[::-1], shifted, from_base64(plain)]
    if way == "encoded":
        readings.insert(0, readings.pop(2))  # .org shifted is .bet, which is an ending, too.
    for reading in readings:
        text = re.sub(r"(?i)^\s*mailto:", "", reading)
        if found := [email for email, _, _ in _in_text(text)]:
            return found
    return []


# --- Addresses in text ------------------------------------------------------------------------------------------------

_LOCAL = r"[a-z0-9](?:[a-z0-9._%+'-]{0,62}[a-z0-9_+-])?"
_LABEL = r"[a-z0-9\u00a1-\uffff](?:[a-z0-9\u00a1-\uffff-]{0,61}[a-z0-9\u00a1-\uffff])?"
_PLAIN = re.compile(
    rf"(?<![\w.%+@/=-])({_LOCAL})[@\uff20\ufe6b]((?:{_LABEL}\.){{1,6}}[a-z\u00a1-\uffff]{{2,24}})", re.IGNORECASE
)
_OPEN, _CLOSE = r"[\[({<«„\"'_*|=~-]", r"[\])}>»“\"'_*|=~-]"
_AT_WORDS = (
    r"at|ät|æt|arroba|arobase|chiocciola|chez|malpa|małpa|zavin[aá][cč]|klammeraffe|snabel-?a|apenstaartje|kukac|a|@"
)
_DOT_WORDS = r"dot|d0t|punkt|punto|point|ponto|kropka|tečka|tecka|piste|prik|\."
_SAID = "dot|punkt|punto|point|ponto|kropka"
_AT = rf"(?:\s*{_OPEN}{{1,2}}\s*(?:{_AT_WORDS})\s*{_CLOSE}{{1,2}}\s*)"
_DOT = rf"(?:\s*{_OPEN}{{1,2}}\s*(?:{_DOT_WORDS})\s*{_CLOSE}{{1,2}}\s*|\s+(?:{_SAID})\s+|\s?\.\s?(?=\w))"
_DOT_SAID = rf"(?:\s*{_OPEN}{{1,2}}\s*(?:{_DOT_WORDS})\s*{_CLOSE}{{1,2}}\s*|\s+(?:{_SAID})\s+)"
_WORD = r"[a-z0-9](?:[a-z0-9_+-]{0,40}[a-z0-9])?"
_SPACED = r"[a-z0-9](?:\s[a-z0-9]){1,40}"
_HIDDEN_FORMS = (
    # info [at] example [dot] org; jane(dot)doe(at)example.org
    re.compile(
        rf"(?<![\w@.])((?:{_WORD}(?:{_DOT_SAID}|\.)){{0,3}}{_WORD}){_AT}({_WORD}(?:{_DOT}{_WORD}){{1,4}})(?!\w)",
        re.IGNORECASE,
    ),
    # m a i l [at] e x a m p l e [dot] o r g
    re.compile(rf"(?<![\w@.])({_SPACED}){_AT}({_SPACED}(?:{_DOT_SAID}{_SPACED}){{1,4}})(?!\w)", re.IGNORECASE),
    # info @ example . org
    re.compile(
        rf"(?<![\w@.])({_WORD}(?:\.{_WORD}){{0,3}})(?:\s@\s|@)({_WORD}(?:\s?\.\s?{_WORD}){{1,4}})(?!\w)", re.IGNORECASE
    ),
    # mary at example dot org: only where the dots are said, too
    re.compile(
        rf"(?<![\w@.])({_WORD}(?:(?:\s+(?:dot|punkt|punto|point|ponto)\s+|\.){_WORD}){{0,3}})\s+(?:at|ät|arroba|chiocciola)\s+"
        rf"({_WORD}(?:{_DOT_SAID}{_WORD}){{1,4}})(?!\w)",
        re.IGNORECASE,
    ),
)
# "Find us at example dot com" names a site and no address.
_NO_LOCAL_WORDS = """
    us me you him her them it we find look visit site website blog page online here live available based located shop
    store read more see arrive home only also or and is are be was meet join follow uns mich nos
"""
_NO_LOCAL = frozenset(_NO_LOCAL_WORDS.split())
_DOT_BETWEEN = re.compile(
    rf"\s*(?:{_OPEN}{{1,2}}\s*(?:{_DOT_WORDS})\s*{_CLOSE}{{1,2}}|\b(?:dot|punkt|punto|point|ponto|kropka)\b|\.)\s*",
    re.IGNORECASE,
)
# What a careful reader takes out: nameNOSPAM@example.org. In capitals only, as people write it.
_SPAM_TRAP = re.compile(r"[-_.]?(?:NO[-_]?SPAM|REMOVE[-_]?(?:THIS|ME)?|SPAMFREE|DELETE[-_]?(?:THIS|ME))[-_.]?")


def _in_text(text: str) -> Iterator[tuple[str, str, How]]:
    """Addresses in a text: normalised, as written, and how."""
    if "&#" in text or "&amp;" in text:
        text = unescape(text)
    text = _WEB_ADDRESS.sub(" ", text)
    rest = text
    for match in _PLAIN.finditer(text):
        written = match[0]
        without = _SPAM_TRAP.sub(lambda trap: "." if trap[0].startswith(".") and trap[0].endswith(".") else "", written)
        email = address(without)
        if email and not _is_example(email):
            yield email, written, How.PLAIN if without == written else How.OBFUSCATED
        rest = rest.replace(written, " ; ")
    for form in _HIDDEN_FORMS:
        for match in form.finditer(rest):
            local = _DOT_BETWEEN.sub(".", match[1])
            domain = _DOT_BETWEEN.sub(".", match[2])
            if form is _HIDDEN_FORMS[1]:
                local, domain = local.replace(" ", ""), domain.replace(" ", "")
            email = address(f"{local}@{domain}".replace(" ", ""))
            if email and not (form is _HIDDEN_FORMS[3] and local.lower() in _NO_LOCAL):
                yield email, match[0], How.OBFUSCATED
                rest = rest.replace(match[0], " ; ")


_WEB_ADDRESS = re.compile(r"\b(?:https?|ftp|wss?)://\S+", re.IGNORECASE)


def address(written: str, *, any_ending: bool = False) -> str:
    """The text as one normalised address; empty where it is none, or ends in no public suffix.

    `any_ending`: for what can be nothing but an address, such as the target of a mailto link.
    """
    text = unescape(written).strip(" \t\r\n<>\"'.,;:()[]").replace("\uff20", "@")
    if text.count("@") != 1:
        return ""
    try:
        email = normalise(text)
    except InvalidAddressError:
        return ""
    domain = domain_of(email)
    return email if any_ending or is_public_name(domain) else ""


_EXAMPLES = re.compile(
    r"(?:your|ihre?|votre|tu|su|jouw|twoj)[._-]?(?:name|mail|email|address|adresse|correo)?|user(?:name)?|xx+|abc",
    re.IGNORECASE,
)
_EXAMPLE_DOMAINS = re.compile(
    r"(?:your|my|ihre?)[-]?(?:domain|company|site|website|email|firma)?\.\w+|domain\.\w+|xx+\.\w+", re.IGNORECASE
)


def _is_example(email: str) -> bool:
    """`you@yourdomain.com` in a form's label is nobody's."""
    local, _, domain = email.partition("@")
    return bool(_EXAMPLES.fullmatch(local) or _EXAMPLE_DOMAINS.fullmatch(domain))


# --- Who it is --------------------------------------------------------------------------------------------------------

_NAME_WORD = r"(?:[A-ZÀ-ÖØ-ÞŁŚŻŹĆČŠŽĐ][\w'’\u00c0-\u024f-]{1,24}|[A-Z]\.)"
_NAME = re.compile(
    rf"\b{_NAME_WORD}(?:\s+(?:(?:van|von|de|del|della|da|di|der|den|la|le|bin|al)\s+){{0,2}}{_NAME_WORD}){{1,3}}\b"
)
_ROLE = re.compile(
    r"(?:(?:senior|junior|managing|deputy|associate|assistant|executive|commissioning|contributing|features?|guest|lead|"
    r"chief|online|digital|digitale?|web)\s+){0,2}"
    r"(?:editor(?:ial)?(?:[\s-]in[\s-]chief|\s+(?:manager|director|assistant))?|content\s+(?:manager|director|lead|editor|marketer|strategist)|"
    r"(?:co-?)?founder|owner|publisher|blogger|author|writer|journalist|webmaster|community\s+manager|outreach\s+\w+|"
    r"pr\s+manager|marketing\s+(?:manager|director|lead)|"
    r"(?:chef)?redakteur(?:in)?|redaktionsleit(?:ung|er|erin)|chefredaktion|inhaber(?:in)?|geschäftsführer(?:in)?|autorin?|"
    r"r[ée]dact(?:eur|rice)(?:\s+en\s+chef)?|responsable\s+\w+|fondat(?:eur|rice)|"
    r"(?:redact|edit)ora?(?:\s+jefe|\s+chefe|-chefe)?|fundadora?|direttore(?:\s+responsabile)?|direttrice|redattor[ei]|redattrice|"
    r"caporedattore|(?:hoofd|eind)?redacteur|hoofdredactie|eigenaar|redaktor(?:ka)?(?:\s+naczeln[ya])?|właściciel(?:ka)?|"
    r"(?:ansvarlig\s+)?redaktör|redaktør|chefredaktör|chefredaktør)\b",
    re.IGNORECASE,
)
# Capitalised words that stand where names do.
_NO_NAME_WORDS = """
    about above address advertise all and any blog book business call careers click company contact contribute copyright
    cookie customer department dear do don't editor editorial editors email e-mail enquiries fax follow for founder from
    general get guest guidelines hello help home how if imprint impressum in information inquiries join kontakt legal
    ltd llc gmbh inc mail managing marketing media meet monday news no office online our owner phone pitch please policy
    post posts press privacy questions read rights sales send share sponsored submissions submit subscribe support team
    tel telephone terms thank the this to us use visit we website welcome what when where who why write you your
    redaktion redakteur redakteurin chefredakteur chefredakteurin inhaber inhaberin ansprechpartner kontaktieren
    chief content manager director webmaster publisher author writer journalist ceo cto
"""
_NO_NAME = frozenset(_NO_NAME_WORDS.split())


def _who(email: str, context: str, anchor: str) -> tuple[str, str]:
    """The person's name and role, where the page states them beside the address."""
    role_match = _ROLE.search(context)
    role = role_match[0].strip()[:120] if role_match else ""
    local = re.sub(r"[^a-z]", "", email.partition("@")[0])
    names = [name for name in map(_as_name, [anchor, *_names_in(context)]) if name]
    for name in names:
        first, *_, last = [re.sub(r"[^a-z]", "", word.casefold()) for word in name.split()]
        if first and last and (local in {first, last, first + last, last + first, first[0] + last, first + last[0]}):
            return name, role
    if is_role_account(email) or len(set(names)) != 1:
        return "", role if not is_role_account(email) or _DESK.fullmatch(local) else ""
    return names[0], role


def _names_in(context: str) -> list[str]:
    return [name for line in context.split("\n") for name in _NAME.findall(line)]


def _as_name(text: str) -> str:
    text = text.strip(" ,.:;–-")
    if not _NAME.fullmatch(text) or any(word.casefold().strip(".,:") in _NO_NAME for word in text.split()):
        return ""
    return text[:120]


def _passage(text: str, written: str) -> str:
    """What stands around an address, cut at words, with the address in sight."""
    if len(text) <= PASSAGE:
        return text
    middle = max(text.find(written), 0) if written else 0
    start = max(0, min(middle - PASSAGE // 3, len(text) - PASSAGE))
    cut = text[start : start + PASSAGE]
    if start:
        cut = "…" + cut.partition(" ")[2]
    return cut.rpartition(" ")[0] + "…" if start + PASSAGE < len(text) else cut
