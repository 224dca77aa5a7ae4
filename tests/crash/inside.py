"""The side of the processes: `python -m tests.crash.inside` reads commands, one JSON object a line, and forks.

Each command is carried out by a child of its own, so that Django is loaded once and a killed worker replaced at once.
`work` and `press` start a worker and answer with its process id; every other command answers with its result.

A lease of three minutes would make a test of a hundred kills take five hours, so all spans of the outbox are shorter
here, in the proportions that they have (`shorten`); nothing else differs from a worker of the mail cluster.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "outreach_site.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 - Django must be set up first
from django.db import DatabaseError, OperationalError, connection, transaction  # noqa: E402
from django.db.models import Q  # noqa: E402
from django.utils import timezone  # noqa: E402

from campaigns import delivery, dispatch, import_undo, imports, outbox, pace, queueing, tasks  # noqa: E402
from campaigns.leads import NewLead, add_many  # noqa: E402
from campaigns.models import Attempt, Campaign, Lead, LeadImport, Step  # noqa: E402
from compliance import holds, suppression  # noqa: E402
from compliance.models import Hold, SendRecord  # noqa: E402
from inbox import polling  # noqa: E402
from inbox.models import RawMessage, Reply, ReplyLabel  # noqa: E402
from outreach_site.accounts import installation  # noqa: E402
from outreach_site.accounts.models import SenderIdentity, User, Workspace  # noqa: E402
from outreach_site.mailboxes import smtp  # noqa: E402
from outreach_site.mailboxes.models import Mailbox, Security  # noqa: E402
from tests.crash import sealer  # noqa: E402
from tests.servers import PASSWORD  # noqa: E402

LARGEST_REQUEST = 250


def shorten() -> None:
    outbox.LEASE = timedelta(seconds=4)
    outbox.FIRST_RETRY = timedelta(seconds=0.2)
    outbox.LONGEST_RETRY = timedelta(seconds=1)
    dispatch.SLICE = timedelta(seconds=1)
    dispatch.REST_AFTER_TROUBLE = timedelta(seconds=0.05)
    dispatch.REST_AFTER_RATE = timedelta(seconds=0.1)
    pace.FASTEST_GAP_SECONDS = 0.05
    delivery.LETTER_SECONDS = 1.5
    outbox.HAND_OVER = timedelta(seconds=delivery.LETTER_SECONDS)
    smtp.QUIT_SECONDS = 0.2
    polling.LEASE = timedelta(seconds=1.5)
    imports.LEASE = timedelta(seconds=1)
    imports.LINES_AT_ONCE = 100
    import_undo.AT_ONCE = 50
    polling.SLICE_SECONDS = 1.0


# --- Commands ---------------------------------------------------------------------------------------------------------


def migrate() -> None:
    call_command("migrate", verbosity=0)
    installation.claim()


def open_workspace(
    *,
    name: str,
    letters: list[tuple[str, list[str]]],
    port: int,
    time_zone: str = "UTC",
    user: str = "",
    hourly_limit: int | None = None,
) -> list[int]:
    """A workspace with one campaign and mailbox for each (user, addresses) of `letters`; the mailboxes' keys."""
    now = timezone.now()
    workspace = Workspace.objects.create(
        name=name, slug=name, time_zone=time_zone, cool_off_days=0, first_letters=0, regions={}
    )
    identity = SenderIdentity.objects.create(
        workspace=workspace, name="Mara Voss", organisation="Orchard Media", postal_address="Lindenweg 4, Berlin"
    )
    keys = []
    for number, (who, addresses) in enumerate(letters):
        person, _ = User.objects.get_or_create(email=f"{who}@orchard.example", defaults={"name": who, "password": "!"})
        email = f"{name}-{number}@orchardmedia.com"
        mailbox = Mailbox(
            workspace=workspace,
            email=email,
            smtp_host="localhost",
            smtp_port=port,
            smtp_security=Security.STARTTLS,
            smtp_user=email,
            min_gap_seconds=0,
            ramps_up=False,
            hourly_limit=hourly_limit if number == 0 else None,
        )
        mailbox.set_smtp_password(PASSWORD, now=now)
        mailbox.save()
        keys.append(mailbox.pk)
        campaign = Campaign.objects.create(
            workspace=workspace, name=email, keywords="beds", owner=person, mailbox=mailbox, identity=identity
        )
        Step.objects.create(campaign=campaign, letter_subject="An idea", letter_body="Hello,\n\nabout {topic}.\n")
        rows = [NewLead(website_url=_site_of(address), contact_email=address) for address in addresses]
        add_many(campaign, rows, source=Lead.Source.IMPORT, now=now)
        leads = list(Lead.objects.of(campaign).order_by("pk"))
        for start in range(0, len(leads), LARGEST_REQUEST):
            queued = queueing.queue_letters(campaign, leads[start : start + LARGEST_REQUEST], user=person, now=now)
            assert not queued.refused, queued.refused[0]
    return keys


def open_mailbox(*, port: int, user: str, tls: bool = True) -> int:
    """A mailbox that is read on a server on this machine; its key."""
    now = timezone.now()
    workspace = Workspace.objects.create(name="Reading", slug="reading", time_zone="UTC")
    mailbox = Mailbox(
        workspace=workspace,
        email=user,
        smtp_host="localhost",
        smtp_port=2525,
        smtp_user=user,
        imap_host="localhost",
        imap_port=port,
        imap_security=Security.TLS if tls else Security.STARTTLS,
        imap_user=user,
    )
    mailbox.set_imap_password(PASSWORD, now=now)
    mailbox.save()
    return mailbox.pk


def read_once(*, mailbox: int) -> dict[str, Any]:
    """One poll: what it said."""
    outcome = polling.poll(mailbox, at_once=True)
    return {"stored": outcome.stored, "more": outcome.more, "failed": outcome.failed, "sentence": outcome.sentence}


def what_came_in(*, mailbox: int) -> dict[str, Any]:
    """Everything that is stored and understood, by Message-ID, for the test to compare with what was sent."""
    stored = RawMessage.objects.filter(mailbox=mailbox)
    return {
        "stored": list(stored.values_list("message_id", flat=True)),
        "replies": list(Reply.objects.filter(mailbox=mailbox).values_list("message_id", flat=True)),
        "waiting": stored.not_understood().count(),
        "errors": list(stored.exclude(error="").values_list("error", flat=True)[:5]),
        "labels": ReplyLabel.objects.count(),
    }


def still_to_do() -> int:
    """Letters that are with a worker, wait for one, or are not settled; not those that wait for midnight or an hour."""
    soon = timezone.now() + timedelta(seconds=30)
    with_worker = Q(lease_token__isnull=False) | Q(state=Attempt.State.SENDING)
    waiting = Q(state=Attempt.State.QUEUED, due_at__lte=soon)
    return Attempt.objects.filter(with_worker | waiting | Q(state__in=Attempt.OUTCOMES, settled_at=None)).count()


def account() -> dict[str, Any]:
    """Everything the books say, for the test to compare with what the server has."""
    return {
        "attempts": [
            {"message_id": a.message_id, "recipient": a.recipient, "state": a.state, "waits": a.due_at is not None}
            for a in Attempt.objects.all()
        ],
        "ledger": [
            {
                "message_id": r.message_id,
                "state": r.state,
                "user": r.user_id,
                "domain": r.recipient_domain,
                "sender": r.sender,
                "workspace": r.workspace_id,
                "counted_at": r.counted_at.timestamp(),
            }
            for r in SendRecord.objects.exclude(state=SendRecord.State.RELEASED)
        ],
    }


def send_some(*, count: int) -> int:
    """So many of the letters that wait, by themselves: how many were sent."""
    sent = 0
    for attempt in Attempt.objects.filter(state=Attempt.State.QUEUED).order_by("pk")[:count]:
        assert attempt.mailbox_id is not None
        # On a busy machine the server may answer too late, and the mailbox rests then; or what is left of its short
        # lease does not do for a hand-over.
        for _ in range(3):
            Mailbox.objects.update(next_send_at=timezone.now(), next_spread_at=None, rests_until=None)
            report = dispatch.dispatch_mailbox(attempt.mailbox_id, only=attempt.pk)
            sent += report.sent
            if report.sent:
                break
    return sent


def restore(*, taken_at: str) -> None:
    call_command("after_restore", backup_taken_at=taken_at, stdout=sys.stderr)


def look_through(*, arrived: list[str]) -> list[str]:
    """A person lifts the holds and says of each doubtful letter what became of it; the reasons they read."""
    owner = User.objects.get()
    for hold in Hold.objects.standing():
        holds.lift(hold, user=owner, now=timezone.now())
    later = timezone.now() + queueing.DOUBT_LASTS
    doubtful = list(Attempt.objects.filter(state=Attempt.State.UNCERTAIN).order_by("pk"))
    for attempt in doubtful:
        came = attempt.recipient in arrived
        assert queueing.settle_doubt(attempt, arrived=came, user=owner, now=later)
    Attempt.objects.filter(due_at__gt=timezone.now()).update(due_at=timezone.now())
    return [attempt.reason for attempt in doubtful]


def tidy_up() -> None:
    dispatch.tidy_up(now=timezone.now())


def start_against(*, mailbox: int, how: str) -> dict[str, Any]:
    """A worker starts a letter while somebody takes it back and has not committed yet. What came of it."""
    box = Mailbox.objects.select_related("workspace").get(pk=mailbox)
    token = outbox.take_lease(box)
    assert token is not None
    [attempt] = outbox.claim(box, token, at_most=1, now=timezone.now()).attempts
    taken_back, may_commit = threading.Event(), threading.Event()

    def take_back() -> None:
        with transaction.atomic():
            if how == "cancel":
                assert attempt.user is not None
                queueing.cancel(attempt, user=attempt.user, now=timezone.now())
            else:
                suppression.suppress(
                    workspace=box.workspace, address=attempt.recipient, reason="opt_out", now=timezone.now()
                )
            taken_back.set()
            may_commit.wait(10)
        connection.close()

    other = threading.Thread(target=take_back)
    other.start()
    taken_back.wait(10)
    threading.Timer(0.5, may_commit.set).start()
    started = outbox.start(attempt, box, token)
    other.join()
    attempt.refresh_from_db()
    records = SendRecord.objects.filter(subject=attempt.about)
    return {"started": started, "state": attempt.state, "ledger": [record.state for record in records]}


def queue_twice(*, mailbox: int) -> list[str]:
    """Two people queue the letters of a campaign that were taken back, at the same moment: what each was told."""
    campaign = Campaign.objects.get(mailbox=mailbox)
    Attempt.objects.filter(campaign=campaign).delete()
    leads = list(Lead.objects.of(campaign))
    told: list[str] = []
    together = threading.Barrier(2)

    def queue() -> None:
        together.wait(10)
        assert campaign.owner is not None
        try:
            queued = queueing.queue_letters(campaign, leads, user=campaign.owner, now=timezone.now())
            told.append(f"{len(queued.attempts)} queued, {len(queued.refused)} refused")
        except DatabaseError as err:
            told.append(type(err).__name__)
        connection.close()

    people = [threading.Thread(target=queue) for _ in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return sorted(told)


def open_file(*, text: str) -> int:
    """A campaign into which a file is read; the import's key."""
    now = timezone.now()
    workspace = Workspace.objects.create(name="Reading in", slug="reading-in", time_zone="UTC")
    user = User.objects.create(email="mara@orchard.example", name="Mara", password="!")
    campaign = Campaign.objects.create(workspace=workspace, name="Ferns", keywords="ferns", owner=user)
    run = imports.begin(campaign, text.encode(), name="sites.csv", user=user, now=now)
    imports.start(run, origin="The list of GardenConf 2026", user=user, now=now)
    return run.pk


def take_file_back(*, run: int) -> bool:
    one = LeadImport.objects.select_related("campaign__workspace", "user").get(pk=run)
    assert one.user is not None
    return import_undo.begin(one, user=one.user, now=timezone.now())


def what_became_of_it(*, run: int) -> dict[str, Any]:
    one = LeadImport.objects.get(pk=run)
    leads = Lead.objects.filter(campaign=one.campaign_id)
    return {
        "state": one.state,
        "counted": [one.added, one.skipped, one.failed, one.removed],
        "sites": list(leads.order_by("pk").values_list("site_key", flat=True)),
        "left_out": list(one.rows.order_by("line").values_list("line", flat=True)),
    }


# --- Workers ----------------------------------------------------------------------------------------------------------


def work() -> None:
    """What the mail cluster does: each minute's look at what is due, and slice after slice; without the minute."""
    while True:
        now = timezone.now()
        dispatch.tidy_up(now=now)
        mailboxes = dispatch.due_mailboxes(now=now)
        random.shuffle(mailboxes)
        for mailbox in mailboxes:
            _one_slice(mailbox)
        time.sleep(0.02)


def read(*, mailbox: int) -> None:
    """What the mail cluster does with one mailbox, without the minutes between."""
    while True:
        try:
            polling.poll(mailbox, at_once=True)
        except OperationalError:
            traceback.print_exc()
        time.sleep(0.02)


def read_in(*, run: int) -> None:
    """What the long cluster does with a file, without the minutes between."""
    while True:
        try:
            tasks.import_leads(run)
        except OperationalError:
            traceback.print_exc()
        time.sleep(0.02)


def press(*, mailboxes: list[int], start_at: float, until: float) -> None:
    """Try these mailboxes in turn, from one moment on which all workers share, to another."""
    connection.ensure_connection()
    time.sleep(max(0.0, start_at - time.time()))
    while True:
        for mailbox in mailboxes:
            while _one_slice(mailbox):
                pass
        if time.time() >= until:
            return


def _one_slice(mailbox: int) -> bool:
    """Whether another one should follow at once."""
    try:
        return dispatch.dispatch_mailbox(mailbox).more
    except OperationalError:
        # A deadlock or a lock that was not got: the task has failed, and the next one does its work.
        traceback.print_exc()
        return True


def _site_of(address: str) -> str:
    local, _, domain = address.partition("@")
    return f"https://{domain}/{local}"


WORKERS: dict[str, Callable[..., None]] = {
    "work": work,
    "press": press,
    "read": read,
    "read_in": read_in,
    "seal": sealer.seal,
}
CALLS: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (
        migrate,
        open_workspace,
        still_to_do,
        account,
        tidy_up,
        start_against,
        queue_twice,
        open_mailbox,
        read_once,
        what_came_in,
        send_some,
        restore,
        look_through,
        open_file,
        take_file_back,
        what_became_of_it,
        sealer.write_entries,
        sealer.verify,
        sealer.commit_late,
        sealer.write_as_a_crowd,
    )
}


def main() -> None:
    shorten()
    for line in sys.stdin:
        command = json.loads(line)
        name, arguments = command["do"], command["with"]
        pid = os.fork()
        if pid == 0:
            _child(name, arguments)
        if name in WORKERS:
            _answer(pid)
        else:
            os.waitpid(pid, 0)
        _reap()


def _child(name: str, arguments: dict[str, Any]) -> None:
    """Never returns."""
    status = 1
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        if name in WORKERS:
            random.seed()
            WORKERS[name](**arguments)
        else:
            _answer(CALLS[name](**arguments))
        connection.close()
        status = 0
    finally:
        if status:
            traceback.print_exc()
            if name in CALLS:
                _answer({"failed": name})
        sys.stderr.flush()
        os._exit(status)


def _answer(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    main()
