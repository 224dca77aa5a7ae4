"""Changing a campaign's steps, before it runs and while it does.

The rule for leads under way: a follow-up that has not left takes over its step's new text and wait, unless a person
approved it; a lead goes on with the step it waits for, whatever is put before that one; a step that is added reaches
whoever has had all before it; one that is taken out gives way to the next. What has left stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from campaigns import following, step_changes
from campaigns.models import Attempt, Campaign, Step, Task
from campaigns.queueing import bring_back_step, take_out_step
from campaigns.tasks import follow_changes_soon
from compliance import audit
from outreach_site.accounts.models import User

# A third letter to somebody who is silent does more harm than good, and a page says so; beyond this nobody goes.
ADVISED_FOLLOW_UPS = 2
MOST_STEPS = 8
ADVISED_WAIT = 4  # working days
UNDO_FOR = timedelta(minutes=30)  # so long a step that was taken out may come back


@dataclass(frozen=True)
class Line:
    """A step as the page draws it."""

    step: Step
    number: int
    waiting: int
    done: int
    is_first: bool
    may_go_up: bool
    may_go_down: bool


def lines(campaign: Campaign) -> list[Line]:
    """The sequence, with how many letters or tasks of each step wait and are done. Three queries."""
    steps = list(campaign.steps.current())
    on_the_way, sent = Q(state__in=Attempt.WITH_WORKER), Q(state=Attempt.State.SENT)
    letters = _counts(Attempt.objects.filter(campaign=campaign, step__in=steps).order_by(), on_the_way, sent)
    to_do, is_done = Q(done_at=None, dropped_at=None), Q(done_at__isnull=False)
    tasks = _counts(Task.objects.filter(campaign=campaign, step__in=steps).order_by(), to_do, is_done)
    found = []
    for place, step in enumerate(steps):
        waiting, done = (letters if step.is_letter else tasks).get(step.pk, (0, 0))
        last = place == len(steps) - 1
        found.append(Line(step, place + 1, waiting, done, place == 0, place > 1, place > 0 and not last))
    return found


def _counts(rows: QuerySet[Any], waiting: Q, done: Q) -> dict[int, tuple[int, int]]:
    counted = rows.values("step").annotate(waiting=Count("pk", filter=waiting), done=Count("pk", filter=done))
    return {row["step"]: (row["waiting"], row["done"]) for row in counted}


def save(step: Step, *, user: User, now: datetime) -> Step:
    """A new step, which comes last, or one that was changed. Raises ValueError where there are too many."""
    campaign = step.campaign
    with transaction.atomic():
        _locked(campaign)
        is_new = step.pk is None
        if is_new:
            if campaign.steps.current().count() >= MOST_STEPS:
                raise ValueError(f"A campaign has at most {MOST_STEPS} steps.")
            last = campaign.steps.aggregate(last=Max("position"))["last"] or 0
            step.position = max(last + 1, 2)
        step.save()
        _note("step.added" if is_new else "step.changed", step, user=user, now=now)
        bring_up_to_date(campaign, now=now)
    return step


def move(step: Step, *, down: bool, user: User, now: datetime) -> bool:
    """Change places with its neighbour; False at either end, and for the first letter, which stays the first."""
    campaign = step.campaign
    with transaction.atomic():
        _locked(campaign)
        steps = list(campaign.steps.current())
        place = next((place for place, each in enumerate(steps) if each.pk == step.pk), 0)
        other = place + 1 if down else place - 1
        if place < 1 or not 1 <= other < len(steps):
            return False
        one, two = steps[place], steps[other]
        free = (campaign.steps.aggregate(last=Max("position"))["last"] or 0) + 1
        Step.objects.filter(pk=one.pk).update(position=free)
        Step.objects.filter(pk=two.pk).update(position=one.position)
        Step.objects.filter(pk=one.pk).update(position=two.position)
        _note("step.moved", step, user=user, now=now)
        bring_up_to_date(campaign, now=now)
    return True


def take_out(step: Step, *, user: User, now: datetime) -> int:
    """The step is no more part of the sequence; how many letters that waited for it were taken back.

    Their leads go on with the next step, if there is one. Raises ValueError for the first letter.
    """
    campaign = step.campaign
    with transaction.atomic():
        _locked(campaign)
        first = campaign.steps.current().first()
        if first is None or first.pk == step.pk:
            raise ValueError("A sequence begins with a letter: change it instead.")
        Step.objects.filter(pk=step.pk, retired_at=None).update(retired_at=now)
        taken_back = take_out_step(step, now=now)
        _note("step.removed", step, user=user, now=now)
        bring_up_to_date(campaign, now=now)
    return taken_back


def bring_back(step: Step, *, user: User, now: datetime) -> bool:
    """Undo `take_out`: the step stands where it stood, and the leads that waited for it wait again.

    A lead that has gone on since, by a letter or by an answer, stays where it is. False where it is too late, or
    nothing was taken out.
    """
    campaign = step.campaign
    with transaction.atomic():
        _locked(campaign)
        taken_out_at = Step.objects.filter(pk=step.pk).values_list("retired_at", flat=True).get()
        if taken_out_at is None or now - taken_out_at > UNDO_FOR or campaign.steps.current().count() >= MOST_STEPS:
            return False
        forgotten = following.forgotten_time()
        if forgotten is not None and taken_out_at < forgotten.ended_at:
            return False  # What waited for it may have left; a step that is added anew looks at each lead.
        Step.objects.filter(pk=step.pk).update(retired_at=None)
        bring_back_step(step, since=taken_out_at, now=now)
        _note("step.brought_back", step, user=user, now=now)
        bring_up_to_date(campaign, now=now)
    return True


def bring_up_to_date(campaign: Campaign, *, windows: bool = False, now: datetime) -> None:
    """Letters under way follow what was changed, in the caller's transaction: the first few at once, the rest of a
    large campaign by and by.
    """
    letters = following.refresh(campaign, windows=windows, now=now)
    leads = following.catch_up(campaign, now=now) if letters is None else 0
    if letters is not None or leads is not None:
        follow_changes_soon(step_changes.begin(campaign, windows=windows).pk)


def _locked(campaign: Campaign) -> None:
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)


def _note(event: str, step: Step, *, user: User, now: datetime) -> None:
    audit.record(
        event,
        workspace=step.campaign.workspace,
        user=user,
        about=step.campaign.subject,
        details={"step": step.pk, "position": step.position, "kind": step.kind},
        now=now,
    )
