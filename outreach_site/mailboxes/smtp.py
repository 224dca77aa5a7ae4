"""Speaking SMTP as a client: connect to a vetted address, TLS or nothing, sign in, hand letters over, leave.

A letter's fate is never guessed. `Session.handed_over` turns true just before the final dot is written: whatever
fails before it was surely not sent; whatever breaks after it without an answer may have been. While the server works
on the envelope, the caller may get ready (`ready`).

A server that takes several commands at once (PIPELINING, RFC 2920) is told of the next letter in one breath with the
end of this one, as that standard allows: one journey to it for each letter. Being told of a letter is not yet the
letter: that waits for its turn, and a conversation whose next letter does not come is left without a word.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address
from django.utils.functional import cached_property

from outreach_site.lib.patience import Patience
from outreach_site.mailboxes.answers import Phase
from outreach_site.mailboxes.errors import one_line
from outreach_site.mailboxes.failures import classify_smtp_error
from outreach_site.mailboxes.models import Security
from outreach_site.mailboxes.wire import ServerSettings, Surroundings, open_socket

__all__ = ["MailboxBackend", "Security", "ServerSettings", "Session", "classify_smtp_error", "connect"]

# A polite end is worth this many seconds and no more: the letters are already away.
QUIT_SECONDS = 5.0
# Opening (addresses, TLS, sign-in) may take this many times the timeout of a single exchange.
OPENING_FACTOR = 2.0
# One letter, from MAIL FROM to the answer to the final dot. Below the outbox's lease, so that nobody else believes
# the letter abandoned while it is on its way.
LETTER_SECONDS = 90.0

# What TLS sends as one record (RFC 8446, 5.1), which its reader gets whole or not at all.
ONE_RECORD = 16_384

_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_FINAL_DOT = b".\r\n"

# Servers (host, port) that offer PIPELINING and lose what is said behind a letter, or break off, as far as this process
# has learnt.
_ONE_LETTER_AT_A_TIME: set[tuple[str, int]] = set()


def at_once() -> None:
    """Nothing has to be over before a letter goes."""


@dataclass(frozen=True)
class Envelope:
    """What a server is told of a letter before the letter itself: bare addresses in ASCII, and its length in bytes."""

    sender: str
    recipients: tuple[str, ...]
    size: int


class Session(smtplib.SMTP):
    """One conversation with one server, already secret. Raises MailServerError from `start` and `deliver`."""

    def __init__(self, server: ServerSettings, *, surroundings: Surroundings) -> None:
        super().__init__(local_hostname=surroundings.our_name, timeout=server.timeout)
        self.server = server
        self.surroundings = surroundings
        self.patience = Patience(each=server.timeout)
        self.phase = Phase.CONNECT
        self.handed_over = False
        self.accepted_reply = ""  # The server's words about the last letter it took; often its queue id.
        self._ready = at_once
        self._recipients: Sequence[str] = ()
        self._then = ""  # What is said of the next letter behind this one.
        self._told = ""  # What was said so of a letter whose turn has not come yet.
        self._unread = 0  # Answers to commands that were said ahead.
        self._host = server.host  # The name that smtplib verifies the certificate for after STARTTLS.

    # --- Opening ------------------------------------------------------------------------------------------------------

    def start(self, *, within: float | None = None) -> None:
        """Connect, EHLO, STARTTLS, EHLO, AUTH, all of it within so many seconds."""
        self.patience.within(within or self.server.timeout * OPENING_FACTOR)
        try:
            self._start()
        except (OSError, ValueError, smtplib.SMTPException) as err:
            self.close()
            raise classify_smtp_error(err, server=self.server, phase=self.phase) from err
        except BaseException:
            self.close()
            raise
        finally:
            self.patience.forever()

    def _start(self) -> None:
        context = self.surroundings.tls_context(self.server)
        self.phase = Phase.CONNECT
        code, words = self.connect(self.server.host, self.server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        self.phase = Phase.GREETING
        self._greet()
        if self.server.security is not Security.TLS:
            self.phase = Phase.STARTTLS
            self.starttls(context=context)
            self._greet()
        self.phase = Phase.SIGN_IN
        if self.server.access_token:
            self._login_with_token()
        elif self.server.user:
            self.login(self.server.user, self.server.password)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:  # noqa: ARG002 - smtplib's signature
        sock = open_socket(self.server, surroundings=self.surroundings, patience=self.patience)
        self.phase = Phase.GREETING
        if self.server.security is not Security.TLS:
            return sock
        try:
            return self.surroundings.tls_context(self.server).wrap_socket(sock, server_hostname=self.server.host)
        except BaseException:
            sock.close()
            raise

    def _greet(self) -> None:
        code, words = self.ehlo()
        if not 200 <= code < 300:
            raise smtplib.SMTPHeloError(code, words)

    def login(self, user: str, password: str, *, initial_response_ok: bool = True) -> tuple[int, bytes]:  # noqa: ARG002 - smtplib's signature
        """Sign in by the first mechanism that both sides know, in UTF-8 (RFC 4616).

        smtplib would try every mechanism in turn: three wrong passwords for one, and a locked account.
        """
        if not self.has_extn("auth"):
            raise smtplib.SMTPNotSupportedError("no AUTH")
        offered = self.esmtp_features["auth"].upper().split()
        if "PLAIN" in offered:
            return self._signed_in(self.docmd("AUTH PLAIN", _b64(f"\0{user}\0{password}")))
        if "LOGIN" in offered:
            answer = self.docmd("AUTH LOGIN")
            for word in (user, password):
                if answer[0] == 334:
                    answer = self.docmd(_b64(word))
            return self._signed_in(answer)
        if "CRAM-MD5" in offered:
            answer = self.docmd("AUTH CRAM-MD5")
            if answer[0] == 334:
                challenge = base64.b64decode(answer[1])
                digest = hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()
                answer = self.docmd(_b64(f"{user} {digest}"))
            return self._signed_in(answer)
        raise smtplib.SMTPNotSupportedError("the server offers " + ", ".join(offered) if offered else "no AUTH")

    def _login_with_token(self) -> None:
        """AUTH XOAUTH2; a token that the server does not take is renewed once, since it may have been withdrawn."""
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "XOAUTH2" not in offered:
            raise smtplib.SMTPNotSupportedError("the server does not offer XOAUTH2")
        answer = self._say_token()
        if answer[0] == 535 and self.server.fresh_token is not None:
            self.server = replace(self.server, access_token=self.server.fresh_token())
            answer = self._say_token()
        self._signed_in(answer)

    def _say_token(self) -> tuple[int, bytes]:
        answer = self.docmd("AUTH XOAUTH2 " + _b64(self.server.sasl_token))
        if answer[0] == 334:
            # The server explains itself in base64, and refuses once that was answered by an empty line.
            answer = self.docmd("")
        return answer

    @staticmethod
    def _signed_in(answer: tuple[int, bytes]) -> tuple[int, bytes]:
        if answer[0] != 235:
            raise smtplib.SMTPAuthenticationError(answer[0], answer[1])
        return answer

    # --- Letters ------------------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self.sock is not None

    def is_open_for(self, letter: Envelope) -> bool:
        """Not where the server was told of another one, and waits for that."""
        return self.is_open and (not self._told or self._told == self._words_of(letter))

    def deliver(
        self,
        sender: str,
        recipients: Sequence[str],
        letter: bytes,
        *,
        within: float = LETTER_SECONDS,
        ready: Callable[[], None] = at_once,
        then: Envelope | None = None,
    ) -> str:
        """Hand one letter over to all `recipients` or to none, within so many seconds; the server's accepting words.

        Addresses are bare and in ASCII; `letter` is a whole message. `ready` is called while the server works on the
        envelope, and so before the first byte of the letter itself; what it raises ends the matter there. `then`: the
        letter that follows at once, as far as is known. Raises MailServerError.
        """
        self.handed_over, self.accepted_reply = False, ""
        self._recipients, self._ready = recipients, ready
        self._then = self._words_of(then) if then is not None and self._takes_letters_at_once else ""
        self.patience.within(within)
        try:
            self.phase = Phase.SENDER
            self.sendmail(sender, list(recipients), letter)
        except (OSError, ValueError, smtplib.SMTPException) as err:
            if self._told:  # The conversation broke at a letter with something behind it: that may be why.
                _ONE_LETTER_AT_A_TIME.add(self._here)
            raise classify_smtp_error(err, server=self.server, phase=self.phase, handed_over=self.handed_over) from err
        finally:
            self.patience.forever()
        return self.accepted_reply

    def getreply(self) -> tuple[int, bytes]:
        self._unread = max(self._unread - 1, 0)
        return super().getreply()

    def mail(self, sender: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """The sender; and in the same breath all up to the letter itself, to a server that lets us (RFC 2920): two
        journeys to the server instead of four. Each answer is still read, and in its turn.
        """
        words, told = self._words(sender, self._recipients, options), self._told
        self._told = ""
        if told not in {"", words}:
            self.close()  # It waits for another letter, and would take this one for that.
        try:
            if told != words:
                self._say(words)
            self._ready()  # First: most of the answers are there afterwards, and none of them has to wake us.
        except BaseException:
            self.close()  # Without a word, which would be the letter to a server that asks for it; and without a wait.
            raise
        return self._answer_to_told(words) if told == words else self.getreply()

    def _answer_to_told(self, words: str) -> tuple[int, bytes]:
        """To the sender of a letter that was told of behind the one before. A server that refuses it hears all of it
        again, in its turn; where it does not refuse that, it never understood the first time.
        """
        try:
            answer = self.getreply()
        except OSError:
            _ONE_LETTER_AT_A_TIME.add(self._here)
            raise
        if answer[0] in {250, 421}:
            return answer
        self._read_on()
        if not self.is_open:
            return answer
        self._say(words)
        again = self.getreply()
        if again[0] == 250:
            _ONE_LETTER_AT_A_TIME.add(self._here)
        return again

    @property
    def _takes_letters_at_once(self) -> bool:
        return self.has_extn("pipelining") and self._here not in _ONE_LETTER_AT_A_TIME

    @property
    def _here(self) -> tuple[str, int]:
        return self.server.host, self.server.port

    def _words_of(self, letter: Envelope) -> str:
        # As smtplib says it.
        options = [f"size={letter.size}"] if self.has_extn("size") else []
        return self._words(letter.sender, letter.recipients, options)

    def _words(self, sender: str, recipients: Sequence[str], options: Sequence[str]) -> str:
        """All commands up to the letter itself, for a server that takes them at once; else the first one."""
        said = [_mail(sender, options)]
        if self.has_extn("pipelining"):
            said += [*map(_rcpt, recipients), "DATA"]
        return "".join(map(_line, said))

    def _say(self, words: str) -> None:
        """Commands, whose answers are read later."""
        self._unread += words.count("\n")
        self.send(words)

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:  # noqa: ARG002 - smtplib's signature
        self.phase = Phase.RECIPIENT
        code, words = self.getreply() if self._unread else self.docmd(_rcpt(recip))
        if code not in {250, 251}:
            # smtplib goes on while one recipient is accepted, and the letter would be half sent.
            if code == 421:
                self.close()
            else:
                self._forget_letter()
            raise smtplib.SMTPRecipientsRefused({recip: (code, words)})
        return code, words

    def data(self, msg: Any) -> tuple[int, bytes]:
        """The letter itself. The final dot is written apart from a long one, so that the hand-over is one exact moment;
        a short one is a single record to TLS, and has no other moment. With it goes what is said of the next letter.
        """
        self.phase = Phase.LETTER
        code, words = self.getreply() if self._unread else self.docmd("DATA")
        if code != 354:
            if code != 421:
                self._forget_letter()  # To some servers its envelope still stands, and another MAIL is an error.
            raise smtplib.SMTPDataError(code, words)
        body = msg.encode("ascii") if isinstance(msg, str) else bytes(msg)
        # A lone CR or LF is a line's end to some servers and none to others: a letter could end early for the one
        # and go on for the other.
        if not body.count(b"\r\n") == body.count(b"\r") == body.count(b"\n"):
            body = _LINE_ENDS.sub(b"\r\n", body)
        if b"\n." in body or body.startswith(b"."):
            body = _LEADING_DOT.sub(b"..", body)
        body = body if body.endswith(b"\r\n") else body + b"\r\n"
        self._told, self._then = self._then, ""
        end = _FINAL_DOT + self._told.encode("ascii")
        if len(body) + len(end) > ONE_RECORD:
            self.send(body)
            body = b""
        self._unread += end.count(b"\n")
        self.handed_over = True
        self.send(body + end)
        code, words = self.getreply()
        if 200 <= code < 300:
            self.accepted_reply = one_line(words)
            return 250, words
        return code, words

    def rset(self) -> tuple[int, bytes]:
        self._read_on()
        return super().rset()

    def _read_on(self) -> None:
        """What a server says to the commands after the one that it refused, or of a letter that does not come. One that
        asks for the letter all the same gets none, and no more of this conversation."""
        self._told = ""
        while self._unread:
            if self.getreply()[0] == 354:
                self.close()
                break

    # --- Leaving ------------------------------------------------------------------------------------------------------

    def _forget_letter(self) -> None:
        with suppress(smtplib.SMTPServerDisconnected):
            self.rset()

    def leave(self) -> None:
        """QUIT if the server still listens; never an error, never a wait."""
        if self.sock is None:
            return
        self.patience.within(QUIT_SECONDS)
        try:
            self._read_on()
            self.quit()
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            self.close()


def open_session(
    server: ServerSettings, *, surroundings: Surroundings | None = None, within: float | None = None
) -> Session:
    """A session that is signed in; the caller ends it with `leave()`. Raises MailServerError."""
    session = Session(server, surroundings=surroundings or Surroundings.from_settings())
    session.start(within=within)
    return session


@contextmanager
def connect(
    server: ServerSettings, *, surroundings: Surroundings | None = None, within: float | None = None
) -> Iterator[Session]:
    """A signed-in session for the length of a block. Raises MailServerError."""
    session = open_session(server, surroundings=surroundings, within=within)
    try:
        yield session
    finally:
        session.leave()


def _wire(message: EmailMessage) -> bytes:
    return bytes(message.message().as_bytes(linesep="\r\n"))


class WrittenMessage(EmailMultiAlternatives):
    """A message that is written once, and maybe long before it travels."""

    @cached_property
    def wire(self) -> bytes:
        """As it travels."""
        return _wire(self)

    @cached_property
    def envelope(self) -> Envelope:
        """What a server is told of it."""
        return _envelope(self, len(self.wire))


class MailboxBackend(EmailBackend):
    """Django's SMTP backend over our session: for one mailbox, never from EMAIL_* settings, and never silent.

    Raises MailServerError. After `send_messages` of one letter, `connection.accepted_reply` holds the server's words.
    """

    connection: Session | None

    def __init__(
        self,
        server: ServerSettings,
        *,
        surroundings: Surroundings | None = None,
        letter_seconds: float = LETTER_SECONDS,
        opening_seconds: float | None = None,
    ) -> None:
        super().__init__(
            host=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.security is Security.STARTTLS,
            use_ssl=server.security is Security.TLS,
            timeout=int(server.timeout),
            fail_silently=False,
        )
        self.server = server
        self.surroundings = surroundings or Surroundings.from_settings()
        self.letter_seconds = letter_seconds
        self.opening_seconds = opening_seconds
        self.ready = at_once  # see Session.deliver
        self.then: Envelope | None = None

    @property
    def connection_class(self) -> type[Session]:
        return Session

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        return self.surroundings.tls_context(self.server)

    def open(self) -> bool:
        if self.connection is not None and self.connection.is_open:
            return False
        self.connection = None
        session = self.connection_class(self.server, surroundings=self.surroundings)
        session.start(within=self.opening_seconds)
        self.connection = session
        return True

    def close(self) -> None:
        if self.connection is not None:
            self.connection.leave()
            self.connection = None

    def _send(self, email_message: EmailMessage) -> bool:
        if not email_message.recipients() or self.connection is None:
            return False
        if isinstance(email_message, WrittenMessage):
            letter, envelope = email_message.wire, email_message.envelope
        else:
            letter = _wire(email_message)
            envelope = _envelope(email_message, len(letter))
        self.connection.deliver(
            envelope.sender,
            envelope.recipients,
            letter,
            within=self.letter_seconds,
            ready=self.ready,
            then=self.then,
        )
        return True


def _envelope(message: EmailMessage, size: int) -> Envelope:
    encoding = message.encoding or "utf-8"
    recipients = tuple(_on_envelope(address, encoding) for address in message.recipients())
    return Envelope(_on_envelope(message.from_email, encoding), recipients, size)


# What nearly every address looks like, and with a name before it or without.
_BARE = re.compile(r"[A-Za-z0-9.!#$%&*+/=?^_{|}~-]+@[A-Za-z0-9.-]+", re.ASCII)
_PLAIN = re.compile(rf"(?:[\w .,'()-]*<)?({_BARE.pattern})>?", re.ASCII)


def _on_envelope(address: str, encoding: str) -> str:
    """The bare address for the server. Django takes every address apart by grammar; most need no such care."""
    plain = _PLAIN.fullmatch(address)
    return plain[1] if plain and ("<" in address) == address.endswith(">") else sanitize_address(address, encoding)


def _bracketed(address: str) -> str:
    """A bare address as the envelope has it. smtplib takes each apart by grammar, although hardly one needs it."""
    return f"<{address}>" if _BARE.fullmatch(address) else smtplib.quoteaddr(address)


def _mail(sender: str, options: Sequence[str] = ()) -> str:
    return " ".join([f"mail FROM:{_bracketed(sender)}", *options])


def _line(command: str) -> str:
    if "\r" in command or "\n" in command:  # As smtplib's `putcmd` sees to it for one.
        raise ValueError(f"{command!r} is no single command")
    return f"{command}\r\n"


def _rcpt(address: str) -> str:
    return f"rcpt TO:{_bracketed(address)}"


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
