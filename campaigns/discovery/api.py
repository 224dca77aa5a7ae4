"""The API of discovery, below `/api/v1/backlink-outreach/discover`."""

from __future__ import annotations

import time

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema

from campaigns.discovery import runs
from campaigns.discovery.runs import CannotDiscoverError, Result, Wanted
from campaigns.models import Campaign, DiscoveryRun
from campaigns.tasks import discover_soon
from outreach_site.accounts.access import SENDERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope
from outreach_site.lib.api import Flag, Given, Number, answers, example, invalid

router = Router()
# A caller waits for so long; what is not done by then goes on in the worker, and is shown on the run's page.
SECONDS = 45.0


class DeepSearch(Given):
    """What to look for; results belong to a campaign, also when they are not saved to it yet."""

    model_config = example(keyword="balcony gardening", campaign_id=7, max_results=20, save_to_campaign=True)

    keyword: str = Field(min_length=1, max_length=200, examples=["balcony gardening"])
    campaign_id: Number
    max_results: Number = Field(default=20, ge=1, le=runs.MOST_SITES)
    save_to_campaign: Flag = False


class FoundAddress(Schema):
    email: str
    name: str
    role: str
    how: str = Field(description="plain, mailto, structured or obfuscated")
    url: str
    passage: str


class SiteResult(Schema):
    url: str
    title: str
    state: str = Field(description="waiting, read or failed")
    sentence: str
    relevance_score: float | None
    quality_score: float | None
    guest_post_likelihood: float | None
    badges: list[str]
    marks: list[str]
    invitation: str
    refusal: str
    contacts: list[FoundAddress]


class DeepAnswer(Schema):
    """`state` is running while the worker goes on after this answer."""

    model_config = example(
        run_id=12,
        state="done",
        results=[
            {
                "url": "https://brightgarden.com/write-for-us",
                "title": "Write for Bright Garden",
                "state": "read",
                "sentence": "",
                "relevance_score": 0.9,
                "quality_score": 0.82,
                "guest_post_likelihood": 0.95,
                "badges": ["Email found", "Has guidelines", "High quality", "High confidence"],
                "marks": [],
                "invitation": "We take guest posts about balconies.",
                "refusal": "",
                "contacts": [
                    {
                        "email": "hannah@brightgarden.com",
                        "name": "Hannah Lindqvist",
                        "role": "editor",
                        "how": "mailto",
                        "url": "https://brightgarden.com/about",
                        "passage": "Write to Hannah, our editor.",
                    }
                ],
            }
        ],
        saved_to_campaign=1,
        save_failed=0,
    )

    run_id: int
    state: str
    results: list[SiteResult]
    saved_to_campaign: int
    save_failed: int


@router.post(
    "/deep",
    response=answers({200: DeepAnswer}),
    auth=caller(SENDERS, Scope.WRITE),
    summary="Find sites",
    operation_id="discover_deep",
)
def discover_deep(request: ApiRequest, payload: DeepSearch) -> DeepAnswer:
    """Search, read what was found, and save it if asked: within 45 seconds what is done by then, the rest goes on by
    itself. Saved are sites that have an address and do not refuse."""
    campaign = get_object_or_404(Campaign.objects.in_workspace(request.auth.workspace), pk=payload.campaign_id)
    now = timezone.now()
    wanted = Wanted(keyword=payload.keyword, most_sites=payload.max_results)
    try:
        run = runs.begin(campaign, wanted, user=request.auth.user, now=now)
    except CannotDiscoverError as err:
        raise invalid("body", "keyword", str(err)) from err
    until = time.monotonic() + SECONDS
    while runs.work(run.pk, now=timezone.now()) and time.monotonic() < until:
        pass
    run = DiscoveryRun.objects.select_related("campaign__workspace").get(pk=run.pk)
    if run.finished_at is None:
        discover_soon(run.pk)
    found = runs.results(run, now=timezone.now())
    saved = failed = 0
    if payload.save_to_campaign:
        good = [result.site.pk for result in found if result.can_be_added and result.contacts and not result.refusal]
        done = runs.save(run, good, user=request.auth.user, now=timezone.now())
        saved, failed = done.added, len(done.failed)
    return DeepAnswer(
        run_id=run.pk,
        state="done" if run.finished_at is not None else "running",
        results=[_shown(result) for result in found],
        saved_to_campaign=saved,
        save_failed=failed,
    )


def _shown(result: Result) -> SiteResult:
    site = result.site
    return SiteResult(
        url=site.url,
        title=site.title,
        state=site.state,
        sentence=site.sentence,
        relevance_score=site.relevance_score,
        quality_score=site.quality_score,
        guest_post_likelihood=site.guest_post_likelihood,
        badges=list(result.badges),
        marks=list(result.marks),
        invitation=result.invitation,
        refusal=result.refusal,
        contacts=[
            FoundAddress(
                email=each.email, name=each.name, role=each.role, how=each.how, url=each.url, passage=each.passage
            )
            for each in result.contacts
        ],
    )
