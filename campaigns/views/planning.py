"""Before and while a campaign runs: the launch check, the launch, the schedule, and when letters leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_GET, require_POST

from campaigns import contacts, forecast, stepping
from campaigns.following import MAY_HAVE_LEFT
from campaigns.grounds import BY_HAND
from campaigns.launching import check, launch, look_on
from campaigns.models import Campaign, Ground, Lead, Task
from campaigns.queueing import LARGEST_REQUEST
from campaigns.rota import CannotQueueError
from campaigns.step_forms import WindowForm
from campaigns.trial_letter import letter_left, note_arrival, send_to_oneself
from campaigns.views.page import (
    campaign_context,
    find_campaign,
    find_lead,
    may_act,
    numbers_in,
    says_first,
    told,
    with_query,
)
from compliance import audit
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

SHOWN_A_DAY = 25
HIDDEN_SHOWN = 50  # so many pages are looked at in one go
LAUNCH = "campaigns/launch.html"
LAUNCH_REST = "campaigns/launch_rest.html"
SCHEDULE = "campaigns/schedule.html"


@allow(READERS)
@require_GET
def campaign_launch(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What a launch would do, group by group; the button is for who may send."""
    campaign = find_campaign(request, pk)
    return _launch_page(request, campaign)


@allow(READERS)
@require_GET
def launch_rest(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The check of the leads behind the first ones, a slice at a time: `after` is the lead to go on from; `going`,
    `waits` and `cannot` are what the slices before have found, and `asked` the countries whose ground is asked for
    already.
    """
    campaign = find_campaign(request, pk)
    numbers = {name: _number(request, name) for name in ("after", "going", "waits", "cannot")}
    asked = {code for code in request.GET.get("asked", "")[:1_000].split(",") if len(code) == 2 and code.isalpha()}
    context: dict[str, Any] = {"campaign": campaign, "may_act": may_act(request)}
    try:
        found = look_on(campaign, after=numbers["after"], user=request.user, now=timezone.now())
    except CannotQueueError as err:
        context["problem"] = str(err)
    else:
        sums = {name: numbers[name] + getattr(found, name) for name in ("going", "waits", "cannot")}
        new = [group for group in found.grounds if group.key not in asked]
        asked |= {group.key for group in new}
        here = reverse("campaigns:launch_rest", args=[workspace, pk])
        context |= {
            "slice": found,
            "sums": sums,
            "asking": [(group, "") for group in new],
            "grounds": [(ground.value, ground.label) for ground in BY_HAND],
            "next_url": f"{here}?{urlencode({'after': found.after, 'asked': ','.join(sorted(asked))} | sums)}"
            if found.after
            else "",
        }
    if is_htmx(request):
        return render(request, f"{LAUNCH_REST}#slice", context)
    return render(request, LAUNCH_REST, context | campaign_context(request, campaign, "launch"))


def _number(request: WorkspaceRequest, name: str) -> int:
    value = request.GET.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0


@allow(SENDERS)
@require_POST
def campaign_start(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Queue what the check has shown. `ground_DE` and the like say why we may write there."""
    campaign = find_campaign(request, pk)
    if campaign.archived_at is not None:
        messages.warning(request, "This campaign is archived. Bring it back before you start it.")
        return redirect_to(request, reverse("campaigns:campaign_launch", args=[workspace, campaign.pk]))
    try:
        queued = launch(campaign, grounds=_grounds(request.POST), user=request.user, now=timezone.now())
    except CannotQueueError as err:
        messages.warning(request, str(err))
        return redirect_to(request, reverse("campaigns:campaign_launch", args=[workspace, campaign.pk]))
    count = len(queued.attempts)
    if count:
        first = says_first(queued.attempts, campaign)
        letters = "letter is" if count == 1 else "letters are"
        # Of a large campaign these are the first ones: workers queue the rest.
        is_large = count + len(queued.refused) >= LARGEST_REQUEST
        rest = " The rest is queued within the next minutes." if is_large else ""
        messages.success(request, f"{campaign.name} is under way: {count} {letters} queued{first}.{rest}")
    else:
        messages.warning(request, "Nothing was queued: none of these letters can go.")
    if doubtful := sum(sentence == MAY_HAVE_LEFT for _, sentence in queued.refused):
        said = "1 letter stands" if doubtful == 1 else f"{doubtful} letters stand"
        messages.warning(request, f"{said} under Queue, Could not be sent. {MAY_HAVE_LEFT}")
    return redirect_to(request, reverse("campaigns:campaign_schedule", args=[workspace, campaign.pk]))


@allow(SENDERS)
@require_POST
def launch_confirm(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """A person has looked, and says of many hidden addresses (`contact`, their numbers) that they may be used.

    The grounds that were chosen meanwhile are still chosen on the page that follows.
    """
    campaign = find_campaign(request, pk)
    named = numbers_in(request.POST, "contact")
    leads = list(Lead.objects.of(campaign).filter(contact__in=named[:HIDDEN_SHOWN]))
    for lead in leads:
        lead.campaign = campaign
    done = contacts.confirm_all(leads, user=request.user, now=timezone.now())
    if done.addresses:
        said = "this address" if done.addresses == 1 else f"these {done.addresses} addresses"
        messages.success(request, f"Noted: {said} may be used.")
    else:
        messages.warning(request, "Nothing was noted. Tick the addresses that are theirs.")
    chosen = urlencode({f"ground_{key}": ground.value for key, ground in _grounds(request.POST).items()})
    back = reverse("campaigns:campaign_launch", args=[workspace, campaign.pk])
    return redirect_to(request, f"{back}?{chosen}" if chosen else back)


def _grounds(given: QueryDict) -> dict[str, Ground]:
    """By country: `ground_DE=published`."""
    return {
        name.removeprefix("ground_"): Ground(str(value))
        for name, value in given.items()
        if name.startswith("ground_") and value in BY_HAND
    }


@allow(SENDERS)
@require_POST
def campaign_trial(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The first letter, filled for one lead, to one's own address."""
    campaign, now = find_campaign(request, pk), timezone.now()
    said = send_to_oneself(campaign, user=request.user, now=now)
    if said.ok:
        letter_left(campaign, user=request.user, now=now)
    (messages.success if said.ok else messages.warning)(request, f"{said.sentence} {said.advice}".strip())
    return redirect_to(request, reverse("campaigns:campaign_launch", args=[workspace, campaign.pk]) + "#arrives")


@allow(SENDERS)
@require_POST
def trial_arrived(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Whoever got the test letter says where they found it."""
    campaign = find_campaign(request, pk)
    if note_arrival(campaign, request.POST.get("arrived", "")):
        messages.success(request, "Noted.")
    else:
        messages.info(request, "There is no test letter that could have arrived.")
    return redirect_to(request, reverse("campaigns:campaign_launch", args=[workspace, campaign.pk]) + "#arrives")


@dataclass(frozen=True)
class Day:
    """One day of the forecast."""

    on: date
    rows: Sequence[forecast.Row]

    @property
    def shown(self) -> Sequence[forecast.Row]:
        return self.rows[:SHOWN_A_DAY]

    @property
    def more(self) -> int:
        return max(len(self.rows) - SHOWN_A_DAY, 0)

    @property
    def first_at(self) -> datetime | None:
        return self.rows[0].at

    @property
    def last_at(self) -> datetime | None:
        return self.rows[-1].at


@dataclass(frozen=True)
class Held:
    """Letters that one rule holds."""

    why: str
    rows: Sequence[forecast.Row]

    @property
    def shown(self) -> Sequence[forecast.Row]:
        return self.rows[:5]

    @property
    def more(self) -> int:
        return max(len(self.rows) - 5, 0)


@allow(READERS)
@require_GET
def campaign_schedule(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What leaves when, and why then, for thirty days; and what is held, with what holds it."""
    campaign = find_campaign(request, pk)
    return _schedule(request, campaign, WindowForm(instance=campaign))


@allow(SENDERS)
@require_POST
def campaign_window(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The days and hours in which letters leave; what waits moves with them."""
    campaign = find_campaign(request, pk)
    form = WindowForm(request.POST, instance=campaign)
    if not form.is_valid():
        return _schedule(request, find_campaign(request, pk), form, status=422)
    with transaction.atomic():
        form.save()
        audit.record(
            "campaign.changed",
            workspace=campaign.workspace,
            user=request.user,
            about=campaign.subject,
            details={"changed": form.changed_data},
            now=timezone.now(),
        )
        stepping.bring_up_to_date(campaign, windows=True, now=timezone.now())
    messages.success(request, f"Saved. Letters of this campaign leave {forecast.told(campaign)}.")
    return redirect_to(request, reverse("campaigns:campaign_schedule", args=[workspace, campaign.pk]))


@allow(READERS)
@require_GET
def lead_forecast(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What comes next for one lead."""
    lead = find_lead(request, pk)
    rows = forecast.of_lead(lead, now=timezone.now())
    tasks = list(Task.objects.open().filter(lead=lead).exclude(step=None).select_related("step").order_by("due_at"))
    context = {"lead": lead, "campaign": lead.campaign, "rows": rows, "tasks": tasks}
    template = "campaigns/lead_forecast.html"
    return render(request, f"{template}#rows" if is_htmx(request) else template, context)


def _schedule(request: WorkspaceRequest, campaign: Campaign, form: WindowForm, *, status: int = 200) -> HttpResponse:
    plan = forecast.of_campaign(campaign, now=timezone.now())
    context = {
        "form": form,
        "plan": plan,
        "days": days_of(plan.of("goes"), campaign),
        "held": held_of(plan.of("asks")),
        "refused": held_of(plan.of("refused")),
        "later": len(plan.of("later")),
        "most": forecast.MOST,
        "window": forecast.told(campaign),
        "may_act": may_act(request),
    }
    if is_htmx(request):
        return render(request, f"{SCHEDULE}#window-form", context | {"campaign": campaign}, status=status)
    return render(request, SCHEDULE, context | campaign_context(request, campaign, "schedule"), status=status)


def days_of(rows: Iterable[forecast.Row], campaign: Campaign) -> list[Day]:
    zone = campaign.workspace.zone
    timed = [(row.at.astimezone(zone).date(), row) for row in rows if row.at is not None]
    return [Day(on, [row for _, row in some]) for on, some in groupby(timed, key=lambda pair: pair[0])]


def held_of(rows: Iterable[forecast.Row]) -> list[Held]:
    found: dict[str, list[forecast.Row]] = {}
    for row in rows:
        found.setdefault(row.why, []).append(row)
    return sorted((Held(why, some) for why, some in found.items()), key=lambda held: -len(held.rows))


def _launch_page(request: WorkspaceRequest, campaign: Campaign) -> HttpResponse:
    context = campaign_context(request, campaign, "launch") | {
        "grounds": [(ground.value, ground.label) for ground in BY_HAND],
        "window": forecast.told(campaign),
        "has_window": campaign.window is not None,
    }
    chosen = _grounds(request.GET)
    try:
        found = check(campaign, user=request.user, now=timezone.now())
    except CannotQueueError as err:
        return render(request, LAUNCH, context | {"problem": str(err)})
    first_at = found.first_at
    return render(
        request,
        LAUNCH,
        context
        | {
            "check": found,
            "hidden": found.hidden[:HIDDEN_SHOWN],
            "asking": [(group, chosen.get(group.key, "")) for group in found.grounds],
            "first": told(first_at, campaign) if first_at else "",
            "ends": date_format(found.ends_about.astimezone(campaign.workspace.zone), "j F Y")
            if found.ends_about
            else "",
            "rest_url": with_query(
                reverse("campaigns:launch_rest", args=[request.membership.workspace.slug, campaign.pk]),
                after=found.last,
                asked=",".join(group.key for group in found.grounds),
            ),
            "last": told(found.forecast.last_at, campaign) if found.forecast.last_at else "",
        },
    )
