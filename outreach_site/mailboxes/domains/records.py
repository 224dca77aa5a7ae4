"""What a domain's SPF, DKIM, DMARC and MX records say, and what they should. Pure, but for the names that are asked.

Sources: RFC 7208 (SPF), 6376 and 8301 (DKIM), 7489 (DMARC), 7505 (null MX); the providers' own help pages.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from outreach_site.lib.domains import FREE_MAIL, registrable
from outreach_site.mailboxes.domains.names import Names, UnknownError
from outreach_site.mailboxes.domains.spf_terms import LETS_IN_ALL, LOOKUPS, ONCE, Term, terms_of
from outreach_site.mailboxes.models import Provider


class Verdict(StrEnum):
    GOOD = "good"
    WARN = "warn"  # it is there, and could do harm or do more
    MISSING = "missing"
    UNKNOWN = "unknown"  # nobody could say: never a failure
    THEIRS = "theirs"  # a mail provider's own domain: the user can publish nothing there


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


LOOKUP_LIMIT = 10  # RFC 7208, 4.6.4; of the servers that one mx may name, too
VOID_LIMIT = 2  # of those, that find nothing
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


THEIRS = (
    "This domain is your mail provider's, which publishes its records and signs your letters: there is nothing for you "
    "to do. Letters from it must leave through that provider's own server."
)


def look(domain: str, *, providers: Collection[str], selectors: Collection[str], names: Names) -> list[Finding]:
    """All four findings; trouble with one record says nothing about the others. Of a provider's own domain only that it
    is one: nothing is asked.
    """
    if domain.lower() in FREE_MAIL:
        return [Finding("Domain", Verdict.THEIRS, THEIRS)]
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
    """What following a record's includes found, as a receiver follows them: each as often as it stands there."""

    names: Names
    path: list[str]
    lookups: int = 0
    included: set[str] = field(default_factory=set)  # what these records let pass, this one lets pass
    broken: set[str] = field(default_factory=set)
    circular: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)
    void: list[tuple[str, str]] = field(default_factory=list)  # whose word it is that finds nothing, and the word
    crowded: set[str] = field(default_factory=set)  # an mx of more servers than are asked
    open: set[str] = field(default_factory=set)  # included, and letting everybody in

    def follow(self, record: str, *, passing: bool = True) -> str:
        """The `all` that has the last word: the record's own, or the one of where it redirects to; "" for none. A
        redirection that only a letter fills is a last word, too.
        """
        terms = terms_of(record)
        self.unknown += [term.word for term in terms if not term.is_known]
        self.malformed += [term.word for term in terms if term.is_known and not term.is_well_formed]
        modifiers = [term.name for term in terms if term.is_modifier]
        self.malformed += [f"{name}= twice" for name in ONCE if modifiers.count(name) > 1]
        for term in sorted(terms, key=lambda term: term.is_modifier):
            if not term.is_known or not term.is_well_formed:
                continue
            if term.is_all:
                return term.word.lower()
            self.lookups += term.name in LOOKUPS and term.is_modifier is (term.name == "redirect")
            if self.lookups > LOOKUP_LIMIT:
                return ""
            self._look_up(term)
            end = self._into(term.leads_to, passing=passing and term.passes) if term.leads_to else ""
            if term.is_modifier and term.name == "redirect":
                return end if term.leads_to else term.word
            if end in LETS_IN_ALL and term.passes:
                self.open.add(term.leads_to)
        return ""

    def _look_up(self, term: Term) -> None:
        """Whether what it names is there at all. A name that is made of a letter, nobody can ask for before."""
        if term.is_modifier or term.name not in {"a", "mx", "exists"} or "%" in term.host:
            return
        name = term.host or self.path[-1]
        found = self.names.exchanges(name) if term.name == "mx" else self.names.hosts(name)
        if not found:
            self.void.append((self.path[-1], term.word))
        if term.name == "mx" and len(found) > LOOKUP_LIMIT:
            self.crowded.add(term.word)

    def _into(self, name: str, *, passing: bool) -> str:
        if name in self.path:
            self.circular.add(name)
            return ""
        if passing:
            self.included.add(name)
        records = _spf_records(self.names.texts(name))
        if len(records) != 1:
            self.broken.add(f"{name}, where {'several SPF records stand' if records else 'no SPF record stands'}")
            return ""
        self.path.append(name)
        end = self.follow(records[0], passing=passing)
        self.path.pop()
        return end

    def given_up(self, *, without: Collection[str] = ()) -> list[str]:
        """Why receivers give the record up as a whole (RFC 7208, 4.6 and 5.2), in sentences; also if it were `without`
        some of its words that find nothing.
        """
        sentences = []
        if self.unknown:
            sentences.append(f"SPF knows no {_few(map(_quoted, self.unknown))}, and receivers then give the record up.")
        if self.malformed:
            sentences.append(
                f"SPF cannot read {_few(map(_quoted, self.malformed))}, and receivers then give the record up. Write "
                "it as in ip4:192.0.2.0/24, ip6:2001:db8::/32 or include:mail.example.com, or take it out."
            )
        if self.circular:
            sentences.append(f"{_few(self.circular)} leads back to itself, and receivers then give the record up.")
        if self.lookups > LOOKUP_LIMIT:
            sentences.append("It needs more than 10 lookups, and receivers then give it up. Take out what is not used.")
        if self.broken:
            sentences.append(f"It includes {_few(self.broken)}, and receivers then give the record up.")
        if self.crowded:
            sentences.append(f"{_few(self.crowded)} names more than 10 servers, and receivers then give the record up.")
        void = [word for where, word in self.void if where != self.path[0] or word not in without]
        if len(void) > VOID_LIMIT:
            sentences.append(
                f"Nothing stands at what {_few(map(_quoted, void))} name: receivers take {VOID_LIMIT} such words, and "
                "then give the record up. Take them out."
            )
        return sentences


def _quoted(word: str) -> str:
    return f"“{word[:60]}”"


def _few(words: Iterable[str]) -> str:
    return ", ".join(sorted(set(words))[:3])


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
    walk, terms = _Walk(names, [domain]), terms_of(records[0])
    try:
        end = walk.follow(records[0])
    except UnknownError:
        if not (known := walk.given_up()):
            raise
        return Finding("SPF", Verdict.WARN, known[0], found, tuple(known[1:]))
    given_up = walk.given_up()
    problems = list(given_up)
    if end in LETS_IN_ALL:
        problems.append("It ends with +all, which lets everybody send in this domain's name.")
    elif walk.open:
        problems.append(f"It includes {_few(walk.open)}, which lets everybody send in this domain's name.")
    elif end == "?all" or not (end or given_up):
        problems.append("It does not say what to think of other servers: end it with ~all.")
    if unread := _behind_all(terms):
        problems.append(f"Receivers stop at all, and never read {_few(unread)} behind it: put all last.")
    turned_down = [term.word for term in terms if term.leads_to in wanted and not term.passes]
    there = walk.included | {term.leads_to for term in terms if term.passes}
    absent = [name for name in wanted if name not in there] if walk.lookups <= LOOKUP_LIMIT else []
    if turned_down:
        problems.append(
            f"{_few(map(_quoted, turned_down))} lets no letter pass that this domain's mailboxes send: write it "
            "without the sign in front."
        )
    elif absent:
        problems.append(f"It leaves out {', '.join(absent)}, through which this domain's mailboxes send.")
    if any(term.name == "ptr" and not term.is_modifier for term in terms):
        problems.append("It uses ptr, which many receivers pass over: name the servers by a, mx, ip4 or ip6.")
    void = {word for where, word in walk.void if where == domain} if given_up else set()
    better = _mended(terms, absent, without={*turned_down, *void})
    mends = bool(absent or unread or turned_down or void) and not walk.given_up(without=void)
    if problems:
        publish = (domain, better) if mends else None
        return Finding("SPF", Verdict.WARN, problems[0], found, tuple(problems[1:]), publish)
    return Finding(
        "SPF", Verdict.GOOD, "It says which servers may send for this domain.", found,
        (f"{walk.lookups} of 10 lookups.",),
    )  # fmt: skip


def _behind_all(terms: Sequence[Term]) -> list[str]:
    """The mechanisms that no receiver comes to."""
    mechanisms = [term for term in terms if not term.is_modifier]
    first = next((at for at, term in enumerate(mechanisms) if term.is_all), len(mechanisms))
    return [term.word for term in mechanisms[first + 1 :]]


def _mended(terms: Sequence[Term], absent: Sequence[str], *, without: Collection[str]) -> str:
    """With what it leaves out, without what helps nobody, and `all` where everything has been looked at."""
    added = [f"include:{name}" for name in absent]
    last = [term.word for term in terms if term.is_all][:1]
    kept = [term.word for term in terms if not term.is_all and term.word not in without]
    return " ".join(["v=spf1", *added, *kept, *last])


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
    if policy.lower() == "quarantine" and tags.get("pct") == "0":
        return Finding(
            "DMARC", Verdict.WARN, "It only watches: pct=0 takes its p=quarantine back.", found,
            (*notes, "Once your own letters pass, take pct=0 out."),
        )  # fmt: skip
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
    if not found and names.hosts(domain):
        return Finding(
            "MX", Verdict.WARN, "It names no server for mail, and answers go to the address of the domain itself.",
            notes=("If that is a web server that takes no mail, publish an MX record.",),
        )  # fmt: skip
    if not found:
        return Finding("MX", Verdict.MISSING, "No server takes mail for this domain: answers may not arrive.")
    shown = tuple(name.rstrip(".") for name in found[:MOST_KEPT])
    return Finding("MX", Verdict.GOOD, "Answers find their way to this domain.", shown)
