"""A message as it came: what is taken out of it, and that none of it ever runs, loads or opens here."""

from __future__ import annotations

import io
import time
import zipfile
from email.message import EmailMessage

import pytest
from django.test import Client

from inbox import originals
from inbox.models import RawBody, Reply
from tests.conftest import World
from tests.inbox.conftest import Correspondence, url

PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def letter(html: str = "", **files: tuple[str, bytes]) -> bytes:
    """A multipart message; `files` are name → (type, bytes), with __ for the dot of a name."""
    message = EmailMessage()
    message["From"], message["Subject"] = "Ed Brand <ed@brightgarden.com>", "Re: An idea for Brightgarden"
    message["Message-ID"] = "<with-files@brightgarden.com>"
    message.set_content("Yes, sounds good.")
    if html:
        message.add_alternative(html, subtype="html")
    for name, (content_type, content) in files.items():
        main, _, sub = content_type.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name.replace("__", "."))
    return message.as_bytes()


def received(correspondence: Correspondence, raw: bytes) -> Reply:
    answering = f"In-Reply-To: {correspondence.attempt.message_id}\n".encode()
    reply = correspondence.receive(answering + raw)
    assert reply is not None
    return reply


def clean(html: str, *, with_remote: bool = False) -> str:
    page = originals.page_of(letter(html), with_remote=with_remote)
    assert page is not None
    return page.html


# --- HTML -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' jav&#x09;ascript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<iframe src='https://evil.example'></iframe>",
        "<object data='x.swf'></object><embed src=x>",
        "<form action='https://evil.example'><input name=password><button>Go</button></form>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<link rel=stylesheet href='https://evil.example/x.css'>",
        "<base href='https://evil.example'>",
        "<style>@import 'https://evil.example'; body{background:url(https://evil.example)}</style>",
        "<p style='background:url(https://evil.example/t.gif)'>x</p>",
        "<p style='color:red;background-image:u\\72l(https://evil.example)'>x</p>",
        "<p style='position:fixed;inset:0;z-index:9'>x</p>",
        "<table background='https://evil.example/t.gif'><tr><td>x</td></tr></table>",
        "<video poster='https://evil.example/p'><source src='https://evil.example/v'></video>",
        "<img src='https://evil.example/p.gif' srcset='https://evil.example/p2.gif 2x'>",
        "<img src='//evil.example/p.gif'>",
        "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    ],
)
def test_nothing_in_it_runs_or_loads(evil: str) -> None:
    shown = clean(f"<p>before</p>{evil}<p>after</p>")
    low = shown.lower()
    for sign in (
        "evil.example",
        "script",
        "onerror",
        "onload",
        "<form",
        "<input",
        "position",
        "<svg",
        "<style",
        "data:",
    ):
        assert sign not in low
    assert "before" in shown


def test_what_letters_look_like_stays() -> None:
    shown = clean(
        "<p style='color:#c00;font-weight:bold'>Hi</p><a href='https://site.com/x'>x</a><ul><li>one</li></ul>"
    )
    assert 'style="color:#c00;font-weight:bold"' in shown
    assert 'href="https://site.com/x"' in shown
    assert 'target="_blank"' in shown
    assert "noreferrer" in shown


def test_pictures_on_servers_wait_and_then_come_by_https_alone() -> None:
    html = "<img src='https://cdn.example/a.png'><img src='http://cdn.example/b.png'>"
    page = originals.page_of(letter(html), with_remote=False)
    assert page is not None
    assert (page.remote, "cdn.example" in page.html) == (2, False)
    assert clean(html, with_remote=True).count("cdn.example") == 1


def test_its_own_pictures_stand_in_it() -> None:
    raw = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n"
        b"<img src='cid:Logo@x'><img src='cid:none'><img src='cid:evil'>\r\n--b\r\nContent-Type: image/png\r\n"
        b"Content-ID: <logo@x>\r\n\r\n"
        + PIXEL
        + b"\r\n--b\r\nContent-Type: image/svg+xml\r\nContent-ID: <evil>\r\n\r\n"
        b"<svg onload=alert(1)/>\r\n--b--\r\n"
    )
    page = originals.page_of(raw, with_remote=False)
    assert page is not None
    assert page.html.count("data:image/png;base64,") == 1
    assert "svg" not in page.html
    assert [each.content_type for each in originals.contents_of(raw).files] == []


@pytest.mark.parametrize(
    "html",
    ["<div>" * 200_000, "<b>" * 5_000 + "</p>" * 100_000, "<a><b></a>" * 100_000, "<li>" * 200_000],
)
def test_deep_html_is_refused_or_done_with_soon(html: str) -> None:
    began = time.monotonic()
    originals.page_of(b"Content-Type: text/html\r\n\r\n" + html.encode(), with_remote=False)
    assert time.monotonic() - began < 20  # Without the limit the first takes minutes.


def test_the_frame_is_as_high_as_the_letter_may_need() -> None:
    short, long = clean("<p>Yes.</p>"), clean("<p>One line after the other.</p>" * 100)
    assert originals.Page(short).height == originals.LOWEST_FRAME
    assert originals.LOWEST_FRAME < originals.Page("<p>A line.</p>" * 10).height < originals.HIGHEST_FRAME
    assert originals.Page(long).height == originals.HIGHEST_FRAME


def test_the_frame_has_a_policy_of_its_own(client: Client, correspondence: Correspondence) -> None:
    reply = received(correspondence, letter("<p>Hello</p><img src='https://cdn.example/a.png'>"))
    answer = client.get(url("reply_html", reply.pk))
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'; img-src data:;" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "cdn.example" not in answer.content.decode()
    asked = client.get(url("reply_html", reply.pk), {"pictures": "yes"})
    assert "img-src data: https:;" in asked["Content-Security-Policy"]
    assert "https://cdn.example/a.png" in asked.content.decode()
    frame = client.get(url("reply_original", reply.pk), headers={"HX-Request": "true"}).content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
    assert "1 picture on the sender" in frame
    assert "<html" in client.get(url("reply_original", reply.pk)).content.decode()


def test_a_plain_message_has_no_other_looks(client: Client, reply: Reply) -> None:
    assert "came as plain text" in client.get(url("reply_html", reply.pk)).content.decode()
    assert "Show as it was designed" not in client.get(url("reply_detail", reply.pk)).content.decode()


# --- Files ------------------------------------------------------------------------------------------------------------


def test_files_are_listed_and_saved_as_bytes(client: Client, correspondence: Correspondence) -> None:
    evil = b"<script>alert(1)</script>"
    reply = received(correspondence, letter("", page__html=("text/html", evil), plan__pdf=("application/pdf", b"%PDF")))
    page = client.get(url("reply_detail", reply.pk)).content.decode()
    assert "page.html" in page
    assert "plan.pdf" in page
    found = originals.contents_of(reply.raw.body.raw).files
    answer = client.get(url("reply_file", reply.pk, found[0].number))
    assert answer.content.strip() == evil
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox;")


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\cv.doc", "cv.doc"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ('a"b\r\nSet-Cookie: x.txt', "a_b Set-Cookie_ x.txt"),
        ("...", "file-3.pdf"),
        ("", "file-3.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("Über uns.pdf", "Über uns.pdf"),
    ],
)
def test_a_name_is_no_more_than_a_name(given: str, safe: str) -> None:
    assert originals.safe_name(given, 2, "application/pdf") == safe


def test_a_zip_bomb_stays_as_small_as_it_came(client: Client, correspondence: Correspondence) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 20_000_000)
    bomb = packed.getvalue()
    reply = received(correspondence, letter("", bomb__zip=("application/zip", bomb)))
    [file] = originals.contents_of(reply.raw.body.raw).files
    assert client.get(url("reply_file", reply.pk, file.number)).content == bomb


def test_what_is_attached_to_a_large_message_is_looked_at_when_asked(
    client: Client, correspondence: Correspondence
) -> None:
    reply = received(correspondence, letter("", film__mov=("video/quicktime", b"x" * 400_000)))
    page = client.get(url("reply_detail", reply.pk)).content.decode()
    assert "film.mov" not in page
    assert url("reply_files", reply.pk) in page
    part = client.get(url("reply_files", reply.pk), headers={"HX-Request": "true"}).content.decode()
    assert "film.mov" in part
    assert "<html" in client.get(url("reply_files", reply.pk)).content.decode()


def test_a_thousand_parts_and_broken_ones_do_no_harm() -> None:
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(1000)
    )
    for raw in (
        nested,
        b"",
        b"\0" * 5000,
        b"Content-Type: multipart/mixed\r\n\r\n--x\r\n",
        b"Content-Type: ;;;\r\n\r\nx",
    ):
        originals.contents_of(raw)
        originals.page_of(raw, with_remote=True)
        assert originals.file_in(raw, 500) is None


# --- The whole --------------------------------------------------------------------------------------------------------


def test_headers_and_the_whole_message(client: Client, correspondence: Correspondence) -> None:
    raw = b"X-Odd: <b>bold</b>\n" + letter("<p>Hi</p>")
    reply = received(correspondence, raw)
    page = client.get(url("reply_headers", reply.pk)).content.decode()
    assert "X-Odd: &lt;b&gt;bold&lt;/b&gt;" in page
    assert "sounds good" not in page
    assert "<html" not in client.get(url("reply_headers", reply.pk), headers={"HX-Request": "true"}).content.decode()
    answer = client.get(url("reply_raw", reply.pk))
    assert answer.content.endswith(raw)
    assert answer["Content-Disposition"] == f'attachment; filename="reply-{reply.pk}.eml"'
    assert answer["Content-Type"] == "application/octet-stream"


def test_bytes_that_are_gone_are_said_to_be(client: Client, reply: Reply) -> None:
    RawBody.objects.all().delete()
    assert "not kept any more" in client.get(url("reply_headers", reply.pk)).content.decode()
    assert "not kept any more" in client.get(url("reply_html", reply.pk)).content.decode()
    assert "not kept any more" in client.get(url("reply_raw", reply.pk), follow=True).content.decode()
    assert client.get(url("reply_file", reply.pk, 0)).status_code == 302
    assert "not kept any more" in client.get(url("reply_detail", reply.pk)).content.decode()


@pytest.mark.parametrize("name", ["reply_html", "reply_original", "reply_files", "reply_headers", "reply_raw"])
def test_who_may_look(world: World, reply: Reply, name: str) -> None:
    assert world.client(world.viewer).get(url(name, reply.pk)).status_code == 200
    assert world.client(world.viewer).post(url(name, reply.pk)).status_code == 405
    for slug in ("orchard", "quarry"):
        assert world.client(world.stranger).get(url(name, reply.pk, slug=slug)).status_code == 404
