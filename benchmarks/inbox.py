"""How fast answers come in: `make bench ONLY=inbox`.

Messages as outreach brings them back (_replies.py; 3 to 6 KB, three in a hundred of them newsletters, eight bounces,
eight automatic replies) lie in a mailbox on a Dovecot on this machine, read over TLS. Most answer letters that stand in
the database, so that leads move, refusals suppress and bounces count, each with its line in the audit log.

- `messages_per_s`: from Dovecot to replies in the database with everything that follows from them: what
  `poll_replies` does, in one process.
- `bare_per_s`: `imaplib` fetches the same messages, fifty at a time, and `email` with `policy.default` parses each and
  reads the header fields and the text that any program needs. Nothing is stored.
- `ratio`: the first over the second; the median of rounds in which both run, one after the other.
- `idle_poll_bytes`: what a poll with nothing new sends and receives, TLS included, with 50,000 old messages in the
  mailbox. The table has the same for a small mailbox.
- `rss_growth_mb`: how much larger the process is after the last round than after the first.
"""

from __future__ import annotations

import argparse
import email
import gc
import imaplib
import os
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import policy
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import structlog
from django.conf import settings
from django.utils import timezone

from benchmarks import _replies
from benchmarks._databases import Database, Maker, makers
from benchmarks._report import finish, load, say, table
from campaigns.models import Attempt, Campaign, Contact, Lead
from inbox import polling
from inbox.models import RawMessage, Reply
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Mailbox, Security
from tests.dovecot import CountingWire, Dovecot
from tests.servers import HOST, PASSWORD, Certificates, make_certificates

BATCH = 50


def main() -> None:
    options = _options()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    figures = {}
    with TemporaryDirectory(prefix="bench-") as place:
        certificates = make_certificates(Path(place) / "certificates")
        with Dovecot(_dovecot(), Path(place), certificates) as server:
            for vendor, start in makers().items():
                if vendor in options.on:
                    say(f"{vendor}: starting ({load()})")
                    with start() as make:
                        figures[vendor] = _measure(vendor, make, server, certificates, options)
    _print(figures)
    finish({vendor: found.as_json() for vendor, found in figures.items()})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inbox", description="Measures how mail comes in.")
    parser.add_argument("--on", nargs="+", choices=list(makers()), default=list(makers()))
    parser.add_argument("--messages", type=int, default=1_500, help="in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--old", type=int, default=50_000, help="messages of the large mailbox")
    parser.add_argument("--few", type=int, default=500, help="and of the small one")
    return parser.parse_args()


def _dovecot() -> Path:
    for place in ("/usr/sbin/dovecot", "/usr/local/sbin/dovecot", "/opt/homebrew/sbin/dovecot"):
        if Path(place).exists():
            return Path(place)
    raise SystemExit("Dovecot is not installed: apt install dovecot-imapd")


@dataclass(frozen=True)
class Figures:
    ratio: float
    messages_per_s: float
    bare_per_s: float
    idle_poll_bytes: int
    rss_growth_mb: float
    # For the table alone.
    core_per_s: float
    small_idle_bytes: int
    replies: int
    matched: int

    def as_json(self) -> dict[str, float]:
        return {
            "ratio": round(self.ratio, 3),
            "messages_per_s": round(self.messages_per_s),
            "bare_per_s": round(self.bare_per_s),
            "idle_poll_bytes": self.idle_poll_bytes,
            "rss_growth_mb": round(self.rss_growth_mb, 1),
        }


def _measure(
    vendor: str, make: Maker, server: Dovecot, certificates: Certificates, options: argparse.Namespace
) -> Figures:
    world = _World(make("inbox"), vendor, server)
    world.write_letters((options.rounds + 1) * options.messages)
    world.poll()
    world.bring(min(200, options.messages))  # What is loaded once is loaded now.
    world.poll()
    say(f"{vendor}: letters stand, {options.rounds} rounds of {options.messages:,} messages follow ({load()})")
    ours, bare, core, sizes = [], [], [], []
    for _ in range(options.rounds):
        world.bring(options.messages)
        gc.collect()
        bare.append(world.fetch_plainly(options.messages, certificates.client_context()))
        began, began_core = time.perf_counter(), time.process_time()
        world.poll()
        ours.append(time.perf_counter() - began)
        core.append(time.process_time() - began_core)
        gc.collect()
        sizes.append(_resident_mb())
    world.check()
    say(f"{vendor}: filling mailboxes of {options.few:,} and {options.old:,} old messages ({load()})")
    small, large = (world.idle_bytes(count) for count in (options.few, options.old))
    return Figures(
        ratio=median(plain / own for plain, own in zip(bare, ours, strict=True)),
        messages_per_s=options.messages / median(ours),
        bare_per_s=options.messages / median(bare),
        idle_poll_bytes=large,
        rss_growth_mb=sizes[-1] - sizes[0],
        core_per_s=options.messages / median(core),
        small_idle_bytes=small,
        replies=Reply.objects.count(),
        matched=Reply.objects.exclude(attempt=None).count(),
    )


def _print(figures: dict[str, Figures]) -> None:
    rows: list[tuple[str, Callable[[Figures], str]]] = [
        ("messages a second", lambda found: f"{found.messages_per_s:,.0f}"),
        ("  per second of this process's core", lambda found: f"{found.core_per_s:,.0f}"),
        ("bare fetch and parse, a second", lambda found: f"{found.bare_per_s:,.0f}"),
        ("share of the bare rate", lambda found: f"{found.ratio:.2f}"),
        ("bytes of an idle poll, large mailbox", lambda found: f"{found.idle_poll_bytes:,}"),
        ("bytes of an idle poll, small mailbox", lambda found: f"{found.small_idle_bytes:,}"),
        ("growth of the process, MB", lambda found: f"{found.rss_growth_mb:,.1f}"),
        ("replies, of which matched", lambda found: f"{found.replies:,}, {found.matched:,}"),
    ]
    table(
        f"The inbox ({load()})",
        ["", *figures],
        [[words, *(figure(found) for found in figures.values())] for words, figure in rows],
    )


class _World:
    """One workspace in one database, with a mailbox on the server and letters that left."""

    def __init__(self, database: Database, vendor: str, server: Dovecot) -> None:
        self.database, self.server = database, server
        self.user = f"{vendor}@orchardmedia.com"
        self.brought = 0
        database.use()
        settings.MAIL_CA_FILE = str(server.ca_file)
        self.workspace = Workspace.objects.create(name="Orchard", slug="orchard", time_zone="Europe/Berlin")
        self.mailbox = self._mailbox(self.user, server.tls_port)
        self.campaign = Campaign.objects.create(workspace=self.workspace, name="Spring", mailbox=self.mailbox)
        server.deliver(self.user, [])

    def _mailbox(self, user: str, port: int) -> Mailbox:
        settings.MAIL_ALLOWED_HOSTS = [*settings.MAIL_ALLOWED_HOSTS, f"{HOST}:{port}"]
        mailbox = Mailbox(
            workspace=self.workspace,
            email=_replies.OUR_ADDRESS if user == self.user else user,
            smtp_host=HOST,
            smtp_user=user,
            imap_host=HOST,
            imap_port=port,
            imap_security=Security.TLS,
            imap_user=user,
        )
        mailbox.set_imap_password(PASSWORD, now=timezone.now())
        mailbox.save()
        return mailbox

    def write_letters(self, count: int) -> None:
        now = timezone.now()
        letters = [_replies.letter(number) for number in range(count)]
        sites = [(letter, letter.recipient.partition("@")[2]) for letter in letters]
        leads = Lead.objects.bulk_create(
            [
                Lead(
                    campaign=self.campaign,
                    website_url=f"https://{site}/",
                    site_key=site,
                    domain=site,
                    status=Lead.Status.CONTACTED,
                )
                for _, site in sites
            ]
        )
        contacts = Contact.objects.bulk_create(
            [
                Contact(lead=lead, email=letter.recipient, email_key=letter.recipient)
                for lead, letter in zip(leads, letters, strict=True)
            ]
        )
        for lead, contact in zip(leads, contacts, strict=True):
            lead.contact = contact
        Lead.objects.bulk_update(leads, ["contact"], batch_size=500)
        Attempt.objects.bulk_create(
            [
                Attempt(
                    workspace=self.workspace,
                    campaign=self.campaign,
                    lead=lead,
                    mailbox=self.mailbox,
                    recipient=letter.recipient,
                    recipient_key=letter.recipient,
                    recipient_domain=site,
                    subject=letter.subject,
                    body="Hello",
                    state=Attempt.State.SENT,
                    message_id=letter.message_id,
                    started_at=now,
                    finished_at=now,
                    settled_at=now,
                )
                for lead, (letter, site) in zip(leads, sites, strict=True)
            ]
        )
        self.database.settle()

    def bring(self, count: int) -> None:
        """The next messages arrive."""
        numbers = range(self.brought, self.brought + count)
        self.brought += self.server.deliver(self.user, map(_replies.message, numbers))

    def poll(self) -> None:
        self.database.use()
        while True:
            outcome = polling.poll(self.mailbox.pk, at_once=True)
            if outcome.failed:
                raise SystemExit(outcome.sentence)
            if not outcome.more:
                return

    def fetch_plainly(self, count: int, context: ssl.SSLContext) -> float:
        """Seconds for the newest messages, fetched and parsed by the standard library alone."""
        with _signed_in(self.user, self.server.tls_port, context) as session:
            session.select("INBOX", readonly=True)
            uids = session.uid("SEARCH", "ALL")[1][0].split()[-count:]
            read = 0
            began = time.perf_counter()
            for start in range(0, len(uids), BATCH):
                chunk = uids[start : start + BATCH]
                _, found = session.uid("FETCH", b",".join(chunk).decode(), "(BODY.PEEK[])")
                for each in found:
                    if isinstance(each, tuple):
                        _read_plainly(each[1])
                        read += 1
            took = time.perf_counter() - began
        if read != count:
            raise SystemExit(f"{read} messages were fetched instead of {count}.")
        return took

    def check(self) -> None:
        stored = RawMessage.objects.filter(mailbox=self.mailbox)
        if stored.count() != self.brought or stored.exclude(error="").exists() or stored.not_understood().exists():
            raise SystemExit(f"{stored.count()} of {self.brought} messages are stored and understood.")

    def idle_bytes(self, old: int) -> int:
        """Bytes of a poll that finds nothing new in a mailbox with so many messages."""
        user = f"{self.database.vendor}{old}@orchardmedia.com"
        plain = b"Subject: Old\r\nMessage-ID: <%d@old.org>\r\n\r\nHello\r\n"
        self.server.deliver(user, (plain % number for number in range(old)), arrived=1.6e9)
        wire = CountingWire(self.server.tls_port)
        mailbox = self._mailbox(user, wire.port)
        before = RawMessage.objects.count()
        for _ in range(2):
            wire.bytes = 0
            outcome = polling.poll(mailbox.pk, at_once=True)
            if outcome.failed or outcome.more:
                raise SystemExit(f"The mailbox of {old} messages was not read. {outcome.sentence}")
        wire.close()
        if RawMessage.objects.count() != before:
            raise SystemExit("A poll with nothing new stored something.")
        return wire.bytes


@contextmanager
def _signed_in(user: str, port: int, context: ssl.SSLContext) -> Iterator[imaplib.IMAP4_SSL]:
    session = imaplib.IMAP4_SSL(HOST, port, ssl_context=context)
    session.login(user, PASSWORD)
    yield session
    session.logout()


def _read_plainly(raw: bytes) -> None:
    message = email.message_from_bytes(raw, policy=policy.default)
    for name in ("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"):
        str(message.get(name, ""))
    body = message.get_body(("plain", "html"))
    if body is not None:
        body.get_content()


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


if __name__ == "__main__":
    main()
