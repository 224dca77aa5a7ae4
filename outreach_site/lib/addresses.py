"""Names and addresses as they travel in a letter."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.headerregistry import Address
from functools import lru_cache

import idna

# What nearly every name and address look like: Python takes both apart by grammar, and puts them together as they were.
_NEEDS_NO_CARE = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
_BARE = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")

# Persian and Sinhala names are misspelt without them: the characters that keep letters apart, and join them.
JOINERS = "\u200c\u200d"


def is_written(character: str) -> bool:
    """Whether somebody wrote it on purpose: it can be seen, or joins what can; no control character does."""
    return character.isprintable() or character in JOINERS


def in_one_line(text: str) -> str:
    """With every run of white space and control characters as one space."""
    return " ".join("".join(each if is_written(each) else " " for each in text).split())


@lru_cache(maxsize=5_000)
def named(name: str, address: str) -> str:
    """`Name <address>` with the name quoted as RFC 5322 asks; control characters cannot travel in a name.

    Raises ValueError.
    """
    if _NEEDS_NO_CARE.fullmatch(name) and _BARE.fullmatch(address):
        return f"{name} <{address}>"
    plain = "".join(filter(is_written, name)).strip(f" {JOINERS}")
    try:
        return str(Address(display_name=plain, addr_spec=address)) if plain else address
    except (ValueError, MessageError, LookupError, AttributeError) as err:  # Whatever the parser lets escape.
        raise ValueError(f"“{address}” is not an email address.") from err


def wire_address(address: str) -> str:
    """An address as it travels: its domain in ASCII, by IDNA 2008 as suppressions and caps compare it.

    Characters beyond ASCII before the @ are refused: few servers take them (RFC 6531). Raises ValueError.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or not domain:
        raise ValueError(f"“{address}” is not an email address.")
    if not local.isascii():
        raise ValueError(f"“{address}” has letters before the @ that most mail servers cannot take.")
    return f"{local}@{ascii_domain(domain)}"


def ascii_domain(domain: str) -> str:
    """Raises ValueError."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as err:
        raise ValueError(f"“{domain}” is not a domain.") from err
