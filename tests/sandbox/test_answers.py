"""The correspondents: each answers in character, in the thread, once."""

from __future__ import annotations

import random
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach_site.sandbox.config import PostOffice
from outreach_site.sandbox.correspondents import (
    ANSWERED_TURNS,
    BEHAVIOUR_WORDS,
    CAST,
    Behaviour,
    Correspondent,
    back_on,
    correspondent_at,
    write_answer,
)
from outreach_site.sandbox.delivery import Envelope, deliver_all, deliver_due, take_in
from outreach_site.sandbox.folders import Folders
from outreach_site.sandbox.letters import read_letter
from outreach_site.sandbox.programs import Program, answer_message
from outreach_site.sandbox.running import RunningOffice
from outreach_site.sandbox.store import Kind, Store
from tests.sandbox.letters import ALEX, letter_to, send

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # a Wednesday
OFFICE = PostOffice(directory=Path("unused"), answer_after=(3, 8))
ANSWERING = [person for person in CAST if person.behaviour is not Behaviour.SILENT]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "office")
    store.add_account(ALEX, "secret", now=NOW)
    return store


def take(store: Store, message: EmailMessage, *, now: datetime = NOW, account: str = ALEX, sender: str = ALEX) -> None:
    recipients = tuple(message["To"].split(", "))
    envelope = Envelope(account=account, mail_from=sender, recipients=recipients, tls_version="TLSv1.3")
    take_in(store, envelope, message.as_bytes(policy=policy.SMTP), office=OFFICE, now=now, chance=random.Random(1))


def inbox(store: Store, address: str = ALEX) -> list[EmailMessage]:
    folders = Folders(store, address)
    found = folders.folder("INBOX")
    assert found is not None
    raws = [folders.raw(found.id, message.uid) for message in folders.messages(found.id)]
    return [message_from_bytes(raw or b"", policy=policy.default) for raw in raws]


def first_with(behaviour: Behaviour) -> Correspondent:
    return next(person for person in CAST if person.behaviour is behaviour)


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_the_cast_covers_every_behaviour() -> None:
    assert {person.behaviour for person in CAST} == set(Behaviour) == set(BEHAVIOUR_WORDS)
    assert len({person.domain for person in CAST}) == len(CAST) == 12
    for person in CAST:
        assert person.address.endswith(".test")
        assert person.site_url == f"https://{person.domain}/"
        assert len(person.texts) == ANSWERED_TURNS.get(person.behaviour, 0)


@pytest.mark.parametrize("person", ANSWERING, ids=lambda person: person.domain)
def test_an_answer_is_in_the_thread(store: Store, person: Correspondent) -> None:
    take(store, letter_to(person.address, message_id="<1.a@rehearsal.test>", reply_to="<0.a@rehearsal.test>"))
    (answer,) = deliver_all(store, now=NOW + timedelta(seconds=5))
    (message,) = inbox(store)
    assert message["Date"].datetime == NOW + timedelta(seconds=5)
    assert message["Message-ID"] == answer.message_id
    if person.behaviour is Behaviour.BOUNCES:
        return
    assert message["In-Reply-To"] == "<1.a@rehearsal.test>"
    assert message["References"] == "<0.a@rehearsal.test> <1.a@rehearsal.test>"
    assert message["From"].addresses[0].addr_spec == person.address
    assert message["To"].addresses[0].addr_spec == ALEX
    assert message["Subject"].endswith(": A guide for your readers")
    first_line = person.texts[0].format(back_on="").partition("\n")[0]
    assert text_of(message).startswith(first_line)


@pytest.mark.parametrize("person", ANSWERING, ids=lambda person: person.domain)
def test_people_quote_the_letter_as_their_program_does(store: Store, person: Correspondent) -> None:
    if person.behaviour in {Behaviour.BOUNCES, Behaviour.OUT_OF_OFFICE}:
        return
    take(store, letter_to(person.address))
    deliver_all(store, now=NOW)
    (message,) = inbox(store)
    attribution = {
        Program.GMAIL: r"On Mon, 1 Dec 2025 at \d\d:\d\d, Alex Müller <alex@rehearsal\.test> wrote:\n\n> Hello,",
        Program.OUTLOOK: r"_{32}\nFrom: Alex Müller <alex@rehearsal\.test>\nSent: Monday, December 1, 2025 \d\d:30 AM",
        Program.APPLE_MAIL: r"> On 1 Dec 2025, at 09:30, Alex Müller <alex@rehearsal\.test> wrote:\n>\s*\n> Hello,",
        Program.IPHONE: r"Sent from my iPhone\n\n> On 1 Dec 2025, at 09:30, Alex Müller",
        Program.THUNDERBIRD: r"On 01/12/2025 09:30, Alex Müller wrote:\n> Hello,",
        Program.THUNDERBIRD_GERMAN: r"Am 01\.12\.25 um 10:30 schrieb Alex Müller:\n> Hello,",
    }[person.program]
    assert re.search(attribution, text_of(message))
    has_html = message.get_body(("html",)) is not None
    assert has_html == (person.program in {Program.GMAIL, Program.OUTLOOK})


def test_an_automatic_reply_says_so_and_when(store: Store) -> None:
    person = first_with(Behaviour.OUT_OF_OFFICE)
    take(store, letter_to(person.address))
    deliver_all(store, now=NOW)
    (message,) = inbox(store)
    assert (message["Auto-Submitted"], message["Return-Path"]) == ("auto-replied", "<>")
    assert "back on Monday, 16 March 2026" in text_of(message)
    assert "I read your page" not in text_of(message)


@pytest.mark.parametrize("days", range(14))
def test_people_come_back_on_a_monday(days: int) -> None:
    day = back_on(NOW + timedelta(days=days))
    assert day.weekday() == 0
    assert timedelta(days=9) <= day - (NOW + timedelta(days=days)) < timedelta(days=16)


@pytest.mark.parametrize("address", [first_with(Behaviour.BOUNCES).address, "nobody@nowhere.test"])
def test_a_bounce_is_a_real_report(store: Store, address: str) -> None:
    take(store, letter_to(address, message_id="<lost@rehearsal.test>"), sender="alex+bounce-7@rehearsal.test")
    deliver_all(store, now=NOW)
    (message,) = inbox(store)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert message["Return-Path"] == "<>"
    assert message["To"] == "alex+bounce-7@rehearsal.test"
    text, status, headers = message.iter_parts()
    assert address in str(text.get_content())
    assert status.get_content_type() == "message/delivery-status"
    of_host, of_recipient = cast("list[EmailMessage]", status.get_payload())
    assert of_host["Reporting-MTA"].startswith("dns; mx.")
    assert of_recipient["Final-Recipient"] == f"rfc822; {address}"
    assert (of_recipient["Action"], of_recipient["Status"]) == ("failed", "5.1.1")
    assert of_recipient["Diagnostic-Code"].startswith("smtp; 550 5.1.1")
    assert headers.get_content_type() == "text/rfc822-headers"
    assert "Message-ID: <lost@rehearsal.test>" in str(headers.get_content())


def test_the_silent_stay_silent_and_the_house_keeps_its_letters(store: Store) -> None:
    silent = first_with(Behaviour.SILENT).address
    for number, address in enumerate([silent, "owner@rehearsal.test", "postmaster@nowhere.test"]):
        take(store, letter_to(address, message_id=f"<{number}@x.test>"))
    assert store.waiting_answers() == []
    assert [letter.kind for letter in reversed(store.letters())] == [Kind.OUTREACH, Kind.PLATFORM, Kind.OUTREACH]


def test_a_letter_to_another_account_arrives_there(store: Store) -> None:
    store.add_account("sam@rehearsal.test", "secret", now=NOW)
    take(store, letter_to("Sam+list@rehearsal.test"))
    (message,) = inbox(store, "sam@rehearsal.test")
    assert message["Subject"] == "A guide for your readers"
    assert message["Return-Path"] == f"<{ALEX}>"
    assert store.waiting_answers() == []


def test_a_bounce_answered_never_makes_a_loop(store: Store) -> None:
    take(store, letter_to("nobody@nowhere.test"))
    deliver_all(store, now=NOW)
    sender = inbox(store)[0]["From"].addresses[0].addr_spec
    take(store, letter_to(sender, message_id="<2@x.test>"))
    assert store.waiting_answers() == []


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.domain)
def test_automatic_letters_are_not_answered(store: Store, person: Correspondent) -> None:
    message = letter_to(person.address)
    message["Auto-Submitted"] = 'auto-replied; owner-email="a@b.test"'
    take(store, message)
    assert store.waiting_answers() == []


def test_nobody_answers_the_same_letter_twice(store: Store) -> None:
    person = first_with(Behaviour.INTERESTED)
    for _ in range(3):
        take(store, letter_to(person.address))
    assert len(store.letters()) == 3
    assert len(deliver_all(store, now=NOW)) == 1
    take(store, letter_to(person.address))
    assert store.waiting_answers() == []


@pytest.mark.parametrize("threading", ["references", "answer", "subject"])
@pytest.mark.parametrize("person", ANSWERING, ids=lambda person: person.domain)
def test_a_follow_up_gets_the_second_answer_then_silence(store: Store, person: Correspondent, threading: str) -> None:
    take(store, letter_to(person.address, message_id="<1@x.test>"))
    (first,) = deliver_all(store, now=NOW)
    for turn in (1, 2, 3):
        reference = {"references": "<1@x.test>", "answer": first.message_id or "", "subject": ""}[threading]
        subject = "RE: A guide for your readers" if threading == "subject" else f"Something else {turn}"
        take(
            store,
            letter_to(person.address, message_id=f"<{turn + 1}@x.test>", reply_to=reference, subject=subject),
            now=NOW + timedelta(hours=turn),
        )
        delivered = deliver_all(store, now=NOW + timedelta(hours=turn))
        if person.behaviour is Behaviour.BOUNCES:
            assert len(delivered) == 1
        elif turn < ANSWERED_TURNS[person.behaviour]:
            assert [answer.turn for answer in delivered] == [turn]
            assert person.texts[turn].partition("\n")[0] in text_of(inbox(store)[-1])
        else:
            assert delivered == []


def test_another_letter_to_the_same_person_is_a_thread_of_its_own(store: Store) -> None:
    person = first_with(Behaviour.INTERESTED)
    take(store, letter_to(person.address, message_id="<1@x.test>", subject="One thing"))
    take(store, letter_to(person.address, message_id="<2@x.test>", subject="Another thing"))
    assert {answer.turn for answer in store.waiting_answers()} == {0}


def test_an_answer_waits_for_its_time(store: Store) -> None:
    take(store, letter_to(first_with(Behaviour.INTERESTED).address))
    (waiting,) = store.waiting_answers()
    assert NOW + timedelta(seconds=3) <= waiting.due_at <= NOW + timedelta(seconds=8)
    assert deliver_due(store, now=waiting.due_at - timedelta(milliseconds=1)) == []
    assert len(deliver_due(store, now=waiting.due_at)) == 1
    assert deliver_due(store, now=waiting.due_at) == []


def test_two_hands_deliver_an_answer_once(store: Store) -> None:
    for number in range(10):
        take(store, letter_to("nobody@nowhere.test", message_id=f"<{number}@x.test>"))

    def hand(_number: int) -> int:
        with Store(store.directory) as own:
            return len(deliver_all(own, now=NOW))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(hand, range(4))) == 10
    assert len(inbox(store)) == 10


def test_an_answer_goes_to_the_reply_address_when_that_is_an_account(store: Store) -> None:
    store.add_account("replies@rehearsal.test", "secret", now=NOW)
    person = first_with(Behaviour.INTERESTED)
    message = letter_to(person.address)
    message["Reply-To"] = "replies+token@rehearsal.test"
    take(store, message)
    deliver_all(store, now=NOW)
    (answer,) = inbox(store, "replies@rehearsal.test")
    assert answer["To"].addresses[0].addr_spec == "replies+token@rehearsal.test"
    assert inbox(store) == []


def test_an_answer_that_cannot_be_written_stops_nobody_else(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    take(store, letter_to("nobody@nowhere.test", message_id="<1@x.test>"))
    take(store, letter_to("hannah@brightgarden.test", message_id="<2@x.test>"))

    def tripping(*args: object, **details: str) -> bytes:
        if details["recipient"] == "nobody@nowhere.test":
            raise UnicodeError("tripped")
        return b"Subject: fine\r\n\r\nfine\r\n"

    monkeypatch.setattr("outreach_site.sandbox.delivery.write_answer", tripping)
    assert [answer.correspondent for answer in deliver_all(store, now=NOW)] == ["hannah@brightgarden.test"]
    assert store.waiting_answers() == []
    assert "could not be written" in caplog.text


def test_long_ids_are_not_broken(store: Store) -> None:
    long_id = f"<{'x' * 150}@rehearsal.test>"
    take(store, letter_to("hannah@brightgarden.test", message_id=long_id))
    deliver_all(store, now=NOW)
    (answer,) = store.letters()
    assert answer.answer is not None
    raw = answer.answer.raw or b""
    assert f"In-Reply-To: {long_id}\r\n".encode() in raw
    assert max(map(len, raw.split(b"\r\n"))) < 998


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from(CAST))
def test_any_bytes_can_be_answered(raw: bytes, person: Correspondent) -> None:
    behaviour = Behaviour.DECLINES if person.behaviour is Behaviour.SILENT else person.behaviour
    recipient = person.address if person.texts or behaviour is Behaviour.BOUNCES else CAST[0].address
    written = write_answer(
        read_letter(raw), recipient=recipient, behaviour=behaviour, turn=0, envelope_from=ALEX, at=NOW
    )
    assert b"\r\n\r\n" in written


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.fixed_dictionaries(
        {name: st.text(max_size=40) for name in ("From", "Reply-To", "Subject", "References", "Message-ID", "Date")}
    ),
    st.sampled_from([program for program in Program if program is not Program.POSTFIX]),
)
def test_any_headers_can_be_answered(headers: dict[str, str], program: Program) -> None:
    raw = (
        "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("utf-8", "replace") + b"\r\nHello\r\n"
    )
    written = answer_message(read_letter(raw), sender="A B <a@b.test>", text="Yes", program=program, at=NOW)
    assert message_from_bytes(written, policy=policy.default)["From"].addresses[0].addr_spec == "a@b.test"


def test_answers_reach_a_running_office_by_themselves(post_office: RunningOffice) -> None:
    send(post_office, letter_to("hannah@brightgarden.test"))
    send(post_office, letter_to("nobody@nowhere.test", message_id="<2.alex@rehearsal.test>"))
    subjects = {message_from_bytes(raw)["Subject"] for raw in post_office.wait_for_inbox(ALEX, 2)}
    assert subjects == {"Re: A guide for your readers", "Undelivered Mail Returned to Sender"}


def test_people_are_found_by_any_form_of_their_address() -> None:
    assert correspondent_at("Hannah+spam@BrightGarden.test") is CAST[0]
    assert correspondent_at("hannah@elsewhere.test") is None
