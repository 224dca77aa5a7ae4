"""What the clock and the hands call for leads (django-q2). Apart from tasks.py, which the queue itself needs."""

from __future__ import annotations

from django.utils import timezone
from django_q.tasks import async_task

from campaigns import address_checks, bulk
from campaigns.models import BulkChange
from campaigns.tasks import LONG
from outreach_site.lib.asking import ask_soon


def change_leads(bulk_id: int) -> None:
    """One slice of a change to many leads; the next one follows at once while any are left."""
    if bulk.run(bulk_id, now=timezone.now()):
        async_task(change_leads, bulk_id, cluster=LONG)


def change_leads_due() -> None:
    """Every minute: go on with changes whose worker died. Two workers at one wait for each other."""
    for bulk_id in BulkChange.objects.under_way().order_by("pk").values_list("pk", flat=True)[:20]:
        async_task(change_leads, bulk_id, cluster=LONG)


def change_leads_soon(bulk_id: int) -> None:
    """Ask the long cluster to begin as soon as the caller's transaction stands."""
    ask_soon(change_leads, bulk_id, cluster=LONG)


def look_up_domains(domains: list[str]) -> None:
    """Whether these domains take mail; what is left over follows at once."""
    if left := address_checks.look_up(domains, now=timezone.now()):
        async_task(look_up_domains, left, cluster=LONG)


def look_up_domains_soon(domains: list[str]) -> None:
    """Ask the long cluster to, as soon as the caller's transaction stands."""
    if domains:
        ask_soon(look_up_domains, domains, cluster=LONG)
