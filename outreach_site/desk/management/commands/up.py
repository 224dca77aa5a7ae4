"""`manage.py up`: all of Linkletter on this machine, under one supervisor. `make run` calls it.

`--only web` and `--only workers` start a part of it, for installations of several hosts.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone
from redis.exceptions import RedisError

from outreach_site.desk import schedules
from outreach_site.desk.feeler import PulseUnknownError
from outreach_site.desk.heartbeat import CLUSTERS, SILENT_AFTER, Knocker, strike_off
from outreach_site.desk.instance import set_up
from outreach_site.desk.seeding import OWNER, FirstOwner, agree_with_post_office, seed
from outreach_site.desk.supervision import Program, Supervisor
from outreach_site.lib.env_file import port_is_free
from outreach_site.sandbox.store import Store, StoreError

LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]", "::1"}
# A slice of work is at most 20 s, and nearly every server takes a letter in seconds: a cluster that is told to stop is
# done by then. A letter that a server draws out for longer is cut off, and becomes uncertain.
CLUSTER_PATIENCE = 45.0
# A request may be handing a letter over for somebody who waits; others end in moments.
WEB_PATIENCE = 30
WEB_THREADS = 8
ASK_SECONDS = 0.2


class Only(StrEnum):
    """A part of the whole."""

    WEB = "web"
    WORKERS = "workers"


class Command(BaseCommand):
    help = "Starts web, workers and the rehearsal post office, restarts what dies, and stops all of it on Ctrl-C."
    requires_system_checks = ()  # Run below, when the sentences about ports have been said.

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", help="the web port (default: SITE_URL's own when it is this machine, else 8000)")
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
        parser.add_argument("--only", choices=list(Only), help="a part of it, where several hosts share the work")

    def handle(self, *, port: str | None, host: str, only: str | None, **options: Any) -> None:
        part = Only(only) if only else None
        web_port = _web_port(port)
        site_url = _site_url(web_port)
        # For what this process says and for the programs alike.
        settings.SITE_URL = site_url
        with _alone(Path(settings.VAR_DIR) / (f"up-{part}.lock" if part else "up.lock")):
            if part is not Only.WORKERS:
                self.look_at_ports(host, web_port, post_office=part is None)
            first = self.prepare(part)
            supervisor = Supervisor(
                programs(host=host, web_port=web_port, site_url=site_url, part=part),
                out=sys.stdout,
                coloured=sys.stdout.isatty() and not os.environ.get("NO_COLOR"),
                greeting=None if part is Only.WORKERS else _greeting(host, web_port, site_url, first),
            )
            supervisor.run()
            if part is not Only.WEB:
                with suppress(DatabaseError):
                    strike_off(settings.HOST_NAME)
        with suppress(OSError):  # The terminal may have been closed.
            self.say("Stopped.")

    def look_at_ports(self, host: str, web_port: int, *, post_office: bool) -> None:
        """A taken port is said in a sentence, before anything is started."""
        if not _is_free(
            web_port,
            host,
            "--host takes an address of this machine: 127.0.0.1 for this machine only, 0.0.0.0 or :: for everyone who "
            "reaches it. A port below 1024 is often the administrator's alone.",
        ):
            raise CommandError(
                f"Port {web_port} is taken by another program, perhaps by a Linkletter that runs already. "
                f"Stop that one, or choose another port: make run PORT={_free_near(web_port, host)}"
            )
        if not settings.SANDBOX or not post_office:
            return
        for name, port in settings.SANDBOX_PORTS.items():
            variable = f"SANDBOX_{name.upper()}_PORT"
            if not _is_free(port, "127.0.0.1", f"Write another port into .env: {variable}=…"):
                raise CommandError(
                    f"Port {port} of the rehearsal post office is taken by another program. Stop that one, or write "
                    f"another into .env: {variable}={_free_near(port, '127.0.0.1')}"
                    + (" (and the same into GLOBAL_SMTP_PORT)" if port == settings.GLOBAL_SMTP_PORT else "")
                )

    def prepare(self, part: Only | None) -> FirstOwner | None:
        self.say("preparing the database …")
        standing = set_up(self.say)
        if not standing.may_work:
            self.stderr.write(self.style.WARNING(standing.sentence))
        if part is not Only.WORKERS:
            self.say("gathering static files …")
            call_command("collectstatic", interactive=False, verbosity=0)
        self.check(fail_level=50)
        first = None
        if settings.SANDBOX and part is None:
            now = timezone.now()
            first = seed(now=now)
            if first is not None:
                self.say("made an owner, an empty workspace and the rehearsal")
            try:
                with Store(settings.SANDBOX_DIR) as store:
                    agree_with_post_office(store, now=now)
            except StoreError as err:
                raise CommandError(str(err)) from err
        if part is not Only.WEB:
            schedules.run_now()
        connections.close_all()
        self.say("starting …")
        return first

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def programs(*, host: str, web_port: int, site_url: str, part: Only | None = None) -> list[Program]:
    manage = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py")]
    environment = {"SITE_URL": site_url}
    web = [
        Program(
            name="web",
            command=[
                sys.executable,
                "-m",
                "gunicorn",
                "outreach_site.wsgi",
                f"--bind={_in_an_address(host)}:{web_port}",
                "--worker-class=outreach_site.desk.web_worker.WebWorker",
                f"--threads={WEB_THREADS}",
                "--workers=1",
                "--timeout=60",
                f"--graceful-timeout={WEB_PATIENCE}",
                "--log-level=warning",
                "--no-control-socket",
                # Which proxies are believed is TRUSTED_PROXIES' to say, and nothing else's.
                "--forwarded-allow-ips=",
                f"--chdir={settings.BASE_DIR}",
            ],
            environment=environment,
            patience=WEB_PATIENCE + 5.0,
        ),
    ]
    workers = [
        Program(
            name=cluster,
            command=[*manage, "qcluster"],
            environment=environment | {"Q_CLUSTER_NAME": cluster},
            pulse=_pulse_of(cluster),
            frozen_after=SILENT_AFTER.total_seconds(),
            patience=CLUSTER_PATIENCE,
            in_background=True,
        )
        for cluster in CLUSTERS
    ]
    found = {Only.WEB: web, Only.WORKERS: workers}[part] if part else web + workers
    if settings.SANDBOX and part is None:
        # Stopped last: a letter that is being handed over is taken in.
        found.append(Program(name="post", command=[*manage, "post_office"], environment=environment, turn=1))
    return found


def _pulse_of(cluster: str) -> Callable[[], datetime | None]:
    knocker = Knocker(cluster)

    def pulse() -> datetime | None:
        try:
            return knocker.pulse(timezone.now())
        except (DatabaseError, RedisError) as err:
            connections.close_all()
            raise PulseUnknownError(str(err)) from err

    return pulse


def _greeting(host: str, web_port: int, site_url: str, first: FirstOwner | None) -> Callable[[], str | None]:
    """What a person is told as soon as the site answers."""
    answered = site_answered(host, web_port, urlsplit(site_url).netloc)

    def greeting() -> str | None:
        if not next(answered):
            return None
        lines = ["", f"  Linkletter is ready:  {site_url}/", ""]
        if first is not None:
            lines += [
                f"  Sign in as            {first.email}",
                f"  with the password     {first.password}   (shown this once)",
            ]
        elif settings.SANDBOX:
            lines += [f"  Sign in as            {OWNER}, with the password of the first start"]
        if settings.SANDBOX:
            lines += [f"  A new password        .venv/bin/python manage.py changepassword {OWNER}"]
        lines += ["", "  Ctrl-C stops everything.", "", ""]
        return "\n".join(lines)

    return greeting


def site_answered(host: str, port: int, name: str) -> Iterator[bool]:
    """With each `next`, whether the site has answered a request for `name`; takes `ASK_SECONDS` at most.

    That it takes a connection says little: its port is open long before Linkletter is loaded behind it, and who comes
    by then waits before an empty page. A request that waits is not made again.
    """
    while True:
        with suppress(OSError), socket.create_connection((host, port), timeout=ASK_SECONDS) as site:
            site.sendall(f"HEAD / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
            while (heard := _heard(site)) is None:
                yield False
            if heard:
                yield True
        yield False


def _heard(site: socket.socket) -> bool | None:
    """Whether something was said before the connection ended; None: neither yet."""
    try:
        return bool(site.recv(1))
    except TimeoutError:
        return None


def _web_port(asked: str | None) -> int:
    own = urlsplit(settings.SITE_URL)
    text = asked or str(own.port if own.hostname in LOCAL_NAMES and own.port else 8000)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise CommandError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _site_url(web_port: int) -> str:
    """SITE_URL, which follows the port as long as it means this machine; a public address is the operator's to say."""
    own = urlsplit(settings.SITE_URL)
    if own.scheme == "http" and own.hostname in LOCAL_NAMES:
        return f"http://{_in_an_address(own.hostname)}:{web_port}"
    return str(settings.SITE_URL)


def _in_an_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_free(port: int, host: str, otherwise: str) -> bool:
    """Whether nothing listens there. Why else nobody can is said in a sentence, with what to do about it."""
    try:
        return port_is_free(port, host)
    except OSError as err:
        raise CommandError(f"Linkletter cannot listen on {host}, port {port}: {err.strerror}. {otherwise}") from err


def _free_near(port: int, host: str) -> int:
    """A port that is free now, to name in a sentence."""
    return next((near for near in range(port + 1, min(port + 100, 65536)) if port_is_free(near, host)), port + 100)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One supervisor per directory: the lock ends with the process, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            lock.seek(0)
            holder = lock.read().strip()
            raise CommandError(
                "Linkletter runs already from this directory"
                + (f" (process {holder})" if holder.isdigit() else "")
                + ". Stop it with Ctrl-C where it was started"
                + (f", or with: kill {holder}" if holder.isdigit() else "")
                + "."
            ) from err
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        with suppress(OSError):
            lock.truncate(0)
