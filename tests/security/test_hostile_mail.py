"""Mail written to keep the reader busy: anybody may send it, so no message may take more than moments to understand.

A worker that outlives its cluster's patience is killed, and would come back to the same message for ever.
"""

from __future__ import annotations

import time
from datetime import date

import pytest
from django.db import DataError

from inbox import ingest
from inbox.models import Reply
from inbox.parsing import READ_LIMIT, addresses_in, parse
from inbox.understanding import understand
from tests.inbox.conftest import Correspondence, correspondence, message  # noqa: F401 - a fixture of the inbox's tests

# Far above what any real letter takes on a slow machine, far below the 60 s after which a task is killed.
MOMENTS = 8.0

FROM = b"From: Ed <ed@brightgarden.com>\r\n"
HEAD = b"To: mara@orchardmedia.com\r\nSubject: Re: An idea\r\nMessage-ID: <1@brightgarden.com>\r\n"


def nested(depth: int, tail: bytes) -> bytes:
    """Multiparts within multiparts, none of them ever closed: every line is compared with every open boundary."""
    opened = b"".join(
        b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (n, n + 1) for n in range(depth)
    )
    return FROM + HEAD + b'Content-Type: multipart/mixed; boundary="b0"\r\n\r\n' + opened + tail


def with_header(line: bytes) -> bytes:
    return FROM + HEAD + line + b"\r\n\r\nhi"


def html(body: bytes) -> bytes:
    return FROM + HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + body


def many_html(body: bytes) -> bytes:
    parts = b"".join(b"--b\r\nContent-Type: text/html\r\n\r\n" + body + b"\r\n" for _ in range(READ_LIMIT // 400_000))
    return FROM + HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + parts


HOSTILE = {
    "fifty open multiparts, three million lines": nested(50, b"\n" * READ_LIMIT),
    "four hundred open multiparts": nested(400, b"\n" * READ_LIMIT),
    "a thousand open multiparts": nested(1000, b"\n" * READ_LIMIT),
    "a delivery status of a million blocks": with_header(
        b"Content-Type: message/delivery-status\r\n\r\n" + b"a: b\n\n" * 500_000
    ),
    "a long content type": with_header(b"Content-Type: text/plain; " + b"a=b; " * 200_000),
    "a long quoted content type": with_header(b'Content-Type: text/plain; x="' + b'\\";' * 200_000),
    "a long disposition in each part": FROM
    + HEAD
    + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    + (b'--b\r\nContent-Disposition: attachment; x="' + b'\\";' * 6_000 + b"\r\n\r\nx\r\n") * 150,
    "a sender without end": b"From: " + b"a" * 19_000 + b"\r\n" + HEAD + b"\r\nhi",
    "a sender of quotes": b"From: " + b'"\\' * 9_000 + b"\r\n" + HEAD + b"\r\nhi",
    "a hundred recipients without end": with_header((b"To: " + b"a" * 19_000 + b"\r\n") * 100 + b"X: y"),
    "a hundred recipients of quotes": with_header((b"Cc: " + b'"a' * 9_000 + b"\r\n") * 100 + b"X: y"),
    "a hundred recipients of ats": with_header((b"Cc: " + b"a@" * 9_500 + b"\r\n") * 100 + b"X: y"),
    "a hundred recipients of brackets": with_header((b"Cc: <" + b" " * 18_000 + b"x\r\n") * 100 + b"X: y"),
    "a line of ats": FROM + HEAD + b"\r\n" + b"a@" * 100_000,
    "a line of addresses": FROM + HEAD + b"\r\n" + b"a@b" * 60_000,
    "tags that never end": many_html(b"<a" * 200_000),
    "a tag's name that never ends": many_html((b"<" + b"a" * 9_990) * 40),
    "attributes that never end": many_html((b"<a " + b"x=" * 2_400 + b">") * 80),
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_every_message_is_understood_within_moments(raw: bytes) -> None:
    began = time.process_time()
    understood = understand(raw, received_on=date(2026, 1, 1))
    assert time.process_time() - began < MOMENTS
    assert understood.message.subject == "Re: An idea"


def test_addresses_are_read_as_before() -> None:
    value = (
        'Ed <ed@x.com>, "Brand, Ed" <e.brand@x.com>, bare@x.com, older@x.com (Old Style), <nameless@x.com>, '
        '"un\\"escaped" <q@x.com>, =?utf-8?q?J=C3=B6rg?= <j@x.com>; list: m@x.com'
    )
    assert addresses_in(value) == [
        ("Ed", "ed@x.com"),
        ("Brand, Ed", "e.brand@x.com"),
        ("", "bare@x.com"),
        ("", "older@x.com"),
        ("", "nameless@x.com"),
        ('un"escaped', "q@x.com"),
        ("Jörg", "j@x.com"),
        ("", "m@x.com"),
    ]
    assert addresses_in("ed@x.com (Ed Brand)") == [("Ed Brand", "ed@x.com")]
    assert addresses_in("no address here") == []


def test_a_deep_but_honest_message_keeps_its_text() -> None:
    """A thread that was forwarded again and again: twenty multiparts, each closed."""
    depth = 20
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(depth)
    )
    closed = b"".join(b"\r\n--b%d--\r\n" % level for level in reversed(range(depth)))
    raw = FROM + HEAD + opened + b"Content-Type: text/plain\r\n\r\nSounds good to me." + closed
    assert parse(raw).text == "Sounds good to me."


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("iso-2022-jp", b"hi \x00 there"),
        ("utf-7", b"hi +AAA- +2AA- there"),
        ("utf-16", "hi \x00 there".encode("utf-16")),
        ("utf-8", b"hi \x00 there"),
    ],
)
def test_no_charset_smuggles_characters_that_a_database_refuses(charset: str, body: bytes) -> None:
    """PostgreSQL refuses NUL, and lone surrogates are no UTF-8: such a row could never be written."""
    message = parse(FROM + HEAD + f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + body)
    for text in (message.text, message.new_text):
        assert text.startswith("hi ")
        assert "\x00" not in text
        text.encode()


def test_what_the_database_refuses_stops_nobody_elses_message(
    correspondence: Correspondence,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_args: object, **_options: object) -> None:
        raise DataError("a value that this database does not take")

    raw = correspondence.store(message("Sounds good."))
    with monkeypatch.context() as broken:
        broken.setattr(ingest, "_take_in", refused)
        assert ingest.understand_stored(raw.mailbox, until=time.monotonic() + 5) == 1
    raw.refresh_from_db()
    assert raw.error
    correspondence.store(message("Second.", message_id="<2@b.com>"))
    assert ingest.understand_stored(raw.mailbox, until=time.monotonic() + 5) == 1
    assert Reply.objects.get().new_text == "Second."
