"""Where somebody is, when more is known than the ending of their address: what their site, a consent or a person says.

A person's word beats a consent record, that beats what was read from a site, and that beats the guess. What a machine
read makes a rule stricter and never looser: one foreign telephone number must not take a reader's consent away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Exists, Expression, OuterRef, Q, Value
from django.db.models.functions import StrIndex, Substr

from compliance import audit
from compliance.addresses import InvalidAddressError, domain_of, is_free_mail, normalise
from compliance.region_models import KnownRegion
from compliance.regions import (
    STRICT,
    Region,
    RegionGuess,
    RegionSource,
    endings_of,
    guess,
    region_of,
    region_of_country,
)
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.among import among
from outreach_site.lib.domains import registrable

# Who may be corrected by whom: the same, and whatever is weaker.
_WEIGHT = {RegionSource.SITE: 0, RegionSource.CONSENT_RECORD: 1, RegionSource.PERSON: 2}


def key_of(address: str) -> str:
    """What a region is known of: the site of a normalised address, and at a mail provider the address itself."""
    domain = registrable(domain_of(address))
    return address if is_free_mail(domain) else domain


def regions_of(workspace: Workspace, addresses: Collection[str]) -> dict[str, RegionGuess]:
    """The region of each normalised address, by what is known, else by its ending. One query."""
    keys = {address: key_of(address) for address in addresses}
    rows = KnownRegion.objects.in_workspace(workspace).filter(among("key", set(keys.values())))
    known = {key: guess(region, source) for key, region, source in rows.values_list("key", "region", "source")}
    return {address: known.get(key) or region_of(address) for address, key in keys.items()}


def lies_in(*regions: Region, workspace_id: int, address: str) -> Q:
    """The same asked of many rows in one statement: is the normalised address in the column `address` of these regions?

    What is known is looked up by the address, its domain, and each domain above that.
    """
    keys: list[Expression | OuterRef] = [OuterRef(address), _behind("@", OuterRef(address))]
    while len(keys) < _DEEPEST:
        keys.append(_behind(".", keys[-1]))
    is_key = reduce(or_, (Q(key=key) for key in keys))
    known = KnownRegion.objects.filter(is_key, workspace_id=workspace_id)
    ends_so = reduce(or_, (Q(**{f"{address}__endswith": ending}) for ending in endings_of(*regions)))
    return Q(Exists(known.filter(region__in=regions))) | (ends_so & ~Q(Exists(known)))


def _behind(mark: str, text: Expression | OuterRef) -> Expression:
    """What stands after the first such mark; all where there is none."""
    return Substr(text, StrIndex(text, Value(mark)) + 1)


# The address, its domain, and four above it: as far as `ed@a.b.c.d.garden.org`.
_DEEPEST = 6


def region_for(workspace: Workspace, address: str) -> RegionGuess:
    return regions_of(workspace, [address])[address]


def entry_for(workspace: Workspace, address: str) -> KnownRegion | None:
    return KnownRegion.objects.in_workspace(workspace).filter(key=key_of(address)).first()


def note(
    workspace: Workspace,
    address: str,
    region: Region,
    *,
    source: RegionSource,
    evidence: str,
    user: User | None,
    now: datetime,
) -> bool:
    """Write down where somebody is; False where a stronger word stands. `address` is normalised."""
    key = key_of(address)
    with transaction.atomic():
        standing = KnownRegion.objects.select_for_update(no_key=True).filter(workspace=workspace, key=key).first()
        if standing is not None and _WEIGHT[RegionSource(standing.source)] > _WEIGHT[source]:
            return False
        if standing is not None and (standing.region, standing.source) == (region, source):
            return True
        KnownRegion.objects.update_or_create(
            workspace=workspace,
            key=key,
            defaults={
                "region": region.value,
                "source": source.value,
                "evidence": audit.one_line(evidence, 300),
                "noted_by_id": user.pk if user else None,
                "noted_at": now,
            },
        )
        audit.record(
            "region.noted",
            workspace=workspace,
            user=user,
            region=region.value,
            details={"region_source": source.value, "was": standing.region if standing else ""},
            lead_email=key,
            now=now,
        )
    return True


def forget(workspace: Workspace, address: str, *, user: User, now: datetime) -> bool:
    """From now on the address's ending tells again; False where it did already."""
    with transaction.atomic():
        gone, _ = KnownRegion.objects.in_workspace(workspace).filter(key=key_of(address)).delete()
        if gone:
            audit.record("region.forgotten", workspace=workspace, user=user, lead_email=key_of(address), now=now)
    return bool(gone)


def note_sites(
    workspace: Workspace, said: Mapping[str, Sequence[tuple[str, str]]], *, user: User | None, now: datetime
) -> int:
    """What sites say of their country: pairs of a country's code and the words, by registrable domain, or by an address
    at a mail provider. How many count.

    The country that most of a site's words name; the stricter one where two are named as often.
    """
    noted = 0
    for place, words in said.items():
        try:
            address = normalise(place if "@" in place else f"somebody@{place}")
        except InvalidAddressError:
            continue
        if not words or is_free_mail(place):
            continue
        votes = Counter(region_of_country(country) for country, _ in words)
        region = max(votes, key=lambda each: (votes[each], each in STRICT))
        if region not in STRICT or region_of(address).region == region:
            continue
        evidence = next(quote for country, quote in words if region_of_country(country) == region)
        noted += note(workspace, address, region, source=RegionSource.SITE, evidence=evidence, user=user, now=now)
    return noted
