from __future__ import annotations

import pytest

from compliance.models import LegalBasis
from compliance.regions import Region, RegionSource, Treatment, region_of, treatment_of


@pytest.mark.parametrize(
    ("address", "region", "basis"),
    [
        ("a@x.de", Region.EU, LegalBasis.CONSENT),
        ("a@x.eu", Region.EU, LegalBasis.CONSENT),
        ("a@x.no", Region.EU, LegalBasis.CONSENT),
        ("a@x.co.uk", Region.UK, LegalBasis.CONSENT),
        ("a@x.ca", Region.CA, LegalBasis.CONSENT),
        ("a@x.com.au", Region.AU_NZ, LegalBasis.CONSENT),
        ("a@x.co.nz", Region.AU_NZ, LegalBasis.CONSENT),
        ("a@x.us", Region.US, LegalBasis.LEGITIMATE_INTEREST),
        ("a@x.com", Region.US, LegalBasis.LEGITIMATE_INTEREST),
        ("a@x.io", Region.US, LegalBasis.LEGITIMATE_INTEREST),
        ("a@x.photography", Region.US, LegalBasis.LEGITIMATE_INTEREST),
        ("a@x.co.jp", Region.OTHER, LegalBasis.LEGITIMATE_INTEREST),
        ("a@x.br", Region.OTHER, LegalBasis.LEGITIMATE_INTEREST),
    ],
)
def test_region_by_top_level_domain(address: str, region: Region, basis: LegalBasis) -> None:
    guess = region_of(address)
    assert (guess.region, guess.legal_basis) == (region, basis)


def test_a_generic_domain_says_that_the_country_is_unknown() -> None:
    assert region_of("a@x.org").source == RegionSource.GENERIC_DOMAIN
    assert region_of("a@x.se").source == RegionSource.COUNTRY_DOMAIN


def test_a_workspace_chooses_what_it_does() -> None:
    assert treatment_of(Region.EU, {}) == Treatment.ASK
    assert treatment_of(Region.US, {}) == Treatment.ALLOW
    assert treatment_of(Region.EU, {"EU": "block"}) == Treatment.BLOCK
