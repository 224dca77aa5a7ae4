"""SMTP and IMAP against real servers on loopback, over real TLS: what works, and each way in which it can fail."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from django.core.mail import EmailMessage
from imapclient import imap_utf7

from outreach_site.lib.hosts import HostExceptions
from outreach_site.mailboxes import imap, smtp
from outreach_site.mailboxes.answers import Phase
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.folder_names import seems_sent
from outreach_site.mailboxes.models import Security
from outreach_site.mailboxes.smtp import MailboxBackend
from outreach_site.mailboxes.wire import ServerSettings, Surroundings
from outreach_site.sandbox.running import RunningOffice
from tests.servers import PASSWORD, Certificates, FaultyIMAP, FaultySMTP, MailFolder

SMTPServers = Callable[..., FaultySMTP]
IMAPServers = Callable[..., FaultyIMAP]
LETTER = b"From: mara@orchard.example\nSubject: Hello\n\n.one dot\nlast line"
SECURITY = {"starttls": Security.STARTTLS, "none": Security.STARTTLS, "implicit": Security.TLS}


@pytest.fixture(params=[False, True], ids=["one by one", "pipelined"])
def smtp_server(smtp_server: SMTPServers, request: pytest.FixtureRequest) -> SMTPServers:
    """As the others know it; each test meets a server that takes commands one by one, and one that takes many."""
    return lambda **knobs: smtp_server(**({"pipelining": request.param} | knobs))


def at(server: FaultySMTP | FaultyIMAP, **changes: object) -> ServerSettings:
    values: dict[str, object] = {
        "host": "localhost",
        "port": server.port,
        "security": SECURITY[server.tls],
        "user": "mara@orchard.example",
        "password": PASSWORD,
        "timeout": 1.0,
    }
    return ServerSettings(**(values | changes))  # type: ignore[arg-type]  # a test's own table


def allowing(server: FaultySMTP | FaultyIMAP, **changes: object) -> Surroundings:
    values: dict[str, object] = {
        "exceptions": HostExceptions.parse([f"localhost:{server.port}", f"127.0.0.1:{server.port}"]),
        "ca_file": str(server.ca_file),
    }
    return Surroundings(**(values | changes))  # type: ignore[arg-type]  # a test's own table


def failure(server: FaultySMTP | FaultyIMAP, **changes: object) -> MailServerError:
    connect = smtp.connect if isinstance(server, FaultySMTP) else imap.connect
    with pytest.raises(MailServerError) as caught, connect(at(server, **changes), surroundings=allowing(server)):
        pass
    return caught.value


# --- SMTP: what works ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_letter_goes_over_tls(smtp_server: SMTPServers, tls: str) -> None:
    server = smtp_server(tls=tls)
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        words = session.deliver("mara@orchard.example", ["ed@garden.example"], LETTER)
        assert session.handed_over
        session.deliver("mara@orchard.example", ["jo@garden.example"], LETTER)
    first, second = server.wait_for(2)
    assert first.encrypted
    assert first.user == "mara@orchard.example"
    assert first.recipients == ("ed@garden.example",)
    assert second.recipients == ("jo@garden.example",)
    assert first.raw.replace(b"\r\n", b"\n").rstrip(b"\n") == LETTER
    assert words
    assert server.connections == 1
    said = [command.upper() for command in server.commands]
    assert said[-1] == "QUIT"
    if tls == "starttls":
        assert said[:4] == ["EHLO [127.0.0.1]", "STARTTLS", "EHLO [127.0.0.1]", "AUTH"]


@pytest.mark.parametrize("lines", [0, 1, 500])
def test_short_and_long_letters_arrive_whole(
    smtp_server: SMTPServers, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    """A long one is more than one record of TLS, and its final dot is written apart."""
    server = smtp_server()
    letter = LETTER + b"\n." + b"\n.one more line, to make it long, and a dot before it" * lines
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        seen: list[tuple[Phase, bool, str]] = []
        read = session.getreply

        def look() -> tuple[int, bytes]:
            seen.append((session.phase, session.handed_over, session.accepted_reply))
            return read()

        monkeypatch.setattr(session, "getreply", look)
        for _ in range(2):
            seen.clear()
            session.deliver("mara@orchard.example", ["ed@garden.example"], letter)
            assert session.accepted_reply
            assert seen == [
                (Phase.SENDER, False, ""),
                (Phase.RECIPIENT, False, ""),
                (Phase.LETTER, False, ""),
                (Phase.LETTER, True, ""),
            ]
    assert [each.raw.replace(b"\r\n", b"\n").rstrip(b"\n") for each in server.wait_for(2)] == [letter, letter]


def test_django_sends_through_our_session(smtp_server: SMTPServers) -> None:
    server = smtp_server()
    backend = MailboxBackend(at(server), surroundings=allowing(server))
    letter = EmailMessage("Grüße", "Hällo", "Mara <mara@orchard.example>", ["Ed <ed@garden.example>"])
    assert backend.open()
    assert backend.send_messages([letter]) == 1
    assert backend.connection is not None
    assert backend.connection.accepted_reply
    backend.close()
    (accepted,) = server.wait_for(1)
    assert accepted.mail_from == "mara@orchard.example"
    assert accepted.recipients == ("ed@garden.example",)


def test_a_lone_line_feed_ends_no_letter(smtp_server: SMTPServers) -> None:
    """Or a letter could end early for one server and go on as commands for the next (SMTP smuggling)."""
    server = smtp_server()
    letter = b"Subject: x\r\n\r\nhello\n.\r\nMAIL FROM:<evil@x.example>\r\n\r.\rend\r\n"
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        session.deliver("mara@orchard.example", ["ed@garden.example"], letter)
    (accepted,) = server.wait_for(1)
    assert b"MAIL FROM:<evil@x.example>" in accepted.raw
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", accepted.raw)


def test_the_post_office_of_the_rehearsal_is_trusted_at_its_own_ports_alone(
    post_office: RunningOffice, smtp_server: SMTPServers
) -> None:
    surroundings = Surroundings(
        sandbox_host="localhost",
        sandbox_ports=frozenset(post_office.settings.ports.values()),
        sandbox_ca_file=str(post_office.ca_file),
    )
    for port, security in (
        (post_office.smtp_port, Security.STARTTLS),
        (post_office.smtps_port, Security.TLS),
    ):
        server = ServerSettings("localhost", port, security, "alex@rehearsal.test", PASSWORD)
        with smtp.connect(server, surroundings=surroundings) as session:
            session.deliver(
                "alex@rehearsal.test", ["alex@rehearsal.test"], b"From: alex@rehearsal.test\r\nSubject: x\r\n\r\nx\r\n"
            )
    for port, security in (
        (post_office.imap_port, Security.STARTTLS),
        (post_office.imaps_port, Security.TLS),
    ):
        server = ServerSettings("localhost", port, security, "alex@rehearsal.test", PASSWORD)
        with imap.connect(server, surroundings=surroundings) as reading:
            assert imap.find_folders(reading).inbox == "INBOX"
    # The same loopback host at another port is neither allowed nor trusted.
    other = smtp_server()
    with pytest.raises(MailServerError) as caught, smtp.connect(at(other), surroundings=surroundings):
        pass
    assert caught.value.stage is Stage.BLOCKED_PORT


# --- SMTP: what fails, before a letter -------------------------------------------------------------------------------


def test_a_dead_server_is_refused(dead_port: int) -> None:
    server = ServerSettings("127.0.0.1", dead_port, Security.STARTTLS, "u", "p", timeout=1.0)
    surroundings = Surroundings(exceptions=HostExceptions.parse([f"127.0.0.1:{dead_port}"]))
    for connect in (smtp.connect, imap.connect):
        with pytest.raises(MailServerError) as caught, connect(server, surroundings=surroundings):
            pass
        assert (caught.value.stage, caught.value.verdict) == (Stage.REFUSED, Verdict.RETRY)
        assert "firewall" in caught.value.advice


def test_a_wrong_password_is_tried_once(smtp_server: SMTPServers) -> None:
    server = smtp_server()
    err = failure(server, password="wrong-password")
    assert (err.stage, err.verdict, err.code) == (Stage.SIGN_IN, Verdict.MAILBOX_TROUBLE, 535)
    assert server.commands.count("AUTH") == 1
    assert "wrong-password" not in str(err) + err.server_words + err.advice


@pytest.mark.parametrize("certificate", ["other_name", "untrusted", "expired"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_bad_certificate_ends_it_before_the_password(smtp_server: SMTPServers, tls: str, certificate: str) -> None:
    server = smtp_server(tls=tls, certificate=certificate)
    err = failure(server)
    assert (err.stage, err.permanent) == (Stage.CERTIFICATE, True)
    assert "AUTH" not in server.commands
    words = {"other_name": "another name", "untrusted": "self-signed|authority", "expired": "expired"}[certificate]
    assert re.search(words, err.sentence)


def test_without_starttls_nothing_is_said_in_clear_text(smtp_server: SMTPServers) -> None:
    server = smtp_server(tls="none")
    err = failure(server)
    assert (err.stage, err.permanent) == (Stage.NO_STARTTLS, True)
    assert "AUTH" not in server.commands
    assert "465" in err.advice


def test_a_server_that_speaks_clear_text_on_a_tls_port(smtp_server: SMTPServers) -> None:
    server = smtp_server(tls="starttls")
    err = failure(server, security=Security.TLS)
    assert err.stage is Stage.PROTOCOL
    assert "587" in err.advice


@pytest.mark.parametrize("stage", ["BANNER", "EHLO", "STARTTLS", "AUTH"])
def test_a_silent_server_is_left_in_time(smtp_server: SMTPServers, stage: str) -> None:
    server = smtp_server(stall=stage)
    began = time.monotonic()
    err = failure(server, timeout=0.4)
    assert time.monotonic() - began < 2.5
    assert (err.stage, err.verdict) == (Stage.TIMEOUT, Verdict.RETRY)


def test_a_server_that_drips_is_left_in_time(smtp_server: SMTPServers) -> None:
    """Every byte comes in time, and the whole never ends: a timeout for each read alone would wait for ever."""
    server = smtp_server(drip=0.2)
    began = time.monotonic()
    err = failure(server, timeout=0.6)
    assert time.monotonic() - began < 3
    assert err.stage is Stage.TIMEOUT


@pytest.mark.parametrize("stage", ["BANNER", "EHLO", "STARTTLS", "AUTH"])
def test_a_server_that_hangs_up(smtp_server: SMTPServers, stage: str) -> None:
    err = failure(smtp_server(drop=stage))
    assert (err.stage, err.verdict) == (Stage.PROTOCOL, Verdict.RETRY)


def test_a_busy_server(smtp_server: SMTPServers) -> None:
    server = smtp_server()
    server.reply("BANNER", "421 4.7.0 too many connections")
    assert failure(server).verdict is Verdict.RATE


def test_a_server_that_sends_nonsense(smtp_server: SMTPServers) -> None:
    assert failure(smtp_server(nonsense="BANNER")).stage is Stage.PROTOCOL


def test_loopback_is_refused_unless_it_is_named(smtp_server: SMTPServers) -> None:
    server = smtp_server()
    for surroundings, stage in (
        (Surroundings(), Stage.BLOCKED_PORT),
        (Surroundings(exceptions=HostExceptions.parse(["localhost"])), Stage.BLOCKED_PORT),
    ):
        with pytest.raises(MailServerError) as caught, smtp.connect(at(server), surroundings=surroundings):
            pass
        assert caught.value.stage is stage
    with pytest.raises(MailServerError) as caught, smtp.connect(at(server, port=587), surroundings=Surroundings()):
        pass
    assert caught.value.stage is Stage.BLOCKED_HOST
    assert server.connections == 0


def test_verification_is_switched_off_in_development_only(smtp_server: SMTPServers) -> None:
    server = smtp_server(certificate="untrusted")
    with pytest.raises(MailServerError) as caught:
        smtp.open_session(at(server, verify_tls=False), surroundings=allowing(server))
    assert caught.value.stage is Stage.CERTIFICATE
    assert server.connections == 0
    smtp.open_session(at(server, verify_tls=False), surroundings=allowing(server, allow_unverified=True)).leave()


# --- SMTP: what fails, with a letter ---------------------------------------------------------------------------------


def handing_over(server: FaultySMTP, *, within: float = 5.0) -> tuple[MailServerError, smtp.Session]:
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        with pytest.raises(MailServerError) as caught:
            session.deliver("mara@orchard.example", ["ed@garden.example"], LETTER, within=within)
        return caught.value, session


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", ["stall", "drop"])
def test_a_failure_before_the_final_dot_was_surely_not_sent(smtp_server: SMTPServers, fault: str, stage: str) -> None:
    err, session = handing_over(smtp_server(**{fault: stage}), within=0.5)
    assert not session.handed_over
    assert err.verdict is Verdict.RETRY


@pytest.mark.parametrize("fault", ["stall", "drop"])
def test_a_failure_after_the_final_dot_is_uncertain(smtp_server: SMTPServers, fault: str) -> None:
    server = smtp_server(**{fault: "END"})
    err, session = handing_over(server, within=0.8)
    assert session.handed_over
    assert err.uncertain
    assert not err.permanent
    assert not err.concerns_mailbox


def test_nonsense_after_the_final_dot_is_uncertain(smtp_server: SMTPServers) -> None:
    err, _ = handing_over(smtp_server(nonsense="END"))
    assert err.uncertain


@pytest.mark.parametrize(
    ("stage", "line", "verdict"),
    [
        ("RCPT", "550 5.1.1 No such user here", Verdict.RECIPIENT_UNKNOWN),
        ("RCPT", "450 4.2.0 Greylisted, try again", Verdict.RATE),
        ("MAIL", "550 5.7.60 Client does not have permissions to send as this sender", Verdict.MAILBOX_TROUBLE),
        ("DATA", "451 4.3.0 later", Verdict.RETRY),
        ("END", "554 5.7.1 Message rejected as spam", Verdict.REFUSED_LETTER),
        ("END", "451 4.3.0 later", Verdict.RETRY),
        ("END", "550 5.7.1 Domain orchard.example has exceeded the max emails per hour (80/80)", Verdict.RATE),
    ],
)
def test_an_answer_decides_and_the_session_goes_on(
    smtp_server: SMTPServers, stage: str, line: str, verdict: Verdict
) -> None:
    server = smtp_server()
    server.reply(stage, line, times=1)  # type: ignore[arg-type]  # a literal from the table
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        with pytest.raises(MailServerError) as caught:
            session.deliver("mara@orchard.example", ["ed@garden.example"], LETTER)
        assert caught.value.verdict is verdict
        assert caught.value.code == int(line[:3])
        assert session.is_open
        session.deliver("mara@orchard.example", ["jo@garden.example"], LETTER)
    assert [letter.recipients for letter in server.accepted] == [("jo@garden.example",)]


def test_all_up_to_the_letter_is_said_at_once_where_the_server_offers_it(smtp_server: SMTPServers) -> None:
    server = smtp_server(pipelining=True)
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        session.deliver("mara@orchard.example", ["ed@garden.example", "jo@garden.example"], LETTER)
        assert server.ahead[:3] == ["rcpt TO:<ed@garden.example>", "rcpt TO:<jo@garden.example>", "DATA"]
    assert server.commands[-5:] == [
        f"mail FROM:<mara@orchard.example> size={len(LETTER)}",
        *server.ahead[:3],
        "quit",
    ]


def envelope(*recipients: str) -> smtp.Envelope:
    return smtp.Envelope("mara@orchard.example", recipients or ("jo@garden.example",), len(LETTER))


def deliver(session: smtp.Session, letter: smtp.Envelope, *, then: smtp.Envelope | None = None) -> str:
    return session.deliver(letter.sender, letter.recipients, LETTER, then=then)


@pytest.fixture
def at_a_time(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, int]]:
    """Servers that are known to lose what is said behind a letter: none yet."""
    known: set[tuple[str, int]] = set()
    monkeypatch.setattr(smtp, "_ONE_LETTER_AT_A_TIME", known)
    return known


@pytest.mark.parametrize("length", [len(LETTER), smtp.ONE_RECORD - 10, 3 * smtp.ONE_RECORD])
def test_the_next_letter_is_told_of_in_one_breath_with_the_end_of_this_one(
    smtp_server: SMTPServers, at_a_time: set[tuple[str, int]], length: int
) -> None:
    server = smtp_server(pipelining=True)
    first, second = envelope("ed@garden.example"), envelope("jo@garden.example", "al@garden.example")
    letter = LETTER + b"\n" + b"A line of text.\n" * ((length - len(LETTER)) // 16)
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        session.deliver(first.sender, first.recipients, letter, then=second)
        assert session.is_open_for(second)
        assert not session.is_open_for(first)
        deliver(session, second)
        assert session.is_open_for(first)
    assert f"mail FROM:<mara@orchard.example> size={len(LETTER)}" in server.ahead
    assert verbs(server) == ["mail", "rcpt", "DATA", "mail", "rcpt", "rcpt", "DATA", "quit"]
    one, other = server.accepted
    assert (one.recipients, other.recipients) == (first.recipients, second.recipients)
    assert one.raw.replace(b"\r\n", b"\n").rstrip(b"\n") == letter.rstrip(b"\n")
    assert not at_a_time


def test_a_server_that_takes_commands_one_by_one_is_told_of_each_letter_in_its_turn(smtp_server: SMTPServers) -> None:
    server = smtp_server(pipelining=False)
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        deliver(session, envelope("ed@garden.example"), then=envelope())
        assert session.is_open_for(envelope("somebody@else.example"))
        deliver(session, envelope())
    assert server.ahead == []
    assert len(server.accepted) == 2


def test_a_letter_that_was_told_of_and_does_not_come_is_not_sent(smtp_server: SMTPServers) -> None:
    server = smtp_server(pipelining=True)
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        deliver(session, envelope("ed@garden.example"), then=envelope())
    assert session.sock is None
    assert verbs(server) == [*["mail", "rcpt", "DATA"] * 2]  # And no "quit", which would be a line of the letter.
    assert [letter.recipients for letter in server.accepted] == [("ed@garden.example",)]


@pytest.mark.parametrize(
    "other", [envelope("al@garden.example"), smtp.Envelope("eve@evil.example", ("jo@garden.example",), 9)]
)
def test_a_letter_is_never_given_for_another_that_was_told_of(smtp_server: SMTPServers, other: smtp.Envelope) -> None:
    server = smtp_server(pipelining=True)
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        deliver(session, envelope("ed@garden.example"), then=envelope())
        with pytest.raises(MailServerError) as caught:
            deliver(session, other)
        assert not caught.value.uncertain
        assert session.sock is None
    assert [letter.recipients for letter in server.accepted] == [("ed@garden.example",)]


def test_what_was_told_of_a_letter_behind_a_refused_one_is_forgotten(smtp_server: SMTPServers) -> None:
    server = smtp_server(pipelining=True)
    server.reply("END", "554 5.7.1 Message refused", times=1)
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        with pytest.raises(MailServerError) as caught:
            deliver(session, envelope("ed@garden.example"), then=envelope())
        assert caught.value.code == 554
        assert not session.is_open_for(envelope())
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        deliver(session, envelope())
    assert [letter.recipients for letter in server.accepted] == [("jo@garden.example",)]


def test_a_reader_whom_the_server_refuses_beforehand_costs_one_letter(smtp_server: SMTPServers) -> None:
    server = smtp_server(pipelining=True)
    server.reply("RCPT", "550 5.1.1 No such user here", recipient="gone@garden.example")
    gone, last = envelope("gone@garden.example"), envelope()
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        deliver(session, envelope("ed@garden.example"), then=gone)
        with pytest.raises(MailServerError) as caught:
            deliver(session, gone, then=last)
        assert (caught.value.code, caught.value.verdict) == (550, Verdict.RECIPIENT_UNKNOWN)
        assert session.is_open_for(last)
        deliver(session, last)
    assert [letter.recipients for letter in server.accepted] == [("ed@garden.example",), last.recipients]


@pytest.mark.parametrize("line", ["451 4.3.0 Try again later", "421 4.7.0 Too many letters in a session"])
def test_a_refusal_of_what_was_told_beforehand_is_that_letter_s(
    smtp_server: SMTPServers, at_a_time: set[tuple[str, int]], line: str
) -> None:
    server = smtp_server(pipelining=True)
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        server.reply("MAIL", "250 2.1.0 Ok", times=1)
        server.reply("MAIL", line)
        deliver(session, envelope("ed@garden.example"), then=envelope())
        with pytest.raises(MailServerError) as caught:
            deliver(session, envelope())
        assert caught.value.code == int(line[:3])
        assert not session.handed_over
    assert len(server.accepted) == 1
    assert not at_a_time


def test_a_server_that_refuses_what_comes_behind_a_letter_is_told_again(
    smtp_server: SMTPServers, at_a_time: set[tuple[str, int]]
) -> None:
    server = smtp_server(pipelining=True, behind="refused")
    names = ("ed", "jo", "al")
    letters = [envelope(f"{name}@garden.example") for name in names]
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        for letter, then in zip(letters, [*letters[1:], None], strict=True):
            deliver(session, letter, then=then)
    assert [letter.recipients for letter in server.accepted] == [letter.recipients for letter in letters]
    assert at_a_time == {("localhost", server.port)}
    assert verbs(server) == [*["mail", "rcpt", "DATA"] * 3, "quit"]


def test_a_server_that_loses_what_comes_behind_a_letter_costs_no_letter(
    smtp_server: SMTPServers, at_a_time: set[tuple[str, int]]
) -> None:
    server = smtp_server(pipelining=True, behind="lost")
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        deliver(session, envelope("ed@garden.example"), then=envelope())
        with pytest.raises(MailServerError) as caught:
            deliver(session, envelope())
        assert not caught.value.uncertain
    assert at_a_time == {("localhost", server.port)}
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        deliver(session, envelope(), then=envelope("al@garden.example"))
        deliver(session, envelope("al@garden.example"))
    assert [letter.recipients[0][:2] for letter in server.accepted] == ["ed", "jo", "al"]


def test_a_server_that_breaks_off_at_what_comes_behind_a_letter_does_so_once(
    smtp_server: SMTPServers, at_a_time: set[tuple[str, int]]
) -> None:
    server = smtp_server(pipelining=True, behind="broken")
    letters = [envelope(f"{name}@garden.example") for name in ("ed", "jo", "al")]
    with smtp.connect(at(server), surroundings=allowing(server)) as session, pytest.raises(MailServerError) as caught:
        deliver(session, letters[0], then=letters[1])
    assert caught.value.uncertain
    assert at_a_time == {("localhost", server.port)}
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        deliver(session, letters[1], then=letters[2])
        deliver(session, letters[2])
    assert [letter.recipients for letter in server.accepted] == [letter.recipients for letter in letters]


def test_the_letter_itself_is_never_said_ahead(smtp_server: SMTPServers) -> None:
    """What follows DATA in the same breath would be commands to a server that refuses it."""
    server = smtp_server(pipelining=True)
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        session.deliver("mara@orchard.example", ["ed@garden.example"], LETTER)
    assert {line.split(" ")[0] for line in server.ahead} == {"rcpt", "DATA"}


def verbs(server: FaultySMTP) -> list[str]:
    """What it heard after EHLO, STARTTLS, EHLO, AUTH."""
    return [command.split(" ")[0] for command in server.commands[4:]]


def test_after_a_letter_that_is_refused_at_its_end_the_next_one_goes(smtp_server: SMTPServers) -> None:
    server = smtp_server()
    server.reply("END", "554 5.7.1 Message refused", times=1)
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        with pytest.raises(MailServerError) as caught:
            session.deliver("mara@orchard.example", ["ed@garden.example"], LETTER)
        assert caught.value.code == 554
        session.deliver("mara@orchard.example", ["jo@garden.example"], LETTER)
    assert [letter.recipients for letter in server.accepted] == [("jo@garden.example",)]


def test_another_sender_may_follow_and_the_length_of_each_letter_is_told(smtp_server: SMTPServers) -> None:
    server = smtp_server()
    letters = {"mara@orchard.example": LETTER, "office@orchard.example": LETTER + b"\n" + b"A long line.\n" * 2000}
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        for sender, letter in letters.items():
            session.deliver(sender, ["ed@garden.example"], letter)
    assert verbs(server) == [*["mail", "rcpt", "DATA"] * 2, "quit"]
    for sender, letter in letters.items():
        assert f"mail FROM:<{sender}> size={len(letter)}" in server.commands
    assert [letter.mail_from for letter in server.accepted] == list(letters)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [("451 4.3.0 Try again later", Verdict.RETRY), ("421 4.7.0 Too many letters in a session", Verdict.RATE)],
)
def test_a_refusal_to_hear_of_another_letter_is_that_one_s(
    smtp_server: SMTPServers, line: str, verdict: Verdict
) -> None:
    server = smtp_server()
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        server.reply("MAIL", "250 2.1.0 Ok", times=1)
        server.reply("MAIL", line, times=1)
        session.deliver("mara@orchard.example", ["ed@garden.example"], LETTER)
        with pytest.raises(MailServerError) as caught:
            session.deliver("mara@orchard.example", ["jo@garden.example"], LETTER)
        assert (caught.value.code, caught.value.verdict) == (int(line[:3]), verdict)
        assert not session.handed_over
    assert [letter.recipients for letter in server.accepted] == [("ed@garden.example",)]


def test_a_server_that_refuses_the_letter_before_it_came_is_told_to_forget_its_envelope(
    smtp_server: SMTPServers,
) -> None:
    server = smtp_server()
    server.reply("DATA", "550 5.1.1 No such user", times=1)
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        with pytest.raises(MailServerError):
            session.deliver("mara@orchard.example", ["gone@garden.example"], LETTER)
        session.deliver("mara@orchard.example", ["ed@garden.example"], LETTER)
    assert [letter.recipients for letter in server.accepted] == [("ed@garden.example",)]


def test_nothing_of_a_letter_leaves_before_all_is_ready(smtp_server: SMTPServers) -> None:
    """And a server that was told of it is left at once, without a word: to one that asks, it would be the letter."""
    server = smtp_server()

    def not_ready() -> None:
        raise RuntimeError("not ready")

    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        with pytest.raises(RuntimeError):
            session.deliver("mara@orchard.example", ["ed@garden.example"], LETTER, ready=not_ready)
        assert not session.handed_over
        assert session.sock is None
    assert server.accepted == []


def test_the_server_works_on_the_envelope_while_all_gets_ready(smtp_server: SMTPServers) -> None:
    server = smtp_server(pipelining=True)

    def ready() -> None:
        give_up_at = time.monotonic() + 10
        while "DATA" not in server.commands and time.monotonic() < give_up_at:
            time.sleep(0.01)
        assert verbs(server) == ["mail", "rcpt", "DATA"]
        assert not session.handed_over

    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        session.deliver("mara@orchard.example", ["ed@garden.example"], LETTER, ready=ready)
    assert len(server.accepted) == 1


def test_a_letter_whose_time_was_over_before_it_could_go_is_not_doubtful(smtp_server: SMTPServers) -> None:
    server = smtp_server()
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        with pytest.raises(MailServerError) as caught:
            session.deliver(
                "mara@orchard.example", ["ed@garden.example"], LETTER, within=0.5, ready=partial(time.sleep, 0.6)
            )
        assert not caught.value.uncertain
        assert session.sock is None
    assert server.accepted == []


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
def test_a_server_that_asks_for_a_letter_it_has_refused_gets_none(smtp_server: SMTPServers, stage: str) -> None:
    server = smtp_server(pipelining=True, asks_all_the_same=True)
    server.reply(stage, "550 5.1.1 No such user here", times=1)  # type: ignore[arg-type]  # a literal from the table
    err, session = handing_over(server)
    assert err.code == 550
    assert not session.handed_over
    assert not session.is_open
    assert server.accepted == []


@pytest.mark.parametrize("address", ["ed@garden.example\r\nrcpt TO:<eve@evil.example>", "ed@x\nDATA"])
def test_an_address_is_one_command(smtp_server: SMTPServers, address: str) -> None:
    server = smtp_server()
    with smtp.connect(at(server), surroundings=allowing(server)) as session:
        for sender, recipient in (("mara@orchard.example", address), (address, "ed@garden.example")):
            with suppress(MailServerError):
                session.deliver(sender, [recipient], LETTER)
    assert {line.split(" ")[0] for line in server.commands[4:]} <= {"mail", "rcpt", "DATA", "quit"}
    assert not any("evil" in command for command in server.commands)


def test_a_letter_to_two_goes_to_both_or_to_none(smtp_server: SMTPServers) -> None:
    server = smtp_server()
    server.reply("RCPT", "550 5.1.1 No such user here", recipient="jo@garden.example")
    with smtp.connect(at(server), surroundings=allowing(server)) as session, pytest.raises(MailServerError):
        session.deliver("mara@orchard.example", ["ed@garden.example", "jo@garden.example"], LETTER)
    assert server.accepted == []


def test_a_letter_has_a_deadline_of_its_own(smtp_server: SMTPServers) -> None:
    server = smtp_server()
    with smtp.connect(at(server, timeout=5.0), surroundings=allowing(server)) as session:
        server.stall = "RCPT"
        began = time.monotonic()
        with pytest.raises(MailServerError) as caught:
            session.deliver("mara@orchard.example", ["ed@garden.example"], LETTER, within=0.5)
        assert time.monotonic() - began < 1.5
    assert caught.value.stage is Stage.TIMEOUT


# --- IMAP ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_reading_over_tls(imap_server: IMAPServers, tls: str) -> None:
    server = imap_server(tls=tls)
    server.add(b"Subject: hi\r\n\r\nhi\r\n")
    with imap.connect(at(server), surroundings=allowing(server)) as session:
        folders = imap.find_folders(session)
        assert session.select_folder(folders.inbox, readonly=True)[b"EXISTS"] == 1
    assert folders.to_read == ("INBOX", "Junk")
    assert folders.sent == "Sent"


@pytest.mark.parametrize(
    ("sent", "junk"),
    [
        ("Gesendete Objekte", "Unerwünschte Werbung"),
        ("Éléments envoyés", "Courrier indésirable"),
        ("Elementos enviados", "Correo no deseado"),
        ("Posta inviata", "Posta indesiderata"),
        ("Verzonden items", "Ongewenste e-mail"),
        ("Itens Enviados", "Lixo Eletrônico"),
        ("Elementy wysłane", "Wiadomości-śmieci"),
        ("Skickat", "Skräppost"),
        ("Sendt post", "Uønsket mail"),
        ("Sendte elementer", "Søppelpost"),
        ("Lähetetyt", "Roskaposti"),
        ("Odeslaná pošta", "Nevyžádaná pošta"),
        ("Отправленные", "Спам"),
        (unicodedata.normalize("NFD", "Envoyés"), "SPAM"),
    ],
)
@pytest.mark.parametrize("before", ["", "INBOX."])
def test_folders_that_are_not_marked_are_known_by_their_names(
    imap_server: IMAPServers, sent: str, junk: str, before: str
) -> None:
    server = imap_server()
    server.separator = "."
    names = ["INBOX", f"Archiv.{sent}", f"{before}{sent}", f"{before}{junk}"]
    server.folders = {imap_utf7.encode(name).decode(): MailFolder() for name in names}
    with imap.connect(at(server), surroundings=allowing(server)) as session:
        folders = imap.find_folders(session)
    assert (folders.sent, folders.junk) == (f"{before}{sent}", f"{before}{junk}")
    assert seems_sent(folders.sent)
    assert not seems_sent(folders.junk)


def test_a_wrong_imap_password(imap_server: IMAPServers) -> None:
    err = failure(imap_server(), password="wrong-password")
    assert (err.stage, err.verdict, err.permanent) == (Stage.SIGN_IN, Verdict.MAILBOX_TROUBLE, True)
    assert err.server_words
    assert "wrong-password" not in err.server_words


@pytest.mark.parametrize("password", ["pässwörd", 'quo"te\\s', "spa ces"])
def test_unusual_passwords(imap_server: IMAPServers, smtp_server: SMTPServers, password: str) -> None:
    reading = imap_server(password=password)
    with imap.connect(at(reading, password=password), surroundings=allowing(reading)):
        pass
    sending = smtp_server(password=password)
    with smtp.connect(at(sending, password=password), surroundings=allowing(sending)):
        pass


@pytest.mark.parametrize("certificate", ["other_name", "untrusted", "expired"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_bad_imap_certificate(imap_server: IMAPServers, tls: str, certificate: str) -> None:
    assert failure(imap_server(tls=tls, certificate=certificate)).stage is Stage.CERTIFICATE


def test_imap_without_starttls(imap_server: IMAPServers) -> None:
    err = failure(imap_server(tls="none"))
    assert (err.stage, err.permanent) == (Stage.NO_STARTTLS, True)


@pytest.mark.parametrize("stage", ["GREETING", "CAPABILITY", "LOGIN"])
def test_an_imap_server_that_hangs_is_left_in_time(imap_server: IMAPServers, stage: str) -> None:
    began = time.monotonic()
    err = failure(imap_server(stall=stage, tls="starttls"), timeout=0.4)
    assert time.monotonic() - began < 3
    assert (err.stage, err.verdict) == (Stage.TIMEOUT, Verdict.RETRY)


@pytest.mark.parametrize("stage", ["GREETING", "LOGIN"])
def test_an_imap_server_that_hangs_up(imap_server: IMAPServers, stage: str) -> None:
    err = failure(imap_server(drop=stage))
    assert (err.stage, err.verdict) == (Stage.PROTOCOL, Verdict.RETRY)


def test_what_is_not_an_imap_server(imap_server: IMAPServers) -> None:
    assert failure(imap_server(nonsense="GREETING")).stage is Stage.PROTOCOL


def test_a_server_that_falls_silent_while_reading(imap_server: IMAPServers) -> None:
    server = imap_server(stall="AFTER_LOGIN")
    with imap.connect(at(server, timeout=0.4), surroundings=allowing(server)) as session:
        with pytest.raises(OSError, match="timed out") as caught:
            session.list_folders()
        said = imap.classify_imap_error(caught.value, server=session.server, phase=session.phase)
    assert said.stage is Stage.TIMEOUT


def test_certificates_are_verified_for_the_name_and_not_for_the_address(
    smtp_server: SMTPServers, certificates: Certificates
) -> None:
    """The connection goes to the vetted address; the certificate must still be the name's."""
    server = smtp_server()
    surroundings = Surroundings(
        exceptions=HostExceptions.parse([f"mail.orchard.example:{server.port}"]),
        ca_file=str(certificates.ca_file),
        resolver=lambda _name, _port: ["127.0.0.1"],
    )
    with pytest.raises(MailServerError) as caught:
        smtp.open_session(at(server, host="mail.orchard.example"), surroundings=surroundings)
    assert caught.value.stage is Stage.CERTIFICATE
    assert "mail.orchard.example" in caught.value.sentence
