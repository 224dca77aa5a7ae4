"""The deliverability desk: a domain's records looked at once a day and on demand, and how they stood over time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.domains.names import Names
from outreach_site.mailboxes.domains.records import Finding, Verdict, look
from outreach_site.mailboxes.models import DomainCheck, Mailbox, SendingDomain

EVERY = timedelta(days=1)
SLICE_SECONDS = 20.0
# The worst is what the card says; what nobody could say is no failure.
_GRAVITY = (Verdict.GOOD, Verdict.THEIRS, Verdict.UNKNOWN, Verdict.WARN, Verdict.MISSING)


def domain_of(mailbox: Mailbox) -> str:
    return mailbox.email.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Change:
    """What one kind of record became, for the history."""

    kind: str
    before: str
    after: str


def sending_domain(workspace: Workspace, domain: str) -> SendingDomain:
    return SendingDomain.objects.get_or_create(workspace=workspace, domain=domain)[0]


def check(here: SendingDomain, *, now: datetime, names: Names | None = None) -> list[Finding]:
    """Ask, outside any transaction, and write down what was found: a row where something changed, else its date."""
    mailboxes = Mailbox.objects.in_workspace(here.workspace).in_use().filter(email__iendswith=f"@{here.domain}")
    providers = set(mailboxes.values_list("provider", flat=True))
    findings = look(here.domain, providers=providers, selectors=here.selector_list, names=names or Names())
    records = [finding.as_json() for finding in findings]
    with transaction.atomic():
        SendingDomain.objects.select_for_update().get(pk=here.pk)
        newest = here.checks.order_by("-pk").first()
        if newest is not None and _same(newest.records, records):
            here.checks.filter(pk=newest.pk).update(confirmed_at=now)
        else:
            here.checks.create(found_at=now, confirmed_at=now, records=records)
        here.verdict = max((finding.verdict for finding in findings), key=_GRAVITY.index)
        here.checked_at = now
        here.save(update_fields=["verdict", "checked_at"])
    return findings


def _same(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    def of(records: list[dict[str, Any]]) -> list[tuple[object, ...]]:
        # The order in which a name server gives records changes with each answer.
        return [(each["kind"], each["verdict"], each["sentence"], sorted(each["found"])) for each in records]

    return of(one) == of(other)


def check_due(*, now: datetime) -> int:
    """Look at the domains whose day is over, for one slice; how many."""
    until, done = time.monotonic() + SLICE_SECONDS, 0
    for workspace, domain in sorted(_domains_in_use(), key=lambda pair: (pair[0].pk, pair[1])):
        here = sending_domain(workspace, domain)
        if here.checked_at is not None and here.checked_at > now - EVERY:
            continue
        if time.monotonic() > until:
            break
        check(here, now=now)
        done += 1
    return done


def _domains_in_use() -> set[tuple[Workspace, str]]:
    in_use = Mailbox.objects.in_use().filter(workspace__is_rehearsal=False).select_related("workspace")
    return {(mailbox.workspace, domain_of(mailbox)) for mailbox in in_use}


def domains_of(mailboxes: Iterable[Mailbox], workspace: Workspace) -> dict[str, SendingDomain]:
    """What is known of these mailboxes' domains; one query."""
    known = SendingDomain.objects.filter(workspace=workspace, domain__in={domain_of(each) for each in mailboxes})
    return {each.domain: each for each in known}


def changes(check: DomainCheck, before: DomainCheck | None) -> list[Change]:
    """What differs from the check before it; of the first one, everything is new."""
    earlier = {each["kind"]: each for each in before.records} if before else {}
    return [
        Change(each["kind"], str(earlier.get(each["kind"], {}).get("verdict", "")), str(each["verdict"]))
        for each in check.records
        if each["kind"] not in earlier or not _same([earlier[each["kind"]]], [each])
    ]
