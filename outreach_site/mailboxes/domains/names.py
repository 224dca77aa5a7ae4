"""Asking the domain name system, so that "it is not there" and "nobody could say" are never mixed up."""

from __future__ import annotations

import time

import dns.exception
import dns.resolver
from dns.rdatatype import RdataType

# For one question with its retries, and for all questions about one domain.
QUESTION_SECONDS = 3.0
ALL_SECONDS = 15.0


class UnknownError(Exception):
    """The name servers did not answer, or answered that they cannot: nothing is known. The message is a sentence."""


def system_resolver() -> dns.resolver.Resolver:
    """This machine's own. Raises UnknownError where it has none."""
    try:
        return dns.resolver.Resolver()
    except dns.exception.DNSException as err:
        raise UnknownError("This server knows no name server to ask.") from err


class Names:
    """Answers about one domain, each name asked once. Raises UnknownError."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None, *, seconds: float = ALL_SECONDS) -> None:
        self._resolver = resolver
        self._until = time.monotonic() + seconds
        self._known: dict[tuple[str, RdataType], list[str] | UnknownError] = {}

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, each in one piece; none is an answer too."""
        return self._ask(name, RdataType.TXT)

    def exchanges(self, name: str) -> list[str]:
        """Its mail exchanges, the preferred first; "." is the one of a domain that takes no mail (RFC 7505)."""
        return self._ask(name, RdataType.MX)

    def hosts(self, name: str) -> list[str]:
        """Its addresses, of both kinds: where mail goes without an exchange (RFC 5321, 5.1)."""
        return self._ask(name, RdataType.A) or self._ask(name, RdataType.AAAA)

    def servers(self, name: str) -> list[str]:
        """Its name servers."""
        return self._ask(name, RdataType.NS)

    def _ask(self, name: str, kind: RdataType) -> list[str]:
        key = (name.lower().rstrip("."), kind)
        if key not in self._known:
            try:
                self._known[key] = self._answer(key[0], kind)
            except UnknownError as err:
                self._known[key] = err
        found = self._known[key]
        if isinstance(found, UnknownError):
            raise found
        return found

    def _answer(self, name: str, kind: RdataType) -> list[str]:
        left = self._until - time.monotonic()
        if left <= 0:
            raise UnknownError("The name servers took too long.")
        try:
            resolver = self._resolver = self._resolver or system_resolver()
            answer = resolver.resolve(
                f"{name}.", kind, search=False, lifetime=min(QUESTION_SECONDS, left), raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return []
        except dns.exception.Timeout as err:
            raise UnknownError(f"The name servers did not answer about {name}.") from err
        except (dns.exception.DNSException, OSError, UnicodeError) as err:
            raise UnknownError(f"The name servers could not say anything about {name}.") from err
        rows = list(answer.rrset or ())
        if kind is RdataType.MX:
            return [str(row.exchange) for row in sorted(rows, key=lambda row: row.preference)]
        if kind in {RdataType.A, RdataType.AAAA}:
            return [str(row.address) for row in rows]
        if kind is RdataType.NS:
            return [str(row.target) for row in rows]
        return [b"".join(row.strings).decode("ascii", "replace") for row in rows]
