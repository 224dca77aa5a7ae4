"""A whole post office in a background thread, on free ports: for tests, benchmarks and tries by hand."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from outreach_site.sandbox.config import PostOffice
from outreach_site.sandbox.delivery import deliver_all
from outreach_site.sandbox.folders import Folders
from outreach_site.sandbox.office import open_office
from outreach_site.sandbox.store import Answer, Letter, Store

START_SECONDS = 20.0
STOP_SECONDS = 5.0
LOOK_SECONDS = 0.02


Found = TypeVar("Found")


class RunningOffice:
    """A post office that is open. `settings` has the ports really in use."""

    def __init__(self, settings: PostOffice, store: Store) -> None:
        self.settings = settings
        self.store = store

    @property
    def host(self) -> str:
        return self.settings.host

    @property
    def smtp_port(self) -> int:
        """STARTTLS."""
        return self.settings.smtp_port

    @property
    def smtps_port(self) -> int:
        """Implicit TLS."""
        return self.settings.smtps_port

    @property
    def imap_port(self) -> int:
        """STARTTLS."""
        return self.settings.imap_port

    @property
    def imaps_port(self) -> int:
        """Implicit TLS."""
        return self.settings.imaps_port

    @property
    def ca_file(self) -> Path:
        return self.settings.ca_file

    def tls_context(self) -> ssl.SSLContext:
        """For a client: verifies the office's servers against its own authority, names included."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def add_account(self, address: str, password: str) -> None:
        self.store.add_account(address, password, now=datetime.now(UTC))

    def letters(self) -> list[Letter]:
        """Every letter accepted so far, one for each recipient, the oldest first."""
        return list(reversed(self.store.letters()))

    def deliver_now(self) -> list[Answer]:
        """Delivers every planned answer at once."""
        return deliver_all(self.store, now=datetime.now(UTC))

    def inbox(self, address: str, folder: str = "INBOX") -> list[bytes]:
        """The messages in an account's folder, raw, in the order of their UIDs."""
        folders = Folders(self.store, address)
        found = folders.folder(folder)
        if found is None:
            raise KeyError(folder)
        raws = (folders.raw(found.id, message.uid) for message in folders.messages(found.id))
        return [raw for raw in raws if raw is not None]

    def put(self, address: str, raw: bytes, *, folder: str = "INBOX") -> int:
        """Lays a message into an account's folder, as if it had just arrived, and returns its UID."""
        folders = Folders(self.store, address)
        found = folders.folder(folder)
        if found is None:
            raise KeyError(folder)
        return folders.append(found.id, raw, at=datetime.now(UTC)).uid

    def wait_for(self, count: int, *, seconds: float = 10.0) -> list[Letter]:
        """The letters, as soon as there are `count` of them. Raises TimeoutError."""
        return self._wait(self.letters, count, seconds, "letters")

    def wait_for_inbox(self, address: str, count: int, *, seconds: float = 10.0) -> list[bytes]:
        """The messages in an account's INBOX, as soon as there are `count` of them. Raises TimeoutError."""
        return self._wait(lambda: self.inbox(address), count, seconds, f"messages for {address}")

    def send(self, message: EmailMessage, *, user: str, password: str, to: str | None = None) -> None:
        """Sends a message as an ordinary client does: STARTTLS, sign-in, hand over. Raises what smtplib raises."""
        with smtplib.SMTP(self.host, self.smtp_port, timeout=10) as client:
            client.starttls(context=self.tls_context())
            client.login(user, password)
            client.send_message(message, from_addr=user, to_addrs=[to] if to else None)

    def _wait(self, look: Callable[[], list[Found]], count: int, seconds: float, what: str) -> list[Found]:
        until = time.monotonic() + seconds
        while len(found := look()) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(found)} of {count} {what} after {seconds} s")
            time.sleep(LOOK_SECONDS)
        return found


@contextmanager
def running(directory: Path, **overrides: Any) -> Iterator[RunningOffice]:
    """Opens a post office in `directory` on free ports; `overrides` are fields of PostOffice.

    Answers fall due after 0.05 s unless `answer_after` says otherwise; `answer_after=(3600, 3600)` keeps them back
    until `deliver_now()`. Raises PortTakenError and StoreError.
    """
    free_ports = {"smtp_port": 0, "smtps_port": 0, "imap_port": 0, "imaps_port": 0, "answer_after": (0.05, 0.05)}
    settings = PostOffice(directory=directory, **{**free_ports, **overrides})
    thread = _OfficeThread(settings)
    thread.start()
    opened = thread.opened()
    try:
        with Store(directory) as store:
            yield RunningOffice(opened, store)
    finally:
        thread.stop()


class _OfficeThread(threading.Thread):
    """The loop's own thread: starts, says where it listens or why not, and stops when it is told to."""

    def __init__(self, settings: PostOffice) -> None:
        super().__init__(name="post-office", daemon=True)
        self._settings = settings
        self._ready = threading.Event()
        self._opened: PostOffice | None = None
        self._failure: Exception | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        # Handed to whoever waits in opened().
        except Exception as err:
            self._failure = err
            self._ready.set()
            if self._opened is not None:
                raise

    def opened(self) -> PostOffice:
        if not self._ready.wait(START_SECONDS):
            raise TimeoutError("The post office did not open.")
        if self._opened is None:
            raise self._failure or RuntimeError("The post office did not open.")
        return self._opened

    def stop(self) -> None:
        if self._loop is not None and self._closing is not None and self.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
        self.join(STOP_SECONDS)
        if self.is_alive():
            raise TimeoutError("The post office did not close.")

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        async with open_office(self._settings) as opened:
            self._opened = opened
            self._ready.set()
            await self._closing.wait()
