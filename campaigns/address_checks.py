"""What can be known of an address without writing to it: its domain's mail servers, and what kind of address it is.

Its syntax was checked when it was written down. Nobody is asked whether a mailbox exists: servers take such questions
for a spammer's, and lie. The DNS is asked by a worker, once in a month for each domain; whatever it cannot say is
unknown, and unknown is never held against an address.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import dns.resolver

from campaigns.models import Contact, MailDomain
from compliance.addresses import domain_of, is_disposable, is_free_mail, is_role_account, is_test
from outreach_site.mailboxes.domains.names import Names, UnknownError

FRESH_FOR = timedelta(days=30)
ASKED_AGAIN_AFTER = timedelta(hours=1)  # where nobody could say
AT_ONCE = 100  # domains a slice
SLICE_SECONDS = 12.0
_SIDE_BY_SIDE = 8

State = MailDomain.State


@dataclass(frozen=True)
class AddressCheck:
    """What is known of one address, as sentences for a person."""

    state: MailDomain.State
    checked_at: datetime | None
    notes: tuple[str, ...]  # what to think about
    takes_no_mail: bool  # a letter would surely come back

    @property
    def is_doubtful(self) -> bool:
        return bool(self.notes)


def check(contact: Contact, known: Mapping[str, MailDomain]) -> AddressCheck:
    return check_address(contact.email_key, known)


def check_address(address: str, known: Mapping[str, MailDomain]) -> AddressCheck:
    """Of a normalised address, which nobody needs to have written down yet."""
    domain = domain_of(address)
    row = known.get(domain)
    state = State(row.state) if row is not None else State.UNKNOWN
    notes = []
    if state == State.NONE:
        notes.append(no_mail(domain))
    if is_disposable(domain):
        notes.append(f"Addresses at {domain} are thrown away after a while.")
    if is_role_account(address):
        notes.append("A shared address rather than one person's.")
    elif is_free_mail(domain):
        notes.append(f"Anybody gets an address at {domain}.")
    return AddressCheck(state, row.checked_at if row is not None else None, tuple(notes), state == State.NONE)


def no_mail(domain: str) -> str:
    return f"No server takes mail for {domain}: a letter would come back. Is the address spelled right?"


def known_among(addresses: Iterable[str]) -> dict[str, MailDomain]:
    """What is on record about the domains of normalised addresses, by domain. One query."""
    domains = {domain_of(address) for address in addresses}
    return {row.domain: row for row in MailDomain.objects.filter(domain__in=domains)} if domains else {}


def refused_among(addresses: Iterable[str], *, now: datetime) -> set[str]:
    """Domains of normalised addresses that are known to take no mail, and were asked lately. One query."""
    none = (row for row in known_among(addresses).values() if row.state == State.NONE)
    return {row.domain for row in none if row.checked_at is not None and row.checked_at > now - FRESH_FOR}


def ask_for(addresses: Iterable[str], known: Mapping[str, MailDomain], *, now: datetime) -> list[str]:
    """Domains that a worker should look at: new ones, and those whose answer is old. They are noted as asked for."""
    wanted = {domain_of(address) for address in addresses if not is_test(address)}
    stale = sorted(domain for domain in wanted if _is_to_be_asked(known.get(domain), now))
    if stale:
        MailDomain.objects.bulk_create(
            [MailDomain(domain=domain, asked_for_at=now) for domain in stale],
            update_conflicts=True,
            update_fields=["asked_for_at"],
            unique_fields=["domain"],
        )
    return stale


def _is_to_be_asked(row: MailDomain | None, now: datetime) -> bool:
    if row is None:
        return True
    lasts = ASKED_AGAIN_AFTER if row.state == State.UNKNOWN else FRESH_FOR
    is_old = row.checked_at is None or row.checked_at < now - lasts
    return is_old and row.asked_for_at <= now - ASKED_AGAIN_AFTER


def look_up(
    domains: Iterable[str],
    *,
    now: datetime,
    resolver: dns.resolver.Resolver | None = None,
    seconds: float = SLICE_SECONDS,
) -> list[str]:
    """Ask the DNS about domains, side by side, and write down what it says; those for which there was no time."""
    until = time.monotonic() + seconds
    wanted = list(dict.fromkeys(domains))
    left = wanted[AT_ONCE:]

    def ask(domain: str) -> tuple[str, MailDomain.State] | None:
        return (domain, state_of(domain, Names(resolver))) if time.monotonic() < until else None

    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        answers = list(pool.map(ask, wanted[:AT_ONCE]))
    for domain, answer in zip(wanted, answers, strict=False):
        if answer is None:
            left.append(domain)
            continue
        MailDomain.objects.update_or_create(domain=domain, defaults={"state": answer[1], "checked_at": now})
    return left


def state_of(domain: str, names: Names) -> MailDomain.State:
    """RFC 5321, 5.1, and RFC 7505: an exchange; a single dot for none; without an exchange the host itself.

    A network without a way out may say of every name that it does not exist. Whoever says so of `org` is not believed.
    """
    try:
        exchanges = names.exchanges(domain)
        if exchanges == ["."]:
            return State.NONE
        if exchanges or names.hosts(domain):
            return State.TAKES
        return State.NONE if names.servers(domain.rpartition(".")[2]) else State.UNKNOWN
    except UnknownError:
        return State.UNKNOWN
