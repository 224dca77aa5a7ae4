"""What follows a letter: the next step of its sequence, queued when the step before it is done.

A lead always has one step ahead of it, never two: whatever takes that one back (an answer, a letter by hand, a bounce,
an opt-out, a status) ends the sequence. The wait of a step begins when the step before was done; a follow-up goes to
whom that letter went to, from the same mailbox and in the same thread.

Edits count for leads under way too: a follow-up that waits takes over the new text and the new wait, unless a person
has read and approved it; a lead goes on with the step it waits for, whatever is put before that one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models, transaction

from campaigns import content
from campaigns.models import Attempt, Campaign, Lead, Step, Task
from campaigns.places import places_of
from campaigns.rendering import MAX_SUBJECT, render
from campaigns.sequences import Place, Timing, next_allowed
from campaigns.variants import text_of
from compliance.models import Kind
from outreach_site.accounts.models import Installation, SenderIdentity, Workspace

STEP_REMOVED = "This step was taken out of the campaign."
SUPPRESSED = "This address is on the suppression list."
MAY_HAVE_LEFT = (
    "The database was restored from a backup: this letter may have left before that. Look into the Sent folder, and "
    "queue it again if it did not."
)
SLICE = 500
# A step that is added reaches leads whose last letter is not older: nobody is surprised by a letter of last year.
REACHES_BACK = timedelta(days=30)
# No machine is believed that somebody is away for longer.
LONGEST_ABSENCE = timedelta(days=180)
# Held back for a place in its text with nothing to put in, and for nothing else: no worker has looked at it.
_UNFILLED = models.Q(
    models.Q(state=Attempt.State.BLOCKED, kind=Kind.FOLLOW_UP, step__isnull=False, message_id=""),
    ~models.Q(reason=SUPPRESSED),
)
# What is still to come: a letter that waits, or one that would if its text could be filled.
TO_COME = models.Q(state=Attempt.State.QUEUED) | _UNFILLED


@dataclass(frozen=True)
class Done:
    """A step that is done for a lead; `letter` is the last one that the lead was sent. `since`: when a step that a
    person ticks off was begun.
    """

    lead_id: int
    step_id: int
    at: datetime
    letter: Attempt
    since: datetime | None = None


def after(sent: Iterable[Attempt], *, now: datetime) -> int:
    """Queue what follows these letters, in the caller's transaction; how many letters and tasks.

    May be repeated without harm: a step comes to a lead once. One query where no campaign has a second step, else a
    number that does not grow with the letters of a workspace.
    """
    done = [
        Done(letter.lead_id, letter.step_id, letter.finished_at or now, letter)
        for letter in sent
        if letter.step_id is not None and letter.kind != Kind.ANSWER
    ]
    return _advance(done, now=now) if done else 0


def after_tasks(tasks: Sequence[Task], *, now: datetime) -> int:
    """The same for tasks that a person has ticked off."""
    newest: dict[int, Attempt] = {}
    sent = Attempt.objects.filter(lead__in=[task.lead_id for task in tasks], state=Attempt.State.SENT)
    for letter in sent.exclude(kind=Kind.ANSWER).exclude(step=None).order_by("finished_at", "pk"):
        newest[letter.lead_id] = letter
    done = [
        Done(task.lead_id, task.step_id, task.done_at or now, newest[task.lead_id], task.follows_at)
        for task in tasks
        if task.step_id is not None and task.lead_id in newest
    ]
    return _advance(done, now=now) if done else 0


def _advance(done: Sequence[Done], *, now: datetime) -> int:
    campaigns = {each.letter.campaign_id for each in done}
    steps: dict[int, list[Step]] = defaultdict(list)
    for step in Step.objects.filter(campaign__in=campaigns).order_by("position"):
        steps[step.campaign_id].append(step)
    following = ((each, _next(each, steps[each.letter.campaign_id])) for each in done)
    ahead = [(each, step) for each, step in following if step is not None]
    if not ahead:
        return 0
    # Locked: an answer that comes in meanwhile waits, and then finds and takes back what is queued here.
    leads = {
        lead.pk: lead
        for lead in Lead.objects.filter(pk__in=[each.lead_id for each, _ in ahead], status__in=Lead.SILENT)
        .select_related("contact", "campaign__workspace", "campaign__identity")
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
    }
    ahead = [(each, step) for each, step in ahead if each.lead_id in leads]
    identities = _identities([each.letter for each, _ in ahead])
    places = _places([each.letter for each, _ in ahead], leads)
    letters, tasks = [], []
    forgotten = forgotten_time() if ahead else None
    for each, step in ahead:
        lead, place = leads[each.lead_id], places[each.letter.pk]
        due_at = _due_at(step, lead, each.at, place, now=now)
        if step.is_letter:
            identity = identities.get(each.letter.identity_id or 0) or lead.campaign.identity
            letter = _follow_up(each, step, lead, identity, due_at, now=now)
            if forgotten is not None and forgotten.may_hold_next(each, step):
                letter.state, letter.reason, letter.finished_at = Attempt.State.CANCELLED, MAY_HAVE_LEFT, now
            letters.append(letter)
        else:
            tasks.append(Task(campaign=lead.campaign, lead=lead, step=step, due_at=due_at, follows_at=each.at))
    # Whoever draws the same consequence twice, or at the same time, finds that it has been drawn.
    Attempt.objects.bulk_create(letters, ignore_conflicts=True)
    Task.objects.bulk_create(tasks, ignore_conflicts=True)
    return len(letters) + len(tasks)


@dataclass(frozen=True)
class ForgottenTime:
    """The time that a restored database knows nothing of."""

    began_at: datetime
    ended_at: datetime

    def may_hold_next(self, done: Done, step: Step) -> bool:
        """Whether this step, which follows, may have left in it: where its wait may have ended before it did."""
        letter = done.letter
        if letter.created_at > self.began_at or (letter.started_at is not None and letter.started_at > self.ended_at):
            return False
        sent_in_it = (letter.finished_at or self.ended_at) > self.began_at
        done_at = done.at if done.since is None else max(done.since, self.began_at)
        return sent_in_it or done_at + timedelta(days=step.wait_days) <= self.ended_at

    def may_hold_first(self, lead: Lead, before: Attempt | None) -> bool:
        """Whether this lead's first letter may have left in it: to whoever was known then and had none yet, or had one
        that was stopped. One that a person has queued again since is past that.
        """
        if before is None:
            return lead.created_at <= self.ended_at
        return before.reason.endswith(MAY_HAVE_LEFT) or self.may_hold_again(before)

    def may_hold_again(self, stopped: Attempt) -> bool:
        """Whether a letter that was stopped may have been sent in it: it had ended before, and was queued again; or it
        waited, and somebody stopped it on the restored database, which did not know that it had left.
        """
        return (stopped.finished_at or stopped.created_at) < self.ended_at


def forgotten_time() -> ForgottenTime | None:
    """One query."""
    here = Installation.objects.order_by("pk").values_list("restored_from_at", "claimed_at").first()
    return ForgottenTime(here[0], here[1]) if here is not None and here[0] is not None else None


def _next(done: Done, steps: Sequence[Step]) -> Step | None:
    """The first step of the sequence as it stands behind the one that is done."""
    position = next((step.position for step in steps if step.pk == done.step_id), None)
    if position is None:
        return None
    return next((step for step in steps if step.retired_at is None and step.position > position), None)


def _identities(letters: Sequence[Attempt]) -> Mapping[int, SenderIdentity]:
    return SenderIdentity.objects.in_bulk({letter.identity_id for letter in letters if letter.identity_id is not None})


def _places(letters: Sequence[Attempt], leads: Mapping[int, Lead]) -> dict[int, Place]:
    """The place of each letter's reader, by the letter. One query for each workspace and clock."""
    asked: dict[tuple[Workspace, bool], list[Attempt]] = defaultdict(list)
    for letter in letters:
        campaign = leads[letter.lead_id].campaign
        asked[campaign.workspace, campaign.in_their_zone].append(letter)
    found: dict[int, Place] = {}
    for (workspace, theirs), some in asked.items():
        places = places_of({letter.recipient_key for letter in some}, workspace=workspace, theirs=theirs)
        found |= {letter.pk: places[letter.recipient_key] for letter in some}
    return found


def _due_at(step: Step, lead: Lead, since: datetime, place: Place, *, now: datetime) -> datetime:
    timing = Timing(step.wait_days, lead.campaign.window)
    # Under the same subject it would be taken for the same letter, sent twice.
    apart = since + timedelta(hours=settings.IDEMPOTENCY_HOURS) if step.is_letter and step.keeps_subject else since
    return max(timing.due_at(since, place, away_until=lead.away_until, not_before=apart), now)


def _follow_up(
    done: Done, step: Step, lead: Lead, identity: SenderIdentity | None, due_at: datetime, *, now: datetime
) -> Attempt:
    before = done.letter
    attempt = Attempt(
        campaign_id=before.campaign_id,
        workspace_id=lead.campaign.workspace_id,
        lead=lead,
        step=step,
        kind=Kind.FOLLOW_UP,
        mailbox_id=before.mailbox_id,
        identity=identity,
        user_id=before.user_id,
        recipient=before.recipient,
        recipient_name=before.recipient_name,
        recipient_key=before.recipient_key,
        recipient_domain=before.recipient_domain,
        ground=before.ground,
        follows_at=done.at,
        due_at=due_at,
        created_at=now,
    )
    _write(attempt, step, before=before.subject, now=now)
    return attempt


def fill_anew(letter: Attempt, *, now: datetime) -> str:
    """Put its step's text, as it is now, into a follow-up that no worker has seen and nobody has approved. What is in
    the way, in a sentence. Saves nothing.
    """
    sent = Attempt.objects.filter(lead=letter.lead_id, state=Attempt.State.SENT).exclude(kind=Kind.ANSWER)
    before = sent.order_by("finished_at", "pk").last()
    if letter.step is None or before is None:
        return content.left_open(letter.subject, letter.body)
    _write(letter, letter.step, before=before.subject, now=now)
    return letter.reason if letter.state == Attempt.State.BLOCKED else ""


def _write(attempt: Attempt, step: Step, *, before: str, now: datetime) -> None:
    """Put the step's text into a letter that waits; one that cannot be filled is held back, and says why."""
    attempt.template_id = step.template_id
    text = text_of(step, attempt.lead_id)
    typed = answer_to(before) if step.keeps_subject else text.subject
    rendered = render(
        "-" if step.keeps_subject else typed,
        text.body,
        lead=attempt.lead,
        identity=attempt.identity,
        campaign=attempt.lead.campaign,
    )
    attempt.subject = typed if step.keeps_subject else rendered.subject[:MAX_SUBJECT]
    attempt.body, attempt.variant, attempt.begins_thread = rendered.body, text.variant, not step.keeps_subject
    trouble = rendered.trouble or content.left_open("" if step.keeps_subject else rendered.subject, rendered.body)
    if trouble:
        attempt.state, attempt.reason, attempt.finished_at = Attempt.State.BLOCKED, trouble[:500], now
    elif attempt.state == Attempt.State.BLOCKED:
        attempt.state, attempt.reason, attempt.finished_at = Attempt.State.QUEUED, "", None


# What `_write` puts into a letter, beside its state.
WRITTEN = ("subject", "body", "template", "variant", "begins_thread")


def answer_to(subject: str) -> str:
    """The subject of a letter in the same thread."""
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"[:MAX_SUBJECT]


def take_back_what_follows(lead_id: int, *, after: datetime | None, now: datetime) -> bool:
    """As if the step that was done at `after` had not been: the letter or task behind it comes anew when it is.

    False where that letter has fallen due or has gone further, or that task is done: then nothing is changed. In the
    caller's transaction.
    """
    letters = Attempt.objects.filter(lead=lead_id, follows_at=after).exclude(kind=Kind.ANSWER)
    tasks = Task.objects.filter(lead=lead_id, follows_at=after)
    # Nobody has judged these yet, nor does any log speak of them: they may go without a trace.
    untouched = models.Q(state=Attempt.State.QUEUED, due_at__gt=now) | models.Q(state=Attempt.State.BLOCKED)
    found = list(letters.select_for_update(of=("self",)).values_list("pk", flat=True))
    fresh = letters.filter(untouched, lease_token=None, message_id="", approved_at=None)
    if fresh.count() < len(found) or tasks.exclude(done_at=None, dropped_at=None).exists():
        return False
    Attempt.objects.filter(pk__in=found).delete()
    tasks.delete()
    return True


# --- What is changed while leads are under way ------------------------------------------------------------------------


def refresh(campaign: Campaign, *, after: int = 0, windows: bool = False, now: datetime) -> int | None:
    """Bring the next waiting letters up to date with the campaign's steps, in a transaction of its own.

    Follow-ups take over text and wait, unless somebody has approved them. First letters keep their text; where the
    window was changed (`windows`) they leave when the new one says. From the number `after` on; the number to go on
    from, None at the end. May be repeated.
    """
    with transaction.atomic():
        letters = list(
            Attempt.objects.filter(
                models.Q(state=Attempt.State.QUEUED) | models.Q(_UNFILLED, lead__status__in=Lead.SILENT),
                campaign=campaign,
                lease_token=None,
                step__isnull=False,
                pk__gt=after,
            )
            .exclude(is_single=True)
            .select_related("step", "identity", "lead__contact", "lead__campaign__workspace")
            .select_for_update(of=("self",))
            .order_by("pk")[:SLICE]
        )
        _bring_up_to_date(letters, windows=windows, now=now)
    return letters[-1].pk if len(letters) == SLICE else None


def _bring_up_to_date(letters: Sequence[Attempt], *, windows: bool, now: datetime) -> None:
    leads = {letter.lead_id: letter.lead for letter in letters}
    places = _places(letters, leads)
    follow_ups = [letter.lead_id for letter in letters if letter.kind == Kind.FOLLOW_UP]
    before = {
        letter.lead_id: letter.subject
        for letter in Attempt.objects.filter(lead__in=follow_ups, state=Attempt.State.SENT)
        .exclude(kind=Kind.ANSWER)
        .order_by("finished_at", "pk")
        .only("lead", "subject")
    }
    for letter in letters:
        step, place = letter.step, places[letter.pk]
        if step is None:
            continue
        may_be_written = letter.approved_at is None and letter.state != Attempt.State.CANCELLED and not letter.is_single
        if letter.kind == Kind.FOLLOW_UP and may_be_written and letter.lead_id in before:
            _write(letter, step, before=before[letter.lead_id], now=now)
        if letter.due_at is None or letter.state != Attempt.State.QUEUED:
            continue
        if letter.follows_at is not None:
            letter.due_at = _due_at(step, letter.lead, letter.follows_at, place, now=now)
        elif windows and letter.due_at > now:
            letter.due_at = next_allowed(now, letter.lead.campaign.window, place.zone, place.is_holiday)
    Attempt.objects.bulk_update(letters, (*WRITTEN, "state", "reason", "finished_at", "due_at"))


def catch_up(campaign: Campaign, *, after: int = 0, now: datetime) -> int | None:
    """Give leads without a step ahead the next one there is: a step was added, or theirs was taken out.

    Only where the last one is done, not where somebody took it back, and only for leads whose last letter is not older
    than REACHES_BACK. From the lead `after` on; the one to go on from, None at the end.
    """
    with transaction.atomic():
        leads = list(
            Lead.objects.filter(campaign=campaign, status__in=Lead.SILENT, pk__gt=after)
            .filter(models.Exists(Attempt.objects.filter(lead=models.OuterRef("pk"), state=Attempt.State.SENT)))
            .order_by("pk")
            .values_list("pk", flat=True)[:SLICE]
        )
        letters = Attempt.objects.filter(lead__in=leads, step__isnull=False).exclude(kind=Kind.ANSWER)
        tasks = Task.objects.filter(lead__in=leads, step__isnull=False)
        _advance(_stand_still(list(letters.order_by("pk")), list(tasks.order_by("pk")), now=now), now=now)
    return leads[-1] if len(leads) == SLICE else None


def _stand_still(letters: Sequence[Attempt], tasks: Sequence[Task], *, now: datetime) -> list[Done]:
    last: dict[int, Done] = {}
    stopped: set[int] = set()
    for letter in letters:
        if letter.state == Attempt.State.SENT and letter.step_id is not None:
            last[letter.lead_id] = Done(letter.lead_id, letter.step_id, letter.finished_at or now, letter)
        elif letter.reason != STEP_REMOVED:
            stopped.add(letter.lead_id)
    for task in tasks:
        before = last.get(task.lead_id)
        if task.done_at is not None and task.step_id is not None:
            if before is not None and task.done_at > before.at:
                last[task.lead_id] = replace(before, step_id=task.step_id, at=task.done_at)
        elif task.reason != STEP_REMOVED:
            stopped.add(task.lead_id)
    return [
        done
        for lead, done in last.items()
        if lead not in stopped and now - (done.letter.finished_at or now) <= REACHES_BACK
    ]


# --- What readers do --------------------------------------------------------------------------------------------------


def postpone(away: Mapping[int, date], *, now: datetime) -> None:
    """These leads are away until a day each: what waits for them leaves when they are back."""
    believed = {lead: until for lead, until in away.items() if until - now.date() <= LONGEST_ABSENCE}
    if not believed:
        return
    leads = list(Lead.objects.filter(pk__in=believed))
    for lead in leads:
        lead.away_until = believed[lead.pk]
    Lead.objects.bulk_update(leads, ["away_until"])
    retime(believed, now=now)


def go_on(leads: Collection[int], *, reason: str, now: datetime) -> int:
    """What was taken back for this reason waits again: they have not answered after all. How many letters."""
    with transaction.atomic():
        back = list(
            Attempt.objects.filter(
                lead__in=leads, kind=Kind.FOLLOW_UP, state=Attempt.State.CANCELLED, reason=reason, step__isnull=False
            )
            .select_related("step", "identity", "lead__contact", "lead__campaign__workspace")
            .select_for_update(of=("self",))
            .order_by("pk")
        )
        forgotten = forgotten_time() if back else None
        for letter in back:
            if forgotten is not None and forgotten.may_hold_again(letter):
                letter.reason = MAY_HAVE_LEFT
            else:
                letter.state, letter.due_at, letter.reason, letter.finished_at = Attempt.State.QUEUED, now, "", None
        _bring_up_to_date(back, windows=False, now=now)
        retime(leads, now=now)
    return sum(letter.state == Attempt.State.QUEUED for letter in back)


def retime(leads: Collection[int], *, now: datetime) -> None:
    """What waits for these leads leaves when its wait is over, and they are back."""
    waiting = (
        Attempt.objects.filter(lead__in=leads, kind=Kind.FOLLOW_UP, state=Attempt.State.QUEUED, lease_token=None)
        .exclude(follows_at=None)
        .select_related("step", "lead__campaign__workspace")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    with transaction.atomic():
        letters = [letter for letter in waiting if letter.step is not None and letter.due_at is not None]
        places = _places(letters, {letter.lead_id: letter.lead for letter in letters})
        for letter in letters:
            if letter.step is not None and letter.follows_at is not None:
                letter.due_at = _due_at(letter.step, letter.lead, letter.follows_at, places[letter.pk], now=now)
        Attempt.objects.bulk_update(letters, ["due_at"])
        tasks = list(
            Task.objects.open()
            .filter(lead__in=leads, follows_at__isnull=False, step__isnull=False)
            .select_related("step", "lead__contact", "lead__campaign__workspace")
        )
        for task in tasks:
            if task.lead.away_until is not None:
                here = task.lead.campaign.workspace.zone
                back = datetime.combine(task.lead.away_until, task.due_at.astimezone(here).time(), here)
                task.due_at = max(task.due_at, back)
        Task.objects.bulk_update(tasks, ["due_at"])
