"""Writing down what was agreed, and what a reply says of its price."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.db import transaction

from campaigns.models import Campaign, Lead, Placement
from compliance import audit
from outreach_site.accounts.models import User

_HIGHEST = Decimal(99999999)


def agree(placement: Placement, *, user: User, now: datetime) -> None:
    """Keep a new placement; it is looked at as soon as a worker is free."""
    placement.created_by, placement.created_at, placement.next_check_at = user, now, now
    placement.asked_at, placement.asked_by = now, user
    with transaction.atomic():
        placement.save()
        _log(placement, "placement.agreed", user=user, now=now)


def change(placement: Placement, *, user: User, now: datetime) -> None:
    """Keep what was changed of an agreement, and look again: another page or other words are another question."""
    placement.next_check_at = placement.asked_at = now
    placement.asked_by = user
    with transaction.atomic():
        placement.save()
        _log(placement, "placement.edited", user=user, now=now)


def forget(placement: Placement, *, user: User, now: datetime) -> None:
    with transaction.atomic():
        _log(placement, "placement.deleted", user=user, now=now)
        placement.delete()


def note_loss(placement: Placement, *, now: datetime) -> None:
    """Somebody knows of it: Today says it no more."""
    Placement.objects.filter(pk=placement.pk).update(noted_at=now)
    placement.noted_at = now


def quote(lead: Lead, amount: str, currency: str) -> None:
    """A reply names a price: the deal is a paid one. What a person entered stays as it is."""
    try:
        price = Decimal(amount).quantize(Decimal("0.01"))
    except InvalidOperation:
        return
    if not price.is_finite() or not 0 < price <= _HIGHEST:
        return
    currency = currency[:3].upper()
    Lead.objects.filter(pk=lead.pk).update(quoted_price=price, quoted_currency=currency)
    Placement.objects.filter(lead=lead, price=None).update(price=price, currency=currency)


def target_pages(campaign: Campaign) -> list[str]:
    """Pages of ours that sites of this campaign were agreed to link to, the most frequent first."""
    found = Placement.objects.filter(lead__campaign=campaign).values_list("target_url", flat=True)
    return [url for url, _ in Counter(found[:1_000]).most_common()]


def _log(placement: Placement, event: str, *, user: User, now: datetime) -> None:
    audit.record(
        event,
        workspace=placement.lead.campaign.workspace,
        user=user,
        about=placement.subject,
        details={
            "lead": f"lead:{placement.lead_id}",
            "page": placement.page_url,
            "target": placement.target_url,
            "price": f"{placement.price} {placement.currency}".strip() if placement.price else "",
        },
        now=now,
    )
