"""From an address to the region whose rule we follow, and what that rule asks for.

The top-level domain is a guess, and is called one: generic domains say nothing of a country. What a site's imprint, a
consent record or a person says will override it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models

from compliance.addresses import domain_of
from compliance.models import LegalBasis
from outreach_site.accounts.regions import DEFAULT_TREATMENT, Region, Treatment, treatment_of

__all__ = [
    "DEFAULT_TREATMENT",
    "LEGAL_BASIS",
    "STRICT",
    "Region",
    "RegionGuess",
    "RegionSource",
    "Treatment",
    "asks_businesses_too",
    "endings_of",
    "guess",
    "region_of",
    "region_of_country",
    "treatment_of",
]


class RegionSource(models.TextChoices):
    COUNTRY_DOMAIN = "country_domain", "The country in the address"
    GENERIC_DOMAIN = "generic_domain", "Country unknown"
    SITE = "site", "What the site says of itself"  # imprint, VAT number, postal address, telephone prefix
    CONSENT_RECORD = "consent_record", "The consent on record"
    PERSON = "person", "A person said so"


# Regions whose rule is consent.
STRICT = frozenset({Region.EU, Region.UK, Region.CA, Region.AU_NZ})
_EU = frozenset(
    "de fr it es nl pl se at be ch pt ie dk fi no cz gr hu ro bg hr sk si lt lv ee lu mt cy is li eu".split()  # noqa: SIM905
)
_CONSENT = {"uk": Region.UK, "ca": Region.CA, "au": Region.AU_NZ, "nz": Region.AU_NZ}
# Country codes that are sold and used as generic names (IANA calls some of them so; registries advertise the others).
_GENERIC_COUNTRY_CODES = frozenset("io co ai me tv cc fm to gg ws so gl ly app dev xyz test".split())  # noqa: SIM905

LEGAL_BASIS = {
    Region.EU: LegalBasis.CONSENT,
    Region.UK: LegalBasis.CONSENT,
    Region.CA: LegalBasis.CONSENT,
    Region.AU_NZ: LegalBasis.CONSENT,
    Region.US: LegalBasis.LEGITIMATE_INTEREST,
    Region.OTHER: LegalBasis.LEGITIMATE_INTEREST,
}


@dataclass(frozen=True)
class RegionGuess:
    """A region, why we think so, and what it asks for."""

    region: Region
    source: RegionSource
    legal_basis: LegalBasis


def region_of(address: str) -> RegionGuess:
    """The region of an address, by its top-level domain."""
    top = domain_of(address).rpartition(".")[2]
    if top in _EU:
        region, source = Region.EU, RegionSource.COUNTRY_DOMAIN
    elif top in _CONSENT:
        region, source = _CONSENT[top], RegionSource.COUNTRY_DOMAIN
    elif top == "us":
        region, source = Region.US, RegionSource.COUNTRY_DOMAIN
    elif len(top) == 2 and top not in _GENERIC_COUNTRY_CODES:
        region, source = Region.OTHER, RegionSource.COUNTRY_DOMAIN
    else:
        region, source = Region.US, RegionSource.GENERIC_DOMAIN
    return RegionGuess(region=region, source=source, legal_basis=LEGAL_BASIS[region])


def guess(region: str, source: str) -> RegionGuess:
    """A region that is known by more than the ending of an address."""
    return RegionGuess(region=Region(region), source=RegionSource(source), legal_basis=LEGAL_BASIS[Region(region)])


def region_of_country(code: str) -> Region:
    """The region of a country by its code (ISO 3166-1), such as DE or GB."""
    top = {"gb": "uk"}.get(code.lower(), code.lower())
    if top in _EU:
        return Region.EU
    return _CONSENT.get(top) or (Region.US if top == "us" else Region.OTHER)


def asks_businesses_too(address: str) -> bool:
    """Whether consent is normally needed there even for businesses: Germany (§ 7 UWG) and Austria (§ 174 TKG)."""
    return domain_of(address).rpartition(".")[2] in {"de", "at"}


def endings_of(*regions: Region) -> tuple[str, ...]:
    """How addresses of these regions end, dot included: for a question to the database. Countries of our table only."""
    tops = dict.fromkeys(_EU, Region.EU) | _CONSENT
    return tuple(sorted(f".{top}" for top, region in tops.items() if region in regions))
