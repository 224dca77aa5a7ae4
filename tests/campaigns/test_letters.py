"""The letter as it is read, and the message as it travels."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage as ParsedMessage

import pytest

from campaigns import letters
from campaigns.models import Attempt, Contact, Lead
from compliance import unsubscribe
from compliance.models import Kind
from outreach_site.accounts.models import SenderIdentity
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World

FOUND_AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def contact() -> Contact:
    return Contact(email="ada@site.com", name="Ada Reed", found_url="https://site.com/about", found_at=FOUND_AT)


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
) -> ParsedMessage:
    mailbox = Mailbox(email="mara@orchard.com", from_name=from_name)
    attempt = Attempt(
        lead=Lead(contact=contact),
        identity=identity,
        kind=kind,
        recipient=address,
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


@pytest.mark.parametrize("bad", ["Hello\nBcc: x@y.com", "Hello\r\nBcc: x@y.com"])
def test_a_header_cannot_be_injected_by_a_subject(world: World, contact: Contact, bad: str) -> None:
    with pytest.raises(ValueError, match="newlines"):
        composed(world.identity, contact, subject=bad)


def test_a_header_cannot_be_injected_by_a_name(world: World, contact: Contact) -> None:
    message = composed(world.identity, contact, name="Ada\r\nBcc: x@y.com", from_name="M\nX-Evil: 1")
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert len(message["To"].addresses) == 1


def test_a_message_id_is_ours_and_new() -> None:
    one, two = letters.new_message_id("a@orchard.com"), letters.new_message_id("a@orchard.com")
    assert one != two
    assert one.startswith("<")
    assert one.endswith("@orchard.com>")
