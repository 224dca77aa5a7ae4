"""The letter as it is read, and the message as it travels."""

from __future__ import annotations

import email
import email.errors
import email.policy
import quopri
import re
from contextlib import suppress
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage as ParsedMessage

import pytest
from django.core.mail import EmailMultiAlternatives
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_django import Settings

from campaigns import hypertext, languages, letters, wire_ids
from campaigns.languages import language_of
from campaigns.models import Attempt, Campaign, Contact, Lead
from compliance import unsubscribe
from compliance.models import Kind
from outreach_site.accounts.models import SenderIdentity
from outreach_site.lib.addresses import named
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World

FOUND_AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def contact() -> Contact:
    found = {"found_url": "https://site.com/about", "found_at": FOUND_AT}
    return Contact(email="ada@site.com", email_key="ada@site.com", name="Ada Reed", **found)


def composed(
    identity: SenderIdentity,
    contact: Contact | None,
    *,
    kind: Kind = Kind.FIRST,
    subject: str = "Hello",
    body: str = "Hello Ada,\n\nyours",
    name: str = "Ada Reed",
    from_name: str = "Mara Voss",
    address: str = "ada@site.com",
    token: str = "t" * 43,
    campaign: Campaign | None = None,
    imap_host: str = "",
) -> ParsedMessage:
    mailbox = Mailbox(email="mara@orchard.com", from_name=from_name, imap_host=imap_host)
    attempt = Attempt(
        campaign=campaign or Campaign(),
        lead=Lead(contact=contact),
        identity=identity,
        kind=kind,
        recipient=address,
        recipient_key=address,
        recipient_name=name,
        subject=subject,
        body=body,
        message_id="<abc@orchard.com>",
    )
    message = letters.compose(attempt, mailbox=mailbox, token=token, now=FOUND_AT)
    raw = message.message().as_bytes(linesep="\r\n")
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, ParsedMessage)
    return parsed


def text_of(message: ParsedMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


def test_the_footer_says_who_where_and_how_to_say_no(world: World, contact: Contact) -> None:
    world.identity.on_behalf_of = "Green Co"
    text = text_of(composed(world.identity, contact))
    head, footer = text.rstrip("\n").rsplit("\n\n", 1)
    assert head == "Hello Ada,\n\nyours\n\nMara Voss\nOrchard Media"
    assert footer.splitlines() == [
        "Orchard Media, on behalf of Green Co, Lindenweg 4, 10115 Berlin, Germany",
        "We found your address at https://site.com/about on 4 March 2026.",
        "How we handle your data: https://orchard.example/privacy",
        f"Not for you? One click, and we will not write again: http://testserver/unsubscribe/{'t' * 43}/",
    ]


def test_nothing_is_said_that_is_not_known(world: World) -> None:
    world.identity.privacy_notice_url = ""
    text = text_of(composed(world.identity, None))
    assert "found your address" not in text
    assert "How we handle" not in text


def test_the_preview_is_the_letter(world: World, contact: Contact) -> None:
    seen = letters.preview(body="Hello Ada,\n\nyours", kind=Kind.FIRST, identity=world.identity, contact=contact)
    sent = text_of(composed(world.identity, contact))
    link = unsubscribe.link("t" * 43)
    assert seen.replace(unsubscribe.link("their-own-link"), link) == sent


def test_an_answer_carries_the_signature_alone(world: World, contact: Contact) -> None:
    message = composed(world.identity, contact, kind=Kind.ANSWER, token="")
    assert text_of(message) == "Hello Ada,\n\nyours\n\nMara Voss\nOrchard Media\n"
    assert message["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("Grüße aus Köln", "Jürgen Müller"),
        ("日本語の件名", "山田 太郎"),
        ("مرحبا بكم في الموقع", "Ægir Ólafsson"),
        ("A very long subject " * 9, 'Ed "The Pen" O\'Hara, Jr.'),
        ("😀 emoji", "Zoë"),
    ],
)
def test_any_script_comes_out_as_it_went_in(world: World, contact: Contact, subject: str, name: str) -> None:
    body = f"{subject.strip()}\n\n.leading dot\nFrom the start\n" + "x" * 3000
    message = composed(world.identity, contact, subject=subject.strip(), name=name, body=body)
    assert message["Subject"] == subject.strip()
    assert message["To"].addresses[0].display_name == name
    assert message["To"].addresses[0].addr_spec == "ada@site.com"
    assert text_of(message).startswith(body.strip())


def test_an_international_domain_travels_in_ascii(world: World, contact: Contact) -> None:
    message = composed(world.identity, contact, address="ada@müller.de")
    assert message["To"].addresses[0].addr_spec == "ada@xn--mller-kva.de"


def test_one_click_headers_need_https(world: World, contact: Contact, settings: object) -> None:
    assert composed(world.identity, contact)["List-Unsubscribe-Post"] is None
    settings.SITE_URL = "https://outreach.example.com"  # type: ignore[attr-defined]  # pytest-django's settings
    message = composed(world.identity, contact)
    assert message["List-Unsubscribe"].strip() == f"<https://outreach.example.com/unsubscribe/{'t' * 43}/>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("kind", [Kind.FIRST, Kind.FOLLOW_UP])
def test_a_mailbox_that_receives_is_named_beside_the_link(
    world: World, contact: Contact, settings: object, kind: Kind
) -> None:
    settings.SITE_URL = "https://outreach.example.com"  # type: ignore[attr-defined]  # pytest-django's settings
    message = composed(world.identity, contact, kind=kind, imap_host="imap.orchard.com")
    ways = [way.strip() for way in message["List-Unsubscribe"].split(",")]
    assert ways == [
        f"<https://outreach.example.com/unsubscribe/{'t' * 43}/>",
        f"<mailto:mara@orchard.com?subject=unsubscribe%20{'t' * 43}>",
    ]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("bad", ["Hello\nBcc: x@y.com", "Hello\r\nBcc: x@y.com"])
def test_a_header_cannot_be_injected_by_a_subject(world: World, contact: Contact, bad: str) -> None:
    with pytest.raises(ValueError, match="newlines"):
        composed(world.identity, contact, subject=bad)


def test_a_header_cannot_be_injected_by_a_name(world: World, contact: Contact) -> None:
    message = composed(world.identity, contact, name="Ada\r\nBcc: x@y.com", from_name="M\nX-Evil: 1")
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert len(message["To"].addresses) == 1


@pytest.mark.parametrize(
    "subject", ["Hello", "", "Ein Gruß", "a " * 60, "x" * 90, "=?utf-8?q?no?=", "tab\there", "ab\x00"]
)
@pytest.mark.parametrize(
    "sender", ["ada@site.com", "Ada Reed <ada@site.com>", '"Reed, A." <ada@site.com>', "Åda <a@b.com>"]
)
@pytest.mark.parametrize("body", ["Hello", "Grüße\n\n.\nFrom me = you \n" + "long " * 300])
def test_a_plain_letter_is_what_django_makes_of_it(subject: str, sender: str, body: str) -> None:
    headers = {"Message-ID": "<a@b.com>", "Date": "Wed, 04 Mar 2026 12:00:00 +0000", "X-Long": "word " * 20}
    parts = (subject, body, sender, [sender, "b@c.com"])
    ours = letters.SealedMessage(*parts, reply_to=["c@d.com"], headers=headers)
    django = EmailMultiAlternatives(*parts, reply_to=["c@d.com"], headers=headers)
    ours.encoding = django.encoding = letters._UTF8
    assert ours.wire == ours.message().as_bytes(linesep="\r\n") == django.message().as_bytes(linesep="\r\n")


@given(text=st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])))
@example(text="Grüße \n.\n=3D\t\n" + "x" * 200 + " ")
@example(text="x" * 75 + " \n" + "x" * 74 + " \n" + "x" * 75 + "\t")
def test_any_text_travels_in_short_plain_lines_and_is_read_as_it_was_written(text: str) -> None:
    body = letters._UTF8.body_encode(text)
    assert quopri.decodestring(body).decode() == text
    for line in body.split("\n"):
        assert len(line) <= 76
        assert line.isascii()
        assert line == line.rstrip()


@given(subject=st.text(), sender=st.text(), body=st.text(), long=st.integers(0, 100))
def test_whatever_a_plain_letter_says_it_is_what_django_makes_of_it(
    subject: str, sender: str, body: str, long: int
) -> None:
    def written(kind: type[EmailMultiAlternatives]) -> bytes | str:
        message = kind(subject * (1 + long), body * (1 + long), f"{sender} <a@b.com>", ["c@d.com"])
        message.extra_headers = {"Message-ID": "<a@b.com>", "Date": "Wed, 04 Mar 2026 12:00:00 +0000"}
        message.encoding = letters._UTF8
        if isinstance(message, letters.SealedMessage):
            with suppress(ValueError):
                return message.wire
            return "refused"
        with suppress(ValueError, email.errors.MessageError):
            return bytes(message.message().as_bytes(linesep="\r\n"))
        return "refused"

    ours, django = written(letters.SealedMessage), written(EmailMultiAlternatives)
    begins_below = rb"^[\w-]+: \r\n =\?"
    if isinstance(ours, bytes) and isinstance(django, bytes) and re.search(begins_below, django, re.MULTILINE):
        # The encoded words that Python puts on the line below the field's name are made anew, beside it.
        ours, django = (re.sub(rb"\r\n ", b"", raw) for raw in (ours, django))
        assert fields_of(ours) == fields_of(django)
        ours, django = (raw.partition(b"\r\n\r\n")[2] for raw in (ours, django))
    assert ours == django


def fields_of(raw: bytes) -> list[tuple[str, str]]:
    found = []
    for name, value in email.message_from_bytes(raw).items():
        with suppress(email.errors.MessageError, LookupError, ValueError):
            value = str(make_header(decode_header(value)))
        found.append((name, value))
    return found


@given(
    subject=st.text(st.characters(exclude_categories=["C", "Z"]), max_size=300),
    sender=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=120),
)
@example(subject="Grüße " * 20, sender="Jürgen Müller-Lüdenscheidt von und zu Großhadern am Ätna")
@example(subject="😀" * 60, sender="山田" * 30)
def test_encoded_words_begin_beside_the_fields_name_in_short_lines(subject: str, sender: str) -> None:
    message = letters.SealedMessage(f"ü{subject}".strip(), "Hello", named(f"ü{sender}", "a@b.com"), ["c@d.com"])
    message.extra_headers = {"Message-ID": "<a@b.com>", "Date": "Wed, 04 Mar 2026 12:00:00 +0000"}
    message.encoding = letters._UTF8
    head, _, _ = message.wire.partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    # Python leaves a field that needs no second line up to 78.
    assert all(len(line) <= 76 or (len(line) <= 78 and line.startswith(("Subject: ", "From: "))) for line in lines)
    assert not [line for line in lines if not line.strip() or line.endswith(": ")]
    read = email.message_from_bytes(message.wire, policy=email.policy.default)
    assert read["Subject"] == f"ü{subject}".strip()
    assert str(make_header(decode_header(email.message_from_bytes(head)["From"]))) == f"ü{sender} <a@b.com>"


@given(text=st.text() | st.text(st.characters(max_codepoint=127)))
def test_plain_words_are_the_words_of_the_pattern(text: str) -> None:
    assert languages._words(text) == languages._WORD.findall(text)


@pytest.mark.parametrize("name", ["Ada", "Ada Reed", "R2 D2", "Ada  Reed", "Reed, A.", "Åda", "A. B.", "x" * 90])
@pytest.mark.parametrize("address", ["ada@site.com", "a.b+c_d-e@sub.site-x.com", "a!b@site.com", "ada@localhost"])
def test_a_name_beside_an_address_is_what_python_makes_of_it(name: str, address: str) -> None:
    assert named(name, address) == str(Address(display_name=name, addr_spec=address))


@pytest.mark.parametrize("address", ["a..b@site.com", ".a@site.com", "ada@", "a b@site.com", "ada@site..com"])
def test_what_is_no_address_gets_no_name(address: str) -> None:
    with pytest.raises(ValueError, match="not an email address"):
        named("Ada", address)


@pytest.mark.parametrize("name", ["علی\u200cرضا رضایی", "ශ්\u200dරී ලංකා", "👩\u200d🌾 Ann"])
def test_letters_of_a_name_stay_apart_or_joined_as_they_are_written(name: str) -> None:
    assert named(f" {name}\u200c\u202e ", "ada@site.com") == named(name, "ada@site.com") != ""
    assert name in named(name, "ada@site.com")


def test_a_message_id_is_ours_and_new() -> None:
    one, two = letters.new_message_id("a@orchard.com"), letters.new_message_id("a@orchard.com")
    assert one != two
    assert one.startswith("<")
    assert one.endswith("@orchard.com>")


# --- What is read beneath ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "de",
            [
                "Orchard Media, im Auftrag von Green Co, Lindenweg 4, 10115 Berlin, Germany",
                "Ihre Adresse haben wir am 4. März 2026 gefunden: https://site.com/about",
                "So gehen wir mit Ihren Daten um: https://orchard.example/privacy",
            ],
        ),
        ("fr", ["pour le compte de Green Co", "sur https://site.com/about le 4 mars 2026.", "vos données :"]),
        ("es", ["en nombre de Green Co", "en https://site.com/about el 4 de marzo de 2026.", "sus datos:"]),
        ("it", ["per conto di Green Co", "su https://site.com/about in data 4 marzo 2026.", "suoi dati:"]),
        ("pt", ["em nome de Green Co", "em https://site.com/about no dia 4 de março de 2026.", "seus dados:"]),
        ("nl", ["namens Green Co", "op 4 maart 2026: https://site.com/about", "uw gegevens om:"]),
        ("pl", ["w imieniu Green Co", "dnia 4 marca 2026 na stronie https://site.com/about", "Państwa dane:"]),
    ],
)
def test_the_footer_speaks_the_campaigns_language(
    world: World, contact: Contact, language: str, lines: list[str]
) -> None:
    world.identity.on_behalf_of = "Green Co"
    text = text_of(composed(world.identity, contact, campaign=Campaign(language=language)))
    foot = text.rstrip("\n").rsplit("\n\n", 1)[1].splitlines()
    assert len(foot) == 4
    assert all(wanted in line for wanted, line in zip(lines, foot, strict=False))
    assert foot[3].endswith(unsubscribe.link("t" * 43))


@pytest.mark.parametrize(
    ("body", "domain", "chosen", "language"),
    [
        ("Hallo Ada,\n\nich habe Ihren Artikel gelesen und würde gern über das Thema schreiben.", "site.com", "", "de"),
        ("Hello Ada,\n\nI read your piece and would like to write about this with you.", "seite.de", "", "en"),
        ("Bonjour Ada,\n\nje vous écris pour une idée que nous avons sur votre site.", "site.com", "", "fr"),
        ("Hola Ada:\n\nescribo sobre su sitio y una idea para los lectores.", "site.com", "", "es"),
        ("Buongiorno Ada,\n\nle scrivo per una proposta che ho per il vostro sito.", "site.com", "", "it"),
        ("Olá Ada,\n\ngostaria de escrever sobre uma ideia para o seu site, com muito gosto.", "site.com", "", "pt"),
        ("Hallo Ada,\n\nik schrijf u over een idee voor jullie site en we zouden graag meedoen.", "site.com", "", "nl"),
        ("Dzień dobry,\n\npiszę, bo na Państwa stronie jest miejsce dla nas.", "site.com", "", "pl"),
        ("Ada?", "seite.de", "", "de"),
        ("Ada?", "site.com.br", "", "pt"),
        ("Ada?", "site.be", "", "en"),
        ("Ada?", "site.jp", "", "en"),
        ("Hello, I read your piece and would like to write with you.", "site.com", "it", "it"),
        ("", "", "", "en"),
    ],
)
def test_a_letters_language(body: str, domain: str, chosen: str, language: str) -> None:
    assert language_of(body, chosen=chosen, domain=domain) == language


@pytest.mark.parametrize(
    ("url", "short"),
    [
        ("https://site.com/about", "https://site.com/about"),
        ("https://site.com/about?utm_source=x&page=2&gclid=1#team", "https://site.com/about?page=2"),
        ("https://site.com/team?q=" + "x" * 100, "https://site.com/team"),
        ("https://site.com/" + "x" * 100, "https://site.com/"),
        ("https://[site.com/", "https://[site.com/"),
    ],
)
def test_where_an_address_was_found_fits_a_line(url: str, short: str) -> None:
    assert letters.short_link(url) == short


# --- Who writes, to whom, and where answers go ------------------------------------------------------------------------


def test_answers_can_go_elsewhere(world: World, contact: Contact) -> None:
    message = composed(world.identity, contact, campaign=Campaign(reply_to="team@bücher.example"))
    assert message["Reply-To"] == "team@xn--bcher-kva.example"
    assert composed(world.identity, contact)["Reply-To"] is None


@pytest.mark.parametrize(
    ("address", "travels"),
    [
        ("ada@straße.de", "ada@xn--strae-oqa.de"),  # IDNA 2008: under the older rules it would be another domain
        ("ada@日本語.jp", "ada@xn--wgv71a119e.jp"),
        ("Ada@Site.com", "Ada@Site.com"),
    ],
)
def test_domains_travel_as_they_are_compared(world: World, contact: Contact, address: str, travels: str) -> None:
    assert composed(world.identity, contact, address=address)["To"].addresses[0].addr_spec == travels


@pytest.mark.parametrize("address", ["ąda@site.com", "ada", "@site.com", "ada@", "ada@site..com\u3002"])
def test_an_address_that_cannot_travel_is_said(world: World, contact: Contact, address: str) -> None:
    with pytest.raises(ValueError, match=r"letters before the @|not an email address|not a domain"):
        composed(world.identity, contact, address=address)


def test_a_letter_of_30_megabytes_is_refused(world: World, contact: Contact) -> None:
    with pytest.raises(ValueError, match="30,000,000 characters; at most 1,000,000"):
        composed(world.identity, contact, body="x" * 30_000_000)


@pytest.mark.parametrize("name", ["Message-ID", "In-Reply-To", "References", "List-Unsubscribe"])
def test_no_field_begins_with_an_empty_line(world: World, contact: Contact, settings: Settings, name: str) -> None:
    settings.SITE_URL = "https://outreach.some-rather-long-name-of-a-company.example.com"
    long_ids = [f"<{'b' * 70}{n}@mail.example.com>" for n in range(3)]
    attempt = left(world, contact, in_reply_to=long_ids[-1], references=" ".join(long_ids))
    attempt.message_id = long_ids[0]
    assert attempt.mailbox is not None
    sealed = letters.compose(attempt, mailbox=attempt.mailbox, token="t" * 43, now=FOUND_AT)
    for linesep in ("\n", "\r\n"):
        raw = sealed.message().as_bytes(linesep=linesep).decode()
        field = next(line for line in raw.split(linesep) if line.startswith(f"{name}: "))
        assert field.startswith(f"{name}: <")
        assert all(len(line) <= 998 for line in raw.split(linesep))
    parsed = email.message_from_string(raw, policy=email.policy.default)
    assert parsed["References"].split() == long_ids
    assert isinstance(parsed, ParsedMessage)


# --- HTML -------------------------------------------------------------------------------------------------------------


def test_html_is_the_same_words_and_loads_nothing(world: World, contact: Contact) -> None:
    body = "Hi <b>Ada</b> & \"co\",\n\nsee https://site.com/a?x=1&y='2'."
    body += " Or (https://site.com/b), or\n    indented\n\nمرحبا"
    message = composed(world.identity, contact, body=body, campaign=Campaign(with_html=True, language="de"))
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert isinstance(plain, ParsedMessage)
    assert isinstance(html, ParsedMessage)
    assert text_of(plain).startswith(body)
    page = text_of(html)
    assert '<html lang="de">' in page
    assert '<p dir="auto">Hi &lt;b&gt;Ada&lt;/b&gt; &amp; &quot;co&quot;,</p>' in page
    assert '<a href="https://site.com/a?x=1&amp;y=&#x27;2">https://site.com/a?x=1&amp;y=&#x27;2</a>&#x27;.' in page
    assert '(<a href="https://site.com/b">https://site.com/b</a>), or<br>' in page
    assert unsubscribe.link("t" * 43) in page
    assert not re.search(r"<(?:img|script|style|link|iframe)|src=|url\(|javascript:", page)
    # Every address that can be clicked is the address that is read.
    assert all(href == words for href, words in re.findall(r'<a href="([^"]*)">([^<]*)</a>', page))


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("弊社の表はhttps://example.jp/guideです。ご覧ください。", ["https://example.jp/guide"]),
        ("「https://example.jp/guide」をご覧ください。", ["https://example.jp/guide"]),
        ("https://example.jp/をご覧ください。", ["https://example.jp/"]),
        ("https://example.jpです。", ["https://example.jp"]),
        ("请看https://example.cn/guide，谢谢。", ["https://example.cn/guide"]),
        ("https://example.kr/guide에서 보세요.", ["https://example.kr/guide"]),
        ("انظر https://example.com/a، شكرا", ["https://example.com/a"]),
        ("See https://a.example/x—really.", ["https://a.example/x"]),
        ("https://ja.wikipedia.org/wiki/日本のWindows事情。", ["https://ja.wikipedia.org/wiki/日本のWindows事情"]),
        ("https://my東京.example/a を", ["https://my東京.example/a"]),
        ("https://de.wikipedia.org/wiki/Käse, gut", ["https://de.wikipedia.org/wiki/Käse"]),
        ("https://ru.wikipedia.org/wiki/Лимон.", ["https://ru.wikipedia.org/wiki/Лимон"]),
        ("(https://en.wikipedia.org/wiki/Rose_(plant)).", ["https://en.wikipedia.org/wiki/Rose_(plant)"]),
        ("https://en.wikipedia.org/wiki/Rose_(plant)", ["https://en.wikipedia.org/wiki/Rose_(plant)"]),
        ("https://a.example/?ids[]=1&x[a]=", ["https://a.example/?ids[]=1&amp;x[a]="]),
        ("https://[::1]:8000/a, https://a.example:80?", ["https://[::1]:8000/a", "https://a.example:80"]),
        ("https:// and https://. and http://", []),
    ],
)
def test_a_link_ends_where_its_address_does(text: str, links: list[str]) -> None:
    page = hypertext.from_text(text, language="en")
    assert re.findall(r'<a href="([^"]*)">', page) == links
    assert all(href == words for href, words in re.findall(r'<a href="([^"]*)">([^<]*)</a>', page))


@pytest.mark.parametrize(
    "text", ["https://" * 6_000, "https://a(" * 5_000, "https://a" + ")" * 50_000, "https://a" + "あ" * 50_000]
)
def test_hostile_links_are_found_in_a_moment(text: str) -> None:
    """No pattern may walk a text again and again; the suite's own patience is the bound."""
    hypertext.from_text(text, language="en")


def test_plain_text_alone_is_the_rule(world: World, contact: Contact) -> None:
    assert composed(world.identity, contact).get_content_type() == "text/plain"


# --- As it was sent ---------------------------------------------------------------------------------------------------


def left(world: World, contact: Contact, **changes: object) -> Attempt:
    """A letter that left, from before anybody changes anything."""
    attempt = Attempt(
        campaign=Campaign(with_html=True),
        lead=Lead(contact=contact),
        identity=world.identity,
        mailbox=Mailbox(email="mara@orchard.com", from_name="Mara Voss"),
        recipient="ada@site.com",
        recipient_key="ada@site.com",
        recipient_name="Ada Reed",
        subject="Hello",
        body="Hello Ada",
        message_id="<abc@orchard.com>",
        started_at=FOUND_AT,
        **changes,
    )
    assert attempt.mailbox is not None
    letters.compose(attempt, mailbox=attempt.mailbox, token="t" * 43, now=FOUND_AT)
    return attempt


def test_as_sent_is_what_left_but_for_the_readers_own_link(world: World, contact: Contact, settings: Settings) -> None:
    settings.SITE_URL = "https://outreach.example.com"
    attempt = left(world, contact)
    assert attempt.mailbox is not None
    travelled = letters.compose(attempt, mailbox=attempt.mailbox, token="t" * 43, now=FOUND_AT)
    wire = travelled.message().as_bytes(linesep="\r\n")
    kept = letters.as_sent(attempt)
    assert kept == letters.as_sent(attempt)
    assert b"t" * 43 not in kept
    assert b"their-own-link" in kept
    as_copied = email.message_from_bytes(kept, policy=email.policy.default)
    as_wired = email.message_from_bytes(wire, policy=email.policy.default)
    gone = {"List-Unsubscribe", "List-Unsubscribe-Post"}
    assert [(k, v) for k, v in as_wired.items() if k not in gone] == as_copied.items()
    own, nobodys = unsubscribe.link("t" * 43), unsubscribe.link("their-own-link")
    for wired, copied in zip(as_wired.iter_parts(), as_copied.iter_parts(), strict=True):
        assert str(wired.get_content()).replace(own, nobodys) == str(copied.get_content())


def test_as_sent_stays_when_the_sender_changes(world: World, contact: Contact) -> None:
    attempt = left(world, contact)
    before = letters.as_sent(attempt)
    world.identity.signature = "Somebody else"
    world.identity.postal_address = "Elsewhere"
    attempt.campaign.reply_to = "new@orchard.com"
    attempt.mailbox = attempt.identity = None
    assert letters.as_sent(attempt) == before


def test_an_erased_letter_is_not_made_up(world: World, contact: Contact) -> None:
    attempt = left(world, contact)
    attempt.recipient = ""
    with pytest.raises(ValueError, match="erased"):
        letters.as_sent(attempt)


# --- Ids that providers write -----------------------------------------------------------------------------------------

SES = "0102018c2d4e5f60-1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d-000000"


@pytest.mark.parametrize(
    ("words", "host", "wire_id"),
    [
        (f"Ok {SES}", "email-smtp.eu-west-1.amazonaws.com", f"<{SES}@eu-west-1.amazonses.com>"),
        (f"250 Ok {SES}", "email-smtp.us-east-1.amazonaws.com", f"<{SES}@email.amazonses.com>"),
        (f"Ok {SES}", "vpce-1.email-smtp.ap-southeast-2.vpce.amazonaws.com", f"<{SES}@ap-southeast-2.amazonses.com>"),
        (f"Ok {SES}", "something.amazonaws.com", f"<{SES}@email.amazonses.com>"),
        ("Ok", "email-smtp.eu-west-1.amazonaws.com", ""),
        (
            "2.0.0 OK <DB6PR0401MB2280AB@DB6PR0401MB2280.eurprd04.prod.outlook.com> [Hostname=DB6PR0401MB2280.x]",
            "smtp.office365.com",
            "<DB6PR0401MB2280AB@DB6PR0401MB2280.eurprd04.prod.outlook.com>",
        ),
        ("2.6.0 <Abcdefghi1@orchard.com> queued", "smtp.office365.com", ""),  # our own
        ("2.0.0 OK  1733500000 ffacd0b85a97d-36d2728ab0fsi1176860f8f.752 - gsmtp", "smtp.gmail.com", ""),
        ("Ok: <ada.reed99@site.com> will get it", "mail.site.com", ""),
        (f"Ok {SES}", "mail.site.com", ""),
    ],
)
def test_the_id_that_a_provider_writes(words: str, host: str, wire_id: str) -> None:
    told = wire_ids.told_by(words, host=host, own="<abcdefghi1@orchard.com>", recipient="ada.reed99@site.com")
    assert told == wire_id


def test_an_ses_id_is_found_whatever_its_region_is_called() -> None:
    assert wire_ids.spellings("<a-1@eu-west-1.amazonses.com>") == [
        "<a-1@eu-west-1.amazonses.com>",
        "<a-1@email.amazonses.com>",
    ]
    assert wire_ids.spellings("<a-1@email.amazonses.com>") == ["<a-1@email.amazonses.com>"]
    assert wire_ids.spellings("<a@b>") == ["<a@b>"]
