"""A small internet on loopback: names that resolve to public addresses, and a dialler that leads to a local server."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from outreach_site.lib.hosts import Endpoint
from outreach_site.lib.patience import Patience, PatientContext, PatientSocket
from outreach_site.lib.web import Way

PUBLIC = "93.184.215.14"  # An address on the public internet, which nothing here ever reaches.


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of an HTTP server on loopback, for the length of a block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def way_to(
    ports: Mapping[str, int], *, names: Mapping[str, Sequence[str]] | None = None, ca_file: str | None = None
) -> Way:
    """A `Way` on which `http` and `https` lead to these local ports, whatever public address was vetted."""

    def resolve(name: str, _port: int) -> list[str]:
        if names is None:
            return [PUBLIC]
        if name not in names:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return list(names[name])

    def dial(endpoint: Endpoint, patience: Patience) -> socket.socket:
        sock = PatientSocket(socket.AF_INET, socket.SOCK_STREAM)
        sock.patience = patience
        sock.connect(("127.0.0.1", ports["https" if endpoint.port == 443 else "http"]))
        return sock

    def tls() -> ssl.SSLContext:
        context = PatientContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=ca_file)
        return context

    return Way(resolver=resolve, dial=dial, tls=tls)
