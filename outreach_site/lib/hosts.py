"""Which hosts this server may connect to on behalf of somebody who typed their name.

A name is resolved once, every address it gives is vetted, and the caller connects to those very addresses. A
second resolution would let a hostile name server answer with a public address first and a private one afterwards.
Vetting addresses and the rule about mail ports stand apart: a reader of web pages has other ports.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

# Submission and relaying (25 465 587 2525), reading (143 993). Anything else could be somebody's database.
MAIL_PORTS = frozenset({25, 143, 465, 587, 993, 2525})

RESOLVE_SECONDS = 10.0

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Special-purpose blocks (RFC 6890 and successors) that `is_global` of some supported Python calls global.
_SPECIAL: tuple[tuple[Network, str], ...] = (
    (ipaddress.IPv4Network("0.0.0.0/8"), "an unspecified address"),
    (ipaddress.IPv4Network("100.64.0.0/10"), "a carrier's internal address"),
    (ipaddress.IPv4Network("192.0.0.0/24"), "a reserved address"),
    (ipaddress.IPv4Network("192.88.99.0/24"), "a 6to4 relay"),
    (ipaddress.IPv4Network("198.18.0.0/15"), "a reserved address"),
    (ipaddress.IPv4Network("240.0.0.0/4"), "a reserved address"),
    (ipaddress.IPv6Network("::ffff:0:0/96"), "an IPv4 address in IPv6 clothes"),
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), "an IPv4 address in IPv6 clothes"),
    (ipaddress.IPv6Network("64:ff9b:1::/48"), "an internal translation address"),
    (ipaddress.IPv6Network("100::/64"), "a reserved address"),
    (ipaddress.IPv6Network("2001::/23"), "a reserved address"),
    (ipaddress.IPv6Network("2001:db8::/32"), "a reserved address"),
    (ipaddress.IPv6Network("2002::/16"), "a 6to4 address"),
    (ipaddress.IPv6Network("3fff::/20"), "a reserved address"),
    (ipaddress.IPv6Network("fec0::/10"), "a private address"),
)
_GLOBAL_UNICAST_6 = ipaddress.IPv6Network("2000::/3")

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


class Refusal(StrEnum):
    """Why a host was not resolved or not allowed."""

    NAME = "name"  # it is not a host name at all
    UNKNOWN = "unknown"  # the name does not exist
    UNREACHABLE = "unreachable"  # the name server did not answer; it may later
    ADDRESS = "address"  # it leads to an address that is not on the public internet
    PORT = "port"  # a port that mail does not use


class HostRefusedError(Exception):
    """A host that this server will not connect to; `sentence` says why in plain words."""

    def __init__(self, refusal: Refusal, sentence: str) -> None:
        super().__init__(sentence)
        self.refusal = refusal
        self.sentence = sentence

    @property
    def permanent(self) -> bool:
        return self.refusal is not Refusal.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One vetted address: what a socket of `family` connects to."""

    family: socket.AddressFamily
    ip: str
    port: int

    @property
    def sockaddr(self) -> tuple[str, int] | tuple[str, int, int, int]:
        return (self.ip, self.port) if self.family == socket.AF_INET else (self.ip, self.port, 0, 0)


@dataclass(frozen=True, slots=True)
class VettedHost:
    """A name as typed, normalised, and the addresses that it had when it was vetted, in the order to try them."""

    name: str
    port: int
    endpoints: tuple[Endpoint, ...]


# Gives the addresses of a name, in the order to try them; raises OSError as `socket.getaddrinfo` does.
Resolver = Callable[[str, int], list[str]]


def system_resolver(name: str, port: int) -> list[str]:
    """The operating system's answer, within RESOLVE_SECONDS.

    `getaddrinfo` knows no timeout and may sit for minutes on a dead name server, so it runs in a thread that is
    left behind (it ends by itself) when the time is over.
    """
    answers: list[str] = []
    failures: list[OSError] = []

    def ask() -> None:
        try:
            found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        except OSError as err:
            failures.append(err)
        else:
            answers.extend(dict.fromkeys(str(entry[4][0]) for entry in found))

    thread = threading.Thread(target=ask, name=f"resolve {name}", daemon=True)
    thread.start()
    thread.join(RESOLVE_SECONDS)
    if thread.is_alive():
        raise TimeoutError(f"no answer about {name} within {RESOLVE_SECONDS:.0f} s")
    if failures:
        raise failures[0]
    return answers


def normalise_host(text: str) -> str:
    """A host name or address literal in the one form that is compared and stored: lower case, ASCII, no final dot.

    Raises HostRefusedError (NAME) for anything that is neither.
    """
    name = text.strip().lower().removesuffix(".")
    literal = name.removeprefix("[").removesuffix("]")
    try:
        return ipaddress.ip_address(literal).compressed
    except ValueError:
        pass
    try:
        name = name.encode("idna").decode("ascii") if not name.isascii() else name
    except UnicodeError:
        name = ""
    if not name or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        shown = " ".join(text.split())[:80]
        raise HostRefusedError(Refusal.NAME, f"“{shown}” is not the name of a host.")
    return name


def forbidden(address: IPAddress) -> str | None:
    """What makes this address unfit to connect to, as words that follow "leads to"; None for a public one."""
    if isinstance(address, ipaddress.IPv6Address) and address in _NAT64:
        # Behind NAT64 every IPv4 host has such an address (RFC 6052): the one inside decides.
        return forbidden(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.is_unspecified:
        return "an unspecified address"
    if address.is_loopback:
        return "this machine itself"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    for network, words in _SPECIAL:
        if address.version == network.version and address in network:
            return words
    if address.is_private:
        return "a private address"
    if address.is_reserved or not address.is_global:
        return "a reserved address"
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST_6:
        return "a reserved address"
    return None


def resolve_public(host: str, port: int, *, trusted: bool = False, resolver: Resolver = system_resolver) -> VettedHost:
    """Resolve `host` once and refuse it if any of its addresses is not on the public internet.

    `trusted` skips the look at the addresses, for a host that the operator has named. Raises HostRefusedError.
    """
    name = normalise_host(host)
    try:
        found = resolver(name, port)
    except socket.gaierror as err:
        if err.errno in {socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM, socket.EAI_MEMORY}:
            raise _unreachable(name) from err
        raise HostRefusedError(Refusal.UNKNOWN, f"No host is called {name}.") from err
    except OSError as err:
        raise _unreachable(name) from err
    endpoints: list[Endpoint] = []
    for text in found:
        try:
            address = ipaddress.ip_address(text)
        except ValueError as err:
            raise HostRefusedError(Refusal.ADDRESS, f"{name} leads to an address that is not a public one.") from err
        if not trusted and (words := forbidden(address)):
            # One bad address condemns the name: which of them is tried first is the resolver's choice.
            raise HostRefusedError(Refusal.ADDRESS, f"{name} leads to {words} ({address.compressed}).")
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        endpoints.append(Endpoint(family=family, ip=text, port=port))
    if not endpoints:
        raise HostRefusedError(Refusal.UNKNOWN, f"{name} has no address.")
    return VettedHost(name=name, port=port, endpoints=tuple(endpoints))


def _unreachable(name: str) -> HostRefusedError:
    return HostRefusedError(Refusal.UNREACHABLE, f"The address of {name} could not be looked up just now.")


@dataclass(frozen=True, slots=True)
class HostExceptions:
    """The operator's list: `host` lifts the rule about addresses, `host:port` lifts both rules for that port."""

    hosts: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> HostExceptions:
        """Read entries such as `mail.lan`, `mail.lan:1025`, `10.0.0.5`, `[::1]:2525`. Raises ValueError, naming it."""
        hosts: set[str] = set()
        pairs: set[tuple[str, int]] = set()
        for entry in entries:
            text = entry.strip()
            if not text:
                continue
            bracketed = re.fullmatch(r"(\[[^\]]+\])(?::(\d+))?", text)
            plain = re.fullmatch(r"([^:]+):(\d+)", text)
            name, port = (match.group(1), match.group(2)) if (match := bracketed or plain) else (text, None)
            try:
                name = normalise_host(name)
            except HostRefusedError as err:
                raise ValueError(f"{text!r} is neither a host nor host:port") from err
            if port is None:
                hosts.add(name)
            elif 0 < int(port) < 65536:
                pairs.add((name, int(port)))
            else:
                raise ValueError(f"{text!r} has no valid port")
        return cls(hosts=frozenset(hosts), pairs=frozenset(pairs))

    def allow_address(self, name: str, port: int) -> bool:
        return name in self.hosts or (name, port) in self.pairs

    def allow_port(self, name: str, port: int) -> bool:
        return (name, port) in self.pairs


NO_EXCEPTIONS = HostExceptions()


def check_mail_port(host: str, port: int, *, exceptions: HostExceptions = NO_EXCEPTIONS) -> None:
    """Refuse ports that mail does not use. Raises HostRefusedError (PORT, or NAME for a host that is none)."""
    name = normalise_host(host)
    if port not in MAIL_PORTS and not exceptions.allow_port(name, port):
        usual = ", ".join(str(each) for each in sorted(MAIL_PORTS))
        raise HostRefusedError(Refusal.PORT, f"Port {port} is not one that mail uses ({usual}).")


def vet_mail_host(
    host: str, port: int, *, exceptions: HostExceptions = NO_EXCEPTIONS, resolver: Resolver = system_resolver
) -> VettedHost:
    """The addresses to connect to for a mail server that somebody typed. Raises HostRefusedError."""
    check_mail_port(host, port, exceptions=exceptions)
    trusted = exceptions.allow_address(normalise_host(host), port)
    return resolve_public(host, port, trusted=trusted, resolver=resolver)
