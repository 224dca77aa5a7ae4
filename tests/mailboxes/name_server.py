"""A name server on loopback: answers from a small zone over UDP, and fails where it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
from dns.rdatatype import RdataType


@dataclass
class NameServer:
    """`zone` holds records by name and type; what is not in it does not exist. `fail` and `silent` hold names."""

    port: int
    zone: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    fail: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def text(self, name: str, *texts: str) -> None:
        """TXT records, in pieces of 255 characters as the wire asks for."""
        pieces = [" ".join(f'"{text[i : i + 255]}"' for i in range(0, len(text), 255)) for text in texts]
        self.zone[name, "TXT"] = pieces

    @property
    def resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], self.port
        resolver.timeout = 0.3
        return resolver

    def answer(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), RdataType.to_text(question.rdtype)
        self.asked.append(f"{name} {kind}")
        if name in self.silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.fail:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif rows := self.zone.get((name, kind)):
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *rows))
        elif not any(known == name for known, _ in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response


@contextmanager
def name_server_open() -> Iterator[NameServer]:
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))
    server = NameServer(listening.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                packet, peer = listening.recvfrom(4096)
            except OSError:
                return
            if packet == b"end":
                return
            response = server.answer(dns.message.from_wire(packet))
            if response is not None:
                with suppress(OSError):
                    listening.sendto(response.to_wire(), peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", ("127.0.0.1", server.port))
        thread.join(5)
        listening.close()
