"""How fast letters leave: `make bench ONLY=delivery`.

On SQLite, and on a PostgreSQL of its own, with the product's own settings, to aiosmtpd in a process of its own, over
STARTTLS and signed in. A letter goes through everything: the gate with all its rules, the audit log, the ledger, MIME,
the session, record, settle. Workers run in the background, as the supervisor runs them. Only the limits that would stop
a letter are raised, as an operator raises them (per hour, per person), and the mailboxes ask for no pause, as their
owner may.

- `letters_per_s`: one worker at one mailbox, some seconds at a time; `bare_per_s`: a plain `smtplib` loop that sends
  the same bytes over one kept connection, in turn with it; `ratio_1`: the median of one over the other, pair by pair.
- `ratio_parallel`: the rate of two workers at four mailboxes over that of one worker at the same.
- `rss_growth_mb`: by how much the memory of a worker that sends 50,000 letters grows after the first thousands.
- `claim_scale_ratio`: the time to claim fifty letters out of 1,000,000 that wait, over that out of 1,000.

These are times by the clock: take them on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from benchmarks._databases import Database, Maker, makers
from benchmarks._filling import dialect_of, hashed, in_a_hurry, insert
from benchmarks._post import PASSWORD, BareLoop, Plain, Post, post
from benchmarks._report import finish, load, say, table
from campaigns import dispatch, letters, outbox
from campaigns.models import Attempt, Campaign, Contact, Lead, Step
from compliance.models import SendRecord
from outreach_site.accounts.models import SenderIdentity, User, Workspace
from outreach_site.lib.background import work_in_background
from outreach_site.mailboxes.models import Mailbox, Security

FOUR, MANY = 4, 25  # mailboxes of the workers that run side by side, and of the long run
A_MONTH = 30 * 24 * 3600
_BODY = (
    "Hello Ada,\n\nI read your piece on balcony gardens, and the part about watering in August stayed with me.\n\n"
    "We have just finished a guide to growing vegetables in containers: what to sow each month, how deep the pots "
    "must be, and which plants stand the wind on a fifth floor. It has photographs of every step, and readers tell us "
    "that the table of pot sizes alone was worth the visit.\n\nWould it be of use to your readers? If you would rather "
    "have a piece of your own, I would gladly write one for your site, on whatever they ask you about most.\n\n"
    "Kind regards,"
)


def main() -> None:
    options = _options()
    # What an operator may set: nothing here stops a letter but its turn.
    settings.MAX_EMAILS_PER_HOUR = settings.DAILY_USER_CAP = settings.DAILY_DOMAIN_CAP = 10**9
    figures = {}
    with post(one_by_one=options.one_by_one) as server:
        settings.MAIL_CA_FILE = str(server.ca_file)
        settings.MAIL_ALLOWED_HOSTS = [f"localhost:{server.port}"]
        for vendor, start in makers().items():
            if vendor in options.on:
                say(f"{vendor}: starting ({load()})")
                with start() as make:
                    figures[vendor] = _measure(vendor, make, server, options)
    _print(figures)
    finish({vendor: found.as_json() for vendor, found in figures.items()})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.delivery", description="Measures delivery.")
    parser.add_argument("--on", nargs="+", choices=list(makers()), default=list(makers()))
    parser.add_argument("--one-by-one", action="store_true", help="the server takes one command at a time")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run beside the bare loop")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--letters", type=int, default=50_000, help="of the long run")
    parser.add_argument("--waiting", type=int, default=1_000_000, help="letters in the long queue")
    parser.add_argument("--few", type=int, default=1_000, help="and in the short one")
    parser.add_argument("--claims", type=int, default=15, help="pairs of claims")
    return parser.parse_args()


@dataclass(frozen=True)
class Figures:
    ratio_1: float
    ratio_parallel: float
    letters_per_s: float
    bare_per_s: float
    rss_growth_mb: float
    claim_scale_ratio: float
    # For the table alone.
    one_worker_per_s: float
    two_workers_per_s: float
    long_run_per_s: float
    claim_ms: float

    def as_json(self) -> dict[str, float]:
        return {
            "ratio_1": round(self.ratio_1, 3),
            "ratio_parallel": round(self.ratio_parallel, 3),
            "letters_per_s": round(self.letters_per_s, 1),
            "bare_per_s": round(self.bare_per_s, 1),
            "rss_growth_mb": round(self.rss_growth_mb, 2),
            "claim_scale_ratio": round(self.claim_scale_ratio, 3),
        }


def _measure(vendor: str, make: Maker, server: Post, options: argparse.Namespace) -> Figures:
    # More than can leave: whoever finds a mailbox empty, or in the other worker's hands, is measured doing nothing.
    beside = int(options.seconds * 1_500 * (options.pairs + 1))
    side_by_side = [beside // 2] * FOUR * 2
    world = _World(make("post"), server, shares=[beside, *side_by_side, *[options.letters // MANY] * MANY])
    say(f"{vendor}: {world.waiting:,} letters wait ({load()})")
    ours, bare = _beside_the_bare_loop(world, server, options)
    say(f"{vendor}: {options.pairs} pairs beside the bare loop ({load()})")
    one, two = _side_by_side(world, options)
    say(f"{vendor}: one worker and two ({load()})")
    growth, long_run = _long_run(world)
    say(f"{vendor}: {options.letters:,} letters sent by one worker ({load()})")
    claims = _claims(make, server, options)
    say(f"{vendor}: {options.claims} pairs of claims ({load()})")
    return Figures(
        ratio_1=median(mine / plain for mine, plain in zip(ours, bare, strict=True)),
        ratio_parallel=median(both / alone for both, alone in zip(two, one, strict=True)),
        letters_per_s=median(ours),
        bare_per_s=median(bare),
        rss_growth_mb=growth,
        claim_scale_ratio=median(many / few for few, many in claims),
        one_worker_per_s=median(one),
        two_workers_per_s=median(two),
        long_run_per_s=long_run,
        claim_ms=median(many for _, many in claims) * 1e3,
    )


def _print(figures: dict[str, Figures]) -> None:
    rows: list[tuple[str, Callable[[Figures], str]]] = [
        ("letters a second, one worker", lambda found: f"{found.letters_per_s:,.0f}"),
        ("the bare loop, a second", lambda found: f"{found.bare_per_s:,.0f}"),
        ("share of the bare loop's rate", lambda found: f"{found.ratio_1:.2f}"),
        ("four mailboxes, one worker, a second", lambda found: f"{found.one_worker_per_s:,.0f}"),
        ("four mailboxes, two workers, a second", lambda found: f"{found.two_workers_per_s:,.0f}"),
        ("two workers over one", lambda found: f"{found.ratio_parallel:.2f}"),
        ("the long run, a second", lambda found: f"{found.long_run_per_s:,.0f}"),
        ("MB that its memory grew", lambda found: f"{found.rss_growth_mb:,.1f}"),
        ("ms to claim out of the long queue", lambda found: f"{found.claim_ms:,.1f}"),
        ("long queue over short one", lambda found: f"{found.claim_scale_ratio:.2f}"),
    ]
    table(
        f"Delivery ({load()})",
        ["", *figures],
        [[words, *(figure(found) for found in figures.values())] for words, figure in rows],
    )


# --- The measurements -------------------------------------------------------------------------------------------------


def _beside_the_bare_loop(world: _World, server: Post, options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """Letters a second, of both in turn. One worker at the first mailbox."""
    world.database.use()
    mailbox = world.mailboxes[0]
    plain = world.as_bytes(mailbox, 500)
    loop = BareLoop(server, mailbox.smtp_user)
    with _in_background():
        _send_for(options.seconds / 2, [mailbox.pk])  # What is loaded once is loaded now.
        world.database.settle()  # The record is not empty any more, which the database's statistics said of it.
        ours, bare = [], []
        for turn in range(options.pairs):
            for mine in (True, False) if turn % 2 else (False, True):
                gc.collect()
                if mine:
                    ours.append(_send_for(options.seconds, [mailbox.pk]))
                else:
                    bare.append(loop.send_for(options.seconds, plain))
    loop.close()
    return ours, bare


def _side_by_side(world: _World, options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """Letters a second of one worker at four mailboxes, and of two at four others of the same kind."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    first, second = world.mailboxes[1 : 1 + FOUR], world.mailboxes[1 + FOUR : 1 + 2 * FOUR]
    for turn in range(options.pairs):
        for workers in (1, 2) if turn % 2 else (2, 1):
            boxes = [mailbox.pk for mailbox in (first, second)[workers - 1]]
            work = partial(_send_warm, options.seconds, boxes)
            rates[workers].append(sum(_in_children(world.database, [work] * workers)))
    return rates[1], rates[2]


def _long_run(world: _World) -> tuple[float, float]:
    """By how many MB a worker's memory grew after the first tenth of its letters, and its letters a second."""
    boxes = [mailbox.pk for mailbox in world.mailboxes[1 + 2 * FOUR :]]

    def run() -> tuple[float, float, float]:
        started, sizes, sent = time.perf_counter(), [], 0
        for place, box in enumerate(boxes):
            while (report := dispatch.dispatch_mailbox(box)).sent:
                sent += report.sent
            if place >= len(boxes) // 10:
                sizes.append(_rss_mb())
        return sizes[0], max(sizes), sent / (time.perf_counter() - started)

    [(first, largest, rate)] = _in_children(world.database, [run])
    return largest - first, rate


def _claims(make: Maker, server: Post, options: argparse.Namespace) -> list[tuple[float, float]]:
    """Seconds for a claim out of the short queue and out of the long one, in pairs."""
    small = _World(make("few"), server, shares=[options.few])
    large = _World(make("waiting"), server, shares=[options.waiting])
    for world in (small, large):
        world.claim()
    pairs = []
    for turn in range(options.claims):
        took = {world: world.claim() for world in ((small, large), (large, small))[turn % 2]}
        pairs.append((took[small], took[large]))
    return pairs


def _send_for(seconds: float, mailboxes: Sequence[int], *, shuffled: bool = False) -> float:
    """Letters a second of one worker that looks at these mailboxes in turn."""
    began, sent, place = time.perf_counter(), 0, 0
    while (took := time.perf_counter() - began) < seconds:
        mailbox = random.choice(mailboxes) if shuffled else mailboxes[place % len(mailboxes)]
        report = dispatch.dispatch_mailbox(mailbox)
        if report.sentence or report.not_sent or report.uncertain:
            raise SystemExit(f"Letters did not leave: {report}")
        sent += report.sent
        place += 1
    return sent / took


def _send_warm(seconds: float, mailboxes: Sequence[int]) -> float:
    """Of a worker that has worked as long before: a new one composes its statements, and learns how much to claim."""
    _send_for(seconds, mailboxes, shuffled=True)
    return _send_for(seconds, mailboxes, shuffled=True)


@contextmanager
def _in_background() -> Iterator[None]:
    """As the supervisor runs a worker. What is started afterwards, a database's server maybe, is no worker."""
    work_in_background()
    try:
        yield
    finally:
        if hasattr(os, "SCHED_BATCH"):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _in_children(database: Database, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """Each in a process of its own, all from one moment on; what they return, as JSON can carry it."""
    database.connection.close()
    start_at = time.time() + 0.5
    readers = []
    for task in tasks:
        reader, writer = os.pipe()
        sys.stdout.flush()
        if os.fork() == 0:
            status = 1
            try:
                database.use()
                connection.ensure_connection()
                time.sleep(max(0.0, start_at - time.time()))
                with _in_background():
                    os.write(writer, json.dumps(task()).encode())
                connection.close()
                status = 0
            finally:
                os._exit(status)
        os.close(writer)
        readers.append(reader)
    answers = []
    for reader in readers:
        with os.fdopen(reader, "rb") as pipe:
            answers.append(json.loads(pipe.read() or b"null"))
        if os.wait()[1]:
            raise SystemExit("A worker has failed.")
    return answers


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


# --- What is measured -------------------------------------------------------------------------------------------------


class _World:
    """A workspace in one database, with as many mailboxes as there are shares, each with a campaign and its letters."""

    def __init__(self, database: Database, server: Post, *, shares: Sequence[int]) -> None:
        self.database, self.waiting = database, sum(shares)
        database.use()
        # As a workspace is made, but that its first letters are approved already.
        self.workspace = Workspace.objects.create(name="Orchard", slug="orchard", first_letters=0)
        identity = SenderIdentity.objects.create(
            workspace=self.workspace,
            name="Mara Voss",
            organisation="Orchard Media",
            postal_address="Lindenweg 4, 10115 Berlin, Germany",
            privacy_notice_url="https://orchard.example.com/privacy",
        )
        now = timezone.now()
        self.mailboxes = [self._mailbox(number, server, now) for number in range(len(shares))]
        with in_a_hurry(database), transaction.atomic():
            first = 1
            for number, (mailbox, share) in enumerate(zip(self.mailboxes, shares, strict=True)):
                user = User.objects.create(email=f"p{number}@orchard.example", name=f"Person {number}", password="!")
                campaign = Campaign.objects.create(
                    workspace=self.workspace, name=mailbox.email, state="running", owner=user, mailbox=mailbox
                )
                step = Step.objects.create(campaign=campaign, letter_subject="An idea", letter_body=_BODY)
                _fill(database.vendor, first, share, mailbox=mailbox, step=step, user=user, identity=identity, now=now)
                first += share
        database.settle()

    def _mailbox(self, number: int, server: Post, now: datetime) -> Mailbox:
        email = f"p{number}@orchardmedia.com"
        mailbox = Mailbox(
            workspace=self.workspace,
            email=email,
            smtp_host="localhost",
            smtp_port=server.port,
            smtp_security=Security.STARTTLS,
            smtp_user=email,
            min_gap_seconds=0,
            ramps_up=False,
        )
        mailbox.set_smtp_password(PASSWORD, now=now)
        mailbox.save()
        return mailbox

    def as_bytes(self, mailbox: Mailbox, count: int) -> list[Plain]:
        """Letters of this mailbox as they will leave."""
        waiting = Attempt.objects.filter(mailbox=mailbox).select_related("identity", "lead__contact").order_by("pk")
        made = []
        for attempt in waiting[:count]:
            attempt.message_id = letters.new_message_id(mailbox.email)
            message = letters.compose(attempt, mailbox=mailbox, token="x" * 43, now=timezone.now())
            made.append(Plain(mailbox.email, attempt.recipient, message.message().as_bytes(linesep="\r\n")))
        return made

    def claim(self) -> float:
        """Seconds to claim fifty letters, which are then out of the queue."""
        self.database.use()
        [mailbox] = self.mailboxes
        token, now = uuid.uuid4(), timezone.now()
        gc.collect()
        began = time.perf_counter()
        claimed = outbox.claim(mailbox, token, at_most=outbox.CLAIM_AT_MOST, now=now)
        took = time.perf_counter() - began
        if len(claimed.attempts) != outbox.CLAIM_AT_MOST:
            raise SystemExit(f"{len(claimed.attempts)} letters were claimed.")
        Attempt.objects.filter(lease_token=token).update(
            state=Attempt.State.SENT, lease_token=None, leased_until=None, finished_at=now, settled_at=now
        )
        SendRecord.objects.filter(state=SendRecord.State.RESERVED).update(state=SendRecord.State.SENT)
        return took


def _fill(
    vendor: str,
    first: int,
    count: int,
    *,
    mailbox: Mailbox,
    step: Step,
    user: User,
    identity: SenderIdentity,
    now: datetime,
) -> None:
    """So many leads, each with a contact and a letter that is due, with keys from `first` on."""
    dialect = dialect_of(vendor)
    series = dialect["series"].format(rows=count)
    key = f"({first - 1} + n)"
    found_at = dialect["moment"].format(at=f"{int(now.timestamp()) - A_MONTH}")
    due_at = dialect["moment"].format(at=f"{int(now.timestamp()) - 3600}")
    domain = f"({hashed(dialect, key)} || '.com')"
    url = f"'https://' || {domain}"
    insert(
        Lead,
        series,
        id=key,
        campaign_id=str(step.campaign_id),
        website_url=url,
        site_key=domain,
        domain=domain,
        website_title="'A garden'",
        topic="''",
        contact_id=key,
        status="'discovered'",
        status_changed_at=found_at,
        stage="''",
        next_action="''",
        next_action_on="NULL",
        quality_score="NULL",
        relevance_score="NULL",
        guest_post_likelihood="NULL",
        source="'import'",
        custom_fields="'{}'",
        quoted_price="NULL",
        quoted_currency="''",
        away_until="NULL",
        assignee_id="NULL",
        created_at=found_at,
    )
    insert(
        Contact,
        series,
        id=key,
        lead_id=key,
        email=f"'editor@' || {domain}",
        email_key=f"'editor@' || {domain}",
        name="'Ada Reed'",
        role="''",
        found_url=f"{url} || '/contact'",
        found_passage="'Write to our editor'",
        found_at=found_at,
        found_how="''",
        origin="''",
        confirmed_at="NULL",
        confirmed_by_id="NULL",
    )
    texts = "in_reply_to references answers reason asks message_id verdict server_words wire_id ground"
    unset = "not_before lease_token leased_until valid_until started_at finished_at settled_at"
    for question in ("approved", "cool_off_waived", "refusal_waived"):
        unset += f" {question}_at {question}_by_id"
    insert(
        Attempt,
        series,
        id=key,
        campaign_id=str(step.campaign_id),
        workspace_id=str(mailbox.workspace_id),
        lead_id=key,
        step_id=str(step.pk),
        kind="'first'",
        mailbox_id=str(mailbox.pk),
        identity_id=str(identity.pk),
        user_id=str(user.pk),
        recipient=f"'editor@' || {domain}",
        recipient_name="'Ada Reed'",
        recipient_key=f"'editor@' || {domain}",
        recipient_domain=domain,
        subject="'An idea for your readers'",
        body=f"'{_BODY}'",
        state="'queued'",
        due_at=due_at,
        tries="0",
        is_single="FALSE",
        begins_thread="FALSE",
        must_be_read="FALSE",
        template_id="NULL",
        variant="''",
        follows_at="NULL",
        letterhead="'{}'",
        created_at=due_at,
        **dict.fromkeys(texts.split(), "''"),
        **dict.fromkeys(unset.split(), "NULL"),
    )


if __name__ == "__main__":
    main()
