"""What a domain's SPF, DKIM, DMARC and MX records say, and what they should. Pure, but for the names that are asked.

Sources: RFC 7208 (SPF), 6376 and 8301 (DKIM), 7489 (DMARC), 7505 (null MX); the providers' own help pages.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from outreach_site.lib.domains import registrable
from outreach_site.mailboxes.domains.names import Names, UnknownError
from outreach_site.mailboxes.models import Provider


class Verdict(StrEnum):
    GOOD = "good"
    WARN = "warn"  # it is there, and could do harm or do more
    MISSING = "missing"
    UNKNOWN = "unknown"  # nobody could say: never a failure


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of record. `found` is what stands in the DNS, `publish` a name and a value that would be right."""

    kind: str
    verdict: Verdict
    sentence: str
    found: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    publish: tuple[str, str] | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self) | {"verdict": self.verdict.value}


LOOKUP_LIMIT = 10  # RFC 7208, 4.6.4
MOST_KEPT = 12

# What has to stand in the domain's SPF record for letters that leave through a provider.
SPF_INCLUDES = {
    Provider.GMAIL: "_spf.google.com",
    Provider.OUTLOOK: "spf.protection.outlook.com",
    Provider.SENDGRID: "sendgrid.net",
    Provider.MAILGUN: "mailgun.org",
    Provider.SES: "amazonses.com",
}
DKIM_SELECTORS = {
    Provider.GMAIL: ("google",),
    Provider.OUTLOOK: ("selector1", "selector2"),
    Provider.SENDGRID: ("s1", "s2"),
    Provider.MAILGUN: ("mx", "k1", "pic", "smtp", "mailo"),
    Provider.CPANEL: ("default",),
}
COMMON_SELECTORS = ("default", "google", "selector1", "selector2", "dkim", "mail", "k1", "s1", "s2")
# Providers that sign under these selectors and no other.
FIXED_SELECTORS = frozenset({Provider.GMAIL, Provider.OUTLOOK})


def look(domain: str, *, providers: Collection[str], selectors: Collection[str], names: Names) -> list[Finding]:
    """All four findings; trouble with one record says nothing about the others."""
    return [
        _known("SPF", lambda: spf(domain, providers, names)),
        dkim(domain, providers, selectors, names),
        _known("DMARC", lambda: dmarc(domain, names)),
        _known("MX", lambda: mx(domain, names)),
    ]


def _known(kind: str, ask: Callable[[], Finding]) -> Finding:
    try:
        return ask()
    except UnknownError as err:
        return Finding(kind, Verdict.UNKNOWN, f"{err} It is asked again by itself.")


# --- SPF -------------------------------------------------------------------------------------------------------------


@dataclass
class _Walk:
    """What following a record's includes found."""

    names: Names
    lookups: int = 0
    included: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)

    def follow(self, record: str) -> None:
        for word in record.split()[1:]:
            term = word.lstrip("+-~?")
            name, colon, value = term.partition(":")
            if not colon:
                name, _, value = term.partition("=")
            name = name.partition("/")[0].lower()
            if name in {"a", "mx", "ptr", "exists", "include", "redirect"}:
                self.lookups += 1
            if self.lookups > LOOKUP_LIMIT:
                return
            if name in {"include", "redirect"} and "%" not in value:
                self._into(value.lower().rstrip("."))

    def _into(self, name: str) -> None:
        if name in self.included:
            return
        self.included.add(name)
        records = _spf_records(self.names.texts(name))
        if len(records) == 1:
            self.follow(records[0])
        else:
            self.broken.append(name)


def _spf_records(texts: list[str]) -> list[str]:
    return [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def spf(domain: str, providers: Collection[str], names: Names) -> Finding:
    wanted = [SPF_INCLUDES[each] for each in SPF_INCLUDES if each.value in providers]
    records = _spf_records(names.texts(domain))
    found = tuple(records[:MOST_KEPT])
    if not records:
        parts = ["v=spf1", *(f"include:{name}" for name in wanted), *([] if wanted else ["a", "mx"]), "~all"]
        return Finding(
            "SPF", Verdict.MISSING, "Nothing says which servers may send for this domain.",
            publish=(domain, " ".join(parts)),
        )  # fmt: skip
    if len(records) > 1:
        return Finding(
            "SPF", Verdict.WARN, "There are several SPF records, and receivers then count none of them.", found,
            notes=("Make one of them.",),
        )  # fmt: skip
    record = records[0]
    walk = _Walk(names)
    walk.follow(record)
    problems = []
    if walk.lookups > LOOKUP_LIMIT:
        problems.append("It needs more than 10 lookups, and receivers then give it up. Take out what is not used.")
    if walk.broken:
        problems.append(f"It includes {', '.join(sorted(walk.broken)[:3])}, where no SPF record stands.")
    end = next((word.lower() for word in record.split() if word.lower().lstrip("+-~?") == "all"), "")
    has_redirect = any(word.lower().startswith("redirect=") for word in record.split())
    if end in {"all", "+all"}:
        problems.append("It ends with +all, which lets everybody send in this domain's name.")
    elif end == "?all" or (not end and not has_redirect):
        problems.append("It does not say what to think of other servers: end it with ~all.")
    absent = [name for name in wanted if name not in walk.included]
    publish = None
    if absent:
        problems.append(f"It leaves out {', '.join(absent)}, through which this domain's mailboxes send.")
        words = record.split()
        publish = (domain, " ".join([words[0], *(f"include:{name}" for name in absent), *words[1:]]))
    if problems:
        return Finding("SPF", Verdict.WARN, problems[0], found, tuple(problems[1:]), publish)
    return Finding(
        "SPF", Verdict.GOOD, "It says which servers may send for this domain.", found,
        (f"{walk.lookups} of 10 lookups.",),
    )  # fmt: skip


# --- DKIM ------------------------------------------------------------------------------------------------------------


def dkim(domain: str, providers: Collection[str], selectors: Collection[str], names: Names) -> Finding:
    """Keys under the selectors given, else under the usual ones. That none stands there proves nothing by itself: any
    word can be a selector.
    """
    usual = [word for each in DKIM_SELECTORS if each.value in providers for word in DKIM_SELECTORS[each]]
    asked = list(dict.fromkeys(selectors or [*usual, *COMMON_SELECTORS]))
    found, problems, unsure = [], [], ""
    for selector in asked[:MOST_KEPT]:
        name = f"{selector}._domainkey.{domain}"
        try:
            records = [text for text in names.texts(name) if "p=" in text.replace(" ", "")]
        except UnknownError as err:
            unsure = unsure or str(err)
            continue
        if records:
            found.append(f"{selector}: {records[0][:200]}")
            problem = _key_problem(records[0])
            if problem:
                problems.append(f"{selector}: {problem}")
        elif selectors:
            problems.append(f"{selector}: no key stands at {name}.")
    if found and len(problems) < len(found):
        verdict = Verdict.WARN if problems and selectors else Verdict.GOOD
        sentence = problems[0] if verdict is Verdict.WARN else "A key is published, with which letters can be signed."
        return Finding("DKIM", verdict, sentence, tuple(found), tuple(problems))
    if found:
        return Finding("DKIM", Verdict.WARN, problems[0], tuple(found), tuple(problems[1:]))
    if unsure:
        return Finding("DKIM", Verdict.UNKNOWN, f"{unsure} It is asked again by itself.")
    if selectors or any(each.value in providers for each in FIXED_SELECTORS):
        return Finding(
            "DKIM", Verdict.MISSING, "No key is published, so that letters cannot be signed in this domain's name.",
            notes=("Your provider makes the key: look for “DKIM” or “authenticate domain” there, and publish that.",),
            publish=(f"{asked[0]}._domainkey.{domain}", "v=DKIM1; k=rsa; p=(the key that your provider shows)"),
        )  # fmt: skip
    return Finding(
        "DKIM", Verdict.UNKNOWN, "No key stands under the usual selectors; your provider may use another one.",
        notes=("Type the selector below: it is the s= of the DKIM-Signature in a letter that you sent.",),
    )  # fmt: skip


def _key_problem(record: str) -> str:
    tags = _tags(record)
    if not tags.get("p"):
        return "the key was withdrawn (p= is empty)."
    if tags.get("k", "rsa") != "rsa":
        return ""
    try:
        key = load_der_public_key(base64.b64decode("".join(tags["p"].split()), validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return "the key cannot be read: a part of it may be lost."
    if isinstance(key, RSAPublicKey) and key.key_size < 1024:
        return f"the key has {key.key_size} bits, and less than 1024 count for nothing."
    return "it says that it is being tested (t=y)." if "y" in tags.get("t", "").split(":") else ""


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


# --- DMARC and MX ----------------------------------------------------------------------------------------------------


def dmarc(domain: str, names: Names) -> Finding:
    parent = registrable(domain)
    where, records = domain, _dmarc_records(names.texts(f"_dmarc.{domain}"))
    if not records and parent != domain:
        where, records = parent, _dmarc_records(names.texts(f"_dmarc.{parent}"))
    found = tuple(records[:MOST_KEPT])
    publish = (f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}")
    if not records:
        return Finding(
            "DMARC", Verdict.MISSING, "Nothing says what to do with forged letters. Gmail and Yahoo ask for it.",
            publish=publish,
        )  # fmt: skip
    if len(records) > 1:
        return Finding("DMARC", Verdict.WARN, "There are several DMARC records, and none of them counts.", found)
    tags = _tags(records[0])
    policy = tags.get("sp", tags.get("p", "")) if where != domain else tags.get("p", "")
    notes = []
    if where != domain:
        notes.append(f"It is the record of {where}, which counts for the domains below it.")
    if tags.get("aspf", "r").lower() == "s" or tags.get("adkim", "r").lower() == "s":
        notes.append("It asks for strict alignment: the signature must name exactly the sender's domain.")
    if policy.lower() in {"quarantine", "reject"}:
        return Finding("DMARC", Verdict.GOOD, f"Forged letters are to be refused or put aside (p={policy}).", found,
                       tuple(notes))  # fmt: skip
    if policy.lower() == "none":
        return Finding(
            "DMARC", Verdict.WARN, "It only watches (p=none): enough to be delivered, and no shield against forgery.",
            found, (*notes, "Once your own letters pass, make it p=quarantine."),
        )  # fmt: skip
    return Finding("DMARC", Verdict.WARN, "Its policy cannot be read.", found, tuple(notes), publish)


def _dmarc_records(texts: list[str]) -> list[str]:
    return [text for text in texts if _tags(text.partition(";")[0]).get("v", "").upper() == "DMARC1"]


def mx(domain: str, names: Names) -> Finding:
    found = names.exchanges(domain)
    if found == ["."]:
        return Finding("MX", Verdict.WARN, "The domain says that it takes no mail: nobody can answer.", (".",))
    if not found:
        return Finding("MX", Verdict.MISSING, "No server takes mail for this domain: answers may not arrive.")
    shown = tuple(name.rstrip(".") for name in found[:MOST_KEPT])
    return Finding("MX", Verdict.GOOD, "Answers find their way to this domain.", shown)
