"""`manage.py post_office`: runs the rehearsal post office until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from outreach_site.sandbox.config import PostOffice
from outreach_site.sandbox.office import PortTakenError, open_office
from outreach_site.sandbox.store import StoreError

# The office closes in a moment; should a connection refuse to end, the process ends without it.
PATIENCE_SECONDS = 1.5


class Command(BaseCommand):
    help = "Runs the rehearsal post office: SMTP, IMAP, and correspondents who answer. Ctrl-C or SIGTERM stops it."
    # It keeps a file of its own; the site's database may not even be there yet.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--answer-after",
            nargs=2,
            type=float,
            metavar=("SOONEST", "LATEST"),
            help="the range in seconds after which an answer falls due (default: 3 8)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if not settings.SANDBOX:
            raise CommandError("The rehearsal is off (SANDBOX=false): there is no post office to run.")
        try:
            office = PostOffice.at(settings.SANDBOX_DIR, settings.SANDBOX_PORTS)
            if options["answer_after"]:
                soonest, latest = options["answer_after"]
                office = office.answering_after(soonest, latest)
            asyncio.run(self._run(office))
        except (PortTakenError, StoreError, ValueError) as err:
            raise CommandError(str(err)) from err
        except OSError as err:
            raise CommandError(f"The post office cannot use {settings.SANDBOX_DIR}: {err.strerror or err}.") from err

    async def _run(self, office: PostOffice) -> None:
        loop = asyncio.get_running_loop()
        told_to_stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told_to_stop.set)
        async with open_office(office, say=self._say) as opened:
            self._say(
                f"open on {opened.host}: SMTP {opened.smtp_port} (STARTTLS) and {opened.smtps_port} (TLS),"
                f" IMAP {opened.imap_port} (STARTTLS) and {opened.imaps_port} (TLS); trust {opened.ca_file}"
            )
            await told_to_stop.wait()
            self._say("closing")
            loop.call_later(PATIENCE_SECONDS, os._exit, 0)
        self._say("closed")

    def _say(self, line: str) -> None:
        self.stdout.write(f"{datetime.now().astimezone():%H:%M:%S} {line}")
        self.stdout.flush()
