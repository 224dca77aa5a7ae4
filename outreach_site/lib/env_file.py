"""Writes the `.env` of a new installation: fresh secrets, and the rehearsal post office as the first mail server.

`make run` calls it before anything of Django is imported, because the settings refuse to start without secrets:
`python -m outreach_site.lib.env_file .env --port 8000`.
"""

from __future__ import annotations

import argparse
import base64
import errno
import os
import secrets
import socket
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

# The post office's ports, in the order in which settings.py reads them.
SANDBOX_PORTS = {
    "SANDBOX_SMTP_PORT": 2587,
    "SANDBOX_SMTPS_PORT": 2465,
    "SANDBOX_IMAP_PORT": 2143,
    "SANDBOX_IMAPS_PORT": 2993,
}
# Where the usual ports are taken, by a second installation on this machine say, the next block is tried.
PORT_BLOCK = 1000
PORT_BLOCKS = 20


def write_env_file(path: Path, *, port: int, is_free: Callable[[int], bool]) -> bool:
    """Write `path` unless it is there; whether it was written.

    Mode 600 from its first byte on. It appears complete or not at all: the text is written to a file beside it, which
    then gets its name by a link, and a link never replaces what another process put there meanwhile.
    """
    if path.exists():
        return False
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(env_text(port=port, sandbox_ports=free_ports(is_free)))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
    finally:
        draft.unlink()
    return True


def env_text(*, port: int, sandbox_ports: dict[str, int]) -> str:
    """The text of a new `.env`. Every call makes new secrets."""
    ports = "\n".join(f"{name}={number}" for name, number in sandbox_ports.items())
    return f"""\
# Made by `make run`. Keep this file secret and back it up: without it the saved passwords cannot be opened.
# docs/configuration.md explains every variable. Restart after a change.

SECRET_KEY={secrets.token_urlsafe(48)}
# Never change these two once the installation is in use.
DIGEST_KEY={secrets.token_urlsafe(48)}
INSTANCE_ID={uuid.uuid4()}
# Opens the saved mailbox passwords. To rotate it, put a new key before the old one, separated by a comma.
MAIL_SMTP_ENCRYPTION_KEY={base64.b64encode(secrets.token_bytes(32)).decode()}

SITE_URL=http://localhost:{port}

# The rehearsal post office: a mail server on this machine, and correspondents who answer. Set SANDBOX=false to do
# without it.
SANDBOX=true
{ports}

# The platform's own mail to its account holders (sign-in, invitations): in a rehearsal it goes to the post office too.
GLOBAL_SMTP_HOST=localhost
GLOBAL_SMTP_PORT={sandbox_ports["SANDBOX_SMTP_PORT"]}
GLOBAL_SMTP_USER=platform@rehearsal.test
GLOBAL_SMTP_PASS={secrets.token_urlsafe(24)}
GLOBAL_MAIL_FROM=Linkletter <platform@rehearsal.test>
"""


def free_ports(is_free: Callable[[int], bool]) -> dict[str, int]:
    """The post office's ports: the usual ones, or the first block above them where all four are free."""
    for block in range(PORT_BLOCKS):
        ports = {name: number + block * PORT_BLOCK for name, number in SANDBOX_PORTS.items()}
        if all(is_free(number) for number in ports.values()):
            return ports
    return dict(SANDBOX_PORTS)


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen here now. Says nothing about later.

    `host`: an IPv4 or IPv6 address of this machine, or a name of it, which stands for IPv4, as it does for gunicorn.
    Raises `OSError` where it could not for another reason than that something listens there already.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as err:
            if err.errno == errno.EADDRINUSE:
                return False
            raise
        return True


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="env_file", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("path", type=Path)
    parser.add_argument("--port", default="8000")
    options = parser.parse_args(arguments)
    if not options.port.isascii() or not options.port.isdigit() or not 1 <= int(options.port) <= 65535:
        sys.exit(f"PORT must be a number from 1 to 65535, not {options.port!r}.")
    if write_env_file(options.path, port=int(options.port), is_free=port_is_free):
        sys.stdout.write(f"Wrote {options.path} with fresh secrets. Keep it secret, and back it up.\n")


if __name__ == "__main__":
    main()
