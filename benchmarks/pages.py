"""How fast each list and each thing's own page is: `make bench ONLY=pages`.

A workspace as it is after a long time: one campaign of 100,000 leads (and 40 others), 60,000 letters, 20,000 replies,
100,000 suppressions, ledger rows and audit entries. An owner opens each page several times through the whole site, with
its middleware, on SQLite and on a PostgreSQL of its own.

- `ms`: milliseconds of the server, the median; of the slower database, each one's own beside it. On a busy machine it
  is mostly waiting for a core: the table also says what of a core this process took.
- `queries`: statements of one answer. A page that asks more of a full workspace than of a nearly empty one ends the run
  with an error.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from statistics import median
from typing import Any

import structlog
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks._databases import Database, makers
from benchmarks._filling import in_a_hurry
from benchmarks._report import finish, load, say, table
from campaigns.analytics.upkeep import keep_up, recount
from campaigns.models import Attempt, Campaign, Contact, DiscoveryRun, FoundSite, Lead, Step, Tag, Template
from compliance.models import AuditEntry, AuditPerson, Hold, NeverPitch, SendRecord, Suppression
from compliance.privacy_models import Consent
from inbox.models import RawMessage, Reply
from outreach_site.accounts.models import Membership, Role, SenderIdentity, User, Workspace
from outreach_site.mailboxes.models import Mailbox

HTMX = {"HX-Request": "true"}
_TRANSACTION_WORDS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
NOW = timezone.now()
_ENDINGS = ("com", "org", "io", "de", "co.uk", "fr")


def main() -> None:
    options = _options()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    measured: dict[str, dict[str, Figures]] = {}
    for vendor, start in makers().items():
        if vendor in options.on:
            say(f"{vendor}: filling ({load()})")
            with start() as make:
                measured[vendor] = _measure(make("pages"), options)
    names = list(next(iter(measured.values())))
    table(
        f"Pages, milliseconds and statements ({load()})",
        ["", *(f"{vendor} {what}" for vendor in measured for what in ("ms", "core ms", "queries"))],
        [[name, *(text for found in measured.values() for text in found[name].as_texts())] for name in names],
    )
    finish(
        {
            name: {
                "ms": round(max(found[name].ms for found in measured.values()), 1),
                "queries": max(found[name].queries for found in measured.values()),
                **{f"{vendor}_ms": round(found[name].ms, 1) for vendor, found in measured.items()},
            }
            for name in names
        }
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description="Times every list and its rows.")
    parser.add_argument("--on", nargs="+", choices=list(makers()), default=list(makers()))
    parser.add_argument("--rows", type=int, default=100_000, help="leads of the large campaign")
    parser.add_argument("--times", type=int, default=9, help="that each page is opened")
    parser.add_argument("--only", default="", help="pages whose name has this in it")
    return parser.parse_args()


@dataclass(frozen=True)
class Figures:
    ms: float
    core_ms: float  # what this process took of a core, which others on the machine cannot spoil as much
    queries: int

    def as_texts(self) -> tuple[str, str, str]:
        return f"{self.ms:.0f}", f"{self.core_ms:.0f}", str(self.queries)


def _measure(database: Database, options: argparse.Namespace) -> dict[str, Figures]:
    database.use()
    world = _World()
    with in_a_hurry(database):
        world.fill(200)
    pages = {name: page for name, page in world.pages().items() if options.only in name}
    client = Client(SERVER_NAME="outreach.example.com", headers={"X-Forwarded-Proto": "https"})
    client.force_login(world.owner)
    few = {name: _queries(client, *page) for name, page in pages.items()}
    with in_a_hurry(database):
        world.fill(options.rows)
    database.settle()
    say(f"{database.vendor}: {Lead.objects.count():,} leads stand ({load()})")
    pages = {name: page for name, page in world.pages().items() if options.only in name}
    found = {}
    for name, page in pages.items():
        queries = _queries(client, *page)
        times, core = [], []
        for _ in range(options.times):
            began, began_core = time.perf_counter(), time.process_time()
            _open(client, *page)
            times.append((time.perf_counter() - began) * 1000)
            core.append((time.process_time() - began_core) * 1000)
        found[name] = Figures(median(times), median(core), queries)
    grown = {name: (few[name], found[name].queries) for name in found if found[name].queries > few[name]}
    if grown:
        raise SystemExit(f"These pages ask more where there is more: {grown}")
    return found


def _open(client: Client, url: str, headers: Mapping[str, str]) -> None:
    answer = client.get(url, secure=True, headers=dict(headers))
    if answer.status_code != 200:
        raise SystemExit(f"{url} answered {answer.status_code}.")


def _queries(client: Client, url: str, headers: Mapping[str, str]) -> int:
    _open(client, url, headers)  # What is loaded once is loaded now.
    with CaptureQueriesContext(connection) as captured:
        _open(client, url, headers)
    return len([query for query in captured if not query["sql"].startswith(_TRANSACTION_WORDS)])


Page = tuple[str, Mapping[str, str]]


class _World:
    """One workspace that fills up."""

    def __init__(self) -> None:
        self.here = Workspace.objects.create(name="Orchard", slug="orchard", time_zone="Europe/Berlin")
        self.people = [
            User.objects.create(email=f"p{n}@orchard.example", name=f"Person {n}", password="!") for n in range(8)
        ]
        for user in self.people:
            Membership.objects.create(user=user, workspace=self.here, role=Role.OWNER)
        self.owner = self.people[0]
        identity = SenderIdentity.objects.create(
            workspace=self.here, name="Mara", organisation="Orchard", postal_address="Lindenweg 4", is_default=True
        )
        self.mailbox = Mailbox.objects.create(
            workspace=self.here,
            email="mara@orchard.example",
            smtp_host="mail.orchard.example",
            smtp_user="mara",
            imap_host="mail.orchard.example",
            imap_user="mara",
        )
        self.campaigns = [self._campaign(f"Campaign {n}", identity) for n in range(40)]
        self.large = self._campaign("Large", identity)
        self.step = Step.objects.create(
            campaign=self.large, letter_subject="For {website}", letter_body="Hi {name|there},\n\nabout {topic}.\n"
        )
        self.tags = [Tag.objects.create(workspace=self.here, name=f"tag {n}") for n in range(20)]
        self.run = DiscoveryRun.objects.create(campaign=self.large, keyword="balconies", finished_at=NOW)
        Template.objects.create(workspace=self.here, name="Hello", subject="Hello", body="Hello {name|there}")
        self.filled = 0

    def _campaign(self, name: str, identity: SenderIdentity) -> Campaign:
        return Campaign.objects.create(
            workspace=self.here,
            name=name,
            keywords="balconies",
            state=Campaign.State.RUNNING,
            owner=self.owner,
            identity=identity,
            mailbox=self.mailbox,
        )

    def fill(self, upto: int) -> None:
        """So many leads, and what a year of work leaves beside them."""
        numbers = range(self.filled, upto)
        self.filled = upto
        _store(Lead, (self._lead(n) for n in numbers))
        leads = dict(Lead.objects.filter(site_key__startswith="s").order_by().values_list("site_key", "pk"))
        key = {n: leads[_site(n)] for n in numbers}
        _store(Contact, (self._contact(n, key[n]) for n in numbers if n % 10))
        mine = Contact.objects.filter(lead=models.OuterRef("pk")).values("pk")[:1]
        Lead.objects.filter(contact=None).update(contact=models.Subquery(mine))
        _store(
            Lead.tags.through,
            (Lead.tags.through(lead_id=key[n], tag_id=self.tags[n % 20].pk) for n in numbers if n % 3 == 0),
        )
        _store(FoundSite, (self._found(n, key[n]) for n in numbers if n % 500 == 1))
        _store(Attempt, (self._attempt(n, key[n]) for n in numbers if n % 10 < 7 and n % 10))
        letters = dict(Attempt.objects.order_by().values_list("lead_id", "pk"))
        _store(RawMessage, (self._raw(n) for n in numbers if n % 5 == 1))
        raws = dict(RawMessage.objects.order_by().values_list("digest", "pk"))
        _store(Reply, (self._reply(n, key[n], letters[key[n]], raws[f"{n:064d}"]) for n in numbers if n % 5 == 1))
        _store(Suppression, (self._suppression(n) for n in numbers))
        _store(SendRecord, (self._record(n, letters.get(key[n], 0)) for n in numbers))
        _store(AuditEntry, (self._entry(n, key[n]) for n in numbers))
        known = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True)[: len(numbers)]
        _store(AuditPerson, (AuditPerson(entry_id=pk, lead_email=f"ed@{_site(n)}") for n, pk in enumerate(known)))
        rare = [n for n in numbers if n % 50 == 2]
        _store(Hold, (Hold(workspace=self.here, subject=f"address:ed@{_site(n)}", reason="They say no.") for n in rare))
        _store(NeverPitch, (NeverPitch(workspace=self.here, domain=f"never{n}.com") for n in rare))
        _store(
            Consent,
            (
                Consent(
                    workspace=self.here,
                    address=f"yes@{_site(n)}",
                    domain=_site(n),
                    evidence_text="Yes",
                    obtained_on=NOW.date(),
                )
                for n in rare
            ),
        )
        self._count_up()

    def _count_up(self) -> None:
        """What the worker does every minute: lists read its sums."""
        recount(self.here)
        while not keep_up(self.here, until=time.monotonic() + 20, now=timezone.now()):
            pass

    def _lead(self, n: int) -> Lead:
        site = _site(n)
        statuses = ("discovered", "contacted", "contacted", "replied", "discovered", "lost", "bounced", "placed")
        return Lead(
            campaign=self.large if n % 100 or n < 200 else self.campaigns[n // 100 % 40],
            website_url=f"https://{site}/",
            site_key=site,
            domain=site,
            website_title=f"Garden {n * 7919 % 100_003}",
            topic="balconies" if n % 2 else "",
            status=statuses[n * 31 % 8],
            status_changed_at=NOW - timedelta(minutes=n * 17 % 500_000),
            quality_score=None if n % 4 == 0 else n * 7919 % 1000 / 1000,
            relevance_score=None if n % 4 == 0 else n * 104_729 % 1000 / 1000,
            guest_post_likelihood=None if n % 4 == 0 else n * 1299 % 1000 / 1000,
            source=("discovery", "import", "paste", "manual")[n % 4],
            assignee=self.people[n % 8] if n % 2 else None,
            next_action="Send the draft" if n % 400 == 3 else "",
            next_action_on=NOW.date() if n % 400 == 3 else None,
            custom_fields={"niche": "beds"} if n % 5 == 0 else {},
            created_at=NOW - timedelta(minutes=n % 500_000),
        )

    def _contact(self, n: int, lead: int) -> Contact:
        address = f"ed@{_site(n)}"
        return Contact(
            lead_id=lead,
            email=address,
            email_key=address,
            name=f"Hannah {n * 31 % 9973}" if n % 3 else "",
            found_url=f"https://{_site(n)}/contact",
            found_passage="Write to our editor",
        )

    def _found(self, n: int, lead: int) -> FoundSite:
        return FoundSite(
            run=self.run,
            url=f"https://{_site(n)}/",
            site_key=_site(n),
            domain=_site(n),
            state=FoundSite.State.READ,
            read_at=NOW,
            reasons={"quality": [["It has long articles.", 0.3]], "likelihood": [["It asks for pitches.", 0.4]]},
            quality_score=0.8,
            guest_post_likelihood=0.6,
            lead_id=lead,
        )

    def _attempt(self, n: int, lead: int) -> Attempt:
        # Most have left; some wait, for their time or for a person; a few went wrong.
        states = {2: "queued", 3: "failed", 4: "uncertain", 5: "blocked"}
        state = states.get(n // 10 % 100, "sent")
        at = NOW - timedelta(minutes=n % 100_000)
        return Attempt(
            campaign_id=self.large.pk,
            workspace=self.here,
            lead_id=lead,
            step=self.step if n % 100 or n < 200 else None,
            mailbox=self.mailbox,
            user=self.people[n % 8],
            recipient=f"ed@{_site(n)}",
            recipient_key=f"ed@{_site(n)}",
            recipient_domain=_site(n),
            subject=f"A guide for {_site(n)}",
            body="Hi Hannah,\n\nabout balconies.\n" * 20,
            state=state,
            due_at=(None if n % 20 == 1 else NOW + timedelta(minutes=n % 5_000)) if state == "queued" else at,
            asks="region " if state == "queued" and n % 20 == 1 else "",
            created_at=at,
            started_at=at if state != "queued" else None,
            finished_at=at if state != "queued" else None,
            settled_at=at if state != "queued" else None,
            message_id=f"<{n}@orchard.example>",
        )

    def _raw(self, n: int) -> RawMessage:
        return RawMessage(
            mailbox=self.mailbox,
            digest=f"{n:064d}",
            size=2_000,
            folder="INBOX",
            uid=n,
            received_at=NOW - timedelta(minutes=n % 100_000),
            understood_at=NOW,
        )

    def _reply(self, n: int, lead: int, attempt: int, raw: int) -> Reply:
        kinds = ("interested", "not_interested", "out_of_office", "replied")
        at = NOW - timedelta(minutes=n % 100_000)
        return Reply(
            workspace=self.here,
            mailbox=self.mailbox,
            raw_id=raw,
            attempt_id=attempt,
            campaign_id=self.large.pk,
            lead_id=lead,
            kind=Reply.Kind.REPLY,
            classification=kinds[n // 5 % 4],
            needs_review=n // 5 % 40 == 7,
            from_email=f"ed@{_site(n)}",
            from_key=f"ed@{_site(n)}",
            from_name="Hannah",
            subject=f"Re: A guide for {_site(n)}",
            text="Yes, tell me more.\n\n> Hi Hannah" * 10,
            new_text="Yes, tell me more.",
            received_at=at,
            read_at=at if n % 3 else None,
            done_at=at if n % 50 != 1 else None,
        )

    def _suppression(self, n: int) -> Suppression:
        return Suppression(
            workspace=self.here,
            value=f"no{n}@{_site(n + 7_000_000)}",
            domain=_site(n + 7_000_000),
            reason="unsubscribe" if n % 2 else "manual",
            created_at=NOW - timedelta(minutes=n),
        )

    def _record(self, n: int, attempt: int) -> SendRecord:
        at = NOW - timedelta(minutes=n)
        return SendRecord(
            workspace=self.here,
            subject=f"attempt:{attempt}" if attempt else f"gone:{n}",
            kind="first",
            user_id=self.people[n % 8].pk,
            mailbox_id=self.mailbox.pk,
            campaign=self.large.subject,
            sign_in="mara@mail.orchard.example",
            sender="mara@orchard.example",
            recipient=f"ed@{_site(n)}",
            recipient_key=f"ed@{_site(n)}",
            recipient_domain=_site(n),
            subject_digest=f"{n:064d}",
            legal_basis="legitimate_interest",
            region="us",
            region_source="generic_domain",
            state="sent",
            reserved_at=at,
            counted_at=at,
        )

    def _entry(self, n: int, lead: int) -> AuditEntry:
        return AuditEntry(
            workspace_id=self.here.pk,
            user_id=self.people[n % 8].pk,
            event=("letter.decided", "lead.status_changed", "lead.changed")[n % 3],
            about=f"lead:{lead}",
            policy_result="approved" if n % 3 == 0 else "",
            details={"from": "discovered", "to": "contacted"},
            recorded_at=NOW - timedelta(minutes=n),
        )

    def pages(self) -> dict[str, Page]:
        """What is opened, by a name that stays."""
        large, pk = self.large.pk, self._one
        lead = pk(Lead.objects.filter(attempts__state="sent", tags__isnull=False, campaign=large))
        person, tag = self.people[3].pk, self.tags[4].pk
        asked = {
            "today": ("desk:today",),
            "search": ("desk:search", "", "q=garden"),
            "queue": ("desk:queue",),
            "queue failed": ("desk:queue", "", "show=failed"),
            "queue uncertain": ("desk:queue", "", "show=uncertain"),
            "queue history": ("desk:queue", "", "show=history"),
            "campaigns": ("campaigns:campaign_list",),
            "leads": ("campaigns:campaign_detail", large),
            "leads by quality": ("campaigns:campaign_detail", large, "sort=quality"),
            "leads filtered and sorted": ("campaigns:campaign_detail", large, "status=contacted&sort=quality"),
            "leads of one person by likelihood": (
                "campaigns:campaign_detail", large, f"assignee={person}&email=yes&sort=likelihood",
            ),
            "leads of a tag by change": ("campaigns:campaign_detail", large, f"tag={tag}&sort=changed"),
            "leads of high quality by site": ("campaigns:campaign_detail", large, "score=quality&sort=site"),
            "leads searched": ("campaigns:campaign_detail", large, "q=arden+77"),
            "leads searched for a domain": ("campaigns:campaign_detail", large, f"q={_site(61)}"),
            "leads searched for nothing": ("campaigns:campaign_detail", large, "q=nowhere"),
            "leads that lack a name": ("campaigns:campaign_detail", large, "lacks=name"),
            "lead": ("campaigns:lead_detail", lead),
            "lead edit": ("campaigns:lead_edit", lead),
            "lead replies": ("inbox:lead_replies", pk(Lead.objects.filter(status="replied", campaign=large))),
            "letters": ("campaigns:campaign_letters", large),
            "send": ("campaigns:campaign_send", large, "all=1"),
            "outgoing": ("campaigns:attempt_list", large),
            "outgoing failed": ("campaigns:attempt_list", large, "state=failed"),
            "letter": ("campaigns:attempt_detail", pk(Attempt.objects.filter(state="sent"))),
            "approvals": ("campaigns:approval_list",),
            "find sites": ("campaigns:discovery", large),
            "found sites": ("campaigns:discovery_run", self.run.pk),
            "campaign settings": ("campaigns:campaign_settings", large),
            "templates": ("campaigns:template_list",),
            "inbox": ("inbox:reply_list",),
            "reply": ("inbox:reply_detail", pk(Reply.objects.filter(done_at=None))),
            "suppression": ("compliance:suppression_list",),
            "suppression searched": ("compliance:suppression_list", "", "q=no77"),
            "suppressed address": ("compliance:suppression_detail", pk(Suppression.objects.all())),
            "never pitch": ("compliance:never_pitch_list",),
            "held back": ("compliance:hold_list",),
            "audit": ("compliance:audit_list",),
            "audit entry": ("compliance:audit_detail", pk(AuditEntry.objects.filter(event="letter.decided"))),
            "compliance health": ("compliance:health",),
            "consent": ("compliance:consent_list",),
            "consent record": ("compliance:consent_detail", pk(Consent.objects.all())),
            "requests": ("compliance:request_list",),
            "check an address": ("compliance:check_address",),
            "mailboxes": ("mailboxes:mailbox_list",),
            "team": ("accounts:team_list",),
            "settings": ("accounts:settings",),
        }  # fmt: skip
        pages: dict[str, Page] = {name: (self._url(*map(str, asked[name])), {}) for name in asked}
        pages["leads, as htmx asks"] = (pages["leads filtered and sorted"][0], HTMX)
        return pages

    def _one(self, rows: models.QuerySet[Any]) -> int:
        return int(rows.order_by("pk").values_list("pk", flat=True)[0])

    def _url(self, name: str, pk: str = "", query: str = "") -> str:
        url = reverse(name, args=[self.here.slug, pk] if pk else [self.here.slug])
        return f"{url}?{query}" if query else url


def _site(n: int) -> str:
    return f"s{n * 2654435761 % 2**32:08x}.{_ENDINGS[n % len(_ENDINGS)]}"


def _store(model: type[models.Model], rows: Iterable[Any]) -> None:
    left = iter(rows)
    while part := list(islice(left, 2_000)):
        model._default_manager.bulk_create(part)


if __name__ == "__main__":
    main()
