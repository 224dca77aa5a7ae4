"""A mail server in a process of its own, and what a bare `smtplib` loop sends to it: the measure of all delivery.

`python -m benchmarks._post DIRECTORY` is that process: aiosmtpd with STARTTLS and sign-in, which takes every letter and
keeps none. It offers PIPELINING, as nearly all servers on the internet do; with `one-by-one` behind the directory it
does not.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

from outreach_site.sandbox.ca import CertificateFiles, certificates_in
from outreach_site.sandbox.smtp import SignedIn

PASSWORD = "a-password-of-the-benchmark"


@dataclass(frozen=True)
class Post:
    port: int
    ca_file: Path


@dataclass(frozen=True)
class Plain:
    """A letter as bytes, and its envelope."""

    sender: str
    recipient: str
    content: bytes


@contextmanager
def post(*, one_by_one: bool = False) -> Iterator[Post]:
    with TemporaryDirectory(prefix="bench-") as directory:
        files = certificates_in(Path(directory), now=datetime.now(UTC))
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._post", directory, *(["one-by-one"] if one_by_one else [])],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            yield Post(int(server.stdout.readline()), files.ca_file)
        finally:
            server.kill()
            server.wait()


class BareLoop:
    """One kept, signed-in TLS connection, and letters written to it one after another: no less can send a letter."""

    def __init__(self, at: Post, user: str) -> None:
        self._connection = smtplib.SMTP("localhost", at.port)
        self._connection.starttls(context=ssl.create_default_context(cafile=str(at.ca_file)))
        self._connection.login(user, PASSWORD)

    def send_for(self, seconds: float, letters: Sequence[Plain]) -> float:
        """Letters a second; they are sent again from the first when all are through."""
        count, began = 0, time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            letter = letters[count % len(letters)]
            self._connection.sendmail(letter.sender, [letter.recipient], letter.content)
            count += 1
        return count / took

    def close(self) -> None:
        self._connection.quit()


# --- The server's own process -----------------------------------------------------------------------------------------


class _TakesAll:
    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """aiosmtpd takes commands as fast as they come; it only does not say so."""
        session.host_name = hostname
        offered = [] if "one-by-one" in sys.argv else ["250-PIPELINING"]
        return [*responses[:-1], *offered, responses[-1]]

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        return "250 2.0.0 Ok: taken"


class _Session(SMTP):
    def _create_session(self) -> SignedIn:
        return SignedIn(self.loop)


def _sign_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=data.password == PASSWORD.encode(), auth_data=data.login)


async def _serve(files: CertificateFiles) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files.cert_file, files.key_file)

    def session() -> SMTP:
        return _Session(
            _TakesAll(),
            hostname="localhost",
            enable_SMTPUTF8=True,
            tls_context=tls,
            require_starttls=True,
            auth_required=True,
            authenticator=_sign_in,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(session, "localhost", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(certificates_in(Path(sys.argv[1]), now=datetime.now(UTC))))
