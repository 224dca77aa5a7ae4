"""Real mail servers on loopback for everybody's tests: the post office, and servers that misbehave on demand.

Nothing here is a mock: each server listens on a socket of its own, speaks TLS with real certificates, and records the
bytes that it said yes to. Import as a plugin (`pytest_plugins = ["tests.servers"]`), then use the fixtures:

- `post_office`: the rehearsal post office (outreach_site.sandbox.running), one a test, answers after 0.05 s.
- `certificates`: PEM files, one set a session: a good certificate, and the bad ones.
- `smtp_server`, `imap_server`: factories; `smtp_server(stall="EHLO")` opens a server and closes it after the test.
- `dead_port`: a port on which every connection is refused.

The factories take the knobs of `FaultySMTP` and `FaultyIMAP`; both are context managers too.
"""

from __future__ import annotations

import base64
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from outreach_site.sandbox.ca import issue, new_authority, write_authority, write_chain
from outreach_site.sandbox.running import RunningOffice, running

HOST = "localhost"
PASSWORD = "right-password"

TLS = Literal["starttls", "implicit", "none"]
Certificate = Literal["good", "other_name", "untrusted", "expired"]
# The moments of an SMTP session at which a server can stall, drop or answer something of its own. END is the moment
# after the final dot.
Stage = Literal["BANNER", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "END", "RSET", "QUIT"]
IMAPStage = Literal["GREETING", "CAPABILITY", "STARTTLS", "LOGIN", "SELECT", "SEARCH", "FETCH", "AFTER_LOGIN"]


@dataclass(frozen=True)
class Certificates:
    """Certificates by name, and the authority that a client trusts (`ca_file`); `untrusted` comes from another one."""

    ca_file: Path
    chains: dict[Certificate, tuple[Path, Path]]

    def server_context(self, which: Certificate) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.chains[which])
        return context

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_file))


def make_certificates(directory: Path) -> Certificates:
    """A good certificate for loopback, one for another name, one of an unknown authority, and one that expired."""
    now = datetime.now(UTC)
    here = ("localhost", "127.0.0.1", "::1")
    authority = new_authority("Test authority", now=now, loopback_only=False)
    stranger = new_authority("Unknown authority", now=now)
    year = timedelta(days=365)
    issued: dict[Certificate, tuple[x509.Certificate, ec.EllipticCurvePrivateKey]] = {
        "good": issue(authority, here, not_before=now - year, not_after=now + year),
        "other_name": issue(authority, ("mail.elsewhere.test",), not_before=now - year, not_after=now + year),
        "untrusted": issue(stranger, here, not_before=now - year, not_after=now + year),
        "expired": issue(authority, here, not_before=now - 2 * year, not_after=now - timedelta(days=1)),
    }
    directory.mkdir(parents=True, exist_ok=True)
    return Certificates(
        ca_file=write_authority(directory / "ca.pem", authority),
        chains={name: write_chain(directory, name, *pair) for name, pair in issued.items()},
    )


@dataclass(frozen=True)
class Accepted:
    """A letter that the server said yes to, or swallowed before it dropped the connection (`answered` is False)."""

    mail_from: str
    recipients: tuple[str, ...]
    raw: bytes
    user: str
    encrypted: bool
    answered: bool


class _Server:
    """A listening socket, a thread that accepts, and a thread for each connection. Closing it ends them all."""

    def __init__(self, *, tls: TLS, certificates: Certificates, certificate: Certificate) -> None:
        self.tls = tls
        self.host = HOST
        self.ca_file = certificates.ca_file
        self.connections = 0
        self.commands: list[str] = []
        self._context = certificates.server_context(certificate)
        self._closing = threading.Event()
        self._open: set[Wire] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port: int = self._listening.getsockname()[1]
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            still_open = list(self._open)
        for wire in still_open:
            wire.cut()
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        wire = Wire(connection, self._closing)
        with self._lock:
            self._open.add(wire)
        try:
            if self.tls == "implicit":
                wire.encrypt(self._context)
            self.converse(wire)
        except (OSError, EOFError, _DroppedError):
            # The client left, would not trust the certificate, or was dropped on purpose.
            pass
        finally:
            with self._lock:
                self._open.discard(wire)
            wire.close()

    def converse(self, wire: Wire) -> None:
        raise NotImplementedError


class _DroppedError(Exception):
    """The server ends the connection on purpose."""


class Wire:
    """One connection: lines in, lines out, TLS in between when it was started."""

    def __init__(self, connection: socket.socket, closing: threading.Event) -> None:
        self._socket: socket.socket = connection
        self._closing = closing
        self._buffer = b""
        self.drip = 0.0

    @property
    def encrypted(self) -> bool:
        return isinstance(self._socket, ssl.SSLSocket)

    def encrypt(self, context: ssl.SSLContext) -> None:
        self._socket.settimeout(10)
        self._socket = context.wrap_socket(self._socket, server_side=True)
        self._socket.settimeout(None)
        self._buffer = b""

    def say(self, line: str | bytes) -> None:
        self.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def write(self, content: bytes) -> None:
        if not self.drip:
            self._socket.sendall(content)
            return
        for position in range(len(content)):
            self._socket.sendall(content[position : position + 1])
            if self._closing.wait(self.drip):
                raise _DroppedError

    def lines_waiting(self) -> list[str]:
        """What has come already and was not read yet."""
        return self._buffer.decode("utf-8", "replace").splitlines()

    def forget_waiting(self) -> list[str]:
        """The same, and as if it had never come."""
        lines = self.lines_waiting()
        self._buffer = b""
        return lines

    def line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._read_more()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._read_more()
        content, self._buffer = self._buffer[:count], self._buffer[count:]
        return content

    def hang(self) -> None:
        """Says nothing more until the client leaves or the server is closed."""
        while not self._closing.is_set():
            readable, _, _ = select.select([self._socket], [], [], 0.05)
            if readable:
                try:
                    gone = not self._socket.recv(65536)
                except (ssl.SSLWantReadError, BlockingIOError):
                    continue
                if gone:
                    break
        raise _DroppedError

    def cut(self) -> None:
        """Ends the connection from another thread: whoever reads or writes here gets an error."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()

    def _read_more(self) -> None:
        received = self._socket.recv(65536)
        if not received:
            raise EOFError
        self._buffer += received


@dataclass
class _Reply:
    """An answer of one's own: for one stage, perhaps one recipient, perhaps a number of times."""

    stage: Stage
    line: str
    recipient: str | None
    times: int | None


class FaultySMTP(_Server):
    """An SMTP server that signs people in, takes every letter, and misbehaves where it is told to.

    - `tls`: "starttls", "implicit" or "none" (STARTTLS is not offered). Signing in is offered once the connection is
      encrypted, and always with "none".
    - `certificate`: "good", "other_name", "untrusted" or "expired".
    - `password`: the right one, for any user; another gets 535.
    - `stall`: a stage at which it goes silent and keeps the connection open. At END it has read the letter.
    - `drop`: a stage at which it closes the connection instead of answering. `drop="END"` swallows the letter first:
      it is in `accepted` with `answered=False`. `drop="DATA"` closes before a byte of the letter was read.
    - `drip`: seconds between the bytes of everything it says.
    - `nonsense`: a stage at which it says something that is no SMTP.
    - `pipelining`: it offers to take several commands at once (RFC 2920). `ahead` has the lines that had come before
      the one before them was answered.
    - `asks_all_the_same`: to DATA after a refusal it says 354.
    - `behind`: what it does with commands that come in one breath with a letter: "taken", "lost" or "refused"; or
      "broken": it takes the letter and breaks off.
    - `tokens`: access tokens that it takes by XOAUTH2; empty, it does not offer that.
    - `reply(stage, line, ...)`: an answer of its own, for one recipient or for all, for ever or `times` times.

    `accepted` has every letter that it took, `commands` every command line it saw (credentials left out).
    """

    def __init__(
        self,
        certificates: Certificates,
        *,
        tls: TLS = "starttls",
        certificate: Certificate = "good",
        password: str = PASSWORD,
        stall: Stage | None = None,
        drop: Stage | None = None,
        drip: float = 0.0,
        nonsense: Stage | None = None,
        pipelining: bool = False,
        asks_all_the_same: bool = False,
        behind: Literal["taken", "lost", "refused", "broken"] = "taken",
    ) -> None:
        self.pipelining = pipelining
        self.behind = behind
        self.ahead: list[str] = []
        self.asks_all_the_same = asks_all_the_same
        self.password = password
        self.stall = stall
        self.drop = drop
        self.drip = drip
        self.nonsense = nonsense
        self.tokens: set[str] = set()
        self.accepted: list[Accepted] = []
        self._replies: list[_Reply] = []
        super().__init__(tls=tls, certificates=certificates, certificate=certificate)

    def reply(self, stage: Stage, line: str, *, recipient: str | None = None, times: int | None = None) -> None:
        """Answers `line` at `stage`; a line that starts with 4 or 5 refuses. `recipient` limits it to one address."""
        self._replies.append(_Reply(stage, line, recipient, times))

    def wait_for(self, count: int, *, seconds: float = 10.0) -> list[Accepted]:
        """The accepted letters, as soon as there are `count` of them. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while len(self.accepted) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self.accepted)} of {count} letters after {seconds} s")
            time.sleep(0.01)
        return list(self.accepted)

    def converse(self, wire: Wire) -> None:
        wire.drip = self.drip
        self._say(wire, "BANNER", "220 faulty.test ESMTP")
        user = mail_from = ""
        recipients: list[str] = []
        while True:
            line = wire.line().decode("utf-8", "replace")
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            self.commands.append(line if verb != "AUTH" else "AUTH")
            self.ahead += wire.lines_waiting()
            if verb in {"EHLO", "HELO"}:
                self._say(wire, "EHLO", self._welcome(wire))
            elif verb == "STARTTLS" and self.tls == "starttls" and not wire.encrypted:
                if self._say(wire, "STARTTLS", "220 2.0.0 Ready"):
                    wire.encrypt(self._context)
            elif verb == "AUTH":
                user = self._sign_in(wire, rest) or user
            elif verb == "MAIL" and mail_from:
                wire.say("503 5.5.1 Error: nested MAIL command")
            elif verb == "MAIL":
                if self._say(wire, "MAIL", "250 2.1.0 Ok"):
                    mail_from, recipients = _path(rest), []
            elif verb == "RCPT" and not mail_from:
                wire.say("503 5.5.1 Need MAIL first")
            elif verb == "RCPT":
                if self._say(wire, "RCPT", "250 2.1.5 Ok", recipient=_path(rest)):
                    recipients.append(_path(rest))
            elif verb == "DATA" and not recipients and not self.asks_all_the_same:
                wire.say("503 5.5.1 No valid recipients")
            elif verb == "DATA":
                if self._say(wire, "DATA", "354 End data with <CR><LF>.<CR><LF>", recipient="".join(recipients[:1])):
                    self._take(wire, user, mail_from, recipients)
                    mail_from, recipients = "", []
            elif verb == "RSET":
                mail_from, recipients = "", []
                self._say(wire, "RSET", "250 2.0.0 Ok")
            elif verb == "NOOP":
                wire.say("250 2.0.0 Ok")
            elif verb == "QUIT":
                self._say(wire, "QUIT", "221 2.0.0 Bye")
                return
            else:
                wire.say("500 5.5.2 Command not recognised")

    def _take(self, wire: Wire, user: str, mail_from: str, recipients: list[str]) -> None:
        lines = []
        while (line := wire.line()) != b".":
            lines.append(line.removeprefix(b".") if line.startswith(b".") else line)
        self.ahead += wire.lines_waiting()
        behind = [] if self.behind == "taken" else wire.forget_waiting()
        raw = b"".join(line + b"\r\n" for line in lines)
        letter = Accepted(mail_from, tuple(recipients), raw, user, wire.encrypted, answered=self.drop != "END")
        refusal = self._own_reply("END", recipients[0])
        if refusal is None or refusal.startswith("2"):
            # Recorded before the answer leaves: whoever reads the answer finds the letter here.
            if self.stall != "END":
                self.accepted.append(letter)
        else:
            wire.say(refusal)
            return
        if behind and self.behind == "broken":
            wire.cut()
            return
        self._say(wire, "END", refusal or "250 2.0.0 Ok: queued")
        if self.behind == "refused":
            for _ in behind:
                wire.say("503 5.5.0 Improper use of SMTP command pipelining")

    def _sign_in(self, wire: Wire, rest: str) -> str | None:
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() == "XOAUTH2":
            user, token = xoauth2(initial)
            if token not in self.tokens:
                wire.say("334 " + REFUSED_TOKEN)
                self.commands.append(f"ANSWER {wire.line().decode()!r}")
                wire.say("535 5.7.8 Username and Password not accepted. For more information, go to our help")
                return None
            return user if self._say(wire, "AUTH", "235 2.7.0 Accepted") else None
        if mechanism.upper() == "PLAIN":
            if not initial:
                wire.say("334 ")
                initial = wire.line().decode()
            _, user, password = base64.b64decode(initial).decode().split("\0")
        else:
            if not initial:
                wire.say("334 VXNlcm5hbWU6")
                initial = wire.line().decode()
            user = base64.b64decode(initial).decode()
            wire.say("334 UGFzc3dvcmQ6")
            password = base64.b64decode(wire.line()).decode()
        if password != self.password:
            wire.say("535 5.7.8 Error: authentication failed: bad username or password")
            return None
        return user if self._say(wire, "AUTH", "235 2.7.0 Authentication successful") else None

    def _welcome(self, wire: Wire) -> str:
        offers = ["faulty.test", "SIZE 10240000", "8BITMIME", "SMTPUTF8"]
        if self.pipelining:
            offers.append("PIPELINING")
        if self.tls == "starttls" and not wire.encrypted:
            offers.append("STARTTLS")
        if self.tls == "none" or wire.encrypted:
            offers.append("AUTH PLAIN LOGIN" + (" XOAUTH2" if self.tokens else ""))
        return "\r\n".join(f"250{'-' if offer is not offers[-1] else ' '}{offer}" for offer in offers)

    def _say(self, wire: Wire, stage: Stage, usual: str, *, recipient: str = "") -> bool:
        """Answers at a stage, or misbehaves there. Whether the client may go on."""
        if self.stall == stage:
            wire.hang()
        if self.drop == stage:
            raise _DroppedError
        if self.nonsense == stage:
            wire.say("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n<html>400</html>")
            return False
        line = usual if stage == "END" else self._own_reply(stage, recipient) or usual
        wire.say(line)
        return line[:1] in {"2", "3"}

    def _own_reply(self, stage: Stage, recipient: str) -> str | None:
        with self._lock:
            for reply in self._replies:
                if reply.stage == stage and reply.times != 0 and reply.recipient in {None, recipient}:
                    if reply.times is not None:
                        reply.times -= 1
                    return reply.line
        return None


@dataclass
class MailFolder:
    """A folder of a FaultyIMAP: raw messages by UID."""

    uid_validity: int = 1
    messages: dict[int, bytes] = field(default_factory=dict)


class FaultyIMAP(_Server):
    """A small IMAP server that misbehaves where it is told to.

    - `tls`, `certificate`, `password`: as FaultySMTP.
    - `stall`: a stage at which it goes silent. FETCH stalls in the middle of a message's bytes; AFTER_LOGIN answers
      the sign-in and then nothing more.
    - `drop`: a stage at which it closes the connection; FETCH in the middle of a message's bytes.
    - `nonsense`: a stage at which it says something that is no IMAP.
    - `tokens`: as FaultySMTP.
    - `folders`: what is in it; `add(raw)` puts a message into INBOX.

    It knows CAPABILITY, NOOP, ID, STARTTLS, LOGIN, AUTHENTICATE PLAIN, LIST, SELECT, EXAMINE, STATUS, UID SEARCH,
    UID FETCH, CLOSE, UNSELECT and LOGOUT; for more there is the post office.
    """

    def __init__(
        self,
        certificates: Certificates,
        *,
        tls: TLS = "implicit",
        certificate: Certificate = "good",
        password: str = PASSWORD,
        stall: IMAPStage | None = None,
        drop: IMAPStage | None = None,
        nonsense: IMAPStage | None = None,
    ) -> None:
        self.password = password
        self.stall = stall
        self.drop = drop
        self.nonsense = nonsense
        self.tokens: set[str] = set()
        self.refuse_append = ""  # the words of a refusal
        self.refuse_append_of = ""  # only of messages that hold this
        self.separator = "/"  # between the names of folders
        self.drop_append_of: str | None = None  # it closes the connection at messages that hold this
        self.flags: list[list[str]] = []  # of each message that was appended
        self.folders = {"INBOX": MailFolder(), "Junk": MailFolder(), "Sent": MailFolder()}
        super().__init__(tls=tls, certificates=certificates, certificate=certificate)

    def add(self, raw: bytes, *, folder: str = "INBOX") -> int:
        messages = self.folders[folder].messages
        uid = max(messages, default=0) + 1
        messages[uid] = raw
        return uid

    def converse(self, wire: Wire) -> None:
        self._misbehave(wire, "GREETING")
        wire.say(f"* OK [CAPABILITY {self._capability(wire)}] faulty ready")
        selected: MailFolder | None = None
        while True:
            tag, command, rest = self._command(wire)
            if command == "LOGOUT":
                wire.say("* BYE")
                wire.say(f"{tag} OK")
                return
            if command in {"CAPABILITY", "NOOP", "ID", "CLOSE", "UNSELECT"}:
                if command == "CAPABILITY":
                    self._misbehave(wire, "CAPABILITY")
                    wire.say(f"* CAPABILITY {self._capability(wire)}")
                wire.say(f"{tag} OK {command} done")
            elif command == "STARTTLS" and self.tls == "starttls" and not wire.encrypted:
                self._misbehave(wire, "STARTTLS")
                wire.say(f"{tag} OK begin")
                wire.encrypt(self._context)
            elif command in {"LOGIN", "AUTHENTICATE"}:
                self._misbehave(wire, "LOGIN")
                self._sign_in(wire, tag, command, rest)
            elif command == "LIST":
                uses = {"INBOX": "", "Junk": " \\Junk", "Sent": " \\Sent"}
                for name in self.folders:
                    wire.say(f'* LIST (\\HasNoChildren{uses.get(name, "")}) "{self.separator}" "{name}"')
                wire.say(f"{tag} OK LIST done")
            elif command in {"SELECT", "EXAMINE", "STATUS"}:
                self._misbehave(wire, "SELECT")
                selected = self._select(wire, tag, command, rest) or selected
            elif command == "UID SEARCH" and selected is not None:
                self._misbehave(wire, "SEARCH")
                uids = _found_by(rest, selected)
                wire.say(f"* SEARCH {' '.join(map(str, uids))}".rstrip())
                wire.say(f"{tag} OK SEARCH done")
            elif command == "APPEND":
                self._append(wire, tag, rest)
            elif command == "UID FETCH" and selected is not None:
                self._fetch(wire, selected, rest)
                wire.say(f"{tag} OK FETCH done")
            else:
                wire.say(f"{tag} BAD not here")

    def _command(self, wire: Wire) -> tuple[str, str, str]:
        line = wire.line()
        while literal := re.search(rb"\{(\d+)(\+?)\}$", line):
            if not literal[2]:
                wire.say("+ go on")
            quoted = wire.exactly(int(literal[1])).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            line = line[: literal.start()] + b'"' + quoted + b'"' + wire.line()
        tag, _, rest = line.decode("utf-8", "replace").partition(" ")
        command, _, rest = rest.partition(" ")
        if command.upper() == "UID":
            second, _, rest = rest.partition(" ")
            command = f"UID {second}"
        command = command.upper()
        self.commands.append(command if command in {"LOGIN", "AUTHENTICATE"} else f"{command} {rest}".strip())
        return tag, command, rest

    def _capability(self, wire: Wire) -> str:
        offers = ["IMAP4rev1", "LITERAL+", "ID", "SPECIAL-USE"]
        if self.tls == "starttls" and not wire.encrypted:
            return " ".join([*offers, "STARTTLS", "LOGINDISABLED"])
        return " ".join([*offers, "AUTH=PLAIN", *(["AUTH=XOAUTH2"] if self.tokens else [])])

    def _sign_in(self, wire: Wire, tag: str, command: str, rest: str) -> None:
        if command == "AUTHENTICATE":
            mechanism, _, initial = rest.partition(" ")
            if not initial:
                wire.say("+ ")
                initial = wire.line().decode()
            if mechanism.upper() == "XOAUTH2":
                self._sign_in_by_token(wire, tag, initial)
                return
            password = base64.b64decode(initial).decode().split("\0")[2]
        else:
            password = _words(rest)[1]
        if password != self.password:
            wire.say(f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials")
            return
        wire.say(f"{tag} OK [CAPABILITY {self._capability(wire)}] signed in")
        self._misbehave(wire, "AFTER_LOGIN")

    def _sign_in_by_token(self, wire: Wire, tag: str, initial: str) -> None:
        if xoauth2(initial)[1] in self.tokens:
            wire.say(f"{tag} OK signed in")
            return
        wire.say("+ " + REFUSED_TOKEN)
        self.commands.append(f"ANSWER {wire.line().decode()!r}")
        wire.say(f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)")

    def _append(self, wire: Wire, tag: str, rest: str) -> None:
        name, raw = _words(rest)[0], _words(rest)[-1]
        if self.drop_append_of is not None and self.drop_append_of in raw:
            raise _DroppedError
        if self.refuse_append and self.refuse_append_of in raw:
            wire.say(f"{tag} NO {self.refuse_append}")
            return
        self.add(raw.encode(), folder=name)
        self.flags.append(re.findall(r"\\\w+", rest.partition("{")[0].partition('"')[0] + rest[:120]))
        wire.say(f"{tag} OK APPEND done")

    def _select(self, wire: Wire, tag: str, command: str, rest: str) -> MailFolder | None:
        name = _words(rest)[0]
        folder = self.folders.get(name)
        if folder is None:
            wire.say(f"{tag} NO [NONEXISTENT] no such folder")
            return None
        next_uid = max(folder.messages, default=0) + 1
        if command == "STATUS":
            wire.say(
                f'* STATUS "{name}" (MESSAGES {len(folder.messages)} UIDNEXT {next_uid}'
                f" UIDVALIDITY {folder.uid_validity} UNSEEN {len(folder.messages)})"
            )
            wire.say(f"{tag} OK STATUS done")
            return None
        wire.say("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
        wire.say(f"* {len(folder.messages)} EXISTS")
        wire.say("* 0 RECENT")
        wire.say(f"* OK [UIDVALIDITY {folder.uid_validity}] valid")
        wire.say(f"* OK [UIDNEXT {next_uid}] next")
        wire.say(f"{tag} OK [{'READ-ONLY' if command == 'EXAMINE' else 'READ-WRITE'}] {command} done")
        return folder

    def _fetch(self, wire: Wire, folder: MailFolder, rest: str) -> None:
        wanted = rest.partition(" ")[2].upper()
        order = sorted(folder.messages)
        for uid in _uids_in(rest.partition(" ")[0], folder):
            raw = folder.messages[uid]
            head = f"* {order.index(uid) + 1} FETCH (UID {uid} FLAGS () RFC822.SIZE {len(raw)}"
            head += ' INTERNALDATE "01-Dec-2025 10:00:00 +0000"'
            section = re.search(r"BODY(?:\.PEEK)?(\[[^\]]*\])(<(\d+)\.(\d+)>)?", wanted)
            if section is None:
                wire.say(head + ")")
                continue
            content = raw if section[1] == "[]" else raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            origin = ""
            if section[2]:
                start = int(section[3])
                content, origin = content[start : start + int(section[4])], f"<{start}>"
            wire.say(f"{head} BODY{section[1]}{origin} {{{len(content)}}}")
            if "FETCH" in {self.stall, self.drop}:
                wire.write(content[: len(content) // 2])
            self._misbehave(wire, "FETCH")
            wire.write(content)
            wire.say(")")

    def _misbehave(self, wire: Wire, stage: IMAPStage) -> None:
        if self.stall == stage:
            wire.hang()
        if self.drop == stage:
            raise _DroppedError
        if self.nonsense == stage:
            wire.say("220 this is an SMTP server, really")


# What Google says of a token that it does not take, before it refuses.
REFUSED_TOKEN = base64.b64encode(b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}').decode()


def xoauth2(initial: str) -> tuple[str, str]:
    """User and token of the client's only message; the form that Google and Microsoft document, or ValueError."""
    found = re.fullmatch("user=([^\x01]+)\x01auth=Bearer ([^\x01]+)\x01\x01", base64.b64decode(initial).decode())
    if found is None:
        raise ValueError("not XOAUTH2")
    return found[1], found[2]


def _path(rest: str) -> str:
    """The address in `FROM:<a@b> SIZE=10`."""
    found = re.search(r"<([^>]*)>", rest)
    return found[1] if found else rest.partition(":")[2].split()[0]


def _words(rest: str) -> list[str]:
    """IMAP strings and atoms: `"a b" c` gives `a b` and `c`."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', rest)
    return [re.sub(r"\\(.)", r"\1", quoted) if quoted or not atom else atom for quoted, atom in found]


def _found_by(criteria: str, folder: MailFolder) -> list[int]:
    """A search by a header's words, or by UIDs as `_uids_in`."""
    if "HEADER" not in criteria:
        return _uids_in(criteria, folder)
    words = _words(criteria.partition("HEADER")[2])[1].encode()
    return [uid for uid, raw in sorted(folder.messages.items()) if words in raw.partition(b"\r\n\r\n")[0]]


def _uids_in(text: str, folder: MailFolder) -> list[int]:
    """The UIDs of `3:*` or `1,4:6`, or of a search such as `UID 3:*`; any search that names no UIDs gives all."""
    known = sorted(folder.messages)
    spec = next((word for word in reversed(text.split()) if re.fullmatch(r"[\d:,*]+", word)), None)
    if spec is None or not known:
        return known
    wanted: set[int] = set()
    for part in spec.split(","):
        first, _, last = part.partition(":")
        ends = [known[-1] if end == "*" else int(end) for end in (first, last or first)]
        wanted |= set(range(min(ends), max(ends) + 1))
    return [uid for uid in known if uid in wanted]


@contextmanager
def dead_port_open() -> Iterator[int]:
    """A port on which connections are refused: bound, so that nobody else gets it, but not listening."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Good and bad certificates of a test authority; `certificates.ca_file` is what a client has to trust."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def post_office(tmp_path: Path) -> Iterator[RunningOffice]:
    """The rehearsal post office, fresh for this test, with the account alex@rehearsal.test (PASSWORD)."""
    with running(tmp_path / "post-office") as office:
        office.add_account("alex@rehearsal.test", PASSWORD)
        yield office


@pytest.fixture
def smtp_server(certificates: Certificates) -> Iterator[Callable[..., FaultySMTP]]:
    """Opens SMTP servers with the knobs of FaultySMTP and closes them after the test."""
    with ExitStack() as stack:
        yield lambda **knobs: stack.enter_context(FaultySMTP(certificates, **knobs))


@pytest.fixture
def imap_server(certificates: Certificates) -> Iterator[Callable[..., FaultyIMAP]]:
    """Opens IMAP servers with the knobs of FaultyIMAP and closes them after the test."""
    with ExitStack() as stack:
        yield lambda **knobs: stack.enter_context(FaultyIMAP(certificates, **knobs))


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port of 127.0.0.1 on which every connection is refused."""
    with dead_port_open() as port:
        yield port
