"""Numbers, for programs: what the pages of results show, under the names that programs know."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from campaigns.analytics.reading import Numbers, read
from campaigns.analytics.results import (
    leads_by_status,
    replies_by_classification,
    replies_of_people,
    results_of,
)
from campaigns.api.shared import CampaignCaller
from campaigns.models import Attempt, Campaign, Lead
from outreach_site.accounts.access import READERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope
from outreach_site.lib.api import answers, example

router = Router()


class DayCount(Schema):
    date: date
    count: int = Field(description="First letters and follow-ups that left on this day.")


class Window(Schema):
    """The same for the days of `daily_send_volume` alone. What came of a letter counts on the day on which it left."""

    days: int
    sent: int = Field(description="First letters and follow-ups that left.")
    people_written_to: int = Field(description="Leads whose first letter left on these days.")
    people_who_answered: int = Field(description="Of those leads, who have answered by now.")
    people_placed: int = Field(description="Of those leads, who are placed by now.")
    replies: int = Field(description="All answers to these letters; one person may have written several.")
    response_rate: float
    raw_response_rate: float
    placement_rate: float
    median_minutes_to_reply: float | None = Field(description="From a letter to the first answer to it.")


class LinkAge(Schema):
    days: int = Field(description="After a link was first seen.")
    seen_so_long_ago: int = Field(description="Links that are old enough; those that went after the agreed time aside.")
    stood: int = Field(description="Of those, the ones that stood for as long.")


class LinkCost(Schema):
    currency: str = Field(examples=["EUR"])
    paid: Decimal = Field(description="What was agreed for links that were seen.", examples=["450.00"])
    per_standing: Decimal | None = Field(description="For each that still stands; null where none does.")


class LinkNumbers(Schema):
    """Agreed links of all time. Currencies are never added up."""

    seen: int = Field(description="Links that were seen on their page at least once.")
    standing: int
    lost: int
    expected: int = Field(description="Agreed, and not seen yet.")
    survival: list[LinkAge]
    costs: list[LinkCost]


class Analytics(Schema):
    """Totals are of all time; `window` and `daily_send_volume` of the days that were asked for. Rates are 0 to 1."""

    model_config = example(
        total_leads=120,
        leads_by_status={
            "discovered": 80,
            "contacted": 33,
            "replied": 5,
            "placed": 1,
            "lost": 1,
            "bounced": 0,
            "unsubscribed": 0,
        },
        total_attempts=61,
        total_sent=56,
        total_replies=6,
        replies_by_classification={
            "interested": 3,
            "replied": 1,
            "not_interested": 2,
            "out_of_office": 4,
            "bounce": 1,
            "complaint": 0,
        },
        people_written_to=40,
        people_who_answered=5,
        response_rate=0.125,
        raw_response_rate=0.1071,
        placement_rate=0.025,
        daily_send_volume=[{"date": "2026-03-01", "count": 0}, {"date": "2026-03-02", "count": 14}],
        time_zone="Europe/Berlin",
        window={
            "days": 2,
            "sent": 14,
            "people_written_to": 12,
            "people_who_answered": 1,
            "people_placed": 0,
            "replies": 1,
            "response_rate": 0.0833,
            "raw_response_rate": 0.0714,
            "placement_rate": 0.0,
            "median_minutes_to_reply": 212.0,
        },
        links={
            "seen": 3,
            "standing": 2,
            "lost": 1,
            "expected": 1,
            "survival": [{"days": 30, "seen_so_long_ago": 2, "stood": 2}],
            "costs": [{"currency": "EUR", "paid": "450.00", "per_standing": "225.00"}],
        },
    )

    total_leads: int
    leads_by_status: dict[str, int] = Field(examples=[{"discovered": 80, "contacted": 34, "replied": 5, "placed": 1}])
    total_attempts: int = Field(description="Letters in every state, those too that were held back or wait.")
    total_sent: int = Field(description="First letters and follow-ups that left, and those that may have.")
    total_replies: int = Field(description="What people wrote. Automatic replies, bounces and complaints are none.")
    replies_by_classification: dict[str, int] = Field(
        description="`interested`, `replied` and `not_interested` add up to `total_replies`; `out_of_office`, `bounce` "
        "and `complaint` came by themselves.",
        examples=[
            {"interested": 3, "replied": 1, "not_interested": 2, "out_of_office": 4, "bounce": 1, "complaint": 0}
        ],
    )
    people_written_to: int
    people_who_answered: int
    response_rate: float = Field(
        description="People who answered by people written to: whoever answers three times counts once.",
        examples=[0.125],
    )
    raw_response_rate: float = Field(description="All answers by all letters.", examples=[0.09])
    placement_rate: float = Field(description="People written to who are placed, by people written to.")
    daily_send_volume: list[DayCount] = Field(
        description="Every day up to today, the oldest first. A day is a calendar day of the workspace."
    )
    time_zone: str = Field(description="By which days are counted.", examples=["Europe/Berlin"])
    window: Window
    links: LinkNumbers


class Snapshot(Schema):
    """All campaigns of the workspace, over all time. Rates are 0 to 1."""

    model_config = example(
        total_campaigns=3,
        total_sends=318,
        total_replies=29,
        total_placements=7,
        overall_response_rate=0.1176,
        overall_placement_rate=0.0336,
    )

    total_campaigns: int
    total_sends: int = Field(description="First letters and follow-ups that left, and those that may have.")
    total_replies: int = Field(description="What people wrote. Automatic replies, bounces and complaints are none.")
    total_placements: int = Field(description="Leads that are placed: by the proof of a link, or set by a person.")
    overall_response_rate: float = Field(description="People who answered by people written to.")
    overall_placement_rate: float = Field(description="People written to who are placed, by people written to.")


@router.get(
    "/campaigns/{campaign_id}/analytics",
    response=answers({200: Analytics}),
    auth=CampaignCaller(READERS, Scope.READ),
    summary="Numbers of a campaign",
    operation_id="read_analytics",
)
def read_analytics(
    request: ApiRequest,
    campaign_id: int,
    days: Annotated[int, Query(ge=1, le=366, description="Today and so many days before it, less one.")] = 30,
) -> Analytics:
    """What a campaign brought, counted from its letters and the replies to them; a status that somebody set brings no
    reply."""
    here = request.auth.workspace
    campaign = get_object_or_404(Campaign.objects.in_workspace(here), pk=campaign_id)
    results = results_of(here, campaign=campaign, days=days, now=timezone.now())
    numbers, ever, total = results.numbers, results.numbers.total_ever, results.numbers.total
    classified = replies_by_classification(numbers)
    return Analytics(
        total_leads=sum(results.statuses.values()),
        leads_by_status=dict(results.statuses),
        total_attempts=Attempt.objects.filter(campaign=campaign).count(),
        total_sent=ever.letters,
        total_replies=replies_of_people(classified),
        replies_by_classification=classified,
        people_written_to=ever.people,
        people_who_answered=ever.people_answered,
        response_rate=_rate(ever.people_answered, ever.people),
        raw_response_rate=_rate(ever.replies, ever.letters),
        placement_rate=_rate(ever.people_placed, ever.people),
        daily_send_volume=[DayCount(date=day, count=count) for day, count in results.daily],
        time_zone=numbers.calendar.zone,
        window=Window(
            days=days,
            sent=total.letters,
            people_written_to=total.people,
            people_who_answered=total.people_answered,
            people_placed=total.people_placed,
            replies=total.replies,
            response_rate=_rate(total.people_answered, total.people),
            raw_response_rate=_rate(total.replies, total.letters),
            placement_rate=_rate(total.people_placed, total.people),
            median_minutes_to_reply=results.waits.median if results.waits.count else None,
        ),
        links=LinkNumbers.model_validate(results.links.as_json()),
    )


@router.get(
    "/reporting/snapshot",
    response=answers({200: Snapshot}),
    auth=caller(READERS, Scope.READ),
    summary="Numbers of all campaigns",
    operation_id="read_snapshot",
)
def read_snapshot(request: ApiRequest) -> Snapshot:
    """The workspace's numbers as they are now."""
    here = request.auth.workspace
    numbers: Numbers = read(here, campaign=None, days=1, now=timezone.now())
    ever = numbers.total_ever
    return Snapshot(
        total_campaigns=Campaign.objects.in_workspace(here).count(),
        total_sends=ever.letters,
        total_replies=replies_of_people(replies_by_classification(numbers)),
        total_placements=leads_by_status(here, campaign=None)[Lead.Status.PLACED],
        overall_response_rate=_rate(ever.people_answered, ever.people),
        overall_placement_rate=_rate(ever.people_placed, ever.people),
    )


def _rate(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
