"""The words of an SPF record, as RFC 7208 writes them. Pure: nothing is asked.

What it does not know, and what it knows and cannot read, makes a receiver give up the record as a whole (4.6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

# RFC 7208, 5: the words that a record is made of, and those that say nothing without a value.
MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
NEED_A_VALUE = frozenset({"include", "exists", "ip4", "ip6", "redirect", "exp"})
LOOKUPS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
LETS_IN_ALL = frozenset({"all", "+all"})
ONCE = frozenset({"redirect", "exp"})

_TERM = re.compile(r"(?P<qualifier>[+~?-]?)(?P<name>[A-Za-z][\w.-]*)(?:(?P<sign>[:=/])(?P<value>.*))?", re.ASCII)
_MACRO_STRING = re.compile(r"(?:[!-$&-~]|%(?:\{[slodiphv](?:[1-9]\d*)?r?[-.+,/_=]*\}|[%_-]))*", re.IGNORECASE)
_TOP_LABEL = re.compile(r"(?!\d+$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
_NETWORK = re.compile(r"(?P<address>[^/%]*)(?:/(?:0|[1-9]\d{0,2}))?", re.ASCII)
_HOST = re.compile(r"(?P<name>.*?)(?P<prefixes>(?:/\d+)?(?://\d+)?)", re.ASCII)
_PREFIXES = re.compile(r"(?:/(?P<of_4>0|[1-9]\d?))?(?://(?P<of_6>0|[1-9]\d{0,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Term:
    """One word of an SPF record, such as `-include:example.org`."""

    word: str
    qualifier: str
    name: str
    sign: str
    value: str

    @classmethod
    def of(cls, word: str) -> Term:
        match = _TERM.fullmatch(word)
        if match is None:
            return cls(word, "", "", "", "")
        return cls(word, match["qualifier"], match["name"].lower(), match["sign"] or "", match["value"] or "")

    @property
    def is_modifier(self) -> bool:
        return self.sign == "="

    @property
    def passes(self) -> bool:
        """Whether the servers that it names may send; the others' letters fail, or are left open."""
        return self.qualifier in {"", "+"}

    @property
    def is_known(self) -> bool:
        """A modifier that we do not know is passed over by receivers (RFC 7208, 6)."""
        has_what_it_needs = bool(self.value) or self.name not in NEED_A_VALUE
        return has_what_it_needs and (self.is_modifier or self.name in MECHANISMS)

    @property
    def is_well_formed(self) -> bool:
        """What is known and written otherwise makes a receiver give up the whole record (RFC 7208, 4.6)."""
        if self.is_modifier:
            is_text = _is_domain(self.value) if self.name in ONCE else bool(_MACRO_STRING.fullmatch(self.value))
            return is_text and not self.qualifier
        match self.name:
            case "all":
                return not self.sign
            case "ip4" | "ip6":
                return self.sign == ":" and _is_network(self.value, self.name)
            case "a" | "mx":
                host, prefixes = self._host_and_prefixes
                return (_is_domain(host) if self.sign == ":" else not host) and _are_prefixes(prefixes)
            case _:
                return (self.name == "ptr" and not self.sign) or (self.sign == ":" and _is_domain(self.value))

    @property
    def is_all(self) -> bool:
        return self.name == "all" and not self.is_modifier

    @property
    def host(self) -> str:
        """Whose records it asks for; empty where that is the domain itself."""
        return self._host_and_prefixes[0].lower().removesuffix(".")

    @property
    def _host_and_prefixes(self) -> tuple[str, str]:
        """Behind an `a` or `mx` may stand `/24//64`: how much of the addresses counts."""
        if self.name not in {"a", "mx"}:
            return self.value, ""
        match = _HOST.fullmatch(self.sign.removeprefix(":") + self.value)
        return (match["name"], match["prefixes"]) if match else (self.value, "")

    @property
    def leads_to(self) -> str:
        """The name whose record is read next; empty where there is none, or a macro that only a letter fills."""
        leads = self.name == ("redirect" if self.is_modifier else "include")
        return self.host if leads and "%" not in self.value else ""


def _is_domain(text: str) -> bool:
    """A name of two labels at least, or one that macros make of a letter (RFC 7208, 7.1)."""
    if "%" in text:
        return bool(_MACRO_STRING.fullmatch(text))
    labels = text.removesuffix(".").split(".")
    fit = len(text) < 255 and len(labels) > 1 and all(0 < len(label) < 64 for label in labels)
    return fit and bool(_MACRO_STRING.fullmatch(text)) and bool(_TOP_LABEL.fullmatch(labels[-1]))


def _is_network(text: str, name: str) -> bool:
    """An address, and how much of it counts: a number, without zeros before it and without a mask in its place."""
    if not _NETWORK.fullmatch(text):
        return False
    try:
        (IPv4Network if name == "ip4" else IPv6Network)(text, strict=False)
    except ValueError:
        return False
    return True


def _are_prefixes(text: str) -> bool:
    """`/24`, `//64` or both behind the name of a host."""
    match = _PREFIXES.fullmatch(text)
    return match is not None and int(match["of_4"] or 0) <= 32 and int(match["of_6"] or 0) <= 128


def terms_of(record: str) -> list[Term]:
    # A space divides, and nothing else does.
    return [Term.of(word) for word in record.split(" ")[1:] if word]
