"""Regions, and what a workspace does with letters to each. How an address gets its region: compliance/regions.py."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models


class Region(models.TextChoices):
    EU = "EU", "European Union and EEA"
    UK = "UK", "United Kingdom"
    CA = "CA", "Canada"
    AU_NZ = "AU/NZ", "Australia and New Zealand"
    US = "US", "United States, or country unknown"
    OTHER = "OTHER", "Elsewhere"


class Treatment(models.TextChoices):
    """What a workspace does with letters to a region."""

    ALLOW = "allow", "Send"
    ASK = "ask", "Ask for the ground first"
    BLOCK = "block", "Never send"


DEFAULT_TREATMENT = {
    Region.EU: Treatment.ASK,
    Region.UK: Treatment.ASK,
    Region.CA: Treatment.ASK,
    Region.AU_NZ: Treatment.ASK,
    Region.US: Treatment.ALLOW,
    Region.OTHER: Treatment.ALLOW,
}


def treatment_of(region: Region, chosen: Mapping[str, str]) -> Treatment:
    """What a workspace chose for a region, else the default."""
    return Treatment(chosen.get(region.value, DEFAULT_TREATMENT[region]))
