"""A Dovecot of one's own on loopback, with maildirs that are filled by writing files: what the inbox is measured with.

It runs until it is closed, over TLS on both ports; its processes belong to whoever starts it, or to `nobody` where that
is root, who may own no mail.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.servers import HOST, PASSWORD, Certificates

STARTS_WITHIN = 60.0  # seconds


class Dovecot:
    """`deliver` puts messages into a folder of `user`; `renumber` gives all of its messages new UIDs."""

    def __init__(self, binary: Path, directory: Path, certificates: Certificates) -> None:
        self.directory = directory
        self.ca_file = certificates.ca_file
        self.tls_port, self.starttls_port = _free_port(), _free_port()
        self._count = itertools.count(1)
        self._owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        directory.chmod(0o755)
        self.mail = directory / "mail"
        self.mail.mkdir()
        self._own(self.mail)
        chain, key = certificates.chains["good"]
        config = directory / "dovecot.conf"
        config.write_text(_CONFIG.format(
            run=directory / "run", log=directory / "dovecot.log", mail=self.mail, chain=chain, key=key,
            password=PASSWORD, uid=self._owner.pw_uid, gid=self._owner.pw_gid, tls=self.tls_port,
            starttls=self.starttls_port, users=self._users(),
        ))  # fmt: skip
        with (directory / "start.log").open("wb") as log:
            self._process = subprocess.Popen([binary, "-F", "-c", config], stdout=log, stderr=log, cwd=directory)
        self._wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def deliver(
        self, user: str, messages: Iterable[bytes], *, folder: str = "INBOX", arrived: float | None = None
    ) -> int:
        """As a mail server does: each into a file of its own, in order; how many. `arrived` is a Unix time."""
        place = self._folder(user, folder) / "new"
        moment = arrived if arrived is not None else time.time()
        delivered = 0
        for raw in messages:
            number = next(self._count)
            waiting = place.parent / "tmp" / f"{number}"
            waiting.write_bytes(raw)
            os.utime(waiting, (moment, moment))
            self._own(waiting)
            waiting.rename(place / f"{1_600_000_000 + number}.M{number:09d}P1.test,S={len(raw)}")
            delivered += 1
        return delivered

    def renumber(self, user: str, *, folder: str = "INBOX") -> None:
        """What a server does whose index was lost: another UIDVALIDITY, and UIDs from 1 on."""
        place = self._folder(user, folder)
        time.sleep(1.1)  # Its new number is the time in seconds.
        for old in [*place.glob("dovecot*"), *self._folder(user, "INBOX").glob("dovecot-uidvalidity*")]:
            old.unlink(missing_ok=True)

    def _folder(self, user: str, folder: str) -> Path:
        place = self.mail / user if folder == "INBOX" else self.mail / user / f".{folder}"
        for part in (place, *(place / name for name in ("tmp", "new", "cur"))):
            if not part.exists():
                part.mkdir(parents=True)
                self._own(part)
        self._own(self.mail / user)
        return place

    def _users(self) -> str:
        return "" if os.geteuid() == 0 else _AS_ONESELF.format(user=self._owner.pw_name)

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def _wait(self) -> None:
        until = time.monotonic() + STARTS_WITHIN
        while True:
            with suppress(OSError), socket.create_connection((HOST, self.tls_port), timeout=1):
                return
            if self._process.poll() is not None or time.monotonic() > until:
                logs = [path.read_text() for path in self.directory.glob("*.log")]
                raise RuntimeError("\n".join(["Dovecot did not start.", *logs]))
            time.sleep(0.05)


class CountingWire:
    """Stands between a client and a server and counts the bytes that pass, both ways."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.bytes = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while received := source.recv(65536):
                with self._lock:
                    self.bytes += len(received)
                target.sendall(received)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


_AS_ONESELF = """
default_internal_user = {user}
default_login_user = {user}
"""
_CONFIG = """
base_dir = {run}
state_dir = {run}
log_path = {log}
protocols = imap
listen = 127.0.0.1
{users}
ssl = required
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = yes
auth_mechanisms = plain
mail_location = maildir:{mail}/%u
first_valid_uid = 1
mail_fsync = never
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {starttls}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Junk {{
    special_use = \\Junk
    auto = create
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
}}
"""
