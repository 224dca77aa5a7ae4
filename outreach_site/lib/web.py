"""Reading the web on behalf of somebody who typed an address, or of a page that named one: safely, and with an end.

1. Only http and https, at their own ports; a name is resolved once, every address it gives must be public, and the
   connection goes to those very addresses (lib/hosts.py): also for each redirect, each anew.
2. TLS verifies the name. 3. Time, size (as sent and unpacked), headers and redirects are bounded.

There is no switch that lets a private address through; tests give a resolver and a dialler of their own.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit

from outreach_site.lib.hosts import Endpoint, HostRefusedError, Resolver, VettedHost, resolve_public, system_resolver
from outreach_site.lib.patience import DeadlinePassedError, Patience, PatientContext, PatientSocket

_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 65_536
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w-]{1,40})", re.IGNORECASE)


class WebFailure(StrEnum):
    """Why nothing was read."""

    ADDRESS = "address"  # no web address, or one that this server does not open
    UNREACHABLE = "unreachable"  # nobody answered, or not in time
    TLS = "tls"  # the certificate is not right
    TOO_LARGE = "too_large"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    NONSENSE = "nonsense"  # what came was no HTTP
    STATUS = "status"  # an answer, and not the page: for callers who want no other


class WebError(Exception):
    """Nothing was read; the message is a sentence for a person."""

    def __init__(self, sentence: str, *, failure: WebFailure, permanent: bool) -> None:
        super().__init__(sentence)
        self.failure = failure
        self.permanent = permanent


Dial = Callable[[Endpoint, Patience], socket.socket]


def dial(endpoint: Endpoint, patience: Patience) -> socket.socket:
    """A connection to one vetted address."""
    sock = PatientSocket(endpoint.family, socket.SOCK_STREAM)
    sock.patience = patience
    try:
        sock.settimeout(patience.next_timeout())
        sock.connect(endpoint.sockaddr)
    except BaseException:
        sock.close()
        raise
    return sock


@lru_cache(maxsize=1)
def _system_tls() -> ssl.SSLContext:
    context = PatientContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


@dataclass(frozen=True, slots=True)
class Way:
    """How the web is reached. Production knows one; tests have a small internet of their own."""

    resolver: Resolver = system_resolver
    dial: Dial = dial
    tls: Callable[[], ssl.SSLContext] = _system_tls


@dataclass(frozen=True, slots=True)
class Bounds:
    """`seconds` for everything, redirects among it; `size` in bytes, as sent and again unpacked."""

    seconds: float = 20.0
    each: float = 10.0  # a single read or write
    size: int = 2_000_000
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read. `url` is where it was in the end; header names are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    came_by: tuple[str, ...] = ()  # the addresses before it, where it was redirected
    cut: bool = False  # more was there than `Bounds.size`

    @property
    def text(self) -> str:
        """The body as text: by its header's charset, a byte order mark, or its own meta element; else UTF-8."""
        return decoded(self.body, self.headers.get("content-type", ""))


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. A body goes to the first address only, headers to no other server than that: a redirect carries
    neither along."""

    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def open_url(
    url: str,
    request: Request | None = None,
    *,
    user_agent: str,
    bounds: Bounds | None = None,
    way: Way | None = None,
    cut: bool = False,
) -> Answer:
    """Send a request and read the answer, whatever its status. Raises WebError.

    `cut`: of a body that is too large its beginning is enough, instead of an error. A redirect is followed for GET and
    HEAD alone.
    """
    request, bounds, way = request or Request(), bounds or Bounds(), way or Way()
    patience = Patience(each=bounds.each)
    patience.within(bounds.seconds)
    came_by: list[str] = []
    while True:
        answer = _once(url, request, user_agent=user_agent, bounds=bounds, way=way, patience=patience, cut=cut)
        location = answer.headers.get("location", "")
        if answer.status not in _REDIRECTS or not location or request.method not in {"GET", "HEAD"}:
            return Answer(answer.url, answer.status, answer.headers, answer.body, tuple(came_by), answer.cut)
        came_by.append(url)
        if len(came_by) > bounds.redirects:
            raise WebError(
                f"{_host(url)} sends one on again and again.", failure=WebFailure.TOO_MANY_REDIRECTS, permanent=True
            )
        onward = _joined(url, location)
        if _origin(onward) != _origin(url):
            # What the caller sent for one server (a bearer token among it) is not for whomever that one names.
            request = replace(request, headers={})
        url = onward


def plain_url(url: str) -> str:
    """A web address in the form that is asked for: ASCII, with a path, without a fragment. Raises WebError."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as err:
        raise _no_address(url) from err
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host or parts.username is not None or parts.password is not None:
        raise _no_address(url)
    if port not in {None, _PORTS[scheme]}:
        raise WebError(
            f"Only the usual ports of the web are opened, and {host}:{port} is none.",
            failure=WebFailure.ADDRESS,
            permanent=True,
        )
    if ":" in host:
        host = f"[{host}]"
    # Control characters and spaces are what a request line ends with.
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?") if parts.query else ""
    return f"{scheme}://{host}{path}{query}"


def _once(
    url: str, request: Request, *, user_agent: str, bounds: Bounds, way: Way, patience: Patience, cut: bool
) -> Answer:
    url = plain_url(url)
    parts = urlsplit(url)
    scheme, host = parts.scheme, parts.hostname or ""
    try:
        vetted = resolve_public(host, _PORTS[scheme], resolver=way.resolver)
    except HostRefusedError as err:
        failure = WebFailure.ADDRESS if err.permanent else WebFailure.UNREACHABLE
        raise WebError(err.sentence, failure=failure, permanent=err.permanent) from err
    connection = http.client.HTTPConnection(host)
    try:
        connection.sock = _connected(vetted, scheme, way, patience)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate", "Connection": "close"}
        connection.request(request.method, path, request.body or None, headers | dict(request.headers))
        response = connection.getresponse()
        heads = {name.lower(): value for name, value in response.getheaders()}
        body, was_cut = _body(response, heads.get("content-encoding", ""), bounds.size)
    except TimeoutError as err:  # The whole deadline's among them.
        raise WebError(
            f"{host} did not finish in time.",
            failure=WebFailure.UNREACHABLE,
            permanent=False,
        ) from err
    except ssl.SSLError as err:
        raise WebError(f"The certificate of {host} is not right.", failure=WebFailure.TLS, permanent=True) from err
    except OSError as err:
        raise WebError(f"{host} does not answer.", failure=WebFailure.UNREACHABLE, permanent=False) from err
    except (http.client.HTTPException, ValueError, zlib.error) as err:
        raise WebError(f"What {host} answers is no web page.", failure=WebFailure.NONSENSE, permanent=True) from err
    finally:
        connection.close()
    if was_cut and not cut:
        raise WebError(f"{host} sends more than {bounds.size:,} bytes.", failure=WebFailure.TOO_LARGE, permanent=True)
    return Answer(url, response.status, heads, body, cut=was_cut)


def _connected(vetted: VettedHost, scheme: str, way: Way, patience: Patience) -> socket.socket:
    failure: OSError | None = None
    for endpoint in vetted.endpoints:
        try:
            sock = way.dial(endpoint, patience)
        except DeadlinePassedError:
            raise
        except OSError as err:
            failure = failure or err
            continue
        if scheme == "http":
            return sock
        try:
            return way.tls().wrap_socket(sock, server_hostname=vetted.name)
        except BaseException:
            sock.close()
            raise
    raise failure or OSError("no address answered")


def _body(response: http.client.HTTPResponse, encoding: str, size: int) -> tuple[bytes, bool]:
    """At most `size` bytes, unpacked as they come: a small body that unpacks to gigabytes is cut like a large one."""
    unpack = _unpacker(encoding)
    body, sent = bytearray(), 0
    while chunk := response.read1(_CHUNK):
        sent += len(chunk)
        while chunk:
            if unpack is None:
                body += chunk
                break
            body += unpack.decompress(chunk, size + 1 - len(body))
            chunk = unpack.unconsumed_tail if len(body) <= size else b""
        if len(body) > size or sent > size:
            return bytes(body[:size]), True
    return bytes(body), False


class _Deflate:
    """`deflate` is zlib's format by the standard (RFC 9110, 8.4.1.2), and raw on servers that took it by its name."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj()
        self._is_first = True

    def decompress(self, data: bytes, most: int) -> bytes:
        try:
            plain = self._inner.decompress(data, most)
        except zlib.error:
            if not self._is_first:
                raise
            self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
            plain = self._inner.decompress(data, most)
        self._is_first = False
        return plain

    @property
    def unconsumed_tail(self) -> bytes:
        return self._inner.unconsumed_tail


def _unpacker(encoding: str) -> zlib._Decompress | _Deflate | None:
    match encoding.strip().lower():
        case "gzip" | "x-gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        case "deflate":
            return _Deflate()
        case "" | "identity":
            return None
    raise ValueError(f"packed as {encoding!r}, which was not asked for")


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as err:
        raise _no_address(location) from err


def decoded(body: bytes, content_type: str) -> str:
    """Bytes of a page as text; never raises."""
    declared = _CHARSET.search(content_type)
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        name = "utf-8-sig" if body.startswith(b"\xef") else "utf-16"
    elif declared or (declared := _CHARSET.search(body[:2_048].decode("ascii", "replace"))):
        name = declared[1]
    else:
        name = "utf-8"
    # What says Latin-1 on the web is Windows-1252 (WHATWG, Encoding, 4.2).
    name = "cp1252" if name.lower() in {"iso-8859-1", "latin1", "us-ascii", "ascii"} else name
    try:
        return body.decode(name, "replace")
    except (LookupError, ValueError):  # No such charset, or one that is no text's.
        return body.decode("utf-8", "replace")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower()


def _host(url: str) -> str:
    return urlsplit(url).hostname or url[:80]


def _no_address(url: str) -> WebError:
    shown = " ".join(url.split())[:80]
    return WebError(
        f"“{shown}” is not an address on the web that can be opened.", failure=WebFailure.ADDRESS, permanent=True
    )
