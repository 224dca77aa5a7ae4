"""The whole post office in one asyncio loop: two SMTP ports, two IMAP ports, and the hand that delivers answers."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Self

from outreach_site.sandbox.ca import CertificateFiles, certificates_in
from outreach_site.sandbox.config import PostOffice
from outreach_site.sandbox.correspondents import BEHAVIOUR_WORDS, Behaviour
from outreach_site.sandbox.delivery import deliver_due
from outreach_site.sandbox.imap import connection_handler
from outreach_site.sandbox.smtp import session_factory
from outreach_site.sandbox.store import Answer, Letter, Store

log = logging.getLogger(__name__)

# How often the hand looks for answers that are due: often enough that "after 3 seconds" looks like it.
LOOK_SECONDS = 0.25
BACKLOG = 100
PORT_NAMES = {"smtp": "SMTP", "smtps": "SMTP over TLS", "imap": "IMAP", "imaps": "IMAP over TLS"}
TRIES_FOR_A_PORT = 20


class PortTakenError(Exception):
    """Another program has one of the ports; the message names it and says what to do."""


def say_nothing(_line: str) -> None:
    pass


@asynccontextmanager
async def open_office(office: PostOffice, *, say: Callable[[str], None] = say_nothing) -> AsyncIterator[PostOffice]:
    """Runs the post office while the context is open, and yields its settings with the ports really in use.

    `say` gets one readable line for each thing that happens. Raises PortTakenError before anything is opened, and
    StoreError when the directory cannot be used.
    """
    async with AsyncExitStack() as stack:
        store = stack.enter_context(Store(office.directory))
        files = certificates_in(office.directory, now=datetime.now(UTC))
        sockets = {name: stack.enter_context(_Sockets(office.host, name, port)) for name, port in office.ports.items()}
        running = office.on({name: found.port for name, found in sockets.items()})
        tls = _tls_context(files)
        loop = asyncio.get_running_loop()

        def taken(letters: list[Letter]) -> None:
            for letter in letters:
                say(_letter_line(letter))

        connections = _Connections()
        stack.push_async_callback(connections.end)
        for name in ("smtp", "smtps"):
            implicit = name == "smtps"
            factory = session_factory(store, running, tls, implicit_tls=implicit, on_letters=taken)
            for listening in sockets[name].listening:
                server = await loop.create_server(factory, sock=listening, ssl=tls if implicit else None)
                stack.callback(server.close)
        for name in ("imap", "imaps"):
            implicit = name == "imaps"
            handler = connections.tracking(connection_handler(store, tls, implicit_tls=implicit))
            for listening in sockets[name].listening:
                imap_server = await asyncio.start_server(handler, sock=listening, ssl=tls if implicit else None)
                stack.callback(imap_server.close)
        hand = asyncio.create_task(_deliver_answers(store, say))
        stack.push_async_callback(_end, hand)
        yield running


async def _deliver_answers(store: Store, say: Callable[[str], None]) -> None:
    while True:
        try:
            for answer in deliver_due(store, now=datetime.now(UTC)):
                say(_answer_line(answer))
        # A full disk or a locked file passes; the post office stays open, and the answers stay due.
        except Exception:
            log.exception("Answers could not be delivered just now.")
        await asyncio.sleep(LOOK_SECONDS)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class _Connections:
    """The IMAP conversations under way, so that closing the office does not wait for their clients."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def tracking(
        self, handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await handler(reader, writer)

        return tracked

    async def end(self) -> None:
        waiting = list(self._tasks)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


class _Sockets:
    """One port, listening on IPv4's loopback and, where the machine has it, on IPv6's."""

    def __init__(self, host: str, name: str, port: int) -> None:
        self.listening: list[socket.socket] = []
        families = {
            "127.0.0.1": [(socket.AF_INET, "127.0.0.1")],
            "::1": [(socket.AF_INET6, "::1")],
        }.get(host.strip("[]"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
        for attempt in range(TRIES_FOR_A_PORT):
            try:
                self.listening = _listen(families, port)
                break
            except OSError as err:
                if port == 0 and err.errno == errno.EADDRINUSE and attempt < TRIES_FOR_A_PORT - 1:
                    # A free port of IPv4 may be taken on IPv6.
                    continue
                raise PortTakenError(_port_sentence(name, port, err)) from err
        self.port: int = self.listening[0].getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for listening in self.listening:
            listening.close()


def _listen(families: list[tuple[socket.AddressFamily, str]], port: int) -> list[socket.socket]:
    """Listens on `port` of every family the machine has; closes what it opened when one of them fails."""
    listening: list[socket.socket] = []
    try:
        for family, address in families:
            try:
                opened = socket.socket(family, socket.SOCK_STREAM)
            except OSError:
                continue
            listening.append(opened)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                opened.bind((address, port))
            except OSError as err:
                if err.errno != errno.EADDRNOTAVAIL or len(families) == 1:
                    raise
                listening.remove(opened)
                opened.close()
                continue
            opened.listen(BACKLOG)
            opened.settimeout(0)
            port = opened.getsockname()[1]
    except OSError:
        for opened in listening:
            opened.close()
        raise
    if not listening:
        raise OSError(errno.EADDRNOTAVAIL, "this machine has no loopback address")
    return listening


def _port_sentence(name: str, port: int, err: OSError) -> str:
    if err.errno == errno.EADDRINUSE:
        return (
            f"Port {port} ({PORT_NAMES[name]}) of the rehearsal post office is taken by another program,"
            " perhaps by a post office that is still running. Stop it, or choose another port with"
            f" SANDBOX_{name.upper()}_PORT."
        )
    if err.errno == errno.EACCES:
        return f"Port {port} ({PORT_NAMES[name]}) may not be opened by this user. Choose one above 1024."
    return f"Port {port} ({PORT_NAMES[name]}) of the rehearsal post office cannot be opened: {err.strerror}."


def _tls_context(files: CertificateFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.cert_file, files.key_file)
    return context


def _letter_line(letter: Letter) -> str:
    line = f"letter {letter.id}: {letter.mail_from} to {letter.recipient}, “{letter.subject or 'no subject'}”"
    if letter.answer is None:
        return f"{line}; nobody answers"
    seconds = (letter.answer.due_at - letter.received_at).total_seconds()
    return f"{line}; answer in {seconds:.0f} s ({BEHAVIOUR_WORDS[Behaviour(letter.answer.behaviour)].lower()})"


def _answer_line(answer: Answer) -> str:
    words = BEHAVIOUR_WORDS[Behaviour(answer.behaviour)].lower()
    return f"answer to letter {answer.letter_id}: {answer.correspondent} to {answer.account} ({words})"
