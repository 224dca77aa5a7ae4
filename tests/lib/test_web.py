"""The reader of the web against real HTTP servers: what it refuses to open, and where it stops."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

import pytest

from outreach_site.lib.web import Answer, Bounds, Request, Way, WebError, WebFailure, decoded, open_url, plain_url
from tests.internet import serving, way_to
from tests.servers import Certificates

SEEN: list[tuple[str, str, str]] = []
TOLD: list[tuple[str, str | None]] = []  # the host, and what it was told about who asks


class Site(BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        SEEN.append((self.command, self.path, self.headers.get("User-Agent", "")))
        TOLD.append((self.headers["Host"], self.headers.get("Authorization")))
        path = unquote(self.path.partition("?")[0])
        if path.startswith("/to/"):
            self.reply(302, b"", {"Location": path.removeprefix("/to/").replace("|", "/")})
        elif path == "/loop":
            self.reply(301, b"", {"Location": "/loop"})
        elif path == "/gzip":
            self.reply(200, gzip.compress(b"packed"), {"Content-Encoding": "gzip"})
        elif path == "/deflate":
            self.reply(200, zlib.compress(b"packed"), {"Content-Encoding": "deflate"})
        elif path == "/raw-deflate":
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            self.reply(200, packer.compress(b"packed") + packer.flush(), {"Content-Encoding": "deflate"})
        elif path == "/bomb":
            self.reply(200, gzip.compress(b"0" * 50_000_000), {"Content-Encoding": "gzip"})
        elif path == "/broken-gzip":
            self.reply(200, b"not packed at all", {"Content-Encoding": "gzip"})
        elif path == "/huge":
            self.reply(200, b"x" * 300_000)
        elif path == "/latin":
            self.reply(200, "Grüße".encode("latin-1"), {"Content-Type": "text/html; charset=ISO-8859-1"})
        elif path == "/drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
        elif path == "/nonsense":
            self.wfile.write(b"EHLO there\r\n\r\n")
            self.close_connection = True
        elif path == "/headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-More: 1\r\n" * 500 + b"\r\n")
            self.close_connection = True
        else:
            self.reply(404 if path == "/none" else 200, f"{path} of {self.headers['Host']}".encode())

    do_POST = do_GET  # noqa: N815 - the name that the standard library calls

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def way() -> Iterator[Way]:
    SEEN.clear()
    TOLD.clear()
    names = {
        "garden.org": ["93.184.215.14"],
        "www.garden.org": ["93.184.215.14"],
        "inside.garden.org": ["10.0.0.5"],
        "both.garden.org": ["93.184.215.14", "127.0.0.1"],
        "xn--grten-gra.de": ["93.184.215.14"],
    }
    with serving(Site) as port:
        yield way_to({"http": port}, names=names)


def get(url: str, way: Way, *, bounds: Bounds | None = None, cut: bool = False) -> Answer:
    return open_url(url, user_agent="Linkletter (test)", way=way, bounds=bounds, cut=cut)


def test_a_page_is_read_under_its_own_name(way: Way) -> None:
    answer = get("http://garden.org/a page?q=ä#part", way)
    assert (answer.status, answer.text) == (200, "/a page of garden.org")
    assert SEEN == [("GET", "/a%20page?q=%C3%A4", "Linkletter (test)")]


def test_an_address_in_another_alphabet(way: Way) -> None:
    assert get("http://gärten.de/", way).text == "/ of xn--grten-gra.de"


def test_redirects_are_followed_and_named(way: Way) -> None:
    answer = get("http://garden.org/to/http:||www.garden.org|end", way)
    assert answer.url == "http://www.garden.org/end"
    assert answer.came_by == ("http://garden.org/to/http:||www.garden.org|end",)


@pytest.mark.parametrize(
    "url",
    [
        "http://inside.garden.org/",
        "http://both.garden.org/",  # one bad address condemns the name
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://2130706433/",  # 127.0.0.1 as one number
        "http://0x7f.1/",
        "http://017700000001/",
        "http://[::ffff:10.0.0.5]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://garden.org:8080/",
        "http://user:secret@garden.org/",
        "ftp://garden.org/",
        "file:///etc/passwd",
        "gopher://garden.org/",
        "http:///",
        "http://garden.org\r\nHost: x/",
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_not_opened(url: str, way: Way) -> None:
    for address in (
        url,
        f"http://garden.org/to/{url.replace('/', '|')}" if url.startswith("http") and url != "http:///" else url,
    ):
        with pytest.raises(WebError) as caught:
            get(address, way)
        assert caught.value.failure in {WebFailure.ADDRESS, WebFailure.UNREACHABLE}
    assert not [seen for seen in SEEN if not seen[1].startswith("/to/")]


def test_a_name_that_does_not_exist(way: Way) -> None:
    with pytest.raises(WebError, match=r"No host is called nowhere\.garden\.org"):
        get("http://nowhere.garden.org/", way)


@pytest.mark.parametrize("path", ["/gzip", "/deflate", "/raw-deflate"])
def test_packed_pages(path: str, way: Way) -> None:
    assert get(f"http://garden.org{path}", way).body == b"packed"


@pytest.mark.parametrize("path", ["/huge", "/bomb"])
def test_what_is_too_large_is_an_error_or_cut(path: str, way: Way) -> None:
    bounds = Bounds(size=100_000)
    with pytest.raises(WebError) as caught:
        get(f"http://garden.org{path}", way, bounds=bounds)
    assert caught.value.failure is WebFailure.TOO_LARGE
    answer = get(f"http://garden.org{path}", way, bounds=bounds, cut=True)
    assert answer.cut
    assert len(answer.body) == 100_000


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("/loop", WebFailure.TOO_MANY_REDIRECTS),
        ("/nonsense", WebFailure.NONSENSE),
        ("/headers", WebFailure.NONSENSE),
        ("/broken-gzip", WebFailure.NONSENSE),
    ],
)
def test_what_makes_no_sense(path: str, failure: WebFailure, way: Way) -> None:
    with pytest.raises(WebError) as caught:
        get(f"http://garden.org{path}", way)
    assert caught.value.failure is failure


def test_a_server_that_drips_is_left(way: Way) -> None:
    with pytest.raises(WebError, match="did not finish"):
        get("http://garden.org/drip", way, bounds=Bounds(seconds=0.5))


def test_a_status_is_an_answer(way: Way) -> None:
    assert get("http://garden.org/none", way).status == 404


def test_a_body_is_not_carried_along(way: Way) -> None:
    answer = open_url(
        "http://garden.org/to/http:||www.garden.org|end", Request("POST", body=b"secret"), user_agent="t", way=way
    )
    assert answer.status == 302
    assert [seen[0] for seen in SEEN] == ["POST"]


def test_headers_stay_with_the_server_they_were_for(way: Way) -> None:
    request = Request(headers={"Authorization": "Bearer secret"})
    for place in ("http:||garden.org|own", "http:||www.garden.org|other"):
        open_url(f"http://garden.org/to/{place}", request, user_agent="t", way=way)
    mine = ("garden.org", "Bearer secret")
    assert [mine, mine, mine, ("www.garden.org", None)] == TOLD


def test_certificates_are_verified(certificates: Certificates) -> None:
    # The certificates of the tests are for localhost, and the name of a site is another.
    with serving(Site, certificates.server_context("good")) as port:
        way = way_to({"https": port}, ca_file=str(certificates.ca_file))
        with pytest.raises(WebError) as caught:
            get("https://garden.org/", way)
        assert caught.value.failure is WebFailure.TLS


def test_texts() -> None:
    assert decoded("Grüße".encode(), "") == "Grüße"
    assert decoded("Grüße".encode("latin-1"), "text/html; charset=iso-8859-1") == "Grüße"
    assert decoded("€".encode("cp1252"), "text/html; charset=latin1") == "€"
    assert decoded('<meta charset="windows-1251">Привет'.encode("cp1251"), "").endswith("Привет")
    assert decoded(b"\xff\xfeh\0i\0", "text/html; charset=utf-8") == "hi"
    assert decoded(b"ok", "text/html; charset=no-such") == "ok"
    assert decoded(b"\xff\xff", "text/html; charset=rot13") == "\ufffd\ufffd"


def test_addresses_are_put_into_one_form() -> None:
    assert plain_url("HTTPS://Garden.ORG:443") == "https://garden.org/"
    assert plain_url("http://garden.org/a%2Fb?x=1&y=ü#z") == "http://garden.org/a%2Fb?x=1&y=%C3%BC"
