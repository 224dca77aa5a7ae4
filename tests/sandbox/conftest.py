"""What the post office's own tests share."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import imapclient
import pytest

from outreach_site.sandbox.running import RunningOffice, running
from tests.sandbox.letters import ALEX
from tests.servers import PASSWORD


@contextmanager
def imap_client(office: RunningOffice, *, implicit: bool = True) -> Iterator[imapclient.IMAPClient]:
    """A client that has signed in as alex."""
    context = office.tls_context()
    port = office.imaps_port if implicit else office.imap_port
    client = imapclient.IMAPClient("localhost", port, ssl=implicit, ssl_context=context, timeout=5)
    try:
        if not implicit:
            client.starttls(context)
        client.login(ALEX, PASSWORD)
        yield client
    finally:
        client.shutdown()


@pytest.fixture
def quick_close() -> Callable[[Path], float]:
    """Opens a post office, leaves clients connected, closes it, and says how many seconds the closing took."""

    def measure(directory: Path) -> float:
        with running(directory) as office:
            office.add_account(ALEX, PASSWORD)
            sender = smtplib.SMTP("localhost", office.smtp_port, timeout=5)
            sender.starttls(context=office.tls_context())
            plain = smtplib.SMTP("localhost", office.smtp_port, timeout=5)
            reader = imapclient.IMAPClient("localhost", office.imaps_port, ssl_context=office.tls_context(), timeout=5)
            reader.login(ALEX, PASSWORD)
            reader.select_folder("INBOX")
            reader.idle()
            started = time.monotonic()
        took = time.monotonic() - started
        for connection in (sender, plain):
            connection.close()
        reader.shutdown()
        return took

    return measure
