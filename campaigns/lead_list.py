"""The table of a campaign's leads: which of them, in which order, and one page at a time.

Built for 100,000 leads. A page is found by the key that its last row had, never by counting rows; first only the
numbers of its rows, from an index, then those rows with all that stands in them. A filter is plain text, as it stands
in the page's address: it can be sent to a colleague, and a worker can apply it again later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q, QuerySet

from campaigns.leads import NotASiteError, read_site
from campaigns.models import Campaign, Lead, Tag
from campaigns.progress import leads_that_lack
from campaigns.rendering import placeholder_name
from outreach_site.accounts.access import SENDERS
from outreach_site.accounts.models import Membership, SenderIdentity, User, Workspace
from outreach_site.lib.paging import NoSuchPlaceError, as_place, moment_in, number_in

HIGH = 0.7  # the same as the badges of found sites
COUNTED_TO = 10_000  # a number beside a filter is exact up to here
SEARCHED_TO = 1_000  # and the number of what a search found


class Sort(StrEnum):
    NEWEST = ""
    QUALITY = "quality"  # the best first, those without a score last
    LIKELIHOOD = "likelihood"
    CHANGED = "changed"  # whose status changed last
    SITE = "site"


@dataclass(frozen=True)
class _Order:
    field: str
    descending: bool = True
    may_be_empty: bool = False  # rows without a value come last, newest first


_ORDERS: Mapping[Sort, _Order] = {
    Sort.NEWEST: _Order("pk"),
    Sort.QUALITY: _Order("quality_score", may_be_empty=True),
    Sort.LIKELIHOOD: _Order("guest_post_likelihood", may_be_empty=True),
    Sort.CHANGED: _Order("status_changed_at"),
    Sort.SITE: _Order("site_key", descending=False),
}


@dataclass(frozen=True)
class Filters:
    """What of the table is shown. A value that means nothing is left out, so that an old address still works."""

    status: str = ""
    q: str = ""
    lacks: str = ""  # a placeholder's name, or "address"
    score: str = ""  # "quality" or "likelihood": above HIGH
    email: str = ""  # "yes" or "no"
    tag: str = ""  # a tag's number
    assignee: str = ""  # a person's number, or "nobody"
    source: str = ""
    sort: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Filters:
        def one_of(name: str, *known: str) -> str:
            return str(given.get(name, "")) if given.get(name) in known else ""

        return cls(
            status=one_of("status", *Lead.Status.values),
            q=given.get("q", "").replace("\x00", "").strip()[:200],
            lacks=placeholder_name(given.get("lacks", "")[:60]),
            score=one_of("score", "quality", "likelihood"),
            email=one_of("email", "yes", "no"),
            tag=_number(given.get("tag", "")),
            assignee=one_of("assignee", "nobody") or _number(given.get("assignee", "")),
            source=one_of("source", *Lead.Source.values),
            sort=one_of("sort", *Sort),
        )

    @classmethod
    def from_query(cls, query: str) -> Filters:
        return cls.read(dict(parse_qsl(query)))

    @property
    def any(self) -> bool:
        return bool(replace(self, sort="").query())

    @property
    def order(self) -> Sort:
        return Sort(self.sort)

    def without(self, *names: str) -> Filters:
        return replace(self, **dict.fromkeys(names, ""))

    def query(self, **more: object) -> str:
        """As a part of an address, without its question mark: `status=replied&sort=quality`."""
        return urlencode({name: value for name, value in (dict(self.pairs) | more).items() if value})

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What is set, for a form that carries it on."""
        return [(field.name, value) for field in fields(self) if (value := getattr(self, field.name))]

    def apply(self, campaign: Campaign) -> QuerySet[Lead]:
        """The campaign's leads that are meant, in no order."""
        leads: QuerySet[Lead] = Lead.objects.filter(campaign=campaign).order_by()
        if self.status:
            leads = leads.filter(status=self.status)
        if self.source:
            leads = leads.filter(source=self.source)
        if self.score:
            field = _ORDERS[Sort(self.score)].field
            leads = leads.filter(**{f"{field}__gt": HIGH})
        if self.email:
            leads = leads.filter(contact__isnull=self.email == "no")
        if self.assignee == "nobody":
            leads = leads.filter(assignee=None)
        elif self.assignee:
            leads = leads.filter(assignee=int(self.assignee))
        if self.tag:
            # As a list of numbers and not as a join: the table's order stays an index's.
            tagged = Lead.tags.through.objects.filter(tag=int(self.tag), tag__workspace=campaign.workspace_id)
            leads = leads.filter(pk__in=tagged.values("lead"))
        if self.lacks == "address":
            leads = leads.filter(contact=None)
        elif self.lacks:
            identity = campaign.identity or SenderIdentity.objects.default_of(campaign.workspace)
            leads = leads_that_lack(self.lacks, leads, campaign=campaign, identity=identity)
        return leads.filter(_matching(self.q)) if self.q else leads


def _number(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) < 19 else ""


def _matching(text: str) -> Q:
    lower = text.lower()
    try:
        site = read_site(text)
    except NotASiteError:
        key, domain = lower, Q()
    else:
        key, domain = site.key, Q(domain=site.domain)
    return (
        Q(site_key__contains=key)
        | domain
        | Q(website_title__icontains=text)
        | Q(contact__email_key__contains=lower)
        | Q(contact__name__icontains=text)
    )


@dataclass(frozen=True)
class Page:
    leads: Sequence[Lead]
    after: str  # where the next page begins; "" if this is the last one
    found: int  # how many were found from here on, up to a bound


def page_of(campaign: Campaign, filters: Filters, *, place: str = "", size: int) -> Page:
    """One page of the table, each lead with contact, tags and assignee. At most four queries. NoSuchPlaceError."""
    order = _ORDERS[filters.order]
    leads = filters.apply(campaign)
    # A search reads whatever is before the first hits: it goes on a little, and nobody has to count by reading again.
    found = _keys(leads, order, place, max(size, SEARCHED_TO if filters.q else 0) + 1)
    keys = [key for key, _ in found[:size]]
    rows = Lead.objects.select_related("contact", "assignee").prefetch_related("tags").in_bulk(keys)
    after = ""
    if len(found) > size:
        key, value = found[size - 1]
        after = f"{_as_text(value)}~{key}" if order.field != "pk" else str(key)
    return Page([rows[key] for key in keys if key in rows], after, len(found))


def _keys(leads: QuerySet[Lead], order: _Order, place: str, most: int) -> list[tuple[int, Any]]:
    """Numbers and sort values of the next rows."""
    field, sign = order.field, "-" if order.descending else ""
    if field == "pk":
        before = leads.filter(pk__lt=number_in(place)) if place else leads
        return [(key, key) for key in before.order_by("-pk").values_list("pk", flat=True)[:most]]
    value_text, _, key_text = place.rpartition("~")
    in_empty = bool(place) and not value_text and order.may_be_empty
    found: list[tuple[int, Any]] = []
    if not in_empty:
        with_value = leads.filter(**{f"{field}__isnull": False}) if order.may_be_empty else leads
        if place:
            value, key = _value(order, value_text), number_in(key_text)
            beyond = "lt" if order.descending else "gt"
            # The first condition says nothing new: it is what an index is entered by.
            with_value = with_value.filter(
                Q(**{f"{field}__{beyond}e": value}),
                Q(**{f"{field}__{beyond}": value}) | Q(**{field: value, f"pk__{beyond}": key}),
            )
        found = list(with_value.order_by(f"{sign}{field}", f"{sign}pk").values_list("pk", field)[:most])
    if order.may_be_empty and len(found) < most:
        empty = leads.filter(**{f"{field}__isnull": True})
        if in_empty:
            empty = empty.filter(pk__lt=number_in(key_text))
        found += [(key, None) for key in empty.order_by("-pk").values_list("pk", flat=True)[: most - len(found)]]
    return found


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return as_place(value)
    return "" if value is None else str(value)


def _value(order: _Order, text: str) -> Any:
    if order.field == "site_key":
        return text
    if order.field == "status_changed_at":
        return moment_in(text)
    try:
        return float(text)
    except ValueError as err:
        raise NoSuchPlaceError from err


def count_of(leads: QuerySet[Lead], *, at_most: int = COUNTED_TO + 1) -> int:
    """How many there are, counted up to a bound. One query."""
    return leads.order_by().values("pk")[:at_most].count()


def assignable(workspace: Workspace) -> list[User]:
    """Who may be given a lead: members who may write to people. One query."""
    members = Membership.objects.in_workspace(workspace).filter(role__in=SENDERS, user__is_active=True)
    return [member.user for member in members.select_related("user").order_by("user__name", "pk")]


def tags_of(workspace: Workspace) -> list[Tag]:
    """All tags of a workspace, by name. One query."""
    return list(Tag.objects.in_workspace(workspace)[:500])
