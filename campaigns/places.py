"""Where a recipient is, for the clock and the calendar: guessed from the ending of their address, and called a guess.

A country with several zones is taken for the one in which most of its people live. The calendars are the `holidays`
package's; it is loaded when the first one is asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaigns.sequences import Calendar, Place, no_holidays
from compliance.addresses import domain_of
from compliance.known_regions import regions_of
from compliance.regions import Region, RegionGuess, RegionSource, region_of
from outreach_site.accounts.models import Workspace

# Where zone.tab's first zone of a country is not the one of most of its people.
_MOST_PEOPLE = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta",
    "KZ": "Asia/Almaty",
    "MX": "America/Mexico_City",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
}
_OF_REGION = {Region.UK: "GB", Region.CA: "CA"}


def country_of(address: str, known: RegionGuess | None = None) -> str:
    """The country of a normalised address as ISO 3166-1 has it; "" where nothing tells. What is known of where they
    are beats the ending, where it names one country.
    """
    by_ending = _by_ending(address)
    if known is None or known.source in {RegionSource.COUNTRY_DOMAIN, RegionSource.GENERIC_DOMAIN}:
        return by_ending
    if known.region == region_of(address).region and by_ending:
        return by_ending
    return "US" if known.region == Region.US else _OF_REGION.get(known.region, "")


def _by_ending(address: str) -> str:
    if region_of(address).source == RegionSource.GENERIC_DOMAIN:
        return ""
    top = domain_of(address).rpartition(".")[2]
    return {"uk": "GB", "eu": ""}.get(top, top.upper())


@lru_cache
def zone_of(country: str) -> ZoneInfo | None:
    """The zone of most of a country's people; None where the country is not known."""
    name = _MOST_PEOPLE.get(country) or _first_zones().get(country)
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@lru_cache
def _first_zones() -> dict[str, str]:
    """The first zone of each country in the IANA table that comes with the zones (zone.tab: code, place, zone)."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    zones: dict[str, str] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            code, _, name, *_ = line.split("\t")
            zones.setdefault(code, name)
    return zones


@lru_cache
def calendar_of(country: str) -> Calendar:
    """The country's public holidays; of one that the package does not know, none."""
    if not country:
        return no_holidays
    import holidays  # noqa: PLC0415 - costs 150 ms, and most processes never ask

    try:
        days = holidays.country_holidays(country)
    except NotImplementedError:
        return no_holidays

    @lru_cache(maxsize=4_000)
    def is_holiday(day: date) -> bool:
        return day in days

    return is_holiday


def places_of(addresses: Collection[str], *, workspace: Workspace, theirs: bool) -> dict[str, Place]:
    """The place of each normalised address: its country's holidays, and the clock that counts: their own, or the
    workspace's. One query.
    """
    known = regions_of(workspace, addresses)
    return {
        address: _place(country_of(address, known[address]), workspace.zone, theirs=theirs) for address in addresses
    }


def _place(country: str, ours: ZoneInfo, *, theirs: bool) -> Place:
    calendar = calendar_of(country)
    zone = zone_of(country) if theirs else None
    if not theirs:
        return Place(ours, calendar)
    if zone is None:
        return Place(ours, calendar, "Their country is not known: your own clock counts.")
    return Place(zone, calendar, f"Guessed from their address: {zone.key.rpartition('/')[2].replace('_', ' ')} time.")
