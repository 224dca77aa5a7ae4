"""Texts of a megabyte that are made to be slow: work is bounded, whatever they repeat."""

from __future__ import annotations

import time
from datetime import date

import pytest

from inbox.understanding import understand

SIZE = 1_000_000
# Processor time, not the clock's: other people's tests must not matter. Twice what the slowest takes.
LIMIT = 6.0
UNITS = [
    b"a ", b"a@", b"<a@b.c> ", b"550 ", b"not ", b"we do not ", b"wrote ", b"> ", b"From: a@b\n", b"$1", b"1,000 ",
    b"x@y.zz\n", b"unsubscribe ", b"\n", b"-", b"message could not ", b"http://a.b/", b"A B ", b"{", b"until 1 ", b"[",
    b"=?utf-8?q?a?= ", b"<<< 550 x\n", b"\xe2\x80\x99", b"I am ",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("sender", [b"MAILER-DAEMON@x.example", b"Ed <ed@x.example>"])
def test_a_megabyte_of(unit: bytes, sender: bytes) -> None:
    raw = b"From: " + sender + b"\r\nSubject: Re: hi\r\n\r\n" + unit * (SIZE // len(unit))
    began = time.process_time()
    understand(raw, received_on=date(2026, 1, 1))
    assert time.process_time() - began < LIMIT


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 100,
        b"\r\n\r\n",
        b"Subject: no sender, no date, no id\r\n\r\nNot interested.",
        b"From: a@b.example\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\n\r\nHello",
        b"From: a@b.example\r\nDate: Fri, 31 Dec 2099 23:59:59 +0000\r\n\r\nback on 3 May",
        b"From: a@b.example\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe\xfa",
        b"From: a@b.example\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR",
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--y\r\n\r\nhello",
        b"From: \xff\xfe <\xff@b.example>\r\nSubject: \xe4\xf6\r\n\r\nhi",
    ],
)
def test_odd_messages(raw: bytes) -> None:
    understand(raw, received_on=date(2026, 1, 1))
