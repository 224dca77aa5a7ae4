"""Bytes that mail really consists of: lies about charsets, broken boundaries, bombs; the text a person wrote now."""

from __future__ import annotations

import random
import time
from datetime import date

import pytest

from inbox.dates import return_date
from inbox.parsing import addresses_in, decoded_header, parse, parse_text
from inbox.quotation import end_of_own
from inbox.understanding import MessageKind, understand
from tests.inbox.conftest import bounce, message

TODAY = date(2025, 12, 1)


def new_text(text: str = "", *, html: str = "") -> str:
    return parse_text(text=text, html=html).new_text


# --- Headers and characters -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?ISO-8859-1?Q?Gr=FC=DFe?= und mehr", "Grüße und mehr"),
        ("=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),  # a character cut in two
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?Q?_an_alle?=", "Grüße an alle"),
        ("=?nonsense-9?Q?Hello?=", "Hello"),
        ("=?utf-8?B?broken", "=?utf-8?B?broken"),
        ("Gr\udcc3\udcbc\udcc3\udc9fe", "Grüße"),  # 8-bit bytes as the standard library hands them out
        ("Gr\udcfc\udcdfe", "Grüße"),
    ],
)
def test_headers_are_decoded(raw: str, expected: str) -> None:
    assert decoded_header(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Ed Brand <ed@x.org>", [("Ed Brand", "ed@x.org")]),
        ('"Brand, Ed" <ed@x.org>, jo@x.org', [("Brand, Ed", "ed@x.org"), ("", "jo@x.org")]),
        ("ed@x.org (Ed Brand)", [("Ed Brand", "ed@x.org")]),
        ("=?utf-8?Q?J=C3=B6rg=2C_Ed?= <ed@x.org>", [("Jörg, Ed", "ed@x.org")]),
        ("<ed@x.org>", [("", "ed@x.org")]),
        ("nobody", []),
        ("", []),
        ("<<<>>>,,;;@@", []),
    ],
)
def test_addresses(raw: str, expected: list[tuple[str, str]]) -> None:
    assert addresses_in(raw) == expected


@pytest.mark.parametrize(
    ("label", "raw", "expected"),
    [
        ("utf-8", "Grüße".encode("cp1252"), "Grüße"),
        ("iso-8859-1", "Grüße".encode(), "Grüße"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("nonsense", "Grüße".encode(), "Grüße"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("base64", b"Hello", "Hello"),
        ("utf-16", "Hello".encode("utf-16"), "Hello"),
    ],
)
def test_a_charset_that_lies(label: str, raw: bytes, expected: str) -> None:
    head = f"Content-Type: text/plain; charset={label}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
    assert parse(head + raw).text.strip() == expected


def test_no_nul_reaches_the_database() -> None:
    parsed = parse(b"Subject: a\x00b\r\nFrom: x\x00@y.z\r\n\r\nte\x00xt \xed\xa0\x80")
    assert "\x00" not in parsed.subject + parsed.text + parsed.from_email
    (parsed.subject + parsed.text).encode()


# --- Structure --------------------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    lines = ["From: a@b.c"]
    for level in range(depth):
        lines += [f'Content-Type: multipart/mixed; boundary="b{level}"', "", f"--b{level}"]
    lines += ["Content-Type: text/plain", "", "at the bottom"]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n\r\n",
        b"no headers at all",
        b"Subject\r\nFrom\r\n: : :\r\n",
        b"Content-Type: multipart/mixed\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n--x--\r\n",
        b'Content-Type: text/plain; charset="\r\n\r\nHello',
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\nHello",
        b"Content-Transfer-Encoding: base64\r\n\r\n@@@@ not base64",
        b"Content-Type: message/rfc822\r\n\r\n" * 50,
        b"From: =?utf-8?B?" + b"A" * 50_000 + b"?=\r\n\r\n",
        b"References: " + b"<a@b> " * 20_000 + b"\r\n\r\nHello",
        b"Date: Mon, 99 Foo 99999 99:99:99 +9999\r\n\r\nHello",
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 40_000,
        b"Content-Type: text/html\r\n\r\n" + b"<" * 100_000,
        b"Content-Type: text/html\r\n\r\n" + b"<!--" * 30_000,
        b"Content-Type: text/html\r\n\r\n" + b'<a href="' * 20_000,
        b"\r\n\r\n" + b"On wrote @ " * 20_000,
        b"\r\n\r\n" + b"On 1 Dec, x@y.z wrote\r\n" * 4_000,
        b"\r\n\r\n" + b">" * 100_000,
        b"\r\n\r\n" + b"a" * 3_000_000,
        nested(1000),
        random.Random(5).randbytes(200_000),
    ],
    ids=range(22),
)
def test_whatever_it_is_it_is_read_in_time(raw: bytes) -> None:
    began = time.process_time()
    understood = understand(raw, received_on=TODAY)
    assert time.process_time() - began < 2
    assert not understood.suppresses


def test_a_boundary_that_the_header_does_not_name() -> None:
    raw = b"Content-Type: multipart/mixed\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n--x--\r\n"
    assert parse(raw).text == "Hello"


def test_of_alternatives_the_plain_one_and_no_attachment() -> None:
    raw = (
        b'Content-Type: multipart/mixed; boundary="m"\r\n\r\n--m\r\n'
        b'Content-Type: multipart/alternative; boundary="a"\r\n\r\n'
        b"--a\r\nContent-Type: text/plain\r\n\r\nplain\r\n--a\r\n"
        b"Content-Type: text/html\r\n\r\n<p>html</p>\r\n--a--\r\n"
        b'--m\r\nContent-Type: text/plain; name="x.txt"\r\nContent-Disposition: attachment\r\n\r\nattached\r\n--m--\r\n'
    )
    assert parse(raw).text == "plain"


def test_flowed_text_is_put_together() -> None:
    lines = (b"We would love ", b"to see it.", b"", b"> a quoted ", b"> line", b"-- ", b"Ed")
    raw = b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"\r\n".join(lines)
    parsed = parse(raw)
    assert parsed.new_text == "We would love to see it."
    assert "> a quoted line" in parsed.text


# --- The new text -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tail",
    [
        "On Mon, 1 Dec 2025 at 10:00, Mara Voss <mara@o.com> wrote:\n\n> old",
        "On Mon, 1 Dec 2025 at 10:00, Mara Voss with a rather long name\n<mara@o.com> wrote:\n> old",
        "Am 01.12.2025 um 10:00 schrieb Mara Voss:\n> old",
        "Le lun. 1 déc. 2025 à 10:00, Mara <m@o.com> a écrit :\n> old",
        "El lun, 1 dic 2025 a las 10:00, Mara (<m@o.com>) escribió:\n> old",
        "Il giorno lun 1 dic 2025 alle ore 10:00 Mara <m@o.com> ha scritto:\n> old",
        "Op ma 1 dec 2025 om 10:00 schreef Mara <m@o.com>:\n> old",
        "Em seg., 1 de dez. de 2025 às 10:00, Mara <m@o.com> escreveu:\n> old",
        "pon., 1 gru 2025 o 10:00 Mara <m@o.com> napisał(a):\n> old",
        "-----Original Message-----\nFrom: Mara\nold",
        "-----Ursprüngliche Nachricht-----\nVon: Mara\nold",
        "________________________________\nFrom: Mara <m@o.com>\nSent: Monday\nTo: Ed\nSubject: Hi\n\nold",
        "Von: Mara Voss <m@o.com>\nGesendet: Montag, 1. Dezember 2025 10:00\nAn: Ed\nBetreff: Hallo\n\nold",
        "Sent from my iPhone\n\nOn 1 Dec 2025, at 10:00, Mara <m@o.com> wrote:\n\n> old",
        "Get Outlook for iOS",
        "Von meinem iPhone gesendet",
        "-- \nEd Brand\nEditor",
        "This e-mail and any attachments are confidential and intended for the addressee only.",
    ],
)
def test_only_what_is_new_stays(tail: str) -> None:
    assert new_text(f"Yes, please send it.\n\n{tail}\n") == "Yes, please send it."


@pytest.mark.parametrize("greeting", ["Hi Mara,", "Guten Tag Frau Voss,", "Hola Mara:", "Dzień dobry,", "Hello"])
@pytest.mark.parametrize("mark", ["-- ", "Sent from my iPhone\n", "Von meinem iPhone gesendet\n"])
def test_what_is_written_below_a_signature_stays_where_only_a_greeting_stands_above(greeting: str, mark: str) -> None:
    text = f"{greeting}\n\n{mark}\nYes, please send it.\n\nOn 1 Dec 2025, at 10:00, Mara <m@o.com> wrote:\n> old"
    kept = new_text(text)
    assert kept.startswith(greeting)
    assert kept.endswith("Yes, please send it.")
    assert end_of_own(kept) == len(greeting) + 2
    assert end_of_own("Yes, please.\n-- \nMara") == len("Yes, please.\n-- \nMara")


@pytest.mark.parametrize(
    "html",
    [
        (
            '<div dir="ltr">Yes, please.</div><div class="gmail_quote"><div class="gmail_attr">On Mon Mara wrote:</div>'
            '<blockquote class="gmail_quote">old</blockquote></div>'
        ),
        '<div>Yes, please.</div><hr><div id="divRplyFwdMsg"><b>From:</b> Mara</div><div>old</div>',
        '<p>Yes, please.</p><div class="moz-cite-prefix">Am 1.12. schrieb Mara:</div><blockquote>old</blockquote>',
        '<div>Yes, please.</div><div class="yahoo_quoted">old</div>',
        '<div>Yes, please.</div><div class="gmail_signature">Ed, Editor</div>',
        '<style>p{}</style><p>Yes, please.</p><script>old()</script><div style="display:none">old</div>',
    ],
)
def test_only_what_is_new_stays_of_html(html: str) -> None:
    assert new_text(html=html) == "Yes, please."


def test_answers_between_the_quoted_lines_stay() -> None:
    text = "On Mon, 1 Dec 2025 Mara <m@o.com> wrote:\n> Would it suit you?\nYes.\n> And when?\nIn March.\n"
    assert new_text(text) == "Yes.\nIn March."


def test_a_persons_own_words_are_no_attribution() -> None:
    text = "Here is what she wrote:\nPlease send it by 5 March."
    assert new_text(text) == text


# --- Automatic replies and reports ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated", "X-Autoreply: yes", "Precedence: auto_reply",
        "X-Autorespond: x", "X-FC-MachineGenerated: true",
    ],
)  # fmt: skip
def test_machines_by_their_headers(headers: str) -> None:
    assert understand(message("Thank you.", headers=headers), received_on=TODAY).kind is MessageKind.AUTO_REPLY


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: An idea", "Out of Office: An idea", "Abwesenheitsnotiz: Idee", "Automatische Antwort: Idee",
        "Réponse automatique : Idée", "Respuesta automática: Idea", "Risposta automatica: Idea",
        "Automatisch antwoord: Idee", "Resposta automática: Ideia", "Odpowiedź automatyczna: Pomysł", "Autosvar: Idé",
    ],
)  # fmt: skip
def test_machines_by_their_subjects(subject: str) -> None:
    assert understand(message("Thank you.", subject=subject), received_on=TODAY).kind is MessageKind.AUTO_REPLY


def test_a_person_who_answers_is_no_machine() -> None:
    for headers in ("Auto-Submitted: no", "X-Auto-Response-Suppress: All", "List-Id: <editors.x.org>"):
        raw = message("Sounds good.", answers="<l@o.com>", headers=headers)
        assert understand(raw, received_on=TODAY).kind is MessageKind.REPLY


def test_a_newsletter_answers_nobody() -> None:
    raw = message("Our offers. Unsubscribe here.", subject="News", headers="List-Unsubscribe: <https://x.org/u>")
    understood = understand(raw, received_on=TODAY)
    assert understood.kind is MessageKind.LIST
    assert not understood.suppresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I am back on Monday, 12 January 2026.", date(2026, 1, 12)),
        ("I am away until January 5th.", date(2026, 1, 5)),
        ("out of office until 05.01.2026", date(2026, 1, 5)),
        ("Ich bin bis zum 5. Januar nicht im Büro.", date(2026, 1, 5)),
        ("Je suis absente jusqu'au 5 janvier 2026.", date(2026, 1, 5)),
        ("Estaré fuera hasta el 5 de enero.", date(2026, 1, 5)),
        ("Sono assente fino al 5 gennaio.", date(2026, 1, 5)),
        ("Ik ben afwezig t/m 5 januari.", date(2026, 1, 5)),
        ("Estou de férias até 5 de janeiro.", date(2026, 1, 5)),
        ("Jestem na urlopie do 5 stycznia.", date(2026, 1, 5)),
        ("I will return on 2026-01-05.", date(2026, 1, 5)),
        ("away from 3 December until 8 December", date(2025, 12, 8)),
        ("back tomorrow", date(2025, 12, 2)),
        ("I'm back on Friday.", date(2025, 12, 5)),
        ("office hours are 9-5", None),
        ("away until further notice", None),
        ("back on 31.02.2026", None),
    ],
)
def test_the_day_of_return(text: str, expected: date | None) -> None:
    assert return_date(text, sent_on=TODAY) == expected


def test_a_delivery_report() -> None:
    understood = understand(bounce(original="<l@o.com>"), received_on=TODAY)
    assert understood.kind is MessageKind.BOUNCE
    assert understood.report is not None
    assert understood.report.recipients == ("ed@brightgarden.com",)
    assert understood.report.status == "5.1.1"
    assert understood.report.original_ids == ("<l@o.com>",)
    assert understood.suppresses


@pytest.mark.parametrize(
    ("text", "kind", "recipient", "hardness"),
    [
        (
            ("Hi. This is the qmail-send program at mx.x.org.\nI'm afraid I wasn't able to deliver your message to the "
            "following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
            "<gone@y.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n"),
            MessageKind.BOUNCE, "gone@y.org", "hard",
        ),
        (
            ("This message was created automatically by mail delivery software.\n\nA message that you sent could not "
            "be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) "
            "failed:"
            "\n\n  gone@y.org\n    SMTP error from remote mail server after RCPT TO:<gone@y.org>:\n"
            "    550 5.1.1 User unknown\n"),
            MessageKind.BOUNCE, "gone@y.org", "hard",
        ),
        (
            "Your message to <full@y.org> couldn't be delivered: the recipient's mailbox is full. 552 5.2.2 quota",
            MessageKind.BOUNCE, "full@y.org", "soft",
        ),
    ],
)  # fmt: skip
def test_servers_that_only_write_a_letter(text: str, kind: MessageKind, recipient: str, hardness: str) -> None:
    raw = message(text, sender="Mail Delivery System <MAILER-DAEMON@mx.x.org>", subject="failure notice")
    understood = understand(raw, received_on=TODAY)
    assert understood.kind is kind
    assert understood.report is not None
    assert understood.report.recipients == (recipient,)
    assert understood.report.hardness == hardness


def test_a_complaint() -> None:
    raw = b"""From: fbl@provider.net
Subject: FW: An idea
Content-Type: multipart/report; report-type=feedback-report; boundary="f"

--f
Content-Type: text/plain

This is an email abuse report.

--f
Content-Type: message/feedback-report

Feedback-Type: abuse
Original-Rcpt-To: <ed@brightgarden.com>

--f
Content-Type: message/rfc822

From: mara@orchardmedia.com
Message-ID: <l@o.com>
Subject: An idea

Hello
--f--
"""
    understood = understand(raw.replace(b"\n", b"\r\n"), received_on=TODAY)
    assert understood.kind is MessageKind.COMPLAINT
    assert understood.report is not None
    assert understood.report.recipients == ("ed@brightgarden.com",)
    assert "<l@o.com>" in understood.report.original_ids


def test_a_person_who_writes_about_a_bounce_is_a_person() -> None:
    raw = message("Your last mail could not be delivered to Jo, the mailbox is full.", subject="Re: delivery failed")
    assert understand(raw, received_on=TODAY).kind is MessageKind.REPLY


def test_an_ornament_is_no_quotation() -> None:
    text = "Visit us now\n>>> https://brightgarden.com <<<\nBye\n\nOn Mon, 1 Dec 2025 Mara <m@x.example> wrote:\n> Hi\n"
    assert parse_text(text=text).new_text == "Visit us now\n>>> https://brightgarden.com <<<\nBye"


def test_a_header_block_on_one_line() -> None:
    html = "<div>Reply</div><hr><div>From: bob@x.example Date: Thu, 24 Mar 2016 08:07:12 -0700</div><div>Old</div>"
    assert parse_text(html=html).new_text == "Reply"


def test_a_blockquote_that_only_indents() -> None:
    own, old = "<blockquote>my own words</blockquote>", "<blockquote>Old</blockquote>"
    html = f"<p>As I said</p>{own}<p>On Mon, 1 Dec 2025 Mara wrote:</p>{old}"
    assert "my own words" in parse_text(html=html).new_text
    assert "Old" not in parse_text(html=html).new_text
