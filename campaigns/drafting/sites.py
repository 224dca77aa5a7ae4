"""What a site says, for drafts: as it was read lately, else read now, politely."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from campaigns.discovery.crawl import Polite, SiteRead, read_sites
from campaigns.drafting.grounding import PageText, without_addresses
from campaigns.models import SiteText
from outreach_site.accounts.models import Workspace

FRESH_FOR = timedelta(days=30)
POLITE = Polite(pages=3, seconds=8.0)


def known(workspace: Workspace, domains: Iterable[str], *, now: datetime) -> dict[str, list[PageText]]:
    """What is known of these domains and is not too old. One query."""
    found = SiteText.objects.filter(workspace=workspace, domain__in=list(domains), read_at__gt=now - FRESH_FOR)
    return {site.domain: [PageText(**page) for page in site.pages] for site in found}


def read(
    workspace: Workspace,
    urls: Mapping[str, str],
    *,
    now: datetime,
    polite: Polite | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[dict[str, list[PageText]], dict[str, str]]:
    """Read these sites (domain to address) side by side and keep what they say; and why others could not be read."""
    domains = {url: domain for domain, url in urls.items()}
    pages: dict[str, list[PageText]] = {}
    troubles: dict[str, str] = {}
    done = read_sites(list(domains), today=workspace.day_of(now), polite=polite or POLITE, cancelled=cancelled)
    for site in done:
        domain = domains[site.url]
        if site.texts:
            pages[domain] = keep(workspace, domain, site, now=now)
        else:
            troubles[domain] = site.sentence or "Its pages hold no text."
    return pages, troubles


def keep(workspace: Workspace, domain: str, site: SiteRead, *, now: datetime) -> list[PageText]:
    """Without email addresses: nobody who asked to be erased comes back with a page that is read again."""
    pages = [PageText(page.url, without_addresses(page.title), without_addresses(page.text)) for page in site.texts]
    SiteText.objects.update_or_create(
        workspace=workspace,
        domain=domain,
        defaults={"pages": [asdict(page) for page in pages], "read_at": now},
    )
    return pages
