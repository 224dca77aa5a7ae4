"""Sites that a workspace never asks for a link: its own, its clients', its competitors', its partners'.

Apart from suppression: nobody there asked for anything. So it is the workspace's own to keep, and to change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from compliance import audit
from compliance.addresses import domain_of, parents_of
from compliance.models import NeverPitch, NeverPitchQuerySet
from compliance.suppression import normalise_domain
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.among import among as is_among

Why = NeverPitch.Why
# Domains that one statement looks up.
_SLICE = 1_000


@dataclass(frozen=True)
class Kept:
    """What became of a batch: sites that are new, and those that were listed already."""

    new: list[NeverPitch] = field(default_factory=list)
    known: list[NeverPitch] = field(default_factory=list)


def add(
    workspace: Workspace, domains: Iterable[str], *, why: Why, note: str = "", user: User | None, now: datetime
) -> Kept:
    """List these sites; one that is listed already stays as it is. Raises InvalidAddressError: no domain, or a
    mail provider's."""
    wanted = sorted({normalise_domain(domain) for domain in domains})
    kept = Kept()
    with transaction.atomic():
        for start in range(0, len(wanted), _SLICE):
            piece = wanted[start : start + _SLICE]
            before = set(_listed(workspace, piece).values_list("domain", flat=True))
            NeverPitch.objects.bulk_create(
                [
                    NeverPitch(
                        workspace=workspace,
                        domain=domain,
                        why=why,
                        note=audit.one_line(note, 300),
                        created_by_id=user.pk if user else None,
                        created_at=now,
                    )
                    for domain in piece
                    if domain not in before
                ],
                ignore_conflicts=True,  # Somebody else may be adding the same.
            )
            for row in _listed(workspace, piece).order_by("domain"):
                (kept.known if row.domain in before else kept.new).append(row)
        audit.record_many([_entry("never_pitch.added", row, user=user, now=now) for row in kept.new])
    return kept


def remove(entry: NeverPitch, *, user: User, now: datetime) -> bool:
    """False where somebody else was quicker."""
    with transaction.atomic():
        gone, _ = NeverPitch.objects.filter(pk=entry.pk).delete()
        if gone:
            audit.record_many([_entry("never_pitch.removed", entry, user=user, now=now)])
    return bool(gone)


def among(workspace: Workspace, keys: Iterable[str]) -> dict[str, str]:
    """Which domains at or above these addresses and hosts are listed, each with a sentence. One query."""
    listed = entries_over(workspace, keys).values_list("domain", "why", "note")
    return {domain: sentence(domain, why, note) for domain, why, note in listed}


def entries_over(workspace: Workspace, keys: Iterable[str]) -> NeverPitchQuerySet:
    """The entries at or above these addresses and hosts."""
    wanted = {domain for key in keys for domain in parents_of(domain_of(key))}
    return NeverPitch.objects.in_workspace(workspace).filter(is_among("domain", wanted))


def over(host: str, listed: dict[str, str]) -> str:
    """The sentence for one host or address, out of what `among` found; empty where nothing is listed."""
    return next((listed[domain] for domain in parents_of(domain_of(host)) if domain in listed), "")


def sentence(domain: str, why: str, note: str) -> str:
    remark = f" ({note})" if note else ""
    return f"{domain} is on the list of sites never to pitch: {_WORDS[Why(why)]}{remark}."


_WORDS = {
    Why.OWN: "our own site",
    Why.CLIENT: "a client's site",
    Why.COMPETITOR: "a competitor's site",
    Why.PARTNER: "a partner's site",
}


def _listed(workspace: Workspace, domains: Sequence[str]) -> NeverPitchQuerySet:
    return NeverPitch.objects.in_workspace(workspace).filter(domain__in=domains)


def _entry(event: str, row: NeverPitch, *, user: User | None, now: datetime) -> audit.Entry:
    return audit.Entry(
        event=event,
        workspace_id=row.workspace_id,
        user_id=user.pk if user else None,
        details={"site": row.domain, "why": row.why, "note": row.note},
        now=now,
    )
