"""Speaking IMAP as a client: the same way in as SMTP (one resolution, TLS or nothing, an end to all waiting)."""

from __future__ import annotations

import imaplib
import logging
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from imapclient import IMAPClient, SocketTimeout

from outreach_site.lib.patience import Patience
from outreach_site.mailboxes import folder_names
from outreach_site.mailboxes.advice import imap_sign_in_advice, token_refused
from outreach_site.mailboxes.answers import Phase
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict, one_line
from outreach_site.mailboxes.failures import chain, classify_broken, no_starttls, secrets_of
from outreach_site.mailboxes.models import Security
from outreach_site.mailboxes.wire import ServerSettings, Surroundings, open_socket

# One line for each connection that ends says nothing to anybody.
logging.getLogger("imapclient").setLevel(logging.WARNING)

__all__ = [
    "Folders",
    "ImapSession",
    "Security",
    "ServerSettings",
    "can_be_opened",
    "classify_imap_error",
    "connect",
    "find_folders",
    "is_refusal",
    "list_folders",
    "search_for",
]

OPENING_FACTOR = 2.0
# Bytes that a server may hand over in answer to one command: above the largest message that is fetched whole, and the
# most that one worker holds in memory, whatever sizes the server announced before.
MOST_IN_ONE_ANSWER = 64 * 1024 * 1024
LOGOUT_SECONDS = 5.0


class _VettedIMAP4(imaplib.IMAP4):
    """imaplib's client over our socket: the vetted address, TLS by the verified name, bounded waiting."""

    def __init__(self, server: ServerSettings, *, surroundings: Surroundings, patience: Patience) -> None:
        self._server = server
        self._surroundings = surroundings
        self._patience = patience
        self._heard = 0
        super().__init__(server.host, server.port)

    def _new_tag(self) -> bytes:
        """Called for each command: what is heard from now on answers this one."""
        self._heard = 0
        return super()._new_tag()  # type: ignore[misc, no-any-return]  # imaplib's own, without a stub

    def read(self, size: int) -> bytes:
        self._heard += size
        if self._heard > MOST_IN_ONE_ANSWER:
            raise self.abort("the answer is larger than any message that is fetched")
        return super().read(size)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:  # noqa: ARG002 - imaplib's signature
        sock = open_socket(self._server, surroundings=self._surroundings, patience=self._patience)
        if self._server.security is not Security.TLS:
            return sock
        try:
            return self._surroundings.tls_context(self._server).wrap_socket(sock, server_hostname=self._server.host)
        except BaseException:
            sock.close()
            raise


class ImapSession(IMAPClient):
    """An IMAPClient whose every operation ends in time; `patience.within(seconds)` bounds a whole run of them."""

    ERRORS = (imaplib.IMAP4.error,)  # What its operations raise, besides OSError and ValueError.

    def __init__(self, server: ServerSettings, *, surroundings: Surroundings, patience: Patience) -> None:
        self.server = server
        self.surroundings = surroundings
        self.patience = patience
        self.phase = Phase.CONNECT
        super().__init__(
            server.host,
            server.port,
            ssl=server.security is Security.TLS,
            timeout=SocketTimeout(connect=server.timeout, read=server.timeout),
        )
        # IMAPClient hands every line of the conversation to its debug log: slow, and it holds letters and secrets.
        self._imap.debug = 0

    def _create_IMAP4(self) -> Any:  # noqa: N802 - IMAPClient's name for the one place where it connects
        return _VettedIMAP4(self.server, surroundings=self.surroundings, patience=self.patience)

    def sign_in(self) -> None:
        """STARTTLS where it is due, then the user and password."""
        if self.server.security is not Security.TLS:
            self.phase = Phase.STARTTLS
            # A greeting of PREAUTH leaves no way to TLS any more: whoever sends it wants us to go on in clear text.
            if self.welcome.upper().startswith(b"* PREAUTH") or not self.has_capability("STARTTLS"):
                raise no_starttls(self.server)
            self.starttls(ssl_context=self.surroundings.tls_context(self.server))
        self.phase = Phase.SIGN_IN
        if self.server.access_token:
            self._login_with_token()
        elif _PLAIN_WORD.fullmatch(self.server.user) and _ASCII.fullmatch(self.server.password):
            self.login(self.server.user, self.server.password)
        else:
            # LOGIN as the library writes it neither quotes the user nor knows characters beyond ASCII.
            self.plain_login(self.server.user, self.server.password)
        self.phase = Phase.READING

    def _login_with_token(self) -> None:
        """AUTHENTICATE XOAUTH2; a token that the server does not take is renewed once."""
        try:
            self._say_token()
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            if self.server.fresh_token is None:
                raise
            self.server = replace(self.server, access_token=self.server.fresh_token())
            self._say_token()

    def _say_token(self) -> None:
        words = iter([self.server.sasl_token.encode()])
        # A refusal comes as a challenge first, which is answered by an empty line.
        self._command_and_check("authenticate", "XOAUTH2", lambda _: next(words, b""), unpack=True)

    def leave(self) -> None:
        """LOGOUT if the server still listens; never an error, never a wait."""
        try:
            self.patience.within(LOGOUT_SECONDS)
            self.logout()
        except (OSError, imaplib.IMAP4.error, AttributeError):
            # AttributeError: the connection broke earlier and imaplib has no socket any more.
            with suppress(OSError, AttributeError):
                self.shutdown()


_PLAIN_WORD = re.compile(r"[\x21\x23-\x24\x26-\x27\x2b-\x5b\x5d-\x7a\x7c-\x7e]+")
_ASCII = re.compile(r"[\x20-\x7e]+")


def open_session(
    server: ServerSettings, *, surroundings: Surroundings | None = None, within: float | None = None
) -> ImapSession:
    """A session that is signed in; the caller ends it with `leave()`. Raises MailServerError."""
    patience = Patience(each=server.timeout)
    patience.within(within or server.timeout * OPENING_FACTOR)
    session: ImapSession | None = None
    try:
        session = ImapSession(server, surroundings=surroundings or Surroundings.from_settings(), patience=patience)
        session.sign_in()
    except BaseException as err:
        if session is not None:
            with suppress(OSError, AttributeError):
                session.shutdown()
        if isinstance(err, (OSError, ValueError, imaplib.IMAP4.error)):
            phase = session.phase if session else Phase.CONNECT
            raise classify_imap_error(err, server=server, phase=phase) from err
        raise
    patience.forever()
    return session


@contextmanager
def connect(
    server: ServerSettings, *, surroundings: Surroundings | None = None, within: float | None = None
) -> Iterator[ImapSession]:
    """A signed-in session for the length of a block. Raises MailServerError from opening; what is done inside the
    block raises what IMAPClient raises, to be read with `classify_imap_error`.
    """
    session = open_session(server, surroundings=surroundings, within=within)
    try:
        yield session
    finally:
        session.leave()


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of a mailbox that matter, by their names on the server."""

    inbox: str = "INBOX"
    junk: str = ""
    all_mail: str = ""  # Gmail's: every message once, whatever its labels; Spam and Trash apart
    sent: str = ""
    names: tuple[str, ...] = ()  # every folder that can be opened

    @property
    def to_read(self) -> tuple[str, ...]:
        """Where answers may lie: everything and spam with Gmail, inbox and junk elsewhere."""
        return tuple(name for name in (self.all_mail or self.inbox, self.junk) if name)


# A name with control characters could end the command that it stands in.
_OPENABLE = re.compile(r"[^\x00-\x1f\x7f]{1,250}")


def find_folders(session: IMAPClient) -> Folders:
    """By their special use (RFC 6154) where the server marks it, else by the names that servers usually give them."""
    by_use: dict[bytes, str] = {}
    by_name: dict[str, str] = {}
    names: list[str] = []
    for flags, delimiter, name in session.list_folders():
        lowered = {bytes(flag).lower() for flag in flags}
        if b"\\noselect" in lowered or b"\\nonexistent" in lowered:
            continue
        names.append(name)
        for flag in lowered:
            by_use.setdefault(flag, name)
        separator = delimiter.decode("ascii", "replace") if isinstance(delimiter, bytes) else (delimiter or "/")
        last = folder_names.plain(name.rsplit(separator, 1)[-1])
        by_name[last] = min(by_name.get(last, name), name, key=len)  # Not one of the same name in an archive.
    gmail = session.has_capability("X-GM-EXT-1")
    return Folders(
        inbox="INBOX",
        junk=by_use.get(b"\\junk") or _first(by_name, folder_names.JUNK),
        all_mail=by_use.get(b"\\all", "") if gmail else "",
        sent=by_use.get(b"\\sent") or _first(by_name, folder_names.SENT),
        names=tuple(name for name in names if can_be_opened(name)),
    )


def can_be_opened(name: str) -> bool:
    """Whether a text may reach a server as the name of a folder."""
    return bool(_OPENABLE.fullmatch(name))


def list_folders(server: ServerSettings) -> Folders:
    """The folders of a mailbox, asked of its server. Raises MailServerError."""
    try:
        with connect(server) as session:
            session.patience.within(server.timeout)
            return find_folders(session)
    except (OSError, imaplib.IMAP4.error, ValueError) as err:
        raise classify_imap_error(err, server=server) from err


def append_as_read(session: IMAPClient, folder: str, raw: bytes, *, at: datetime) -> None:
    """Put a message into a folder, marked as read, with the time that it was sent."""
    session.append(folder, raw, flags=(rb"\Seen",), msg_time=at)


def search_for(session: IMAPClient, field: str, words: str, *, since: date | None = None) -> list[int]:
    """UIDs of messages in whose header `field` these words stand. Whatever the words are, they are looked for and
    nothing else: what would end the command is dropped, the rest is quoted, and beyond ASCII it goes as a literal.
    """
    plain = "".join(character for character in words if character.isprintable()).strip()[:500]
    if not plain or not _FIELD.fullmatch(field):
        return []
    if not plain.isascii():
        criteria: list[object] = ["HEADER", field, plain, *(["SINCE", since] if since else [])]
        return sorted(int(uid) for uid in session.search(criteria, charset="UTF-8"))
    quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
    day = f" SINCE {since.day}-{_MONTHS[since.month - 1]}-{since.year}" if since else ""
    return sorted(int(uid) for uid in session.search(f'HEADER {field} "{quoted}"{day}'))


_FIELD = re.compile(r"[A-Za-z-]{1,60}")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def _first(folders: dict[str, str], names: tuple[str, ...]) -> str:
    return next((folders[name] for name in names if name in folders), "")


def is_refusal(err: BaseException) -> bool:
    """Whether the server said no to one command, and listens to the next."""
    return isinstance(err, imaplib.IMAP4.error) and not any(
        isinstance(cause, (imaplib.IMAP4.abort, OSError)) for cause in chain(err)
    )


_CODE = re.compile(r"\[([A-Z]+)[^\]]*\]", re.IGNORECASE)
_BUSY = re.compile(
    r"too many|simultaneous|concurrent|bandwidth|rate limit|throttl|exceeded|try again|temporar|unavailable|busy|"
    r"service not available",
    re.IGNORECASE,
)


def classify_imap_error(
    err: BaseException, *, server: ServerSettings | None = None, phase: Phase = Phase.READING
) -> MailServerError:
    """Any failure of a conversation with an IMAP server as one MailServerError."""
    if isinstance(err, MailServerError):
        return err
    silent = any(isinstance(cause, OSError) for cause in chain(err))
    if silent or not isinstance(err, imaplib.IMAP4.error):
        return classify_broken(err, server=server, phase=phase)
    words = _words(err, server)
    if phase is Phase.STARTTLS:
        return no_starttls(server, words=words)
    code = match.group(1).upper() if (match := _CODE.search(words)) else ""
    if code in {"UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG", "OVERQUOTA"} or (
        not code.startswith("AUTH") and _BUSY.search(words)
    ):
        return MailServerError(
            "The server lets nobody in just now." if phase is Phase.SIGN_IN else "The server is too busy just now.",
            stage=Stage.QUOTA,
            verdict=Verdict.RATE,
            permanent=False,
            advice="Wait a few minutes. Some providers allow few connections at once, or little reading a day.",
            server_words=words,
        )
    # IMAPClient says "login failed" also when the connection broke meanwhile.
    hung_up = any(isinstance(cause, imaplib.IMAP4.abort) for cause in chain(err))
    if phase is Phase.SIGN_IN and not hung_up:
        return MailServerError(
            f"{token_refused(server).rstrip('.')} for reading."
            if server is not None and server.access_token
            else "The server did not accept the user name and password for reading.",
            stage=Stage.SIGN_IN,
            verdict=Verdict.MAILBOX_TROUBLE,
            permanent=True,
            advice=imap_sign_in_advice(server),
            server_words=words,
        )
    if hung_up or phase in {Phase.CONNECT, Phase.GREETING}:
        return MailServerError(
            f"The server ended the conversation while {phase}.",
            stage=Stage.PROTOCOL,
            verdict=Verdict.RETRY,
            permanent=False,
            advice="Try again in a few minutes. If it lasts, check host and port: 993 is TLS at once, 143 STARTTLS.",
            detail=words,
        )
    return MailServerError(
        "The server did not do what it was asked.",
        stage=Stage.PROTOCOL,
        verdict=Verdict.RETRY,
        permanent=False,
        advice="Try again in a few minutes. If it lasts, the server's words say what it lacks.",
        server_words=words,
    )


def _words(err: BaseException, server: ServerSettings | None) -> str:
    first = err.args[0] if err.args else ""
    words = one_line(first if isinstance(first, (bytes, str)) else str(first), secrets=secrets_of(server))
    # imaplib shows some answers as the text of a bytes object.
    return words.removeprefix("b'").removeprefix('b"').rstrip("'\"") if words.startswith(("b'", 'b"')) else words
