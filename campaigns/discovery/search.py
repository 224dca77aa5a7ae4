"""Search providers behind one small interface: Exa with its key, DuckDuckGo without one, any number at once.

A provider that is missing, limited or failing is a sentence beside its query, and the others go on. The libraries are
loaded when they are used: they cost megabytes and a third of a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.conf import settings

from campaigns.leads import NotASiteError, Site, read_site

TIMEOUT_SECONDS = 15
PAGE_TEXT = 20_000  # characters of a page that a provider may bring along
LONGEST_QUERY = 300
# What link builders ask for; {keyword} is what the person typed. Editable for each run.
PATTERNS: tuple[str, ...] = (
    '{keyword} "write for us"',
    '{keyword} "guest post"',
    '{keyword} "contribute"',
    '{keyword} "submit an article"',
    '{keyword} "become a contributor"',
    '{keyword} "guest contributor guidelines"',
)
MORE_PATTERNS: Mapping[str, tuple[str, ...]] = {
    "Resource pages": ("{keyword} intitle:resources", '{keyword} "useful links"', "{keyword} inurl:links"),
    "Broken links": ('{keyword} "resources" "page not found"', '{keyword} "links" "last updated" 2019'),
    "Unlinked mentions": ('"{keyword}" -site:{own_site}', '"{keyword}" review -site:{own_site}'),
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of one query, as the provider gave it."""

    url: str
    title: str = ""
    snippet: str = ""
    published_on: str = ""


class SearchError(Exception):
    """A provider did not answer; the message is a sentence. `permanent`: asking again now will not help."""

    def __init__(self, sentence: str, *, permanent: bool) -> None:
        super().__init__(sentence)
        self.permanent = permanent


class Provider(Protocol):
    """What a search provider can do."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    def search(self, query: str, *, limit: int) -> list[Hit]:
        """At most `limit` results, the best first. Nothing found is an empty list. Raises SearchError."""
        ...


@dataclass(frozen=True)
class Exa:
    """https://docs.exa.ai, through its own client."""

    api_key: str = field(repr=False)
    base_url: str = "https://api.exa.ai"
    name: str = "exa"
    label: str = "Exa"

    def search(self, query: str, *, limit: int) -> list[Hit]:
        from exa_py import Exa as Client  # noqa: PLC0415 - megabytes that most processes never need

        client = Client(api_key=self.api_key, base_url=self.base_url, timeout=TIMEOUT_SECONDS)
        try:
            answer = client.search(query, num_results=min(limit, 100), contents=False)
        except Exception as err:  # The client raises what it pleases.
            raise _exa_trouble(err) from err
        return [
            Hit(
                url=str(result.url),
                title=str(result.title or ""),
                snippet="",
                published_on=str(result.published_date or "")[:10],
            )
            for result in answer.results[:limit]
        ]


def _exa_trouble(err: Exception) -> SearchError:
    text = str(err)
    status = re.search(r"\b(4\d\d|5\d\d)\b", text)
    code = int(status[1]) if status else 0
    if code in {401, 403}:
        return SearchError("Exa did not accept the key. Look at EXA_API_KEY.", permanent=True)
    if code in {402, 429}:
        return SearchError("Exa's limit is reached for now. Try again later.", permanent=False)
    if code == 400:
        return SearchError("Exa did not understand this query.", permanent=True)
    return SearchError("Exa did not answer. Try again in a while.", permanent=False)


@dataclass(frozen=True)
class DuckDuckGo:
    """DuckDuckGo's page without JavaScript, through `ddgs`. It is read, not asked: "no results" and refusals are
    normal, so a pause lies between queries (runs.py)."""

    name: str = "duckduckgo"
    label: str = "DuckDuckGo"
    verify: bool | str = True

    def search(self, query: str, *, limit: int) -> list[Hit]:
        from ddgs import DDGS  # noqa: PLC0415 - as above
        from ddgs.exceptions import DDGSException, RatelimitException, TimeoutException  # noqa: PLC0415

        try:
            found = DDGS(timeout=TIMEOUT_SECONDS, verify=self.verify).text(
                query, max_results=limit, backend="duckduckgo", safesearch="moderate"
            )
        except RatelimitException as err:
            raise SearchError("DuckDuckGo asks for a pause. Try again later.", permanent=False) from err
        except TimeoutException as err:
            raise SearchError("DuckDuckGo did not answer in time.", permanent=False) from err
        except DDGSException as err:
            if "no results" in str(err).lower():
                return []
            raise SearchError("DuckDuckGo did not answer. Try again in a while.", permanent=False) from err
        return [
            Hit(url=str(row.get("href", "")), title=str(row.get("title", "")), snippet=str(row.get("body", "")))
            for row in found[:limit]
        ]


@dataclass(frozen=True)
class NotSetUp:
    """A provider that could be had, and what is missing."""

    name: str
    label: str
    sentence: str


def every_provider() -> dict[str, Provider | NotSetUp]:
    """All that exist, by name, ready or with the reason why not."""
    exa: Provider | NotSetUp
    if settings.EXA_API_KEY:
        exa = Exa(settings.EXA_API_KEY)
    else:
        exa = NotSetUp("exa", "Exa", "Set EXA_API_KEY in .env and restart to search with Exa.")
    return {"exa": exa, "duckduckgo": DuckDuckGo()}


def queries_of(keyword: str, patterns: Iterable[str], *, own_site: str = "") -> list[str]:
    """The queries of a run, once each. A pattern without {keyword} is asked as it stands."""
    wanted = []
    for pattern in patterns:
        if "{own_site}" in pattern and not own_site:
            continue
        query = " ".join(pattern.replace("{keyword}", keyword).replace("{own_site}", own_site).split())
        if query:
            wanted.append(query[:LONGEST_QUERY])
    return list(dict.fromkeys(wanted))


@dataclass
class SiteFound:
    """A site that came up, by everything that found it."""

    site: Site
    title: str = ""
    snippet: str = ""
    found_by: list[str] = field(default_factory=list)  # "Exa: balcony gardening guest post"


def merge(known: dict[str, SiteFound], hits: Sequence[Hit], *, by: str, is_wanted: Callable[[Site], bool]) -> int:
    """Put results beside those that are known, one for each registrable domain; how many sites are new.

    The first address of a domain stays, except that one which asks for contributions is the better one to begin with.
    """
    new = 0
    for hit in hits:
        try:
            site = read_site(hit.url)
        except NotASiteError:
            continue
        if not is_wanted(site):
            continue
        before = known.get(site.domain)
        if before is None:
            known[site.domain] = SiteFound(site, hit.title[:200], hit.snippet[:500], [by])
            new += 1
            continue
        if by not in before.found_by:
            before.found_by.append(by)
        if _ASKS.search(site.url) and not _ASKS.search(before.site.url):
            before.site, before.title, before.snippet = site, hit.title[:200], hit.snippet[:500]
    return new


_ASKS = re.compile(r"write|guest|contribut|submi|gast|pitch", re.IGNORECASE)


def as_row(found: SiteFound) -> dict[str, Any]:
    """Plain values, for the database."""
    return {"title": found.title, "snippet": found.snippet, "found_by": found.found_by[:10]}
